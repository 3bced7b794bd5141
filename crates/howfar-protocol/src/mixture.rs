//! What a training run sees: labelled faces, and what an arm adds to them.
//!
//! In: a treatment, [`Ingredients`], the pool. Out: a [`Mixture`], which holds nothing of those who judge, because its
//! ingredients do not. Its order is the same for the labelled faces in all arms of a seed, so that differences between
//! arms are paired.

use howfar_face::{FaceStore, Fault};
use howfar_random::{Seeds, shuffle};

use crate::arm::{Order, Parts, Units};
use crate::choosing::Choosing;
use crate::{Arm, Ingredients, Item, MixtureRatio, Role, Treatment};

/// The training set of one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mixture {
    parts: Parts,
    seeds: Seeds,
    /// Pictures per epoch, where these are not once all of them.
    n_per_epoch: Option<usize>,
}

/// Whose faces choose the epoch, where units of generated identities may join the labelled validation people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validates {
    /// Labelled people alone.
    Labelled,
    /// They and generated identities.
    Both,
    /// Generated identities alone: no labelled face is trained on.
    Generated,
}

impl Mixture {
    /// Mixes as a treatment says. `seeds` are those of the cell's seed index; the treatment's source is that of the
    /// ingredients.
    pub fn new(
        treatment: &Treatment,
        pool: &FaceStore,
        ingredients: &Ingredients,
        seeds: Seeds,
    ) -> Result<Self, Fault> {
        let Treatment { arm, k, people_percent, budget, weight: _, source: _, left_out } = treatment;
        let mut people = ingredients.people(*people_percent, seeds);
        if let Some(set) = left_out {
            people.retain(|person| !ingredients.is_of_set(person, set));
        }
        let is_there = |f: &usize| people.contains(&pool.face(*f).labels.subject);
        let labelled: Vec<usize> = ingredients.training.iter().copied().filter(is_there).collect();
        if labelled.is_empty() {
            return Err(Fault::data("the labelled sets", "no training face is left"));
        }
        let generated = |k: MixtureRatio| match &ingredients.generated {
            Some(generated) if !arm.is_baseline() => {
                let absent = ingredients.absent(&people);
                Choosing { pool, ingredients, generated, absent }.choose(&labelled, k, seeds)
            }
            _ => Ok(Vec::new()),
        };
        let n_per_epoch = budget.map(|k| Ok::<_, Fault>(labelled.len() + generated(k)?.len())).transpose()?;
        let generated = generated(*k)?;
        let retrieved = match *arm == Arm::OTHER_REAL {
            true => ingredients.retrieved(pool, generated.len(), seeds)?,
            false => Vec::new(),
        };
        let units = Units { labelled: &labelled, generated: &generated, retrieved: &retrieved, seeds };
        let parts = (arm.mix)(&units, treatment);
        Ok(Mixture { parts, seeds, n_per_epoch })
    }

    /// Labelled training faces, in the pool's order.
    pub fn labelled(&self) -> &[Item] {
        &self.parts.labelled
    }

    /// What the arm adds: generated faces, repeats or altered copies.
    pub fn added(&self) -> &[Item] {
        &self.parts.added
    }

    /// How much a picture counts in the loss.
    pub fn weight(&self, item: &Item) -> f32 {
        if item.role == Role::Labelled { 1.0 } else { self.parts.weight.map_or(1.0, |weight| weight.value() as f32) }
    }

