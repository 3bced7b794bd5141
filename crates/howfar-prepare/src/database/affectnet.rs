//! `affectnet`: lists with a box and a label for each picture, pictures with one small array file for each label, and
//! the layouts of copies: class folders and YOLO's.

use std::collections::BTreeMap;
use std::path::Path;

use howfar_crop::FaceBox;
use howfar_face::Expression::{self, Anger, Contempt, Disgust, Fear, Happiness, Neutral, Sadness, Surprise};
use howfar_face::{Fault, files};

use super::Database;
use super::class_folders::{expressions, in_folders};
use super::lookup::Lookup;
use super::rows::Rows;
use super::{names, yolo};
use howfar_face::csv_table::{CsvTable, field};

use crate::listing::{Found, Listing, Reason};
use crate::published::{Published, Unit};
use crate::request::PrepareRequest;
use crate::tree::{Tree, TreeFile};

pub(super) static DATABASE: Database = Database {
    name: "affectnet",
    title: "AffectNet",
    access: "Mohammad Mahoor, University of Denver",
    terms: "non-commercial research only; pictures are not passed on",
    published: &[Published {
        part: "the validation part",
        unit: Unit::Pictures,
        classes: &[
            (Neutral, 500),
            (Happiness, 500),
            (Sadness, 500),
            (Surprise, 500),
            (Fear, 500),
            (Disgust, 500),
            (Anger, 500),
            (Contempt, 500),
        ],
        persons: None,
    }],
    settings: &[],
    known_flaws: &[],
    names_by_path: false,
    // Read from class folders of any names, which have levels; its lists and annotations have none.
    is_sign: |listing| listing.levels.is_empty(),
    list,
};

/// By the number of the label; what follows is no expression.
const LABELS: [Expression; 8] = [Neutral, Happiness, Sadness, Surprise, Fear, Disgust, Anger, Contempt];
const NO_EXPRESSION: [&str; 3] = ["none", "uncertain", "no face"];
/// The columns of a list; the authors' validation list comes without this line.
const COLUMNS: [&str; 9] = [
    "subDirectory_filePath",
    "face_x",
    "face_y",
    "face_width",
    "face_height",
    "facial_landmarks",
    "expression",
    "valence",
    "arousal",
];

fn list(path: &Path, request: &PrepareRequest) -> Result<Listing, Fault> {
    if path.is_file() {
        // The pictures lie beside the list or below its folder.
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        return list_tables(&Tree::read(folder)?, &[path]);
    }
    let tree = Tree::read(path)?;
    if let Some(names) = yolo::names_file(&tree) {
        return yolo::list(&tree, names);
    }
    if tree.files.iter().any(|file| file.name().ends_with("_exp.npy")) {
        return list_arrays(&tree);
    }
    let is_table = |file: &&TreeFile| file.name().to_lowercase().ends_with(".csv");
    let tables: Vec<&Path> = tree.files.iter().filter(is_table).map(|file| file.path.as_path()).collect();
    if tables.is_empty() { list_folders(&tree, request) } else { list_tables(&tree, &tables) }
}

/// Copies in class folders, called by words or by the numbers of the lists.
fn list_folders(tree: &Tree, request: &PrepareRequest) -> Result<Listing, Fault> {
    let mut listing = Listing { cropped: true, ..Listing::default() };
    let none = |folder: &str| {
        let number = folder.parse::<usize>().ok().and_then(|n| n.checked_sub(LABELS.len()));
        let named = |name: &&&str| ***name == folder.to_lowercase().replace(['_', '-'], " ");
        number.and_then(|n| NO_EXPRESSION.get(n)).or_else(|| NO_EXPRESSION.iter().find(named)).copied()
    };
    let mut pictures = in_folders(tree, &request.settings.ignore, &mut listing)?;
    pictures.retain(|picture| match none(picture.folder) {
        Some(name) => {
            listing.reject(&picture.file.relative, Reason::NotAnExpression, name);
            false
        }
        None => true,
    });
    let by_number = |folder: &str| LABELS.get(folder.parse::<usize>().ok()?).copied();
    let classes = expressions(tree, &pictures, |folder| Expression::from_word(folder).or_else(|| by_number(folder)))?;
    for picture in pictures {
        listing.take(Found::picture(picture.file, classes[picture.folder].clone()));
    }
    Ok(listing)
}

fn list_tables(tree: &Tree, tables: &[&Path]) -> Result<Listing, Fault> {
    let mut listing = Listing::default();
    let (mut lookup, mut rows) = (Lookup::new(tree), Rows::default());
    for table in tables {
        let mut csv = CsvTable::open(table)?;
        if csv.find(COLUMNS[0]).is_none() && csv.find("expression").is_none() {
            if csv.find("pth").is_some() {
                return Err(Fault::data(table.display(), "this is the list of AffectNet-HQ")
                    .hint("read its folder with the adapter affectnet-hq"));
            }
            csv = CsvTable::without_header(table, &COLUMNS)?;
        }
        list_table(csv, &mut lookup, &mut rows, &mut listing)?;
    }
    lookup.report_unnamed(&mut listing);
    Ok(listing)
}

