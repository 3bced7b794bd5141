//! Whole-name patterns: each file of a tree either matches from end to end or is reported.

use howfar_face::foreign_picture_endings;
use regex::{Captures, Regex};

use crate::listing::{Listing, PICTURE_ENDINGS};
use crate::tree::{Tree, TreeFile};

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

/// Hands each file whose name matches to `visit` and reports the others.
pub(super) fn each_match<'t>(
    tree: &'t Tree,
    pattern: &Regex,
    expected: &str,
    listing: &mut Listing,
    mut visit: impl FnMut(&mut Listing, &'t TreeFile, &Captures<'t>),
) {
    for file in &tree.files {
        match pattern.captures(file.name()) {
            Some(captures) => visit(listing, file, &captures),
            None => listing.reject_unknown(file, expected),
        }
    }
}
