//! What a reader should know before believing a number, with advice.
//!
//! In: what was studied, its outcomes and figures. Out: [`Caveat`]s: first those of the sample, then of the sets, then
//! of each recipe's claims. Codes stay the same from version to version.

mod sample;

use howfar_protocol::{Arm, ClaimedMeasure, MixtureRatio, Part, Role};

use crate::choosing::verdict::Verdict;
use crate::counting::outcomes::Outcomes;
use crate::results::caveat::Caveat;
use crate::results::{Choice, Claim, RecipeResults, SetFacts, StudyFacts};
use crate::words::answer::{corrected_for, headline, is_unclaimed_gain};
use crate::words::wording::{added, choosers, counted, faces_of, grouped, interval, measure, points};

/// Fewer test people than this make wide intervals.
const FEW_PEOPLE: usize = 20;
/// With fewer seeds a sign-flip test over seeds cannot reach p < 0.05: 2/2⁵ = 0.0625.
const FEW_SEEDS: usize = 6;
/// Fewer faces than this make an unseen database tiny.
const FEW_FACES: usize = 100;
/// The largest class has more than so many times the faces of the smallest.
const UNEQUAL: usize = 3;

/// All caveats of a study, each once.
pub(crate) fn caveats(facts: &StudyFacts, tracks: &[(Outcomes, RecipeResults)]) -> Vec<Caveat> {
    let mut all = Vec::new();
    if let Some((outcomes, _)) = tracks.first() {
        all.extend(sample::of_sample(facts, outcomes));
    }
    all.extend(of_seeds(facts));
    all.extend(facts.sets.iter().flat_map(|set| of_set(facts, set)));
    all.extend(of_provenance(facts));
    for (outcomes, results) in tracks {
        let name = if tracks.len() > 1 { format!("{}: ", results.name()) } else { String::new() };
        let mut found = of_recipe(facts, results);
        found.extend(unfinished(facts, outcomes));
        all.extend(found.into_iter().map(|caveat| Caveat { text: format!("{name}{}", caveat.text), ..caveat }));
    }
    let mut distinct: Vec<Caveat> = Vec::new();
    for caveat in all {
        if !distinct.contains(&caveat) {
            distinct.push(caveat);
        }
    }
    distinct
}

fn caveat(code: &str, text: impl Into<String>, advice: impl Into<String>) -> Caveat {
    Caveat { code: code.to_owned(), text: text.into(), advice: advice.into() }
}

/// Names of the classes without a face.
fn missing(classes: &[String], n_faces: impl Fn(usize) -> u64) -> Vec<&str> {
    classes.iter().enumerate().filter(|(class, _)| n_faces(*class) == 0).map(|(_, name)| name.as_str()).collect()
}

fn of_seeds(facts: &StudyFacts) -> Vec<Caveat> {
    let n_seeds = facts.n_seeds as usize;
    let mut found = Vec::new();
    if n_seeds == 1 {
        found.push(caveat(
            "one-seed",
            "Every cell ran once: the interval leaves out how much a run differs from its repetition.",
            "Set `seeds` to 5 or more.",
        ));
    } else if n_seeds < FEW_SEEDS {
        let smallest = 2.0 / f64::from(1u32 << n_seeds);
        found.push(caveat(
            "few-seeds",
            format!("{n_seeds} seeds: the sign-flip test over seeds cannot give a p below {smallest}."),
            "Six seeds or more make that check count; the interval allows for few seeds by its width.",
        ));
    }
    if facts.n_splits == 1 && !facts.is_redrawn {
        let people = facts.members(Role::Labelled);
        found.push(caveat(
            "one-training-sample",
            format!(
                "All networks were trained on the same training {people}: intervals are for these, and other training \
                    {people} would move the figures by more."
            ),
            "Set `real.redraw = true`, so that every seed draws who trains; generators must have seen none of them.",
        ));
    }
    if facts.of_role(Role::Generated).count() == 1 {
        found.push(caveat(
            "one-generator",
            format!(
                "All added faces are of one set, “{}”: intervals are for its faces, and those of another generator, or \
                    of another training of this one, may do more or less.",
                facts.of_role(Role::Generated).map(|set| set.name.as_str()).collect::<String>()
            ),
            "Let sets of several generators stand side by side (`generated.side_by_side`).",
        ));
    }
    if facts.n_splits > 1 {
        let people = facts.members(Role::Labelled);
        found.push(caveat(
            "folds-share-a-model",
            format!(
                "The {people} of one fold are judged by one model: intervals on test {people} count {} folds, not \
                    {people}.",
                facts.n_splits
            ),
            "More folds narrow the interval.",
        ));
    }
    found
}

