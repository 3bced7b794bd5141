//! A manifest `path,label,subject[,split]` of anyone's pictures.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use howfar_face::Fault;

use super::folder_check::check_classes;
use super::labels::{LabelMap, meanings};
use crate::listing::{Found, Listing, Reason, named_person};
use crate::request::PrepareRequest;
use crate::tree::TreeFile;
use howfar_face::csv_table::{CsvTable, field};

/// A row of a manifest.
struct Row {
    place: String,
    label: String,
    file: TreeFile,
    person: Option<String>,
}

/// The pictures that the manifest at `path` lists, those that are not there left out.
pub(super) fn list_manifest(path: &Path, request: &PrepareRequest) -> Result<Listing, Fault> {
    let table = CsvTable::open(path)?;
    let (path_at, label_at, subject_at) = (table.column("path")?, table.column("label")?, table.find("subject"));
    let split_at = table.find("split");
    check_settings(path, subject_at.is_some(), request)?;
    let subject_pattern = request.compiled_subject_pattern()?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    let mut listing = Listing::default();
    table.for_each(|place, row| {
        let (name, label) = (field(row, path_at, place)?, field(row, label_at, place)?);
        let person = subject_at.and_then(|at| row.get(at)).and_then(named_person).map(str::to_owned);
        let mut file = TreeFile::listed(folder, name);
        if let Some(split) = split_at.and_then(|at| row.get(at)).filter(|s| !s.is_empty()) {
            file.relative = format!("{split}/{}", file.relative);
        }
        let new = Row { place: place.to_owned(), label: label.to_owned(), file, person };
        match rows.get(name) {
            None => {
                rows.insert(name.to_owned(), new);
            }
            Some(old) if old.label == new.label && old.person == new.person => {
                listing.reject(name, Reason::Repeated, format!("{place} repeats {}", old.place));
            }
            Some(old) => return Err(contradiction(name, old, &new)),
        }
        Ok(())
    })?;
    if rows.is_empty() {
        return Err(
            Fault::data(path.display(), "the manifest has no rows").expected("path,label,subject and a row a picture")
        );
    }
    let map = LabelMap::of(request)?;
    let is_ignored = |row: &Row| request.ignore.contains(&row.label);
    let labels: BTreeSet<&str> = rows.values().filter(|row| !is_ignored(row)).map(|row| row.label.as_str()).collect();
    let place = |label: &str| {
        let row = rows.values().find(|row| row.label == label);
        row.map_or_else(|| path.display().to_string(), |row| row.place.clone())
    };
    let meanings = meanings(&labels, map.as_ref(), request.classes, "label", &place)?;
    for (name, row) in &rows {
        match meanings.get(row.label.as_str()) {
            _ if is_ignored(row) => {
                listing.reject(name, Reason::NotAskedFor, format!("the label {} is ignored", row.label));
            }
            None | Some(None) => {
                listing.reject(name, Reason::NotAskedFor, format!("the label map leaves {} out", row.label));
            }
            _ if !row.file.path.is_file() => {
                listing.reject(name, Reason::Missing, format!("named in {}", row.place));
            }
            Some(Some(class)) => {
                let found = Found { person: row.person.clone(), ..Found::picture(&row.file, class.clone()) };
                match subject_pattern.as_ref().map(|pattern| pattern.find(&row.file.relative)) {
                    None => listing.take(found),
                    Some(Some(person)) => listing.take(found.of(person)),
                    Some(None) => listing.reject_unknown(&row.file, "a path that the subject pattern matches"),
                }
            }
        }
    }
    check_classes(path, &listing, &BTreeSet::new(), request)?;
    Ok(listing)
}

/// Settings that a manifest leaves nothing to.
fn check_settings(path: &Path, has_subjects: bool, request: &PrepareRequest) -> Result<(), Fault> {
    let told = [
        ("--label-pattern", request.label_pattern.is_some(), "label"),
        ("--class-level", request.class_level.is_some(), "label"),
        ("--subject-pattern", request.subject_pattern.is_some() && has_subjects, "subject"),
    ];
    match told.into_iter().find(|(_, is_set, _)| *is_set) {
        None => Ok(()),
        Some((flag, _, column)) => {
            Err(Fault::usage(flag, format!("{} has a column `{column}` already", path.display()))
                .hint(format!("leave {flag} out, or give the folder in place of the manifest")))
        }
    }
}

fn contradiction(name: &str, old: &Row, new: &Row) -> Fault {
    let say = |row: &Row| format!("{} of {} ({})", row.label, row.person.as_deref().unwrap_or("nobody"), row.place);
    Fault::data(&new.place, format!("{name} stands twice, with another label or subject"))
        .found(format!("{} and {}", say(old), say(new)))
        .expected("one row a picture")
        .hint("remove the wrong row")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::tests::{tree_of, write};

    fn manifest(text: &str) -> Result<Listing, Fault> {
        let folder = tree_of(&["a.png", "b.png"]);
        write(folder.path(), "m.csv", text.as_bytes());
        list_manifest(&folder.path().join("m.csv"), &PrepareRequest::new(vec![], "out".into()))
    }

    #[test]
    fn a_manifest_gives_label_subject_and_split() {
        let listing =
            manifest("path,label,subject,split\na.png,joy,p1,train\nb.png,sad,,\nc.png,sad,p2,test\n").unwrap();
        let classes: Vec<_> = listing.found.iter().map(|f| f.class.name()).collect();
        assert_eq!(classes, ["happiness", "sadness"]);
        assert_eq!(listing.found[0].source, "train/a.png");
        assert_eq!((listing.found[0].person.as_deref(), listing.found[1].person.as_deref()), (Some("p1"), None));
        assert_eq!((listing.rejects[0].source.as_str(), listing.rejects[0].reason), ("c.png", Reason::Missing));
    }

    #[test]
    fn mistakes_in_a_manifest_are_named_with_their_lines() {
        let cases = [
            ("path,label\na.png,fear\na.png,anger\n", "line 3: a.png stands twice"),
            ("path,label\na.png,fear\na.png,anger\n", "line 2"),
            ("path,label,subject\na.png,fear,x\na.png,fear,y\n", "another label or subject"),
            ("path,label\na.png,fear\nb.png,angr\n", "line 3: this label is not an expression"),
            ("path,lable\na.png,fear\n", "the column `label` is missing"),
            ("path,label\na.png\n", "no value in column 2"),
            ("path,label\n", "no rows"),
        ];
        for (text, what) in cases {
            let fault = manifest(text).unwrap_err();
            assert!(fault.to_string().contains(what), "{fault}");
        }
    }
}
