//! Studies with a known truth, and how often the chain from cells to a claim is right about them.
//!
//! In: a [`Setting`] and how many studies. Out: a [`SettingReport`]. A simulated study goes through the same functions
//! as a real one: k is chosen on validation people, then the difference on the judged faces gets its interval and its
//! verdict. Every study has a stream of its own, so no number depends on the number of threads.

mod law;
mod made;
mod report;

use std::collections::BTreeMap;

use howfar_protocol::{ChooseRule, MixtureRatio, Part, Treatment};
use howfar_random::Seeds;
use rayon::prelude::*;

use crate::choosing::choice::{Choosers, choose_k_on};
use crate::choosing::until_sure::{RISK, looks};
use crate::choosing::verdict::{SMALL, Verdict};
use crate::counting::outcomes::Faces;
use crate::intervals::bootstrap::percentile_interval;
use crate::intervals::interval::Doubt;
use crate::intervals::paired::Layout;
use crate::results::Choice;
use crate::worth::claims::spread_of_ways;
use crate::worth::how_far::band;
pub use law::{LawReport, check_law};
use made::{Made, make};
pub use report::{Bound, SettingReport, Share};

/// What a simulated study looks like.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// Validation people, where an unseen database judges; of test people a fifth, or a fold.
    pub n_validation: usize,
    /// People who judge: of an unseen database; where there are folds or [`Setting::tests_at_home`] all labelled
    /// people.
    pub n_people: usize,
    /// Repetitions of every cell.
    pub n_seeds: u32,
    /// All k above 0.
    pub k: &'static [f64],
    /// Folds; 1 without.
    pub n_folds: u32,
    /// Whether test people judge though there are no folds.
    pub tests_at_home: bool,
    /// Whether every seed has a split of its own.
    pub is_redrawn: bool,
    /// Whether labelled faces alone are trained for the steps of every k.
    pub has_ladder: bool,
    /// Whether the best k abroad is another than at home.
    pub differs_abroad: bool,
    /// What a sample of training people does for the mix: uniform in ± this share.
    pub sample: f64,
    /// What a generator that was trained does for it.
    pub generator: f64,
}

/// An unseen database of 100 people, five seeds, three k, nothing else.
const PLAIN: Setting = Setting {
    name: "many people, five seeds",
    n_validation: 20,
    n_people: 100,
    n_seeds: 5,
    k: &[1.0, 2.0, 5.0],
    n_folds: 1,
    tests_at_home: false,
    is_redrawn: false,
    has_ladder: false,
    differs_abroad: false,
    sample: 0.0,
    generator: 0.0,
};

impl Setting {
    /// The paper's people and k.
    pub const PAPER: Self = Setting {
        name: "the paper's people and k",
        n_validation: 10,
        n_people: 25,
        n_seeds: 8,
        k: &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 10.0, 15.0, 20.0],
        ..PLAIN
    };

    /// Those that `howfar study check-statistics` runs.
    pub const ALL: [Self; 13] = [
        Setting { name: "few people, three seeds", n_validation: 6, n_people: 10, n_seeds: 3, ..PLAIN },
        Setting { name: "few people, five seeds", n_validation: 6, n_people: 12, ..PLAIN },
        Self::PAPER,
        PLAIN,
        Setting { name: "many people and seeds", n_seeds: 20, k: &[1.0, 5.0], ..PLAIN },
        Setting {
            name: "ten folds of 60 people",
            n_validation: 6,
            n_people: 60,
            n_folds: 10,
            tests_at_home: true,
            k: &[1.0, 5.0],
            ..PLAIN
        },
        Setting { name: "a ladder of budgets", has_ladder: true, ..PLAIN },
        Setting { name: "another k abroad", differs_abroad: true, has_ladder: true, n_seeds: 10, ..PLAIN },
        Setting { name: "redrawn splits", is_redrawn: true, has_ladder: true, sample: 0.02, n_seeds: 10, ..PLAIN },
        Setting { name: "redrawn splits that matter", is_redrawn: true, sample: 0.06, n_seeds: 10, ..PLAIN },
        Setting {
            name: "redrawn splits, test people",
            is_redrawn: true,
            tests_at_home: true,
            has_ladder: true,
            sample: 0.02,
            n_people: 110,
            n_seeds: 10,
            ..PLAIN
        },
        Setting { name: "one split of many", sample: 0.06, n_seeds: 10, ..PLAIN },
        Setting { name: "one generator of many", generator: 0.06, is_redrawn: true, n_seeds: 10, ..PLAIN },
    ];

    /// Whether an unseen database judges.
    fn judges_abroad(&self) -> bool {
        !self.tests_at_home
    }

    /// The faces that judge.
    fn judged(&self) -> Faces {
        if self.tests_at_home { (Part::Test, String::new()) } else { (Part::Unseen, made::UNSEEN.to_owned()) }
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
    /// Whether the interval at the compared k holds its true gain: of these training people where they are one sample,
    /// and of this generator.
    is_covered: bool,
    /// Whether it holds that of other samples and generators.
    is_covered_beyond: bool,
    /// True gain of what each way to choose takes, less the best, in shares.
    regrets: [f64; 4],
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
    let (doubt, mean) = (judged.doubt, judged.layout.mean);
    Trial {
        is_null,
        best_gain: made.gains.values().fold(0.0, |best, gain| gain.max(best)),
        chosen_gain: made.gain(judged.chosen),
        chose_mix: judged.chosen > MixtureRatio::ZERO,
        is_covered: judged.holds(judged.said.truth),
        is_covered_beyond: judged.holds(judged.said.truth - made.shift),
        regrets: regrets(&made),
        band_covered: band_holds(setting, &made, seeds, &judged.choice),
        bootstrap_covered,
        plain: judged.said,
        until_sure: settled.unwrap_or(judged.said),
        called_small_at_the_limit: doubt.p_equivalent(mean - judged.said.truth + SMALL, SMALL) < RISK,
    }
}

