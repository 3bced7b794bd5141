//! What papers with a single run for every k would have claimed on the same faces.
//!
//! In: what stands in the results. Out: a sentence and a table for test people and each unseen database.

use howfar_evaluate::SingleRun;
use maud::{Markup, html};

use crate::wording::{self, NOTHING, Nouns};

/// The section, with its heading; nothing where nothing is known.
pub(crate) fn section(all: &[SingleRun], nouns: Nouns) -> Markup {
    html! { @if !all.is_empty() {
        h3 { "What a single run would have claimed" }
        p.note {
            "Had one network been trained for every k, and k been chosen on the judged faces themselves: each of the \
                seeds is as likely at each k, and the most accurate k above 0 is reported with its gain over the same \
                seed's k = 0. The faces stay the same."
        }
        @for single in all { (table(single, nouns)) }
    } }
}

fn table(single: &SingleRun, nouns: Nouns) -> Markup {
    let faces = nouns.part(single.part, &single.set);
    html! {
        p { b { (faces) } ": " (single.sentence) }
        div.scroll tabindex="0" role="region" aria-label=(format!("single runs on {faces}")) {
            table.figures.narrow {
                caption { b { (faces) } ": gain over k = 0 of the same seed, points; "
                    (wording::seeds(single.n_seeds)) }
                thead { tr {
                    th scope="row" { "k" } @for at in &single.at { th.n scope="col" { (at.k) } }
                    th.n scope="col" { "none" }
                } }
                tbody {
                    tr { th scope="row" { "reported by, % of papers" }
                        @for at in &single.at { td.n { (wording::percent(at.reported_percent)) } }
                        td.n { (wording::percent(single.none_percent)) } }
                    tr { th scope="row" { "gain that they claim" }
                        @for at in &single.at { td.n { (at.claimed_points.map_or_else(|| NOTHING.to_owned(),
                            wording::points)) } }
                        td.n { (NOTHING) } }
                    tr { th scope="row" { "gain of all seeds" }
                        @for at in &single.at { td.n { (wording::points(at.true_points)) } }
                        td.n { (NOTHING) } }
                }
            }
        }
    }
}
