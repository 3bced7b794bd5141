//! A simulated study: whose faces are right how often, and the outcomes that chance makes of it.
//!
//! A face is right with probability ½ + gain(k) + face + person + person × mix + run + run × mix, where the effects are
//! uniform around 0, so that the true difference at k is gain(k) exactly, in shares:
//! - a face's (±14 points) and a person's (±10) are shared by all arms and seeds;
//! - what the mix does for a person (±8) and beyond it each k (±3);
//! - a run's luck is shared by the arms of a seed and split (±3), and each arm has its own (±4).

use std::collections::BTreeMap;
use std::sync::Arc;

use howfar_face::SubjectId;
use howfar_protocol::{MixtureRatio, Part, Treatment};
use howfar_random::{Seeds, Stream, index_by_share, uniform};

use super::Setting;
use crate::counting::confusion::ConfusionCounts;
use crate::counting::outcomes::{CellOutcome, Faces, Outcomes, PartOutcome, People, Run};

/// Name of the unseen database.
pub(crate) const UNSEEN: &str = "unseen";
/// Faces of a person.
const N_FACES: usize = 6;
const FACE: f64 = 0.14;
const PERSON: f64 = 0.10;
const PERSON_MIX: f64 = 0.08;
const PERSON_K: f64 = 0.03;
const RUN: f64 = 0.03;
const RUN_K: f64 = 0.04;
/// Largest true gain or loss.
const LARGEST_GAIN: f64 = 0.10;

pub(crate) struct Made {
    pub(crate) outcomes: Outcomes,
    /// True gain of every k above 0.
    pub(crate) gains: BTreeMap<MixtureRatio, f64>,
}

impl Made {
    pub(crate) fn gain(&self, k: MixtureRatio) -> f64 {
        self.gains.get(&k).copied().unwrap_or(0.0)
    }
}

/// One person's effects.
struct Person {
    subject: Arc<SubjectId>,
    faces: [f64; N_FACES],
    mix: f64,
    of_k: Vec<f64>,
}

/// Draws a study. Without an effect every gain is 0; with one it rises to a peak of −10 to +10 points at a random k and
/// falls.
pub(crate) fn make(setting: &Setting, seeds: Seeds, is_null: bool) -> Made {
    let mut stream = seeds.stream("gains", &[]);
    let all_k: Vec<MixtureRatio> = setting.k.iter().map(|k| MixtureRatio::new(*k).expect("a literal ratio")).collect();
    let peak = signed(&mut stream) * LARGEST_GAIN;
    let peak_idx = index_by_share(all_k.len(), &mut stream);
    let gain = |i: usize| peak * (-0.5 * ((i as f64 - peak_idx as f64) / 1.5).powi(2)).exp();
    let gains: BTreeMap<MixtureRatio, f64> =
        all_k.iter().enumerate().map(|(i, k)| (*k, if is_null { 0.0 } else { gain(i) })).collect();
    with_gains(setting, seeds, gains)
}

/// A study with these true gains, one for every k above 0.
pub(crate) fn with_gains(setting: &Setting, seeds: Seeds, gains: BTreeMap<MixtureRatio, f64>) -> Made {
    let cells = if setting.n_folds > 1 { folds(setting, seeds, &gains) } else { unseen(setting, seeds, &gains) };
    Made { outcomes: Outcomes::of_counted(cells), gains }
}

type Cells = Vec<(Treatment, Run, CellOutcome)>;

/// Validation people and an unseen database, one split.
fn unseen(setting: &Setting, seeds: Seeds, gains: &BTreeMap<MixtureRatio, f64>) -> Cells {
    let validation = people("validation", setting.n_validation, gains.len(), seeds);
    let judging = people(UNSEEN, setting.n_people, gains.len(), seeds);
    let parts: [(Faces, Vec<&Person>); 2] = [
        ((Part::Validation, String::new()), validation.iter().collect()),
        ((Part::Unseen, UNSEEN.to_owned()), judging.iter().collect()),
    ];
    cells(setting, seeds, gains, 0, &parts)
}

