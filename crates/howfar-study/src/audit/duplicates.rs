//! Near duplicates: the same shot under two names, on two sides, or copied by a generator.
//!
//! In: the faces. Out: findings by what the pair would spoil. Two faces of one person are no finding; neither are a generated
//! face and its parent.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use howfar_evaluate::Finding;

use super::fingerprint::{PATCHES, correlation, difference_hash, mirrored, patch};
use super::subjects::{AuditedFaces, Role};
use super::{Found, MOST_EXAMPLES};

/// Bits that may differ between hashes of one shot.
const MOST_BITS: u32 = 8;
/// Bands of the hash: of nine bands, eight differing bits leave one untouched.
const N_BANDS: u32 = 9;
/// Correlation of standardised patches of one shot, saved again, re-lit or mirrored. Among the 648 drawn faces of `howfar demo` no two of
/// different identities reach it.
const SAME_SHOT: f32 = 0.985;

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
    let hashes: Vec<[u64; 2]> = (0..pool.len()).map(|face| difference_hash(pool.pixels(face), side)).collect();
    let (mut found, mut patches) = (Vec::new(), HashMap::new());
    for (a, b, is_mirror) in candidates(&hashes) {
        let [of_a, of_b] = [a, b].map(|face| {
            let own = patches.entry(face).or_insert_with(|| Rc::new(patch(pool.pixels(face), side)));
            Rc::clone(own)
        });
        let of_b = if is_mirror { Rc::new(mirrored(&of_b, PATCHES)) } else { of_b };
        if correlation(&of_a, &of_b) >= SAME_SHOT {
            found.push((a, b));
        }
    }
    found
}

/// Pairs whose hashes differ in few bits, by bands: faces that share a band are compared.
fn candidates(hashes: &[[u64; 2]]) -> Vec<(usize, usize, bool)> {
    let band =
        |hash: u64, i: u32| (hash >> (i * 64 / N_BANDS)) & ((1 << ((i + 1) * 64 / N_BANDS - i * 64 / N_BANDS)) - 1);
    let mut found = BTreeSet::new();
    for i in 0..N_BANDS {
        let mut buckets: HashMap<u64, Vec<usize>> = HashMap::new();
        for (face, [hash, _]) in hashes.iter().enumerate() {
            buckets.entry(band(*hash, i)).or_default().push(face);
        }
        for (b, [plain, mirror]) in hashes.iter().enumerate() {
            for (hash, is_mirror) in [(plain, false), (mirror, true)] {
                let bucket = buckets.get(&band(*hash, i)).map_or(&[][..], Vec::as_slice);
                let near =
                    bucket.iter().take_while(|a| **a < b).filter(|a| (hashes[**a][0] ^ hash).count_ones() <= MOST_BITS);
                found.extend(near.map(|a| (*a, b, is_mirror)));
            }
        }
    }
    found.into_iter().collect()
}
