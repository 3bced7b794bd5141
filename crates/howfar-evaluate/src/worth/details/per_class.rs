//! Which classes gain and which lose.
//!
//! In: what each person's faces of a class were called, by both treatments. Out: the paired difference in recall of
//! every class that the faces are of, with Holm over them. Only people with faces of a class take part in it.

use std::collections::BTreeMap;

use super::judged::{Pair, Question};
use super::share::with_holm;
use crate::counting::outcomes::Faces;
use crate::results::details::ClassDifference;

/// Where a corrected p is below this, a class clearly loses.
const RISK: f64 = 0.05;

/// In the order of the classes; one that has no name is called by its place.
pub(super) fn per_class(classes: &[String], faces: &Faces, answers: &BTreeMap<Question, Pair>) -> Vec<ClassDifference> {
    let layouts = answers.iter().filter_map(|(question, pair)| match question {
        Question::Class(class) => Some((*class, pair.difference(faces)?)),
        _ => None,
    });
    let difference = |(class, recall): (usize, _)| ClassDifference {
        class: classes.get(class).cloned().unwrap_or_else(|| format!("class {class}")),
        recall,
    };
    with_holm(layouts.collect()).into_iter().map(difference).collect()
}

/// The class that loses most of those that clearly lose.
pub(super) fn loses_most(per_class: &[ClassDifference]) -> Option<String> {
    let losing = per_class.iter().filter(|of| of.recall.p_holm < RISK && of.recall.difference_points < 0.0);
    let most = losing.min_by(|a, b| a.recall.difference_points.total_cmp(&b.recall.difference_points));
    most.map(|of| of.class.clone())
}
