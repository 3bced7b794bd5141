//! The table of accuracy for every recipe, arm, k and part: as CSV and as the page's two tables.

use howfar_evaluate::{RecipeResults, Results, TableRow};
use howfar_protocol::{Arm, MixtureRatio, Part};
use maud::{Markup, html};

use crate::wording::{self, NOTHING, Nouns};

/// Columns of the CSV, one row for each recipe × network × source × arm × k × part × set:
/// - `source`: the generated set, empty where they are one;
/// - `recipe`, `network`, `arm`, `k`, `part`, `set`: as in `results.json`; `set` is empty but for unseen databases;
/// - `accuracy_percent`, `macro_recall_percent` (balanced accuracy), `macro_f1_percent`: means over cells, 0 to 100;
/// - `accuracy_sd_points`: standard deviation over cells, empty with one cell;
/// - `accuracy_low_percent`, `accuracy_high_percent`: ends of the 95 % interval of the mean accuracy, empty where there is none;
/// - `n_faces`: faces a cell; `n_cells`: cells; `n_training_pictures`: training pictures an epoch.
const CSV_COLUMNS: [&str; 16] = [
    "recipe",
    "network",
    "source",
    "arm",
    "k",
    "part",
    "set",
    "accuracy_percent",
    "accuracy_sd_points",
    "accuracy_low_percent",
    "accuracy_high_percent",
    "macro_recall_percent",
    "macro_f1_percent",
    "n_faces",
    "n_cells",
    "n_training_pictures",
];

/// The table as CSV with a heading: comma, `\n`, quotes where needed, numbers unrounded. The columns are
/// `recipe, network, source, arm, k, part, set, accuracy_percent, accuracy_sd_points, accuracy_low_percent, accuracy_high_percent,
/// macro_recall_percent, macro_f1_percent, n_faces, n_cells, n_training_pictures`; `set` is empty but for unseen databases,
/// `accuracy_sd_points` with a single cell, and low and high are the ends of the 95 % interval of the mean.
pub fn csv(results: &Results) -> String {
    let rows = results.recipes.iter().flat_map(|r| r.table.iter().map(move |row| record(r, row)));
    csv_text(std::iter::once(CSV_COLUMNS.map(str::to_owned)).chain(rows))
}

/// Records of equal length, the head first.
pub(crate) fn csv_text<const N: usize>(records: impl Iterator<Item = [String; N]>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for record in records {
        writer.write_record(&record).expect("memory takes every record of equal length");
    }
    let bytes = writer.into_inner().expect("memory flushes");
    String::from_utf8(bytes).expect("strings in, strings out")
}

fn record(recipe: &RecipeResults, row: &TableRow) -> [String; 16] {
    let end = |i: usize| row.accuracy_interval_percent.map(|ends| ends[i].to_string()).unwrap_or_default();
    [
        recipe.recipe.name().to_owned(),
        recipe.settings.network_words(),
        recipe.source.clone().unwrap_or_default(),
        row.arm.name().to_owned(),
        row.k.to_string(),
        row.part.name().to_owned(),
        row.set.clone(),
        row.accuracy_percent.to_string(),
        row.accuracy_sd_points.map(|sd| sd.to_string()).unwrap_or_default(),
        end(0),
        end(1),
        row.macro_recall_percent.to_string(),
        row.macro_f1_percent.to_string(),
        row.n_faces.to_string(),
        row.n_cells.to_string(),
        row.n_training_pictures.to_string(),
    ]
}

