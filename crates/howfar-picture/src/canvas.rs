//! Pictures, smooth shapes and letters laid on a picture, at any size.
//!
//! In: shapes in pixels; the centre of the first pixel lies at (0.5, 0.5), what lies outside is cut off. Out: the
//! picture with them on it; pasted pixels keep every bit. Does not know what the shapes mean.

use howfar_face::{Fault, Picture};
use tiny_skia::{FillRule, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, Transform};

use crate::text::Line;

/// Red, green, blue, 0..=255.
pub type Rgb = [u8; 3];

/// A picture of more pixels is refused: it would take gigabytes.
const MOST_PIXELS: u64 = 1 << 29;
/// A quarter of a circle as a cubic curve: distance of its control points in radii.
const ROUND: f32 = 0.552_284_8;

/// An upright rectangle in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// Left end.
    pub left: f32,
    /// Upper end.
    pub top: f32,
    /// From left to right.
    pub width: f32,
    /// From top to bottom.
    pub height: f32,
}

impl Area {
    /// The same, smaller by `by` on every side.
    #[must_use]
    pub fn inset(self, by: f32) -> Self {
        let Area { left, top, width, height } = self;
        Area { left: left + by, top: top + by, width: width - 2.0 * by, height: height - 2.0 * by }
    }

    /// Its border with rounded corners; none where nothing is left of it.
    fn path(self, radius: f32) -> Option<Path> {
        let rect = Rect::from_xywh(self.left, self.top, self.width, self.height)?;
        let (left, top, right, bottom) = (rect.left(), rect.top(), rect.right(), rect.bottom());
        let radius = radius.min(self.width / 2.0).min(self.height / 2.0);
        if radius <= 0.0 {
            return Some(PathBuilder::from_rect(rect));
        }
        let (corner, bend) = (radius, radius * (1.0 - ROUND));
        let mut path = PathBuilder::new();
        path.move_to(left + corner, top);
        path.line_to(right - corner, top);
        path.cubic_to(right - bend, top, right, top + bend, right, top + corner);
        path.line_to(right, bottom - corner);
        path.cubic_to(right, bottom - bend, right - bend, bottom, right - corner, bottom);
        path.line_to(left + corner, bottom);
        path.cubic_to(left + bend, bottom, left, bottom - bend, left, bottom - corner);
        path.line_to(left, top + corner);
        path.cubic_to(left, top + bend, left + bend, top, left + corner, top);
        path.close();
        path.finish()
    }
}

/// A picture in the making.
#[derive(Debug)]
pub struct Canvas(Pixmap);

impl Canvas {
    /// Of one colour; at least a pixel each way. A fault where it would have more than 2^29 pixels.
    pub fn blank(width: u64, height: u64, colour: Rgb) -> Result<Self, Fault> {
        let (width, height) = (width.max(1), height.max(1));
        let small_enough = width.saturating_mul(height) <= MOST_PIXELS;
        let sides = u32::try_from(width).ok().zip(u32::try_from(height).ok()).filter(|_| small_enough);
        let Some(mut pixmap) = sides.and_then(|(width, height)| Pixmap::new(width, height)) else {
            return Err(Fault::usage("the picture", "this would be too large a picture")
                .found(format!("{width}×{height} pixels"))
                .expected(format!("at most {MOST_PIXELS} pixels"))
                .hint("show fewer faces, or enlarge them less"));
        };
        let [red, green, blue] = colour;
        pixmap.fill(tiny_skia::Color::from_rgba8(red, green, blue, u8::MAX));
        Ok(Canvas(pixmap))
    }

    /// What was drawn, in 1 channel (a drawing of grays alone) or in 3.
    pub fn into_picture(self, channels: u32) -> Picture {
        let (width, height) = (self.0.width(), self.0.height());
        let n = if channels == 1 { 1 } else { 3 };
        let data = self.0.data().chunks_exact(4).flat_map(|pixel| pixel[..n].iter().copied()).collect();
        Picture { width, height, channels: n as u32, data }
    }

    /// Puts a picture down, every pixel as `scale` × `scale` ones.
    pub fn paste(&mut self, picture: &Picture, (left, top): (u32, u32), scale: u32) {
        let (width, height) = (self.0.width(), self.0.height());
        let (n, scale) = (picture.channels as usize, scale.max(1));
        let end = |begin: u32, length: u32, most: u32| begin.saturating_add(length.saturating_mul(scale)).min(most);
        let (right, bottom) = (end(left, picture.width, width), end(top, picture.height, height));
        let own = self.0.data_mut();
        for y in top..bottom {
            for x in left..right {
                let from = ((y - top) / scale * picture.width + (x - left) / scale) as usize * n;
                let to = (y as usize * width as usize + x as usize) * 4;
                for channel in 0..3 {
                    own[to + channel] = picture.data[from + channel.min(n - 1)];
                }
            }
        }
    }

    /// A filled rectangle with rounded corners.
    pub fn fill(&mut self, area: Area, radius: f32, colour: Rgb) {
        if let Some(path) = area.path(radius) {
            self.0.fill_path(&path, &paint(colour), FillRule::Winding, Transform::identity(), None);
        }
    }

    /// The border of a rectangle with rounded corners, `line` pixels wide, inside the area.
    pub fn outline(&mut self, area: Area, radius: f32, line: f32, colour: Rgb) {
        let middle = area.inset(0.5 * line).path((radius - 0.5 * line).max(0.0));
        if let Some(path) = middle {
            let stroke = Stroke { width: line, ..Stroke::default() };
            self.0.stroke_path(&path, &paint(colour), &stroke, Transform::identity(), None);
        }
    }

