//! FER+: the votes of ten people on each picture of FER2013, in the order of its table.
//!
//! In: `fer2013new.csv` (`Usage,Image name,neutral,…,contempt,unknown,NF`). Out: the class with most votes of each row;
//! none where two classes share the most, or where most say that nobody knows or that there is no face.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use howfar_face::csv_table::CsvTable;
use howfar_face::{Expression, Fault};

/// The columns that are no expression, and why their pictures are left out.
const NO_EXPRESSION: [(&str, &str); 2] =
    [("unknown", "most votes say that the expression is unknown"), ("nf", "most votes say that there is no face")];

/// What the votes say of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The class with most votes.
    Expression(Expression),
    /// None, and why.
    None(&'static str),
}

/// The votes on every picture.
#[derive(Debug)]
pub(super) struct Votes {
    path: PathBuf,
    /// By row: the part that it is of, and what the votes say.
    rows: Vec<(String, Verdict)>,
    /// Rows by the name of the picture, where it has one.
    by_name: BTreeMap<String, usize>,
}

impl Votes {
    pub(super) fn read(path: &Path) -> Result<Self, Fault> {
        let table = CsvTable::open(path)?;
        let (usage_at, name_at) = (table.column("usage")?, table.column("image name")?);
        let mut columns = Vec::new();
        for expression in Expression::ALL {
            columns.push((table.column(expression.name())?, Verdict::Expression(expression)));
        }
        for (name, why) in NO_EXPRESSION {
            columns.push((table.column(name)?, Verdict::None(why)));
        }
        let mut votes = Votes { path: path.to_owned(), rows: Vec::new(), by_name: BTreeMap::new() };
        table.for_each(|place, row| {
            let mut most = (0, Verdict::None("nobody voted"));
            for (at, verdict) in &columns {
                let text = row.get(*at).unwrap_or_default();
                let n: u32 = text.parse().map_err(|_| {
                    Fault::data(place, "not a number of votes").found(text).expected("a whole number from 0")
                })?;
                match n.cmp(&most.0) {
                    std::cmp::Ordering::Greater => most = (n, verdict.clone()),
                    std::cmp::Ordering::Equal if n > 0 => most.1 = Verdict::None("two classes share most of the votes"),
                    _ => {}
                }
            }
            if let Some(name) = row.get(name_at).filter(|name| !name.is_empty()) {
                votes.by_name.insert(name.to_lowercase(), votes.rows.len());
            }
            votes.rows.push((row.get(usage_at).unwrap_or_default().to_owned(), most.1));
            Ok(())
        })?;
        Ok(votes)
    }

    /// The verdict on a row of FER2013's table, which must be of the same part.
    pub(super) fn of_row(&self, row_idx: usize, usage: &str, place: &str) -> Result<&Verdict, Fault> {
        let row = self.rows.get(row_idx).filter(|(part, _)| part == usage);
        row.map(|(_, verdict)| verdict).ok_or_else(|| {
            let there = self.rows.get(row_idx).map_or("no row more", |(part, _)| part.as_str());
            Fault::data(place, "the votes are of another table: row by row, the parts differ")
                .found(format!("{usage} here, {there} in {}", self.path.display()))
                .expected("fer2013.csv (or icml_face_data.csv) with its 35,887 rows in their order")
        })
    }

    /// The verdict on a picture called like `fer0000012.png`.
    pub(super) fn of_name(&self, name: &str) -> Option<&Verdict> {
        self.rows.get(*self.by_name.get(&name.to_lowercase())?).map(|(_, verdict)| verdict)
    }

    /// What a reader of a set should know that is labelled so.
    pub(super) fn caveat(&self) -> String {
        let n_none = self.rows.iter().filter(|(_, verdict)| matches!(verdict, Verdict::None(_))).count();
        format!(
            "fer2013: labels are those with most votes of FER+; of {} rows {n_none} have none (ties, unknown, no face)",
            self.rows.len()
        )
    }

    /// That nothing at a path can be joined with the votes.
    pub(super) fn misses_table(&self, path: &Path) -> Fault {
        Fault::data(path.display(), "no picture here can be joined with the votes")
            .expected("fer2013.csv, whose rows are in the order of the votes, or pictures such as fer0000012.png")
            .hint("give the table fer2013.csv (or icml_face_data.csv)")
    }

    /// Holds the number of a table's rows against that of the votes.
    pub(super) fn check_length(&self, n_rows: usize, table: &Path) -> Result<(), Fault> {
        if n_rows == self.rows.len() {
            return Ok(());
        }
        Err(Fault::data(self.path.display(), "the votes are of another table")
            .found(format!("{} rows of votes, {n_rows} in {}", self.rows.len(), table.display()))
            .expected("a row of votes for each row of the table"))
    }
}
