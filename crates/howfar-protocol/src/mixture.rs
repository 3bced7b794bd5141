//! What a training run sees: real faces, and what an arm adds to them.
//!
//! In: an arm, k, a split, the pool. Out: a [`Mixture`], which cannot be built with a face of a held-out person, of a
//! held-out person's child, or of a generator that saw one. Its order is the same for the real faces in all arms of a
//! seed, so that differences between arms are paired.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use howfar_face::{Fault, GeneratorCard, Pool, SubjectId};

use crate::study::Unit;
use crate::{Arm, MixtureRatio, Seeds, Split, SplitPart, Stream, shuffle};

/// One picture of a training set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    /// Index into the pool.
    pub face: usize,
    /// As it is, or altered once and for all.
    pub variant: Variant,
}

/// Whether a picture is used as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variant {
    /// As it lies in the pool.
    AsIs,
    /// The `augment` arm's altered copy of this number.
    Copy(u32),
}

/// The generated faces of a study.
#[derive(Debug, Clone)]
pub struct GeneratedFaces {
    /// Where they lie in the pool.
    pub faces: Range<usize>,
    /// What made them.
    pub generators: Vec<GeneratorCard>,
    /// What a unit counts.
    pub unit: Unit,
}

/// What decides a training set, of all that makes a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blend {
    /// What it is made of.
    pub arm: Arm,
    /// How many units.
    pub k: MixtureRatio,
    /// So many percent of the real training people (rounded up); all where it is not said.
    pub people_percent: Option<u32>,
}

impl Blend {
    /// The real training faces and nothing else.
    pub const REAL: Self = Blend { arm: Arm::Real, k: MixtureRatio::ZERO, people_percent: None };
}

/// The training set of one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mixture {
    real: Vec<Item>,
    added: Vec<Item>,
    /// Whether every second picture of an epoch is real.
    has_fixed_share: bool,
    seeds: Seeds,
}

impl Mixture {
    /// Mixes for an arm. `real` is where the real faces lie in the pool, `seeds` those of the cell's seed index.
    pub fn new(
        blend: Blend,
        pool: &Pool,
        real: Range<usize>,
        generated: Option<&GeneratedFaces>,
        split: &Split,
        seeds: Seeds,
    ) -> Result<Self, Fault> {
        let Blend { arm, k, people_percent } = blend;
        let people = people(split, people_percent, seeds);
        let training: Vec<usize> = real.filter(|f| people.contains(&pool.face(*f).labels.subject)).collect();
        if training.is_empty() {
            return Err(Fault::data("the real sets", "no training face is left"));
        }
        let added = match generated {
            Some(generated) if arm != Arm::Real => {
                check_lineage(pool, generated, split)?;
                choose(pool, &training, generated, k, seeds)?
            }
            _ => Vec::new(),
        };
        let as_is = |face: &usize| Item { face: *face, variant: Variant::AsIs };
        let added_items: Vec<Item> = match arm {
            Arm::Real => Vec::new(),
            Arm::Mix | Arm::GeneratedOnly | Arm::FixedShare | Arm::Pretrain | Arm::Curated => {
                added.iter().map(as_is).collect()
            }
            Arm::Repeat | Arm::Augment => copies(&training, added.len(), arm, seeds),
        };
        let real = if arm == Arm::GeneratedOnly { Vec::new() } else { training.iter().map(as_is).collect() };
        let has_fixed_share = arm == Arm::FixedShare && !added_items.is_empty();
        Ok(Mixture { real, added: added_items, has_fixed_share, seeds })
    }

    /// Real training faces, in the pool's order.
    pub fn real(&self) -> &[Item] {
        &self.real
    }

    /// What the arm adds: generated faces, repeats or altered copies.
    pub fn added(&self) -> &[Item] {
        &self.added
    }

    /// The same without the added faces that are not kept.
    pub fn keep_added(mut self, is_kept: impl Fn(usize) -> bool) -> Self {
        self.added.retain(|item| is_kept(item.face));
        self
    }

    /// The added faces alone, then the real ones alone: what `pretrain` sees one after the other.
    pub fn one_after_the_other(&self) -> [Self; 2] {
        let added = Mixture { real: Vec::new(), ..self.clone() };
        [added, Mixture { added: Vec::new(), ..self.clone() }]
    }

