//! What each seed reached on the faces that judge.
//!
//! In: outcomes. Out: a [`SeedAccuracies`] for every treatment, on test people and each unseen database, sorted by
//! treatment. The share of right faces is over all faces of a seed, as papers count, and over all of its folds.

use std::collections::{BTreeMap, BTreeSet};

use howfar_protocol::Treatment;

use crate::counting::numbers::PERCENT;
use crate::counting::outcomes::{Faces, Outcomes};
use crate::results::StudyFacts;
use crate::results::single_run::SeedAccuracies;
use crate::worth::claims::judged_faces;

/// One entry for every treatment and judged set of faces.
pub(crate) fn by_seed(facts: &StudyFacts, outcomes: &Outcomes) -> Vec<SeedAccuracies> {
    let of = |treatment| judged_faces(facts, outcomes, treatment).into_iter().map(move |faces| (treatment, faces));
    outcomes.treatments().flat_map(of).map(|(treatment, faces)| on_faces(facts, outcomes, treatment, faces)).collect()
}

fn on_faces(facts: &StudyFacts, outcomes: &Outcomes, treatment: &Treatment, faces: Faces) -> SeedAccuracies {
    let series = outcomes.series(treatment, &faces);
    // Where every seed has a split of its own, that is all of it.
    let splits: BTreeSet<u32> = series.keys().map(|run| run.split_idx).collect();
    let n_splits = if facts.is_redrawn { 1 } else { splits.len() };
    // Right faces, all faces, splits.
    let mut sums: BTreeMap<u32, (f64, f64, usize)> = BTreeMap::new();
    for (run, part) in &series {
        let n = part.confusion.n_faces() as f64;
        let (right, all, splits) = sums.entry(run.seed_idx).or_default();
        *right += part.confusion.accuracy() * n;
        *all += n;
        *splits += 1;
    }
    sums.retain(|_, (_, all, splits)| *splits == n_splits && *all > 0.0);
    SeedAccuracies {
        treatment: treatment.clone(),
        part: faces.0,
        set: faces.1,
        seeds: sums.keys().copied().collect(),
        accuracy_percent: sums.values().map(|(right, all, _)| PERCENT * right / all).collect(),
    }
}
