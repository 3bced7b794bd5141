//! What is drawn from a stream: uniform and normal numbers, places in a list, orders.
//!
//! In: a stream. Out: numbers. Every one takes a fixed number of words from the stream, so that the next can be told.

use rand::Rng;

use crate::Stream;

/// Numbers farther than this many standard deviations from the mean are moved to that limit.
const CLIP: f32 = 2.2;

/// 64 random bits.
pub fn bits(stream: &mut Stream) -> u64 {
    stream.next_u64()
}

/// A number from 0 up to but not including 1, with 24 random bits.
pub fn uniform(stream: &mut Stream) -> f32 {
    (stream.next_u32() >> 8) as f32 / (1 << 24) as f32
}

/// A uniform number between two ends.
pub fn between(stream: &mut Stream, from: f32, to: f32) -> f32 {
    from + (to - from) * uniform(stream)
}

/// True with this probability.
pub fn happens(stream: &mut Stream, probability: f32) -> bool {
    uniform(stream) < probability
}

/// A standard normal number (Box and Muller, 1958), computed in 64 bits.
pub fn normal(stream: &mut Stream) -> f32 {
    let u = 1.0 - f64::from(uniform(stream));
    let v = f64::from(uniform(stream));
    ((-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()) as f32
}

/// A standard normal number, moved to ±2.2 where it lies beyond, computed in 32 bits: drawn faces rest on its bits,
/// which are not those of [`normal`].
pub fn clipped_normal(stream: &mut Stream) -> f32 {
    let radius = (-2.0 * (1.0 - uniform(stream)).ln()).sqrt();
    (radius * (std::f32::consts::TAU * uniform(stream)).cos()).clamp(-CLIP, CLIP)
}

/// One of `0..n`, 0 where `n` is 0. The bias of a remainder of 64 bits is below 2^-40 for any list that fits in memory.
pub fn below(n: usize, stream: &mut Stream) -> usize {
    (stream.next_u64() % n.max(1) as u64) as usize
}

/// One of `0..n`, 0 where `n` is 0, from a single number of 24 bits: for lists of thousands, not millions. Those who
/// draw by it keep their numbers; others take [`below`].
pub fn index_by_share(n: usize, stream: &mut Stream) -> usize {
    ((uniform(stream) * n as f32) as usize).min(n.saturating_sub(1))
}

/// One of the items; none where there are none.
pub fn choice<'a, T>(items: &'a [T], stream: &mut Stream) -> Option<&'a T> {
    items.get(below(items.len(), stream))
}

/// Fisher and Yates' shuffle.
pub fn shuffle<T>(items: &mut [T], stream: &mut Stream) {
    for i in (1..items.len()).rev() {
        items.swap(i, below(i + 1, stream));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Seeds;
    use proptest::prelude::*;

    fn stream(seed: u64) -> Stream {
        Seeds::new(seed).stream("numbers", &[])
    }

    /// Mean and variance.
    fn moments(numbers: impl Iterator<Item = f32>) -> (f32, f32) {
        let numbers: Vec<f32> = numbers.collect();
        let mean = numbers.iter().sum::<f32>() / numbers.len() as f32;
        (mean, numbers.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / numbers.len() as f32)
    }

    #[test]
    fn uniform_and_normal_numbers_have_their_mean_and_variance() {
        let n = 20_000;
        let mut s = stream(2);
        let (mean, variance) = moments((0..n).map(|_| uniform(&mut s)));
        assert!((mean - 0.5).abs() < 0.01 && (variance - 1.0 / 12.0).abs() < 0.003, "{mean} {variance}");
        let (mean, variance) = moments((0..n).map(|_| normal(&mut s)));
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.04, "{mean} {variance}");
        // What is cut off at 2.2 makes the variance 0.95.
        let (mean, variance) = moments((0..n).map(|_| clipped_normal(&mut s)));
        assert!(mean.abs() < 0.03 && (variance - 0.95).abs() < 0.04, "{mean} {variance}");
    }

    #[test]
    fn a_chance_is_met_as_often_as_it_says() {
        let mut s = stream(3);
        let share = (0..20_000).filter(|_| happens(&mut s, 0.3)).count() as f32 / 20_000.0;
        assert!((share - 0.3).abs() < 0.015, "{share}");
        assert!(!happens(&mut s, 0.0) && happens(&mut s, 1.0));
    }

    proptest! {
        #[test]
        fn places_lie_in_their_list_and_a_shuffle_keeps_every_item(seed: u64, n in 0_usize..200) {
            let mut s = stream(seed);
            prop_assert!(below(n, &mut s) < n.max(1) && index_by_share(n, &mut s) < n.max(1));
            let mut items: Vec<usize> = (0..n).collect();
            prop_assert_eq!(choice(&items, &mut s).is_some(), n > 0);
            shuffle(&mut items, &mut s);
            items.sort_unstable();
            prop_assert_eq!(items, (0..n).collect::<Vec<_>>());
            let number = between(&mut s, -2.0, 5.0);
            prop_assert!((-2.0..5.0).contains(&number));
            prop_assert!(clipped_normal(&mut s).abs() <= CLIP);
        }
    }

    #[test]
    fn the_numbers_are_those_of_the_first_version() {
        let mut s = stream(7);
        let numbers = [uniform(&mut s), between(&mut s, -3.0, 8.0), normal(&mut s), clipped_normal(&mut s)];
        assert_eq!(numbers.map(f32::to_bits), FIRST);
        let mut items = [0, 1, 2, 3, 4, 5, 6, 7];
        shuffle(&mut items, &mut s);
        assert_eq!((items, below(1000, &mut s), index_by_share(1000, &mut s)), ([6, 7, 2, 5, 4, 3, 0, 1], 615, 398));
    }

    /// Computed by another program.
    const FIRST: [u32; 4] = [0x3ca2_3b20, 0xbfa3_8947, 0x400d_28a4, 0xbf16_7f3d];
}
