//! Whether identities are distinct, and whether generated children look like their parents.
//!
//! In: the faces. Out: findings with the share of faces whose nearest neighbour is of the same identity. Likeness is
//! the correlation of patches less the mean patch of their class, so that an expression is not taken for a person. This
//! simple feature finds the same head in the same light; it says little of pictures taken years or poses apart, so the
//! same share among the real faces stands beside it.

use std::collections::{BTreeMap, BTreeSet};

use howfar_evaluate::Finding;
use howfar_face::SubjectId;
use howfar_face::fingerprint::{correlation, patch, standardised};
use howfar_random::{Stream, shuffle};
use rayon::prelude::*;

use super::subjects::{AuditedFaces, Side};
use super::{Found, percent};

/// Identities that are compared at most.
const MOST_IDENTITIES: usize = 100;
/// Faces of each that are compared at most.
const MOST_FACES_OF_ONE: usize = 20;
/// Children whose parent is looked for at most.
const MOST_CHILDREN: usize = 3000;
/// Fewer say nothing.
const FEWEST_IDENTITIES: usize = 5;
/// Below this share of parents found again, expression transfer does not keep the person.
const KEPT: f64 = 0.5;
/// Generated identities whose faces find each other so many times less often than those of real people blur into one
/// another. Light and pose alone can make it two or three times.
const LESS_DISTINCT: f64 = 4.0;

/// Distinctness of generated identities beside that of real people, then children and parents.
pub(crate) fn audit(faces: &AuditedFaces) -> Vec<Finding> {
    let real = Sample::of(faces, &faces.of_side(Side::is_labelled), "real");
    let generated = Sample::of(faces, &faces.of_side(|r| r == Side::Generated), "generated");
    let mut findings = Vec::new();
    findings.extend(distinct(generated.as_ref(), real.as_ref()));
    findings.extend(kept(faces));
    findings
}

fn distinct(generated: Option<&Sample>, real: Option<&Sample>) -> Option<Finding> {
    let generated = generated?;
    let share = generated.share_found();
    let of_real = real.map(Sample::share_found);
    let is_caveat = of_real.is_some_and(|of_real| share * LESS_DISTINCT < of_real);
    let beside = of_real.map_or(String::new(), |share| format!("; {:.1} % of real ones", percent(share)));
    let text = format!(
        "Of the faces of {} generated identities, {:.1} % have a face of the same identity as nearest \
            neighbour{beside} (a simple likeness, which light \
         and pose disturb).",
        generated.n_identities,
        percent(share)
    );
    let advice = if is_caveat {
        "Generated identities blur into one another: k counts fewer subjects than it says."
    } else {
        ""
    };
    let mut figures = vec![("generated_percent", percent(share)), ("n_identities", generated.n_identities as f64)];
    figures.extend(of_real.map(|share| ("real_percent", percent(share))));
    let code = if is_caveat { "identities-alike" } else { "identities-distinct" };
    Some(Found::new("identity", code, is_caveat).says(text, advice, &figures))
}

/// Children against the mean of each real person: is the parent the nearest?
fn kept(faces: &AuditedFaces) -> Option<Finding> {
    let mut children = faces.of_side(|r| r == Side::Generated);
    children.retain(|face| faces.pool.face(*face).labels.parent.is_some());
    let parents: BTreeSet<&SubjectId> =
        children.iter().filter_map(|face| faces.pool.face(*face).labels.parent.as_ref()).collect();
    let parents: BTreeSet<&SubjectId> = parents.into_iter().take(MOST_IDENTITIES).collect();
    let mut people: BTreeMap<&SubjectId, Vec<usize>> = BTreeMap::new();
    for face in faces.of_side(Side::is_labelled) {
        let subject = &faces.pool.face(face).labels.subject;
        if parents.contains(subject) {
            people.entry(subject).or_default().push(face);
        }
    }
    if people.len() < FEWEST_IDENTITIES {
        return None;
    }
    children.retain(|face| faces.pool.face(*face).labels.parent.as_ref().is_some_and(|p| people.contains_key(p)));
    let mut stream = faces.seeds.stream("faces of parents and children", &[]);
    people.values_mut().for_each(|own| keep_some(own, MOST_FACES_OF_ONE, &mut stream));
    keep_some(&mut children, MOST_CHILDREN, &mut stream);
    let of_people: Vec<usize> = people.values().flatten().copied().collect();
    let mut features = Features::of(faces, &of_people);
    features.add(faces, &children);
    let means: Vec<(&SubjectId, Vec<f32>)> =
        people.iter().map(|(person, own)| (*person, features.mean_of(own))).collect();
    let is_kept = |child: &&usize| {
        let own = features.patch(**child);
        let nearest = means.iter().max_by(|a, b| correlation(&a.1, own).total_cmp(&correlation(&b.1, own)));
        nearest.map(|(person, _)| *person) == faces.pool.face(**child).labels.parent.as_ref()
    };
    let share = children.par_iter().filter(is_kept).count() as f64 / children.len() as f64;
    let text = format!(
        "Of {} generated faces with a real parent, {:.1} % look most like their parent among {} subjects.",
        children.len(),
        percent(share),
        people.len()
    );
    let is_caveat = share < KEPT;
    let advice = if is_caveat {
        "Expression transfer does not keep the subject: children count as new faces, not as more of the parent."
    } else {
        ""
    };
    let code = if is_caveat { "parents-lost" } else { "parents-kept" };
    let figures = [("kept_percent", percent(share)), ("n_people", people.len() as f64)];
    Some(Found::new("identity", code, is_caveat).says(text, advice, &figures))
}

