//! From a file to upright pixels, or a sentence that says why not.

mod jpeg;
mod tiff;

use std::borrow::Cow;
use std::fmt;
use std::io::Cursor;
use std::path::Path;

use howfar_face::{Fault, files, foreign_file, raw_by_ending, shortened};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

/// Bytes of the largest file that is looked at.
const MOST_BYTES: u64 = 2 << 30;

/// How far a file is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decoding {
    /// A file that claims more pixels is not decoded.
    pub max_pixels: u64,
}

impl Default for Decoding {
    fn default() -> Self {
        Decoding { max_pixels: 200_000_000 }
    }
}

impl Decoding {
    fn check(self, width: u32, height: u32) -> Result<(), Unreadable> {
        let n_pixels = u64::from(width) * u64::from(height);
        if n_pixels <= self.max_pixels {
            return Ok(());
        }
        let millions = |n: u64| (n as f64 / 1e5).round() / 10.0;
        Err(Unreadable {
            what: format!(
                "its head claims {width}×{height} pixels, {} million; {} are allowed",
                millions(n_pixels),
                millions(self.max_pixels)
            )
            .into(),
            advice: Some("`prepare --max-megapixels` takes larger ones"),
        })
    }

    /// Memory for the largest picture: four channels of 16 bits.
    fn bytes(self) -> u64 {
        self.max_pixels.saturating_mul(8).max(1 << 20)
    }
}

/// Why a file is no picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unreadable {
    what: Cow<'static, str>,
    advice: Option<&'static str>,
}

impl Unreadable {
    fn new(what: impl Into<Cow<'static, str>>) -> Self {
        Unreadable { what: what.into(), advice: None }
    }

    fn early() -> Self {
        Self::new("the file ends before the picture does")
    }

    fn broken(error: &dyn std::error::Error) -> Self {
        Self::new(format!("cannot be decoded: {}", shortened(error.to_string().trim_end(), 160)))
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        self.advice.map_or(Ok(()), |advice| write!(f, ": {advice}"))
    }
}

/// What was done to a picture that a reader of the set should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub(crate) enum Note {
    /// Its samples of 16 bits hold numbers of 8.
    EightInSixteen,
    /// Its samples of 16 bits hold numbers of 12.
    TwelveInSixteen,
}

impl Note {
    /// The caveat on so many pictures.
    pub(crate) fn caveat(self, n_pictures: u64) -> String {
        let n_bits = match self {
            Note::EightInSixteen => 8,
            Note::TwelveInSixteen => 12,
        };
        format!(
            "{n_pictures} pictures hold {n_bits} bits in samples of 16 bits; they were brightened to the whole range"
        )
    }
}

/// A decoded picture.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub photo: DynamicImage,
    pub note: Option<Note>,
}

/// Reads a photograph: format by content, turned as its camera says, whole.
pub fn open_photo(path: &Path) -> Result<DynamicImage, Fault> {
    let bytes = files::read_at_most(path, MOST_BYTES)?;
    let decoded = decode_photo(&bytes, path, Decoding::default()).map_err(|Unreadable { what, advice }| {
        Fault::data(path.display(), what)
            .expected("a whole PNG, JPEG, TIFF, BMP, GIF or WebP file")
            .hint(advice.unwrap_or("open it in a viewer; copy it anew if it is damaged"))
    })?;
    Ok(decoded.photo)
}

/// Reads a picture file: format by content, turned as its camera says, whole.
pub(crate) fn read_photo(path: &Path, decoding: Decoding) -> Result<Decoded, String> {
    let bytes = files::read_at_most(path, MOST_BYTES).map_err(|fault| fault.what().to_owned())?;
    decode_photo(&bytes, path, decoding).map_err(|unreadable| unreadable.to_string())
}

/// Reads a picture that stands in the file at `path`.
pub(crate) fn read_photo_within(bytes: &[u8], path: &Path, decoding: Decoding) -> Result<Decoded, String> {
    decode_photo(bytes, path, decoding).map_err(|unreadable| unreadable.to_string())
}

