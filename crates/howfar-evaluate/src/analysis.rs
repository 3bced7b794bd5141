//! From outcomes to `results.json`.
//!
//! In: what was studied and the predictions of all cells, in any order. Out: [`Results`], the same bytes for the same
//! predictions. Each track (recipe, network, generated set) is analysed by itself.

use howfar_protocol::Track;

use crate::answer::{answer, headline};
use crate::between::between;
use crate::caveats::caveats;
use crate::changed::changed;
use crate::choice::choose_k_on;
use crate::claims::{differences_to_controls, differences_to_real, place, power_at};
use crate::credit::credit;
use crate::exchange::exchange;
use crate::how_far::how_far;
use crate::outcomes::{CellPredictions, Outcomes};
use crate::paper_count::as_the_paper_counts;
use crate::results::{RecipeResults, Results, StudyFacts};
use crate::table::{confusions, table, training};
use crate::verdict::Verdict;

/// The results. `tracks` are those of the study, in its order, with the parameters of their networks; the answer is the
/// first one's. A track without a finished cell is left out.
pub fn analyse(facts: StudyFacts, tracks: &[(Track, usize)], cells: &[CellPredictions]) -> Results {
    let results = |(track, n_parameters): &(Track, usize)| track_results(&facts, track, *n_parameters, cells);
    let tracks: Vec<(Outcomes, RecipeResults)> = tracks.iter().filter_map(results).collect();
    let (format, version) = Results::FORMAT;
    Results {
        format: format.to_owned(),
        version,
        answer: tracks.first().map_or_else(|| "No cell is finished.".to_owned(), |(_, first)| first.answer.clone()),
        caveats: caveats(&facts, &tracks),
        between: between(&facts, &tracks),
        study: facts,
        recipes: tracks.into_iter().map(|(_, results)| results).collect(),
        audits: Vec::new(),
    }
}

fn track_results(
    facts: &StudyFacts,
    track: &Track,
    n_parameters: usize,
    cells: &[CellPredictions],
) -> Option<(Outcomes, RecipeResults)> {
    let recipe = track.recipe;
    let of_track = || cells.iter().filter(|c| track.has(&c.cell));
    let outcomes = Outcomes::of(of_track().filter(|c| c.cell.people_percent.is_none()));
    let settings = outcomes.settings(recipe)?.clone();
    let choice = choose_k_on(recipe, outcomes.validation());
    let compared = choice.as_ref().map(|choice| choice.compared);
    let against = |choice| {
        let claims = differences_to_real(facts, &outcomes, recipe, choice);
        (claims, differences_to_controls(facts, &outcomes, recipe, choice))
    };
    let (claims, controls) = choice.as_ref().map(against).unwrap_or_default();
    let mut results = RecipeResults {
        recipe,
        settings,
        source: track.source.clone(),
        n_parameters,
        answer: String::new(),
        verdict: headline(&claims).map_or(Verdict::Open, |claim| claim.verdict),
        choice,
        credit: credit(&controls),
        claims,
        controls,
        exchange: compared.map(|k| exchange(facts, &outcomes, of_track(), recipe, k)).unwrap_or_default(),
        as_the_paper_counts: as_the_paper_counts(&outcomes, recipe),
        changed: compared.map(|k| changed(&of_track().collect::<Vec<_>>(), k)).unwrap_or_default(),
        how_far: how_far(facts, &outcomes, recipe),
        power: compared.and_then(|k| power_at(facts, &outcomes, recipe, k)),
        table: table(facts, &outcomes, recipe),
        training: training(&outcomes, recipe),
        confusions: confusions(facts, &outcomes, recipe, compared),
    };
    results.changed.sort_by_key(|changed| place(facts, changed.part, &changed.set));
    results.answer = answer(facts, &results);
    Some((outcomes, results))
}
