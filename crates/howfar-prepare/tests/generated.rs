//! Pictures as generators leave them, and lists as Hugging Face's image folders have them, through the adapter
//! `folder`.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::io::Cursor;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use howfar_face::{Expression, Face, FaceSet, Fault, Provenance};
use howfar_prepare::{Detect, LabelsFrom, PrepareReport, PrepareRequest, Reason, Source, SourceSettings, prepare};

struct Desk {
    folder: tempfile::TempDir,
}

fn pattern(seed: u32) -> image::GrayImage {
    let value = |x: u32, y: u32| (x * (3 + seed % 5) + y * (1 + seed % 7) + seed * 13) as u8;
    image::GrayImage::from_fn(48, 48, |x, y| image::Luma([value(x, y)]))
}

impl Desk {
    fn with(pictures: &[&str]) -> Self {
        let desk = Desk { folder: tempfile::tempdir().unwrap() };
        for (seed, name) in (1..).zip(pictures) {
            desk.make_room(name);
            pattern(seed).save(desk.at(name)).unwrap();
        }
        desk
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn make_room(&self, name: &str) {
        std::fs::create_dir_all(self.at(name).parent().unwrap()).unwrap();
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        self.make_room(name);
        std::fs::write(self.at(name), bytes).unwrap();
    }

    /// A PNG with a text under a keyword.
    fn write_png(&self, name: &str, seed: u32, keyword: &str, text: &str) {
        self.make_room(name);
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 48, 48);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::Eight);
        if text.is_ascii() {
            encoder.add_text_chunk(keyword.to_owned(), text.to_owned()).unwrap();
        } else {
            encoder.add_itxt_chunk(keyword.to_owned(), text.to_owned()).unwrap();
        }
        encoder.write_header().unwrap().write_image_data(pattern(seed).as_raw()).unwrap();
        self.write(name, bytes);
    }

    /// A JPEG with a description in EXIF.
    fn write_jpeg(&self, name: &str, seed: u32, description: &str) {
        let mut jpeg = Cursor::new(Vec::new());
        pattern(seed).write_to(&mut jpeg, image::ImageFormat::Jpeg).unwrap();
        let jpeg = jpeg.into_inner();
        let text = format!("{description}\0");
        let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x0e\0\x02".to_vec();
        exif.extend((text.len() as u32).to_be_bytes());
        exif.extend(26_u32.to_be_bytes());
        exif.extend([0; 4]);
        exif.extend(text.as_bytes());
        let length = (exif.len() as u16 + 2).to_be_bytes();
        let bytes = [&jpeg[..2], &[0xff, 0xe1], &length, &exif, &jpeg[2..]].concat();
        self.write(name, bytes);
    }

    fn request(&self, path: &str) -> PrepareRequest {
        let source = Source { adapter: "folder".to_owned(), path: self.at(path) };
        let request = PrepareRequest::new(vec![source], self.at("out/faces"));
        PrepareRequest { detect: Detect::None, provenance: Provenance::Generated, size: 48, max_losses: 1.0, ..request }
    }

    fn run(&self, request: &PrepareRequest) -> Result<PrepareReport, Fault> {
        let _ = std::fs::remove_dir_all(self.at("out"));
        prepare(request, &mut |_| ControlFlow::Continue(()))
    }

    /// Source, class and person of every face written.
    fn told(&self) -> Vec<String> {
        let set = FaceSet::open(&self.at("out/faces")).unwrap();
        let mut told = Vec::new();
        let tell = |face: Face| {
            let labels = face.labels;
            told.push(format!("{} {} {}", labels.source, set.info().classes[labels.label], labels.subject.person()));
            Ok(())
        };
        set.for_each(tell).unwrap();
        told
    }

    fn rejects(&self) -> String {
        std::fs::read_to_string(self.at("out/faces.rejects.csv")).unwrap()
    }
}

fn reasons(report: &PrepareReport) -> Vec<(Reason, u64)> {
    report.rejects.iter().map(|r| (r.reason, r.files)).collect()
}