fn list_table(csv: CsvTable, lookup: &mut Lookup<'_>, rows: &mut Rows, listing: &mut Listing) -> Result<(), Fault> {
    let (path_at, label_at) = (csv.column(COLUMNS[0])?, csv.column("expression")?);
    let box_at = [csv.column("face_x")?, csv.column("face_y")?, csv.column("face_width")?, csv.column("face_height")?];
    csv.for_each(|place, row| {
        let (name, label) = (field(row, path_at, place)?, field(row, label_at, place)?);
        let file = lookup.find(name);
        // A list may call one file by several paths.
        if !rows.is_new(listing, file.map_or(name, |file| &file.relative), label, place)? {
            return Ok(());
        }
        let Some(file) = file else {
            listing.reject(name, Reason::Missing, format!("named in {place}"));
            return Ok(());
        };
        let number = |i: usize| row.get(box_at[i]).and_then(|n| n.parse::<f64>().ok()).unwrap_or(f64::NAN);
        let face_box = FaceBox::new(number(0), number(1), number(2), number(3));
        take_label(listing, file, label, place, face_box)
    })
}

/// `train_set/images/1.jpg` and `train_set/annotations/1_exp.npy`.
fn list_arrays(tree: &Tree) -> Result<Listing, Fault> {
    let labels: BTreeMap<&str, &TreeFile> =
        tree.files.iter().filter_map(|file| Some((file.relative.strip_suffix("_exp.npy")?, file))).collect();
    let picture = names::picture(r"\d+");
    let annotation = names::whole(r"\d+_(exp|val|aro|lnd)\.npy");
    let mut listing = Listing { cropped: true, ..Listing::default() };
    for file in tree.files.iter().filter(|file| !annotation.is_match(file.name())) {
        if !picture.is_match(file.name()) {
            listing.reject_unknown(file, "a name such as 123.jpg");
            continue;
        }
        let folder = file.relative.rsplit_once("images/").map_or("", |(before, _)| before);
        match labels.get(format!("{folder}annotations/{}", file.stem()).as_str()) {
            Some(label) => {
                let place = label.path.display().to_string();
                let text = read_array(&files::read(&label.path)?).ok_or_else(|| {
                    Fault::data(&place, "not an array of one number").expected("the label, written by NumPy")
                })?;
                take_label(&mut listing, file, &text, &place, None)?;
            }
            None => listing.reject(&file.relative, Reason::NoLabel, format!("no annotations/{}_exp.npy", file.stem())),
        }
    }
    Ok(listing)
}

fn take_label(
    listing: &mut Listing,
    file: &TreeFile,
    label: &str,
    place: &str,
    face_box: Option<FaceBox>,
) -> Result<(), Fault> {
    let number = label.parse::<usize>().ok();
    let none = number.and_then(|n| NO_EXPRESSION.get(n.checked_sub(LABELS.len())?));
    match (number.and_then(|n| LABELS.get(n)), none) {
        (Some(expression), _) => listing.take(Found { face_box, ..Found::picture(file, *expression) }),
        (None, Some(name)) => listing.reject(&file.relative, Reason::NotAnExpression, *name),
        (None, None) => return Err(Fault::data(place, "unknown expression").found(label).expected("0 to 10")),
    }
    Ok(())
}

