//! What the networks of two treatments said of each person, asked in several ways.
//!
//! In: the cells of both treatments, read once more, one at a time. Out: [`Answers`]: for every judged set and every
//! [`Question`] the sum over each person's faces, by run, in four bytes. Predictions are not kept.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use howfar_face::{Fault, SubjectId};
use howfar_protocol::{Part, PredictionRef, Track, Treatment};

use super::scores::{Called, brier, calibration_parts, in_parts, log_loss, of_parts};
use crate::counting::outcomes::{Faces, OfPeople, People, Run};
use crate::counting::source::CellSource;
use crate::intervals::paired::Layout;

/// What is asked of the faces of a person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Question {
    /// Which share is right.
    Right,
    /// Which share of those of a class is right.
    Class(usize),
    /// Which share of those of a group is right.
    Group(String),
    /// The same of faces without a group, by the person's database.
    Database(String),
    /// The mean negative log-likelihood, in nats.
    LogLoss,
    /// The mean Brier score.
    Brier,
    /// The part of the calibration error, times the people.
    CalibrationError,
}

/// The answers about all judged faces: test people, and each unseen set.
pub(super) type Answers = BTreeMap<Faces, BTreeMap<Question, Pair>>;

/// The answers of both treatments to one question.
#[derive(Debug, Default)]
pub(super) struct Pair {
    arm: BTreeMap<Run, Sums>,
    baseline: BTreeMap<Run, Sums>,
}

impl Pair {
    /// The treatment less the baseline, laid out; none where they share no seed.
    pub(super) fn difference(&self, faces: &Faces) -> Option<Layout> {
        Layout::of_difference(
            faces,
            &self.arm.iter().map(of_run).collect(),
            &self.baseline.iter().map(of_run).collect(),
        )
    }

    /// Either by itself, over the runs that both have.
    pub(super) fn each(&self, faces: &Faces) -> Option<[Layout; 2]> {
        let shared = |of: &BTreeMap<Run, Sums>, other: &BTreeMap<Run, Sums>| {
            let series = of.iter().filter(|(run, _)| other.contains_key(run)).map(of_run).collect();
            Layout::of_one(faces, &series)
        };
        Some([shared(&self.arm, &self.baseline)?, shared(&self.baseline, &self.arm)?])
    }

    /// The same people, where another cell has judged them: they are kept once.
    fn known(&self, people: People) -> Arc<People> {
        let known = self.arm.values().chain(self.baseline.values()).find(|sums| *sums.people == people);
        known.map_or_else(|| Arc::new(people), |sums| Arc::clone(&sums.people))
    }
}

fn of_run<'s>((run, sums): (&Run, &'s Sums)) -> (Run, &'s Sums) {
    (*run, sums)
}

/// The sums of each person in one cell.
#[derive(Debug)]
struct Sums {
    people: Arc<People>,
    /// Counts of faces are exact up to 2²⁴.
    sums: Vec<f32>,
}

impl OfPeople for Sums {
    fn people(&self) -> &Arc<People> {
        &self.people
    }

    fn mean(&self, place: usize) -> f64 {
        f64::from(self.sums[place]) / f64::from(self.people.n_faces(place))
    }
}

/// Asks every cell of a track that was trained on `treatment` or on `baseline`.
pub(super) fn ask(
    source: &(impl CellSource + ?Sized),
    track: &Track,
    treatment: &Treatment,
    baseline: &Treatment,
) -> Result<Answers, Fault> {
    let (mut answers, mut names) = (Answers::new(), Names::new());
    for (cell_idx, cell) in source.cells().into_iter().enumerate().filter(|(_, cell)| track.has(cell)) {
        let is_of = [treatment, baseline].map(|of| cell.treatment == *of);
        if is_of == [false, false] {
            continue;
        }
        let mut of_cell: BTreeMap<Faces, CellAnswers> = BTreeMap::new();
        source.read(cell_idx, &[Part::Test, Part::Unseen], &mut |prediction| {
            let set = if prediction.part.is_by_set() { prediction.set } else { "" };
            let group = source.group(prediction.set, prediction.row);
            of_cell.entry((prediction.part, set.to_owned())).or_default().add(&prediction, group);
        })?;
        let run = Run { split_idx: cell.split_idx, seed_idx: cell.seed_idx };
        for (faces, cell_answers) in of_cell {
            let of_faces = answers.entry(faces).or_default();
            for (question, people, sums) in cell_answers.end(&mut names) {
                let pair = of_faces.entry(question).or_default();
                let people = pair.known(people);
                let side = if is_of[0] { &mut pair.arm } else { &mut pair.baseline };
                side.insert(run, Sums { people, sums });
            }
        }
    }
    Ok(answers)
}

