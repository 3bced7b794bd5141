//! Fits a style to a set of pictures: moves light, camera and tone until drawn faces measure like the set's.
//!
//! In: a base style and gray pictures, without labels or persons. Out: a style, and how near it came. Reads no face
//! sets.
//!
//! Method: fourteen statistics of each picture (`image_statistics`), their medians and spreads over the set; the same
//! of a few hundred drawn faces, always the same identities, so that a change of the style alone changes them; then
//! damped Gauss-Newton steps on the style's values, held near the base where the statistics tell nothing.

use std::ops::ControlFlow;

use howfar_face::{Expression, Fault};
use rayon::prelude::*;

use crate::average_face::AverageFace;
use crate::draw::{FaceSpec, draw_face};
use crate::fit_parameters::{FIT_PARAMETERS, allowed, settings, with_settings};
use crate::head::HeadModel;
use crate::image_statistics::{ImageStatistics, N_STATISTICS, SetStatistics, measure};
use crate::linear::solve;
use crate::style::Style;

/// Pictures below which medians and spreads are guesses.
pub const FEWEST_FACES: usize = 50;
/// Pull towards the base, in squared spreads a squared step: decides only what the statistics leave open.
const RIDGE: f64 = 0.01;
/// Longest move of a value in one round, in steps: the statistics are straight lines only nearby.
const LONGEST_MOVE: f64 = 3.0;
/// Seed of the faces drawn while fitting, and of those drawn to see how near the style came.
const SEEDS: [u64; 2] = [1, 2];

/// How much work a fit may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FitEffort {
    /// Faces drawn for each trial.
    pub n_faces: u32,
    /// Faces drawn to see how near the base and the fitted style are.
    pub n_table_faces: u32,
    /// How often the effect of each value is measured anew.
    pub n_surveys: usize,
    /// Trials after each of them.
    pub n_trials: usize,
}

impl Default for FitEffort {
    /// Medians of 180 faces are good to a tenth of a spread; two surveys halve what one leaves.
    fn default() -> Self {
        FitEffort { n_faces: 180, n_table_faces: 600, n_surveys: 2, n_trials: 5 }
    }
}

/// A fitted style and how near it came.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedStyle {
    /// The style.
    pub style: Style,
    /// What the set statistics.
    pub set: SetStatistics,
    /// What faces of the base measure.
    pub base: SetStatistics,
    /// What faces of the fitted style measure; other identities than those of the fit.
    pub fitted: SetStatistics,
}

impl FittedStyle {
    /// How far drawn faces are from the set, before and after: root mean square over medians and spreads, in spreads of
    /// the set.
    pub fn distances(&self) -> [f64; 2] {
        let scales = scales(&self.set, &self.base);
        [&self.base, &self.fitted].map(|drawn| {
            let gap = differences(&self.set, drawn, &scales);
            (gap.iter().map(|d| d * d).sum::<f64>() / gap.len() as f64).sqrt()
        })
    }
}

/// Collects pictures, then fits.
#[derive(Debug)]
pub struct StyleFitter {
    base: Style,
    side: u32,
    average: AverageFace,
    pictures: Vec<ImageStatistics>,
}

impl StyleFitter {
    /// For pictures of `side` × `side` pixels.
    pub fn new(base: &Style, side: u32) -> Self {
        // The streams of random numbers carry the style's name: fitted under one name, all trials draw the same
        // identities.
        let base = Style { name: "fit".to_owned(), ..base.clone() };
        StyleFitter { average: AverageFace::new(&base), base, side, pictures: Vec::new() }
    }

    /// Measures pictures, on all cores.
    ///
    /// # Shapes
    /// each `[side, side]` gray levels, rows from the top
    pub fn add(&mut self, pictures: &[Vec<u8>]) {
        let side = self.side as usize;
        let measured: Vec<ImageStatistics> = pictures.par_iter().map(|p| measure(p, side, &self.average)).collect();
        self.pictures.extend(measured);
    }

