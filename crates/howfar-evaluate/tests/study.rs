//! Whole studies: what is chosen, claimed and said.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod made;

use std::collections::BTreeMap;

use howfar_evaluate::{CellPredictions, Results, analyse, choose_k};
use howfar_protocol::{Arm, MixtureRatio, Network, Part, Recipe, Seeds, Track, shuffle};
use made::{Made, ratio};
use proptest::prelude::*;

fn results(made: &Made) -> Results {
    of_cells(made, &made.cells())
}

fn of_cells(made: &Made, cells: &[CellPredictions]) -> Results {
    analyse(made.facts(), &[(track(), 22_206)], cells)
}

fn track() -> Track {
    Track { recipe: Recipe::Modern, network: Network::Compact, start: None, source: None }
}

fn codes(results: &Results) -> Vec<&str> {
    results.caveats.iter().map(|c| c.code.as_str()).collect()
}

#[test]
fn a_clear_gain_is_chosen_claimed_and_said() {
    // A gain of about ten standard errors: with the default sample one study in a hundred would miss it by chance.
    let results = results(&Made { n_seeds: 10, faces_a_person: 12, ..Made::default() });
    let recipe = &results.recipes[0];
    let choice = recipe.choice.as_ref().unwrap();
    assert_eq!((choice.chosen, choice.compared), (ratio(2.0), ratio(2.0)), "{choice:?}");
    let parts: Vec<Part> = recipe.claims.iter().map(|c| c.part).collect();
    assert_eq!(parts, [Part::Test, Part::Unseen]);
    assert!(recipe.claims.iter().all(|c| c.interval_points[0] > 0.0), "{:?}", recipe.claims);
    assert_eq!(recipe.controls.len(), 6);
    let beginning = "k = 2 (twice as many drawn identities as real training people) lifts accuracy on unseen drawn database “jaffe” from ";
    assert!(results.answer.starts_with(beginning), "{}", results.answer);
    assert!(results.answer.contains("24 drawn identities × 10 seeds"), "{}", results.answer);
    assert!(results.answer.contains("On test people from "), "{}", results.answer);
    assert!(results.answer.contains(" over longer training alone ("), "{}", results.answer);
    println!("{}", results.answer);
}

#[test]
fn without_a_gain_k_is_0_and_the_answer_says_so() {
    let arms = vec![(Arm::Mix, 1.0, -0.2), (Arm::Mix, 2.0, -0.25), (Arm::Repeat, 1.0, 0.0), (Arm::Augment, 1.0, 0.0)];
    let results = results(&Made { arms, unseen: vec![], ..Made::default() });
    let choice = results.recipes[0].choice.as_ref().unwrap();
    assert_eq!((choice.chosen, choice.compared), (MixtureRatio::ZERO, ratio(1.0)));
    assert!(results.answer.starts_with("None of k = 1, 2 clearly helps on validation people: real faces alone reach "));
    assert!(
        results.answer.contains("k = 1 (as many drawn identities as real training people) lowers accuracy on test")
    );
    println!("{}", results.answer);
}

#[test]
fn an_interval_across_zero_is_never_called_a_gain() {
    let arms = vec![(Arm::Mix, 1.0, 0.0)];
    for seed in 0..20 {
        let made = Made { seed, n_people: 8, n_seeds: 3, arms: arms.clone(), ..Made::default() };
        let results = results(&made);
        let claim = results.recipes[0].claims.iter().find(|c| c.part == Part::Unseen).unwrap();
        let [low, high] = claim.interval_points;
        let is_across = low <= 0.0 && 0.0 <= high;
        let says_unclear = results.answer.contains("which cannot be told from no gain");
        assert_eq!(is_across, says_unclear, "{}", results.answer);
        assert!(!is_across || codes(&results).contains(&"interval-across-zero"));
    }
}

#[test]
fn caveats_name_what_is_weak() {
    let made = Made { n_people: 5, n_seeds: 2, ..Made::default() };
    let found = results(&made);
    for code in [
        "few-people",
        "few-validation-people",
        "unseen-small",
        "few-seeds",
        "drawn-faces",
        "judged-on-drawn-faces",
        "licences-joined",
    ] {
        assert!(codes(&found).contains(&code), "{code}: {:?}", codes(&found));
    }
    let plenty = results(&Made { n_people: 40, n_seeds: 6, ..Made::default() });
    for code in [
        "few-people",
        "few-validation-people",
        "unseen-small",
        "few-seeds",
        "missing-class",
        "unequal-classes",
        "unfinished",
    ] {
        assert!(!codes(&plenty).contains(&code), "{code}");
    }
    let mut cells = made.cells();
    for cell in &mut cells {
        cell.predictions.retain(|p| p.part != Part::Test || p.label != 1);
    }
    cells.pop();
    let found = of_cells(&made, &cells);
    assert!(found.caveats.iter().any(|c| c.code == "missing-class" && c.text.contains("happiness among test people")));
    assert!(codes(&found).contains(&"unfinished"));
}

