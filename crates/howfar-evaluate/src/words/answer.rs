//! The answer in at most three short sentences: what k does, on whom, how sure that is, and what else could explain it.
//!
//! In: the figures of a recipe with their verdicts. Out: the last line that a user sees. It says no more than the
//! verdicts, and where one is open although its interval excludes zero, it says what was corrected for.

use howfar_protocol::{Arm, MixtureRatio, Part, Role, Treatment};

use crate::choosing::verdict::Verdict;
use crate::results::{Choice, Claim, CurvePoint, RecipeResults, StudyFacts};
use crate::words::wording::{
    baseline, budget_words, capitalised, choosers, faces_of, interval, joined, k_explained, measure, p_value, percent,
    points, sample,
};

/// Further databases that are spelled out; the report has all.
const MOST_OTHERS: usize = 2;

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
        let chose = choosers(facts, choice);
        return format!("k = {} was chosen on {chose}; no test face has been judged yet.", choice.chosen);
    };
    let mut sentences = vec![
        first_sentence(facts, choice, first),
        others(facts, &results.claims, first),
        over_own_steps(facts, results),
    ];
    if choice.chosen == MixtureRatio::ZERO {
        sentences.insert(0, none_helps(facts, choice));
    } else {
        sentences.push(beyond_controls(results, first));
    }
    if first.verdict == Verdict::Open && !is_unclaimed_gain(facts, first) {
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

/// `About 12 more seeds or 20 more people would tell a difference of 2 points, the smallest that matters; …`
fn what_would_settle(facts: &StudyFacts, results: &RecipeResults) -> String {
    let Some(power) = &results.power else { return String::new() };
    let is_unseen = results.claims.iter().any(|claim| claim.part == Part::Unseen);
    let judges = if is_unseen { Role::Unseen } else { Role::Labelled };
    let ways = |more_seeds: Option<usize>, more_people: Option<usize>| {
        let ways = [(more_seeds, "seeds"), (more_people, facts.members(judges))];
        ways.into_iter().filter_map(|(n, what)| Some(format!("{} more {what}", n?))).collect::<Vec<_>>().join(" or ")
    };
    let size = |points: f64| format!("{} points", percent(points));
    let smallest = match ways(power.more_seeds, power.more_people) {
        none if none.is_empty() => {
            format!(
                "Neither seeds nor people alone would tell the smallest difference that matters, {}",
                size(power.difference_points)
            )
        }
        ways => {
            format!("About {ways} would tell the smallest difference that matters, {}", size(power.difference_points))
        }
    };
    let found = power.if_as_found.as_ref().map(|found| (ways(found.more_seeds, found.more_people), found));
    match found.filter(|(ways, _)| !ways.is_empty()) {
        Some((ways, found)) => {
            format!(
                "{smallest}; if it is as large as found, {}, which is optimistic: {ways}.",
                size(found.difference_points)
            )
        }
        None => format!("{smallest}."),
    }
}

fn first_sentence(facts: &StudyFacts, choice: &Choice, claim: &Claim) -> String {
    let Claim { baseline_accuracy_percent, accuracy_percent, difference_points, .. } = claim;
    let k = k_explained(facts, claim.treatment.k);
    let over = if choice.has_ladder() {
        format!(" over {} trained as long as serves them best", baseline(facts))
    } else {
        String::new()
    };
    let numbers = format!(
        "from {} to {} % ({} points{over}, 95 % interval {}; {})",
        percent(*baseline_accuracy_percent),
        percent(*accuracy_percent),
        points(*difference_points),
        interval(claim.interval_points),
        sample(facts, claim) + for_these(facts)
    );
    let faces = faces_of(facts, claim.part, &claim.set);
    let is_chosen = choice.chosen == claim.treatment.k;
    let verb = match (claim.verdict, is_chosen) {
        // Of a k that was not chosen no gain is claimed.
        (Verdict::Helps, _) => "lifts",
        (Verdict::Hurts, true) => "lowers",
        (Verdict::Hurts, false) => "would have lowered",
        (Verdict::Equivalent, true) => &format!("makes {} difference to", less_than(facts)),
        (Verdict::Equivalent, false) => &format!("would have made {} difference to", less_than(facts)),
        (Verdict::Open, true) => "moves",
        (Verdict::Open, false) => "would have moved",
    };
    let measure = measure(facts);
    let doubt = match claim.verdict {
        Verdict::Open if is_unclaimed_gain(facts, claim) => ", which is no claim: this k was not chosen".to_owned(),
        Verdict::Open => format!(", which is not significantly different from no gain{}", corrected_for(facts, claim)),
        Verdict::Equivalent => format!(", {}", equivalence(facts, claim)),
        Verdict::Helps | Verdict::Hurts => String::new(),
    };
    format!("{k} {verb} {measure} on {faces} {numbers}{doubt}.")
}

/// What an interval leaves out that stands on one sample of training people.
fn for_these(facts: &StudyFacts) -> &'static str {
    match (facts.is_redrawn || facts.n_splits > 1, facts.members(Role::Labelled)) {
        (true, _) => "",
        (false, "people") => ", for these training people",
        (false, "identities") => ", for these training identities",
        (false, _) => ", for these training pictures",
    }
}

/// `less than 2 points'`.
fn less_than(facts: &StudyFacts) -> String {
    format!("less than {} points'", facts.smallest_gain_points)
}

fn equivalence(facts: &StudyFacts, claim: &Claim) -> String {
    let smallest = facts.smallest_gain_points;
    format!("{} by two one-sided tests of ±{smallest} points", p_value(claim.p_equivalent))
}

