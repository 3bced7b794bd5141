//! From a find to its pictures: a file, numbers of a table, or frames of a film.
//!
//! In: what an adapter found. Out: decoded photographs with their names in the set, or a sentence that says why not.

use image::DynamicImage;

use crate::decode::read_photo;
use crate::listing::{Found, Pixels};
use crate::tree::TreeFile;
use crate::video;

/// The pictures of a find, each with its source: one, or several of a film.
pub(crate) fn photos(found: &Found) -> Result<Vec<(String, DynamicImage)>, String> {
    let one = |photo| vec![(found.source.clone(), photo)];
    match &found.pixels {
        Pixels::File => read_photo(&found.file).map(one),
        Pixels::Gray(pixels) => {
            let side = pixels.len().isqrt() as u32;
            let photo = image::GrayImage::from_raw(side, side, pixels.clone()).map(DynamicImage::ImageLuma8);
            photo.map(one).ok_or_else(|| "not a square".to_owned())
        }
        Pixels::Frames(files) => {
            let frame = |file: &TreeFile| {
                let photo = read_photo(&file.path).map_err(|what| format!("its frame {} {what}", file.name()))?;
                Ok((file.relative.clone(), photo))
            };
            files.iter().map(frame).collect()
        }
        Pixels::Clip(n_frames) => {
            let frames = video::middle_frames(&found.file, *n_frames)?;
            Ok(frames.into_iter().map(|(i, photo)| (format!("{}#{i}", found.source), photo)).collect())
        }
    }
}
