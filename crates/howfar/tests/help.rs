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

/// The commands that the help of a command lists, and theirs.
fn commands_of(place: &TempDir, command: &str) -> Vec<String> {
    let help = help_of(place, command);
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // A long sentence goes on further to the right.
    let names = listed.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    let names = names.filter(|name| *name != "help").map(|name| format!("{command} {name}").trim().to_owned());
    names.flat_map(|name| [vec![name.clone()], commands_of(place, &name)].concat()).collect()
}

/// All commands that are shown.
fn commands(place: &TempDir) -> Vec<String> {
    let commands = commands_of(place, "");
    assert!(commands.len() > 35 && commands.contains(&"study check-claim".to_owned()), "{commands:?}");
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
    assert_eq!(help_of(&place, "study analyze"), help_of(&place, "study analyse"));
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

#[test]
fn the_overview_fits_a_screen_and_shows_the_main_line_first() {
    let place = workplace();
    let overview = help_of(&place, "");
    let shown: Vec<String> = commands_of(&place, "").into_iter().filter(|name| !name.contains(' ')).collect();
    assert_eq!(shown[..7], ["demo", "prepare", "draw", "generate", "init", "plan", "run"], "{overview}");
    assert!(shown.len() <= 23 && overview.lines().count() <= 60, "{overview}");
}

#[test]
fn a_script_that_asks_for_json_gets_errors_as_json() {
    let place = workplace();
    let cases = [
        ("status nowhere --json", 3, "nowhere"),
        ("run --json", 2, "STUDY"),
        ("draw --json --people many --out x", 2, "the command line"),
        ("faces --json", 2, "the command line"),
    ];
    for (command, code, at) in cases {
        let refused = howfar(&place, &command.split(' ').collect::<Vec<_>>());
        let said: serde_json::Value =
            serde_json::from_str(&refused.stdout).unwrap_or_else(|e| panic!("{command}: {e}"));
        let error = &said["error"];
        assert_eq!((refused.code, error["exit"].as_i64()), (code, Some(code.into())), "{command}");
        assert!(error["place"].as_str().unwrap().contains(at) && !refused.stderr.is_empty(), "{command}: {said}");
        assert!(error["what"].as_str().is_some_and(|what| !what.is_empty()), "{command}: {said}");
    }
    // Help is no error.
    assert!(howfar(&place, &["run", "--json", "--help"]).stdout.contains("Usage:"));
}

#[cfg(unix)]
#[test]
fn completions_know_commands_of_commands_and_the_manual_has_a_page_for_each() {
    let place = workplace();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = howfar(&place, &["completions", shell]).stdout;
        assert!(script.contains("check-claim") && script.contains("until-sure"), "{shell}");
    }
    let script = "\"$0\" completions bash > complete.sh && . ./complete.sh && COMP_CWORD=2 \
        && COMP_WORDS=(howfar study che) && _howfar howfar che study && echo \"${COMPREPLY[@]}\"";
    let offered = shell(&place, script);
    assert_eq!(offered.stdout.trim(), "check-claim check-statistics", "{}", offered.stderr);
    let written = howfar(&place, &["man", "--out", "man"]);
    assert_eq!(written.code, 0, "{}", written.stderr);
    for command in commands(&place) {
        let page = std::fs::read_to_string(place.path().join(format!("man/howfar-{}.1", command.replace(' ', "-"))));
        let page = page.unwrap_or_else(|e| panic!("{command}: {e}"));
        assert!(page.contains(".SH NAME") && page.contains("howfar"), "{command}");
    }
}

/// Whether a program is installed here.
#[cfg(unix)]
fn is_installed(place: &TempDir, program: &str) -> bool {
    shell(place, &format!("command -v {program}")).code == 0
}

#[cfg(unix)]
#[test]
fn zsh_and_fish_load_their_completions_where_they_are_installed() {
    let place = workplace();
    if is_installed(&place, "zsh") {
        let load = "\"$0\" completions zsh > _howfar && zsh -f -c 'fpath=($PWD $fpath); autoload -Uz compinit; \
                    compinit -u -d ./dump; autoload +X -Uz _howfar && print -r -- $_comps[howfar]'";
        let loaded = shell(&place, load);
        assert_eq!((loaded.code, loaded.stdout.trim(), loaded.stderr.trim()), (0, "_howfar", ""));
    }
    if is_installed(&place, "fish") {
        let ask = "\"$0\" completions fish > howfar.fish && HOME=$PWD fish --no-config -c 'source howfar.fish; \
                   complete -C \"howfar study che\"; complete -C \"howfar run --is\"; \
                   complete -C \"howfar status --is\"'";
        let offered = shell(&place, ask);
        let words: Vec<&str> = offered.stdout.lines().filter_map(|line| line.split('\t').next()).collect();
        assert_eq!(words, ["check-claim", "check-statistics", "--isa"], "{}", offered.stderr);
    }
}

#[test]
fn short_help_says_a_sentence_of_each_option_and_long_help_all() {
    let place = workplace();
    let short = howfar(&place, &["run", "-h"]).stdout;
    let long = help_of(&place, "run");
    let rest = "The intervals allow for the repeated looks";
    assert!(short.contains("Add seeds in rounds") && !short.contains(rest), "{short}");
    assert!(long.contains(rest) && short.lines().count() < long.lines().count(), "{long}");
    // Options of few words are told the same way in both.
    assert!(short.contains("Training runs (cells) side by side\n"), "{short}");
}

#[test]
fn instructions_are_an_option_of_commands_that_compute_and_of_no_other() {
    let place = workplace();
    let computes = [
        "demo",
        "prepare",
        "generate",
        "plan",
        "run",
        "submit",
        "audit",
        "train",
        "evaluate",
        "predict",
        "study cross-database",
        "generator train",
        "generator evaluate",
        "generator run",
    ];
    for command in commands(&place) {
        let has_it = help_of(&place, &command).contains("--isa <SET>");
        assert_eq!(has_it, computes.contains(&command.as_str()), "{command}");
    }
    let refused = howfar(&place, &["status", "--isa", "plain"]);
    assert!(refused.code == 2 && refused.stderr.contains("unexpected argument"), "{}", refused.stderr);
}
