//! What is known of where generated faces come from, and under which terms all faces stand.

use std::collections::BTreeSet;

use howfar_evaluate::Finding;
use howfar_face::{Provenance, SubjectId};

use super::subjects::{AuditedFaces, Role};
use super::{Found, MOST_EXAMPLES};

/// Lineage of generated faces and the terms of all sets.
pub(crate) fn audit(faces: &AuditedFaces) -> Vec<Finding> {
    let mut findings = vec![held_out(faces)];
    findings.extend(unknown(faces));
    findings.extend(licences(faces));
    findings
}

/// People whom the study holds out and who are a parent, or whom a generator saw. Studies refuse to begin with them; loose
/// face sets can only be warned of.
fn held_out(faces: &AuditedFaces) -> Finding {
    let held: BTreeSet<&SubjectId> =
        faces.of_role(|r| matches!(r, Role::HeldOut | Role::Unseen)).into_iter().map(|f| subject(faces, f)).collect();
    let real: BTreeSet<&SubjectId> = faces.of_role(Role::is_real).into_iter().map(|f| subject(faces, f)).collect();
    let parents = faces.of_role(|r| r == Role::Generated).into_iter();
    let parents: BTreeSet<&SubjectId> =
        parents.filter_map(|face| faces.pool.face(face).labels.parent.as_ref()).collect();
    let trained_on: BTreeSet<&SubjectId> =
        faces.sets.iter().filter_map(|set| set.generator.as_ref()).flat_map(|card| &card.trained_on).collect();
    let known: BTreeSet<&SubjectId> = parents.union(&trained_on).copied().collect();
    let leaked: Vec<&SubjectId> = known.intersection(&held).copied().collect();
    let figures = [("n_parents", parents.len() as f64), ("n_people_of_generators", trained_on.len() as f64)];
    if leaked.is_empty() {
        let n_shared = known.intersection(&real).count();
        let text = format!(
            "No held-out subject is a parent of a generated face or was seen by its generator; {n_shared} training subjects were."
        );
        return Found::new("lineage", "lineage-clean", false).says(text, "", &figures);
    }
    let text =
        format!("{} held-out subjects are parents of generated faces or were seen by a generator.", leaked.len());
    let advice = "Generate from training subjects only, or leave these subjects out of what judges.";
    let mut finding = Found::new("lineage", "lineage-leak", true).says(text, advice, &figures);
    finding.examples = leaked.iter().take(MOST_EXAMPLES).map(ToString::to_string).collect();
    finding
}

/// Generated faces without a card: nobody can tell whom their generator saw.
fn unknown(faces: &AuditedFaces) -> Option<Finding> {
    let sets: BTreeSet<usize> = faces
        .of_role(|r| r == Role::Generated)
        .into_iter()
        .filter(|face| faces.pool.face(*face).labels.provenance != Provenance::Drawn)
        .map(|face| faces.pool.face(face).set_idx)
        .filter(|set| faces.sets[*set].generator.is_none())
        .collect();
    let names: Vec<&str> = sets.iter().map(|set| faces.sets[*set].name.as_str()).collect();
    (!names.is_empty()).then(|| {
        let text = format!("Nothing is known of what made the generated faces of {}.", names.join(", "));
        let advice =
            "If their generator was trained on held-out subjects, the gain is not one on new subjects: ask whom it saw.";
        Found::new("lineage", "lineage-unknown", true).says(text, advice, &[])
    })
}

/// The terms of all sets, joined.
fn licences(faces: &AuditedFaces) -> Option<Finding> {
    let without: Vec<&str> =
        faces.sets.iter().filter(|set| set.licences.is_empty()).map(|set| set.name.as_str()).collect();
    if !without.is_empty() {
        let text = format!("No terms are stated for {}.", without.join(", "));
        let advice = "Find out under which terms these faces may be used before a model leaves the lab.";
        return Some(Found::new("licences", "licence-unknown", true).says(text, advice, &[]));
    }
    let terms: BTreeSet<&str> =
        faces.sets.iter().flat_map(|set| &set.licences).map(|licence| licence.terms.as_str()).collect();
    let text = format!("Terms of the faces: {}.", terms.iter().copied().collect::<Vec<_>>().join("; "));
    Some(Found::new("licences", "licences-stated", false).says(text, "", &[("n_terms", terms.len() as f64)]))
}

fn subject(faces: &AuditedFaces, face: usize) -> &SubjectId {
    &faces.pool.face(face).labels.subject
}
