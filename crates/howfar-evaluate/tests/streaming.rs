//! Cells that are read one at a time give the results of cells in memory, and the choice of k reads validation rows
//! alone.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod made;

use std::sync::Mutex;

use howfar_evaluate::{
    CellPredictions, CellSource, CellTraining, Choosers, analyse, analyse_from, choose_all, choose_k,
};
use howfar_face::Fault;
use howfar_protocol::{Arm, Cell, Part, PredictionRef, Recipe, Track};
use made::{Made, plan};

/// Cells that note what is read of them.
struct Watched {
    cells: Vec<CellPredictions>,
    reads: Mutex<Vec<(usize, Vec<Part>)>>,
}

impl CellSource for Watched {
    fn cells(&self) -> Vec<&Cell> {
        self.cells[..].cells()
    }

    fn training(&self, cell_idx: usize) -> Result<CellTraining, Fault> {
        self.cells[..].training(cell_idx)
    }

    fn read(&self, cell_idx: usize, parts: &[Part], each: &mut dyn FnMut(PredictionRef<'_>)) -> Result<(), Fault> {
        self.reads.lock().unwrap().push((cell_idx, parts.to_vec()));
        self.cells[..].read(cell_idx, parts, each)
    }
}

fn track() -> Track {
    Track { recipe: Recipe::Modern, network: Recipe::Modern.settings().network, start: None, source: None }
}

/// A study with a learning curve over half of the people beside it.
fn watched(made: &Made) -> Watched {
    let mut cells = made.cells();
    let half = cells.clone().into_iter().filter(|cell| cell.cell.treatment.arm.is_on_curve());
    cells.extend(half.map(|mut half| {
        half.cell.treatment.people_percent = Some(50);
        half
    }));
    Watched { cells, reads: Mutex::default() }
}

#[test]
fn the_choice_of_k_reads_validation_rows_of_the_cells_with_all_people_alone() {
    let watched = watched(&Made::default());
    let (plan, choosers) = (plan(track(), &watched.cells), Choosers::validation(1));
    let choices = choose_all(vec![plan.clone()], &choosers, &watched).unwrap();
    assert_eq!(choices, [(track(), choose_k(&plan, &choosers, &watched.cells).unwrap())]);
    for (cell_idx, parts) in watched.reads.into_inner().unwrap() {
        assert_eq!(parts, [Part::Validation]);
        assert_eq!(watched.cells[cell_idx].cell.treatment.people_percent, None);
    }
}

#[test]
fn cells_are_read_once_and_those_whose_faces_are_compared_twice_more() {
    for made in [Made::default(), Made { n_splits: 3, unseen: vec!["jaffe", "kdef"], ..Made::default() }] {
        let watched = watched(&made);
        let (tracks, choosers) = ([plan(track(), &watched.cells)], Choosers::validation(1));
        let mut facts = made.facts();
        facts.people.insert("training".to_owned(), 24);
        let results = analyse_from(facts.clone(), &choosers, &tracks, &watched).unwrap();
        assert_eq!(results, analyse(facts, &choosers, &tracks, &watched.cells));
        assert!(!results.recipes[0].exchange.is_empty() && !results.recipes[0].changed.is_empty());
        let compared = results.recipes[0].choice.as_ref().unwrap().compared;
        let reads = watched.reads.into_inner().unwrap();
        for (cell_idx, CellPredictions { cell, .. }) in watched.cells.iter().enumerate() {
            let of_cell: Vec<&Vec<Part>> =
                reads.iter().filter(|(i, _)| *i == cell_idx).map(|(_, parts)| parts).collect();
            let is_compared =
                cell.treatment.arm == Arm::REAL || (cell.treatment.arm == Arm::MIX && cell.treatment.k == compared);
            let n_reads = if is_compared && cell.treatment.people_percent.is_none() { 3 } else { 1 };
            assert_eq!(of_cell.len(), n_reads, "{}", cell.treatment);
            assert!(of_cell.iter().skip(1).all(|parts| **parts == [Part::Test, Part::Unseen]));
        }
    }
}
