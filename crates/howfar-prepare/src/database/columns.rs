//! The names under which lists and tables of others keep pictures, classes, persons and groups.

use std::collections::BTreeSet;

use crate::listing::Found;
use crate::spelling::in_short;

/// Columns of pictures' files.
pub(super) const FILES: [&str; 7] = ["file_name", "path", "image", "file", "filename", "image_path", "img"];
/// Columns of encoded pictures.
pub(super) const IMAGES: [&str; 7] = ["image", "img", "images", "picture", "photo", "face", "pixels"];
/// Columns of classes.
pub(super) const LABELS: [&str; 8] =
    ["label", "labels", "emotion", "emotions", "expression", "expressions", "class", "facial_expression"];
/// Columns of persons. A number of the picture is called `id`, too.
pub(super) const SUBJECTS: [&str; 10] = [
    "subject",
    "subject_id",
    "person",
    "person_id",
    "identity",
    "identity_id",
    "participant",
    "actor",
    "actor_id",
    "id",
];
/// The column of groups.
pub(super) const GROUP: &str = "group";

/// Whether the values of a column are persons: a value of its own in every row of a column `id` is the picture's
/// number.
pub(super) fn are_persons(column: Option<&str>, n_values: usize, n_rows: usize) -> bool {
    column.is_some_and(|name| !name.eq_ignore_ascii_case("id")) || n_values < n_rows || n_rows == 1
}

/// The sentence that says which columns were taken.
pub(super) fn in_words(label: &str, subject: Option<&str>, persons: Option<usize>) -> String {
    let persons = match (subject, persons) {
        (None, _) => "no column of people is known (--subject-column names one)".to_owned(),
        (Some(subject), Some(n)) => format!("{n} people from the column `{subject}`"),
        (Some(subject), None) => {
            format!("the column `{subject}` has another value in every row and was not taken for people")
        }
    };
    format!("classes from the column `{label}`; {persons}")
}

/// The sentence on a column of groups, where one was taken.
pub(super) fn groups_in_words(found: &[Found]) -> Option<String> {
    let groups: Vec<&str> = found.iter().filter_map(|found| found.group.as_deref()).collect();
    let different: Vec<&str> = groups.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let (n, of) = (groups.len(), found.len());
    (n > 0).then(|| format!("{n} of {of} faces have a group from the column `{GROUP}` ({})", in_short(&different)))
}
