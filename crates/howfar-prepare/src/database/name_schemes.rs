//! Names that generators give to their pictures: who is on them, and in some schemes what they show.
//!
//! In: pictures of which all names follow one scheme. Out: persons, and labels where no folder gives them; said aloud.
//! A scheme that one name does not follow is not taken.

use howfar_face::{Expression, Fault};

use super::names::whole;
use crate::listing::{Found, Listing, Reason};
use crate::picture_file::is_picture;
use crate::request::PrepareRequest;
use crate::tree::{Tree, TreeFile};

/// A scheme: a pattern of whole names without their endings.
struct Scheme {
    /// As in "named after …".
    name: &'static str,
    /// Groups `person` and, where the name says what is shown, `label`.
    pattern: &'static str,
}

const SCHEMES: [Scheme; 3] = [
    Scheme {
        name: "number, sex, age, origin, expression (face_00001_m_30_asian_angry_x)",
        pattern: concat!(
            r"(?i)(?<person>(?:[a-z]+_)?\d+)_(?:m|f|male|female|man|woman)_",
            r"\d{1,3}_[a-z]+_(?<label>[a-z]+)(?:_.*)?"
        ),
    },
    Scheme {
        name: "source and driving picture of LivePortrait (source--driving)",
        pattern: "(?<person>.+?)--(?<label>.+)",
    },
    Scheme { name: "seed (seed0000)", pattern: r"(?i)(?<person>seed[-_ ]?\d+)" },
];

/// What a name says.
struct Named {
    person: String,
    label: Option<Expression>,
}

impl Scheme {
    /// What each of the names says, if all follow the scheme.
    fn read<'n>(&self, names: impl Iterator<Item = &'n str>) -> Option<Vec<Named>> {
        let pattern = whole(self.pattern);
        let read = |name: &str| {
            let groups = pattern.captures(name)?;
            let label = groups.name("label").and_then(|label| one_expression(label.as_str()));
            Some(Named { person: groups.name("person")?.as_str().to_owned(), label })
        };
        names.map(read).collect()
    }
}

/// The only expression among the words of a name.
fn one_expression(name: &str) -> Option<Expression> {
    let words = name.split(|c: char| !c.is_alphabetic()).filter_map(Expression::from_word);
    let mut words: Vec<Expression> = words.collect();
    words.dedup();
    (words.len() == 1).then(|| words.remove(0))
}

/// LivePortrait's pictures of source, driving and result side by side.
fn is_side_by_side(file: &TreeFile) -> bool {
    file.stem().contains("--") && file.stem().ends_with("_concat")
}

/// Pictures whose names say what they show, where no folder does; `None` where they do not.
pub(super) fn list(tree: &Tree, request: &PrepareRequest) -> Result<Option<Listing>, Fault> {
    let (mut pictures, others): (Vec<&TreeFile>, Vec<&TreeFile>) = tree.files.iter().partition(|f| is_picture(&f.path));
    let is_class = |file: &&TreeFile| file.folders().into_iter().any(|folder| Expression::from_word(folder).is_some());
    if pictures.is_empty() || pictures.iter().any(is_class) {
        return Ok(None);
    }
    let side_by_side: Vec<&TreeFile> = pictures.iter().copied().filter(|file| is_side_by_side(file)).collect();
    pictures.retain(|file| !is_side_by_side(file));
    let read = |scheme: &Scheme| {
        let named = scheme.read(pictures.iter().map(|file| file.stem()))?;
        let labels: Option<Vec<Expression>> = named.iter().map(|named| named.label).collect();
        Some((named, labels?))
    };
    let Some((scheme, (named, labels))) = SCHEMES.iter().find_map(|scheme| Some((scheme, read(scheme)?))) else {
        return Ok(None);
    };
    let pattern = request.settings.compiled_subject_pattern()?;
    let mut listing = Listing::default();
    for file in others {
        listing.reject(&file.relative, Reason::NotAPicture, "by its name");
    }
    for file in side_by_side {
        listing.reject(&file.relative, Reason::NotAskedFor, "source, driving picture and result side by side");
    }
    for ((file, named), label) in pictures.iter().zip(named).zip(labels) {
        let found = Found::picture(file, label);
        match &pattern {
            None => listing.take(found.of(named.person)),
            Some(pattern) => match pattern.find(&file.relative) {
                Some(person) => listing.take(found.of(person)),
                None => listing.reject_unknown(file, "a path that the subject pattern matches"),
            },
        }
    }
    listing.caveats.push(format!("labels of {} pictures are from their names: {}", listing.found.len(), scheme.name));
    Ok(Some(listing))
}

/// Persons from names, where nothing else says whose the pictures are.
pub(super) fn add_persons(listing: &mut Listing, request: &PrepareRequest) {
    let known = listing.found.iter().any(|found| found.person.is_some() || found.taken_over.is_some());
    if known || listing.found.is_empty() || request.settings.subject_pattern.is_some() {
        return;
    }
    let stems = |found: &Found| TreeFile { path: found.file.clone(), relative: found.source.clone() }.stem().to_owned();
    let stems: Vec<String> = listing.found.iter().map(stems).collect();
    let read = |scheme: &'static Scheme| Some((scheme, scheme.read(stems.iter().map(String::as_str))?));
    let Some((scheme, named)) = SCHEMES.iter().find_map(read) else { return };
    for (found, named) in listing.found.iter_mut().zip(named) {
        found.person = Some(named.person);
    }
    listing.caveats.push(format!("people of {} pictures are from their names: {}", listing.found.len(), scheme.name));
}
