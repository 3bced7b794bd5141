//! `fer2013`: class folders, perhaps below folders of the split, or the table `emotion,pixels,Usage`.

use std::path::Path;

use howfar_face::Expression::{self, Anger, Disgust, Fear, Happiness, Neutral, Sadness, Surprise};
use howfar_face::Fault;

use super::Database;
use super::class_folders::{expressions, in_folders};
use super::csv_table::{CsvTable, field};
use super::names::whole;
use crate::listing::{Found, Listing, Pixels, Reason};
use crate::published::{Published, Unit};
use crate::request::PrepareRequest;
use crate::tree::{Tree, TreeFile};

pub(super) static DATABASE: Database = Database {
    name: "fer2013",
    title: "FER2013",
    access: "the challenge in representation learning of ICML 2013, whose organisers host it with the competition's data",
    terms: "given for the ICML 2013 challenge; pictures were collected from the web and keep their owners' rights",
    published: &[Published {
        part: "all three parts",
        unit: Unit::Pictures,
        classes: &[
            (Anger, 4_953),
            (Disgust, 547),
            (Fear, 5_121),
            (Happiness, 8_989),
            (Sadness, 6_077),
            (Surprise, 4_002),
            (Neutral, 6_198),
        ],
        persons: None,
    }],
    list,
};

/// By the number in the column `emotion`.
const LABELS: [Expression; 7] = [Anger, Disgust, Fear, Happiness, Sadness, Surprise, Neutral];
/// The names under which the table circulates.
const TABLES: [&str; 2] = ["fer2013.csv", "icml_face_data.csv"];
const SIDE: usize = 48;

fn list(path: &Path, request: &PrepareRequest) -> Result<Listing, Fault> {
    if path.is_file() {
        return list_table(path);
    }
    let tree = Tree::read(path)?;
    let Some(table) = tree.files.iter().find(|file| TABLES.contains(&file.name())) else {
        return list_folders(&tree, request);
    };
    let mut listing = list_table(&table.path)?;
    for file in tree.files.iter().filter(|file| *file != table) {
        listing.reject(&file.relative, Reason::NotAskedFor, format!("{} holds every picture", table.relative));
    }
    Ok(listing)
}

fn list_folders(tree: &Tree, request: &PrepareRequest) -> Result<Listing, Fault> {
    let mut listing = Listing { cropped: true, ..Listing::default() };
    // One number in the name: copies that someone augmented carry a second one, as in Training_1.jpg2.jpg.
    let pattern = whole(r"(?i)[a-z]*_?\d+\.(jpe?g|png)");
    let pictures = in_folders(tree, &request.ignore, &mut listing)?;
    let classes = expressions(tree, &pictures, read_class)?;
    for picture in pictures {
        if pattern.is_match(picture.file.name()) {
            listing.take(Found::picture(picture.file, classes[picture.folder].clone()));
        } else {
            listing.reject_unknown(picture.file, "one number in the name, as in Training_123.jpg");
        }
    }
    Ok(listing)
}

/// Copies name the folders by words or by the numbers of the table.
fn read_class(folder: &str) -> Option<Expression> {
    Expression::from_word(folder).or_else(|| LABELS.get(folder.parse::<usize>().ok()?).copied())
}

fn list_table(path: &Path) -> Result<Listing, Fault> {
    let table = CsvTable::open(path)?;
    let (emotion_at, pixels_at, usage_at) = (table.column("emotion")?, table.column("pixels")?, table.find("usage"));
    let mut listing = Listing { cropped: true, ..Listing::default() };
    let mut row_idx = 0;
    table.for_each(|place, row| {
        let usage = usage_at.and_then(|at| row.get(at)).unwrap_or("all");
        let source = format!("{usage}/{row_idx:05}");
        row_idx += 1;
        let emotion = field(row, emotion_at, place)?;
        let Some(class) = emotion.parse::<usize>().ok().and_then(|label| LABELS.get(label)) else {
            return Err(Fault::data(place, "unknown emotion").found(emotion).expected("0 to 6"));
        };
        let pixels: Option<Vec<u8>> =
            field(row, pixels_at, place)?.split_whitespace().map(|p| p.parse().ok()).collect();
        match pixels.filter(|p| p.len() == SIDE * SIDE) {
            Some(pixels) => {
                let file = TreeFile { path: path.to_owned(), relative: source };
                listing.take(Found { pixels: Pixels::Gray(pixels), ..Found::picture(&file, *class) });
            }
            None => listing.reject(source, Reason::Unreadable, format!("{place}: expected 2304 numbers of 0 to 255")),
        }
        Ok(())
    })?;
    Ok(listing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::tests::{tree_of, write};

    fn request() -> PrepareRequest {
        PrepareRequest::new(vec![], "out".into())
    }

    #[test]
    fn class_folders_below_the_split_are_read_and_augmented_copies_reported() {
        let folder =
            tree_of(&["train/angry/Training_1.jpg", "train/angry/Training_1.jpg0.jpg", "test/3/PublicTest_22.jpg"]);
        let listing = list(folder.path(), &request()).unwrap();
        let found: Vec<_> =
            listing.found.iter().map(|f| (f.source.as_str(), f.class.name(), f.person.as_ref())).collect();
        assert_eq!(
            found,
            [("test/3/PublicTest_22.jpg", "happiness", None), ("train/angry/Training_1.jpg", "anger", None)]
        );
        assert_eq!((listing.rejects.len(), listing.rejects[0].reason), (1, Reason::NameNotKnown));
    }

    #[test]
    fn the_table_holds_label_pixels_and_split() {
        let pixels = vec!["7"; SIDE * SIDE].join(" ");
        let folder = tree_of(&["other.txt"]);
        let text = format!("emotion, pixels, Usage\n0,{pixels},Training\n6,{pixels},PublicTest\n5,1 2 3,Training\n");
        write(folder.path(), "fer2013.csv", text.as_bytes());
        let listing = list(folder.path(), &request()).unwrap();
        assert_eq!(listing.found[0].pixels, Pixels::Gray(vec![7; SIDE * SIDE]));
        assert_eq!((listing.found[1].source.as_str(), listing.found[1].class.name()), ("PublicTest/00001", "neutral"));
        assert_eq!(listing.rejects.len(), 2);
    }

    #[test]
    fn an_unknown_number_is_named_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "fer2013.csv", b"emotion,pixels,Usage\n9,1 2,Training\n");
        let fault = list(folder.path(), &request()).unwrap_err();
        assert!(fault.to_string().contains("line 2: unknown emotion"), "{fault}");
    }
}
