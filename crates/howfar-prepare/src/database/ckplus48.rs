//! `ckplus48`: the circulating copies of CK+, 48×48, in class folders or in the table `ckextended.csv`.

use std::path::Path;

use howfar_face::Expression::{self, Anger, Contempt, Disgust, Fear, Happiness, Neutral, Sadness, Surprise};
use howfar_face::Fault;

use super::Database;
use super::class_folders::{expressions, in_folders};
use super::names::picture;
use super::pixel_table::PixelTable;
use crate::listing::{Found, Listing, Reason};
use crate::published::{Published, Unit};
use crate::request::PrepareRequest;
use crate::setting::Setting;
use crate::tree::Tree;

pub(super) static DATABASE: Database = Database {
    name: "ckplus48",
    title: "CK+48",
    access: "cut from CK+, which the Affect Analysis Group of the University of Pittsburgh gives on request",
    terms: "the terms of CK+ hold: research only, pictures are not passed on",
    published: &[Published {
        part: "all",
        unit: Unit::Pictures,
        classes: &[
            (Anger, 135),
            (Contempt, 54),
            (Disgust, 177),
            (Fear, 75),
            (Happiness, 207),
            (Sadness, 84),
            (Surprise, 249),
        ],
        persons: Some(118),
    }],
    settings: &[Setting::Ignore],
    known_flaws: &[
        "its pictures are three frames of each of 327 sequences: frames of one sequence are near copies, so that \
            there are fewer shots than pictures",
    ],
    names_by_path: false,
    is_sign: |_| true,
    list,
};

/// By the number in the table's column `emotion`.
const LABELS: [Expression; 8] = [Anger, Disgust, Fear, Happiness, Sadness, Surprise, Neutral, Contempt];
const TABLE: &str = "ckextended.csv";

fn list(path: &Path, request: &PrepareRequest) -> Result<Listing, Fault> {
    if path.is_file() {
        return list_table(path);
    }
    let tree = Tree::read(path)?;
    if let Some(table) = tree.files.iter().find(|file| file.name() == TABLE) {
        let mut listing = list_table(&table.path)?;
        for file in tree.files.iter().filter(|file| *file != table) {
            listing.reject(&file.relative, Reason::NotAskedFor, format!("{} holds every picture", table.relative));
        }
        return Ok(listing);
    }
    let mut listing = Listing { cropped: true, ..Listing::default() };
    let pattern = picture(r"(S\d{3})_(\d{3})_(\d{8})");
    let pictures = in_folders(&tree, &request.settings.ignore, &mut listing)?;
    let classes = expressions(&tree, &pictures, Expression::from_word)?;
    for picture in pictures {
        match pattern.captures(picture.file.name()) {
            Some(name) => {
                listing.take(Found::picture(picture.file, classes[picture.folder].clone()).of(name[1].to_uppercase()));
            }
            None => listing.reject_unknown(picture.file, "a name such as S010_004_00000017.png"),
        }
    }
    Ok(listing)
}

fn list_table(path: &Path) -> Result<Listing, Fault> {
    let mut listing = Listing { cropped: true, ..Listing::default() };
    let hint = "of ckextended.csv 6 is neutral and 7 contempt";
    PixelTable { labels: &LABELS, hint, votes: None, part: "all" }.list(path, &mut listing)?;
    Ok(listing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::tests::{tree_of, write};

    #[test]
    fn the_extended_table_has_neutral_and_contempt_behind_the_six() {
        let pixels = vec!["7"; 48 * 48].join(" ");
        let folder = tree_of(&["readme.txt"]);
        let text = format!("emotion,pixels,Usage\n6,{pixels},Training\n7,{pixels},PublicTest\n");
        write(folder.path(), "ckextended.csv", text.as_bytes());
        let request = PrepareRequest::new(vec![], "out".into());
        for path in [folder.path().join("ckextended.csv"), folder.path().to_owned()] {
            let listing = list(&path, &request).unwrap();
            let found: Vec<_> = listing.found.iter().map(|f| (f.source.as_str(), f.class.name())).collect();
            assert_eq!(found, [("Training/00000", "neutral"), ("PublicTest/00001", "contempt")]);
            assert!(listing.cropped && listing.found.iter().all(|f| f.person.is_none()));
        }
    }

    #[test]
    fn persons_come_from_the_name_and_other_names_are_reported() {
        let folder = tree_of(&[
            "anger/S010_004_00000017.png",
            "anger/S010_004_00000017 (1).png",
            "contempt/S138_008_00000007.png",
        ]);
        let listing = list(folder.path(), &PrepareRequest::new(vec![], "out".into())).unwrap();
        let found: Vec<_> = listing.found.iter().map(|f| (f.class.name(), f.person.as_deref().unwrap())).collect();
        assert_eq!(found, [("anger", "S010"), ("contempt", "S138")]);
        assert_eq!((listing.rejects.len(), listing.rejects[0].reason), (1, Reason::NameNotKnown));
    }
}
