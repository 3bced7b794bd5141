//! The table of every arm, k and part, and the confusion matrices.
//!
//! In: outcomes. Out: [`TableRow`]s and [`Confusion`]s, sorted by arm, k, part and set.

use std::collections::BTreeSet;

use howfar_protocol::{Arm, MixtureRatio, Part, Recipe};

use crate::claims::judged_faces;
use crate::confusion::ConfusionCounts;
use crate::interval::{Doubt, Grid};
use crate::outcomes::{Faces, Outcomes, Series, Slot};
use crate::paired::{Layout, mean_of};
use crate::results::{ClassFigures, Confusion, TableRow};

/// Percent in a share of 1.
const PERCENT: f64 = 100.0;

/// One row for every arm, k and part that has predictions.
pub(crate) fn table(outcomes: &Outcomes, recipe: Recipe) -> Vec<TableRow> {
    let rows = outcomes.slots(recipe).flat_map(|slot| {
        let cells = outcomes.cells(slot).into_iter().flatten();
        let faces: BTreeSet<&Faces> = cells.flat_map(|(_, cell)| cell.faces.keys()).collect();
        faces.into_iter().map(move |faces| row(outcomes, slot, faces))
    });
    rows.collect()
}

fn row(outcomes: &Outcomes, slot: Slot, faces: &Faces) -> TableRow {
    let series = outcomes.series(slot, faces);
    let of_cells =
        |figure: fn(&ConfusionCounts) -> f64| series.values().map(|cell| figure(&cell.confusion)).collect::<Vec<f64>>();
    let accuracies = of_cells(ConfusionCounts::accuracy);
    let accuracy = mean_of(&accuracies);
    let pictures = outcomes.cells(slot).into_iter().flatten();
    let pictures: Vec<f64> = pictures.map(|(_, cell)| cell.training.n_pictures as f64).collect();
    TableRow {
        arm: slot.arm,
        k: slot.k,
        part: faces.0,
        set: faces.1.clone(),
        accuracy_percent: PERCENT * accuracy,
        accuracy_sd_points: standard_deviation(&accuracies).map(|sd| PERCENT * sd),
        accuracy_interval_percent: accuracy_interval(faces, &series, accuracy, &accuracies),
        macro_recall_percent: PERCENT * mean_of(&of_cells(ConfusionCounts::macro_recall)),
        macro_f1_percent: PERCENT * mean_of(&of_cells(ConfusionCounts::macro_f1)),
        n_faces: mean_of(&of_cells(|c| c.n_faces() as f64)).round() as usize,
        n_cells: series.len(),
        n_training_pictures: mean_of(&pictures).round() as usize,
    }
}

/// Centred on the share of faces that are right; its width is that of the mean over people. Generated faces differ from
/// seed to seed, so theirs stands on the spread between cells alone.
fn accuracy_interval(faces: &Faces, series: &Series<'_>, accuracy: f64, accuracies: &[f64]) -> [f64; 2] {
    let layout = Layout::of_one(faces, series).filter(|layout| layout.n_left_out == 0 && faces.0 != Part::Generated);
    let doubt = match layout {
        Some(layout) => Some(layout.doubt()),
        None => Grid::new(&[accuracies.to_vec()]).map(|grid| Doubt::of(&grid)),
    };
    let ends = doubt.map_or([0.0, 1.0], |doubt| doubt.interval(accuracy));
    ends.map(|end| PERCENT * end.clamp(0.0, 1.0))
}

fn standard_deviation(values: &[f64]) -> Option<f64> {
    let mean = mean_of(values);
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (values.len() > 1).then(|| (squares / (values.len() - 1) as f64).sqrt())
}

/// Real only, the mix and generated only at `k`, on test people and unseen databases.
pub(crate) fn confusions(
    outcomes: &Outcomes,
    recipe: Recipe,
    k: Option<MixtureRatio>,
    classes: &[String],
) -> Vec<Confusion> {
    let at_k = k.into_iter().flat_map(|k| [Arm::Mix, Arm::GeneratedOnly].map(|arm| Slot { recipe, arm, k }));
    let slots = std::iter::once(Slot { recipe, arm: Arm::Real, k: MixtureRatio::ZERO }).chain(at_k);
    let of_slot = |slot| {
        let faces = judged_faces(outcomes, slot).into_iter();
        faces.map(move |faces| confusion(outcomes, slot, faces, classes))
    };
    slots.flat_map(of_slot).collect()
}

fn confusion(outcomes: &Outcomes, slot: Slot, faces: Faces, classes: &[String]) -> Confusion {
    let mut counts = ConfusionCounts::new(classes.len());
    for cell in outcomes.series(slot, &faces).values() {
        counts.merge(&cell.confusion);
    }
    let figures = |class: usize| ClassFigures {
        class: classes.get(class).cloned().unwrap_or_else(|| format!("class {class}")),
        precision_percent: PERCENT * counts.precision(class),
        recall_percent: PERCENT * counts.recall(class),
        f1_percent: PERCENT * counts.f1(class),
        support: counts.support(class),
    };
    Confusion {
        arm: slot.arm,
        k: slot.k,
        part: faces.0,
        set: faces.1,
        counts: counts.rows(),
        percent: counts.percent_rows(),
        per_class: (0..counts.n_classes()).map(figures).collect(),
    }
}
