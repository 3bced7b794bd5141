//! `folder`: class folders of anyone's pictures; a file is a manifest.

use std::collections::BTreeMap;
use std::path::Path;

use howfar_face::{Expression, Fault};

use super::Database;
use super::class_folders::{expressions, in_folders};
use super::manifest::list_manifest;
use super::{name_schemes, picture_list, prompted, sheets};
use crate::listing::{Class, Found, Listing};
use crate::request::{FolderClasses, LabelsFrom, PrepareRequest};
use crate::tree::Tree;

pub(super) static DATABASE: Database = Database {
    name: "folder",
    title: "a folder of pictures",
    access: "your own pictures",
    terms: "not stated: whoever gave you the pictures decides",
    published: &[],
    list,
};

fn list(path: &Path, request: &PrepareRequest) -> Result<Listing, Fault> {
    let mut listing = match list_otherwise(path, request)? {
        Some(listing) => listing,
        None if path.is_file() => list_manifest(path, request)?,
        None => list_folders(path, request)?,
    };
    name_schemes::add_persons(&mut listing, request);
    Ok(listing)
}

/// Layouts in which no folder is a class.
fn list_otherwise(path: &Path, request: &PrepareRequest) -> Result<Option<Listing>, Fault> {
    if path.is_file() {
        return picture_list::list_file(path, request);
    }
    let tree = Tree::read(path)?;
    if let Some(n_columns) = request.grid {
        return sheets::list(&tree, n_columns, request).map(Some);
    }
    if request.labels_from == LabelsFrom::Prompt {
        return prompted::list(&tree, request).map(Some);
    }
    if request.label_pattern.is_some() || request.class_level.is_some() {
        return Ok(None);
    }
    match picture_list::list_within(&tree, request)? {
        None => name_schemes::list(&tree, request),
        listing => Ok(listing),
    }
}

fn list_folders(path: &Path, request: &PrepareRequest) -> Result<Listing, Fault> {
    let tree = Tree::read(path)?;
    let pattern = request.compiled_subject_pattern()?;
    let mut listing = Listing::default();
    let pictures = in_folders(&tree, &request.ignore, &mut listing)?;
    let as_they_are =
        request.classes == FolderClasses::Any || !pictures.iter().any(|p| Expression::from_word(p.folder).is_some());
    let classes: BTreeMap<&str, Class> = if as_they_are {
        pictures.iter().map(|p| (p.folder, Class::Named(p.folder.to_owned()))).collect()
    } else {
        expressions(&tree, &pictures, Expression::from_word)?
    };
    for picture in pictures {
        let found = Found::picture(picture.file, classes[picture.folder].clone());
        match &pattern {
            None => listing.take(found),
            Some(pattern) => match pattern.person(&picture.file.relative) {
                Some(person) => listing.take(found.of(person)),
                None => listing.reject_unknown(picture.file, "a path that the subject pattern matches"),
            },
        }
    }
    Ok(listing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::Reason;
    use crate::tree::tests::tree_of;

    fn request() -> PrepareRequest {
        PrepareRequest::new(vec![], "out".into())
    }

    fn classes(listing: &Listing) -> Vec<&str> {
        listing.found.iter().map(|f| f.class.name()).collect()
    }

    #[test]
    fn folders_of_expressions_and_of_anything_else() {
        let cases: [(&[&str], FolderClasses, &[&str]); 3] = [
            (&["Happy/1.png", "sad/1.png"], FolderClasses::Auto, &["happiness", "sadness"]),
            (&["cat/1.png", "dog/1.png"], FolderClasses::Auto, &["cat", "dog"]),
            (&["Happy/1.png", "dog/1.png"], FolderClasses::Any, &["Happy", "dog"]),
        ];
        for (names, classes_mean, expected) in cases {
            let folder = tree_of(names);
            let listing = list(folder.path(), &PrepareRequest { classes: classes_mean, ..request() }).unwrap();
            assert_eq!(classes(&listing), expected);
        }
    }

    #[test]
    fn the_subject_pattern_finds_the_person_in_the_path() {
        let folder = tree_of(&["train/happy/s01_3.png", "sad/s02_1.png", "sad/other.png"]);
        let pattern = Some(r"/(?<person>s\d+)_".to_owned());
        let listing = list(folder.path(), &PrepareRequest { subject_pattern: pattern, ..request() }).unwrap();
        let persons: Vec<_> = listing.found.iter().map(|f| f.person.as_deref().unwrap()).collect();
        assert_eq!(persons, ["s02", "s01"]);
        assert_eq!((listing.rejects.len(), listing.rejects[0].reason), (1, Reason::NameNotKnown));
    }
}
