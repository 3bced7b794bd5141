//! Numbers and names as they are printed: one rounding and one word for each thing, in the page and in the terminal.

use std::collections::BTreeSet;

pub(crate) use howfar_evaluate::wording::{
    NOTHING, capitalised, grouped as count, p_number as p_value, percent, percent_interval, points, points_interval,
};
use howfar_evaluate::wording::{baseline, budget_words, choosers, counted, k_counts, made};
use howfar_evaluate::{RecipeResults, Results, TableRow, Verdict};
use howfar_protocol::{MixtureRatio, Part, Role, Treatment};

/// `modern`, with network and generated set where a study has several tracks.
pub(crate) fn track(results: &Results, recipe: &RecipeResults) -> String {
    if results.between.is_empty() { recipe.recipe_words().to_owned() } else { recipe.name() }
}

/// The same with what it is: a recipe, or a model of a table of predictions.
pub(crate) fn titled_track(results: &Results, recipe: &RecipeResults) -> String {
    let kind = if recipe.model.is_some() { "model" } else { "recipe" };
    format!("{kind} {}", track(results, recipe))
}

/// `1 seed`, `5 seeds`.
pub(crate) fn seeds(n: usize) -> String {
    counted(n, "seed", "seeds")
}

/// How often the faces that judge were looked at.
pub(crate) fn judged(n_looks: usize) -> String {
    match n_looks {
        0 | 1 => "These faces have been judged once in this folder.".to_owned(),
        n => format!(
            "These faces have been judged {n} times in this folder, with other cells or choices each time: what is \
                picked out of several \
             looks is too rosy."
        ),
    }
}

/// What a difference shows, in a word or two.
pub(crate) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Helps => "helps",
        Verdict::Hurts => "hurts",
        Verdict::Equivalent => "small",
        Verdict::Open => "open",
    }
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

/// Whose faces a study's words are about: drawn faces and pictures of nobody known are never called people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Nouns {
    /// `people`, `pictures` or `identities`, for the split.
    pub(crate) labelled: &'static str,
    /// Likewise for the unseen databases.
    pub(crate) unseen: &'static str,
    /// What is claimed: `accuracy`, `macro recall`.
    pub(crate) measure: &'static str,
    /// What the baseline learns from: `real faces`, or `the labelled faces` where they are not all photographs.
    pub(crate) base: &'static str,
}

impl Nouns {
    pub(crate) fn of(results: &Results) -> Self {
        let study = &results.study;
        let (labelled, unseen) = (study.members(Role::Labelled), study.members(Role::Unseen));
        let baseline = howfar_evaluate::wording::baseline(study);
        let base = baseline.strip_suffix(" alone").unwrap_or(baseline);
        Nouns { labelled, unseen, measure: howfar_evaluate::wording::measure(study), base }
    }

    /// Likewise for the faces of a part.
    pub(crate) fn in_part(self, part: Part) -> &'static str {
        if part == Part::Unseen { self.unseen } else { self.labelled }
    }

    /// The heading of a part: `test people`, `unseen: jaffe`.
    pub(crate) fn part(self, part: Part, set: &str) -> String {
        match part {
            Part::Unseen => format!("unseen: {set}"),
            Part::Choosing => format!("choosing: {set}"),
            Part::Generated => "generated faces trained on".to_owned(),
            Part::GeneratedTest => "generated faces not trained on".to_owned(),
            Part::Training | Part::Validation | Part::Test => format!("{} {}", part.name(), self.labelled),
        }
    }
}

/// The k at which a treatment stands on the curve of a recipe: that of the budget which was chosen.
pub(crate) fn place_on_curve(recipe: &RecipeResults, treatment: &Treatment) -> Option<MixtureRatio> {
    let Some(choice) = &recipe.choice else { return treatment.curve_k() };
    let source = recipe.source.as_deref();
    choice.candidates.iter().map(|candidate| candidate.k).find(|k| choice.at(*k, source) == *treatment)
}

/// Which of the lines chose k, and what stands at k = 0.
pub(crate) fn what_chose(results: &Results, recipe: &RecipeResults) -> String {
    let Some(choice) = &recipe.choice else { return "The lines describe.".to_owned() };
    let chose = match choice.on.as_str() {
        "validation" => "k was chosen on the dashed line alone; the others describe.".to_owned(),
        _ => format!("k was chosen on {}; all lines describe.", choosers(&results.study, choice)),
    };
    if !choice.has_ladder() {
        return chose;
    }
    let stands = choice.at(MixtureRatio::ZERO, recipe.source.as_deref());
    format!(
        "{chose} At k = 0 stand {}, trained as long as serves them best: for {}.",
        baseline(&results.study),
        budget_words(&stands)
    )
}

/// What k counts, in a sentence.
pub(crate) fn k_explained(results: &Results) -> String {
    format!("how many {}; 0 is {}.", k_counts(&results.study), baseline(&results.study))
}

/// The name of the k axis with its unit.
pub(crate) fn k_axis(results: &Results) -> String {
    format!("k ({})", k_counts(&results.study))
}

/// `drawn faces`, `generated faces`, or `added faces` where both are.
pub(crate) fn made_faces(results: &Results) -> String {
    format!("{} faces", made(&results.study))
}

/// Names of the unseen databases in the order in which the table has them.
pub(crate) fn unseen_sets(table: &[TableRow]) -> Vec<&str> {
    sets_of(table, Part::Unseen)
}

fn sets_of(table: &[TableRow], part: Part) -> Vec<&str> {
    let mut names = Vec::new();
    for row in table.iter().filter(|r| r.part == part) {
        if !names.contains(&row.set.as_str()) {
            names.push(&row.set);
        }
    }
    names
}

/// The parts that a table has columns for, in order: training, generated, validation, test, every unseen database.
pub(crate) fn columns(table: &[TableRow]) -> Vec<(Part, &str)> {
    let known = Part::ALL.into_iter().filter(|part| !part.is_by_set());
    let mut columns: Vec<(Part, &str)> =
        known.filter(|part| table.iter().any(|r| r.part == *part)).map(|part| (part, "")).collect();
    for part in [Part::Choosing, Part::Unseen] {
        columns.extend(sets_of(table, part).into_iter().map(|set| (part, set)));
    }
    columns
}

/// What the rows of a table were trained on, each once, in order.
pub(crate) fn treatments(table: &[TableRow]) -> Vec<&Treatment> {
    table.iter().map(|row| &row.treatment).collect::<BTreeSet<_>>().into_iter().collect()
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
