//! The only place that prints: answers to stdout, progress to stderr.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use howfar_face::{Fault, acts_on_terminals, printable};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Escape sequences; `anstream` takes them out where nobody sees colours.
const BOLD_RED: &str = "\u{1b}[1;31m";
const BOLD_YELLOW: &str = "\u{1b}[1;33m";
const PLAIN: &str = "\u{1b}[0m";
/// Columns of tables and paragraphs where stdout is no terminal.
const COLUMNS: usize = 100;

/// Where answers and progress go.
#[derive(Debug)]
pub struct Console {
    quiet: bool,
    json: bool,
    /// The first answer that could not be written.
    failure: OnceLock<Fault>,
    /// Whether a part of the answer is out.
    has_answered: AtomicBool,
}

impl Console {
    /// `quiet` silences progress, `json` turns answers into JSON.
    pub fn new(quiet: bool, json: bool) -> Self {
        Console { quiet, json, failure: OnceLock::new(), has_answered: AtomicBool::new(false) }
    }

    /// Whether answers are JSON.
    pub fn json(&self) -> bool {
        self.json
    }

    /// A part of the answer. A closed pipe is the reader's choice, not an error; any other failure is kept for
    /// [`Console::unwritten`].
    pub fn answer(&self, text: &str) {
        self.has_answered.store(true, Ordering::Relaxed);
        self.keep_failure(writeln!(std::io::stdout(), "{}", printable(text)));
    }

    /// Columns of stdout.
    pub fn columns(&self) -> usize {
        terminal_columns().unwrap_or(COLUMNS)
    }

    /// A text whose long lines are broken between words on a terminal; a script gets them whole.
    pub fn fit<'t>(&self, text: &'t str) -> Cow<'t, str> {
        terminal_columns().map_or(Cow::Borrowed(text), |columns| Cow::Owned(broken(text, columns)))
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

    /// A line of progress.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            let _ = writeln!(std::io::stderr(), "{}", printable(text));
        }
    }

    /// What a user must know before waiting for more; never silenced.
    pub fn warn(&self, text: &str) {
        let _ = writeln!(anstream::stderr(), "{BOLD_YELLOW}warning:{PLAIN} {}", printable(text));
    }

    /// What only the authors can mend; never silenced.
    pub fn bug(&self) {
        let text = "this is a bug of howfar, not of your data. Please report the lines above.";
        let _ = writeln!(std::io::stderr(), "howfar: {text}");
    }

    /// What went wrong; never silenced. With `--json` it is the answer, too, unless a part of another one is out.
    pub fn error(&self, fault: &Fault) {
        if self.json && !self.has_answered.load(Ordering::Relaxed) {
            self.answer_json(&serde_json::json!({ "error": fault.to_json() }));
        }
        // Colours reach terminals that show them, unless NO_COLOR, CLICOLOR or TERM say otherwise.
        let _ = writeln!(anstream::stderr(), "{BOLD_RED}error:{PLAIN} {fault}");
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

fn terminal_columns() -> Option<usize> {
    terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0))
}

/// Lines that are too long are broken between words; what continues stands two columns further in.
fn broken(text: &str, columns: usize) -> String {
    let options = textwrap::Options::new(columns).subsequent_indent("  ").break_words(false);
    let options = options.word_splitter(textwrap::WordSplitter::NoHyphenation);
    let lines = text.lines().map(|line| {
        let is_long = textwrap::core::display_width(line) > columns;
        if is_long { textwrap::fill(line, &options) } else { line.to_owned() }
    });
    lines.collect::<Vec<_>>().join("\n")
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
    fn a_long_line_is_broken_where_a_terminal_ends_and_a_table_is_left_alone() {
        let table = "k      accuracy";
        assert_eq!(
            super::broken(&format!("{table}\none two three four"), 15),
            format!("{table}\none two three\n  four")
        );
        // Two columns a character.
        assert_eq!(super::broken("悲しみ 悲しみ", 8), "悲しみ\n  悲しみ");
    }

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
