//! Lists of databases and what else says in text or in a small array what a picture shows: read as `prepare --dry-run`
//! reads them, without a look into a picture.

use std::path::Path;

use howfar_face::Fault;
use howfar_face::csv_table::{CsvTable, column_or_first, field, for_each_line_of_words};
use howfar_prepare::{PrepareRequest, Source, SourceSettings, photo_list, understand};

use crate::target::{Seeds, Target, is_taken, put};

/// Every way in which a list in text is read.
pub(crate) const CSV: Target = Target::text("csv", csv_lists, csv);
/// A list of photographs.
pub(crate) const PHOTO_LIST: Target = Target::text("photo-list", photo_lists, |place, bytes| {
    put(place, "photos.csv", bytes);
    is_taken(photo_list(&place.join("photos.csv")))
});
/// A manifest of the adapter `folder`.
pub(crate) const MANIFEST: Target =
    Target::text("manifest", manifests, |place, bytes| listed(place, "folder", "m.csv", "m.csv", bytes));
/// Hugging Face's list of an image folder.
pub(crate) const JSON_LINES: Target =
    Target::text("metadata-jsonl", json_lines, |place, bytes| listed(place, "folder", "", "metadata.jsonl", bytes));
/// A table of labels and the classes that they mean.
pub(crate) const LABEL_MAP: Target = Target::text("label-map", label_maps, |place, bytes| {
    put(place, "map.csv", bytes);
    let settings = SourceSettings { label_map: Some(place.join("map.csv")), ..SourceSettings::default() };
    understands("folder", &place.join("database"), settings)
});
/// The list of AffectNet.
pub(crate) const AFFECTNET: Target =
    Target::text("affectnet", affectnet, |place, bytes| listed(place, "affectnet", "", "list.csv", bytes));
/// NumPy's arrays of one number.
pub(crate) const NPY: Target =
    Target::bytes("npy", arrays, |place, bytes| listed(place, "affectnet", "", "annotations/1_exp.npy", bytes));
/// The list of AffectNet-HQ.
pub(crate) const AFFECTNET_HQ: Target =
    Target::text("affectnet-hq", affectnet_hq, |place, bytes| listed(place, "affectnet-hq", "", "labels.csv", bytes));
/// The list of RAF-DB.
pub(crate) const RAFDB: Target =
    Target::text("rafdb", rafdb, |place, bytes| listed(place, "rafdb", "", "list_patition_label.txt", bytes));
/// The list of ExpW.
pub(crate) const EXPW: Target =
    Target::text("expw", expw, |place, bytes| listed(place, "expw", "", "label.lst", bytes));
/// The XML of MMI.
pub(crate) const XML: Target = Target::text("xml", xml, |place, bytes| listed(place, "mmi", "", "S001-002.xml", bytes));
/// The emotion files of CK+.
pub(crate) const CKPLUS: Target =
    Target::text("ckplus", ckplus, |place, bytes| listed(place, "ckplus", "", "S005_001_00000002_emotion.txt", bytes));
/// The class names of a copy in YOLO's layout.
pub(crate) const YOLO_NAMES: Target =
    Target::text("yolo-names", yolo_names, |place, bytes| listed(place, "affectnet", "", "data.yaml", bytes));
/// A label of that layout.
pub(crate) const YOLO_LABEL: Target =
    Target::text("yolo-label", yolo_labels, |place, bytes| listed(place, "affectnet", "", "train/labels/a.txt", bytes));
/// The table of pixels of FER2013.
pub(crate) const FER2013: Target =
    Target::text("fer2013", fer2013, |place, bytes| listed(place, "fer2013", "fer2013.csv", "fer2013.csv", bytes));
/// The votes of FER+.
pub(crate) const FER_PLUS: Target = Target::text("fer-plus", fer_plus, |place, bytes| {
    put(place, "votes.csv", bytes);
    let settings = SourceSettings { labels: Some(place.join("votes.csv")), ..SourceSettings::default() };
    understands("fer2013", &place.join("database/fer2013.csv"), settings)
});

/// What `prepare` would make of a source.
pub(crate) fn understands(adapter: &str, path: &Path, settings: SourceSettings) -> bool {
    let source = Source { adapter: adapter.to_owned(), path: path.to_owned() };
    let request = PrepareRequest { settings, ..PrepareRequest::new(vec![source], "nothing-is-written".into()) };
    is_taken(understand(&request).map(|understanding| understanding.to_string()))
}

