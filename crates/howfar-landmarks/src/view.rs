//! Which square of a drawing the network is shown: where an imperfect box would put it.

use howfar_crop::{Crop, Point, landmark_frame};
use howfar_random::{Stream, between, happens, normal, uniform};

use crate::drawing::Drawing;

/// Distance of the eyes in a whole picture that is a face crop (FER2013, a detector's box), as a share of its side.
const CROP_EYES_APART: f32 = 0.41;

/// From shares of the shown square to pixels of the drawing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct View {
    origin: [f32; 2],
    right: [f32; 2],
    down: [f32; 2],
    /// Pixels that there are: left, top, right, bottom. Beyond them the outermost ones go on.
    border: [f32; 4],
}

impl View {
    /// Draws a view. Half of them are as wrong as a box's (first look), half as eyes found before (later looks).
    pub fn draw(drawing: &Drawing, stream: &mut Stream) -> Self {
        let eyes = eyes_of(&drawing.points);
        let frame = landmark_frame(eyes);
        let (scale, shift, turn) = if happens(stream, 0.5) {
            let turn = (14.0 * normal(stream)).clamp(-35.0, 35.0);
            (between(stream, -0.28, 0.28), [0; 2].map(|_| between(stream, -0.13, 0.13)), turn)
        } else {
            let shift = [0; 2].map(|_| 0.025 * normal(stream).clamp(-2.5, 2.5));
            (0.07 * normal(stream).clamp(-2.5, 2.5), shift, 5.0 * normal(stream).clamp(-2.5, 2.5))
        };
        let side = frame.side as f32 * scale.exp();
        // Heads are longer or broader than drawn ones, and lenses are not perfect.
        let stretch = (0.06 * normal(stream).clamp(-2.5, 2.5)).exp();
        let (sin, cos) = (frame.angle as f32 + turn.to_radians()).sin_cos();
        let slant = 0.04 * normal(stream).clamp(-2.5, 2.5);
        let right = [cos * side * stretch, sin * side * stretch];
        let down = [(-sin + slant * cos) * side / stretch, (cos + slant * sin) * side / stretch];
        let centre = [frame.centre.x as f32, frame.centre.y as f32];
        let middle = [0, 1].map(|k| centre[k] + frame.side as f32 * shift[k]);
        let origin = [0, 1].map(|k| middle[k] - 0.5 * (right[k] + down[k]));
        View { origin, right, down, border: border(drawing, eyes, &frame, stream) }
    }

    /// The pixel position of a place in shares.
    pub fn position(&self, share: [f32; 2]) -> [f32; 2] {
        [0, 1].map(|k| self.origin[k] + share[0] * self.right[k] + share[1] * self.down[k])
    }

    /// The place in shares of a pixel position.
    pub fn share(&self, at: Point) -> [f32; 2] {
        let [x, y] = [at.x as f32 - self.origin[0], at.y as f32 - self.origin[1]];
        let determinant = self.right[0] * self.down[1] - self.right[1] * self.down[0];
        [(x * self.down[1] - y * self.down[0]) / determinant, (y * self.right[0] - x * self.right[1]) / determinant]
    }

    /// The gray levels of the view at `n` × `n` pixels, each the mean of what it covers.
    pub fn sample(&self, drawing: &Drawing, n: usize) -> Vec<f32> {
        let footprint = self.right[0].hypot(self.right[1]).max(self.down[0].hypot(self.down[1])) / n as f32;
        let taps = (footprint.ceil() as usize).clamp(1, 4);
        let step = 1.0 / (n * taps) as f32;
        let weight = 1.0 / (taps * taps) as f32;
        let mut out = Vec::with_capacity(n * n);
        for (row, column) in (0..n).flat_map(|row| (0..n).map(move |column| (row, column))) {
            let mut sum = 0.0;
            for (j, i) in (0..taps).flat_map(|j| (0..taps).map(move |i| (j, i))) {
                let share = [(column * taps + i) as f32 + 0.5, (row * taps + j) as f32 + 0.5].map(|v| v * step);
                sum += self.level(drawing, self.position(share));
            }
            out.push(sum * weight);
        }
        out
    }

    /// Bilinear; the centre of the first pixel lies at 0.5.
    fn level(&self, drawing: &Drawing, at: [f32; 2]) -> f32 {
        let last = (drawing.side - 1) as f32;
        let x = (at[0].clamp(self.border[0], self.border[2]) - 0.5).clamp(0.0, last);
        let y = (at[1].clamp(self.border[1], self.border[3]) - 0.5).clamp(0.0, last);
        let (x0, y0) = (x as usize, y as usize);
        let (x1, y1) = ((x0 + 1).min(drawing.side - 1), (y0 + 1).min(drawing.side - 1));
        let (fx, fy) = (x - x0 as f32, y - y0 as f32);
        let level = |x: usize, y: usize| f32::from(drawing.pixels[y * drawing.side + x]);
        let (top, bottom) = (
            level(x0, y0) + (level(x1, y0) - level(x0, y0)) * fx,
            level(x0, y1) + (level(x1, y1) - level(x0, y1)) * fx,
        );
        top + (bottom - top) * fy
    }
}

/// Half of the pictures end where a face crop ends, the others where the drawing does.
fn border(drawing: &Drawing, eyes: [Point; 2], frame: &Crop, stream: &mut Stream) -> [f32; 4] {
    let whole = drawing.side as f32;
    if happens(stream, 0.5) {
        return [0.0, 0.0, whole, whole];
    }
    let apart = (eyes[1].x - eyes[0].x).hypot(eyes[1].y - eyes[0].y) as f32;
    let half = 0.5 * apart / CROP_EYES_APART * (0.12 * normal(stream).clamp(-2.0, 2.0)).exp();
    // The middle of such a crop lies about where the frame's does.
    let middle = [frame.centre.x as f32, frame.centre.y as f32].map(|c| c + half * (0.3 * uniform(stream) - 0.15));
    let [left, top] = middle.map(|c| (c - half).max(0.0));
    let [right, bottom] = middle.map(|c| (c + half).min(whole));
    [left, top, right, bottom]
}

/// Middles of the eyes.
pub(crate) fn eyes_of(points: &[Point]) -> [Point; 2] {
    [36..42, 42..48].map(|eye| {
        let sum = points[eye].iter().fold([0.0, 0.0], |[x, y], p| [x + p.x, y + p.y]);
        Point { x: sum[0] / 6.0, y: sum[1] / 6.0 }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use howfar_random::Seeds;

    #[test]
    fn shares_and_positions_are_inverse_and_eyes_stay_in_the_picture() {
        let side = 128;
        let pixels = (0..side * side).map(|i| (i % side) as u8).collect();
        let points = (0..68).map(|i| Point { x: if i < 42 { 50.0 } else { 77.0 }, y: 54.0 }).collect();
        let drawing = Drawing { pixels, side, points };
        for seed in 0..200 {
            let view = View::draw(&drawing, &mut Seeds::new(seed).stream("view", &[]));
            for eye in eyes_of(&drawing.points) {
                let share = view.share(eye);
                assert!(share.iter().all(|s| (0.05..0.9).contains(s)), "{share:?}");
                let [x, y] = view.position(share);
                assert!((f64::from(x) - eye.x).abs() < 1e-3 && (f64::from(y) - eye.y).abs() < 1e-3);
            }
            let levels = view.sample(&drawing, 32);
            // Gray levels are columns: those of the eyes' middle must be there.
            assert!(levels.iter().any(|v| (v - 63.0).abs() < 4.0));
        }
    }
}
