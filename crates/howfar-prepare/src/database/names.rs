//! Whole-name patterns: each file of a tree either matches from end to end or is reported.

use regex::{Captures, Regex};

use crate::listing::Listing;
use crate::tree::{Tree, TreeFile};

/// A pattern that a whole text must match.
pub(super) fn whole(pattern: &str) -> Regex {
    Regex::new(&format!("^(?:{pattern})$")).expect("patterns are constants, and tests compile each")
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
