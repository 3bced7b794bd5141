//! A face set as class folders of PNG files, for other programs, and for `folder` to read back.

use std::collections::BTreeMap;
use std::path::Path;

use howfar_face::{FaceSet, Fault, encode_png, files};

/// Files written, by class.
pub type ExportCounts = BTreeMap<String, u64>;

/// Writes `OUT/<class>/<database>__<person>__<row>-<source>.png` for every face of a set. Read back with the adapter
/// `folder` and the subject pattern `(?<person>[^/]+?__.+?)__`.
pub fn export_folder(set: &FaceSet, out: &Path) -> Result<ExportCounts, Fault> {
    if out.exists() {
        return Err(Fault::usage(out.display(), "this already exists; nothing is overwritten")
            .hint("give another --out, or remove the folder first"));
    }
    let partial = files::partial_name(out);
    files::remove_folder(&partial)?;
    let folders: Vec<_> = set.info().classes.iter().map(|class| partial.join(in_a_name(class))).collect();
    files::create_folder(&partial)?;
    let mut counts: ExportCounts = set.info().classes.iter().map(|class| (class.clone(), 0)).collect();
    let mut row = 0_u64;
    let written = set.for_each(|face| {
        let labels = &face.labels;
        let (database, person) = (in_a_name(labels.subject.database()), in_a_name(labels.subject.person()));
        let source: String = in_a_name(&labels.source).chars().take(80).collect();
        let name = format!("{database}__{person}__{row:06}-{source}.png");
        row += 1;
        let n_of_class = counts.entry(set.info().classes[labels.label].clone()).or_default();
        // A class without a face gets no folder: an empty one reads as a class whose pictures are lost.
        if *n_of_class == 0 {
            files::create_folder(&folders[labels.label])?;
        }
        *n_of_class += 1;
        let path = folders[labels.label].join(name);
        // Made whole by the rename of the folder, so no sync for each of the files.
        std::fs::write(&path, encode_png(&face.picture)).map_err(|e| Fault::io(&path, "write", &e))?;
        Ok(())
    });
    if let Err(fault) = written {
        files::remove_folder(&partial)?;
        return Err(fault);
    }
    files::rename(&partial, out)?;
    Ok(counts)
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
