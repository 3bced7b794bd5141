//! The cross-database matrix: what is learned on each database, judged by each.
//!
//! In: the results of one study a database, each with that database as its real set and the others unseen. Out: a page,
//! a CSV table and a text. On the diagonal stand the test people of the database itself.

use howfar_evaluate::{Choice, RecipeResults, Results};
use howfar_protocol::{Part, Role, Treatment};
use maud::{DOCTYPE, Markup, html};

use crate::page::page_head;
use crate::table::csv_text;
use crate::wording::{self, NOTHING, Nouns};

/// What one study says of one database.
struct Figure {
    real_only_percent: f64,
    /// At the k that the study speaks of.
    mix: Option<Mix>,
}

struct Mix {
    accuracy_percent: f64,
    /// To real faces alone.
    difference_points: f64,
    interval_points: Option<[f64; 2]>,
}

/// `judged` by its name; the study's own database by its test people.
fn figure(results: &Results, recipe: &RecipeResults, judged: &str) -> Option<Figure> {
    let own = results.study.of_role(Role::Labelled).any(|set| set.name == judged);
    let is_judge = |part: Part, set: &str| if own { part == Part::Test } else { part == Part::Unseen && set == judged };
    let real = recipe.table.iter().find(|row| row.treatment == Treatment::BASELINE && is_judge(row.part, &row.set))?;
    let claim = recipe.claims.iter().find(|claim| is_judge(claim.part, &claim.set));
    let mix = claim.map(|claim| Mix {
        accuracy_percent: claim.accuracy_percent,
        difference_points: claim.difference_points,
        interval_points: claim.interval_points,
    });
    let real_only_percent = claim.map_or(real.figures.accuracy(), |claim| claim.baseline_accuracy_percent);
    Some(Figure { real_only_percent, mix })
}

/// The name of the database that a study learned from.
fn learned(results: &Results) -> &str {
    results.study.of_role(Role::Labelled).next().map_or("", |set| &set.name)
}

fn k_words(choice: Option<&Choice>) -> String {
    match choice {
        None => NOTHING.to_owned(),
        Some(choice) if choice.chosen == choice.compared => choice.chosen.to_string(),
        Some(choice) => format!("{} (shown: {})", choice.chosen, choice.compared),
    }
}

/// Every recipe, network and generated set of the studies, which are alike in that.
fn tracks(all: &[Results]) -> impl Iterator<Item = usize> {
    0..all.first().map_or(0, |results| results.recipes.len())
}

/// One self-contained page.
pub fn matrix_html(all: &[Results]) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            (page_head("Cross-database matrix", all.first().map_or("", |first| first.study.howfar_version.as_str())))
            body {
                header {
                    p.eyebrow { "What is learned on one database, judged by each" }
                    h1 { "Cross-database matrix" }
                    p.rest { "Rows: the database that was trained on, a study each. Columns: the database that \
                        judges; on the diagonal its own \
                              test people, who were not trained on. Accuracy in percent of real faces alone, then of \
                              the mix at the k that was \
                              chosen on validation people, with the difference and its 95 % interval in points." }
                }
                main { @for track in tracks(all) { (matrix_table(all, track)) } }
            }
        }
    };
    page.into_string()
}

fn matrix_table(all: &[Results], track: usize) -> Markup {
    html! {
        section {
            @if let Some(first) = all.first().and_then(|first| first.recipes.get(track)) { h2 { "Recipe "
                (first.name()) } }
            div.scroll tabindex="0" role="region" aria-label="cross-database matrix" {
                table.figures {
                    thead { tr {
                        th scope="col" { "Trained on" } th.n scope="col" { "k" }
                        @for judge in all { th.n scope="col" { (learned(judge)) } }
                    } }
                    tbody { @for results in all {
                        @if let Some(recipe) = results.recipes.get(track) {
                            tr {
                                th scope="row" { (learned(results)) }
                                td.n { (k_words(recipe.choice.as_ref())) }
                                @for judge in all { td.n.chosen[learned(judge) == learned(results)] { (cell(results,
                                    recipe, learned(judge))) } }
                            }
                        }
                    } }
                }
            }
        }
    }
}

