//! From a find to its pictures: a file, numbers of a table, or frames of a film.
//!
//! In: what an adapter found. Out: decoded photographs with their names in the set, or a sentence that says why not.

use crate::decode::{Decoded, Decoding, read_photo};
use crate::listing::{Found, Pixels};
use crate::video;

/// The pictures of a find, each with its source: one, or several of a film.
pub(crate) fn photos(found: &Found, decoding: Decoding) -> Result<Vec<(String, Decoded)>, String> {
    let one = |decoded| vec![(found.source.clone(), decoded)];
    let film = |frames: Vec<(usize, image::DynamicImage)>| {
        let named = |(i, photo)| (format!("{}#{i}", found.source), Decoded { photo, note: None });
        frames.into_iter().map(named).collect()
    };
    match &found.pixels {
        Pixels::File => read_photo(&found.file, decoding).map(one),
        Pixels::Gray(pixels) => {
            let side = pixels.len().isqrt() as u32;
            let photo = image::GrayImage::from_raw(side, side, pixels.clone()).map(image::DynamicImage::ImageLuma8);
            photo.map(|photo| one(Decoded { photo, note: None })).ok_or_else(|| "not a square".to_owned())
        }
        Pixels::Clip(n_frames) => video::middle_frames(&found.file, *n_frames).map(film),
        Pixels::ClipStart(n_frames) => video::first_frames(&found.file, *n_frames).map(film),
    }
}
