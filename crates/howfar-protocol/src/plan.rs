//! The plan: every cell of a study, decided before work starts.
//!
//! In: a study and what is known of its sets. Out: the cells of the first stage (real and mix, which choose k) and,
//! once k is chosen, those of the controls.

use howfar_face::checksum::Hasher;
use howfar_face::{FaceSetInfo, Fault};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    Arm, Cell, ChooseOn, Controls, Curve, MixtureRatio, NUMERICS_VERSION, Protocol, Role, Split, SplitPart, Stage,
    Start, Study, TOGETHER, Track, TrainingSettings, Treatment,
};

/// What a set is to a study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SetInput {
    /// Labelled, generated or unseen.
    pub role: Role,
    /// What `face_set.json` says.
    pub info: FaceSetInfo,
}

impl SetInput {
    /// What a set goes by in predictions, whatever it is called: the head of its content's hash.
    pub fn id(&self) -> String {
        self.info.content_sha256.chars().take(16).collect()
    }
}

/// What a plan is made from.
#[derive(Debug, Clone)]
pub struct PlanInputs<'a> {
    /// The study.
    pub study: &'a Study,
    /// Its sets.
    pub sets: Vec<SetInput>,
    /// Who is on which side of each split.
    pub splits: &'a [Split],
    /// The instruction set that the kernels will use: part of a cell's identity.
    pub instruction_set: String,
    /// The weights that networks of the study begin with.
    pub starts: Vec<Start>,
    /// What decides what the study's program computes.
    pub program_sha256: Option<String>,
}

/// What a track's second stage is about: the point of its curve that is compared, and what it is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The track.
    pub track: Track,
    /// What stands at k = 0.
    pub baseline: Treatment,
    /// The mix that is compared.
    pub mix: Treatment,
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
    /// Hash of who is on which side, of each split.
    pub sides_sha256: Vec<String>,
    /// The weights that networks begin with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub starts: Vec<Start>,
    /// What decides what the study's program computes; none without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program_sha256: Option<String>,
    /// The cells that choose k, and the controls that do not wait for it.
    pub cells: Vec<Cell>,
}

