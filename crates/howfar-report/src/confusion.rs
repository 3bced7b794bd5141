//! Confusion matrices as heat tables with percent and count in each cell, and precision, recall and F1 of each class.

use howfar_evaluate::{Confusion, RecipeResults};
use maud::{Markup, html};

use crate::wording::{self, Nouns};

/// All matrices of a recipe: a group for test faces and one for each unseen database, arms side by side.
pub(crate) fn matrices(recipe: &RecipeResults, classes: &[String], nouns: Nouns) -> Markup {
    html! {
        @for group in groups(&recipe.confusions) {
            h4 { (heading(group[0], nouns)) }
            div.matrices { @for confusion in &group { (matrix(confusion, classes, nouns)) } }
            (per_class(&group, classes, nouns))
        }
    }
}

fn heading(confusion: &Confusion, nouns: Nouns) -> String {
    let text = nouns.part(confusion.part, &confusion.set);
    text[..1].to_uppercase() + &text[1..]
}

/// Matrices of the same faces together, in the order in which they first come.
fn groups(confusions: &[Confusion]) -> Vec<Vec<&Confusion>> {
    let mut groups: Vec<Vec<&Confusion>> = Vec::new();
    for confusion in confusions {
        let key = |c: &Confusion| (c.part, c.set.clone());
        match groups.iter_mut().find(|g| key(g[0]) == key(confusion)) {
            Some(group) => group.push(confusion),
            None => groups.push(vec![confusion]),
        }
    }
    groups
}

fn matrix(confusion: &Confusion, classes: &[String], nouns: Nouns) -> Markup {
    let Confusion { treatment, part, set, .. } = confusion;
    html! {
        div.scroll tabindex="0" role="region" aria-label="confusion matrix" {
            table.confusion {
                caption { b { (treatment) } span.hidden { " on " (nouns.part(*part, set)) } }
                thead {
                    tr { td {} th.predicted scope="colgroup" colspan=(classes.len()) { "predicted" } }
                    tr { th.truth scope="col" { "true" } @for class in classes { th.class scope="col" { span {
                        (class) } } } }
                }
                tbody {
                    @for (i, class) in classes.iter().enumerate() {
                        tr {
                            th scope="row" { (class) }
                            @for j in 0..classes.len() { (cell(confusion, i, j)) }
                        }
                    }
                }
            }
        }
    }
}

/// The shade follows the row's percent, so that rare classes are as readable as common ones.
fn cell(confusion: &Confusion, truth: usize, predicted: usize) -> Markup {
    let part = |rows: &[Vec<f64>]| rows.get(truth).and_then(|r| r.get(predicted)).copied().unwrap_or(0.0);
    let percent = part(&confusion.percent);
    let count = confusion.counts.get(truth).and_then(|r| r.get(predicted)).copied().unwrap_or(0);
    let (right, none) = (truth == predicted, count == 0);
    html! {
        td.right[right].none[none] style=(format!("--a:{:.2}", (percent / 100.0).clamp(0.0, 1.0))) {
            b { (format!("{percent:.0}")) "\u{2009}%" } small { (wording::count(count)) }
        }
    }
}

fn per_class(group: &[&Confusion], classes: &[String], nouns: Nouns) -> Markup {
    let Confusion { part, set, .. } = group[0];
    html! {
        div.scroll tabindex="0" role="region" aria-label="figures of each class" {
            table.figures.classes {
                caption { b { "Each class" } " on " (nouns.part(*part, set)) ": precision, recall and F1 in percent; \
                    n = faces of the class, \
                    summed over seeds and splits." }
                thead {
                    tr {
                        th scope="col" rowspan="2" { "Class" }
                        @for c in group { th.first scope="colgroup" colspan="4" { (c.treatment) } }
                    }
                    tr { @for _ in group {
                        th.n.first scope="col" { "precision" } th.n scope="col" { "recall" } th.n scope="col" { "F1"
                            } th.n scope="col" { "n" }
                    } }
                }
                tbody { @for (i, class) in classes.iter().enumerate() { tr {
                    th scope="row" { (class) }
                    @for c in group { @match c.per_class.get(i) {
                        Some(f) => {
                            td.n.first { (wording::percent(f.precision_percent)) }
                            td.n { (wording::percent(f.recall_percent)) }
                            td.n { (wording::percent(f.f1_percent)) }
                            td.n { (wording::count(f.support)) }
                        }
                        None => { td.n.first colspan="4" { (wording::NOTHING) } }
                    } }
                } } }
            }
        }
    }
}
