//! What is known of where generated faces come from, and under which terms all faces stand.

use std::collections::BTreeSet;

use howfar_evaluate::Finding;
use howfar_face::{GeneratorCard, Provenance, SubjectId};

use super::subjects::{AuditedFaces, Side};
use super::{Found, MOST_EXAMPLES};

/// Lineage of generated faces and the terms of all sets.
pub(crate) fn audit(faces: &AuditedFaces) -> Vec<Finding> {
    let mut findings = vec![held_out(faces)];
    findings.extend(unknown(faces));
    findings.extend(licences(faces));
    findings
}

/// People who judge and whom training meets as well: as themselves, as a parent, or through a generator. Studies refuse
/// to begin with them; loose face sets can only be warned of.
fn held_out(faces: &AuditedFaces) -> Finding {
    let people = |passes: fn(Side) -> bool| -> BTreeSet<&SubjectId> {
        faces.of_side(passes).into_iter().map(|face| subject(faces, face)).collect()
    };
    let (held, training, real) = (people(Side::judges), people(|r| !r.judges()), people(Side::is_labelled));
    let parents = faces.of_side(|r| !r.judges()).into_iter();
    let parents: BTreeSet<&SubjectId> =
        parents.filter_map(|face| faces.pool.face(face).labels.parent.as_ref()).collect();
    let sets = faces.sets_of_side(|r| !r.judges()).into_iter().map(|set| &faces.sets[set]);
    let cards: Vec<&GeneratorCard> = sets.filter_map(|set| set.generator.as_ref()).collect();
    let trained_on: BTreeSet<&SubjectId> = cards.iter().flat_map(|card| &card.trained_on).collect();
    let known: BTreeSet<&SubjectId> = parents.union(&trained_on).copied().collect();
    let leaked: BTreeSet<&SubjectId> = known.union(&training).copied().collect();
    let leaked: Vec<&SubjectId> = leaked.intersection(&held).copied().collect();
    let sets_seen = sets_seen(faces, &cards);
    let figures = [
        ("n_parents", parents.len() as f64),
        ("n_people_of_generators", trained_on.len() as f64),
        ("n_leaked", leaked.len() as f64),
        ("n_sets_seen", sets_seen.len() as f64),
    ];
    if leaked.is_empty() && sets_seen.is_empty() {
        let n_shared = known.intersection(&real).count();
        let text = format!(
            "No held-out subject trains, is a parent of a generated face or was seen by its generator; {n_shared} \
                training subjects were."
        );
        return Found::new("lineage", "lineage-clean", false).says(text, "", &figures);
    }
    let mut told = Vec::new();
    if !leaked.is_empty() {
        told.push(format!(
            "{} held-out subjects are among the generated or training faces, are parents of generated faces or were \
                seen by a generator.",
            leaked.len()
        ));
    }
    if !sets_seen.is_empty() {
        told.push(format!(
            "What made the generated faces was trained on or fitted to faces that judge: {}.",
            sets_seen.join(", ")
        ));
    }
    let advice = "Generate from training subjects only, or leave these subjects out of what judges.";
    let mut finding = Found::new("lineage", "lineage-leak", true).says(told.join(" "), advice, &figures);
    finding.examples = leaked.iter().take(MOST_EXAMPLES).map(ToString::to_string).collect();
    finding
}

/// Names of the judging sets whose very content a generator was trained on or a style fitted to.
fn sets_seen<'f>(faces: &'f AuditedFaces, cards: &[&GeneratorCard]) -> Vec<&'f str> {
    let seen: BTreeSet<&String> = cards.iter().flat_map(|card| &card.trained_on_content).collect();
    let judging = faces.sets_of_side(Side::judges).into_iter().map(|set| &faces.sets[set]);
    judging.filter(|set| seen.contains(&set.content_sha256)).map(|set| set.name.as_str()).collect()
}

/// Generated faces without a card: nobody can tell whom their generator saw.
fn unknown(faces: &AuditedFaces) -> Option<Finding> {
    let sets: BTreeSet<usize> = faces
        .of_side(|r| r == Side::Generated)
        .into_iter()
        .filter(|face| faces.pool.face(*face).labels.provenance != Provenance::Drawn)
        .map(|face| faces.pool.face(face).set_idx)
        .filter(|set| faces.sets[*set].generator.is_none())
        .collect();
    let names: Vec<&str> = sets.iter().map(|set| faces.sets[*set].name.as_str()).collect();
    (!names.is_empty()).then(|| {
        let text = format!("Nothing is known of what made the generated faces of {}.", names.join(", "));
        let advice =
            "If their generator was trained on held-out subjects, the gain is not one on new subjects: ask whom it \
                saw.";
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::subjects::made::{Made, card, made};

    #[test]
    fn a_judge_who_trains_under_any_guise_is_a_leak() {
        let judge = Made { side: Side::Unseen, subject: "real:a", parent: None, shot: 1, card: None };
        let clean =
            Made { side: Side::Generated, subject: "made:a", parent: None, shot: 2, card: Some(card(&[], &[])) };
        let content = made(std::slice::from_ref(&judge)).sets[0].content_sha256.clone();
        let cases = [
            ("nobody", clean.clone(), "lineage-clean"),
            ("as itself among the generated", Made { subject: "real:a", ..clean.clone() }, "lineage-leak"),
            ("as itself among the real", Made { side: Side::Labelled, ..judge.clone() }, "lineage-leak"),
            ("as a parent", Made { parent: Some("real:a"), ..clean.clone() }, "lineage-leak"),
            ("seen by the generator", Made { card: Some(card(&["real:a"], &[])), ..clean.clone() }, "lineage-leak"),
            ("its whole set seen", Made { card: Some(card(&[], &[&content])), ..clean.clone() }, "lineage-leak"),
            ("another set seen", Made { card: Some(card(&[], &["of others"])), ..clean.clone() }, "lineage-clean"),
        ];
        for (case, other, code) in cases {
            let found = held_out(&made(&[judge.clone(), other]));
            assert_eq!((found.code.as_str(), found.is_caveat), (code, code == "lineage-leak"), "{case}: {found:#?}");
        }
    }
}
