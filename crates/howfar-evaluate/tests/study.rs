//! Whole studies: what is chosen, claimed and said.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod made;

use std::collections::BTreeMap;

use howfar_evaluate::{
    CellPredictions, Choosers, Results, SMALL, StudyFacts, TrackPlan, Verdict, analyse, choose_k, settled,
};
use howfar_protocol::{
    Arm, ChooseOn, ChooseRule, ClaimedMeasure, MixtureRatio, Network, Part, Recipe, Track, Treatment,
};
use howfar_random::{Seeds, shuffle};
use made::{Made, plan, ratio};
use proptest::prelude::*;

fn results(made: &Made) -> Results {
    of_cells(made, &made.cells())
}

fn of_cells(made: &Made, cells: &[CellPredictions]) -> Results {
    analyse(made.facts(), &Choosers::validation(1), &[plan(track(), cells)], cells)
}

fn track() -> Track {
    Track { recipe: Recipe::Modern, network: Network::Compact.into(), start: None, source: None }
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
    assert!(recipe.claims.iter().all(|c| c.interval_points.unwrap()[0] > 0.0), "{:?}", recipe.claims);
    assert_eq!(recipe.controls.len(), 6);
    let beginning = "k = 2 (twice as many drawn identities as real training people) lifts accuracy on unseen drawn \
        database “jaffe” from ";
    assert!(results.answer.starts_with(beginning), "{}", results.answer);
    assert!(results.answer.contains("24 drawn identities × 10 seeds"), "{}", results.answer);
    assert!(results.answer.contains("On test people from "), "{}", results.answer);
    assert!(results.answer.contains(" over longer training alone ("), "{}", results.answer);
    println!("{}", results.answer);
}

#[test]
fn without_a_gain_k_is_0_and_the_answer_says_so() {
    let arms = vec![(Arm::MIX, 1.0, -0.2), (Arm::MIX, 2.0, -0.25), (Arm::REPEAT, 1.0, 0.0), (Arm::AUGMENT, 1.0, 0.0)];
    let results = results(&Made { arms, unseen: vec![], ..Made::default() });
    let choice = results.recipes[0].choice.as_ref().unwrap();
    assert_eq!((choice.chosen, choice.compared), (MixtureRatio::ZERO, ratio(1.0)));
    assert!(results.answer.starts_with("None of k = 1, 2 clearly helps on validation people: real faces alone reach "));
    assert!(
        results
            .answer
            .contains("k = 1 (as many drawn identities as real training people) would have lowered accuracy on test"),
        "{}",
        results.answer
    );
    println!("{}", results.answer);
}

