//! Commands and flags: every one that a document names is there, every command is named.

use std::collections::{BTreeMap, BTreeSet};

use crate::program::{howfar, workplace};
use crate::{documents, markdown, read};

/// What few people type: the help does not list it, documents do.
const HIDDEN: [&str; 3] = ["train-features", "train-landmarks", "man"];

/// Every command with its flags, as the program's own help lists them; `""` is the program without a command.
fn flags_of_commands() -> BTreeMap<String, BTreeSet<String>> {
    let place = workplace();
    let mut all = BTreeMap::new();
    // Those that the help lists, and those that it keeps from everybody's list.
    let mut open: Vec<Vec<String>> = HIDDEN.iter().map(|name| vec![(*name).to_owned()]).collect();
    open.push(Vec::new());
    while let Some(command) = open.pop() {
        let arguments: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
        let help = howfar(&place, &arguments).stdout;
        for name in listed_commands(&help) {
            open.push(command.iter().cloned().chain([name]).collect());
        }
        all.insert(command.join(" "), listed_flags(&help));
    }
    all
}

/// The names in the help's list of commands.
fn listed_commands(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // A long sentence goes on further to the right.
    let names = lines.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

/// Flags and their aliases.
fn listed_flags(help: &str) -> BTreeSet<String> {
    let mut flags = BTreeSet::new();
    for line in help.lines().map(str::trim_start) {
        if line.starts_with('-') {
            flags.extend(flags_in(line).into_iter().take(1));
        }
        if let Some((_, aliases)) = line.split_once("[aliases: ") {
            flags.extend(flags_in(aliases));
        }
    }
    flags
}

/// Every `--flag` in a text.
fn flags_in(text: &str) -> Vec<String> {
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let words = text
        .split(|c: char| !is_name(c))
        .filter(|word| word.strip_prefix("--").is_some_and(|name| name.starts_with(|c: char| c.is_ascii_lowercase())));
    words.map(str::to_owned).collect()
}

/// The longest name of a command that an invocation `howfar …` begins with.
fn command_of<'a>(invocation: &str, commands: &'a BTreeMap<String, BTreeSet<String>>) -> Option<&'a String> {
    let words: Vec<&str> = invocation.split_whitespace().skip(1).collect();
    (0..=words.len()).rev().find_map(|n| commands.get_key_value(&words[..n].join(" "))).map(|(name, _)| name)
}

#[test]
fn every_flag_in_a_document_is_one_of_its_command() {
    let commands = flags_of_commands();
    let everywhere: BTreeSet<&String> = commands.values().flatten().collect();
    let mut n_seen = 0;
    for (document, text) in documents() {
        for code in markdown::code(&text) {
            // Other programs have flags of their own; `howfar run study.toml | tee log` is two programs.
            let code = code.split(" | ").next().unwrap_or_default();
            let known: BTreeSet<&String> = if code.starts_with("howfar ") {
                command_of(code, &commands).into_iter().flat_map(|command| &commands[command]).collect()
            } else if code.starts_with("--") || commands.keys().any(|name| code.starts_with(&format!("{name} --"))) {
                everywhere.clone()
            } else {
                continue;
            };
            for flag in flags_in(code.split('#').next().unwrap_or_default()) {
                assert!(known.contains(&flag), "{document}: `{code}`: {flag} is not among {known:?}");
                n_seen += 1;
            }
        }
    }
    assert!(n_seen > 50, "{n_seen}");
}

#[test]
fn every_command_is_named_in_the_readme_or_a_document_and_every_named_one_exists() {
    let commands = flags_of_commands();
    let code: Vec<(String, String)> = documents()
        .into_iter()
        .flat_map(|(name, text)| markdown::code(&text).into_iter().map(move |code| (name.clone(), code)))
        .collect();
    for command in commands.keys().filter(|command| !command.is_empty()) {
        let is_named = |code: &String| code == command || code.starts_with(&format!("howfar {command}"));
        assert!(code.iter().any(|(_, code)| is_named(code)), "{command} stands in no document");
    }
    let formats = crate::formats::written();
    for (document, code) in &code {
        let is_invocation = code.starts_with("howfar ") && !formats.contains_key(code.as_str());
        let first = code.split_whitespace().nth(1).unwrap_or_default();
        assert!(
            !is_invocation || first.starts_with('-') || commands.contains_key(first),
            "{document}: `{code}` is no command"
        );
    }
}

/// What a group is followed by must be one of its commands; anything else may be a value.
fn is_a_command(invocation: &str, commands: &BTreeMap<String, BTreeSet<String>>) -> bool {
    let words: Vec<&str> = invocation.split_whitespace().skip(1).collect();
    let has_commands = |name: &str| commands.keys().any(|other| other.starts_with(&format!("{name} ")));
    match words[..] {
        [] => true,
        [first, ..] if first.starts_with('-') => true,
        [first] => commands.contains_key(first),
        // `init` has a command and an argument.
        [first, second, ..] if has_commands(first) && first != "init" && !second.starts_with(['-', '<']) => {
            commands.contains_key(&format!("{first} {second}"))
        }
        [first, ..] => commands.contains_key(first),
    }
}

#[test]
fn every_command_that_a_source_or_a_document_quotes_exists() {
    let commands = flags_of_commands();
    let formats = crate::formats::written();
    let mut n_seen = 0;
    for (name, text) in crate::sources().into_iter().chain(documents()) {
        for quoted in text.split('`').filter(|quoted| quoted.starts_with("howfar ") && !quoted.contains('\n')) {
            let is_known = formats.contains_key(quoted) || quoted.starts_with("howfar with-parent");
            assert!(is_known || is_a_command(quoted, &commands), "{name}: `{quoted}` is no command");
            n_seen += 1;
        }
    }
    assert!(n_seen > 100, "{n_seen}");
}

#[test]
fn the_table_of_databases_lists_the_adapters_in_their_order() {
    let listed = howfar(&workplace(), &["prepare", "--list"]).stdout;
    let listed: Vec<&str> = listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let rows = markdown::table(&read("docs/databases.md"), "adapter");
    let documented: Vec<&str> = rows.iter().map(|row| row[0].trim_matches('`')).collect();
    assert_eq!(documented, listed, "docs/databases.md (left) and `howfar prepare --list`");
}
