//! Folders of one study that were computed apart become one.
//!
//! In: study folders with the same plan. Out: a folder with every cell that one of them has finished. A cell that
//! several have finished must have the same predictions in all: results are not mixed from computations that disagree.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use howfar_face::checksum::file_sha256;
use howfar_face::{Fault, files};
use howfar_protocol::{Cell, Plan};

use crate::analysis::all_cells;
use crate::folder::StudyFolder;
use crate::lease::{self, Lease};

/// What was joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Merged {
    /// Cells that are known of the study.
    pub n_cells: usize,
    /// Those that are finished in the new folder.
    pub n_finished: usize,
    /// Those that were copied into it.
    pub n_copied: usize,
    /// Those that several folders have finished, with the same predictions.
    pub n_equal: usize,
}

/// Files that decide results: the same bytes wherever a cell was computed. Times differ.
const COMPARED: [&str; 2] = ["epochs.jsonl", "finished.json"];

/// Copies the finished cells of `folders` into `out`, which may hold some already.
pub fn merge(folders: &[StudyFolder], out: &StudyFolder) -> Result<Merged, Fault> {
    let plan = folders[0].read_plan()?;
    for folder in folders.iter().chain(out.plan_file().is_file().then_some(out)) {
        refuse_other_plan(&plan, folder)?;
    }
    // Everything is looked at before anything is written.
    let cells = cells_of(&plan, folders)?;
    let mut sources: BTreeMap<String, (&Cell, &StudyFolder)> = BTreeMap::new();
    let mut equal = BTreeSet::new();
    for folder in folders.iter().chain(out.plan_file().is_file().then_some(out)) {
        for cell in &cells {
            if folder.finished(cell)?.is_none() {
                continue;
            }
            match sources.get(&cell.name()) {
                Some((_, first)) if first.root() != folder.root() => {
                    refuse_disagreement(&first.run_folder(cell), &folder.run_folder(cell))?;
                    equal.insert(cell.name());
                }
                Some(_) => {}
                None => drop(sources.insert(cell.name(), (cell, folder))),
            }
        }
    }
    let presence = out.presence()?;
    if !presence.is_accompanied()? {
        out.remove_leftovers()?;
    }
    out.write_plan(&plan)?;
    let mut n_copied = 0;
    for (cell, folder) in sources.values() {
        let target = out.run_folder(cell);
        if out.finished(cell)?.is_some() {
            lease::sweep(&target, &presence)?;
            continue;
        }
        let Some(_lease) = Lease::take(&target, &presence)? else { continue };
        copy(&folder.run_folder(cell), &target)?;
        n_copied += 1;
    }
    copy_choice(folders, out)?;
    Ok(Merged { n_cells: cells.len(), n_finished: sources.len(), n_copied, n_equal: equal.len() })
}

/// The cells of the plan and, of whichever folder has chosen k, those at the chosen k.
fn cells_of(plan: &Plan, folders: &[StudyFolder]) -> Result<Vec<Cell>, Fault> {
    let mut all = plan.cells.clone();
    let mut names: BTreeSet<String> = all.iter().map(Cell::name).collect();
    for folder in folders {
        all.extend(all_cells(plan, folder)?.into_iter().filter(|cell| names.insert(cell.name())));
    }
    Ok(all)
}

fn refuse_other_plan(plan: &Plan, folder: &StudyFolder) -> Result<(), Fault> {
    let other = folder.read_plan()?;
    let names = |plan: &Plan| plan.cells.iter().map(Cell::name).collect::<Vec<_>>();
    if names(plan) == names(&other) {
        return Ok(());
    }
    let words =
        |plan: &Plan| format!("{}, {} cells, {} instructions", plan.study.name, plan.cells.len(), plan.instruction_set);
    Err(Fault::data(folder.plan_file().display(), "this folder has another plan")
        .found(words(&other))
        .expected(words(plan))
        .hint("folders that are joined must be of one study file, the same face sets and one instruction set (--isa)"))
}

fn refuse_disagreement(one: &Path, other: &Path) -> Result<(), Fault> {
    let mut both = compared(one)?;
    both.retain(|file| other.join(file).is_file());
    match both.into_iter().find(|file| !is_equal(&one.join(file), &other.join(file))) {
        None => Ok(()),
        Some(file) => Err(Fault::data(other.join(&file).display(), "the same cell has two outcomes")
            .found(format!("other bytes than {}", one.join(&file).display()))
            .expected("the same bytes: a cell's outcome depends on what its name is made of alone")
            .hint("delete the cell's folder in the one that you trust less, and compute it again")),
    }
}

/// The files of a cell that decide results.
fn compared(run_folder: &Path) -> Result<Vec<String>, Fault> {
    let names =
        files::sorted_entries(run_folder)?.into_iter().filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()));
    let decides = |name: &String| COMPARED.contains(&name.as_str()) || name.ends_with(".parquet");
    Ok(names.filter(decides).collect())
}

fn is_equal(one: &Path, other: &Path) -> bool {
    matches!((file_sha256(one), file_sha256(other)), (Ok(one), Ok(other)) if one == other)
}

/// Copies a cell, `finished.json` last: what is copied half is not finished.
fn copy(from: &Path, to: &Path) -> Result<(), Fault> {
    const LAST: &str = crate::folder::FINISHED;
    let is_file = |path: &PathBuf| path.is_file() && !path.ends_with(LAST) && !lease::is_of_leases(path);
    for file in files::sorted_entries(from)?.into_iter().filter(is_file) {
        files::write(&to.join(file.file_name().unwrap_or_default()), &files::read(&file)?)?;
    }
    for folder in files::sorted_entries(from)?.into_iter().filter(|path| path.is_dir()) {
        let inner = to.join(folder.file_name().unwrap_or_default());
        files::create_folder(&inner)?;
        copy(&folder, &inner)?;
    }
    if from.join(LAST).is_file() {
        files::write(&to.join(LAST), &files::read(&from.join(LAST))?)?;
    }
    Ok(())
}

/// The choice of k goes along: cells at the chosen k are known by it.
fn copy_choice(folders: &[StudyFolder], out: &StudyFolder) -> Result<(), Fault> {
    let chosen = folders.iter().map(StudyFolder::choice_file).find(|file| file.is_file());
    match chosen.filter(|_| !out.choice_file().is_file()) {
        Some(file) => files::write(&out.choice_file(), &files::read(&file)?),
        None => Ok(()),
    }
}
