//! Damaged files: whatever a picture, a list, an annotation or an array holds, `prepare` and `open_photo` answer in
//! words, soon and within bounded memory. `HOWFAR_FUZZ=N` tries N files of every kind instead of a few.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod made;

use std::io::Cursor;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use howfar_prepare::{Detect, PrepareRequest, Source, SourceSettings, open_photo, prepare};
use image::{DynamicImage, ImageFormat};

/// No file takes longer, on any machine: a loop without an end is meant.
const LONGEST: Duration = Duration::from_secs(10);
/// Files of each kind where nobody asks for more.
const FEW: u64 = 20;

/// A small generator of numbers: xorshift, the same everywhere.
struct Mutations(u64);

impl Mutations {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }
}

/// Flips, cuts, splices and lies about lengths: one to four of them.
fn mutated(whole: &[u8], mutations: &mut Mutations) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for _ in 0..=mutations.below(4) {
        if bytes.is_empty() {
            break;
        }
        // Heads matter most: half of the changes are among the first bytes.
        let reach = if mutations.below(2) == 0 { bytes.len().min(64) } else { bytes.len() };
        let at = mutations.below(reach);
        match mutations.below(7) {
            0 => bytes[at] ^= 1 << mutations.below(8),
            1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][mutations.below(5)],
            2 => bytes.truncate(at),
            3 => {
                let end = (at + mutations.below(40)).min(bytes.len());
                bytes.drain(at..end);
            }
            4 => {
                let from = mutations.below(whole.len());
                let piece = &whole[from..(from + mutations.below(64)).min(whole.len())];
                bytes.splice(at..at, piece.iter().copied());
            }
            5 => {
                let lie = [0, 1, 0xffff, 0x7fff_ffff, u32::MAX, 1 << 24][mutations.below(6)];
                let lie = if mutations.below(2) == 0 { lie.to_le_bytes() } else { lie.to_be_bytes() };
                let end = (at + 4).min(bytes.len());
                bytes[at..end].copy_from_slice(&lie[..end - at]);
            }
            _ => bytes[at] = b"\n,;\"\t\r \0"[mutations.below(8)],
        }
    }
    bytes
}

fn pictures() -> Vec<(String, Vec<u8>)> {
    let photo = image::RgbImage::from_fn(40, 30, |x, y| image::Rgb([(x * 6) as u8, (y * 8) as u8, (x * y) as u8]));
    let formats =
        [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Tiff, ImageFormat::Bmp, ImageFormat::Gif, ImageFormat::WebP];
    let mut made: Vec<(String, Vec<u8>)> = formats
        .into_iter()
        .map(|format| {
            let mut bytes = Cursor::new(Vec::new());
            let photo = DynamicImage::ImageRgb8(photo.clone());
            let photo = if format == ImageFormat::Gif { photo.to_rgba8().into() } else { photo };
            photo.write_to(&mut bytes, format).unwrap();
            (format!("{format:?}"), bytes.into_inner())
        })
        .collect();
    made.push(("Tiff with a colour table".to_owned(), made::palette_tiff()));
    made
}

fn n_files() -> u64 {
    std::env::var("HOWFAR_FUZZ").ok().and_then(|n| n.parse().ok()).unwrap_or(FEW)
}

/// Tries mutations of a file one after the other; a panic inside fails the test by itself.
fn try_all(what: &str, whole: &[u8], mut attempt: impl FnMut(&[u8])) {
    let mut mutations = Mutations(0x9e37_79b9_7f4a_7c15);
    for file_idx in 0..n_files() {
        let bytes = mutated(whole, &mut mutations);
        let begun = Instant::now();
        attempt(&bytes);
        assert!(begun.elapsed() < LONGEST, "{what}, mutation {file_idx} took {:?}", begun.elapsed());
    }
}

