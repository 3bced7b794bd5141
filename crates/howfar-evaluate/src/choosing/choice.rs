//! Chooses k on validation people: the smallest k within one standard error of the best.
//!
//! In: a [`Validation`] view, which holds no prediction on test people or unseen databases. Out: a [`Choice`]. Accuracy
//! is the mean over people of each person's mean, over seeds and splits, as in claims, so that the difference to the
//! best and its standard error speak of the same number. Of equals the smaller k is the better one.

use std::collections::BTreeMap;

use howfar_face::Fault;
use howfar_protocol::{Cell, MixtureRatio, Part, Track};

use crate::counting::numbers::PERCENT;
use crate::counting::numbers::mean_of;
use crate::counting::outcomes::{CellPredictions, Outcomes, Series, Validation};
use crate::counting::source::{CellSource, count_cells};
use crate::intervals::paired::Layout;
use crate::results::{Candidate, Choice};

/// Room for rounding, in points: equal accuracies are equal.
const ROUNDING_POINTS: f64 = 1e-9;

/// The choice of a track from cells in memory. Everything but its validation predictions is dropped before it looks.
/// None where there is no mix to choose.
pub fn choose_k(track: &Track, cells: &[CellPredictions]) -> Option<Choice> {
    let mut outcomes = Outcomes::new();
    for CellPredictions { cell, training, predictions } in cells.iter().filter(|c| track.has(&c.cell)) {
        let validation = predictions.iter().filter(|p| p.part == Part::Validation);
        outcomes.add(cell, *training, validation);
    }
    choose_k_on(outcomes.validation())
}

/// The choices of all tracks that have one, from the validation predictions of cells that are read one at a time.
pub fn choose_all(tracks: Vec<Track>, source: &(impl CellSource + ?Sized)) -> Result<Vec<(Track, Choice)>, Fault> {
    let cells = source.cells();
    let is_candidate = |track: &Track, cell: &Cell| track.has(cell) && cell.treatment.curve_k().is_some();
    let wanted = |cell_idx: &usize| tracks.iter().any(|track| is_candidate(track, cells[*cell_idx]));
    let wanted: Vec<usize> = (0..cells.len()).filter(wanted).collect();
    let mut outcomes = vec![Outcomes::new(); tracks.len()];
    count_cells(source, &wanted, &[Part::Validation], |cell_idx, training, counts| {
        let of_tracks = tracks.iter().zip(&mut outcomes).filter(|(track, _)| is_candidate(track, cells[cell_idx]));
        of_tracks.for_each(|(_, outcomes)| outcomes.add_counts(cells[cell_idx], training, &counts));
    })?;
    let choose =
        |(track, outcomes): (Track, Outcomes)| choose_k_on(outcomes.validation()).map(|choice| (track, choice));
    Ok(tracks.into_iter().zip(outcomes).filter_map(choose).collect())
}

/// The choice of a track from counted outcomes. None where there is no mix to choose.
pub fn choose_k_on(validation: Validation<'_>) -> Option<Choice> {
    let series = validation.candidates();
    let accuracy: BTreeMap<MixtureRatio, f64> =
        series.iter().filter_map(|(k, series)| Some((*k, accuracy_points(series)?))).collect();
    if !accuracy.keys().any(|k| *k > MixtureRatio::ZERO) {
        return None;
    }
    let best = best_of(&accuracy, MixtureRatio::ZERO)?;
    let candidate = |(k, accuracy): (&MixtureRatio, &f64)| candidate(*k, *accuracy, &series[k], &series[&best]);
    let candidates: Vec<Candidate> = accuracy.iter().map(candidate).collect();
    let adequate: Vec<MixtureRatio> = candidates.iter().filter(|c| c.adequate).map(|c| c.k).collect();
    let chosen = *adequate.first()?;
    let smallest_above = *accuracy.keys().find(|k| **k > MixtureRatio::ZERO)?;
    let compared = if chosen > MixtureRatio::ZERO { chosen } else { best_of(&accuracy, smallest_above)? };
    Some(Choice { chosen, best, compared, adequate, candidates })
}

/// The most accurate k from `smallest` up.
fn best_of(accuracy: &BTreeMap<MixtureRatio, f64>, smallest: MixtureRatio) -> Option<MixtureRatio> {
    let mut best: Option<(MixtureRatio, f64)> = None;
    for (k, accuracy) in accuracy.range(smallest..) {
        if best.is_none_or(|(_, highest)| *accuracy > highest + ROUNDING_POINTS) {
            best = Some((*k, *accuracy));
        }
    }
    best.map(|(k, _)| k)
}

fn accuracy_points(series: &Series<'_>) -> Option<f64> {
    Some(PERCENT * Layout::of_one(&(Part::Validation, String::new()), series)?.mean)
}

fn candidate(k: MixtureRatio, accuracy: f64, series: &Series<'_>, best: &Series<'_>) -> Candidate {
    let faces = (Part::Validation, String::new());
    let recalls: Vec<f64> = series.values().map(|cell| cell.confusion.macro_recall()).collect();
    let below = Layout::of_difference(&faces, best, series).map(|below| {
        let standard_error = PERCENT * below.doubt().standard_error;
        (PERCENT * below.mean, standard_error)
    });
    // Cells of other seeds than the best's cannot be compared: nothing is known of the difference.
    let (below_best_points, standard_error_points) = below.unwrap_or((PERCENT, 0.0));
    let is_best = std::ptr::eq(series, best);
    Candidate {
        k,
        validation_accuracy_percent: accuracy,
        validation_macro_recall_percent: PERCENT * mean_of(&recalls),
        below_best_points,
        standard_error_points: if is_best { 0.0 } else { standard_error_points },
        adequate: is_best || below_best_points <= standard_error_points + ROUNDING_POINTS,
    }
}
