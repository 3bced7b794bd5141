//! Smooth shapes and letters on a colour picture, at any size.
//!
//! In: a photograph, shapes in pixels. Out: the picture with them on it. The centre of the first pixel lies at
//! (0.5, 0.5); what lies outside is cut off. Does not know what the shapes mean.

use howfar_face::Picture;
use howfar_face::letters::{LETTER_HEIGHT, LETTER_STEP, LETTER_WIDTH, glyph};

/// Red, green, blue, 0..=255.
pub type Colour = [u8; 3];

/// Half the width of a letter's strokes, in pixels of the letter: 0.5 would be as bold as the letters of a contact sheet.
const HALF_STROKE: f32 = 0.44;

/// An upright rectangle in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    pub left: f32,
    pub top: f32,
    pub width: f32,
    pub height: f32,
}

impl Area {
    /// The same, smaller by `by` on every side.
    pub fn inset(self, by: f32) -> Self {
        let Area { left, top, width, height } = self;
        Area { left: left + by, top: top + by, width: width - 2.0 * by, height: height - 2.0 * by }
    }

    /// Signed distance of a place from the border with rounded corners; below 0 inside.
    fn distance(self, x: f32, y: f32, radius: f32) -> f32 {
        let (half_width, half_height) = (self.width / 2.0, self.height / 2.0);
        let radius = radius.min(half_width).min(half_height);
        let dx = (x - self.left - half_width).abs() - half_width + radius;
        let dy = (y - self.top - half_height).abs() - half_height + radius;
        dx.max(0.0).hypot(dy.max(0.0)) + dx.max(dy).min(0.0) - radius
    }
}

/// A colour picture in the making.
#[derive(Debug)]
pub struct Canvas(Picture);

impl Canvas {
    /// Of one colour.
    pub fn blank(width: u32, height: u32, colour: Colour) -> Self {
        let data = colour.repeat(width as usize * height as usize);
        Canvas(Picture { width, height, channels: 3, data })
    }

    /// What was drawn.
    pub fn into_picture(self) -> Picture {
        self.0
    }

    /// Puts `width` × `height` RGB pixels into the upper left corner.
    pub fn paste(&mut self, rgb: &[u8], width: u32) {
        let (own, other) = (self.0.width as usize * 3, width as usize * 3);
        for (row, pixels) in self.0.data.chunks_exact_mut(own).zip(rgb.chunks_exact(other)) {
            row[..other].copy_from_slice(pixels);
        }
    }

    /// A filled rectangle with rounded corners.
    pub fn fill(&mut self, area: Area, radius: f32, colour: Colour) {
        self.shade(area, colour, |x, y| 0.5 - area.distance(x, y, radius));
    }

    /// The border of a rectangle with rounded corners, `line` pixels wide, inside the area.
    pub fn outline(&mut self, area: Area, radius: f32, line: f32, colour: Colour) {
        self.shade(area, colour, |x, y| {
            let distance = area.distance(x, y, radius);
            (0.5 - distance).min(distance + line + 0.5)
        });
    }

    /// A disc.
    pub fn disc(&mut self, (x, y): (f32, f32), radius: f32, colour: Colour) {
        let area = Area { left: x - radius, top: y - radius, width: 2.0 * radius, height: 2.0 * radius };
        self.fill(area, radius, colour);
    }

    /// A line of letters whose upper left corner is given, all as capitals; `unit` is the side of a letter's pixel. The
    /// strokes join the middles of a letter's pixels, so that large letters are as smooth as small ones.
    pub fn text(&mut self, text: &str, (left, top): (f32, f32), unit: f32, colour: Colour) {
        for (i, letter) in text.chars().enumerate() {
            let strokes = strokes(letter);
            let left = left + i as f32 * LETTER_STEP as f32 * unit;
            let area = Area { left, top, width: LETTER_WIDTH as f32 * unit, height: LETTER_HEIGHT as f32 * unit };
            self.shade(area, colour, |x, y| {
                let place = ((x - left) / unit, (y - top) / unit);
                let nearest = strokes.iter().map(|s| distance_to(*s, place)).fold(f32::INFINITY, f32::min);
                (HALF_STROKE - nearest) * unit + 0.5
            });
        }
    }

    /// Mixes a colour into the pixels of an area and one pixel around it, by the share that `cover` gives, cut to 0..=1.
    fn shade(&mut self, area: Area, colour: Colour, cover: impl Fn(f32, f32) -> f32) {
        let Picture { width, height, ref mut data, .. } = self.0;
        let span = |from: f32, length: f32, end: u32| {
            let last = (from + length + 1.0).ceil().clamp(0.0, end as f32);
            ((from - 1.0).floor().clamp(0.0, end as f32) as usize, last as usize)
        };
        let (columns, rows) = (span(area.left, area.width, width), span(area.top, area.height, height));
        for y in rows.0..rows.1 {
            for x in columns.0..columns.1 {
                let share = cover(x as f32 + 0.5, y as f32 + 0.5).clamp(0.0, 1.0);
                if share > 0.0 {
                    let begin = (y * width as usize + x) * 3;
                    for (own, other) in data[begin..begin + 3].iter_mut().zip(colour) {
                        let mixed = f32::from(*own) + share * (f32::from(other) - f32::from(*own));
                        *own = mixed.round() as u8;
                    }
                }
            }
        }
    }
}