/// The one value of a NumPy array file (version 1 to 3): text, or a whole number.
fn read_array(bytes: &[u8]) -> Option<String> {
    let version = *bytes.strip_prefix(b"\x93NUMPY")?.first()?;
    let (length, start) = if version == 1 {
        (usize::from(u16::from_le_bytes(bytes.get(8..10)?.try_into().ok()?)), 10)
    } else {
        (usize::try_from(u32::from_le_bytes(bytes.get(8..12)?.try_into().ok()?)).ok()?, 12)
    };
    let header = std::str::from_utf8(bytes.get(start..start + length)?).ok()?;
    let data = bytes.get(start + length..)?;
    let kind = header.split_once("'descr'")?.1.split('\'').nth(1)?;
    let text = match kind.trim_start_matches(['<', '|', '=']).split_at_checked(1)? {
        // Four bytes a character.
        ("U", _) => {
            data.chunks_exact(4).filter_map(|c| char::from_u32(u32::from_le_bytes(c.try_into().ok()?))).collect()
        }
        ("S", _) => data.iter().map(|b| char::from(*b)).collect::<String>(),
        ("i" | "u", _) => return Some(u64::from(*data.first()?).to_string()),
        _ => return None,
    };
    Some(text.trim_matches(['\0', ' ']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::tests::{tree_of, write};

    fn request() -> PrepareRequest {
        PrepareRequest::new(vec![], "out".into())
    }

    fn array(kind: &str, data: &[u8]) -> Vec<u8> {
        let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': (), }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn lists_with_and_without_their_first_line() {
        let folder = tree_of(&["Images/1/a.jpg", "Images/1/b.jpg", "Images/1/c.jpg"]);
        let header = COLUMNS.join(",");
        let training = format!("{header}\n1/a.jpg,10,20,30,40,1;2,6,0.1,0.2\n1/missing.jpg,1,1,9,9,1;2,6,0,0\n");
        write(folder.path(), "training.csv", training.as_bytes());
        write(folder.path(), "validation.csv", b"1/b.jpg,1,2,30,40,1;2,9,-2,-2\n");
        let listing = list(folder.path(), &request()).unwrap();
        assert_eq!((listing.found.len(), listing.found[0].class.name()), (1, "anger"));
        assert_eq!(listing.found[0].face_box, FaceBox::new(10.0, 20.0, 30.0, 40.0));
        let mut reasons: Vec<_> = listing.rejects.iter().map(|r| r.reason).collect();
        reasons.sort();
        let tables = [Reason::NotAPicture; 2];
        assert_eq!(reasons[..2], tables);
        assert_eq!(reasons[2..], [Reason::NoLabel, Reason::NotAnExpression, Reason::Missing]);
    }

    #[test]
    fn a_picture_under_two_labels_is_an_error_also_where_it_is_called_by_two_paths() {
        let folder = tree_of(&["Images/1/a.jpg"]);
        let row = |path: &str, label: u32| format!("{path},10,20,30,40,1;2,{label},0.1,0.2\n");
        write(folder.path(), "list.csv", [row("1/a.jpg", 6), row("1/a.jpg", 6)].concat().as_bytes());
        let listing = list(folder.path(), &request()).unwrap();
        assert_eq!((listing.found.len(), listing.rejects[0].reason), (1, Reason::Repeated));
        write(folder.path(), "list.csv", [row("1/a.jpg", 6), row("Images/1/a.jpg", 3)].concat().as_bytes());
        let fault = list(folder.path(), &request()).unwrap_err().to_string();
        assert!(fault.contains("line 1") && fault.contains("line 2"), "{fault}");
    }

    #[test]
    fn class_folders_are_called_by_words_or_by_the_numbers_of_the_lists() {
        let folder = tree_of(&["train/0/a.jpg", "train/5/b.png", "val/7/c.jpg", "val/10/d.jpg", "val/8/e.jpg"]);
        let listing = list(folder.path(), &request()).unwrap();
        let found: Vec<_> = listing.found.iter().map(|f| f.class.name()).collect();
        assert_eq!((found, listing.cropped), (vec!["neutral", "disgust", "contempt"], true));
        let details: Vec<_> = listing.rejects.iter().map(|r| (r.reason, r.detail.as_str())).collect();
        assert_eq!(details, [(Reason::NotAnExpression, "no face"), (Reason::NotAnExpression, "none")]);
        let words = tree_of(&["train/anger/a.jpg", "test/Uncertain/b.jpg"]);
        let listing = list(words.path(), &request()).unwrap();
        assert_eq!((listing.found.len(), listing.rejects.len()), (1, 1));
    }

    #[test]
    fn the_layout_of_yolo_is_seen_and_the_list_of_affectnet_hq_sent_to_its_adapter() {
        let folder = tree_of(&["valid/images/a.jpg"]);
        write(folder.path(), "valid/labels/a.txt", b"0 0.5 0.5 1 1\n");
        write(folder.path(), "data.yaml", b"names: ['Anger']\n");
        assert_eq!(list(folder.path(), &request()).unwrap().found[0].class.name(), "anger");
        let folder = tree_of(&["anger/a.jpg"]);
        write(folder.path(), "labels.csv", b",pth,label,relFCs\n0,anger/a.jpg,anger,0.9\n");
        assert!(list(folder.path(), &request()).unwrap_err().to_string().contains("affectnet-hq"));
    }

    #[test]
    fn labels_in_array_files() {
        let folder = tree_of(&["val_set/images/0.jpg", "val_set/images/1.jpg", "val_set/images/2.jpg"]);
        write(folder.path(), "val_set/annotations/0_exp.npy", &array("<U1", b"3\0\0\0"));
        write(folder.path(), "val_set/annotations/1_exp.npy", &array("<i8", &7u64.to_le_bytes()));
        write(folder.path(), "val_set/annotations/0_aro.npy", &array("<U1", b"3\0\0\0"));
        let listing = list(folder.path(), &request()).unwrap();
        let found: Vec<_> = listing.found.iter().map(|f| f.class.name()).collect();
        assert_eq!(found, ["surprise", "contempt"]);
        assert_eq!((listing.rejects.len(), listing.rejects[0].reason), (1, Reason::NoLabel));
    }

    #[test]
    fn broken_arrays_are_no_labels() {
        for bytes in [&b""[..], b"\x93NUMPY", &array("<f8", &[0; 8])[..], &array("<i8", b"")[..]] {
            assert_eq!(read_array(bytes), None);
        }
        assert_eq!(read_array(&array("|S2", b"10")).as_deref(), Some("10"));
    }
}
