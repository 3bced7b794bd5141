//! What the cells of a study mix, and the look at every mixture before work starts.
//!
//! In: a study's faces and splits. Out: the ingredients of each split and source, or a fault that says why one cannot
//! be mixed.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use howfar_face::Fault;
use howfar_protocol::{
    GeneratedFaces, HeldOut, Ingredients, Mixture, MixtureRatio, Protocol, Role, SplitPart, StoredSets, Track,
    Treatment,
};

use super::LoadedStudy;

impl LoadedStudy {
    pub(super) fn mix(&self, treatment: &Treatment, split_idx: u32, seed_idx: u32) -> Result<Mixture, Fault> {
        let ingredients = self.ingredients_of(&treatment.source, split_idx);
        Mixture::new(treatment, &self.pool, ingredients, self.seeds(seed_idx))
    }

    pub(super) fn ingredients_of(&self, source: &Option<String>, split_idx: u32) -> &Ingredients {
        // Without generated sets there is one source: none.
        &self.ingredients[&(split_idx, source.clone().filter(|_| self.generated.contains_key(source)))]
    }

    /// What every split mixes of every source, and of none; refuses what judges (invariant 1).
    pub(super) fn make_ingredients(&self) -> Result<BTreeMap<(u32, Option<String>), Ingredients>, Fault> {
        let pooled = StoredSets { pool: &self.pool, sets: &self.pool_sets };
        let mut all = BTreeMap::new();
        for (split_idx, split) in (0..).zip(&self.splits) {
            let unseen = StoredSets { pool: &self.unseen_pool, sets: &self.unseen_sets };
            let held_out = HeldOut::of_study(split, pooled, self.real.clone(), unseen)?;
            for (name, lineage) in &self.learnt_from {
                held_out.check_lineage("[train] network", &format!("the weights {name}"), lineage)?;
            }
            let is_paper = self.study.protocol == Protocol::Paper;
            let trainable = is_paper.then(|| self.study.largest_k().units(split.people(SplitPart::Training).count()));
            let sources = self.generated.iter().map(|(source, faces)| (source.clone(), Some(faces)));
            for (source, faces) in
                sources.chain([(None, None)].into_iter().filter(|_| !self.generated.contains_key(&None)))
            {
                let faces = faces.map(|faces| GeneratedFaces { trainable, ..faces.clone() });
                let ingredients =
                    Ingredients::new(pooled, self.real.clone(), faces, self.retrieved.clone(), split, &held_out)?;
                all.insert((split_idx, source), ingredients);
            }
        }
        Ok(all)
    }

    /// Refuses before work starts what cannot be mixed: the largest k of every split is built, every k compared with
    /// the one before it, and the fewest people of every seed are looked at.
    pub(super) fn check_mixtures(&self) -> Result<(), Fault> {
        let largest = self.study.largest_k();
        // The split with most people first: it asks for most, and is the one to name.
        let mut split_idxs: Vec<u32> = (0..self.splits.len() as u32).collect();
        split_idxs.sort_by_key(|i| Reverse(self.splits[*i as usize].people(SplitPart::Training).count()));
        for split_idx in split_idxs {
            for track in self.plan.tracks() {
                self.mix(&track.on_curve(largest), split_idx, 0)?;
                let real_sets = self.plan.sets.iter().filter(|set| set.role == Role::Labelled);
                for set in real_sets.filter(|_| self.plan.leaves_out()) {
                    self.mix(&track.on_curve(largest).without(&set.info.name), split_idx, 0)?;
                }
                let ingredients = self.ingredients_of(&track.source, split_idx);
                let units = |k: MixtureRatio| ingredients.units(&self.pool, k, None, self.seeds(0));
                if let Some(pair) = self.study.grid.k.windows(2).find(|pair| units(pair[0]) == units(pair[1])) {
                    return Err(same_mixture(pair[0], pair[1]));
                }
                self.check_fewer_people(&track, split_idx)?;
            }
        }
        self.plan
            .cells
            .iter()
            .filter(|cell| cell.treatment.k == largest)
            .try_for_each(|cell| self.generated_held_out(cell, SplitPart::Test).map(drop))
    }

    /// With fewer people every k must add something, and find enough faces that have nothing of the absent.
    fn check_fewer_people(&self, track: &Track, split_idx: u32) -> Result<(), Fault> {
        let grid = &self.study.grid;
        let ingredients = self.ingredients_of(&track.source, split_idx);
        let Some(smallest) = grid.k.iter().find(|k| **k > MixtureRatio::ZERO) else { return Ok(()) };
        for percent in &grid.people_percent {
            for seed_idx in 0..grid.seeds_at_most.unwrap_or(grid.seeds) {
                let units = ingredients.units(&self.pool, *smallest, Some(*percent), self.seeds(seed_idx));
                if units.iter().all(|n| *n == 0) {
                    return Err(Fault::data(
                        "grid.k",
                        format!("k = {smallest} adds nothing to {percent} % of the people"),
                    )
                    .expected("a k that rounds to one unit or more at the smallest number of people")
                    .hint("raise k, or leave out the smallest of people_percent"));
                }
                if ingredients.descends() {
                    let treatment = track.on_curve(self.study.largest_k()).of_people(*percent);
                    self.mix(&treatment, split_idx, seed_idx)?;
                }
            }
        }
        Ok(())
    }
}

/// Two k of a grid that train on the same faces.
fn same_mixture(smaller: MixtureRatio, larger: MixtureRatio) -> Fault {
    let what = if smaller == MixtureRatio::ZERO {
        format!("k = {larger} adds nothing")
    } else {
        format!("k = {smaller} and k = {larger} are one mixture")
    };
    Fault::data("grid.k", what)
        .expected("numbers that round to different counts of generated units, the smallest above 0 to one or more")
        .hint("leave one of them out, or take a larger step")
}
