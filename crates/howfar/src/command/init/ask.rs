//! `howfar init --ask`: a study file out of questions and answers.
//!
//! In: the face sets below this folder and, line by line, what somebody answers. Out: the commented template with the
//! answers in it. Each answer is checked as the study file would be, before the next question.

use std::io::{BufRead, IsTerminal};
use std::path::{Path, PathBuf};

use howfar_face::{FaceSet, Fault, files, printable_name};
use howfar_protocol::{Recipe, Study};

use super::TEMPLATE;
use crate::console::Console;

/// Folders that are looked into for face sets, and levels of them.
const MOST_FOLDERS: usize = 2000;
const MOST_LEVELS: usize = 4;

/// Whoever is asked.
pub trait Respondent {
    /// What is answered to a question, without its line's end; none where there is nobody any more.
    fn answer(&mut self, question: &str) -> Option<String>;

    /// Says something that is no question.
    fn tell(&mut self, text: &str);
}

/// A person at a terminal.
struct AtTerminal<'a>(&'a Console);

impl Respondent for AtTerminal<'_> {
    fn answer(&mut self, question: &str) -> Option<String> {
        self.0.prompt(question);
        let mut line = String::new();
        let n = std::io::stdin().lock().read_line(&mut line).ok()?;
        (n > 0).then(|| line.trim().to_owned())
    }

    fn tell(&mut self, text: &str) {
        self.0.note(text);
    }
}

/// The text of the study file `study`, whose folder paths start at, asked of a person at the terminal.
///
/// # Errors
/// Where stdin or stderr is no terminal, and where the answers end early.
pub fn at_terminal(study: &Path, console: &Console) -> Result<String, Fault> {
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return Err(Fault::usage("--ask", "questions need a terminal, and there is none here")
            .hint("without --ask `howfar init` writes a commented file to fill in"));
    }
    let folder = study.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    ask(folder, &mut AtTerminal(console))
}

/// The text of a study file in `folder`.
pub fn ask(folder: &Path, respondent: &mut dyn Respondent) -> Result<String, Fault> {
    let sets = face_sets(folder);
    respondent.tell("An empty answer takes what stands in [brackets]. Several face sets: with commas between them.");
    for (i, set) in sets.iter().enumerate() {
        respondent.tell(&format!("  {}  {}", i + 1, set.words));
    }
    if sets.is_empty() {
        respondent.tell("No face set lies below this folder: give the paths of yours. `howfar prepare` makes them.");
    }
    let places = |is_meant: &dyn Fn(&Found) -> bool| sets.iter().filter(|set| is_meant(set)).map(Found::path).collect();
    let mut interview = Interview { text: TEMPLATE.to_owned(), folder, sets: &sets, respondent };
    interview.value("name", "Name of the study and of its folder", "my-study", &|answer| quoted(answer))?;
    let labelled: Vec<String> = places(&|set| !set.is_generated);
    let first: Vec<String> = labelled.iter().take(1).cloned().collect();
    let real = interview.sets("real", "Labelled face sets to train on, whose people are split", &first, true)?;
    let generated: Vec<String> = places(&|set| set.is_generated && !real.contains(&set.path()));
    let mixed = interview.sets("generated", "Generated face sets to mix in", &generated, false)?;
    let rest: Vec<String> =
        places(&|set| !set.is_generated && !real.contains(&set.path()) && !mixed.contains(&set.path()));
    interview.sets("unseen", "Face sets that judge and are never trained on, the first counts most", &rest, false)?;
    interview.value("k", "How many generated units for each labelled one (k)", "0, 1, 2, 5", &|answer| {
        format!("[{}]", answer.trim_matches(['[', ']']))
    })?;
    interview.value("seeds", "Repetitions (seeds)", "5", &str::to_owned)?;
    let recipes = Recipe::ALL.map(Recipe::name).join(", ");
    interview.value("recipe", &format!("Recipe: {recipes}"), "modern", &|answer| quoted(answer))?;
    Ok(interview.text)
}

/// A face set below the folder.
struct Found {
    /// From the study file's folder.
    place: PathBuf,
    words: String,
    is_generated: bool,
}

impl Found {
    fn path(&self) -> String {
        self.place.to_string_lossy().replace('\\', "/")
    }
}

/// What was answered so far.
struct Interview<'a> {
    text: String,
    folder: &'a Path,
    sets: &'a [Found],
    respondent: &'a mut dyn Respondent,
}