    /// Pictures measured.
    pub fn n_faces(&self) -> usize {
        self.pictures.len()
    }

    /// Trials that `fit` will make, for a progress bar.
    pub fn n_trials(effort: FitEffort) -> u64 {
        (effort.n_surveys * (2 * FIT_PARAMETERS.len() + effort.n_trials)) as u64 + 1
    }

    /// Fits. `progress` is told the trials done and may stop the work.
    pub fn fit(
        &self,
        name: &str,
        effort: FitEffort,
        progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<FittedStyle, Fault> {
        if self.pictures.len() < FEWEST_FACES {
            return Err(Fault::data("the set to fit to", "too few faces")
                .found(self.pictures.len())
                .expected(format!("{FEWEST_FACES} or more; some hundred are better"))
                .hint("prepare more pictures, or write a style file by hand: docs/styles.md"));
        }
        let set = SetStatistics::of(&self.pictures);
        let mut search = Search::new(self, &set, effort, progress)?;
        for _ in 0..effort.n_surveys {
            search.round()?;
        }
        let values = search.values;
        let style = with_settings(&self.base, &values);
        let base = self.drawn(&self.base, SEEDS[1], effort.n_table_faces);
        let fitted = self.drawn(&style, SEEDS[1], effort.n_table_faces);
        Ok(FittedStyle { style: Style { name: name.to_owned(), ..style }, set, base, fitted })
    }

    /// Measures of faces drawn in a style: every identity once, expressions in turn.
    fn drawn(&self, style: &Style, seed: u64, n_faces: u32) -> SetStatistics {
        let pictures: Vec<ImageStatistics> = (0..n_faces)
            .into_par_iter()
            .map(|i| {
                let expression = Expression::SIX[i as usize % 6];
                let face = draw_face(HeadModel::shared(), style, seed, &FaceSpec::full(i, expression), self.side);
                measure(&face.pixels, self.side as usize, &self.average)
            })
            .collect();
        SetStatistics::of(&pictures)
    }
}

/// What counts as 1 for each measure: the set's spread, or a quarter of the base's where the set hardly varies.
fn scales(set: &SetStatistics, base: &SetStatistics) -> [f32; N_STATISTICS] {
    std::array::from_fn(|i| set.spread[i].max(0.25 * base.spread[i]).max(1e-3))
}

/// Medians, then spreads: drawn minus set.
fn differences(set: &SetStatistics, drawn: &SetStatistics, scales: &[f32; N_STATISTICS]) -> Vec<f64> {
    let gap = |drawn: &ImageStatistics, set: &ImageStatistics| -> Vec<f64> {
        (0..N_STATISTICS).map(|i| f64::from((drawn[i] - set[i]) / scales[i])).collect()
    };
    [gap(&drawn.median, &set.median), gap(&drawn.spread, &set.spread)].concat()
}

/// The state of a fit.
struct Search<'a> {
    fitter: &'a StyleFitter,
    set: &'a SetStatistics,
    scales: [f32; N_STATISTICS],
    effort: FitEffort,
    start: Vec<f64>,
    values: Vec<f64>,
    gaps: Vec<f64>,
    damping: f64,
    n_done: u64,
    progress: &'a mut dyn FnMut(u64) -> ControlFlow<()>,
}

impl<'a> Search<'a> {
    fn new(
        fitter: &'a StyleFitter,
        set: &'a SetStatistics,
        effort: FitEffort,
        progress: &'a mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<Self, Fault> {
        let start = allowed(&settings(&fitter.base));
        let base = fitter.drawn(&fitter.base, SEEDS[0], effort.n_faces);
        let scales = scales(set, &base);
        let gaps = differences(set, &base, &scales);
        let values = start.clone();
        Ok(Search { fitter, set, scales, effort, start, values, gaps, damping: 0.05, n_done: 0, progress })
    }

