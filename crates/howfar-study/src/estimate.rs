//! What a whole study takes: time by stage, and memory.
//!
//! In: a loaded study and the cores. Out: an [`Estimate`] from short measurements. No result depends on it.

use std::collections::BTreeMap;

use howfar_face::Fault;
use howfar_protocol::{Cell, Compared, Recipe, Track, Treatment};
use howfar_train::{Parallelism, measure_prediction, measure_speed};

use crate::audit;
use crate::cores::{Cores, MeasuredParallelism, Trained, cell_sizes, measure_crews, soonest};
use crate::loaded_study::LoadedStudy;
use crate::runner::check_memory;

/// Time and memory of a study. Early stopping ends sooner, and cells that are finished already take nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// The parallelism that trains, and its speeds.
    pub measured: MeasuredParallelism,
    /// Cells that wait for the choice of k, were it the largest.
    pub second_stage: Vec<Cell>,
    /// Seconds of each part of the work, in its order.
    pub seconds: [(&'static str, f64); 4],
    /// Memory of the process, in bytes; none where the system does not tell.
    pub memory_bytes: Option<u64>,
}

impl Estimate {
    /// Seconds in all.
    pub fn total_seconds(&self) -> f64 {
        self.seconds.iter().map(|(_, seconds)| seconds).sum()
    }
}

/// Measures each network for moments and adds up.
pub fn estimate(loaded: &LoadedStudy, cores: Cores) -> Result<Estimate, Fault> {
    check_memory(loaded)?;
    let plan = loaded.plan();
    let largest = loaded.study().largest_k();
    let at_most = |track: Track| Compared {
        baseline: Treatment::labelled_for_steps_of(largest, track.source.as_deref()),
        mix: track.on_curve(largest),
        track,
    };
    let at_most: Vec<Compared> = plan.tracks().into_iter().map(at_most).collect();
    let second_stage = plan.controls(&at_most);
    let (first, second) = (cell_sizes(loaded, &plan.cells)?, cell_sizes(loaded, &second_stage)?);
    let parallelisms = measure_crews(loaded, cores)?;
    let Some(measured) = soonest(&parallelisms, &first).cloned() else {
        return Err(Fault::usage("grid", "there is no cell to run"));
    };
    let seconds = [
        ("audits of the faces", audit_seconds(loaded, cores)?),
        ("cells that choose k", measured.seconds(&first)),
        ("controls at the chosen k", measured.seconds(&second)),
        ("predictions and validation", prediction_seconds(loaded, plan.cells.iter().chain(&second_stage))?),
    ];
    // Audits hold the faces a second time; by now the networks have trained and the process has had most of its memory.
    let memory_bytes = peak_memory().map(|peak| peak + loaded.n_bytes() as u64);
    Ok(Estimate { measured, second_stage, seconds, memory_bytes })
}

/// Audits train small networks, one after the other on all cores.
fn audit_seconds(loaded: &LoadedStudy, cores: Cores) -> Result<f64, Fault> {
    if loaded.generated.is_empty() {
        return Ok(0.0);
    }
    let parallelism = Parallelism { n_jobs: 1, n_threads: cores.n_cores };
    let settings = Recipe::Modern.settings();
    let speed = measure_speed(&settings, loaded.pool(), parallelism)?;
    let n = audit::n_training_pictures(loaded.real.len()) as f64;
    // After every pass as many faces validate as train.
    Ok(n / speed + n / measure_prediction(&settings, loaded.pool())?)
}

fn prediction_seconds<'c>(loaded: &LoadedStudy, cells: impl Iterator<Item = &'c Cell>) -> Result<f64, Fault> {
    let mut speeds: BTreeMap<Trained, f64> = BTreeMap::new();
    let mut seconds = 0.0;
    for cell in cells.filter(|cell| cell.settings.network.network().is_some()) {
        let trained = (cell.recipe, cell.settings.network.clone());
        let speed = match speeds.get(&trained) {
            Some(speed) => *speed,
            None => *speeds.entry(trained).or_insert(measure_prediction(&cell.settings, loaded.pool())?),
        };
        seconds += loaded.n_predictions(cell)? as f64 / speed;
    }
    Ok(seconds)
}

/// The most memory that this process has had so far, as Linux tells it.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(1024 * kilobytes)
}