impl Plan {
    /// Name and version of the format of `plan.json`.
    pub const FORMAT: (&'static str, u32) = ("howfar plan", 3);
    /// The oldest version that is read.
    pub const OLDEST: u32 = 2;

    /// The same as this program would have written it: what an older one took for granted is said.
    pub fn of_today(mut self) -> Self {
        if self.version == 2 {
            self.study = self.study.meant_in_version_2();
            self.version = Self::FORMAT.1;
        }
        self
    }

    /// Whether two plans are of one study, one perhaps with fewer of its seeds: their cells may lie in one folder.
    pub fn is_same_study(&self, other: &Plan) -> bool {
        let without_seeds = |plan: &Plan| {
            let mut plan = plan.clone();
            (plan.study.grid.seeds, plan.study.grid.seeds_at_most, plan.study.file) = (0, None, None);
            (plan.n_splits, plan.sides_sha256, plan.cells) = (0, Vec::new(), Vec::new());
            plan
        };
        without_seeds(self) == without_seeds(other)
    }

    /// Plans a study. Paths are kept absolute, so that the plan holds from any folder.
    pub fn new(inputs: PlanInputs<'_>) -> Result<Self, Fault> {
        let PlanInputs { study, sets, splits, instruction_set, starts, program_sha256 } = inputs;
        let (format, version) = Self::FORMAT;
        let mut plan = Plan {
            format: format.to_owned(),
            version,
            study: study.with_absolute_paths()?,
            sets,
            instruction_set,
            n_splits: splits.len() as u32,
            sides_sha256: splits.iter().map(sides_sha256).collect(),
            starts,
            program_sha256,
            cells: Vec::new(),
        };
        for track in plan.tracks() {
            for treatment in plan.first_treatments(&track) {
                plan.add(&track, &treatment);
            }
        }
        Ok(plan)
    }

    /// What has an answer of its own.
    pub fn tracks(&self) -> Vec<Track> {
        self.study.tracks(&self.generated_sets())
    }

    fn generated_sets(&self) -> Vec<String> {
        self.of_role(Role::Generated).map(|set| set.info.name.clone()).collect()
    }

    fn of_role(&self, role: Role) -> impl Iterator<Item = &SetInput> {
        self.sets.iter().filter(move |set| set.role == role)
    }

    /// What is trained on before k is chosen: whatever may stand on the curve, the same without each labelled set where
    /// left-out sets choose, and with `controls = "all"` every arm that needs no choice.
    fn first_treatments(&self, track: &Track) -> Vec<Treatment> {
        let grid = &self.study.grid;
        let source = track.source.as_deref();
        let is_first = |arm: &&Arm| arm.stage == Stage::AfterChoice && grid.controls == Controls::All;
        let of_k = |k: &MixtureRatio| {
            let arms = grid.arms.iter().filter(is_first);
            arms.flat_map(|arm| self.study.treatments(*arm, *k, source)).collect::<Vec<_>>()
        };
        let curve = if self.mixes() { self.study.curve(track) } else { Curve::new() };
        let on_curve = || curve.values().flatten();
        let mut treatments = vec![Treatment::BASELINE];
        treatments.extend(on_curve().cloned());
        if self.leaves_out() {
            let sets = self.of_role(Role::Labelled).map(|set| &set.info.name);
            treatments.extend(sets.flat_map(|set| on_curve().map(|treatment| treatment.clone().without(set))));
        }
        treatments.extend(grid.k.iter().filter(|k| **k > MixtureRatio::ZERO).flat_map(of_k));
        if self.study.protocol == Protocol::Paper && !self.generated_sets().is_empty() {
            // The paper's second experiment: one unit of generated faces alone.
            treatments.push(Treatment::new(Arm::GENERATED_ONLY, MixtureRatio::ONE, source));
        }
        treatments
    }

    /// Whether the curve goes beyond labelled faces alone.
    fn mixes(&self) -> bool {
        self.study.grid.arms.contains(&Arm::MIX)
    }

    /// Whether left-out labelled sets choose k.
    pub fn leaves_out(&self) -> bool {
        let on = self.study.choose.on.with(self.of_role(Role::Labelled).count());
        on == ChooseOn::LeaveOneDatabaseOut && self.mixes() && !self.generated_sets().is_empty()
    }

    /// The cells that wait for the choice of k and are not in the plan already: controls and rivals at each track's k,
    /// and the learning curves over fewer people.
    pub fn controls(&self, compared: &[Compared]) -> Vec<Cell> {
        let mut all = self.clone();
        for Compared { track, baseline, mix } in compared.iter().filter(|of| of.mix.k > MixtureRatio::ZERO) {
            let source = track.source.as_deref();
            for arm in self.study.grid.arms.iter().filter(|arm| arm.stage != Stage::First) {
                self.study.treatments(*arm, mix.k, source).iter().for_each(|treatment| all.add(track, treatment));
            }
            for percent in &self.study.grid.people_percent {
                all.add(track, &baseline.clone().of_people(*percent));
                all.add(track, &mix.clone().of_people(*percent));
            }
        }
        all.cells.split_off(self.cells.len())
    }

    /// Adds the cells of every split and seed that are not there yet.
    fn add(&mut self, track: &Track, treatment: &Treatment) {
        let Track { recipe, network, start, source: _ } = track;
        let asked = |role: Role| -> Vec<String> {
            let sets = self.of_role(role).filter(|_| treatment.left_out.is_none());
            sets.map(SetInput::id).collect()
        };
        let (judges, choosers) = (asked(Role::Unseen), asked(Role::Choosing));
        let of_split = |sides: &String| self.inputs_sha256(treatment, sides);
        let inputs_sha256: Vec<String> = self.sides_sha256.iter().map(of_split).collect();
        let start = start.as_ref().and_then(|name| self.starts.iter().find(|start| start.name == *name).cloned());
        let program_sha256 = self.program_sha256.clone().filter(|_| network.network().is_none());
        let settings = TrainingSettings { start, program_sha256, ..self.study.settings(*recipe, network.clone()) };
        let cell = |split_idx: u32, seed_idx| Cell {
            recipe: *recipe,
            treatment: treatment.clone(),
            split_idx,
            seed_idx,
            settings: settings.clone(),
            inputs_sha256: inputs_sha256[split_idx as usize].clone(),
            judges: judges.clone(),
            choosers: choosers.clone(),
        };
        if self.cells.contains(&cell(0, 0)) {
            return;
        }
        self.cells.extend(self.runs().into_iter().map(|(split, seed)| cell(split, seed)));
    }

    /// Splits and seeds that are trained: every seed on every split, or, where the split is drawn anew, on its own.
    fn runs(&self) -> Vec<(u32, u32)> {
        let n_seeds = self.study.grid.seeds;
        if self.study.real.is_redrawn() {
            return (0..n_seeds).map(|seed| (seed, seed)).collect();
        }
        (0..self.n_splits).flat_map(|split| (0..n_seeds).map(move |seed| (split, seed))).collect()
    }

    /// Everything beside the cell's own fields that decides its training. The baseline does not depend on generated
    /// sets, and nobody's training on unseen ones; names and paths decide nothing.
    fn inputs_sha256(&self, treatment: &Treatment, sides: &str) -> String {
        let Study { seed, protocol, expressions, generated, .. } = &self.study;
        let mut hash = Hasher::default();
        let mut add = |decision: serde_json::Value| hash.update_text(&decision.to_string());
        add(json!([NUMERICS_VERSION, seed, self.instruction_set, expressions, sides]));
        // The first labelled set says how all faces become what a network sees, and what its file says of it.
        add(json!(self.of_role(Role::Labelled).next().map(|set| &set.info.preprocessing)));
        let contents = |sets: &[&SetInput]| json!(sets.iter().map(|set| &set.info.content_sha256).collect::<Vec<_>>());
        add(contents(&self.of_role(Role::Labelled).collect::<Vec<_>>()));
        if !treatment.arm.is_baseline() {
            let source = treatment.source.as_deref();
            let is_mixed_in = |set: &&SetInput| source.is_none_or(|name| name == TOGETHER || name == set.info.name);
            let mixed_in: Vec<&SetInput> = self.of_role(Role::Generated).filter(is_mixed_in).collect();
            add(contents(&mixed_in));
            add(json!(generated.unit));
            // As the paper counts, the largest k decides which identities are left to validate and test.
            add(json!((*protocol == Protocol::Paper).then(|| self.study.largest_k())));
            // With fewer people, whom the makers saw decides which faces may enter.
            let seen = |set: &&SetInput| set.info.generator.as_ref().map(|card| card.trained_on.clone());
            add(json!(treatment.people_percent.map(|_| mixed_in.iter().map(seen).collect::<Vec<_>>())));
        }
        if treatment.arm == Arm::OTHER_REAL {
            add(contents(&self.of_role(Role::Retrieved).collect::<Vec<_>>()));
        }
        if let Some(left_out) = &treatment.left_out {
            add(contents(&self.of_role(Role::Labelled).filter(|set| set.info.name == *left_out).collect::<Vec<_>>()));
            // Whom the makers saw decides which faces may enter here as well.
            let seen =
                self.of_role(Role::Generated).map(|set| set.info.generator.as_ref().map(|card| &card.trained_on));
            add(json!(seen.collect::<Vec<_>>()));
        }
        hash.finish()
    }
}

/// Who is on which side.
fn sides_sha256(split: &Split) -> String {
    let mut hash = Hasher::default();
    for part in [SplitPart::Training, SplitPart::Validation, SplitPart::Test] {
        hash.update_text(&format!("{part:?}"));
        split.people(part).for_each(|person| hash.update_text(&person.to_string()));
    }
    hash.finish()
}
