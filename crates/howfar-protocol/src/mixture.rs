//! What a training run sees: real faces, and what an arm adds to them.
//!
//! In: an arm, k, [`Ingredients`], the pool. Out: a [`Mixture`], which holds nothing of those who judge, because its ingredients
//! do not. Its order is the same for the real faces in all arms of a seed, so that differences between arms are paired.

use std::collections::{BTreeMap, BTreeSet};

use howfar_face::{Fault, Pool, SubjectId};

use crate::study::Unit;
use crate::{Arm, GeneratedFaces, Ingredients, MixtureRatio, Seeds, Stream, shuffle};

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
    /// Mixes for an arm. `seeds` are those of the cell's seed index.
    pub fn new(blend: Blend, pool: &Pool, ingredients: &Ingredients, seeds: Seeds) -> Result<Self, Fault> {
        let Blend { arm, k, people_percent } = blend;
        let people = ingredients.people(people_percent, seeds);
        let is_there = |f: &usize| people.contains(&pool.face(*f).labels.subject);
        let training: Vec<usize> = ingredients.training.iter().copied().filter(is_there).collect();
        if training.is_empty() {
            return Err(Fault::data("the real sets", "no training face is left"));
        }
        let added = match &ingredients.generated {
            Some(generated) if arm != Arm::Real => {
                let absent = ingredients.people.iter().filter(|person| !people.contains(person)).collect();
                Choosing { pool, ingredients, generated, absent }.choose(&training, k, seeds)?
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

/// The faces of each generated identity, in the order in which a seed takes them.
pub(crate) fn identities(pool: &Pool, generated: &GeneratedFaces, seeds: Seeds) -> Vec<Vec<usize>> {
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

/// Takes generated faces for the real training people who are there.
struct Choosing<'a> {
    pool: &'a Pool,
    ingredients: &'a Ingredients,
    generated: &'a GeneratedFaces,
    /// Training people who are left out where fewer are asked for.
    absent: BTreeSet<&'a SubjectId>,
}

impl Choosing<'_> {
    /// k units. Units for a smaller k are among those for a larger one of the same seed.
    fn choose(&self, training: &[usize], k: MixtureRatio, seeds: Seeds) -> Result<Vec<usize>, Fault> {
        let Choosing { pool, generated, .. } = self;
        let mut chosen = match generated.unit {
            Unit::Identities => {
                let people: BTreeSet<&SubjectId> = training.iter().map(|f| &pool.face(*f).labels.subject).collect();
                let mut identities = identities(pool, generated, seeds);
                identities.truncate(generated.trainable.unwrap_or(usize::MAX));
                identities.retain(|faces| faces.iter().all(|face| self.may_enter(*face)));
                let wanted = self.wanted(k, people.len(), identities.len(), "identities")?;
                identities.truncate(wanted);
                identities.concat()
            }
            Unit::Images => {
                let mut stream = choice_stream(seeds);
                let mut chosen = Vec::new();
                for (label, class) in pool.classes().iter().enumerate() {
                    let of_class = |f: &usize| pool.face(*f).labels.label == label;
                    let mut faces: Vec<usize> = generated.faces.clone().filter(of_class).collect();
                    shuffle(&mut faces, &mut stream);
                    faces.retain(|face| self.may_enter(*face));
                    let n_real = training.iter().filter(|f| of_class(f)).count();
                    faces.truncate(self.wanted(k, n_real, faces.len(), &format!("images of {class}"))?);
                    chosen.extend(faces);
                }
                chosen
            }
        };
        chosen.sort_unstable();
        Ok(chosen)
    }

    /// Whether a face has nothing of the training people who are left out: it is none of theirs or of their children, and its
    /// generator did not see them.
    fn may_enter(&self, face: usize) -> bool {
        if self.absent.is_empty() {
            return true;
        }
        let face = self.pool.face(face);
        let own = [Some(&face.labels.subject), face.labels.parent.as_ref()].into_iter().flatten();
        let seen = self.ingredients.seen.get(&face.set_idx).into_iter().flatten();
        !own.chain(seen).any(|person| self.absent.contains(person))
    }

    fn wanted(&self, k: MixtureRatio, n_real: usize, n_there: usize, what: &str) -> Result<usize, Fault> {
        let wanted = k.units(n_real);
        if wanted <= n_there {
            return Ok(wanted);
        }
        let fault = Fault::data("[generated]", format!("too few generated {what} for k = {k}")).found(n_there);
        Err(if self.absent.is_empty() {
            fault
                .expected(format!("{wanted} = {k} × {n_real} of the real training part"))
                .hint("generate more, or lower the largest k")
        } else {
            let n_absent = self.absent.len();
            fault
                .expected(format!(
                    "{wanted} = {k} × {n_real} that have nothing of the {n_absent} training people who are left out (grid.people_percent)"
                ))
                .hint("mix in faces without parents, from a generator that saw none of these people, or leave out people_percent")
        })
    }
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
    use std::ops::Range;

    use howfar_face::test_sets::{TestSet, labels};
    use howfar_face::{FaceLabels, FaceSetInfo, GeneratorCard, Preprocessing, Provenance};
    use proptest::prelude::*;

    use super::*;
    use crate::{HeldOut, PooledSets, Split, SplitPart, generated_held_out};

    /// 10 real people and 40 drawn identities of two faces each; `parent` of the first drawn face.
    fn pool(parent: Option<SubjectId>) -> (Pool, Range<usize>, Range<usize>) {
        let folder = tempfile::tempdir().unwrap();
        let classes = vec!["a".to_owned(), "b".to_owned()];
        let mut pool = Pool::new(classes, &Preprocessing::standard("none", "none", 8));
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
        pool: &Pool,
        sets: &[FaceSetInfo],
        real: &Range<usize>,
        generated: Option<&GeneratedFaces>,
        split: &Split,
    ) -> Result<Ingredients, Fault> {
        let sets = PooledSets { pool, sets };
        let mut held_out = HeldOut::of_split(split);
        held_out.add_real(split, sets, real.clone());
        Ingredients::new(sets, real.clone(), generated.cloned(), split, &held_out)
    }

    fn mixed(
        blend: Blend,
        pool: &Pool,
        real: &Range<usize>,
        generated: Option<&GeneratedFaces>,
        split: &Split,
        seeds: Seeds,
    ) -> Result<Mixture, Fault> {
        Mixture::new(blend, pool, &ingredients(pool, &sets(None), real, generated, split)?, seeds)
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
                    mixed(blend(arm, k), &pool, &real, Some(&generated), &split, Seeds::new(seed)).unwrap();
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
            let mixture = mixed(blend(arm, k), &pool, &real, Some(&generated), &split, Seeds::new(5)).unwrap();
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
            let mixture = mixed(blend(arm, k), &pool, &real, Some(&generated), &split, Seeds::new(5)).unwrap();
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
            let mixture = mixed(blend(Arm::Mix, k), &pool, &real, Some(&generated), &split, Seeds::new(5)).unwrap();
            mixture.added().iter().copied().collect::<BTreeSet<_>>()
        };
        assert!(added(1.0).is_subset(&added(2.0)) && added(2.0).is_subset(&added(5.0)));
    }

    #[test]
    fn what_descends_from_a_held_out_person_is_refused() {
        let (plain, real, drawn) = pool(None);
        let split = split(&plain, &real);
        let person = |part| split.people(part).next().unwrap().clone();
        let mix = |pool: &Pool, sets: &[FaceSetInfo]| {
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
        let fault = mixed(blend(Arm::Mix, k), &pool, &real, Some(&generated), &split, Seeds::new(1)).unwrap_err();
        assert!(fault.to_string().contains("42 = 7 × 6 of the real training part"), "{fault}");
    }

    #[test]
    fn fewer_people_are_among_more_and_take_k_units_of_their_own_number() {
        let (pool, real, drawn) = pool(None);
        let split = split(&pool, &real);
        let generated = generated(drawn, Unit::Identities);
        let mixture = |people_percent| {
            let blend = Blend { people_percent, ..blend(Arm::Mix, MixtureRatio::new(2.0).unwrap()) };
            mixed(blend, &pool, &real, Some(&generated), &split, Seeds::new(5)).unwrap()
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
        let trained = mixed(blend(Arm::Mix, largest), &pool, &real, Some(&generated), &split, Seeds::new(5)).unwrap();
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
            mixed(blend, &pool, &real, Some(&generated), &split, Seeds::new(5)).unwrap()
        };
        let [first, second] = mixture(Arm::Pretrain, 2.0).one_after_the_other();
        assert_eq!(first.epoch_order(1), mixture(Arm::GeneratedOnly, 2.0).epoch_order(1));
        assert_eq!(second.epoch_order(1), mixture(Arm::Real, 0.0).epoch_order(1));
    }
}
