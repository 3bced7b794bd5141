//! The answer in at most three short sentences: what k does, on whom, how sure that is, and what else could explain it.
//!
//! In: the figures of a recipe. Out: the last line that a user sees. It claims a gain or a loss only where the interval
//! excludes zero (after Holm, where several unseen databases are asked) and says so where it does not.

use howfar_protocol::{Arm, MixtureRatio, Part};

use crate::results::{Choice, Claim, RecipeResults, StudyFacts};
use crate::wording::{
    faces_of, interval, joined, k_explained, people_or_identities, percent, points, real_faces_alone, sample,
};

/// Further databases that are spelled out; the report has all.
const MOST_OTHERS: usize = 2;

/// What a difference shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Above zero.
    Gain,
    /// Below zero.
    Loss,
    /// Cannot be told from zero.
    Unclear,
}

/// What a difference shows, by its interval and its corrected p.
pub(crate) fn verdict(facts: &StudyFacts, claim: &Claim) -> Verdict {
    verdict_of(claim.interval_points, claim.p_holm, facts.risk())
}

/// The same of an interval and a p, where so much risk of a false alarm may be taken.
pub(crate) fn verdict_of(interval: [f64; 2], p: f64, risk: f64) -> Verdict {
    match interval {
        [low, _] if low > 0.0 && p < risk => Verdict::Gain,
        [_, high] if high < 0.0 && p < risk => Verdict::Loss,
        _ => Verdict::Unclear,
    }
}

/// The difference that the answer begins with: the first unseen database, else test people.
pub(crate) fn headline(claims: &[Claim]) -> Option<&Claim> {
    claims.iter().find(|c| c.part == Part::Unseen).or(claims.first())
}

/// The answer of a recipe.
pub(crate) fn answer(facts: &StudyFacts, results: &RecipeResults) -> String {
    let Some(choice) = &results.choice else {
        return without_mix(facts, results);
    };
    let Some(first) = headline(&results.claims) else {
        return format!("k = {} was chosen on validation faces; no test face has been judged yet.", choice.chosen);
    };
    let mut sentences = vec![first_sentence(facts, first), others(facts, &results.claims, first)];
    if choice.chosen == MixtureRatio::ZERO {
        sentences.insert(0, none_helps(facts, choice));
    } else {
        sentences.push(beyond_controls(facts, &results.controls, first));
    }
    if verdict(facts, first) == Verdict::Unclear {
        sentences.push(what_would_settle(facts, results));
    }
    sentences.push(looked_at(facts));
    sentences.retain(|sentence| !sentence.is_empty());
    sentences.join(" ")
}

/// How often the study was looked at, and what that costs.
fn looked_at(facts: &StudyFacts) -> String {
    let Some(at_most) = facts.seeds_at_most else { return String::new() };
    format!(
        "Looked at after {} of at most {at_most} seeds: at this look a difference counts from p < {:.4} on.",
        facts.n_seeds,
        facts.risk()
    )
}

/// `About 12 more seeds or 20 more people would tell 3.1 points from none.`
fn what_would_settle(facts: &StudyFacts, results: &RecipeResults) -> String {
    let Some(power) = &results.power else { return String::new() };
    let people = people_or_identities(facts, "unseen");
    let ways = [(power.more_seeds, "seeds"), (power.more_people, people)];
    let ways = ways.into_iter().filter_map(|(n, what)| Some(format!("{} more {what}", n?))).collect::<Vec<_>>();
    if ways.is_empty() {
        return String::new();
    }
    let size = percent(power.difference_points);
    format!("About {} would tell {size} points from none.", ways.join(" or "))
}

fn first_sentence(facts: &StudyFacts, claim: &Claim) -> String {
    let Claim { baseline_accuracy_percent, accuracy_percent, difference_points, .. } = claim;
    let k = k_explained(facts, claim.k);
    let numbers = format!(
        "from {} to {} % ({} points, 95 % interval {}; {})",
        percent(*baseline_accuracy_percent),
        percent(*accuracy_percent),
        points(*difference_points),
        interval(claim.interval_points),
        sample(facts, claim)
    );
    let faces = faces_of(facts, claim.part, &claim.set);
    match verdict(facts, claim) {
        Verdict::Gain => format!("{k} lifts accuracy on {faces} {numbers}."),
        Verdict::Loss => format!("{k} lowers accuracy on {faces} {numbers}."),
        Verdict::Unclear => format!("{k} moves accuracy on {faces} {numbers}, which cannot be told from no gain."),
    }
}

