//! The plan: every cell of a study, decided before work starts.
//!
//! In: a study and what is known of its sets. Out: the cells of the first stage (real and mix, which choose k) and, once
//! k is chosen, those of the controls.

use howfar_face::checksum::Hasher;
use howfar_face::{FaceSetInfo, Fault, SubjectId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use crate::{
    Arm, Cell, Controls, MixtureRatio, NUMERICS_VERSION, Protocol, Start, Study, TOGETHER, Track, TrainingSettings,
};

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
    /// The weights that networks of the study begin with.
    pub starts: Vec<Start>,
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
    /// The weights that networks begin with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub starts: Vec<Start>,
    /// The cells that choose k, and the controls that do not wait for it.
    pub cells: Vec<Cell>,
}

impl Plan {
    /// Name and version of the format of `plan.json`.
    pub const FORMAT: (&'static str, u32) = ("howfar plan", 1);

    /// Plans a study. Refuses splits that its people do not allow.
    pub fn new(inputs: PlanInputs<'_>) -> Result<Self, Fault> {
        let PlanInputs { study, sets, people, instruction_set, starts } = inputs;
        let n_splits = study.splits(people)?.len() as u32;
        let (format, version) = Self::FORMAT;
        let mut plan = Plan {
            format: format.to_owned(),
            version,
            study: study.clone(),
            sets,
            instruction_set,
            n_splits,
            starts,
            cells: Vec::new(),
        };
        let first_arms = |k: &MixtureRatio| {
            let k = *k;
            let is_first =
                |arm: &&Arm| **arm == Arm::Mix || study.grid.controls == Controls::All && waits_for_no_choice(**arm);
            study.grid.arms.iter().filter(is_first).map(move |arm| (*arm, k)).collect::<Vec<_>>()
        };
        for track in plan.tracks() {
            let real = [(Arm::Real, MixtureRatio::ZERO)];
            let mixed = study.grid.k.iter().filter(|k| **k > MixtureRatio::ZERO).flat_map(first_arms);
            let mut blends: Vec<(Arm, MixtureRatio)> = real.into_iter().chain(mixed).collect();
            if study.protocol == Protocol::Paper && !plan.generated_sets().is_empty() {
                // The paper's second experiment: one unit of generated faces alone.
                blends.push((Arm::GeneratedOnly, MixtureRatio::ONE));
            }
            for (arm, k) in blends {
                plan.add(track.clone(), arm, k, None);
            }
        }
        Ok(plan)
    }

    /// What has an answer of its own.
    pub fn tracks(&self) -> Vec<Track> {
        self.study.tracks(&self.generated_sets())
    }

    fn generated_sets(&self) -> Vec<String> {
        self.sets.iter().filter(|set| set.role == "generated").map(|set| set.info.name.clone()).collect()
    }

    /// The cells that wait for the choice of k and are not in the plan already: controls at each track's k, and the learning
    /// curves over fewer people.
    pub fn controls(&self, compared: &[(Track, MixtureRatio)]) -> Vec<Cell> {
        let mut all = Plan { cells: self.cells.clone(), ..self.clone() };
        for (track, k) in compared.iter().filter(|(_, k)| *k > MixtureRatio::ZERO) {
            for arm in self.study.grid.arms.iter().filter(|arm| !matches!(arm, Arm::Real | Arm::Mix)) {
                all.add(track.clone(), *arm, *k, None);
            }
            for percent in &self.study.grid.people_percent {
                all.add(track.clone(), Arm::Real, MixtureRatio::ZERO, Some(*percent));
                all.add(track.clone(), Arm::Mix, *k, Some(*percent));
            }
        }
        all.cells.split_off(self.cells.len())
    }

    /// Adds the cells of every split and seed that are not there yet.
    fn add(&mut self, track: Track, arm: Arm, k: MixtureRatio, people_percent: Option<u32>) {
        let Track { recipe, network, start, source } = track;
        let source = source.filter(|_| arm != Arm::Real);
        let inputs_sha256 = self.inputs_sha256(arm, source.as_deref());
        let start = start.and_then(|name| self.starts.iter().find(|start| start.name == name).cloned());
        let settings = TrainingSettings { start, ..self.study.settings(recipe, network) };
        let cell = |split_idx, seed_idx| Cell {
            recipe,
            arm,
            k,
            source: source.clone(),
            people_percent,
            split_idx,
            seed_idx,
            settings: settings.clone(),
            inputs_sha256: inputs_sha256.clone(),
        };
        if self.cells.contains(&cell(0, 0)) {
            return;
        }
        let n_seeds = self.study.grid.seeds;
        let runs = (0..self.n_splits).flat_map(|split| (0..n_seeds).map(move |seed| (split, seed)));
        self.cells.extend(runs.map(|(split, seed)| cell(split, seed)));
    }

    /// Everything beside the cell's own fields that decides its numbers. The `real` arm does not depend on generated sets.
    fn inputs_sha256(&self, arm: Arm, source: Option<&str>) -> String {
        let study = &self.study;
        let mut hash = Hasher::default();
        hash.update(&NUMERICS_VERSION.to_le_bytes());
        hash.update(&study.seed.to_le_bytes());
        hash.update_text(&self.instruction_set);
        hash.update_text(&study.expressions.join("\n"));
        let split = serde_json::to_string(&study.real.split).expect("a split request is plain data");
        hash.update_text(&split);
        let is_mixed_in = |set: &SetInput| {
            arm != Arm::Real && source.is_none_or(|source| source == TOGETHER || source == set.info.name)
        };
        for set in self.sets.iter().filter(|set| set.role != "generated" || is_mixed_in(set)) {
            hash.update_text(&set.role);
            hash.update_text(&set.info.content_sha256);
        }
        if arm != Arm::Real {
            let unit = serde_json::to_string(&study.generated.unit).expect("a unit is a word");
            hash.update_text(&unit);
        }
        if study.protocol == Protocol::Paper {
            hash.update_text("generated identities among test and validation people");
        }
        hash.finish()
    }
}

/// Whether an arm can be run before k is chosen; the `curated` one needs finished `real` cells.
fn waits_for_no_choice(arm: Arm) -> bool {
    !matches!(arm, Arm::Real | Arm::Curated)
}
