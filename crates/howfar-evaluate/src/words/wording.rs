//! Words for the answer, the caveats, the page and the terminal: one word for each thing, one rounding and one sign for
//! every number.
//!
//! What faces are called follows from their provenance, never from their role: `real` faces are photographs of people;
//! labelled faces that are drawn or generated are `labelled`, and their people are identities.

use howfar_protocol::{MixtureRatio, Part, Role, Treatment};

use crate::counting::measure::Measure;
use crate::results::{Choice, Claim, SetFacts, StudyFacts};

impl SetFacts {
    /// What its members are: `people`, `pictures` where nobody is known, `people or pictures` where some are, else
    /// `identities`.
    pub fn members(&self) -> &'static str {
        members(std::iter::once(self))
    }
}

impl StudyFacts {
    /// What those of all sets of a role are.
    pub fn members(&self, role: Role) -> &'static str {
        members(self.of_role(role))
    }
}

fn members<'s>(sets: impl Iterator<Item = &'s SetFacts> + Clone) -> &'static str {
    let n_unknown: usize = sets.clone().map(|set| set.n_without_person).sum();
    match n_unknown {
        _ if !sets.clone().all(|set| set.provenance == "real") => "identities",
        0 => "people",
        n if n == sets.map(|set| set.n_people).sum::<usize>() => "pictures",
        _ => "people or pictures",
    }
}

fn all_of_role(facts: &StudyFacts, role: Role, provenance: &str) -> bool {
    facts.of_role(role).all(|set| set.provenance == provenance)
}

/// `real` where all labelled faces are photographs, else `labelled`.
fn kind_of_labelled(facts: &StudyFacts) -> &'static str {
    if all_of_role(facts, Role::Labelled, "real") { "real" } else { "labelled" }
}

/// The baseline: `real faces alone`, or `the labelled faces alone` where they are not photographs.
pub fn baseline(facts: &StudyFacts) -> &'static str {
    if kind_of_labelled(facts) == "real" { "real faces alone" } else { "the labelled faces alone" }
}

/// How long what stands at k = 0 is trained, where the budget was chosen.
pub fn budget_words(baseline: &Treatment) -> String {
    if baseline.k == MixtureRatio::ZERO {
        "their own steps".to_owned()
    } else {
        format!("the steps of k = {}", baseline.k)
    }
}

/// What is claimed: `accuracy`, `macro recall`.
pub fn measure(facts: &StudyFacts) -> &'static str {
    Measure::claimed(facts.measure).words
}

/// What is mixed in: `drawn`, `generated`, or `added` where sets of both kinds are.
pub fn made(facts: &StudyFacts) -> &'static str {
    if facts.of_role(Role::Generated).next().is_none() {
        // A table of predictions need not show what was mixed in.
        return "generated";
    }
    let of_kind = |made: &&str| all_of_role(facts, Role::Generated, made);
    ["drawn", "generated"].into_iter().find(of_kind).unwrap_or("added")
}

/// What k counts: `drawn identities`, `generated faces` …
pub fn added(facts: &StudyFacts) -> String {
    format!("{} {}", made(facts), if facts.unit == "images" { "faces" } else { "identities" })
}

/// `k = 2 (twice as many drawn identities as real training people)`.
pub fn k_explained(facts: &StudyFacts, k: MixtureRatio) -> String {
    let times = match k.value() {
        0.5 => "half as many".to_owned(),
        1.0 => "as many".to_owned(),
        2.0 => "twice as many".to_owned(),
        other => format!("{other} times as many"),
    };
    let counted = if facts.unit == "images" { "faces" } else { facts.members(Role::Labelled) };
    format!("k = {k} ({times} {} as {} training {counted})", added(facts), kind_of_labelled(facts))
}

/// One of those whose number k is measured against: `person`, `identity`, `face` …
fn one_labelled(facts: &StudyFacts) -> &'static str {
    match facts.members(Role::Labelled) {
        _ if facts.unit == "images" => "face",
        "people" => "person",
        "pictures" => "picture",
        "people or pictures" => "person or picture",
        _ => "identity",
    }
}

/// `drawn identities for each real training person`.
pub fn k_counts(facts: &StudyFacts) -> String {
    format!("{} for each {} training {}", added(facts), kind_of_labelled(facts), one_labelled(facts))
}

