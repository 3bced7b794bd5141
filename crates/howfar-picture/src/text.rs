//! A line of text of any script, laid out and measured in pixels.
//!
//! In: a text, pixels an em. Out: letters in the order in which they stand, and their places. Draws nothing.

use unicode_bidi::{BidiInfo, bidi_class};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::fonts::Shape;

/// No line has more characters; what is longer is shortened before it is measured.
const MOST_CHARACTERS: usize = 200;

/// A line of letters.
#[derive(Debug, Clone)]
pub struct Line {
    /// Pixels an em.
    pub(crate) size: f32,
    /// Shapes and where they begin, in pixels from the left end.
    pub(crate) letters: Vec<(Shape, f32)>,
    width: f32,
}

impl Line {
    /// A whole text; `size` is pixels an em.
    pub fn new(text: &str, size: f32) -> Self {
        let (mut letters, mut end) = (Vec::new(), 0.0);
        for character in visual_order(text) {
            let shape = Shape::of(character);
            let advance = shape.advance() * size;
            match shape {
                // Marks of the outline font reach back by themselves.
                Shape::Bitmap(_) if is_combining_mark(character) => letters.push((shape, end - advance)),
                _ => {
                    letters.push((shape, end));
                    end += advance;
                }
            }
        }
        Line { size, letters, width: end }
    }

    /// As much of a text as `most_width` pixels hold, with an ellipsis where something is left out.
    pub fn fitted(text: &str, size: f32, most_width: f32) -> Self {
        let characters: Vec<char> = text.nfc().take(MOST_CHARACTERS + 1).collect();
        if characters.len() <= MOST_CHARACTERS {
            let whole = Line::new(text, size);
            if whole.width <= most_width {
                return whole;
            }
        }
        // A mark stays with its letter.
        let ends = (0..characters.len().min(MOST_CHARACTERS)).rev().filter(|end| !is_combining_mark(characters[*end]));
        let shorter = ends.map(|end| {
            let text: String = characters[..end].iter().collect();
            Line::new(&format!("{}…", text.trim_end()), size)
        });
        shorter.into_iter().find(|line| line.width <= most_width).unwrap_or_else(|| Line::new("", size))
    }

    /// Pixels from left to right.
    pub fn width(&self) -> f32 {
        self.width
    }
}

/// The characters from left to right: accents composed, Arabic letters joined, what is invisible left out.
fn visual_order(text: &str) -> Vec<char> {
    let composed: String = text.nfc().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if !composed.chars().any(is_from_right) {
        return composed.chars().filter(|c| !is_invisible(*c)).collect();
    }
    // Vowel points may be left out, as print does; placed after the turn they would stand on the wrong letters.
    let without_points: String = composed.chars().filter(|c| !is_combining_mark(*c)).collect();
    let joined = unifont::i18n::preprocess_text(&without_points);
    let bidi = BidiInfo::new(&joined, None);
    let lines = bidi.paragraphs.iter().map(|paragraph| bidi.reorder_line(paragraph, paragraph.range.clone()));
    lines.flat_map(|line| line.chars().filter(|c| !is_invisible(*c)).collect::<Vec<_>>()).collect()
}

fn is_from_right(character: char) -> bool {
    use unicode_bidi::BidiClass::{AL, R, RLE, RLI, RLO};
    matches!(bidi_class(character), AL | R | RLE | RLI | RLO)
}

/// Directions, joiners, variation selectors: they have no shape.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' |
        '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(text: &str) -> String {
        visual_order(text).into_iter().collect()
    }

    #[test]
    fn accents_that_came_apart_are_composed_and_what_is_invisible_is_left_out() {
        assert_eq!(order("glu\u{308}ck"), "glück");
        assert_eq!(order("a\u{200b}b\u{fe0f}\n\u{7}c"), "ab  c");
    }

    #[test]
    fn arabic_is_joined_and_runs_from_right_to_left_and_latin_in_it_from_left_to_right() {
        // Hah at the beginning, zain at the end, nun alone.
        assert_eq!(order("حزن"), "\u{fee5}\u{feb0}\u{fea3}");
        assert_eq!(order("חיוך p1"), "p1 ךויח");
        assert_eq!(order("حُزن"), order("حزن"));
    }

    #[test]
    fn long_texts_end_in_an_ellipsis_within_their_width() {
        let whole = Line::new("Überraschung", 12.0).width();
        assert_eq!(Line::fitted("Überraschung", 12.0, whole).letters.len(), 12);
        for most_width in [0.0, 5.0, 20.0, 60.0, whole - 0.01] {
            let line = Line::fitted("Überraschung", 12.0, most_width);
            assert!(line.width() <= most_width && line.letters.len() < 12, "{most_width}: {}", line.width());
        }
        let endless = Line::fitted(&"悲".repeat(100_000), 12.0, f32::INFINITY);
        assert_eq!(endless.letters.len(), MOST_CHARACTERS);
        let shape = |line: &Line| line.letters.last().map(|(shape, _)| shape.advance());
        assert_eq!(shape(&endless), Some(Shape::of('…').advance()));
    }

    #[test]
    fn a_mark_that_cannot_be_composed_takes_no_room() {
        assert_eq!(Line::new("ค\u{0e34}", 12.0).width(), Line::new("ค", 12.0).width());
    }

    #[test]
    fn no_character_and_no_neighbours_of_joined_letters_panic() {
        let joined: Vec<char> = ('\u{61f}'..='\u{64b}').collect();
        for a in &joined {
            for b in &joined {
                let line = joined.iter().map(|c| format!("{a}{b}{c} ")).collect::<String>();
                assert!(Line::new(&line, 12.0).width() > 0.0);
            }
        }
        let all = (0..=0x0010_ffff).filter_map(char::from_u32).collect::<Vec<char>>();
        for chunk in all.chunks(97) {
            let line = Line::new(&chunk.iter().collect::<String>(), 12.0);
            assert!(line.width().is_finite() && line.width() >= 0.0);
        }
    }
}
