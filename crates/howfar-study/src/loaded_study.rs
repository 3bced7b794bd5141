//! Everything that the cells of a study share in memory: decoded faces, splits, generated faces.
//!
//! In: a study. Out: a [`LoadedStudy`]. Unseen databases lie in a pool of their own, which training is never given.

mod mixtures;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::PathBuf;

use howfar_face::{
    FaceLabels, FaceSet, FaceSetInfo, FaceStore, Fault, GeneratorCard, Lineage, Picture, Preprocessing, StoredFace,
    SubjectId,
};
use howfar_protocol::{
    Cell, ClaimedMeasure, GeneratedFaces, Ingredients, Mixture, Plan, PlanInputs, Protocol, Role, SetInput, Split,
    SplitPart, Start, Study, TOGETHER, Validates, generated_held_out,
};
use howfar_random::Seeds;
use howfar_train::{Model, StartingWeights, read_start};

use crate::folder::StudyFolder;
use crate::requested_program::Program;
use crate::sets::{check_classes, check_sets};

/// The decoded faces of a study and who is on which side.
#[derive(Debug)]
pub struct LoadedStudy {
    pub(crate) study: Study,
    pub(crate) plan: Plan,
    /// Real and generated faces, and those of other databases.
    pub(crate) pool: FaceStore,
    pub(crate) real: Range<usize>,
    /// By the source that cells name; under none where all sets are one.
    pub(crate) generated: BTreeMap<Option<String>, GeneratedFaces>,
    /// Faces of other databases, which one arm mixes in.
    retrieved: Range<usize>,
    /// What each split mixes of each source; made once, with the check that nothing of it judges.
    ingredients: BTreeMap<(u32, Option<String>), Ingredients>,
    /// Databases that are not trained on, one after the other: those that choose k, then the unseen ones.
    pub(crate) unseen_pool: FaceStore,
    pub(crate) splits: Vec<Split>,
    /// What is known of the sets, in the order of the pools' set indices.
    pub(crate) pool_sets: Vec<FaceSetInfo>,
    pub(crate) unseen_sets: Vec<FaceSetInfo>,
    pub(crate) preprocessing: Preprocessing,
    /// Weights that networks begin with, by name.
    pub(crate) starts: BTreeMap<String, StartingWeights>,
    /// Whom and what those weights have learnt from, as far as their files say.
    learnt_from: BTreeMap<String, Lineage>,
    pub(crate) folders: Vec<PathBuf>,
    n_left_out: u64,
}

impl LoadedStudy {
    /// Reads every set of a study and plans its cells; refuses mixtures that would break an invariant. The instruction
    /// set, part of a cell's identity, is that of this process.
    pub fn open(study: &Study) -> Result<Self, Fault> {
        Self::open_with(study, howfar_train::instruction_set())
    }

    /// A study as it was planned, on whatever machine, at its folder.
    pub fn reopen(folder: &StudyFolder) -> Result<Self, Fault> {
        let plan = folder.read_plan()?;
        let loaded = Self::open_with(&plan.study, &plan.instruction_set)?;
        let names = |plan: &Plan| plan.cells.iter().map(Cell::name).collect::<Vec<_>>();
        if names(&loaded.plan) == names(&plan) {
            return Ok(loaded);
        }
        Err(Fault::data(folder.plan_file().display(), "the plan is of other faces or settings than there are now")
            .found("face sets that have changed, or a plan of another version of howfar")
            .expected("the sets that were planned with")
            .hint("`howfar run` and `howfar plan --write` plan the study anew; finished cells of the same inputs stay"))
    }

