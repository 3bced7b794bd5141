//! TIFF files that the crate image refuses: colour tables, and grays of two and four bits.
//!
//! In: the bytes of a file. Out: its first picture, not turned yet; or nothing where image reads it. A picture with a
//! colour table is read as if its numbers were grays, with one tag changed in memory, and then looked up.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, RgbImage};
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::Tag;

use super::{Decoding, Unreadable};

const BLACK_IS_ZERO: u64 = 1;
const COLOUR_TABLE: u64 = 3;

/// The first directory of a TIFF file, as far as its values stand in it.
struct Directory {
    little: bool,
    /// Tag, type, number of values, position of the value.
    entries: Vec<(u16, u16, u64, usize)>,
}

impl Directory {
    fn read(bytes: &[u8]) -> Option<Self> {
        let little = bytes.starts_with(b"II");
        let number = |at: usize, n: usize| number(bytes, at, n, little);
        let big = match number(2, 2)? {
            42 => false,
            43 => true,
            _ => return None,
        };
        let start = usize::try_from(if big { number(8, 8)? } else { number(4, 4)? }).ok()?;
        let (n_head, n_entry) = if big { (8, 20) } else { (2, 12) };
        // What follows in a damaged file is not there, and ends the search.
        let n_entries = usize::try_from(number(start, n_head)?).ok()?.min(4096);
        let entries = (0..n_entries).map_while(|i| {
            let at = start.checked_add(n_head + i * n_entry)?;
            let (count, value_at) = if big { (number(at + 4, 8)?, at + 12) } else { (number(at + 4, 4)?, at + 8) };
            Some((number(at, 2)? as u16, number(at + 2, 2)? as u16, count, value_at))
        });
        Some(Directory { little, entries: entries.collect() })
    }

    /// The position and size in bytes of a tag's one value.
    fn place(&self, tag: Tag) -> Option<(usize, usize)> {
        let (_, kind, count, at) = *self.entries.iter().find(|entry| entry.0 == tag.to_u16())?;
        let n_bytes = match kind {
            1 => 1,
            3 => 2,
            4 => 4,
            _ => return None,
        };
        (count == 1).then_some((at, n_bytes))
    }

    fn value(&self, bytes: &[u8], tag: Tag) -> Option<u64> {
        let (at, n_bytes) = self.place(tag)?;
        number(bytes, at, n_bytes, self.little)
    }

    fn has(&self, tag: Tag) -> bool {
        self.entries.iter().any(|entry| entry.0 == tag.to_u16())
    }
}

fn number(bytes: &[u8], at: usize, n_bytes: usize, little: bool) -> Option<u64> {
    let digits = bytes.get(at..at.checked_add(n_bytes)?)?.iter();
    let join = |number: u64, digit: &u8| number << 8 | u64::from(*digit);
    Some(if little { digits.rev().fold(0, join) } else { digits.fold(0, join) })
}

/// Whether a TIFF file is a camera's raw file, whose first picture is a small preview.
pub(super) fn is_raw(bytes: &[u8]) -> bool {
    let Some(directory) = Directory::read(bytes) else { return false };
    let is_preview = directory.value(bytes, Tag::NewSubfileType).is_some_and(|kind| kind & 1 == 1);
    directory.has(Tag::Unknown(50_706)) || (is_preview && directory.has(Tag::SubIfd))
}

/// The first picture of a TIFF file that image does not read.
pub(super) fn decode(bytes: &[u8], decoding: Decoding) -> Result<Option<(DynamicImage, Orientation)>, Unreadable> {
    let Some(directory) = Directory::read(bytes) else { return Ok(None) };
    let kind = directory.value(bytes, Tag::PhotometricInterpretation);
    let n_bits = directory.value(bytes, Tag::BitsPerSample).unwrap_or(1);
    let has_table = kind == Some(COLOUR_TABLE);
    let is_packed = matches!(kind, Some(0 | 1)) && matches!(n_bits, 2 | 4);
    if !has_table && !is_packed {
        return Ok(None);
    }
    let mut changed = bytes.to_vec();
    if let (true, Some((at, n_bytes))) = (has_table, directory.place(Tag::PhotometricInterpretation)) {
        let digits = BLACK_IS_ZERO.to_be_bytes();
        let digits = &digits[digits.len() - n_bytes..];
        for (place, digit) in changed[at..at + n_bytes].iter_mut().zip(digits) {
            *place = *digit;
        }
        if directory.little {
            changed[at..at + n_bytes].reverse();
        }
    }
    read(changed, has_table, decoding).map(Some)
}

