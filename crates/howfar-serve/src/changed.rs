//! Faces that the mix makes newly correct or newly wrong, as the results name them.
//!
//! In: a study's results, which are there when k is chosen and all is counted. Out: one list of faces.

use howfar_evaluate::{ChangedFace, Results};
use howfar_face::Fault;
use howfar_protocol::{Plan, TrainingSettings};
use howfar_study::StudyFolder;
use serde::Serialize;

/// All of them.
#[derive(Debug, Serialize)]
pub(crate) struct ChangedFaces {
    /// How many there are of each part; examples of them are named.
    parts: Vec<ChangedPart>,
    faces: Vec<Entry>,
}

/// A part of the faces that judge.
#[derive(Debug, Serialize)]
struct ChangedPart {
    trained: String,
    part: &'static str,
    set: String,
    n_faces: usize,
    n_fixed: usize,
    n_broken: usize,
}

/// A face that changed sides.
#[derive(Debug, Serialize)]
struct Entry {
    /// The place of its part.
    part: usize,
    /// Its set's place among the plan's, where its picture is; none where the plan does not know it.
    set: Option<usize>,
    set_name: String,
    row: u64,
    is_fixed: bool,
    class: String,
    before: String,
    after: String,
    /// Networks that are right and how many were asked: without the mix, with it.
    right: [[usize; 2]; 2],
}

/// What the results say; none before they are there.
pub(crate) fn changed_faces(folder: &StudyFolder, plan: &Plan) -> Result<Option<ChangedFaces>, Fault> {
    if !howfar_face::files::is_there(&folder.results_file())? {
        return Ok(None);
    }
    let results = folder.read_results()?;
    let mut all = ChangedFaces { parts: Vec::new(), faces: Vec::new() };
    for recipe in &results.recipes {
        let network = recipe.settings.as_ref().map(TrainingSettings::network_words);
        let names = [recipe.recipe.map(|r| r.name().to_owned()), network, recipe.model.clone(), recipe.source.clone()];
        let trained = names.into_iter().flatten().collect::<Vec<_>>().join(", ");
        for changed in &recipe.changed {
            let part = all.parts.len();
            all.parts.push(ChangedPart {
                trained: trained.clone(),
                part: changed.part.name(),
                set: changed.set.clone(),
                n_faces: changed.n_faces,
                n_fixed: changed.n_fixed,
                n_broken: changed.n_broken,
            });
            let fixed = changed.fixed.iter().map(|face| (true, face));
            let both = fixed.chain(changed.broken.iter().map(|face| (false, face)));
            all.faces.extend(both.map(|(is_fixed, face)| entry(&results, plan, part, is_fixed, face)));
        }
    }
    Ok(Some(all))
}

fn entry(results: &Results, plan: &Plan, part: usize, is_fixed: bool, face: &ChangedFace) -> Entry {
    let class = |idx: usize| results.study.classes.get(idx).cloned().unwrap_or_else(|| "?".to_owned());
    Entry {
        part,
        set: plan.sets.iter().position(|set| set.info.name == face.set),
        set_name: face.set.clone(),
        row: face.row,
        is_fixed,
        class: class(face.label),
        before: class(face.called_before),
        after: class(face.called_after),
        right: [[face.right_before, face.n_before], [face.right_after, face.n_after]],
    }
}
