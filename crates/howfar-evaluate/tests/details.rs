//! What stands behind a difference, against the figures of scikit-learn, SciPy and statsmodels (`reference/details.py`
//! made them), and what it says of folds, groups and missing seeds.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod made;

use howfar_evaluate::{
    CellPredictions, CellSource, CellTraining, Choosers, Details, GroupsBy, LowerIsBetter, PairedShare, Results,
    TrackPlan, analyse, analyse_from,
};
use howfar_face::{Fault, SubjectId};
use howfar_protocol::{Arm, Cell, Part, Prediction, PredictionRef, Recipe, Track, Treatment};
use made::{Made, ratio};
use serde_json::Value;

const REFERENCE: &str = include_str!("../../../reference/details.json");

/// Cells whose faces have groups, by row.
struct Grouped {
    cells: Vec<CellPredictions>,
    groups: Vec<Option<String>>,
}

impl CellSource for Grouped {
    fn cells(&self) -> Vec<&Cell> {
        self.cells[..].cells()
    }

    fn training(&self, cell_idx: usize) -> Result<CellTraining, Fault> {
        self.cells[..].training(cell_idx)
    }

    fn read(&self, cell_idx: usize, parts: &[Part], each: &mut dyn FnMut(PredictionRef<'_>)) -> Result<(), Fault> {
        self.cells[..].read(cell_idx, parts, each)
    }

    fn group(&self, _set: &str, row: u64) -> Option<&str> {
        self.groups.get(row as usize)?.as_deref()
    }
}

fn track() -> Track {
    Track { recipe: Recipe::Modern, network: Recipe::Modern.settings().network, start: None, source: None }
}

/// With the k that the studies here have.
fn plans() -> [TrackPlan; 1] {
    [TrackPlan::plain(track(), 1, &[0.0, 1.0, 2.0, 5.0].map(ratio))]
}

fn details(results: &Results, part: Part) -> &Details {
    results.recipes[0].details.iter().find(|details| details.part == part).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

#[track_caller]
fn assert_close(what: &str, ours: f64, reference: f64) {
    assert!((ours - reference).abs() <= 1e-6 * reference.abs().max(1.0), "{what}: {ours} is not {reference}");
}

/// A case of the reference as the cells of a study, which validates on the same faces.
fn cells(case: &Value) -> Vec<CellPredictions> {
    let whole = |field: &str| -> Vec<u64> { numbers(&case[field]).into_iter().map(|n| n as u64).collect() };
    let (people, labels) = (whole("person"), whole("label"));
    let mut cells = Vec::new();
    for (k, of_seeds) in [0.0, 1.0].into_iter().zip(case["probabilities"].as_array().unwrap()) {
        for (seed_idx, faces) in of_seeds.as_array().unwrap().iter().enumerate() {
            let of_part = |(part, set): (Part, &str)| -> Vec<Prediction> {
                let face = |(row, probabilities): (usize, &Value)| Prediction {
                    part,
                    set: set.to_owned(),
                    row: row as u64,
                    subject: SubjectId::new(set, &people[row].to_string()).unwrap(),
                    label: labels[row] as usize,
                    probabilities: numbers(probabilities).into_iter().map(|p| p as f32).collect(),
                };
                faces.as_array().unwrap().iter().enumerate().map(face).collect()
            };
            let cell = Cell {
                recipe: Recipe::Modern,
                treatment: Treatment::on_curve(ratio(k), None),
                split_idx: 0,
                seed_idx: seed_idx as u32,
                settings: Recipe::Modern.settings(),
                inputs_sha256: String::new(),
                judges: Vec::new(),
                choosers: Vec::new(),
            };
            let predictions = [(Part::Validation, "ckplus"), (Part::Unseen, "jaffe")].map(of_part).concat();
            cells.push(CellPredictions { cell, training: CellTraining::default(), predictions });
        }
    }
    cells
}

#[track_caller]
fn assert_share(ours: &PairedShare, reference: &Value) {
    let of = |field: &str| reference[field].as_f64().unwrap();
    let [low, high] = ours.interval_points.unwrap();
    let ends = numbers(&reference["interval"]);
    let baseline = of("baseline");
    assert_close("baseline", ours.baseline_percent, 100.0 * baseline);
    assert_close("value", ours.percent, 100.0 * of("value"));
    assert_close("difference", ours.difference_points, 100.0 * of("difference"));
    // Ours are cut to what the baseline allows.
    assert_close("low", low, 100.0 * ends[0].max(-baseline));
    assert_close("high", high, 100.0 * ends[1].min(1.0 - baseline));
    assert_close("p", ours.p, of("p"));
    assert_close("p, Holm", ours.p_holm, of("p_holm"));
    assert_eq!((ours.n_people as f64, ours.n_faces as f64), (of("n_people"), of("n_faces")));
}

#[track_caller]
fn assert_score(name: &str, ours: LowerIsBetter, scale: f64, reference: &Value) {
    let of = |field: &str| scale * reference[field].as_f64().unwrap();
    assert_close(name, ours.baseline, of("baseline"));
    assert_close(name, ours.value, of("value"));
    assert_close(name, ours.difference, of("difference"));
    if let Some(ends) = reference.get("interval").map(numbers) {
        let [low, high] = ours.interval.unwrap();
        assert_close(name, low, ends[0].max(-ours.baseline));
        assert_close(name, high, ends[1]);
    }
}

#[test]
fn recalls_scores_groups_and_probability_of_improvement_are_those_of_other_programs() {
    let file: Value = serde_json::from_str(REFERENCE).unwrap();
    for case in file["cases"].as_array().unwrap() {
        let mut facts = Made::default().facts();
        let n_classes = case["classes"].as_array().unwrap().len();
        facts.classes = (0..n_classes).map(|class| class.to_string()).collect();
        let group = |name: &Value| Some(name.as_str().unwrap().to_owned());
        let groups = case["group"].as_array().unwrap().iter().map(group).collect();
        let source = Grouped { cells: cells(case), groups };
        let results = analyse_from(facts, &Choosers::validation(1), &plans(), &source).unwrap();
        let details = details(&results, Part::Unseen);
        assert_eq!(details.per_class.len(), n_classes);
        for (ours, reference) in details.per_class.iter().zip(case["classes"].as_array().unwrap()) {
            assert_share(&ours.recall, reference);
        }
        let mean_recall = |of: fn(&PairedShare) -> f64| {
            details.per_class.iter().map(|class| of(&class.recall)).sum::<f64>() / n_classes as f64
        };
        let balanced = numbers(&case["balanced_accuracies"]);
        assert_close("balanced accuracy", mean_recall(|recall| recall.baseline_percent), 100.0 * balanced[0]);
        assert_close("balanced accuracy", mean_recall(|recall| recall.percent), 100.0 * balanced[1]);
        assert_eq!(details.groups_by, Some(GroupsBy::Group));
        assert_eq!(details.groups.iter().map(|of| of.group.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        for (ours, reference) in details.groups.iter().zip(case["groups"].as_array().unwrap()) {
            assert_share(&ours.accuracy, reference);
        }
        let ours = details.calibration.as_ref().unwrap();
        assert_score("log loss", ours.log_loss_nats, 1.0, &case["calibration"]["log_loss"]);
        assert_score("Brier score", ours.brier_score, 1.0, &case["calibration"]["brier"]);
        let error = &case["calibration"]["calibration_error"];
        assert_score("calibration error", ours.calibration_error_percent, 100.0, error);
        let (ours, reference) = (details.improvement.as_ref().unwrap(), &case["improvement"]);
        let of = |field: &str| 100.0 * reference[field].as_f64().unwrap();
        assert_close("probability of improvement", ours.probability_percent, of("probability"));
        assert_close("rise", ours.rise_percent, of("rise"));
        assert_close("fall", ours.fall_percent, of("fall"));
        assert_close("stay", ours.stay_percent, of("stay"));
        let [low, high] = ours.interval_percent.unwrap();
        assert!(low <= ours.probability_percent && ours.probability_percent <= high, "{ours:?}");
    }
}

#[test]
fn details_stand_on_the_people_and_the_seeds_of_the_claim_with_folds_too() {
    for n_splits in [1, 3] {
        let made = Made { n_splits, ..Made::default() };
        let results = analyse(made.facts(), &Choosers::validation(1), &plans(), &made.cells());
        let recipe = &results.recipes[0];
        assert_eq!(recipe.details.len(), recipe.claims.len());
        for (details, claim) in recipe.details.iter().zip(&recipe.claims) {
            assert_eq!((details.part, &details.set), (claim.part, &claim.set));
            assert_eq!((&details.treatment, &details.baseline), (&claim.treatment, &claim.baseline));
            let calibration = details.calibration.as_ref().unwrap();
            assert_eq!((calibration.n_people, calibration.n_faces), (claim.n_people, claim.n_faces));
            assert_eq!(calibration.n_seeds, claim.n_seeds);
            // Everybody has as many faces of each class, so the mean recall is the accuracy.
            let gains = details.per_class.iter().map(|class| class.recall.difference_points);
            assert_close("gain", gains.sum::<f64>() / 3.0, claim.difference_points);
            let improvement = details.improvement.as_ref().unwrap();
            let shares = [improvement.rise_percent, improvement.fall_percent, improvement.stay_percent];
            assert_close("shares", shares.iter().sum(), 100.0);
            assert!(improvement.probability_percent > 50.0, "{improvement:?}");
            assert_eq!((details.groups_by, details.groups.len()), (None, 0), "one database is no group");
        }
        let text = serde_json::to_string(&results).unwrap();
        assert_eq!(serde_json::from_str::<Results>(&text).unwrap(), results);
    }
}

#[test]
fn faces_without_groups_are_grouped_by_their_databases_and_some_groups_are_all() {
    let made = Made { arms: vec![(Arm::MIX, 1.0, 0.2)], ..Made::default() };
    let mut cells = made.cells();
    for prediction in cells.iter_mut().flat_map(|cell| &mut cell.predictions) {
        let database = if prediction.subject.person().ends_with('1') { "kdef" } else { "jaffe" };
        prediction.subject = SubjectId::new(database, prediction.subject.person()).unwrap();
    }
    let by_database = analyse(made.facts(), &Choosers::validation(1), &plans(), &cells);
    let found = details(&by_database, Part::Unseen);
    assert_eq!(found.groups_by, Some(GroupsBy::Database));
    let people: Vec<(&str, usize)> = found.groups.iter().map(|of| (of.group.as_str(), of.accuracy.n_people)).collect();
    assert_eq!(people, [("jaffe", 21), ("kdef", 3)]);
    assert!(found.least_group().is_some());
    // Of everybody's faces two are left alone, two are in another light.
    let light = |row: usize| [Some("left"), Some("left"), Some("right"), Some("right"), None, None][row % 6];
    let groups = (0..made.n_people * 6).map(|row| light(row).map(str::to_owned)).collect();
    let results = analyse_from(made.facts(), &Choosers::validation(1), &plans(), &Grouped { cells, groups }).unwrap();
    let found = details(&results, Part::Unseen);
    assert_eq!(found.groups_by, Some(GroupsBy::Group));
    let faces: Vec<(&str, usize, usize)> =
        found.groups.iter().map(|of| (of.group.as_str(), of.accuracy.n_people, of.accuracy.n_faces)).collect();
    assert_eq!(faces, [("left", 24, 48), ("right", 24, 48)]);
}

#[test]
fn one_person_or_one_seed_gives_figures_without_intervals() {
    for (n_people, n_seeds) in [(1, 1), (1, 5), (24, 1)] {
        let made = Made { n_people, n_seeds, ..Made::default() };
        let results = analyse(made.facts(), &Choosers::validation(1), &plans(), &made.cells());
        let details = details(&results, Part::Unseen);
        let (calibration, improvement) = (details.calibration.as_ref().unwrap(), details.improvement.as_ref().unwrap());
        assert!(details.per_class.iter().all(|of| of.recall.interval_points.is_none() && of.recall.p_holm == 1.0));
        assert_eq!((calibration.brier_score.interval, improvement.interval_percent), (None, None));
        assert_eq!((&details.loses_most, &details.gains_least), (&None, &None));
    }
}

#[test]
fn a_class_that_clearly_loses_is_named() {
    let made = Made { n_people: 40, arms: vec![(Arm::MIX, 1.0, 0.0)], ..Made::default() };
    let mut cells = made.cells();
    let mixed = cells.iter_mut().filter(|cell| cell.cell.treatment.arm == Arm::MIX);
    for p in mixed.flat_map(|cell| &mut cell.predictions).filter(|p| p.label == 1 && p.row % 2 == 0) {
        p.probabilities = vec![0.8, 0.1, 0.1];
    }
    let results = analyse(made.facts(), &Choosers::validation(1), &plans(), &cells);
    let details = details(&results, Part::Unseen);
    let losing = details.losing_class().unwrap();
    assert_eq!(losing.class, "happiness");
    assert!(losing.recall.p_holm < 0.05 && losing.recall.difference_points < -10.0, "{losing:?}");
}
