//! How often the chain was right in one setting, with the bounds that it must keep.

use serde::Serialize;

use super::{Said, Setting, Trial, WAYS};
use crate::choosing::verdict::{SMALL, Verdict};
use crate::counting::numbers::PERCENT;

/// A share with the standard error that the number of studies leaves, both in percent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    /// The share.
    pub percent: f64,
    /// Its standard error.
    pub error_points: f64,
    /// Studies that it was taken over.
    pub n_studies: usize,
}

/// A bound that was asked for and whether it holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bound {
    /// What is bounded.
    pub what: &'static str,
    /// The measured share.
    pub share: Share,
    /// Lowest and highest share allowed, in percent.
    pub allowed_percent: [f64; 2],
    /// Whether the share lies within.
    pub holds: bool,
}

/// What a setting's studies showed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SettingReport {
    /// The setting.
    pub name: &'static str,
    /// People who judge.
    pub n_people: usize,
    /// Seeds.
    pub n_seeds: u32,
    /// k above 0.
    pub n_k: usize,
    /// Folds; 1 without.
    pub n_folds: u32,
    /// Simulated studies.
    pub n_studies: usize,
    /// Coverage and false alarms.
    pub bounds: Vec<Bound>,
    /// Where nothing helps: gains by their p at a k above 0 that was not chosen, and that no answer claims therefore.
    pub gain_that_was_not_chosen: Share,
    /// "Less than 2 points" if every truth were 2 points, the worst case for it.
    pub small_at_the_limit: Share,
    /// "Less than 2 points" where nothing helps: how often the finding is made at all.
    pub small_where_nothing_helps: Share,
    /// Coverage of the crossed percentile bootstrap, where it was asked for.
    pub bootstrap_coverage: Option<Share>,
    /// Where one sample of training people or one generator stands for many: coverage of what others would give, which
    /// the interval does not claim.
    pub beyond: Option<Share>,
    /// Mean true gain of the best k less that of k̂, in points.
    pub regret_points: f64,
    /// The same for each way to choose: on whom and by which rule.
    pub regrets_points: Vec<(&'static str, f64)>,
    /// Largest true gain (points, lower end of the bin) and the share of studies that say "helps".
    pub power: Vec<(f64, Share)>,
    /// Seeds that `--until-sure` did not need.
    pub seeds_saved_percent: f64,
}

/// Lower ends of the bins of true gains, in points.
const BINS: [f64; 4] = [1.0, 3.0, 5.0, 7.5];

impl SettingReport {
    pub(crate) fn of(setting: &Setting, trials: &[Trial]) -> Self {
        let covered = share(trials.iter().map(|t| t.is_covered));
        let band = share(trials.iter().map(|t| t.band_covered));
        let nulls = || trials.iter().filter(|t| t.is_null);
        let of_nulls = |is_false: &dyn Fn(&Trial) -> bool| share(nulls().map(is_false));
        let helps = |said: Said| said.answer == Verdict::Helps;
        // A sample of people or a generator may help where others would not: that is no false alarm.
        let helps_falsely = |said: Said| helps(said) && said.truth <= 0.0;
        // Of the studies whose difference is no small one.
        let called_small = |said: &dyn Fn(&Trial) -> Said| {
            let of_large = trials.iter().map(said).filter(|said| said.truth.abs() > SMALL);
            share(of_large.map(|said| said.answer == Verdict::Equivalent))
        };
        // Three or four seeds may be too careful: their quantiles are wide.
        let widest = if setting.n_seeds >= 5 { 97.5 } else { 100.0 };
        let power = BINS.iter().enumerate().map(|(i, low)| {
            let high = BINS.get(i + 1).copied().unwrap_or(f64::INFINITY);
            let in_bin = |t: &&Trial| (*low..high).contains(&(PERCENT * t.best_gain));
            (*low, share(trials.iter().filter(in_bin).map(|t| helps(t.plain))))
        });
        let regret = |t: &Trial| t.best_gain - t.chosen_gain;
        let n = trials.len().max(1) as f64;
        let n_seeds_used: u32 = trials.iter().map(|t| t.until_sure.n_seeds).sum();
        SettingReport {
            name: setting.name,
            n_people: setting.n_people,
            n_seeds: setting.n_seeds,
            n_k: setting.k.len(),
            n_folds: setting.n_folds,
            n_studies: trials.len(),
            bounds: vec![
                bound("the 95 % interval covers the truth", covered, [93.0, widest]),
                bound("the band holds all true gains", band, [93.0, 100.0]),
                // The sentence "lifts", whatever k was chosen.
                bound("\"helps\" where nothing helps", of_nulls(&|t| helps_falsely(t.plain)), [0.0, 5.0]),
                bound("the same with --until-sure", of_nulls(&|t| helps_falsely(t.until_sure)), [0.0, 5.0]),
                bound("\"less than 2 points\" where more", called_small(&|t| t.plain), [0.0, 5.0]),
                bound("the same with --until-sure", called_small(&|t| t.until_sure), [0.0, 5.0]),
            ],
            small_at_the_limit: share(trials.iter().map(|t| t.called_small_at_the_limit)),
            small_where_nothing_helps: of_nulls(&|t| t.plain.answer == Verdict::Equivalent),
            gain_that_was_not_chosen: of_nulls(&|t| t.plain.shown == Verdict::Helps && !helps(t.plain)),
            bootstrap_coverage: trials
                .iter()
                .any(|t| t.bootstrap_covered.is_some())
                .then(|| share(trials.iter().filter_map(|t| t.bootstrap_covered))),
            beyond: (setting.generator > 0.0 || (setting.sample > 0.0 && !setting.is_redrawn))
                .then(|| share(trials.iter().map(|t| t.is_covered_beyond))),
            regrets_points: (0..WAYS.len())
                .map(|i| (WAYS[i].0, PERCENT * trials.iter().map(|t| t.regrets[i]).sum::<f64>() / n))
                .collect(),
            regret_points: PERCENT * trials.iter().map(regret).sum::<f64>() / n,
            power: power.collect(),
            seeds_saved_percent: PERCENT * (1.0 - f64::from(n_seeds_used) / (n * f64::from(setting.n_seeds))),
        }
    }

    /// Whether every bound holds.
    pub fn holds(&self) -> bool {
        self.bounds.iter().all(|bound| bound.holds)
    }
}

pub(crate) fn share(hits: impl Iterator<Item = bool>) -> Share {
    let hits: Vec<bool> = hits.collect();
    let n = hits.len().max(1) as f64;
    let share = hits.iter().filter(|hit| **hit).count() as f64 / n;
    Share {
        percent: PERCENT * share,
        error_points: PERCENT * (share * (1.0 - share) / n).sqrt(),
        n_studies: hits.len(),
    }
}

fn bound(what: &'static str, share: Share, allowed_percent: [f64; 2]) -> Bound {
    let [low, high] = allowed_percent;
    Bound { what, share, allowed_percent, holds: (low..=high).contains(&share.percent) }
}
