//! What may enter the set, and what does not: candidates with a label and a person, rejects with a reason, and for
//! every database what became of each of its units.
//!
//! In: listings. Out: candidates in the order of the set, rejects, and one [`Account`] a source that balances: every
//! unit that was found is in the set or has a reason.

use std::collections::BTreeMap;

use howfar_face::{Fault, Provenance, SubjectId};

use crate::gather::Gathered;
use crate::listing::{Found, Reason};
use crate::published::Unit;
use crate::request::PrepareRequest;

/// A picture that may enter the set.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub found: Found,
    pub subject: SubjectId,
    /// Whom it was made from.
    pub parent: Option<SubjectId>,
    pub label: usize,
    pub provenance: Provenance,
    /// Which source of the request it is of.
    pub source_idx: usize,
}

impl Candidate {
    pub(crate) fn rejected(&self, source: String, reason: Reason, detail: String) -> Rejected {
        Rejected { database: self.subject.database().to_owned(), source, reason, detail }
    }
}

/// A file left out, with the database that it is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rejected {
    pub database: String,
    pub source: String,
    pub reason: Reason,
    pub detail: String,
}

/// What became of a source's pictures.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    unit: Unit,
    /// For each unit (a picture or a sequence): none if it is in the set, else why not.
    units: BTreeMap<String, Option<Reason>>,
    /// Candidates: what was asked for.
    pub n_asked: u64,
    /// Those of them that could not be read, or in which no face was found.
    pub n_lost: u64,
    /// Faces written.
    pub n_faces: u64,
}

impl Account {
    pub(crate) fn new(unit: Unit) -> Self {
        Account { unit, units: BTreeMap::new(), n_asked: 0, n_lost: 0, n_faces: 0 }
    }

    fn unit_of(&self, found: &Found) -> String {
        match self.unit {
            Unit::Pictures => found.source.clone(),
            Unit::Sequences => found.sequence.as_ref().unwrap_or(&found.source).clone(),
        }
    }

    /// A candidate is in the set, with so many faces.
    pub(crate) fn take(&mut self, found: &Found, n_faces: u64) {
        self.units.insert(self.unit_of(found), None);
        self.n_faces += n_faces;
    }

    /// A find is left out whole. A sequence of which another frame is in the set stays in it.
    pub(crate) fn leave_out(&mut self, found: &Found, reason: Reason) {
        self.units.entry(self.unit_of(found)).or_insert(Some(reason));
        self.n_lost += u64::from(reason.is_loss());
    }

    /// Units in the set.
    pub(crate) fn n_in_set(&self) -> u64 {
        self.units.values().filter(|reason| reason.is_none()).count() as u64
    }

    /// Units that were found.
    pub(crate) fn n_found(&self) -> u64 {
        self.units.len() as u64
    }

    /// Units left out by reason.
    pub(crate) fn left_out(&self) -> BTreeMap<Reason, u64> {
        let mut counts = BTreeMap::new();
        for reason in self.units.values().flatten() {
            *counts.entry(*reason).or_default() += 1;
        }
        counts
    }

    /// The share of what was asked for that was lost, 0 to 1.
    pub(crate) fn loss(&self) -> f64 {
        if self.n_asked == 0 { 0.0 } else { self.n_lost as f64 / self.n_asked as f64 }
    }
}

/// Keeps the classes asked for, up to the limit, and names whose each picture is.
pub(crate) fn choose(
    request: &PrepareRequest,
    gathered: &mut [Gathered],
    classes: &[String],
    rejected: &mut Vec<Rejected>,
) -> Result<(Vec<Candidate>, Vec<Account>), Fault> {
    let (mut candidates, mut accounts) = (Vec::new(), Vec::new());
    for (source_idx, Gathered { database, adapter, listing, .. }) in gathered.iter_mut().enumerate() {
        let mut account = Account::new(adapter.published.first().map_or(Unit::Pictures, |table| table.unit));
        let mut n_of_class = vec![0_usize; classes.len()];
        for found in std::mem::take(&mut listing.found) {
            let Some(label) = classes.iter().position(|class| class == found.class.name()) else {
                account.leave_out(&found, Reason::NotAskedFor);
                listing.reject(found.source, Reason::NotAskedFor, format!("class {}", found.class.name()));
                continue;
            };
            n_of_class[label] += 1;
            if request.limit.is_some_and(|limit| n_of_class[label] > limit) {
                account.leave_out(&found, Reason::NotAskedFor);
                listing.reject(found.source, Reason::NotAskedFor, "beyond the limit of its class");
                continue;
            }
            account.n_asked += 1;
            let (subject, parent) = (found.subject(database)?, found.parent(database)?);
            let provenance = found.taken_over.as_ref().map_or(request.provenance, |known| known.provenance);
            candidates.push(Candidate { found, subject, parent, label, provenance, source_idx });
        }
        rejected.extend(listing.rejects.drain(..).map(|reject| Rejected {
            database: database.clone(),
            source: reject.source,
            reason: reject.reason,
            detail: reject.detail,
        }));
        accounts.push(account);
    }
    Ok((candidates, accounts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::TreeFile;
    use howfar_face::Expression;
    use std::path::Path;

    #[test]
    fn a_sequence_is_in_the_set_with_any_of_its_frames() {
        let frame = |name: &str, sequence: &str| Found {
            sequence: Some(sequence.to_owned()),
            ..Found::picture(&TreeFile::listed(Path::new("."), name), Expression::Fear)
        };
        let mut account = Account::new(Unit::Sequences);
        account.n_asked = 4;
        account.leave_out(&frame("1", "a"), Reason::NoFace);
        account.take(&frame("2", "a"), 3);
        account.leave_out(&frame("3", "a"), Reason::NoFace);
        account.leave_out(&frame("4", "b"), Reason::Unreadable);
        assert_eq!((account.n_found(), account.n_in_set(), account.n_faces), (2, 1, 3));
        assert_eq!(account.left_out(), BTreeMap::from([(Reason::Unreadable, 1)]));
        assert_eq!(account.loss(), 0.75);
    }
}
