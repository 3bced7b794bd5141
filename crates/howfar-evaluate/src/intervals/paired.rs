//! Lays outcomes out as people × seeds, alone or as differences between two arms.
//!
//! In: the outcomes of one or two arms on some faces, or another figure of their people ([`OfPeople`]). Out: a
//! [`Layout`]: each person's mean for each seed, what the doubt is computed from, and the means over people.
//!
//! - A person's value for a seed is the mean over their faces; with several splits, over the splits that hold them
//!   there.
//! - With folds, the test (and validation) people of one fold share a trained model, so they are not independent: the
//!   rows of the table are then folds, each the mean of its people. On unseen databases every fold's model sees every
//!   person: rows stay people, and their values are means over the folds.
//! - Only seeds that all splits have, and only people that all those seeds have, take part.
//! - Where every seed has a split of its own (`real.redraw`), each judges its own test people: the table then has gaps,
//!   and everybody takes part who was judged at all.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use howfar_face::SubjectId;
use howfar_protocol::Part;

use crate::counting::numbers::mean_of;
use crate::counting::outcomes::{Faces, OfPeople, People, Run, Series};
use crate::intervals::interval::{Doubt, Grid};

/// Values by person and seed.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// Mean over people of each person's mean: of the arm, or of the difference.
    pub(crate) mean: f64,
    /// Likewise of the baseline; 0 without one.
    pub(crate) baseline_mean: f64,
    /// Rows are people or folds, columns are seeds.
    pub(crate) grid: Grid,
    /// Each person's mean over seeds: of the arm, or of the difference.
    pub(crate) people_means: Vec<f64>,
    /// People in the table.
    pub(crate) n_people: usize,
    /// Their faces.
    pub(crate) n_faces: usize,
    /// People left out because a seed lacks them.
    pub(crate) n_left_out: usize,
}

impl Layout {
    /// The accuracy of one arm.
    pub(crate) fn of_one<P: OfPeople>(faces: &Faces, arm: &Series<'_, P>) -> Option<Self> {
        Self::build(faces.0, arm, None)
    }

    /// The accuracy of `arm` less that of `baseline`, face by face.
    pub(crate) fn of_difference<P: OfPeople>(
        faces: &Faces,
        arm: &Series<'_, P>,
        baseline: &Series<'_, P>,
    ) -> Option<Self> {
        Self::build(faces.0, arm, Some(baseline))
    }

    /// The doubt about the mean.
    pub(crate) fn doubt(&self) -> Doubt {
        Doubt::of(&self.grid)
    }

    fn build<P: OfPeople>(part: Part, arm: &Series<'_, P>, baseline: Option<&Series<'_, P>>) -> Option<Self> {
        let Runs { splits, seeds, is_redrawn } = Runs::of(arm, baseline)?;
        let judged = Judged::of(arm, baseline);
        let mut rows: Vec<Option<PersonRow>> = (0..judged.people.len()).map(|_| None).collect();
        for split_idx in &splits {
            for (column, seed_idx) in seeds.iter().enumerate().filter(|(_, s)| !is_redrawn || *s == split_idx) {
                let run = Run { split_idx: *split_idx, seed_idx: *seed_idx };
                let of_arm = (arm[&run], judged.places(arm[&run]));
                let of_baseline = baseline.map(|series| (series[&run], judged.places(series[&run])));
                let value = |(part, places): (&P, &[Option<usize>]), person: usize| {
                    places[person].map(|place| (part.mean(place), part.people().n_faces(place)))
                };
                for (person, row) in rows.iter_mut().enumerate() {
                    let Some((of_arm, n_faces)) = value(of_arm, person) else { continue };
                    let subtracted = match of_baseline.map(|baseline| value(baseline, person)) {
                        Some(Some((mean, _))) => mean,
                        Some(None) => continue,
                        None => 0.0,
                    };
                    let row = row.get_or_insert_with(|| PersonRow::new(*split_idx, seeds.len()));
                    row.n_faces = row.n_faces.max(n_faces as usize);
                    row.add(column, of_arm, subtracted);
                }
            }
        }
        let rows: Vec<PersonRow> = rows.into_iter().flatten().collect();
        let n_all = rows.len();
        let rows: Vec<PersonRow> = rows.into_iter().filter(|row| is_redrawn || row.is_complete()).collect();
        let is_clustered = !is_redrawn && splits.len() > 1 && matches!(part, Part::Validation | Part::Test);
        let grid = Grid::new(&if is_clustered { by_fold(&splits, &rows) } else { by_person(&rows) })?;
        let people_means: Vec<f64> = rows.iter().map(PersonRow::mean_difference).collect();
        let baselines = || Grid::new(&rows.iter().map(PersonRow::baselines).collect::<Vec<_>>());
        let (mean, baseline_mean) = match grid.has_gaps() {
            true => (grid.mean(), baselines()?.mean()),
            false => {
                let of_people: Vec<f64> = rows.iter().map(|row| mean_of(&row.baselines())).collect();
                (mean_of(&people_means), mean_of(&of_people))
            }
        };
        Some(Layout {
            mean,
            baseline_mean,
            grid,
            people_means,
            n_people: rows.len(),
            n_faces: rows.iter().map(|row| row.n_faces).sum(),
            n_left_out: n_all - rows.len(),
        })
    }
}

