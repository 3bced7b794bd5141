//! What JPEG loses: blocks of 8 × 8 levels rounded in the cosine domain.
//!
//! In: a square picture, gray or one plane of chroma, and a quality. Out: the levels that a decoder would show. Writes
//! no file: the coding after the rounding loses nothing.

use std::f32::consts::{FRAC_1_SQRT_2, PI};
use std::sync::OnceLock;

const SIDE: usize = 8;

/// Steps of the luminance table at quality 50 (ITU-T T.81, table K.1), rows of rising vertical frequency.
const LUMA_STEPS: [[u16; SIDE]; SIDE] = [
    [16, 11, 10, 16, 24, 40, 51, 61],
    [12, 12, 14, 19, 26, 58, 60, 55],
    [14, 13, 16, 24, 40, 57, 69, 56],
    [14, 17, 22, 29, 51, 87, 80, 62],
    [18, 22, 37, 56, 68, 109, 103, 77],
    [24, 35, 55, 64, 81, 104, 113, 92],
    [49, 64, 78, 87, 103, 121, 120, 101],
    [72, 92, 95, 98, 112, 100, 103, 99],
];

/// Those of the chrominance table (K.2); 99 beyond the first four rows and columns.
const CHROMA_STEPS: [[u16; SIDE]; SIDE] = [
    [17, 18, 24, 47, 99, 99, 99, 99],
    [18, 21, 26, 66, 99, 99, 99, 99],
    [24, 26, 56, 99, 99, 99, 99, 99],
    [47, 66, 99, 99, 99, 99, 99, 99],
    [99; SIDE],
    [99; SIDE],
    [99; SIDE],
    [99; SIDE],
];

/// Which of a picture's planes is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plane {
    Luma,
    Chroma,
}

type Block = [[f32; SIDE]; SIDE];

/// Rounds a `[side, side]` plane as the common encoder does at `quality` 1..=100; edges repeat in blocks that are cut.
/// Chroma is as fine as luma: some encoders halve it (4:2:0), others do not (4:4:4).
pub(crate) fn compress(levels: &mut [f32], side: usize, quality: f32, plane: Plane) {
    let steps = steps(quality, plane);
    for top in (0..side).step_by(SIDE) {
        for left in (0..side).step_by(SIDE) {
            let place = |y: usize, x: usize| (top + y).min(side - 1) * side + (left + x).min(side - 1);
            let block: Block = std::array::from_fn(|y| std::array::from_fn(|x| levels[place(y, x)] - 128.0));
            let mut frequencies = both_ways(&block, |k, i| cosines()[k][i]);
            for (value, step) in frequencies.iter_mut().flatten().zip(steps.iter().flatten()) {
                *value = (*value / step).round() * step;
            }
            let block = both_ways(&frequencies, |i, k| cosines()[k][i]);
            for (y, row) in block.iter().enumerate().take(side - top) {
                for (x, value) in row.iter().enumerate().take(side - left) {
                    levels[place(y, x)] = value + 128.0;
                }
            }
        }
    }
}

/// Quality 50 is the table itself, 100 a step of 1 everywhere; between and below as libjpeg scales it.
fn steps(quality: f32, plane: Plane) -> Block {
    let table = match plane {
        Plane::Luma => &LUMA_STEPS,
        Plane::Chroma => &CHROMA_STEPS,
    };
    let percent = if quality < 50.0 { 5000.0 / quality } else { 200.0 - 2.0 * quality };
    table.map(|row| row.map(|step| (f32::from(step) * percent / 100.0).round().clamp(1.0, 255.0)))
}

/// `weights(out, in)` along columns and rows.
fn both_ways(block: &Block, weights: impl Fn(usize, usize) -> f32) -> Block {
    let across: Block =
        std::array::from_fn(|y| std::array::from_fn(|k| (0..SIDE).map(|x| weights(k, x) * block[y][x]).sum()));
    std::array::from_fn(|k| std::array::from_fn(|x| (0..SIDE).map(|y| weights(k, y) * across[y][x]).sum()))
}

/// The orthonormal cosine transform: row = frequency, column = place.
fn cosines() -> &'static Block {
    static COSINES: OnceLock<Block> = OnceLock::new();
    COSINES.get_or_init(|| {
        std::array::from_fn(|k| {
            let scale = if k == 0 { 0.5 * FRAC_1_SQRT_2 } else { 0.5 };
            std::array::from_fn(|i| scale * ((2 * i + 1) as f32 * k as f32 * PI / 16.0).cos())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(side: usize) -> Vec<f32> {
        (0..side * side)
            .map(|i| (128.0 + 60.0 * ((i % side) as f32 * 0.7).sin() + (i % 7) as f32 * 5.0).round())
            .collect()
    }

    fn error(side: usize, quality: f32) -> f32 {
        let (before, mut after) = (picture(side), picture(side));
        compress(&mut after, side, quality, Plane::Luma);
        before.iter().zip(&after).map(|(b, a)| (b - a).abs()).sum::<f32>() / before.len() as f32
    }

    #[test]
    fn the_best_quality_loses_less_than_a_level_and_lower_ones_lose_more() {
        for side in [48, 50, 64] {
            assert!(error(side, 100.0) < 1.0);
            assert!(error(side, 100.0) < error(side, 75.0) && error(side, 75.0) < error(side, 20.0), "{side}");
        }
    }

    #[test]
    fn a_flat_picture_stays_flat() {
        let mut flat = vec![100.0; 64];
        compress(&mut flat, 8, 50.0, Plane::Luma);
        // 8 (100 - 128) = -224 is a multiple of the first step.
        assert!(flat.iter().all(|v| (v - 100.0).abs() < 1e-3), "{flat:?}");
    }
}
