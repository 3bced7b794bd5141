//! `rafdb`: the basic set, a list of file names and labels, pictures aligned by its authors.

use std::path::Path;

use howfar_face::Expression::{self, Anger, Disgust, Fear, Happiness, Neutral, Sadness, Surprise};
use howfar_face::{Fault, files};

use super::Database;
use super::class_folders::{expressions, in_folders};
use super::lookup::Lookup;
use super::names::whole;
use crate::listing::{Found, Listing, Reason};
use crate::published::{Published, Unit};
use crate::request::PrepareRequest;
use crate::tree::Tree;

pub(super) static DATABASE: Database = Database {
    name: "rafdb",
    title: "RAF-DB (basic)",
    access: "Shan Li and Weihong Deng, Beijing University of Posts and Telecommunications",
    terms: "non-commercial research only; pictures are not passed on",
    published: &[
        Published {
            part: "training and test part",
            unit: Unit::Pictures,
            classes: &[
                (Surprise, 1_619),
                (Fear, 355),
                (Disgust, 877),
                (Happiness, 5_957),
                (Sadness, 2_460),
                (Anger, 867),
                (Neutral, 3_204),
            ],
            persons: None,
        },
        Published {
            part: "training part",
            unit: Unit::Pictures,
            classes: &[
                (Surprise, 1_290),
                (Fear, 281),
                (Disgust, 717),
                (Happiness, 4_772),
                (Sadness, 1_982),
                (Anger, 705),
                (Neutral, 2_524),
            ],
            persons: None,
        },
        Published {
            part: "test part",
            unit: Unit::Pictures,
            classes: &[
                (Surprise, 329),
                (Fear, 74),
                (Disgust, 160),
                (Happiness, 1_185),
                (Sadness, 478),
                (Anger, 162),
                (Neutral, 680),
            ],
            persons: None,
        },
    ],
    list,
};

/// By the number in the list, from 1.
const LABELS: [Expression; 7] = [Surprise, Fear, Disgust, Happiness, Sadness, Anger, Neutral];
/// Spelt like this by the authors, and by copies as one would expect.
const LISTS: [&str; 2] = ["list_patition_label.txt", "list_partition_label.txt"];

fn list(path: &Path, request: &PrepareRequest) -> Result<Listing, Fault> {
    let tree = Tree::read(path)?;
    match tree.files.iter().find(|file| LISTS.contains(&file.name())) {
        Some(list) => list_labels(&tree, &list.path),
        None => list_folders(&tree, request),
    }
}

fn list_labels(tree: &Tree, list: &Path) -> Result<Listing, Fault> {
    let mut listing = Listing { cropped: true, ..Listing::default() };
    let mut lookup = Lookup::new(tree);
    for (line_idx, line) in files::read_text(list)?.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let row = line
            .trim()
            .rsplit_once(char::is_whitespace)
            .and_then(|(name, label)| Some((name.trim(), read_label(label)?)));
        let Some((name, expression)) = row else {
            return Err(Fault::data(
                format!("{}, line {}", list.display(), line_idx + 1),
                "not a file name and a label",
            )
            .found(line)
            .expected("train_00001.jpg 5, with labels from 1 to 7"));
        };
        let stem = name.strip_suffix(".jpg").unwrap_or(name);
        match lookup.find(&format!("{stem}_aligned.jpg")) {
            Some(file) => listing.take(Found::picture(file, expression)),
            None => {
                listing.reject(
                    name,
                    Reason::Missing,
                    format!("expected {stem}_aligned.jpg somewhere below the folder"),
                );
            }
        }
    }
    lookup.report_unnamed(&mut listing);
    Ok(listing)
}

/// The circulating copy: `train/1/train_00001_aligned.jpg`, or folders named by words.
fn list_folders(tree: &Tree, request: &PrepareRequest) -> Result<Listing, Fault> {
    let mut listing = Listing { cropped: true, ..Listing::default() };
    let pattern = whole(r"(train|test)_\d+(_aligned)?\.(jpe?g|png)");
    let pictures = in_folders(tree, &request.ignore, &mut listing)?;
    let classes = expressions(tree, &pictures, |folder| Expression::from_word(folder).or_else(|| read_label(folder)))?;
    for picture in pictures {
        if pattern.is_match(picture.file.name()) {
            listing.take(Found::picture(picture.file, classes[picture.folder].clone()));
        } else {
            listing.reject_unknown(picture.file, "a name such as train_00001_aligned.jpg");
        }
    }
    Ok(listing)
}

fn read_label(text: &str) -> Option<Expression> {
    LABELS.get(text.parse::<usize>().ok()?.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::tests::{tree_of, write};

    fn request() -> PrepareRequest {
        PrepareRequest::new(vec![], "out".into())
    }

    #[test]
    fn the_list_names_aligned_pictures() {
        let folder = tree_of(&["basic/Image/aligned/train_00001_aligned.jpg", "basic/Image/original/train_00001.jpg"]);
        write(folder.path(), "basic/EmoLabel/list_patition_label.txt", b"train_00001.jpg 5\ntest_0001.jpg 7\n");
        let listing = list(folder.path(), &request()).unwrap();
        assert_eq!((listing.found.len(), listing.found[0].class.name()), (1, "sadness"));
        let reasons: Vec<_> = listing.rejects.iter().map(|r| r.reason).collect();
        assert_eq!(reasons, [Reason::Missing, Reason::NotAPicture, Reason::NoLabel]);
    }

    #[test]
    fn numbered_folders_are_the_labels_of_the_list() {
        let folder = tree_of(&["train/1/train_00001_aligned.jpg", "test/7/test_0002_aligned.jpg"]);
        let listing = list(folder.path(), &request()).unwrap();
        let found: Vec<_> = listing.found.iter().map(|f| f.class.name()).collect();
        assert_eq!(found, ["neutral", "surprise"]);
    }

    #[test]
    fn a_broken_line_is_named() {
        let folder = tree_of(&[]);
        write(folder.path(), "list_patition_label.txt", b"train_00001.jpg 5\ntrain_00002.jpg 8\n");
        assert!(list(folder.path(), &request()).unwrap_err().to_string().contains("line 2: not a file name"));
    }
}
