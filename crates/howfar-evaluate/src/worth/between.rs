//! Recipes, networks and generated sets of one study side by side: each at its own chosen k against the first.
//!
//! In: outcomes and results of all tracks. Out: [`Between`]s. Differences are paired by face and seed; on the same
//! faces all of them share one Holm correction.

use howfar_protocol::{MixtureRatio, Treatment};

use crate::counting::numbers::PERCENT;
use crate::counting::outcomes::Outcomes;
use crate::intervals::holm::holm;
use crate::intervals::paired::Layout;
use crate::results::comparisons::Between;
use crate::results::{RecipeResults, StudyFacts};
use crate::worth::claims::{in_points, judged_faces, set_name};

/// Every track but the first against it, on test people and every unseen database.
pub(crate) fn between(facts: &StudyFacts, tracks: &[(Outcomes, RecipeResults)]) -> Vec<Between> {
    let Some(((of_first, first), others)) = tracks.split_first() else { return Vec::new() };
    let (baseline_k, baseline) = best(first);
    let mut all = Vec::new();
    for faces in judged_faces(facts, of_first, &baseline) {
        let compare = |(outcomes, results): &(Outcomes, RecipeResults)| {
            let (k, treatment) = best(results);
            let (of_it, of_baseline) = (outcomes.series(&treatment, &faces), of_first.series(&baseline, &faces));
            let layout = Layout::of_difference(&faces, &of_it, &of_baseline)?;
            let doubt = layout.doubt();
            Some(Between {
                part: faces.0,
                set: set_name(facts, &faces),
                name: format!("{}, k = {}", results.name(), k),
                baseline: format!("{}, k = {}", first.name(), baseline_k),
                baseline_accuracy_percent: PERCENT * layout.baseline_mean,
                difference_points: PERCENT * layout.mean,
                interval_points: doubt.claimed_interval(layout.mean, layout.baseline_mean).map(in_points),
                p_holm: doubt.p_two_sided(layout.mean),
            })
        };
        let mut of_faces: Vec<Between> = others.iter().filter_map(compare).collect();
        let p: Vec<f64> = of_faces.iter().map(|between| between.p_holm).collect();
        of_faces.iter_mut().zip(holm(&p)).for_each(|(between, p)| between.p_holm = p);
        all.extend(of_faces);
    }
    all
}

/// What stands at the chosen k.
fn best(results: &RecipeResults) -> (MixtureRatio, Treatment) {
    match &results.choice {
        Some(choice) => (choice.chosen, choice.at(choice.chosen, results.source.as_deref())),
        None => (MixtureRatio::ZERO, Treatment::BASELINE),
    }
}
