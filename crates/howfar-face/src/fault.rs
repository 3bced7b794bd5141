//! What went wrong with something a user gave us, in answers: what and where, found, expected, what to do.
//!
//! One type for the whole product, so that every message has the same four answers and every exit code one origin.

use std::fmt;
use std::path::Path;

use crate::{printable, printable_name, shortened};

/// Whose turn it is to act, which decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// Wrong arguments or a wrong study file: exit code 2.
    Usage,
    /// Data that cannot be used: exit code 3.
    Data,
    /// The machine said no (disk full, no permission, a missing program): exit code 4.
    Machine,
    /// Stopped on request; the same command resumes: exit code 75.
    Interrupted,
}

impl FaultKind {
    /// The documented exit code of the program (`docs/errors.md`).
    pub fn exit_code(self) -> u8 {
        match self {
            FaultKind::Usage => 2,
            FaultKind::Data => 3,
            FaultKind::Machine => 4,
            FaultKind::Interrupted => 75,
        }
    }
}

/// An error that a user can act on.
///
/// ```
/// # use howfar_face::Fault;
/// let fault = Fault::usage("study.toml, line 9", "k is below 0")
///     .found("k = [0, -1, 2]").expected("numbers from 0 up; 0 means real data only").hint("remove the -1");
/// assert!(fault.to_string().starts_with("study.toml, line 9: k is below 0"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    kind: FaultKind,
    details: Box<Details>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Details {
    place: String,
    what: String,
    found: Option<String>,
    expected: Option<String>,
    hint: Option<String>,
}

impl Fault {
    /// A fault of `kind` at `place` (a file and line, a row, an argument).
    pub fn new(kind: FaultKind, place: impl fmt::Display, what: impl Into<String>) -> Self {
        let details = Details { place: place.to_string(), what: what.into(), found: None, expected: None, hint: None };
        Fault { kind, details: Box::new(details) }
    }

    /// Wrong arguments or study file.
    pub fn usage(place: impl fmt::Display, what: impl Into<String>) -> Self {
        Self::new(FaultKind::Usage, place, what)
    }

    /// Unusable data.
    pub fn data(place: impl fmt::Display, what: impl Into<String>) -> Self {
        Self::new(FaultKind::Data, place, what)
    }

    /// Something the machine refused.
    pub fn machine(place: impl fmt::Display, what: impl Into<String>) -> Self {
        Self::new(FaultKind::Machine, place, what)
    }

    /// Threads that the machine refused.
    pub fn threads(error: impl fmt::Display) -> Self {
        Self::machine("the threads of this machine", format!("no more can be started: {error}"))
            .hint("allow more processes (`ulimit -u`, a container's limit) or ask for fewer: RAYON_NUM_THREADS=1")
    }

    /// A stop on request.
    pub fn interrupted(what: impl Into<String>) -> Self {
        Self::new(FaultKind::Interrupted, "stopped", what)
    }

    /// An operating system error at a path, with advice that fits its kind.
    pub fn io(path: &Path, doing: &str, error: &std::io::Error) -> Self {
        use std::io::ErrorKind as Kind;
        let place = path.display();
        match error.kind() {
            Kind::NotFound => Self::data(place, format!("cannot {doing}: there is no such file or folder"))
                .hint("check the path; a relative path starts at the folder you are in"),
            Kind::PermissionDenied => Self::machine(place, format!("cannot {doing}: permission denied"))
                .hint("check the owner and rights of the file and its folder"),
            Kind::StorageFull | Kind::FileTooLarge | Kind::QuotaExceeded => {
                Self::machine(place, format!("cannot {doing}: no room ({error})"))
                    .expected("enough free space; nothing half written was left behind")
                    .hint("free some space or write to another disk, then run the same command again")
            }
            _ => Self::machine(place, format!("cannot {doing}: {error}")),
        }
    }

    /// What was there.
    #[must_use]
    pub fn found(mut self, found: impl fmt::Display) -> Self {
        self.details.found = Some(found.to_string());
        self
    }

