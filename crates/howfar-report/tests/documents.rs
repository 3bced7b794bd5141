//! The documents say of arms, measures and the CSV table what the registries say.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::path::Path;

use howfar_evaluate::Measure;
use howfar_protocol::Arm;

fn document(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The rows of the table with this head, each line as it stands.
fn rows(document: &str, head: &str) -> Vec<String> {
    let mut lines = document.lines().skip_while(|line| *line != head);
    assert!(lines.next().is_some(), "there is no table with the head {head}");
    lines.skip(1).take_while(|line| line.starts_with('|')).map(str::to_owned).collect()
}

#[test]
fn protocol_md_has_every_arm_in_the_words_of_its_definition() {
    let found = rows(&document("protocol.md"), "| arm | training set | what it isolates |");
    let expected: Vec<String> =
        Arm::ALL.iter().map(|arm| format!("| `{}` | {} | {} |", arm.name, arm.training_set, arm.question)).collect();
    assert_eq!(found, expected);
}

#[test]
fn protocol_md_has_every_measure_with_its_formula_and_source() {
    let found = rows(&document("protocol.md"), "| measure | key in files | what it is | formula | source |");
    let row =
        |m: &&Measure| format!("| {} | `{}` | {} | {} | {} |", m.words, m.key(), m.explained, m.formula, m.source);
    assert_eq!(found, Measure::ALL.iter().map(row).collect::<Vec<_>>());
}

#[test]
fn formats_md_has_every_column_of_the_csv_table() {
    let table = document("formats.md");
    let section = table.split_once("### Columns of `table.csv`").unwrap().1;
    let found: Vec<String> =
        rows(section, "| column | what |").iter().map(|row| row.split('`').nth(1).unwrap().to_owned()).collect();
    // Measures stand in protocol.md; here one row stands for their columns, where the first of them is.
    let mut expected = howfar_report::csv_column_names();
    let is_measure = |column: &String| Measure::ALL.iter().any(|measure| measure.key() == *column);
    let first = expected.iter().position(is_measure).unwrap();
    expected.retain(|column| !is_measure(column));
    expected.insert(first, "MEASURE_percent".to_owned());
    assert_eq!(found, expected);
}

#[test]
fn study_md_names_the_arms_that_run_where_a_study_does_not_say() {
    let usual: Vec<String> = Arm::USUAL.iter().map(|arm| format!("`{}`", arm.name)).collect();
    let row = format!("| `grid.arms` | {} |", usual.join(", "));
    assert!(document("study.md").lines().any(|line| line.starts_with(&row)), "{row}");
}
