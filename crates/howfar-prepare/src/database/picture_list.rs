//! Lists of pictures: manifests `path,label,subject[,split]`, under these and other names of columns, and Hugging
//! Face's `metadata.csv` and `metadata.jsonl` with `file_name`.
//!
//! In: a list, or a folder with lists in it (a list in each folder of a split). Out: a find a row.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use howfar_face::{Fault, files, shortened};
use serde_json::Value;

use super::columns::{FILES, GROUP, LABELS, SUBJECTS, are_persons, groups_in_words, in_words};
use super::label_classes::LabelClasses;
use howfar_face::csv_table::CsvTable;

use crate::listing::{Found, Listing, Reason, named_person};
use crate::picture_file::is_picture;
use crate::request::PrepareRequest;
use crate::tree::{Tree, TreeFile};

/// The names of lists within a folder, in lower case.
const LISTS: [&str; 2] = ["metadata.csv", "metadata.jsonl"];
/// Characters of column names that an error quotes.
const QUOTED: usize = 400;

/// The columns of a list that are read.
#[derive(Debug)]
struct Columns {
    file: String,
    label: String,
    subject: Option<String>,
    group: Option<String>,
    split: Option<String>,
}

/// A row of a list.
struct Row {
    place: String,
    file: TreeFile,
    label: String,
    person: Option<String>,
    group: Option<String>,
}

/// Rows of all lists, by where the picture lies: one that two parts list is one.
#[derive(Default)]
struct Rows {
    rows: BTreeMap<PathBuf, Row>,
    columns: Option<Columns>,
}

/// A manifest or list of its own.
pub(super) fn list_file(path: &Path, request: &PrepareRequest) -> Result<Listing, Fault> {
    let told = [
        ("--label-pattern", request.settings.label_pattern.is_some()),
        ("--class-level", request.settings.class_level.is_some()),
    ];
    if let Some((flag, _)) = told.into_iter().find(|(_, is_set)| *is_set) {
        return Err(Fault::usage(flag, format!("{} has a column of classes already", path.display()))
            .hint(format!("leave {flag} out, or give the folder in place of the list")));
    }
    let mut listing = Listing::default();
    let mut rows = Rows::default();
    let folder = path.parent().unwrap_or(Path::new(""));
    if !rows.read(path, folder, "", request, &mut listing)? {
        return Err(no_column(path, "classes", "", "--label-column"));
    }
    rows.take(path, request, &mut listing)?;
    Ok(listing)
}

/// The lists within a folder; `None` where there is none that says what the pictures show.
pub(super) fn list_within(tree: &Tree, request: &PrepareRequest) -> Result<Option<Listing>, Fault> {
    let lists: Vec<&TreeFile> =
        tree.files.iter().filter(|f| LISTS.contains(&f.name().to_lowercase().as_str())).collect();
    let mut listing = Listing::default();
    let mut rows = Rows::default();
    let mut n_read = 0;
    for list in &lists {
        let folder = list.path.parent().unwrap_or(&tree.root);
        let below = list.folders().join("/");
        n_read += usize::from(rows.read(&list.path, folder, &below, request, &mut listing)?);
    }
    if n_read == 0 {
        return Ok(None);
    }
    let is_list = |file: &TreeFile| lists.contains(&file);
    for file in tree.files.iter().filter(|file| !rows.rows.contains_key(&file.path) && !is_list(file)) {
        if is_picture(&file.path) {
            listing.reject(&file.relative, Reason::NoLabel, "no list names it");
        } else {
            listing.reject(&file.relative, Reason::NotAPicture, "by its name");
        }
    }
    rows.take(&tree.root, request, &mut listing)?;
    Ok(Some(listing))
}

fn is_json_lines(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("jsonl"))
}

