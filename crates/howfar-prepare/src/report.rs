//! What came out of a preparation: counts, what was left out and why, what to know.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use howfar_face::{FaceSetInfo, Fault, Licence, files};
use serde::Serialize;

use crate::candidate::Rejected;
use crate::listing::Reason;

/// Faces and persons of a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClassCount {
    /// The class's name.
    pub class: String,
    /// Faces written.
    pub faces: u64,
    /// Persons among them.
    pub persons: u64,
}

/// Files left out for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReasonCount {
    /// Why.
    pub reason: Reason,
    /// How many.
    pub files: u64,
}

/// The answer of [`crate::prepare`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PrepareReport {
    /// The face set written.
    pub out: PathBuf,
    /// The list of files left out: `database,path,reason,detail`.
    pub rejects_file: PathBuf,
    /// Faces written.
    pub n_faces: u64,
    /// Persons in the set.
    pub n_persons: u64,
    /// By class, in the set's order.
    pub classes: Vec<ClassCount>,
    /// By reason.
    pub rejects: Vec<ReasonCount>,
    /// For each database with published counts, what of it is in the set.
    pub published: Vec<String>,
    /// What a reader of the set should know; also in the set.
    pub caveats: Vec<String>,
    /// The terms of every database in the set.
    pub licences: Vec<Licence>,
}

impl fmt::Display for PrepareReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {} faces of {} people", self.out.display(), self.n_faces, self.n_persons)?;
        let width = self.classes.iter().map(|c| c.class.len()).max().unwrap_or(0);
        for count in &self.classes {
            writeln!(f, "  {:width$}  {:>7} faces  {:>6} people", count.class, count.faces, count.persons)?;
        }
        let n_rejects: u64 = self.rejects.iter().map(|r| r.files).sum();
        if n_rejects > 0 {
            writeln!(f, "left out: {n_rejects} (each with its reason in {})", self.rejects_file.display())?;
        }
        for count in &self.rejects {
            writeln!(f, "  {:17}  {:>7}", count.reason, count.files)?;
        }
        for sentence in &self.published {
            writeln!(f, "{sentence}")?;
        }
        for caveat in &self.caveats {
            writeln!(f, "caveat: {caveat}")?;
        }
        for licence in &self.licences {
            writeln!(f, "terms of {}: {}", licence.database, licence.terms)?;
        }
        Ok(())
    }
}

/// Counts faces and persons while they are written.
#[derive(Debug)]
pub(crate) struct Tally {
    classes: Vec<(u64, BTreeSet<String>)>,
}

impl Tally {
    pub(crate) fn new(n_classes: usize) -> Self {
        Tally { classes: vec![Default::default(); n_classes] }
    }

    pub(crate) fn add(&mut self, label: usize, subject: &str) {
        let (faces, persons) = &mut self.classes[label];
        *faces += 1;
        if !persons.contains(subject) {
            persons.insert(subject.to_owned());
        }
    }

    /// Joins the counts with what the written set says of itself.
    pub(crate) fn report(
        self,
        out: &Path,
        info: &FaceSetInfo,
        published: Vec<String>,
        rejected: &[Rejected],
    ) -> PrepareReport {
        let persons: BTreeSet<&String> = self.classes.iter().flat_map(|(_, persons)| persons).collect();
        let count = |((faces, persons), class): (&(u64, BTreeSet<String>), &String)| ClassCount {
            class: class.clone(),
            faces: *faces,
            persons: persons.len() as u64,
        };
        PrepareReport {
            out: out.to_owned(),
            rejects_file: rejects_file(out),
            n_faces: info.n_faces,
            n_persons: persons.len() as u64,
            classes: self.classes.iter().zip(&info.classes).map(count).collect(),
            rejects: count_reasons(rejected),
            published,
            caveats: info.caveats.clone(),
            licences: info.licences.clone(),
        }
    }
}

/// How many were left out for each reason.
pub(crate) fn count_reasons(rejected: &[Rejected]) -> Vec<ReasonCount> {
    let mut counts: BTreeMap<Reason, u64> = BTreeMap::new();
    for reject in rejected {
        *counts.entry(reject.reason).or_default() += 1;
    }
    counts.into_iter().map(|(reason, files)| ReasonCount { reason, files }).collect()
}

/// `OUT.rejects.csv` beside the set.
pub(crate) fn rejects_file(out: &Path) -> PathBuf {
    let mut name = out.file_name().unwrap_or_default().to_owned();
    name.push(".rejects.csv");
    out.with_file_name(name)
}

/// Writes the list of files left out, also when it is empty, so that an old one cannot be taken for this one's.
pub(crate) fn write_rejects(out: &Path, rejected: &[Rejected]) -> Result<(), Fault> {
    let path = rejects_file(out);
    let mut table = csv::Writer::from_writer(Vec::new());
    let fail = |e: csv::Error| Fault::data(path.display(), e.to_string());
    table.write_record(["database", "path", "reason", "detail"]).map_err(fail)?;
    for reject in rejected {
        let reason = reject.reason.to_string();
        table.write_record([&reject.database, &reject.source, &reason, &reject.detail]).map_err(fail)?;
    }
    let bytes = table.into_inner().map_err(|e| Fault::data(path.display(), e.to_string()))?;
    files::write(&path, &bytes)
}
