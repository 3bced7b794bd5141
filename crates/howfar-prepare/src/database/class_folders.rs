//! Class folders, perhaps below folders of a split: `anger/1.png`, `train/anger/1.png`.

use std::collections::{BTreeMap, BTreeSet};

use howfar_face::{Expression, Fault, closest_name};

use crate::listing::{Class, Listing, Reason, is_picture};
use crate::tree::{Tree, TreeFile};

/// Folders of a split rather than of a class, in lower case.
const SPLITS: [&str; 16] = [
    "train",
    "training",
    "train_set",
    "trainset",
    "test",
    "testing",
    "test_set",
    "testset",
    "val",
    "valid",
    "validation",
    "val_set",
    "validation_set",
    "publictest",
    "privatetest",
    "dev",
];

/// A picture below a class folder.
#[derive(Debug, Clone, Copy)]
pub(super) struct InFolder<'t> {
    pub file: &'t TreeFile,
    /// The class folder's name.
    pub folder: &'t str,
}

/// The pictures below class folders; everything else is reported.
pub(super) fn in_folders<'t>(
    tree: &'t Tree,
    ignore: &[String],
    listing: &mut Listing,
) -> Result<Vec<InFolder<'t>>, Fault> {
    let mut pictures = Vec::new();
    for file in &tree.files {
        let folder = file.folders().into_iter().find(|f| !SPLITS.contains(&f.to_lowercase().as_str()));
        match folder {
            Some(folder) if ignore.iter().any(|i| i == folder) => {
                listing.reject(&file.relative, Reason::NotAskedFor, format!("the folder {folder} is ignored"));
            }
            _ if !is_picture(&file.path) => listing.reject(&file.relative, Reason::NotAPicture, "by its name"),
            None => listing.reject(&file.relative, Reason::NoLabel, "not in a class folder"),
            Some(folder) => pictures.push(InFolder { file, folder }),
        }
    }
    if pictures.is_empty() {
        return Err(Fault::data(tree.root.display(), "no class folder with pictures is here")
            .found(format!("{} files, none of them a picture in a class folder", tree.files.len()))
            .expected("folders named after classes (anger, happiness, …), with pictures in them")
            .hint("give the folder that holds the class folders"));
    }
    Ok(pictures)
}

/// The expression of each class folder; a folder that `read` does not know is an error that names it.
pub(super) fn expressions<'t>(
    tree: &Tree,
    pictures: &[InFolder<'t>],
    read: impl Fn(&str) -> Option<Expression>,
) -> Result<BTreeMap<&'t str, Class>, Fault> {
    let names: BTreeSet<&str> = pictures.iter().map(|p| p.folder).collect();
    let unknown: Vec<&str> = names.iter().copied().filter(|name| read(name).is_none()).collect();
    let Some(first) = unknown.first() else {
        return Ok(names.into_iter().filter_map(|name| Some((name, read(name)?.into()))).collect());
    };
    let known = Expression::ALL.map(Expression::name);
    let meant = match closest_name(&first.to_lowercase(), known) {
        Some(name) => format!("rename {first} to {name}"),
        None => format!("rename {first} to the expression that it holds"),
    };
    Err(Fault::data(tree.root.join(first).display(), "this class folder is not an expression")
        .found(unknown.join(", "))
        .expected(format!("{} (or happy, sad, angry, …)", known.join(", ")))
        .hint(format!(
            "{meant}, leave it out with `--ignore {first}`, or, with the adapter `folder`, take all names as they are with `--any-classes`"
        )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::tests::tree_of;

    #[test]
    fn an_unknown_class_folder_is_named_with_what_was_meant() {
        let folder = tree_of(&["anger/1.png", "suprise/2.png"]);
        let tree = Tree::read(folder.path()).unwrap();
        let pictures = in_folders(&tree, &[], &mut Listing::default()).unwrap();
        let fault = expressions(&tree, &pictures, Expression::from_word).unwrap_err().to_string();
        for part in ["suprise: this class folder", "rename suprise to surprise", "--ignore suprise", "--any-classes"] {
            assert!(fault.contains(part), "{fault}");
        }
    }

    #[test]
    fn every_file_is_taken_or_reported() {
        let folder = tree_of(&["train/Happy/1.png", "Happy/deep/2.jpg", "junk/3.png", "Happy/notes.txt", "4.png"]);
        let tree = Tree::read(folder.path()).unwrap();
        let mut listing = Listing::default();
        let pictures = in_folders(&tree, &["junk".into()], &mut listing).unwrap();
        assert_eq!(pictures.iter().map(|p| p.folder).collect::<Vec<_>>(), ["Happy", "Happy"]);
        let reasons: Vec<_> = listing.rejects.iter().map(|r| (r.source.as_str(), r.reason)).collect();
        assert_eq!(
            reasons,
            [("4.png", Reason::NoLabel), ("Happy/notes.txt", Reason::NotAPicture), ("junk/3.png", Reason::NotAskedFor)]
        );
    }
}
