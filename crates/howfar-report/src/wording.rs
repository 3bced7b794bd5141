//! Numbers and names as they are printed: one rounding and one word for each thing, in the page and in the terminal.

pub(crate) use howfar_evaluate::grouped as count;
use howfar_evaluate::{RecipeResults, Results, TableRow, Verdict};
use howfar_protocol::{Arm, MixtureRatio, Part};

/// `modern`, with network and generated set where a study has several tracks.
pub(crate) fn track(results: &Results, recipe: &RecipeResults) -> String {
    if results.between.is_empty() { recipe.recipe.name().to_owned() } else { recipe.name() }
}

/// What stands for a number that does not exist.
pub(crate) const NOTHING: &str = "–";

/// `54.3`: percent with one decimal, without the sign.
pub(crate) fn percent(value: f64) -> String {
    if value.is_finite() { unsigned_zero(format!("{value:.1}")) } else { NOTHING.to_owned() }
}

/// `+4.1` or `−0.8`: a difference in points with one decimal and a true minus.
pub(crate) fn points(value: f64) -> String {
    if !value.is_finite() {
        return NOTHING.to_owned();
    }
    let text = format!("{value:+.1}");
    if matches!(text.as_str(), "+0.0" | "-0.0") { "0.0".to_owned() } else { text.replace('-', "−") }
}

/// `+1.2 to +7.0`; with one person or one seed there is none.
pub(crate) fn points_interval(ends: Option<[f64; 2]>) -> String {
    ends.map_or_else(|| "not known".to_owned(), |[low, high]| format!("{} to {}", points(low), points(high)))
}

/// `1 seed`, `5 seeds`.
pub(crate) fn seeds(n: usize) -> String {
    if n == 1 { "1 seed".to_owned() } else { format!("{n} seeds") }
}

/// `50.1–57.9`.
pub(crate) fn percent_interval(ends: Option<[f64; 2]>) -> String {
    ends.map_or_else(|| "not known".to_owned(), |[low, high]| format!("{}–{}", percent(low), percent(high)))
}

/// How often the faces that judge were looked at.
pub(crate) fn judged(n_looks: usize) -> String {
    match n_looks {
        0 | 1 => "These faces have been judged once in this folder.".to_owned(),
        n => format!(
            "These faces have been judged {n} times in this folder, with other cells or choices each time: what is picked out of several \
             looks is too rosy."
        ),
    }
}

/// What a difference shows, in a word or two.
pub(crate) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Helps => "helps",
        Verdict::Hurts => "hurts",
        Verdict::Equivalent => "within ±2 points",
        Verdict::Open => "open",
    }
}

/// A p value with three decimals, `< 0.001` below.
pub(crate) fn p_value(p: f64) -> String {
    match p {
        p if !p.is_finite() => NOTHING.to_owned(),
        p if p < 0.001 => "< 0.001".to_owned(),
        p => format!("{p:.3}"),
    }
}

fn unsigned_zero(text: String) -> String {
    if text == "-0.0" { "0.0".to_owned() } else { text }
}

/// `2 h 5 min`, `3 min 20 s`, `12.3 s`.
pub(crate) fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return NOTHING.to_owned();
    }
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{seconds:.1} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

/// `1.0 GiB` and the like.
pub(crate) fn memory(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30))
}

/// What the training set of an arm is made of.
pub(crate) fn arm(arm: Arm) -> &'static str {
    match arm {
        Arm::Real => "real only",
        Arm::Mix => "mix",
        Arm::GeneratedOnly => "generated only",
        Arm::Repeat => "repeat",
        Arm::Augment => "augment",
        Arm::FixedShare => "fixed share",
        Arm::Pretrain => "pretrain",
        Arm::Curated => "curated",
    }
}

/// `mix, k = 2`; real faces alone need no k.
pub(crate) fn arm_and_k(which: Arm, k: MixtureRatio) -> String {
    if which == Arm::Real { arm(which).to_owned() } else { format!("{}, k = {k}", arm(which)) }
}

/// The arm in one line, for readers of the table.
pub(crate) fn arm_explained(arm: Arm) -> &'static str {
    match arm {
        Arm::Real => "real training faces alone (k = 0)",
        Arm::Mix => "real training faces and k units of generated ones",
        Arm::GeneratedOnly => "k units of generated faces, no real one",
        Arm::Repeat => "control: real faces alone, trained for as many steps as the mix",
        Arm::Augment => "control: real faces and as many altered copies of them as the mix has generated faces",
        Arm::FixedShare => "control: the mix with real faces as every second picture",
        Arm::Pretrain => "the generated faces first, then real faces alone, for as many pictures as the mix",
        Arm::Curated => "the mix without generated faces whose label the network of real faces alone does not see",
    }
}