    /// What would have been right.
    #[must_use]
    pub fn expected(mut self, expected: impl fmt::Display) -> Self {
        self.details.expected = Some(expected.to_string());
        self
    }

    /// What to do now.
    #[must_use]
    pub fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.details.hint = Some(hint.to_string());
        self
    }

    /// Whose turn it is.
    pub fn kind(&self) -> FaultKind {
        self.kind
    }

    /// File, row, line or argument.
    pub fn place(&self) -> &str {
        &self.details.place
    }

    /// The one-line statement without the place.
    pub fn what(&self) -> &str {
        &self.details.what
    }

    /// The same for programs; what is not said is null.
    pub fn to_json(&self) -> serde_json::Value {
        let Details { place, what, found, expected, hint } = &*self.details;
        serde_json::json!({
            "place": place, "what": what, "found": found, "expected": expected, "hint": hint,
            "exit": self.kind.exit_code(),
        })
    }
}

/// Characters and lines of an answer that are shown: four answers fit a screen.
const MOST_CHARACTERS: usize = 480;
const MOST_LINES: usize = 6;
/// Characters of a place: paths are long, and no path of a file that is there is longer than some thousand bytes.
const MOST_OF_PLACE: usize = 1000;

/// What of an answer fits a screen.
fn fitting(answer: &str) -> String {
    let n_lines = answer.lines().count();
    if n_lines <= MOST_LINES {
        return shortened(answer, MOST_CHARACTERS).into_owned();
    }
    let first: Vec<&str> = answer.lines().take(MOST_LINES - 1).collect();
    format!("{}\n… ({} more lines)", shortened(&first.join("\n"), MOST_CHARACTERS), n_lines - first.len())
}

/// What a fault quotes may come out of a file: it is written so that a terminal shows it and does nothing else with it,
/// and that it fits a screen.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Details { place, what, found, expected, hint } = &*self.details;
        let place = shortened(place, MOST_OF_PLACE);
        write!(f, "{}: {}", printable_name(&place), printable(&fitting(what)))?;
        for (name, answer) in [("found     ", found), ("expected  ", expected), ("hint: ", hint)] {
            if let Some(answer) = answer {
                write!(f, "\n  {name}{}", printable(&fitting(answer)))?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_prints_its_four_answers_in_order() {
        let fault = Fault::data("faces.csv, row 3", "unknown expression")
            .found("\"joy\"")
            .expected("one of anger, happiness")
            .hint("rename it");
        let expected = "faces.csv, row 3: unknown expression\n  found     \"joy\"\n  expected  one of anger, \
            happiness\n  hint: rename it";
        assert_eq!(fault.to_string(), expected);
    }

    #[test]
    fn what_a_fault_quotes_does_nothing_to_a_terminal() {
        let fault = Fault::data("a\u{1b}c\nerror", "\u{9b}2J").found("\u{1b}]0;x\u{7}").expected("\r").hint("\u{8}");
        assert!(!fault.to_string().contains(crate::acts_on_terminals), "{fault:?}");
        assert!(fault.to_string().contains("\\u{1b}]0;x") && !fault.to_string().contains("\nerror"), "{fault}");
    }

    #[test]
    fn a_fault_fits_a_screen_whatever_it_quotes() {
        for quoted in ["7 ".repeat(9000), "a line\n".repeat(900)] {
            let fault = Fault::data(&quoted, &quoted).found(&quoted).expected(&quoted).hint(&quoted).to_string();
            assert!(fault.chars().count() < 3600 && fault.lines().count() <= 24, "{fault}");
            assert!(fault.contains("more "), "{fault}");
        }
    }

    #[test]
    fn a_full_disk_is_the_machines_fault() {
        let error = std::io::Error::from(std::io::ErrorKind::StorageFull);
        assert_eq!(Fault::io(Path::new("x"), "write", &error).kind().exit_code(), 4);
    }
}
