//! The only place that prints: answers to stdout, progress to stderr.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};

use howfar_face::{Fault, acts_on_terminals, printable};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::screen::{Line, Screen};
use crate::study_log::StudyLog;

/// Escape sequences, for terminals that show colours.
const BOLD_RED: &str = "\u{1b}[1;31m";
const BOLD_YELLOW: &str = "\u{1b}[1;33m";
const PLAIN: &str = "\u{1b}[0m";
/// Columns of tables and paragraphs where nobody knows how wide the terminal is, or stdout is none.
const COLUMNS: usize = 80;
/// Columns of text on a wider terminal: longer lines are hard to read.
const MOST_COLUMNS: usize = 100;
/// Rows where nobody knows them.
const ROWS: usize = 24;

/// Where answers and progress go.
#[derive(Debug)]
pub struct Console {
    quiet: bool,
    is_verbose: bool,
    json: bool,
    /// The first answer that could not be written.
    failure: OnceLock<Fault>,
    /// Whether a part of the answer is out.
    has_answered: AtomicBool,
    /// The picture at the end of the terminal, which lines of progress stand above.
    screen: Mutex<Screen>,
    /// That of the study which is worked at.
    log: Mutex<Option<StudyLog>>,
}

/// The terminal that pictures are drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminal {
    /// Its size.
    pub columns: usize,
    /// Likewise.
    pub rows: usize,
    /// Whether it shows more than ASCII.
    pub is_unicode: bool,
    /// Whether it shows colours, and nobody asked for none.
    pub has_colours: bool,
}

impl Console {
    /// `quiet` silences progress, `json` turns answers into JSON.
    pub fn new(quiet: bool, json: bool) -> Self {
        Console {
            quiet,
            is_verbose: false,
            json,
            failure: OnceLock::new(),
            has_answered: AtomicBool::new(false),
            screen: Mutex::default(),
            log: Mutex::default(),
        }
    }

    /// Tells details, too.
    pub fn verbose(self, is_verbose: bool) -> Self {
        Console { is_verbose, ..self }
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
        terminal_columns().map_or(COLUMNS, |columns| columns.min(MOST_COLUMNS))
    }

    /// A text whose long lines are broken between words on a terminal; a script gets them whole.
    pub fn fit<'t>(&self, text: &'t str) -> Cow<'t, str> {
        terminal_columns().map_or(Cow::Borrowed(text), |_| Cow::Owned(broken(text, self.columns())))
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
            self.say(&printable(text));
        }
    }

    /// A step of the work, for the log of the study; on stderr where details are asked for.
    pub fn detail(&self, text: &str) {
        self.add_to_log(text);
        if self.is_verbose {
            self.say(&printable(text));
        }
    }

    /// From here on details, warnings and errors stand in the log of the study in `folder`, too. `first` is the first.
    pub fn log_into(&self, folder: &Path, first: &str) {
        let mut log = self.log.lock().expect("writing a log does not panic");
        if log.as_ref().is_some_and(|log| log.is_in(folder)) {
            return;
        }
        *log = StudyLog::open(folder);
        if let Some(log) = log.as_mut() {
            log.add(first);
        }
    }

    fn add_to_log(&self, text: &str) {
        if let Some(log) = self.log.lock().expect("writing a log does not panic").as_mut() {
            log.add(text);
        }
    }

    /// A line on stderr, above the picture if there is one.
    fn say(&self, text: &str) {
        let mut screen = self.screen.lock().expect("drawing does not panic");
        let line = format!("{text}\n");
        let bytes = if screen.is_empty() { line.into_bytes() } else { screen.above(&line, self.terminal().columns) };
        let _ = std::io::stderr().write_all(&bytes);
    }

    /// A question whose answer is typed behind it.
    pub fn prompt(&self, question: &str) {
        let _ = std::io::stderr().write_all(printable(question).as_bytes());
    }

    /// Draws a picture in the place of the one before.
    pub fn draw(&self, lines: Vec<Line>) {
        let bytes = self.screen.lock().expect("drawing does not panic").draw(lines, self.terminal().columns);
        let _ = std::io::stderr().write_all(&bytes);
    }

    /// The picture stays as it is, and what is written next comes below.
    pub fn leave_picture(&self) {
        self.screen.lock().expect("drawing does not panic").leave();
    }

    /// The terminal that stderr is, as it is now.
    pub fn terminal(&self) -> Terminal {
        let size = terminal_size::terminal_size_of(std::io::stderr());
        let (columns, rows) = size.map_or((COLUMNS, ROWS), |(w, h)| (usize::from(w.0), usize::from(h.0)));
        let has_colours = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
        Terminal { columns, rows, is_unicode: is_unicode(), has_colours }
    }

    /// What a user must know before waiting for more; never silenced.
    pub fn warn(&self, text: &str) {
        self.add_to_log(&format!("warning: {text}"));
        let warning = coloured(BOLD_YELLOW, "warning:");
        self.say(&format!("{warning} {}", printable(text)));
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
        self.add_to_log(&format!("error: {fault}"));
        self.say(&format!("{} {fault}", coloured(BOLD_RED, "error:")));
    }

    /// Whether somebody watches a terminal on which lines can be drawn anew.
    pub fn is_live(&self) -> bool {
        let is_dumb = std::env::var_os("TERM").is_some_and(|name| name == "dumb");
        !self.quiet && std::io::stderr().is_terminal() && !is_dumb
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

/// In a colour where stderr shows colours and nobody asked for none (NO_COLOR, CLICOLOR, TERM).
fn coloured(colour: &str, text: &str) -> String {
    match anstream::AutoStream::choice(&std::io::stderr()) {
        anstream::ColorChoice::Never => text.to_owned(),
        _ => format!("{colour}{text}{PLAIN}"),
    }
}

/// Whether the user's locale has more than ASCII.
pub fn is_unicode() -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(|name| std::env::var(name).ok());
    match set.into_iter().find(|value| !value.is_empty()) {
        Some(locale) => speaks_utf8(&locale),
        // Systems whose terminals speak UTF-8 without saying so.
        None => cfg!(any(windows, target_os = "macos")),
    }
}

/// `en_US.UTF-8`, `C.utf8`.
fn speaks_utf8(locale: &str) -> bool {
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
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
    fn a_locale_says_whether_there_is_more_than_ascii() {
        for (locale, has_more) in [("C", false), ("de_AT.UTF-8", true), ("C.utf8", true), ("en_US.ISO-8859-1", false)] {
            assert_eq!(super::speaks_utf8(locale), has_more, "{locale}");
        }
    }

    #[test]
    fn durations_are_said_in_fitting_units() {
        let cases = [(3.2, "3 s"), (89.0, "89 s"), (600.0, "10 min"), (9000.0, "2.5 h")];
        for (seconds, words) in cases {
            assert_eq!(super::duration_words(seconds), words);
        }
    }
}