#[test]
fn an_interval_across_zero_is_never_called_a_gain() {
    let arms = vec![(Arm::MIX, 1.0, 0.0)];
    for seed in 0..20 {
        let made = Made { seed, n_people: 8, n_seeds: 3, arms: arms.clone(), ..Made::default() };
        let results = results(&made);
        let claim = results.recipes[0].claims.iter().find(|c| c.part == Part::Unseen).unwrap();
        let [low, high] = claim.interval_points.unwrap();
        let is_across = low <= 0.0 && 0.0 <= high;
        let says_unclear = results.answer.contains("which is not significantly different from no gain");
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
        "one-training-sample",
        "one-generator",
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

/// Labelled faces alone for the steps of k = 1 and 2 gain 10 and 15 points, the mix 15 and 25.
fn with_a_ladder() -> (Made, TrackPlan) {
    let arms = vec![(Arm::REPEAT, 1.0, 0.1), (Arm::REPEAT, 2.0, 0.15), (Arm::MIX, 1.0, 0.15), (Arm::MIX, 2.0, 0.25)];
    let made = Made { arms, n_people: 60, n_seeds: 10, faces_a_person: 12, ..Made::default() };
    let mut plan = plan(track(), &made.cells());
    let ladder = [1.0, 2.0].map(|k| Treatment::labelled_for_steps_of(ratio(k), None));
    plan.curve.entry(MixtureRatio::ZERO).or_default().extend(ladder);
    (made, plan)
}

#[test]
fn gains_are_gains_over_labelled_faces_alone_for_the_budget_that_serves_them_best() {
    let (made, plan) = with_a_ladder();
    let results = analyse(made.facts(), &Choosers::validation(1), &[plan], &made.cells());
    let recipe = &results.recipes[0];
    let choice = recipe.choice.as_ref().unwrap();
    let taken: Vec<&Treatment> =
        choice.candidates[0].ways.iter().filter(|way| way.is_taken).map(|way| &way.treatment).collect();
    assert_eq!(taken, [&Treatment::labelled_for_steps_of(ratio(2.0), None)]);
    let shares: f64 = choice.candidates.iter().map(|c| c.chosen_share_percent.unwrap()).sum();
    assert!((shares - 100.0).abs() < 1e-6, "{shares}");
    for (claims, gain) in [(&recipe.claims, 10.0), (&recipe.over_own_steps, 25.0)] {
        assert!(claims.iter().all(|c| (c.difference_points - gain).abs() < 4.0), "{gain}: {claims:?}");
    }
    assert!(recipe.credit.iter().all(|credit| credit.is_clear && credit.over == Arm::REPEAT), "{:?}", recipe.credit);
    for words in [
        " points over real faces alone trained as long as serves them best, ",
        "That budget is the steps of k = 2; for their own steps real faces alone reach ",
    ] {
        assert!(results.answer.contains(words), "{words}: {}", results.answer);
    }
    assert!(!results.answer.contains("longer training"), "it is the baseline: {}", results.answer);
}

#[test]
fn the_doubt_about_the_budget_widens_the_interval() {
    let (made, plan) = with_a_ladder();
    let cells = made.cells();
    let error = |plan: TrackPlan| {
        let results = analyse(made.facts(), &Choosers::validation(1), &[plan], &cells);
        results.recipes[0].claims[0].standard_error_points
    };
    // Both budgets that were the best in some draw, or one of them alone.
    let mut alone = plan.clone();
    alone.curve.insert(MixtureRatio::ZERO, vec![Treatment::labelled_for_steps_of(ratio(2.0), None)]);
    assert!(error(plan) >= error(alone));
}

#[test]
fn where_macro_recall_is_claimed_it_is_the_mean_over_people_that_claims_are_about() {
    let made = Made::default();
    let mut cells = made.cells();
    // Two faces in three of a class are gone: accuracy and macro recall part.
    for cell in &mut cells {
        cell.predictions.retain(|p| p.label != 1 || p.row % 3 == 0);
    }
    let facts = StudyFacts { measure: ClaimedMeasure::MacroRecall, ..made.facts() };
    let plan = plan(track(), &cells);
    let choosers = Choosers::of(&facts, &ChooseOn::Validation, ChooseRule::default());
    let results = analyse(facts, &choosers, &[plan], &cells);
    let recipe = &results.recipes[0];
    for claim in &recipe.claims {
        let set = if claim.part == Part::Unseen { claim.set.as_str() } else { "" };
        let row =
            recipe.table.iter().find(|r| (&r.treatment, r.part, r.set.as_str()) == (&claim.treatment, claim.part, set));
        let row = row.unwrap();
        assert!((row.claimed() - claim.accuracy_percent).abs() < 1e-3, "{claim:?} {row:?}");
        assert!((row.claimed() - row.figures.accuracy()).abs() > 0.01, "they are not the same here");
    }
    assert!(results.answer.contains(" macro recall on "), "{}", results.answer);
}

#[test]
fn one_person_or_one_seed_gives_no_interval_and_valid_json() {
    for (n_people, n_seeds) in [(1, 1), (1, 5), (24, 1), (2, 2)] {
        let results = results(&Made { n_people, n_seeds, ..Made::default() });
        let text = serde_json::to_string(&results).unwrap();
        // Numbers that JSON lacks would be written as null, which does not read back.
        let back: Results = serde_json::from_str(&text).unwrap();
        assert_eq!(back, results, "{n_people} × {n_seeds}");
        let is_known = n_people > 1 && n_seeds > 1;
        for claim in &results.recipes[0].claims {
            assert_eq!(claim.interval_points.is_some(), is_known, "{n_people} × {n_seeds}");
            assert!(is_known || (claim.verdict, claim.p_holm, claim.p_equivalent) == (Verdict::Open, 1.0, 1.0));
        }
        if (n_people, n_seeds) == (1, 1) {
            assert!(results.recipes[0].table.iter().all(|row| row.accuracy_interval_percent.is_none()));
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
        ("nothing helps", Made { n_people: 12, arms: vec![(Arm::MIX, 1.0, 0.0)], ..Made::default() }),
        ("ten points", Made { n_people: 12, arms: vec![(Arm::MIX, 1.0, 0.1)], ..Made::default() }),
        ("folds", Made { n_people: 5, n_seeds: 4, n_splits: 4, arms: vec![(Arm::MIX, 1.0, 0.0)], ..Made::default() }),
    ];
    for (name, made) in cases {
        let truth = 100.0 * f64::from(made.arms[0].2);
        let mut covered = BTreeMap::from([(Part::Test, 0.0), (Part::Unseen, 0.0)]);
        for seed in 0..REPETITIONS {
            let results = results(&Made { seed, ..made.clone() });
            for claim in &results.recipes[0].claims {
                let [low, high] = claim.interval_points.unwrap();
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
    assert!(unseen.iter().all(|c| c.p_holm >= c.p) && unseen.iter().any(|c| c.p_holm > c.p));
    assert!(results.answer.contains("2 more in the report"), "{}", results.answer);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_choice_never_looks_at_test_people_or_unseen_databases(seed in 0u64..1000, gain in -0.1f32..0.2) {
        let arms = vec![(Arm::MIX, 1.0, gain), (Arm::MIX, 2.0, gain / 2.0)];
        let made = Made { seed, n_people: 6, n_seeds: 3, arms, ..Made::default() };
        let mut cells = made.cells();
        let choice = choose_k(&plan(track(), &cells), &Choosers::validation(1), &cells);
        let mut stream = Seeds::new(seed).stream("scramble", &[]);
        for cell in &mut cells {
            for prediction in cell.predictions.iter_mut().filter(|p| p.part != Part::Validation) {
                shuffle(&mut prediction.probabilities, &mut stream);
            }
        }
        prop_assert_eq!(choose_k(&plan(track(), &cells), &Choosers::validation(1), &cells), choice.clone());
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
    fn every_interval_holds_its_estimate(
        seed in 0u64..1000, n_people in 1usize..8, n_seeds in 1u32..4, n_splits in 1u32..4
    ) {
        let results = results(&Made { seed, n_people, n_seeds, n_splits, ..Made::default() });
        let recipe = &results.recipes[0];
        for claim in recipe.claims.iter().chain(&recipe.controls) {
            if let Some([low, high]) = claim.interval_points {
                prop_assert!(low <= claim.difference_points && claim.difference_points <= high);
                let baseline = claim.baseline_accuracy_percent;
                prop_assert!(-baseline - 1e-9 <= low && high <= 100.0 - baseline + 1e-9, "{claim:?}");
            }
            prop_assert!([claim.p_people, claim.p_seeds, claim.p_holm].iter().all(|p| (0.0..=1.0).contains(p)));
        }
        for row in &recipe.table {
            let Some([low, high]) = row.accuracy_interval_percent else { continue };
            let accuracy = row.figures.accuracy();
            prop_assert!(0.0 <= low && low <= accuracy && accuracy <= high && high <= 100.0);
        }
        let choice = recipe.choice.as_ref().unwrap();
        prop_assert!(choice.adequate.contains(&choice.chosen) && choice.adequate.contains(&choice.best));
        prop_assert!(choice.chosen <= choice.best && choice.compared > MixtureRatio::ZERO);
    }
}

#[test]
fn credit_is_what_is_left_over_the_stronger_control() {
    let arms = |augment| vec![(Arm::MIX, 2.0, 0.3), (Arm::REPEAT, 2.0, 0.0), (Arm::AUGMENT, 2.0, augment)];
    for (augment, is_clear, over) in [(0.1, true, Arm::AUGMENT), (0.3, false, Arm::AUGMENT), (-0.1, true, Arm::REPEAT)]
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
        let made = Made { n_people: 40, n_seeds: 5, arms: vec![(Arm::MIX, 1.0, gain)], ..Made::default() };
        let mut cells = made.cells();
        for cell in cells.iter_mut().filter(|cell| cell.cell.treatment.arm == Arm::MIX) {
            cell.cell.treatment.source = Some(source.to_owned());
        }
        cells
    };
    let cells = [of_source("good", 0.3), of_source("useless", 0.0)].concat();
    let of = |source: &str| Track { source: Some(source.to_owned()), ..track() };
    let made = Made { arms: vec![(Arm::MIX, 1.0, 0.0)], ..Made::default() };
    let tracks = ["good", "useless"].map(|source| plan(of(source), &cells));
    let results = analyse(made.facts(), &Choosers::validation(1), &tracks, &cells);
    let chosen: Vec<f64> = results.recipes.iter().map(|r| r.choice.as_ref().unwrap().chosen.value()).collect();
    assert_eq!(chosen, [1.0, 0.0]);
    assert!(!results.between.is_empty());
    for between in &results.between {
        assert_eq!(
            (between.name.as_str(), between.baseline.as_str()),
            ("modern, compact, useless, k = 0", "modern, compact, good, k = 1")
        );
        assert!(between.interval_points.unwrap()[1] < 0.0, "{between:?}");
    }
}

/// Simulated studies, each looked at after three of at most nine seeds.
fn looked_at(unseen: Vec<&'static str>) -> impl Iterator<Item = Results> {
    (0..200).map(move |seed| {
        let arms = vec![(Arm::MIX, 1.0, 0.12)];
        let made = Made { seed, n_people: 30, n_seeds: 3, arms, unseen: unseen.clone(), ..Made::default() };
        let facts = StudyFacts { seeds_at_most: Some(9), ..made.facts() };
        let cells = made.cells();
        analyse(facts, &Choosers::validation(1), &[plan(track(), &cells)], &cells)
    })
}

#[test]
fn a_study_is_settled_by_what_its_answer_says_with_every_correction() {
    let mut n_seen = [0; 4];
    for results in looked_at(vec!["a", "b"]) {
        let (recipe, risk) = (&results.recipes[0], results.study.risk());
        let first = recipe.claims.iter().find(|c| c.part == Part::Unseen).unwrap();
        let is_chosen = recipe.choice.as_ref().unwrap().chosen == first.treatment.k;
        let says_gain = results.answer.starts_with("k = 1 (") && results.answer.contains(") lifts accuracy on unseen");
        assert_eq!(settled(&results) == Verdict::Helps, says_gain, "{}", results.answer);
        assert_eq!(says_gain, is_chosen && first.p_holm < risk, "{}", results.answer);
        assert_eq!(settled(&results), recipe.verdict);
        let excludes_zero = first.interval_points.unwrap()[0] > 0.0;
        let told = |words: &str| first.verdict == Verdict::Open && results.answer.contains(words);
        if first.p < risk && risk <= first.p_holm {
            n_seen[0] += 1;
            assert!(told("no gain once several databases are corrected for"), "{}", results.answer);
        } else if excludes_zero && risk <= first.p {
            n_seen[1] += 1;
            assert!(told("no gain once several looks are corrected for"), "{}", results.answer);
        }
        n_seen[2] += usize::from(says_gain);
        if !is_chosen && first.p_holm < risk {
            n_seen[3] += 1;
            assert!(told("which is no claim: this k was not chosen") && codes(&results).contains(&"choice-disagrees"));
        }
    }
    assert!(n_seen.iter().all(|n| *n > 0), "each case must come up: {n_seen:?}");
}

#[test]
fn a_study_that_adds_no_seeds_is_never_settled_by_a_look() {
    let results = results(&Made { n_seeds: 10, faces_a_person: 12, ..Made::default() });
    assert_eq!((results.recipes[0].verdict, settled(&results)), (Verdict::Helps, Verdict::Open));
}

#[test]
fn a_small_difference_is_a_finding_with_its_test() {
    let mut n_small = 0;
    for seed in 0..4 {
        let arms = vec![(Arm::MIX, 1.0, 0.0)];
        let made = Made { seed, n_people: 60, n_seeds: 40, faces_a_person: 12, arms, ..Made::default() };
        let results = results(&made);
        let claim = results.recipes[0].claims.iter().find(|c| c.part == Part::Unseen).unwrap();
        let is_small = claim.verdict == Verdict::Equivalent;
        let words = "difference to accuracy on unseen drawn database “jaffe”";
        assert_eq!(results.answer.contains(words), is_small, "{}", results.answer);
        let (of_first, _) = results.answer.split_once(" On test people").unwrap();
        assert_eq!(of_first.contains(" by two one-sided tests of ±2 points"), is_small, "{}", results.answer);
        if is_small {
            n_small += 1;
            assert!(claim.p_equivalent < 0.05 && claim.difference_points.abs() < 100.0 * SMALL, "{claim:?}");
            assert!(!results.answer.contains("would tell"), "{}", results.answer);
            assert_eq!(results.recipes[0].verdict, Verdict::Equivalent);
        }
    }
    assert!(n_small > 0, "none of four studies without an effect was precise enough");
}

#[test]
fn unseen_databases_stand_in_the_order_of_the_study_file_and_the_first_is_the_primary_one() {
    let arms = vec![(Arm::MIX, 1.0, 0.1), (Arm::MIX, 2.0, 0.2)];
    let results = results(&Made { unseen: vec!["ua", "judge", "b"], arms, ..Made::default() });
    let recipe = &results.recipes[0];
    let unseen = |sets: Vec<(Part, &String)>| -> Vec<String> {
        sets.into_iter().filter(|(part, _)| *part == Part::Unseen).map(|(_, set)| set.clone()).collect()
    };
    let mut of_real = recipe.table.clone();
    of_real.retain(|row| row.treatment.arm == Arm::REAL);
    let mut confusions = recipe.confusions.clone();
    confusions.retain(|confusion| confusion.treatment.arm == Arm::REAL);
    for found in [
        unseen(recipe.claims.iter().map(|c| (c.part, &c.set)).collect()),
        unseen(recipe.how_far.iter().map(|c| (c.part, &c.set)).collect()),
        unseen(recipe.changed.iter().map(|c| (c.part, &c.set)).collect()),
        unseen(of_real.iter().map(|c| (c.part, &c.set)).collect()),
        unseen(confusions.iter().map(|c| (c.part, &c.set)).collect()),
    ] {
        assert_eq!(found, ["ua", "judge", "b"]);
    }
    assert!(results.answer.contains(" accuracy on unseen drawn database “ua” from "), "{}", results.answer);
}

#[test]
fn a_class_that_one_fold_was_not_trained_on_is_told() {
    let made = Made { n_people: 8, n_splits: 3, ..Made::default() };
    let mut cells = made.cells();
    for cell in &mut cells {
        let mut training = cell.predictions.clone();
        training.retain(|p| p.part == Part::Validation && !(cell.cell.split_idx == 1 && p.label == 2));
        training.iter_mut().for_each(|p| p.part = Part::Training);
        cell.predictions.extend(training);
        cell.predictions.retain(|p| p.part != Part::Unseen || p.label != 0);
    }
    let results = of_cells(&made, &cells);
    let told: Vec<&str> =
        results.caveats.iter().filter(|c| c.code == "missing-class").map(|c| c.text.as_str()).collect();
    let expected = [
        "No face of surprise among training people in fold 2.",
        "No face of anger among unseen drawn database “jaffe”.",
    ];
    assert_eq!(told, expected);
}

#[test]
fn pictures_of_nobody_known_are_never_called_people() {
    let made = Made { unseen: vec![], ..Made::default() };
    let of = |n_without_person: usize| {
        let mut facts = made.facts();
        facts.sets[0].n_without_person = n_without_person;
        let cells = made.cells();
        analyse(facts, &Choosers::validation(1), &[plan(track(), &cells)], &cells)
    };
    let all = of(24);
    assert!(all.answer.contains("on test pictures from "), "{}", all.answer);
    assert!(
        all.answer.contains("; 24 pictures (persons unknown) × 5 seeds, for these training pictures)"),
        "{}",
        all.answer
    );
    assert!(!all.answer.contains("people"), "{}", all.answer);
    let caveat = |results: &Results| {
        let found = results.caveats.iter().find(|c| c.code == "no-person-labels");
        found.map(|c| c.text.clone()).unwrap_or_default()
    };
    assert!(caveat(&all).starts_with("`ckplus` does not say who is on its pictures"), "{}", caveat(&all));
    assert!(caveat(&of(3)).starts_with("Of the 24 people of `ckplus`, 3 are single pictures of nobody known"));
    assert_eq!(caveat(&of(0)), "");
}

#[test]
fn a_mix_that_could_not_be_chosen_is_not_called_nothing() {
    let made = Made::default();
    let mut cells = made.cells();
    for cell in cells.iter_mut().filter(|cell| cell.cell.treatment.arm == Arm::MIX) {
        cell.predictions.retain(|p| p.part != Part::Validation);
    }
    let answer = of_cells(&made, &cells).answer;
    assert!(!answer.contains("nothing was mixed in"), "{answer}");
    assert!(answer.contains("k could not be chosen"), "{answer}");
}

#[test]
fn what_each_arm_saw_is_a_mean_over_its_cells() {
    let results = results(&Made { n_seeds: 3, ..Made::default() });
    let of_mix =
        results.recipes[0].training.iter().find(|t| t.treatment == Treatment::on_curve(ratio(2.0), None)).unwrap();
    let figures = [of_mix.n_pictures, of_mix.n_epochs, of_mix.kept_epoch, of_mix.n_steps, of_mix.n_pictures_seen];
    assert_eq!((of_mix.n_cells, figures), (3, [120.0, 11.0, 6.0, 44.0, 1320.0]));
    assert_eq!(results.recipes[0].training.len(), 7, "one entry an arm and k");
}

#[test]
fn an_interval_never_leaves_what_the_baseline_allows() {
    let arms = vec![(Arm::MIX, 1.0, 0.0)];
    for seed in 0..10 {
        let made = Made { seed, n_people: 2, n_seeds: 2, accuracy: 0.9, arms: arms.clone(), ..Made::default() };
        for claim in &results(&made).recipes[0].claims {
            let ([low, high], baseline) = (claim.interval_points.unwrap(), claim.baseline_accuracy_percent);
            assert!(-baseline <= low && high <= 100.0 - baseline + 1e-9, "{claim:?}");
        }
    }
}

#[test]
fn the_papers_count_is_predicted_by_faces_and_not_by_k() {
    let arms = vec![(Arm::MIX, 1.0, 0.1), (Arm::GENERATED_ONLY, 1.0, 0.3)];
    let made = Made { arms, unseen: vec![], ..Made::default() };
    let mut cells = made.cells();
    for cell in &mut cells {
        let mut more = cell.predictions.clone();
        more.retain(|p| p.part == Part::Test);
        let training = more.iter().cloned().map(|p| howfar_protocol::Prediction { part: Part::Training, ..p });
        // A generated identity has two faces where a person has six.
        let generated = more.iter().filter(|p| cell.cell.treatment.arm != Arm::REAL && p.row % 6 < 2).cloned();
        let generated = generated.map(|p| howfar_protocol::Prediction { part: Part::GeneratedTest, ..p });
        let more: Vec<_> = training.chain(generated).collect();
        cell.predictions.extend(more);
    }
    let results = of_cells(&made, &cells);
    let accuracy = |arm, part| {
        let row = results.recipes[0].table.iter().find(|row| (row.treatment.arm, row.part) == (arm, part)).unwrap();
        (row.figures.accuracy(), row.n_faces as f64)
    };
    let ((a_real, n_real), (a_generated, n_generated)) =
        (accuracy(Arm::REAL, Part::Test), accuracy(Arm::GENERATED_ONLY, Part::GeneratedTest));
    assert_eq!((n_real, n_generated), (144.0, 48.0));
    let row = results.recipes[0].as_the_paper_counts.iter().find(|row| row.k == ratio(1.0)).unwrap();
    let by_faces = (n_real * a_real + n_generated * a_generated) / (n_real + n_generated);
    assert!((row.predicted_percent - by_faces).abs() < 1e-9, "{} is not {by_faces}", row.predicted_percent);
}

#[test]
fn people_are_exchanged_only_where_real_faces_alone_rise_with_them() {
    let arms = vec![(Arm::MIX, 1.0, 0.2)];
    let all = Made { n_people: 40, n_seeds: 6, arms, unseen: vec![], ..Made::default() };
    let exchange_of = |accuracy_of_half: f32| {
        let half = Made { accuracy: accuracy_of_half, ..all.clone() };
        let mut cells = half.cells();
        cells.iter_mut().for_each(|cell| cell.cell.treatment.people_percent = Some(50));
        let mut facts = all.facts();
        facts.people.insert("training".into(), 100);
        let cells = [all.cells(), cells].concat();
        analyse(facts, &Choosers::validation(1), &[plan(track(), &cells)], &cells).recipes.remove(0).exchange.remove(0)
    };
    let flat = exchange_of(0.5);
    assert_eq!((flat.worth_people, flat.interval_people), (None, None), "{flat:?}");
    let rising = exchange_of(0.25);
    assert!(rising.rise_interval_points.unwrap()[0] > 0.0, "{rising:?}");
    assert!(rising.worth_people.unwrap() > 0.0 && rising.interval_people.is_some(), "{rising:?}");
}

#[test]
fn what_one_seed_would_have_claimed_stands_beside_what_all_find() {
    // All gains are equal, so which k is the best is luck.
    let arms = vec![(Arm::MIX, 1.0, 0.1), (Arm::MIX, 2.0, 0.1), (Arm::MIX, 5.0, 0.1)];
    let results = results(&Made { arms, ..Made::default() });
    let recipe = &results.recipes[0];
    assert_eq!(recipe.by_seed.len(), 8, "four treatments on two sets of faces");
    for row in &recipe.by_seed {
        let of_table =
            |r: &&howfar_evaluate::TableRow| (&r.treatment, r.part, &r.set) == (&row.treatment, row.part, &row.set);
        let accuracy = recipe.table.iter().find(of_table).unwrap().figures.accuracy();
        let mean = row.accuracy_percent.iter().sum::<f64>() / row.accuracy_percent.len() as f64;
        assert!((mean - accuracy).abs() < 1e-9 && row.seeds == [0, 1, 2, 3, 4], "{row:?}");
    }
    assert_eq!(recipe.single_run.len(), 2);
    for single in &recipe.single_run {
        let all = single.none_percent + single.at.iter().map(|at| at.reported_percent).sum::<f64>();
        assert!((all - 100.0).abs() < 1e-9, "{single:?}");
        let [low, high] = single.claimed_range_points.unwrap();
        let claimed = single.claimed_points.unwrap();
        assert!(low <= claimed && claimed <= high && claimed > 0.0, "{}", single.sentence);
        println!("{}", single.sentence);
    }
}

#[test]
fn one_seed_says_nothing_of_single_runs() {
    let results = results(&Made { n_seeds: 1, ..Made::default() });
    assert!(results.recipes[0].single_run.is_empty() && !results.recipes[0].by_seed.is_empty());
}

#[test]
fn a_law_of_the_curve_needs_three_k_and_says_so_with_fewer() {
    let few = results(&Made { arms: vec![(Arm::MIX, 1.0, 0.1), (Arm::MIX, 2.0, 0.1)], ..Made::default() });
    for law in &few.recipes[0].law {
        assert_eq!(law.fitted, None);
        assert_eq!(law.sentence, "No law of the curve: 2 k above 0 were tried, and it takes 3 at least.");
    }
    assert_eq!(few.recipes[0].law.len(), 2);
    let none = results(&Made { arms: Vec::new(), ..Made::default() });
    assert!(none.recipes[0].law.is_empty());
}

#[test]
fn a_law_foretells_what_twice_the_largest_k_changes() {
    let arms = [(1.0, 0.08), (2.0, 0.11), (5.0, 0.13), (10.0, 0.14)].map(|(k, gain)| (Arm::MIX, k, gain)).to_vec();
    let results = results(&Made { arms, ..Made::default() });
    for law in &results.recipes[0].law {
        println!("{}", law.sentence);
        let fitted = law.fitted.as_ref().unwrap();
        assert_eq!((fitted.largest, fitted.measured.len(), fitted.forms.len()), (ratio(10.0), 5, 3));
        let [low, high] = fitted.doubled.band_points;
        assert!(low <= fitted.doubled.points && fitted.doubled.points <= high && low < 1.0 && high > 0.0, "{law:?}");
        assert_eq!((fitted.curve[0].k, fitted.curve[20].k), (0.0, 20.0));
        for point in &fitted.curve {
            let [low, high] = point.band_percent;
            assert!(low <= point.accuracy_percent && point.accuracy_percent <= high, "{point:?}");
        }
        let width = |i: usize| fitted.curve[i].band_percent[1] - fitted.curve[i].band_percent[0];
        assert!(width(20) > width(8), "what was not measured is less sure");
        assert!(fitted.more_people.is_none() && fitted.equal.is_empty(), "all cells have all people");
        let then = |i: usize| fitted.next[i].then_points.unwrap() / fitted.next[i].band_width_points;
        assert!(fitted.next.len() == 3 && then(0) < 1.0 && then(1) < 1.0, "{:?}", fitted.next);
        assert_eq!(fitted.next[2].lines, "people_percent = [50]");
    }
}

#[test]
fn with_fewer_people_the_law_says_what_more_would_buy() {
    let arms = [(1.0, 0.04), (2.0, 0.07), (5.0, 0.09)].map(|(k, gain)| (Arm::MIX, k, gain)).to_vec();
    let made = Made { n_seeds: 8, arms, ..Made::default() };
    let mut cells = made.cells();
    for (percent, accuracy) in [(25, 0.34), (50, 0.42)] {
        let fewer = Made { arms: vec![(Arm::MIX, 2.0, 0.07)], accuracy, ..made.clone() };
        cells.extend(fewer.cells().into_iter().map(|mut cell| {
            cell.cell.treatment.people_percent = Some(percent);
            cell
        }));
    }
    let mut facts = made.facts();
    facts.people.insert("training".to_owned(), 80);
    let results = analyse(facts, &Choosers::validation(1), &[plan(track(), &cells)], &cells);
    for law in &results.recipes[0].law {
        println!("{}", law.sentence);
        let fitted = law.fitted.as_ref().unwrap();
        let more = fitted.more_people.unwrap();
        assert_eq!((more.n_people, fitted.forms.len()), (10, 4));
        assert!(more.gain.points > 0.0 && more.gain.points < 4.0, "{more:?}");
        assert!(fitted.equal.len() > 1, "{:?}", fitted.equal);
        for line in &fitted.equal {
            assert!(line.people_and_units.iter().all(|[people, _]| (20.0..=120.0).contains(people)), "{line:?}");
        }
    }
}
