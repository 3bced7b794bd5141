//! Who gains, and who gains least.
//!
//! In: what each person's faces of a group were called, by both treatments. Out: the paired difference in accuracy on
//! every group, with Holm over them. Groups are those of the face sets; where no face has one, the databases of the
//! people. A single group is none.

use std::collections::BTreeMap;

use super::judged::{Pair, Question};
use super::share::with_holm;
use crate::counting::outcomes::Faces;
use crate::results::details::{GroupDifference, GroupsBy};

/// What the groups are, and one entry for each, by name.
pub(super) fn groups(faces: &Faces, answers: &BTreeMap<Question, Pair>) -> (Option<GroupsBy>, Vec<GroupDifference>) {
    let by_group = |question: &Question| match question {
        Question::Group(name) => Some(name.clone()),
        _ => None,
    };
    let by_database = |question: &Question| match question {
        Question::Database(name) => Some(name.clone()),
        _ => None,
    };
    let is_grouped = answers.keys().any(|question| by_group(question).is_some());
    let name = |question: &Question| if is_grouped { by_group(question) } else { by_database(question) };
    let layouts: Vec<_> =
        answers.iter().filter_map(|(question, pair)| Some((name(question)?, pair.difference(faces)?))).collect();
    if layouts.len() < 2 {
        return (None, Vec::new());
    }
    let by = if is_grouped { GroupsBy::Group } else { GroupsBy::Database };
    let difference = |(group, accuracy)| GroupDifference { group, accuracy };
    (Some(by), with_holm(layouts).into_iter().map(difference).collect())
}

/// The group with the smallest difference of those whose difference has an interval.
pub(super) fn gains_least(groups: &[GroupDifference]) -> Option<String> {
    let known = groups.iter().filter(|of| of.accuracy.interval_points.is_some());
    let least = known.min_by(|a, b| a.accuracy.difference_points.total_cmp(&b.accuracy.difference_points));
    least.map(|of| of.group.clone())
}