    fn open_with(study: &Study, instruction_set: &str) -> Result<Self, Fault> {
        let open = |paths: &[PathBuf]| paths.iter().map(|p| FaceSet::open(p)).collect::<Result<Vec<_>, _>>();
        let sets = |role| open(study.sets_of(role));
        let (real_sets, generated_sets) = (sets(Role::Labelled)?, sets(Role::Generated)?);
        let retrieved_sets = sets(Role::Retrieved)?;
        let (choosing_sets, unseen_sets) = (sets(Role::Choosing)?, sets(Role::Unseen)?);
        let all =
            || real_sets.iter().chain(&generated_sets).chain(&retrieved_sets).chain(&choosing_sets).chain(&unseen_sets);
        check_sets(all())?;
        check_classes(study, &real_sets)?;
        let preprocessing = real_sets[0].info().preprocessing.clone();
        let mut pool = FaceStore::new(study.expressions.clone(), &preprocessing);
        let mut n_left_out = 0;
        let mut add = |pool: &mut FaceStore, sets: &[FaceSet]| -> Result<Vec<Range<usize>>, Fault> {
            let mut ranges = Vec::new();
            for set in sets {
                let (range, n_others) = pool.add(set)?;
                n_left_out += n_others;
                ranges.push(range);
            }
            Ok(ranges)
        };
        add(&mut pool, &real_sets)?;
        let real = 0..pool.len();
        let ranges = add(&mut pool, &generated_sets)?;
        let before = pool.len();
        add(&mut pool, &retrieved_sets)?;
        let retrieved = before..pool.len();
        let mut unseen_pool = FaceStore::new(study.expressions.clone(), &preprocessing);
        add(&mut unseen_pool, &choosing_sets)?;
        let choosing = 0..unseen_pool.len();
        add(&mut unseen_pool, &unseen_sets)?;
        check_choosing(&unseen_pool, choosing)?;
        let (starts, of_plan, learnt_from) = starts(study, &pool)?;
        let people: BTreeSet<SubjectId> = real.clone().map(|f| pool.face(f).labels.subject.clone()).collect();
        let makers = generated_sets.iter().filter_map(|set| set.info().generator.as_ref()).map(GeneratorCard::lineage);
        let learnt: Vec<Lineage> = makers.chain(learnt_from.values().cloned()).collect();
        let added = (real.end..pool.len()).map(|face| &pool.face(face).labels);
        let mut study = with_redraw_decided(study, &people, added, &learnt);
        let of_classes = [faces_per_class(&pool, real.clone()), faces_per_class(&unseen_pool, 0..unseen_pool.len())];
        study.measure.get_or_insert_with(|| ClaimedMeasure::usual(of_classes.iter().flatten().map(Vec::as_slice)));
        let study = &study;
        let splits = study.splits(&people)?;
        let inputs = PlanInputs {
            study,
            sets: Role::ALL
                .into_iter()
                .zip([&real_sets, &generated_sets, &retrieved_sets, &choosing_sets, &unseen_sets])
                .flat_map(|(role, sets)| sets.iter().map(move |s| SetInput { role, info: s.info().clone() }))
                .collect(),
            splits: &splits,
            instruction_set: instruction_set.to_owned(),
            starts: of_plan,
            program_sha256: Program::of(study)?.map(|program| program.sha256()).transpose()?,
        };
        let generated = generated(study, &generated_sets, &ranges);
        let infos = |sets: &[FaceSet]| sets.iter().map(|s| s.info().clone()).collect::<Vec<_>>();
        let mut loaded = LoadedStudy {
            plan: Plan::new(inputs)?,
            splits,
            study: study.clone(),
            pool,
            real,
            generated,
            ingredients: BTreeMap::new(),
            learnt_from,
            unseen_pool,
            retrieved,
            pool_sets: [infos(&real_sets), infos(&generated_sets), infos(&retrieved_sets)].concat(),
            unseen_sets: [infos(&choosing_sets), infos(&unseen_sets)].concat(),
            preprocessing,
            starts,
            folders: all().map(|s| s.folder().to_owned()).collect(),
            n_left_out,
        };
        loaded.ingredients = loaded.make_ingredients()?;
        loaded.check_mixtures()?;
        Ok(loaded)
    }

    /// The study.
    pub fn study(&self) -> &Study {
        &self.study
    }

