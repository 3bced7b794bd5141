//! A simulated study: whose faces are right how often, and the outcomes that chance makes of it.
//!
//! A face is right with probability ½ + gain(k) + face + person + person × mix + run + run × mix + sample + generator,
//! where the effects are uniform around 0, so that the true difference at k is gain(k) exactly, in shares:
//! - a face's (±14 points) and a person's (±10) are shared by all arms and seeds;
//! - what the mix does for a person (±8) and beyond it each k (±3);
//! - a run's luck is shared by the arms of a seed and split (±3), and each arm has its own (±4);
//! - what the sample of training people does for the mix, drawn once or, where splits are redrawn, with every seed;
//! - what the generator that was trained does for the mix, drawn once.
//!
//! Where labelled faces alone are trained for several budgets, one of them is the best and each step away costs 2
//! points; gains are gains over the best. Abroad the best k may be another than at home.

use std::collections::BTreeMap;
use std::sync::Arc;

use howfar_face::SubjectId;
use howfar_protocol::{Curve, MixtureRatio, Part, Treatment};
use howfar_random::{Seeds, Stream, index_by_share, uniform};

use super::Setting;
use crate::counting::confusion::ConfusionCounts;
use crate::counting::outcomes::{CellOutcome, Faces, Outcomes, PartOutcome, People, Run};

/// Name of the unseen database, and of the one that chooses abroad.
pub(crate) const UNSEEN: &str = "unseen";
pub(crate) const CHOOSING: &str = "choosing";
/// Faces of a person.
const N_FACES: usize = 6;
const FACE: f64 = 0.14;
const PERSON: f64 = 0.10;
const PERSON_MIX: f64 = 0.08;
const PERSON_K: f64 = 0.03;
const RUN: f64 = 0.03;
const RUN_K: f64 = 0.04;
/// What a budget costs, each step away from the best.
const BUDGET: f64 = 0.02;
/// Largest true gain or loss.
const LARGEST_GAIN: f64 = 0.10;
/// Parts of the people that take turns where splits are redrawn.
const N_TURNS: usize = 5;

pub(crate) struct Made {
    pub(crate) outcomes: Outcomes,
    pub(crate) curve: Curve,
    /// True gain of every k above 0 on the judged faces, of other training people and generators in mean.
    pub(crate) gains: BTreeMap<MixtureRatio, f64>,
    /// What this sample of training people (where it is one) and this generator add to each of them.
    pub(crate) shift: f64,
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

/// True gains on one kind of faces.
type Gains = BTreeMap<MixtureRatio, f64>;

/// What is true of a study.
struct Truth {
    home: Gains,
    abroad: Gains,
    /// What each budget of labelled faces alone costs.
    budgets: Vec<(Treatment, f64)>,
}

/// Draws a study. Without an effect every gain is 0; with one it rises to a peak of −10 to +10 points at a random k and
/// falls; abroad it may peak elsewhere.
pub(crate) fn make(setting: &Setting, seeds: Seeds, is_null: bool) -> Made {
    let mut stream = seeds.stream("gains", &[]);
    let all_k: Vec<MixtureRatio> = setting.k.iter().map(|k| MixtureRatio::new(*k).expect("a literal ratio")).collect();
    let peak = signed(&mut stream) * LARGEST_GAIN;
    let mut gains = || -> Gains {
        let peak_idx = index_by_share(all_k.len(), &mut stream);
        let width = if setting.differs_abroad { 0.7 } else { 1.5 };
        let gain = |i: usize| peak * (-0.5 * ((i as f64 - peak_idx as f64) / width).powi(2)).exp();
        all_k.iter().enumerate().map(|(i, k)| (*k, if is_null { 0.0 } else { gain(i) })).collect()
    };
    let home = gains();
    let abroad = if setting.differs_abroad { gains() } else { home.clone() };
    with_truth(setting, seeds, &Truth { home, abroad, budgets: budgets(setting, &all_k, seeds) })
}

/// A study with these true gains, one for every k above 0, at home and abroad.
pub(crate) fn with_gains(setting: &Setting, seeds: Seeds, gains: Gains) -> Made {
    let all_k: Vec<MixtureRatio> = gains.keys().copied().collect();
    let budgets = budgets(setting, &all_k, seeds);
    with_truth(setting, seeds, &Truth { home: gains.clone(), abroad: gains, budgets })
}

fn with_truth(setting: &Setting, seeds: Seeds, truth: &Truth) -> Made {
    let effect = |name: &str, size: f64| size * signed(&mut seeds.stream(name, &[]));
    let sample = if setting.is_redrawn { 0.0 } else { effect("sample", setting.sample) };
    let shift = sample + effect("generator", setting.generator);
    let cells = Cells { setting, seeds, truth, shift };
    let mut curve = Curve::from([(MixtureRatio::ZERO, truth.budgets.iter().map(|(way, _)| way.clone()).collect())]);
    curve.extend(truth.home.keys().map(|k| (*k, vec![Treatment::on_curve(*k, None)])));
    let gains = if setting.judges_abroad() { truth.abroad.clone() } else { truth.home.clone() };
    Made { outcomes: Outcomes::of_counted(cells.all()), curve, gains, shift }
}

/// Labelled faces alone for their own steps and, with a ladder, for those of every k.
fn budgets(setting: &Setting, all_k: &[MixtureRatio], seeds: Seeds) -> Vec<(Treatment, f64)> {
    let own = std::iter::once(MixtureRatio::ZERO);
    let ladder = own.chain(all_k.iter().copied().filter(|_| setting.has_ladder));
    let ways: Vec<Treatment> = ladder.map(|k| Treatment::labelled_for_steps_of(k, None)).collect();
    let best = index_by_share(ways.len(), &mut seeds.stream("best budget", &[]));
    ways.into_iter().enumerate().map(|(i, way)| (way, BUDGET * i.abs_diff(best) as f64)).collect()
}

/// Faces that are asked about, and where they are from.
struct Asked<'a> {
    faces: Faces,
    is_abroad: bool,
    people: Vec<&'a Person>,
}

