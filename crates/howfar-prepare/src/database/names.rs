//! Whole-name patterns: each file of a tree either matches from end to end or is reported.

use std::borrow::Cow;

use howfar_face::foreign_picture_endings;
use regex::{Captures, Regex};

use crate::listing::Listing;
use crate::picture_file::PICTURE_ENDINGS;
use crate::tree::TreeFile;

/// A pattern that a whole text must match.
pub(super) fn whole(pattern: &str) -> Regex {
    Regex::new(&format!("^(?:{pattern})$")).expect("patterns are constants, and tests compile each")
}

/// A pattern of the name of a picture, in any case, with any ending of a picture: also of one that cannot be read,
/// which is told where it is opened.
pub(super) fn picture(stem: &str) -> Regex {
    whole(&format!("(?i:(?:{stem})\\.(?:{}))", endings()))
}

/// Every ending of a picture, as alternatives of a pattern.
pub(super) fn endings() -> String {
    PICTURE_ENDINGS.into_iter().chain(foreign_picture_endings()).collect::<Vec<_>>().join("|")
}

/// What of a file a pattern is held against.
#[derive(Debug, Clone, Copy)]
pub(super) enum Of {
    /// Its name.
    Name,
    /// Its whole path, with that of the folder given, parts behind `/`: a folder further down can be given then.
    Path,
}

/// Hands each file that matches to `visit` and reports the others, which should look as `expected` says.
pub(super) fn each_match<'t>(
    files: impl IntoIterator<Item = &'t TreeFile>,
    (of, pattern): (Of, &Regex),
    expected: &str,
    listing: &mut Listing,
    mut visit: impl FnMut(&mut Listing, &'t TreeFile, &Captures<'_>),
) {
    for file in files {
        let text: Cow<'_, str> = match of {
            Of::Name => file.name().into(),
            Of::Path => format!("/{}", file.path.to_string_lossy().replace('\\', "/")).into(),
        };
        match pattern.captures(&text) {
            Some(captures) => visit(listing, file, &captures),
            None => listing.reject_unknown(file, expected),
        }
    }
}
