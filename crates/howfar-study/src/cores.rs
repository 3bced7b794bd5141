//! Who works on what: cells side by side, one thread each, or one cell after the other on all cores.
//!
//! In: the cores, what the user asked for, measured speeds, cells to do. Out: the parallelism that is done sooner. No
//! number of a cell depends on it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use howfar_face::Fault;
use howfar_protocol::{Cell, Learner, Recipe, Track};
use howfar_train::{Parallelism, measure_speed};

use crate::loaded_study::LoadedStudy;

/// The cores of this machine and what the user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cores {
    /// Cores that may be used.
    pub n_cores: usize,
    /// Cells side by side.
    pub n_jobs: Option<usize>,
    /// Threads of each.
    pub n_threads: Option<usize>,
}

impl Cores {
    /// The same for a study of which cells are trained by a program: one at a time where nothing is said, because
    /// nobody knows what it needs.
    fn for_programs(self, there_are: bool) -> Self {
        if there_are && self.n_threads.is_none() { Cores { n_jobs: self.n_jobs.or(Some(1)), ..self } } else { self }
    }

    /// What was asked for, or the two ways that come into question.
    fn parallelisms(self) -> Vec<Parallelism> {
        let share = |n: usize| (self.n_cores / n.max(1)).max(1);
        let asked =
            |n_jobs: usize, n_threads: usize| vec![Parallelism { n_jobs: n_jobs.max(1), n_threads: n_threads.max(1) }];
        match (self.n_jobs, self.n_threads) {
            (Some(n_jobs), n_threads) => asked(n_jobs, n_threads.unwrap_or_else(|| share(n_jobs))),
            (None, Some(n_threads)) => asked(share(n_threads), n_threads),
            (None, None) if self.n_cores <= 1 => asked(1, 1),
            (None, None) => [asked(self.n_cores, 1), asked(1, self.n_cores)].concat(),
        }
    }
}

/// What decides how fast a cell trains.
pub type Trained = (Recipe, Learner);

/// A parallelism and how fast it trains with each recipe and network: pictures a second of all its jobs together. Of a
/// program nothing is known: its cells count as if they took no time.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredParallelism {
    /// The parallelism.
    pub parallelism: Parallelism,
    /// Its speeds.
    pub speeds: BTreeMap<Trained, f64>,
}

impl MeasuredParallelism {
    /// Seconds for cells of so many pictures, the largest first, each begun by whoever is free.
    pub fn seconds(&self, cells: &[(Trained, u64)]) -> f64 {
        let n_jobs = self.parallelism.n_jobs;
        let of_one = |(trained, n): &(Trained, u64)| {
            let speed = self.speeds.get(trained).copied().unwrap_or(f64::INFINITY);
            *n as f64 * n_jobs as f64 / speed
        };
        let mut seconds: Vec<f64> = cells.iter().map(of_one).collect();
        seconds.sort_by(|a, b| b.total_cmp(a));
        let mut busy = vec![0.0_f64; n_jobs];
        for cell in seconds {
            if let Some(first) = busy.iter_mut().min_by(|a, b| a.total_cmp(b)) {
                *first += cell;
            }
        }
        busy.into_iter().fold(0.0, f64::max)
    }
}

/// Measures the parallelisms that come into question with every recipe and network of the study.
pub(crate) fn measure_crews(loaded: &LoadedStudy, cores: Cores) -> Result<Vec<MeasuredParallelism>, Fault> {
    let measured = |parallelism: Parallelism| {
        let study = loaded.study();
        let speed = |(recipe, network): Trained| {
            let settings = study.settings(recipe, network.clone());
            Ok(((recipe, network), measure_speed(&settings, loaded.pool(), parallelism)?))
        };
        // With weights to begin with a network is as fast as without.
        let tracks = loaded.plan().tracks().into_iter().filter(|track| track.network.network().is_some());
        let trained: BTreeSet<Trained> = tracks.map(|Track { recipe, network, .. }| (recipe, network)).collect();
        let speeds = trained.into_iter().map(speed).collect::<Result<_, Fault>>()?;
        Ok(MeasuredParallelism { parallelism, speeds })
    };
    cores.for_programs(has_program(loaded)).parallelisms().into_iter().map(measured).collect()
}

