//! What a table of predictions leaves open, in caveats.
//!
//! In: [`Rows`] and the results that they gave. Out: caveats of what is missing, and advice for those who have no study
//! file to change.

use howfar_evaluate::{Caveat, Results};
use howfar_protocol::Part;

use super::rows::Rows;

/// Puts what the table leaves open before the other caveats.
pub(super) fn add(rows: &Rows, results: &mut Results) {
    if results.recipes.iter().any(|recipe| recipe.model.is_some()) {
        results.caveats.iter_mut().for_each(advise);
    }
    let found = missing(rows, results);
    results.caveats.splice(0..0, found);
}

fn missing(rows: &Rows, results: &Results) -> Vec<Caveat> {
    let has = |part: Part| rows.cells.iter().any(|cell| cell.parts.contains(&part));
    let has_mix = results.study.k.len() > 1;
    let mut found = Vec::new();
    let mut add = |code: &str, text: &str, advice: &str| {
        found.push(Caveat { code: code.to_owned(), text: text.to_owned(), advice: advice.to_owned() });
    };
    if has_mix && !has(Part::Validation) && !has(Part::Choosing) {
        add(
            "no-validation-rows",
            "The table has no row of the part `validation` or `choosing`, so k could not be chosen: every k is \
             described, and none is claimed.",
            "Predict people who neither train nor test with every model and add them as `validation`; never choose k \
             by test or unseen faces.",
        );
    }
    if !has(Part::Training) {
        add(
            "no-training-rows",
            "The table has no row of the part `training`: whether anybody who judges was trained on could not be \
             checked.",
            "Add the training faces with their persons.",
        );
    }
    if !has(Part::Test) {
        let what = if has(Part::Unseen) { "unseen databases alone judge" } else { "nobody judges" };
        add(
            "no-test-rows",
            &format!("The table has no row of the part `test`: {what}."),
            "Add people of the labelled databases who neither train nor choose.",
        );
    }
    if !rows.has_probabilities {
        add(
            "no-probabilities",
            "The table names the predicted class alone: calibration could not be computed.",
            "Write `p_CLASS` for each class.",
        );
    }
    if results.recipes.iter().any(|recipe| recipe.model.is_some()) {
        add(
            "training-unknown",
            "The table does not say how its models were trained: whether labelled faces alone were trained for as many \
             steps as the mix is not known.",
            "Train labelled faces alone for the steps of every k as well and add them as the arm `repeat`.",
        );
    }
    found
}

/// Advice that names keys of a study file, said for who trains by other means.
fn advise(caveat: &mut Caveat) {
    let advice = match caveat.code.as_str() {
        "one-seed" => "Train everything five times or more, with other seeds.",
        "unfinished" => "Add the missing cells; differences use the seeds that both sides have.",
        "one-training-sample" => {
            "Draw the split anew for every seed (split = seed); generators must have seen none of those who judge."
        }
        "one-generator" => "Add faces of other generators, each set with its name in the column `source`.",
        "chosen-at-home" => {
            "For k abroad add rows of another database as the part `choosing`: its people then choose k, and nobody of \
             it may judge."
        }
        "no-control" => "Train the arm as well (docs/protocol.md) and add its rows.",
        _ => return,
    };
    caveat.advice = advice.to_owned();
}
