//! Splits people into training, validation and test so that nobody is on two sides.
//!
//! In: the people of the real sets and a request (counts, fractions, folds, or a file). Out: a [`Split`], which cannot
//! be built with a person on two sides. Does not look at pixels.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use howfar_face::csv_table::{CsvTable, field};
use howfar_face::{Fault, SubjectId};

use howfar_random::{Seeds, shuffle};

/// One side of a split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SplitPart {
    /// Seen by training.
    Training,
    /// Chooses epochs and k.
    Validation,
    /// Opened once k is chosen.
    Test,
}

/// Who is on which side. A person is on one side at most; those on none are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    sides: BTreeMap<SubjectId, SplitPart>,
}

impl Split {
    /// Shuffles the people and cuts: first test (which may be nobody), then validation, then training, the rest is left
    /// out.
    pub fn by_counts(
        people: &BTreeSet<SubjectId>,
        [training, validation, test]: [usize; 3],
        seeds: Seeds,
    ) -> Result<Self, Fault> {
        // A count of a study file may be any number.
        let wanted = training.saturating_add(validation).saturating_add(test);
        if wanted > people.len() || training == 0 || validation == 0 {
            return Err(Fault::usage("[real] split", "the people do not suffice for this split")
                .found(format!("{} people", people.len()))
                .expected(format!(
                    "{training} for training, {validation} for validation, {test} for test; at least one to train and \
                        one to validate"
                ))
                .hint("lower the counts, give fractions, or add a database"));
        }
        let mut order: Vec<&SubjectId> = people.iter().collect();
        shuffle(&mut order, &mut seeds.stream("split", &[]));
        let parts = std::iter::repeat_n(SplitPart::Test, test)
            .chain(std::iter::repeat_n(SplitPart::Validation, validation))
            .chain(std::iter::repeat_n(SplitPart::Training, training));
        Ok(Split { sides: order.into_iter().cloned().zip(parts).collect() })
    }

    /// Cuts by shares of the people, rounded, at least one person for each side.
    pub fn by_fractions(people: &BTreeSet<SubjectId>, shares: [f64; 3], seeds: Seeds) -> Result<Self, Fault> {
        let count = |share: f64| ((share * people.len() as f64).round() as usize).max(1);
        let (validation, test) = (count(shares[1]), count(shares[2]));
        let training = count(shares[0]).min(people.len().saturating_sub(validation + test));
        Self::by_counts(people, [training, validation, test], seeds)
    }

    /// Fold `fold_idx` of `n_folds`: its people test, those of the next fold validate, the others train.
    pub fn by_fold(people: &BTreeSet<SubjectId>, n_folds: usize, fold_idx: usize, seeds: Seeds) -> Result<Self, Fault> {
        if n_folds < 3 || n_folds > people.len() {
            return Err(Fault::usage("[real] split", "this number of folds is not possible")
                .found(format!("folds = {n_folds} for {} people", people.len()))
                .expected("3 to as many folds as people"));
        }
        let mut order: Vec<&SubjectId> = people.iter().collect();
        shuffle(&mut order, &mut seeds.stream("folds", &[]));
        let side = |position: usize| match position % n_folds {
            fold if fold == fold_idx => SplitPart::Test,
            fold if fold == (fold_idx + 1) % n_folds => SplitPart::Validation,
            _ => SplitPart::Training,
        };
        Ok(Split { sides: order.into_iter().cloned().enumerate().map(|(i, s)| (s, side(i))).collect() })
    }

    /// Reads a user's CSV with the columns `subject,part`; a person on two sides is refused.
    pub fn from_file(path: &Path, people: &BTreeSet<SubjectId>) -> Result<Self, Fault> {
        let mut sides: BTreeMap<SubjectId, (SplitPart, String)> = BTreeMap::new();
        let table = CsvTable::open(path)?;
        let (subject_at, part_at) = (table.column("subject")?, table.column("part")?);
        table.for_each(|place, row| {
            let part = field(row, part_at, place)?;
            let part = part_from_name(part).ok_or_else(|| {
                Fault::usage(place, "unknown part").found(format!("{part:?}")).expected("train, validation or test")
            })?;
            let subject: SubjectId = field(row, subject_at, place)?.parse()?;
            if !people.contains(&subject) {
                return Err(Fault::usage(place, "this person is in none of the real sets")
                    .found(&subject)
                    .hint("`howfar faces inspect FACES` lists the people of a set"));
            }
            let line = place.rsplit(", ").next().unwrap_or(place);
            if let Some((other, first)) = sides.insert(subject.clone(), (part, line.to_owned()))
                && other != part
            {
                return Err(Fault::usage(place, "a person is on two sides of the split")
                    .found(format!("{subject} is in {other:?} ({first}) and in {part:?}"))
                    .expected("each person on one side")
                    .hint("keep one of the two lines"));
            }
            Ok(())
        })?;
        let split = Split { sides: sides.into_iter().map(|(s, (p, _))| (s, p)).collect() };
        for part in [SplitPart::Training, SplitPart::Validation, SplitPart::Test] {
            if split.people(part).next().is_none() {
                return Err(Fault::usage(path.display(), format!("nobody is in {part:?}")));
            }
        }
        Ok(split)
    }