fn decode_photo(bytes: &[u8], path: &Path, decoding: Decoding) -> Result<Decoded, Unreadable> {
    if bytes.is_empty() {
        return Err(Unreadable::new("the file is empty"));
    }
    let format = image::guess_format(bytes).ok();
    let raw = raw_by_ending(&ending(path)).filter(|_| format == Some(ImageFormat::Tiff) || format.is_none());
    if let Some(kind) = foreign_file(bytes).or(raw) {
        return Err(Unreadable { what: format!("this is {}", kind.what).into(), advice: Some(kind.advice) });
    }
    let (mut photo, orientation) = match format {
        Some(ImageFormat::Tiff) if tiff::is_raw(bytes) => {
            return Err(Unreadable {
                what: "this is a camera's raw file, whose first picture is a small preview".into(),
                advice: Some("develop it to JPEG or TIFF with the camera's program, darktable or dcraw"),
            });
        }
        Some(ImageFormat::Tiff) => match tiff::decode(bytes, decoding)? {
            Some(decoded) => decoded,
            None => decode(bytes, ImageFormat::Tiff, decoding)?,
        },
        Some(ImageFormat::Jpeg) => decode_jpeg(bytes, decoding)?,
        Some(format) if format.reading_enabled() => decode(bytes, format, decoding)?,
        _ => return Err(no_picture(bytes)),
    };
    photo.apply_orientation(orientation);
    let note = fill_range(&mut photo);
    Ok(Decoded { photo, note })
}