/// The same of the folder `database` with a changed file in it.
fn listed(place: &Path, adapter: &str, given: &str, changed: &str, bytes: &[u8]) -> bool {
    let database = place.join("database");
    put(&database, changed, bytes);
    let path = if given.is_empty() { database } else { database.join(given) };
    understands(adapter, &path, SourceSettings::default())
}

fn csv(place: &Path, bytes: &[u8]) -> bool {
    put(place, "list.csv", bytes);
    let path = place.join("list.csv");
    let rows = |table: CsvTable| {
        table.for_each(|place, row| (0..row.len().min(3)).try_for_each(|column| field(row, column, place).map(drop)))
    };
    let named = CsvTable::open(&path).and_then(|table| {
        table.columns().first().map_or(Ok(0), |first| table.column(first))?;
        rows(table)
    });
    let unnamed = CsvTable::without_header(&path, &["path", "label", "subject"]).and_then(rows);
    let words = for_each_line_of_words(&path, |_, words| words.first().map(drop).ok_or_else(|| Fault::data("", "")));
    let taken = [is_taken(named), is_taken(unnamed), is_taken(words), is_taken(column_or_first(&path, &["path"]))];
    taken.contains(&true)
}

/// Empty pictures beside what is read: their names alone are looked at.
fn with_pictures(place: &Path, names: &[&str], seeds: &[&[u8]]) -> Seeds {
    names.iter().for_each(|name| put(&place.join("database"), name, b""));
    Ok(seeds.iter().map(|seed| seed.to_vec()).collect())
}

fn csv_lists(place: &Path) -> Seeds {
    let wide = |text: &str, to: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to).collect::<Vec<u8>>();
    let plain = "path,label,subject\na.png,joy,p1\n\"b, c.png\",\"sad \"\"so\"\"\",\n";
    let seeds = [
        plain.as_bytes(),
        b"sep=;\r\npath;label;subject\r\na.png;joy;p1\r\n",
        b"path\tlabel\tsubject\ra.png\tjoy\tp1\r",
        b"a.png 1 2.5\nb.png,2;3\n",
        &wide(&format!("\u{feff}{plain}"), u16::to_le_bytes),
        &wide(plain, u16::to_be_bytes),
    ];
    with_pictures(place, &[], &seeds)
}

fn photo_lists(place: &Path) -> Seeds {
    with_pictures(place, &[], &[b"path,name\na.png,x\nb c.jpg,\"y, z\"\n", b"a.png\nb.png\n", b"image;n\na.png;1\n"])
}

fn manifests(place: &Path) -> Seeds {
    let grouped = b"file_name\tlabel\tsubject\tgroup\na.png\tanger\t1\tx\nb.png\tfear\t2\t\n";
    let plain = b"path,label,subject,split\na.png,joy,p1,train\n\"b.png\",\"sad\",nan,test\n";
    with_pictures(place, &["a.png", "b.png"], &[plain, grouped])
}

fn json_lines(place: &Path) -> Seeds {
    let plain = b"{\"file_name\": \"a.png\", \"label\": \"anger\"}\n{\"file_name\": \"b.png\", \"label\": \"fear\"}\n";
    let more = b"{\"file_name\": \"a.png\", \"label\": \"anger\", \"subject\": 7, \"group\": null}\n\
        {\"label\": \"fear\", \"file_name\": \"b.png\", \"subject\": \"8\", \"more\": [1, {\"a\": 2}]}\n";
    with_pictures(place, &["a.png", "b.png"], &[plain, more])
}

fn label_maps(place: &Path) -> Seeds {
    let pictures = ["angry man/1.png", "sadly/2.png", "else/3.png"];
    let seeds: [&[u8]; 2] =
        [b"label,class\nangry man,anger\nsadly,sadness\nelse,-\n", b"Else;-\nSadly;sad\nangry man;angry\n"];
    with_pictures(place, &pictures, &seeds)
}

