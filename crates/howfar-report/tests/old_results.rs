//! Results of every version that this howfar reads, kept as files: those of `howfar demo` by the program that wrote the
//! version first; of version 4 those of the table in `reference/predictions_table.csv`. Nothing of them is lost, and
//! they make the table that they made then.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use howfar_evaluate::Results;
use howfar_report::csv;
use serde_json::Value;

/// Version, results and table, the oldest first.
const GOLDEN: [(u32, &str, &str); 3] = [
    (2, include_str!("golden/v2/results.json"), include_str!("golden/v2/table.csv")),
    (3, include_str!("golden/v3/results.json"), include_str!("golden/v3/table.csv")),
    (4, include_str!("golden/v4/results.json"), include_str!("golden/v4/table.csv")),
];

#[test]
fn results_of_every_version_are_read_and_written_without_a_loss() {
    let versions: Vec<u32> = GOLDEN.iter().map(|(version, ..)| *version).collect();
    let read: Vec<u32> = (Results::OLDEST..=Results::FORMAT.1).collect();
    assert_eq!(versions, read, "a new version needs a golden file of its own");
    for (version, text, _) in GOLDEN {
        let results: Results = serde_json::from_str(text).unwrap();
        assert_eq!(results.version, version);
        let written = serde_json::from_str(&serde_json::to_string(&results).unwrap()).unwrap();
        let mut differences = Vec::new();
        differ("results", &serde_json::from_str(text).unwrap(), &written, &mut differences);
        assert!(differences.is_empty(), "version {version}: {differences:#?}");
    }
}

/// What is elsewhere, and where.
fn differ(place: &str, then: &Value, now: &Value, found: &mut Vec<String>) {
    match (then, now) {
        (Value::Object(a), Value::Object(b)) => {
            // Keys that came later have what they had not said then.
            for key in a.keys() {
                let of = |map: &serde_json::Map<String, Value>| map.get(key).cloned().unwrap_or(Value::Null);
                differ(&format!("{place}.{key}"), &of(a), &of(b), found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().for_each(|(i, (a, b))| differ(&format!("{place}[{i}]"), a, b, found));
        }
        _ if then == now => {}
        _ => found.push(format!("{place}: {then} then, {now} now")),
    }
}

#[test]
fn they_make_the_table_that_they_made_then() {
    for (version, text, then) in GOLDEN {
        let results: Results = serde_json::from_str(text).unwrap();
        let table = csv(&results);
        // Columns that came after it are not its own.
        let own: Vec<&str> = then.lines().next().unwrap().split(',').collect();
        let names: Vec<&str> = table.lines().next().unwrap().split(',').collect();
        let kept: Vec<usize> = (0..names.len()).filter(|column| own.contains(&names[*column])).collect();
        let of_then = |line: &str| {
            let values: Vec<&str> = line.split(',').collect();
            kept.iter().map(|column| values[*column]).collect::<Vec<_>>().join(",")
        };
        let found: Vec<String> = table.lines().map(of_then).collect();
        assert_eq!(found, then.lines().collect::<Vec<_>>(), "version {version}");
    }
}
