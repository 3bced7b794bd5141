//! Tables of predictions: cases of every fault and caveat, and what optional columns do.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use howfar_evaluate::{RecipeResults, Results};
use howfar_face::{Fault, FaultKind};

use howfar_study::{PredictionsTable, TableOptions};

const HEAD: &str = "arm,k,seed,split,part,set,face,person,true,predicted";

/// Labelled faces alone, and with one unit and two of generated ones, two seeds: two people for each part, of each two
/// faces. The mix is right more often.
fn rows() -> Vec<String> {
    let mut rows = Vec::new();
    for (arm, k) in [("real", 0), ("mix", 1), ("mix", 2)] {
        for seed in 0..2 {
            for (part, set) in [("training", "lab"), ("validation", "lab"), ("test", "lab"), ("unseen", "street")] {
                for face in 0..8 {
                    let person = format!("{}{}", &part[..2], face / 2);
                    let label = ["joy", "rage"][face % 2];
                    let is_right = (face + 3 * seed + usize::from(part == "test")) % 4 < 2 + k;
                    let said = if is_right { label } else { ["rage", "joy"][face % 2] };
                    rows.push(format!("{arm},{k},{seed},0,{part},{set},{part}{face},{person},{label},{said}"));
                }
            }
        }
    }
    rows
}

fn open(head: &str, rows: &[String]) -> Result<PredictionsTable, Fault> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.csv");
    std::fs::write(&path, format!("{head}\n{}\n", rows.join("\n"))).unwrap();
    PredictionsTable::open(&path, &TableOptions { name: "mine".to_owned(), ..TableOptions::default() })
}

fn results(head: &str, rows: &[String]) -> Results {
    open(head, rows).unwrap().analyse().unwrap()
}

fn codes(results: &Results) -> Vec<&str> {
    results.caveats.iter().map(|caveat| caveat.code.as_str()).collect()
}

/// The fault of a table whose rows were changed.
fn fault(change: impl FnOnce(&mut Vec<String>)) -> Fault {
    let mut rows = rows();
    change(&mut rows);
    open(HEAD, &rows).unwrap_err()
}

/// Replaces something in the first row that has it.
fn replaced<'a>(from: &'a str, to: &'a str) -> impl FnOnce(&mut Vec<String>) + 'a {
    move |rows| {
        let row = rows.iter_mut().find(|row| row.contains(from)).unwrap();
        *row = row.replacen(from, to, 1);
    }
}

#[test]
fn a_whole_table_chooses_k_at_home_and_claims_it_on_test_people_and_unseen_databases() {
    let results = results(HEAD, &rows());
    let recipe = &results.recipes[0];
    let choice = recipe.choice.as_ref().unwrap();
    assert_eq!((choice.on.as_str(), choice.chosen.value()), ("validation", 2.0));
    let claims: Vec<(&str, f64, f64)> = recipe
        .claims
        .iter()
        .map(|claim| (claim.set.as_str(), claim.baseline_accuracy_percent, claim.accuracy_percent))
        .collect();
    assert_eq!(claims, [("lab", 50.0, 100.0), ("street", 50.0, 100.0)]);
    assert_eq!((recipe.name().as_str(), recipe.recipe, &recipe.settings), ("of the table", None, &None));
    assert!(recipe.training.is_empty() && recipe.details.iter().all(|details| details.calibration.is_none()));
    assert_eq!((results.study.n_seeds, results.study.n_splits, results.study.is_redrawn), (2, 1, false));
    assert_eq!(results.study.people["validation"], 4);
    let found = codes(&results);
    assert_eq!(found[..2], ["no-probabilities", "training-unknown"], "{found:?}");
}

