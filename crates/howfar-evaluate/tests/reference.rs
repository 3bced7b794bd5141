//! Our figures against those of scikit-learn, SciPy, statsmodels and NumPy (`reference/*.py` made the files).
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use howfar_evaluate::{
    ConfusionCounts, Doubt, Grid, Measure, holm, percentile_interval, sign_flip_p, t_quantile, t_upper_tail,
};
use howfar_random::Seeds;
use serde_json::Value;

const CLASSIFICATION: &str = include_str!("../../../reference/classification_metrics.json");
const INTERVALS: &str = include_str!("../../../reference/interval_statistics.json");

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn counts(value: &Value) -> Vec<u64> {
    value.as_array().unwrap().iter().map(|v| v.as_u64().unwrap()).collect()
}

#[track_caller]
fn assert_close(what: &str, ours: f64, reference: &Value, tolerance: f64) {
    let reference = reference.as_f64().unwrap();
    assert!((ours - reference).abs() <= tolerance * reference.abs().max(1.0), "{what}: {ours} is not {reference}");
}

#[test]
fn confusion_precision_recall_f1_and_macro_averages_are_scikit_learns() {
    let file: Value = serde_json::from_str(CLASSIFICATION).unwrap();
    for case in file["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let mut confusion = ConfusionCounts::new(case["n_classes"].as_u64().unwrap() as usize);
        for (label, predicted) in counts(&case["labels"]).into_iter().zip(counts(&case["predicted"])) {
            confusion.add(label as usize, predicted as usize);
        }
        let rows: Vec<Vec<u64>> = case["confusion"].as_array().unwrap().iter().map(counts).collect();
        assert_eq!(confusion.rows(), rows, "{name}");
        for class in 0..confusion.n_classes() {
            let figure = |field: &str| &case[field][class];
            assert_close(name, confusion.precision(class), figure("precision"), 1e-12);
            assert_close(name, confusion.recall(class), figure("recall"), 1e-12);
            assert_close(name, confusion.f1(class), figure("f1"), 1e-12);
            assert_eq!(confusion.support(class), figure("support").as_u64().unwrap(), "{name}");
        }
        assert_close(name, confusion.macro_precision(), &case["macro_precision"], 1e-12);
        // A measure without a reference is refused here: `reference/classification_metrics.py` computes it.
        for measure in Measure::ALL {
            let reference =
                case.get(measure.name).unwrap_or_else(|| panic!("{name}: no reference of {}", measure.name));
            assert_close(name, (measure.of)(&confusion), reference, 1e-12);
        }
    }
}

#[test]
fn students_t_is_scipys() {
    let file: Value = serde_json::from_str(INTERVALS).unwrap();
    for case in file["student"].as_array().unwrap() {
        let df = case["df"].as_f64().unwrap();
        assert_close(&format!("quantile at {df}"), t_quantile(0.975, df), &case["t975"], 1e-9);
        assert_close(
            &format!("tail at {df}"),
            t_upper_tail(case["t"].as_f64().unwrap(), df),
            &case["upper_tail"],
            1e-9,
        );
    }
}

#[test]
fn exact_sign_flips_are_scipys_permutation_test() {
    let file: Value = serde_json::from_str(INTERVALS).unwrap();
    for case in file["sign_flips"].as_array().unwrap() {
        let differences = numbers(&case["differences"]);
        let p = sign_flip_p(&differences, &mut Seeds::new(1).stream("unused", &[]));
        assert_close(&format!("{differences:?}"), p, &case["p"], 1e-12);
    }
}

#[test]
fn mean_squares_standard_error_and_interval_are_those_of_least_squares() {
    let file: Value = serde_json::from_str(INTERVALS).unwrap();
    for case in file["layouts"].as_array().unwrap() {
        let rows: Vec<Vec<f64>> = case["rows"].as_array().unwrap().iter().map(numbers).collect();
        let grid = Grid::new(&rows).unwrap();
        let squares = grid.mean_squares();
        let doubt = Doubt::of(&grid);
        let [low, high] = doubt.interval(grid.mean());
        let figures = [
            ("mean", grid.mean()),
            ("ms_units", squares.units),
            ("ms_seeds", squares.seeds),
            ("ms_residual", squares.residual),
            ("standard_error", doubt.standard_error),
            ("df", doubt.degrees_of_freedom),
            ("p", doubt.p_two_sided(grid.mean())),
        ];
        for (name, ours) in figures {
            assert_close(name, ours, &case[name], 1e-9);
        }
        assert_close("low", low, &case["interval"][0], 1e-9);
        assert_close("high", high, &case["interval"][1], 1e-9);
    }
}

#[test]
fn the_bootstrap_over_one_factor_is_scipys() {
    let file: Value = serde_json::from_str(INTERVALS).unwrap();
    for case in file["bootstraps"].as_array().unwrap() {
        let rows: Vec<Vec<f64>> = numbers(&case["values"]).iter().map(|value| vec![*value]).collect();
        let stream = &mut Seeds::new(1).stream("bootstrap", &[]);
        let ours = percentile_interval(&Grid::new(&rows).unwrap(), stream);
        let theirs = numbers(&case["interval"]);
        // 2,000 draws place an end within a twentieth of the width.
        let room = (theirs[1] - theirs[0]) / 20.0;
        assert!((0..2).all(|end| (ours[end] - theirs[end]).abs() < room), "{ours:?} {theirs:?}");
    }
}

#[test]
fn holm_is_statsmodels() {
    let file: Value = serde_json::from_str(INTERVALS).unwrap();
    for case in file["holm"].as_array().unwrap() {
        for (i, corrected) in holm(&numbers(&case["p"])).into_iter().enumerate() {
            assert_close("holm", corrected, &case["corrected"][i], 1e-12);
        }
    }
}