fn of_set(facts: &StudyFacts, set: &SetFacts) -> Vec<Caveat> {
    let mut found = Vec::new();
    let SetFacts { name, role, n_people, n_without_person, per_class, .. } = set;
    let largest = per_class.iter().copied().max().unwrap_or(0);
    let smallest = per_class.iter().copied().filter(|n| *n > 0).min().unwrap_or(0);
    if largest > UNEQUAL * smallest {
        let advice = match facts.measure {
            ClaimedMeasure::Accuracy => "Claim macro recall (`measure`): accuracy rewards guessing the frequent class.",
            ClaimedMeasure::MacroRecall => "Macro recall is claimed for that, in which every class counts alike.",
        };
        found.push(caveat(
            "unequal-classes",
            format!("The classes of `{name}` are unequal: {smallest} to {largest} faces."),
            advice,
        ));
    }
    // Of an unseen set, and of a real one that is alone, the parts tell.
    let advice = match role {
        Role::Generated => Some("Mixing it in shifts the shares of the classes; generate all of them."),
        Role::Labelled if facts.of_role(Role::Labelled).count() > 1 => {
            Some("A network can learn to tell the database in place of these classes; leave them out of `expressions`.")
        }
        _ => None,
    };
    let lacks = missing(&facts.classes, |class| per_class.get(class).map_or(0, |n| *n as u64));
    if let (Some(advice), false) = (advice, lacks.is_empty()) {
        found.push(caveat("missing-class", format!("`{name}` has no face of {}.", lacks.join(", ")), advice));
    }
    if *role != Role::Generated && *n_without_person > 0 {
        let who = if n_without_person == n_people {
            format!("`{name}` does not say who is on its pictures")
        } else {
            let (n, of) = (grouped(*n_without_person as u64), grouped(*n_people as u64));
            format!("Of the {of} people of `{name}`, {n} are single pictures of nobody known")
        };
        let harm = match role {
            Role::Unseen => "somebody who is there often counts often",
            _ => "the same person may be on two sides of the split",
        };
        found.push(caveat(
            "no-person-labels",
            format!("{who}: each counts as somebody else, and {harm}."),
            "Prepare the set with person labels if it has any; else take intervals as too narrow and gains as too \
                rosy.",
        ));
    }
    found
}

fn of_provenance(facts: &StudyFacts) -> Vec<Caveat> {
    let mut found = Vec::new();
    let is_drawn = |set: &&SetFacts| set.provenance.split(',').any(|p| p.trim() == "drawn");
    if facts.of_role(Role::Generated).any(|set| is_drawn(&set)) {
        found.push(caveat(
            "drawn-faces",
            "The added faces are drawn from a parametric head: no person's picture entered them.",
            "What they do for a study says nothing of faces from a trained generator.",
        ));
    }
    let judged: Vec<String> = facts
        .sets
        .iter()
        .filter(|set| set.role != Role::Generated)
        .filter(is_drawn)
        .map(|s| format!("`{}`", s.name))
        .collect();
    if !judged.is_empty() {
        found.push(caveat(
            "judged-on-drawn-faces",
            format!("Drawn faces stand in for photographs in {}.", judged.join(", ")),
            "Figures on them show how the method works, not how well it does on people.",
        ));
    }
    let mut terms: Vec<&str> = facts.sets.iter().flat_map(|set| &set.licences).map(String::as_str).collect();
    terms.sort_unstable();
    terms.dedup();
    if terms.len() > 1 {
        found.push(caveat(
            "licences-joined",
            format!("Faces come under several terms: {}.", terms.join("; ")),
            "What was trained on them may be used only as all of these allow.",
        ));
    }
    found
}

fn of_recipe(facts: &StudyFacts, results: &RecipeResults) -> Vec<Caveat> {
    let Some(choice) = &results.choice else {
        return Vec::new();
    };
    let mut found: Vec<Caveat> =
        results.claims.iter().flat_map(|claim| of_claim(facts, claim, choice.chosen)).collect();
    let largest = choice.candidates.last().map(|c| c.k);
    if choice.candidates.len() > 1 && Some(choice.best) == largest && choice.best > MixtureRatio::ZERO {
        found.push(caveat(
            "best-k-is-the-largest",
            format!(
                "On {} {} is highest at k = {}, the largest tried: the curve may still rise.",
                choosers(facts, choice),
                measure(facts),
                choice.best
            ),
            "Try larger k.",
        ));
    }
    if choice.chosen > MixtureRatio::ZERO {
        found.extend(of_controls(facts, results));
    }
    found.extend(chosen_at_home(facts, results, choice));
    found
}

