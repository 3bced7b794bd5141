//! Distances between sets of faces against NumPy, SciPy and scikit-learn (`reference/generator_distances.py` made the
//! file), and what must hold for any.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use howfar_evaluate::distance::{
    Features, Neighbourhoods, coverage, frechet_distance, identity_kept, kernel_distance, overlap,
};
use proptest::prelude::*;
use serde_json::Value;

const REFERENCE: &str = include_str!("../../../reference/generator_distances.json");

fn features(name: &str, rows: &Value) -> Features {
    let rows: Vec<Vec<f64>> = serde_json::from_value(rows.clone()).unwrap();
    Features::new(name, &rows).unwrap()
}

#[test]
fn all_figures_are_those_of_numpy_scipy_and_scikit_learn() {
    let file: Value = serde_json::from_str(REFERENCE).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 8);
    for case in cases {
        let [generated, real] = ["generated", "real"].map(|name| features(name, &case[name]));
        let [of_generated, of_real] = [&generated, &real].map(|set| Neighbourhoods::new(set).unwrap());
        let shares = overlap(&of_generated, &of_real).unwrap();
        let figures = [
            ("frechet", frechet_distance(&generated, &real).unwrap()),
            ("kernel", kernel_distance(&generated, &real).unwrap()),
            ("precision", shares.precision),
            ("recall", shares.recall),
            ("density", shares.density),
            ("coverage", shares.coverage),
        ];
        for (figure, ours) in figures {
            let theirs = case[figure].as_f64().unwrap();
            assert!((ours - theirs).abs() <= 1e-6 * theirs.abs(), "{}, {figure}: {ours} is not {theirs}", case["name"]);
        }
    }
}

#[test]
fn people_are_found_again_as_often_as_scikit_learn_finds_them() {
    let file: Value = serde_json::from_str(REFERENCE).unwrap();
    let cases = file["identities"].as_array().unwrap();
    assert_eq!(cases.len(), 4);
    for case in cases {
        let places = |key: &str| serde_json::from_value::<Vec<usize>>(case[key].clone()).unwrap();
        let (owners, classes) = (places("owners"), places("classes"));
        let found = identity_kept(&features("faces", &case["features"]), &owners, &classes).unwrap();
        for (figure, ours) in [("kept_percent", found.kept_percent), ("chance_percent", found.chance_percent)] {
            let theirs = case[figure].as_f64().unwrap();
            assert!((ours - theirs).abs() < 1e-9, "{}, {figure}: {ours} is not {theirs}", case["name"]);
        }
        assert_eq!(found.n_faces, owners.len());
    }
    let rows = Features::new("faces", &[[0.0], [1.0], [3.0]].map(Vec::from)).unwrap();
    for (name, owners) in [("one person", [0, 0, 0]), ("a face each", [0, 1, 2])] {
        assert_eq!(identity_kept(&rows, &owners, &[0, 0, 0]), None, "{name}");
    }
}

#[test]
fn too_few_faces_and_features_of_two_networks_are_refused_by_name() {
    let set = |name: &str, n: usize, width: usize| {
        let rows: Vec<Vec<f64>> = (0..n).map(|i| vec![i as f64; width]).collect();
        Features::new(name, &rows).unwrap()
    };
    let (one, two, five, many) = (set("one", 1, 3), set("two", 2, 3), set("five", 5, 3), set("many", 9, 3));
    for measure in [frechet_distance, kernel_distance] {
        assert!(measure(&many, &two).is_ok());
        let fault = measure(&many, &one).unwrap_err();
        assert!(fault.place() == "one" && fault.what().contains("too few faces"), "{fault}");
        let fault = measure(&many, &set("other", 9, 4)).unwrap_err();
        assert!(fault.place() == "many and other" && fault.what().contains("two networks"), "{fault}");
    }
    let fault = Neighbourhoods::new(&five).unwrap_err().to_string();
    assert!(fault.contains("five") && fault.contains("at least 6"), "{fault}");
    assert!(Features::new::<f64>("none", &[]).is_err());
    let fault = Features::new("bad", &[vec![1.0, 2.0], vec![f64::NAN, 2.0]]).unwrap_err();
    assert_eq!(fault.place(), "bad, face 1");
}

fn rows(n: std::ops::Range<usize>, width: usize) -> impl Strategy<Value = Vec<Vec<f64>>> {
    prop::collection::vec(prop::collection::vec(-3.0..3.0, width), n)
}

proptest! {
    #[test]
    fn a_set_is_no_distance_from_itself(rows in rows(6..20, 4)) {
        let set = Features::new("set", &rows).unwrap();
        prop_assert!(frechet_distance(&set, &set).unwrap() < 1e-9);
        let balls = Neighbourhoods::new(&set).unwrap();
        let shares = overlap(&balls, &balls).unwrap();
        prop_assert_eq!([shares.precision, shares.recall, shares.coverage], [1.0; 3]);
    }

    #[test]
    fn distances_do_not_ask_who_comes_first_and_a_shift_adds_its_square(
        a in rows(2..15, 3), b in rows(2..15, 3), shift in -5.0..5.0f64,
    ) {
        let moved: Vec<Vec<f64>> = a.iter().map(|row| row.iter().map(|v| v + shift).collect()).collect();
        let of = |(name, rows)| Features::new(name, rows).unwrap();
        let [a, b, moved] = [("a", &a[..]), ("b", &b[..]), ("moved", &moved[..])].map(of);
        prop_assert!((frechet_distance(&a, &b).unwrap() - frechet_distance(&b, &a).unwrap()).abs() < 1e-9);
        prop_assert!((kernel_distance(&a, &b).unwrap() - kernel_distance(&b, &a).unwrap()).abs() < 1e-9);
        prop_assert!((frechet_distance(&a, &moved).unwrap() - 3.0 * shift * shift).abs() < 1e-8);
    }

    #[test]
    fn more_faces_never_cover_less(real in rows(6..20, 3), generated in rows(2..20, 3)) {
        let real = Features::new("real", &real).unwrap();
        let balls = Neighbourhoods::new(&real).unwrap();
        let of_first = |n: usize| coverage(&Features::new("some", &generated[..n]).unwrap(), &balls).unwrap();
        let shares: Vec<f64> = (1..=generated.len()).map(of_first).collect();
        prop_assert!(shares.is_sorted(), "{shares:?}");
    }
}