fn affectnet(place: &Path) -> Seeds {
    let plain = b"1/a.png,10,20,30,40,1;2,6,0.1,0.2\nb.png,1,2,30,40,1;2,9,-2,-2\n";
    let headed =
        b"subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal\n\
        1/a.png,10,20,30,40,1;2,6,0.1,0.2\n";
    with_pictures(place, &["1/a.png", "b.png"], &[plain, headed])
}

fn arrays(place: &Path) -> Seeds {
    let array = |version: u8, kind: &str, data: &[u8]| {
        let head = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': (), }}\n");
        let length = if version == 1 {
            (head.len() as u16).to_le_bytes().to_vec()
        } else {
            (head.len() as u32).to_le_bytes().to_vec()
        };
        [b"\x93NUMPY", &[version, 0][..], &length, head.as_bytes(), data].concat()
    };
    let (text, bytes) = (array(1, "<U1", b"3\0\0\0"), array(2, "|S2", b"7\0"));
    let (number, wide) = (array(1, "<i8", &7u64.to_le_bytes()), array(3, "<U2", b"1\0\0\0\0\0\0\0"));
    with_pictures(place, &["images/1.jpg"], &[&text, &bytes, &number, &wide])
}

fn affectnet_hq(place: &Path) -> Seeds {
    with_pictures(place, &["a.png", "b.png"], &[b",pth,label,relFCs\n0,a.png,anger,0.9\n1,b.png,surprise,0.8\n"])
}

fn rafdb(place: &Path) -> Seeds {
    let pictures = ["train_00001_aligned.jpg", "test_0001_aligned.jpg"];
    with_pictures(place, &pictures, &[b"train_00001.jpg 5\ntest_0001.jpg 7\n"])
}

fn expw(place: &Path) -> Seeds {
    with_pictures(place, &["a.png", "b.png"], &[b"a.png 0 1 2 20 20 90.5 3\nb.png 1 1 2 30 28 70 0\n"])
}

fn xml(place: &Path) -> Seeds {
    let plain = br#"<a><Metatag Name="Emotion" Value="6"/><Metatag Name="View" Value="0"/></a>"#;
    let entities = br#"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b "4"><!ENTITY c "&b;">]><!-- Emotion -->
<a xmlns:x="y"><metatag
 Value='&c;' Name = 'emotion' /><x:Subject age='30' ID='a&amp;b&#65;'/><![CDATA[<a>]]></a>"#;
    with_pictures(place, &["S001-002/1.png"], &[plain, entities])
}

fn ckplus(place: &Path) -> Seeds {
    with_pictures(place, &["S005_001_00000001.png", "S005_001_00000002.png"], &[b"   3.0000000e+00\n", b"6"])
}

fn yolo_names(place: &Path) -> Seeds {
    put(&place.join("database"), "train/labels/a.txt", b"1 0.5 0.5 0.5 0.5\n");
    let list = b"train: ../train/images\nnc: 2\nnames: ['Anger', 'Fear']\n";
    let numbered = b"names:\n  0: anger # first\n  1: \"fear\"\nroboflow:\n  workspace: happy\n";
    with_pictures(place, &["train/images/a.png"], &[list, b"names:\n- anger\n- fear\nnc: 2\n", numbered])
}

fn yolo_labels(place: &Path) -> Seeds {
    put(&place.join("database"), "data.yaml", b"names: [anger, fear]\n");
    let boxes = b"0 0.2 0.5 0.3 0.3\n1 0.7 0.5 0.3 0.3\n";
    with_pictures(place, &["train/images/a.png"], &[b"1 0.5 0.5 0.5 0.5\n", boxes])
}

/// A table of FER2013.
fn pixel_table() -> Vec<u8> {
    let pixels = vec!["7"; 48 * 48].join(" ");
    format!("emotion,pixels,Usage\n0,{pixels},Training\n6,{pixels},PublicTest\n").into_bytes()
}

fn fer2013(place: &Path) -> Seeds {
    with_pictures(place, &[], &[&pixel_table()])
}

fn fer_plus(place: &Path) -> Seeds {
    put(&place.join("database"), "fer2013.csv", &pixel_table());
    let votes = b"Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF\n\
        Training,fer0000000.png,4,0,0,1,3,2,0,0,0,0\nPublicTest,,0,0,0,0,0,0,0,0,0,10\n";
    with_pictures(place, &[], &[votes])
}
