//! Where the picture in a JPEG file ends, and whether all of it is there.
//!
//! In: the bytes of a file. Out: the position behind the picture's data, whatever follows it (a video, a second
//! picture, nothing), or the sentence that says what is missing. The decoder cannot be asked: it fills up what is
//! missing and says nothing. So every scan's code words are counted here, without their meaning.

mod scan;

use scan::{Flaw, Huffman, Scan, walk};

/// As many scans as the decoder reads.
const MOST_SCANS: usize = 100;

const EARLY: &str = "the file ends before the picture does";
const DAMAGED: &str = "the picture's data are damaged";

/// A component of the frame, in blocks of 8×8 samples.
#[derive(Debug, Clone, PartialEq)]
struct Component {
    id: u8,
    /// Blocks across and down in a unit of interleaved scans.
    across: usize,
    down: usize,
    /// Blocks of a scan of this component alone.
    wide: usize,
    high: usize,
    /// Blocks in a row, padded to whole units.
    stride: usize,
    /// Progressive: which coefficients of each block are known to be other than zero.
    nonzero: Vec<u64>,
    /// Whether its first coefficients were seen.
    seen: bool,
    /// Progressive: coefficients of which bits are still to come.
    unfinished: u64,
}

#[derive(Debug)]
struct Frame {
    progressive: bool,
    components: Vec<Component>,
    units_across: usize,
    units_down: usize,
}

/// What the markers before a scan say.
#[derive(Debug, Default)]
struct State {
    frame: Option<Frame>,
    /// By class (0 for the first coefficient, 1 for the others) and number.
    tables: [[Option<Huffman>; 4]; 2],
    /// Units between two restart marks; 0 for none.
    restart: usize,
}

/// The position behind the data of a whole picture (before its end mark, if it has one). `None` for kinds of JPEG that
/// are left to the decoder.
pub(super) fn end_of_picture(bytes: &[u8]) -> Result<Option<usize>, &'static str> {
    let mut state = State::default();
    let (mut at, mut end, mut n_scans) = (2, None, 0);
    while let Some((marker, body)) = next_marker(bytes, at) {
        at = body;
        match marker {
            0xd9 => break,
            0x01 | 0xd0..=0xd8 => continue,
            _ => {}
        }
        let length = bytes.get(body..body + 2).map_or(0, |l| usize::from(l[0]) << 8 | usize::from(l[1]));
        let Some(segment) = bytes.get(body..body + length).filter(|_| length >= 2).map(|segment| &segment[2..]) else {
            break;
        };
        at = body + length;
        match marker {
            0xc4 => read_tables(segment, &mut state.tables).ok_or(DAMAGED)?,
            0xdd => state.restart = segment.get(..2).map_or(0, |n| usize::from(n[0]) << 8 | usize::from(n[1])),
            0xc0..=0xc2 if state.frame.is_none() => {
                let Some(frame) = Frame::read(segment, marker == 0xc2) else { return Ok(None) };
                state.frame = Some(frame);
            }
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => return Ok(None),
            0xda => {
                let State { frame: Some(frame), tables, restart } = &mut state else { return Err(DAMAGED) };
                if tables.iter().flatten().all(Option::is_none) {
                    // A frame of a video, whose tables stand elsewhere; the decoder knows them.
                    return Ok(None);
                }
                let scan = Scan::read(segment, frame, *restart).ok_or(DAMAGED)?;
                at = walk(bytes, at, &scan, frame, tables).map_err(|flaw| match flaw {
                    Flaw::Early => EARLY,
                    Flaw::Damaged => DAMAGED,
                })?;
                n_scans += 1;
                end = Some(at);
                if n_scans > MOST_SCANS {
                    return Err(DAMAGED);
                }
                if !frame.progressive && frame.components.iter().all(|c| c.seen) {
                    break;
                }
            }
            _ => {}
        }
    }
    let whole = state.frame.is_some_and(|frame| frame.components.iter().all(|c| c.seen && c.unfinished == 0));
    end.filter(|_| whole).map(Some).ok_or(EARLY)
}

/// The next marker from a position on, and the position behind it.
fn next_marker(bytes: &[u8], mut at: usize) -> Option<(u8, usize)> {
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == 0xff)?;
        at += bytes.get(at..)?.iter().position(|byte| *byte != 0xff)?;
        let marker = *bytes.get(at)?;
        at += 1;
        if marker != 0 {
            return Some((marker, at));
        }
    }
}

fn read_tables(mut segment: &[u8], tables: &mut [[Option<Huffman>; 4]; 2]) -> Option<()> {
    while let Some((head, rest)) = segment.split_first() {
        let counts: &[u8; 16] = rest.get(..16)?.try_into().ok()?;
        let n_values: usize = counts.iter().map(|n| usize::from(*n)).sum();
        let values = rest.get(16..16 + n_values)?;
        let slot = tables.get_mut(usize::from(head >> 4))?.get_mut(usize::from(head & 15))?;
        *slot = Some(Huffman::new(counts, values)?);
        segment = &rest[16 + n_values..];
    }
    Some(())
}

