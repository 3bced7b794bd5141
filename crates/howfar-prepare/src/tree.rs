//! The files below a folder, sorted, with `/` in their paths on every system.

use std::path::{Path, PathBuf};

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

    /// The name without its ending.
    pub(crate) fn stem(&self) -> &str {
        self.name().rsplit_once('.').map_or(self.name(), |(stem, _)| stem)
    }
}

/// A folder and every file below it.
#[derive(Debug)]
pub(crate) struct Tree {
    /// The folder that was given.
    pub root: PathBuf,
    /// Its files, sorted by path.
    pub files: Vec<TreeFile>,
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
        let mut tree = Tree { root: root.to_owned(), files: Vec::new() };
        tree.descend(root, "", 0)?;
        if tree.files.is_empty() {
            return Err(Fault::data(root.display(), "the folder is empty").expected("the files of the database"));
        }
        Ok(tree)
    }

    fn descend(&mut self, folder: &Path, relative: &str, depth: usize) -> Result<(), Fault> {
        if depth > DEEPEST {
            return Err(Fault::data(folder.display(), format!("folders are nested more than {DEEPEST} deep"))
                .hint("look for a link that points to a folder above it"));
        }
        for path in files::sorted_entries(folder)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let relative = if relative.is_empty() { name.into_owned() } else { format!("{relative}/{name}") };
            if path.is_dir() {
                self.descend(&path, &relative, depth + 1)?;
            } else {
                self.files.push(TreeFile { path, relative });
            }
        }
        Ok(())
    }
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

    #[cfg(unix)]
    #[test]
    fn a_loop_of_links_ends_in_an_error() {
        let folder = tree_of(&["a/1.png"]);
        std::os::unix::fs::symlink(folder.path(), folder.path().join("a/up")).unwrap();
        assert!(Tree::read(folder.path()).unwrap_err().to_string().contains("nested more than"));
    }
}
