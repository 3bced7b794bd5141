//! Which files are pictures, by their names; by their first bytes where a name has no ending.
//!
//! In: a path. Out: yes or no. Whether a picture can be read shows when it is opened.

use std::io::Read;
use std::path::Path;

use howfar_face::foreign_picture_endings;

/// Endings of pictures that this crate reads, in lower case.
pub(crate) const PICTURE_ENDINGS: [&str; 13] =
    ["png", "apng", "jpg", "jpeg", "jpe", "jfif", "pjpeg", "pjp", "tif", "tiff", "bmp", "webp", "gif"];

/// Whether a file is a picture, by its name: one that this crate reads, or one of another kind, which is then reported
/// as unreadable with what to do about it. Only a name without an ending is no answer: the file's first bytes are one.
pub(crate) fn is_picture(path: &Path) -> bool {
    match path.extension() {
        Some(ending) => {
            let ending = ending.to_string_lossy().to_lowercase();
            PICTURE_ENDINGS.contains(&ending.as_str()) || foreign_picture_endings().any(|foreign| foreign == ending)
        }
        None => {
            let mut head = [0; 32];
            let opened = std::fs::metadata(path).is_ok_and(|m| m.is_file()).then(|| std::fs::File::open(path));
            let n_read = opened.and_then(|file| file.ok()?.read(&mut head).ok()).unwrap_or(0);
            image::guess_format(&head[..n_read]).is_ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::tests::write;

    #[test]
    fn pictures_are_known_by_their_endings_and_without_one_by_their_beginnings() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "picture", b"\x89PNG\r\n\x1a\n");
        write(folder.path(), "text", b"path,label");
        let cases = [
            ("a.PNG", true),
            ("a.jfif", true),
            ("a.gif", true),
            ("a.heic", true),
            ("a.NEF", true),
            ("a.pgm", true),
            ("a.txt", false),
            ("picture", true),
            ("text", false),
            ("gone", false),
        ];
        for (name, expected) in cases {
            assert_eq!(is_picture(&folder.path().join(name)), expected, "{name}");
        }
    }
}