/// The page's tables: accuracy with interval and spread, then macro recall and macro F1.
pub(crate) fn tables(recipe: &RecipeResults, nouns: Nouns) -> Markup {
    let chosen = recipe.choice.as_ref().map(|c| c.chosen);
    html! {
        (table(recipe, nouns, chosen, &html! {
            b { "Accuracy" } " in percent: mean over cells, below it the 95 % interval and, after ±, the standard deviation over cells \
                in points. The chosen k is shaded."
        }, &accuracy_cell))
        (table(recipe, nouns, chosen, &html! {
            b { "Macro recall and macro F1" } " in percent: means over classes, so that rare classes count as much as common ones. Recall (balanced \
                accuracy) over the classes that the judged faces are of; F1 also over those that they are called."
        }, &macro_cell))
        dl.arms {
            @for arm in Arm::ALL.into_iter().filter(|arm| recipe.table.iter().any(|r| r.arm == *arm)) {
                div { dt { (wording::arm(arm)) } dd { (wording::arm_explained(arm)) } }
            }
        }
    }
}

fn accuracy_cell(row: &TableRow) -> Markup {
    html! {
        b { (wording::percent(row.accuracy_percent)) }
        small {
            (wording::percent_interval(row.accuracy_interval_percent))
            @if let Some(sd) = row.accuracy_sd_points { " ± " (wording::percent(sd)) }
        }
    }
}

fn macro_cell(row: &TableRow) -> Markup {
    html! { (wording::percent(row.macro_recall_percent)) " / " (wording::percent(row.macro_f1_percent)) }
}

fn table(
    recipe: &RecipeResults,
    nouns: Nouns,
    chosen: Option<MixtureRatio>,
    caption: &Markup,
    cell: &dyn Fn(&TableRow) -> Markup,
) -> Markup {
    let columns = wording::columns(&recipe.table);
    html! {
        div.scroll tabindex="0" role="region" aria-label="table" {
            table.figures {
                caption { (caption) }
                thead { tr {
                    th scope="col" { "Trained on" }
                    th.n scope="col" { "k" }
                    th.n scope="col" { "pictures" br; "an epoch" }
                    @for (part, set) in &columns { th.n scope="col" { (column_head(recipe, nouns, *part, set)) } }
                } }
                tbody {
                    @for (arm, k) in wording::arms_and_k(&recipe.table) {
                        (table_row(recipe, &columns, arm, k, chosen, cell))
                    }
                }
            }
        }
    }
}

fn column_head(recipe: &RecipeResults, nouns: Nouns, part: Part, set: &str) -> Markup {
    let n_faces = recipe.table.iter().find(|r| (r.part, r.set.as_str()) == (part, set)).map(|r| r.n_faces);
    html! {
        @match part {
            Part::Unseen => { "unseen" br; (set) }
            Part::Generated => { "generated" br; "trained on" }
            Part::GeneratedTest => { "generated" br; "not trained on" }
            _ => { (part.name()) br; (nouns.real) }
        }
        // The number of generated faces differs from k to k, so a heading cannot carry it.
        @if let (Some(n), true) = (n_faces, matches!(part, Part::Validation | Part::Test | Part::Unseen)) {
            br; small { (wording::count(n as u64)) " faces" }
        }
    }
}

fn table_row(
    recipe: &RecipeResults,
    columns: &[(Part, &str)],
    arm: Arm,
    k: MixtureRatio,
    chosen: Option<MixtureRatio>,
    cell: &dyn Fn(&TableRow) -> Markup,
) -> Markup {
    let rows: Vec<&TableRow> = recipe.table.iter().filter(|r| (r.arm, r.k) == (arm, k)).collect();
    let is_chosen = chosen == Some(k) && rows.iter().any(|r| wording::on_curve(r));
    let pictures = rows.first().map(|r| wording::count(r.n_training_pictures as u64));
    html! {
        tr.chosen[is_chosen] {
            th scope="row" { (wording::arm(arm)) @if is_chosen { " " span.tag { "chosen" } } }
            td.n { (k) }
            td.n { (pictures.unwrap_or_default()) }
            @for (part, set) in columns {
                @let row = rows.iter().find(|r| (r.part, r.set.as_str()) == (*part, *set));
                td.n { @match row { Some(row) => (cell(row)), None => (NOTHING) } }
            }
        }
    }
}
