//! From outcomes to `results.json`.
//!
//! In: what was studied and the cells, in any order, which are read one at a time and counted. Out: [`Results`], the
//! same bytes for the same predictions. Each track (recipe, network, generated set) is analysed by itself.

use howfar_face::Fault;
use howfar_protocol::{ClaimedMeasure, MixtureRatio, Part, Treatment};

use crate::choosing::choice::{Choosers, TrackPlan, choose_k_on};
use crate::choosing::verdict::Verdict;
use crate::counting::by_seed::by_seed;
use crate::counting::outcomes::{CellPredictions, Outcomes};
use crate::counting::source::{CellSource, count_cells};
use crate::counting::table::{confusions, table, training};
use crate::law::law;
use crate::results::{Choice, RecipeResults, Results, StudyFacts};
use crate::words::answer::{answer, headline};
use crate::words::caveats::caveats;
use crate::worth::between::between;
use crate::worth::changed::changed;
use crate::worth::claims::{Differences, differences, place, power_at};
use crate::worth::credit::credit;
use crate::worth::details::details;
use crate::worth::exchange::exchange;
use crate::worth::how_far::how_far;
use crate::worth::paper_count::as_the_paper_counts;
use crate::worth::single_run::single_run;

/// The results of cells in memory. `tracks` are those of the study, in its order; the answer is the first
/// one's. A track without a finished cell is left out.
pub fn analyse(facts: StudyFacts, choosers: &Choosers, tracks: &[TrackPlan], cells: &[CellPredictions]) -> Results {
    analyse_from(facts, choosers, tracks, cells).expect("what is in memory can be read")
}

/// The same of cells that are read one at a time: all of them once, those whose faces are compared twice more.
pub fn analyse_from(
    facts: StudyFacts,
    choosers: &Choosers,
    tracks: &[TrackPlan],
    source: &(impl CellSource + ?Sized),
) -> Result<Results, Fault> {
    let counted = count(tracks, facts.measure, source)?;
    let mut of_tracks: Vec<(Outcomes, RecipeResults)> = Vec::new();
    for (plan, counted) in tracks.iter().zip(counted) {
        of_tracks.extend(track_results(&facts, choosers, plan, counted, source)?);
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
fn count(
    tracks: &[TrackPlan],
    measure: ClaimedMeasure,
    source: &(impl CellSource + ?Sized),
) -> Result<Vec<Outcomes>, Fault> {
    let cells = source.cells();
    let wanted: Vec<usize> =
        (0..cells.len()).filter(|cell_idx| tracks.iter().any(|plan| plan.track.has(cells[*cell_idx]))).collect();
    let mut counted = vec![Outcomes::new(); tracks.len()];
    count_cells(source, &wanted, &Part::ALL, measure, |cell_idx, training, counts| {
        let cell = cells[cell_idx];
        for (_, outcomes) in tracks.iter().zip(&mut counted).filter(|(plan, _)| plan.track.has(cell)) {
            outcomes.add_counts(cell, training, &counts);
        }
    })?;
    Ok(counted)
}

fn track_results(
    facts: &StudyFacts,
    choosers: &Choosers,
    plan: &TrackPlan,
    outcomes: Outcomes,
    source: &(impl CellSource + ?Sized),
) -> Result<Option<(Outcomes, RecipeResults)>, Fault> {
    let Some(settings) = outcomes.settings().cloned() else { return Ok(None) };
    let TrackPlan { track, model, n_parameters, curve } = plan;
    let choice = choose_k_on(curve, choosers, outcomes.validation());
    let compared = choice.as_ref().map(|choice| choice.compared);
    let at = |k: MixtureRatio| match &choice {
        Some(choice) => choice.at(k, track.source.as_deref()),
        None => track.on_curve(k),
    };
    let pair: Option<[Treatment; 2]> = compared.map(|k| [at(k), at(MixtureRatio::ZERO)]);
    let against = |choice| differences(facts, &outcomes, track, choice);
    let Differences { claims, over_own_steps, controls } = choice.as_ref().map(against).unwrap_or_default();
    let by_seed = by_seed(facts, &outcomes);
    let detailed = |[mix, baseline]: &[Treatment; 2]| details(facts, source, track, mix, baseline);
    let mut results = RecipeResults {
        recipe: model.is_none().then_some(track.recipe),
        settings: model.is_none().then_some(settings),
        model: model.clone(),
        source: track.source.clone(),
        n_parameters: *n_parameters,
        answer: String::new(),
        verdict: headline(&claims).map_or(Verdict::Open, |claim| claim.verdict),
        credit: credit(&claims, &controls, choice.as_ref().is_some_and(Choice::has_ladder)),
        claims,
        over_own_steps,
        controls,
        exchange: pair.as_ref().map(|pair| exchange(facts, &outcomes, track, pair)).unwrap_or_default(),
        as_the_paper_counts: as_the_paper_counts(&outcomes, track),
        changed: pair.as_ref().map(|pair| changed(source, track, pair)).transpose()?.unwrap_or_default(),
        details: pair.as_ref().map(detailed).transpose()?.unwrap_or_default(),
        how_far: how_far(facts, &outcomes, track, &at, choice.as_ref()),
        law: law(facts, &outcomes, track, compared, &at),
        single_run: single_run(track, &by_seed),
        by_seed,
        power: pair.as_ref().and_then(|pair| power_at(facts, &outcomes, pair)),
        table: table(facts, &outcomes),
        training: training(&outcomes),
        confusions: confusions(facts, &outcomes, track, pair.as_ref()),
        choice: choice.clone(),
    };
    results.changed.sort_by_key(|changed| place(facts, changed.part, &changed.set));
    results.answer = answer(facts, &results);
    Ok(Some((outcomes, results)))
}
