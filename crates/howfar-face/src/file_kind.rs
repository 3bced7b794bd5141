//! What a file is that cannot be used, told by its first bytes, and what to do about it.
//!
//! In: the bytes of a file that somebody took for a picture or a list. Out: its name in words and advice. Reads nothing
//! itself.

use std::path::Path;

use crate::Fault;

/// A kind of file that howfar does not read where it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileKind {
    /// What it is, as the rest of "this is …".
    pub what: &'static str,
    /// What to do, as an imperative.
    pub advice: &'static str,
}

const fn kind(what: &'static str, advice: &'static str) -> Option<FileKind> {
    Some(FileKind { what, advice })
}

/// What lies in the place of a file that was not fetched.
const POINTER: FileKind = FileKind { what: "a pointer of Git LFS, not the file itself", advice: "run `git lfs pull`" };
const PAGE: FileKind = FileKind {
    what: "a web page (HTML), as a server sends that wants a login or does not know the file",
    advice: "download it anew, logged in",
};
const ZEROS: FileKind =
    FileKind { what: "a file of zeros, as a copy leaves that was never finished", advice: "copy or download it anew" };

const CONVERT: &str = "convert it to PNG or JPEG";
const DEVELOP: &str = "develop it to JPEG or TIFF with the camera's program, darktable or dcraw";
const FRAMES: &str = "extract its frames as pictures, with `ffmpeg -i VIDEO %04d.png`";
const UNPACK: &str = "unpack it first";

/// Beginnings of files, longest first where one begins another.
const BEGINNINGS: [(&[u8], &str, &str); 34] = [
    (b"\x00\x05\x16\x07", "a side file of macOS (AppleDouble) without a picture in it", "delete it"),
    (b"II*\0\x10\0\0\0CR", "a camera's raw file (CR2)", DEVELOP),
    (b"IIRO", "a camera's raw file (ORF)", DEVELOP),
    (b"IIRS", "a camera's raw file (ORF)", DEVELOP),
    (b"IIU\0", "a camera's raw file (RW2)", DEVELOP),
    (b"FUJIFILMCCD-RAW", "a camera's raw file (RAF)", DEVELOP),
    (b"FOVb", "a camera's raw file (X3F)", DEVELOP),
    (b"\0MRM", "a camera's raw file (MRW)", DEVELOP),
    (b"8BPS", "a Photoshop file (PSD)", CONVERT),
    (b"gimp xcf", "a GIMP file (XCF)", CONVERT),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture", CONVERT),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture", CONVERT),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture", "convert it with `djxl` or ImageMagick to PNG"),
    (b"\xff\x0a", "a JPEG XL picture", "convert it with `djxl` or ImageMagick to PNG"),
    (b"\x76\x2f\x31\x01", "an OpenEXR picture", CONVERT),
    (b"#?RADIANCE", "a Radiance HDR picture", CONVERT),
    (b"qoif", "a QOI picture", CONVERT),
    (b"\0\0\x01\0", "an icon (ICO)", CONVERT),
    (b"%PDF-", "a PDF document", "take its pictures out with `pdfimages -png`"),
    (b"%!PS", "a PostScript document", CONVERT),
    (b"\x1aE\xdf\xa3", "a video (Matroska or WebM)", FRAMES),
    (b"\0\0\x01\xba", "a video (MPEG)", FRAMES),
    (b"\0\0\x01\xb3", "a video (MPEG)", FRAMES),
    (b"FLV", "a video (Flash)", FRAMES),
    (b"PK\x03\x04", "a ZIP archive (or a workbook of Excel)", "unpack it first; save a workbook as CSV"),
    (b"\x1f\x8b", "a gzip archive", UNPACK),
    (b"BZh", "a bzip2 archive", UNPACK),
    (b"\xfd7zXZ", "an xz archive", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", UNPACK),
    (b"Rar!", "a RAR archive", UNPACK),
    (b"\xd0\xcf\x11\xe0", "an old file of Microsoft Office", "save a workbook as CSV, pictures as PNG"),
    (b"\x89HDF", "an HDF5 file", "write its pictures as PNG, with h5py and Pillow"),
    (b"\x93NUMPY", "a NumPy array", "write it as PNG, with Pillow"),
    (b"PAR1", "a Parquet file", "give its folder to the adapter `hf`"),
];

/// What a file is that is neither a picture nor a list that howfar reads, where its beginning says so.
pub fn foreign_file(bytes: &[u8]) -> Option<FileKind> {
    if bytes.starts_with(b"version https://git-lfs.github.com/spec/") {
        return Some(POINTER);
    }
    if let Some((_, what, advice)) = BEGINNINGS.iter().find(|(start, ..)| bytes.starts_with(start)) {
        return kind(what, advice);
    }
    let brand = bytes.get(8..12).filter(|_| bytes.get(4..8) == Some(b"ftyp"));
    if let Some(brand) = brand {
        return match brand {
            b"avif" | b"avis" => kind("an AVIF picture", "convert it to PNG with `avifdec` or ImageMagick"),
            b"crx " => kind("a camera's raw file (CR3)", DEVELOP),
            b"heic" | b"heix" | b"hevc" | b"hevx" | b"heim" | b"heis" | b"mif1" | b"mif2" | b"msf1" => {
                kind("a HEIC picture", "convert it to JPEG with `heif-convert` or ImageMagick")
            }
            _ => kind("a video (MP4 or QuickTime)", FRAMES),
        };
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"AVI ") {
        return kind("a video (AVI)", FRAMES);
    }
    if bytes.get(128..132) == Some(b"DICM") {
        return kind("a DICOM file", "convert it to PNG, with dcm2img or pydicom");
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return kind("a tar archive", UNPACK);
    }
    if let [b'P', b'1'..=b'7', space, ..] = bytes
        && space.is_ascii_whitespace()
    {
        return kind("a Netpbm picture (PBM, PGM or PPM)", "convert it to PNG with `pnmtopng` or ImageMagick");
    }
    if !bytes.is_empty() && bytes.iter().all(|byte| *byte == 0) {
        return Some(ZEROS);
    }
    marked_up(bytes)
}