#[test]
fn damaged_pictures_are_refused_or_read_and_never_break_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jpg");
    for (what, whole) in pictures() {
        std::fs::write(&path, &whole).unwrap();
        open_photo(&path).unwrap();
        try_all(&what, &whole, |bytes| {
            std::fs::write(&path, bytes).unwrap();
            if let Err(fault) = open_photo(&path) {
                assert!(fault.to_string().lines().count() < 24, "{fault}");
            }
        });
    }
}

/// Prepares a folder as an adapter would; nothing is asked of the answer but that it is one.
fn prepared(adapter: &str, path: &Path, labels: Option<&Path>) {
    let out = tempfile::tempdir().unwrap();
    let source = Source { adapter: adapter.to_owned(), path: path.to_owned() };
    let request = PrepareRequest {
        detect: Detect::None,
        size: 16,
        max_megapixels: 1.0,
        settings: SourceSettings { labels: labels.map(Path::to_owned), ..SourceSettings::default() },
        ..PrepareRequest::new(vec![source], out.path().join("faces"))
    };
    if let Err(fault) = prepare(&request, &mut |_| ControlFlow::Continue(())) {
        assert!(fault.to_string().chars().count() < 2600, "{fault}");
    }
}

#[test]
fn damaged_lists_annotations_and_arrays_are_answered_in_words() {
    let pixels = vec!["7"; 48 * 48].join(" ");
    let table = format!("emotion,pixels,Usage\n0,{pixels},Training\n6,{pixels},PublicTest\n");
    let votes = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF\n\
        Training,fer0000000.png,4,0,0,1,3,2,0,0,0,0\nPublicTest,,0,0,0,0,0,0,0,0,0,10\n";
    let array = b"\x93NUMPY\x01\0\x36\0{'descr': '<U1', 'fortran_order': False, 'shape': (), }\n3\0\0\0";
    let xml = br#"<a><Metatag Name="Emotion" Value="6"/><Metatag Name="View" Value="0"/></a>"#;
    let cases: [(&str, &str, &str, &[u8]); 9] = [
        ("folder", "m.csv", "m.csv", b"path,label,subject,split\na.png,joy,p1,train\n\"b.png\",\"sad\",nan,\n"),
        ("affectnet", "", "list.csv", b"1/a.png,10,20,30,40,1;2,6,0.1,0.2\nb.png,1,2,30,40,1;2,9,-2,-2\n"),
        ("affectnet", "", "annotations/1_exp.npy", array),
        ("affectnet-hq", "", "labels.csv", b",pth,label,relFCs\n0,a.png,anger,0.9\n1,b.png,surprise,0.8\n"),
        ("rafdb", "", "list_patition_label.txt", b"train_00001.jpg 5\ntest_0001.jpg 7\n"),
        ("expw", "", "label.lst", b"a.png 0 1 2 20 20 90.5 3\nb.png 1 1 2 30 28 70 0\n"),
        ("mmi", "", "S001-002.xml", xml),
        ("fer2013", "fer2013.csv", "fer2013.csv", table.as_bytes()),
        ("fer2013", "fer2013.csv", "votes.csv", votes.as_bytes()),
    ];
    for (adapter, given, changed, whole) in cases {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        };
        let (_, picture) = &pictures()[0];
        let others = ["a.png", "b.png", "images/1.jpg", "train_00001_aligned.jpg", "S001-002/1.png", "1/a.png"];
        for name in others {
            write(name, picture);
        }
        write("fer2013.csv", table.as_bytes());
        let votes = (changed == "votes.csv").then(|| folder.path().join(changed));
        if adapter != "fer2013" {
            std::fs::remove_file(folder.path().join("fer2013.csv")).unwrap();
        }
        let path = if given.is_empty() { folder.path().to_owned() } else { folder.path().join(given) };
        try_all(&format!("{adapter}, {changed}"), whole, |bytes| {
            write(changed, bytes);
            prepared(adapter, &path, votes.as_deref());
        });
    }
}
