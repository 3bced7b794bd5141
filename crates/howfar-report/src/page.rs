//! The page: answer, curve, differences, table, confusion, face sheets, caveats, what was run. One file, no request.

use howfar_evaluate::{Finding, Looks, RecipeResults, Results};
use howfar_protocol::MixtureRatio;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::pictures::{Pictures, SheetPicture, picture_data};
use crate::timing::Timing;
use crate::wording::{self, Nouns};
use crate::{
    changed, confusion, curve, details, difference, how_far, law, provenance, published, single_run, table, training,
    worth,
};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("tip.js");
/// Nothing is loaded from anywhere: styles and the script stand in the page, pictures are `data:`.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'unsafe-inline'; \
    base-uri 'none'; form-action 'none'";

/// What stands before the body of every page.
pub(crate) fn page_head(title: &str, version: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta http-equiv="Content-Security-Policy" content=(POLICY);
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta name="generator" content=(format!("howfar {version}"));
            title { (title) " – howfar" }
            style { (PreEscaped(STYLE)) }
        }
    }
}

/// One self-contained HTML page, readable printed, in the dark, on a phone and without script. `looks` says how often
/// the faces that judge were looked at.
pub fn html(results: &Results, timing: Option<&Timing>, looks: Option<&Looks>, pictures: &Pictures) -> String {
    let sheets = &pictures.sheets;
    let nouns = Nouns::of(results);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            (page_head(&results.study.name, &results.study.howfar_version))
            body {
                (head(results, looks, nouns, !sheets.is_empty()))
                main {
                    @for (i, recipe) in results.recipes.iter().enumerate() { (recipe_section(results, recipe, nouns,
                        i, pictures)) }
                    @if !results.between.is_empty() {
                        section #between { h2 { "Side by side" } (worth::between(&results.between, nouns)) }
                    }
                    @if published::is_there(results) {
                        section #published { h2 { "Beside published figures" } (published::tables(results)) }
                    }
                    @if !sheets.is_empty() { (faces(sheets)) }
                    (caveats(results))
                    @if !results.audits.is_empty() { (audits(&results.audits)) }
                    section #run { h2 { "What was run" } (provenance::what_was_run(results, timing)) }
                }
                div #tip role="status" hidden {}
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

fn head(results: &Results, looks: Option<&Looks>, nouns: Nouns, has_sheets: bool) -> Markup {
    html! {
        header {
            p.eyebrow { "How far do " (wording::made_faces(results)) " help? Study " b { (results.study.name) } }
            @let (first, rest) = results.answer.split_once(". ").unwrap_or((&results.answer, ""));
            h1 { (first.trim_end_matches('.')) "." }
            @if !rest.is_empty() { p.rest { (rest) } }
            @if let Some(looks) = looks { p.rest { (wording::judged(looks.at(&results.study))) } }
            @if nouns.labelled == "identities" {
                p.rehearsal { "The faces in the place of real ones are not all photographs: this study shows the \
                    method and says nothing about people." }
            }
            dl.reading {
                div { dt { "k" } dd { (wording::k_explained(results)) } }
                div { dt { "95 % interval" } dd {
                    "where the true value may lie, with the " (nouns.labelled) " who judge and the seeds left to chance"
                    @if results.study.is_redrawn { ", and with them who is trained on" }
                    "; a difference whose interval holds zero is not established."
                } }
                div { dt { "unseen" } dd { "another database: never trained on, never chosen by." } }
            }
            nav aria-label="Sections" {
                @for (i, recipe) in results.recipes.iter().enumerate() {
                    a href=(format!("#recipe-{i}")) {
                        (wording::capitalised(&wording::titled_track(results, recipe))) }
                }
                @if !results.between.is_empty() { a href="#between" { "Side by side" } }
                @if published::is_there(results) { a href="#published" { "Published figures" } }
                @if has_sheets { a href="#faces" { "Faces" } }
                a href="#caveats" { "Caveats" }
                @if !results.audits.is_empty() { a href="#audits" { "Audits" } }
                a href="#run" { "What was run" }
            }
        }
    }
}

fn recipe_section(results: &Results, recipe: &RecipeResults, nouns: Nouns, i: usize, pictures: &Pictures) -> Markup {
    // The first recipe's answer is the page's heading already.
    let answer = (i > 0).then_some(&recipe.answer);
    html! {
        section.recipe id=(format!("recipe-{i}")) {
            h2 { (wording::capitalised(&wording::titled_track(results, recipe)))
                @if let Some(settings) = &recipe.settings {
                    small { (settings.network_words()) @if settings.network.network().is_some() {
                        " network, " (wording::count(recipe.n_parameters as u64)) " parameters" } } } }
            @if let Some(answer) = answer { p.answer { (answer) } }
            h3 { (wording::capitalised(nouns.measure)) " against k" }
            (curve::figure(results, recipe, i))
            p.note {
                "Lines: " (nouns.base) " and k units of " (wording::made_faces(results)) ". Bars: 95 % intervals. "
                (wording::what_chose(results, recipe))
            }
            (law::section(&recipe.law, nouns))
            @if !(recipe.claims.is_empty() && recipe.controls.is_empty()) {
                h3 { "Differences" (compared(recipe)) }
                (difference::differences(recipe, nouns))
                (worth::credit(&recipe.credit, nouns))
            }
            @if let Some(choice) = &recipe.choice { (difference::choice(results, choice, nouns)) }
            @if !recipe.how_far.is_empty() {
                h3 { "How far" }
                p.note { "Description, not choice: k was chosen before. The bands and comparisons of a table hold \
                    together with 95 %; the last row is how often \
                          each k is the best when " (nouns.labelled) " and seeds are drawn again." }
                (how_far::tables(&recipe.how_far, nouns))
            }
            @if !recipe.details.is_empty() {
                h3 { "In detail" (compared(recipe)) }
                (details::blocks(recipe, nouns))
            }
            @if !recipe.exchange.is_empty() {
                h3 { "Worth in " (nouns.labelled) }
                (worth::exchange(&recipe.exchange, nouns))
            }
            @if !recipe.as_the_paper_counts.is_empty() {
                h3 { "As the paper counts" }
                (worth::as_the_paper_counts(&recipe.as_the_paper_counts))
            }
            (single_run::section(&recipe.single_run, nouns))
            (changed::changed(recipe, &results.study.classes, nouns, pictures))
            h3 { "Every arm and k" }
            (table::tables(recipe, nouns))
            @if !recipe.training.is_empty() { (training::table(recipe)) }
            @if !recipe.confusions.is_empty() {
                h3 { "Confusion" }
                p.note { "Rows: true classes. Columns: predicted ones. Percent of the row, below it the count of \
                    faces, summed over seeds and splits." }
                (confusion::matrices(recipe, &results.study.classes, nouns))
            }
        }
    }
}

fn compared(recipe: &RecipeResults) -> String {
    let k = recipe.choice.as_ref().map(|c| c.compared).or(recipe.claims.first().map(|c| c.treatment.k));
    k.filter(|k| *k != MixtureRatio::ZERO).map(|k| format!(" at k = {k}")).unwrap_or_default()
}

fn faces(sheets: &[SheetPicture]) -> Markup {
    html! {
        section #faces {
            h2 { "Faces" }
            div.sheets { @for sheet in sheets {
                figure {
                    img alt=(format!("Sample faces of {}", sheet.title)) src=(picture_data(&sheet.png));
                    figcaption { b { (sheet.title) } " " (sheet.caption) }
                }
            } }
        }
    }
}

fn caveats(results: &Results) -> Markup {
    html! {
        section #caveats {
            h2 { "Caveats" }
            @if results.caveats.is_empty() { p { "None was found." } } @else {
                ul.caveats { @for caveat in &results.caveats {
                    li { (caveat.text) " " span.advice { (caveat.advice) } " " code { (caveat.code) } }
                } }
            }
        }
    }
}

/// What was looked for in the faces, found or not.
fn audits(findings: &[Finding]) -> Markup {
    html! {
        section #audits {
            h2 { "Audits" }
            p.note { "What could make these figures mean something else was looked for in the faces themselves." }
            ul.audits { @for finding in findings {
                li.found[finding.is_caveat] {
                    b { (finding.audit) } " " (finding.text)
                    @if !finding.advice.is_empty() { " " span.advice { (finding.advice) } }
                    " " code { (finding.code) }
                    @if !finding.examples.is_empty() { ul { @for example in &finding.examples { li { (example) } } } }
                }
            } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_stays_small() {
        assert!(SCRIPT.len() < 1500, "{} bytes", SCRIPT.len());
    }
}