    /// Pictures an epoch.
    pub fn len(&self) -> usize {
        self.real.len() + self.added.len()
    }

    /// Whether there is nothing to train on.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The pictures of an epoch in order. The real ones among themselves come in the same order in every arm.
    pub fn epoch_order(&self, epoch: u32) -> Vec<Item> {
        if self.has_fixed_share {
            return self.alternating(epoch);
        }
        let index = [u64::from(epoch)];
        let shuffled = |items: &[Item], name: &str| {
            let mut items = items.to_vec();
            shuffle(&mut items, &mut self.seeds.stream(name, &index));
            items
        };
        let real = shuffled(&self.real, "order of real faces");
        let added = shuffled(&self.added, "order of added faces");
        let mut places: Vec<bool> = (0..self.len()).map(|i| i < real.len()).collect();
        shuffle(&mut places, &mut self.seeds.stream("places of real faces", &index));
        let (mut real, mut added) = (real.into_iter(), added.into_iter());
        places.into_iter().filter_map(|is_real| if is_real { real.next() } else { added.next() }).collect()
    }
}

impl Mixture {
    /// Real and added pictures in turn, as many together as `mix` has: the passes over the real faces, one after the other, are those that
    /// the other arms make in their epochs, and so on without end; of the added ones each epoch takes what fits.
    fn alternating(&self, epoch: u32) -> Vec<Item> {
        let n_real = self.len().div_ceil(2);
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
        let real = endless(&self.real, "order of real faces", n_real);
        let added = endless(&self.added, "order of added faces", self.len() - n_real);
        let mut added = added.into_iter();
        real.into_iter().flat_map(|real| std::iter::once(real).chain(added.next())).collect()
    }
}

/// Invariant 1: no generated face may descend from a validation or test person, nor its generator have seen one.
fn check_lineage(pool: &Pool, generated: &GeneratedFaces, split: &Split) -> Result<(), Fault> {
    let advice = "generate from training people only, or leave these people out of the validation and test parts";
    for card in &generated.generators {
        if let Some(subject) = card.trained_on.iter().find(|s| split.is_held_out(s)) {
            return Err(Fault::data("[generated]", "the generator was trained on a person that this study holds out")
                .found(format!("{} was trained on {subject}", card.name))
                .expected("a generator that has seen training people only")
                .hint(advice));
        }
    }
    for face_idx in generated.faces.clone() {
        let labels = &pool.face(face_idx).labels;
        let held_out = |s: &&SubjectId| split.is_held_out(s);
        if let Some(person) = labels.parent.as_ref().filter(held_out).or(Some(&labels.subject).filter(held_out)) {
            return Err(Fault::data(
                "[generated]",
                "a generated face descends from a person that this study holds out",
            )
            .found(format!("{} (row {}) was made from {person}", labels.source, pool.face(face_idx).row))
            .expected("parents that are training people")
            .hint(advice));
        }
    }
    Ok(())
}

/// The training people, or the first of them in the seed's order: fewer are always among more.
fn people(split: &Split, percent: Option<u32>, seeds: Seeds) -> BTreeSet<SubjectId> {
    let mut people: Vec<SubjectId> = split.people(SplitPart::Training).cloned().collect();
    if let Some(percent) = percent {
        shuffle(&mut people, &mut seeds.stream("fewer people", &[]));
        people.truncate((people.len() * percent as usize).div_ceil(100));
    }
    people.into_iter().collect()
}