    /// All of them.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.parts.labelled.iter().chain(&self.parts.added)
    }

    /// Whether only those added faces are to be trained on whose label the baseline's network sees.
    pub fn is_curated(&self) -> bool {
        self.parts.is_curated
    }

    /// The same without the added faces that are not kept.
    pub fn keep_added(mut self, is_kept: impl Fn(usize) -> bool) -> Self {
        self.parts.added.retain(|item| is_kept(item.face));
        self
    }

    /// Where the arm trains in two stages: the added faces alone, then the labelled ones alone.
    pub fn stages(&self) -> Option<[Self; 2]> {
        (self.parts.order == Order::AddedFirst).then(|| {
            let of = |labelled: &[Item], added: &[Item]| Mixture {
                parts: Parts::shuffled(labelled.to_vec(), added.to_vec()),
                seeds: self.seeds,
                n_per_epoch: None,
            };
            [of(&[], &self.parts.added), of(&self.parts.labelled, &[])]
        })
    }

    /// Faces of the roles that its (last) stage trains on choose the epoch.
    pub fn validates(&self) -> Validates {
        let last_adds = self.parts.order != Order::AddedFirst;
        let is_generated = last_adds && self.parts.added.iter().any(|item| item.role == Role::Generated);
        match (self.parts.labelled.is_empty(), is_generated) {
            (true, _) => Validates::Generated,
            (false, true) => Validates::Both,
            (false, false) => Validates::Labelled,
        }
    }

    /// Pictures per epoch.
    pub fn len(&self) -> usize {
        self.n_per_epoch.unwrap_or_else(|| self.n_pictures())
    }

    /// All pictures, each once.
    fn n_pictures(&self) -> usize {
        self.parts.labelled.len() + self.parts.added.len()
    }

    /// Whether there is nothing to train on.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The pictures of an epoch in order. The labelled ones among themselves come in the same order in every arm. Where
    /// an epoch has another number of pictures than there are, it goes on in the passes of the plain epochs.
    pub fn epoch_order(&self, epoch: u32) -> Vec<Item> {
        if self.parts.order == Order::Alternating {
            return self.alternating(epoch);
        }
        let Some(n) = self.n_per_epoch else { return self.pass(u64::from(epoch)) };
        let (begin, size) = (epoch as usize * n, self.n_pictures());
        let passes = (begin / size)..=((begin + n) / size);
        passes.flat_map(|pass| self.pass(pass as u64)).skip(begin % size).take(n).collect()
    }

    /// All pictures once.
    fn pass(&self, pass: u64) -> Vec<Item> {
        let index = [pass];
        let shuffled = |items: &[Item], name: &str| {
            let mut items = items.to_vec();
            shuffle(&mut items, &mut self.seeds.stream(name, &index));
            items
        };
        let labelled = shuffled(&self.parts.labelled, LABELLED_ORDER);
        let added = shuffled(&self.parts.added, ADDED_ORDER);
        let mut places: Vec<bool> = (0..self.n_pictures()).map(|i| i < labelled.len()).collect();
        shuffle(&mut places, &mut self.seeds.stream("places of real faces", &index));
        let (mut labelled, mut added) = (labelled.into_iter(), added.into_iter());
        places.into_iter().filter_map(|is_labelled| if is_labelled { labelled.next() } else { added.next() }).collect()
    }

    /// Labelled and added pictures in turn, as many together as `mix` has: the passes over the labelled faces, one
    /// after the other, are those that the other arms make in their epochs, and so on without end; of the added ones
    /// each epoch takes what fits.
    fn alternating(&self, epoch: u32) -> Vec<Item> {
        let n_labelled = self.len().div_ceil(2);
        let shuffled = |items: &[Item], name: &str, pass: u64| {
            let mut items = items.to_vec();
            shuffle(&mut items, &mut self.seeds.stream(name, &[pass]));
            items
        };
        let endless = |items: &[Item], name: &str, n: usize| {
            let (begin, size) = (epoch as usize * n, items.len());
            let passes = (begin / size)..=((begin + n) / size);
            let items: Vec<Item> = passes.flat_map(|pass| shuffled(items, name, pass as u64)).collect();
            items[begin % size..begin % size + n].to_vec()
        };
        let labelled = endless(&self.parts.labelled, LABELLED_ORDER, n_labelled);
        let added = endless(&self.parts.added, ADDED_ORDER, self.len() - n_labelled);
        let mut added = added.into_iter();
        labelled.into_iter().flat_map(|labelled| std::iter::once(labelled).chain(added.next())).collect()
    }
}

