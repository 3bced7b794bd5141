//! From light to gray levels: lens blur, reduction, gamma, an S-shaped curve, contrast, noise, JPEG.
//!
//! In: brightness of a picture three times as large; for colour, its red and blue light too. Out: levels 0..=255.

use howfar_random::{Stream, clipped_normal};

use crate::jpeg::{Plane, compress};
use crate::style::ToneStyle;
use crate::tint::LUMA;

/// Samples a pixel's side.
pub(crate) const SUPERSAMPLING: usize = 3;

/// The tone of one picture or session.
#[derive(Debug, Clone)]
pub(crate) struct Tone {
    blur_px: f32,
    gamma: f32,
    s_curve: f32,
    contrast: f32,
    mean: f32,
    noise: f32,
    vignette: f32,
    jpeg_quality: f32,
}

impl Tone {
    pub fn draw(style: &ToneStyle, stream: &mut Stream) -> Self {
        Tone {
            blur_px: style.blur_px.sample(stream),
            gamma: style.gamma.sample(stream),
            s_curve: style.s_curve.sample(stream),
            contrast: style.contrast_levels.sample(stream),
            mean: style.mean_level.sample(stream),
            noise: style.noise_levels.sample(stream),
            vignette: style.vignette.sample(stream),
            jpeg_quality: style.jpeg_quality.sample(stream),
        }
    }

    /// The light on the sensor: through the lens, a number a pixel.
    ///
    /// # Shapes
    /// `large` `[3 size, 3 size]` -> `[size, size]`
    pub fn expose(&self, large: &[f32], size: usize) -> Vec<f32> {
        let sigma = self.blur_px * size as f32 / 64.0 * SUPERSAMPLING as f32;
        reduce(&gaussian(large, size * SUPERSAMPLING, sigma), size)
    }

    /// Gray levels of what was exposed.
    ///
    /// # Shapes
    /// `light` `[size, size]` -> `[size, size]`
    pub fn develop(&self, light: &[f32], size: usize, stream: &mut Stream) -> Vec<u8> {
        let mut levels: Vec<f32> =
            light.iter().enumerate().map(|(i, v)| self.curve(*v) * self.corner(i, size)).collect();
        let n = levels.len() as f32;
        let mean = levels.iter().sum::<f32>() / n;
        let sd = (levels.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / n).sqrt();
        for level in &mut levels {
            *level = (*level - mean) / (sd + 1e-6) * self.contrast + self.mean + self.noise * clipped_normal(stream);
        }
        levels.iter_mut().for_each(|v| *v = v.round().clamp(0.0, 255.0));
        compress(&mut levels, size, self.jpeg_quality, Plane::Luma);
        levels.into_iter().map(|v| v.round().clamp(0.0, 255.0) as u8).collect()
    }

    /// Colours a developed picture. Its gray levels stay the luma; noise and JPEG come to the chroma on its own.
    ///
    /// # Shapes
    /// `gray` `[size, size]`; `light` what was exposed of brightness, red and blue, `[size, size]` each -> `[size,
    /// size, 3]`
    pub fn colour(&self, gray: &[u8], light: [&[f32]; 3], size: usize, stream: &mut Stream) -> Vec<u8> {
        let [whole, red, blue] = light;
        let mut chroma = |part: &[f32], scale: f32| {
            let against_gray = part.iter().zip(whole).zip(gray).map(|((part, whole), gray)| {
                f32::from(*gray) * (part / whole.max(1e-4) - 1.0).clamp(-1.0, MOST_CHROMA) / scale
            });
            let mut plane: Vec<f32> = against_gray
                .map(|v| (128.0 + v + CHROMA_NOISE * self.noise * clipped_normal(stream)).round().clamp(0.0, 255.0))
                .collect();
            compress(&mut plane, size, self.jpeg_quality, Plane::Chroma);
            plane.into_iter().map(|v| (v - 128.0) * scale).collect::<Vec<f32>>()
        };
        let (red, blue) = (chroma(red, CR_SCALE), chroma(blue, CB_SCALE));
        gray.iter().zip(red).zip(blue).flat_map(|((gray, red), blue)| rgb(f32::from(*gray), red, blue)).collect()
    }

    fn curve(&self, brightness: f32) -> f32 {
        let v = brightness.clamp(0.0, 1.3).powf(self.gamma);
        let t = (v / 1.1).clamp(0.0, 1.0);
        v + self.s_curve * (1.1 * t * t * (3.0 - 2.0 * t) - v)
    }

