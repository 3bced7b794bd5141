//! How far more faces help: the whole curve on the judged faces, what is not significantly different from its best, and
//! whether it falls.
//!
//! In: the outcomes of what stands at each k. Out: a [`HowFar`] for each judged set of faces. This describes: k̂ was
//! chosen on validation people before. All statements about one curve hold together with 95 %.

use std::collections::BTreeMap;

use howfar_protocol::{MixtureRatio, Track, Treatment};
use howfar_random::Seeds;

use crate::counting::numbers::PERCENT;
use crate::counting::outcomes::{Faces, Outcomes};
use crate::intervals::bootstrap::Draw;
use crate::intervals::interval::{Doubt, Grid, possible};
use crate::intervals::paired::Layout;
use crate::intervals::simultaneous::single_confidence;
use crate::results::{Choice, CurvePoint, Fall, HowFar, StudyFacts};
use crate::worth::claims::{in_order, judged_faces, set_name, spread_of_ways};

/// Times that people and seeds are drawn again to see where the best k falls.
const N_DRAWS: usize = 1000;

/// One entry for test people and each unseen database with at least two k above 0, or one where none could be chosen.
pub(crate) fn how_far(
    facts: &StudyFacts,
    outcomes: &Outcomes,
    track: &Track,
    at: &dyn Fn(MixtureRatio) -> Treatment,
    choice: Option<&Choice>,
) -> Vec<HowFar> {
    let judged = outcomes.treatments().flat_map(|treatment| judged_faces(facts, outcomes, treatment));
    in_order(facts, judged).iter().filter_map(|faces| on_faces(facts, outcomes, track, at, choice, faces)).collect()
}

fn on_faces(
    facts: &StudyFacts,
    outcomes: &Outcomes,
    track: &Track,
    at: &dyn Fn(MixtureRatio) -> Treatment,
    choice: Option<&Choice>,
    faces: &Faces,
) -> Option<HowFar> {
    let baseline = outcomes.series(&at(MixtureRatio::ZERO), faces);
    let series = |k: &MixtureRatio| outcomes.series(&at(*k), faces);
    let layout = |k: &MixtureRatio| Some((*k, Layout::of_difference(faces, &series(k), &baseline)?));
    let curve: BTreeMap<MixtureRatio, Layout> = facts.k.iter().skip(1).filter_map(layout).collect();
    let size = |grid: &Grid| (grid.n_units(), grid.n_seeds());
    let sizes = size(&curve.values().next()?.grid);
    let is_whole = curve.values().all(|layout| size(&layout.grid) == sizes && layout.n_left_out == 0);
    // Where k was chosen, a single one is what is claimed.
    let fewest = if choice.is_some() { 2 } else { 1 };
    if curve.len() < fewest || !is_whole || sizes.0 < 2 || sizes.1 < 2 {
        return None;
    }
    let (part, set) = faces;
    let name = format!("curve {} {} {set}", track.recipe.name(), part.name());
    let stream = |of: &str| Seeds::new(facts.seed).stream(&format!("{name}: {of}"), &[]);
    let point = |(k, layout, band): (MixtureRatio, &Layout, [f64; 2])| CurvePoint {
        k,
        difference_points: PERCENT * layout.mean,
        band_points: band.map(|end| PERCENT * end),
    };
    let source = track.source.as_deref();
    let spread = choice.map_or(0.0, |choice| spread_of_ways(outcomes, choice, source, MixtureRatio::ZERO, faces));
    let points: Vec<CurvePoint> = band(&curve, spread, &mut stream("band")).into_iter().map(point).collect();
    let pairs = Pairs::of(&curve, &mut stream("pairs"));
    let best = pairs.best;
    let indistinguishable: Vec<MixtureRatio> = pairs.k.iter().copied().filter(|k| !pairs.is_below_best(*k)).collect();
    let best_shares = best_shares(&pairs, &mut stream("place of the best"));
    let fall = pairs.k.last().copied().filter(|largest| *largest > best).map(|largest| {
        let (difference, interval) = pairs.difference(largest, best);
        Fall {
            from: best,
            to: largest,
            difference_points: PERCENT * difference,
            interval_points: interval.map(|end| PERCENT * end),
            is_clear: interval[1] < 0.0,
        }
    });
    Some(HowFar {
        part: *part,
        set: set_name(facts, faces),
        curve: points,
        best,
        smallest: indistinguishable.first().copied().unwrap_or(best),
        indistinguishable,
        best_shares_percent: best_shares,
        fall,
    })
}

