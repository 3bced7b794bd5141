//! Differences between arms with their doubt.
//!
//! In: outcomes and the k to compare at. Out: [`Claim`]s, test people first, then the unseen databases in the study's
//! order.

use howfar_protocol::{Arm, MixtureRatio, Part, Role, Track, Treatment};
use howfar_random::Seeds;

use crate::choosing::verdict::Verdict;
use crate::counting::numbers::PERCENT;
use crate::counting::outcomes::{Faces, Outcomes};
use crate::intervals::holm::holm;
use crate::intervals::paired::Layout;
use crate::intervals::power::power;
use crate::intervals::sign_flip::sign_flip_p;
use crate::results::{Choice, Claim, Power, StudyFacts};

/// What is said of the mix at the compared k.
#[derive(Debug, Default)]
pub(crate) struct Differences {
    /// Against what stands at k = 0.
    pub(crate) claims: Vec<Claim>,
    /// Against labelled faces alone for their own steps, where something else stands at k = 0.
    pub(crate) over_own_steps: Vec<Claim>,
    /// Against controls and rivals at the same k.
    pub(crate) controls: Vec<Claim>,
}

/// The mix at the compared k against labelled faces alone, and against controls and rivals at the same k.
pub(crate) fn differences(facts: &StudyFacts, outcomes: &Outcomes, track: &Track, choice: &Choice) -> Differences {
    let at = |k| choice.at(k, track.source.as_deref());
    let (mix, baseline) = (at(choice.compared), at(MixtureRatio::ZERO));
    let comparing = Comparing { facts, outcomes, track, choice };
    let is_other = |other: &&Treatment| {
        let Treatment { arm, k, people_percent, left_out, .. } = other;
        !arm.is_on_curve() && *k == choice.compared && people_percent.is_none() && left_out.is_none()
    };
    // Controls before rivals, each as often as it was run.
    let arms = Arm::compared_with_mix();
    let mut others: Vec<&Treatment> = outcomes.treatments().filter(is_other).collect();
    others.sort_by_key(|other| arms.iter().position(|arm| *arm == other.arm));
    let against = |other: &Treatment| comparing.between(&mix, other);
    let own_steps = (baseline != Treatment::BASELINE).then(|| comparing.between(&mix, &Treatment::BASELINE));
    Differences {
        claims: comparing.between(&mix, &baseline),
        over_own_steps: own_steps.unwrap_or_default(),
        controls: others.into_iter().flat_map(against).collect(),
    }
}

struct Comparing<'a> {
    facts: &'a StudyFacts,
    outcomes: &'a Outcomes,
    track: &'a Track,
    choice: &'a Choice,
}

impl Comparing<'_> {
    /// On test people and every unseen database; the unseen ones share one Holm correction.
    fn between(&self, treatment: &Treatment, baseline: &Treatment) -> Vec<Claim> {
        let judged = judged_faces(self.facts, self.outcomes, treatment);
        let mut claims: Vec<Claim> = judged.iter().filter_map(|faces| self.claim(treatment, baseline, faces)).collect();
        let unseen =
            |p: fn(&Claim) -> f64| holm(&claims.iter().filter(|c| c.part == Part::Unseen).map(p).collect::<Vec<_>>());
        let corrected = unseen(|claim| claim.p).into_iter().zip(unseen(|claim| claim.p_equivalent));
        for (claim, (p, p_equivalent)) in claims.iter_mut().filter(|c| c.part == Part::Unseen).zip(corrected) {
            (claim.p_holm, claim.p_equivalent) = (p, p_equivalent);
        }
        for claim in &mut claims {
            let shown = Verdict::of(claim.difference_points, claim.p_holm, claim.p_equivalent, self.facts.risk());
            claim.verdict = shown.where_chosen(self.choice.chosen);
        }
        claims
    }

    /// What the choice of ways adds where a side stands on the curve.
    fn spread(&self, side: &Treatment, faces: &Faces) -> f64 {
        let source = self.track.source.as_deref();
        let mut all_k = self.choice.candidates.iter().map(|candidate| candidate.k);
        let k = all_k.find(|k| self.choice.at(*k, source) == *side);
        k.map_or(0.0, |k| spread_of_ways(self.outcomes, self.choice, source, k, faces))
    }

    fn claim(&self, treatment: &Treatment, baseline: &Treatment, faces: &Faces) -> Option<Claim> {
        let series = |treatment| self.outcomes.series(treatment, faces);
        let layout = Layout::of_difference(faces, &series(treatment), &series(baseline))?;
        let sides = [treatment, baseline].map(|side| self.spread(side, faces));
        let doubt = layout.doubt().with(sides.iter().sum());
        let (part, set) = faces;
        let recipe = self.track.recipe.name();
        let weight = baseline.weight.map(|weight| format!(" {weight}")).unwrap_or_default();
        let compared = [treatment, baseline].map(|of| format!("{} {}", of.arm.name, of.k)).join(" ") + &weight;
        let flips = |over: &str, differences: &[f64]| {
            let name = format!("sign flips over {over}: {recipe} {compared} {} {set}", part.name());
            sign_flip_p(differences, &mut Seeds::new(self.facts.seed).stream(&name, &[]))
        };
        Some(Claim {
            part: *part,
            set: set_name(self.facts, faces),
            treatment: treatment.clone(),
            baseline: baseline.clone(),
            baseline_accuracy_percent: PERCENT * layout.baseline_mean,
            accuracy_percent: PERCENT * (layout.baseline_mean + layout.mean),
            difference_points: PERCENT * layout.mean,
            verdict: Verdict::Open,
            interval_points: doubt.claimed_interval(layout.mean, layout.baseline_mean).map(in_points),
            standard_error_points: PERCENT * doubt.standard_error,
            degrees_of_freedom: doubt.degrees_of_freedom,
            p_people: flips("people", &layout.grid.unit_means()),
            p_seeds: flips("seeds", &layout.grid.seed_means()),
            p: doubt.p_two_sided(layout.mean),
            p_holm: doubt.p_two_sided(layout.mean),
            p_equivalent: doubt.p_equivalent(layout.mean, self.facts.smallest_gain()),
            n_people: layout.n_people,
            n_faces: layout.n_faces,
            n_seeds: layout.grid.n_seeds(),
        })
    }
}

