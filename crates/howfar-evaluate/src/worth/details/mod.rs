//! What stands behind a difference: by class, in the probabilities, by group, and how often one network is better.
//!
//! In: the cells of a treatment and of its baseline, read once more, one at a time. Out: one [`Details`] for the test
//! people and each unseen database. They describe: what is claimed stands in the claims.

mod calibration;
mod coverage;
mod groups;
mod improvement;
mod judged;
mod per_class;
mod scores;
mod share;

use howfar_face::Fault;
use howfar_protocol::{Track, Treatment};
use howfar_random::Seeds;

use crate::counting::source::CellSource;
use crate::results::StudyFacts;
use crate::results::details::Details;
use crate::worth::claims::{in_order, set_name};
use judged::{Question, ask};

/// The details of `treatment` less `baseline`, both of one track.
pub(crate) fn details(
    facts: &StudyFacts,
    source: &(impl CellSource + ?Sized),
    track: &Track,
    treatment: &Treatment,
    baseline: &Treatment,
) -> Result<Vec<Details>, Fault> {
    let answers = ask(source, track, treatment, baseline)?;
    let name = format!("probability of improvement: {} {treatment} less {baseline}", track.recipe.name());
    let of_faces = |faces| {
        let of_question = &answers[&faces];
        let right = of_question.get(&Question::Right)?;
        right.difference(&faces)?;
        let per_class = per_class::per_class(&facts.classes, &faces, of_question);
        let (groups_by, groups) = groups::groups(&faces, of_question);
        let (part, set) = &faces;
        let mut stream = Seeds::new(facts.seed).stream(&format!("{name} {} {set}", part.name()), &[]);
        Some(Details {
            part: *part,
            set: set_name(facts, &faces),
            treatment: treatment.clone(),
            baseline: baseline.clone(),
            loses_most: per_class::loses_most(&per_class),
            per_class,
            calibration: calibration::calibration(&faces, of_question).filter(|_| source.has_probabilities()),
            groups_by,
            gains_least: groups::gains_least(&groups),
            groups,
            improvement: improvement::improvement(&faces, right, &mut stream),
        })
    };
    Ok(in_order(facts, answers.keys().cloned()).into_iter().filter_map(of_faces).collect())
}