/// Names that were met before: each is kept once.
type Names = HashMap<SubjectId, Arc<SubjectId>>;

/// Faces of one person, and a sum over them in parts, which is the same in any order of the faces.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    n_faces: u32,
    sum: i64,
}

/// The answers of one cell about some faces, by the places of people.
#[derive(Debug, Default)]
struct CellAnswers {
    places: HashMap<SubjectId, usize>,
    sums: BTreeMap<Question, Vec<Sum>>,
    called: Vec<Called>,
}

impl CellAnswers {
    fn add(&mut self, p: &PredictionRef<'_>, group: Option<&str>) {
        let place = self.places.get(p.subject).copied().unwrap_or_else(|| {
            self.places.insert(p.subject.clone(), self.places.len());
            self.places.len() - 1
        });
        let predicted = p.predicted();
        let is_right = predicted == p.label;
        let right = f64::from(u8::from(is_right));
        let of_group = group.map_or_else(
            || Question::Database(p.subject.database().to_owned()),
            |group| Question::Group(group.to_owned()),
        );
        let answers = [
            (Question::Right, right),
            (Question::Class(p.label), right),
            (of_group, right),
            (Question::LogLoss, log_loss(p.probabilities, p.label)),
            (Question::Brier, brier(p.probabilities, p.label)),
        ];
        for (question, value) in answers {
            let sums = self.sums.entry(question).or_default();
            if sums.len() <= place {
                sums.resize(place + 1, Sum::default());
            }
            sums[place].n_faces += 1;
            sums[place].sum += in_parts(value);
        }
        let confidence = p.probabilities.get(predicted).copied().unwrap_or(0.0);
        self.called.push(Called { person: place as u32, confidence, is_right });
    }

    /// All that is kept: for every question the people who have an answer, in order, and their sums.
    fn end(mut self, names: &mut Names) -> Vec<(Question, People, Vec<f32>)> {
        let n_people = self.places.len();
        let of_all = self.sums.get(&Question::Right).cloned().unwrap_or_default();
        // Their mean over people is the error: each part counts as often as there are people.
        let parts = calibration_parts(&self.called, n_people).into_iter().zip(&of_all);
        let times = |(part, sum): (f64, &Sum)| {
            let of_all_faces = part * n_people as f64 * f64::from(sum.n_faces);
            Sum { sum: in_parts(of_all_faces), ..*sum }
        };
        self.sums.insert(Question::CalibrationError, parts.map(times).collect());
        let mut in_order: Vec<(Arc<SubjectId>, usize)> = Vec::with_capacity(n_people);
        for (subject, place) in self.places {
            let name = names.entry(subject).or_insert_with_key(|subject| Arc::new(subject.clone()));
            in_order.push((Arc::clone(name), place));
        }
        in_order.sort_unstable();
        let kept = |(question, sums): (Question, Vec<Sum>)| {
            let there = in_order.iter().filter_map(|(name, place)| {
                let sum = sums.get(*place).filter(|sum| sum.n_faces > 0)?;
                Some(((Arc::clone(name), sum.n_faces), of_parts(sum.sum) as f32))
            });
            let (people, sums): (Vec<_>, Vec<f32>) = there.unzip();
            (question, People::of(people), sums)
        };
        self.sums.into_iter().map(kept).collect()
    }
}
