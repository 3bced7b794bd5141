//! From a file to upright pixels, or a sentence that says why not.

use std::io::Cursor;
use std::path::Path;

use howfar_face::{Colour, Fault, Picture, files};
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader};

/// Reads a photograph: format by content, turned as its camera says, whole.
pub fn open_photo(path: &Path) -> Result<DynamicImage, Fault> {
    let bytes = files::read(path)?;
    decode_photo(&bytes).map_err(|what| {
        Fault::data(path.display(), format!("the picture {what}"))
            .expected("a whole PNG, JPEG, TIFF, BMP or WebP file")
            .hint("open it in a viewer; copy it anew if it is damaged")
    })
}

/// Reads a picture file: format by content, turned as its camera says, whole.
pub(crate) fn read_photo(path: &Path) -> Result<DynamicImage, String> {
    let bytes = files::read(path).map_err(|fault| fault.what().to_owned())?;
    decode_photo(&bytes)
}

/// Reads a picture in memory: format by content, turned as its camera says, whole.
pub(crate) fn decode_photo(bytes: &[u8]) -> Result<DynamicImage, String> {
    if bytes.is_empty() {
        return Err("the file is empty".to_owned());
    }
    let broken = |e: image::ImageError| format!("cannot be decoded: {e}");
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|e| e.to_string())?;
    if reader.format() == Some(ImageFormat::Jpeg) && !jpeg_is_whole(bytes) {
        return Err("the file ends before the picture does".to_owned());
    }
    let mut decoder = reader.into_decoder().map_err(broken)?;
    let orientation = decoder.orientation().map_err(broken)?;
    let mut photo = DynamicImage::from_decoder(decoder).map_err(broken)?;
    photo.apply_orientation(orientation);
    Ok(photo)
}

/// Whether the mark of the end follows the last scan. The decoder fills up what is missing with gray and says nothing;
/// neither mark can occur inside a scan.
fn jpeg_is_whole(bytes: &[u8]) -> bool {
    let last = |mark: u8| bytes.windows(2).rposition(|pair| pair == [0xff, mark]);
    matches!((last(0xda), last(0xd9)), (Some(scan), Some(end)) if scan < end)
}

/// The pixels in the colours wanted, 8 bits each.
pub(crate) fn pixels(photo: &DynamicImage, colour: Colour) -> Picture {
    let (width, height) = (photo.width(), photo.height());
    match colour {
        Colour::Gray => Picture { width, height, channels: 1, data: photo.to_luma8().into_raw() },
        Colour::Rgb => Picture { width, height, channels: 3, data: photo.to_rgb8().into_raw() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(format: ImageFormat) -> Vec<u8> {
        let photo = image::GrayImage::from_fn(40, 30, |x, y| image::Luma([(x * 5 + y) as u8]));
        let mut bytes = Cursor::new(Vec::new());
        photo.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn every_format_is_read_whole_or_not_at_all() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Tiff, ImageFormat::Bmp, ImageFormat::WebP] {
            let bytes = encoded(format);
            let photo = decode_photo(&bytes).unwrap();
            assert_eq!((photo.width(), photo.height()), (40, 30), "{format:?}");
            for share in [0, 1, 5, 9] {
                assert!(decode_photo(&bytes[..bytes.len() * share / 10]).is_err(), "{format:?}, {share} tenths");
            }
        }
        assert!(decode_photo(b"GIF is not among them").is_err());
    }

    #[test]
    fn deep_pictures_become_eight_bits() {
        let photo = DynamicImage::ImageLuma16(image::ImageBuffer::from_pixel(2, 2, image::Luma([0x8080])));
        assert_eq!(pixels(&photo, Colour::Gray).data, [0x80; 4]);
        assert_eq!(pixels(&photo, Colour::Rgb).data, [0x80; 12]);
    }
}