/// The people of all runs, and where each stands in every group of them.
struct Judged {
    people: BTreeSet<Arc<SubjectId>>,
    places: HashMap<*const People, Vec<Option<usize>>>,
}

impl Judged {
    fn of<P: OfPeople>(arm: &Series<'_, P>, baseline: Option<&Series<'_, P>>) -> Self {
        let of_baseline = baseline.into_iter().flat_map(|series| series.values());
        let groups = arm.values().chain(of_baseline).map(|part| part.people());
        let groups: HashMap<*const People, &Arc<People>> = groups.map(|group| (Arc::as_ptr(group), group)).collect();
        let people: BTreeSet<Arc<SubjectId>> =
            groups.values().flat_map(|group| group.subjects()).map(Arc::clone).collect();
        let places = |group: &Arc<People>| {
            let mut own = group.subjects().iter().enumerate().peekable();
            let place =
                |person: &Arc<SubjectId>| own.next_if(|(_, subject)| *subject == person).map(|(place, _)| place);
            people.iter().map(place).collect()
        };
        let places = groups.into_iter().map(|(at, group)| (at, places(group))).collect();
        Judged { people, places }
    }

    /// For each of the people, their place in a part.
    fn places<P: OfPeople>(&self, part: &P) -> &[Option<usize>] {
        &self.places[&Arc::as_ptr(part.people())]
    }
}

/// The runs that both arms have.
struct Runs {
    /// All splits.
    splits: BTreeSet<u32>,
    /// The seeds for which all of them are there; where every seed has its own, all seeds.
    seeds: BTreeSet<u32>,
    /// Whether every seed has a split of its own.
    is_redrawn: bool,
}

impl Runs {
    fn of<P>(arm: &Series<'_, P>, baseline: Option<&Series<'_, P>>) -> Option<Self> {
        let is_shared = |run: &Run| baseline.is_none_or(|series| series.contains_key(run));
        let runs: BTreeSet<Run> = arm.keys().copied().filter(is_shared).collect();
        let splits: BTreeSet<u32> = runs.iter().map(|run| run.split_idx).collect();
        let seeds: BTreeSet<u32> = runs.iter().map(|run| run.seed_idx).collect();
        let is_redrawn = runs.len() > 1 && runs.iter().all(|run| run.split_idx == run.seed_idx);
        let is_complete = |seed: &u32| {
            is_redrawn || splits.iter().all(|split| runs.contains(&Run { split_idx: *split, seed_idx: *seed }))
        };
        let seeds: BTreeSet<u32> = seeds.into_iter().filter(is_complete).collect();
        (!seeds.is_empty()).then_some(Runs { splits, seeds, is_redrawn })
    }
}

/// One person's sums by seed, over splits.
struct PersonRow {
    first_split: u32,
    n_faces: usize,
    arm: Vec<f64>,
    baseline: Vec<f64>,
    n_splits: Vec<u32>,
}

impl PersonRow {
    fn new(first_split: u32, n_seeds: usize) -> Self {
        let zeros = vec![0.0; n_seeds];
        PersonRow { first_split, n_faces: 0, arm: zeros.clone(), baseline: zeros, n_splits: vec![0; n_seeds] }
    }

    fn add(&mut self, column: usize, arm: f64, baseline: f64) {
        self.arm[column] += arm;
        self.baseline[column] += baseline;
        self.n_splits[column] += 1;
    }

    fn is_complete(&self) -> bool {
        self.n_splits.iter().all(|n| *n > 0)
    }

    fn differences(&self) -> Vec<f64> {
        let sums = self.arm.iter().zip(&self.baseline).zip(&self.n_splits);
        // Of nobody judged there is no value: 0/0 is not a number.
        sums.map(|((arm, baseline), n)| (arm - baseline) / f64::from(*n)).collect()
    }

    /// Over the seeds that judged the person.
    fn mean_difference(&self) -> f64 {
        let there: Vec<f64> = self.differences().into_iter().filter(|value| !value.is_nan()).collect();
        mean_of(&there)
    }

    fn baselines(&self) -> Vec<f64> {
        self.baseline.iter().zip(&self.n_splits).map(|(sum, n)| sum / f64::from(*n)).collect()
    }
}

fn by_person(rows: &[PersonRow]) -> Vec<Vec<f64>> {
    rows.iter().map(PersonRow::differences).collect()
}

fn by_fold(splits: &BTreeSet<u32>, rows: &[PersonRow]) -> Vec<Vec<f64>> {
    let fold = |split: &u32| {
        let people: Vec<Vec<f64>> =
            rows.iter().filter(|row| row.first_split == *split).map(PersonRow::differences).collect();
        let n_seeds = people.first()?.len();
        let column = |seed: usize| mean_of(&people.iter().map(|row| row[seed]).collect::<Vec<_>>());
        Some((0..n_seeds).map(column).collect())
    };
    splits.iter().filter_map(fold).collect()
}