/// k that validation people of the labelled databases chose, claimed for another database.
fn chosen_at_home(facts: &StudyFacts, results: &RecipeResults, choice: &Choice) -> Option<Caveat> {
    let headline = headline(&results.claims).filter(|claim| claim.part == Part::Unseen)?;
    let abroad = results.how_far.iter().find(|how_far| (how_far.part, &how_far.set) == (headline.part, &headline.set));
    let other = abroad.filter(|abroad| abroad.best != choice.chosen && choice.on == "validation")?;
    let at =
        |k: MixtureRatio| other.curve.iter().find(|point| point.k == k).map_or(0.0, |point| point.difference_points);
    Some(caveat(
        "chosen-at-home",
        format!(
            "k = {} was chosen at home, on {}; on {} k = {} stands {} points higher, which describes and is no claim.",
            choice.chosen,
            faces_of(facts, Part::Validation, ""),
            faces_of(facts, Part::Unseen, &headline.set),
            other.best,
            points(at(other.best) - at(choice.chosen))
        ),
        "For k abroad let another database choose: `choose.on = { sets = [\"…\"] }`, or two real sets or more; where \
         there is none, drawn faces of another style (`howfar draw --style unseen`) chose better than home did \
         in two studies on photographs (docs/protocol.md).",
    ))
}

fn of_claim(facts: &StudyFacts, claim: &Claim, chosen: MixtureRatio) -> Vec<Caveat> {
    let faces = faces_of(facts, claim.part, &claim.set);
    let k = claim.treatment.k;
    let unit = if claim.interval_points.is_some() { " points" } else { "" };
    let width = format!("{}{unit}", interval(claim.interval_points));
    let mut found = Vec::new();
    if claim.standard_error_points == 0.0 {
        found.push(caveat(
            "no-variation",
            format!(
                "k = {k} makes the same difference for everybody on {faces}, in every seed: the interval has no width."
            ),
            "It then says nothing of doubt; too few or too easy faces are the likely cause.",
        ));
    }
    match (claim.verdict, chosen == MixtureRatio::ZERO) {
        (Verdict::Open, _) if is_unclaimed_gain(facts, claim) => found.push(caveat(
            "choice-disagrees",
            format!(
                "Validation chose k = 0, yet at k = {k} the difference on {faces} is {} points ({width}): no gain is \
                    claimed for a k that was not \
                 chosen.",
                points(claim.difference_points)
            ),
            "Do not choose k by this figure; choose it again with more validation people.",
        )),
        (Verdict::Open, _) => found.push(caveat(
            "interval-across-zero",
            format!(
                "On {faces} the difference at k = {k} ({width}) is not significantly different from zero{}.",
                corrected_for(facts, claim)
            ),
            "It may be a gain, a loss or nothing; more people narrow the interval first, then more seeds.",
        )),
        (Verdict::Hurts, false) => found.push(caveat(
            "choice-disagrees",
            format!("Validation chose k = {k}, yet it loses {} points on {faces}.", points(-claim.difference_points)),
            "What helps on one database need not help on another; report both.",
        )),
        _ => {}
    }
    found
}

/// Whether something cheaper explains the gain on the faces of the answer.
fn of_controls(facts: &StudyFacts, results: &RecipeResults) -> Vec<Caveat> {
    let Some(first) = headline(&results.claims) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let has_ladder = results.choice.as_ref().is_some_and(Choice::has_ladder);
    // Against longer training the claim itself stands; altered copies are one more thing where pictures are not altered
    // in training anyway.
    let is_asked = |(arm, _): &(Arm, &str)| match *arm {
        arm if arm == Arm::REPEAT => !has_ladder,
        arm if arm == Arm::AUGMENT => is_unaltered(results) || has_run(results, arm),
        _ => true,
    };
    for (arm, words) in Arm::controls().filter(is_asked) {
        let same_faces = |c: &&Claim| (c.part, &c.set, c.baseline.arm) == (first.part, &first.set, arm);
        match results.controls.iter().find(same_faces) {
            None => found.push(caveat(
                "no-control",
                format!("The `{}` arm was not run: {words} may explain the difference as well.", arm.name),
                format!("Add \"{}\" to `arms`.", arm.name),
            )),
            Some(claim) if claim.verdict != Verdict::Helps => found.push(caveat(
                "not-beyond-control",
                format!(
                    "On {} the mix is not clearly ahead of {words} ({} points).",
                    faces_of(facts, claim.part, &claim.set),
                    interval(claim.interval_points)
                ),
                format!("Do not credit the {} with the whole difference.", added(facts)),
            )),
            Some(_) => {}
        }
    }
    found
}

/// Whether pictures were seen in training as they are, as far as is known.
fn is_unaltered(results: &RecipeResults) -> bool {
    results.settings.as_ref().is_none_or(|settings| settings.augmentation.is_none())
}

fn has_run(results: &RecipeResults, arm: Arm) -> bool {
    results.controls.iter().any(|claim| claim.baseline.arm == arm)
}

fn unfinished(facts: &StudyFacts, outcomes: &Outcomes) -> Option<Caveat> {
    let n_expected = (facts.n_splits * facts.n_seeds) as usize;
    let short = outcomes.treatments().filter(|treatment| outcomes.cells(treatment).count() < n_expected).count();
    (short > 0).then(|| {
        caveat(
            "unfinished",
            format!("{} without all of their {n_expected} cells.", counted(short, "arm is", "arms are")),
            "Finish the study with `howfar run`; differences use the seeds that both sides have.",
        )
    })
}
