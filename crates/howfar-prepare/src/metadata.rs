//! What a picture's file says beside its pixels: the texts of PNG, the descriptions of EXIF, marks of generators.
//!
//! In: a file, of which no more than its head is read. Out: texts, or nothing where there are none or they are damaged.
//! Judges nothing.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::LazyLock;

use regex::bytes::Regex;

/// Bytes of a file in which marks are looked for.
const HEAD: u64 = 256 << 10;
/// Bytes of texts in one file.
const TEXTS: usize = 8 << 20;

/// Marks in a file's head, and who leaves them.
const MARKS: [(&str, &str); 18] = [
    ("trainedAlgorithmicMedia", "a label of generated media (IPTC, C2PA)"),
    ("compositeWithTrainedAlgorithmicMedia", "a label of generated media (IPTC, C2PA)"),
    ("tEXtparameters\0", "Stable Diffusion web UI"),
    ("iTXtparameters\0", "Stable Diffusion web UI"),
    ("tEXtworkflow\0", "ComfyUI"),
    ("tEXtprompt\0", "a prompt"),
    ("iTXtprompt\0", "a prompt"),
    ("invokeai_metadata", "InvokeAI"),
    ("sd-metadata", "InvokeAI"),
    ("Black Forest Labs", "FLUX"),
    ("AI generated;", "FLUX"),
    ("Stable Diffusion", "Stable Diffusion"),
    ("NovelAI", "NovelAI"),
    ("Midjourney", "Midjourney"),
    ("DALL\u{b7}E", "DALL-E"),
    ("Adobe Firefly", "Adobe Firefly"),
    ("ChatGPT", "OpenAI"),
    ("Made with Google AI", "Google"),
];

/// Who seems to have generated a picture, by the marks in its file.
pub(crate) fn generator_mark(path: &Path) -> Option<&'static str> {
    let mut head = Vec::new();
    File::open(path).ok()?.take(HEAD).read_to_end(&mut head).ok()?;
    mark_in(&head)
}

/// The same of a file in memory.
pub(crate) fn mark_in(bytes: &[u8]) -> Option<&'static str> {
    static ANY: LazyLock<Regex> = LazyLock::new(|| {
        let marks: Vec<String> = MARKS.iter().map(|(mark, _)| regex::escape(mark)).collect();
        Regex::new(&marks.join("|")).expect("marks are constants, and tests compile them")
    });
    let head = bytes.get(..HEAD as usize).unwrap_or(bytes);
    let found = ANY.find(head)?.as_bytes();
    MARKS.into_iter().find(|(mark, _)| mark.as_bytes() == found).map(|(_, who)| who)
}

/// A text with the name under which it stands, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedText {
    /// A keyword of PNG, or `imagedescription`, `usercomment` of EXIF.
    pub name: String,
    /// The text.
    pub text: String,
}

/// The texts of a picture's file: those of PNG, then those of EXIF.
pub(crate) fn texts(path: &Path) -> Vec<NamedText> {
    let mut texts = png_texts(path).unwrap_or_default();
    texts.extend(exif_texts(path).unwrap_or_default());
    texts
}

fn png_texts(path: &Path) -> Option<Vec<NamedText>> {
    let limits = png::Limits { bytes: TEXTS };
    let decoder = png::Decoder::new_with_limits(BufReader::new(File::open(path).ok()?), limits);
    let reader = decoder.read_info().ok()?;
    let info = reader.info();
    let plain = info.uncompressed_latin1_text.iter().map(|t| (t.keyword.clone(), Some(t.text.clone())));
    let packed = info.compressed_latin1_text.iter().map(|t| {
        let mut text = t.clone();
        let unpacked = text.decompress_text_with_limit(TEXTS).is_ok();
        (t.keyword.clone(), if unpacked { text.get_text().ok() } else { None })
    });
    let unicode = info.utf8_text.iter().map(|t| {
        let mut text = t.clone();
        let unpacked = text.decompress_text_with_limit(TEXTS).is_ok();
        (t.keyword.clone(), if unpacked { text.get_text().ok() } else { None })
    });
    let all = plain.chain(packed).chain(unicode);
    Some(all.filter_map(|(name, text)| Some(NamedText { name: name.to_lowercase(), text: text? })).collect())
}

fn exif_texts(path: &Path) -> Option<Vec<NamedText>> {
    let mut file = BufReader::new(File::open(path).ok()?);
    let exif = exif::Reader::new().read_from_container(&mut file).ok()?;
    let text = |tag: exif::Tag, name: &str| {
        let text = match &exif.get_field(tag, exif::In::PRIMARY)?.value {
            exif::Value::Ascii(lines) => {
                lines.iter().map(|l| String::from_utf8_lossy(l)).collect::<Vec<_>>().join("\n")
            }
            exif::Value::Undefined(bytes, _) => comment(bytes, exif.little_endian()),
            _ => return None,
        };
        Some(NamedText { name: name.to_owned(), text })
    };
    let fields = [(exif::Tag::ImageDescription, "imagedescription"), (exif::Tag::UserComment, "usercomment")];
    Some(fields.into_iter().filter_map(|(tag, name)| text(tag, name)).filter(|t| !t.text.trim().is_empty()).collect())
}

/// A comment of EXIF: eight bytes name its characters.
fn comment(bytes: &[u8], little_endian: bool) -> String {
    let (code, text) = bytes.split_at_checked(8).unwrap_or((b"", bytes));
    if !code.starts_with(b"UNICODE") {
        return String::from_utf8_lossy(text).trim_matches('\0').to_owned();
    }
    // Writers disagree whose order of bytes holds; Latin letters have their zero byte first in the greater's.
    let big = match text.get(..2) {
        Some([0, _]) => true,
        Some([_, 0]) => false,
        _ => !little_endian,
    };
    let unit = |pair: &[u8]| match pair {
        [a, b] if big => u16::from_be_bytes([*a, *b]),
        [a, b] => u16::from_le_bytes([*a, *b]),
        _ => 0,
    };
    let units: Vec<u16> = text.chunks_exact(2).map(unit).collect();
    String::from_utf16_lossy(&units).trim_matches('\0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_generators_are_found_in_a_files_head() {
        let cases: [(&[u8], Option<&str>); 5] = [
            (b"\x89PNG....tEXtparameters\0a face", Some("Stable Diffusion web UI")),
            (b"\xff\xd8\xff\xe1..Exif..Black Forest Labs\0", Some("FLUX")),
            (b"<xmp>trainedAlgorithmicMedia</xmp>", Some("a label of generated media (IPTC, C2PA)")),
            (b"\xff\xd8\xff\xe1..Exif..NIKON D70\0", None),
            (b"", None),
        ];
        for (bytes, who) in cases {
            assert_eq!(mark_in(bytes), who, "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn a_comment_of_exif_is_read_in_each_of_its_ways() {
        let cases: [(&[u8], &str); 5] = [
            (b"ASCII\0\0\0an angry man", "an angry man"),
            (b"UNICODE\0\0h\0i", "hi"),
            (b"UNICODE\0h\0i\0", "hi"),
            (b"\0\0\0\0\0\0\0\0plain\0", "plain"),
            (b"x", "x"),
        ];
        for (bytes, text) in cases {
            assert_eq!(comment(bytes, true), text);
        }
    }
}
