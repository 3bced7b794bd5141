//! What of a study is still to be done, and by which stage: what a cluster is given.
//!
//! In: a loaded study and its folder. Out: the stage it stands at and the places of its unfinished cells. Results are
//! the truth: nothing but the files of cells is asked. Where the first stage is over, k is chosen here.

use std::collections::HashSet;
use std::ops::Range;

use howfar_face::Fault;
use howfar_protocol::Cell;

use crate::analysis::{all_cells, choose, write_choices};
use crate::folder::{CellState, StudyFolder};
use crate::loaded_study::LoadedStudy;

/// What is to be done next.
#[derive(Debug, Clone, PartialEq)]
pub struct ToDo {
    /// 1: the cells that choose k; 2: those at the chosen k.
    pub stage: u32,
    /// The places of this stage's cells among all cells.
    pub places: Range<usize>,
    /// The places of those that are not finished; of equal cells the first.
    pub missing: Vec<usize>,
    /// All cells that are known: those of the plan and, once k is chosen, those at the chosen k.
    pub cells: Vec<Cell>,
}

impl ToDo {
    /// The next stage that has unfinished cells, or the second with none; chooses k where the first is over.
    pub fn of(loaded: &LoadedStudy, folder: &StudyFolder) -> Result<Self, Fault> {
        let n_first = loaded.plan().cells.len();
        let first = Self::stage(folder, 1, loaded.plan().cells.clone(), 0..n_first)?;
        if !first.missing.is_empty() {
            return Ok(first);
        }
        write_choices(folder, &choose(loaded, folder)?)?;
        Self::second(loaded, folder)
    }

    /// A stage by its number. The second is known when the first is over.
    pub fn of_stage(stage: u32, loaded: &LoadedStudy, folder: &StudyFolder) -> Result<Self, Fault> {
        if stage == 1 {
            let n_first = loaded.plan().cells.len();
            return Self::stage(folder, 1, loaded.plan().cells.clone(), 0..n_first);
        }
        let next = Self::of(loaded, folder)?;
        if next.stage == 1 {
            let n_missing = next.missing.len();
            return Err(Fault::usage("--stage 2", "k is not chosen yet: cells of the first stage are missing")
                .found(format!("{n_missing} of {} cells are not finished", next.places.len()))
                .expected("a first stage that is over")
                .hint("`howfar study cells STUDY --stage 1 --missing` lists them"));
        }
        Ok(next)
    }

    fn second(loaded: &LoadedStudy, folder: &StudyFolder) -> Result<Self, Fault> {
        let cells = all_cells(loaded.plan(), folder)?;
        let places = loaded.plan().cells.len()..cells.len();
        Self::stage(folder, 2, cells, places)
    }

    fn stage(folder: &StudyFolder, stage: u32, cells: Vec<Cell>, places: Range<usize>) -> Result<Self, Fault> {
        let states = folder.states(&cells)?;
        let mut names = HashSet::new();
        let is_missing = |place: &usize| {
            let (name, state) = &states[*place];
            names.insert(name.as_str()) && *state != CellState::Finished
        };
        let missing: Vec<usize> = (0..places.end).filter(is_missing).filter(|place| places.contains(place)).collect();
        Ok(ToDo { stage, places, missing, cells })
    }

    /// Whether nothing but the results is missing.
    pub fn is_done(&self) -> bool {
        self.stage == 2 && self.missing.is_empty()
    }
}

/// Places as `0-9,12`: what `study cell --index` takes.
pub fn places_in_words(places: &[usize]) -> String {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for place in places {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *place => *last = *place,
            _ => runs.push((*place, *place)),
        }
    }
    let words =
        |(first, last): &(usize, usize)| if first == last { first.to_string() } else { format!("{first}-{last}") };
    runs.iter().map(words).collect::<Vec<_>>().join(",")
}

/// The places that words such as `0-9,12` name; none where they name none.
pub fn places_of_words(words: &str) -> Option<Vec<usize>> {
    /// Nobody has a study of more cells, and a typing error must not fill the memory.
    const MOST: usize = 10_000_000;
    let mut places = Vec::new();
    for part in words.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (first.trim().parse::<usize>().ok()?, last.trim().parse::<usize>().ok()?);
        if last < first || last >= MOST {
            return None;
        }
        places.extend(first..=last);
    }
    Some(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_written_and_read_alike() {
        for (places, words) in [(vec![3], "3"), (vec![0, 1, 2, 7, 9, 10], "0-2,7,9-10")] {
            assert_eq!(places_in_words(&places), words);
            assert_eq!(places_of_words(words), Some(places));
        }
        for wrong in ["", "a", "3-1", "1,,2", "-4", "0-99999999999"] {
            assert_eq!(places_of_words(wrong), None, "{wrong}");
        }
    }
}