/// Names of random streams; they never change, or every number would.
const LABELLED_ORDER: &str = "order of real faces";
const ADDED_ORDER: &str = "order of added faces";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::ops::Range;

    use howfar_face::test_sets::{TestSet, labels};
    use howfar_face::{FaceLabels, FaceSetInfo, GeneratorCard, Preprocessing, Provenance, SubjectId};
    use proptest::prelude::*;

    use super::*;
    use crate::study::Unit;
    use crate::{GeneratedFaces, HeldOut, Split, SplitPart, StoredSets, generated_held_out};

    /// 10 real people, 40 drawn identities and 40 people of another database, of two faces each; `parent` of the
    /// first drawn face.
    fn pool(parent: Option<SubjectId>) -> (FaceStore, Range<usize>, Range<usize>) {
        let folder = tempfile::tempdir().unwrap();
        let classes = vec!["a".to_owned(), "b".to_owned()];
        let mut pool = FaceStore::new(classes, &Preprocessing::standard("none", "none", 8));
        let mut add = |name: &str, n: usize, provenance: Provenance, parent: Option<SubjectId>| {
            let mut set = TestSet::new(name, &["a", "b"], 8);
            for i in 0..2 * n {
                let labels = FaceLabels {
                    parent: parent.clone().filter(|_| i == 0),
                    source: i.to_string(),
                    ..labels(i % 2, &format!("{name}:{:02}", i / 2), provenance)
                };
                set.push_plain(labels, (i + if name == "real" { 0 } else { 100 }) as u8);
            }
            pool.add(&set.write(folder.path())).unwrap().0
        };
        let real = add("real", 10, Provenance::Real, None);
        let drawn = add("drawn", 40, Provenance::Drawn, parent);
        add("other", 40, Provenance::Real, None);
        (pool, real, drawn)
    }

    fn split(pool: &FaceStore, real: &Range<usize>) -> Split {
        let people: BTreeSet<SubjectId> = real.clone().map(|f| pool.face(f).labels.subject.clone()).collect();
        Split::by_counts(&people, [6, 2, 2], Seeds::new(1)).unwrap()
    }

    fn treatment(arm: Arm, k: MixtureRatio) -> Treatment {
        Treatment::new(arm, k, None)
    }

    fn named(arm: &str) -> Arm {
        Arm::named(arm).unwrap()
    }

    fn generated(faces: Range<usize>, unit: Unit) -> GeneratedFaces {
        GeneratedFaces { faces, unit, trainable: None }
    }

    /// The sets of [`pool`], the second with what made it.
    fn sets(card: Option<GeneratorCard>) -> Vec<FaceSetInfo> {
        let info = |name: &str| FaceSetInfo::new(name, Vec::new(), Preprocessing::standard("none", "none", 8));
        let named = |name: &str| FaceSetInfo { content_sha256: format!("content of {name}"), ..info(name) };
        vec![named("real"), FaceSetInfo { generator: card, ..named("drawn") }]
    }

    fn card(trained_on: Vec<SubjectId>) -> GeneratorCard {
        GeneratorCard {
            name: "gan".into(),
            seed: 1,
            trained_on,
            trained_on_content: Vec::new(),
            settings: String::new(),
        }
    }

    fn ingredients(
        pool: &FaceStore,
        sets: &[FaceSetInfo],
        real: &Range<usize>,
        generated: Option<&GeneratedFaces>,
        split: &Split,
    ) -> Result<Ingredients, Fault> {
        let sets = StoredSets { pool, sets };
        let mut held_out = HeldOut::of_split(split);
        held_out.add_real(split, sets, real.clone());
        Ingredients::new(sets, real.clone(), generated.cloned(), 100..180, split, &held_out)
    }

    fn mixed(
        treatment: &Treatment,
        pool: &FaceStore,
        real: &Range<usize>,
        generated: Option<&GeneratedFaces>,
        split: &Split,
        seeds: Seeds,
    ) -> Result<Mixture, Fault> {
        Mixture::new(treatment, pool, &ingredients(pool, &sets(None), real, generated, split)?, seeds)
    }

    /// Arms of as many added faces as k units of generated ones have.
    const COUNTED: [&str; 8] =
        ["real", "mix", "generated-only", "repeat", "augment", "fixed-share", "pretrain", "curated"];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn a_mixture_counts_right_and_never_holds_a_held_out_person(
            k in prop::sample::select(vec![0.0, 0.5, 1.0, 2.0, 5.0]), seed in 0u64..1000, images in any::<bool>()
        ) {
            let (pool, real, drawn) = pool(None);
            let split = split(&pool, &real);
            let unit = if images { Unit::Images } else { Unit::Identities };
            let generated = generated(drawn, unit);
            let k = MixtureRatio::new(k).unwrap();
            let n_added = (k.value() * 6.0).round() as usize * 2;
            for arm in Arm::ALL.iter().copied() {
                let mixture =
                    mixed(&treatment(arm, k), &pool, &real, Some(&generated), &split, Seeds::new(seed)).unwrap();
                // How many faces an arm that comes later takes is its own affair.
                if COUNTED.contains(&arm.name) {
                    prop_assert_eq!(mixture.labelled().len(), if arm == Arm::GENERATED_ONLY { 0 } else { 12 });
                    prop_assert_eq!(mixture.added().len(), if arm == Arm::REAL { 0 } else { n_added });
                }
                let order = mixture.epoch_order(3);
                prop_assert_eq!(order.len(), mixture.len());
                prop_assert!(order.iter().all(|i| !split.is_held_out(&pool.face(i.face).labels.subject)));
            }
        }
    }

    #[test]
    fn real_faces_come_in_the_same_order_in_every_arm_of_a_seed() {
        let (pool, real, drawn) = pool(None);
        let split = split(&pool, &real);
        let generated = generated(drawn, Unit::Identities);
        let order = |arm, k| {
            let k = MixtureRatio::new(k).unwrap();
            let mixture = mixed(&treatment(arm, k), &pool, &real, Some(&generated), &split, Seeds::new(5)).unwrap();
            let order = mixture.epoch_order(2).into_iter().map(|i| i.face).filter(|f| real.contains(f));
            order.collect::<Vec<_>>()
        };
        assert_eq!(order(Arm::REAL, 0.0), order(Arm::MIX, 5.0));
    }

    #[test]
    fn a_fixed_share_alternates_and_passes_over_the_real_faces_as_the_other_arms_do() {
        let (pool, real, drawn) = pool(None);
        let split = split(&pool, &real);
        let generated = generated(drawn, Unit::Identities);
        let order = |arm, k, epochs: std::ops::Range<u32>| -> Vec<usize> {
            let k = MixtureRatio::new(k).unwrap();
            let mixture = mixed(&treatment(arm, k), &pool, &real, Some(&generated), &split, Seeds::new(5)).unwrap();
            epochs.flat_map(|epoch| mixture.epoch_order(epoch)).map(|item| item.face).collect()
        };
        for k in [0.5, 1.0, 5.0] {
            let mixed = order(named("fixed-share"), k, 0..3);
            assert_eq!(mixed.len(), order(Arm::MIX, k, 0..3).len(), "as many pictures as the mix");
            let an_epoch = mixed.len() / 3;
            for epoch in mixed.chunks(an_epoch) {
                assert!(
                    epoch.iter().enumerate().all(|(i, face)| real.contains(face) == i.is_multiple_of(2)),
                    "k = {k}"
                );
            }
            let of_real: Vec<usize> = mixed.into_iter().filter(|face| real.contains(face)).collect();
            let passes = order(Arm::REAL, 0.0, 0..20);
            assert_eq!(of_real, passes[..of_real.len()], "k = {k}");
        }
    }

    #[test]
    fn units_of_a_smaller_k_are_among_those_of_a_larger_one() {
        let (pool, real, drawn) = pool(None);
        let split = split(&pool, &real);
        let generated = generated(drawn, Unit::Identities);
        let added = |k| {
            let k = MixtureRatio::new(k).unwrap();
            let mixture =
                mixed(&treatment(Arm::MIX, k), &pool, &real, Some(&generated), &split, Seeds::new(5)).unwrap();
            mixture.added().iter().copied().collect::<BTreeSet<_>>()
        };
        assert!(added(1.0).is_subset(&added(2.0)) && added(2.0).is_subset(&added(5.0)));
    }

    #[test]
    fn what_descends_from_a_held_out_person_is_refused() {
        let (plain, real, drawn) = pool(None);
        let split = split(&plain, &real);
        let person = |part| split.people(part).next().unwrap().clone();
        let mix = |pool: &FaceStore, sets: &[FaceSetInfo]| {
            ingredients(pool, sets, &real, Some(&generated(drawn.clone(), Unit::Identities)), &split)
        };
        for (part, allowed) in [(SplitPart::Training, true), (SplitPart::Validation, false), (SplitPart::Test, false)] {
            let (with_parent, ..) = pool(Some(person(part)));
            assert_eq!(mix(&with_parent, &sets(None)).is_ok(), allowed, "{part:?}");
            assert_eq!(mix(&plain, &sets(Some(card(vec![person(part)])))).is_ok(), allowed, "generator, {part:?}");
        }
    }

    #[test]
    fn too_few_identities_are_refused_with_the_numbers() {
        let (pool, real, drawn) = pool(None);
        let split = split(&pool, &real);
        let k = MixtureRatio::new(7.0).unwrap();
        let generated = generated(drawn, Unit::Identities);
        let fault = mixed(&treatment(Arm::MIX, k), &pool, &real, Some(&generated), &split, Seeds::new(1)).unwrap_err();
        assert!(fault.to_string().contains("42 = 7 × 6 of the real training part"), "{fault}");
    }

    #[test]
    fn fewer_people_are_among_more_and_take_k_units_of_their_own_number() {
        let (pool, real, drawn) = pool(None);
        let split = split(&pool, &real);
        let generated = generated(drawn, Unit::Identities);
        let mixture = |people_percent| {
            let all = treatment(Arm::MIX, MixtureRatio::new(2.0).unwrap());
            mixed(&Treatment { people_percent, ..all }, &pool, &real, Some(&generated), &split, Seeds::new(5)).unwrap()
        };
        let faces = |items: &[Item]| items.iter().map(|item| item.face).collect::<BTreeSet<_>>();
        let (few, more, all) = (mixture(Some(25)), mixture(Some(50)), mixture(None));
        let counts = [&few, &more, &all].map(|m| (m.labelled().len(), m.added().len()));
        assert_eq!(counts, [(4, 8), (6, 12), (12, 24)], "2, 3 and 6 people of two faces");
        assert!(
            faces(few.labelled()).is_subset(&faces(more.labelled()))
                && faces(more.added()).is_subset(&faces(all.added()))
        );
    }

    #[test]
    fn generated_identities_that_test_or_validate_are_never_trained_on() {
        let (pool, real, drawn) = pool(None);
        let split = split(&pool, &real);
        let generated = generated(drawn, Unit::Identities);
        let [one, largest] = [1.0, 4.0].map(|k| MixtureRatio::new(k).unwrap());
        let of = |part, k| generated_held_out(&pool, &generated, &split, part, [k, largest], Seeds::new(5)).unwrap();
        let (test, validation) = (|k| of(SplitPart::Test, k), |k| of(SplitPart::Validation, k));
        assert_eq!((test(one).len(), test(largest).len()), (4, 16), "2 test people, two faces an identity");
        assert!(
            !validation(largest).is_empty() && validation(largest).iter().all(|face| !test(largest).contains(face))
        );
        let trained =
            mixed(&treatment(Arm::MIX, largest), &pool, &real, Some(&generated), &split, Seeds::new(5)).unwrap();
        let held_out = [test(largest), validation(largest)].concat();
        assert!(trained.added().iter().all(|item| !held_out.contains(&item.face)));
        let too_large = [one, MixtureRatio::new(5.0).unwrap()];
        let fault =
            generated_held_out(&pool, &generated, &split, SplitPart::Test, too_large, Seeds::new(5)).unwrap_err();
        assert!(fault.to_string().contains("30 to train on, 10 others to test"), "{fault}");
    }

    #[test]
    fn pretraining_sees_the_generated_faces_first_and_the_real_ones_after_them() {
        let (pool, real, drawn) = pool(None);
        let split = split(&pool, &real);
        let generated = generated(drawn, Unit::Identities);
        let mixture = |arm, k| {
            mixed(&treatment(arm, MixtureRatio::new(k).unwrap()), &pool, &real, Some(&generated), &split, Seeds::new(5))
                .unwrap()
        };
        let [first, second] = mixture(named("pretrain"), 2.0).stages().unwrap();
        assert_eq!(first.epoch_order(1), mixture(Arm::GENERATED_ONLY, 2.0).epoch_order(1));
        assert_eq!(second.epoch_order(1), mixture(Arm::REAL, 0.0).epoch_order(1));
    }
}
