//! howfar's own JSON files: each says its format and its version, and these are looked at before anything else.
//!
//! In: a path, a format and the versions of it that are read. Out: a value. A file of a newer version is refused by its
//! version; that a file has a field which nobody knows is only said of one whose version is known.

use std::fmt::Display;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{read_text, write};
use crate::{Fault, refuse_stand_in};

/// Writes a value as indented JSON with a final newline, whole or not at all.
pub fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), Fault> {
    let mut text = serde_json::to_string_pretty(value).map_err(|e| Fault::data(path.display(), e.to_string()))?;
    text.push('\n');
    write(path, text.as_bytes())
}

/// Reads one of our own JSON files: `format` must be ours and `version` not newer than we know.
pub fn read_json<T: DeserializeOwned>(path: &Path, format: &str, version: u32) -> Result<T, Fault> {
    read_json_since(path, format, 0, version)
}

/// The same where files of versions before `oldest` mean something else.
pub fn read_json_since<T: DeserializeOwned>(path: &Path, format: &str, oldest: u32, version: u32) -> Result<T, Fault> {
    let text = read_text(path)?;
    refuse_stand_in(path, text.as_bytes())?;
    let broken = |e: serde_json::Error| {
        Fault::data(format!("{}, line {}", path.display(), e.line()), format!("not a {format} file: {e}"))
            .hint("restore the file or make it anew with the command that wrote it")
    };
    let value: serde_json::Value = serde_json::from_str(&text).map_err(broken)?;
    let found_format = value["format"].as_str().unwrap_or("none");
    if found_format != format {
        return Err(Fault::data(path.display(), "this is another kind of file")
            .found(format!("format {found_format:?}"))
            .expected(format!("format {format:?}")));
    }
    refuse_version(path.display(), format, &value["version"], oldest..=version)?;
    let found = value["version"].as_u64().unwrap_or(0);
    serde_json::from_value(value).map_err(|e| {
        Fault::data(path.display(), format!("not a {format} file of version {found}: {e}"))
            .hint("restore the file or make it anew with the command that wrote it")
    })
}

/// Refuses a file of a version that is not read here; one that says no version is of the first.
pub fn refuse_version(
    place: impl Display,
    format: &str,
    found: &serde_json::Value,
    read: std::ops::RangeInclusive<u32>,
) -> Result<(), Fault> {
    let found = found.as_u64().unwrap_or(0);
    if found > u64::from(*read.end()) {
        return Err(Fault::data(place, "written by a newer howfar")
            .found(format!("{format}, version {found}"))
            .expected(format!("version {} or older", read.end()))
            .hint("update howfar, or make the file anew with this version"));
    }
    if found < u64::from(*read.start()) {
        return Err(Fault::data(place, "written by an older howfar")
            .found(format!("{format}, version {found}"))
            .expected(format!("version {} or newer", read.start()))
            .hint("make the file anew with the command that wrote it"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it is read is asked")]
    struct Thing {
        format: String,
        version: u32,
    }

    #[test]
    fn a_newer_version_is_said_by_its_version_and_never_as_a_field_that_nobody_knows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        for (version, words) in [
            (3, "written by a newer howfar\n  found     howfar thing, version 3\n  expected  version 2 or older"),
            (2, "not a howfar thing file of version 2: unknown field `new`"),
            (0, "written by an older howfar"),
        ] {
            let text = format!(r#"{{"format": "howfar thing", "version": {version}, "new": 1}}"#);
            write(&path, text.as_bytes()).unwrap();
            let fault = read_json_since::<Thing>(&path, "howfar thing", 1, 2).unwrap_err().to_string();
            assert!(fault.contains(words), "{fault}");
        }
    }
}
