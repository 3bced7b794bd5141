//! The sign-flip test: if nothing helped, each unit's difference could as well have had the other sign.
//!
//! In: one difference a unit (a person, a fold or a seed). Out: the two-sided p of their mean. With up to 16 units
//! every flip is tried; beyond that a seeded sample of flips stands for all. n units cannot give a p below 2/2ⁿ: with
//! fewer than six seeds p < 0.05 is out of reach. Flips of people take the seeds as given, and the other way round, so
//! each test alone is too ready to see something: where nothing helped, flips of 24 people gave p < 0.05 in 10–12 % of
//! simulated studies whose seeds differed by 3 points. They are a check beside the crossed interval, never the claim.
//! The definitions are those of `scipy.stats.permutation_test` with `permutation_type="samples"`.

use howfar_random::{Stream, bits};

/// Up to so many units all flips are tried: 2¹⁶ of them.
const MOST_UNITS_EXACT: usize = 16;
/// Flips in a sample. At a p of 0.05 the sampling error is then 0.0015.
const N_SAMPLED: usize = 20_000;

/// Two-sided p of the mean of `differences`. The stream is used only where flips are sampled.
pub fn sign_flip_p(differences: &[f64], stream: &mut Stream) -> f64 {
    let observed = differences.iter().sum::<f64>().abs();
    // Flips that give the same sum in another order of rounding count as equal.
    let scale: f64 = differences.iter().map(|d| d.abs()).sum();
    let limit = observed - 1e-12 * scale;
    let n = differences.len();
    if n <= MOST_UNITS_EXACT {
        let n_flips = 1u64 << n;
        let as_large = (0..n_flips).filter(|flips| flipped_sum(differences, &[*flips]).abs() >= limit).count();
        return as_large as f64 / n_flips as f64;
    }
    let mut flips = vec![0; n.div_ceil(64)];
    let mut as_large = 0;
    for _ in 0..N_SAMPLED {
        flips.fill_with(|| bits(stream));
        as_large += usize::from(flipped_sum(differences, &flips).abs() >= limit);
    }
    // The observed signs are one of the flips, so p is never 0 (Phipson and Smyth, 2010).
    (as_large + 1) as f64 / (N_SAMPLED + 1) as f64
}

fn flipped_sum(differences: &[f64], flips: &[u64]) -> f64 {
    let signed = |(i, d): (usize, &f64)| if flips[i / 64] >> (i % 64) & 1 == 1 { -d } else { *d };
    differences.iter().enumerate().map(signed).sum()
}
