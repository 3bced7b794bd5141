//! The program that a study may train with in place of howfar's networks: what is asked for in `[train]`.
//!
//! In: the keys of a study file. Out: a checked request. Starts nothing and reads no file (docs/trainers.md).

use std::path::{Path, PathBuf};

use howfar_face::Fault;
use serde::{Deserialize, Serialize};

use crate::{Budget, Study};

/// How faces are handed to a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HandedAs {
    /// Tables with PNG bytes in them.
    #[default]
    Parquet,
    /// PNG files, and lists of them.
    Png,
}

impl HandedAs {
    /// The word that stands in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Png => "png",
        }
    }
}

/// The word for howfar itself in a command: the program that runs the study, wherever it is.
pub const OWN_PROGRAM: &str = "howfar";

/// Minutes that a cell of a program may take where nothing is said.
pub const TIMEOUT_MIN: f64 = 24.0 * 60.0;
/// The most that may be said.
const MOST_MINUTES: f64 = 365.0 * 24.0 * 60.0;

impl Study {
    /// The name of the study's program in tables, if it has one: what is said, or that of its first input, of the first
    /// argument that is called like a file, or of the command.
    pub fn program(&self) -> Option<String> {
        let train = &self.train;
        let first = train.command.first()?;
        let is_file = |word: &&String| !word.starts_with('-') && Path::new(word).extension().is_some();
        let argument = train.command.iter().skip(1).find(is_file).map(Path::new);
        let file = train.inputs.first().map(PathBuf::as_path).or(argument).and_then(Path::file_stem);
        let of_file = file.map(|stem| stem.to_string_lossy().into_owned());
        Some(train.name.clone().or(of_file).unwrap_or_else(|| first.clone()))
    }

    /// Makes a command of a network on features: alone it is trained once a mixture, for it knows no epochs.
    pub(crate) fn take_feature_head(&mut self, place: &str) -> Result<(), Fault> {
        let train = &mut self.train;
        let Some(head) = train.network.head.take() else { return Ok(()) };
        if !train.command.is_empty() {
            return Err(Fault::usage(
                place,
                "train.network asks for a classifier on features, and train.command for a program",
            )
            .found(train.command.join(" "))
            .expected("one of them: a study has one program"));
        }
        train.command = head.command();
        train.inputs.insert(0, head.features);
        if train.network.is_empty() {
            train.budget.get_or_insert(Budget::Epochs);
        }
        Ok(())
    }

    pub(crate) fn check_program(&self, place: &str) -> Result<(), Fault> {
        let train = &self.train;
        let Some(name) = self.program() else {
            let of_programs = [
                ("name", train.name.is_some()),
                ("inputs", !train.inputs.is_empty()),
                ("versions", !train.versions.is_empty()),
                ("environment", !train.environment.is_empty()),
                ("faces", train.faces.is_some()),
                ("timeout_min", train.timeout_min.is_some()),
                ("gpus", train.gpus.is_some()),
            ];
            return match of_programs.iter().find(|(_, is_said)| *is_said) {
                None => Ok(()),
                Some((key, _)) => {
                    Err(Fault::usage(place, format!("train.{key} is about a program, and there is none"))
                        .expected("command = [\"python\", \"train.py\"]")
                        .hint("docs/trainers.md says how a program trains in place of a network"))
                }
            };
        };
        let empty = [train.command.as_slice()].into_iter().chain(train.versions.iter().map(Vec::as_slice));
        if empty.into_iter().any(|words| words.first().is_none_or(String::is_empty)) {
            return Err(Fault::usage(place, "train.command and each of train.versions begin with a program")
                .expected("command = [\"python\", \"train.py\"]"));
        }
        if let Some(minutes) = train.timeout_min.filter(|minutes| !(*minutes > 0.0 && *minutes <= MOST_MINUTES)) {
            return Err(Fault::usage(place, "train.timeout_min is no time")
                .found(minutes)
                .expected(format!("minutes above 0, up to {MOST_MINUTES}")));
        }
        if let Some(network) = train.network.iter().find(|choice| choice.name() == name) {
            return Err(Fault::usage(place, "a network and the program go by the same name in tables")
                .found(network.name())
                .hint("name = \"another\" in [train] names the program"));
        }
        match self.grid.arms.iter().find(|arm| !arm.for_programs) {
            None => Ok(()),
            Some(arm) => Err(Fault::usage(place, format!("the arm {} needs a network of howfar's own", arm.name))
                .found("train.command")
                .expected("other arms")),
        }
    }
}