#[test]
fn one_person_or_one_seed_gives_a_wide_interval_and_valid_json() {
    for (n_people, n_seeds) in [(1, 1), (1, 5), (24, 1), (2, 2)] {
        let results = results(&Made { n_people, n_seeds, ..Made::default() });
        let text = serde_json::to_string(&results).unwrap();
        // Numbers that JSON lacks would be written as null, which does not read back.
        let back: Results = serde_json::from_str(&text).unwrap();
        assert_eq!(back, results, "{n_people} × {n_seeds}");
        if (n_people, n_seeds) == (1, 1) {
            assert!(results.recipes[0].claims.iter().all(|c| c.interval_points[1] - c.interval_points[0] >= 200.0));
            assert!(codes(&results).contains(&"one-seed") && codes(&results).contains(&"one-person"));
        }
    }
}

#[test]
fn people_of_one_fold_count_as_one() {
    let made = Made { n_people: 6, n_splits: 4, ..Made::default() };
    let results = results(&made);
    let test = &results.recipes[0].claims[0];
    assert_eq!((test.n_people, test.n_seeds, test.n_faces), (24, 5, 144));
    // 2⁴ flips of folds; two of 24 people would give far less.
    assert!(test.p_people >= 2.0 / 16.0, "{}", test.p_people);
    assert!(codes(&results).contains(&"folds-share-a-model"));
    // Every fold's model sees all six people of the unseen database.
    assert_eq!(results.recipes[0].claims[1].n_people, 6);
}

#[test]
fn without_generated_faces_there_is_nothing_to_choose() {
    let results = results(&Made { arms: vec![], ..Made::default() });
    let recipe = &results.recipes[0];
    assert!(recipe.choice.is_none() && recipe.claims.is_empty() && recipe.confusions.len() == 2);
    assert!(results.answer.starts_with("Real faces alone reach "), "{}", results.answer);
    println!("{}", results.answer);
}

#[test]
fn whole_studies_are_as_sure_as_they_say() {
    const REPETITIONS: u64 = 150;
    let cases = [
        ("nothing helps", Made { n_people: 12, arms: vec![(Arm::Mix, 1.0, 0.0)], ..Made::default() }),
        ("ten points", Made { n_people: 12, arms: vec![(Arm::Mix, 1.0, 0.1)], ..Made::default() }),
        ("folds", Made { n_people: 5, n_seeds: 4, n_splits: 4, arms: vec![(Arm::Mix, 1.0, 0.0)], ..Made::default() }),
    ];
    for (name, made) in cases {
        let truth = 100.0 * f64::from(made.arms[0].2);
        let mut covered = BTreeMap::from([(Part::Test, 0.0), (Part::Unseen, 0.0)]);
        for seed in 0..REPETITIONS {
            let results = results(&Made { seed, ..made.clone() });
            for claim in &results.recipes[0].claims {
                let [low, high] = claim.interval_points;
                *covered.get_mut(&claim.part).unwrap() += f64::from(u8::from(low <= truth && truth <= high));
            }
        }
        for (part, covered) in covered {
            println!("{name}, {part:?}: {}", covered / REPETITIONS as f64);
            assert!(covered / REPETITIONS as f64 >= 0.93, "{name}, {part:?}: {covered} of {REPETITIONS}");
        }
    }
}