impl Interview<'_> {
    /// Asks for a key's value until the file that it makes is one; `written` writes an answer as TOML.
    fn value(&mut self, key: &str, question: &str, usual: &str, written: &dyn Fn(&str) -> String) -> Result<(), Fault> {
        loop {
            let answer = self.answer(question, usual)?;
            let text = with_value(&self.text, None, key, &written(&answer));
            match Study::parse(&text, "study.toml") {
                Ok(_) => {
                    self.text = text;
                    return Ok(());
                }
                Err(fault) => self.respondent.tell(&format!("  {fault}")),
            }
        }
    }

    /// Asks for the sets of a table until all of them are there.
    fn sets(&mut self, table: &str, question: &str, usual: &[String], is_needed: bool) -> Result<Vec<String>, Fault> {
        let usual = if usual.is_empty() && !is_needed { "none".to_owned() } else { usual.join(", ") };
        loop {
            let answer = self.answer(question, &usual)?;
            let checked = self.chosen(&answer).and_then(|sets| {
                if sets.is_empty() && is_needed {
                    return Err(Fault::usage(table, "a study needs a labelled face set"));
                }
                let list = sets.iter().map(|set| quoted(set)).collect::<Vec<_>>().join(", ");
                let text = with_value(&self.text, Some(table), "sets", &format!("[{list}]"));
                Study::parse(&text, "study.toml").map(|_| (sets, text))
            });
            match checked {
                Ok((sets, text)) => {
                    self.text = text;
                    return Ok(sets);
                }
                Err(fault) => self.respondent.tell(&format!("  {fault}")),
            }
        }
    }

    fn answer(&mut self, question: &str, usual: &str) -> Result<String, Fault> {
        let question = if usual.is_empty() { format!("{question}: ") } else { format!("{question} [{usual}]: ") };
        let answer = self.respondent.answer(&question);
        let answer = answer
            .ok_or_else(|| Fault::usage("--ask", "the answers ended before the questions").hint("run it again"))?;
        Ok(if answer.is_empty() { usual.to_owned() } else { answer })
    }

    /// Numbers of the list, or paths from the study file's folder, of face sets that can be opened.
    fn chosen(&self, answer: &str) -> Result<Vec<String>, Fault> {
        let words = answer.split(',').map(str::trim).filter(|word| !word.is_empty() && *word != "none");
        let place = |word: &str| -> Result<String, Fault> {
            if let Some(set) = word.parse::<usize>().ok().and_then(|number| self.sets.get(number.checked_sub(1)?)) {
                return Ok(set.path());
            }
            FaceSet::open(&self.folder.join(word))?;
            Ok(word.to_owned())
        };
        words.map(place).collect()
    }
}

/// A text of TOML.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The file with another value of a key, the first of that name where no table is given; what stands behind the value
/// stays.
fn with_value(text: &str, table: Option<&str>, key: &str, value: &str) -> String {
    let heading = table.map(|table| format!("[{table}]"));
    let (mut is_there, mut is_done) = (heading.is_none(), false);
    let mut lines = Vec::new();
    for line in text.lines() {
        is_there |= heading.as_deref() == Some(line);
        if is_there && !is_done && line.starts_with(&format!("{key} = ")) {
            let comment = line.split_once(" #").map(|(before, comment)| {
                let room = before.len().saturating_sub(key.len() + 3 + value.len()).max(1);
                format!("{}#{comment}", " ".repeat(room))
            });
            lines.push(format!("{key} = {value}{}", comment.unwrap_or_default()));
            is_done = true;
        } else {
            lines.push(line.to_owned());
        }
    }
    lines.join("\n") + "\n"
}

/// The face sets below a folder, by their paths; what cannot be read is none.
fn face_sets(folder: &Path) -> Vec<Found> {
    let mut found = Vec::new();
    let mut open = vec![(folder.to_owned(), 0)];
    let mut n_folders = 0;
    while let Some((place, level)) = open.pop() {
        n_folders += 1;
        if n_folders > MOST_FOLDERS {
            break;
        }
        if place.join(FaceSet::INFO_FILE).is_file() {
            found.extend(describe(folder, &place));
            continue;
        }
        let is_hidden = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let inner = files::sorted_entries(&place).unwrap_or_default().into_iter().rev();
        let inner = inner.filter(|path| level < MOST_LEVELS && path.is_dir() && !path.is_symlink() && !is_hidden(path));
        open.extend(inner.map(|path| (path, level + 1)));
    }
    found
}

fn describe(folder: &Path, place: &Path) -> Option<Found> {
    let set = FaceSet::open(place).ok()?;
    let info = set.info();
    let is_generated = info.generator.is_some();
    let kind = if is_generated { "drawn or generated" } else { "labelled" };
    let place = place.strip_prefix(folder).unwrap_or(place).to_owned();
    let path = printable_name(&place.to_string_lossy());
    let words = format!("{path}: {} {kind} faces, {}", info.n_faces, info.classes.join(", "));
    Some(Found { place, words, is_generated })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Script(Vec<&'static str>, Vec<String>);

    impl Respondent for Script {
        fn answer(&mut self, question: &str) -> Option<String> {
            self.1.push(question.to_owned());
            (!self.0.is_empty()).then(|| self.0.remove(0).to_owned())
        }

        fn tell(&mut self, text: &str) {
            self.1.push(text.to_owned());
        }
    }

    #[test]
    fn a_value_is_replaced_within_its_table_and_its_comment_stays() {
        let text = "name = \"a\"   # words\n[real]\nsets = [1]  # here\n[unseen]\nsets = [2]\n";
        assert_eq!(with_value(text, None, "name", "\"bcd\""), text.replace("\"a\"   #", "\"bcd\" #"));
        assert_eq!(with_value(text, Some("unseen"), "sets", "[]"), text.replace("[2]", "[]"));
    }

    #[test]
    fn wrong_answers_are_told_and_asked_again_and_the_end_of_answers_is_an_error() {
        let place = tempfile::tempdir().unwrap();
        let mut script = Script(vec!["", "nowhere"], Vec::new());
        let fault = ask(place.path(), &mut script).unwrap_err();
        assert!(fault.what().contains("ended before the questions"), "{fault}");
        let labelled = script.1.iter().filter(|said| said.starts_with("Labelled face sets")).count();
        assert!(labelled == 2 && script.1.iter().any(|said| said.contains("nowhere")), "{:?}", script.1);
    }
}
