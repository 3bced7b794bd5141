//! Whoever and whatever stands on two sides is refused before work begins, with names.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::collections::BTreeMap;

use howfar_face::test_sets::{TestSet, labels};
use howfar_face::{FaceLabels, FaceSetInfo, FaceStore, GeneratorCard, Preprocessing, Provenance, SubjectId};
use howfar_protocol::{
    GeneratedFaces, HeldOut, Ingredients, Mixture, MixtureRatio, Split, SplitPart, StoredSets, Treatment, Unit,
};
use howfar_random::Seeds;

/// Subject, parent, gray level of a face.
type Made = (&'static str, Option<&'static str>, u8);

const REAL: [Made; 4] = [("db:p1", None, 1), ("db:p2", None, 2), ("db:p3", None, 3), ("db:p4", None, 4)];

#[derive(Clone)]
struct World {
    real: Vec<Made>,
    generated: Vec<Made>,
    unseen: Vec<Made>,
    /// Whom the generated set's maker saw, and whom the unseen set's.
    saw: [Vec<&'static str>; 2],
    saw_content_of: Option<&'static str>,
}

impl World {
    fn clean() -> Self {
        let generated = (0..8).map(|i| (["g:a", "g:b", "g:c", "g:d"][i / 2], Some("db:p1"), 100 + i as u8)).collect();
        World {
            real: REAL.to_vec(),
            generated,
            unseen: vec![("far:x", None, 200), ("far:y", None, 201)],
            saw: [vec!["db:p1", "db:p2"], Vec::new()],
            saw_content_of: None,
        }
    }

