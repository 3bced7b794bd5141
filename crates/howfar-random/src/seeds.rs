//! Streams by name under one seed, so that a new random step cannot shift the others.
//!
//! In: a seed, a name, indices. Out: a stream. A stream is ChaCha8 keyed by SHA-256 of the three.

use rand::Rng;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

/// The generator behind every stream: named after its algorithm, so the numbers outlive library versions.
pub type Stream = ChaCha8Rng;

/// The root of all streams of a study, a generator's training or one seed of a study's cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seeds {
    root: u64,
}

impl Seeds {
    /// Streams under a seed.
    pub fn new(root: u64) -> Self {
        Seeds { root }
    }

    /// The stream `name` at some indices (seed, epoch, face …). A later step never depends on how many numbers an
    /// earlier one took, so that a resumed run needs no state of them.
    pub fn stream(&self, name: &str, indices: &[u64]) -> Stream {
        let mut hash = Sha256::new();
        hash.update(self.root.to_le_bytes());
        // With its length before it, so that a name and an index cannot run into each other.
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name.as_bytes());
        for index in indices {
            hash.update(index.to_le_bytes());
        }
        keyed(hash.finalize().into())
    }

    /// A further root, for the parts of one seed index.
    pub fn child(&self, name: &str, index: u64) -> Seeds {
        Seeds { root: self.stream(name, &[index]).next_u64() }
    }
}

/// The stream of a key of 32 bytes, for those who make keys of their own.
pub fn keyed(key: [u8; 32]) -> Stream {
    ChaCha8Rng::from_seed(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_by_seed_name_and_index_and_repeat_by_all() {
        let first = |seed, name, index: &[u64]| Seeds::new(seed).stream(name, index).next_u64();
        assert_eq!(first(1, "order", &[3]), first(1, "order", &[3]));
        let all = [
            first(1, "order", &[3]),
            first(2, "order", &[3]),
            first(1, "mix", &[3]),
            first(1, "order", &[4]),
            first(1, "order", &[]),
            first(1, "order", &[3, 0]),
        ];
        assert!((0..all.len()).all(|i| (0..i).all(|j| all[i] != all[j])), "{all:?}");
    }

    #[test]
    fn the_numbers_are_those_of_the_first_version() {
        // SHA-256 over seed, length of the name, name and index as the key of ChaCha8, computed by another program.
        let mut stream = Seeds::new(7).stream("order", &[3]);
        assert_eq!([(); 3].map(|()| stream.next_u64()), FIRST);
        assert_eq!(Seeds::new(7).child("seed index", 2).root, CHILD);
    }

    const FIRST: [u64; 3] = [0xdbf1_18dd_7f2b_a16f, 0x8903_5826_6972_db1d, 0x8531_9ef6_1382_0742];
    const CHILD: u64 = 0xaa80_79d1_709a_dad9;
}
