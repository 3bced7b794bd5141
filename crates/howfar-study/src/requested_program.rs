//! The program that a study asks for (`train.command`): where it is started, and what decides what it computes.
//!
//! In: a study. Out: a [`Program`] and its hash. Runs nothing but the commands for versions; `program` trains with it.

use std::path::{Path, PathBuf};

use howfar_face::checksum::Hasher;
use howfar_face::{Fault, files};
use howfar_protocol::{HandedAs, OWN_PROGRAM, Study};

/// Name and version of the contract: a program that is asked in another way computes other numbers.
pub const JOB_FORMAT: (&str, u32) = ("howfar job", 1);

/// A program as a study asks for it.
pub(crate) struct Program<'s> {
    pub study: &'s Study,
    /// Where it is started.
    pub folder: PathBuf,
}

impl<'s> Program<'s> {
    /// The study's program, if it has one.
    pub fn of(study: &'s Study) -> Result<Option<Self>, Fault> {
        if study.train.command.is_empty() {
            return Ok(None);
        }
        let beside = study.file.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        let folder = std::path::absolute(if beside.as_os_str().is_empty() { Path::new(".") } else { beside });
        let folder = folder.map_err(|e| Fault::io(beside, "find", &e))?;
        let program = Program { study, folder };
        program.check_command()?;
        Ok(Some(program))
    }

    /// Refuses a program that is not there before any work is done for it.
    fn check_command(&self) -> Result<(), Fault> {
        let word = &self.study.train.command[0];
        if word == OWN_PROGRAM {
            return Ok(());
        }
        let path = self.study.train.environment.get("PATH").map(Into::into).or_else(|| std::env::var_os("PATH"));
        let folders = path.iter().flat_map(std::env::split_paths);
        let is_path = word.contains(std::path::is_separator);
        let is_there = match is_path {
            true => self.folder.join(word).is_file(),
            false => folders.map(|folder| self.folder.join(folder).join(word)).any(|file| file.is_file()),
        };
        // Elsewhere a program's file may be called otherwise than its word.
        if is_there || !cfg!(unix) {
            return Ok(());
        }
        Err(not_started(word, &self.folder, &std::io::ErrorKind::NotFound.into()))
    }

    /// Hash of all that decides what it computes: the contract, the command, the content of its inputs and of the files
    /// that the command names, what the commands for versions print, its environment, and how faces are handed over.
    pub fn sha256(&self) -> Result<String, Fault> {
        let train = &self.study.train;
        let mut hash = Hasher::default();
        hash.update_text(&format!("{} {} {}", JOB_FORMAT.0, JOB_FORMAT.1, self.handed_as().name()));
        train.command.iter().for_each(|word| hash.update_text(word));
        let named = train.command.iter().map(|word| self.folder.join(word)).filter(|path| path.is_file());
        for path in named.chain(train.inputs.iter().cloned()) {
            hash.update(&files::read(&path)?);
        }
        for command in &train.versions {
            hash.update_text(&self.output(command)?);
        }
        for (name, value) in &train.environment {
            hash.update_text(&format!("{name}={value}"));
        }
        Ok(hash.finish())
    }

    /// How faces are handed over.
    pub fn handed_as(&self) -> HandedAs {
        self.study.train.faces.unwrap_or_default()
    }

    /// What a command for a version prints.
    fn output(&self, words: &[String]) -> Result<String, Fault> {
        let line = words.join(" ");
        let mut command = std::process::Command::new(&words[0]);
        command.args(&words[1..]).current_dir(&self.folder).envs(&self.study.train.environment);
        let output = command.stdin(std::process::Stdio::null()).output();
        let output = output.map_err(|e| not_started(&line, &self.folder, &e))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
        }
        Err(Fault::machine(format!("train.versions, `{line}`"), "the command for a version failed")
            .found(String::from_utf8_lossy(&output.stderr).trim().lines().last().unwrap_or_default().to_owned())
            .hint("run it by hand in the study file's folder"))
    }
}

/// A program that is not there, or may not be started.
pub(crate) fn not_started(line: &str, folder: &Path, error: &std::io::Error) -> Fault {
    Fault::machine(format!("`{line}` in {}", folder.display()), format!("the program cannot be started: {error}"))
        .expected("a program that can be found (PATH, or from the study file's folder)")
        .hint("train.command begins with it; for Python name the interpreter of your environment")
}
