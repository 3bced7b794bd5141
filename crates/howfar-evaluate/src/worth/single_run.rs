//! What a single run for every k would have claimed on the same faces.
//!
//! In: what each seed reached at every k. Out: a [`SingleRun`] for test people and each unseen database. A paper that
//! trains once for every k and looks at the judged faces reports the most accurate k above 0 (the smaller of equals)
//! and its gain over k = 0 of the same seed; without a gain it reports none. Which seed it has at each k is chance: one
//! of the study's, each as likely, independent from k to k. The chances are exact, nothing is drawn: a seed's run at k
//! is the reported one with 1/S · Π P(the run at another k is less accurate), S seeds and the product over other k. The
//! faces stay the same, so this is the luck of training alone.

use std::collections::BTreeMap;

use howfar_protocol::{MixtureRatio, Part, Track, Treatment};

use crate::counting::numbers::{PERCENT, mean_of};
use crate::results::single_run::{SeedAccuracies, SingleRun, SingleRunAt};
use crate::words::wording::{joined, points};

/// Percent nearer than this are equal: shares with 53 bits.
const ROUNDING: f64 = 1e-9;
/// Ends of the middle 90 % of claims.
const RANGE: [f64; 2] = [0.05, 0.95];

/// One entry for test people and each unseen database with two seeds at least.
pub(crate) fn single_run(track: &Track, by_seed: &[SeedAccuracies]) -> Vec<SingleRun> {
    let baselines = by_seed.iter().filter(|row| row.treatment == Treatment::BASELINE);
    baselines.filter_map(|baseline| on_faces(track, by_seed, baseline)).collect()
}

/// A seed's run at some k.
#[derive(Debug, Clone, Copy)]
struct Run {
    accuracy: f64,
    /// Over k = 0 of the same seed.
    gain: f64,
}

/// A run that could have been reported, and with which probability.
struct Claim {
    k_idx: usize,
    gain: f64,
    probability: f64,
}

fn on_faces(track: &Track, by_seed: &[SeedAccuracies], baseline: &SeedAccuracies) -> Option<SingleRun> {
    let of_zero: BTreeMap<u32, f64> = baseline.seeds.iter().copied().zip(baseline.accuracy_percent.clone()).collect();
    let mut curve: BTreeMap<MixtureRatio, Vec<Run>> = BTreeMap::new();
    for row in by_seed.iter().filter(|row| (row.part, &row.set) == (baseline.part, &baseline.set)) {
        let Some(k) = row.treatment.curve_k().filter(|k| *k > MixtureRatio::ZERO) else { continue };
        if row.treatment != track.on_curve(k) {
            continue;
        }
        let run =
            |(seed, accuracy): (&u32, &f64)| Some(Run { accuracy: *accuracy, gain: accuracy - of_zero.get(seed)? });
        let runs: Vec<Run> = row.seeds.iter().zip(&row.accuracy_percent).filter_map(run).collect();
        curve.insert(k, runs);
    }
    curve.retain(|_, runs| !runs.is_empty());
    let n_seeds = curve.values().map(Vec::len).min().unwrap_or(0);
    if n_seeds < 2 {
        return None;
    }
    Some(summed(baseline.part, &baseline.set, n_seeds, &curve))
}

