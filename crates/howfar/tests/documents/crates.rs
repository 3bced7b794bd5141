//! ARCHITECTURE's table of crates: every crate in the workspace's order, and every arrow between them.

use std::collections::BTreeSet;

use crate::{markdown, read};

/// `howfar-face` is called `face` in the column of arrows.
const PREFIX: &str = "howfar-";

/// Crates of ours among a manifest's dependencies, without those of tests.
fn dependencies(name: &str) -> BTreeSet<String> {
    let manifest: toml::Table = read(&format!("crates/{name}/Cargo.toml")).parse().unwrap();
    let names = manifest["dependencies"].as_table().into_iter().flat_map(toml::Table::keys);
    names.filter_map(|name| name.strip_prefix(PREFIX)).map(str::to_owned).collect()
}

/// What a cell of the column *may use* names: `–`, `face, net (the landmark network)`, `all but kernel`.
fn named(cell: &str, others: &BTreeSet<String>) -> BTreeSet<String> {
    let mut words = String::new();
    let mut depth = 0;
    for c in cell.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ if depth == 0 => words.push(c),
            _ => {}
        }
    }
    let list = |words: &str| -> BTreeSet<String> {
        words.split(',').map(|name| name.trim().to_owned()).filter(|name| name != "–" && !name.is_empty()).collect()
    };
    match words.trim().strip_prefix("all") {
        Some(but) => others.difference(&list(but.trim().trim_start_matches("but "))).cloned().collect(),
        None => list(&words),
    }
}

#[test]
fn the_table_of_crates_is_the_workspace_with_its_arrows_both_ways() {
    let workspace: toml::Table = read("Cargo.toml").parse().unwrap();
    let members = workspace["workspace"]["members"].as_array().unwrap().iter();
    let members: Vec<&str> = members.map(|path| path.as_str().unwrap().trim_start_matches("crates/")).collect();
    let rows = markdown::table(&read("ARCHITECTURE.md"), "crate");
    let names: Vec<&str> = rows.iter().map(|row| row[0].trim_matches('`')).collect();
    assert_eq!(names, members, "ARCHITECTURE.md lists the crates in the order of Cargo.toml");
    let short: BTreeSet<String> =
        names.iter().filter_map(|name| name.strip_prefix(PREFIX)).map(str::to_owned).collect();
    for row in &rows {
        let name = row[0].trim_matches('`');
        let own = name.strip_prefix(PREFIX).unwrap_or_default();
        let others = short.iter().filter(|other| *other != own).cloned().collect();
        assert_eq!(named(&row[2], &others), dependencies(name), "{name}: ARCHITECTURE.md (left) and Cargo.toml");
    }
}

#[test]
fn no_crate_comes_before_one_that_it_uses() {
    let workspace: toml::Table = read("Cargo.toml").parse().unwrap();
    let mut before = BTreeSet::new();
    for path in workspace["workspace"]["members"].as_array().unwrap() {
        let name = path.as_str().unwrap().trim_start_matches("crates/");
        let later: Vec<String> = dependencies(name).difference(&before).cloned().collect();
        assert!(later.is_empty(), "{name} stands before {later:?}");
        before.insert(name.trim_start_matches(PREFIX).to_owned());
    }
}