#[test]
fn every_fault_names_its_row_and_what_to_do() {
    let cases: [(&str, Fault, &[&str]); 17] = [
        ("unknown arm", fault(replaced("mix,1", "mixed,1")), &["line 66", "no such arm", "found     arm = mixed"]),
        ("k below 0", fault(replaced("mix,1", "mix,-1")), &["line 66", "`k` is none", "k = -1"]),
        ("the mix at 0", fault(replaced("mix,1", "mix,0")), &["the arm `mix` has no cells at k = 0"]),
        ("seed", fault(replaced("real,0,0", "real,0,first")), &["line 2", "not a whole number", "seed = first"]),
        ("part", fault(replaced("validation", "validate")), &["no such part", "did you mean `validation`?"]),
        ("no value", fault(replaced("lab", "")), &["line 2", "no value in the column `set`"]),
        ("twice", fault(|rows| rows.push(rows[10].clone())), &["line 194", "a row stands twice", "as in line 12"]),
        (
            "two classes",
            fault(|rows| rows[40] = rows[40].replace("joy,", "rage,")),
            &["line 42", "two true classes", "rage here, joy in line 10"],
        ),
        (
            "two people",
            fault(|rows| rows[40] = rows[40].replace("va0", "va9")),
            &["has two people", "va9 here, va0 in"],
        ),
        (
            "trains and tests",
            fault(|rows| rows.iter_mut().for_each(|row| *row = row.replace(",te0,", ",tr0,"))),
            &["a person is on two sides: tr0", "training in line 2, test in line 18", "database:person"],
        ),
        (
            "labelled and unseen",
            fault(|rows| rows.iter_mut().for_each(|row| *row = row.replace(",un0,", ",va0,"))),
            &["a person is on two sides: va0", "validation in line 10, unseen in line 26"],
        ),
        (
            "of two splits",
            fault(|rows| {
                // Who trains in one split is unseen in another.
                rows.retain(|row| !(row.contains("unseen,") && row.contains(",0,0,")));
                rows.retain(|row| !(row.contains("training,") && row.contains(",1,0,")));
                let second = |row: &mut String| *row = row.replace(",1,0,", ",1,1,").replace(",un0,", ",tr0,");
                rows.iter_mut().for_each(second);
            }),
            &["a person is on two sides: tr0", "training in line 2, unseen in"],
        ),
        (
            "unpaired",
            fault(|rows| drop(rows.remove(80))),
            &[
                "judge other faces",
                "test face test0 of lab is in real only, split 0, seed 0 (line 18)",
                "not in mix, k = 1",
            ],
        ),
        (
            "no baseline",
            fault(|rows| rows.retain(|row| !row.starts_with("real"))),
            &["mine.csv: the table has no baseline", "arm = real and k = 0"],
        ),
        (
            "two roles",
            fault(|rows| rows.iter_mut().for_each(|row| *row = row.replace("street", "lab"))),
            &["the set lab is two things", "training in line 2, unseen in line 26"],
        ),
        ("no row", fault(Vec::clear), &["the table has no row"]),
        (
            "one class",
            fault(|rows| rows.iter_mut().for_each(|row| *row = row.replace("rage", "joy"))),
            &["one class alone"],
        ),
    ];
    for (case, fault, words) in cases {
        let said = fault.to_string();
        assert!(words.iter().all(|words| said.contains(words)), "{case}: {said}");
        assert_eq!(fault.kind(), FaultKind::Data, "{case}");
    }
}

#[test]
fn columns_are_checked_by_name() {
    let rows = rows();
    let cases = [
        (HEAD.replace("person", "persn"), "unknown column `persn`", "did you mean `person`?"),
        (HEAD.replace("person", "who"), "the column `person` is missing", "arm, k, seed"),
        (HEAD.replace("predicted", "said"), "does not say what was predicted", "p_CLASS"),
        (HEAD.replace("predicted", "p_joy"), "probabilities of 1 classes", "2 to 1000"),
        (HEAD.replace("predicted", "true"), "the column `true` stands twice", "leave one"),
    ];
    for (head, what, more) in cases {
        let said = open(&head, &rows).unwrap_err().to_string();
        assert!(said.contains(what) && said.contains(more), "{said}");
    }
    let with_more: Vec<String> = rows.iter().map(|row| format!("{row},77")).collect();
    let table = open(&format!("{HEAD},age in years"), &with_more).unwrap();
    assert_eq!(table.unread_columns(), ["age in years"]);
    assert_eq!(table.analyse().unwrap(), results(HEAD, &rows));
}

/// The table with probabilities in place of classes.
fn with_probabilities(of: impl Fn(&str) -> &'static str) -> Vec<String> {
    let row = |row: String| row.rsplit_once(',').map(|(row, said)| format!("{row},{}", of(said))).unwrap();
    rows().into_iter().map(row).collect()
}

#[test]
fn probabilities_must_be_some() {
    let head = HEAD.replace("predicted", "p_joy,p_rage");
    let good = with_probabilities(|said| if said == "joy" { "0.75,0.25" } else { "0.4,0.6" });
    let with = results(&head, &good);
    let without = results(HEAD, &rows());
    assert_eq!(with.recipes[0].claims, without.recipes[0].claims);
    assert!(with.recipes[0].details[0].calibration.is_some() && !codes(&with).contains(&"no-probabilities"));
    for (text, what) in [
        ("0.75,0.2", "do not sum to 1"),
        ("1.5,-0.5", "this is no probability"),
        ("nan,0.5", "this is no probability"),
        (",1", "p_joy = nothing"),
        ("inf,0", "this is no probability"),
    ] {
        let mut rows = good.clone();
        rows[3] = rows[3].rsplitn(3, ',').last().map(|row| format!("{row},{text}")).unwrap();
        let said = open(&head, &rows).unwrap_err().to_string();
        assert!(said.contains("line 5") && said.contains(what), "{said}");
    }
    let other = open(&head, &good.iter().map(|row| row.replace(",rage,", ",angry,")).collect::<Vec<_>>());
    assert!(other.unwrap_err().to_string().contains("no probability of this class"));
    let both: Vec<String> =
        good.iter().zip(rows()).map(|(a, b)| format!("{a},{}", b.rsplit(',').next().unwrap())).collect();
    assert_eq!(results(&format!("{head},predicted"), &both).recipes[0].claims, with.recipes[0].claims);
    let wrong: Vec<String> = good.iter().map(|row| format!("{row},joy")).collect();
    let said = open(&format!("{head},predicted"), &wrong).unwrap_err().to_string();
    assert!(said.contains("not the most probable one"), "{said}");
}