/// A sheet of three columns and two rows, whose square `n` is the picture of seed `n`.
fn save_sheet(path: &Path) {
    let mut sheet = image::GrayImage::new(3 * 48, 2 * 48);
    for seed in 0..6 {
        image::imageops::replace(&mut sheet, &pattern(seed), i64::from(seed % 3 * 48), i64::from(seed / 3 * 48));
    }
    sheet.save(path).unwrap();
}

#[test]
fn a_sheet_of_stargan_gives_a_face_a_square_with_its_row_as_person_and_parent() {
    let desk = Desk::with(&[]);
    desk.make_room("db/odd.png");
    image::GrayImage::new(50, 48).save(desk.at("db/odd.png")).unwrap();
    save_sheet(&desk.at("db/1-images.png"));
    desk.write("map.csv", "1,angry\n2,happy\n");
    let by_order = PrepareRequest { expressions: vec![Expression::Anger, Expression::Happiness], ..desk.request("db") };
    let by_map = PrepareRequest {
        settings: SourceSettings { label_map: Some(desk.at("map.csv")), ..SourceSettings::default() },
        ..desk.request("db")
    };
    for request in [by_order, by_map] {
        let report = desk
            .run(&PrepareRequest { settings: SourceSettings { grid: Some(3), ..request.settings.clone() }, ..request })
            .unwrap();
        let set = FaceSet::open(&desk.at("out/faces")).unwrap();
        let mut seeds = [1, 2, 4, 5].into_iter();
        set.for_each(|face| {
            let labels = &face.labels;
            let parent = labels.parent.as_ref().unwrap();
            assert_eq!((labels.subject.person(), parent), (parent.person(), &labels.subject));
            assert_eq!(face.picture.data, pattern(seeds.next().unwrap()).into_raw(), "{}", labels.source);
            Ok(())
        })
        .unwrap();
        assert_eq!(
            desk.told(),
            [
                "1-images.png#row 1, column 1 anger 1-images#1",
                "1-images.png#row 1, column 2 happiness 1-images#1",
                "1-images.png#row 2, column 1 anger 1-images#2",
                "1-images.png#row 2, column 2 happiness 1-images#2"
            ]
        );
        assert_eq!(reasons(&report), [(Reason::NoLabel, 2), (Reason::Unreadable, 1)], "parents, and what is no sheet");
        assert!(report.to_string().contains("1 sheets of 3 columns and 2 rows"), "{report}");
    }
}

#[test]
fn a_sheet_of_another_shape_or_number_of_labels_is_refused() {
    let desk = Desk::with(&["db/square.png"]);
    desk.write("map.csv", "7,angry\n");
    let fault = |request: PrepareRequest| desk.run(&request).unwrap_err().to_string();
    let two = || PrepareRequest { expressions: vec![Expression::Anger, Expression::Fear], ..desk.request("db") };
    let five = fault(PrepareRequest { settings: SourceSettings { grid: Some(6), ..two().settings }, ..two() });
    assert!(five.contains("6 columns, the first of which is the parent; 2 expressions"), "{five}");
    let shape = fault(PrepareRequest {
        expressions: two().expressions,
        settings: SourceSettings { grid: Some(3), ..SourceSettings::default() },
        ..desk.request("none")
    });
    assert!(shape.contains("no such folder"), "{shape}");
    let map = fault(PrepareRequest {
        settings: SourceSettings { grid: Some(3), label_map: Some(desk.at("map.csv")), ..SourceSettings::default() },
        ..desk.request("db")
    });
    assert!(map.contains("no column of the sheets stands in the table"), "{map}");
    desk.write("db/square.png", b"no picture");
    let none = fault(PrepareRequest { settings: SourceSettings { grid: Some(3), ..two().settings }, ..two() });
    assert!(none.contains("no sheet of 3 columns is here"), "{none}");
}

