//! Results of a long table of anyone's predictions: the same choice, claims, intervals, law and report as a study's,
//! without a picture.
//!
//! In: a table as docs/formats.md describes it. Out: [`Results`], and a folder with them. The table is read and
//! checked, then counted by the same code that counts a study's cells: it is one more [`CellSource`].

mod card;
mod caveats;
mod checks;
mod columns;
mod export;
mod facts;
mod line;
mod reader;
mod rows;
mod tracks;

use std::path::{Path, PathBuf};

use howfar_evaluate::{CellSource, CellTraining, Choosers, Looks, Results, StudyFacts, TrackPlan, analyse_from};
use howfar_face::table::{FlatColumn, FlatWriter};
use howfar_face::{Fault, checksum, files};
use howfar_protocol::{Cell, ChooseRule, ClaimedMeasure, Part, PredictionRef};

use crate::folder::StudyFolder;
use rows::Rows;

pub use export::{ExportedTable, export_predictions};

/// What a table does not say.
#[derive(Debug, Clone, Default)]
pub struct TableOptions {
    /// The name of the study, where howfar did not write the table.
    pub name: String,
    /// What is claimed; where nothing is said that of the study, else macro recall if classes are unequal, else
    /// accuracy.
    pub measure: Option<ClaimedMeasure>,
    /// The smallest difference that matters.
    pub smallest_gain_points: Option<f64>,
}

/// A table of predictions that was read and checked.
#[derive(Debug)]
pub struct PredictionsTable {
    rows: Rows,
    facts: StudyFacts,
    choosers: Choosers,
    tracks: Vec<TrackPlan>,
    cells: Vec<Cell>,
    /// The number that each face goes by in results, and for each set whether these are the names of its faces.
    numbers: Vec<u64>,
    is_numbered: Vec<bool>,
    /// Groups of faces, by set and number.
    groups: std::collections::HashMap<(u32, u64), u32>,
}

impl PredictionsTable {
    /// Reads and checks a table.
    ///
    /// # Errors
    /// Where a row or what several rows say together cannot be used.
    pub fn open(path: &Path, options: &TableOptions) -> Result<Self, Fault> {
        let rows = reader::read(path)?;
        let roles = checks::check(&rows)?;
        let card = rows.cells.iter().find_map(|cell| cell.card.as_ref()?.study.as_ref());
        let facts = facts::facts(&rows, &roles, card, options);
        let rule = card.map_or(ChooseRule::default(), |card| card.rule);
        let choosers = Choosers::of(&facts, &facts::choose_on(&rows, &roles), rule);
        let sha256 = checksum::file_sha256(path).map_err(|e| Fault::io(path, "read", &e))?;
        let (numbers, is_numbered) = rows.face_numbers();
        let grouped = |(face, number): (&rows::Face, &u64)| Some(((face.set, *number), face.group?));
        let groups = rows.faces.iter().zip(&numbers).filter_map(grouped).collect();
        let (tracks, cells) = (tracks::tracks(&rows, &facts.k), tracks::cells(&rows, &sha256));
        Ok(PredictionsTable { rows, facts, choosers, tracks, cells, numbers, is_numbered, groups })
    }

    /// Columns that were not read because nobody knows their names.
    pub fn unread_columns(&self) -> &[String] {
        &self.rows.unread
    }

    /// Its rows and its cells.
    pub fn size(&self) -> (usize, usize) {
        (self.rows.cells.iter().map(rows::CellRows::len).sum(), self.rows.cells.len())
    }

    /// Chooses k from those who choose, then computes everything else.
    ///
    /// # Errors
    /// None of a table that was opened.
    pub fn analyse(&self) -> Result<Results, Fault> {
        let mut results = analyse_from(self.facts.clone(), &self.choosers, &self.tracks, self)?;
        for recipe in results.recipes.iter_mut().filter(|recipe| recipe.model.is_some()) {
            recipe.training.clear();
        }
        caveats::add(&self.rows, &mut results);
        Ok(results)
    }

