//! Files, links, exit codes: every file of the repository that a document names is there, every link leads somewhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use howfar_face::FaultKind;

use crate::{documents, markdown, read, repository};

/// `src/{a,b}.rs` is two files.
fn expanded(path: &str) -> Vec<String> {
    match path.split_once('{').and_then(|(head, rest)| Some((head, rest.split_once('}')?))) {
        Some((head, (names, tail))) => names.split(',').map(|name| format!("{head}{name}{tail}")).collect(),
        None => vec![path.to_owned()],
    }
}

/// Where a path of a document may begin: the repository, `crates/`, or the folder of a crate.
fn places() -> Vec<PathBuf> {
    let crates = repository().join("crates");
    let each = fs::read_dir(&crates).unwrap().map(|entry| entry.unwrap().path());
    [repository(), crates.clone()].into_iter().chain(each).collect()
}

/// Whether a word of code is a path within the repository: its first folder is one of ours.
fn is_repository_path(word: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_./{},".contains(c);
    let first = word.split('/').next().unwrap_or_default();
    let is_ours =
        first == "tests" || places().iter().take(2).any(|place| !first.is_empty() && place.join(first).is_dir());
    word.contains('/') && word.chars().all(is_name) && is_ours && first != "target"
}

fn exists(path: &str) -> bool {
    places().iter().any(|place| place.join(path).exists())
}

#[test]
fn every_file_of_the_repository_that_a_document_names_is_there() {
    let mut n_seen = 0;
    for (document, text) in documents() {
        for code in markdown::code(&text) {
            let first = code.split_whitespace().find(|word| is_repository_path(word));
            for path in first.into_iter().flat_map(expanded) {
                assert!(exists(&path), "{document}: there is no {path}");
                n_seen += 1;
            }
        }
    }
    assert!(n_seen > 30, "{n_seen}");
}

#[test]
fn every_link_leads_to_a_file() {
    for (document, text) in documents() {
        let folder = repository().join(Path::new(&document).parent().unwrap());
        for target in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target) {
            let file = target.split('#').next().unwrap_or_default();
            if !target.contains("://") && !file.is_empty() {
                assert!(folder.join(file).exists(), "{document}: {target}");
            }
        }
    }
}

#[test]
fn the_exit_codes_of_the_document_are_those_of_the_program() {
    let kinds = [FaultKind::Usage, FaultKind::Data, FaultKind::Machine, FaultKind::Interrupted];
    // Done, a bug, and the kinds of faults; a new kind does not pass this match.
    let mut there = BTreeSet::from([0, 1]);
    for kind in kinds {
        match kind {
            FaultKind::Usage | FaultKind::Data | FaultKind::Machine | FaultKind::Interrupted => {}
        }
        there.insert(kind.exit_code());
    }
    let rows = markdown::table(&read("docs/errors.md"), "code");
    let documented: BTreeSet<u8> = rows.iter().map(|row| row[0].parse().unwrap()).collect();
    assert_eq!(documented, there);
    for row in markdown::table(&read("docs/errors.md"), "bad input") {
        let codes = row[2].split(|c: char| !c.is_ascii_digit()).filter(|word| !word.is_empty());
        for code in codes {
            assert!(there.contains(&code.parse().unwrap()), "{}: {code}", row[0]);
        }
    }
}
