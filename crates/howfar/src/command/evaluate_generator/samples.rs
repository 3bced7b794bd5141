//! Which faces are compared with which. In: a generated and a real set. Out: faces by index, grouped by person; halves of the real
//! set that share nobody. Looks at no pixel.

use std::collections::BTreeMap;

use howfar_face::{FaceSet, Fault, Pool, SubjectId};
use howfar_protocol::{Seeds, shuffle};
use howfar_train::Model;

/// The faces of each person, by their places in the pool.
pub type People = Vec<Vec<usize>>;

/// Both sets in memory, and who is compared.
#[derive(Debug)]
pub struct Samples {
    pub pool: Pool,
    /// Classes that both sets have, as places among the network's.
    pub classes: Vec<usize>,
    pub generated: People,
    /// The real people; nobody is in both halves.
    pub halves: [People; 2],
    /// Generated and real faces of classes that not both sets and the network have.
    pub n_left_out: [u64; 2],
}

impl Samples {
    pub fn new(sets: &[FaceSet; 2], model: &Model) -> Result<Self, Fault> {
        check_sizes(sets, model)?;
        let has = |set: &FaceSet, class: usize| set.info().classes.contains(&model.classes()[class]);
        let classes: Vec<usize> =
            (0..model.classes().len()).filter(|class| sets.iter().all(|set| has(set, *class))).collect();
        if classes.is_empty() {
            let [generated, real] = sets.each_ref().map(|set| set.info().classes.join(", "));
            return Err(Fault::data(places(sets), "the sets and howfar's network share no class")
                .found(format!("{generated}; {real}"))
                .expected(format!("a class of {}", model.classes().join(", "))));
        }
        let mut pool = Pool::new(model.classes().to_vec(), model.preprocessing());
        let mut n_left_out = [0; 2];
        let mut people = [Vec::new(), Vec::new()];
        for ((set, n_left_out), people) in sets.iter().zip(&mut n_left_out).zip(&mut people) {
            let (faces, n_of_others) = pool.add(set)?;
            let n_all = faces.len();
            let kept: Vec<usize> = faces.filter(|face| classes.contains(&pool.face(*face).labels.label)).collect();
            *n_left_out = n_of_others + (n_all - kept.len()) as u64;
            *people = by_person(&pool, &kept);
        }
        let [generated, mut real] = people;
        if real.len() < 2 {
            return Err(Fault::data(sets[1].folder().display(), "too few people to split the real faces in halves")
                .found(real.len())
                .expected("at least 2 people; faces are compared with those of other people"));
        }
        // Sets may be sorted by age, database or skin; a fixed stream, so that the same set always has the same halves.
        shuffle(&mut real, &mut Seeds::new(0).stream("halves of the real faces", &[]));
        let other_half = real.split_off(real.len().div_ceil(2));
        Ok(Samples { pool, classes, generated, halves: [real, other_half], n_left_out })
    }

    pub fn class_names(&self, model: &Model) -> Vec<String> {
        self.classes.iter().map(|class| model.classes()[*class].clone()).collect()
    }
}

/// The faces of each person, in the order in which people appear.
fn by_person(pool: &Pool, faces: &[usize]) -> People {
    let mut place: BTreeMap<&SubjectId, usize> = BTreeMap::new();
    let mut people = People::new();
    for face in faces {
        let idx = *place.entry(&pool.face(*face).labels.subject).or_insert(people.len());
        if idx == people.len() {
            people.push(Vec::new());
        }
        people[idx].push(*face);
    }
    people
}

fn places(sets: &[FaceSet; 2]) -> String {
    format!("{} and {}", sets[0].folder().display(), sets[1].folder().display())
}

fn check_sizes(sets: &[FaceSet; 2], model: &Model) -> Result<(), Fault> {
    let sides = sets.each_ref().map(|set| set.info().preprocessing.side);
    let expected = model.side();
    if sides.iter().any(|side| *side as usize != expected) {
        let what = if sides[0] == sides[1] {
            "howfar's network looks at faces of another size"
        } else {
            "the two sets have faces of different sizes"
        };
        return Err(Fault::data(places(sets), what)
            .found(format!("{0}×{0} and {1}×{1} pixels", sides[0], sides[1]))
            .expected(format!("{expected}×{expected} in both"))
            .hint(format!("make both with --size {expected}")));
    }
    Ok(())
}
