//! Near duplicates: the same shot under two names, on two sides, or copied by a generator.
//!
//! In: the faces. Out: findings by what the pair would spoil. Sides are asked before family: a face that trains and a
//! face that judges must not be one shot, whoever they are. On one side, two faces of one person are no finding;
//! neither are a generated face and its parent. All faces are compared with all (`howfar-face/src/shots.rs`); nothing
//! is kept of a pair but that it was found.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use howfar_evaluate::Finding;
use howfar_face::{FaceLabels, Fault, Shot, ShotIndex};
use rayon::prelude::*;

use super::subjects::{AuditedFaces, Side};
use super::{Found, MOST_EXAMPLES};

/// Two faces that are one shot, the smaller index first.
type Pair = (usize, usize);

/// Faces that a thread compares with all others before it looks whether it shall stop.
const ROWS: usize = 256;
/// Pairs that are counted of one face and harm: a generator that makes one face alone has too many.
const MOST_PAIRS_A_FACE: usize = 100;

/// Generated faces that are compared with one another; the first ones. All of them are compared with all others. Of so
/// many there are 20 billion pairs, and few generators that repeat themselves hide it there.
const MOST_GENERATED: usize = 200_000;

/// What a pair would spoil.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Harm {
    /// A face that trains is a face that judges.
    AcrossParts,
    /// One real person goes by two names.
    TwoNames,
    /// A generated face repeats a training face that is not its parent's.
    Copied,
    /// Generated identities repeat one another.
    Repeated,
}

impl Harm {
    const N: usize = 4;
}

/// All near duplicates; stops where it is asked to.
pub(crate) fn audit(faces: &AuditedFaces, stop: &AtomicBool) -> Result<Vec<Finding>, Fault> {
    let index = index(faces, stop)?;
    let generated = Generated::of(&faces.sides);
    let found: Mutex<BTreeMap<Harm, Pairs>> = Mutex::default();
    (0..faces.pool.len().div_ceil(ROWS)).into_par_iter().try_for_each(|i| {
        check_stop(stop)?;
        let of_rows = of_rows(faces, &index, &generated, i * ROWS);
        // Sums, unions and smallest pairs: the order of the threads leaves no trace.
        let mut found = found.lock().expect("no thread panics with the lock");
        of_rows.into_iter().for_each(|(harm, pairs)| found.entry(harm).or_default().join(pairs));
        Ok::<(), Fault>(())
    })?;
    let found = found.into_inner().expect("no thread panics with the lock");
    if found.is_empty() {
        let text = format!(
            "No two of {} faces of different subjects are the same shot{}.",
            faces.pool.len(),
            generated.words()
        );
        return Ok(vec![Found::new("duplicates", "no-duplicates", false).says(text, "", &[])]);
    }
    Ok(found.into_iter().map(|(harm, pairs)| finding(faces, harm, &pairs, &generated)).collect())
}

fn index(faces: &AuditedFaces, stop: &AtomicBool) -> Result<ShotIndex, Fault> {
    let mut index = ShotIndex::default();
    for begin in (0..faces.pool.len()).step_by(ROWS * ROWS) {
        check_stop(stop)?;
        let end = faces.pool.len().min(begin + ROWS * ROWS);
        let shot = |face| Shot::of(&faces.pool.pixels(face), faces.pool.side());
        let shots: Vec<Shot> = (begin..end).into_par_iter().map(shot).collect();
        shots.into_iter().for_each(|shot| index.add(shot));
    }
    Ok(index)
}

fn check_stop(stop: &AtomicBool) -> Result<(), Fault> {
    if !stop.load(Ordering::SeqCst) {
        return Ok(());
    }
    Err(Fault::interrupted("the search for duplicates was not over").hint("run the same command again to go on"))
}

/// Where generated faces are, and up to which they are compared with one another.
struct Generated {
    /// By the number of faces before it, how many of them are generated.
    n_before: Vec<u32>,
    /// The first face that is not compared with other generated ones; none where all are.
    end: Option<usize>,
}

impl Generated {
    fn of(sides: &[Side]) -> Self {
        let mut n_before = vec![0];
        let mut end = None;
        for (face, side) in sides.iter().enumerate() {
            let n = n_before[face] + u32::from(*side == Side::Generated);
            if n as usize > MOST_GENERATED {
                end = end.or(Some(face));
            }
            n_before.push(n);
        }
        Generated { n_before, end }
    }

    fn are_all(&self, faces: &Range<usize>) -> bool {
        (self.n_before[faces.end] - self.n_before[faces.start]) as usize == faces.len()
    }