/// Faces of generated identities that no mixture of this seed up to the largest k trains on: k units for the test or the validation part,
/// as the paper counts them, and nobody in both. Units for a smaller k are among those for a larger one.
pub fn generated_held_out(
    pool: &Pool,
    generated: &GeneratedFaces,
    split: &Split,
    part: SplitPart,
    [k, largest]: [MixtureRatio; 2],
    seeds: Seeds,
) -> Result<Vec<usize>, Fault> {
    let mut identities = identities(pool, generated, seeds);
    let count = |k: MixtureRatio, part| (k.value() * split.people(part).count() as f64).round() as usize;
    let [n_training, n_test, n_validation] =
        [SplitPart::Training, SplitPart::Test, SplitPart::Validation].map(|part| count(largest, part));
    if n_training + n_test + n_validation > identities.len() {
        return Err(Fault::data("[generated]", format!("too few generated identities for k = {largest}"))
            .found(identities.len())
            .expected(format!(
                "{n_training} to train on, {n_test} others to test and {n_validation} to validate, as the paper counts"
            ))
            .hint("generate more, lower the largest k, or leave out protocol = \"paper\""));
    }
    let before = match part {
        SplitPart::Training => 0,
        SplitPart::Test => n_training,
        SplitPart::Validation => n_training + n_test,
    };
    let mut chosen = identities.split_off(before);
    chosen.truncate(count(k, part));
    let mut faces = chosen.concat();
    faces.sort_unstable();
    Ok(faces)
}

/// The faces of each generated identity, in the order in which a seed takes them.
fn identities(pool: &Pool, generated: &GeneratedFaces, seeds: Seeds) -> Vec<Vec<usize>> {
    let mut faces_of: BTreeMap<&SubjectId, Vec<usize>> = BTreeMap::new();
    for face_idx in generated.faces.clone() {
        faces_of.entry(&pool.face(face_idx).labels.subject).or_default().push(face_idx);
    }
    let mut identities: Vec<Vec<usize>> = faces_of.into_values().collect();
    shuffle(&mut identities, &mut choice_stream(seeds));
    identities
}

fn choice_stream(seeds: Seeds) -> Stream {
    seeds.stream("choice of generated faces", &[])
}

/// k units of generated faces. Units for a smaller k are among those for a larger one of the same seed.
fn choose(
    pool: &Pool,
    training: &[usize],
    generated: &GeneratedFaces,
    k: MixtureRatio,
    seeds: Seeds,
) -> Result<Vec<usize>, Fault> {
    let mut stream = choice_stream(seeds);
    let mut chosen = match generated.unit {
        Unit::Identities => {
            let n_people = {
                let mut people: Vec<&SubjectId> = training.iter().map(|f| &pool.face(*f).labels.subject).collect();
                people.sort();
                people.dedup();
                people.len()
            };
            let mut identities = identities(pool, generated, seeds);
            let wanted = wanted(k, n_people, identities.len(), "identities")?;
            identities.truncate(wanted);
            identities.concat()
        }
        Unit::Images => {
            let mut chosen = Vec::new();
            for (label, class) in pool.classes().iter().enumerate() {
                let of_class = |f: &usize| pool.face(*f).labels.label == label;
                let mut faces: Vec<usize> = generated.faces.clone().filter(of_class).collect();
                shuffle(&mut faces, &mut stream);
                let n_real = training.iter().filter(|f| of_class(f)).count();
                faces.truncate(wanted(k, n_real, faces.len(), &format!("images of {class}"))?);
                chosen.extend(faces);
            }
            chosen
        }
    };
    chosen.sort_unstable();
    Ok(chosen)
}

fn wanted(k: MixtureRatio, n_real: usize, n_there: usize, what: &str) -> Result<usize, Fault> {
    let wanted = (k.value() * n_real as f64).round() as usize;
    if wanted <= n_there {
        return Ok(wanted);
    }
    Err(Fault::data("[generated]", format!("too few generated {what} for k = {k}"))
        .found(n_there)
        .expected(format!("{wanted} = {k} × {n_real} of the real training part"))
        .hint("generate more, or lower the largest k"))
}

