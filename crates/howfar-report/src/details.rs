//! What stands behind the difference, on each judged set of faces: which classes gain, whether probabilities are more
//! honest, who gains least, how often one network is better than another.

use howfar_evaluate::{Calibration, Details, GroupsBy, Improvement, LowerIsBetter, PairedShare, RecipeResults};
use howfar_protocol::Part;
use maud::{Markup, html};

use crate::wording::{self, Nouns};

/// One block for each judged set; that of the answer is open.
pub(crate) fn blocks(recipe: &RecipeResults, nouns: Nouns) -> Markup {
    let of_answer = of_answer(recipe).map(|details| (details.part, &details.set));
    html! { @for d in &recipe.details {
        details open[of_answer == Some((d.part, &d.set))] {
            summary { b { (nouns.part(d.part, &d.set)) } ": " (d.treatment) " less " (d.baseline) }
            @if !d.per_class.is_empty() { (per_class(d, nouns)) }
            @if let Some(of_probabilities) = &d.calibration { (calibration(of_probabilities)) }
            @if !d.groups.is_empty() { (groups(d, nouns)) }
            @if let Some(of_networks) = &d.improvement { (improvement(d, of_networks, nouns)) }
        }
    } }
}

/// The faces that the answer begins with: the first unseen database, or the test people.
fn of_answer(recipe: &RecipeResults) -> Option<&Details> {
    recipe.details.iter().find(|d| d.part == Part::Unseen).or(recipe.details.first())
}

fn per_class(d: &Details, nouns: Nouns) -> Markup {
    html! {
        p {
            b { "Which classes gain?" } " The recall of each class: the mean over the " (nouns.in_part(d.part))
            " who have faces of it. "
            @match d.losing_class() {
                Some(of) => { b { (of.class) } " clearly loses: " (difference(&of.recall)) "." }
                None => { "None clearly loses." }
            }
        }
        (shares("class", d.per_class.iter().map(|of| (&of.class, &of.recall)), d, nouns))
    }
}

fn groups(d: &Details, nouns: Nouns) -> Markup {
    let by = match d.groups_by {
        Some(GroupsBy::Database) => "database",
        _ => "group",
    };
    html! {
        p {
            b { "Who gains least?" } " Accuracy by " (by) ", the mean over its " (nouns.in_part(d.part)) ". "
            @if let Some(of) = d.least_group() {
                b { (of.group) } " gains least: " (difference(&of.accuracy)) ", picked out of " (d.groups.len())
                ", so some of it is luck."
            }
        }
        (shares(by, d.groups.iter().map(|of| (&of.group, &of.accuracy)), d, nouns))
    }
}

/// One row for each name.
fn shares<'d>(
    what: &str,
    rows: impl Iterator<Item = (&'d String, &'d PairedShare)>,
    d: &Details,
    nouns: Nouns,
) -> Markup {
    html! { div.scroll tabindex="0" role="region" aria-label=(format!("differences by {what}")) {
        table.figures.narrow {
            thead { tr {
                th scope="col" { (what) }
                th.n scope="col" { "difference," br; "points" } th.n scope="col" { "95 % interval" }
                th.n scope="col" { "p," br; "Holm" }
            } }
            tbody { @for (name, share) in rows { tr {
                th scope="row" { (name)
                    small { (wording::count(share.n_people as u64)) " " (nouns.in_part(d.part)) ", "
                        (wording::count(share.n_faces as u64)) " faces" } }
                td.n { b { (wording::points(share.difference_points)) }
                    small { (wording::percent(share.percent)) " less " (wording::percent(share.baseline_percent)) } }
                td.n { (wording::points_interval(share.interval_points)) }
                td.n { (wording::p_value(share.p_holm)) }
            } } }
        }
    } }
}

