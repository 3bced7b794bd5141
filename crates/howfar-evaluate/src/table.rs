//! The table of every arm, k and part, what each arm saw in training, and the confusion matrices.
//!
//! In: outcomes. Out: [`TableRow`]s, [`ArmTraining`]s and [`Confusion`]s, sorted by arm, k and part, unseen databases in the study's order.

use howfar_protocol::{Arm, MixtureRatio, Part, Recipe};

use crate::claims::{in_order, judged_faces};
use crate::confusion::ConfusionCounts;
use crate::interval::{Basis, Doubt, Grid};
use crate::outcomes::{CellTraining, Faces, Outcomes, Series, Slot};
use crate::paired::{Layout, mean_of};
use crate::results::{ClassFigures, Confusion, StudyFacts, TableRow};
use crate::worth::ArmTraining;

/// Percent in a share of 1.
const PERCENT: f64 = 100.0;

/// One row for every arm, k and part that has predictions.
pub(crate) fn table(facts: &StudyFacts, outcomes: &Outcomes, recipe: Recipe) -> Vec<TableRow> {
    let rows = outcomes.slots(recipe).flat_map(|slot| {
        let cells = outcomes.cells(slot).into_iter().flatten();
        let faces = in_order(facts, cells.flat_map(|(_, cell)| cell.faces.keys().cloned()));
        faces.into_iter().map(move |faces| row(outcomes, slot, &faces))
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

/// What the networks of every arm and k saw, means over cells.
pub(crate) fn training(outcomes: &Outcomes, recipe: Recipe) -> Vec<ArmTraining> {
    let of_slot = |slot: Slot| {
        let cells: Vec<CellTraining> = outcomes.cells(slot)?.values().map(|cell| cell.training).collect();
        let mean = |figure: fn(&CellTraining) -> f64| mean_of(&cells.iter().map(figure).collect::<Vec<f64>>());
        Some(ArmTraining {
            arm: slot.arm,
            k: slot.k,
            n_cells: cells.len(),
            n_pictures: mean(|cell| cell.n_pictures as f64),
            n_epochs: mean(|cell| f64::from(cell.n_epochs)),
            kept_epoch: mean(|cell| f64::from(cell.kept_epoch)),
            n_steps: mean(|cell| cell.n_steps as f64),
            n_pictures_seen: mean(|cell| cell.n_pictures_seen as f64),
        })
    };
    outcomes.slots(recipe).filter_map(of_slot).collect()
}

/// Centred on the share of faces that are right; its width is that of the mean over people. Generated faces differ from
/// seed to seed, so theirs stands on the spread between cells alone.
fn accuracy_interval(faces: &Faces, series: &Series<'_>, accuracy: f64, accuracies: &[f64]) -> Option<[f64; 2]> {
    let layout = Layout::of_one(faces, series).filter(|layout| layout.n_left_out == 0 && faces.0 != Part::Generated);
    let doubt = match layout {
        Some(layout) => layout.doubt(),
        None => Doubt::of(&Grid::new(&[accuracies.to_vec()])?),
    };
    let is_known = doubt.basis != Basis::Nothing;
    is_known.then(|| doubt.interval(accuracy).map(|end| PERCENT * end.clamp(0.0, 1.0)))
}

fn standard_deviation(values: &[f64]) -> Option<f64> {
    let mean = mean_of(values);
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (values.len() > 1).then(|| (squares / (values.len() - 1) as f64).sqrt())
}

/// Real only, the mix and generated only at `k`, on test people and unseen databases.
pub(crate) fn confusions(
    facts: &StudyFacts,
    outcomes: &Outcomes,
    recipe: Recipe,
    k: Option<MixtureRatio>,
) -> Vec<Confusion> {
    let at_k = k.into_iter().flat_map(|k| [Arm::Mix, Arm::GeneratedOnly].map(|arm| Slot { recipe, arm, k }));
    let slots = std::iter::once(Slot { recipe, arm: Arm::Real, k: MixtureRatio::ZERO }).chain(at_k);
    let of_slot = |slot| {
        let faces = judged_faces(facts, outcomes, slot).into_iter();
        faces.map(move |faces| confusion(outcomes, slot, faces, &facts.classes))
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
