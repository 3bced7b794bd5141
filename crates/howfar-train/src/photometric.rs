//! Random changes of light, tone and sharpness to a training picture, and what covers a part of it.
//!
//! In: pixels as floats, interleaved, ranges, a stream of the picture's own. Out: the same pixels changed, in 0..=255
//! but for noise. In the order of what happens to a photograph: the light falls unevenly, something stands before the
//! face, the camera clips and bends tones, the lens blurs, the sensor adds noise.

use howfar_protocol::Augmentation;
use howfar_random::{Stream, between, bits, happens, uniform};

/// One draw from the ranges.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Change {
    /// Logarithm of the light at the border against the middle, along columns and rows.
    slope: (f32, f32),
    /// A round patch of other light: middle and radius in shares of the side, and what its light adds in the middle.
    patch: (f32, f32, f32, f32),
    /// Shares of the picture's own range that are cut off at the dark and at the bright end.
    clipped: (f32, f32),
    /// Exponent of the tone curve.
    gamma: f32,
    /// Standard deviation of the blur in pixels.
    blur: f32,
    /// Standard deviation of the noise in gray levels.
    noise: f32,
    /// What is covered: left, top, width, height in shares of the side, and its gray level.
    cover: Option<[f32; 5]>,
}

impl Change {
    /// Draws all numbers whether a range is empty or not, so that one range cannot move the others' draws.
    fn draw(ranges: &Augmentation, side: usize, stream: &mut Stream) -> Self {
        let (steepness, towards) = (ranges.light_field * uniform(stream), std::f32::consts::TAU * uniform(stream));
        let at = (uniform(stream), uniform(stream));
        let radius = between(stream, 0.25, 0.75);
        let patch_light = between(stream, -1.0, 1.0) * ranges.light_field;
        let clipped = (ranges.clipping * uniform(stream), ranges.clipping * uniform(stream));
        let gamma = (ranges.gamma * between(stream, -1.0, 1.0)).exp();
        let blur = ranges.blur * uniform(stream) * side as f32 / REFERENCE_SIDE;
        let noise = ranges.noise * uniform(stream);
        let is_covered = happens(stream, ranges.erasing);
        let (area, ratio) = (between(stream, 0.02, 0.2), between(stream, -0.7, 0.7).exp());
        let (width, height) = ((area * ratio).sqrt(), (area / ratio).sqrt());
        let cover =
            [uniform(stream) * (1.0 - width), uniform(stream) * (1.0 - height), width, height, 255.0 * uniform(stream)];
        Change {
            slope: (steepness * towards.cos(), steepness * towards.sin()),
            patch: (at.0, at.1, radius, patch_light.exp() - 1.0),
            clipped,
            gamma,
            blur,
            noise,
            cover: is_covered.then_some(cover),
        }
    }
}

/// Pixels a side that widths in pixels are meant for.
const REFERENCE_SIDE: f32 = 64.0;

/// Changes a picture of `side` × `side` pixels.
pub(crate) fn change(pixels: &mut [f32], side: usize, ranges: &Augmentation, stream: &mut Stream) {
    if !ranges.is_photometric() {
        return;
    }
    let change = Change::draw(ranges, side, stream);
    if ranges.light_field > 0.0 {
        light(pixels, side, &change);
    }
    if let Some(cover) = change.cover {
        erase(pixels, side, cover);
    }
    if ranges.clipping > 0.0 || ranges.gamma > 0.0 {
        tone(pixels, change.clipped, change.gamma);
    }
    if change.blur > LEAST_BLUR {
        blur(pixels, side, change.blur);
    }
    if ranges.noise > 0.0 {
        noise(pixels, change.noise, stream);
    }
}

