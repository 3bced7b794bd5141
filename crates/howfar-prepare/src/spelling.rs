//! Names that differ by case, blanks or Unicode form are one name.
//!
//! In: the persons and classes of a listing. Out: the same with one spelling each, and sentences that say which were
//! one, and which look as if they should be.

use std::collections::BTreeMap;

use howfar_face::{Expression, edit_distance};
use unicode_normalization::UnicodeNormalization;

use crate::listing::{Class, Listing};

/// Names of a list that a sentence shows.
const SHOWN: usize = 8;

/// The same for all names that are one: composed (NFC), in lower case, without blanks at the ends.
pub(crate) fn key(name: &str) -> String {
    name.trim().nfc().collect::<String>().to_lowercase()
}

/// `a, b, c and 5 more`.
pub(crate) fn in_short<T: AsRef<str>>(names: &[T]) -> String {
    let shown: Vec<&str> = names.iter().take(SHOWN).map(AsRef::as_ref).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Gives each person of a listing one spelling, and each class with a name of its own.
pub(crate) fn unify(listing: &mut Listing) {
    let persons = listing.found.iter_mut().filter_map(|found| found.person.as_mut());
    let sentences = unify_names(persons, "person");
    listing.caveats.extend(sentences);
    let sentences = unify_classes(&mut [listing]);
    listing.caveats.extend(sentences);
}

/// Gives each class with a name of its own one spelling in all listings; the first listing says so.
pub(crate) fn unify_across(listings: &mut [&mut Listing]) {
    if listings.len() < 2 {
        return;
    }
    let sentences = unify_classes(listings);
    let new = |sentence: &String| !listings.iter().any(|listing| listing.caveats.contains(sentence));
    let new: Vec<String> = sentences.into_iter().filter(new).collect();
    if let Some(first) = listings.first_mut() {
        first.caveats.extend(new);
    }
}

/// Returns what was one name, and what nearly is.
fn unify_classes(listings: &mut [&mut Listing]) -> Vec<String> {
    let mut sentences = unify_names(class_names(listings), "class");
    let mut different: Vec<String> = class_names(listings).map(|name| name.clone()).collect();
    different.sort();
    different.dedup();
    sentences.extend(nearly_equal(&different));
    sentences
}

fn class_names<'l>(listings: &'l mut [&mut Listing]) -> impl Iterator<Item = &'l mut String> {
    listings.iter_mut().flat_map(|listing| &mut listing.found).filter_map(|found| match &mut found.class {
        Class::Named(name) => Some(name),
        Class::Expression(_) => None,
    })
}

/// The spelling of most places wins; of two with as many, the first in order.
fn unify_names<'n>(names: impl Iterator<Item = &'n mut String>, kind: &str) -> Vec<String> {
    let names: Vec<&mut String> = names.collect();
    let mut spellings: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    let mut keys: BTreeMap<&str, String> = BTreeMap::new();
    for name in &names {
        let key = keys.entry(name).or_insert_with(|| key(name));
        match spellings.get_mut(key).and_then(|of_key| of_key.get_mut(name.as_str())) {
            Some(n) => *n += 1,
            None => *spellings.entry(key.clone()).or_default().entry((*name).clone()).or_default() += 1,
        }
    }
    let chosen: BTreeMap<&str, String> = spellings
        .values()
        .flat_map(|of_key| {
            let best = of_key.iter().max_by_key(|(name, n)| (**n, std::cmp::Reverse(*name))).map(|(name, _)| name);
            let spelling: String = best.map(|name| name.trim().nfc().collect()).unwrap_or_default();
            of_key.keys().map(move |name| (name.as_str(), spelling.clone()))
        })
        .collect();
    for name in names {
        if let Some(spelling) = chosen.get(name.as_str()).filter(|spelling| *spelling != name) {
            name.clone_from(spelling);
        }
    }
    let several: Vec<String> = spellings
        .values()
        .filter(|of_key| of_key.len() > 1)
        .map(|of_key| of_key.keys().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(" = "))
        .collect();
    if several.is_empty() {
        return Vec::new();
    }
    vec![format!("names that differ by case, blanks or Unicode form alone are one {kind}: {}", in_short(&several))]
}

/// A sentence for classes whose names mean the same or differ by a letter or two.
fn nearly_equal(names: &[String]) -> Option<String> {
    let alike = |a: &str, b: &str| {
        let same_word = Expression::from_word(a).is_some_and(|e| Expression::from_word(b) == Some(e));
        let letters = a.chars().count().min(b.chars().count());
        let without_digits = |name: &str| name.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
        let far = if letters >= 8 { 2 } else { 1 };
        same_word || (letters >= 5 && without_digits(a) != without_digits(b) && edit_distance(&key(a), &key(b)) <= far)
    };
    let pairs: Vec<String> = names
        .iter()
        .enumerate()
        .flat_map(|(i, a)| names[i + 1..].iter().filter(|b| alike(a, b)).map(move |b| format!("{a} and {b}")))
        .collect();
    (!pairs.is_empty()).then(|| format!("classes with nearly the same name stand apart: {}", in_short(&pairs)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::Found;
    use crate::tree::TreeFile;
    use std::path::Path;

    fn listing(names: &[(&str, &str)]) -> Listing {
        let mut listing = Listing::default();
        for (class, person) in names {
            let file = TreeFile::listed(Path::new("."), "1.png");
            listing.take(Found::picture(&file, Class::Named((*class).to_owned())).of(*person));
        }
        listing
    }

    #[test]
    fn case_blanks_and_unicode_forms_make_no_second_name() {
        let mut listing =
            listing(&[("Cat", "S01"), ("cat ", "s01"), ("cat", "s01"), ("caf\u{e9}", "x"), ("cafe\u{301}", "y")]);
        unify(&mut listing);
        let names: Vec<_> = listing.found.iter().map(|f| (f.class.name(), f.person.as_deref().unwrap())).collect();
        assert_eq!(names, [("Cat", "s01"), ("Cat", "s01"), ("Cat", "s01"), ("caf\u{e9}", "x"), ("caf\u{e9}", "y")]);
        let said = listing.caveats.join("\n");
        assert!(said.contains(r#"one person: "S01" = "s01""#) && said.contains(r#""Cat" = "cat" = "cat ""#), "{said}");
    }

    #[test]
    fn names_that_are_nearly_the_same_are_said() {
        let cases = [
            (["angry", "anger"], true),
            (["surprise", "suprise"], true),
            (["cat", "bat"], false),
            (["class1", "class2"], false),
            (["young", "older"], false),
        ];
        for (names, said) in cases {
            let mut listing = listing(&names.map(|name| (name, "x")));
            unify(&mut listing);
            assert_eq!(listing.caveats.iter().any(|c| c.contains("nearly the same")), said, "{names:?}");
        }
    }
}
