//! Pictures side by side on one, with thin lines between and no names, as a training shows what it can do.
//!
//! In: pictures of one size. Out: one picture.

use howfar_face::{Fault, Picture};

use crate::canvas::Canvas;

/// Pixels between pictures.
const GAP: u32 = 2;

/// Pictures of one size in rows of `n_columns`. A fault where they would make too large a picture.
pub fn picture_grid(pictures: &[Picture], n_columns: usize) -> Result<Picture, Fault> {
    let n_columns = n_columns.max(1);
    let size = |side: fn(&Picture) -> u32| pictures.iter().map(side).max().unwrap_or(0);
    let (width, height, channels) = (size(|p| p.width) + GAP, size(|p| p.height) + GAP, size(|p| p.channels));
    let n_rows = pictures.len().div_ceil(n_columns) as u64;
    let sides = [n_columns as u64 * u64::from(width), n_rows * u64::from(height)].map(|side| side + u64::from(GAP));
    let mut canvas = Canvas::blank(sides[0], sides[1], [255; 3])?;
    for (i, picture) in pictures.iter().enumerate() {
        let corner = (GAP + (i % n_columns) as u32 * width, GAP + (i / n_columns) as u32 * height);
        canvas.paste(picture, corner, 1);
    }
    Ok(canvas.into_picture(channels))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_stand_in_rows_with_lines_between_and_the_last_row_may_end_early() {
        let pictures = [1, 2, 3].map(|level| Picture::gray(3, 3, vec![level; 9]));
        let grid = picture_grid(&pictures, 2).unwrap();
        assert_eq!((grid.width, grid.height, grid.channels), (12, 12, 1));
        let at = |x: usize, y: usize| grid.data[y * 12 + x];
        assert_eq!([at(2, 2), at(4, 4), at(5, 2), at(7, 2), at(2, 7), at(7, 7)], [1, 1, 255, 2, 3, 255]);
    }
}
