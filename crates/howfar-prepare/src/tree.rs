//! The files below a folder, sorted, with `/` in their paths on every system, without what systems leave behind.

use std::path::{Path, PathBuf};

use howfar_face::files::Entry;
use howfar_face::{Fault, files};

/// Folders deeper than this are a loop of links.
const DEEPEST: usize = 24;

/// A file below the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TreeFile {
    /// Where it lies.
    pub path: PathBuf,
    /// Path from the root, parts joined by `/`.
    pub relative: String,
}

impl TreeFile {
    /// A file named in a list, whether it is there or not.
    pub(crate) fn listed(folder: &Path, name: &str) -> Self {
        let relative = name.replace('\\', "/");
        TreeFile { path: folder.join(&relative), relative }
    }

    /// The name alone.
    pub(crate) fn name(&self) -> &str {
        self.relative.rsplit('/').next().unwrap_or_default()
    }

    /// The folders between root and file, outermost first.
    pub(crate) fn folders(&self) -> Vec<&str> {
        let mut parts: Vec<&str> = self.relative.split('/').collect();
        parts.pop();
        parts
    }

    /// The innermost folder of this name that it lies in.
    pub(crate) fn folder_called(&self, name: &str) -> Option<&Path> {
        self.path.ancestors().skip(1).find(|folder| folder.file_name().is_some_and(|n| n == name))
    }

    /// The name without its ending.
    pub(crate) fn stem(&self) -> &str {
        self.name().rsplit_once('.').map_or(self.name(), |(stem, _)| stem)
    }
}

/// What operating systems, archives, network disks and notebooks leave in folders, in lower case. Everything whose name
/// begins with a dot is such an entry, too.
const SYSTEM: [&str; 15] = [
    "__macosx",
    "__pycache__",
    "@eadir",
    "@tmp",
    "#recycle",
    "#snapshot",
    "lost+found",
    "found.000",
    "$recycle.bin",
    "recycler",
    "system volume information",
    "thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
    "icon\r",
];

/// Whether an entry of a folder is none of anybody's: no class, no picture, no list.
fn is_system(name: &str) -> bool {
    name.starts_with('.') || SYSTEM.contains(&name.to_lowercase().as_str())
}

/// A folder and every file below it.
#[derive(Debug)]
pub(crate) struct Tree {
    /// The folder that was given.
    pub root: PathBuf,
    /// Its files, sorted by path.
    pub files: Vec<TreeFile>,
    /// Paths from the root of the folders that hold nothing.
    pub empty: Vec<String>,
}

impl Tree {
    /// Lists a folder, which must be there and hold a file.
    pub(crate) fn read(root: &Path) -> Result<Self, Fault> {
        if !root.exists() {
            return Err(Fault::data(root.display(), "there is no such folder")
                .hint("check the path; a relative path starts at the folder you are in"));
        }
        if !root.is_dir() {
            return Err(Fault::data(root.display(), "this is a file").expected("the folder of the database"));
        }
        let mut tree = Tree { root: root.to_owned(), files: Vec::new(), empty: Vec::new() };
        walk(root, "", 0, &mut |entry| match entry {
            Walked::File(file) => tree.files.push(file),
            Walked::Empty(relative) => tree.empty.push(relative),
            Walked::System(_) => {}
        })?;
        if tree.files.is_empty() {
            return Err(Fault::data(root.display(), "the folder is empty").expected("the files of the database"));
        }
        Ok(tree)
    }

    /// Paths from the root of the system's entries below it, which [`Tree::read`] passes over; folders are not entered.
    pub(crate) fn system_entries(root: &Path) -> Result<Vec<String>, Fault> {
        let mut entries = Vec::new();
        walk(root, "", 0, &mut |entry| {
            if let Walked::System(relative) = entry {
                entries.push(relative);
            }
        })?;
        Ok(entries)
    }
}

/// What stands in a folder.
enum Walked {
    File(TreeFile),
    /// A folder that holds nothing.
    Empty(String),
    /// A file or folder of the system.
    System(String),
}

