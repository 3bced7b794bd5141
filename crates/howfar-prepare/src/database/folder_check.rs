//! Refuses trees and manifests from which a network would learn something else than classes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use howfar_face::Fault;

use crate::listing::Listing;
use crate::request::PrepareRequest;
use crate::spelling::{in_short, key};

/// Refuses one class alone, a class without a picture, and classes that are persons.
pub(super) fn check_classes(
    path: &Path,
    listing: &Listing,
    without_pictures: &BTreeSet<&str>,
    request: &PrepareRequest,
) -> Result<(), Fault> {
    if let Some(first) = without_pictures.first() {
        let names: Vec<&str> = without_pictures.iter().copied().collect();
        return Err(Fault::data(path.display(), "a class folder has no picture")
            .found(in_short(&names))
            .expected("pictures (PNG, JPEG, TIFF, BMP, WebP) in each class folder")
            .hint(format!("put pictures there, or leave the class out with `--ignore {first}`")));
    }
    let classes: BTreeSet<&str> = listing.found.iter().map(|found| found.class.name()).collect();
    if let (1, Some(class), true) = (classes.len(), classes.first(), request.sources.len() <= 1)
        && request.expressions.len() > 1
    {
        return Err(Fault::data(path.display(), "there is one class alone; nothing can be told apart")
            .found(format!("{} pictures of {class}", listing.found.len()))
            .expected("two classes or more")
            .hint(format!(
                "give the folder that holds all class folders; for a set of one expression, say `--expressions {class}`"
            )));
    }
    match persons_of_classes(listing) {
        Some(found) => Err(Fault::data(path.display(), "the people are the classes: each class is one person")
            .found(found)
            .expected("people with pictures of several classes")
            .hint(
                "a network would learn to tell people apart: check --subject-pattern, and that the folder given holds \
                folders of classes, not of people",
            )),
        None => Ok(()),
    }
}

/// Whether the classes are the persons under another name: as many, paired one to one, and either named alike or with
/// two pictures or more in every pair.
fn persons_of_classes(listing: &Listing) -> Option<String> {
    let mut pairs: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for found in &listing.found {
        *pairs.entry((found.class.name(), found.person.as_deref()?)).or_default() += 1;
    }
    let classes: BTreeSet<&str> = pairs.keys().map(|pair| pair.0).collect();
    let persons: BTreeSet<&str> = pairs.keys().map(|pair| pair.1).collect();
    let one_to_one = classes.len() == pairs.len() && persons.len() == pairs.len() && pairs.len() > 1;
    let alike = pairs.keys().all(|(class, person)| key(class).contains(&key(person)));
    let shown: Vec<String> = pairs.keys().map(|(class, person)| format!("{class}: {person}")).collect();
    (one_to_one && (alike || pairs.values().all(|n| *n > 1))).then(|| in_short(&shown))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::{Class, Found};
    use crate::tree::TreeFile;

    fn listing(pairs: &[(&str, &str)]) -> Listing {
        let mut listing = Listing::default();
        for (class, person) in pairs {
            let file = TreeFile::listed(Path::new("."), "1.png");
            listing.take(Found::picture(&file, Class::Named((*class).to_owned())).of(*person));
        }
        listing
    }

    #[test]
    fn persons_that_are_the_classes_are_seen() {
        let cases: [(&[(&str, &str)], bool); 5] = [
            (&[("P1", "P1"), ("P2", "P2")], true),
            (&[("P1", "1"), ("P2", "2")], true),
            (&[("a", "x"), ("a", "x"), ("b", "y"), ("b", "y")], true),
            (&[("happy", "s01"), ("sad", "s02")], false),
            (&[("P1", "P1"), ("P2", "P2"), ("P2", "P1")], false),
        ];
        for (pairs, expected) in cases {
            assert_eq!(persons_of_classes(&listing(pairs)).is_some(), expected, "{pairs:?}");
        }
    }
}
