//! Studies with a known truth, and how often the chain from cells to a claim is right about them.
//!
//! In: a [`Setting`] and how many studies. Out: a [`SettingReport`]. A simulated study goes through the same functions
//! as a real one: k is chosen on validation people, then the difference on the judged faces gets its interval and its
//! verdict. Every study has a stream of its own, so no number depends on the number of threads.

mod law;
mod made;
mod report;

use std::collections::BTreeMap;

use howfar_protocol::{MixtureRatio, Part, Treatment};
use howfar_random::Seeds;
use rayon::prelude::*;

use crate::choosing::choice::choose_k_on;
use crate::choosing::until_sure::{RISK, looks};
use crate::choosing::verdict::{SMALL, Verdict};
use crate::counting::outcomes::Faces;
use crate::intervals::bootstrap::percentile_interval;
use crate::intervals::paired::Layout;
use crate::worth::how_far::band;
pub use law::{LawReport, check_law};
use made::{Made, make};
pub use report::{Bound, SettingReport, Share};

/// What a simulated study looks like.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// Validation people.
    pub n_validation: usize,
    /// People who judge: of an unseen database, or test people where there are folds.
    pub n_people: usize,
    /// Repetitions of every cell.
    pub n_seeds: u32,
    /// All k above 0.
    pub k: &'static [f64],
    /// Folds; 1 without.
    pub n_folds: u32,
}

impl Setting {
    /// The six that `howfar check-statistics` runs.
    pub const ALL: [Self; 6] = [
        Setting {
            name: "few people, three seeds",
            n_validation: 6,
            n_people: 10,
            n_seeds: 3,
            k: &[1.0, 2.0, 5.0],
            n_folds: 1,
        },
        Setting {
            name: "few people, five seeds",
            n_validation: 6,
            n_people: 12,
            n_seeds: 5,
            k: &[1.0, 2.0, 5.0],
            n_folds: 1,
        },
        Setting {
            name: "the paper's people and k",
            n_validation: 10,
            n_people: 25,
            n_seeds: 8,
            k: &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 10.0, 15.0, 20.0],
            n_folds: 1,
        },
        Setting {
            name: "many people, five seeds",
            n_validation: 20,
            n_people: 100,
            n_seeds: 5,
            k: &[1.0, 2.0, 5.0],
            n_folds: 1,
        },
        Setting {
            name: "many people and seeds",
            n_validation: 20,
            n_people: 100,
            n_seeds: 20,
            k: &[1.0, 5.0],
            n_folds: 1,
        },
        Setting {
            name: "ten folds of 60 people",
            n_validation: 6,
            n_people: 60,
            n_seeds: 5,
            k: &[1.0, 5.0],
            n_folds: 10,
        },
    ];

    /// The faces that judge.
    fn judged(&self) -> Faces {
        if self.n_folds > 1 { (Part::Test, String::new()) } else { (Part::Unseen, made::UNSEEN.to_owned()) }
    }
}

/// What came of one study.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Trial {
    /// Whether all true gains are 0.
    is_null: bool,
    /// Largest true gain of any k, 0 included.
    best_gain: f64,
    /// True gain of k̂.
    chosen_gain: f64,
    /// Whether k̂ is above 0.
    chose_mix: bool,
    /// Whether the interval at the compared k holds its true gain.
    is_covered: bool,
    /// Whether the band of the curve holds the true gains of all k.
    band_covered: bool,
    /// The same of the bootstrap's interval, where it was asked for.
    bootstrap_covered: Option<bool>,
    /// What is said with all seeds.
    plain: Said,
    /// What is said when seeds are added until the answer is settled.
    until_sure: Said,
    /// Whether "less than two points" would be said if the truth were two points, the limit: the mean moved there, its
    /// doubt kept.
    called_small_at_the_limit: bool,
}

/// What a study says.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Said {
    /// Seeds that it took.
    n_seeds: u32,
    /// True gain of the k that it speaks of, in shares.
    truth: f64,
    /// What its first difference shows, whether or not that k is chosen.
    shown: Verdict,
    /// What its answer says of it.
    answer: Verdict,
}

