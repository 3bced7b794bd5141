//! Who trains, validates and tests in a study: one split, one per fold, or one per seed.
//!
//! In: a study and the people of its labelled sets. Out: [`Split`]s; every random number comes from the study's seed.

use std::collections::BTreeSet;

use howfar_face::{Fault, SubjectId};
use howfar_random::Seeds;

use crate::{Protocol, Split, SplitRequest, Study};

/// Who trains, validates and tests where a study does not say: enough to choose k by, and to judge with.
const SHARES: [f64; 3] = [0.6, 0.2, 0.2];
/// Parts of the people that take turns to test where the split is drawn anew: as large as the last of [`SHARES`].
const N_TURNS: u32 = 5;

impl Study {
    /// Whether the split can be drawn anew with every seed: it is drawn at all, and the study is not the paper's.
    pub fn may_redraw(&self) -> bool {
        let SplitRequest { folds, file, .. } = &self.real.split;
        folds.is_none() && file.is_none() && self.protocol == Protocol::Fixed
    }

    /// The splits of the real people: one, one per fold, or one per seed.
    pub fn splits(&self, people: &BTreeSet<SubjectId>) -> Result<Vec<Split>, Fault> {
        // A plan that was edited comes here, too.
        self.check_seeds("the study")?;
        let request = &self.real.split;
        let seeds = Seeds::new(self.seed);
        if let Some(file) = &request.file {
            return Ok(vec![Split::from_file(file, people)?]);
        }
        if let Some(n_folds) = request.folds {
            let fold = |fold_idx| Split::by_fold(people, n_folds as usize, fold_idx as usize, seeds);
            return (0..n_folds).map(fold).collect();
        }
        if self.real.is_redrawn() {
            return (0..self.grid.seeds).map(|seed_idx| self.redrawn(people, seed_idx)).collect();
        }
        Ok(vec![self.drawn(people, seeds)?])
    }

    /// The split of a seed. Where no sizes are given, fifths of the people take turns: in five seeds everybody tests
    /// once.
    fn redrawn(&self, people: &BTreeSet<SubjectId>, seed_idx: u32) -> Result<Split, Fault> {
        let seeds = |name, i| Seeds::new(self.seed).child(name, u64::from(i));
        let is_given = self.real.split != SplitRequest::default();
        if is_given || people.len() < N_TURNS as usize {
            return self.drawn(people, seeds("split of seed", seed_idx));
        }
        let (round, turn) = (seed_idx / N_TURNS, seed_idx % N_TURNS);
        Split::by_fold(people, N_TURNS as usize, turn as usize, seeds("split of round", round))
    }

    fn drawn(&self, people: &BTreeSet<SubjectId>, seeds: Seeds) -> Result<Split, Fault> {
        let sizes = [self.real.split.train, self.real.split.validation, self.real.split.test];
        let shares: [f64; 3] = std::array::from_fn(|i| sizes[i].unwrap_or(SHARES[i]));
        if shares.iter().all(|s| *s < 1.0) {
            return Split::by_fractions(people, shares, seeds);
        }
        Split::by_counts(people, shares.map(|s| s as usize), seeds)
    }
}