impl Rows {
    /// Adds the rows of a list whose files lie below `folder`, which is `below` the root; `false` where it has no
    /// classes.
    fn read(
        &mut self,
        path: &Path,
        folder: &Path,
        below: &str,
        request: &PrepareRequest,
        listing: &mut Listing,
    ) -> Result<bool, Fault> {
        let mut add = |place: &str, columns: &Columns, value: &dyn Fn(&str) -> Option<String>| {
            let value = |column: &str| value(column).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
            let name = value(&columns.file)
                .ok_or_else(|| Fault::data(place, format!("the row has no value in the column {}", columns.file)))?;
            let mut file = TreeFile::listed(folder, &name);
            for before in [columns.split.as_deref().and_then(value), Some(below.to_owned())].into_iter().flatten() {
                if !before.is_empty() {
                    file.relative = format!("{before}/{}", file.relative);
                }
            }
            let Some(label) = value(&columns.label) else {
                listing.reject(file.relative, Reason::NoLabel, format!("{place}: no class"));
                return Ok(());
            };
            let person = columns.subject.as_deref().and_then(value);
            let person = person.as_deref().and_then(named_person).map(str::to_owned);
            let group = columns.group.as_deref().and_then(value);
            let new = Row { place: place.to_owned(), file, label, person, group };
            match self.rows.get(&new.file.path) {
                Some(old) if (&old.label, &old.person, &old.group) == (&new.label, &new.person, &new.group) => {
                    listing.reject(new.file.relative, Reason::Repeated, format!("{place} repeats {}", old.place));
                    Ok(())
                }
                Some(old) => Err(contradiction(old, &new)),
                None => {
                    self.rows.insert(new.file.path.clone(), new);
                    Ok(())
                }
            }
        };
        let columns = if is_json_lines(path) {
            read_json_lines(path, request, &mut add)?
        } else {
            let table = CsvTable::open(path)?;
            let Some(columns) = choose(path, table.columns(), request)? else { return Ok(false) };
            let at: BTreeMap<String, usize> =
                table.columns().iter().enumerate().map(|(at, name)| (name.to_lowercase(), at)).collect();
            table.for_each(|place, row| {
                add(place, &columns, &|name| row.get(*at.get(&name.to_lowercase())?).map(str::to_owned))
            })?;
            Some(columns)
        };
        let has_classes = columns.is_some();
        self.columns = self.columns.take().or(columns);
        Ok(has_classes)
    }

    /// Turns the rows into finds.
    fn take(self, path: &Path, request: &PrepareRequest, listing: &mut Listing) -> Result<(), Fault> {
        let Some(columns) = self.columns.filter(|_| !self.rows.is_empty()) else {
            return Err(
                Fault::data(path.display(), "the list has no rows").expected("file_name,label and a row a picture")
            );
        };
        let labels: BTreeSet<&str> = self.rows.values().map(|row| row.label.as_str()).collect();
        let place = |label: &str| {
            let row = self.rows.values().find(|row| row.label == label);
            row.map_or_else(|| path.display().to_string(), |row| row.place.clone())
        };
        let classes = LabelClasses::of(&labels, &place, request)?;
        let persons: BTreeSet<&str> = self.rows.values().filter_map(|row| row.person.as_deref()).collect();
        let named = columns.subject.as_deref();
        let taken = request.settings.subject_column.is_some() || are_persons(named, persons.len(), self.rows.len());
        if let (Some(column), true, true) = (named, taken, request.settings.subject_pattern.is_some()) {
            return Err(Fault::usage(
                "--subject-pattern",
                format!("{} has a column `{column}` already", path.display()),
            )
            .hint("leave --subject-pattern out, or give the folder in place of the list"));
        }
        let persons = taken.then_some(persons.len());
        listing.caveats.push(in_words(&columns.label, columns.subject.as_deref(), persons));
        let pattern = request.settings.compiled_subject_pattern()?;
        for row in self.rows.into_values() {
            if !row.file.path.is_file() {
                listing.reject(row.file.relative, Reason::Missing, format!("named in {}", row.place));
                continue;
            }
            let Some(class) = classes.class(&row.label, &row.file.relative, listing) else { continue };
            let (person, group) = (row.person.filter(|_| taken), row.group);
            let found = Found { person, group, ..Found::picture(&row.file, class) };
            match pattern.as_ref().map(|pattern| pattern.find(&row.file.relative)) {
                None => listing.take(found),
                Some(Some(person)) => listing.take(found.of(person)),
                Some(None) => listing.reject_unknown(&row.file, "a path that the subject pattern matches"),
            }
        }
        listing.caveats.extend(groups_in_words(&listing.found));
        Ok(())
    }
}

/// What is done with a row: its place, the columns, and its values by name.
type Visit<'v> = &'v mut dyn FnMut(&str, &Columns, &dyn Fn(&str) -> Option<String>) -> Result<(), Fault>;

/// One JSON object a line.
fn read_json_lines(path: &Path, request: &PrepareRequest, add: Visit<'_>) -> Result<Option<Columns>, Fault> {
    let text = files::read_text(path)?;
    let mut columns: Option<Columns> = None;
    for (line, text) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        if text.trim().is_empty() {
            continue;
        }
        let place = format!("{}, line {line}", path.display());
        let object: serde_json::Map<String, Value> = serde_json::from_str(text).map_err(|e| {
            Fault::data(&place, format!("not a JSON object: {e}"))
                .expected(r#"{"file_name": "1.png", "label": "anger"}"#)
        })?;
        let chosen = match &columns {
            Some(columns) => columns,
            None => {
                let names: Vec<String> = object.keys().cloned().collect();
                let Some(chosen) = choose(path, &names, request)? else { return Ok(None) };
                columns.insert(chosen)
            }
        };
        add(&place, chosen, &|name| match object.get(name)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        })?;
    }
    Ok(columns)
}