    /// The plan made from it.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The folders of all sets: real, generated, retrieved, choosing, unseen.
    pub fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// Faces of classes that the study does not ask for.
    pub fn n_left_out(&self) -> u64 {
        self.n_left_out
    }

    /// Real and generated faces.
    pub fn pool(&self) -> &FaceStore {
        &self.pool
    }

    /// A face of a set as it is trained on, for looking at.
    pub fn picture(&self, set: &str, row: u64) -> Option<Picture> {
        let find = |pool: &FaceStore, sets: &[FaceSetInfo]| {
            let set_idx = sets.iter().position(|info| info.name == set)?;
            let face = (0..pool.len()).find(|f| (pool.face(*f).set_idx, pool.face(*f).row) == (set_idx, row))?;
            let side = pool.side() as u32;
            let data = pool.pixels(face).into_owned();
            Some(Picture { width: side, height: side, channels: pool.n_channels() as u32, data })
        };
        find(&self.pool, &self.pool_sets).or_else(|| find(&self.unseen_pool, &self.unseen_sets))
    }

    /// Pictures that training will see in all cells of the plan, at most.
    pub fn n_pictures(&self, cells: &[Cell]) -> Result<u64, Fault> {
        cells.iter().map(|c| Ok(self.mixture(c)?.len() as u64 * u64::from(c.settings.epochs))).sum()
    }

    /// Faces that a cell's network is asked about: those who validate after every epoch, all others once.
    pub(crate) fn n_predictions(&self, cell: &Cell) -> Result<usize, Fault> {
        let mixture = self.mixture(cell)?;
        let held_out = self.real.clone().filter(|f| self.splits[cell.split_idx as usize].is_held_out(self.subject(*f)));
        let n_validations = self.validating(cell, &mixture)?.len() * cell.settings.epochs as usize;
        Ok(mixture.len() + held_out.count() + self.unseen_pool.len() + n_validations)
    }

    /// Bytes of all faces.
    pub(crate) fn n_bytes(&self) -> usize {
        (self.pool.len() + self.unseen_pool.len()) * self.pool.n_values()
    }

    fn subject(&self, face: usize) -> &SubjectId {
        &self.pool.face(face).labels.subject
    }

    /// The training set of a cell.
    pub(crate) fn mixture(&self, cell: &Cell) -> Result<Mixture, Fault> {
        self.mix(&cell.treatment, cell.split_idx, cell.seed_idx)
    }

    /// Faces of generated identities that join the test or validation people of a cell, where the study counts as the
    /// paper does.
    pub(crate) fn generated_held_out(&self, cell: &Cell, part: SplitPart) -> Result<Vec<usize>, Fault> {
        match self.generated.get(&cell.treatment.source) {
            Some(generated) if self.study.protocol == Protocol::Paper && !cell.treatment.arm.is_baseline() => {
                let split = &self.splits[cell.split_idx as usize];
                generated_held_out(
                    &self.pool,
                    generated,
                    split,
                    part,
                    [cell.treatment.k, self.study.largest_k()],
                    self.seeds(cell.seed_idx),
                )
            }
            _ => Ok(Vec::new()),
        }
    }

    /// The streams of one seed index: the same in all arms, so that differences are paired.
    pub(crate) fn seeds(&self, seed_idx: u32) -> Seeds {
        Seeds::new(self.study.seed).child("seed index", u64::from(seed_idx))
    }

    /// The labelled faces of one side of the cell's split; none of a set that the cell leaves out.
    pub(crate) fn faces_of(&self, cell: &Cell, part: SplitPart) -> Vec<usize> {
        let split = &self.splits[cell.split_idx as usize];
        let is_there = |face: &usize| split.side(self.subject(*face)) == Some(part) && !self.is_left_out(cell, *face);
        self.real.clone().filter(is_there).collect()
    }