    /// The ingredients of a split in which p1 and p2 train, p3 validates and p4 tests.
    fn ingredients(&self) -> Result<(FaceStore, Ingredients), String> {
        let folder = tempfile::tempdir().unwrap();
        let preprocessing = Preprocessing::standard("none", "none", 8);
        let mut pools = [(); 2].map(|()| FaceStore::new(vec!["a".into()], &preprocessing));
        let mut infos: Vec<FaceSetInfo> = Vec::new();
        let sets = [("faces", &self.real, 0, None), ("far", &self.unseen, 1, Some(&self.saw[1]))];
        let made = [("made", &self.generated, 0, Some(&self.saw[0]))];
        for (name, faces, pool, saw) in sets.into_iter().chain(made) {
            let mut set = TestSet::new(name, &["a"], 8);
            let content = |set: &str| infos.iter().find(|i| i.name == set).map(|i| i.content_sha256.clone());
            set.info.generator = saw.map(|saw| GeneratorCard {
                name: "gan".into(),
                seed: 1,
                trained_on: saw.iter().map(|s| s.parse().unwrap()).collect(),
                trained_on_content: self.saw_content_of.and_then(content).into_iter().collect(),
                settings: String::new(),
            });
            for (subject, parent, level) in faces {
                let parent = parent.map(|p| p.parse().unwrap());
                let source = format!("{level}.png");
                set.push_plain(FaceLabels { parent, source, ..labels(0, subject, Provenance::Real) }, *level);
            }
            let set = set.write(folder.path());
            pools[pool].add(&set).unwrap();
            infos.push(set.info().clone());
        }
        let [pool, unseen_pool] = pools;
        let unseen_sets = [infos.remove(1)];
        let sides = ["db:p1", "db:p2", "db:p3", "db:p4"].map(|s| s.parse::<SubjectId>().unwrap());
        let parts = [SplitPart::Training, SplitPart::Training, SplitPart::Validation, SplitPart::Test];
        let split = Split::of(sides.into_iter().zip(parts).collect::<BTreeMap<_, _>>());
        let (pooled, unseen) =
            (StoredSets { pool: &pool, sets: &infos }, StoredSets { pool: &unseen_pool, sets: &unseen_sets });
        let n_real = self.real.len();
        let generated = GeneratedFaces { faces: n_real..pool.len(), unit: Unit::Identities, trainable: None };
        let ingredients = HeldOut::of_study(&split, pooled, 0..n_real, unseen)
            .and_then(|held_out| Ingredients::new(pooled, 0..n_real, Some(generated), 0..0, &split, &held_out));
        ingredients.map(|ingredients| (pool, ingredients)).map_err(|fault| fault.to_string())
    }
}

/// What is planted, how, and words of the refusal.
type Case = (&'static str, fn(&mut World), &'static [&'static str]);

#[test]
fn nothing_stands_on_two_sides() {
    assert!(World::clean().ingredients().is_ok());
    let cases: [Case; 13] = [
        ("a real person in an unseen set", |w| w.unseen[0].0 = "db:p2", &["db:p2", "is one of the unseen set far"]),
        ("a test person in an unseen set", |w| w.unseen[0].0 = "db:p4", &["db:p4", "is one of the unseen set far"]),
        ("a real person whose child is unseen", |w| w.unseen[0].1 = Some("db:p1"), &["is a parent of faces of"]),
        ("an unseen person who is generated", |w| w.generated[3].0 = "far:y", &["made row 3", "far:y"]),
        ("a child of an unseen person", |w| w.generated[3].1 = Some("far:y"), &["its parent far:y is one of"]),
        ("a child of a test person", |w| w.generated[3].1 = Some("db:p4"), &["its parent db:p4 tests in this study"]),
        (
            "children of one parent on both sides",
            |w| (w.unseen[0].1, w.generated[3].1) = (Some("other:z"), Some("other:z")),
            &["other:z is a parent of faces of the unseen set far"],
        ),
        ("a generator that saw an unseen person", |w| w.saw[0].push("far:x"), &["gan saw far:x, who is one of"]),
        ("a generator that saw a test person", |w| w.saw[0].push("db:p4"), &["gan saw db:p4, who tests"]),
        ("a generator that saw the unseen set", |w| w.saw_content_of = Some("far"), &["gan saw the set far"]),
        ("an unseen set by a generator that saw real people", |w| w.saw[1].push("db:p1"), &["far", "db:p1"]),
        (
            "an unseen picture among the generated ones",
            |w| w.generated[3].2 = 201,
            &["1 such pictures: made row 3 (g:b, 201.png) = far row 1 (far:y, 201.png)"],
        ),
        (
            "a test picture among the training ones",
            |w| w.real[0].2 = 4,
            &["faces row 0 (db:p1, 4.png) = faces row 3 (db:p4, 4.png)", "prepare the pictures into one set"],
        ),
    ];
    for (what, plant, words) in cases {
        let mut world = World::clean();
        plant(&mut world);
        let Err(fault) = world.ingredients() else { panic!("{what} is not refused") };
        assert!(words.iter().all(|words| fault.contains(words)), "{what}: {fault}");
    }
}

#[test]
fn fewer_people_get_nothing_of_those_who_are_left_out() {
    let half = |world: &World, seed| {
        let (pool, ingredients) = world.ingredients().unwrap();
        let treatment = Treatment::on_curve(MixtureRatio::ONE, None).of_people(50);
        let mixture =
            Mixture::new(&treatment, &pool, &ingredients, Seeds::new(seed)).map_err(|fault| fault.to_string())?;
        let real = pool.face(mixture.labelled()[0].face).labels.subject.to_string();
        let parents = mixture.added().iter().filter_map(|item| pool.face(item.face).labels.parent.clone());
        Ok::<_, String>((real, parents.map(|parent| parent.to_string()).collect::<Vec<_>>()))
    };
    // A generator of nobody, whose faces have one parent each: only children of those who are there enter.
    let mut world = World::clean();
    world.saw[0].clear();
    world.generated.iter_mut().enumerate().for_each(|(i, face)| face.1 = Some(["db:p1", "db:p2"][i / 2 % 2]));
    let mut present = std::collections::BTreeSet::new();
    for seed in 0..8 {
        let (real, parents) = half(&world, seed).unwrap();
        assert_eq!(parents, [real.clone(), real.clone()], "two faces of one identity");
        present.insert(real);
    }
    assert_eq!(present.len(), 2, "both people are left out by some seed");
    // A generator that saw both people knows whoever is left out: too few faces are left.
    let fault = half(&World::clean(), 0).unwrap_err();
    assert!(fault.contains("have nothing of the 1 training people who are left out"), "{fault}");
}
