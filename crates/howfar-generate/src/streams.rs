//! The random numbers of a generator's training and sampling: streams by name and index under one seed.
//!
//! In: a seed, a name, an index (a step, an identity). Out: a stream of its own. A later step never depends on how many numbers an
//! earlier one took, so that a resumed run needs no state of them.

use howfar_face::checksum::Hasher;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The stream `name` at `index` under `seed`: ChaCha8 keyed by the SHA-256 of the three.
pub fn stream(seed: u64, name: &str, index: u64) -> ChaCha8Rng {
    let mut hash = Hasher::default();
    hash.update(&seed.to_le_bytes());
    hash.update_text(name);
    hash.update(&index.to_le_bytes());
    ChaCha8Rng::from_seed(hash.finish_key())
}

/// A number in 0..1 with 24 random bits.
pub fn unit(stream: &mut ChaCha8Rng) -> f32 {
    (stream.next_u32() >> 8) as f32 / (1 << 24) as f32
}

/// One of 0..n.
pub fn below(n: usize, stream: &mut ChaCha8Rng) -> usize {
    // The bias of a remainder of 64 bits is below 2^-40 for any list that fits in memory.
    (stream.next_u64() % n.max(1) as u64) as usize
}

/// Fisher and Yates' shuffle.
pub fn shuffle<T>(items: &mut [T], stream: &mut ChaCha8Rng) {
    for i in (1..items.len()).rev() {
        items.swap(i, below(i + 1, stream));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_by_seed_name_and_index_and_repeat() {
        let first = |seed, name, index| stream(seed, name, index).next_u64();
        assert_eq!(first(1, "order", 3), first(1, "order", 3));
        let all = [first(1, "order", 3), first(2, "order", 3), first(1, "mix", 3), first(1, "order", 4)];
        assert!((0..4).all(|i| (0..i).all(|j| all[i] != all[j])), "{all:?}");
    }
}
