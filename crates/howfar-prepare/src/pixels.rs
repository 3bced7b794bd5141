//! From a find to its pictures: a file, numbers or a cell of a table, a square of a sheet, or frames of a video.
//!
//! In: what an adapter found. Out: decoded photographs with their names in the set, or a sentence that says why not.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use crate::decode::{Decoded, Decoding, read_photo, read_photo_within};
use crate::listing::{Found, Pixels};
use crate::tree::TreeFile;
use crate::video;

/// A picture with its name in the set, or why it cannot be read.
pub(crate) type NamedPhoto = (String, Result<Decoded, String>);

/// The pictures of a find, each with its source: one, or several of a video.
pub(crate) fn photos(found: &Found, decoding: Decoding) -> Result<Vec<NamedPhoto>, String> {
    let one = |decoded| vec![(found.source.clone(), Ok(decoded))];
    let video = |frames: Vec<(usize, image::DynamicImage)>| {
        let named = |(i, photo)| (format!("{}#{i}", found.source), Ok(Decoded { photo, note: None }));
        frames.into_iter().map(named).collect()
    };
    match &found.pixels {
        Pixels::File => read_photo(&found.file, decoding).map(one),
        Pixels::Gray(pixels) => {
            let side = pixels.len().isqrt() as u32;
            let photo = image::GrayImage::from_raw(side, side, pixels.clone()).map(image::DynamicImage::ImageLuma8);
            photo.map(|photo| one(Decoded { photo, note: None })).ok_or_else(|| "not a square".to_owned())
        }
        Pixels::Frames(files) => {
            let frame = |file: &TreeFile| (file.relative.clone(), read_photo(&file.path, decoding));
            Ok(files.iter().map(frame).collect())
        }
        Pixels::Row { table, leaf, group, row } => match table.bytes(*leaf, *group, *row)? {
            Some(bytes) => read_photo_within(bytes.data(), &found.file, decoding).map(one),
            None => Err("the row has no picture".to_owned()),
        },
        Pixels::Tile { x, y, side } => tile(&found.file, [*x, *y, *side], decoding).map(one),
        Pixels::Clip(n_frames) => video::middle_frames(&found.file, *n_frames).map(video),
        Pixels::ClipStart(n_frames) => video::first_frames(&found.file, *n_frames).map(video),
    }
}

thread_local! {
    /// The sheet that a thread has read last: its squares are mostly asked for one after the other.
    static SHEET: RefCell<Option<(PathBuf, Decoded)>> = const { RefCell::new(None) };
}

/// A square of a sheet: from the left, from the top, its side.
fn tile(file: &Path, [x, y, side]: [u32; 3], decoding: Decoding) -> Result<Decoded, String> {
    let last = SHEET.take().filter(|(path, _)| path == file);
    let (path, sheet) = match last {
        Some(last) => last,
        None => (file.to_owned(), read_photo(file, decoding)?),
    };
    let (right, bottom) = (x.saturating_add(side), y.saturating_add(side));
    let fits = right <= sheet.photo.width() && bottom <= sheet.photo.height();
    let tile = fits.then(|| Decoded { photo: sheet.photo.crop_imm(x, y, side, side), note: sheet.note });
    SHEET.set(Some((path, sheet)));
    tile.ok_or_else(|| "the square lies beyond the sheet".to_owned())
}