fn read(bytes: Vec<u8>, has_table: bool, decoding: Decoding) -> Result<(DynamicImage, Orientation), Unreadable> {
    let broken = |e: tiff::TiffError| Unreadable::broken(&e);
    let mut decoder = Decoder::new(Cursor::new(bytes)).map_err(broken)?;
    let (width, height) = decoder.dimensions().map_err(broken)?;
    decoding.check(width, height)?;
    let mut limits = Limits::default();
    limits.decoding_buffer_size = usize::try_from(decoding.bytes()).unwrap_or(usize::MAX);
    limits.intermediate_buffer_size = limits.decoding_buffer_size;
    decoder = decoder.with_limits(limits);
    let turned = decoder.find_tag_unsigned::<u8>(Tag::Orientation).ok().flatten();
    let orientation = turned.and_then(Orientation::from_exif).unwrap_or(Orientation::NoTransforms);
    let n_bits = match decoder.colortype().map_err(broken)? {
        tiff::ColorType::Gray(n @ (1 | 2 | 4 | 8)) => n,
        other => return Err(Unreadable::new(format!("a TIFF with a table of {other:?} is not known"))),
    };
    let table = if has_table { Some(colours(&mut decoder, n_bits)?) } else { None };
    let DecodingResult::U8(packed) = decoder.read_image().map_err(broken)? else {
        return Err(Unreadable::new("its samples are not whole numbers"));
    };
    let numbers = unpack(&packed, width as usize, height as usize, n_bits).ok_or_else(Unreadable::early)?;
    let most = u8::MAX >> (8 - n_bits);
    let gray = |numbers: Vec<u8>| GrayImage::from_raw(width, height, numbers).map(DynamicImage::ImageLuma8);
    let photo = match table {
        None => gray(numbers.into_iter().map(|n| n * (255 / most)).collect()),
        Some(table) if table.iter().all(|[r, g, b]| r == g && g == b) => {
            gray(numbers.into_iter().map(|n| table[usize::from(n)][0]).collect())
        }
        Some(table) => {
            let pixels = numbers.into_iter().flat_map(|n| table[usize::from(n)]).collect();
            RgbImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8)
        }
    };
    Ok((photo.ok_or_else(Unreadable::early)?, orientation))
}

/// The colours of the numbers: one for each of `n_bits` bits.
fn colours(decoder: &mut Decoder<Cursor<Vec<u8>>>, n_bits: u8) -> Result<Vec<[u8; 3]>, Unreadable> {
    let table: Vec<u16> = decoder
        .find_tag_unsigned_vec(Tag::ColorMap)
        .map_err(|e| Unreadable::broken(&e))?
        .ok_or_else(|| Unreadable::new("its colour table is missing"))?;
    let n = 1_usize << n_bits;
    if table.len() != 3 * n {
        return Err(Unreadable::new(format!("its colour table has {} numbers instead of {}", table.len(), 3 * n)));
    }
    // Some programs write 8 bits where 16 belong.
    let narrow = table.iter().all(|value| *value < 256);
    let colour =
        |i: usize| [0, n, 2 * n].map(|first| if narrow { table[first + i] } else { table[first + i] >> 8 } as u8);
    Ok((0..n).map(colour).collect())
}

