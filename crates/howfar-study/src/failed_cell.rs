//! `failed.json`: what the last attempt at a cell ended with, where it ended with an error.

use std::path::{Path, PathBuf};

use howfar_face::{Fault, FaultKind, files};
use serde::{Deserialize, Serialize};

/// `failed.json`; gone as soon as an attempt ends otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailedCell {
    /// Always `howfar failed cell`.
    pub format: String,
    /// The format's version.
    pub version: u32,
    /// The exit code that the error has by itself.
    pub exit_code: u8,
    /// The error as it is printed.
    pub error: String,
}

impl FailedCell {
    /// Name and version of the format.
    pub const FORMAT: (&'static str, u32) = ("howfar failed cell", 1);

    pub(crate) fn file(run_folder: &Path) -> PathBuf {
        run_folder.join("failed.json")
    }

    /// Keeps what went wrong; a stop on request is no failure.
    pub(crate) fn write(run_folder: &Path, fault: &Fault) -> Result<(), Fault> {
        if fault.kind() == FaultKind::Interrupted {
            return Ok(());
        }
        let (format, version) = Self::FORMAT;
        let (exit_code, error) = (fault.kind().exit_code(), fault.to_string());
        let failed = FailedCell { format: format.to_owned(), version, exit_code, error };
        files::write_json(&Self::file(run_folder), &failed)
    }

    pub(crate) fn read(run_folder: &Path) -> Result<Option<Self>, Fault> {
        let file = Self::file(run_folder);
        let (format, version) = Self::FORMAT;
        if files::is_there(&file)? { files::read_json(&file, format, version).map(Some) } else { Ok(None) }
    }

    pub(crate) fn forget(run_folder: &Path) -> Result<(), Fault> {
        files::remove_file(&Self::file(run_folder))
    }

    /// The error's first line.
    pub fn first_line(&self) -> &str {
        self.error.lines().next().unwrap_or_default()
    }
}