fn cell(results: &Results, recipe: &RecipeResults, judged: &str) -> Markup {
    let Some(figure) = figure(results, recipe, judged) else { return html! { (NOTHING) } };
    html! {
        @match figure.mix {
            None => { (wording::percent(figure.real_only_percent)) }
            Some(mix) => {
                (wording::percent(figure.real_only_percent)) " → " b { (wording::percent(mix.accuracy_percent)) }
                small { (wording::points(mix.difference_points)) " (" (wording::points_interval(mix.interval_points))
                    ")" }
            }
        }
    }
}

/// One line for each pair.
pub fn matrix_text(all: &[Results]) -> String {
    let mut text = String::new();
    let width = all.iter().map(|results| learned(results).chars().count()).max().unwrap_or(0);
    for track in tracks(all) {
        let name = all.iter().find_map(|results| Some(results.recipes.get(track)?.name())).unwrap_or_default();
        text.push_str(&format!("recipe {name}: accuracy in %\n"));
        for results in all {
            let Some(recipe) = results.recipes.get(track) else { continue };
            let own = Nouns::of(results);
            text.push_str(&format!("trained on {}, k = {}\n", learned(results), k_words(recipe.choice.as_ref())));
            for judge in all {
                let judged = learned(judge);
                let Some(figure) = figure(results, recipe, judged) else { continue };
                let mix = figure.mix.map_or_else(String::new, |mix| {
                    let interval = wording::points_interval(mix.interval_points);
                    format!(" -> {:.1}  {} ({interval})", mix.accuracy_percent, wording::points(mix.difference_points))
                });
                let note =
                    if judged == learned(results) { format!("  (test {})", own.labelled) } else { String::new() };
                text.push_str(&format!("  {judged:<width$}  {:5.1}{mix}{note}\n", figure.real_only_percent));
            }
        }
    }
    text
}

/// One row a pair.
pub fn matrix_csv(all: &[Results]) -> String {
    let head = [
        "recipe",
        "network",
        "source",
        "trained_on",
        "judged_by",
        "part",
        "k_chosen",
        "k",
        "real_only_percent",
        "mix_percent",
        "difference_points",
        "interval_low_points",
        "interval_high_points",
    ];
    let mut records = vec![head.map(str::to_owned).to_vec()];
    for track in tracks(all) {
        for results in all {
            let Some(recipe) = results.recipes.get(track) else { continue };
            let (trained_on, choice) = (learned(results), recipe.choice.as_ref());
            for judged in all.iter().map(learned) {
                let Some(figure) = figure(results, recipe, judged) else { continue };
                let of_mix = |value: &dyn Fn(&Mix) -> Option<f64>| {
                    figure.mix.as_ref().and_then(value).map(|value| value.to_string()).unwrap_or_default()
                };
                let part = if judged == trained_on { Part::Test } else { Part::Unseen };
                records.push(vec![
                    recipe.recipe_words().to_owned(),
                    recipe.network_words().unwrap_or_default(),
                    recipe.source.clone().unwrap_or_default(),
                    trained_on.to_owned(),
                    judged.to_owned(),
                    part.name().to_owned(),
                    choice.map(|choice| choice.chosen.to_string()).unwrap_or_default(),
                    choice.map(|choice| choice.compared.to_string()).unwrap_or_default(),
                    figure.real_only_percent.to_string(),
                    of_mix(&|mix| Some(mix.accuracy_percent)),
                    of_mix(&|mix| Some(mix.difference_points)),
                    of_mix(&|mix| mix.interval_points.map(|[low, _]| low)),
                    of_mix(&|mix| mix.interval_points.map(|[_, high]| high)),
                ]);
            }
        }
    }
    csv_text(records.into_iter())
}
