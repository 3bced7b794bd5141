//! A face drawn with ellipses, for tests: enough for the detector.
//!
//! In: where its eyes are. Out: a gray picture.

use image::DynamicImage;

/// Ellipses where a head, its brows, eyes, nose and mouth would be, with the middles of the eyes in pixels, on `n`×`n`
/// pixels.
pub fn mask(eyes: [(f64, f64); 2], n: u32) -> DynamicImage {
    let [(lx, ly), (rx, _)] = eyes;
    let (d, mx) = (rx - lx, (lx + rx) / 2.0);
    let dark = |x: f64, y: f64, cx: f64, cy: f64, a: f64, b: f64| {
        let r = ((x - cx) / (a * d)).powi(2) + ((y - cy) / (b * d)).powi(2);
        1.0 / (1.0 + ((r.sqrt() - 1.0) * 6.0).exp())
    };
    let pixel = |x: u32, y: u32| {
        let (x, y) = (f64::from(x) + 0.5, f64::from(y) + 0.5);
        let mut value = 70.0 + 110.0 * dark(x, y, mx, ly + 0.45 * d, 1.05, 1.4);
        for eye in [lx, rx] {
            value -= 95.0 * dark(x, y, eye, ly, 0.21, 0.10);
            value -= 60.0 * dark(x, y, eye, ly - 0.30 * d, 0.30, 0.07);
            value -= 25.0 * dark(x, y, eye, ly - 0.1 * d, 0.35, 0.25);
        }
        value -= 45.0 * dark(x, y, mx, ly + 0.72 * d, 0.22, 0.07);
        value -= 75.0 * dark(x, y, mx, ly + 1.12 * d, 0.38, 0.09);
        image::Luma([value.clamp(0.0, 255.0) as u8])
    };
    DynamicImage::ImageLuma8(image::GrayImage::from_fn(n, n, pixel))
}