#[test]
fn names_of_generators_give_labels_and_persons_when_all_follow_the_scheme() {
    let cases: [(&[&str], &[&str]); 2] = [
        (
            &[
                "db/face_00001_m_30_asian_angry_x.png",
                "db/face_00001_m_30_asian_happy_x.png",
                "db/face_00002_f_60_white_sad.png",
            ],
            &[
                "face_00001_m_30_asian_angry_x.png anger face_00001",
                "face_00001_m_30_asian_happy_x.png happiness face_00001",
                "face_00002_f_60_white_sad.png sadness face_00002",
            ],
        ),
        (
            &["db/s01--d_happy.png", "db/s01--sad 3.png", "db/s02--d_happy.png", "db/s02--d_happy_concat.png"],
            &["s01--d_happy.png happiness s01", "s01--sad 3.png sadness s01", "s02--d_happy.png happiness s02"],
        ),
    ];
    for (names, expected) in cases {
        let desk = Desk::with(names);
        let report = desk.run(&desk.request("db")).unwrap();
        assert_eq!(desk.told(), expected);
        assert!(
            report.to_string().contains(&format!("labels of {} pictures are from their names", expected.len())),
            "{report}"
        );
    }
}

#[test]
fn seeds_are_persons_below_class_folders_unless_one_name_is_another() {
    let desk = Desk::with(&["db/happy/seed0001.png", "db/sad/seed0001.png", "db/sad/seed0002.png"]);
    let report = desk.run(&desk.request("db")).unwrap();
    assert_eq!((report.n_faces, report.n_persons), (3, 2), "{report}");
    assert!(report.to_string().contains("people of 3 pictures are from their names: seed"), "{report}");
    pattern(9).save(desk.at("db/sad/other.png")).unwrap();
    let report = desk.run(&desk.request("db")).unwrap();
    assert_eq!((report.n_faces, report.n_persons), (4, 4), "{report}");
}

#[test]
fn the_prompt_in_the_file_or_beside_it_is_the_label_or_the_reason_why_there_is_none() {
    let desk = Desk::with(&["db/5.png", "db/6.png", "db/7.png"]);
    desk.write_png("db/1.png", 11, "parameters", "a furious man\nNegative prompt: smile, blurry\nSteps: 20");
    desk.write_png("db/2.png", 12, "parameters", "une fille, smiling, caf\u{e9} \u{2014} 50 mm");
    let graph = r#"{"3": {"inputs": {"positive": ["6", 0], "negative": ["7", 0]}},
        "6": {"inputs": {"text": "a scared face"}}, "7": {"inputs": {"text": "happy"}}}"#;
    desk.write_png("db/3.png", 13, "prompt", graph);
    desk.write_jpeg("db/4.jpg", 14, "portrait of an astonished woman");
    desk.write("db/5.txt", "a sad clown");
    desk.write("db/6.json", r#"{"prompt": "disgusted man", "negative_prompt": "text"}"#);
    desk.write_png("db/8.png", 18, "parameters", "a happy man beside a sad man");
    desk.write_png("db/9.png", 19, "parameters", "a man, no smile");
    let request = PrepareRequest {
        settings: SourceSettings { labels_from: LabelsFrom::Prompt, ..SourceSettings::default() },
        ..desk.request("db")
    };
    let report = desk.run(&request).unwrap();
    let expected = ["1.png anger", "2.png happiness", "3.png fear", "4.jpg surprise", "5.png sadness", "6.png disgust"];
    let told = desk.told();
    assert_eq!(told.len(), expected.len(), "{told:?}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.starts_with(expected), "{told}");
    }
    assert_eq!(reasons(&report), [(Reason::NotAPicture, 2), (Reason::NoLabel, 3)]);
    let rejects = desk.rejects();
    for part in ["happy and sad", "negates", "no smile", "no prompt is in the file or beside it"] {
        assert!(rejects.contains(part), "{rejects}");
    }
    assert!(report.to_string().contains("nobody has looked"), "{report}");
}

#[test]
fn a_folder_without_prompts_is_refused_with_what_was_looked_for() {
    let desk = Desk::with(&["db/1.png"]);
    let request = PrepareRequest {
        settings: SourceSettings { labels_from: LabelsFrom::Prompt, ..SourceSettings::default() },
        ..desk.request("db")
    };
    let fault = desk.run(&request).unwrap_err().to_string();
    for part in ["no picture has a prompt", "1.png: no prompt", "`parameters`", "--labels-from"] {
        assert!(fault.contains(part), "{fault}");
    }
}

