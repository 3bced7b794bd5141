//! Claims on the page: the difference to k = 0 and to the controls, with intervals drawn on one scale, and how k was
//! chosen.

use howfar_evaluate::wording::choosers;
use howfar_evaluate::{Choice, Claim, RecipeResults, Results};
use howfar_protocol::{ChooseRule, MixtureRatio, Part};
use maud::{Markup, html};

use crate::wording::{self, Nouns};

/// The scale of the drawn intervals: points at the left and right end.
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    /// Holds zero and every interval, with a little room.
    fn of<'a>(claims: impl Iterator<Item = &'a Claim>) -> Self {
        let ends = claims.flat_map(|c| c.interval_points.unwrap_or([c.difference_points; 2]));
        let (low, high) = ends.fold((0.0_f64, 0.0_f64), |(low, high), v| (low.min(v), high.max(v)));
        let room = ((high - low) * 0.06).max(0.1);
        Scale { low: low - room, high: high + room }
    }

    /// Percent of the width.
    fn at(&self, points: f64) -> f64 {
        100.0 * (points - self.low) / (self.high - self.low)
    }
}

/// Differences to k = 0, then to the controls.
pub(crate) fn differences(recipe: &RecipeResults, nouns: Nouns) -> Markup {
    let scale = Scale::of(recipe.claims.iter().chain(&recipe.over_own_steps).chain(&recipe.controls));
    html! {
        @if !recipe.claims.is_empty() {
            (claims(&recipe.claims, nouns, &scale, &html! {
                b { "What the added faces buy" } ": " (nouns.measure) " with them less that of " (nouns.base) " alone, \
                    paired by face and seed, in points."
            }))
        }
        @if !recipe.over_own_steps.is_empty() {
            (claims(&recipe.over_own_steps, nouns, &scale, &html! {
                b { "Against " (nouns.base) " alone for their own steps" } ": the same with a baseline that was \
                    trained for \
                    fewer steps than serve it best."
            }))
        }
        @if !recipe.controls.is_empty() {
            (claims(&recipe.controls, nouns, &scale, &html! {
                b { "Against the controls" } " at the same k: only what is gained over training longer (repeat) and \
                    over altered \
                    copies of " (nouns.base) " (augment) is due to the added faces themselves."
            }))
        }
        p.note {
            (wording::capitalised(nouns.measure)) " here is a mean over " (nouns.labelled) ", so it can differ from \
                the table's. \
             p over " (nouns.labelled) " and p over seeds: two-sided sign-flip tests; p, Holm: of the t interval, \
             corrected for several unseen databases; by it a difference helps or hurts. p, small: the larger of two \
             one-sided t tests, corrected likewise; by it a difference is small where it neither helps nor hurts. \
             Else it is open, and so is a gain where k = 0 was chosen."
        }
    }
}

fn claims(claims: &[Claim], nouns: Nouns, scale: &Scale, caption: &Markup) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="differences" {
            table.claims {
                caption { (caption) }
                thead { tr {
                    th scope="col" { "Faces" }
                    th scope="col" { "Compared" }
                    th.n scope="col" { (wording::capitalised(nouns.measure)) ", %" }
                    th.n scope="col" { "Difference," br; "points" }
                    th.n scope="col" { "95 % interval," br; "points" }
                    th scope="col" { (axis(scale)) }
                    th.n scope="col" { "p over" br; (nouns.labelled) }
                    th.n scope="col" { "p over" br; "seeds" }
                    th.n scope="col" { "p," br; "Holm" }
                    th.n scope="col" { "p," br; "small" }
                    th.n scope="col" { "n" }
                } }
                tbody { @for claim in claims { (claim_row(claim, nouns, scale)) } }
            }
        }
    }
}

fn claim_row(claim: &Claim, nouns: Nouns, scale: &Scale) -> Markup {
    html! {
        tr {
            th scope="row" {
                @if claim.part == Part::Unseen { "unseen: " (claim.set) } @else { (nouns.part(claim.part, "")) small
                    { (claim.set) } }
            }
            td { (claim.treatment) small { "less " (claim.baseline) } }
            td.n { (wording::percent(claim.accuracy_percent)) small { "less "
                (wording::percent(claim.baseline_accuracy_percent)) } }
            td.n { b { (wording::points(claim.difference_points)) } small { (wording::verdict(claim.verdict)) } }
            td.n { (wording::points_interval(claim.interval_points))
                @if claim.interval_points.is_some() {
                    small { "s.e. " (wording::percent(claim.standard_error_points)) ", " (format!("{:.1}",
                        claim.degrees_of_freedom)) " d.f." }
                } }
            td.forest { (forest(claim, scale)) }
            td.n { (wording::p_value(claim.p_people)) }
            td.n { (wording::p_value(claim.p_seeds)) }
            td.n { (wording::p_value(claim.p_holm)) }
            td.n { (wording::p_value(claim.p_equivalent)) }
            td.n { (wording::count(claim.n_people as u64)) " " (nouns.in_part(claim.part))
                small { (wording::count(claim.n_faces as u64)) " faces, " (wording::seeds(claim.n_seeds)) } }
        }
    }
}