    /// A disc.
    pub fn disc(&mut self, (x, y): (f32, f32), radius: f32, colour: Rgb) {
        if let Some(path) = PathBuilder::from_circle(x, y, radius) {
            self.0.fill_path(&path, &paint(colour), FillRule::Winding, Transform::identity(), None);
        }
    }

    /// A line of letters that stand on the height `baseline` and begin at `left`.
    pub fn text(&mut self, line: &Line, (left, baseline): (f32, f32), colour: Rgb) {
        let (width, height) = (self.0.width(), self.0.height());
        // Letters whose feet lie between two rows of pixels would be blurred.
        let baseline = baseline.round();
        let lies_far = left > width as f32 || left + line.width() < 0.0;
        if lies_far || !(-line.size..height as f32 + 2.0 * line.size).contains(&baseline) {
            return;
        }
        let pixels = self.0.data_mut();
        for (shape, x) in &line.letters {
            shape.cover((left + x, baseline), line.size, |x, y, share| {
                let place = (u32::try_from(x), u32::try_from(y));
                let (Ok(x), Ok(y)) = place else { return };
                if x < width && y < height {
                    let begin = (y as usize * width as usize + x as usize) * 4;
                    for (own, ink) in pixels[begin..begin + 3].iter_mut().zip(colour) {
                        let mixed = f32::from(*own) + share.min(1.0) * (f32::from(ink) - f32::from(*own));
                        *own = mixed.round() as u8;
                    }
                }
            });
        }
    }
}

fn paint(colour: Rgb) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color_rgba8(colour[0], colour[1], colour[2], u8::MAX);
    paint
}

#[cfg(test)]
mod tests {
    use super::*;

    const RED: Rgb = [200, 0, 0];
    const WHITE: Rgb = [255; 3];

    fn canvas(width: u64, height: u64) -> Canvas {
        Canvas::blank(width, height, WHITE).unwrap()
    }

    fn at(canvas: &Canvas, x: u32, y: u32) -> Rgb {
        let pixel = canvas.0.pixel(x, y).unwrap();
        [pixel.red(), pixel.green(), pixel.blue()]
    }

    #[test]
    fn a_filled_area_ends_where_it_says_and_may_stick_out() {
        let mut canvas = canvas(8, 6);
        canvas.fill(Area { left: 2.0, top: -3.0, width: 3.0, height: 5.0 }, 0.0, RED);
        for (x, y, colour) in [(1, 0, WHITE), (2, 0, RED), (4, 1, RED), (5, 1, WHITE), (3, 2, WHITE)] {
            assert_eq!(at(&canvas, x, y), colour, "{x}, {y}");
        }
    }

    #[test]
    fn an_outline_leaves_its_inside() {
        let mut canvas = canvas(10, 10);
        canvas.outline(Area { left: 1.0, top: 1.0, width: 8.0, height: 8.0 }, 0.0, 2.0, RED);
        for (x, y, colour) in [(0, 5, WHITE), (1, 5, RED), (2, 5, RED), (4, 5, WHITE), (8, 8, RED)] {
            assert_eq!(at(&canvas, x, y), colour, "{x}, {y}");
        }
    }

    #[test]
    fn pasted_pixels_keep_their_bits_and_gray_ones_have_three_equal_channels() {
        let (mut canvas, data) = (canvas(4, 4), vec![1, 2, 3, 4]);
        canvas.paste(&Picture::gray(2, 2, data.clone()), (1, 1), 1);
        canvas.paste(&Picture { width: 1, height: 1, channels: 3, data: vec![7, 8, 9] }, (3, 0), 5);
        assert_eq!([at(&canvas, 1, 1), at(&canvas, 2, 2), at(&canvas, 3, 3)], [[1; 3], [4; 3], [7, 8, 9]]);
        let gray = canvas.into_picture(1);
        assert_eq!((gray.channels, gray.data[5..7].to_vec()), (1, data[..2].to_vec()));
    }

    #[test]
    fn letters_have_ink_within_their_line_at_every_size() {
        for size in [9.0, 12.0, 40.0] {
            for word in ["Äpfel", "悲しみ", "😀"] {
                let line = Line::new(word, size);
                let mut canvas = canvas(line.width().ceil() as u64, crate::line_height(size) as u64);
                canvas.text(&line, (0.0, crate::ASCENT * size), [0; 3]);
                let share = |picture: &Picture| picture.data.iter().filter(|p| **p < 128).count() as f32;
                let picture = canvas.into_picture(1);
                let ink = share(&picture) / picture.data.len() as f32;
                assert!((0.04..0.5).contains(&ink), "{word} at {size}: {ink}");
            }
        }
    }

    #[test]
    fn nothing_outside_breaks_anything() {
        let mut canvas = canvas(4, 4);
        canvas.disc((-50.0, 90.0), 3.0, RED);
        canvas.text(&Line::new("far", 12.0), (1e6, -1e6), RED);
        canvas.outline(Area { left: -9.0, top: -9.0, width: 40.0, height: 40.0 }, 2.0, 1.0, RED);
        canvas.fill(Area { left: 1.0, top: 1.0, width: -2.0, height: f32::NAN }, 2.0, RED);
        canvas.paste(&Picture::gray(2, 2, vec![0; 4]), (u32::MAX, 9), 8);
        assert!(canvas.into_picture(3).data.iter().all(|p| *p == 255));
        let fault = Canvas::blank(1 << 40, 1 << 40, RED).unwrap_err();
        assert!(fault.to_string().contains("too large a picture"), "{fault}");
    }
}
