//! Files as labs have them, through a whole preparation: what is read, what is left out and in which words.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod made;

use std::io::Cursor;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use howfar_face::{Expression, Fault};
use howfar_prepare::{Detect, PrepareReport, PrepareRequest, Reason, Source, SourceSettings, open_photo, prepare};
use image::{DynamicImage, ImageFormat};

struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        Desk { folder: tempfile::tempdir().unwrap() }
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Of a folder of happiness alone, whatever is lost.
    fn of_one_class(&self) -> PrepareRequest {
        let expressions = vec![Expression::Happiness];
        PrepareRequest { expressions, max_losses: 1.0, ..self.request("folder", "db") }
    }

    fn request(&self, adapter: &str, path: &str) -> PrepareRequest {
        let source = Source { adapter: adapter.to_owned(), path: self.path(path) };
        PrepareRequest {
            detect: Detect::None,
            size: 16,
            expressions: Expression::ALL.to_vec(),
            ..PrepareRequest::new(vec![source], self.path("faces"))
        }
    }

    fn rejects(&self) -> String {
        std::fs::read_to_string(self.path("faces.rejects.csv")).unwrap()
    }
}

fn run(request: &PrepareRequest) -> Result<PrepareReport, Fault> {
    prepare(request, &mut |_| ControlFlow::Continue(()))
}

fn picture(format: ImageFormat, seed: u32) -> Vec<u8> {
    let value = |x: u32, y: u32| (x * (3 + seed) + y * (5 + seed % 3) + x * y * seed % 97) as u8;
    let photo = image::GrayImage::from_fn(64, 48, |x, y| image::Luma([value(x, y)]));
    encoded(&photo.into(), format)
}

fn encoded(photo: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    photo.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

#[test]
fn jaffe_with_colour_tables_and_other_endings_loses_nobody() {
    let desk = Desk::new();
    desk.write("db/KM.AN1.17.tiff", made::palette_tiff());
    desk.write("db/KA.AN1.39.tiff", picture(ImageFormat::Tiff, 1));
    desk.write("db/KL.HA1.158.JPG", picture(ImageFormat::Jpeg, 2));
    let report = run(&desk.request("jaffe", "db")).unwrap();
    assert_eq!((report.n_faces, report.n_persons, report.rejects.len()), (3, 3, 0), "{report}");
}

#[test]
fn a_jpeg_is_whole_when_its_picture_is_whatever_stands_behind_it() {
    let desk = Desk::new();
    let bytes = picture(ImageFormat::Jpeg, 3);
    let end = bytes.len() - 2;
    let other = picture(ImageFormat::Jpeg, 4);
    desk.write("db/happy/motion.jpg", [&bytes[..], b"\0\0\0\x18ftypmp42 \xff\xda \xff\xd9 video"].concat());
    desk.write("db/happy/without_end_mark.jpg", &other[..other.len() - 2]);
    desk.write("db/happy/two.jpg", [picture(ImageFormat::Jpeg, 5), other.clone()].concat());
    desk.write("db/happy/third.jpg", [&bytes[..end / 3], b"\xff\xd9"].concat());
    desk.write("db/happy/most.jpg", [&bytes[..end - 40], b"\xff\xd9"].concat());
    let report = run(&desk.of_one_class()).unwrap();
    assert_eq!(report.n_faces, 3, "{report}\n{}", desk.rejects());
    assert_eq!(
        desk.rejects().matches("unreadable,the file ends before the picture does").count(),
        2,
        "{}",
        desk.rejects()
    );
}

/// The head of a PNG that claims so many pixels a side, with a few bytes of data.
fn bomb(side: u32) -> Vec<u8> {
    let mut bytes = picture(ImageFormat::Png, 6);
    bytes[16..20].copy_from_slice(&side.to_be_bytes());
    bytes[20..24].copy_from_slice(&side.to_be_bytes());
    let mut sum = !0_u32;
    for byte in &bytes[12..29] {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = sum >> 1 ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 };
        }
    }
    bytes[29..33].copy_from_slice(&(!sum).to_be_bytes());
    bytes
}

#[test]
fn a_head_that_claims_a_billion_pixels_is_left_out_before_any_memory_is_asked_for() {
    let desk = Desk::new();
    desk.write("db/happy/bomb.png", bomb(60_000));
    desk.write("db/happy/large.png", encoded(&image::GrayImage::new(200, 100).into(), ImageFormat::Png));
    desk.write("db/happy/small.png", picture(ImageFormat::Png, 7));
    let report = run(&PrepareRequest { max_megapixels: 0.01, ..desk.of_one_class() }).unwrap();
    assert_eq!(report.n_faces, 1, "{report}");
    let rejects = desk.rejects();
    assert!(rejects.contains("its head claims 60000×60000 pixels, 3600 million"), "{rejects}");
    assert!(rejects.contains("200×100") && rejects.contains("--max-megapixels"), "{rejects}");
}

