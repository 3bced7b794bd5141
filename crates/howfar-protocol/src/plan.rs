//! The plan: every cell of a study, decided before work starts.
//!
//! In: a study and what is known of its sets. Out: the cells of the first stage (real and mix, which choose k) and, once
//! k is chosen, those of the controls.

use howfar_face::checksum::Hasher;
use howfar_face::{FaceSetInfo, Fault, SubjectId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use crate::{Arm, Cell, Controls, MixtureRatio, NUMERICS_VERSION, Recipe, Study};

/// What a set is to a study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SetInput {
    /// `real`, `generated` or `unseen`.
    pub role: String,
    /// What `face_set.json` says.
    pub info: FaceSetInfo,
}

/// What a plan is made from.
#[derive(Debug, Clone)]
pub struct PlanInputs<'a> {
    /// The study.
    pub study: &'a Study,
    /// Its sets.
    pub sets: Vec<SetInput>,
    /// The people of the real sets.
    pub people: &'a BTreeSet<SubjectId>,
    /// The instruction set that the kernels will use: part of a cell's identity.
    pub instruction_set: String,
}

/// Every cell of a study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Always `howfar plan`.
    pub format: String,
    /// The format's version.
    pub version: u32,
    /// The study, defaults filled in.
    pub study: Study,
    /// Its sets.
    pub sets: Vec<SetInput>,
    /// The instruction set.
    pub instruction_set: String,
    /// How many splits there are.
    pub n_splits: u32,
    /// The cells that choose k, and the controls that do not wait for it.
    pub cells: Vec<Cell>,
}

impl Plan {
    /// Name and version of the format of `plan.json`.
    pub const FORMAT: (&'static str, u32) = ("howfar plan", 1);

    /// Plans a study. Refuses splits that its people do not allow.
    pub fn new(inputs: PlanInputs<'_>) -> Result<Self, Fault> {
        let PlanInputs { study, sets, people, instruction_set } = inputs;
        let n_splits = study.splits(people)?.len() as u32;
        let (format, version) = Self::FORMAT;
        let mut plan = Plan {
            format: format.to_owned(),
            version,
            study: study.clone(),
            sets,
            instruction_set,
            n_splits,
            cells: Vec::new(),
        };
        let grid = &study.grid;
        for recipe in &study.recipe {
            plan.cells.extend(plan.cells_of(*recipe, Arm::Real, MixtureRatio::ZERO));
            for k in grid.k.iter().filter(|k| **k > MixtureRatio::ZERO) {
                for arm in &grid.arms {
                    if *arm == Arm::Mix || (grid.controls == Controls::All && *arm != Arm::Real) {
                        plan.cells.extend(plan.cells_of(*recipe, *arm, *k));
                    }
                }
            }
        }
        Ok(plan)
    }

    /// The cells of the controls at a chosen k that are not in the plan already.
    pub fn controls(&self, recipe: Recipe, k: MixtureRatio) -> Vec<Cell> {
        if k == MixtureRatio::ZERO || self.study.grid.controls == Controls::All {
            return Vec::new();
        }
        let arms = self.study.grid.arms.iter().filter(|arm| !matches!(arm, Arm::Real | Arm::Mix));
        arms.flat_map(|arm| self.cells_of(recipe, *arm, k)).collect()
    }

    fn cells_of(&self, recipe: Recipe, arm: Arm, k: MixtureRatio) -> Vec<Cell> {
        let inputs_sha256 = self.inputs_sha256(arm);
        let cell = |split_idx, seed_idx| Cell {
            recipe,
            arm,
            k,
            split_idx,
            seed_idx,
            settings: self.study.settings(recipe),
            inputs_sha256: inputs_sha256.clone(),
        };
        (0..self.n_splits)
            .flat_map(|split| (0..self.study.grid.seeds).map(move |seed| (split, seed)))
            .map(|(split, seed)| cell(split, seed))
            .collect()
    }

    /// Everything beside the cell's own fields that decides its numbers. The `real` arm does not depend on generated sets.
    fn inputs_sha256(&self, arm: Arm) -> String {
        let study = &self.study;
        let mut hash = Hasher::default();
        hash.update(&NUMERICS_VERSION.to_le_bytes());
        hash.update(&study.seed.to_le_bytes());
        hash.update_text(&self.instruction_set);
        hash.update_text(&study.expressions.join("\n"));
        let split = serde_json::to_string(&study.real.split).expect("a split request is plain data");
        hash.update_text(&split);
        for set in self.sets.iter().filter(|set| arm != Arm::Real || set.role != "generated") {
            hash.update_text(&set.role);
            hash.update_text(&set.info.content_sha256);
        }
        if arm != Arm::Real {
            let unit = serde_json::to_string(&study.generated.unit).expect("a unit is a word");
            hash.update_text(&unit);
        }
        hash.finish()
    }
}
