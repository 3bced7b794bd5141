//! From outcomes to `results.json`.
//!
//! In: what was studied and the cells, in any order, which are read one at a time and counted. Out: [`Results`], the
//! same bytes for the same predictions. Each track (recipe, network, generated set) is analysed by itself.

use howfar_face::Fault;
use howfar_protocol::{Part, Track, Treatment};

use crate::choosing::choice::choose_k_on;
use crate::choosing::verdict::Verdict;
use crate::counting::outcomes::{CellPredictions, Outcomes};
use crate::counting::source::{CellSource, count_cells};
use crate::counting::table::{confusions, table, training};
use crate::results::{RecipeResults, Results, StudyFacts};
use crate::words::answer::{answer, headline};
use crate::words::caveats::caveats;
use crate::worth::between::between;
use crate::worth::changed::changed;
use crate::worth::claims::{differences, place, power_at};
use crate::worth::credit::credit;
use crate::worth::details::details;
use crate::worth::exchange::exchange;
use crate::worth::how_far::how_far;
use crate::worth::paper_count::as_the_paper_counts;

/// The results of cells in memory. `tracks` are those of the study, in its order, with the parameters of their
/// networks; the answer is the first one's. A track without a finished cell is left out.
pub fn analyse(facts: StudyFacts, tracks: &[(Track, usize)], cells: &[CellPredictions]) -> Results {
    analyse_from(facts, tracks, cells).expect("what is in memory can be read")
}

/// The same of cells that are read one at a time: all of them once, those whose faces are compared twice more.
pub fn analyse_from(
    facts: StudyFacts,
    tracks: &[(Track, usize)],
    source: &(impl CellSource + ?Sized),
) -> Result<Results, Fault> {
    let counted = count(tracks, source)?;
    let mut of_tracks: Vec<(Outcomes, RecipeResults)> = Vec::new();
    for ((track, n_parameters), counted) in tracks.iter().zip(counted) {
        of_tracks.extend(track_results(&facts, track, *n_parameters, counted, source)?);
    }
    let tracks = of_tracks;
    let (format, version) = Results::FORMAT;
    Ok(Results {
        format: format.to_owned(),
        version,
        answer: tracks.first().map_or_else(|| "No cell is finished.".to_owned(), |(_, first)| first.answer.clone()),
        caveats: caveats(&facts, &tracks),
        between: between(&facts, &tracks),
        study: facts,
        recipes: tracks.into_iter().map(|(_, results)| results).collect(),
        audits: Vec::new(),
    })
}

/// The cells of each track, counted.
fn count(tracks: &[(Track, usize)], source: &(impl CellSource + ?Sized)) -> Result<Vec<Outcomes>, Fault> {
    let cells = source.cells();
    let wanted: Vec<usize> =
        (0..cells.len()).filter(|cell_idx| tracks.iter().any(|(track, _)| track.has(cells[*cell_idx]))).collect();
    let mut counted = vec![Outcomes::new(); tracks.len()];
    count_cells(source, &wanted, &Part::ALL, |cell_idx, training, counts| {
        let cell = cells[cell_idx];
        for (_, outcomes) in tracks.iter().zip(&mut counted).filter(|((track, _), _)| track.has(cell)) {
            outcomes.add_counts(cell, training, &counts);
        }
    })?;
    Ok(counted)
}

fn track_results(
    facts: &StudyFacts,
    track: &Track,
    n_parameters: usize,
    outcomes: Outcomes,
    source: &(impl CellSource + ?Sized),
) -> Result<Option<(Outcomes, RecipeResults)>, Fault> {
    let Some(settings) = outcomes.settings().cloned() else { return Ok(None) };
    let choice = choose_k_on(outcomes.validation());
    let compared = choice.as_ref().map(|choice| choice.compared);
    let against = |choice| differences(facts, &outcomes, track, choice);
    let (claims, controls) = choice.as_ref().map(against).unwrap_or_default();
    let detailed = |k| details(facts, source, track, &track.on_curve(k), &Treatment::BASELINE);
    let mut results = RecipeResults {
        recipe: track.recipe,
        settings,
        source: track.source.clone(),
        n_parameters,
        answer: String::new(),
        verdict: headline(&claims).map_or(Verdict::Open, |claim| claim.verdict),
        choice,
        credit: credit(&controls),
        claims,
        controls,
        exchange: compared.map(|k| exchange(facts, &outcomes, track, k)).unwrap_or_default(),
        as_the_paper_counts: as_the_paper_counts(&outcomes, track),
        changed: compared.map(|k| changed(source, track, k)).transpose()?.unwrap_or_default(),
        details: compared.map(detailed).transpose()?.unwrap_or_default(),
        how_far: how_far(facts, &outcomes, track),
        power: compared.and_then(|k| power_at(facts, &outcomes, track, k)),
        table: table(facts, &outcomes),
        training: training(&outcomes),
        confusions: confusions(facts, &outcomes, track, compared),
    };
    results.changed.sort_by_key(|changed| place(facts, changed.part, &changed.set));
    results.answer = answer(facts, &results);
    Ok(Some((outcomes, results)))
}
