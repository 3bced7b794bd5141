//! Counts that a database's authors publish, and the comparison with what was found.

use std::collections::{BTreeMap, BTreeSet};

use howfar_face::Expression;

use crate::listing::Found;

/// What the authors count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Pictures.
    Pictures,
    /// Sequences, of which several frames may be taken.
    Sequences,
}

impl Unit {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Unit::Pictures => "pictures",
            Unit::Sequences => "sequences",
        }
    }
}

/// The published counts of a database or of a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// Which part: `all`, `the training part`.
    pub part: &'static str,
    /// What is counted.
    pub unit: Unit,
    /// Counts per class.
    pub classes: &'static [(Expression, u64)],
    /// Persons, where the database knows them.
    pub persons: Option<u64>,
}

/// What the comparison of a listing says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// The published table that the finds fit, or else the first; none where nothing is published.
    pub table: Option<Published>,
    /// A sentence for each way in which the finds differ from every published table.
    pub differences: Vec<String>,
}

/// Holds the finds against the published tables; the first that fits counts.
pub(crate) fn compare(database: &str, found: &[Found], tables: &[Published]) -> Comparison {
    let differences: Vec<Vec<String>> = tables.iter().map(|table| differences(database, found, table)).collect();
    let fitting = differences.iter().position(Vec::is_empty);
    Comparison {
        table: tables.get(fitting.unwrap_or(0)).copied(),
        differences: if fitting.is_some() { Vec::new() } else { differences.into_iter().next().unwrap_or_default() },
    }
}

fn differences(database: &str, found: &[Found], table: &Published) -> Vec<String> {
    let mut units: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for find in found {
        let unit = match table.unit {
            Unit::Pictures => &find.source,
            Unit::Sequences => find.sequence.as_ref().unwrap_or(&find.source),
        };
        units.entry(find.class.name()).or_default().insert(unit);
    }
    let word = table.unit.word();
    let mut lines = Vec::new();
    let unequal: Vec<String> = table
        .classes
        .iter()
        .map(|(class, n)| (class.name(), *n, units.get(class.name()).map_or(0, |u| u.len() as u64)))
        .filter(|(_, published, here)| published != here)
        .map(|(class, published, here)| format!("{class} {here} instead of {published}"))
        .collect();
    if !unequal.is_empty() {
        lines.push(format!(
            "{database}: {word} per class differ from those published ({}): {}",
            table.part,
            unequal.join(", ")
        ));
    }
    if let Some(published) = table.persons {
        let persons: BTreeSet<&String> = found.iter().filter_map(|f| f.person.as_ref()).collect();
        if persons.len() as u64 != published {
            lines.push(format!("{database}: {} people instead of the published {published}", persons.len()));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::TreeFile;
    use std::path::Path;

    const TABLES: [Published; 2] = [
        Published { part: "all", unit: Unit::Pictures, classes: &[(Expression::Fear, 2)], persons: Some(1) },
        Published { part: "a part", unit: Unit::Pictures, classes: &[(Expression::Fear, 1)], persons: Some(1) },
    ];

    fn finds(n: usize) -> Vec<Found> {
        let file = |i: usize| TreeFile::listed(Path::new("."), &format!("{i}.png"));
        (0..n).map(|i| Found::picture(&file(i), Expression::Fear).of("A")).collect()
    }

    #[test]
    fn any_published_table_may_fit() {
        for (n, fits) in [(0, false), (1, true), (2, true), (3, false)] {
            let comparison = compare("x", &finds(n), &TABLES);
            assert_eq!(comparison.differences.is_empty(), fits, "{n} pictures");
            assert_eq!(comparison.table.unwrap().part, if n == 1 { "a part" } else { "all" });
        }
    }

    #[test]
    fn without_published_counts_nothing_is_said() {
        assert_eq!(compare("x", &finds(1), &[]), Comparison::default());
    }

    #[test]
    fn a_difference_is_told_in_numbers() {
        let lines = compare("x", &finds(3), &TABLES).differences;
        assert_eq!(lines, ["x: pictures per class differ from those published (all): fear 3 instead of 2"]);
    }
}
