//! Words for the answer and the caveats: what faces are called follows from their provenance, never from their role.
//!
//! Drawn or generated faces are identities, never people. One rounding and one sign for every number in a sentence.

use howfar_protocol::{MixtureRatio, Part};

use crate::results::{Claim, SetFacts, StudyFacts};

impl SetFacts {
    /// What its members are: `people`, `pictures` where nobody is known, `people or pictures` where some are, else `identities`.
    pub fn members(&self) -> &'static str {
        members(std::iter::once(self))
    }
}

impl StudyFacts {
    /// What those of all sets of a role are.
    pub fn members(&self, role: &str) -> &'static str {
        members(self.sets.iter().filter(|set| set.role == role))
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

fn all_of_role(facts: &StudyFacts, role: &str, provenance: &str) -> bool {
    facts.sets.iter().filter(|s| s.role == role).all(|s| s.provenance == provenance)
}

/// `real faces alone`, or `the labelled faces alone` where they are not photographs.
pub(crate) fn real_faces_alone(facts: &StudyFacts) -> &'static str {
    if all_of_role(facts, "real", "real") { "real faces alone" } else { "the labelled faces alone" }
}

/// What is mixed in: `drawn identities`, `generated faces` …
pub(crate) fn added(facts: &StudyFacts) -> String {
    let made = ["drawn", "generated"].into_iter().find(|made| all_of_role(facts, "generated", made));
    let made = made.unwrap_or("added");
    format!("{made} {}", if facts.unit == "images" { "faces" } else { "identities" })
}

/// `k = 2 (twice as many drawn identities as real training people)`.
pub(crate) fn k_explained(facts: &StudyFacts, k: MixtureRatio) -> String {
    let times = match k.value() {
        0.5 => "half as many".to_owned(),
        1.0 => "as many".to_owned(),
        2.0 => "twice as many".to_owned(),
        other => format!("{other} times as many"),
    };
    let kind = if all_of_role(facts, "real", "real") { "real" } else { "labelled" };
    let counted = if facts.unit == "images" { "faces" } else { facts.members("real") };
    format!("k = {k} ({times} {} as {kind} training {counted})", added(facts))
}

/// `test people`, `unseen drawn database` and its name …
pub(crate) fn faces_of(facts: &StudyFacts, part: Part, set: &str) -> String {
    if part != Part::Unseen {
        return format!("{} {}", part.name(), facts.members("real"));
    }
    let kind = match unseen_set(facts, set).map(|s| s.provenance.as_str()) {
        Some("drawn") => "drawn ",
        Some("generated") => "generated ",
        _ => "",
    };
    format!("unseen {kind}database “{set}”")
}

fn unseen_set<'a>(facts: &'a StudyFacts, set: &str) -> Option<&'a SetFacts> {
    facts.sets.iter().find(|s| s.role == "unseen" && s.name == set)
}

/// `24 people × 5 seeds`, `30 drawn identities in 5 folds × 3 seeds`, `3,589 pictures (persons unknown) × 5 seeds`.
pub(crate) fn sample(facts: &StudyFacts, claim: &Claim) -> String {
    let is_judge = |set: &&SetFacts| match claim.part {
        Part::Unseen => set.role == "unseen" && set.name == claim.set,
        _ => set.role == "real",
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
pub(crate) fn counted(n: usize, one: &str, many: &str) -> String {
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

/// `53.6`.
pub(crate) fn percent(value: f64) -> String {
    let text = format!("{value:.1}");
    if text == "-0.0" { "0.0".to_owned() } else { text.replace('-', "−") }
}

/// `+5.5`, `−0.8`, `0.0`.
pub(crate) fn points(value: f64) -> String {
    let text = format!("{value:+.1}");
    if matches!(text.as_str(), "+0.0" | "-0.0") { "0.0".to_owned() } else { text.replace('-', "−") }
}

/// `+1.9 to +9.0`, or that there is none.
pub(crate) fn interval(points_of_ends: Option<[f64; 2]>) -> String {
    match points_of_ends {
        Some([low, high]) => format!("{} to {}", points(low), points(high)),
        None => "not known: it takes two people and two seeds at least".to_owned(),
    }
}

/// `p = 0.012`, `p < 0.001`.
pub(crate) fn p_value(p: f64) -> String {
    if p < 0.001 { "p < 0.001".to_owned() } else { format!("p = {p:.3}") }
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn joined(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