    /// The faces of the labelled set that a cell leaves out, of people who do not test: they choose k.
    pub(crate) fn left_out_faces(&self, cell: &Cell) -> Vec<usize> {
        let split = &self.splits[cell.split_idx as usize];
        let may_choose = |side| matches!(side, Some(SplitPart::Training | SplitPart::Validation));
        let chooses = |face: &usize| may_choose(split.side(self.subject(*face))) && self.is_left_out(cell, *face);
        self.real.clone().filter(chooses).collect()
    }

    fn is_left_out(&self, cell: &Cell, face: usize) -> bool {
        let set = &self.pool_sets[self.pool.face(face).set_idx].name;
        cell.treatment.left_out.as_ref() == Some(set)
    }

    /// The faces that choose the epoch: those of labelled validation people. As the paper counts, k units of generated
    /// identities join them, and stand alone where no labelled face is trained on. k is chosen on the labelled ones
    /// whatever the protocol.
    pub(crate) fn validating(&self, cell: &Cell, mixture: &Mixture) -> Result<Vec<usize>, Fault> {
        let mut labelled = self.faces_of(cell, SplitPart::Validation);
        if labelled.is_empty() && cell.treatment.left_out.is_some() {
            // All of few validation people may be of the set that is left out; they choose k there as well.
            let of_split = &self.splits[cell.split_idx as usize];
            let validates = |face: &usize| of_split.side(self.subject(*face)) == Some(SplitPart::Validation);
            labelled = self.real.clone().filter(validates).collect();
        }
        if mixture.validates() == Validates::Labelled {
            return Ok(labelled);
        }
        let generated = self.generated_held_out(cell, SplitPart::Validation)?;
        if mixture.validates() == Validates::Generated && !generated.is_empty() {
            return Ok(generated);
        }
        Ok([labelled, generated].concat())
    }

    /// Whom and what a cell's network learns from, with those who choose its epoch: another study may begin with its
    /// weights.
    pub(crate) fn lineage(&self, cell: &Cell, mixture: &Mixture) -> Result<Lineage, Fault> {
        let mut lineage = Lineage::default();
        let faces = mixture.items().map(|item| item.face);
        for face in faces.chain(self.validating(cell, mixture)?) {
            lineage.add_face(&self.pool.face(face).labels);
        }
        let added: BTreeSet<usize> = mixture.added().iter().map(|item| self.pool.face(item.face).set_idx).collect();
        added.into_iter().for_each(|set| lineage.add(Lineage::of_maker(&self.pool_sets[set])));
        let start = cell.settings.start.as_ref().and_then(|start| self.learnt_from.get(&start.name));
        start.cloned().into_iter().for_each(|of_start| lineage.add(of_start));
        Ok(lineage)
    }

    /// Weights that training begins with and whose files do not say whom they have learnt from.
    pub(crate) fn weights_of_unknown_lineage(&self) -> Vec<&str> {
        self.learnt_from.iter().filter(|(_, lineage)| lineage.is_empty()).map(|(name, _)| name.as_str()).collect()
    }

    /// Generated sets whose makers saw training people: where the study also trains on fewer people, their faces stand
    /// in the curve of all people and are missing in those of fewer.
    pub(crate) fn sets_that_saw_the_absent(&self) -> BTreeSet<&str> {
        if self.study.grid.people_percent.is_empty() {
            return BTreeSet::new();
        }
        let sets = self.ingredients.values().flat_map(Ingredients::sets_that_saw_training_people);
        sets.map(|set_idx| self.pool_sets[set_idx].name.as_str()).collect()
    }
}

/// The faces of each class, set by set.
fn faces_per_class(pool: &FaceStore, faces: Range<usize>) -> Vec<Vec<usize>> {
    let mut of_sets: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for face in faces.map(|face| pool.face(face)) {
        of_sets.entry(face.set_idx).or_insert_with(|| vec![0; pool.classes().len()])[face.labels.label] += 1;
    }
    of_sets.into_values().collect()
}