/// Each pixel times a smooth field: both its parts are products of a column's and a row's number.
fn light(pixels: &mut [f32], side: usize, change: &Change) {
    let n_channels = pixels.len() / (side * side);
    let (slope, (x, y, radius, patch)) = (change.slope, change.patch);
    let share = |i: usize| (i as f32 + 0.5) / side as f32;
    let plane = |slope: f32| (0..side).map(move |i| (slope * (2.0 * share(i) - 1.0)).exp()).collect::<Vec<f32>>();
    let bump = |middle: f32| (0..side).map(move |i| (-0.5 * ((share(i) - middle) / radius).powi(2)).exp());
    let (columns, rows) = (plane(slope.0), plane(slope.1));
    let (bump_columns, bump_rows) = (bump(x).collect::<Vec<f32>>(), bump(y).collect::<Vec<f32>>());
    for (row, line) in pixels.chunks_exact_mut(side * n_channels).enumerate() {
        let (row_light, row_patch) = (rows[row], patch * bump_rows[row]);
        for ((pixel, column), bump) in line.chunks_exact_mut(n_channels).zip(&columns).zip(&bump_columns) {
            let field = column * row_light * (1.0 + row_patch * bump);
            pixel.iter_mut().for_each(|value| *value *= field);
        }
    }
}

/// A rectangle of one gray level.
fn erase(pixels: &mut [f32], side: usize, [left, top, width, height, level]: [f32; 5]) {
    let n_channels = pixels.len() / (side * side);
    let place = |share: f32| ((share * side as f32).round() as usize).min(side);
    let (columns, rows) = (place(left)..place(left + width), place(top)..place(top + height));
    for line in pixels.chunks_exact_mut(side * n_channels).take(rows.end).skip(rows.start) {
        line[columns.start * n_channels..columns.end * n_channels].fill(level);
    }
}

/// Steps of the tone curve, between which it is straight.
const TONES: usize = 128;

/// Shares of the picture's own range are cut off at both ends; what remains becomes 0..=255 and is bent.
fn tone(pixels: &mut [f32], clipped: (f32, f32), gamma: f32) {
    let (low, high) = pixels.iter().fold((f32::MAX, f32::MIN), |(low, high), v| (low.min(*v), high.max(*v)));
    let range = high - low;
    if range < 1.0 {
        pixels.iter_mut().for_each(|value| *value = value.clamp(0.0, 255.0));
        return;
    }
    let (low, high) = (low + clipped.0 * range, high - clipped.1 * range);
    let mut curve = [0.0; TONES + 2];
    curve.iter_mut().enumerate().for_each(|(i, tone)| *tone = 255.0 * (i as f32 / TONES as f32).powf(gamma));
    curve[TONES + 1] = 255.0;
    let factor = TONES as f32 / (high - low);
    for value in pixels {
        let at = ((*value - low) * factor).clamp(0.0, TONES as f32);
        let step = at as usize;
        *value = curve[step] + (curve[step + 1] - curve[step]) * (at - step as f32);
    }
}

/// Blurs narrower than this change next to nothing.
const LEAST_BLUR: f32 = 0.25;

/// A Gaussian filter along rows, then along columns; beyond the border the border goes on.
fn blur(pixels: &mut [f32], side: usize, deviation: f32) {
    let n_channels = pixels.len() / (side * side);
    let reach = ((2.5 * deviation).ceil() as usize).min(side - 1);
    let mut taps: Vec<f32> =
        (0..=2 * reach).map(|i| (-0.5 * ((i as f32 - reach as f32) / deviation).powi(2)).exp()).collect();
    let sum: f32 = taps.iter().sum();
    taps.iter_mut().for_each(|tap| *tap /= sum);
    let width = side * n_channels;
    let mut rows = vec![0.0; pixels.len()];
    let mut long = vec![0.0; width + 2 * reach * n_channels];
    for (line, out) in pixels.chunks_exact(width).zip(rows.chunks_exact_mut(width)) {
        long[reach * n_channels..][..width].copy_from_slice(line);
        for i in 0..reach {
            long[i * n_channels..][..n_channels].copy_from_slice(&line[..n_channels]);
            long[(reach + side + i) * n_channels..][..n_channels].copy_from_slice(&line[width - n_channels..]);
        }
        add_all(out, taps.iter().enumerate().map(|(i, tap)| (*tap, &long[i * n_channels..][..width])));
    }
    for (row, out) in pixels.chunks_exact_mut(width).enumerate() {
        let of_row = |i: usize| (row + i).saturating_sub(reach).min(side - 1) * width;
        add_all(out, taps.iter().enumerate().map(|(i, tap)| (*tap, &rows[of_row(i)..][..width])));
    }
}

/// out = Σ factor · values
fn add_all<'a>(out: &mut [f32], terms: impl Iterator<Item = (f32, &'a [f32])>) {
    out.fill(0.0);
    for (factor, values) in terms {
        out.iter_mut().zip(values).for_each(|(sum, value)| *sum += factor * value);
    }
}

