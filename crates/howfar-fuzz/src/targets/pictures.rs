//! Photographs: every format, and what becomes of a picture of whatever size. The texts in a picture's file are
//! `metadata.rs`.

use std::io::Cursor;
use std::path::Path;

use howfar_crop::preprocess_photo;
use howfar_face::{Preprocessing, decode_png};
use howfar_prepare::open_photo;
use image::{DynamicImage, GenericImageView, ImageFormat};

use crate::checksums::mend_png;
use crate::target::{Seeds, Target, is_taken, put};

/// The file; what is in it says which format it has.
const FILE: &str = "a.jpg";
/// A picture of more pixels is decoded and let be.
const FEW_PIXELS: u64 = 1 << 20;

/// A head may claim 200 million pixels, which with four channels of 16 bits are 1.6 GB, and those twice.
pub(crate) const PICTURE: Target = Target::bytes("picture", pictures, photo).within(5 << 10).mended(mend_png);
/// The picture of a face as it lies in a face set.
pub(crate) const FACE_PNG: Target = Target::bytes("face-png", pngs, face_png).mended(mend_png);

fn photo(place: &Path, bytes: &[u8]) -> bool {
    put(place, FILE, bytes);
    let Ok(photo) = open_photo(&place.join(FILE)).map_err(|fault| is_taken::<()>(Err(fault))) else { return false };
    let (width, height) = photo.dimensions();
    if u64::from(width) * u64::from(height) <= FEW_PIXELS {
        is_taken(preprocess_photo(&photo, &Preprocessing::standard("none", "none", 16)));
    }
    true
}

fn face_png(_: &Path, bytes: &[u8]) -> bool {
    is_taken(decode_png(bytes, "a face"))
}

/// A picture in a format.
pub(crate) fn encoded(photo: &DynamicImage, format: ImageFormat) -> image::ImageResult<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    photo.write_to(&mut bytes, format)?;
    Ok(bytes.into_inner())
}

/// A small picture with colours and edges.
pub(crate) fn colours() -> DynamicImage {
    let colour = |x: u32, y: u32| image::Rgb([(x * 6) as u8, (y * 8) as u8, (x * y) as u8]);
    image::RgbImage::from_fn(40, 30, colour).into()
}

fn pictures(_: &Path) -> Seeds {
    let photo = colours();
    let formats = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Tiff, ImageFormat::Bmp, ImageFormat::WebP];
    let mut seeds = formats.into_iter().map(|format| encoded(&photo, format)).collect::<Result<Vec<_>, _>>()?;
    seeds.push(encoded(&photo.to_rgba8().into(), ImageFormat::Gif)?);
    seeds.extend(deep_and_gray()?);
    seeds.push(palette_tiff());
    // Made by Pillow from one of ours: several scans, an end mark of its own, turned by its EXIF.
    seeds.push(include_bytes!("../../data/progressive.jpg").to_vec());
    Ok(seeds)
}

fn pngs(_: &Path) -> Seeds {
    let photo = colours();
    Ok(vec![encoded(&photo.to_luma8().into(), ImageFormat::Png)?, encoded(&photo, ImageFormat::Png)?])
}

/// Gray of 8 and of 16 bits, colours of 16 bits with transparency.
fn deep_and_gray() -> image::ImageResult<Vec<Vec<u8>>> {
    let photo = colours();
    let deep = |photo: DynamicImage| encoded(&photo, ImageFormat::Png);
    let (gray, wide) = (photo.to_luma8(), photo.to_rgba16());
    Ok(vec![
        deep(gray.clone().into())?,
        deep(DynamicImage::from(photo.to_luma16()))?,
        deep(wide.into())?,
        encoded(&gray.into(), ImageFormat::Jpeg)?,
        encoded(&photo.to_luma16().into(), ImageFormat::Tiff)?,
    ])
}

/// A TIFF with a colour table: the numbers 0 to 255 on 16×16 pixels, big-endian.
fn palette_tiff() -> Vec<u8> {
    let mut bytes = b"MM\0*\0\0\x01\x08".to_vec();
    bytes.extend(0..=255);
    let table_at = 8 + 256 + 2 + 9 * 12 + 4;
    let entries: [(u16, u16, u32, u32); 9] = [
        (256, 3, 1, 16 << 16),
        (257, 3, 1, 16 << 16),
        (258, 3, 1, 8 << 16),
        (259, 3, 1, 1 << 16),
        (262, 3, 1, 3 << 16),
        (273, 4, 1, 8),
        (278, 3, 1, 16 << 16),
        (279, 4, 1, 256),
        (320, 3, 768, table_at),
    ];
    bytes.extend([0, 9]);
    for (tag, kind, count, value) in entries {
        bytes.extend([tag.to_be_bytes(), kind.to_be_bytes()].concat());
        bytes.extend([count.to_be_bytes(), value.to_be_bytes()].concat());
    }
    bytes.extend([0; 4]);
    bytes.extend((0..768_u16).flat_map(|i| (i % 256 * 257).to_be_bytes()));
    bytes
}
