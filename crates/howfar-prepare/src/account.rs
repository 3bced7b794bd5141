//! The account of a source: what became of each of its pictures, and how that compares with what is published.
//!
//! In: finds that are taken or left out. Out: counts that balance, and a sentence about the finished set.

use std::collections::BTreeMap;

use crate::listing::{Found, Reason};
use crate::published::{Comparison, Unit};

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

impl Comparison {
    /// What became of what is published: a sentence about the finished set.
    pub(crate) fn sentence(&self, database: &str, account: &Account) -> Option<String> {
        let table = self.table?;
        let (word, part) = (table.unit.word(), table.part);
        let n_published: u64 = table.classes.iter().map(|(_, n)| n).sum();
        let (n_found, n_in_set) = (account.n_found(), account.n_in_set());
        let mut text = format!("{database}: published {n_published} {word} ({part}), ");
        if !self.differences.is_empty() {
            text += &format!("found {n_found}, ");
        }
        text += &format!("in the set {n_in_set}");
        let reasons: Vec<String> = account.left_out().iter().map(|(reason, n)| format!("{n} {reason}")).collect();
        if !reasons.is_empty() {
            text += &format!(": {}", reasons.join(", "));
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use howfar_face::Expression;

    use super::*;
    use crate::published::{Published, compare};
    use crate::tree::TreeFile;

    const TABLES: [Published; 2] = [
        Published { part: "all", unit: Unit::Pictures, classes: &[(Expression::Fear, 2)], persons: Some(1) },
        Published { part: "a part", unit: Unit::Pictures, classes: &[(Expression::Fear, 1)], persons: Some(1) },
    ];

    fn finds(n: usize) -> Vec<Found> {
        let file = |i: usize| TreeFile::listed(Path::new("."), &format!("{i}.png"));
        (0..n).map(|i| Found::picture(&file(i), Expression::Fear).of("A")).collect()
    }

    #[test]
    fn the_sentence_is_about_the_finished_set() {
        let (two, three) = (finds(2), finds(3));
        let say = |found: &[Found], left_out: &[Reason]| {
            let mut account = Account::new(Unit::Pictures);
            for (i, find) in found.iter().enumerate() {
                match left_out.get(i) {
                    Some(reason) => account.leave_out(find, *reason),
                    None => account.take(find, 1),
                }
            }
            compare("x", found, &TABLES).sentence("x", &account).unwrap()
        };
        let (lost, unwanted) = (Reason::Unreadable, Reason::NotAskedFor);
        assert_eq!(say(&two, &[]), "x: published 2 pictures (all), in the set 2");
        assert_eq!(say(&two, &[unwanted]), "x: published 2 pictures (all), in the set 1: 1 not asked for");
        assert_eq!(
            say(&three, &[lost, unwanted]),
            "x: published 2 pictures (all), found 3, in the set 1: 1 not asked for, 1 unreadable"
        );
    }

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
