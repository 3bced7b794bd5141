//! Which other adapter reads what the named one does not.
//!
//! In: a place that an adapter found nothing in. Out: the adapter of the database that lies there, if one takes at
//! least half of its pictures; `folder` where they lie in class folders. Looks at names and lists alone.

use std::path::Path;

use howfar_face::Fault;

use super::{DATABASES, Database, folder};
use crate::listing::{Listing, Reason, count};
use crate::request::PrepareRequest;

/// Adds to a fault which other database's adapter reads the place.
pub(super) fn hint(fault: Fault, path: &Path, named: &Database) -> Fault {
    match find(path, named) {
        Some(other) => fault.hint(looks_like(other, path)),
        None => fault,
    }
}

fn looks_like(other: &Database, path: &Path) -> String {
    format!("this looks like {}: give {}:{}", other.title, other.name, path.display())
}

/// That nothing lies at a path that its adapter reads, with what its files were taken for.
pub(super) fn nothing_here(path: &Path, listing: &Listing, named: &Database) -> Fault {
    let other = find(path, named).or_else(|| reads_class_folders(path, named).then_some(&folder::DATABASE));
    let what = format!("nothing that the adapter {} reads is here", named.name);
    let fault = Fault::data(path.display(), what).hint(match other {
        Some(other) => looks_like(other, path),
        None => "docs/databases.md has the layout of every database".to_owned(),
    });
    let telling = listing.rejects.iter().min_by_key(|reject| reject.reason != Reason::NameNotKnown);
    let Some(first) = telling else { return fault };
    let counts: Vec<String> = count(&listing.rejects).into_iter().map(|(reason, n)| format!("{n} {reason}")).collect();
    let fault = fault.found(format!("{}, such as {}", counts.join(", "), first.source));
    match first.detail.strip_prefix("expected ") {
        Some(expected) => fault.expected(expected),
        None => fault,
    }
}

/// Whether an adapter knew none of the names, rather than left out what was not asked for.
pub(super) fn knows_no_name(listing: &Listing) -> bool {
    use Reason::{Missing, NameNotKnown, NoLabel, NotAPicture};
    listing.found.is_empty()
        && listing.rejects.iter().all(|r| matches!(r.reason, Missing | NameNotKnown | NoLabel | NotAPicture))
}

fn find(path: &Path, named: &Database) -> Option<&'static Database> {
    let request = PrepareRequest::new(Vec::new(), Default::default());
    let others = DATABASES.iter().filter(|other| other.name != named.name);
    let taken = others.filter_map(|other| {
        let listing = (other.list)(path, &request).ok()?;
        let unknown =
            listing.rejects.iter().filter(|r| matches!(r.reason, Reason::NameNotKnown | Reason::NoLabel)).count();
        let n_found = listing.found.len();
        (n_found > 0 && n_found >= unknown && (other.is_sign)(&listing)).then_some((n_found, *other))
    });
    taken.max_by_key(|(n_found, _)| *n_found).map(|(_, other)| other)
}

/// Whether the folder is one of class folders that the adapter `folder` understands.
fn reads_class_folders(path: &Path, named: &Database) -> bool {
    let request = PrepareRequest::new(Vec::new(), Default::default());
    named.name != folder::DATABASE.name
        && path.is_dir()
        && (folder::DATABASE.list)(path, &request).is_ok_and(|listing| !listing.found.is_empty())
}