/// Calls `visit` for everything below a folder, in the order of names.
fn walk(folder: &Path, relative: &str, depth: usize, visit: &mut dyn FnMut(Walked)) -> Result<(), Fault> {
    if depth > DEEPEST {
        return Err(Fault::data(folder.display(), format!("folders are nested more than {DEEPEST} deep"))
            .hint("look for a link that points to a folder above it"));
    }
    let mut is_empty = true;
    for Entry { path, is_folder } in files::sorted_kinds(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let below = if relative.is_empty() { name.to_string() } else { format!("{relative}/{name}") };
        if is_system(&name) {
            visit(Walked::System(below));
            continue;
        }
        is_empty = false;
        if is_folder {
            walk(&path, &below, depth + 1, visit)?;
        } else {
            visit(Walked::File(TreeFile { path, relative: below }));
        }
    }
    if is_empty && depth > 0 {
        visit(Walked::Empty(relative.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A throw-away folder with empty files of these names.
    pub(crate) fn tree_of(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            write(folder.path(), name, b"");
        }
        folder
    }

    pub(crate) fn write(folder: &Path, name: &str, bytes: &[u8]) {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    #[test]
    fn files_are_listed_in_the_order_of_their_paths() {
        let folder = tree_of(&["b/2.png", "a/x/1.png", "b/1.png"]);
        let tree = Tree::read(folder.path()).unwrap();
        let names: Vec<&str> = tree.files.iter().map(|f| f.relative.as_str()).collect();
        assert_eq!(names, ["a/x/1.png", "b/1.png", "b/2.png"]);
        assert_eq!(
            (tree.files[0].name(), tree.files[0].stem(), tree.files[0].folders()),
            ("1.png", "1", vec!["a", "x"])
        );
    }

    #[test]
    fn a_missing_folder_an_empty_folder_and_a_file_are_named() {
        let folder = tree_of(&["file"]);
        std::fs::create_dir(folder.path().join("empty")).unwrap();
        for (name, what) in [("none", "no such folder"), ("empty", "is empty"), ("file", "this is a file")] {
            let fault = Tree::read(&folder.path().join(name)).unwrap_err();
            assert!(fault.to_string().contains(what), "{fault}");
        }
    }

    #[test]
    fn what_systems_leave_behind_is_no_file_of_the_tree() {
        let kept = ["anger/1.png", "fear/2.png"];
        let left = [
            ".DS_Store",
            ".git/config",
            "$RECYCLE.BIN/1.png",
            "@eaDir/1.png",
            "System Volume Information/x",
            "__MACOSX/anger/1.png",
            "anger/.ipynb_checkpoints/1-checkpoint.png",
            "anger/._1.png",
            "anger/Thumbs.db",
            "fear/desktop.ini",
            "lost+found/1.png",
        ];
        let folder = tree_of(&[&kept[..], &left[..]].concat());
        std::fs::create_dir(folder.path().join("sad")).unwrap();
        std::fs::create_dir_all(folder.path().join("happy/@eaDir")).unwrap();
        let tree = Tree::read(folder.path()).unwrap();
        assert_eq!(tree.files.iter().map(|f| f.relative.as_str()).collect::<Vec<_>>(), kept);
        assert_eq!(tree.empty, ["happy", "sad"]);
        assert_eq!(Tree::system_entries(folder.path()).unwrap().len(), left.len() + 1);
        let only_left = tree_of(&left);
        assert!(Tree::read(&only_left.path().join(".git")).is_ok(), "a folder that was named is read");
    }

    #[cfg(unix)]
    #[test]
    fn a_loop_of_links_ends_in_an_error() {
        let folder = tree_of(&["a/1.png"]);
        std::os::unix::fs::symlink(folder.path(), folder.path().join("a/up")).unwrap();
        assert!(Tree::read(folder.path()).unwrap_err().to_string().contains("nested more than"));
    }
}