fn calibration(of: &Calibration) -> Markup {
    let rows = [
        ("log-likelihood, negative", "nats", &of.log_loss_nats, 3),
        ("Brier score", "0 to 2", &of.brier_score, 3),
        ("calibration error", "percent", &of.calibration_error_percent, 1),
    ];
    html! {
        p {
            b { "Are the probabilities more honest?" } " In all three lower is better. The first two ask every \
                probability of every face; the calibration error is how far the most probable class's probability \
                lies from the share of right faces, in " (of.n_bins) " bins of as many faces."
        }
        div.scroll tabindex="0" role="region" aria-label="calibration" {
            table.figures.narrow {
                thead { tr {
                    th scope="col" { "lower is better" }
                    th.n scope="col" { "difference" } th.n scope="col" { "95 % interval" }
                } }
                tbody { @for (name, unit, figure, digits) in rows { tr {
                    th scope="row" { (name) small { (unit) } }
                    td.n { b { (signed(figure.difference, digits)) }
                        small { (format!("{:.digits$} less {:.digits$}", figure.value, figure.baseline)) } }
                    td.n { (interval(figure.interval, digits)) small { (better_or_worse(figure)) } }
                } } }
            }
        }
    }
}

fn improvement(d: &Details, of: &Improvement, nouns: Nouns) -> Markup {
    let ends = wording::percent_interval(of.interval_percent);
    html! {
        p {
            b { "How often is one network better than another?" } " Of all pairs of seeds, a network of " (d.treatment)
            " is the more accurate one in " b { (wording::percent(of.probability_percent)) " %" } " (95 % interval "
            (ends) "; " (wording::seeds(of.n_seeds)) " each; equals count half). Accuracy rises for "
            (wording::percent(of.rise_percent)) " % of the " (wording::count(of.n_people as u64)) " "
            (nouns.in_part(d.part)) ", falls for " (wording::percent(of.fall_percent)) " % and stays for "
            (wording::percent(of.stay_percent)) " %, some of them by luck."
        }
    }
}

/// What the terminal says of the details, two lines at most: the class that clearly loses most on any faces, and who
/// gains least on those of the answer.
pub(crate) fn lines(recipe: &RecipeResults, nouns: Nouns) -> Vec<String> {
    let losing = recipe.details.iter().filter_map(|d| Some((d, d.losing_class()?)));
    let most = losing.min_by(|(_, a), (_, b)| a.recall.difference_points.total_cmp(&b.recall.difference_points));
    let losing = most.map(|(d, of)| {
        format!("Recall falls clearly: {} on {}, {}", of.class, nouns.part(d.part, &d.set), difference(&of.recall))
    });
    let least = of_answer(recipe).and_then(|d| Some((d, d.least_group()?)));
    let least = least.map(|(d, of)| {
        let faces = nouns.part(d.part, &d.set);
        format!("Gains least of {} groups of {faces}: {}, {}", d.groups.len(), of.group, difference(&of.accuracy))
    });
    losing.into_iter().chain(least).collect()
}

/// `−4.1 points (−7.2 to −1.0)`.
fn difference(share: &PairedShare) -> String {
    let interval = wording::points_interval(share.interval_points);
    format!("{} points ({interval})", wording::points(share.difference_points))
}

fn better_or_worse(figure: &LowerIsBetter) -> &'static str {
    match figure.interval {
        Some([_, high]) if high < 0.0 => "better",
        Some([low, _]) if low > 0.0 => "worse",
        _ => "open",
    }
}

fn interval(ends: Option<[f64; 2]>, digits: usize) -> String {
    ends.map_or_else(|| wording::points_interval(None), |ends| ends.map(|end| signed(end, digits)).join(" to "))
}

/// With its sign; zero has none.
fn signed(value: f64, digits: usize) -> String {
    let text = format!("{value:+.digits$}");
    let is_zero = !text.contains(|digit: char| ('1'..='9').contains(&digit));
    if is_zero { text[1..].to_owned() } else { text.replace('-', "−") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_differences_keep_their_sign_and_zero_has_none() {
        for (value, expected) in [(0.0124, "+0.012"), (-0.0006, "−0.001"), (-0.0004, "0.000"), (0.0, "0.000")] {
            assert_eq!(signed(value, 3), expected);
        }
    }
}