    /// Writes `results.json`, `looks.json` and, where faces of a set have names that are no numbers, `faces.csv`: which
    /// face a number of the results is.
    ///
    /// # Errors
    /// Where the folder is of something else, or cannot be written.
    pub fn write(&self, results: &Results, root: &Path) -> Result<StudyFolder, Fault> {
        let folder = results_folder(root)?;
        files::create_folder(root)?;
        let mut looks = folder.read_looks()?.unwrap_or_else(Looks::none);
        looks.note(results, self.cells.iter().map(Cell::name));
        files::write_json(&folder.looks_file(), &looks)?;
        let named = |face: &&(usize, &rows::Face)| !self.is_numbered[face.1.set as usize];
        let faces: Vec<(usize, &rows::Face)> = self.rows.faces.iter().enumerate().collect();
        let faces: Vec<&(usize, &rows::Face)> = faces.iter().filter(named).collect();
        if !faces.is_empty() {
            let names = ["set", "row", "face"].map(str::to_owned);
            let mut table = FlatWriter::create(&root.join("faces.csv"), &names)?;
            table.write(&[
                FlatColumn::Texts(faces.iter().map(|face| self.rows.sets[face.1.set as usize].clone()).collect()),
                FlatColumn::Ints(faces.iter().map(|face| self.numbers[face.0] as i64).collect()),
                FlatColumn::Texts(faces.iter().map(|face| face.1.name.to_string()).collect()),
            ])?;
            table.finish()?;
        }
        files::write_json(&folder.results_file(), results)?;
        Ok(folder)
    }
}

/// A new folder, an empty one, or one with results of a table.
fn results_folder(root: &Path) -> Result<StudyFolder, Fault> {
    let folder = StudyFolder::new(root);
    let is_other = if folder.plan_file().is_file() {
        true
    } else {
        root.is_file()
            || (root.is_dir() && !folder.results_file().is_file() && !files::sorted_entries(root)?.is_empty())
    };
    if !is_other {
        return Ok(folder);
    }
    let what = if folder.plan_file().is_file() { "a study lies in this folder" } else { "this is of something else" };
    Err(Fault::usage(root.display(), what)
        .expected("a new folder, or one with the results of a table")
        .hint("give another one with --out"))
}

/// The folder for the results of a table where nobody names one: beside it, with its name.
pub fn usual_folder(table: &Path) -> PathBuf {
    PathBuf::from(table.file_stem().unwrap_or(table.as_os_str()))
}

impl CellSource for PredictionsTable {
    fn cells(&self) -> Vec<&Cell> {
        self.cells.iter().collect()
    }

    fn training(&self, cell_idx: usize) -> Result<CellTraining, Fault> {
        let card = self.rows.cells[cell_idx].card.as_ref();
        Ok(card.map(|card| card.training).unwrap_or_default())
    }

    fn read(&self, cell_idx: usize, parts: &[Part], each: &mut dyn FnMut(PredictionRef<'_>)) -> Result<(), Fault> {
        let cell = &self.rows.cells[cell_idx];
        let mut certain = vec![0.0; self.rows.classes.len()];
        for row in (0..cell.len()).filter(|row| parts.contains(&cell.parts[*row])) {
            let face_idx = cell.faces[row] as usize;
            let face = &self.rows.faces[face_idx];
            each(PredictionRef {
                part: cell.parts[row],
                set: &self.rows.sets[face.set as usize],
                row: self.numbers[face_idx],
                subject: &self.rows.people[face.person as usize].subject,
                label: usize::from(face.label),
                probabilities: cell.said(row, &mut certain),
            });
        }
        Ok(())
    }

    fn has_probabilities(&self) -> bool {
        self.rows.has_probabilities
    }

    fn group(&self, set: &str, row: u64) -> Option<&str> {
        let set = self.rows.sets.iter().position(|name| name == set)? as u32;
        self.groups.get(&(set, row)).map(|group| self.rows.groups[*group as usize].as_str())
    }
}