/// The columns to read; `None` where none holds classes.
fn choose(path: &Path, names: &[String], request: &PrepareRequest) -> Result<Option<Columns>, Fault> {
    let joined = names.join(", ");
    let all = shortened(&joined, QUOTED);
    let named = |wanted: &str| names.iter().find(|name| name.eq_ignore_ascii_case(wanted)).cloned();
    let known = |wanted: &[&str]| wanted.iter().find_map(|wanted| named(wanted));
    let asked = |wanted: Option<&String>, option: &str| match wanted {
        None => Ok(None),
        Some(wanted) => named(wanted).map(Some).ok_or_else(|| {
            Fault::data(path.display(), format!("the column {wanted} is missing"))
                .found(&all)
                .hint(format!("name one of these with {option}"))
        }),
    };
    let file = known(&FILES).ok_or_else(|| no_column(path, "pictures' files", &all, ""))?;
    let Some(label) = asked(request.settings.label_column.as_ref(), "--label-column")?.or_else(|| known(&LABELS))
    else {
        return Ok(None);
    };
    let subject = asked(request.settings.subject_column.as_ref(), "--subject-column")?.or_else(|| known(&SUBJECTS));
    Ok(Some(Columns { file, label, subject, group: named(GROUP), split: named("split") }))
}

fn no_column(path: &Path, of_what: &str, all: &str, option: &str) -> Fault {
    let fault = Fault::data(path.display(), format!("no column of {of_what} is here"));
    let fault = if all.is_empty() { fault } else { fault.found(all) };
    if option.is_empty() {
        fault.expected(FILES.join(", "))
    } else {
        fault.expected(LABELS.join(", ")).hint(format!("name the column with {option}"))
    }
}

fn contradiction(old: &Row, new: &Row) -> Fault {
    let say = |row: &Row| format!("{} of {} ({})", row.label, row.person.as_deref().unwrap_or("nobody"), row.place);
    Fault::data(&new.place, format!("{} stands twice, with another label, subject or group", new.file.relative))
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
        list_file(&folder.path().join("m.csv"), &PrepareRequest::new(vec![], "out".into()))
    }

    #[test]
    fn a_manifest_gives_label_subject_and_split() {
        let listing =
            manifest("path,label,subject,split\na.png,joy,p1,train\nb.png,sad,,\nc.png,sad,p2,test\n").unwrap();
        let classes: Vec<_> = listing.found.iter().map(|f| f.class.name()).collect();
        assert_eq!(classes, ["happiness", "sadness"]);
        assert_eq!(listing.found[0].source, "train/a.png");
        assert_eq!((listing.found[0].person.as_deref(), listing.found[1].person.as_deref()), (Some("p1"), None));
        assert_eq!((listing.rejects[0].source.as_str(), listing.rejects[0].reason), ("test/c.png", Reason::Missing));
    }

    #[test]
    fn a_column_of_groups_is_taken_as_it_is_and_said_aloud() {
        let listing = manifest("path,label,Group\na.png,joy,left light\nb.png,sad,\n").unwrap();
        let groups: Vec<_> = listing.found.iter().map(|f| f.group.as_deref()).collect();
        assert_eq!(groups, [Some("left light"), None]);
        assert!(listing.caveats.contains(&"1 of 2 faces have a group from the column `group` (left light)".to_owned()));
    }

    #[test]
    fn a_picture_that_two_parts_list_is_one() {
        let listing = manifest("path,label,split\na.png,fear,train\na.png,fear,test\nb.png,sad,test\n").unwrap();
        assert_eq!(listing.found.len(), 2);
        assert_eq!((listing.rejects[0].source.as_str(), listing.rejects[0].reason), ("test/a.png", Reason::Repeated));
        let fault = manifest("path,label,split\na.png,fear,train\na.png,anger,test\nb.png,sad,test\n").unwrap_err();
        assert!(fault.to_string().contains("a.png stands twice"), "{fault}");
    }

    #[test]
    fn mistakes_in_a_manifest_are_named_with_their_lines() {
        let cases = [
            ("path,label\na.png,fear\na.png,anger\n", "line 3: a.png stands twice"),
            ("path,label\na.png,fear\na.png,anger\n", "line 2"),
            ("path,label,subject\na.png,fear,x\na.png,fear,y\n", "another label, subject or group"),
            ("path,label,group\na.png,fear,x\na.png,fear,y\n", "another label, subject or group"),
            ("path,label\na.png,fear\nb.png,angr\n", "line 3: this label is not an expression"),
            ("path,lable\na.png,fear\n", "no column of classes is here"),
            ("path,label\na.png\n", "line 2"),
            ("path,label\n", "no rows"),
        ];
        for (text, what) in cases {
            let fault = manifest(text).unwrap_err();
            assert!(fault.to_string().contains(what), "{fault}");
        }
    }
}
