//! Every command explains itself with an example, in 80 columns, with its own options before those that all have.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod program;

use program::{howfar, shell, workplace};
use tempfile::TempDir;

/// What the program says in a terminal of 80 columns.
fn help_of(place: &TempDir, command: &str) -> String {
    let help = shell(place, &format!("COLUMNS=80 \"$0\" {command} --help"));
    assert_eq!(help.code, 0, "{command}: {}", help.stderr);
    help.stdout
}

/// The commands, and `init paper`, which is a command of a command.
fn commands(place: &TempDir) -> Vec<String> {
    let overview = help_of(place, "");
    let listed = overview.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // A long sentence goes on further to the right.
    let names = listed.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    let names = names.filter(|name| *name != "help").map(str::to_owned);
    let commands: Vec<String> = names.chain(["init paper".to_owned()]).collect();
    assert!(commands.len() > 25, "{overview}");
    commands
}

/// What stands below the options: examples and paragraphs.
fn words_below(help: &str) -> Vec<&str> {
    let (_, global) = help.split_once("\nGlobal options:\n").unwrap_or_else(|| panic!("{help}"));
    global.split("\n\n").skip_while(|part| part.trim_start().starts_with('-')).collect()
}

#[test]
fn every_command_has_help_with_an_example() {
    let place = workplace();
    for command in commands(&place) {
        let help = help_of(&place, &command);
        let examples = words_below(&help).into_iter().find(|part| part.starts_with("Example"));
        let examples = examples.unwrap_or_else(|| panic!("{command}: {help}"));
        assert!(examples.contains(&format!("howfar {command}")), "{command}: {help}");
    }
}

#[test]
fn help_fits_80_columns_and_no_line_is_broken_twice() {
    let place = workplace();
    for command in commands(&place).iter().map(String::as_str).chain([""]) {
        let help = help_of(&place, command);
        for line in help.lines() {
            assert!(line.chars().count() <= 80, "{command}: {line}");
        }
        for part in words_below(&help) {
            if part.starts_with("Example") {
                let lines = part.lines().skip(1).filter(|line| !line.starts_with("Then: "));
                // An example that is too long for the terminal would go on with any word.
                let is_whole = |line: &str| line.starts_with("  howfar ") || line.starts_with("      ");
                lines.for_each(|line| assert!(is_whole(line), "{command}: {line}"));
                continue;
            }
            // Of a paragraph, each line takes as many words as fit.
            for (line, next) in part.lines().zip(part.lines().skip(1)) {
                let word = next.split_whitespace().next().unwrap_or_default();
                let needed = line.chars().count() + 1 + word.chars().count();
                assert!(needed > 80, "{command}: {line} | {next}");
            }
        }
    }
}

#[test]
fn a_pipe_a_dumb_terminal_and_no_color_get_the_same_words_without_colours() {
    let place = workplace();
    let plain = shell(&place, "\"$0\" run --help").stdout;
    for settings in ["NO_COLOR=1", "TERM=dumb", "CLICOLOR=0", "NO_COLOR="] {
        let help = shell(&place, &format!("{settings} \"$0\" run --help")).stdout;
        assert_eq!(help, plain, "{settings}");
        let refused = shell(&place, &format!("{settings} \"$0\" status nowhere"));
        assert!(refused.stderr.starts_with("error: "), "{settings}: {}", refused.stderr);
    }
    let coloured = shell(&place, "CLICOLOR_FORCE=1 \"$0\" status nowhere").stderr;
    assert!(coloured.starts_with("\u{1b}[1;31merror:\u{1b}[0m "), "{coloured}");
    // An empty NO_COLOR is none.
    let empty = shell(&place, "NO_COLOR= CLICOLOR_FORCE=1 \"$0\" status nowhere").stderr;
    assert_eq!(empty, coloured);
}

#[test]
fn american_spellings_are_understood() {
    let place = workplace();
    assert_eq!(help_of(&place, "analyze"), help_of(&place, "analyse"));
    let drawn = howfar(&place, &["draw", "--people", "1", "--color", "rgb", "--size", "48", "--out", "faces"]);
    assert_eq!(drawn.code, 0, "{}", drawn.stderr);
}

#[test]
fn without_a_command_the_program_says_how_it_is_used() {
    let place = workplace();
    let alone = howfar(&place, &[]);
    assert_eq!(alone.code, 2);
    assert!(alone.stderr.contains("Usage: howfar"), "{}", alone.stderr);
    let quiet = howfar(&place, &["--quiet"]);
    assert!(quiet.code == 2 && quiet.stderr.contains("no command is given"), "{}", quiet.stderr);
}

#[test]
fn doctor_speaks_words_and_json() {
    let place = workplace();
    assert!(howfar(&place, &["doctor"]).stdout.contains("cores"));
    let json: serde_json::Value = serde_json::from_str(&howfar(&place, &["doctor", "--json"]).stdout).unwrap();
    assert!(json["cores"].as_u64().unwrap() >= 1);
}
