//! What `howfar run` prints when it is done: the curve as a table, what it buys, caveats, and the answer as the last
//! line.

use std::fmt::Write;

use howfar_evaluate::{Caveat, Claim, Looks, RecipeResults, Results, TableRow, Verdict};
use howfar_protocol::{MixtureRatio, Part, Treatment};
use unicode_width::UnicodeWidthStr;

use crate::details;
use crate::sparkline::sparkline;
use crate::wording::{self, NOTHING, Nouns};
use crate::worth::exchange_sentence;

/// Columns of the terminal below which tables are not squeezed any further.
const LEAST_WIDTH: usize = 40;
/// Letters of a set's name in a heading.
const NAME_LETTERS: usize = 24;
/// Spaces between two columns.
const GAP: &str = "  ";

/// What a text is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextFormat {
    /// Columns that a line has, where words allow it.
    pub width: usize,
    /// Whether curves may be drawn with more than ASCII.
    pub is_unicode: bool,
}

/// The results as plain text. No colour; the last line is the answer, whole, however long it is. `looks` says how often
/// the test faces were looked at.
pub fn terminal_summary(results: &Results, looks: Option<&Looks>, format: TextFormat) -> String {
    let width = format.width.max(LEAST_WIDTH);
    let format = TextFormat { width, ..format };
    let nouns = Nouns::of(results);
    let mut text = String::new();
    for (i, recipe) in results.recipes.iter().enumerate() {
        recipe_block(&mut text, results, recipe, nouns, format);
        if i > 0 {
            wrapped(&mut text, "", &one_line(&recipe.answer), width);
            text.push('\n');
        }
    }
    side_by_side(&mut text, results, nouns, width);
    caveats(&mut text, &results.caveats, width);
    if let Some(looks) = looks {
        wrapped(&mut text, "", &wording::judged(looks.at(&results.study)), width);
        text.push('\n');
    }
    text.push_str(&one_line(&results.answer));
    text.push('\n');
    text
}

fn recipe_block(text: &mut String, results: &Results, recipe: &RecipeResults, nouns: Nouns, format: TextFormat) {
    let (s, width) = (&results.study, format.width);
    let track = wording::titled_track(results, recipe);
    let head =
        format!("{}, {track}, {}: {} in %, 95 % interval", s.name, wording::seeds(s.n_seeds as usize), nouns.measure);
    wrapped(text, "", &one_line(&head), width);
    text.push_str(&curve_tables(recipe, nouns, s.smallest_gain_points, format).join("\n"));
    if let Some(choice) = &recipe.choice {
        let choosers = howfar_evaluate::wording::choosers(s, choice);
        wrapped(text, "", &format!("* chosen on {choosers}"), width);
        if choice.has_ladder() {
            let best = "alone, trained as long as serves them best: what gains are gains over";
            let budget = format!("= {} {best}", nouns.base);
            wrapped(text, "", &budget, width);
        }
    }
    text.push('\n');
    differences(text, "Gain in points, 95 % interval", &recipe.claims, nouns, width);
    differences(
        text,
        &format!("Gain over {} alone for their own steps", nouns.base),
        &recipe.over_own_steps,
        nouns,
        width,
    );
    differences(text, "Against controls at the same k, in points, 95 % interval", &recipe.controls, nouns, width);
    let in_detail = details::lines(recipe, nouns);
    in_detail.iter().for_each(|line| wrapped(text, "", &one_line(line), width));
    for exchange in &recipe.exchange {
        let line = format!("{}: {}", nouns.part(exchange.part, &exchange.set), exchange_sentence(exchange, nouns));
        wrapped(text, "", &one_line(&line), width);
    }
    let laws = || recipe.law.iter().filter(|law| law.fitted.is_some());
    for law in laws() {
        let line = format!("{}: {}", nouns.part(law.part, &law.set), law.sentence);
        wrapped(text, "", &one_line(&line), width);
    }
    if !(recipe.exchange.is_empty() && in_detail.is_empty()) || laws().next().is_some() {
        text.push('\n');
    }
}