    fn corner(&self, i: usize, size: usize) -> f32 {
        let from_middle = |k: usize| (k as f32 + 0.5) / size as f32 * 2.0 - 1.0;
        let (x, y) = (from_middle(i % size), from_middle(i / size));
        1.0 - self.vignette * (0.5 * (x * x + y * y)).min(1.0)
    }
}

/// Red and blue minus luma, against Cr and Cb (ITU-T T.871).
const CR_SCALE: f32 = 1.402;
const CB_SCALE: f32 = 1.772;
/// Most of red or blue above the luma, relative: dark edges must not glow.
const MOST_CHROMA: f32 = 1.5;
/// Noise of the chroma planes against that of the luma: a camera smooths it away sooner.
const CHROMA_NOISE: f32 = 0.5;

/// Levels of a pixel from its luma and what red and blue have beyond it. Colours that do not fit into 0..=255 are
/// paled, not cut: the luma stays.
fn rgb(luma: f32, red: f32, blue: f32) -> [u8; 3] {
    let beyond = [red, -(LUMA[0] * red + LUMA[2] * blue) / LUMA[1], blue];
    let room = |d: f32| if d > 0.0 { (255.0 - luma) / d } else { luma / -d.min(-1e-6) };
    let share = beyond.into_iter().map(room).fold(1.0, f32::min);
    beyond.map(|d| (luma + share * d).round().clamp(0.0, 255.0) as u8)
}

/// Mean over 3 × 3 samples.
fn reduce(large: &[f32], size: usize) -> Vec<f32> {
    let width = size * SUPERSAMPLING;
    (0..size * size)
        .map(|i| {
            let (x, y) = (i % size * SUPERSAMPLING, i / size * SUPERSAMPLING);
            let rows = (0..SUPERSAMPLING).map(|r| (y + r) * width + x);
            rows.map(|start| large[start..start + SUPERSAMPLING].iter().sum::<f32>()).sum::<f32>() / 9.0
        })
        .collect()
}

/// Gaussian blur of a square picture; edges repeat.
fn gaussian(picture: &[f32], width: usize, sigma: f32) -> Vec<f32> {
    if sigma < 0.2 {
        return picture.to_vec();
    }
    let reach = (2.5 * sigma).ceil() as usize;
    let kernel: Vec<f32> = (0..=reach).map(|k| (-0.5 * (k as f32 / sigma).powi(2)).exp()).collect();
    let total: f32 = kernel[0] + 2.0 * kernel[1..].iter().sum::<f32>();
    let kernel: Vec<f32> = kernel.iter().map(|k| k / total).collect();
    let mut across = vec![0.0; picture.len()];
    let mut padded = vec![0.0; width + 2 * reach];
    for (row, out) in picture.chunks_exact(width).zip(across.chunks_exact_mut(width)) {
        padded[..reach].fill(row[0]);
        padded[reach..reach + width].copy_from_slice(row);
        padded[reach + width..].fill(row[width - 1]);
        accumulate(out, &kernel, |offset| &padded[(reach as isize + offset) as usize..][..width]);
    }
    let mut out = vec![0.0; picture.len()];
    for (y, out) in out.chunks_exact_mut(width).enumerate() {
        accumulate(out, &kernel, |offset| {
            let row = (y as isize + offset).clamp(0, width as isize - 1) as usize;
            &across[row * width..(row + 1) * width]
        });
    }
    out
}

fn accumulate<'a>(out: &mut [f32], kernel: &[f32], line: impl Fn(isize) -> &'a [f32]) {
    out.iter_mut().zip(line(0)).for_each(|(o, v)| *o = kernel[0] * v);
    for (k, weight) in kernel.iter().enumerate().skip(1) {
        let (before, after) = (line(-(k as isize)), line(k as isize));
        for ((o, a), b) in out.iter_mut().zip(before).zip(after) {
            *o += weight * (a + b);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blurring_keeps_a_flat_picture_flat_and_reducing_takes_means() {
        assert!(gaussian(&[0.5; 81], 9, 1.3).iter().all(|v| (v - 0.5).abs() < 1e-5));
        let mut large = vec![0.0; 36];
        large[0] = 9.0;
        assert_eq!(reduce(&large, 2), [1.0, 0.0, 0.0, 0.0]);
    }
}