/// The study with its own word on whether every seed draws the split anew: where it says none, if the split is drawn at
/// all, there are several seeds, and nothing that is mixed in or begun with comes from labelled people, of whom others
/// are held out in every seed.
fn with_redraw_decided<'f>(
    study: &Study,
    people: &BTreeSet<SubjectId>,
    added: impl Iterator<Item = &'f FaceLabels>,
    learnt: &[Lineage],
) -> Study {
    let is_free = |labels: &FaceLabels| {
        !people.contains(&labels.subject) && !labels.parent.as_ref().is_some_and(|parent| people.contains(parent))
    };
    let mut added = added;
    let is_untouched = || learnt.iter().flat_map(|lineage| &lineage.people).all(|person| !people.contains(person));
    let mut study = study.clone();
    let several = study.grid.seeds_at_most.unwrap_or(study.grid.seeds) > 1;
    let redraw =
        study.real.redraw.unwrap_or_else(|| several && study.may_redraw() && added.all(is_free) && is_untouched());
    study.real.redraw = Some(redraw).filter(|redraw| *redraw || study.real.redraw.is_some());
    study
}

/// Refuses people and pictures that choose k and judge.
fn check_choosing(pool: &FaceStore, choosing: Range<usize>) -> Result<(), Fault> {
    let chooses: BTreeSet<&SubjectId> = choosing.clone().map(|face| &pool.face(face).labels.subject).collect();
    let pictures: BTreeSet<&str> = choosing.clone().map(|face| pool.face(face).sha256.as_str()).collect();
    let judges = (choosing.end..pool.len()).map(|face| pool.face(face));
    let both = |face: &StoredFace| {
        let person = Some(&face.labels.subject).into_iter().chain(&face.labels.parent);
        person.into_iter().any(|person| chooses.contains(person)) || pictures.contains(face.sha256.as_str())
    };
    match judges.into_iter().find(|face| both(face)) {
        None => Ok(()),
        Some(face) => Err(Fault::data("choose.on", "a person or picture would choose k and judge it")
            .found(format!("{}, {}", face.labels.subject, face.labels.source))
            .expected("other people in the sets that choose than in the unseen ones")
            .hint("take the person out of one of the two, or choose on another database")),
    }
}

/// Weights by name, what the plan is told of them, whom they have learnt from.
type Starts = (BTreeMap<String, StartingWeights>, Vec<Start>, BTreeMap<String, Lineage>);

/// The weights that networks of the study begin with, and what the plan is told of them.
fn starts(study: &Study, pool: &FaceStore) -> Result<Starts, Fault> {
    let (mut by_name, mut of_plan, mut learnt_from) = Starts::default();
    for choice in &study.train.network {
        let (Some(path), Some(name)) = (&choice.weights, choice.start()) else { continue };
        let (weights, sha256) = read_start(path, choice.network, pool)?;
        of_plan.push(Start { name: name.clone(), sha256 });
        // Weights of other programs have no record.
        let lineage = Model::load(path).map(|model| model.lineage().clone()).unwrap_or_default();
        learnt_from.insert(name.clone(), lineage);
        by_name.insert(name, weights);
    }
    Ok((by_name, of_plan, learnt_from))
}

/// The generated faces by the source that cells name.
fn generated(study: &Study, sets: &[FaceSet], ranges: &[Range<usize>]) -> BTreeMap<Option<String>, GeneratedFaces> {
    let of = |which: Range<usize>| GeneratedFaces {
        faces: ranges[which.start].start..ranges[which.end - 1].end,
        unit: study.generated.unit,
        trainable: None,
    };
    let n = sets.len();
    match n {
        0 => BTreeMap::new(),
        _ if study.generated.side_by_side && n > 1 => {
            let alone = (0..n).map(|i| (Some(sets[i].info().name.clone()), of(i..i + 1)));
            alone.chain([(Some(TOGETHER.to_owned()), of(0..n))]).collect()
        }
        _ => BTreeMap::from([(None, of(0..n))]),
    }
}