/// Every track against the first.
fn side_by_side(text: &mut String, results: &Results, nouns: Nouns, width: usize) {
    if results.between.is_empty() {
        return;
    }
    wrapped(text, "", "Side by side, each at its chosen k, in points, 95 % interval", width);
    for b in &results.between {
        let line = format!(
            "{:>5} ({})  {}: {} less {}",
            wording::points(b.difference_points),
            wording::points_interval(b.interval_points),
            nouns.part(b.part, &b.set),
            b.name,
            b.baseline
        );
        wrapped(text, "  ", &one_line(&line), width);
    }
    text.push('\n');
}

/// The last row of the tables: each column's curve against k.
const CURVE: &str = " curve";

/// Columns that do not fit beside each other go into a further table with the same rows.
fn curve_tables(recipe: &RecipeResults, nouns: Nouns, smallest_gain: f64, format: TextFormat) -> Vec<String> {
    let treatments = wording::treatments(&recipe.table);
    let chosen = recipe.choice.as_ref().map(|c| c.chosen);
    let names = treatments.iter().map(|treatment| row_name(recipe, treatment, chosen));
    let mut on_curve: Vec<(MixtureRatio, &Treatment)> =
        treatments.iter().filter_map(|t| Some((wording::place_on_curve(recipe, t)?, *t))).collect();
    on_curve.sort_by_key(|(k, _)| *k);
    let has_curve = on_curve.len() > 1;
    let names: Vec<String> =
        std::iter::once(" k".to_owned()).chain(names).chain(has_curve.then(|| CURVE.to_owned())).collect();
    let shown = wording::columns(&recipe.table)
        .into_iter()
        .filter(|(p, _)| !matches!(p, Part::Training | Part::Generated | Part::GeneratedTest));
    let columns: Vec<Vec<String>> = shown
        .map(|(part, set)| {
            let head = cut(&one_line(&nouns.part(part, set)), NAME_LETTERS);
            let row = |treatment: &Treatment| {
                let same = |r: &&TableRow| (&r.treatment, r.part, r.set.as_str()) == (treatment, part, set);
                recipe.table.iter().find(same)
            };
            let cells = treatments.iter().map(|treatment| row(treatment).map_or(NOTHING.to_owned(), accuracy));
            let curve =
                on_curve.iter().filter_map(|(_, treatment)| Some(row(treatment)?.claimed())).collect::<Vec<_>>();
            let curve = has_curve.then(|| sparkline(&curve, smallest_gain, format.is_unicode));
            std::iter::once(head).chain(cells).chain(curve).collect()
        })
        .collect();
    in_width(&names, &columns, format.width)
}

/// `*2` where k was chosen, `=5 repeat` what stands at k = 0 in its place.
fn row_name(recipe: &RecipeResults, treatment: &Treatment, chosen: Option<MixtureRatio>) -> String {
    let (k, place) = (treatment.k, wording::place_on_curve(recipe, treatment));
    let mark = match place {
        Some(place) if chosen == Some(place) => "*",
        Some(MixtureRatio::ZERO) if *treatment != Treatment::BASELINE => "=",
        _ => " ",
    };
    let name = if treatment.curve_k().is_some() { String::new() } else { format!(" {treatment:#}") };
    format!("{mark}{k}{name}")
}

fn accuracy(row: &TableRow) -> String {
    let ends = row.accuracy_interval_percent;
    let ends = ends.map_or(NOTHING.to_owned(), |ends| ends.map(wording::percent).join(", "));
    format!("{} ({ends})", wording::percent(row.claimed()))
}

