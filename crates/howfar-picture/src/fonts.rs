//! The shapes of letters: an embedded outline font first, bitmaps of GNU Unifont for what it lacks, a box for the rest.
//!
//! In: a character. Out: its shape, its width in ems, how much of a pixel it covers. Does not know where it is drawn.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, GlyphId, PxScale, point};
use unifont::Glyph as Bitmap;

/// Pixels above the base line that letters may take, in ems.
pub const ASCENT: f32 = 1.09;
/// Pixels below the base line that letters may take, in ems.
pub const DESCENT: f32 = 0.3;
/// Height of capitals in ems.
pub const CAP_HEIGHT: f32 = 0.714;
/// Rows of a bitmap.
const BITMAP_ROWS: usize = 16;
/// Rows of a bitmap above the line that letters stand on: one fewer than the font has, so that han and kana, which fill
/// all rows, stand in the middle of Latin capitals.
const ROWS_ABOVE: f32 = 13.0;
/// Bitmaps a line high: at 12 pixels an em, pixels of theirs are pixels of the picture.
const ROWS_AN_EM: f32 = 12.0;
/// Coverage of a bitmap is counted on so many places a pixel, each way.
const PLACES: u32 = 4;
/// Width of the box that stands for a character of no font, and of the room that it takes, in ems.
const BOX: (f32, f32) = (0.5, 0.64);

static OUTLINES: LazyLock<FontRef<'static>> = LazyLock::new(|| {
    FontRef::try_from_slice(include_bytes!("../data/noto-sans.ttf")).expect("the embedded font is a font")
});

/// Pixels that a line takes from top to bottom; its base line lies [`ASCENT`] ems below the top.
pub fn line_height(size: f32) -> f32 {
    ((ASCENT + DESCENT) * size).ceil()
}

/// How a character looks.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    Outline(GlyphId),
    Bitmap(&'static Bitmap),
    /// No font has it.
    Unknown,
}

impl Shape {
    /// In the first font that has it.
    pub fn of(character: char) -> Self {
        match OUTLINES.glyph_id(character) {
            GlyphId(0) => unifont::get_glyph(character).map_or(Shape::Unknown, Shape::Bitmap),
            glyph => Shape::Outline(glyph),
        }
    }

    /// Room from left to right, in ems.
    pub fn advance(self) -> f32 {
        match self {
            Shape::Outline(glyph) => OUTLINES.h_advance_unscaled(glyph) / OUTLINES.units_per_em().unwrap_or(1000.0),
            Shape::Bitmap(bitmap) => bitmap.get_width() as f32 / ROWS_AN_EM,
            Shape::Unknown => BOX.1,
        }
    }

    /// Tells `paint` what share of which pixels is ink, with the left end of the base line at `x`, `baseline`; `size`
    /// is pixels an em. Pixels are counted from the upper left corner of the picture and may lie outside it.
    pub fn cover(self, (x, baseline): (f32, f32), size: f32, mut paint: impl FnMut(i32, i32, f32)) {
        match self {
            Shape::Outline(glyph) => {
                let height = OUTLINES.height_unscaled() / OUTLINES.units_per_em().unwrap_or(1000.0);
                let placed = glyph.with_scale_and_position(PxScale::from(size * height), point(x, baseline));
                if let Some(outline) = OUTLINES.outline_glyph(placed) {
                    let corner = outline.px_bounds().min;
                    outline
                        .draw(|dx, dy, share| paint(corner.x as i32 + dx as i32, corner.y as i32 + dy as i32, share));
                }
            }
            Shape::Bitmap(bitmap) => {
                let unit = size / ROWS_AN_EM;
                let ink = |column: f32, row: f32| level(bitmap, column, row) >= 0.5;
                let corner = (x, baseline - ROWS_ABOVE * unit);
                let extent = (bitmap.get_width() as f32 * unit, BITMAP_ROWS as f32 * unit);
                cover_places(corner, extent, |x, y| ink((x - corner.0) / unit, (y - corner.1) / unit), paint);
            }
            Shape::Unknown => {
                let line = (size / 14.0).max(1.0);
                let (left, top) = ((x + line).round(), (baseline - CAP_HEIGHT * size).round());
                let (right, bottom) = ((x + line + BOX.0 * size).round(), baseline);
                let inside = |x: f32, y: f32, by: f32| {
                    (left + by..right - by).contains(&x) && (top + by..bottom - by).contains(&y)
                };
                let is_line = |x: f32, y: f32| inside(x, y, 0.0) && !inside(x, y, line);
                cover_places((left, top), (right - left, bottom - top), is_line, paint);
            }
        }
    }
}

/// The level of a bitmap between the middles of its pixels, 0 to 1, so that enlarged letters are smooth.
fn level(bitmap: &Bitmap, column: f32, row: f32) -> f32 {
    let (x, y) = (column - 0.5, row - 0.5);
    let pixel = |x: f32, y: f32| {
        let is_ink = x >= 0.0 && y >= 0.0 && bitmap.get_pixel(x as usize, y as usize);
        f32::from(u8::from(is_ink))
    };
    let ((left, top), (along, down)) = ((x.floor(), y.floor()), (x - x.floor(), y - y.floor()));
    let upper = pixel(left, top) + (pixel(left + 1.0, top) - pixel(left, top)) * along;
    let lower = pixel(left, top + 1.0) + (pixel(left + 1.0, top + 1.0) - pixel(left, top + 1.0)) * along;
    upper + (lower - upper) * down
}

/// Counts the places of each pixel that are ink.
fn cover_places(
    (left, top): (f32, f32),
    (width, height): (f32, f32),
    ink: impl Fn(f32, f32) -> bool,
    mut paint: impl FnMut(i32, i32, f32),
) {
    let middle = |pixel: i32, place: u32| pixel as f32 + (place as f32 + 0.5) / PLACES as f32;
    for y in top.floor() as i32..(top + height).ceil() as i32 {
        for x in left.floor() as i32..(left + width).ceil() as i32 {
            let places = (0..PLACES * PLACES).map(|i| (middle(x, i % PLACES), middle(y, i / PLACES)));
            let n_ink = places.filter(|(x, y)| ink(*x, *y)).count();
            if n_ink > 0 {
                paint(x, y, n_ink as f32 / (PLACES * PLACES) as f32);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_expressions_in_many_scripts_have_letters_of_their_own() {
        for word in ["glück", "sürpriz", "страх", "θυμός", "złość", "ngạc nhiên"] {
            assert!(word.chars().all(|c| matches!(Shape::of(c), Shape::Outline(_))), "{word}");
        }
        for word in ["悲しみ", "高兴", "슬픔", "حزن", "कोप", "שמחה", "ความสุข"] {
            assert!(word.chars().filter(|c| *c != ' ').all(|c| matches!(Shape::of(c), Shape::Bitmap(_))), "{word}");
        }
        assert!(matches!(Shape::of('😀'), Shape::Unknown));
    }

    #[test]
    fn a_bitmap_of_its_own_size_has_ink_where_the_font_has_it() {
        let Shape::Bitmap(bitmap) = Shape::of('悲') else { panic!("a bitmap") };
        let mut shares = [[0.0; 16]; 16];
        Shape::of('悲').cover((0.0, ROWS_ABOVE), ROWS_AN_EM, |x, y, share| shares[y as usize][x as usize] = share);
        for (y, row) in shares.iter().enumerate() {
            for (x, share) in row.iter().enumerate() {
                assert_eq!(*share > 0.5, bitmap.get_pixel(x, y), "{x}, {y}: {share}");
            }
        }
    }
}
