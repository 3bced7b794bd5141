//! From labels as they are found (names of folders, values of a column, parts of a name) to classes.
//!
//! In: the different labels, the user's map, and whether any names are classes. Out: the class of each label, or an
//! error that lists what is no class. Numbers are not silently classes: which expression a number is depends on the
//! database.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use howfar_face::csv_table::CsvTable;
use howfar_face::{Expression, Fault, closest_name};

use crate::folder_words::{is_number, is_person_number};
use crate::listing::Class;
use crate::request::PrepareRequest;
use crate::source_settings::FolderClasses;
use crate::spelling::{in_short, key};

/// Words that head the two columns of a label map.
const HEADS: [(&str, &str); 4] =
    [("label", "class"), ("label", "expression"), ("label", "emotion"), ("folder", "class")];

/// More names than these, none of them an expression, are taken for persons until the user says otherwise.
const MOST_NAMES: usize = 40;

/// What each label means; `None` for one that the map leaves out.
pub(super) type Meanings<'l> = BTreeMap<&'l str, Option<Class>>;

/// A table of two columns: a label as it is found, and the class that it means.
#[derive(Debug)]
pub(super) struct LabelMap {
    path: PathBuf,
    /// By the label's key; `None` leaves it out.
    classes: BTreeMap<String, Option<Class>>,
}

impl LabelMap {
    /// Reads the request's label map, if it names one.
    pub(super) fn of(request: &PrepareRequest) -> Result<Option<Self>, Fault> {
        request.settings.label_map.as_deref().map(|path| Self::read(path, request.settings.classes)).transpose()
    }

    fn read(path: &Path, mean: FolderClasses) -> Result<Self, Fault> {
        let mut rows: Vec<(String, String, String)> = Vec::new();
        CsvTable::without_header(path, &["label", "class"])?.for_each(|place, row| {
            let (label, class) = (row.get(0).unwrap_or_default(), row.get(1).unwrap_or_default());
            if label.is_empty() {
                return Err(Fault::data(place, "not a label and a class")
                    .found(row.iter().collect::<Vec<_>>().join(","))
                    .expected("two columns: the label as it is found, and its class (`-` leaves it out)"));
            }
            rows.push((place.to_owned(), label.to_owned(), class.to_owned()));
            Ok(())
        })?;
        let is_head =
            |(_, label, class): &(String, String, String)| HEADS.contains(&(key(label).as_str(), key(class).as_str()));
        if rows.first().is_some_and(is_head) {
            rows.remove(0);
        }
        let expressions =
            mean == FolderClasses::Auto && rows.iter().any(|(_, _, class)| Expression::from_word(class).is_some());
        let mut classes: BTreeMap<String, Option<Class>> = BTreeMap::new();
        for (place, label, class) in &rows {
            let meaning = match class.as_str() {
                "" | "-" => None,
                word if expressions => Some(Expression::from_word(word).map(Class::from).ok_or_else(|| {
                    Fault::data(place, "this class is not an expression, while others are")
                        .found(word)
                        .expected(format!("{}, or `-` to leave the label out", expression_names()))
                })?),
                word => Some(Class::Named(word.to_owned())),
            };
            if let Some(before) = classes.get(&key(label)).filter(|before| **before != meaning) {
                return Err(Fault::data(place, format!("the label {label} has another class already"))
                    .found(format!("{} and {class}", before.as_ref().map_or("-", Class::name)))
                    .expected("one row for each label"));
            }
            classes.insert(key(label), meaning);
        }
        if classes.is_empty() {
            return Err(Fault::data(path.display(), "the label map has no rows").expected("a label and a class a row"));
        }
        Ok(LabelMap { path: path.to_owned(), classes })
    }

    /// The class of a label; `None` where it is left out or not in the map.
    pub(super) fn class(&self, label: &str) -> Option<&Class> {
        self.classes.get(&key(label))?.as_ref()
    }

