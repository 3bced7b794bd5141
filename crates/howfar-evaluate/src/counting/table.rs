//! The table of every treatment and part, what each saw in training, and the confusion matrices.
//!
//! In: outcomes. Out: [`TableRow`]s, [`ArmTraining`]s and [`Confusion`]s, sorted by treatment and part, unseen
//! databases in the study's order.

use howfar_protocol::{Arm, Part, Track, Treatment};

use crate::counting::confusion::ConfusionCounts;
use crate::counting::measure::{ClassFigures, Figures, Measure};
use crate::counting::numbers::PERCENT;
use crate::counting::numbers::mean_of;
use crate::counting::outcomes::{CellTraining, Faces, Outcomes, Series};
use crate::intervals::interval::{Basis, Doubt, Grid};
use crate::intervals::paired::Layout;
use crate::results::comparisons::ArmTraining;
use crate::results::{Confusion, StudyFacts, TableRow};
use crate::worth::claims::{in_order, judged_faces};

/// One row for every treatment and part that has predictions.
pub(crate) fn table(facts: &StudyFacts, outcomes: &Outcomes) -> Vec<TableRow> {
    let rows = shown(outcomes).flat_map(|treatment| {
        let faces = in_order(facts, outcomes.cells(treatment).flat_map(|(_, cell)| cell.faces.keys().cloned()));
        let measure = Measure::claimed(facts.measure);
        faces.into_iter().map(move |faces| row(outcomes, measure, treatment, &faces))
    });
    rows.collect()
}

/// Treatments of tables: those without a labelled set only choose k.
fn shown(outcomes: &Outcomes) -> impl Iterator<Item = &Treatment> {
    outcomes.treatments().filter(|treatment| treatment.left_out.is_none())
}

fn row(outcomes: &Outcomes, measure: &Measure, treatment: &Treatment, faces: &Faces) -> TableRow {
    let series = outcomes.series(treatment, faces);
    let of_cells =
        |figure: fn(&ConfusionCounts) -> f64| series.values().map(|cell| figure(&cell.confusion)).collect::<Vec<f64>>();
    let claimed = of_cells(measure.of);
    let pictures: Vec<f64> = outcomes.cells(treatment).map(|(_, cell)| cell.training.n_pictures as f64).collect();
    TableRow {
        treatment: treatment.clone(),
        part: faces.0,
        set: faces.1.clone(),
        figures: Figures::mean_of(series.values().map(|cell| &cell.confusion)),
        claimed_percent: Some(PERCENT * mean_of(&claimed)),
        accuracy_sd_points: standard_deviation(&claimed).map(|sd| PERCENT * sd),
        accuracy_interval_percent: claimed_interval(faces, &series, mean_of(&claimed), &claimed),
        n_faces: mean_of(&of_cells(|c| c.n_faces() as f64)).round() as usize,
        n_cells: series.len(),
        n_training_pictures: mean_of(&pictures).round() as usize,
    }
}

/// What the networks of every treatment saw, means over cells.
pub(crate) fn training(outcomes: &Outcomes) -> Vec<ArmTraining> {
    let of = |treatment: &Treatment| {
        let cells: Vec<CellTraining> = outcomes.cells(treatment).map(|(_, cell)| cell.training).collect();
        let mean = |figure: fn(&CellTraining) -> f64| mean_of(&cells.iter().map(figure).collect::<Vec<f64>>());
        ArmTraining {
            treatment: treatment.clone(),
            n_cells: cells.len(),
            n_pictures: mean(|cell| cell.n_pictures as f64),
            n_epochs: mean(|cell| f64::from(cell.n_epochs)),
            kept_epoch: mean(|cell| f64::from(cell.kept_epoch)),
            n_steps: mean(|cell| cell.n_steps as f64),
            n_pictures_seen: mean(|cell| cell.n_pictures_seen as f64),
        }
    };
    shown(outcomes).map(of).collect()
}

/// Centred on the claimed measure's mean over cells, as wide as that of the mean over people. Generated faces differ
/// from seed to seed, so theirs stands on the spread between cells alone.
fn claimed_interval(faces: &Faces, series: &Series<'_>, mean: f64, of_cells: &[f64]) -> Option<[f64; 2]> {
    let layout = Layout::of_one(faces, series).filter(|layout| layout.n_left_out == 0 && faces.0 != Part::Generated);
    let doubt = match layout {
        Some(layout) => layout.doubt(),
        None => Doubt::of(&Grid::new(&[of_cells.to_vec()])?),
    };
    let is_known = doubt.basis != Basis::Nothing;
    is_known.then(|| doubt.interval(mean).map(|end| PERCENT * end.clamp(0.0, 1.0)))
}

fn standard_deviation(values: &[f64]) -> Option<f64> {
    let mean = mean_of(values);
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (values.len() > 1).then(|| (squares / (values.len() - 1) as f64).sqrt())
}

/// Labelled faces alone, as they stand at k = 0 and for their own steps, the mix and generated faces alone at its k, on
/// test people and unseen databases.
pub(crate) fn confusions(
    facts: &StudyFacts,
    outcomes: &Outcomes,
    track: &Track,
    pair: Option<&[Treatment; 2]>,
) -> Vec<Confusion> {
    let at_k = pair.into_iter().flat_map(|[mix, baseline]| {
        let alone = track.treatment(Arm::GENERATED_ONLY, mix.k);
        [baseline.clone(), mix.clone(), alone].into_iter().filter(|of| *of != Treatment::BASELINE)
    });
    let mut found = Vec::new();
    for treatment in std::iter::once(Treatment::BASELINE).chain(at_k) {
        for faces in judged_faces(facts, outcomes, &treatment) {
            found.push(confusion(outcomes, &treatment, faces, &facts.classes));
        }
    }
    found
}

fn confusion(outcomes: &Outcomes, treatment: &Treatment, faces: Faces, classes: &[String]) -> Confusion {
    let mut counts = ConfusionCounts::new(classes.len());
    for cell in outcomes.series(treatment, &faces).values() {
        counts.merge(&cell.confusion);
    }
    Confusion {
        treatment: treatment.clone(),
        part: faces.0,
        set: faces.1,
        counts: counts.rows(),
        percent: counts.percent_rows(),
        per_class: ClassFigures::of(&counts, classes),
    }
}
