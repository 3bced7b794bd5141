//! The tables of `docs/databases.md` say what the adapters say, and nothing else.
//!
//! In: the document and the registry. A row that differs is shown as it should stand.

#![allow(clippy::unwrap_used, reason = "a document without its tables has failed")]

use howfar_prepare::{Database, Published, Setting, Unit, adapter_names, find_database};

const DOCUMENT: &str = include_str!("../../../docs/databases.md");

/// The rows below the line that begins with `head`, cell by cell.
fn table(head: &str) -> Vec<Vec<&'static str>> {
    let rows = DOCUMENT.lines().skip_while(|line| !line.starts_with(head)).skip(2);
    let cells = |line: &'static str| line.trim_matches('|').split(" | ").map(str::trim).collect();
    rows.take_while(|line| line.starts_with('|')).map(cells).collect()
}

fn databases() -> impl Iterator<Item = &'static Database> {
    adapter_names().into_iter().map(|name| find_database(name).unwrap())
}

fn settings(database: &Database) -> String {
    let word = |setting: &Setting| match setting.own_default() {
        Some(default) => format!("`{}` ({default})", setting.flag()),
        None => format!("`{}`", setting.flag()),
    };
    or_dash(database.settings.iter().map(word).collect::<Vec<_>>().join(", "))
}

/// `all: 213 pictures (anger 30, …), 10 people`, a part after the other.
fn published(database: &Database) -> String {
    let part = |table: &Published| {
        let unit = match table.unit {
            Unit::Pictures => "pictures",
            Unit::Sequences => "sequences",
        };
        let n: u64 = table.classes.iter().map(|(_, n)| n).sum();
        let first = table.classes.first().map_or(0, |(_, n)| *n);
        let classes = if table.classes.iter().all(|(_, n)| *n == first) {
            format!("{first} per class")
        } else {
            table.classes.iter().map(|(class, n)| format!("{class} {n}")).collect::<Vec<_>>().join(", ")
        };
        let people = table.persons.map(|n| format!(", {n} people")).unwrap_or_default();
        format!("{}: {n} {unit} ({classes}){people}", table.part)
    };
    or_dash(database.published.iter().map(part).collect::<Vec<_>>().join("; "))
}

fn or_dash(text: String) -> String {
    if text.is_empty() { "–".to_owned() } else { text }
}

#[test]
fn the_table_of_terms_and_counts_is_the_registry() {
    let expected: Vec<Vec<String>> = databases()
        .map(|d| {
            let name = format!("`{}`", d.name);
            vec![name, d.title.into(), d.access.into(), d.terms.into(), published(d), settings(d)]
        })
        .collect();
    let shown = |rows: &[Vec<String>]| rows.iter().map(|row| format!("| {} |\n", row.join(" | "))).collect::<String>();
    let found: Vec<Vec<String>> =
        table("| adapter | title |").into_iter().map(|row| row.into_iter().map(str::to_owned).collect()).collect();
    assert_eq!(found, expected, "it should read:\n{}", shown(&expected));
}

#[test]
fn the_table_of_layouts_names_every_adapter_and_only_settings_that_it_reads() {
    let rows = table("| adapter | layout |");
    let names: Vec<&str> = rows.iter().map(|row| row[0].trim_matches('`')).collect();
    assert_eq!(names, adapter_names());
    for (row, database) in rows.iter().zip(databases()) {
        let words = row.iter().flat_map(|cell| cell.split('`'));
        let flags = words.filter_map(|word| word.split(' ').next()).filter(|word| word.starts_with("--"));
        for flag in flags {
            assert!(database.settings.iter().any(|s| s.flag() == flag), "{} does not read {flag}", database.name);
        }
    }
}

#[test]
fn every_file_of_an_adapter_is_in_the_registry() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/database");
    let mut named = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap_or_default();
        let (_, definition) = text.split_once("static DATABASE: Database").unwrap_or_default();
        named.extend(definition.split_once("name: \"").map(|(_, rest)| rest.split('"').next().unwrap().to_owned()));
    }
    named.sort();
    let mut known: Vec<&str> = adapter_names();
    known.sort_unstable();
    assert_eq!(named, known);
}