    /// Whether it says what a label means.
    pub(super) fn knows(&self, label: &str) -> bool {
        self.classes.contains_key(&key(label))
    }
}

/// What the labels of a source mean. `place` says where a label stands, `kind` what it is (`class folder`, `label`).
pub(super) fn meanings<'l>(
    labels: &BTreeSet<&'l str>,
    map: Option<&LabelMap>,
    mean: FolderClasses,
    kind: &str,
    place: &dyn Fn(&str) -> String,
) -> Result<Meanings<'l>, Fault> {
    if let Some(map) = map {
        return mapped(labels, map);
    }
    let expressions = mean == FolderClasses::Auto && labels.iter().any(|label| Expression::from_word(label).is_some());
    if !expressions {
        if mean == FolderClasses::Auto {
            check_names(labels, kind, place)?;
        }
        return Ok(labels.iter().map(|label| (*label, Some(Class::Named((*label).to_owned())))).collect());
    }
    let unknown: Vec<&str> = labels.iter().copied().filter(|label| Expression::from_word(label).is_none()).collect();
    match unknown.first() {
        Some(first) => Err(not_an_expression(first, &unknown, kind, place)),
        None => Ok(labels.iter().map(|label| (*label, Expression::from_word(label).map(Class::from))).collect()),
    }
}

fn mapped<'l>(labels: &BTreeSet<&'l str>, map: &LabelMap) -> Result<Meanings<'l>, Fault> {
    let unknown: Vec<&str> = labels.iter().copied().filter(|label| !map.knows(label)).collect();
    if unknown.is_empty() {
        return Ok(labels.iter().map(|l| (*l, map.classes.get(&key(l)).cloned().flatten())).collect());
    }
    Err(Fault::data(map.path.display(), format!("{} labels are not in this map", unknown.len()))
        .found(in_short(&unknown))
        .expected("a row for each label that is found")
        .hint(format!("add the rows; `{},-` leaves a label out", unknown[0])))
}

/// Refuses numbers and persons as the names of classes.
fn check_names(labels: &BTreeSet<&str>, kind: &str, place: &dyn Fn(&str) -> String) -> Result<(), Fault> {
    let Some(first) = labels.first() else { return Ok(()) };
    let all = || in_short(&labels.iter().copied().collect::<Vec<_>>());
    if labels.iter().all(|label| is_number(label)) {
        return Err(Fault::data(place(first), format!("every {kind} is a number; which number is which expression?"))
            .found(all())
            .expected("names of classes, or the adapter of a database whose numbers are known")
            .hint(
                "adapters affectnet (0 neutral, 1 happiness, …), fer2013 (0 anger, 1 disgust, …) and rafdb (1 \
                    surprise, \
                2 fear, …) know their numbers; else write the meaning of each into a file for `--label-map FILE` \
                (`0,neutral`), or take the numbers as names with `--any-classes`",
            ));
    }
    let n_persons = labels.iter().filter(|label| is_person_number(label)).count();
    if 2 * n_persons > labels.len() || labels.len() > MOST_NAMES {
        let what = if labels.len() > MOST_NAMES {
            format!("{} different names, none of them an expression: this {kind} looks like a person", labels.len())
        } else {
            format!("this {kind} looks like a person's number")
        };
        return Err(Fault::data(place(first), what)
            .found(all())
            .expected("names of classes; a network of people as classes would tell people apart")
            .hint(
                "where the expression stands in the file's name, say so with `--label-pattern '(?<label>…)'`, and \
                    whose \
                picture it is with `--subject-pattern`; if these are classes, take them with `--any-classes`",
            ));
    }
    Ok(())
}

