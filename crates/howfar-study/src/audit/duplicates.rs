//! Near duplicates: the same shot under two names, on two sides, or copied by a generator.
//!
//! In: the faces. Out: findings by what the pair would spoil. Two faces of one person are no finding; neither are a generated
//! face and its parent.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use howfar_evaluate::Finding;
use howfar_face::fingerprint::{HashIndex, difference_hash, is_same_shot, patch};

use super::subjects::{AuditedFaces, Role};
use super::{Found, MOST_EXAMPLES};

/// Two faces that are one shot, the smaller index first.
type Pair = (usize, usize);

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

/// All near duplicates.
pub(crate) fn audit(faces: &AuditedFaces) -> Vec<Finding> {
    let mut by_harm: BTreeMap<Harm, Vec<Pair>> = BTreeMap::new();
    for pair in near_duplicates(faces) {
        if let Some(harm) = harm(faces, pair) {
            by_harm.entry(harm).or_default().push(pair);
        }
    }
    if by_harm.is_empty() {
        let text = format!("No two of {} faces of different subjects are the same shot.", faces.pool.len());
        return vec![Found::new("duplicates", "no-duplicates", false).says(text, "", &[])];
    }
    by_harm.into_iter().map(|(harm, pairs)| finding(faces, harm, &pairs)).collect()
}

fn harm(faces: &AuditedFaces, (a, b): Pair) -> Option<Harm> {
    let (face_a, face_b) = (&faces.pool.face(a).labels, &faces.pool.face(b).labels);
    let is_child = |child: Option<&howfar_face::SubjectId>, other| child == Some(other);
    let is_family = face_a.subject == face_b.subject
        || is_child(face_a.parent.as_ref(), &face_b.subject)
        || is_child(face_b.parent.as_ref(), &face_a.subject)
        || (face_a.parent.is_some() && face_a.parent == face_b.parent);
    if is_family {
        return None;
    }
    let judges = |role| matches!(role, Role::HeldOut | Role::Unseen);
    let trains = |role| matches!(role, Role::Training | Role::Generated | Role::Real);
    let roles = [faces.roles[a], faces.roles[b]];
    Some(match roles {
        [x, y] if (judges(x) && trains(y)) || (judges(y) && trains(x)) => Harm::AcrossParts,
        [Role::Generated, Role::Generated] => Harm::Repeated,
        [x, y] if x == Role::Generated || y == Role::Generated => Harm::Copied,
        _ => Harm::TwoNames,
    })
}

fn finding(faces: &AuditedFaces, harm: Harm, pairs: &[Pair]) -> Finding {
    let n = pairs.len();
    let distinct: BTreeSet<usize> = pairs.iter().flat_map(|(a, b)| [*a, *b]).collect();
    let pairs_of = if n == 1 { "1 pair".to_owned() } else { format!("{n} pairs") };
    let (code, text, advice) = match harm {
        Harm::AcrossParts => (
            "duplicate-across-parts",
            format!(
                "{pairs_of} of faces under different names are the same shot, one of them in training, the other where it judges."
            ),
            "Give both one name, or leave one out: figures on such faces are too high.",
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
            format!("{pairs_of} of faces of different generated identities are the same picture."),
            "There are fewer identities than k counts.",
        ),
    };
    let figures = [("n_pairs", n as f64), ("n_faces", distinct.len() as f64)];
    let mut finding = Found::new("duplicates", code, true).says(text, advice, &figures);
    let words = |(a, b): &Pair| {
        let role = |face: usize| faces.roles[face].words();
        format!("{} ({}) = {} ({})", faces.place(*a), role(*a), faces.place(*b), role(*b))
    };
    finding.examples = pairs.iter().take(MOST_EXAMPLES).map(words).collect();
    finding
}

/// All pairs of faces of one shot, mirrored or not, in order.
fn near_duplicates(faces: &AuditedFaces) -> Vec<Pair> {
    let (pool, side) = (&faces.pool, faces.pool.side());
    let (mut index, mut candidates) = (HashIndex::default(), BTreeSet::new());
    for b in 0..pool.len() {
        let hash = difference_hash(pool.pixels(b), side);
        candidates.extend(index.near(hash).into_iter().map(|(a, is_mirror)| (a, b, is_mirror)));
        index.add(hash);
    }
    let (mut found, mut patches) = (Vec::new(), HashMap::new());
    for (a, b, is_mirror) in candidates {
        let [of_a, of_b] = [a, b].map(|face| {
            let own = patches.entry(face).or_insert_with(|| Rc::new(patch(pool.pixels(face), side)));
            Rc::clone(own)
        });
        if is_same_shot(&of_a, &of_b, is_mirror) {
            found.push((a, b));
        }
    }
    found
}