/// Noise of each value: the sum of two uniform numbers of 16 bits, which is as good as a normal one to a network.
fn noise(pixels: &mut [f32], deviation: f32, stream: &mut Stream) {
    // A uniform number of 16 bits has a deviation of 65,536/√12.
    let factor = deviation / (65_536.0 / 6.0_f32.sqrt());
    for pair in pixels.chunks_mut(2) {
        let word = bits(stream);
        let part = |i: u32| ((word >> (16 * i)) & 0xffff) as i32;
        for (value, noise) in pair.iter_mut().zip([part(0) - part(1), part(2) - part(3)]) {
            *value += factor * noise as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use howfar_random::Seeds;

    fn picture(side: usize) -> Vec<f32> {
        (0..side * side).map(|i| (i * 7 % 251) as f32).collect()
    }

    fn stream(i: u64) -> Stream {
        Seeds::new(9).stream("photometric", &[i])
    }

    #[test]
    fn empty_ranges_change_nothing() {
        let mut out = picture(16);
        change(&mut out, 16, &Augmentation::MODERN, &mut stream(0));
        assert_eq!(out, picture(16));
    }

    #[test]
    fn everything_but_noise_stays_in_range_and_noise_has_its_deviation() {
        let quiet = Augmentation { noise: 0.0, ..Augmentation::ROBUST };
        for i in 0..50 {
            let mut out = picture(32);
            change(&mut out, 32, &quiet, &mut stream(i));
            assert!(out.iter().all(|v| (-0.01..=255.01).contains(v)));
        }
        let mut flat = vec![100.0; 100_000];
        noise(&mut flat, 8.0, &mut stream(1));
        let mean = flat.iter().sum::<f32>() / flat.len() as f32;
        let deviation = (flat.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / flat.len() as f32).sqrt();
        assert!((mean - 100.0).abs() < 0.1 && (deviation - 8.0).abs() < 0.1, "{mean} {deviation}");
    }

    #[test]
    fn a_blur_keeps_flat_pictures_and_the_sum_of_a_spot_and_has_its_width() {
        let mut flat = vec![42.0; 20 * 20 * 3];
        blur(&mut flat, 20, 1.3);
        assert!(flat.iter().all(|v| (v - 42.0).abs() < 1e-3));
        let side = 31;
        let mut spot = vec![0.0; side * side];
        spot[15 * side + 15] = 1000.0;
        blur(&mut spot, side, 1.5);
        assert!((spot.iter().sum::<f32>() - 1000.0).abs() < 0.1);
        let variance = |of: &dyn Fn(usize, usize) -> f32| {
            (0..side * side).map(|i| spot[i] / 1000.0 * of(i % side, i / side)).sum::<f32>()
        };
        let (x, y) = (variance(&|x, _| (x as f32 - 15.0).powi(2)), variance(&|_, y| (y as f32 - 15.0).powi(2)));
        assert!((x.sqrt() - 1.5).abs() < 0.1 && (y.sqrt() - 1.5).abs() < 0.1, "{x} {y}");
    }

    #[test]
    fn tones_keep_their_order_and_fill_the_range() {
        let mut out: Vec<f32> = (0..100).map(|i| 50.0 + i as f32).collect();
        tone(&mut out, (0.1, 0.2), 1.6);
        assert!(out.windows(2).all(|pair| pair[0] <= pair[1]));
        assert_eq!((out[0], out[9], out[99], out[81]), (0.0, 0.0, 255.0, 255.0));
        assert!(out[45] < 127.5, "an exponent above 1 darkens");
    }

    #[test]
    fn channels_share_light_and_cover() {
        let ranges = Augmentation { noise: 0.0, erasing: 1.0, ..Augmentation::ROBUST };
        let gray = picture(24);
        let mut colours: Vec<f32> = gray.iter().flat_map(|v| [*v; 3]).collect();
        let mut alone = gray.clone();
        change(&mut alone, 24, &ranges, &mut stream(3));
        change(&mut colours, 24, &ranges, &mut stream(3));
        assert!(colours.chunks(3).zip(&alone).all(|(pixel, gray)| pixel.iter().all(|v| (v - gray).abs() < 1e-3)));
    }
}
