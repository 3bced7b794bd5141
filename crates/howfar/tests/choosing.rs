//! Whom k is asked of, and what else a study may add: databases that choose, labelled ones that are left out in turn,
//! weights, other real faces.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod program;

use std::fs;

use program::{Outcome, draw_style, howfar, workplace};
use serde_json::Value;
use tempfile::TempDir;

const SETS: &str = "[generated]\nsets = [\"generated\"]\n[unseen]\nsets = [\"unseen\"]\n";
const GRID: &str = "[grid]\nk = [0, 1]\nseeds = 2\narms = [\"mix\"]\n[train]\nepochs = 2\n";

fn prepare() -> TempDir {
    let place = workplace();
    draw_style(&place, "real", 8, 1, "studio");
    draw_style(&place, "generated", 12, 2, "wild");
    draw_style(&place, "unseen", 3, 3, "unseen");
    draw_style(&place, "other", 6, 4, "unseen");
    place
}

fn run(place: &TempDir, text: &str) -> (Outcome, Value) {
    program::study(place, text);
    let run = howfar(place, &["run", "study.toml", "--out", "out", "--quiet"]);
    let results = fs::read(place.path().join("out/results.json")).unwrap_or_default();
    (run, serde_json::from_slice(&results).unwrap_or_default())
}

fn runs(place: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(place.path().join("out/runs")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_database_that_does_nothing_else_chooses_and_nobody_in_it_judges() {
    let place = prepare();
    let at_home = format!("[real]\nsets = [\"real\"]\n{SETS}{GRID}");
    let (plain, results) = run(&place, &at_home);
    assert_eq!(plain.code, 0, "{}", plain.stderr);
    assert_eq!(
        (&results["recipes"][0]["choice"]["on"], &results["study"]["is_redrawn"]),
        (&"validation".into(), &true.into())
    );
    let cells = runs(&place);
    let abroad = format!("{at_home}[choose]\non = {{ sets = [\"other\"] }}\nrule = \"best-mean\"\n");
    let (run_abroad, results) = run(&place, &abroad);
    assert_eq!(run_abroad.code, 0, "{}", run_abroad.stderr);
    let choice = &results["recipes"][0]["choice"];
    assert_eq!((&choice["on"], &choice["rule"]), (&"sets".into(), &"best-mean".into()));
    assert_eq!(runs(&place).len(), cells.len(), "the same networks are asked about one more set");
    assert!(results["study"]["sets"].as_array().unwrap().iter().any(|set| set["role"] == "choosing"));
    let table = fs::read_to_string(place.path().join("out/table.csv")).unwrap();
    assert!(table.contains(",choosing,other,"), "{table}");
    assert!(run_abroad.stdout.contains("the choosing database “other”"), "{}", run_abroad.stdout);

    let both = abroad.replace("sets = [\"unseen\"]", "sets = [\"unseen\", \"again\"]");
    draw_style(&place, "again", 7, 4, "unseen");
    let (refused, _) = run(&place, &both);
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    assert!(refused.stderr.contains("would choose k and judge it"), "{}", refused.stderr);
}

#[test]
fn each_of_two_labelled_databases_is_left_out_in_turn() {
    let place = prepare();
    let (two, results) = run(&place, &format!("[real]\nsets = [\"real\", \"other\"]\n{SETS}{GRID}"));
    assert_eq!(two.code, 0, "{}", two.stderr);
    assert_eq!(results["recipes"][0]["choice"]["on"], "leave-one-database-out");
    // Real faces for two budgets and the mix, without either set, in two seeds.
    let left_out = runs(&place).into_iter().filter(|name| name.contains("-without-")).count();
    assert_eq!(left_out, 3 * 2 * 2);
    let rows = results["recipes"][0]["table"].as_array().unwrap();
    assert!(rows.iter().all(|row| row.get("left_out").is_none()), "they only choose");
    assert!(two.stdout.contains("each labelled database in turn, left out of training"), "{}", two.stdout);
}

#[test]
fn generated_faces_may_count_less_and_other_real_ones_may_take_their_place() {
    let place = prepare();
    let more = "weights = [0.5]\n[retrieved]\nsets = [\"other\"]\n";
    let text = format!(
        "[real]\nsets = [\"real\"]\nredraw = false\n{SETS}{}",
        GRID.replace("[train]", &format!("{more}[train]"))
    );
    let (all, results) = run(&place, &text);
    assert_eq!(all.code, 0, "{}", all.stderr);
    let controls = results["recipes"][0]["controls"].as_array().unwrap();
    let arms: Vec<&str> = controls.iter().map(|claim| claim["baseline_arm"].as_str().unwrap()).collect();
    assert!(arms.contains(&"weighted") && arms.contains(&"other-real"), "{arms:?}");
    assert!(all.stdout.contains("for these training identities"), "{}", all.stdout);
    let (refused, _) = run(
        &place,
        &text
            .replace("sets = [\"other\"]", "sets = []")
            .replace("arms = [\"mix\"]", "arms = [\"mix\", \"other-real\"]"),
    );
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("the arm other-real needs retrieved.sets"), "{}", refused.stderr);
}
