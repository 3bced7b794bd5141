//! Random numbers by name: what a person is and how one picture varies come from streams of their own.
//!
//! In: seed, style, person, picture and purpose. Out: the same numbers on every machine and thread. A new draw in one
//! purpose shifts no other.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

/// Evenly spread between two ends.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Uniform(pub f32, pub f32);

/// TruncatedNormal-shaped around a mean; draws beyond 2.2 standard deviations are moved to that limit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TruncatedNormal {
    /// Middle of the bell.
    pub mean: f32,
    /// Standard deviation.
    pub sd: f32,
}

/// Which set, and whose faces of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    pub seed: u64,
    pub style: &'a str,
    pub person: u32,
}

/// Index of the expression and number of the picture of one person with it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ImageKey {
    pub expression: u8,
    pub take: u32,
}

/// A stream of random numbers.
pub(crate) struct Dice(ChaCha8Rng);

impl Source<'_> {
    /// What holds for the person in every picture.
    pub fn of_person(&self, purpose: &str) -> Dice {
        self.stream(u8::MAX, u32::MAX, purpose)
    }

    /// What holds for one picture only.
    pub fn of_picture(&self, image: ImageKey, purpose: &str) -> Dice {
        self.stream(image.expression, image.take, purpose)
    }

    /// What holds for one frame of a sequence only; frame 0 is the single picture.
    pub fn of_frame(&self, image: ImageKey, frame: u32, purpose: &str) -> Dice {
        if frame == 0 { self.of_picture(image, purpose) } else { self.of_picture(image, &format!("{purpose} {frame}")) }
    }

    /// The key holds every name in full or hashed to 7 or 8 bytes, so that streams do not collide.
    fn stream(&self, expression: u8, take: u32, purpose: &str) -> Dice {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&self.seed.to_le_bytes());
        key[8..12].copy_from_slice(&self.person.to_le_bytes());
        key[12] = expression;
        key[13..17].copy_from_slice(&take.to_le_bytes());
        key[17..24].copy_from_slice(&fnv1a(self.style)[..7]);
        key[24..].copy_from_slice(&fnv1a(purpose));
        Dice(ChaCha8Rng::from_seed(key))
    }
}

fn fnv1a(text: &str) -> [u8; 8] {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, step).to_le_bytes()
}

impl Dice {
    /// 0 up to but not including 1.
    pub fn unit(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 / 16_777_216.0
    }

    pub fn between(&mut self, from: f32, to: f32) -> f32 {
        from + (to - from) * self.unit()
    }

    pub fn within(&mut self, range: Uniform) -> f32 {
        self.between(range.0, range.1)
    }

    pub fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    /// Mean 0, standard deviation 1, cut at 2.2.
    pub fn bell(&mut self) -> f32 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        (radius * (std::f32::consts::TAU * self.unit()).cos()).clamp(-2.2, 2.2)
    }

    pub fn around(&mut self, bell: TruncatedNormal) -> f32 {
        bell.mean + bell.sd * self.bell()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_by_every_part_of_their_name_and_repeat() {
        let source = Source { seed: 1, style: "studio", person: 0 };
        let image = ImageKey { expression: 0, take: 0 };
        let first = |dice: Dice| {
            let mut dice = dice;
            dice.unit()
        };
        let all = [
            first(source.of_person("shape")),
            first(source.of_person("hair")),
            first(source.of_picture(image, "shape")),
            first(source.of_picture(ImageKey { take: 1, ..image }, "shape")),
            first(Source { seed: 2, ..source }.of_person("shape")),
            first(Source { style: "wild", ..source }.of_person("shape")),
            first(Source { person: 1, ..source }.of_person("shape")),
        ];
        for (i, a) in all.iter().enumerate() {
            assert!(all[i + 1..].iter().all(|b| a != b), "{all:?}");
        }
        assert_eq!(all[0], first(source.of_person("shape")));
    }

    #[test]
    fn the_bell_has_its_mean_and_spread() {
        let mut dice = Source { seed: 9, style: "x", person: 3 }.of_person("bell");
        let draws: Vec<f32> = (0..20_000).map(|_| dice.around(TruncatedNormal { mean: 2.0, sd: 0.5 })).collect();
        let mean = draws.iter().sum::<f32>() / draws.len() as f32;
        let sd = (draws.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / draws.len() as f32).sqrt();
        assert!((mean - 2.0).abs() < 0.02 && (sd - 0.5).abs() < 0.03, "{mean} {sd}");
    }
}
