//! What light, lenses, sensors and files do to a picture.

use howfar_random::{Stream, between, happens, normal};

use crate::occluder::GrayLevels;

/// Light from one side, another tone curve.
pub(crate) fn relight(face: &mut GrayLevels, stream: &mut Stream) {
    if happens(stream, 0.5) {
        let (sin, cos) = between(stream, 0.0, std::f32::consts::TAU).sin_cos();
        let (strength, at, width) = (between(stream, 0.2, 1.6), between(stream, -0.2, 0.2), between(stream, 0.05, 0.6));
        face.change(|[x, y], level| {
            // From the lit side over a soft edge to the dark side.
            let side = (((x - 0.5) * cos + (y - 0.5) * sin - at) / width).clamp(-1.0, 1.0);
            level * (0.5 * strength * (side - 1.0)).exp()
        });
    }
    let gamma = (0.35 * normal(stream)).clamp(-0.8, 0.8).exp();
    // Above 1, light and dark parts are lost as in copies of copies.
    let (contrast, middle) = (between(stream, -1.0, 0.9).exp(), between(stream, 60.0, 190.0));
    face.change(|_, level| {
        let curved = 255.0 * (level.clamp(0.0, 255.0) / 255.0).powf(gamma);
        ((curved - 128.0) * contrast + middle).clamp(0.0, 255.0)
    });
}

/// Noise of the sensor.
pub(crate) fn add_noise(face: &mut GrayLevels, stream: &mut Stream) {
    if happens(stream, 0.6) {
        let deviation = between(stream, 0.0, 14.0);
        face.change(|_, level| level + deviation * normal(stream));
    }
}

/// Blocks of 8 × 8 pixels as coarse JPEG files have them: each is pulled towards its own plane, and levels are rounded.
pub(crate) fn make_blocky(face: &mut GrayLevels, stream: &mut Stream) {
    if !happens(stream, 0.2) {
        return;
    }
    let (n, strength, levels) = (face.n, between(stream, 0.2, 0.6), between(stream, 2.0, 10.0));
    for (top, left) in (0..n).step_by(8).flat_map(|top| (0..n).step_by(8).map(move |left| (top, left))) {
        let (bottom, right) = ((top + 8).min(n), (left + 8).min(n));
        let count = ((bottom - top) * (right - left)) as f32;
        let sum: f32 = (top..bottom).map(|row| face.levels[row * n + left..row * n + right].iter().sum::<f32>()).sum();
        for row in top..bottom {
            for level in &mut face.levels[row * n + left..row * n + right] {
                *level += (sum / count - *level) * strength;
                *level = (*level / levels).round() * levels;
            }
        }
    }
}

/// A blur of 3 × 3 pixels.
pub(crate) fn blur(face: &mut GrayLevels, stream: &mut Stream) {
    if !happens(stream, 0.35) {
        return;
    }
    let (n, share) = (face.n, between(stream, 0.05, 0.33));
    for across in [true, false] {
        let before = face.levels.clone();
        for (i, level) in face.levels.iter_mut().enumerate() {
            let (at, step) = if across { (i % n, 1) } else { (i / n, n) };
            let previous = before[if at > 0 { i - step } else { i }];
            let next = before[if at + 1 < n { i + step } else { i }];
            *level = before[i] * (1.0 - 2.0 * share) + share * (previous + next);
        }
    }
}

/// Enlarges a picture to `n` pixels a side, bilinear.
pub(crate) fn enlarge(face: &GrayLevels, n: usize) -> Vec<f32> {
    if face.n == n {
        return face.levels.clone();
    }
    let scale = face.n as f32 / n as f32;
    let places: Vec<(usize, usize, f32)> = (0..n)
        .map(|i| {
            let at = ((i as f32 + 0.5) * scale - 0.5).clamp(0.0, (face.n - 1) as f32);
            (at as usize, (at as usize + 1).min(face.n - 1), at.fract())
        })
        .collect();
    let mut out = Vec::with_capacity(n * n);
    for (y0, y1, fy) in &places {
        let (upper, lower) = (&face.levels[y0 * face.n..], &face.levels[y1 * face.n..]);
        for (x0, x1, fx) in &places {
            let (top, bottom) =
                (upper[*x0] + (upper[*x1] - upper[*x0]) * fx, lower[*x0] + (lower[*x1] - lower[*x0]) * fx);
            out.push(top + (bottom - top) * fy);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use howfar_random::Seeds;

    #[test]
    fn a_flat_picture_stays_flat_without_noise_and_light_and_levels_stay_in_range() {
        for seed in 0..40 {
            let mut stream = Seeds::new(seed).stream("a", &[]);
            let mut face = GrayLevels { n: 20, levels: vec![120.0; 400] };
            blur(&mut face, &mut stream);
            assert!(enlarge(&face, 33).iter().all(|v| (v - 120.0).abs() < 1e-3));
            make_blocky(&mut face, &mut stream);
            assert!(face.levels.iter().all(|v| *v == face.levels[0]));
            relight(&mut face, &mut stream);
            assert!(face.levels.iter().all(|v| (0.0..=255.0).contains(v)));
        }
    }

    #[test]
    fn enlarging_keeps_a_slope() {
        let face = GrayLevels { n: 16, levels: (0..256).map(|i| (i % 16) as f32).collect() };
        let large = enlarge(&face, 64);
        assert!((8..56).all(|i| (large[64 * 30 + i] - ((i as f32 + 0.5) / 4.0 - 0.5)).abs() < 1e-4));
    }
}