/// `n` further copies of the training faces: whole rounds, then a random part of one.
fn copies(training: &[usize], n: usize, arm: Arm, seeds: Seeds) -> Vec<Item> {
    let mut last_round = training.to_vec();
    shuffle(&mut last_round, &mut seeds.stream("last round of copies", &[]));
    let n_whole = n / training.len();
    let rounds = training.iter().cycle().take(n_whole * training.len());
    let faces = rounds.chain(last_round.iter().take(n % training.len()));
    faces
        .enumerate()
        .map(|(i, face)| {
            let variant = if arm == Arm::Augment { Variant::Copy(i as u32) } else { Variant::AsIs };
            Item { face: *face, variant }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use howfar_face::{Face, FaceLabels, FaceSetInfo, FaceSetWriter, Picture, Preprocessing, Provenance};
    use proptest::prelude::*;

    use super::*;

    /// 10 real people and 40 drawn identities of two faces each; `parent` of the first drawn face.
    fn pool(parent: Option<SubjectId>) -> (Pool, Range<usize>, Range<usize>) {
        let folder = tempfile::tempdir().unwrap();
        let classes = vec!["a".to_owned(), "b".to_owned()];
        let mut pool = Pool::new(classes.clone(), &Preprocessing::standard("none", "none", 8));
        let mut add = |name: &str, n: usize, provenance: Provenance, parent: Option<SubjectId>| {
            let info = FaceSetInfo::new(name, classes.clone(), Preprocessing::standard("none", "none", 8));
            let mut writer = FaceSetWriter::create(&folder.path().join(name), info).unwrap();
            for i in 0..2 * n {
                let labels = FaceLabels {
                    label: i % 2,
                    subject: SubjectId::new(name, &format!("{:02}", i / 2)).unwrap(),
                    provenance,
                    parent: parent.clone().filter(|_| i == 0),
                    source: i.to_string(),
                    drawn: None,
                };
                writer.push(&Face { picture: Picture::gray(8, 8, vec![i as u8; 64]), labels }).unwrap();
            }
            pool.add(&writer.finish().unwrap()).unwrap().0
        };
        let real = add("real", 10, Provenance::Real, None);
        let drawn = add("drawn", 40, Provenance::Drawn, parent);
        (pool, real, drawn)
    }

    fn split(pool: &Pool, real: &Range<usize>) -> Split {
        let people: BTreeSet<SubjectId> = real.clone().map(|f| pool.face(f).labels.subject.clone()).collect();
        Split::by_counts(&people, [6, 2, 2], Seeds::new(1)).unwrap()
    }

    fn blend(arm: Arm, k: MixtureRatio) -> Blend {
        Blend { arm, k, people_percent: None }
    }

    fn generated(faces: Range<usize>, unit: Unit) -> GeneratedFaces {
        GeneratedFaces { faces, generators: Vec::new(), unit }
    }

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
            for arm in Arm::ALL {
                let mixture =
                    Mixture::new(blend(arm, k), &pool, real.clone(), Some(&generated), &split, Seeds::new(seed)).unwrap();
                prop_assert_eq!(mixture.real().len(), if arm == Arm::GeneratedOnly { 0 } else { 12 });
                prop_assert_eq!(mixture.added().len(), if arm == Arm::Real { 0 } else { n_added });
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
            let mixture =
                Mixture::new(blend(arm, k), &pool, real.clone(), Some(&generated), &split, Seeds::new(5)).unwrap();
            let order = mixture.epoch_order(2).into_iter().map(|i| i.face).filter(|f| real.contains(f));
            order.collect::<Vec<_>>()
        };
        assert_eq!(order(Arm::Real, 0.0), order(Arm::Mix, 5.0));
    }

    #[test]
    fn a_fixed_share_alternates_and_passes_over_the_real_faces_as_the_other_arms_do() {
        let (pool, real, drawn) = pool(None);
        let split = split(&pool, &real);
        let generated = generated(drawn, Unit::Identities);
        let order = |arm, k, epochs: std::ops::Range<u32>| -> Vec<usize> {
            let k = MixtureRatio::new(k).unwrap();
            let mixture =
                Mixture::new(blend(arm, k), &pool, real.clone(), Some(&generated), &split, Seeds::new(5)).unwrap();
            epochs.flat_map(|epoch| mixture.epoch_order(epoch)).map(|item| item.face).collect()
        };
        for k in [0.5, 1.0, 5.0] {
            let mixed = order(Arm::FixedShare, k, 0..3);
            assert_eq!(mixed.len(), order(Arm::Mix, k, 0..3).len(), "as many pictures as the mix");
            let an_epoch = mixed.len() / 3;
            for epoch in mixed.chunks(an_epoch) {
                assert!(
                    epoch.iter().enumerate().all(|(i, face)| real.contains(face) == i.is_multiple_of(2)),
                    "k = {k}"
                );
            }
            let of_real: Vec<usize> = mixed.into_iter().filter(|face| real.contains(face)).collect();
            let passes = order(Arm::Real, 0.0, 0..20);
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
                Mixture::new(blend(Arm::Mix, k), &pool, real.clone(), Some(&generated), &split, Seeds::new(5)).unwrap();
            mixture.added().iter().copied().collect::<BTreeSet<_>>()
        };
        assert!(added(1.0).is_subset(&added(2.0)) && added(2.0).is_subset(&added(5.0)));
    }

    #[test]
    fn what_descends_from_a_held_out_person_is_refused() {
        let (plain, real, drawn) = pool(None);
        let split = split(&plain, &real);
        let person = |part| split.people(part).next().unwrap().clone();
        let k = MixtureRatio::new(1.0).unwrap();
        let mix = |pool: &Pool, generated: &GeneratedFaces| {
            Mixture::new(blend(Arm::Mix, k), pool, real.clone(), Some(generated), &split, Seeds::new(1))
        };
        for (part, allowed) in [(SplitPart::Training, true), (SplitPart::Validation, false), (SplitPart::Test, false)] {
            let (with_parent, ..) = pool(Some(person(part)));
            assert_eq!(mix(&with_parent, &generated(drawn.clone(), Unit::Identities)).is_ok(), allowed, "{part:?}");
            let mut trained = generated(drawn.clone(), Unit::Identities);
            let trained_on = vec![person(part)];
            let card = GeneratorCard {
                name: "gan".into(),
                seed: 1,
                trained_on,
                trained_on_content: Vec::new(),
                settings: String::new(),
            };
            trained.generators.push(card);
            assert_eq!(mix(&plain, &trained).is_ok(), allowed, "generator, {part:?}");
        }
    }

    #[test]
    fn too_few_identities_are_refused_with_the_numbers() {
        let (pool, real, drawn) = pool(None);
        let split = split(&pool, &real);
        let k = MixtureRatio::new(7.0).unwrap();
        let generated = generated(drawn, Unit::Identities);
        let fault = Mixture::new(blend(Arm::Mix, k), &pool, real, Some(&generated), &split, Seeds::new(1)).unwrap_err();
        assert!(fault.to_string().contains("42 = 7 × 6 of the real training part"), "{fault}");
    }

    #[test]
    fn fewer_people_are_among_more_and_take_k_units_of_their_own_number() {
        let (pool, real, drawn) = pool(None);
        let split = split(&pool, &real);
        let generated = generated(drawn, Unit::Identities);
        let mixture = |people_percent| {
            let blend = Blend { people_percent, ..blend(Arm::Mix, MixtureRatio::new(2.0).unwrap()) };
            Mixture::new(blend, &pool, real.clone(), Some(&generated), &split, Seeds::new(5)).unwrap()
        };
        let faces = |items: &[Item]| items.iter().map(|item| item.face).collect::<BTreeSet<_>>();
        let (few, more, all) = (mixture(Some(25)), mixture(Some(50)), mixture(None));
        let counts = [&few, &more, &all].map(|m| (m.real().len(), m.added().len()));
        assert_eq!(counts, [(4, 8), (6, 12), (12, 24)], "2, 3 and 6 people of two faces");
        assert!(faces(few.real()).is_subset(&faces(more.real())) && faces(more.added()).is_subset(&faces(all.added())));
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
            Mixture::new(blend(Arm::Mix, largest), &pool, real, Some(&generated), &split, Seeds::new(5)).unwrap();
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
            let blend = blend(arm, MixtureRatio::new(k).unwrap());
            Mixture::new(blend, &pool, real.clone(), Some(&generated), &split, Seeds::new(5)).unwrap()
        };
        let [first, second] = mixture(Arm::Pretrain, 2.0).one_after_the_other();
        assert_eq!(first.epoch_order(1), mixture(Arm::GeneratedOnly, 2.0).epoch_order(1));
        assert_eq!(second.epoch_order(1), mixture(Arm::Real, 0.0).epoch_order(1));
    }
}
