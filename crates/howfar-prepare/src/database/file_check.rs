//! Files that no adapter reads in the place of a folder, a list or a table.
//!
//! In: what the user named. Out: an error for an archive or a picture. Goes by the ending alone.

use std::path::Path;

use howfar_face::Fault;

use crate::picture_file::is_picture;

/// Endings of archives.
const ARCHIVES: [&str; 9] = ["zip", "tar", "gz", "tgz", "bz2", "xz", "7z", "rar", "zst"];

/// Refuses an archive and a picture that stand where a database should.
pub(super) fn refuse(path: &Path) -> Result<(), Fault> {
    if !path.is_file() {
        return Ok(());
    }
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    if ARCHIVES.contains(&ending.as_str()) {
        return Err(Fault::data(path.display(), "this is an archive")
            .expected("the folder of the database")
            .hint("unpack it, and give the folder that comes out"));
    }
    if is_picture(path) {
        return Err(Fault::data(path.display(), "this is a picture")
            .expected("a folder of pictures, or a list of them (`path,label,subject`)")
            .hint("give the folder that holds the class folders"));
    }
    Ok(())
}
