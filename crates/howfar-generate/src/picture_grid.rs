//! Pictures side by side on one, as a training shows what it can do.
//!
//! In: pictures in −1..1. Out: one picture with thin lines between. Knows no network.

use howfar_face::Picture;

use crate::training_faces::to_level;

/// Pixels between pictures.
const GAP: usize = 2;

/// Pictures of `side` × `side` pixels in rows of `n_columns`.
///
/// # Shapes
/// `pictures` `[N, H, W, C]` in −1..1
pub fn picture_grid(pictures: &[f32], side: usize, n_channels: usize, n_columns: usize) -> Picture {
    let n = pictures.len() / (side * side * n_channels);
    let (step, n_rows) = (side + GAP, n.div_ceil(n_columns.max(1)));
    let (width, height) = (n_columns * step + GAP, n_rows * step + GAP);
    let mut data = vec![255; width * height * n_channels];
    for (i, picture) in pictures.chunks_exact(side * side * n_channels).enumerate() {
        let (left, top) = (GAP + i % n_columns * step, GAP + i / n_columns * step);
        for (y, row) in picture.chunks_exact(side * n_channels).enumerate() {
            let begin = ((top + y) * width + left) * n_channels;
            for (to, value) in data[begin..begin + row.len()].iter_mut().zip(row) {
                *to = to_level(*value);
            }
        }
    }
    Picture { width: width as u32, height: height as u32, channels: n_channels as u32, data }
}