/// Everybody tests in one fold and validates in another.
fn folds(setting: &Setting, seeds: Seeds, gains: &BTreeMap<MixtureRatio, f64>) -> Cells {
    let everybody = people("people", setting.n_people, gains.len(), seeds);
    let of_fold = |fold: u32| -> Vec<&Person> {
        everybody.iter().skip(fold as usize).step_by(setting.n_folds as usize).collect()
    };
    let cells_of = |fold: u32| {
        let parts = [
            ((Part::Validation, String::new()), of_fold((fold + 1) % setting.n_folds)),
            ((Part::Test, String::new()), of_fold(fold)),
        ];
        cells(setting, seeds, gains, fold, &parts)
    };
    (0..setting.n_folds).flat_map(cells_of).collect()
}

fn people(set: &str, n: usize, n_k: usize, seeds: Seeds) -> Vec<Person> {
    let mut stream = seeds.stream("people", &[set.len() as u64]);
    let mut effect = |size: f64| size * signed(&mut stream);
    let mut person = |i: usize| {
        let own = effect(PERSON);
        Person {
            subject: Arc::new(SubjectId::new(set, &format!("p{i:04}")).expect("a plain name")),
            faces: std::array::from_fn(|_| own + effect(FACE)),
            mix: effect(PERSON_MIX),
            of_k: (0..n_k).map(|_| effect(PERSON_K)).collect(),
        }
    };
    (0..n).map(&mut person).collect()
}

/// All cells of one split.
fn cells(
    setting: &Setting,
    seeds: Seeds,
    gains: &BTreeMap<MixtureRatio, f64>,
    split_idx: u32,
    parts: &[(Faces, Vec<&Person>)],
) -> Cells {
    let mut cells = Vec::new();
    let groups = parts.iter().map(|(_, people)| {
        let named = people.iter().map(|person| (Arc::clone(&person.subject), N_FACES as u32));
        Arc::new(People::of(named.collect()))
    });
    let groups: Vec<Arc<People>> = groups.collect();
    for seed_idx in 0..setting.n_seeds {
        let run = Run { split_idx, seed_idx };
        let stream = &mut seeds.stream("run", &[u64::from(split_idx), u64::from(seed_idx)]);
        let luck = RUN * signed(stream);
        let arms = std::iter::once((MixtureRatio::ZERO, 0.0, None));
        let arms = arms.chain(gains.iter().enumerate().map(|(i, (k, gain))| (*k, *gain, Some(i))));
        for (k, gain, k_idx) in arms {
            let level = 0.5 + gain + luck + RUN_K * signed(stream);
            let mut of_parts = BTreeMap::new();
            for ((faces, people), group) in parts.iter().zip(&groups) {
                let (confusion, n_right) = judge(people, level, k_idx, stream);
                of_parts.insert(faces.clone(), PartOutcome::new(confusion, Arc::clone(group), n_right));
            }
            cells.push((Treatment::on_curve(k, None), run, CellOutcome::made(of_parts)));
        }
    }
    cells
}

/// Right faces of each person, who come in the order of their names.
fn judge(people: &[&Person], level: f64, k_idx: Option<usize>, stream: &mut Stream) -> (ConfusionCounts, Vec<u32>) {
    let mut confusion = ConfusionCounts::new(2);
    let mut all_right = Vec::new();
    for person in people {
        let own = k_idx.map_or(0.0, |k| person.mix + person.of_k[k]);
        let mut n_right = 0;
        for (face, effect) in person.faces.iter().enumerate() {
            let is_right = f64::from(uniform(stream)) < level + own + effect;
            n_right += u32::from(is_right);
            let label = face % 2;
            confusion.add(label, if is_right { label } else { 1 - label });
        }
        all_right.push(n_right);
    }
    (confusion, all_right)
}

/// Uniform in −1..1.
fn signed(stream: &mut Stream) -> f64 {
    2.0 * f64::from(uniform(stream)) - 1.0
}
