//! What a finished cell's files say of its training and its accuracy, for those who track trainings elsewhere.
//!
//! In: a study's folder and one of its cells. Out: figures by epoch, and the accuracy on each part. Decides nothing:
//! results are made by `analyse`.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::time::SystemTime;

use howfar_face::{Fault, files};
use howfar_protocol::{Cell, Part, Plan, for_each_prediction};
use howfar_train::{EpochRecord, epoch_seconds, read_epochs};

use crate::StudyFolder;

/// What people are asked about; training faces say nothing of a network.
const PARTS: [Part; 4] = [Part::Validation, Part::Test, Part::Unseen, Part::Choosing];

/// A finished cell in figures.
#[derive(Debug, Clone)]
pub struct CellFigures {
    /// Its folder.
    pub folder: PathBuf,
    /// When it was finished.
    pub ended: SystemTime,
    /// Every epoch; empty where a program told of none.
    pub epochs: Vec<EpochRecord>,
    /// How long each took, as far as it is known.
    pub seconds: HashMap<u32, f64>,
    /// Share of faces that are told rightly: `test`, `validation`, `unseen/NAME`, `choosing/NAME`.
    pub accuracy: BTreeMap<String, f64>,
}

impl CellFigures {
    /// Reads a cell's files; none where it is not finished.
    pub fn read(folder: &StudyFolder, plan: &Plan, cell: &Cell) -> Result<Option<Self>, Fault> {
        if folder.finished(cell)?.is_none() {
            return Ok(None);
        }
        let place = folder.run_folder(cell);
        let end = place.join("finished.json");
        let ended =
            std::fs::metadata(&end).and_then(|data| data.modified()).map_err(|e| Fault::io(&end, "read", &e))?;
        let epochs = match files::is_there(&place.join("epochs.jsonl"))? {
            true => read_epochs(&place, &cell.settings)?,
            false => Vec::new(),
        };
        let seconds = epoch_seconds(&place)?;
        let names: HashMap<String, &str> = plan.sets.iter().map(|set| (set.id(), set.info.name.as_str())).collect();
        let mut counts: BTreeMap<String, [u64; 2]> = BTreeMap::new();
        for file in folder.prediction_files(cell, &PARTS) {
            for_each_prediction(&file, &PARTS, |prediction| {
                let set = names.get(prediction.set).copied().unwrap_or(prediction.set);
                let part = prediction.part.name();
                let name = if prediction.part.is_by_set() { format!("{part}/{set}") } else { part.to_owned() };
                let [n_right, n] = counts.entry(name).or_default();
                *n_right += u64::from(prediction.predicted() == prediction.label);
                *n += 1;
            })?;
        }
        let accuracy = counts.into_iter().map(|(name, [n_right, n])| (name, n_right as f64 / n as f64)).collect();
        Ok(Some(CellFigures { folder: place, ended, epochs, seconds, accuracy }))
    }
}
