//! Every command explains itself with an example.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod program;

use program::{howfar, workplace};

#[test]
fn every_command_has_help_with_an_example() {
    let place = workplace();
    let overview = howfar(&place, &["--help"]).stdout;
    let commands: Vec<&str> = overview
        .lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        // A long sentence goes on further to the right.
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help")
        .collect();
    assert_eq!(commands.len(), 29, "{overview}");
    for command in commands {
        let help = howfar(&place, &[command, "--help"]).stdout;
        assert!(help.contains("Example"), "{command}: {help}");
        assert!(help.contains(&format!("howfar {command}")), "{command}: {help}");
    }
}

#[test]
fn doctor_speaks_words_and_json() {
    let place = workplace();
    assert!(howfar(&place, &["doctor"]).stdout.contains("cores"));
    let json: serde_json::Value = serde_json::from_str(&howfar(&place, &["doctor", "--json"]).stdout).unwrap();
    assert!(json["cores"].as_u64().unwrap() >= 1);
}
