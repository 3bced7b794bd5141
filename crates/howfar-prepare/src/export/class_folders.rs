//! Class folders of PNG files, for other programs, and for `folder` to read back.
//!
//! `<class>/<database>__<person>__<row>-<source>.png` for every face of a set. Read back with the adapter `folder` and
//! the subject pattern `(?<person>[^/]+?__.+?)__`.

use std::path::Path;

use howfar_face::{Face, FaceSet, Fault, encode_png, files};

use super::{for_each_row, write_plainly};

/// Writes every face.
pub(super) fn write(set: &FaceSet, folder: &Path) -> Result<(), Fault> {
    let folders: Vec<_> = set.info().classes.iter().map(|class| folder.join(in_a_name(class))).collect();
    let mut is_made = vec![false; folders.len()];
    for_each_row(set, |row, Face { labels, picture }| {
        let (database, person) = (in_a_name(labels.subject.database()), in_a_name(labels.subject.person()));
        let source: String = in_a_name(&labels.source).chars().take(80).collect();
        let name = format!("{database}__{person}__{row:06}-{source}.png");
        // A class without a face gets no folder: an empty one reads as a class whose pictures are lost.
        if !std::mem::replace(&mut is_made[labels.label], true) {
            files::create_folder(&folders[labels.label])?;
        }
        write_plainly(&folders[labels.label].join(name), &encode_png(&picture))
    })
}

/// A text that every file system takes and that holds no double underscore: other characters as `%` and their code.
fn in_a_name(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    for (i, byte) in text.bytes().enumerate() {
        let after_underscore = name.ends_with('_');
        match byte {
            b'_' if !after_underscore && i > 0 && i + 1 < text.len() => name.push('_'),
            b'.' if i == 0 => name.push_str("%2E"),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' => name.push(char::from(byte)),
            _ => name.push_str(&format!("%{byte:02X}")),
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_hold_no_separator_and_nothing_that_a_file_system_refuses() {
        let cases = [
            ("S010", "S010"),
            ("train/a b.png", "train%2Fa%20b.png"),
            ("a__b", "a_%5Fb"),
            ("_a_", "%5Fa%5F"),
            ("..", "%2E."),
        ];
        for (text, name) in cases {
            assert_eq!(in_a_name(text), name);
        }
    }
}
