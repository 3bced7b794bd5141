//! Which outputs a training step drops: a rule of a key and a place, so that any thread can work out any part.

/// Drops a share of numbers and enlarges the others, so that the mean stays.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout {
    /// Share that is dropped, right to 1/65536.
    pub share: f32,
    /// Decides which; a new one each step.
    pub key: u64,
}

impl Dropout {
    fn limit(self) -> u64 {
        (self.share * 65536.0).round() as u64
    }

    /// What a kept number is multiplied with.
    pub fn scale(self) -> f32 {
        1.0 / (1.0 - self.share)
    }

    /// 64 bits for four numbers that follow each other, 16 each: SplitMix64 at a place of its sequence.
    fn bits(self, four: u64) -> u64 {
        let z = self.key.wrapping_add(four.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 or [`Dropout::scale`] for each of the first `n` numbers of a batch.
    pub fn factors(self, n: usize) -> Vec<f32> {
        let kept = |i: usize| (self.bits(i as u64 / 4) >> (i % 4 * 16)) & 0xffff >= self.limit();
        (0..n).map(|i| if kept(i) { self.scale() } else { 0.0 }).collect()
    }
}

/// A bit for each number of a part of a batch: set where it is kept.
#[derive(Debug, Default)]
pub(crate) struct KeptBits {
    words: Vec<u64>,
    /// Numbers before the part that have bits too, because bits come in fours.
    ahead: usize,
    pub scale: f32,
}

impl KeptBits {
    /// Works out `n` bits from number `first` of the batch on.
    pub(crate) fn fill(&mut self, dropout: Dropout, first: usize, n: usize) {
        (self.ahead, self.scale) = (first % 4, dropout.scale());
        let limit = dropout.limit();
        // A word more than there are bits, for the reader that looks behind the last one.
        let n_words = (self.ahead + n).div_ceil(64) + 1;
        self.words.resize(n_words, 0);
        for (w, word) in self.words.iter_mut().enumerate() {
            *word = 0;
            for four in 0..16 {
                let bits = dropout.bits((first / 4 + 16 * w + four) as u64);
                for i in 0..4 {
                    *word |= u64::from((bits >> (16 * i)) & 0xffff >= limit) << (4 * four + i);
                }
            }
        }
    }

    /// 16 bits from number `at` of the part on.
    #[inline(always)]
    pub(crate) fn word(&self, at: usize) -> u16 {
        let at = self.ahead + at;
        let (word, shift) = (at / 64, at % 64);
        let both = u128::from(self.words[word]) | u128::from(self.words[word + 1]) << 64;
        (both >> shift) as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_dropped_and_the_mean_stays() {
        for share in [0.25, 0.4, 0.5] {
            let factors = Dropout { share, key: 3 }.factors(99_999);
            let dropped = factors.iter().filter(|f| **f == 0.0).count() as f32 / 99_999.0;
            assert!((dropped - share).abs() < 0.01, "{share}: {dropped}");
            assert!((factors.iter().sum::<f32>() / 99_999.0 - 1.0).abs() < 0.02);
        }
    }

    #[test]
    fn bits_of_a_part_are_those_of_the_whole() {
        let dropout = Dropout { share: 0.3, key: 8 };
        let (factors, mut bits) = (dropout.factors(1000), KeptBits::default());
        for (first, n) in [(0, 300), (17, 64), (130, 1), (514, 400)] {
            bits.fill(dropout, first, n);
            for at in 0..n {
                assert_eq!(bits.word(at) & 1 == 1, factors[first + at] > 0.0, "{first} {at}");
            }
        }
    }
}