    /// Sides that a program decides; a map cannot hold a person twice.
    pub fn of(sides: BTreeMap<SubjectId, SplitPart>) -> Self {
        Split { sides }
    }

    /// The side a person is on.
    pub fn side(&self, subject: &SubjectId) -> Option<SplitPart> {
        self.sides.get(subject).copied()
    }

    /// The people of a side, sorted.
    pub fn people(&self, part: SplitPart) -> impl Iterator<Item = &SubjectId> {
        self.sides.iter().filter(move |(_, p)| **p == part).map(|(s, _)| s)
    }

    /// Whether training must never learn of this person.
    pub fn is_held_out(&self, subject: &SubjectId) -> bool {
        matches!(self.side(subject), Some(SplitPart::Validation | SplitPart::Test))
    }
}

fn part_from_name(name: &str) -> Option<SplitPart> {
    match name.to_lowercase().as_str() {
        "train" | "training" => Some(SplitPart::Training),
        "validation" | "valid" | "val" => Some(SplitPart::Validation),
        "test" => Some(SplitPart::Test),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn people(n: usize) -> BTreeSet<SubjectId> {
        (0..n).map(|i| SubjectId::new("db", &format!("p{i:03}")).unwrap()).collect()
    }

    proptest! {
        #[test]
        fn folds_test_everybody_exactly_once(n in 3usize..40, folds in 3usize..10, seed in 0u64..100) {
            prop_assume!(folds <= n);
            let people = people(n);
            let mut tested = Vec::new();
            for fold_idx in 0..folds {
                let split = Split::by_fold(&people, folds, fold_idx, Seeds::new(seed)).unwrap();
                tested.extend(split.people(SplitPart::Test).cloned());
                prop_assert!(split.people(SplitPart::Training).all(|s| !split.is_held_out(s)));
            }
            tested.sort();
            prop_assert_eq!(tested, people.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn counts_are_kept(n in 3usize..60, validation in 1usize..5, test in 1usize..5) {
            prop_assume!(n > validation + test);
            let counts = [n - validation - test, validation, test];
            let split = Split::by_counts(&people(n), counts, Seeds::new(3)).unwrap();
            let found = [SplitPart::Training, SplitPart::Validation, SplitPart::Test].map(|p| split.people(p).count());
            prop_assert_eq!(found, counts);
        }
    }

    #[test]
    fn counts_that_no_number_holds_are_more_than_there_are_people() {
        let fault = Split::by_counts(&people(9), [usize::MAX, 2, 2], Seeds::new(3)).unwrap_err().to_string();
        assert!(fault.contains("the people do not suffice"), "{fault}");
    }

    #[test]
    fn a_person_on_two_sides_of_a_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("split.csv");
        std::fs::write(&path, "subject,part\ndb:p000,train\ndb:p001,test\ndb:p000,test\n").unwrap();
        let fault = Split::from_file(&path, &people(3)).unwrap_err().to_string();
        assert!(fault.contains("line 4: a person is on two sides of the split"), "{fault}");
        assert!(fault.contains("db:p000 is in Training (line 2) and in Test"), "{fault}");
    }

    #[test]
    fn a_file_is_read_as_spreadsheets_write_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("split.csv");
        let rows = "db:p000;Train\r\ndb:p001;val\r\n\r\ndb:p002;test\r\n";
        std::fs::write(&path, format!("\u{feff}Subject;Part\r\n{rows}")).unwrap();
        let split = Split::from_file(&path, &people(3)).unwrap();
        let parts = [SplitPart::Training, SplitPart::Validation, SplitPart::Test].map(|p| split.people(p).count());
        assert_eq!(parts, [1, 1, 1]);
    }

    #[test]
    fn too_few_people_are_refused() {
        assert!(Split::by_counts(&people(4), [3, 1, 1], Seeds::new(1)).is_err());
    }
}