/// A gain by its p, at a k that validation people did not choose.
pub(crate) fn is_unclaimed_gain(facts: &StudyFacts, claim: &Claim) -> bool {
    claim.verdict == Verdict::Open && claim.p_holm < facts.risk() && claim.difference_points > 0.0
}

/// Why a difference is open although its 95 % interval excludes zero; nothing where it holds zero.
pub(crate) fn corrected_for(facts: &StudyFacts, claim: &Claim) -> &'static str {
    let excludes_zero = claim.interval_points.is_some_and(|[low, high]| low > 0.0 || high < 0.0);
    match (excludes_zero, claim.p < facts.risk()) {
        (false, _) => "",
        (true, true) => " once several databases are corrected for",
        (true, false) => " once several looks are corrected for",
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
    let told = match claim.verdict {
        Verdict::Helps | Verdict::Hurts => String::new(),
        Verdict::Equivalent => format!(", {} difference, {}", less_than(facts), equivalence(facts, claim)),
        Verdict::Open if is_unclaimed_gain(facts, claim) => ", no claim: this k was not chosen".to_owned(),
        Verdict::Open => format!(", not significantly different from no gain{}", corrected_for(facts, claim)),
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

/// What the mix gains over labelled faces alone for their own steps, on the faces of the first sentence: the comparison
/// that a study without budgets would have begun with.
fn over_own_steps(facts: &StudyFacts, results: &RecipeResults) -> String {
    let Some(own) = headline(&results.over_own_steps) else { return String::new() };
    let first = headline(&results.claims);
    let budget = first.map(|first| budget_words(&first.baseline)).unwrap_or_default();
    format!(
        "That budget is {budget}; for their own steps {} reach {} %, {} points less than the mix ({}).",
        baseline(facts),
        percent(own.baseline_accuracy_percent),
        percent(own.difference_points),
        interval(own.interval_points)
    )
}

/// What the mix gains over longer training and altered copies, on the faces of the first sentence. Where labelled faces
/// alone were trained for several budgets, the first sentence holds against longer training already.
fn beyond_controls(results: &RecipeResults, first: &Claim) -> String {
    let RecipeResults { controls, choice, .. } = results;
    let has_ladder = choice.as_ref().is_some_and(Choice::has_ladder);
    let is_asked = |(arm, _): &(Arm, &str)| !has_ladder || *arm != Arm::REPEAT;
    let beyond = |(arm, explains): (Arm, &str)| {
        let claim = controls.iter().find(|c| (c.part, &c.set, c.baseline.arm) == (first.part, &first.set, arm))?;
        let told = match claim.verdict {
            Verdict::Helps => "",
            Verdict::Hurts => "; a loss",
            Verdict::Equivalent => "; too small to matter",
            Verdict::Open => "; no clear gain",
        };
        Some(format!("{} over {explains} ({}{told})", points(claim.difference_points), interval(claim.interval_points)))
    };
    let told: Vec<String> = Arm::controls().filter(is_asked).filter_map(beyond).collect();
    if told.is_empty() && has_ladder {
        return String::new();
    }
    if told.is_empty() {
        let untried: Vec<String> = Arm::controls().map(|(_, explains)| explains.to_owned()).collect();
        return capitalised(&format!("{} were not tried, so they may explain this as well.", joined(&untried)));
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
        choosers(facts, choice),
        baseline(facts),
        reached(MixtureRatio::ZERO),
        choice.compared,
        reached(choice.compared)
    )
}

/// The differences at every k on the faces of the answer, whose intervals hold together, where none was chosen.
fn described(facts: &StudyFacts, results: &RecipeResults) -> String {
    let of_unseen = results.how_far.iter().find(|how_far| how_far.part == Part::Unseen);
    let Some(how_far) = of_unseen.or(results.how_far.first()) else { return String::new() };
    let point = |point: &CurvePoint| {
        let band = interval(Some(point.band_points));
        format!("{} points at k = {} ({band})", points(point.difference_points), point.k)
    };
    let told: Vec<String> = how_far.curve.iter().map(point).collect();
    let faces = faces_of(facts, how_far.part, &how_far.set);
    let together = if told.len() > 1 { "; these 95 % intervals hold together" } else { "" };
    format!("On {faces} the mix stands at {}{together}.", joined(&told))
}

fn without_mix(facts: &StudyFacts, results: &RecipeResults) -> String {
    let of_baseline = results.table.iter().filter(|row| row.treatment == Treatment::BASELINE);
    let judged = of_baseline.filter(|row| matches!(row.part, Part::Test | Part::Unseen));
    let reached = judged.take(1 + MOST_OTHERS).map(|row| {
        let faces = faces_of(facts, row.part, &row.set);
        let reached = percent(row.claimed());
        match row.accuracy_interval_percent {
            Some([low, high]) => {
                format!("{reached} % on {faces} (95 % interval {} to {})", percent(low), percent(high))
            }
            None => format!("{reached} % on {faces} (95 % interval not known)"),
        }
    });
    let reached: Vec<String> = reached.collect();
    let mut sentence = capitalised(baseline(facts));
    if reached.is_empty() {
        sentence += " were trained on; no test face has been judged yet.";
    } else {
        // Cells of the mix without a choice: their validation faces cannot be compared with those of real faces alone.
        let has_mix = results.table.iter().any(|row| row.treatment.arm == Arm::MIX);
        let mixed = match (has_mix, described(facts, results)) {
            (false, _) => "nothing was mixed in.".to_owned(),
            (true, described) if described.is_empty() => {
                "k could not be chosen, so nothing is said of the mix.".to_owned()
            }
            (true, described) => format!("k could not be chosen, so no gain is claimed. {described}"),
        };
        sentence += &format!(" reach {}; {mixed}", joined(&reached));
    }
    sentence
}