    fn is_left_out(&self, face: usize, others: Range<usize>) -> bool {
        let Some(end) = self.end else { return false };
        (face >= end || others.start >= end) && self.are_all(&(face..face + 1)) && self.are_all(&others)
    }

    fn words(&self) -> String {
        let words = |_| format!("; of generated faces the first {MOST_GENERATED} were compared with one another");
        self.end.map(words).unwrap_or_default()
    }
}

/// The pairs whose first face is one of the rows from `begin` on.
fn of_rows(faces: &AuditedFaces, index: &ShotIndex, generated: &Generated, begin: usize) -> BTreeMap<Harm, Pairs> {
    let pool = &faces.pool;
    let rows = begin..pool.len().min(begin + ROWS);
    let mut found: BTreeMap<Harm, Pairs> = BTreeMap::new();
    let counted: Vec<[Cell<usize>; Harm::N]> = rows.clone().map(|_| Default::default()).collect();
    index.pairs(
        rows,
        pool.side(),
        |face| pool.pixels(face),
        |face, others| generated.is_left_out(face, others),
        |a, b, is_same| {
            let Some(harm) = harm(faces, (a, b)) else { return };
            let counted = &counted[a - begin][harm as usize];
            if counted.get() == MOST_PAIRS_A_FACE {
                found.entry(harm).or_default().is_cut = true;
            } else if is_same() {
                counted.set(counted.get() + 1);
                let is_equal = pool.face(a).sha256 == pool.face(b).sha256;
                found.entry(harm).or_default().add((a, b), is_equal);
            }
        },
    );
    found
}

/// What is kept of the pairs of one harm.
#[derive(Debug, Default)]
struct Pairs {
    n: u64,
    /// Of these, pairs that are equal in every pixel.
    n_equal: u64,
    faces: BTreeSet<u32>,
    /// The first ones.
    examples: BTreeSet<Pair>,
    /// Whether a face had more partners than are counted.
    is_cut: bool,
}

impl Pairs {
    fn add(&mut self, (a, b): Pair, is_equal: bool) {
        self.n += 1;
        self.n_equal += u64::from(is_equal);
        self.faces.extend([a as u32, b as u32]);
        self.examples.insert((a, b));
        self.keep_first();
    }

    fn join(&mut self, other: Self) {
        self.n += other.n;
        self.n_equal += other.n_equal;
        self.faces.extend(other.faces);
        self.examples.extend(other.examples);
        self.is_cut |= other.is_cut;
        self.keep_first();
    }

    fn keep_first(&mut self) {
        while self.examples.len() > MOST_EXAMPLES {
            self.examples.pop_last();
        }
    }
}

fn harm(faces: &AuditedFaces, (a, b): Pair) -> Option<Harm> {
    let sides = [faces.sides[a], faces.sides[b]];
    if sides.iter().any(|side| side.judges()) && sides.iter().any(|side| !side.judges()) {
        return Some(Harm::AcrossParts);
    }
    if is_family(&faces.pool.face(a).labels, &faces.pool.face(b).labels) {
        return None;
    }
    Some(match sides.map(|side| side == Side::Generated) {
        [true, true] => Harm::Repeated,
        [false, false] => Harm::TwoNames,
        _ => Harm::Copied,
    })
}

/// Faces of one person, a child and its parent, children of one parent.
fn is_family(a: &FaceLabels, b: &FaceLabels) -> bool {
    a.subject == b.subject
        || a.parent.as_ref() == Some(&b.subject)
        || b.parent.as_ref() == Some(&a.subject)
        || (a.parent.is_some() && a.parent == b.parent)
}

