//! `ckplus48`: the circulating copy of CK+, 48×48, three frames of each labelled sequence, in class folders.

use std::path::Path;

use howfar_face::Expression::{self, Anger, Contempt, Disgust, Fear, Happiness, Sadness, Surprise};
use howfar_face::Fault;

use super::Database;
use super::class_folders::{expressions, in_folders};
use super::names::whole;
use crate::listing::{Found, Listing};
use crate::published::{Published, Unit};
use crate::request::PrepareRequest;
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
    list,
};

fn list(path: &Path, request: &PrepareRequest) -> Result<Listing, Fault> {
    let tree = Tree::read(path)?;
    let mut listing = Listing { cropped: true, ..Listing::default() };
    let pattern = whole(r"(S\d{3})_(\d{3})_(\d{8})\.png");
    let pictures = in_folders(&tree, &request.ignore, &mut listing)?;
    let classes = expressions(&tree, &pictures, Expression::from_word)?;
    for picture in pictures {
        match pattern.captures(picture.file.name()) {
            Some(name) => listing.take(Found::picture(picture.file, classes[picture.folder].clone()).of(&name[1])),
            None => listing.reject_unknown(picture.file, "a name such as S010_004_00000017.png"),
        }
    }
    Ok(listing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::Reason;
    use crate::tree::tests::tree_of;

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