/// Which side of zero means what, in the heading of the drawn intervals.
fn axis(scale: &Scale) -> Markup {
    html! { div.sides { span style=(format!("right:{:.2}%", 100.0 - scale.at(0.0))) { "worse" }
    span style=(format!("left:{:.2}%", scale.at(0.0))) { "better" } } }
}

fn forest(claim: &Claim, scale: &Scale) -> Markup {
    let side = match claim.interval_points {
        Some([low, _]) if low > 0.0 => "above",
        Some([_, high]) if high < 0.0 => "below",
        _ => "across",
    };
    html! {
        div.range aria-hidden="true" {
            i.zero style=(format!("left:{:.2}%", scale.at(0.0))) {}
            @if let Some([low, high]) = claim.interval_points.map(|ends| ends.map(|end| scale.at(end))) {
                i.bar.(side) style=(format!("left:{low:.2}%;width:{:.2}%", high - low)) {}
            }
            i.dot.(side) style=(format!("left:{:.2}%", scale.at(claim.difference_points))) {}
        }
    }
}

/// How k was chosen, and how long labelled faces alone train.
pub(crate) fn choice(results: &Results, choice: &Choice, nouns: Nouns) -> Markup {
    let rule = match choice.rule {
        ChooseRule::OneStandardError => "the smallest k within one standard error of the best",
        ChooseRule::BestMean => "the best",
    };
    html! {
        h3 { "How k was chosen" }
        p {
            "Chosen on " (choosers(&results.study, choice)) " alone: " b { "k = " (choice.chosen) }
            @if choice.chosen == MixtureRatio::ZERO { " (none helps)" }
            ", " (rule) " (k = " (choice.best) "). "
            "Within one standard error of the best: " (k_list(&choice.adequate)) "."
            @if choice.compared != choice.chosen { " The comparisons are made at k = " (choice.compared) ", the \
                best k above 0." }
        }
        div.scroll tabindex="0" role="region" aria-label="choice of k" {
            table.figures.narrow {
                caption { b { "How k was chosen" } ": means over seeds, splits and databases." }
                thead { tr {
                    th scope="row" { "k" }
                    @for c in &choice.candidates { th.n.chosen[c.k == choice.chosen] scope="col" { (c.k) } }
                } }
                tbody {
                    (choice_row(&format!("{}, %", nouns.measure), choice, &|c| {
                        wording::percent(c.validation_accuracy_percent)
                    }))
                    (choice_row("below the best, points", choice, &|c| wording::percent(c.below_best_points)))
                    (choice_row("its standard error, points", choice, &|c| wording::percent(c.standard_error_points)))
                    (choice_row("within one standard error", choice, &|c| if c.adequate { "yes" } else { "no"
                        }.to_owned()))
                    (choice_row("chosen in drawn samples, %", choice, &|c| wording::percent(
                        c.chosen_share_percent.unwrap_or(f64::NAN))))
                }
            }
        }
        @if choice.has_ladder() { (budgets(choice, nouns)) }
    }
}

/// The budgets that labelled faces alone were trained for.
fn budgets(choice: &Choice, nouns: Nouns) -> Markup {
    let ways = choice.candidates.iter().find(|c| c.k == MixtureRatio::ZERO).map(|c| c.ways.as_slice());
    let ways = ways.unwrap_or_default();
    html! {
        div.scroll tabindex="0" role="region" aria-label=(format!("budgets of {} alone", nouns.base)) {
            table.figures.narrow {
                caption { b { "How long " (nouns.base) " alone train" } ": for the steps of the mix at a k; the \
                    best of \
                    these on those who choose stands at k = 0, and the doubt about which is best is in the intervals \
                    of the gains." }
                thead { tr {
                    th scope="row" { "steps of k =" }
                    @for way in ways { th.n.chosen[way.is_taken] scope="col" { (way.treatment.k) } }
                } }
                tbody {
                    tr { th scope="row" { (nouns.measure) ", %" }
                        @for way in ways { td.n { (wording::percent(way.accuracy_percent)) } } }
                    tr { th scope="row" { "best in drawn samples, %" }
                        @for way in ways { td.n { (wording::percent(way.best_share_percent.unwrap_or(f64::NAN))) } } }
                }
            }
        }
    }
}

fn choice_row(name: &str, choice: &Choice, text: &dyn Fn(&howfar_evaluate::Candidate) -> String) -> Markup {
    html! { tr {
        th scope="row" { (name) }
        @for c in &choice.candidates { td.n.chosen[c.k == choice.chosen] { (text(c)) } }
    } }
}

fn k_list(ks: &[MixtureRatio]) -> String {
    let list: Vec<String> = ks.iter().map(ToString::to_string).collect();
    format!("k = {}", list.join(", "))
}
