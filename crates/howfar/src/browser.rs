//! Opens a page in the user's browser, with what the system has for that.
//!
//! In: a file. Out: a program that was started and found well; an error with what to do otherwise.

use std::path::Path;
use std::process::{Command, Stdio};

use howfar_face::Fault;

/// The system's opener.
const OPENER: &str = if cfg!(windows) {
    "explorer"
} else if cfg!(target_os = "macos") {
    "open"
} else {
    "xdg-open"
};

/// Opens a file as a double click would.
///
/// # Errors
/// Where there is no opener, or it says that it failed.
pub fn open(page: &Path) -> Result<(), Fault> {
    let path = std::path::absolute(page).map_err(|e| Fault::io(page, "make absolute", &e))?;
    let mut command = Command::new(OPENER);
    command.arg(&path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let refused = |found: String| {
        Fault::machine(page.display(), "the report is written, and no browser could be opened")
            .found(found)
            .expected(format!("a desktop with {OPENER}"))
            .hint(format!("open {} yourself; on a server, copy it: it is one file", path.display()))
    };
    // Explorer says 1 where all went well.
    match command.status() {
        Ok(status) if status.success() || cfg!(windows) => Ok(()),
        Ok(status) => Err(refused(format!("{OPENER}: {status}"))),
        Err(error) => Err(refused(format!("{OPENER}: {error}"))),
    }
}
