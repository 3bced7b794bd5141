//! Rows of numbers made or changed in pieces by the threads of the pool.
//!
//! In: how many numbers, and what writes a piece of them. Out: the numbers. Pieces are cut by size alone.

use std::mem::MaybeUninit;

use rayon::prelude::*;

/// Numbers of a piece where nothing asks for another size: half of a first-level cache.
pub const NUMBERS_AT_ONCE: usize = 4096;

/// `n` numbers, `at_once` of them written by each call of `write`, which is given where its piece begins, and zeros.
pub fn made(n: usize, at_once: usize, write: &(dyn Fn(usize, &mut [f32]) + Sync)) -> Vec<f32> {
    let mut out = Vec::with_capacity(n);
    let piece = |(i, room): (usize, &mut [MaybeUninit<f32>])| {
        room.fill(MaybeUninit::new(0.0));
        // SAFETY: the line above wrote all of it.
        write(i * at_once, unsafe { room.assume_init_mut() });
    };
    let room = &mut out.spare_capacity_mut()[..n];
    if n <= at_once {
        piece((0, room));
    } else {
        room.par_chunks_mut(at_once).enumerate().for_each(piece);
    }
    // SAFETY: the pieces are all of the `n` numbers, and each was written.
    unsafe { out.set_len(n) };
    out
}

/// Calls `change` for pieces of `at_once` numbers, with where each begins.
pub fn changed(numbers: &mut [f32], at_once: usize, change: &(dyn Fn(usize, &mut [f32]) + Sync)) {
    if numbers.len() <= at_once {
        change(0, numbers);
    } else {
        numbers.par_chunks_mut(at_once).enumerate().for_each(|(i, piece)| change(i * at_once, piece));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_written_once_wherever_pieces_end() {
        for n in [0, 1, 7, 8, 29] {
            let mut out = made(n, 8, &|at, piece| {
                piece.iter_mut().enumerate().for_each(|(i, out)| *out += (at + i) as f32);
            });
            assert_eq!(out, (0..n).map(|i| i as f32).collect::<Vec<_>>());
            changed(&mut out, 8, &|at, piece| {
                piece.iter_mut().enumerate().for_each(|(i, out)| *out -= (at + i) as f32)
            });
            assert_eq!(out, vec![0.0; n]);
        }
    }
}
