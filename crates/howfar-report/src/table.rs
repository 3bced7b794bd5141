//! The table of every track, treatment and part: as CSV and as the page's two tables.

use howfar_evaluate::{Measure, RecipeResults, Results, TableRow};
use howfar_protocol::{Arm, MixtureRatio, Part, Treatment};
use maud::{Markup, html};

use crate::wording::{self, NOTHING, Nouns};

/// What a row says in a column.
type CsvValue = dyn Fn(&Results, &RecipeResults, &TableRow) -> String;

/// A column of the CSV.
struct CsvColumn {
    name: String,
    value: Box<CsvValue>,
}

/// Columns of `table.csv`, one row for each recipe × network × treatment × part × set (docs/formats.md). Every measure
/// has one, that which the study claims with its standard deviation over cells and the ends of its 95 % interval.
fn csv_columns() -> Vec<CsvColumn> {
    fn column(name: &str, value: impl Fn(&RecipeResults, &TableRow) -> String + 'static) -> CsvColumn {
        CsvColumn { name: name.to_owned(), value: Box::new(move |_, recipe, row| value(recipe, row)) }
    }
    fn text<T: ToString>(value: Option<T>) -> String {
        value.map(|value| value.to_string()).unwrap_or_default()
    }
    let mut columns = vec![
        column("recipe", |recipe, _| recipe.recipe_words().to_owned()),
        column("network", |recipe, _| recipe.network_words().unwrap_or_default()),
        column("source", |recipe, _| recipe.source.clone().unwrap_or_default()),
        column("arm", |_, row| row.treatment.arm.name.to_owned()),
        column("k", |_, row| row.treatment.k.to_string()),
        column("people_percent", |_, row| text(row.treatment.people_percent)),
        column("budget", |_, row| text(row.treatment.budget)),
        column("weight", |_, row| text(row.treatment.weight)),
        column("part", |_, row| row.part.name().to_owned()),
        column("set", |_, row| row.set.clone()),
    ];
    for measure in Measure::ALL {
        columns.push(column(&measure.key(), |_, row| text(row.figures.get(measure))));
        if [Measure::ACCURACY, Measure::MACRO_RECALL].iter().any(|claimed| claimed.name == measure.name) {
            let of_claimed = |name: &str, value: fn(&TableRow) -> Option<f64>| CsvColumn {
                name: format!("{}_{name}", measure.name),
                value: Box::new(move |results, _, row| {
                    let is_claimed = Measure::claimed(results.study.measure).name == measure.name;
                    text(value(row).filter(|_| is_claimed))
                }),
            };
            columns.push(of_claimed("sd_points", |row| row.accuracy_sd_points));
            columns.push(of_claimed("low_percent", |row| row.accuracy_interval_percent.map(|ends| ends[0])));
            columns.push(of_claimed("high_percent", |row| row.accuracy_interval_percent.map(|ends| ends[1])));
        }
    }
    columns.extend([
        column("n_faces", |_, row| row.n_faces.to_string()),
        column("n_cells", |_, row| row.n_cells.to_string()),
        column("n_training_pictures", |recipe, row| {
            text((recipe.settings.is_some() || row.n_training_pictures > 0).then_some(row.n_training_pictures))
        }),
    ]);
    columns
}

/// Names of the columns of `table.csv`, in order.
pub fn csv_column_names() -> Vec<String> {
    csv_columns().into_iter().map(|column| column.name).collect()
}

/// The table as CSV with a heading: comma, `\n`, quotes where needed, numbers unrounded, nothing where there is no
/// value.
pub fn csv(results: &Results) -> String {
    let columns = csv_columns();
    let rows = results.recipes.iter().flat_map(|recipe| recipe.table.iter().map(move |row| (recipe, row)));
    let records = rows.map(|(recipe, row)| columns.iter().map(|column| (column.value)(results, recipe, row)).collect());
    csv_text(std::iter::once(csv_column_names()).chain(records))
}