/// Refuses a file in whose place something else lies: a pointer of Git LFS, a web page, zeros. A few first bytes are
/// enough.
pub fn refuse_stand_in(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    match foreign_file(bytes).filter(|kind| [POINTER, PAGE, ZEROS].contains(kind)) {
        None => Ok(()),
        Some(kind) => Err(Fault::data(path.display(), format!("this is {}", kind.what)).hint(kind.advice)),
    }
}

/// Pages and drawings that are text.
fn marked_up(bytes: &[u8]) -> Option<FileKind> {
    let head = bytes.get(..1024).unwrap_or(bytes);
    let head = String::from_utf8_lossy(head).trim_start_matches('\u{feff}').trim_start().to_lowercase();
    if head.starts_with("<!doctype html") || head.starts_with("<html") {
        return Some(PAGE);
    }
    if head.starts_with("<svg") || (head.starts_with("<?xml") && head.contains("<svg")) {
        return kind("an SVG drawing", "convert it to PNG with `rsvg-convert` or Inkscape");
    }
    None
}

/// Endings of cameras' raw files.
const RAW_ENDINGS: [&str; 15] =
    ["cr2", "cr3", "crw", "nef", "nrw", "arw", "sr2", "srf", "dng", "raf", "orf", "rw2", "pef", "srw", "x3f"];
/// Endings of other pictures that howfar does not read.
const OTHER_ENDINGS: [&str; 19] = [
    "heic", "heif", "hif", "avif", "pgm", "ppm", "pbm", "pnm", "pam", "psd", "xcf", "svg", "jp2", "j2k", "jxl", "exr",
    "hdr", "qoi", "tga",
];

/// Endings (lower case, no dot) of pictures that howfar knows and does not read: such a file is reported with what to
/// do about it.
pub fn foreign_picture_endings() -> impl Iterator<Item = &'static str> {
    RAW_ENDINGS.into_iter().chain(OTHER_ENDINGS)
}

/// What a file with the ending (lower case, no dot) of a camera's raw file is.
pub fn raw_by_ending(ending: &str) -> Option<FileKind> {
    if RAW_ENDINGS.contains(&ending) { kind("a camera's raw file", DEVELOP) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_picture_is_called_by_its_name_with_what_to_do() {
        let cases: [(&[u8], &str, &str); 14] = [
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS", "git lfs pull"),
            (b"\n<!DOCTYPE HTML><title>Sign in</title>", "web page", "logged in"),
            (b"\xef\xbb\xbf<html>", "web page", "logged in"),
            (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC", "heif-convert"),
            (b"\0\0\0\x1cftypavif\0\0\0\0", "AVIF", "avifdec"),
            (b"\0\0\0\x18ftypisom\0\0\0\0", "a video", "ffmpeg"),
            (b"RIFF\0\0\0\0AVI LIST", "a video", "ffmpeg"),
            (b"II*\0\x10\0\0\0CR\x02\0", "raw file (CR2)", "develop"),
            (b"P5\n3 2\n255\nabcdef", "Netpbm", "pnmtopng"),
            (b"8BPS\0\x01", "Photoshop", "convert"),
            (b"<?xml version=\"1.0\"?>\n<svg xmlns=\"x\">", "SVG", "rsvg-convert"),
            (b"%PDF-1.4", "PDF", "pdfimages"),
            (b"PK\x03\x04", "ZIP", "unpack"),
            (&[0; 40], "zeros", "anew"),
        ];
        for (bytes, what, advice) in cases {
            let kind = foreign_file(bytes).unwrap();
            assert!(kind.what.contains(what) && kind.advice.contains(advice), "{kind:?}, expected {what}");
        }
    }

    #[test]
    fn only_what_lies_in_the_place_of_a_file_is_refused_in_its_place() {
        for (bytes, refused) in [(&b"<html>"[..], true), (&[0; 9], true), (b"PK\x03\x04", false), (b"", false)] {
            assert_eq!(refuse_stand_in(Path::new("a"), bytes).is_err(), refused, "{bytes:?}");
        }
    }

    #[test]
    fn pictures_lists_and_rubbish_have_no_other_name() {
        let cases: [&[u8]; 5] = [b"", b"\x89PNG\r\n\x1a\n", b"path,label\n", b"<?xml version=\"1.0\"?><a/>", b"P5x"];
        for bytes in cases {
            assert_eq!(foreign_file(bytes), None, "{bytes:?}");
        }
        assert!(raw_by_ending("nef").is_some() && raw_by_ending("jpg").is_none());
    }
}
