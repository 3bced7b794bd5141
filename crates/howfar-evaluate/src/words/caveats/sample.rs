//! Caveats of a study's sample: how many people and faces judge, and which classes they lack.
//!
//! In: what was studied and the outcomes of its baseline. Out: [`Caveat`]s.

use std::collections::BTreeMap;

use howfar_protocol::{Part, Treatment};

use super::{FEW_FACES, FEW_PEOPLE, caveat, missing};
use crate::counting::confusion::ConfusionCounts;
use crate::counting::outcomes::{Outcomes, Series};
use crate::intervals::paired::Layout;
use crate::results::StudyFacts;
use crate::results::caveat::Caveat;
use crate::words::wording::{counted, faces_of, joined};
use crate::worth::claims::in_order;

/// Fewer validation people than this make the choice of k a matter of chance.
const FEW_VALIDATION_PEOPLE: usize = 10;

/// People and classes of the parts that judge, as the baseline was judged on them.
pub(super) fn of_sample(facts: &StudyFacts, outcomes: &Outcomes) -> Vec<Caveat> {
    let cells = outcomes.cells(&Treatment::BASELINE);
    let parts = in_order(facts, cells.flat_map(|(_, cell)| cell.faces.keys().cloned()));
    let mut found = Vec::new();
    for faces in parts {
        let series = outcomes.series(&Treatment::BASELINE, &faces);
        let words = faces_of(facts, faces.0, &faces.1);
        if let Some(layout) = Layout::of_one(&faces, &series) {
            found.extend(of_size(faces.0, &words, layout.n_people, layout.n_faces));
        }
        found.extend(of_missing(facts, faces.0, &words, &series));
    }
    found
}

/// Classes that a part lacks, in any split: a network that never learnt a class may be judged on it in one fold of ten.
fn of_missing(facts: &StudyFacts, part: Part, words: &str, series: &Series<'_>) -> Vec<Caveat> {
    let mut of_splits: BTreeMap<u32, ConfusionCounts> = BTreeMap::new();
    for (run, cell) in series {
        let counts = of_splits.entry(run.split_idx).or_insert_with(|| ConfusionCounts::new(facts.classes.len()));
        counts.merge(&cell.confusion);
    }
    let mut splits_that_lack: BTreeMap<Vec<&str>, Vec<String>> = BTreeMap::new();
    for (split_idx, counts) in &of_splits {
        let classes = missing(&facts.classes, |class| counts.support(class));
        splits_that_lack.entry(classes).or_default().push((split_idx + 1).to_string());
    }
    splits_that_lack.remove(&Vec::new());
    let advice = match part {
        Part::Training => {
            "The networks trained there cannot know these classes and are wrong wherever they are judged on them; use \
             fewer folds or another split, or leave the classes out of `expressions`."
        }
        _ => "Figures there say nothing of these classes; leave them out of `expressions` or add faces.",
    };
    let told = |(classes, splits): (Vec<&str>, Vec<String>)| {
        let fold = if splits.len() == 1 { "fold" } else { "folds" };
        let of_all = splits.len() == of_splits.len();
        let place = if of_all { String::new() } else { format!(" in {fold} {}", joined(&splits)) };
        caveat("missing-class", format!("No face of {} among {words}{place}.", classes.join(", ")), advice)
    };
    splits_that_lack.into_iter().map(told).collect()
}

fn of_size(part: Part, words: &str, n_people: usize, n_faces: usize) -> Option<Caveat> {
    match part {
        Part::Test | Part::Unseen if n_people == 1 => Some(caveat(
            "one-person",
            format!("All faces of {words} are one's own: the interval says nothing of others."),
            "Add people; with one, only the spread between seeds is known.",
        )),
        Part::Unseen if n_people < FEW_PEOPLE || n_faces < FEW_FACES => Some(caveat(
            "unseen-small",
            format!("The {words} is small: {n_people} in {}.", counted(n_faces, "face", "faces")),
            "Intervals on it are wide; a larger or a second unseen database would help.",
        )),
        Part::Test if n_people < FEW_PEOPLE => Some(caveat(
            "few-people",
            format!("Only {n_people} {words}: intervals are wide."),
            "More of them help more than more faces or seeds; folds test everybody once.",
        )),
        Part::Validation if n_people < FEW_VALIDATION_PEOPLE => Some(caveat(
            "few-validation-people",
            format!("Only {n_people} {words} choose k: another sample could well choose another k."),
            "Give validation more of them, or use folds.",
        )),
        _ => None,
    }
}