/// The variance that the choice of ways at a k adds (budgets of training) to what is compared with what stands there:
/// had another way stood there, the figure would be another. Σ w (d² − e²), at least 0 each: w is how often the other
/// way is the best when those who choose are drawn again, d its difference on these faces and e the standard error of
/// that, for which the difference would differ from 0 even if the ways were equal.
pub(crate) fn spread_of_ways(
    outcomes: &Outcomes,
    choice: &Choice,
    source: Option<&str>,
    k: MixtureRatio,
    faces: &Faces,
) -> f64 {
    let taken = outcomes.series(&choice.at(k, source), faces);
    let square = |(other, share): (&Treatment, f64)| {
        let layout = Layout::of_difference(faces, &outcomes.series(other, faces), &taken);
        let square = |layout: Layout| layout.mean.powi(2) - layout.doubt().standard_error.powi(2);
        share * layout.map_or(0.0, square).max(0.0)
    };
    choice.others_at(k).into_iter().map(square).sum()
}

/// Test people, then the unseen databases that a treatment's networks were shown, in the study's order.
pub(crate) fn judged_faces(facts: &StudyFacts, outcomes: &Outcomes, treatment: &Treatment) -> Vec<Faces> {
    let faces = outcomes.cells(treatment).flat_map(|(_, cell)| cell.faces.keys().cloned());
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
    let unseen = || facts.of_role(Role::Unseen).position(|s| s.name == set);
    (part, if part == Part::Unseen { unseen().unwrap_or(usize::MAX) } else { 0 })
}

/// What would settle the difference between a mix and what stands at k = 0 on the faces of the answer.
pub(crate) fn power_at(facts: &StudyFacts, outcomes: &Outcomes, [mix, baseline]: &[Treatment; 2]) -> Option<Power> {
    let judged = judged_faces(facts, outcomes, mix);
    let faces = judged.iter().find(|(part, _)| *part == Part::Unseen).or(judged.first())?;
    let series = |treatment| outcomes.series(treatment, faces);
    let layout = Layout::of_difference(faces, &series(mix), &series(baseline))?;
    // Holm's first step asks the most: the risk shared by all unseen databases.
    let n_claims = if faces.0 == Part::Unseen { facts.of_role(Role::Unseen).count().max(1) } else { 1 };
    let rows_are_people = faces.0 == Part::Unseen || facts.n_splits == 1;
    power(&layout.grid, rows_are_people, facts.smallest_gain(), facts.risk() / n_claims as f64)
}

/// An interval of shares in points.
pub(crate) fn in_points(interval: [f64; 2]) -> [f64; 2] {
    interval.map(|end| PERCENT * end)
}

/// What faces are called in results: the unseen set, or all labelled ones.
pub(crate) fn set_name(facts: &StudyFacts, (part, set): &Faces) -> String {
    if part.is_by_set() { set.clone() } else { labelled_sets(facts) }
}

/// The names of the labelled sets.
fn labelled_sets(facts: &StudyFacts) -> String {
    facts.of_role(Role::Labelled).map(|set| set.name.as_str()).collect::<Vec<_>>().join(", ")
}