#[test]
fn what_is_missing_is_a_caveat_and_nothing_is_chosen_by_who_judges() {
    let without = |words: &str| -> Results {
        results(HEAD, &rows().into_iter().filter(|row| !row.contains(words)).collect::<Vec<_>>())
    };
    let no_validation = without(",validation,");
    let recipe = &no_validation.recipes[0];
    assert!(recipe.choice.is_none() && recipe.claims.is_empty() && recipe.how_far.len() == 2);
    assert_eq!(codes(&no_validation)[0], "no-validation-rows");
    assert!(no_validation.answer.contains("k could not be chosen, so no gain is claimed"), "{}", no_validation.answer);
    assert!(no_validation.answer.contains("points at k = 1 ("), "{}", no_validation.answer);
    let single = results(
        HEAD,
        &rows().into_iter().filter(|r| !r.contains(",validation,") && !r.contains("mix,2")).collect::<Vec<_>>(),
    );
    assert!(single.answer.contains("points at k = 1 ("), "{}", single.answer);
    for (words, code) in [(",training,", "no-training-rows"), (",test,", "no-test-rows"), (",1,0,", "one-seed")] {
        let found = without(words);
        assert!(codes(&found).contains(&code), "{words}: {:?}", codes(&found));
    }
    let half = results(HEAD, &rows().into_iter().filter(|row| !row.starts_with("mix,2,1,")).collect::<Vec<_>>());
    let unfinished = half.caveats.iter().find(|caveat| caveat.code == "unfinished").unwrap();
    assert!(unfinished.advice.contains("Add the missing cells"), "{unfinished:?}");
}

#[test]
fn nobody_known_is_somebody_else_on_every_face() {
    let nobody: Vec<String> = rows()
        .into_iter()
        .map(|row| {
            let mut values: Vec<String> = row.split(',').map(str::to_owned).collect();
            if values[4] == "unseen" {
                values[7].clear();
            }
            values.join(",")
        })
        .collect();
    let results = results(HEAD, &nobody);
    let street = results.study.sets.iter().find(|set| set.name == "street").unwrap();
    assert_eq!((street.n_people, street.n_without_person, street.n_faces), (8, 8, 8));
    assert!(codes(&results).contains(&"no-person-labels"));
}

#[test]
fn models_stand_side_by_side_and_a_ladder_of_budgets_is_the_baselines() {
    let mut both: Vec<String> = Vec::new();
    for model in ["svm", "forest"] {
        both.extend(rows().into_iter().map(|row| format!("{row},{model}")));
    }
    let head = format!("{HEAD},model");
    let two = results(&head, &both);
    let names: Vec<String> = two.recipes.iter().map(RecipeResults::name).collect();
    assert_eq!(names, ["svm", "forest"]);
    assert!(two.between[0].name.starts_with("forest, k = 2") && two.between[0].difference_points == 0.0);
    let one = results(HEAD, &rows());
    assert_eq!(two.recipes[1].claims, one.recipes[0].claims);
    let mut ladder = rows();
    let longer = |row: &String| row.starts_with("mix").then(|| row.replacen("mix", "repeat", 1));
    ladder.extend(rows().iter().filter_map(longer));
    let with_ladder = results(HEAD, &ladder);
    let choice = with_ladder.recipes[0].choice.as_ref().unwrap();
    assert_eq!(choice.candidates[0].ways.len(), 3, "their own steps, and those of both k");
    assert_eq!(with_ladder.recipes[0].claims[0].difference_points, 0.0, "longer training does as well");
}

#[test]
fn databases_that_choose_and_labelled_ones_that_are_left_out_are_asked_for_k() {
    let mut choosing = rows();
    choosing.iter_mut().for_each(|row| *row = row.replace(",validation,lab,", ",choosing,lane,"));
    let of_sets = results(HEAD, &choosing);
    assert_eq!(of_sets.recipes[0].choice.as_ref().unwrap().on, "sets");
    assert!(!codes(&of_sets).contains(&"no-validation-rows"));
    // Of two labelled databases each is left out in turn.
    let head = format!("{HEAD},left_out");
    let mut left_out: Vec<String> = rows().iter().map(|row| format!("{row},")).collect();
    for (set, person) in [("lab", "va"), ("ward", "wa")] {
        let leaves = |row: &String| {
            let is_asked = row.contains(",validation,");
            is_asked.then(|| {
                format!(
                    "{},{set}",
                    row.replace(",validation,lab,validation", &format!(",choosing,{set},validation"))
                        .replace(",va", &format!(",{person}"))
                )
            })
        };
        left_out.extend(rows().iter().filter_map(leaves));
    }
    let trains_too = |row: String| {
        row.replace(",training,lab,", ",training,ward,").replace(",tr", ",wt").replace("wtaining", "training")
    };
    left_out
        .extend(rows().into_iter().filter(|row| row.contains(",training,")).map(|row| format!("{},", trains_too(row))));
    let of_left_out = results(&head, &left_out);
    assert_eq!(of_left_out.recipes[0].choice.as_ref().unwrap().on, "leave-one-database-out");
}