#[test]
fn several_unseen_databases_share_one_correction() {
    let results = results(&Made { unseen: vec!["a", "b", "c", "d"], ..Made::default() });
    let unseen: Vec<_> = results.recipes[0].claims.iter().filter(|c| c.part == Part::Unseen).collect();
    assert_eq!(unseen.iter().map(|c| c.set.as_str()).collect::<Vec<_>>(), ["a", "b", "c", "d"]);
    assert!(results.answer.contains("2 more in the report"), "{}", results.answer);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_choice_never_looks_at_test_people_or_unseen_databases(seed in 0u64..1000, gain in -0.1f32..0.2) {
        let arms = vec![(Arm::Mix, 1.0, gain), (Arm::Mix, 2.0, gain / 2.0)];
        let made = Made { seed, n_people: 6, n_seeds: 3, arms, ..Made::default() };
        let mut cells = made.cells();
        let choice = choose_k(&track(), &cells);
        let mut stream = Seeds::new(seed).stream("scramble", &[]);
        for cell in &mut cells {
            for prediction in cell.predictions.iter_mut().filter(|p| p.part != Part::Validation) {
                shuffle(&mut prediction.probabilities, &mut stream);
            }
        }
        prop_assert_eq!(choose_k(&track(), &cells), choice.clone());
        prop_assert_eq!(of_cells(&made, &cells).recipes.remove(0).choice, choice);
    }

    #[test]
    fn results_have_the_same_bytes_in_any_order_of_input(seed in 0u64..1000, n_splits in 1u32..3) {
        let made = Made { seed, n_people: 5, n_seeds: 2, n_splits, ..Made::default() };
        let mut cells = made.cells();
        let first = serde_json::to_string(&of_cells(&made, &cells)).unwrap();
        let mut stream = Seeds::new(seed).stream("order", &[]);
        shuffle(&mut cells, &mut stream);
        for cell in &mut cells {
            shuffle(&mut cell.predictions, &mut stream);
        }
        prop_assert_eq!(serde_json::to_string(&of_cells(&made, &cells)).unwrap(), first);
    }

    #[test]
    fn every_interval_holds_its_estimate(seed in 0u64..1000, n_people in 1usize..8, n_seeds in 1u32..4, n_splits in 1u32..4) {
        let results = results(&Made { seed, n_people, n_seeds, n_splits, ..Made::default() });
        let recipe = &results.recipes[0];
        for claim in recipe.claims.iter().chain(&recipe.controls) {
            let [low, high] = claim.interval_points;
            prop_assert!(low <= claim.difference_points && claim.difference_points <= high);
            prop_assert!([claim.p_people, claim.p_seeds, claim.p_holm].iter().all(|p| (0.0..=1.0).contains(p)));
        }
        for row in &recipe.table {
            let [low, high] = row.accuracy_interval_percent;
            prop_assert!(0.0 <= low && low <= row.accuracy_percent && row.accuracy_percent <= high && high <= 100.0);
        }
        let choice = recipe.choice.as_ref().unwrap();
        prop_assert!(choice.adequate.contains(&choice.chosen) && choice.adequate.contains(&choice.best));
        prop_assert!(choice.chosen <= choice.best && choice.compared > MixtureRatio::ZERO);
    }
}

#[test]
fn credit_is_what_is_left_over_the_stronger_control() {
    let arms = |augment| vec![(Arm::Mix, 2.0, 0.3), (Arm::Repeat, 2.0, 0.0), (Arm::Augment, 2.0, augment)];
    for (augment, is_clear, over) in [(0.1, true, Arm::Augment), (0.3, false, Arm::Augment), (-0.1, true, Arm::Repeat)]
    {
        let made = Made { n_people: 40, n_seeds: 5, arms: arms(augment), ..Made::default() };
        let results = results(&made);
        let credit = &results.recipes[0].credit;
        assert!(!credit.is_empty() && credit.iter().all(|c| (c.is_clear, c.over) == (is_clear, over)), "{credit:?}");
    }
}

#[test]
fn generated_sets_side_by_side_are_compared_and_choose_each_their_own_k() {
    let of_source = |source: &str, gain| {
        let made = Made { n_people: 40, n_seeds: 5, arms: vec![(Arm::Mix, 1.0, gain)], ..Made::default() };
        let mut cells = made.cells();
        for cell in cells.iter_mut().filter(|cell| cell.cell.arm == Arm::Mix) {
            cell.cell.source = Some(source.to_owned());
        }
        cells
    };
    let cells = [of_source("good", 0.3), of_source("useless", 0.0)].concat();
    let tracks = ["good", "useless"].map(|source| (Track { source: Some(source.to_owned()), ..track() }, 1));
    let made = Made { arms: vec![(Arm::Mix, 1.0, 0.0)], ..Made::default() };
    let results = analyse(made.facts(), &tracks, &cells);
    let chosen: Vec<f64> = results.recipes.iter().map(|r| r.choice.as_ref().unwrap().chosen.value()).collect();
    assert_eq!(chosen, [1.0, 0.0]);
    assert!(!results.between.is_empty());
    for between in &results.between {
        assert_eq!(
            (between.name.as_str(), between.baseline.as_str()),
            ("modern, compact, useless, k = 0", "modern, compact, good, k = 1")
        );
        assert!(between.interval_points[1] < 0.0, "{between:?}");
    }
}
