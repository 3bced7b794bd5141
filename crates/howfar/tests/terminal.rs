//! What a person sees who runs howfar in a terminal, and what a study's log keeps. The terminal is a pseudo terminal of
//! `script`, whose bytes are drawn here as a terminal draws them.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod program;

use std::fs;

use program::{Outcome, howfar, shell, workplace};
use tempfile::TempDir;

const STUDY: &str = "[real]
sets = [\"real\"]
split = { train = 4, validation = 2, test = 2 }
[generated]
sets = [\"generated\"]
[unseen]
sets = [\"unseen\"]
[grid]
k = [0, 1]
seeds = 2
[train]
epochs = 2
";

fn prepare(place: &TempDir) {
    program::draw_three_sets(place);
    program::study(place, STUDY);
}

/// Runs a command line in a terminal of so many columns; what it shows at the end, scrolled out lines as well.
fn in_terminal(place: &TempDir, columns: usize, settings: &str, command: &str) -> (Outcome, String) {
    let inner = format!("stty cols {columns} rows 40; {settings} \"$HOWFAR\" {command}");
    let script = format!("HOWFAR=\"$0\" SHELL=/bin/bash script -qec '{inner}' /dev/null < /dev/null");
    let outcome = shell(place, &script);
    let shown = drawn(&outcome.stdout, columns);
    (outcome, shown)
}

/// Lines as a terminal has them after these bytes.
fn drawn(bytes: &str, columns: usize) -> String {
    let mut lines: Vec<Vec<char>> = vec![Vec::new()];
    let (mut row, mut column) = (0_usize, 0_usize);
    let mut rest = bytes.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\r' => column = 0,
            '\n' => (row, column) = (row + 1, 0),
            '\u{1b}' => {
                assert_eq!(rest.next(), Some('['), "an escape sequence that is not known here");
                let mut number = String::new();
                let end = loop {
                    match rest.next().unwrap() {
                        digit if digit.is_ascii_digit() || digit == ';' => number.push(digit),
                        end => break end,
                    }
                };
                match end {
                    'A' => row = row.saturating_sub(number.parse().unwrap()),
                    'K' => lines[row].truncate(column),
                    'J' => {
                        lines.truncate(row + 1);
                        lines[row].truncate(column);
                    }
                    'm' => {}
                    other => panic!("ESC [ {number} {other}"),
                }
            }
            c => {
                if column == columns {
                    (row, column) = (row + 1, 0);
                }
                lines.resize(lines.len().max(row + 1), Vec::new());
                let blank = lines[row].len().max(column + 1);
                lines[row].resize(blank, ' ');
                lines[row][column] = c;
                column += 1;
            }
        }
        lines.resize(lines.len().max(row + 1), Vec::new());
    }
    lines.iter().map(|line| line.iter().collect::<String>().trim_end().to_owned() + "\n").collect()
}

fn log(place: &TempDir, study: &str) -> String {
    fs::read_to_string(place.path().join(study).join("log.txt")).unwrap()
}

#[test]
fn a_study_leaves_one_whole_picture_in_a_terminal_and_plain_lines_where_none_can_be_drawn() {
    let place = workplace();
    prepare(&place);
    let settings = "LC_ALL=C.UTF-8 TERM=xterm-256color";
    let (outcome, shown) = in_terminal(&place, 80, settings, "run study.toml --out out --jobs 2");
    assert_eq!(outcome.code, 0, "{shown}");
    assert!(outcome.stdout.contains("\u{1b}[32m"), "colours");
    // Whatever was drawn on the way, one picture is left.
    assert_eq!(shown.matches("s: 8 of 8 cells finished").count(), 1, "{shown}");
    let rows = |first: &str| {
        let begins = |line: &&str| line.starts_with(first) && line.contains("  █");
        shown.lines().filter(begins).map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(rows("real only").len() == 1 && rows("real only")[0].contains("██"), "{shown}");
    assert!(rows("mix").len() == 1 && rows("mix")[0].contains(" to "), "{shown}");
    assert!(shown.contains(" curve "), "{shown}");
    // Without colours, in ASCII, in a narrow terminal: watched from files, over at once.
    let (outcome, shown) = in_terminal(&place, 40, "LC_ALL=C NO_COLOR=1 TERM=xterm", "status out --watch");
    assert!(outcome.code == 0 && shown.contains("##"), "{shown}");
    assert!(!outcome.stdout.contains("[32m"), "{}", outcome.stdout);
    // A terminal on which nothing can be drawn.
    let (outcome, shown) = in_terminal(&place, 80, "TERM=dumb", "run study.toml --out out");
    assert!(outcome.code == 0 && !outcome.stdout.contains('\u{1b}'), "{}", outcome.stdout);
    assert!(shown.contains("cells that choose k, 6 finished before"), "{shown}");
    assert!(!shown.contains("mix  "), "{shown}");
    // A pipe.
    let piped = howfar(&place, &["status", "out", "--watch"]);
    assert!(piped.stdout.starts_with("s: 8 of 8 cells finished, 0 running"), "{}", piped.stdout);
}

#[test]
fn an_answer_is_as_wide_as_the_terminal_and_no_wider_than_a_line_is_read() {
    let place = workplace();
    prepare(&place);
    assert_eq!(howfar(&place, &["run", "study.toml", "--out", "out", "--quiet"]).code, 0);
    let settings = "LC_ALL=C.UTF-8 TERM=xterm";
    for (columns, most) in [(50, 50), (90, 90), (180, 100)] {
        let (_, shown) = in_terminal(&place, columns, settings, "report out");
        let widest = shown.lines().filter(|line| !line.starts_with("report: ")).map(|line| line.chars().count()).max();
        assert!(widest.is_some_and(|widest| widest <= most && widest > most - 15), "{columns}: {widest:?}\n{shown}");
    }
    let ascii = shell(&place, "LC_ALL=C \"$0\" report out").stdout;
    let unicode = shell(&place, "LC_ALL=C.UTF-8 \"$0\" report out").stdout;
    assert!(ascii.contains(" curve ") && !ascii.contains('█') && unicode.contains('█'), "{ascii}{unicode}");
}

#[test]
fn a_study_keeps_a_log_of_who_did_what_and_nothing_else_changes() {
    let place = workplace();
    prepare(&place);
    assert_eq!(howfar(&place, &["run", "study.toml", "--out", "out"]).code, 0);
    let first = log(&place, "out");
    for words in [
        "begins: howfar run study.toml --out out (howfar ",
        "cells choose k;",
        "cell 0 of this stage begins: modern-",
        "cell 0 of this stage is finished",
        "results are written: ",
        "ends with exit code 0 after ",
    ] {
        assert!(first.lines().any(|line| line.contains(words)), "{words}: {first}");
    }
    let results = fs::read(place.path().join("out/results.json")).unwrap();
    // An error of a later start, and what another command did, are added.
    fs::rename(place.path().join("unseen"), place.path().join("away")).unwrap();
    assert_eq!(howfar(&place, &["run", "study.toml", "--out", "out"]).code, 3);
    fs::rename(place.path().join("away"), place.path().join("unseen")).unwrap();
    let verbose = howfar(&place, &["study", "analyse", "out", "--verbose"]);
    assert!(verbose.code == 0 && verbose.stderr.contains("begins: howfar study analyse out"), "{}", verbose.stderr);
    let later = log(&place, "out");
    assert!(later.starts_with(&first) && later.contains("] error: ") && later.contains("exit code 3"), "{later}");
    assert!(later.contains("begins: howfar study analyse out --verbose"), "{later}");
    assert_eq!(fs::read(place.path().join("out/results.json")).unwrap(), results);
    assert_eq!(howfar(&place, &["--quiet", "--verbose", "doctor"]).code, 2);
}

#[test]
fn a_report_is_opened_by_what_the_desktop_has_for_that() {
    let place = workplace();
    prepare(&place);
    assert_eq!(howfar(&place, &["run", "study.toml", "--out", "out", "--quiet"]).code, 0);
    let opener = "mkdir -p bin && printf '#!/bin/sh\\necho \"$1\" > opened; exit \"${FAILS:-0}\"\\n' > bin/xdg-open \
                  && chmod +x bin/xdg-open";
    assert_eq!(shell(&place, opener).code, 0);
    let opened = shell(&place, "PATH=\"$PWD/bin:$PATH\" \"$0\" report out --open");
    assert_eq!(opened.code, 0, "{}", opened.stderr);
    let page = fs::read_to_string(place.path().join("opened")).unwrap();
    assert!(page.starts_with('/') && page.trim_end().ends_with("out/report.html"), "{page}");
    for script in ["FAILS=3 PATH=\"$PWD/bin:$PATH\" \"$0\" report out --open", "PATH=/nowhere \"$0\" report out --open"]
    {
        let refused = shell(&place, script);
        assert_eq!(refused.code, 4, "{}", refused.stderr);
        assert!(refused.stderr.contains("xdg-open") && refused.stderr.contains("yourself"), "{}", refused.stderr);
    }
}

#[test]
fn questions_in_a_terminal_make_a_study_that_can_be_planned() {
    let place = workplace();
    prepare(&place);
    // Labelled: the second of generated, real, unseen. Then a k that is none, which is asked for again.
    let answers = "asked\\n2\\nnowhere\\n1\\n3\\n0, -1\\n0, 1\\n2\\n\\n";
    let script = format!(
        "printf '{answers}' > answers; (sleep 1; while read -r line; do echo \"$line\"; sleep 0.3; \
                          done < answers; sleep 1) | script -qec '\"$HOWFAR\" init --ask' /dev/null"
    );
    let asked = shell(&place, &format!("export HOWFAR=\"$0\" SHELL=/bin/bash; rm study.toml; {script}"));
    assert_eq!(asked.code, 0, "{}", asked.stdout);
    let study = fs::read_to_string(place.path().join("study.toml")).unwrap();
    for line in ["name = \"asked\"", "sets = [\"real\"]", "sets = [\"generated\"]", "sets = [\"unseen\"]", "k = [0, 1]"]
    {
        assert!(study.lines().any(|l| l.starts_with(line)), "{line}: {study}\n{}", asked.stdout);
    }
    assert!(asked.stdout.contains("nowhere") && asked.stdout.contains("-1"), "{}", asked.stdout);
    assert!(study.contains("# People, never pictures, are split"), "comments stay: {study}");
    let planned = howfar(&place, &["plan", "study.toml"]);
    assert_eq!(planned.code, 0, "{}", planned.stderr);
    let piped = howfar(&place, &["init", "other.toml", "--ask"]);
    assert!(piped.code == 2 && piped.stderr.contains("need a terminal"), "{}", piped.stderr);
    assert!(!place.path().join("other.toml").exists());
}