/// Ways to choose k: on whom, by which rule.
const WAYS: [(&str, bool, ChooseRule); 4] = [
    ("at home, within one standard error", false, ChooseRule::OneStandardError),
    ("at home, the best", false, ChooseRule::BestMean),
    ("abroad, within one standard error", true, ChooseRule::OneStandardError),
    ("abroad, the best", true, ChooseRule::BestMean),
];

/// What each of [`WAYS`] gives away of the best true gain on the judged faces.
fn regrets(made: &Made) -> [f64; 4] {
    let best = made.gains.values().fold(0.0, |best: f64, gain| gain.max(best));
    WAYS.map(|(_, is_abroad, rule)| {
        let choosers = if is_abroad { Choosers::database(made::CHOOSING, 0) } else { Choosers::validation(0) };
        let choice = choose_k_on(&made.curve, &choosers.by(rule).without_shares(), made.outcomes.validation());
        choice.map_or(best, |choice| best - made.gain(choice.chosen))
    })
}

/// Whether the simultaneous band holds every true gain.
fn band_holds(setting: &Setting, made: &Made, seeds: Seeds, choice: &Choice) -> bool {
    let faces = setting.judged();
    let series = |k| made.outcomes.series(&choice.at(k, None), &faces);
    let baseline = series(MixtureRatio::ZERO);
    let layout = |k: &MixtureRatio| Some((*k, Layout::of_difference(&faces, &series(*k), &baseline)?));
    let curve: BTreeMap<MixtureRatio, Layout> = made.gains.keys().filter_map(layout).collect();
    let holds =
        |(k, _, [low, high]): (MixtureRatio, &Layout, [f64; 2])| (low..=high).contains(&(made.gain(k) + made.shift));
    let spread = spread_of_ways(&made.outcomes, choice, None, MixtureRatio::ZERO, &faces);
    band(&curve, spread, &mut seeds.stream("band", &[])).into_iter().all(holds)
}

struct Judged {
    choice: Choice,
    chosen: MixtureRatio,
    layout: Layout,
    doubt: Doubt,
    interval: Option<[f64; 2]>,
    said: Said,
}

impl Judged {
    fn holds(&self, truth: f64) -> bool {
        self.interval.is_some_and(|[low, high]| (low..=high).contains(&truth))
    }
}

/// The chain: choose on validation, open the judged faces at the compared k.
fn judge(setting: &Setting, made: &Made, n_seeds: u32, risk: f64) -> Judged {
    let outcomes = made.outcomes.first_seeds(n_seeds);
    let choosers = Choosers::validation(0);
    let choosers = if setting.has_ladder { choosers } else { choosers.without_shares() };
    let choice = choose_k_on(&made.curve, &choosers, outcomes.validation()).expect("every simulated study has a mix");
    let faces = setting.judged();
    let [mix, baseline] = [choice.compared, MixtureRatio::ZERO].map(|k| choice.at(k, None));
    let series = |treatment: &Treatment| outcomes.series(treatment, &faces);
    let layout =
        Layout::of_difference(&faces, &series(&mix), &series(&baseline)).expect("every made cell judges every person");
    let mean = layout.mean;
    let spread = spread_of_ways(&outcomes, &choice, None, MixtureRatio::ZERO, &faces);
    let doubt = layout.doubt().with(spread);
    let shown = Verdict::of(mean, doubt.p_two_sided(mean), doubt.p_equivalent(mean, SMALL), risk);
    let truth = made.gain(choice.compared) + made.shift;
    Judged {
        chosen: choice.chosen,
        interval: doubt.claimed_interval(mean, layout.baseline_mean),
        said: Said { n_seeds, truth, shown, answer: shown.where_chosen(choice.chosen) },
        choice,
        doubt,
        layout,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]
mod tests {
    use super::*;

    /// Six disjoint samples of ten training identities gave differences with a deviation of 5.3 points where intervals
    /// on one sample each stood on an error of 3.5: a redrawn split must cover what other samples give, and one split
    /// says that it does not.
    #[test]
    fn redrawn_splits_cover_other_samples_of_people_and_one_split_does_not() {
        let named = |name: &str| Setting::ALL.into_iter().find(|setting| setting.name == name).unwrap();
        let covered_beyond = |setting: &Setting| {
            let studies = 400;
            let trials = (0..studies).map(|study| trial(setting, Seeds::new(5).child("samples", study), false, false));
            trials.filter(|trial| trial.is_covered_beyond).count() as f64 / studies as f64
        };
        let redrawn = covered_beyond(&named("redrawn splits that matter"));
        assert!(redrawn >= 0.92, "{redrawn}");
        let one = covered_beyond(&named("one split of many"));
        assert!(one < 0.75, "{one}");
    }
}