fn summed(part: Part, set: &str, n_seeds: usize, curve: &BTreeMap<MixtureRatio, Vec<Run>>) -> SingleRun {
    let runs: Vec<&[Run]> = curve.values().map(Vec::as_slice).collect();
    let (claims, none): (Vec<Claim>, Vec<Claim>) = claims(&runs).into_iter().partition(|c| c.gain > ROUNDING);
    let truths: Vec<f64> =
        runs.iter().map(|runs| mean_of(&runs.iter().map(|run| run.gain).collect::<Vec<f64>>())).collect();
    let share = |claims: &[&Claim]| claims.iter().map(|c| c.probability).sum::<f64>();
    let mean = |claims: &[&Claim], value: &dyn Fn(&Claim) -> f64| {
        let all = share(claims);
        (all > 0.0).then(|| claims.iter().map(|c| c.probability * value(c)).sum::<f64>() / all)
    };
    let at = curve.keys().enumerate().map(|(k_idx, k)| {
        let own: Vec<&Claim> = claims.iter().filter(|c| c.k_idx == k_idx).collect();
        SingleRunAt {
            k: *k,
            reported_percent: PERCENT * share(&own),
            claimed_points: mean(&own, &|c| c.gain),
            true_points: truths[k_idx],
        }
    });
    let all: Vec<&Claim> = claims.iter().collect();
    let claimed = mean(&all, &|c| c.gain);
    let truth = mean(&all, &|c| truths[c.k_idx]);
    let mut single = SingleRun {
        part,
        set: set.to_owned(),
        n_seeds,
        at: at.collect(),
        none_percent: PERCENT * share(&none.iter().collect::<Vec<_>>()),
        claimed_points: claimed,
        claimed_range_points: claimed.map(|_| RANGE.map(|share| quantile(&claims, share))),
        true_points: truth,
        optimism_points: claimed.zip(truth).map(|(claimed, truth)| claimed - truth),
        sentence: String::new(),
    };
    single.sentence = sentence(&single);
    single
}

/// Every run that could be the most accurate one, with its probability.
fn claims(curve: &[&[Run]]) -> Vec<Claim> {
    let beats = |k_idx: usize, run: &Run, other_idx: usize| {
        let other = curve[other_idx];
        // Of equals the smaller k is reported.
        let margin = if other_idx < k_idx { -ROUNDING } else { ROUNDING };
        other.iter().filter(|r| r.accuracy < run.accuracy + margin).count() as f64 / other.len() as f64
    };
    let mut all = Vec::new();
    for (k_idx, runs) in curve.iter().enumerate() {
        for run in *runs {
            let others = (0..curve.len()).filter(|other| *other != k_idx);
            let wins: f64 = others.map(|other| beats(k_idx, run, other)).product();
            all.push(Claim { k_idx, gain: run.gain, probability: wins / runs.len() as f64 });
        }
    }
    all
}

/// The smallest gain that at least this share of the claims does not exceed.
fn quantile(claims: &[Claim], share: f64) -> f64 {
    let mut sorted: Vec<&Claim> = claims.iter().filter(|c| c.probability > 0.0).collect();
    sorted.sort_by(|a, b| a.gain.total_cmp(&b.gain));
    let all: f64 = sorted.iter().map(|c| c.probability).sum();
    let mut sum = 0.0;
    for claim in &sorted {
        sum += claim.probability;
        if sum >= share * all - ROUNDING {
            return claim.gain;
        }
    }
    sorted.last().map_or(f64::NAN, |claim| claim.gain)
}

