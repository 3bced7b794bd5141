//! Photographs that are named together: every picture below a folder, or the paths of a list.
//!
//! In: a folder, or a `.txt` (a path a line) or `.csv` (a column `path`, `image` or `file`, else the first). Out: paths
//! in the order of the folder's names or of the list's lines. Whether they can be read is not looked at.

use std::path::{Path, PathBuf};

use howfar_face::csv_table::column_or_first;
use howfar_face::{Fault, files};

use crate::picture_file::is_picture;
use crate::tree::Tree;

/// Columns that hold paths, by their names in lower case.
const COLUMNS: [&str; 3] = ["path", "image", "file"];

/// Photographs, and how many files beside them are none by their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhotoList {
    /// In their order.
    pub photos: Vec<PathBuf>,
    /// Files of a folder that are not pictures.
    pub n_others: u64,
}

/// Whether a path names several photographs: a folder, or a list by its ending.
pub fn names_several(path: &Path) -> bool {
    is_list(path) || path.is_dir()
}

/// The photographs of a folder or a list.
pub fn photo_list(path: &Path) -> Result<PhotoList, Fault> {
    let list = if path.is_dir() { below(path)? } else { PhotoList { photos: listed(path)?, n_others: 0 } };
    if list.photos.is_empty() {
        let what = if path.is_dir() { "no picture is in this folder" } else { "the list names no picture" };
        return Err(Fault::data(path.display(), what)
            .expected("pictures that end in .png, .jpg, .jpeg, .tif, .tiff, .bmp, .gif or .webp"));
    }
    Ok(list)
}

fn is_list(path: &Path) -> bool {
    path.extension().is_some_and(|e| ["txt", "csv"].iter().any(|list| e.eq_ignore_ascii_case(list)))
}

fn below(folder: &Path) -> Result<PhotoList, Fault> {
    let tree = Tree::read(folder)?;
    let (photos, others): (Vec<_>, Vec<_>) = tree.files.into_iter().partition(|file| is_picture(&file.path));
    let photos = photos.into_iter().map(|file| file.path).collect();
    Ok(PhotoList { photos, n_others: others.len() as u64 })
}

/// Paths of a list; relative ones start at the list's folder.
fn listed(path: &Path) -> Result<Vec<PathBuf>, Fault> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let names: Vec<String> = if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("txt")) {
        let text = files::read_text(path)?;
        let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
        lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
    } else {
        column_or_first(path, &COLUMNS)?
    };
    Ok(names.iter().map(|name| folder.join(name)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::tests::{tree_of, write};

    fn names(list: &PhotoList, folder: &Path) -> Vec<String> {
        let relative = |path: &PathBuf| path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
        list.photos.iter().map(relative).collect()
    }

    #[test]
    fn a_folder_gives_its_pictures_in_order_and_nothing_of_the_system() {
        let folder = tree_of(&[
            "b/2.JPG",
            "b/1.png",
            "a.tif",
            "notes.md",
            "@eaDir/b/1.png",
            "__MACOSX/._1.png",
            "b/._1.png",
            ".hidden/1.png",
        ]);
        let list = photo_list(folder.path()).unwrap();
        assert_eq!(
            (names(&list, folder.path()), list.n_others),
            (vec!["a.tif".into(), "b/1.png".into(), "b/2.JPG".into()], 1)
        );
        let empty = tree_of(&["notes.md"]);
        assert!(photo_list(empty.path()).unwrap_err().to_string().contains("no picture is in this folder"));
    }

    #[test]
    fn lists_name_pictures_from_their_own_folder() {
        let cases: [(&str, &str, &[&str]); 6] = [
            ("l.txt", "\u{feff}b.png\r\n\r\n a.png \n", &["b.png", "a.png"]),
            ("l.csv", "id,Path\n1,x/b.png\n2,a.png\n", &["x/b.png", "a.png"]),
            ("l.csv", "image\n\"a, b.png\"\n", &["a, b.png"]),
            ("l.CSV", "b.png,3\na.png\n", &["b.png", "a.png"]),
            ("l.txt", "/else/b.png\n", &["/else/b.png"]),
            ("l.csv", "id;file\n1;b.png\n2;a.png\n", &["b.png", "a.png"]),
        ];
        for (name, text, expected) in cases {
            let folder = tree_of(&[]);
            write(folder.path(), name, text.as_bytes());
            let list = folder.path().join(name);
            assert!(names_several(&list));
            let expected: Vec<PathBuf> = expected.iter().map(|name| folder.path().join(name)).collect();
            assert_eq!(photo_list(&list).unwrap().photos, expected, "{text}");
        }
    }
}