fn finding(faces: &AuditedFaces, harm: Harm, pairs: &Pairs, generated: &Generated) -> Finding {
    let pairs_of = match (pairs.n, pairs.is_cut) {
        (n, true) => format!("More than {n} pairs (of one face, {MOST_PAIRS_A_FACE} are counted)"),
        (1, false) => "1 pair".to_owned(),
        (n, false) => format!("{n} pairs"),
    };
    let (code, text, advice) = match harm {
        Harm::AcrossParts => (
            "duplicate-across-parts",
            format!(
                "{pairs_of} of faces are the same shot, one of them in training, the other where it judges; {} are \
                    equal in every pixel.",
                pairs.n_equal
            ),
            "Leave one of each pair out, or give both one name where they have two: figures on such faces are too \
                high.",
        ),
        Harm::TwoNames => (
            "duplicate-subjects",
            format!("{pairs_of} of real faces under different names are the same shot."),
            "One subject under two names can end on two sides of a split: mend the names.",
        ),
        Harm::Copied => (
            "copied-faces",
            format!("{pairs_of} of generated and real faces are the same shot: the generator copies."),
            "Copies add no new subjects; generate with another generator or leave them out.",
        ),
        Harm::Repeated => (
            "repeated-identities",
            format!("{pairs_of} of faces of different generated identities are the same picture{}.", generated.words()),
            "There are fewer identities than k counts.",
        ),
    };
    let figures = [("n_pairs", pairs.n as f64), ("n_faces", pairs.faces.len() as f64)];
    let mut finding = Found::new("duplicates", code, true).says(text, advice, &figures);
    if harm == Harm::AcrossParts {
        finding.figures.insert("n_equal_pairs".to_owned(), pairs.n_equal as f64);
    }
    let words = |(a, b): &Pair| {
        let side = |face: usize| faces.sides[face].words();
        format!("{} ({}) = {} ({})", faces.place(*a), side(*a), faces.place(*b), side(*b))
    };
    finding.examples = pairs.examples.iter().map(words).collect();
    finding
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::subjects::made::{Made, made};

    fn codes(faces: &AuditedFaces) -> Vec<String> {
        audit(faces, &AtomicBool::new(false)).unwrap().into_iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn one_shot_on_two_sides_is_found_whoever_it_is_and_family_on_one_side_is_not() {
        let person = |side, subject, shot| Made { side, subject, parent: None, shot, card: None };
        let cases = [
            ("the same person under one name", person(Side::Training, "real:a", 1), person(Side::Unseen, "real:a", 1)),
            ("a generated face of a judge", person(Side::Generated, "real:a", 1), person(Side::Unseen, "real:a", 1)),
            (
                "a child and its parent",
                Made { parent: Some("real:a"), ..person(Side::Generated, "made:a", 1) },
                person(Side::HeldOut, "real:a", 1),
            ),
            ("of another database", person(Side::Retrieved, "other:a", 1), person(Side::Unseen, "real:b", 1)),
            ("two names", person(Side::Labelled, "real:a", 1), person(Side::Unseen, "other:b", 1)),
        ];
        for (case, one, other) in cases {
            let faces = made(&[one, other, person(Side::Training, "real:c", 2)]);
            let found = audit(&faces, &AtomicBool::new(false)).unwrap();
            assert_eq!(found.len(), 1, "{case}: {found:#?}");
            assert_eq!(found[0].code, "duplicate-across-parts", "{case}");
            assert_eq!(found[0].figures["n_equal_pairs"], 1.0, "{case}: pixels are equal");
        }
        let on_one_side = [
            person(Side::Training, "real:a", 1),
            person(Side::Training, "real:a", 1),
            Made { parent: Some("real:a"), ..person(Side::Generated, "made:a", 1) },
        ];
        assert_eq!(codes(&made(&on_one_side)), ["no-duplicates"]);
    }

    #[test]
    fn a_generator_that_makes_one_face_alone_is_told_without_counting_every_pair() {
        let names: Vec<String> = (0..300).map(|i| format!("made:p{i:03}")).collect();
        let of_one =
            names.iter().map(|subject| Made { side: Side::Generated, subject, parent: None, shot: 1, card: None });
        let judge = Made { side: Side::HeldOut, subject: "real:z", parent: None, shot: 1, card: None };
        let faces = made(&of_one.chain([judge]).collect::<Vec<_>>());
        let found = audit(&faces, &AtomicBool::new(false)).unwrap();
        let codes: Vec<&str> = found.iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!(codes, ["duplicate-across-parts", "repeated-identities"], "many of one kind hide none of another");
        assert_eq!(found[0].figures["n_pairs"], 100.0, "the judge is one face");
        assert_eq!(found[1].figures["n_faces"], 300.0);
        // Each of the first 200 has 100 partners or more after it; the others have 99, 98, … 0.
        assert_eq!(found[1].figures["n_pairs"], 200.0 * 100.0 + 99.0 * 100.0 / 2.0);
        assert!(found[1].text.starts_with("More than 24950 pairs"), "{}", found[1].text);
    }

    #[test]
    fn the_search_stops_when_it_is_asked_to() {
        let faces = made(&[Made { side: Side::Training, subject: "real:a", parent: None, shot: 1, card: None }]);
        let fault = audit(&faces, &AtomicBool::new(true)).unwrap_err();
        assert_eq!(fault.kind(), Fault::interrupted("").kind(), "{fault}");
    }
}
