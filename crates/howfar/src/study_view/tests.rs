//! What a study looks like on terminals of several sizes: snapshots, and what holds for all of them.

use howfar_protocol::{Arm, Cell, MixtureRatio, Recipe, Treatment};
use howfar_study::GainSoFar;

use super::*;

fn cell(treatment: &Treatment, seed_idx: u32, (state, share): (CellState, f64)) -> CellSoFar {
    let settings = Recipe::Modern.settings();
    let cell = Cell {
        recipe: Recipe::Modern,
        treatment: treatment.clone(),
        split_idx: seed_idx,
        seed_idx,
        settings,
        inputs_sha256: String::new(),
        judges: Vec::new(),
        choosers: Vec::new(),
    };
    let name = cell.name();
    CellSoFar { cell, name, state, share, figure_percent: None, seconds: None }
}

/// Five seeds of six treatments: the first are finished, the last wait.
fn study() -> (Vec<CellSoFar>, Vec<RowSoFar>) {
    let k = |k: f64| MixtureRatio::new(k).unwrap();
    let treatments = [
        Treatment::BASELINE,
        Treatment::new(Arm::REPEAT, k(2.0), None),
        Treatment::on_curve(k(1.0), None),
        Treatment::on_curve(k(2.0), None),
        Treatment::on_curve(k(2.5), None).without("a database with a long name"),
        Treatment::new(Arm::GENERATED_ONLY, k(2.0), None),
    ];
    let (mut cells, mut rows) = (Vec::new(), Vec::new());
    for (i, treatment) in treatments.iter().enumerate() {
        let places = (0..5).map(|seed| {
            let state = match (i, seed) {
                (0 | 1, _) | (2, 0..2) => (CellState::Finished, 1.0),
                (2, 2) => (CellState::Failed, 0.2),
                (2 | 3, _) => (CellState::Running, 0.2 * f64::from(seed)),
                (4, 0) => (CellState::Stopped, 0.5),
                _ => (CellState::Waiting, 0.0),
            };
            cells.push(cell(treatment, seed, state));
            cells.len() - 1
        });
        let gain = match i {
            1 => Some(GainSoFar { points: -0.25, interval_points: Some([-1.0, 0.5]) }),
            2 => Some(GainSoFar { points: 2.84, interval_points: Some([-0.4, 6.1]) }),
            _ => None,
        };
        rows.push(RowSoFar {
            track: "modern, compact".to_owned(),
            treatment: treatment.clone(),
            is_chosen: i == 2,
            cells: places.collect(),
            mean_percent: (i < 3).then_some(61.25),
            gain,
        });
    }
    (cells, rows)
}

fn drawn(columns: usize, rows: usize, is_unicode: bool, has_colours: bool) -> String {
    let (cells, treatments) = study();
    let notes = ["processes at work: one (2)".to_owned()];
    let view = StudyView {
        name: "my-study",
        cells: &cells,
        rows: &treatments,
        is_chosen: false,
        seconds_left: Some(200.0),
        notes: &notes,
    };
    let lines = view.lines(&Terminal { columns, rows, is_unicode, has_colours });
    assert!(lines.len() < rows, "{} lines on {rows} rows", lines.len());
    lines.iter().for_each(|line| assert!(line.shown().1 < columns, "{line:?}"));
    lines.iter().map(|line| format!("{}\n", line.shown().0)).collect()
}

#[test]
fn a_study_fits_80_columns() {
    let expected = "\
my-study: 12 of 30 cells finished, 7 running, 1 stopped, 1 failed, about 3 min
  left; k is not chosen yet, controls follow
real only                    k 0    █████   61.2
repeat                       k 2    █████   61.2   -0.2 (-1.0 to +0.5)
mix                         *k 1    ██✗▅▆   61.2   +2.8 (-0.4 to +6.1)
mix                          k 2    ▁▂▃▅▆
mix, without a database w…   k 2.5  -····
generated only               k 2    ·····
· waits  ▄ runs  █ finished  - stopped  ✗ failed
figures: faces that choose k, in %, then points over labelled faces alone (95 %
  over seeds); faces that test are counted at the end
processes at work: one (2)
";
    assert_eq!(drawn(80, 24, true, false), expected);
}

#[test]
fn a_study_fits_40_columns_of_ascii() {
    let expected = "\
my-study: 12 of 30 cells finished, 7
  running, 1 stopped, 1 failed, about 3
  min left; k is not chosen yet,
  controls follow
real only      k 0    #####   61.2
repeat         k 2    #####   -0.2
mix           *k 1    ##x68   +2.8
mix            k 2    02468
mix, withou…   k 2.5  -....
generated o…   k 2    .....
. waits  5 runs  # finished  - stopped
  x failed
figures: faces that choose k, in %,
  then points over labelled faces alone
  (95 % over seeds); faces that test
  are counted at the end
processes at work: one (2)
";
    assert_eq!(drawn(40, 24, false, false), expected);
}

#[test]
fn colours_change_no_column_and_a_low_terminal_shows_what_is_at_work() {
    let plain = |text: &str| {
        ["[2m", "[36m", "[32m", "[31m", "[0m"]
            .iter()
            .fold(text.to_owned(), |text, code| text.replace(&format!("\u{1b}{code}"), ""))
    };
    let coloured = drawn(80, 24, true, true);
    assert!(coloured.contains("\u{1b}[32m█") && coloured.contains("\u{1b}[31m✗"), "{coloured}");
    assert_eq!(plain(&coloured), drawn(80, 24, true, false));
    let low = drawn(80, 12, true, false);
    assert!(low.contains("more rows") && low.contains("✗") && !low.contains("real only"), "{low}");
    (24..130).for_each(|columns| drop(drawn(columns, 24, true, false)));
    (3..24).for_each(|rows| drop(drawn(80, rows, true, false)));
}

#[test]
fn many_cells_share_marks() {
    let cells: Vec<CellSoFar> =
        (0..200).map(|seed| cell(&Treatment::BASELINE, seed, (CellState::Finished, 1.0))).collect();
    let rows = [RowSoFar {
        track: String::new(),
        treatment: Treatment::BASELINE,
        is_chosen: false,
        cells: (0..200).collect(),
        mean_percent: Some(60.0),
        gain: None,
    }];
    let view = StudyView { name: "s", cells: &cells, rows: &rows, is_chosen: false, seconds_left: None, notes: &[] };
    let lines = view.lines(&Terminal { columns: 80, rows: 24, is_unicode: true, has_colours: false });
    let row = lines.iter().map(|line| line.shown().0).find(|line| line.starts_with("real only")).unwrap();
    assert!(row.matches('█').count() > 20 && row.ends_with("60.0"), "{row}");
}
