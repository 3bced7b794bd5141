//! Random changes to a training picture: turned, scaled, shifted, mirrored, re-lit.
//!
//! In: pixels, gray or with interleaved colours, ranges, a stream of the picture's own. Out: pixels as floats in
//! 0..=255. Bilinear; beyond the border the border goes on.

use howfar_protocol::Augmentation;
use howfar_random::{Stream, uniform};

use crate::photometric;

/// One draw from the ranges.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Change {
    /// Where the column and the row of an output pixel's source move with one step to the right.
    right: (f32, f32),
    /// The same with one step down.
    down: (f32, f32),
    /// Source of the middle, less the middle itself, in pixels.
    shift: (f32, f32),
    /// Factor about middle gray, and what is added after it.
    light: (f32, f32),
}

impl Change {
    /// Draws all numbers whether a range is empty or not, so that one range cannot move the others' draws.
    fn draw(ranges: &Augmentation, side: usize, stream: &mut Stream) -> Self {
        let mut signed = || 2.0 * uniform(stream) - 1.0;
        let angle = (ranges.rotation_degrees * signed()).to_radians();
        let scale = 1.0 + ranges.scale * signed();
        let shift = (ranges.shift * side as f32 * signed(), ranges.shift * side as f32 * signed());
        let mirror = if ranges.flip && signed() < 0.0 { -1.0 } else { 1.0 };
        let light = (1.0 + ranges.light * signed(), 127.5 * ranges.light * signed());
        // The source of a pixel: the inverse of turning and scaling.
        let (cos, sin) = (angle.cos() / scale, angle.sin() / scale);
        Change { right: (cos * mirror, sin * mirror), down: (-sin, cos), shift, light }
    }
}

/// A changed copy of a picture of `side` × `side` pixels.
pub(crate) fn augment(pixels: &[u8], side: usize, ranges: &Augmentation, stream: &mut Stream) -> Vec<f32> {
    let change = Change::draw(ranges, side, stream);
    let (middle, last) = ((side - 1) as f32 / 2.0, (side - 1) as f32);
    let n_channels = pixels.len() / (side * side);
    let mut out = Vec::with_capacity(pixels.len());
    for row in 0..side {
        let v = row as f32 - middle;
        let begin_x = middle + change.shift.0 + v * change.down.0 - middle * change.right.0;
        let begin_y = middle + change.shift.1 + v * change.down.1 - middle * change.right.1;
        for column in 0..side {
            let x = (begin_x + column as f32 * change.right.0).clamp(0.0, last);
            let y = (begin_y + column as f32 * change.right.1).clamp(0.0, last);
            let (x0, y0) = (x as usize, y as usize);
            let (fx, fy) = (x - x0 as f32, y - y0 as f32);
            let (step_x, step_y) = (usize::from(x0 + 1 < side), if y0 + 1 < side { side } else { 0 });
            let at = y0 * side + x0;
            let corners = [at, at + step_x, at + step_y, at + step_x + step_y];
            for channel in 0..n_channels {
                let [a, b, c, d] = corners.map(|i| f32::from(pixels[i * n_channels + channel]));
                let (top, bottom) = (a + (b - a) * fx, c + (d - c) * fx);
                out.push(top + (bottom - top) * fy);
            }
        }
    }
    if ranges.light > 0.0 {
        let (contrast, brightness) = change.light;
        out.iter_mut().for_each(|p| *p = ((*p - 127.5) * contrast + 127.5 + brightness).clamp(0.0, 255.0));
    }
    photometric::change(&mut out, side, ranges, stream);
    out
}

/// A fixed altered copy as it would lie in a face set: whole numbers.
pub(crate) fn altered_copy(pixels: &[u8], side: usize, stream: &mut Stream) -> Vec<u8> {
    augment(pixels, side, &Augmentation::COPIES, stream).iter().map(|p| p.round() as u8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use howfar_random::Seeds;

    const NOTHING: Augmentation =
        Augmentation { rotation_degrees: 0.0, scale: 0.0, shift: 0.0, flip: false, ..Augmentation::MODERN };

    fn picture() -> Vec<u8> {
        (0..16 * 16).map(|i| (i * 7 % 256) as u8).collect()
    }

    #[test]
    fn empty_ranges_change_nothing() {
        let out = augment(&picture(), 16, &NOTHING, &mut Seeds::new(1).stream("a", &[]));
        let expected: Vec<f32> = picture().iter().map(|p| f32::from(*p)).collect();
        assert_eq!(out, expected);
    }

    #[test]
    fn each_channel_is_changed_as_a_gray_picture_is() {
        let gray = picture();
        let colours: Vec<u8> = gray.iter().flat_map(|p| [*p, 255 - *p, *p / 2]).collect();
        let stream = || Seeds::new(5).stream("a", &[]);
        let whole = augment(&colours, 16, &Augmentation::COPIES, &mut stream());
        for channel in 0..3 {
            let of = |values: &[u8]| values.iter().skip(channel).step_by(3).copied().collect::<Vec<_>>();
            let alone = augment(&of(&colours), 16, &Augmentation::COPIES, &mut stream());
            assert_eq!(alone, whole.iter().skip(channel).step_by(3).copied().collect::<Vec<_>>());
        }
    }

    #[test]
    fn half_of_the_pictures_are_mirrored_and_the_others_are_not() {
        let flips = Augmentation { flip: true, ..NOTHING };
        let straight: Vec<f32> = picture().iter().map(|p| f32::from(*p)).collect();
        let mirrored: Vec<f32> = straight.chunks(16).flat_map(|row| row.iter().rev().copied()).collect();
        let mut n_mirrored = 0;
        for i in 0..200 {
            let out = augment(&picture(), 16, &flips, &mut Seeds::new(1).stream("a", &[i]));
            assert!(out == straight || out == mirrored);
            n_mirrored += usize::from(out == mirrored);
        }
        assert!((70..130).contains(&n_mirrored), "{n_mirrored}");
    }

    #[test]
    fn a_flat_picture_stays_flat_under_all_moves_and_light_stays_in_range() {
        for i in 0..50 {
            let mut stream = Seeds::new(3).stream("a", &[i]);
            assert!(
                augment(&[90; 400], 20, &Augmentation::MODERN, &mut stream).iter().all(|p| (p - 90.0).abs() < 1e-3)
            );
            let copy = augment(&[250; 400], 20, &Augmentation::COPIES, &mut stream);
            assert!(copy.iter().all(|p| (0.0..=255.0).contains(p)));
        }
    }

    #[test]
    fn a_turn_keeps_lengths_and_stays_in_its_range() {
        let ranges = Augmentation { rotation_degrees: 8.6, ..NOTHING };
        for i in 0..50 {
            let drawn = Change::draw(&ranges, 64, &mut Seeds::new(4).stream("a", &[i]));
            let angle = drawn.right.1.atan2(drawn.right.0).to_degrees();
            assert!(angle.abs() <= 8.6, "{drawn:?}");
            assert!((drawn.right.0.hypot(drawn.right.1) - 1.0).abs() < 1e-6);
            assert!((drawn.right.0 * drawn.down.0 + drawn.right.1 * drawn.down.1).abs() < 1e-6);
        }
    }
}
