//! Class folders of a named database, wherever in its tree they stand: `anger/1.png`, `COPY/train/3/1.png`.

use std::collections::{BTreeMap, BTreeSet};

use howfar_face::{Expression, Fault};

use super::labels::not_an_expression;
use crate::folder_words::is_number;
use crate::levels::Levels;
use crate::listing::{Class, Listing, Reason};
use crate::picture_file::is_picture;
use crate::tree::{Tree, TreeFile};

/// A picture below a class folder.
#[derive(Debug, Clone, Copy)]
pub(super) struct InFolder<'t> {
    pub file: &'t TreeFile,
    /// The class folder's name.
    pub folder: &'t str,
}

/// The pictures below class folders, which are named by words or by the numbers of the database; everything else is
/// reported.
pub(super) fn in_folders<'t>(
    tree: &'t Tree,
    ignore: &[String],
    listing: &mut Listing,
) -> Result<Vec<InFolder<'t>>, Fault> {
    report_ignored(tree, ignore, listing);
    let knows = |name: &str| Expression::from_word(name).is_some() || (is_number(name) && name.len() <= 2);
    let levels = Levels::find(tree, |file| ignored(file, ignore).is_none(), &knows, None);
    listing.levels = levels.in_words();
    let mut pictures = Vec::new();
    for picture in levels.pictures {
        match picture.class() {
            Some(folder) => pictures.push(InFolder { file: picture.file, folder }),
            None => listing.reject(&picture.file.relative, Reason::NoLabel, "not in a class folder"),
        }
    }
    if pictures.is_empty() { Err(no_class_folder(tree)) } else { Ok(pictures) }
}

/// Reports what is no picture, and what lies in a folder that is to be left out.
pub(super) fn report_ignored(tree: &Tree, ignore: &[String], listing: &mut Listing) {
    for file in &tree.files {
        if let Some(folder) = ignored(file, ignore) {
            listing.reject(&file.relative, Reason::NotAskedFor, format!("the folder {folder} is ignored"));
        } else if !is_picture(&file.path) {
            listing.reject(&file.relative, Reason::NotAPicture, "by its name");
        }
    }
}

/// The folder of a file's path that is to be left out.
pub(super) fn ignored<'t>(file: &'t TreeFile, ignore: &[String]) -> Option<&'t str> {
    if ignore.is_empty() {
        return None;
    }
    file.folders().into_iter().find(|folder| ignore.iter().any(|name| name == folder))
}

/// That a tree has no folder of a class.
pub(super) fn no_class_folder(tree: &Tree) -> Fault {
    let n_pictures = tree.files.iter().filter(|file| is_picture(&file.path)).count();
    Fault::data(tree.root.display(), "no class folder with pictures is here")
        .found(format!("{n_pictures} pictures among {} files, none of them in a class folder", tree.files.len()))
        .expected("folders named after classes (anger, happiness, …), with pictures in them")
        .hint(
            "give the folder that holds the class folders; where the class stands in the file's name, say how with \
            `folder:` and `--label-pattern '(?<label>…)'`",
        )
}

/// The expression of each class folder; a folder that `read` does not know is an error that names it.
pub(super) fn expressions<'t>(
    tree: &Tree,
    pictures: &[InFolder<'t>],
    read: impl Fn(&str) -> Option<Expression>,
) -> Result<BTreeMap<&'t str, Class>, Fault> {
    let names: BTreeSet<&str> = pictures.iter().map(|p| p.folder).collect();
    let unknown: Vec<&str> = names.iter().copied().filter(|name| read(name).is_none()).collect();
    match unknown.first() {
        Some(first) => {
            Err(not_an_expression(first, &unknown, "class folder", &|name| folder_place(tree, pictures, name)))
        }
        None => Ok(names.into_iter().filter_map(|name| Some((name, read(name)?.into()))).collect()),
    }
}

/// The path of the first folder of this name.
fn folder_place(tree: &Tree, pictures: &[InFolder<'_>], name: &str) -> String {
    let first = pictures.iter().find(|p| p.folder == name).and_then(|p| p.file.folder_called(name));
    first.unwrap_or(&tree.root).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::tests::tree_of;

    #[test]
    fn an_unknown_class_folder_is_named_with_what_was_meant() {
        let folder = tree_of(&["x/anger/1.png", "x/suprise/2.png"]);
        let tree = Tree::read(folder.path()).unwrap();
        let pictures = in_folders(&tree, &[], &mut Listing::default()).unwrap();
        let fault = expressions(&tree, &pictures, Expression::from_word).unwrap_err().to_string();
        let parts = ["x/suprise: this class folder", "rename suprise to surprise", "--ignore suprise", "--any-classes"];
        for part in parts {
            assert!(fault.replace('\\', "/").contains(part), "{fault}");
        }
    }

    #[test]
    fn every_file_is_taken_or_reported() {
        let folder = tree_of(&["train/Happy/1.png", "Happy/deep/2.jpg", "junk/3.png", "Happy/notes.txt", "4.png"]);
        let tree = Tree::read(folder.path()).unwrap();
        let mut listing = Listing::default();
        let pictures = in_folders(&tree, &["junk".into()], &mut listing).unwrap();
        assert_eq!(pictures.iter().map(|p| p.folder).collect::<Vec<_>>(), ["Happy", "Happy"]);
        let mut reasons: Vec<_> = listing.rejects.iter().map(|r| (r.source.as_str(), r.reason)).collect();
        reasons.sort();
        assert_eq!(
            reasons,
            [("4.png", Reason::NoLabel), ("Happy/notes.txt", Reason::NotAPicture), ("junk/3.png", Reason::NotAskedFor)]
        );
    }
}