fn sentence(single: &SingleRun) -> String {
    let none = (single.none_percent >= 0.5).then(|| format!("{:.0} no gain", single.none_percent));
    let (Some(claimed), Some([low, high]), Some(truth)) =
        (single.claimed_points, single.claimed_range_points, single.true_points)
    else {
        return "No paper with one run for every k would have reported a gain.".to_owned();
    };
    let mut reported: Vec<&SingleRunAt> = single.at.iter().filter(|at| at.reported_percent >= 0.5).collect();
    reported.sort_by(|a, b| b.reported_percent.total_cmp(&a.reported_percent));
    let named: Vec<String> =
        reported.iter().map(|at| format!("{:.0} k = {}", at.reported_percent, at.k)).chain(none).collect();
    format!(
        "Of 100 papers with one run for every k, {}; with a gain of {} points on average (5 to 95 % of them: {} to \
            {}) where all seeds together find {} at the same k.",
        joined(&named).replacen(' ', " would have reported ", 1),
        points(claimed),
        points(low),
        points(high),
        points(truth)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn k(value: f64) -> MixtureRatio {
        MixtureRatio::new(value).unwrap()
    }

    fn curve(of_k: &[(f64, &[(f64, f64)])]) -> BTreeMap<MixtureRatio, Vec<Run>> {
        let run = |(accuracy, zero): &(f64, f64)| Run { accuracy: *accuracy, gain: accuracy - zero };
        of_k.iter().map(|(at, runs)| (k(*at), runs.iter().map(run).collect())).collect()
    }

    /// The same by going through every draw.
    fn enumerated(curve: &BTreeMap<MixtureRatio, Vec<Run>>) -> (Vec<f64>, f64, f64, f64) {
        let runs: Vec<&Vec<Run>> = curve.values().collect();
        let n: usize = runs.iter().map(|runs| runs.len()).product();
        let (mut shares, mut none, mut sum, mut truth) = (vec![0.0; runs.len()], 0.0, 0.0, 0.0);
        for mut draw in 0..n {
            let mut best: Option<(usize, Run)> = None;
            for (k_idx, of_k) in runs.iter().enumerate() {
                let run = of_k[draw % of_k.len()];
                draw /= of_k.len();
                if best.is_none_or(|(_, own)| run.accuracy > own.accuracy) {
                    best = Some((k_idx, run));
                }
            }
            let (k_idx, run) = best.unwrap();
            if run.gain > 0.0 {
                shares[k_idx] += 100.0 / n as f64;
                sum += run.gain;
                truth += runs[k_idx].iter().map(|r| r.gain).sum::<f64>() / runs[k_idx].len() as f64;
            } else {
                none += 100.0 / n as f64;
            }
        }
        let n_claims = n as f64 * (1.0 - none / 100.0);
        (shares, none, sum / n_claims, truth / n_claims)
    }

    #[test]
    fn the_chances_are_those_of_going_through_all_draws() {
        let zero = [50.0, 54.0, 52.0];
        let with = |accuracies: [f64; 3]| [0, 1, 2].map(|i| (accuracies[i], zero[i]));
        let of_k = [with([55.0, 53.0, 58.0]), with([58.0, 50.0, 55.0]), with([49.0, 60.0, 58.0])];
        let curve = curve(&[(1.0, &of_k[0]), (2.0, &of_k[1]), (5.0, &of_k[2])]);
        let single = summed(Part::Test, "", 3, &curve);
        let (shares, none, claimed, truth) = enumerated(&curve);
        for (at, share) in single.at.iter().zip(shares) {
            assert!((at.reported_percent - share).abs() < 1e-9, "{single:?}");
        }
        assert!((single.none_percent - none).abs() < 1e-9, "{single:?}");
        assert!((single.claimed_points.unwrap() - claimed).abs() < 1e-9, "{single:?}");
        assert!((single.true_points.unwrap() - truth).abs() < 1e-9, "{single:?}");
        assert!(single.optimism_points.unwrap() > 0.0, "the best of several runs is too rosy: {single:?}");
        println!("{}", single.sentence);
    }

    #[test]
    fn equals_go_to_the_smaller_k_and_without_luck_the_claim_is_the_truth() {
        let same = [(60.0, 50.0), (60.0, 50.0)];
        let single = summed(Part::Test, "", 2, &curve(&[(1.0, &same), (2.0, &same)]));
        assert_eq!((single.at[0].reported_percent, single.at[1].reported_percent), (100.0, 0.0));
        let expected = "Of 100 papers with one run for every k, 100 would have reported k = 1; with a gain of +10.0 \
            points on average (5 to 95 % of them: +10.0 to +10.0) where all seeds together find +10.0 at the same k.";
        assert_eq!(single.sentence, expected);
    }

    #[test]
    fn without_a_gain_none_is_reported() {
        let single = summed(Part::Test, "", 2, &curve(&[(1.0, &[(45.0, 50.0), (44.0, 50.0)])]));
        assert_eq!((single.none_percent, single.claimed_points, single.optimism_points), (100.0, None, None));
        assert!(single.sentence.starts_with("No paper"));
    }
}