/// Whose faces a study's words are about: drawn faces and pictures of nobody known are never called people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Nouns {
    /// `people`, `pictures` or `identities`, for the split.
    pub(crate) real: &'static str,
    /// Likewise for the unseen databases.
    pub(crate) unseen: &'static str,
}

impl Nouns {
    pub(crate) fn of(results: &Results) -> Self {
        Nouns { real: results.study.members("real"), unseen: results.study.members("unseen") }
    }

    /// Likewise for the faces of a part.
    pub(crate) fn in_part(self, part: Part) -> &'static str {
        if part == Part::Unseen { self.unseen } else { self.real }
    }

    /// The heading of a part: `test people`, `unseen: jaffe`.
    pub(crate) fn part(self, part: Part, set: &str) -> String {
        match part {
            Part::Unseen => format!("unseen: {set}"),
            Part::Generated => "generated faces trained on".to_owned(),
            Part::GeneratedTest => "generated faces not trained on".to_owned(),
            Part::Training | Part::Validation | Part::Test => format!("{} {}", part.name(), self.real),
        }
    }

    /// One of them.
    pub(crate) fn one_real(self) -> &'static str {
        match self.real {
            "people" => "person",
            "pictures" => "picture",
            "people or pictures" => "person or picture",
            _ => "identity",
        }
    }
}

/// What k counts, in a sentence.
pub(crate) fn k_explained(results: &Results) -> String {
    let made = made_faces(results);
    let nouns = Nouns::of(results);
    if results.study.unit == "images" {
        format!("how many {made} are added for each real training face; 0 is real faces alone.")
    } else {
        let one = nouns.one_real();
        format!("how many identities of {made} are added for each real training {one}; 0 is real faces alone.")
    }
}

/// The name of the k axis with its unit.
pub(crate) fn k_axis(results: &Results) -> String {
    let made = made_faces(results);
    if results.study.unit == "images" {
        format!("k ({made} for each real training face)")
    } else {
        format!("k (identities of {made} for each real training {})", Nouns::of(results).one_real())
    }
}

/// `drawn faces` where nothing but those was added, else `generated faces`.
pub(crate) fn made_faces(results: &Results) -> &'static str {
    let mut sets = results.study.sets.iter().filter(|s| s.role == "generated").peekable();
    if sets.peek().is_some() && sets.all(|s| s.provenance == "drawn") { "drawn faces" } else { "generated faces" }
}

/// Whether a row lies on the curve of accuracy against k: real only at k = 0, the mix above.
pub(crate) fn on_curve(row: &TableRow) -> bool {
    row.arm == Arm::Mix || (row.arm == Arm::Real && row.k == MixtureRatio::ZERO)
}

/// Names of the unseen databases in the order in which the table has them.
pub(crate) fn unseen_sets(table: &[TableRow]) -> Vec<&str> {
    let mut names = Vec::new();
    for row in table.iter().filter(|r| r.part == Part::Unseen) {
        if !names.contains(&row.set.as_str()) {
            names.push(&row.set);
        }
    }
    names
}

/// The parts that a table has columns for, in order: training, generated, validation, test, every unseen database.
pub(crate) fn columns(table: &[TableRow]) -> Vec<(Part, &str)> {
    let known = Part::ALL.into_iter().filter(|part| *part != Part::Unseen);
    let mut columns: Vec<(Part, &str)> =
        known.filter(|part| table.iter().any(|r| r.part == *part)).map(|part| (part, "")).collect();
    columns.extend(unseen_sets(table).into_iter().map(|set| (Part::Unseen, set)));
    columns
}

/// The arms and k of a table, each once, in order.
pub(crate) fn arms_and_k(table: &[TableRow]) -> Vec<(Arm, MixtureRatio)> {
    let mut pairs: Vec<_> = table.iter().map(|r| (r.arm, r.k)).collect();
    pairs.sort();
    pairs.dedup();
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_has_a_sign_and_zero_has_none() {
        for (value, expected) in [(4.06, "+4.1"), (-0.84, "−0.8"), (0.04, "0.0"), (-0.04, "0.0"), (f64::NAN, "–")] {
            assert_eq!(points(value), expected);
        }
    }

    #[test]
    fn long_counts_are_grouped_by_thousands() {
        for (n, expected) in [(0, "0"), (999, "999"), (1000, "1,000"), (8_636_038, "8,636,038")] {
            assert_eq!(count(n), expected);
        }
    }

    #[test]
    fn durations_use_the_two_largest_units() {
        for (s, expected) in [(12.34, "12.3 s"), (200.0, "3 min 20 s"), (7500.0, "2 h 5 min"), (59.96, "1 min 0 s")] {
            assert_eq!(duration(s), expected);
        }
    }

    #[test]
    fn small_p_values_are_bounded_not_rounded_to_zero() {
        assert_eq!((p_value(0.0), p_value(0.0312)), ("< 0.001".to_owned(), "0.031".to_owned()));
    }
}
