//! Differences between arms with their doubt.
//!
//! In: outcomes and the k to compare at. Out: [`Claim`]s, test people first, then the unseen databases in the study's order.

use howfar_protocol::{Arm, MixtureRatio, Part, Recipe};
use howfar_random::Seeds;

use crate::holm::holm;
use crate::outcomes::{Faces, Outcomes, Slot};
use crate::paired::Layout;
use crate::power::power;
use crate::results::{Choice, Claim, Power, StudyFacts};
use crate::sign_flip::sign_flip_p;
use crate::verdict::{SMALL, Verdict};

/// Points in a share of 1.
const POINTS: f64 = 100.0;
/// What the mix is held against at the same k.
const CONTROLS: [Arm; 6] =
    [Arm::Repeat, Arm::Augment, Arm::GeneratedOnly, Arm::FixedShare, Arm::Pretrain, Arm::Curated];

/// The mix at the compared k against real faces alone.
pub(crate) fn differences_to_real(
    facts: &StudyFacts,
    outcomes: &Outcomes,
    recipe: Recipe,
    choice: &Choice,
) -> Vec<Claim> {
    let k = choice.compared;
    let mix = Slot { recipe, arm: Arm::Mix, k };
    let real = Slot { recipe, arm: Arm::Real, k: MixtureRatio::ZERO };
    against(facts, outcomes, choice.chosen, mix, real)
}

/// The mix at the compared k against the controls at the same k.
pub(crate) fn differences_to_controls(
    facts: &StudyFacts,
    outcomes: &Outcomes,
    recipe: Recipe,
    choice: &Choice,
) -> Vec<Claim> {
    let k = choice.compared;
    let mix = Slot { recipe, arm: Arm::Mix, k };
    CONTROLS.into_iter().flat_map(|arm| against(facts, outcomes, choice.chosen, mix, Slot { recipe, arm, k })).collect()
}

/// Test people and every unseen database; the unseen ones share one Holm correction.
fn against(facts: &StudyFacts, outcomes: &Outcomes, chosen: MixtureRatio, arm: Slot, baseline: Slot) -> Vec<Claim> {
    let claim = |faces: &Faces| claim(facts, outcomes, arm, baseline, faces);
    let mut claims: Vec<Claim> = judged_faces(facts, outcomes, arm).iter().filter_map(claim).collect();
    let unseen =
        |p: fn(&Claim) -> f64| holm(&claims.iter().filter(|c| c.part == Part::Unseen).map(p).collect::<Vec<_>>());
    let corrected = unseen(|claim| claim.p).into_iter().zip(unseen(|claim| claim.p_equivalent));
    for (claim, (p, p_equivalent)) in claims.iter_mut().filter(|c| c.part == Part::Unseen).zip(corrected) {
        (claim.p_holm, claim.p_equivalent) = (p, p_equivalent);
    }
    for claim in &mut claims {
        let shown = Verdict::of(claim.difference_points, claim.p_holm, claim.p_equivalent, facts.risk());
        claim.verdict = shown.where_chosen(chosen);
    }
    claims
}

/// Test people, then the unseen databases that an arm was shown, in the study's order.
pub(crate) fn judged_faces(facts: &StudyFacts, outcomes: &Outcomes, slot: Slot) -> Vec<Faces> {
    let cells = outcomes.cells(slot).into_iter().flatten();
    let faces = cells.flat_map(|(_, cell)| cell.faces.keys().cloned());
    in_order(facts, faces.filter(|(part, _)| matches!(part, Part::Test | Part::Unseen)))
}

/// Each once, in the order of every table and sentence.
pub(crate) fn in_order(facts: &StudyFacts, faces: impl Iterator<Item = Faces>) -> Vec<Faces> {
    let mut faces: Vec<Faces> = faces.collect();
    faces.sort_by_cached_key(|(part, set)| (place(facts, *part, set), set.clone()));
    faces.dedup();
    faces
}

/// Where faces stand: by part; unseen databases as the study file lists them, the first being the primary one.
pub(crate) fn place(facts: &StudyFacts, part: Part, set: &str) -> (Part, usize) {
    let unseen = || facts.sets.iter().filter(|s| s.role == Part::Unseen.name()).position(|s| s.name == set);
    (part, if part == Part::Unseen { unseen().unwrap_or(usize::MAX) } else { 0 })
}

/// What would settle the difference at `k` on the faces of the answer.
pub(crate) fn power_at(facts: &StudyFacts, outcomes: &Outcomes, recipe: Recipe, k: MixtureRatio) -> Option<Power> {
    let mix = Slot { recipe, arm: Arm::Mix, k };
    let real = Slot { recipe, arm: Arm::Real, k: MixtureRatio::ZERO };
    let judged = judged_faces(facts, outcomes, mix);
    let faces = judged.iter().find(|(part, _)| *part == Part::Unseen).or(judged.first())?;
    let layout = Layout::of_difference(faces, &outcomes.series(mix, faces), &outcomes.series(real, faces))?;
    power(&layout.grid, faces.0 == Part::Unseen || facts.n_splits == 1)
}

fn claim(facts: &StudyFacts, outcomes: &Outcomes, arm: Slot, baseline: Slot, faces: &Faces) -> Option<Claim> {
    let series = |slot| outcomes.series(slot, faces);
    let layout = Layout::of_difference(faces, &series(arm), &series(baseline))?;
    let doubt = layout.doubt();
    let (part, set) = faces;
    let compared = format!("{} {} {} {} {}", arm.recipe.name(), arm.arm.name(), arm.k, baseline.arm.name(), baseline.k);
    let flips = |over: &str, differences: &[f64]| {
        let name = format!("sign flips over {over}: {compared} {} {set}", part.name());
        sign_flip_p(differences, &mut Seeds::new(facts.seed).stream(&name, &[]))
    };
    Some(Claim {
        part: *part,
        set: if *part == Part::Unseen { set.clone() } else { real_sets(facts) },
        arm: arm.arm,
        k: arm.k,
        baseline_arm: baseline.arm,
        baseline_k: baseline.k,
        baseline_accuracy_percent: POINTS * layout.baseline_mean,
        accuracy_percent: POINTS * (layout.baseline_mean + layout.mean),
        difference_points: POINTS * layout.mean,
        verdict: Verdict::Open,
        interval_points: doubt.claimed_interval(layout.mean, layout.baseline_mean).map(in_points),
        standard_error_points: POINTS * doubt.standard_error,
        degrees_of_freedom: doubt.degrees_of_freedom,
        p_people: flips("people", &layout.grid.unit_means()),
        p_seeds: flips("seeds", &layout.grid.seed_means()),
        p: doubt.p_two_sided(layout.mean),
        p_holm: doubt.p_two_sided(layout.mean),
        p_equivalent: doubt.p_equivalent(layout.mean, SMALL),
        n_people: layout.n_people,
        n_faces: layout.n_faces,
        n_seeds: layout.grid.n_seeds(),
    })
}

/// An interval of shares in points.
pub(crate) fn in_points(interval: [f64; 2]) -> [f64; 2] {
    interval.map(|end| POINTS * end)
}

/// The names of the real sets.
pub(crate) fn real_sets(facts: &StudyFacts) -> String {
    let names: Vec<&str> = facts.sets.iter().filter(|s| s.role == "real").map(|s| s.name.as_str()).collect();
    names.join(", ")
}