/// Makes studies of a setting and judges them. `with_bootstrap` adds the bootstrap's own coverage, which takes longer.
pub fn check_setting(setting: &Setting, n_studies: u64, seeds: Seeds, with_bootstrap: bool) -> SettingReport {
    let trial = |study: u64| trial(setting, seeds.child(setting.name, study), study.is_multiple_of(2), with_bootstrap);
    let trials: Vec<Trial> = (0..n_studies).into_par_iter().map(trial).collect();
    SettingReport::of(setting, &trials)
}

fn trial(setting: &Setting, seeds: Seeds, is_null: bool, with_bootstrap: bool) -> Trial {
    let made = make(setting, seeds, is_null);
    let judged = judge(setting, &made, setting.n_seeds, RISK);
    let bootstrap_covered = with_bootstrap.then(|| {
        let [low, high] = percentile_interval(&judged.layout.grid, &mut seeds.stream("bootstrap", &[]));
        (low..=high).contains(&judged.said.truth)
    });
    let looks = looks(setting.n_seeds);
    let settled = looks.iter().find_map(|look| {
        let said = judge(setting, &made, look.n_seeds, look.risk).said;
        (said.answer.is_settled() || look.n_seeds == setting.n_seeds).then_some(said)
    });
    let (doubt, mean) = (judged.layout.doubt(), judged.layout.mean);
    Trial {
        is_null,
        best_gain: made.gains.values().fold(0.0, |best, gain| gain.max(best)),
        chosen_gain: made.gain(judged.chosen),
        chose_mix: judged.chosen > MixtureRatio::ZERO,
        is_covered: judged.interval.is_some_and(|[low, high]| (low..=high).contains(&judged.said.truth)),
        band_covered: band_holds(setting, &made, seeds),
        bootstrap_covered,
        plain: judged.said,
        until_sure: settled.unwrap_or(judged.said),
        called_small_at_the_limit: doubt.p_equivalent(mean - judged.said.truth + SMALL, SMALL) < RISK,
    }
}

/// Whether the simultaneous band holds every true gain.
fn band_holds(setting: &Setting, made: &Made, seeds: Seeds) -> bool {
    let faces = setting.judged();
    let series = |k| made.outcomes.series(&Treatment::on_curve(k, None), &faces);
    let baseline = series(MixtureRatio::ZERO);
    let layout = |k: &MixtureRatio| Some((*k, Layout::of_difference(&faces, &series(*k), &baseline)?));
    let curve: BTreeMap<MixtureRatio, Layout> = made.gains.keys().filter_map(layout).collect();
    let holds = |(k, _, [low, high]): (MixtureRatio, &Layout, [f64; 2])| (low..=high).contains(&made.gain(k));
    band(&curve, &mut seeds.stream("band", &[])).into_iter().all(holds)
}

struct Judged {
    chosen: MixtureRatio,
    layout: Layout,
    interval: Option<[f64; 2]>,
    said: Said,
}

/// The chain: choose on validation, open the judged faces at the compared k.
fn judge(setting: &Setting, made: &Made, n_seeds: u32, risk: f64) -> Judged {
    let outcomes = made.outcomes.first_seeds(n_seeds);
    let choice = choose_k_on(outcomes.validation()).expect("every simulated study has a mix");
    let faces = setting.judged();
    let series = |k| outcomes.series(&Treatment::on_curve(k, None), &faces);
    let layout = Layout::of_difference(&faces, &series(choice.compared), &series(MixtureRatio::ZERO))
        .expect("every made cell judges every person");
    let (doubt, mean) = (layout.doubt(), layout.mean);
    let shown = Verdict::of(mean, doubt.p_two_sided(mean), doubt.p_equivalent(mean, SMALL), risk);
    Judged {
        chosen: choice.chosen,
        interval: doubt.claimed_interval(mean, layout.baseline_mean),
        said: Said { n_seeds, truth: made.gain(choice.compared), shown, answer: shown.where_chosen(choice.chosen) },
        layout,
    }
}