#[test]
fn what_is_no_picture_is_named_with_what_to_do() {
    let desk = Desk::new();
    desk.write("db/happy/1.png", picture(ImageFormat::Png, 8));
    desk.write("db/happy/really_png.jpg", picture(ImageFormat::Png, 9));
    let cases: [(&str, &[u8], &str); 7] = [
        ("lfs.jpg", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "run `git lfs pull`"),
        ("page.jpg", b"<!DOCTYPE html><html>", "a web page (HTML)"),
        ("phone.heic", b"\0\0\0\x18ftypheic\0\0\0\0", "convert it to JPEG with `heif-convert`"),
        ("new.avif", b"\0\0\0\x1cftypavif\0\0\0\0", "an AVIF picture"),
        ("camera.NEF", b"MM\0*\0\0\0\x08\0\0", "a camera's raw file"),
        ("old.pgm", b"P5\n1 1\n255\n\0", "Netpbm"),
        ("zeros.jpg", &[0; 99], "a file of zeros"),
    ];
    for (name, bytes, _) in cases {
        desk.write(&format!("db/happy/{name}"), bytes);
    }
    let report = run(&desk.of_one_class()).unwrap();
    assert_eq!(report.n_faces, 2, "{report}");
    assert_eq!((report.rejects[0].reason, report.rejects[0].files), (Reason::Unreadable, 7));
    for (name, _, words) in cases {
        let rejects = desk.rejects();
        let line = rejects.lines().find(|line| line.contains(name)).unwrap();
        assert!(line.contains("unreadable") && line.contains(words), "{line}");
    }
    let fault = open_photo(&desk.path("db/happy/lfs.jpg")).unwrap_err().to_string();
    assert!(fault.contains("this is a pointer of Git LFS") && fault.contains("hint: run `git lfs pull`"), "{fault}");
}

#[test]
fn twelve_bits_in_sixteen_are_told_once_with_their_number() {
    let desk = Desk::new();
    for i in 0..3_u16 {
        let photo = image::ImageBuffer::from_fn(40, 40, |x, y| image::Luma([(x * 100 + y) as u16 + i]));
        desk.write(&format!("db/happy/{i}.png"), encoded(&DynamicImage::ImageLuma16(photo), ImageFormat::Png));
    }
    desk.write(
        "db/happy/8.gif",
        encoded(&image::RgbaImage::from_pixel(40, 40, image::Rgba([9, 99, 9, 255])).into(), ImageFormat::Gif),
    );
    let report = run(&desk.of_one_class()).unwrap();
    assert_eq!(report.n_faces, 4, "{report}");
    let told: Vec<_> = report.caveats.iter().filter(|caveat| caveat.contains("12 bits")).collect();
    assert!(told.len() == 1 && told[0].starts_with("3 pictures"), "{:?}", report.caveats);
}

/// A manifest of two pictures.
fn manifest(bytes: &[u8]) -> Result<PrepareReport, Fault> {
    let desk = Desk::new();
    desk.write("a.png", picture(ImageFormat::Png, 1));
    desk.write("b.png", picture(ImageFormat::Png, 2));
    desk.write("m.csv", bytes);
    run(&desk.request("folder", "m.csv"))
}

#[test]
fn a_manifest_is_read_in_every_form_and_nobody_is_no_person() {
    let text = "Path;Label;Subject\r\na.png;joy;\"Doe; Jane\"\r\nb.png;sad;nan\r\n";
    let wide: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [text.as_bytes(), &wide] {
        let report = manifest(bytes).unwrap();
        assert_eq!((report.n_faces, report.n_persons), (2, 2));
        assert!(report.caveats.iter().any(|c| c.contains("of 1 pictures nobody says whose")), "{:?}", report.caveats);
    }
}

#[test]
fn a_name_with_a_comma_does_not_become_another_person() {
    let fault = manifest(b"path,label,subject\na.png,joy,Doe, Jane\nb.png,sad,Doe, John\n").unwrap_err().to_string();
    assert!(fault.contains("line 2") && fault.contains("Doe, Jane"), "{fault}");
}

#[test]
fn votes_go_through_a_whole_preparation() {
    let desk = Desk::new();
    let row = |value: u8| vec![value.to_string(); 48 * 48].join(" ");
    desk.write("fer2013.csv", format!("emotion,pixels,Usage\n0,{},Training\n0,{},PublicTest\n", row(7), row(9)));
    let votes = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF\n\
        Training,fer0000000.png,1,9,0,0,0,0,0,0,0,0\nPublicTest,fer0000001.png,0,0,0,0,0,0,0,1,9,0\n";
    desk.write("fer2013new.csv", votes);
    let labels = Some(desk.path("fer2013new.csv"));
    let report = run(&PrepareRequest {
        settings: SourceSettings { labels, ..SourceSettings::default() },
        ..desk.request("fer2013", "fer2013.csv")
    })
    .unwrap();
    let counts: Vec<_> = report.classes.iter().filter(|c| c.faces > 0).map(|c| (c.class.as_str(), c.faces)).collect();
    assert_eq!(counts, [("happiness", 1)]);
    assert_eq!(report.rejects[0].reason, Reason::NotAnExpression);
}

#[test]
fn an_error_fits_a_screen_whatever_the_list_holds() {
    let desk = Desk::new();
    desk.write("fer2013.csv", format!("emotion,pixels,Usage\nx,{},Training\n", "7 ".repeat(5000)));
    desk.write("label.lst", "a.jpg ".repeat(2000));
    for (adapter, path) in [("fer2013", "fer2013.csv"), ("expw", ".")] {
        let fault = run(&desk.request(adapter, path)).unwrap_err().to_string();
        assert!(fault.len() < 700, "{fault}");
    }
    assert!(!Path::new("faces").exists());
}
