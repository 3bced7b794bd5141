//! What a gray picture of a face is like, in fourteen numbers: gray levels, sharpness, noise, light and place.
//!
//! In: pixels of one picture and the average face of a style. Out: `ImageStatistics`, and medians and spreads over a
//! set. Knows no labels and no persons.

use crate::average_face::AverageFace;

/// Number of statistics of a picture.
pub const N_STATISTICS: usize = 14;

/// Name and unit of each measure, in order. Levels relative to the picture are divided by its contrast.
pub const STATISTICS: [(&str, &str); N_STATISTICS] = [
    ("mean level", "gray levels"),
    ("contrast", "gray levels, sd"),
    ("noise", "gray levels, sd"),
    ("sharpness", "log of fine against coarse detail"),
    ("skew of levels", "share of the range 10 to 90 %"),
    ("middle of levels", "share of the range 10 to 90 %"),
    ("corners", "contrasts above the mean"),
    ("left and right edge", "contrasts above the mean"),
    ("right side against left", "contrasts"),
    ("upper face against lower", "contrasts"),
    ("eye height", "px of 64"),
    ("eye distance", "px of 64"),
    ("eyes right of the middle", "px of 64"),
    ("tilt", "degrees"),
];

/// The statistics of one picture, in the order of `STATISTICS`.
pub type ImageStatistics = [f32; N_STATISTICS];

/// Medians and spreads of a set's pictures.
#[derive(Debug, Clone, PartialEq)]
pub struct SetStatistics {
    /// Pictures that were measured.
    pub n_faces: usize,
    /// Median of each measure.
    pub median: ImageStatistics,
    /// Half the distance between the 16th and the 84th percentile: one standard deviation of a normal distribution.
    pub spread: ImageStatistics,
}

impl SetStatistics {
    /// Medians and spreads; zeros for no picture.
    pub fn of(pictures: &[ImageStatistics]) -> Self {
        let (mut median, mut spread) = ([0.0; N_STATISTICS], [0.0; N_STATISTICS]);
        for which in 0..N_STATISTICS {
            let mut values: Vec<f32> = pictures.iter().map(|p| p[which]).collect();
            values.sort_unstable_by(f32::total_cmp);
            median[which] = quantile(&values, 0.5);
            spread[which] = 0.5 * (quantile(&values, 0.84) - quantile(&values, 0.16));
        }
        SetStatistics { n_faces: pictures.len(), median, spread }
    }
}

/// Linear between the sorted values; 0 for none.
fn quantile(sorted: &[f32], share: f32) -> f32 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let at = share * last as f32;
    let (low, rest) = (at as usize, at.fract());
    sorted[low] * (1.0 - rest) + sorted[(low + 1).min(last)] * rest
}

/// Measures a picture.
///
/// # Shapes
/// `pixels` `[side, side]`, rows from the top
pub(crate) fn measure(pixels: &[u8], side: usize, face: &AverageFace) -> ImageStatistics {
    let n = pixels.len() as f32;
    let mean = pixels.iter().map(|p| f32::from(*p)).sum::<f32>() / n;
    let contrast = (pixels.iter().map(|p| (f32::from(*p) - mean).powi(2)).sum::<f32>() / n).sqrt();
    let (skew, middle) = shape_of_levels(pixels);
    let window = |x: [f32; 2], y: [f32; 2]| (window_mean(pixels, side, x, y) - mean) / contrast.max(1.0);
    let corners = [[0.0, 0.125], [0.875, 1.0]];
    let corner = corners.iter().flat_map(|x| corners.map(|y| window(*x, y))).sum::<f32>() / 4.0;
    let edge = 0.5 * (window([0.0, 0.08], [0.35, 0.65]) + window([0.92, 1.0], [0.35, 0.65]));
    let side_light = window([0.5, 0.8], [0.25, 0.85]) - window([0.2, 0.5], [0.25, 0.85]);
    let top_light = window([0.3, 0.7], [0.2, 0.5]) - window([0.3, 0.7], [0.6, 0.85]);
    let place = face.find(pixels, side);
    [
        mean,
        contrast,
        noise(pixels, side),
        sharpness(pixels, side),
        skew,
        middle,
        corner,
        edge,
        side_light,
        top_light,
        place.eye_height_px,
        place.eye_distance_px,
        place.centre_px,
        place.roll_deg,
    ]
}

/// How the gray levels lie between their 10th and 90th percentile: skewed (+ = a bright tail), and the share of that
/// range that the middle half takes.
fn shape_of_levels(pixels: &[u8]) -> (f32, f32) {
    let mut counts = [0_u32; 256];
    pixels.iter().for_each(|p| counts[usize::from(*p)] += 1);
    let at = |share: f32| {
        let wanted = share * pixels.len() as f32;
        let mut below = 0.0;
        for (level, count) in counts.iter().enumerate() {
            let count = *count as f32;
            if below + count >= wanted && count > 0.0 {
                return level as f32 - 0.5 + (wanted - below) / count;
            }
            below += count;
        }
        255.0
    };
    let [q10, q25, q50, q75, q90] = [0.1, 0.25, 0.5, 0.75, 0.9].map(at);
    let range = (q90 - q10).max(1.0);
    ((q90 + q10 - 2.0 * q50) / range, (q75 - q25) / range)
}