fn ending(path: &Path) -> String {
    path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// Only what belongs to the picture, with an end mark: the decoder would lose the last rows of a picture without one.
fn decode_jpeg(bytes: &[u8], decoding: Decoding) -> Result<(DynamicImage, Orientation), Unreadable> {
    let reader = ImageReader::with_format(Cursor::new(bytes), ImageFormat::Jpeg);
    let (width, height) = reader.into_dimensions().map_err(|e| Unreadable::broken(&e))?;
    decoding.check(width, height)?;
    match jpeg::end_of_picture(bytes).map_err(Unreadable::new)? {
        None => decode(bytes, ImageFormat::Jpeg, decoding),
        Some(end) if bytes.get(end..) == Some(&[0xff, 0xd9]) => decode(bytes, ImageFormat::Jpeg, decoding),
        Some(end) => decode(&[&bytes[..end], &[0xff, 0xd9]].concat(), ImageFormat::Jpeg, decoding),
    }
}

fn decode(bytes: &[u8], format: ImageFormat, decoding: Decoding) -> Result<(DynamicImage, Orientation), Unreadable> {
    let broken = |e: image::ImageError| Unreadable::broken(&e);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(decoding.bytes());
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    decoding.check(width, height)?;
    let orientation = decoder.orientation().map_err(broken)?;
    decoder.set_limits(limits).map_err(broken)?;
    Ok((DynamicImage::from_decoder(decoder).map_err(broken)?, orientation))
}

/// What a file is whose first bytes are those of no format.
fn no_picture(bytes: &[u8]) -> Unreadable {
    let head = String::from_utf8_lossy(bytes.get(..512).unwrap_or(bytes)).into_owned();
    let is_text = !head.chars().any(|c| (c.is_control() && !c.is_whitespace()) || c == '\u{fffd}');
    Unreadable::new(match head.trim_start().chars().next() {
        Some('{' | '[') if is_text => "this is JSON, not a picture",
        _ if is_text => "this is text, not a picture",
        _ => "its first bytes are those of no picture that howfar knows",
    })
}

/// Brightens samples of 16 bits that use 8 or 12 of them to the whole range.
fn fill_range(photo: &mut DynamicImage) -> Option<Note> {
    let (samples, n_channels, n_colours): (&mut [u16], usize, usize) = match photo {
        DynamicImage::ImageLuma16(photo) => (photo, 1, 1),
        DynamicImage::ImageLumaA16(photo) => (photo, 2, 1),
        DynamicImage::ImageRgb16(photo) => (photo, 3, 3),
        DynamicImage::ImageRgba16(photo) => (photo, 4, 3),
        _ => return None,
    };
    let colours = |pixel: &[u16]| pixel[..n_colours].iter().copied().max().unwrap_or(0);
    let (note, most) = match samples.chunks_exact(n_channels).map(colours).max()? {
        0 => return None,
        1..256 => (Note::EightInSixteen, 255),
        256..4096 => (Note::TwelveInSixteen, 4095),
        _ => return None,
    };
    for pixel in samples.chunks_exact_mut(n_channels) {
        for sample in &mut pixel[..n_colours] {
            *sample = (u32::from(*sample) * 65_535 / most) as u16;
        }
    }
    Some(note)
}

#[cfg(test)]
mod tests {
    use super::*;
    use howfar_face::{Colour, Picture};

    fn encoded(format: ImageFormat) -> Vec<u8> {
        let photo = image::GrayImage::from_fn(40, 30, |x, y| image::Luma([(x * 5 + y) as u8]));
        let photo = DynamicImage::ImageLuma8(photo);
        let photo = if format == ImageFormat::Gif { photo.to_rgba8().into() } else { photo };
        let mut bytes = Cursor::new(Vec::new());
        photo.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn read(bytes: &[u8]) -> Result<Decoded, Unreadable> {
        decode_photo(bytes, Path::new("a.jpg"), Decoding::default())
    }

    const FORMATS: [ImageFormat; 6] =
        [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Tiff, ImageFormat::Bmp, ImageFormat::WebP, ImageFormat::Gif];

    #[test]
    fn every_format_is_read_whole_or_not_at_all_whatever_the_name_says() {
        for format in FORMATS {
            let bytes = encoded(format);
            let photo = read(&bytes).unwrap().photo;
            assert_eq!((photo.width(), photo.height()), (40, 30), "{format:?}");
            for share in [0, 1, 5, 9] {
                assert!(read(&bytes[..bytes.len() * share / 10]).is_err(), "{format:?}, {share} tenths");
            }
        }
        assert!(read(b"GIF is not among them").is_err());
    }

    #[test]
    fn a_head_that_claims_more_pixels_than_allowed_is_not_believed() {
        for format in FORMATS {
            let few = Decoding { max_pixels: 40 * 30 - 1 };
            let said = decode_photo(&encoded(format), Path::new("a"), few).unwrap_err().to_string();
            assert!(said.contains("claims 40×30 pixels") && said.contains("--max-megapixels"), "{format:?}: {said}");
            let enough = Decoding { max_pixels: 40 * 30 };
            assert!(decode_photo(&encoded(format), Path::new("a"), enough).is_ok(), "{format:?}");
        }
    }

    #[test]
    fn what_follows_a_jpeg_or_its_missing_end_mark_does_not_change_it() {
        let noise = |x: u32, y: u32| image::Luma([(x * 37 + y * 91 + x * y * 53 % 251) as u8]);
        let mut bytes = Cursor::new(Vec::new());
        image::GrayImage::from_fn(90, 70, noise).write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
        let bytes = bytes.into_inner();
        let plain = read(&bytes).unwrap().photo;
        let end = bytes.len() - 2;
        for tail in [&b"\0\0\0\x18ftypmp42 \xff\xda\xff\xd8\xff\xd9"[..], b"\xff\xda", &bytes] {
            assert_eq!(read(&[&bytes, tail].concat()).unwrap().photo, plain, "{tail:?}");
        }
        assert_eq!(read(&bytes[..end]).unwrap().photo, plain);
        let third = [&bytes[..end / 3], &[0xff, 0xd9]].concat();
        assert_eq!(read(&third).unwrap_err().to_string(), "the file ends before the picture does");
    }

    #[test]
    fn twelve_bits_in_sixteen_are_brightened_and_told() {
        for (value, expected, note) in [
            (4095, 255, Some(Note::TwelveInSixteen)),
            (2048, 128, Some(Note::TwelveInSixteen)),
            (128, 128, Some(Note::EightInSixteen)),
            (0x8080, 0x80, None),
            (0, 0, None),
        ] {
            let photo =
                DynamicImage::ImageRgba16(image::ImageBuffer::from_pixel(2, 2, image::Rgba([value, 0, 0, 65_535])));
            let mut bytes = Cursor::new(Vec::new());
            photo.write_to(&mut bytes, ImageFormat::Png).unwrap();
            let decoded = read(bytes.get_ref()).unwrap();
            assert_eq!((decoded.photo.to_rgba8().get_pixel(0, 0).0, decoded.note), ([expected, 0, 0, 255], note));
        }
    }

    #[test]
    fn what_is_no_picture_is_called_by_its_name() {
        let nef = b"II*\0\x08\0\0\0\0\0";
        for (name, bytes, what) in [
            (
                "a.jpg",
                &b"version https://git-lfs.github.com/spec/v1\n"[..],
                "Git LFS, not the file itself: run `git lfs pull`",
            ),
            ("a.heic", b"\0\0\0\x18ftypheic\0\0\0\0", "a HEIC picture: convert it to JPEG"),
            ("a.nef", nef, "a camera's raw file: develop it"),
            ("a.png", b"{\"error\": 404}", "this is JSON, not a picture"),
            ("a.png", b"no picture\n", "this is text, not a picture"),
            ("a.png", b"\x01\x02\x03\x04", "no picture that howfar knows"),
        ] {
            let said = decode_photo(bytes, Path::new(name), Decoding::default()).unwrap_err().to_string();
            assert!(said.contains(what), "{said}");
        }
    }

    #[test]
    fn deep_pictures_become_eight_bits() {
        let photo = DynamicImage::ImageLuma16(image::ImageBuffer::from_pixel(2, 2, image::Luma([0x8080])));
        assert_eq!(Picture::of(&photo, Colour::Gray).data, [0x80; 4]);
        assert_eq!(Picture::of(&photo, Colour::Rgb).data, [0x80; 12]);
    }
}
