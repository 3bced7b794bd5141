//! docs/study.md: every key of study files is there and every key that is there exists.

use std::collections::{BTreeMap, BTreeSet};

use howfar_protocol::{Arm, Augmentation, Network, Recipe, Study};
use serde_json::Value;

use crate::{markdown, read};

/// Keys that howfar writes into `plan.json` and nobody writes into a study file.
const WRITTEN: [&str; 2] = ["file", "grid.seeds_at_most"];

/// The tables of a study file.
const TABLES: [&str; 8] = ["real", "generated", "retrieved", "unseen", "choose", "grid", "train", "train.augmentation"];

/// The keys of a table (`""` for the outermost), which the refusal of an unknown one lists.
fn keys(table: &str) -> Vec<String> {
    const UNKNOWN: &str = "no-such-key = 1\n";
    let mut text = "name = \"s\"\n".to_owned();
    if table.is_empty() {
        text += UNKNOWN;
    }
    for each in TABLES {
        text += &format!("[{each}]\n");
        if each == table {
            text += UNKNOWN;
        }
        if each == "real" {
            text += "sets = [\"faces\"]\n";
        }
    }
    let refusal = Study::parse(&text, "study.toml").unwrap_err().to_string();
    let (_, list) = refusal.split_once("one of ").unwrap_or_else(|| panic!("{table}: {refusal}"));
    let list = list.lines().next().unwrap_or_default();
    let prefix = if table.is_empty() { String::new() } else { format!("{table}.") };
    list.split(", ").map(|key| format!("{prefix}{key}")).collect()
}

/// The keys of docs/study.md; `train.epochs`, `batch` names two of one table.
fn documented() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for row in markdown::table(&read("docs/study.md"), "key") {
        let mut table = String::new();
        for key in markdown::code(&row[0]) {
            if let Some((own, _)) = key.rsplit_once('.') {
                table = format!("{own}.");
                all.insert(key);
            } else {
                all.insert(format!("{table}{key}"));
            }
        }
    }
    all
}

/// The keys of a JSON schema, by the tables of a study file.
fn keys_of_schema(schema: &Value, table: &str, keys: &mut BTreeSet<String>) {
    for (name, of_key) in schema["properties"].as_object().unwrap() {
        let key = format!("{table}{name}");
        match TABLES.contains(&key.as_str()) {
            true => keys_of_schema(of_key, &format!("{key}."), keys),
            false => drop(keys.insert(key)),
        }
    }
}

#[test]
fn the_schema_of_study_files_has_their_keys_and_words() {
    let schema: Value = serde_json::from_str(&read("docs/study.schema.json")).unwrap();
    let mut keys = BTreeSet::new();
    keys_of_schema(&schema, "", &mut keys);
    assert_eq!(keys, documented(), "docs/study.schema.json (left) and docs/study.md");
    let words = |path: &str| -> Vec<String> {
        let words = schema.pointer(path).unwrap_or_else(|| panic!("{path}"));
        words.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    let arms = Arm::ALL.iter().filter(|arm| !arm.is_baseline()).map(|arm| arm.name.to_owned());
    assert_eq!(words("/properties/grid/properties/arms/items/enum"), arms.collect::<Vec<_>>());
    assert_eq!(words("/properties/recipe/anyOf/0/enum"), Recipe::ALL.map(|recipe| recipe.name().to_owned()));
    let networks = "/properties/train/properties/network/anyOf/0/anyOf/0/enum";
    assert_eq!(words(networks), Network::ALL.map(|network| network.name().to_owned()));
}

#[test]
fn the_document_lists_the_keys_of_study_files_and_no_other() {
    let all = TABLES.iter().chain([&""]).flat_map(|table| keys(table));
    let mut there: BTreeSet<String> = all.filter(|key| !TABLES.contains(&key.as_str())).collect();
    WRITTEN.iter().for_each(|key| assert!(there.remove(*key), "{key} is no key any more"));
    assert_eq!(documented(), there, "docs/study.md (left) and the program");
}

#[test]
fn the_document_lists_what_robust_changes_and_by_how_much() {
    let documented: BTreeMap<String, f64> = markdown::table(&read("docs/protocol.md"), "key")
        .iter()
        .map(|row| (markdown::code(&row[0]).remove(0), row[1].parse().expect("a number")))
        .collect();
    let changes = |ranges: Augmentation| serde_json::to_value(ranges).unwrap().as_object().unwrap().clone();
    let modern = changes(Augmentation::MODERN);
    let robust = changes(Augmentation::ROBUST).into_iter().filter(|(key, value)| modern.get(key) != Some(value));
    // Ranges are 32 bits wide.
    let robust = robust.map(|(key, value)| (key, value.as_f64().unwrap() as f32));
    let documented = documented.into_iter().map(|(key, value)| (key, value as f32)).collect::<BTreeMap<_, _>>();
    assert_eq!(documented, robust.collect::<BTreeMap<_, _>>(), "docs/protocol.md (left) and the recipe");
}
