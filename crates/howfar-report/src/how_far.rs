//! How far more faces help: the whole curve with its simultaneous band, what is not significantly different from its
//! best, and whether it falls.

use howfar_evaluate::{Fall, HowFar};
use howfar_protocol::MixtureRatio;
use maud::{Markup, html};

use crate::wording::{self, Nouns};

/// One table for each judged set of faces.
pub(crate) fn tables(all: &[HowFar], nouns: Nouns) -> Markup {
    html! { @for how_far in all { (table(how_far, nouns)) } }
}

fn table(how_far: &HowFar, nouns: Nouns) -> Markup {
    let faces = nouns.part(how_far.part, &how_far.set);
    html! {
        p { b { (faces) } ": " (sentence(how_far)) }
        div.scroll tabindex="0" role="region" aria-label="how far" {
            table.figures.narrow {
                caption { b { (faces) } ": difference to k = 0, points" }
                thead { tr {
                    th scope="row" { "k" }
                    @for point in &how_far.curve { th.n.chosen[point.k == how_far.best] scope="col" { (point.k) } }
                } }
                tbody {
                    tr { th scope="row" { "difference" } @for p in &how_far.curve { td.n { b {
                        (wording::points(p.difference_points)) } } } }
                    tr { th scope="row" { "band, 95 % for all k together" }
                        @for p in &how_far.curve { td.n { (wording::points_interval(Some(p.band_points))) } } }
                    tr { th scope="row" { "best in drawn samples, %" }
                        @for p in &how_far.curve { td.n { (share(how_far, p.k)) } } }
                }
            }
        }
    }
}

/// What the curve says, in two sentences.
pub(crate) fn sentence(how_far: &HowFar) -> String {
    let others: Vec<String> =
        how_far.indistinguishable.iter().filter(|k| **k != how_far.best).map(ToString::to_string).collect();
    let best = if others.is_empty() {
        format!("Best at k = {}, clearly ahead of every other.", how_far.best)
    } else {
        format!(
            "Best at k = {}, not significantly different from k = {}; the smallest of them is {}.",
            how_far.best,
            others.join(", "),
            how_far.smallest
        )
    };
    match &how_far.fall {
        None => format!("{best} No k beyond it was tried."),
        Some(fall) => format!("{best} {}", fall_words(fall)),
    }
}

fn fall_words(fall: &Fall) -> String {
    let Fall { from, to, difference_points, interval_points, is_clear } = fall;
    let numbers =
        format!("{} points, {}", wording::points(*difference_points), wording::points_interval(Some(*interval_points)));
    if *is_clear {
        format!("The curve falls after k = {from}: {numbers} up to k = {to}.")
    } else {
        format!("A fall after k = {from} is not established ({numbers} up to k = {to}).")
    }
}

fn share(how_far: &HowFar, k: MixtureRatio) -> String {
    let share = how_far.best_shares_percent.iter().find(|(own, _)| *own == k);
    share.map_or(String::new(), |(_, percent)| wording::percent(*percent))
}
