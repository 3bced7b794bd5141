//! What was studied, in the words and numbers of `results.json`.

use std::collections::{BTreeMap, BTreeSet};

use howfar_evaluate::{SetFacts, StudyFacts};
use howfar_face::{FaceSetInfo, Pool};
use howfar_protocol::{SetInput, SplitPart, Unit};

use crate::workbench::Workbench;

pub(crate) fn study_facts(workbench: &Workbench) -> StudyFacts {
    let study = workbench.study();
    let plan = workbench.plan();
    let n_pool_sets = workbench.pool_sets.len();
    let sets = plan.sets.iter().enumerate().map(|(set_idx, set)| {
        if set_idx < n_pool_sets {
            set_facts(set, &workbench.pool, set_idx)
        } else {
            set_facts(set, &workbench.unseen_pool, set_idx - n_pool_sets)
        }
    });
    let count = |part| workbench.splits[0].people(part).count();
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
        n_splits: plan.n_splits,
        people: sides.map(|(name, part)| (name.to_owned(), count(part))).into_iter().collect::<BTreeMap<_, _>>(),
        sets: sets.collect(),
        instruction_set: plan.instruction_set.clone(),
        howfar_version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

fn set_facts(set: &SetInput, pool: &Pool, set_idx: usize) -> SetFacts {
    let faces: Vec<_> = (0..pool.len()).map(|f| pool.face(f)).filter(|f| f.set_idx == set_idx).collect();
    let people: BTreeSet<_> = faces.iter().map(|f| &f.labels.subject).collect();
    let databases: BTreeSet<&str> = people.iter().map(|person| person.database()).collect();
    let provenance: BTreeSet<&str> = faces.iter().map(|f| f.labels.provenance.name()).collect();
    let of_class = |label| faces.iter().filter(|f| f.labels.label == label).count();
    SetFacts {
        role: set.role.clone(),
        name: set.info.name.clone(),
        databases: databases.into_iter().map(str::to_owned).collect(),
        n_faces: faces.len(),
        n_people: people.len(),
        per_class: (0..pool.classes().len()).map(of_class).collect(),
        provenance: provenance.into_iter().collect::<Vec<_>>().join(", "),
        preprocessing: preprocessing_words(&set.info),
        licences: set.info.licences.iter().map(|l| format!("{}: {}", l.database, l.terms)).collect(),
        content_sha256: set.info.content_sha256.clone(),
    }
}

fn preprocessing_words(info: &FaceSetInfo) -> String {
    let p = &info.preprocessing;
    format!(
        "detection {}, alignment {}, {side}×{side} {}, {} (version {})",
        p.detection,
        p.alignment,
        p.colour,
        p.filter,
        p.version,
        side = p.side
    )
}
