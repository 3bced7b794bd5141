//! From a find to its pictures: a file, numbers or a cell of a table, a square of a sheet, or frames of a film.
//!
//! In: what an adapter found. Out: decoded photographs with their names in the set, or a sentence that says why not.

use image::DynamicImage;

use crate::decode::{decode_photo, read_photo};
use crate::listing::{Found, Pixels};
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
        Pixels::Clip(n_frames) => {
            let frames = video::middle_frames(&found.file, *n_frames)?;
            Ok(frames.into_iter().map(|(i, photo)| (format!("{}#{i}", found.source), photo)).collect())
        }
        Pixels::Row { table, leaf, group, row } => match table.bytes(*leaf, *group, *row)? {
            Some(bytes) => decode_photo(bytes.data()).map(one),
            None => Err("the row has no picture".to_owned()),
        },
        Pixels::Tile { x, y, side } => {
            let sheet = read_photo(&found.file)?;
            let fits = x.checked_add(*side).is_some_and(|right| right <= sheet.width())
                && y.checked_add(*side).is_some_and(|bottom| bottom <= sheet.height());
            if fits { Ok(one(sheet.crop_imm(*x, *y, *side, *side))) } else { Err("beyond the sheet".to_owned()) }
        }
    }
}