fn has_program(loaded: &LoadedStudy) -> bool {
    loaded.plan().tracks().iter().any(|track| track.network.network().is_none())
}

/// Chooses parallelisms; measures once, and only if there is a choice.
#[derive(Debug)]
pub(crate) struct Chooser {
    cores: Cores,
    measured: Vec<MeasuredParallelism>,
}

impl Chooser {
    pub(crate) fn new(cores: Cores) -> Self {
        Chooser { cores, measured: Vec::new() }
    }

    /// The parallelism that does cells of these sizes soonest.
    pub(crate) fn choose(&mut self, loaded: &LoadedStudy, sizes: &[(Trained, u64)]) -> Result<Parallelism, Fault> {
        let parallelisms = self.cores.for_programs(has_program(loaded)).parallelisms();
        if parallelisms.len() == 1 || sizes.is_empty() {
            return Ok(parallelisms[0]);
        }
        if self.measured.is_empty() {
            self.measured = measure_crews(loaded, self.cores)?;
        }
        Ok(soonest(&self.measured, sizes).map_or(parallelisms[0], |measured| measured.parallelism))
    }
}

/// The parallelism that does cells of these sizes soonest; none of none.
pub(crate) fn soonest<'a>(
    measured: &'a [MeasuredParallelism],
    sizes: &[(Trained, u64)],
) -> Option<&'a MeasuredParallelism> {
    measured.iter().min_by(|a, b| a.seconds(sizes).total_cmp(&b.seconds(sizes)))
}

/// Recipe, network and training pictures of each cell, at most.
pub(crate) fn cell_sizes(loaded: &LoadedStudy, cells: &[Cell]) -> Result<Vec<(Trained, u64)>, Fault> {
    cells
        .iter()
        .map(|cell| Ok(((cell.recipe, cell.settings.network.clone()), loaded.n_pictures(std::slice::from_ref(cell))?)))
        .collect()
}

/// Places of cells, the largest first, so that no core waits long for the last one.
pub(crate) fn largest_first(sizes: &[(Trained, u64)]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by_key(|i| Reverse(sizes[*i].1));
    order
}

#[cfg(test)]
mod tests {
    use howfar_protocol::Network;

    use super::*;

    const PAPER: Trained = (Recipe::Paper, Learner::Network(Network::Table1Same));
    const MODERN: Trained = (Recipe::Modern, Learner::Network(Network::Compact));

    fn parallelisms(n_cores: usize, n_jobs: Option<usize>, n_threads: Option<usize>) -> Vec<(usize, usize)> {
        Cores { n_cores, n_jobs, n_threads }
            .parallelisms()
            .iter()
            .map(|parallelism| (parallelism.n_jobs, parallelism.n_threads))
            .collect()
    }

    #[test]
    fn what_is_asked_for_is_done_and_the_rest_of_the_cores_shared_out() {
        assert_eq!(parallelisms(8, None, None), [(8, 1), (1, 8)]);
        assert_eq!(parallelisms(1, None, None), [(1, 1)]);
        assert_eq!(parallelisms(8, Some(2), None), [(2, 4)]);
        assert_eq!(parallelisms(8, None, Some(3)), [(2, 3)]);
        assert_eq!(parallelisms(2, Some(5), Some(7)), [(5, 7)]);
    }

    #[test]
    fn one_cell_wants_all_cores_and_many_cells_a_core_each() {
        let measured = |n_jobs, n_threads, speed| MeasuredParallelism {
            parallelism: Parallelism { n_jobs, n_threads },
            speeds: BTreeMap::from([(PAPER, speed)]),
        };
        let (apart, together) = (measured(4, 1, 400.0), measured(1, 4, 300.0));
        let one = [(PAPER, 1200)];
        assert_eq!((apart.seconds(&one), together.seconds(&one)), (12.0, 4.0));
        let many = vec![(PAPER, 1200); 8];
        assert_eq!((apart.seconds(&many), together.seconds(&many)), (24.0, 32.0));
        assert_eq!(largest_first(&[(PAPER, 1), (MODERN, 3), (PAPER, 3)]), [1, 2, 0]);
    }
}