/// Patches less the mean patch of their class.
struct Features {
    patches: BTreeMap<usize, Vec<f32>>,
}

impl Features {
    fn of(faces: &AuditedFaces, chosen: &[usize]) -> Self {
        let mut features = Features { patches: BTreeMap::new() };
        features.add(faces, chosen);
        features
    }

    /// Adds faces of one origin: their class means are their own.
    fn add(&mut self, faces: &AuditedFaces, chosen: &[usize]) {
        let side = faces.pool.side();
        let mut by_class: BTreeMap<usize, Vec<(usize, Vec<f32>)>> = BTreeMap::new();
        for face in chosen {
            let label = faces.pool.face(*face).labels.label;
            by_class.entry(label).or_default().push((*face, patch(&faces.pool.pixels(*face), side)));
        }
        for patches in by_class.into_values() {
            let mean = mean(patches.iter().map(|(_, patch)| patch.as_slice()));
            for (face, patch) in patches {
                let rest = patch.iter().zip(&mean).map(|(level, mean)| level - mean).collect();
                self.patches.insert(face, standardised(rest));
            }
        }
    }

    fn patch(&self, face: usize) -> &[f32] {
        &self.patches[&face]
    }

    fn mean_of(&self, faces: &[usize]) -> Vec<f32> {
        standardised(mean(faces.iter().map(|face| self.patch(*face))))
    }
}

fn mean<'a>(patches: impl Iterator<Item = &'a [f32]>) -> Vec<f32> {
    let (mut sum, mut n) = (Vec::new(), 0.0_f32);
    for patch in patches {
        sum.resize(patch.len(), 0.0);
        sum.iter_mut().zip(patch).for_each(|(sum, level)| *sum += level);
        n += 1.0;
    }
    sum.iter_mut().for_each(|level| *level /= n.max(1.0));
    sum
}

/// So many of the faces at most, drawn at random, in their order.
fn keep_some(faces: &mut Vec<usize>, most: usize, stream: &mut Stream) {
    if faces.len() > most {
        shuffle(faces, stream);
        faces.truncate(most);
        faces.sort_unstable();
    }
}

/// Faces of identities that have two or more.
struct Sample {
    n_identities: usize,
    owners: Vec<usize>,
    patches: Vec<Vec<f32>>,
}

impl Sample {
    fn of(faces: &AuditedFaces, chosen: &[usize], name: &str) -> Option<Self> {
        let mut by_subject: BTreeMap<&SubjectId, Vec<usize>> = BTreeMap::new();
        for face in chosen {
            by_subject.entry(&faces.pool.face(*face).labels.subject).or_default().push(*face);
        }
        let mut identities: Vec<Vec<usize>> = by_subject.into_values().filter(|own| own.len() > 1).collect();
        shuffle(&mut identities, &mut faces.seeds.stream(&format!("identities {name}"), &[]));
        identities.truncate(MOST_IDENTITIES);
        if identities.len() < FEWEST_IDENTITIES {
            return None;
        }
        let mut stream = faces.seeds.stream(&format!("faces of identities {name}"), &[]);
        identities.iter_mut().for_each(|own| keep_some(own, MOST_FACES_OF_ONE, &mut stream));
        let features = Features::of(faces, &identities.concat());
        let owned = identities.iter().enumerate().flat_map(|(owner, own)| own.iter().map(move |face| (owner, *face)));
        let (owners, patches) = owned.map(|(owner, face)| (owner, features.patch(face).to_vec())).unzip();
        Some(Sample { n_identities: identities.len(), owners, patches })
    }

    /// Share of faces whose nearest neighbour is of the same identity.
    fn share_found(&self) -> f64 {
        let is_found = |i: &usize| {
            let others = (0..self.owners.len()).filter(|j| j != i);
            let likeness = |j: usize| correlation(&self.patches[*i], &self.patches[j]);
            let nearest = others.max_by(|a, b| likeness(*a).total_cmp(&likeness(*b)));
            nearest.is_some_and(|j| self.owners[j] == self.owners[*i])
        };
        (0..self.owners.len()).into_par_iter().filter(is_found).count() as f64 / self.owners.len() as f64
    }
}