/// Records of equal length, the head first.
pub(crate) fn csv_text(records: impl Iterator<Item = Vec<String>>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for record in records {
        writer.write_record(&record).expect("memory takes every record of equal length");
    }
    let bytes = writer.into_inner().expect("memory flushes");
    String::from_utf8(bytes).expect("strings in, strings out")
}

/// The page's tables: accuracy with interval and spread, then the other measures.
pub(crate) fn tables(recipe: &RecipeResults, nouns: Nouns) -> Markup {
    let chosen = recipe.choice.as_ref().map(|c| c.chosen);
    html! {
        (table(recipe, nouns, chosen, &html! {
            b { (wording::capitalised(nouns.measure)) } " in percent: mean over cells, below it the 95 % interval \
                and, after ±, the standard deviation over cells in points. The chosen k is shaded."
        }, &claimed_cell))
        (table(recipe, nouns, chosen, &html! {
            b { (others(nouns, |m| m.words)) } ", in percent: " (others(nouns, |m| m.explained)) "."
        }, &|row| other_cell(row, nouns)))
        dl.arms {
            @for arm in Arm::ALL.iter().filter(|arm| recipe.table.iter().any(|r| r.treatment.arm == **arm)) {
                div { dt { (arm.words) } dd { (arm.explained) } }
            }
        }
    }
}

/// The measures other than the claimed one, joined.
fn others(nouns: Nouns, text: fn(&Measure) -> &'static str) -> String {
    other_measures(nouns).map(text).collect::<Vec<_>>().join("; ")
}

fn other_measures(nouns: Nouns) -> impl Iterator<Item = &'static Measure> {
    Measure::ALL.iter().copied().filter(move |measure| measure.words != nouns.measure)
}

fn claimed_cell(row: &TableRow) -> Markup {
    html! {
        b { (wording::percent(row.claimed())) }
        small {
            (wording::percent_interval(row.accuracy_interval_percent))
            @if let Some(sd) = row.accuracy_sd_points { " ± " (wording::percent(sd)) }
        }
    }
}

fn other_cell(row: &TableRow, nouns: Nouns) -> Markup {
    let percents: Vec<String> = other_measures(nouns).map(|m| wording::percent(row.figures.percent(m))).collect();
    html! { (percents.join(" / ")) }
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
                    th.n scope="col" { "pictures" br; "per epoch" }
                    @for (part, set) in &columns { th.n scope="col" { (column_head(recipe, nouns, *part, set)) } }
                } }
                tbody {
                    @for treatment in wording::treatments(&recipe.table) {
                        (table_row(recipe, &columns, treatment, chosen, cell))
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
            _ => { (part.name()) br; (nouns.labelled) }
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
    treatment: &Treatment,
    chosen: Option<MixtureRatio>,
    cell: &dyn Fn(&TableRow) -> Markup,
) -> Markup {
    let rows: Vec<&TableRow> = recipe.table.iter().filter(|r| r.treatment == *treatment).collect();
    let place = wording::place_on_curve(recipe, treatment);
    let is_chosen = chosen.is_some() && chosen == place;
    let is_baseline = place == Some(MixtureRatio::ZERO) && *treatment != Treatment::BASELINE;
    let pictures = rows.first().filter(|_| recipe.settings.is_some() || !recipe.training.is_empty());
    let pictures = pictures.map_or(NOTHING.to_owned(), |r| wording::count(r.n_training_pictures as u64));
    html! {
        tr.chosen[is_chosen] {
            th scope="row" { (format!("{treatment:#}")) @if is_chosen { " " span.tag { "chosen" } }
                @if is_baseline { " " span.tag { "best budget of k = 0" } } }
            td.n { (treatment.k) }
            td.n { (pictures) }
            @for (part, set) in columns {
                @let row = rows.iter().find(|r| (r.part, r.set.as_str()) == (*part, *set));
                td.n { @match row { Some(row) => (cell(row)), None => (NOTHING) } }
            }
        }
    }
}
