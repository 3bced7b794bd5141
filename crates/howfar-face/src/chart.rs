//! A chart: rows of pictures with a caption over each, for a page that explains.
//!
//! In: pictures with up to two lines of words. Out: one picture.

use crate::Picture;
use crate::letters::{LETTER_HEIGHT, LETTER_STEP};
use crate::sheet::Sheet;

/// Pixels between cells and around the chart.
const GAP: u32 = 4;
/// Every pixel of a title's letters becomes a square of so many.
const TITLE_SCALE: u32 = 2;

/// A picture of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartCell {
    /// Large letters, cut at the picture's width: some 10 over 128 pixels.
    pub title: String,
    /// Small letters below the title: some 21 over 128 pixels.
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
    let has = |words: &dyn Fn(&ChartCell) -> &str| u32::from(row.iter().any(|cell| !words(cell).is_empty()));
    let title = has(&|cell| &cell.title) * (TITLE_SCALE * LETTER_HEIGHT + GAP);
    (title, title + has(&|cell| &cell.note) * (LETTER_HEIGHT + GAP))
}

/// Lays rows of cells one below the other. A row without captions takes no room for them.
pub fn chart(rows: &[Vec<ChartCell>]) -> Picture {
    let height = |row: &[ChartCell]| {
        caption_heights(row).1 + row.iter().map(|cell| cell.picture.height).max().unwrap_or(0) + GAP
    };
    let width = |row: &Vec<ChartCell>| row.iter().map(|cell| cell.picture.width + GAP).sum::<u32>();
    let channels = rows.iter().flatten().map(|cell| cell.picture.channels).max().unwrap_or(1);
    let mut sheet = Sheet::blank(
        GAP + rows.iter().map(width).max().unwrap_or(0),
        GAP + rows.iter().map(|row| height(row)).sum::<u32>(),
        channels,
    );
    let mut top = GAP;
    for row in rows {
        let (title_height, caption_height) = caption_heights(row);
        let mut left = GAP;
        for cell in row {
            let fitting = |scale: u32| (cell.picture.width / (LETTER_STEP * scale)) as usize;
            sheet.large_text(&cell.title, fitting(TITLE_SCALE), (left, top), TITLE_SCALE);
            sheet.large_text(&cell.note, fitting(1), (left, top + title_height), 1);
            sheet.paste(&cell.picture, (left, top + caption_height));
            left += cell.picture.width + GAP;
        }
        top += height(row);
    }
    sheet.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(title: &str, gray: u8) -> ChartCell {
        ChartCell::new(title, Picture::gray(16, 16, vec![gray; 256]))
    }

    #[test]
    fn captions_take_room_only_where_there_are_some() {
        let picture = chart(&[vec![cell("A", 7), cell("", 8).note("B")], vec![cell("", 9)]]);
        let caption = 2 * LETTER_HEIGHT + GAP + LETTER_HEIGHT + GAP;
        assert_eq!((picture.width, picture.height), (GAP + 2 * (16 + GAP), 3 * GAP + caption + 32));
        let at = |x: u32, y: u32| picture.data[(y * picture.width + x) as usize];
        assert_eq!(at(GAP + 8, GAP + caption + 8), 7);
        assert_eq!(at(2 * GAP + 24, GAP + caption + 8), 8);
        assert_eq!(at(GAP + 8, 2 * GAP + caption + 24), 9);
        assert!((GAP..GAP + 14).any(|y| (GAP..GAP + 12).any(|x| at(x, y) == 0)), "the title is drawn");
    }
}