/// The differences of a curve, each with an interval that holds together with the others with 95 %, in shares. `spread`
/// is the variance that the choice of what stands at k = 0 adds to each.
pub(crate) fn band<'l>(
    curve: &'l BTreeMap<MixtureRatio, Layout>,
    spread: f64,
    stream: &mut howfar_random::Stream,
) -> Vec<(MixtureRatio, &'l Layout, [f64; 2])> {
    let grids: Vec<Grid> = curve.values().map(|layout| layout.grid.clone()).collect();
    let confidence = single_confidence(&grids, stream);
    curve
        .iter()
        .map(|(k, layout)| {
            let interval = Doubt::of_one_among_several(&layout.grid).with(spread).interval_at(layout.mean, confidence);
            (*k, layout, possible(interval, layout.mean, layout.baseline_mean))
        })
        .collect()
}

/// All pairs of k, 0 included, as differences of their differences to k = 0.
struct Pairs {
    k: Vec<MixtureRatio>,
    grids: Vec<Grid>,
    best: MixtureRatio,
    confidence: f64,
}

impl Pairs {
    fn of(curve: &BTreeMap<MixtureRatio, Layout>, stream: &mut howfar_random::Stream) -> Self {
        let zero = curve.values().next().map(|layout| layout.grid.less(&layout.grid));
        let k: Vec<MixtureRatio> = std::iter::once(MixtureRatio::ZERO).chain(curve.keys().copied()).collect();
        let grids: Vec<Grid> = zero.into_iter().chain(curve.values().map(|layout| layout.grid.clone())).collect();
        // Of equals the smaller k is the better one.
        let best_idx = (0..grids.len()).rev().max_by(|a, b| grids[*a].mean().total_cmp(&grids[*b].mean())).unwrap_or(0);
        let all: Vec<Grid> =
            (0..grids.len()).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| grids[i].less(&grids[j])).collect();
        let confidence = single_confidence(&all, stream);
        Pairs { best: k[best_idx], k, grids, confidence }
    }

    fn grid(&self, k: MixtureRatio) -> &Grid {
        let idx = self.k.iter().position(|own| *own == k).expect("k is one of the curve's");
        &self.grids[idx]
    }

    /// Accuracy at `a` less that at `b`, in shares, with an interval that holds together with those of all pairs.
    fn difference(&self, a: MixtureRatio, b: MixtureRatio) -> (f64, [f64; 2]) {
        let grid = self.grid(a).less(self.grid(b));
        let mean = grid.mean();
        (mean, Doubt::of_one_among_several(&grid).interval_at(mean, self.confidence).map(|end| end.clamp(-1.0, 1.0)))
    }

    fn is_below_best(&self, k: MixtureRatio) -> bool {
        k != self.best && self.difference(k, self.best).1[1] < 0.0
    }
}

/// How often each k is the best when people and seeds are drawn again, in percent.
fn best_shares(pairs: &Pairs, stream: &mut howfar_random::Stream) -> Vec<(MixtureRatio, f64)> {
    let mut wins = vec![0_u32; pairs.k.len()];
    let first = &pairs.grids[0];
    for _ in 0..N_DRAWS {
        let draw = Draw::new(first.n_units(), first.n_seeds(), stream);
        let means: Vec<f64> = pairs.grids.iter().map(|grid| draw.mean(grid)).collect();
        let best = (0..means.len()).rev().max_by(|a, b| means[*a].total_cmp(&means[*b]));
        wins[best.unwrap_or(0)] += 1;
    }
    pairs.k.iter().zip(wins).map(|(k, n)| (*k, PERCENT * f64::from(n) / N_DRAWS as f64)).collect()
}