#[test]
fn marks_of_a_generator_on_what_counts_as_photographs_are_told() {
    let desk = Desk::with(&["db/happy/1.png", "db/sad/2.png"]);
    desk.write_png("db/sad/3.png", 13, "parameters", "a sad man");
    desk.write_jpeg("db/sad/4.jpg", 14, "AI generated;txt2img;flux");
    let real = PrepareRequest { provenance: Provenance::Real, ..desk.request("db") };
    let report = desk.run(&real).unwrap().to_string();
    for part in
        ["2 of 4 pictures looked at bear the mark of a generator", "FLUX", "Stable Diffusion", "--provenance generated"]
    {
        assert!(report.contains(part), "{report}");
    }
    let report = desk.run(&desk.request("db")).unwrap().to_string();
    assert!(!report.contains("bear the mark"), "{report}");
}

#[test]
fn lists_of_image_folders_are_read_in_each_split_and_every_file_is_accounted_for() {
    let desk = Desk::with(&["db/train/1.png", "db/train/2.png", "db/train/un.png", "db/test/1.png"]);
    desk.write("db/train/metadata.csv", "file_name,emotion,subject\n1.png,Happy,a\n2.png,sad,a\ngone.png,sad,b\n");
    desk.write(
        "db/test/metadata.jsonl",
        "{\"file_name\": \"1.png\", \"emotion\": \"happy\", \"subject\": \"c\", \"objects\": [1]}\n\n",
    );
    let report = desk.run(&desk.request("db")).unwrap();
    assert_eq!(desk.told(), ["test/1.png happiness c", "train/1.png happiness a", "train/2.png sadness a"]);
    assert_eq!(reasons(&report), [(Reason::NoLabel, 1), (Reason::Missing, 1)]);
    assert!(
        report.to_string().contains("classes from the column `emotion`; 3 people from the column `subject`"),
        "{report}"
    );
}

#[test]
fn manifests_may_call_their_columns_otherwise() {
    let desk = Desk::with(&["a.png", "b.png"]);
    for (name, text) in [
        ("1.csv", "image,label,who\na.png,happy,x\nb.png,sad,y\n"),
        ("2.csv", "filename;expression;who\na.png;happy;x\nb.png;sad;y\n"),
        ("3.csv", "path,label,seen,who\na.png,1,happy,x\nb.png,2,sad,y\n"),
        (
            "4.jsonl",
            "{\"file\": \"a.png\", \"class\": \"happy\", \"who\": \"x\"}\n{\"file\": \"b.png\", \"class\": \"sad\", \
                \"who\": \"y\"}\n",
        ),
    ] {
        desk.write(name, text);
        let label_column = (name == "3.csv").then(|| "seen".to_owned());
        let subject_column = Some("who".to_owned());
        desk.run(&PrepareRequest {
            settings: SourceSettings { label_column, subject_column, ..SourceSettings::default() },
            ..desk.request(name)
        })
        .unwrap();
        assert_eq!(desk.told(), ["a.png happiness x", "b.png sadness y"], "{name}");
    }
}

#[test]
fn mistakes_in_lists_are_named_with_their_lines() {
    let desk = Desk::with(&["a.png"]);
    let cases = [
        (
            "1.jsonl",
            "{\"file_name\": \"a.png\", \"label\": \"happy\"}\n{\"file_name\": \"a.png\", \"label\": \"sad\"}\n",
            "line 2: a.png stands twice",
        ),
        ("2.jsonl", "{\"file_name\": \"a.png\", \"label\": \"happy\"}\nno\n", "line 2: not a JSON object"),
        ("3.jsonl", "{\"file_name\": \"a.png\"}\n", "no column of classes"),
        ("4.jsonl", "{\"label\": \"happy\"}\n", "no column of pictures' files"),
        ("5.jsonl", "", "no column of classes"),
        ("6.csv", "file_name,label\na.png,0\n", "every label is a number"),
        ("7.csv", "file_name,label\na.png,happy\nb.png,suprise\n", "rename suprise to surprise"),
        ("8.csv", "file_name,label\n,happy\n", "no value in the column file_name"),
    ];
    for (name, text, what) in cases {
        desk.write(name, text);
        let fault = desk.run(&desk.request(name)).unwrap_err();
        assert!(fault.to_string().contains(what), "{name}: {fault}");
        assert_eq!(fault.kind().exit_code(), 3);
    }
}
