//! From the labels of a list or a column to classes: expressions if one of them is one, else the names as they are.
//!
//! In: the labels that occur, and `--label-map`. Out: a class for each, or why a picture is left out.

use std::collections::{BTreeMap, BTreeSet};

use howfar_face::{Expression, Fault, closest_name};

use super::csv_table::{CsvTable, field};
use crate::listing::{Class, Listing, Reason};
use crate::request::{FolderClasses, PrepareRequest};

/// Labels in a message.
const SHOWN: usize = 8;

/// The classes of labels.
pub(super) struct LabelClasses {
    classes: BTreeMap<String, Option<Class>>,
}

impl LabelClasses {
    /// The classes of `labels`, which stand at `place`.
    pub(super) fn of(labels: &BTreeSet<&str>, place: String, request: &PrepareRequest) -> Result<Self, Fault> {
        let map = read_map(request)?;
        let ignored = |label: &str| request.ignore.iter().any(|i| i == label);
        let meaning = |label: &&str| match map.get(&label.trim().to_lowercase()) {
            None => Some((*label).to_owned()),
            Some(class) => class.clone(),
        };
        let names: BTreeMap<&str, String> = labels
            .iter()
            .filter(|label| !ignored(label))
            .filter_map(|label| Some((*label, meaning(label)?)))
            .collect();
        if request.classes == FolderClasses::Auto && !names.is_empty() && names.values().all(|n| is_number(n)) {
            return Err(Fault::data(place, "the classes are numbers, and nothing says what they mean")
                .found(in_short(&names.values().map(String::as_str).collect::<Vec<_>>()))
                .hint("give a table of two columns, as in `0,anger`: --label-map FILE"));
        }
        let is_expression = |name: &String| Expression::from_word(name.trim()).is_some();
        let as_expressions = request.classes == FolderClasses::Auto && names.values().any(is_expression);
        let unknown: Vec<&str> =
            names.iter().filter(|(_, name)| as_expressions && !is_expression(name)).map(|(label, _)| *label).collect();
        if let Some(first) = unknown.first() {
            return Err(unknown_label(first, &unknown, place));
        }
        let class = |name: &str| match Expression::from_word(name.trim()) {
            Some(expression) if as_expressions => Class::Expression(expression),
            _ => Class::Named(name.trim().to_owned()),
        };
        let classes =
            labels.iter().map(|label| ((*label).to_owned(), names.get(label).map(|name| class(name)))).collect();
        Ok(LabelClasses { classes })
    }

    /// The class of a picture's label; the picture is left out where it is ignored.
    pub(super) fn class(&self, label: &str, source: &str, listing: &mut Listing) -> Option<Class> {
        let class = self.classes.get(label).cloned().flatten();
        if class.is_none() {
            listing.reject(source, Reason::NotAskedFor, format!("the label {label} is ignored, or the label map leaves it out"));
        }
        class
    }
}

fn is_number(label: &str) -> bool {
    label.trim().parse::<f64>().is_ok_and(f64::is_finite)
}

fn in_short(labels: &[&str]) -> String {
    let shown = labels.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    let more = labels.len().saturating_sub(SHOWN);
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

fn unknown_label(first: &str, unknown: &[&str], place: String) -> Fault {
    let names = Expression::ALL.map(Expression::name);
    let meant = closest_name(&first.to_lowercase(), names).map_or(String::new(), |n| format!("{first} is {n}? "));
    Fault::data(place, "these labels are no expressions, while others are")
        .found(in_short(unknown))
        .expected(names.join(", "))
        .hint(format!(
            "{meant}say what they mean with --label-map, leave them out with `--ignore {first}`, or take all labels as they are with --any-classes"
        ))
}

/// The table `--label-map`, labels in lower case; `None` for a label that it leaves out (`-`).
pub(super) fn read_map(request: &PrepareRequest) -> Result<BTreeMap<String, Option<String>>, Fault> {
    let mut map = BTreeMap::new();
    let Some(path) = &request.label_map else { return Ok(map) };
    let table = CsvTable::without_header(path, &["label", "class"])?;
    table.for_each(|place, row| {
        let (label, class) = (field(row, 0, place)?, row.get(1).unwrap_or_default().trim());
        let class = Some(class.to_owned()).filter(|class| !["", "-"].contains(&class.as_str()));
        map.insert(label.trim().to_lowercase(), class);
        Ok(())
    })?;
    Ok(map)
}