/// One number a byte, of rows that begin at whole bytes.
fn unpack(packed: &[u8], width: usize, height: usize, n_bits: u8) -> Option<Vec<u8>> {
    let a_byte = usize::from(8 / n_bits);
    let n_row = width.div_ceil(a_byte);
    let mut numbers = Vec::with_capacity(width * height);
    for row in packed.chunks(n_row).take(height) {
        for x in 0..width {
            let shift = 8 - n_bits * (x % a_byte + 1) as u8;
            numbers.push(row.get(x / a_byte)? >> shift & (u8::MAX >> (8 - n_bits)));
        }
    }
    (numbers.len() == width * height).then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A TIFF file of one strip, or of tiles of 16×16, with the numbers 0, 1, 2, … along its rows.
    struct Made {
        little: bool,
        tiled: bool,
        n_bits: u16,
        kind: u16,
        table: Vec<u16>,
    }

    const WIDTH: usize = 21;
    const HEIGHT: usize = 18;

    fn value(x: usize, y: usize, n_bits: u16) -> u8 {
        ((x + 3 * y) % (1 << n_bits)) as u8
    }

    impl Made {
        fn numbers(&self, value: u64, n_bytes: usize) -> Vec<u8> {
            let bytes = value.to_be_bytes()[8 - n_bytes..].to_vec();
            if self.little { bytes.into_iter().rev().collect() } else { bytes }
        }

        fn rows(&self, left: usize, top: usize, width: usize, height: usize) -> Vec<u8> {
            let mut packed = Vec::new();
            for y in top..top + height {
                let a_byte = 8 / usize::from(self.n_bits);
                for first in (0..width).step_by(a_byte) {
                    let at = |i: usize| if first + i < width { value(left + first + i, y, self.n_bits) } else { 0 };
                    packed.push((0..a_byte).fold(0, |byte, i| byte << (self.n_bits % 8) | at(i)));
                }
            }
            packed
        }

        fn bytes(&self) -> Vec<u8> {
            let mut file = if self.little { b"II".to_vec() } else { b"MM".to_vec() };
            file.extend(self.numbers(42, 2));
            file.extend([0; 4]);
            let places: Vec<(usize, usize)> =
                if self.tiled { [(0, 0), (16, 0), (0, 16), (16, 16)].to_vec() } else { vec![(0, 0)] };
            let side = |whole: usize| if self.tiled { 16 } else { whole };
            let mut offsets = Vec::new();
            let mut counts = Vec::new();
            for (left, top) in places {
                let packed = self.rows(left, top, side(WIDTH), side(HEIGHT));
                offsets.push(file.len() as u64);
                counts.push(packed.len() as u64);
                file.extend(packed);
            }
            let (offsets_tag, counts_tag) = if self.tiled { (324, 325) } else { (273, 279) };
            let mut tags: Vec<(u16, u16, Vec<u64>)> = vec![
                (256, 4, vec![WIDTH as u64]),
                (257, 4, vec![HEIGHT as u64]),
                (258, 3, vec![u64::from(self.n_bits)]),
                (259, 3, vec![1]),
                (262, 3, vec![u64::from(self.kind)]),
                (offsets_tag, 4, offsets),
                (counts_tag, 4, counts),
            ];
            if self.tiled {
                tags.extend([(322, 3, vec![16]), (323, 3, vec![16])]);
            } else {
                tags.push((278, 3, vec![HEIGHT as u64]));
            }
            if !self.table.is_empty() {
                tags.push((320, 3, self.table.iter().map(|v| u64::from(*v)).collect()));
            }
            tags.sort();
            let mut entries = self.numbers(tags.len() as u64, 2);
            for (tag, kind, values) in tags {
                let n_bytes = if kind == 3 { 2 } else { 4 };
                let mut data: Vec<u8> = values.iter().flat_map(|v| self.numbers(*v, n_bytes)).collect();
                entries.extend([self.numbers(u64::from(tag), 2), self.numbers(u64::from(kind), 2)].concat());
                entries.extend(self.numbers(values.len() as u64, 4));
                if data.len() > 4 {
                    let at = file.len();
                    file.append(&mut data);
                    data = self.numbers(at as u64, 4);
                }
                data.resize(4, 0);
                entries.extend(data);
            }
            let at = self.numbers(file.len() as u64, 4);
            file[4..8].copy_from_slice(&at);
            file.extend(entries);
            file.extend([0; 4]);
            file
        }
    }

    fn colour_table(n_bits: u16, of: impl Fn(usize) -> [u16; 3]) -> Vec<u16> {
        [0, 1, 2].iter().flat_map(|c| (0..1 << n_bits).map(|i| of(i)[*c]).collect::<Vec<_>>()).collect()
    }

    #[test]
    fn colour_tables_of_every_depth_order_and_layout_are_looked_up() {
        for (n_bits, little, tiled) in [1, 2, 4, 8]
            .into_iter()
            .flat_map(|n| [(n, true, false), (n, false, false), (n, true, true), (n, false, true)])
        {
            let table = colour_table(n_bits, |i| [i as u16 * 257, 65_535 - i as u16 * 257, 300]);
            let made = Made { little, tiled, n_bits, kind: 3, table };
            let (photo, _) = decode(&made.bytes(), Decoding::default()).unwrap().unwrap();
            let photo = photo.as_rgb8().unwrap();
            for (x, y, pixel) in photo.enumerate_pixels() {
                let n = value(x as usize, y as usize, n_bits);
                assert_eq!(pixel.0, [n, 255 - n, 1], "{n_bits} bits, little {little}, tiled {tiled}, at {x} {y}");
            }
        }
    }

    #[test]
    fn a_table_of_grays_gives_a_gray_picture_also_where_it_has_8_bits() {
        for scale in [257, 1] {
            let table = colour_table(8, |i| [(255 - i as u16) * scale; 3]);
            let made = Made { little: false, tiled: false, n_bits: 8, kind: 3, table };
            let (photo, _) = decode(&made.bytes(), Decoding::default()).unwrap().unwrap();
            assert_eq!(photo.as_luma8().unwrap().get_pixel(5, 2)[0], 255 - value(5, 2, 8), "scale {scale}");
        }
    }

    #[test]
    fn grays_of_few_bits_are_spread_over_eight() {
        for (n_bits, kind) in [(2, 1), (4, 1), (2, 0), (4, 0)] {
            let made = Made { little: true, tiled: false, n_bits, kind, table: vec![] };
            let (photo, _) = decode(&made.bytes(), Decoding::default()).unwrap().unwrap();
            let gray = photo.as_luma8().unwrap().get_pixel(20, 17)[0];
            let expected = value(20, 17, n_bits) * (255 / ((1 << n_bits) - 1)) as u8;
            assert_eq!(gray, if kind == 1 { expected } else { 255 - expected }, "{n_bits} bits, kind {kind}");
        }
    }

    #[test]
    fn a_missing_or_short_table_and_missing_pixels_are_told() {
        let made = |table| Made { little: true, tiled: false, n_bits: 8, kind: 3, table }.bytes();
        assert!(decode(&made(vec![]), Decoding::default()).unwrap_err().to_string().contains("missing"));
        assert!(decode(&made(vec![7; 30]), Decoding::default()).unwrap_err().to_string().contains("30 numbers"));
        let small = Decoding { max_pixels: 100 };
        let table = colour_table(8, |_| [7; 3]);
        assert!(decode(&made(table), small).unwrap_err().to_string().contains("allowed"));
    }
}