/// Width of a line of letters.
pub fn text_width(text: &str, unit: f32) -> f32 {
    (text.chars().count() as f32 * LETTER_STEP as f32 - 1.0).max(0.0) * unit
}

/// From and to, x and y, in pixels of the letter.
type Stroke = [f32; 4];

/// Joins the middles of neighbouring pixels of ink; diagonal neighbours only where no other way leads around the corner.
fn strokes(letter: char) -> Vec<Stroke> {
    let rows = glyph(letter);
    let (width, height) = (LETTER_WIDTH as i32, LETTER_HEIGHT as i32);
    let ink = |x: i32, y: i32| {
        (0..width).contains(&x) && (0..height).contains(&y) && rows[y as usize] >> (width - 1 - x) & 1 == 1
    };
    let mut strokes = Vec::new();
    for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).filter(|(x, y)| ink(*x, *y)) {
        let middle = |x: i32, y: i32| (x as f32 + 0.5, y as f32 + 0.5);
        let mut join = |to_x: i32, to_y: i32| {
            let ((x, y), (to_x, to_y)) = (middle(x, y), middle(to_x, to_y));
            strokes.push([x, y, to_x, to_y]);
        };
        join(x, y);
        for (dx, dy) in [(1, 0), (0, 1), (1, 1), (-1, 1)] {
            let around = dx != 0 && dy != 0 && (ink(x + dx, y) || ink(x, y + dy));
            if ink(x + dx, y + dy) && !around {
                join(x + dx, y + dy);
            }
        }
    }
    strokes
}

/// Distance of a place from the nearest place of a stroke.
fn distance_to([x0, y0, x1, y1]: Stroke, (x, y): (f32, f32)) -> f32 {
    let (dx, dy) = (x1 - x0, y1 - y0);
    let length = (dx * dx + dy * dy).max(f32::MIN_POSITIVE);
    let along = (((x - x0) * dx + (y - y0) * dy) / length).clamp(0.0, 1.0);
    (x - x0 - along * dx).hypot(y - y0 - along * dy)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RED: Colour = [200, 0, 0];

    fn at(canvas: &Canvas, x: u32, y: u32) -> [u8; 3] {
        let begin = ((y * canvas.0.width + x) * 3) as usize;
        canvas.0.data[begin..begin + 3].try_into().unwrap()
    }

    #[test]
    fn a_filled_area_ends_where_it_says_and_may_stick_out() {
        let mut canvas = Canvas::blank(8, 6, [255; 3]);
        canvas.fill(Area { left: 2.0, top: -3.0, width: 3.0, height: 5.0 }, 0.0, RED);
        for (x, y, colour) in [(1, 0, [255; 3]), (2, 0, RED), (4, 1, RED), (5, 1, [255; 3]), (3, 2, [255; 3])] {
            assert_eq!(at(&canvas, x, y), colour, "{x}, {y}");
        }
    }

    #[test]
    fn an_outline_leaves_its_inside() {
        let mut canvas = Canvas::blank(10, 10, [255; 3]);
        canvas.outline(Area { left: 1.0, top: 1.0, width: 8.0, height: 8.0 }, 0.0, 2.0, RED);
        for (x, y, colour) in [(0, 5, [255; 3]), (1, 5, RED), (2, 5, RED), (4, 5, [255; 3]), (8, 8, RED)] {
            assert_eq!(at(&canvas, x, y), colour, "{x}, {y}");
        }
    }

    #[test]
    fn letters_have_ink_where_the_font_has_it_at_every_size() {
        for unit in [1.5, 4.0, 9.5] {
            let mut canvas = Canvas::blank((6.0 * unit) as u32, (8.0 * unit) as u32, [255; 3]);
            canvas.text("A", (0.0, 0.0), unit, [0; 3]);
            for (y, bits) in glyph('a').into_iter().enumerate() {
                for x in 0..5 {
                    let middle = |i: usize| ((i as f32 + 0.5) * unit) as u32;
                    let dark = at(&canvas, middle(x), middle(y))[0] < 128;
                    assert_eq!(dark, bits >> (4 - x) & 1 == 1, "{x}, {y} at {unit}");
                }
            }
        }
        assert_eq!(text_width("AB", 2.0), 22.0);
    }

    #[test]
    fn nothing_outside_breaks_anything() {
        let mut canvas = Canvas::blank(4, 4, [255; 3]);
        canvas.disc((-50.0, 90.0), 3.0, RED);
        canvas.text("far", (1e6, -1e6), 2.0, RED);
        canvas.outline(Area { left: -9.0, top: -9.0, width: 40.0, height: 40.0 }, 2.0, 1.0, RED);
        assert!(canvas.into_picture().data.iter().all(|p| *p == 255));
    }
}
