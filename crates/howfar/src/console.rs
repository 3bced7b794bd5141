//! The only place that prints: answers to stdout, the journey to stderr.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::path::Path;
use std::sync::OnceLock;

use howfar_face::{Fault, acts_on_terminals, printable};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Where answers and progress go.
#[derive(Debug)]
pub struct Console {
    quiet: bool,
    json: bool,
    /// The first answer that could not be written.
    failure: OnceLock<Fault>,
}

impl Console {
    /// `quiet` silences the journey, `json` turns answers into JSON.
    pub fn new(quiet: bool, json: bool) -> Self {
        Console { quiet, json, failure: OnceLock::new() }
    }

    /// Whether answers are JSON.
    pub fn json(&self) -> bool {
        self.json
    }

    /// A part of the answer. A closed pipe is the reader's choice, not an error; any other failure is kept for
    /// [`Console::unwritten`].
    pub fn answer(&self, text: &str) {
        self.keep_failure(writeln!(std::io::stdout(), "{}", printable(text)));
    }

    fn keep_failure(&self, written: std::io::Result<()>) {
        if let Err(error) = written
            && error.kind() != std::io::ErrorKind::BrokenPipe
        {
            let _ = self.failure.set(Fault::io(Path::new("stdout"), "write the answer", &error));
        }
    }

    /// The first answer that could not be written.
    pub fn unwritten(&self) -> Option<Fault> {
        self.keep_failure(std::io::stdout().flush());
        self.failure.get().cloned()
    }

    /// The answer as JSON.
    pub fn answer_json(&self, value: &impl serde::Serialize) {
        if let Ok(text) = serde_json::to_string_pretty(value) {
            self.answer(&shown_json(&text));
        }
    }

    /// A value as one line of JSON, for answers that are written piece by piece.
    pub fn json_line(&self, value: &impl serde::Serialize) -> String {
        serde_json::to_string(value).map_or_else(|_| "null".to_owned(), |text| shown_json(&text))
    }

    /// A line of the journey.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            let _ = writeln!(std::io::stderr(), "{}", printable(text));
        }
    }

    /// What a user must know before waiting for more; never silenced.
    pub fn warn(&self, text: &str) {
        let _ = writeln!(std::io::stderr(), "warning: {text}");
    }

    /// What only the authors can mend; never silenced.
    pub fn bug(&self) {
        let text = "this is a bug of howfar, not of your data. Please report the lines above.";
        let _ = writeln!(std::io::stderr(), "howfar: {text}");
    }

    /// What went wrong; never silenced.
    pub fn error(&self, fault: &Fault) {
        let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let (on, off) = if colour { ("\u{1b}[1;31m", "\u{1b}[0m") } else { ("", "") };
        let _ = writeln!(std::io::stderr(), "{on}error:{off} {fault}");
    }

    /// Whether somebody watches a terminal.
    pub fn is_live(&self) -> bool {
        !self.quiet && std::io::stderr().is_terminal()
    }

    /// A bar on a terminal, nothing elsewhere. `unit` is what is counted.
    pub fn bar(&self, total: u64, unit: &str) -> ProgressBar {
        let bar = ProgressBar::new(total);
        bar.set_draw_target(if self.is_live() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() });
        let template = format!("{{msg}} {{bar:30}} {{human_pos}}/{{human_len}} {unit}  {{eta}} left");
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style);
        }
        bar
    }
}

/// JSON leaves some characters as they are that a terminal acts on; they stand in texts only, where an escape means
/// the same.
fn shown_json(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if acts_on_terminals(c) {
            let _ = write!(shown, "\\u{:04x}", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Seconds as people say them.
pub fn duration_words(seconds: f64) -> String {
    match seconds {
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 5400.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn json_shows_every_character_and_means_the_same() {
        let text = "a\u{9b}2J\u{7f}\u{202e}\u{1b}[1mä";
        let shown = super::shown_json(&serde_json::to_string(text).unwrap());
        assert!(!shown.contains(super::acts_on_terminals), "{shown}");
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
    }

    #[test]
    fn durations_are_said_in_fitting_units() {
        let cases = [(3.2, "3 s"), (89.0, "89 s"), (600.0, "10 min"), (9000.0, "2.5 h")];
        for (seconds, words) in cases {
            assert_eq!(super::duration_words(seconds), words);
        }
    }
}
