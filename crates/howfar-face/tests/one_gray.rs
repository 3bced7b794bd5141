//! Colours become gray in one place: no other file of the program weighs red, green and blue.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::path::{Path, PathBuf};

use howfar_face::{Colour, Picture};
use image::{DynamicImage, Rgb, RgbImage};

/// What a conversion of one's own would be written with.
const CONVERSIONS: [&str; 6] = ["to_luma", "into_luma", "grayscale(", "0.2126", "2126,", "7152"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn colours_become_gray_in_one_place_alone() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    for entry in std::fs::read_dir(crates).unwrap() {
        // Fuzz targets make pictures of every kind and take none of them for faces.
        let folder = entry.unwrap().path();
        if !folder.ends_with("howfar-fuzz") {
            sources(&folder.join("src"), &mut files);
        }
    }
    assert!(files.len() > 200, "only {} files were looked at", files.len());
    for file in files.iter().filter(|file| !file.ends_with("howfar-face/src/face.rs")) {
        let text = std::fs::read_to_string(file).unwrap();
        let code = text.split("mod tests {").next().unwrap();
        let found: Vec<_> = CONVERSIONS.iter().filter(|word| code.contains(**word)).collect();
        assert!(found.is_empty(), "{}: {found:?}; use Picture::of or Picture::into_gray", file.display());
    }
}

#[test]
fn every_way_to_gray_gives_rec_601() {
    // 0.299 R + 0.587 G + 0.114 B, rounded, by hand.
    let cases = [([255, 0, 0], 76), ([0, 255, 0], 150), ([0, 0, 255], 29), ([200, 120, 90], 141), ([150, 60, 60], 87)];
    for (colour, level) in cases {
        let photo = RgbImage::from_pixel(3, 2, Rgb(colour));
        let raw = Picture { width: 3, height: 2, channels: 3, data: photo.clone().into_raw() };
        assert_eq!(raw.into_gray(), [level; 6], "{colour:?}");
        let photo = DynamicImage::ImageRgb8(photo);
        for photo in [photo.to_rgba8().into(), photo.to_rgb16().into(), photo] {
            assert_eq!(Picture::of(&photo, Colour::Gray), Picture::gray(3, 2, vec![level; 6]), "{photo:?}");
        }
    }
}