fn in_width(names: &[String], columns: &[Vec<String>], width: usize) -> Vec<String> {
    let name_width = widest(names);
    let mut tables = Vec::new();
    let mut rest = columns;
    while !rest.is_empty() {
        let mut used = name_width;
        let fitting = rest.iter().take_while(|column| {
            used += GAP.len() + widest(column);
            used <= width
        });
        let (now, later) = rest.split_at(fitting.count().max(1));
        let mut table = String::new();
        for (i, name) in names.iter().enumerate() {
            let mut line = format!("{name}{}", blanks(name, name_width));
            for column in now {
                let _ = write!(line, "{GAP}{}{}", blanks(&column[i], widest(column)), column[i]);
            }
            table.push_str(line.trim_end());
            table.push('\n');
        }
        tables.push(table);
        rest = later;
    }
    tables
}

fn widest(column: &[String]) -> usize {
    column.iter().map(|cell| cell.width()).max().unwrap_or(0)
}

/// What a text lacks to be `width` columns wide.
fn blanks(text: &str, width: usize) -> String {
    " ".repeat(width.saturating_sub(text.width()))
}

fn differences(text: &mut String, head: &str, claims: &[Claim], nouns: Nouns, width: usize) {
    if claims.is_empty() {
        return;
    }
    wrapped(text, "", head, width);
    let intervals: Vec<String> =
        claims.iter().map(|c| format!("({})", wording::points_interval(c.interval_points))).collect();
    let interval_width = widest(&intervals);
    for (c, interval) in claims.iter().zip(&intervals) {
        let small = if c.verdict == Verdict::Equivalent { "; too small to matter" } else { "" };
        let line = format!(
            "{:>5} {interval:interval_width$}  {}: {} ({}) less {} ({}); {} {}, {}",
            wording::points(c.difference_points),
            one_line(&nouns.part(c.part, &c.set)),
            wording::percent(c.accuracy_percent),
            c.treatment,
            wording::percent(c.baseline_accuracy_percent),
            c.baseline,
            wording::count(c.n_people as u64),
            nouns.in_part(c.part),
            wording::seeds(c.n_seeds),
        ) + small;
        wrapped(text, "  ", &line, width);
    }
    text.push('\n');
}

fn caveats(text: &mut String, caveats: &[Caveat], width: usize) {
    if caveats.is_empty() {
        return;
    }
    text.push_str("Caveats\n");
    for caveat in caveats {
        wrapped(text, "  ", &one_line(&format!("{}: {} {}", caveat.code, caveat.text, caveat.advice)), width);
    }
    text.push('\n');
}

/// Appends `line`, broken between words; continued lines stand two columns further in. Spaces within stay.
fn wrapped(text: &mut String, indent: &str, line: &str, width: usize) {
    let further = format!("{indent}  ");
    let options = textwrap::Options::new(width).initial_indent(indent).subsequent_indent(&further).break_words(false);
    text.push_str(&textwrap::fill(line, options.word_splitter(textwrap::WordSplitter::NoHyphenation)));
    text.push('\n');
}

/// Names come from files: a line break or an escape sequence in one must not reach the terminal.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}

fn cut(name: &str, letters: usize) -> String {
    if name.chars().count() <= letters {
        name.to_owned()
    } else {
        name.chars().take(letters - 1).chain(['…']).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_broken_between_words_and_indented() {
        let mut text = String::new();
        wrapped(&mut text, "  ", "one two three four", 11);
        assert_eq!(text, "  one two\n    three\n    four\n");
    }

    #[test]
    fn a_column_of_wide_characters_stays_straight() {
        let names = [" k", " 1"].map(str::to_owned);
        let columns = [["悲しみ", "7"].map(str::to_owned).to_vec(), ["x", "8"].map(str::to_owned).to_vec()];
        assert_eq!(in_width(&names, &columns, 80), [" k  悲しみ  x\n 1       7  8\n"]);
    }

    #[test]
    fn control_characters_never_reach_the_terminal() {
        assert_eq!(one_line("a\u{1b}[31mred\nb"), "a [31mred b");
    }
}