    fn trial(&mut self, values: &[f64]) -> Result<Vec<f64>, Fault> {
        let style = with_settings(&self.fitter.base, values);
        let drawn = self.fitter.drawn(&style, SEEDS[0], self.effort.n_faces);
        self.n_done += 1;
        if (self.progress)(self.n_done).is_break() {
            return Err(Fault::interrupted("the style was not fitted to its end; nothing was written"));
        }
        Ok(differences(self.set, &drawn, &self.scales))
    }

    fn cost(&self, values: &[f64], gaps: &[f64]) -> f64 {
        let pull: f64 = values.iter().zip(&self.start).map(|(v, s)| (v - s).powi(2)).sum();
        gaps.iter().map(|g| g * g).sum::<f64>() + RIDGE * pull
    }

    /// Measures the effect of every value, then tries moves.
    fn round(&mut self) -> Result<(), Fault> {
        let mut effects = self.survey()?;
        for _ in 0..self.effort.n_trials {
            let next = self.proposal(&effects);
            let gaps = self.trial(&next)?;
            learn(&mut effects, &self.values, &self.gaps, &next, &gaps);
            if self.cost(&next, &gaps) < self.cost(&self.values, &self.gaps) {
                (self.values, self.gaps) = (next, gaps);
                self.damping = (0.4 * self.damping).max(1e-3);
            } else {
                self.damping *= 4.0;
            }
        }
        self.damping = self.damping.clamp(0.02, 0.2);
        Ok(())
    }

    /// # Shapes
    /// `[values]` of `[gaps]`: what one step of each value changes.
    fn survey(&mut self) -> Result<Vec<Vec<f64>>, Fault> {
        let mut effects = Vec::with_capacity(self.values.len());
        for which in 0..self.values.len() {
            let moved = |by: f64| {
                let mut values = self.values.clone();
                values[which] += by;
                allowed(&values)
            };
            // At an end of its range a value moves inwards.
            let (up, down) = (moved(1.0), moved(-1.0));
            let reach = |values: &[f64]| (values[which] - self.values[which]).abs();
            let values = if reach(&up) >= reach(&down) { up } else { down };
            let by = values[which] - self.values[which];
            let gaps = self.trial(&values)?;
            let slope = |(new, old): (&f64, &f64)| if by.abs() < 1e-3 { 0.0 } else { (new - old) / by };
            effects.push(gaps.iter().zip(&self.gaps).map(slope).collect());
        }
        Ok(effects)
    }

    /// The move that a linear world would need, damped.
    fn proposal(&self, effects: &[Vec<f64>]) -> Vec<f64> {
        let n = effects.len();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
        let mut matrix: Vec<f64> = (0..n * n).map(|place| dot(&effects[place / n], &effects[place % n])).collect();
        let mut right = Vec::with_capacity(n);
        for i in 0..n {
            matrix[i * n + i] += RIDGE + self.damping;
            right.push(-dot(&effects[i], &self.gaps) - RIDGE * (self.values[i] - self.start[i]));
        }
        let step = solve(matrix, right, n);
        let moved = |(value, step): (&f64, f64)| value + step.clamp(-LONGEST_MOVE, LONGEST_MOVE);
        allowed(&self.values.iter().zip(step).map(moved).collect::<Vec<_>>())
    }
}

/// Broyden's update: the effects explain the trial that was made.
fn learn(effects: &mut [Vec<f64>], from: &[f64], gaps_from: &[f64], to: &[f64], gaps_to: &[f64]) {
    let step: Vec<f64> = to.iter().zip(from).map(|(t, f)| t - f).collect();
    let length = step.iter().map(|s| s * s).sum::<f64>();
    if length < 1e-9 {
        return;
    }
    for gap in 0..gaps_from.len() {
        let expected: f64 = effects.iter().zip(&step).map(|(e, s)| e[gap] * s).sum();
        let surprise = gaps_to[gap] - gaps_from[gap] - expected;
        for (effect, s) in effects.iter_mut().zip(&step) {
            effect[gap] += surprise * s / length;
        }
    }
}
