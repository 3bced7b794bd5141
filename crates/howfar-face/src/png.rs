//! Pictures as PNG bytes and back.

use image::{ExtendedColorType, ImageEncoder, codecs::png};

use crate::{Fault, Picture};

/// Encodes a gray or RGB picture as an 8-bit PNG.
pub fn encode_png(picture: &Picture) -> Vec<u8> {
    let mut bytes = Vec::new();
    let colour = if picture.channels == 1 { ExtendedColorType::L8 } else { ExtendedColorType::Rgb8 };
    // Filter and level fixed: the same picture gives the same bytes. Adaptive filters buy 10 % of size for twice the
    // time.
    let encoder = png::PngEncoder::new_with_quality(&mut bytes, png::CompressionType::Fast, png::FilterType::Sub);
    encoder
        .write_image(&picture.data, picture.width, picture.height, colour)
        .expect("sizes agree and memory cannot refuse a write");
    bytes
}

/// Decodes a PNG of gray or RGB pixels; `place` names it in the error.
pub fn decode_png(bytes: &[u8], place: &str) -> Result<Picture, Fault> {
    let broken = |what: String| {
        Fault::data(place, what)
            .expected("a PNG of 8-bit gray or RGB pixels")
            .hint("the file is damaged: make the face set anew")
    };
    // Compiled within the crate image: a reader of our own would bring the code of every format here once more.
    let decoded = image::load_from_memory_with_format(bytes, image::ImageFormat::Png);
    let decoded = decoded.map_err(|e| broken(format!("the picture cannot be decoded: {e}")))?;
    let (width, height) = (decoded.width(), decoded.height());
    let (channels, data) = match decoded {
        image::DynamicImage::ImageLuma8(gray) => (1, gray.into_raw()),
        image::DynamicImage::ImageRgb8(rgb) => (3, rgb.into_raw()),
        other => return Err(broken(format!("the picture has pixels of kind {:?}", other.color()))),
    };
    Ok(Picture { width, height, channels, data })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_survive_the_round_trip() {
        for channels in [1, 3] {
            let data = (0..5 * 4 * channels).map(|i| (i * 11 % 256) as u8).collect();
            let picture = Picture { width: 5, height: 4, channels, data };
            assert_eq!(decode_png(&encode_png(&picture), "here").unwrap(), picture);
        }
    }

    #[test]
    fn a_truncated_picture_is_an_error_with_its_place() {
        let bytes = encode_png(&Picture::gray(8, 8, vec![7; 64]));
        let fault = decode_png(&bytes[..bytes.len() / 2], "row 3").unwrap_err();
        assert!(fault.to_string().starts_with("row 3: the picture cannot be decoded"), "{fault}");
    }
}
