//! What the sets of a study must be beside one another: told apart by name and by content, and of the study's classes.
//!
//! In: opened sets. Out: nothing, or a fault that names the set. Who is on which side is not asked here.

use std::collections::{BTreeMap, BTreeSet};

use howfar_face::{FaceSet, Fault};
use howfar_protocol::{Study, TOGETHER};

/// Every set of a study has a name and faces of its own.
pub(crate) fn check_sets<'a>(sets: impl Iterator<Item = &'a FaceSet> + Clone) -> Result<(), Fault> {
    check_names(sets.clone())?;
    check_contents(sets)
}

/// Two sets of one name, or one that is called as all of them together, could not be told apart in tables and
/// predictions.
fn check_names<'a>(sets: impl Iterator<Item = &'a FaceSet>) -> Result<(), Fault> {
    let mut names = BTreeSet::new();
    for set in sets {
        if set.info().name == TOGETHER {
            return Err(Fault::usage(set.folder().display(), "no set of a study can have this name")
                .found(TOGETHER)
                .expected("another: it stands for all generated sets together")
                .hint("prepare or draw it anew with another --name"));
        }
        if !names.insert(set.info().name.clone()) {
            return Err(Fault::usage(set.folder().display(), "two sets of the study have the same name")
                .found(&set.info().name)
                .hint("prepare or draw one of them anew with another --name"));
        }
    }
    Ok(())
}

/// A set twice is one on two sides, or counted twice.
fn check_contents<'a>(sets: impl Iterator<Item = &'a FaceSet>) -> Result<(), Fault> {
    let mut contents: BTreeMap<&str, &FaceSet> = BTreeMap::new();
    for set in sets {
        if let Some(other) = contents.insert(&set.info().content_sha256, set) {
            return Err(Fault::data(set.folder().display(), "the same faces stand in the study twice")
                .found(format!("the content of {}", other.folder().display()))
                .expected("sets of different faces, each on one side")
                .hint("leave one of the two out"));
        }
    }
    Ok(())
}

/// Every class of the study must be a class of a real set.
pub(crate) fn check_classes(study: &Study, real: &[FaceSet]) -> Result<(), Fault> {
    let known: BTreeSet<&str> = real.iter().flat_map(|s| s.info().classes.iter().map(String::as_str)).collect();
    let Some(unknown) = study.expressions.iter().find(|e| !known.contains(e.as_str())) else { return Ok(()) };
    let meant = howfar_face::closest_name(unknown, known.iter().copied());
    let fault = Fault::usage("expressions", "no real set has this class")
        .found(unknown)
        .expected(known.iter().copied().collect::<Vec<_>>().join(", "));
    Err(match meant {
        Some(meant) => fault.hint(format!("did you mean `{meant}`?")),
        None => fault.hint("name the study's classes in `expressions`"),
    })
}
