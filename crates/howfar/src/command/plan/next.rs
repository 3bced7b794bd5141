//! `howfar plan --from STUDY`: which further cells would tell most about a finished study's curve.

use std::path::Path;

use howfar_evaluate::wording::percent;
use howfar_evaluate::{Law, NextCells, Results};
use howfar_face::Fault;
use howfar_protocol::Part;
use howfar_study::StudyFolder;

use crate::console::Console;

/// A grid with three k above 0, the fewest that a law is fitted to.
const LADDER: &str = "k = [0, 1, 2, 5]";

/// Prints the proposals of every recipe and judged set of faces.
pub fn run(study: &Path, console: &Console) -> Result<(), Fault> {
    let folder = StudyFolder::open(study)?;
    let results = folder.read_results()?;
    if console.json() {
        let laws: Vec<(String, &Vec<Law>)> =
            results.recipes.iter().map(|recipe| (recipe.name(), &recipe.law)).collect();
        console.answer_json(&laws);
        return Ok(());
    }
    if results.recipes.iter().all(|recipe| recipe.law.is_empty()) {
        return Err(Fault::data(study.display(), "the results say nothing of the law of the curve")
            .hint("`howfar study analyse STUDY` computes results anew; a study without generated faces has no curve"));
    }
    print(&results, console);
    Ok(())
}

fn print(results: &Results, console: &Console) {
    for recipe in &results.recipes {
        for law in &recipe.law {
            let faces = if law.part == Part::Unseen { format!("unseen: {}", law.set) } else { "test".to_owned() };
            console.answer(&console.fit(&format!("{}, {faces}: {}", recipe.name(), law.sentence)));
            match &law.fitted {
                Some(fitted) => fitted.next.iter().for_each(|next| console.answer(&console.fit(&words(next)))),
                None => console.answer(&format!("  In [grid] of the study file: {LADDER}, or further k")),
            }
        }
    }
}

fn words(next: &NextCells) -> String {
    let narrower = match next.then_points {
        Some(then) => format!(
            "the band of what twice the largest k changes narrows from {} to about {} points",
            percent(next.band_width_points),
            percent(then)
        ),
        None => "it does not narrow this band".to_owned(),
    };
    format!(
        "  {}: {}; {narrower}, for the training of about {:.0} runs of real faces alone. In [grid]: {}",
        next.what, next.reason, next.cost_runs, next.lines
    )
}
