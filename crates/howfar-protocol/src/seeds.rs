//! Every random number of a study: streams by name under one seed, so that a new random step cannot shift the others.
//!
//! A stream is ChaCha8 keyed by SHA-256 of the study's seed, the stream's name and its indices. No clock, thread count
//! or hash order has a say.

use howfar_face::checksum::Hasher;
use rand::Rng;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The generator behind every stream: named after its algorithm, so the numbers outlive library versions.
pub type Stream = ChaCha8Rng;

/// The root of all streams of a study, or of one seed of its cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seeds {
    root: u64,
}

impl Seeds {
    /// Streams under the study's seed.
    pub fn new(root: u64) -> Self {
        Seeds { root }
    }

    /// The stream `name` at some indices (seed, epoch, face …).
    pub fn stream(&self, name: &str, indices: &[u64]) -> Stream {
        let mut hash = Hasher::default();
        hash.update(&self.root.to_le_bytes());
        hash.update_text(name);
        for index in indices {
            hash.update(&index.to_le_bytes());
        }
        ChaCha8Rng::from_seed(hash.finish_key())
    }

    /// A further root, for the parts of one seed index.
    pub fn child(&self, name: &str, index: u64) -> Seeds {
        Seeds { root: self.stream(name, &[index]).next_u64() }
    }
}

/// A number in 0..1 with 24 random bits.
pub fn uniform(stream: &mut Stream) -> f32 {
    (stream.next_u32() >> 8) as f32 / (1 << 24) as f32
}

/// A standard normal number (Box and Muller, 1958).
pub fn normal(stream: &mut Stream) -> f32 {
    let u = 1.0 - f64::from(uniform(stream));
    let v = f64::from(uniform(stream));
    ((-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()) as f32
}

/// Fisher and Yates' shuffle.
pub fn shuffle<T>(items: &mut [T], stream: &mut Stream) {
    for i in (1..items.len()).rev() {
        // The bias of a remainder of 64 bits is below 2^-40 for any list that fits in memory.
        let j = (stream.next_u64() % (i as u64 + 1)) as usize;
        items.swap(i, j);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_by_name_and_index_and_repeat_by_both() {
        let seeds = Seeds::new(1);
        let first = |name, index| seeds.stream(name, &[index]).next_u64();
        assert_eq!(first("order", 3), first("order", 3));
        assert_ne!(first("order", 3), first("order", 4));
        assert_ne!(first("order", 3), first("weights", 3));
    }

    #[test]
    fn a_shuffle_keeps_every_item() {
        let mut items: Vec<u32> = (0..100).collect();
        shuffle(&mut items, &mut Seeds::new(7).stream("x", &[]));
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn normal_numbers_have_mean_0_and_deviation_1() {
        let mut stream = Seeds::new(2).stream("n", &[]);
        let xs: Vec<f32> = (0..20_000).map(|_| normal(&mut stream)).collect();
        let mean = xs.iter().sum::<f32>() / 20_000.0;
        let variance = xs.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / 20_000.0;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.04, "{mean} {variance}");
    }
}