/// Mean over a window in shares of the side.
fn window_mean(pixels: &[u8], side: usize, x: [f32; 2], y: [f32; 2]) -> f32 {
    let ends = |share: [f32; 2]| share.map(|s| (s * side as f32).round() as usize);
    let ([x0, x1], [y0, y1]) = (ends(x), ends(y));
    let sum: u32 = (y0..y1).flat_map(|row| &pixels[row * side + x0..row * side + x1]).map(|p| u32::from(*p)).sum();
    sum as f32 / ((x1 - x0) * (y1 - y0)).max(1) as f32
}

/// Standard deviation of noise from the flattest third of the picture, by the mask of Immerkær (1996), which sees
/// neither slopes nor straight edges.
fn noise(pixels: &[u8], side: usize) -> f32 {
    const MASK: [[i32; 3]; 3] = [[1, -2, 1], [-2, 4, -2], [1, -2, 1]];
    let mut answers: Vec<i32> = Vec::with_capacity(pixels.len());
    for y in 1..side - 1 {
        for x in 1..side - 1 {
            // Clipped pixels show no noise.
            if (4..=251).contains(&pixels[y * side + x]) {
                let near = |r: usize, c: usize| MASK[r][c] * i32::from(pixels[(y + r - 1) * side + x + c - 1]);
                answers.push((0..9).map(|k| near(k / 3, k % 3)).sum::<i32>().abs());
            }
        }
    }
    if answers.is_empty() {
        return 0.0;
    }
    // The mask's answers to noise of sd 1 have sd 6; 30 % of a normal distribution lie within .385 sd. Answers are
    // whole numbers, so that the mean of those below the percentile is finer than the percentile: within it its mean is
    // .192 sd.
    let n = (answers.len() * 3).div_ceil(10);
    answers.select_nth_unstable(n - 1);
    let mean = answers[..n].iter().sum::<i32>() as f32 / n as f32;
    mean / (0.192 * 6.0)
}

/// Log of the mean size of detail of about 1 pixel against that of about 2.
fn sharpness(pixels: &[u8], side: usize) -> f32 {
    let picture: Vec<f32> = pixels.iter().map(|p| f32::from(*p)).collect();
    let fine = smooth(&picture, side, 1);
    let coarse = smooth(&fine, side, 2);
    let inside = side / 10..side - side / 10;
    let (mut first, mut second) = (1e-3, 1e-3);
    for y in inside.clone() {
        for i in inside.clone().map(|x| y * side + x) {
            first += (picture[i] - fine[i]).abs();
            second += (fine[i] - coarse[i]).abs();
        }
    }
    (first / second).ln()
}

/// Weights 1, 2, 1 at distance `reach` along rows and columns; edges repeat.
fn smooth(picture: &[f32], side: usize, reach: usize) -> Vec<f32> {
    let along = |source: &[f32], step: usize| -> Vec<f32> {
        (0..source.len())
            .map(|i| {
                let at = if step == 1 { i % side } else { i / side };
                let (back, on) = (reach.min(at), reach.min(side - 1 - at));
                0.25 * (source[i - back * step] + 2.0 * source[i] + source[i + on * step])
            })
            .collect()
    };
    along(&along(picture, 1), side)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::PersonKey;
    use howfar_random::clipped_normal;

    #[test]
    fn noise_is_measured_in_gray_levels_and_slopes_are_none() {
        for sd in [0.0, 2.0, 6.0] {
            let mut stream = PersonKey { seed: 1, style: "x", person: 0 }.of_person("noise");
            let pixels: Vec<u8> = (0..64 * 64)
                .map(|i| (60.0 + (i % 64) as f32 * 2.0 + sd * clipped_normal(&mut stream)).round() as u8)
                .collect();
            let found = noise(&pixels, 64);
            assert!((found - sd).abs() < 0.15 * sd + 0.35, "{sd}: {found}");
        }
    }

    #[test]
    fn a_blurred_picture_is_less_sharp() {
        let stripes: Vec<u8> = (0..64 * 64).map(|i| if i / 64 % 9 < 4 { 60 } else { 200 }).collect();
        let floats: Vec<f32> = stripes.iter().map(|p| f32::from(*p)).collect();
        let blurred: Vec<u8> = smooth(&floats, 64, 1).into_iter().map(|v| v.round() as u8).collect();
        assert!(sharpness(&blurred, 64) < sharpness(&stripes, 64) - 0.3);
    }

    #[test]
    fn medians_and_spreads_are_those_of_a_known_set() {
        let pictures: Vec<ImageStatistics> = (0..=100).map(|i| [i as f32; N_STATISTICS]).collect();
        let set = SetStatistics::of(&pictures);
        assert_eq!((set.median[3], set.spread[3]), (50.0, 34.0));
    }

    #[test]
    fn a_bright_tail_is_skewed_to_the_right() {
        let even: Vec<u8> = (0..4096).map(|i| (i / 16) as u8).collect();
        let bright: Vec<u8> = even.iter().map(|v| (f32::from(*v).powi(2) / 255.0) as u8).collect();
        assert!(shape_of_levels(&even).0.abs() < 0.02);
        assert!(shape_of_levels(&bright).0 > 0.15);
    }
}