/// That a label is none while others are, with what may be meant.
pub(super) fn not_an_expression(first: &str, unknown: &[&str], kind: &str, place: &dyn Fn(&str) -> String) -> Fault {
    let meant = match closest_name(&first.to_lowercase(), Expression::ALL.map(Expression::name)) {
        Some(name) => format!("rename {first} to {name}"),
        None => format!("rename {first} to the expression that it is"),
    };
    Fault::data(place(first), format!("this {kind} is not an expression, while others are"))
        .found(in_short(unknown))
        .expected(format!("{} (or happy, sad, angry, …)", expression_names()))
        .hint(format!(
            "{meant}, leave it out with `--ignore {first}`, say what it means with `--label-map FILE`, or, with the \
            adapter `folder`, take all names as they are with `--any-classes`"
        ))
}

/// The names of all expressions.
fn expression_names() -> String {
    Expression::ALL.map(Expression::name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::tests::write;

    fn mean(labels: &[&str], map: Option<&str>, mean: FolderClasses) -> Result<Vec<String>, Fault> {
        let folder = tempfile::tempdir().unwrap();
        let map = map.map(|text| {
            write(folder.path(), "map.csv", text.as_bytes());
            LabelMap::read(&folder.path().join("map.csv"), mean)
        });
        let labels = labels.iter().copied().collect();
        let meanings = meanings(&labels, map.transpose()?.as_ref(), mean, "label", &str::to_owned)?;
        Ok(meanings.into_values().map(|class| class.map_or("-".to_owned(), |c| c.name().to_owned())).collect())
    }

    #[test]
    fn labels_become_classes() {
        use FolderClasses::{Any, Auto};
        type Case = (&'static [&'static str], Option<&'static str>, FolderClasses, &'static [&'static str]);
        let cases: [Case; 6] = [
            (&["Happy", "0_anger"], None, Auto, &["anger", "happiness"]),
            (&["cat", "dog"], None, Auto, &["cat", "dog"]),
            (&["Happy", "dog"], None, Any, &["Happy", "dog"]),
            (&["0", "1"], None, Any, &["0", "1"]),
            (&["0", "1", "X"], Some("label,class\n0,neutral\n1,Happy\nx,-\n"), Auto, &["neutral", "happiness", "-"]),
            (&["0", "1"], Some("0,cat\n1,\n2,dog\n"), Auto, &["cat", "-"]),
        ];
        for (labels, map, what, expected) in cases {
            assert_eq!(mean(labels, map, what).unwrap(), expected, "{labels:?}");
        }
    }

    #[test]
    fn a_crowd_of_names_is_persons_until_the_user_says_otherwise() {
        let names: Vec<String> = (0..50).map(|i| format!("{}na", char::from(b'A' + i))).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let fault = mean(&names, None, FolderClasses::Auto).unwrap_err().to_string();
        assert!(fault.contains("50 different names") && fault.contains("and 42 more"), "{fault}");
        assert_eq!(mean(&names, None, FolderClasses::Any).unwrap().len(), 50);
    }

    #[test]
    fn what_is_no_class_is_listed_with_what_to_do() {
        let cases: [(&[&str], Option<&str>, &[&str]); 8] = [
            (
                &["anger", "suprise"],
                None,
                &["suprise", "rename suprise to surprise", "--ignore suprise", "--label-map"],
            ),
            (&["0", "1", "2"], None, &["affectnet", "fer2013", "rafdb", "--label-map", "--any-classes", "0, 1, 2"]),
            (&["S001", "S002", "misc"], None, &["person's number", "--label-pattern", "--any-classes"]),
            (&["a", "b"], Some("a,fear\n"), &["1 labels are not in this map", "b", "`b,-`"]),
            (&["a"], Some("a,fear\na,anger\n"), &["line 2", "another class already"]),
            (&["a"], Some("a,fear\nb,dog\n"), &["line 2", "dog", "not an expression"]),
            (&["a"], Some("a,fear,x\n"), &["line 1", "2 columns"]),
            (&["a"], Some("label,class\n"), &["no rows"]),
        ];
        for (labels, map, parts) in cases {
            let fault = mean(labels, map, FolderClasses::Auto).unwrap_err().to_string();
            for part in parts {
                assert!(fault.contains(part), "{part}: {fault}");
            }
        }
    }
}