impl Frame {
    fn read(segment: &[u8], progressive: bool) -> Option<Self> {
        let [_, h1, h0, w1, w0, n, rest @ ..] = segment else { return None };
        let (height, width) = (usize::from(*h1) << 8 | usize::from(*h0), usize::from(*w1) << 8 | usize::from(*w0));
        let told = rest.get(..3 * usize::from(*n))?.chunks_exact(3);
        let sampling = |c: &[u8]| (usize::from(c[1] >> 4), usize::from(c[1] & 15));
        let across_most = told.clone().map(|c| sampling(c).0).max()?;
        let down_most = told.clone().map(|c| sampling(c).1).max()?;
        let usable = told.clone().all(|c| (1..=4).contains(&sampling(c).0) && (1..=4).contains(&sampling(c).1));
        if width == 0 || height == 0 || !(1..=4).contains(n) || !usable {
            return None;
        }
        let (units_across, units_down) = (width.div_ceil(8 * across_most), height.div_ceil(8 * down_most));
        let components = told
            .map(|c| {
                let (across, down) = sampling(c);
                let stride = units_across * across;
                let n_blocks = if progressive { stride * units_down * down } else { 0 };
                Component {
                    id: c[0],
                    across,
                    down,
                    wide: (width * across).div_ceil(8 * across_most),
                    high: (height * down).div_ceil(8 * down_most),
                    stride,
                    nonzero: vec![0; n_blocks],
                    seen: false,
                    unfinished: if progressive { !0 } else { 0 },
                }
            })
            .collect();
        Some(Frame { progressive, components, units_across, units_down })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of noise, which needs every kind of code word.
    fn made(width: u32, height: u32, quality: u8) -> Vec<u8> {
        let noise = |x: u32, y: u32, c: u32| (x * 7 + y * 13 + c * 31 + x * y * (x + 53) % 251) as u8;
        let photo = image::RgbImage::from_fn(width, height, |x, y| image::Rgb([0, 1, 2].map(|c| noise(x, y, c))));
        let mut bytes = Vec::new();
        image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(&photo).unwrap();
        bytes
    }

    /// A progressive picture of 16×16 grays (six scans, some of them refining), as libjpeg writes it.
    const PROGRESSIVE: &[u8] = b"\
        \xff\xd8\xff\xe0\x00\x10\x4a\x46\x49\x46\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xdb\x00\x43\x00\x0d\
        \x09\x0a\x0b\x0a\x08\x0d\x0b\x0a\x0b\x0e\x0e\x0d\x0f\x13\x20\x15\x13\x12\x12\x13\x27\x1c\x1e\x17\x20\x2e\
        \x29\x31\x30\x2e\x29\x2d\x2c\x33\x3a\x4a\x3e\x33\x36\x46\x37\x2c\x2d\x40\x57\x41\x46\x4c\x4e\x52\x53\x52\
        \x32\x3e\x5a\x61\x5a\x50\x60\x4a\x51\x52\x4f\xff\xc2\x00\x0b\x08\x00\x10\x00\x10\x01\x01\x11\x00\xff\xc4\
        \x00\x16\x00\x01\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x04\x05\xff\xda\x00\x08\
        \x01\x01\x00\x00\x00\x01\xd8\x51\x2f\xff\xc4\x00\x17\x10\x00\x03\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\
        \x00\x00\x00\x00\x01\x03\x21\x02\xff\xda\x00\x08\x01\x01\x00\x01\x05\x02\x51\x8d\x31\x3a\x8c\xd4\xff\xc4\
        \x00\x15\x10\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10\x01\xff\xda\x00\x08\x01\
        \x01\x00\x06\x3f\x02\x21\xff\xc4\x00\x1a\x10\x01\x00\x01\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
        \x00\x00\x21\x31\x41\x81\xd1\xe1\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x21\xee\x58\x55\x94\x4d\xdb\xff\xda\
        \x00\x08\x01\x01\x00\x00\x00\x10\x9f\xff\xc4\x00\x1b\x10\x01\x00\x03\x01\x00\x03\x00\x00\x00\x00\x00\x00\
        \x00\x00\x00\x00\x01\x00\x11\x21\x31\x41\x81\xe1\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x10\x2a\x82\x20\x79\
        \x7c\x9d\xda\xa6\x69\x2c\xa1\x7a\xf5\x2f\xcb\x38\xd5\xb1\x9f\xff\xd9";

    #[test]
    fn every_scan_of_a_progressive_picture_is_asked_for() {
        let end = PROGRESSIVE.len() - 2;
        for tail in [&b"\xff\xd9"[..], b"", b"\xff\xd9 video \xff\xda"] {
            assert_eq!(end_of_picture(&[&PROGRESSIVE[..end], tail].concat()), Ok(Some(end)));
        }
        for cut in 2..end {
            for tail in [&b"\xff\xd9"[..], b""] {
                let end = end_of_picture(&[&PROGRESSIVE[..cut], tail].concat());
                assert!(!matches!(end, Ok(Some(_))), "{cut} bytes, {tail:?}");
            }
        }
    }

    #[test]
    fn a_whole_picture_ends_before_its_end_mark_whatever_follows() {
        for (width, height, quality) in [(1, 1, 90), (8, 8, 20), (40, 30, 75), (131, 77, 100)] {
            let bytes = made(width, height, quality);
            let end = bytes.len() - 2;
            assert_eq!(end_of_picture(&bytes), Ok(Some(end)), "{width}×{height}");
            for tail in [&b""[..], b"ftypmp42 \xff\xda\xff\xd9 video", &made(16, 16, 50), &[0xff; 9]] {
                assert_eq!(end_of_picture(&[&bytes, tail].concat()), Ok(Some(end)), "{width}×{height}");
            }
            assert_eq!(end_of_picture(&bytes[..end]), Ok(Some(end)), "{width}×{height} without its end mark");
        }
    }

    #[test]
    fn a_part_is_no_picture_with_and_without_an_end_mark() {
        let bytes = made(131, 77, 90);
        for share in 1..20 {
            let part = &bytes[..bytes.len() * share / 20];
            assert_eq!(end_of_picture(part), Err(EARLY), "{share} of 20");
            assert!(end_of_picture(&[part, &[0xff, 0xd9]].concat()).is_err(), "{share} of 20 with an end mark");
        }
    }
}
