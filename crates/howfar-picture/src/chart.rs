//! A chart: rows of pictures with a caption over each, for a page that explains.
//!
//! In: pictures with up to two lines of words. Out: one picture.

use howfar_face::{Fault, Picture};

use crate::canvas::{Canvas, Rgb};
use crate::fonts::{ASCENT, line_height};
use crate::text::Line;

/// Pixels between cells and around the chart.
const GAP: u32 = 4;
/// Pixels an em of a title.
const TITLE_SIZE: f32 = 18.0;
/// Pixels an em of the words below it.
const NOTE_SIZE: f32 = 12.0;
const PAPER: Rgb = [255; 3];
const INK: Rgb = [0; 3];

/// A picture of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartCell {
    /// Large letters, shortened to the picture's width: some 12 over 128 pixels.
    pub title: String,
    /// Small letters below the title: some 20 over 128 pixels.
    pub note: String,
    /// Gray or RGB.
    pub picture: Picture,
}

impl ChartCell {
    /// A picture with a title; `""` for none.
    pub fn new(title: &str, picture: Picture) -> Self {
        ChartCell { title: title.to_owned(), note: String::new(), picture }
    }

    /// Words below the title.
    #[must_use]
    pub fn note(self, note: &str) -> Self {
        ChartCell { note: note.to_owned(), ..self }
    }
}

/// Pixels of the captions of a row: of its titles, and in all.
fn caption_heights(row: &[ChartCell]) -> (u32, u32) {
    let height = |size: f32, words: fn(&ChartCell) -> &str| {
        let has_words = row.iter().any(|cell| !words(cell).is_empty());
        if has_words { line_height(size) as u32 } else { 0 }
    };
    let title = height(TITLE_SIZE, |cell| &cell.title);
    (title, title + height(NOTE_SIZE, |cell| &cell.note))
}

/// Pixels of a row from top to bottom, with the gap below it.
fn row_height(row: &[ChartCell]) -> u32 {
    caption_heights(row).1 + row.iter().map(|cell| cell.picture.height).max().unwrap_or(0) + GAP
}

/// Lays rows of cells one below the other. A row without captions takes no room for them.
pub fn chart(rows: &[Vec<ChartCell>]) -> Result<Picture, Fault> {
    let width = |row: &Vec<ChartCell>| row.iter().map(|cell| u64::from(cell.picture.width + GAP)).sum::<u64>();
    let channels = rows.iter().flatten().map(|cell| cell.picture.channels).max().unwrap_or(1);
    let mut canvas = Canvas::blank(
        u64::from(GAP) + rows.iter().map(width).max().unwrap_or(0),
        u64::from(GAP) + rows.iter().map(|row| u64::from(row_height(row))).sum::<u64>(),
        PAPER,
    )?;
    let mut top = GAP;
    for row in rows {
        let (title_height, caption_height) = caption_heights(row);
        let mut left = GAP;
        for cell in row {
            for (words, size, top) in [(&cell.title, TITLE_SIZE, top), (&cell.note, NOTE_SIZE, top + title_height)] {
                let line = Line::fitted(words, size, cell.picture.width as f32);
                canvas.text(&line, (left as f32, top as f32 + ASCENT * size), INK);
            }
            canvas.paste(&cell.picture, (left, top + caption_height), 1);
            left += cell.picture.width + GAP;
        }
        top += row_height(row);
    }
    Ok(canvas.into_picture(channels))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(title: &str, gray: u8) -> ChartCell {
        ChartCell::new(title, Picture::gray(16, 16, vec![gray; 256]))
    }

    #[test]
    fn captions_take_room_only_where_there_are_some() {
        let picture = chart(&[vec![cell("A", 7), cell("", 8).note("B")], vec![cell("", 9)]]).unwrap();
        let caption = line_height(TITLE_SIZE) as u32 + line_height(NOTE_SIZE) as u32;
        assert_eq!((picture.width, picture.height), (GAP + 2 * (16 + GAP), 3 * GAP + caption + 32));
        let at = |x: u32, y: u32| picture.data[(y * picture.width + x) as usize];
        assert_eq!(at(GAP + 8, GAP + caption + 8), 7);
        assert_eq!(at(2 * GAP + 24, GAP + caption + 8), 8);
        assert_eq!(at(GAP + 8, 2 * GAP + caption + 24), 9);
        assert!((GAP..GAP + caption).any(|y| (GAP..GAP + 12).any(|x| at(x, y) < 32)), "the title is drawn");
    }
}
