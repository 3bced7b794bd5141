//! A warning where pictures bear the marks of a generator and are taken for photographs.
//!
//! In: what an adapter found. Out: a sentence, or nothing. Looks into the heads of a few files only.

use std::collections::BTreeMap;

use howfar_face::Provenance;

use crate::listing::{Found, Listing, Pixels};
use crate::metadata::{generator_mark, mark_in};
use crate::request::PrepareRequest;

/// Pictures of a source that are looked at, spread over all of it.
const LOOKED_AT: usize = 50;

/// What a reader should know where pictures of a source that count as photographs look generated.
pub(crate) fn marked_as_generated(listing: &Listing, request: &PrepareRequest) -> Option<String> {
    if request.provenance != Provenance::Real {
        return None;
    }
    let step = listing.found.len().div_ceil(LOOKED_AT).max(1);
    let (mut n_seen, mut marks) = (0_u64, BTreeMap::<&str, u64>::new());
    for found in listing.found.iter().step_by(step).filter(|found| found.taken_over.is_none()) {
        n_seen += 1;
        if let Some(who) = mark_of(found) {
            *marks.entry(who).or_default() += 1;
        }
    }
    let n_marked: u64 = marks.values().sum();
    let who: Vec<&str> = marks.into_keys().collect();
    (n_marked > 0).then(|| {
        format!(
            "{n_marked} of {n_seen} pictures looked at bear the mark of a generator ({}), and all count as \
                photographs; \
            if they are generated, say so with --provenance generated",
            who.join(", ")
        )
    })
}

fn mark_of(found: &Found) -> Option<&'static str> {
    match &found.pixels {
        Pixels::File | Pixels::Tile { .. } => generator_mark(&found.file),
        Pixels::Row { table, leaf, group, row } => mark_in(table.bytes(*leaf, *group, *row).ok()??.data()),
        Pixels::Gray(_) | Pixels::Clip(_) | Pixels::ClipStart(_) | Pixels::Frames(_) => None,
    }
}
