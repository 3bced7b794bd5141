//! What was studied, in the words and numbers of `results.json`.

use std::collections::{BTreeMap, BTreeSet};

use howfar_evaluate::{SetFacts, StudyFacts};
use howfar_face::{FaceSetInfo, FaceStore, Preprocessing, Provenance, StoredFace, SubjectId};
use howfar_protocol::{SetInput, SplitPart, Unit};

use crate::loaded_study::LoadedStudy;

pub(crate) fn study_facts(loaded: &LoadedStudy) -> StudyFacts {
    let study = loaded.study();
    let plan = loaded.plan();
    let n_pool_sets = loaded.pool_sets.len();
    let sets = plan.sets.iter().enumerate().map(|(set_idx, set)| {
        if set_idx < n_pool_sets {
            set_facts(set, &loaded.pool, set_idx)
        } else {
            set_facts(set, &loaded.unseen_pool, set_idx - n_pool_sets)
        }
    });
    let count = |part| loaded.splits[0].people(part).count();
    let sides = [("training", SplitPart::Training), ("validation", SplitPart::Validation), ("test", SplitPart::Test)];
    StudyFacts {
        name: study.name.clone(),
        seed: study.seed,
        classes: study.expressions.clone(),
        unit: match study.generated.unit {
            Unit::Identities => "identities".to_owned(),
            Unit::Images => "images".to_owned(),
        },
        k: study.grid.k.clone(),
        n_seeds: study.grid.seeds,
        seeds_at_most: study.grid.seeds_at_most,
        smallest_gain_points: study.smallest_gain,
        measure: study.measure.unwrap_or_default(),
        n_splits: if study.real.is_redrawn() { 1 } else { plan.n_splits },
        is_redrawn: study.real.is_redrawn(),
        people: sides.map(|(name, part)| (name.to_owned(), count(part))).into_iter().collect::<BTreeMap<_, _>>(),
        sets: sets.collect(),
        instruction_set: plan.instruction_set.clone(),
        howfar_version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

fn set_facts(set: &SetInput, pool: &FaceStore, set_idx: usize) -> SetFacts {
    let faces: Vec<_> = (0..pool.len()).map(|f| pool.face(f)).filter(|f| f.set_idx == set_idx).collect();
    let mut people: BTreeMap<&SubjectId, Vec<&StoredFace>> = BTreeMap::new();
    for face in &faces {
        people.entry(&face.labels.subject).or_default().push(face);
    }
    let databases: BTreeSet<&str> = people.keys().map(|person| person.database()).collect();
    let provenance: BTreeSet<&str> = faces.iter().map(|f| f.labels.provenance.name()).collect();
    let of_class = |label| faces.iter().filter(|f| f.labels.label == label).count();
    SetFacts {
        role: set.role,
        name: set.info.name.clone(),
        databases: databases.into_iter().map(str::to_owned).collect(),
        n_faces: faces.len(),
        n_people: people.len(),
        n_without_person: people.iter().filter(|(person, faces)| is_nobody_known(person, faces)).count(),
        per_class: (0..pool.classes().len()).map(of_class).collect(),
        provenance: provenance.into_iter().collect::<Vec<_>>().join(", "),
        preprocessing: preprocessing_words(&set.info),
        licences: set.info.licences.iter().map(|l| format!("{}: {}", l.database, l.terms)).collect(),
        content_sha256: set.info.content_sha256.clone(),
    }
}

/// Those of a set who are no more than a photograph.
pub(crate) fn people_of_nobody_known(pool: &FaceStore, set_idx: usize) -> BTreeSet<&SubjectId> {
    let mut people: BTreeMap<&SubjectId, Vec<&StoredFace>> = BTreeMap::new();
    for face in (0..pool.len()).map(|face| pool.face(face)).filter(|face| face.set_idx == set_idx) {
        people.entry(&face.labels.subject).or_default().push(face);
    }
    people.into_iter().filter(|(person, faces)| is_nobody_known(person, faces)).map(|(person, _)| person).collect()
}

/// Whether a person is no more than a photograph (its repeats, the frames of its video) that nobody's name came with.
fn is_nobody_known(person: &SubjectId, faces: &[&StoredFace]) -> bool {
    let is_named_after = |face: &&&StoredFace| person.is_called_by(&face.labels.source);
    let Some(first) = faces.iter().find(is_named_after) else { return false };
    let is_repeat = |face: &&StoredFace| face.sha256 == first.sha256 || is_named_after(&face);
    first.labels.provenance == Provenance::Real && faces.iter().all(is_repeat)
}

/// The ways of its databases, each once.
fn preprocessing_words(info: &FaceSetInfo) -> String {
    let words = |p: &Preprocessing| {
        let Preprocessing { detection, alignment, colour, filter, version, side, .. } = p;
        format!("detection {detection}, alignment {alignment}, {side}×{side} {colour}, {filter} (version {version})")
    };
    let ways: BTreeSet<String> = info.databases.iter().map(|of| words(&of.preprocessing)).collect();
    if ways.is_empty() { words(&info.preprocessing) } else { ways.into_iter().collect::<Vec<_>>().join("; ") }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]
mod tests {
    use howfar_face::FaceLabels;

    use super::*;

    fn face(person: &SubjectId, source: &str, pixels: &str) -> StoredFace {
        let labels = FaceLabels { source: source.to_owned(), ..FaceLabels::of(0, person.clone(), Provenance::Real) };
        StoredFace { set_idx: 0, row: 0, labels, sha256: pixels.to_owned() }
    }

    #[test]
    fn a_person_is_known_where_a_label_says_so_and_not_by_how_many_faces_there_are() {
        let of_picture = SubjectId::of_picture("db", "fear/1.png").unwrap();
        let known = SubjectId::new("db", "1").unwrap();
        let video = SubjectId::of_picture("db", "a.avi").unwrap();
        let cases = [
            (&of_picture, vec![("fear/1.png", "x")], true, "a picture of nobody known"),
            (&of_picture, vec![("fear/1.png", "x"), ("anger/7.png", "x")], true, "the same pixels stand twice"),
            (&video, vec![("a.avi#1", "x"), ("a.avi#9", "y")], true, "frames of a video of nobody known"),
            (&known, vec![("fear/s1.png", "x")], false, "one picture of somebody"),
            (&known, vec![("1.png", "x"), ("1-fear.png", "y")], false, "somebody called as one of their pictures"),
        ];
        for (person, faces, expected, case) in cases {
            let faces: Vec<StoredFace> =
                faces.into_iter().map(|(source, pixels)| face(person, source, pixels)).collect();
            assert_eq!(is_nobody_known(person, &faces.iter().collect::<Vec<_>>()), expected, "{case}");
        }
    }
}
