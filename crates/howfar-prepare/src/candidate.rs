//! What may enter the set, and what does not: candidates with a label and a person, rejects with a reason, and for
//! every database what became of each of its units.
//!
//! In: listings. Out: candidates in the order of the set, rejects, and one [`Account`] a source that balances: every
//! unit that was found is in the set or has a reason.

use howfar_face::{Fault, Provenance, SubjectId};

use crate::account::Account;
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