struct Cells<'a> {
    setting: &'a Setting,
    seeds: Seeds,
    truth: &'a Truth,
    shift: f64,
}

type Cell = (Treatment, Run, CellOutcome);

impl Cells<'_> {
    fn all(&self) -> Vec<Cell> {
        let Setting { n_validation, n_people, n_folds, n_seeds, is_redrawn, .. } = *self.setting;
        let home = if self.setting.judges_abroad() { n_validation * N_TURNS } else { n_people };
        let (home, abroad) = (self.people("home", home), self.people(UNSEEN, n_people));
        let choosing = self.people(CHOOSING, n_people.min(50));
        let mut cells = Vec::new();
        for split_idx in 0..n_folds {
            for seed_idx in 0..n_seeds {
                let (split_idx, n_parts) = if is_redrawn { (seed_idx, N_TURNS) } else { (split_idx, n_folds as usize) };
                let turn = |part: usize| -> Vec<&Person> {
                    let n_parts = if n_parts > 1 { n_parts } else { N_TURNS };
                    home.iter().skip(part % n_parts).step_by(n_parts).collect()
                };
                let part = split_idx as usize;
                let asked = |part, set: &str, people| Asked {
                    faces: (part, set.to_owned()),
                    is_abroad: part != Part::Validation && part != Part::Test,
                    people,
                };
                let parts = [
                    asked(Part::Validation, "", turn(part + 1)),
                    asked(Part::Test, "", turn(part)),
                    asked(Part::Unseen, UNSEEN, abroad.iter().collect()),
                    asked(Part::Choosing, CHOOSING, choosing.iter().collect()),
                ];
                cells.extend(self.of_run(Run { split_idx, seed_idx }, &parts));
            }
        }
        cells
    }

    fn people(&self, set: &str, n: usize) -> Vec<Person> {
        let mut stream = self.seeds.stream(&format!("people {set}"), &[]);
        let mut effect = |size: f64| size * signed(&mut stream);
        let n_k = self.truth.home.len();
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

    /// All cells of one split and seed.
    fn of_run(&self, run: Run, parts: &[Asked<'_>]) -> Vec<Cell> {
        let groups = parts.iter().map(|asked| {
            let named = asked.people.iter().map(|person| (Arc::clone(&person.subject), N_FACES as u32));
            Arc::new(People::of(named.collect()))
        });
        let groups: Vec<Arc<People>> = groups.collect();
        let stream = &mut self.seeds.stream("run", &[u64::from(run.split_idx), u64::from(run.seed_idx)]);
        let luck = RUN * signed(stream);
        let sample = if self.setting.is_redrawn { self.setting.sample * signed(stream) } else { 0.0 };
        let Truth { home, abroad, budgets } = self.truth;
        let labelled = budgets.iter().map(|(way, cost)| (way.clone(), [-cost; 2], None));
        let of_k = home.iter().zip(abroad.values()).enumerate().map(|(i, ((k, home), abroad))| {
            let gains = [home, abroad].map(|gain| gain + self.shift + sample);
            (Treatment::on_curve(*k, None), gains, Some(i))
        });
        let mut cells = Vec::new();
        for (treatment, gains, k_idx) in labelled.chain(of_k) {
            let level = 0.5 + luck + RUN_K * signed(stream);
            let mut of_parts = BTreeMap::new();
            for (asked, group) in parts.iter().zip(&groups) {
                let level = level + gains[usize::from(asked.is_abroad)];
                let (confusion, n_right) = judge(&asked.people, level, k_idx, stream);
                of_parts.insert(asked.faces.clone(), PartOutcome::new(confusion, Arc::clone(group), n_right));
            }
            cells.push((treatment, run, CellOutcome::made(of_parts)));
        }
        cells
    }
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