/// `test people`, `unseen drawn database` and its name …
pub fn faces_of(facts: &StudyFacts, part: Part, set: &str) -> String {
    match part {
        Part::Unseen => {}
        Part::Choosing => return format!("the choosing database “{set}”"),
        _ => return format!("{} {}", part.name(), facts.members(Role::Labelled)),
    }
    let kind = match unseen_set(facts, set).map(|s| s.provenance.as_str()) {
        Some("drawn") => "drawn ",
        Some("generated") => "generated ",
        _ => "",
    };
    format!("unseen {kind}database “{set}”")
}

fn unseen_set<'a>(facts: &'a StudyFacts, set: &str) -> Option<&'a SetFacts> {
    facts.of_role(Role::Unseen).find(|s| s.name == set)
}

/// Who chose k: `validation people`, `the choosing database “x”`, `each labelled database in turn, left out of
/// training`.
pub fn choosers(facts: &StudyFacts, choice: &Choice) -> String {
    match choice.on.as_str() {
        "leave-one-database-out" => format!("each {} database in turn, left out of training", kind_of_labelled(facts)),
        "sets" => {
            let sets = facts.of_role(Role::Choosing).map(|set| faces_of(facts, Part::Choosing, &set.name));
            joined(&sets.collect::<Vec<_>>())
        }
        _ => faces_of(facts, Part::Validation, ""),
    }
}

/// `24 people × 5 seeds`, `30 drawn identities in 5 folds × 3 seeds`, `3,589 pictures (persons unknown) × 5 seeds`.
pub(crate) fn sample(facts: &StudyFacts, claim: &Claim) -> String {
    let is_judge = |set: &&SetFacts| match claim.part {
        Part::Unseen => set.role == Role::Unseen && set.name == claim.set,
        _ => set.role == Role::Labelled,
    };
    let judges = facts.sets.iter().filter(is_judge);
    let (one, many) = match members(judges.clone()) {
        "people" => ("person", "people"),
        "pictures" => ("picture (person unknown)", "pictures (persons unknown)"),
        "people or pictures" => ("person or picture", "people or pictures (some persons unknown)"),
        _ if judges.clone().all(|set| set.provenance == "drawn") => ("drawn identity", "drawn identities"),
        _ => ("identity", "identities"),
    };
    let folds = if facts.n_splits > 1 { format!(" in {} folds", facts.n_splits) } else { String::new() };
    format!("{}{folds} × {}", counted(claim.n_people, one, many), counted(claim.n_seeds, "seed", "seeds"))
}

/// `1 seed`, `5 seeds`.
pub fn counted(n: usize, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{} {many}", grouped(n as u64)) }
}

/// `8,636,038`.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// What stands for a number that does not exist.
pub const NOTHING: &str = "–";

/// `54.3`: percent with one decimal and a true minus, without the sign of percent.
pub fn percent(value: f64) -> String {
    if !value.is_finite() {
        return NOTHING.to_owned();
    }
    let text = format!("{value:.1}");
    if text == "-0.0" { "0.0".to_owned() } else { text.replace('-', "−") }
}

/// `+4.1`, `−0.8` or `0.0`: a difference in points with one decimal and a true minus.
pub fn points(value: f64) -> String {
    if !value.is_finite() {
        return NOTHING.to_owned();
    }
    let text = format!("{value:+.1}");
    if matches!(text.as_str(), "+0.0" | "-0.0") { "0.0".to_owned() } else { text.replace('-', "−") }
}

/// `+1.2 to +7.0`; with one person or one seed there is none.
pub fn points_interval(ends: Option<[f64; 2]>) -> String {
    ends.map_or_else(|| "not known".to_owned(), |[low, high]| format!("{} to {}", points(low), points(high)))
}

/// Likewise, with the reason.
pub(crate) fn interval(ends: Option<[f64; 2]>) -> String {
    let text = points_interval(ends);
    if ends.is_none() { text + ": it takes two people and two seeds at least" } else { text }
}

/// `50.1–57.9`.
pub fn percent_interval(ends: Option<[f64; 2]>) -> String {
    ends.map_or_else(|| "not known".to_owned(), |[low, high]| format!("{}–{}", percent(low), percent(high)))
}

/// A p value with three decimals, `< 0.001` below.
pub fn p_number(p: f64) -> String {
    match p {
        p if !p.is_finite() => NOTHING.to_owned(),
        p if p < 0.001 => "< 0.001".to_owned(),
        p => format!("{p:.3}"),
    }
}

/// `p = 0.012`, `p < 0.001`.
pub(crate) fn p_value(p: f64) -> String {
    let number = p_number(p);
    if number.starts_with('<') { format!("p {number}") } else { format!("p = {number}") }
}

/// `Real faces alone`: with a capital at its beginning.
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
}

/// `a`, `a and b`, `a, b and c`.
pub fn joined(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
