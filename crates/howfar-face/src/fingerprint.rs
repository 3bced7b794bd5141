//! Small descriptions of a face by which pictures of the same shot find each other, whatever codec, light or mirror
//! lies between them.
//!
//! In: pixels. Out: a hash of 64 bits (which of two neighbouring areas is darker), and a patch of 32 × 32 standardised
//! levels: one shot's hashes differ in few bits and its patches correlate. `shots.rs` finds such pairs among many
//! faces. Whose faces they are, and whether it matters, is not known here.

use crate::face::gray_levels;

/// Areas a side of a patch.
pub(crate) const PATCHES: usize = 32;
/// Bits that may differ between hashes of one shot.
pub(crate) const MOST_BITS: u32 = 8;
/// Correlation of standardised patches of one shot, saved again, re-lit or mirrored. Among the 648 drawn faces of
/// `howfar demo` no two of different identities reach it.
pub(crate) const SAME_SHOT: f32 = 0.985;

/// Whether two patches are of one shot; the second may be turned left to right first.
pub fn is_same_shot(a: &[f32], b: &[f32], is_mirror: bool) -> bool {
    let likeness = if is_mirror { correlation(a, &mirrored(b, PATCHES)) } else { correlation(a, b) };
    likeness >= SAME_SHOT
}

/// Gray levels of `n_columns` × `n_rows` equal areas of a picture of `side` × `side` pixels, each the mean of what it
/// covers.
fn areas(pixels: &[u8], side: usize, (n_columns, n_rows): (usize, usize)) -> Vec<f32> {
    let n_channels = pixels.len() / (side * side);
    let gray: Vec<f32> = gray_levels(pixels, n_channels).into_iter().map(f32::from).collect();
    let columns = covers(side, n_columns);
    let narrow: Vec<f32> = gray.chunks_exact(side).flat_map(|row| columns.iter().map(|c| c.mean(|x| row[x]))).collect();
    let rows = covers(side, n_rows);
    let cells = rows.iter().flat_map(|row| (0..n_columns).map(|column| row.mean(|y| narrow[y * n_columns + column])));
    cells.collect()
}

/// The pixels that an area covers, with the share of each.
struct Cover(Vec<(usize, f32)>);

impl Cover {
    fn mean(&self, level: impl Fn(usize) -> f32) -> f32 {
        let (sum, weight) =
            self.0.iter().fold((0.0, 0.0), |(sum, total), (i, share)| (sum + share * level(*i), total + share));
        sum / weight
    }
}

/// `side` pixels cut into `n` areas of equal length, so that a mirror image has the mirrored areas.
fn covers(side: usize, n: usize) -> Vec<Cover> {
    let edge = |i: usize| i as f32 * side as f32 / n as f32;
    let cover = |i: usize| {
        let (begin, end) = (edge(i), edge(i + 1));
        let share = |x: usize| (end.min(x as f32 + 1.0) - begin.max(x as f32)).max(0.0);
        let pixels = begin as usize..side.min(end.ceil() as usize);
        Cover(pixels.map(|x| (x, share(x))).filter(|(_, share)| *share > 1e-4).collect())
    };
    (0..n).map(cover).collect()
}

/// Mean 0 and length 1, so that a product of two is their correlation; all 0 for a flat picture.
pub fn standardised(mut levels: Vec<f32>) -> Vec<f32> {
    let mean = levels.iter().sum::<f32>() / levels.len() as f32;
    levels.iter_mut().for_each(|level| *level -= mean);
    let length = levels.iter().map(|level| level * level).sum::<f32>().sqrt();
    if length > 1e-3 {
        levels.iter_mut().for_each(|level| *level /= length);
    }
    levels
}

/// The patch of a face: 32 × 32 areas, standardised.
///
/// # Shapes
/// `pixels` `[H, W, C]` with H = W = `side` -> `[1024]`
pub fn patch(pixels: &[u8], side: usize) -> Vec<f32> {
    standardised(areas(pixels, side, (PATCHES, PATCHES)))
}

/// Left and right exchanged.
fn mirrored(levels: &[f32], n_columns: usize) -> Vec<f32> {
    levels.chunks_exact(n_columns).flat_map(|row| row.iter().rev().copied()).collect()
}

/// Product of two patches: their correlation, −1..=1.
pub fn correlation(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The hash of a face and that of its mirror image, 8 × 8 bits each: whether each of nine areas in a row is darker than
/// its right neighbour.
pub fn difference_hash(pixels: &[u8], side: usize) -> [u64; 2] {
    let levels = areas(pixels, side, (9, 8));
    [bits(&levels), bits(&mirrored(&levels, 9))]
}

fn bits(levels: &[f32]) -> u64 {
    let pairs = levels.chunks_exact(9).flat_map(|row| row.windows(2));
    pairs.fold(0, |hash, pair| hash << 1 | u64::from(pair[0] < pair[1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture with structure at every scale.
    fn picture(seed: u32) -> Vec<u8> {
        let level = |x: u32, y: u32| {
            let wave = |f: u32| ((x * f + seed * 7) % 64 + (y * (f + seed)) % 64) as f32;
            (wave(1) + wave(3)) as u8
        };
        (0..64 * 64).map(|i| level(i % 64, i / 64)).collect()
    }

    #[test]
    fn another_light_moves_few_bits_and_hardly_the_correlation() {
        let plain = picture(3);
        let lit: Vec<u8> = plain.iter().map(|p| (f32::from(*p) * 0.7 + 30.0).round() as u8).collect();
        let [a, b] = [&plain, &lit].map(|p| difference_hash(p, 64)[0]);
        assert!((a ^ b).count_ones() <= 2, "{a:x} {b:x}");
        assert!(correlation(&patch(&plain, 64), &patch(&lit, 64)) > 0.999);
    }

    #[test]
    fn a_mirror_image_has_the_hash_of_the_mirror() {
        let plain: Vec<u8> = (0..64 * 64_u32).map(|i| ((i % 64) * (i % 64) / 20 + i / 64) as u8).collect();
        let mirror: Vec<u8> = plain.chunks_exact(64).flat_map(|row| row.iter().rev().copied()).collect();
        let ([a, of_mirror], [b, _]) = (difference_hash(&plain, 64), difference_hash(&mirror, 64));
        assert_ne!(a, b);
        assert!((of_mirror ^ b).count_ones() <= 2);
    }

    #[test]
    fn areas_are_means_and_small_pictures_repeat_pixels() {
        assert_eq!(areas(&[0, 100, 50, 50], 2, (1, 1)), [50.0]);
        assert_eq!(areas(&[0, 100, 50, 150], 2, (2, 2)), [0.0, 100.0, 50.0, 150.0]);
        assert_eq!(areas(&[10, 20, 30], 1, (1, 1)), [18.0]);
        assert_eq!(areas(&[9], 1, (2, 2)), [9.0; 4]);
        assert_eq!(standardised(vec![7.0; 5]), [0.0; 5]);
    }
}