/// The other faces, each with its own doubt.
fn others(facts: &StudyFacts, claims: &[Claim], first: &Claim) -> String {
    let others: Vec<&Claim> = claims.iter().filter(|claim| !std::ptr::eq(*claim, first)).collect();
    let mut told: Vec<String> = others.iter().take(MOST_OTHERS).map(|claim| other(facts, claim)).collect();
    if others.is_empty() {
        return String::new();
    }
    if others.len() > MOST_OTHERS {
        told.push(format!("{} more in the report", others.len() - MOST_OTHERS));
    }
    format!("On {}.", told.join("; on "))
}

fn other(facts: &StudyFacts, claim: &Claim) -> String {
    let [low, high] = claim.interval_points;
    let told = match (verdict(facts, claim) == Verdict::Unclear, low <= 0.0 && high >= 0.0) {
        (false, _) => "",
        (true, true) => ", not to be told from no gain",
        // What Holm asks for several databases is more than the interval shows.
        (true, false) => ", not to be told from no gain once several databases are corrected for",
    };
    format!(
        "{} from {} to {} % ({}, {}){told}",
        faces_of(facts, claim.part, &claim.set),
        percent(claim.baseline_accuracy_percent),
        percent(claim.accuracy_percent),
        points(claim.difference_points),
        interval(claim.interval_points)
    )
}

/// What the mix gains over longer training and altered copies, on the faces of the first sentence.
fn beyond_controls(facts: &StudyFacts, controls: &[Claim], first: &Claim) -> String {
    let beyond = |arm, name: &str| {
        let claim = controls.iter().find(|c| (c.part, &c.set, c.baseline_arm) == (first.part, &first.set, arm))?;
        let told = match verdict(facts, claim) {
            Verdict::Gain => "",
            Verdict::Loss => "; a loss",
            Verdict::Unclear => "; no clear gain",
        };
        Some(format!("{} over {name} ({}{told})", points(claim.difference_points), interval(claim.interval_points)))
    };
    let told = [beyond(Arm::Repeat, "longer training alone"), beyond(Arm::Augment, "altered copies of the same faces")];
    let told: Vec<String> = told.into_iter().flatten().collect();
    if told.is_empty() {
        return "Longer training and altered copies were not tried, so they may explain this as well.".to_owned();
    }
    format!("Held against controls, in points: {}.", joined(&told))
}

fn none_helps(facts: &StudyFacts, choice: &Choice) -> String {
    let above: Vec<String> =
        choice.candidates.iter().filter(|c| c.k > MixtureRatio::ZERO).map(|c| c.k.to_string()).collect();
    let reached = |k| {
        let candidate = choice.candidates.iter().find(|c| c.k == k);
        candidate.map_or_else(String::new, |c| format!("{} %", percent(c.validation_accuracy_percent)))
    };
    let (none, verb) = match above.as_slice() {
        [only] => (format!("k = {only}"), "does not clearly help"),
        all => (format!("None of k = {}", all.join(", ")), "clearly helps"),
    };
    format!(
        "{none} {verb} on {}: {} reach {} there, k = {} {}.",
        faces_of(facts, Part::Validation, ""),
        real_faces_alone(facts),
        reached(MixtureRatio::ZERO),
        choice.compared,
        reached(choice.compared)
    )
}

fn without_mix(facts: &StudyFacts, results: &RecipeResults) -> String {
    let of_real = results.table.iter().filter(|row| row.arm == Arm::Real);
    let judged = of_real.filter(|row| matches!(row.part, Part::Test | Part::Unseen));
    let reached = judged.take(1 + MOST_OTHERS).map(|row| {
        let [low, high] = row.accuracy_interval_percent;
        let faces = faces_of(facts, row.part, &row.set);
        let reached = percent(row.accuracy_percent);
        format!("{reached} % on {faces} (95 % interval {} to {})", percent(low), percent(high))
    });
    let reached: Vec<String> = reached.collect();
    let alone = real_faces_alone(facts);
    let mut sentence = alone[..1].to_uppercase() + &alone[1..];
    if reached.is_empty() {
        sentence += " were trained on; no test face has been judged yet.";
    } else {
        sentence += &format!(" reach {}; nothing was mixed in.", joined(&reached));
    }
    sentence
}
