//! What photographed people show: how often, how strongly and together with what each action unit occurs.
//!
//! In: the embedded table `data/acting.json`, an expression. Out: the intensities of one picture. A normal variable
//! stands behind each unit; the variables are correlated as in people, and a unit is shown where its own is high.

use std::collections::BTreeMap;

use howfar_face::Expression;
use howfar_random::{Stream, normal};
use serde::Deserialize;
use statrs::distribution::{ContinuousCDF, Normal};

use crate::action_units::{N_AUS, au_index};

/// The acting of all expressions that were measured.
#[derive(Debug, Clone)]
pub(crate) struct PeoplesActing {
    by_expression: BTreeMap<Expression, Shown>,
}

/// That of one expression.
#[derive(Debug, Clone)]
struct Shown {
    units: Vec<Unit>,
    /// Places among `AU_NAMES` of the correlated units, and rows of the lower Cholesky factor of their correlations.
    correlated: Vec<(usize, Vec<f64>)>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Unit {
    au: u8,
    /// Of the people.
    share: f32,
    /// Intensity where shown.
    mean: f32,
    sd: f32,
}

#[derive(Deserialize)]
struct ActingFile {
    expressions: BTreeMap<Expression, ActingRow>,
}

#[derive(Deserialize)]
struct ActingRow {
    units: Vec<Unit>,
    of: Vec<u8>,
    /// Below the diagonal.
    correlation: Vec<Vec<f64>>,
}

/// What is shown at all is not weaker than this.
const LEAST: f32 = 0.1;

impl PeoplesActing {
    /// Reads the embedded table.
    pub fn embedded() -> Self {
        let file: ActingFile =
            serde_json::from_str(include_str!("../data/acting.json")).expect("the embedded table is tested to parse");
        let shown = |row: ActingRow| {
            let places = row.of.iter().map(|au| au_index(*au).expect("an action unit of the list (tested)"));
            Shown { units: row.units, correlated: places.zip(cholesky(&row.correlation)).collect() }
        };
        let by_expression = file.expressions.into_iter().map(|(expression, row)| (expression, shown(row)));
        PeoplesActing { by_expression: by_expression.collect() }
    }

    /// Intensities by `AU_NAMES`; none for an expression that was not measured.
    pub fn sample(&self, expression: Expression, stream: &mut Stream) -> Option<[f32; N_AUS]> {
        let shown = self.by_expression.get(&expression)?;
        let ranks = shown.ranks(stream);
        let mut intensities = [0.0; N_AUS];
        for unit in &shown.units {
            let Some(place) = au_index(unit.au) else { continue };
            let above = ranks[place] - (1.0 - unit.share);
            if above > 0.0 {
                // Uniform, with the deviation that was measured.
                let spread = 3.0_f32.sqrt() * (2.0 * above / unit.share - 1.0);
                intensities[place] = (unit.mean + unit.sd * spread).max(LEAST);
            }
        }
        Some(intensities)
    }
}

impl Shown {
    /// A number in 0 to 1 for each action unit, by `AU_NAMES`.
    fn ranks(&self, stream: &mut Stream) -> [f32; N_AUS] {
        let free: [f64; N_AUS] = std::array::from_fn(|_| f64::from(normal(stream)));
        let mut together = free;
        for (place, row) in &self.correlated {
            together[*place] = row.iter().zip(&self.correlated).map(|(factor, (other, _))| factor * free[*other]).sum();
        }
        let normal = Normal::standard();
        together.map(|z| normal.cdf(z) as f32)
    }
}

/// The lower triangular factor of a correlation matrix, given below its diagonal.
fn cholesky(below: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut factor: Vec<Vec<f64>> = Vec::with_capacity(below.len());
    for (i, given) in below.iter().enumerate() {
        let mut row: Vec<f64> = Vec::with_capacity(i + 1);
        for (j, correlation) in given.iter().enumerate() {
            let known: f64 = row.iter().zip(&factor[j]).map(|(a, b)| a * b).sum();
            row.push((correlation - known) / factor[j][j]);
        }
        let left = 1.0 - row.iter().map(|a| a * a).sum::<f64>();
        row.push(left.max(0.0).sqrt());
        factor.push(row);
    }
    factor
}

#[cfg(test)]
mod tests {
    use super::*;
    use howfar_random::Seeds;

    #[test]
    fn a_factor_times_itself_is_the_correlation() {
        for shown in PeoplesActing::embedded().by_expression.values() {
            for (i, (_, row)) in shown.correlated.iter().enumerate() {
                assert!((row.iter().map(|x| x * x).sum::<f64>() - 1.0).abs() < 1e-9, "{i}");
                assert!(row[i] > 0.1, "no unit follows from the others");
            }
        }
    }

    #[test]
    fn people_show_what_was_measured_and_together() {
        let acting = PeoplesActing::embedded();
        let mut stream = Seeds::new(1).stream("acting", &[]);
        let draws: Vec<[f32; N_AUS]> =
            (0..4000).map(|_| acting.sample(Expression::Surprise, &mut stream).unwrap()).collect();
        let share = |of: &dyn Fn(&[f32; N_AUS]) -> bool| {
            draws.iter().filter(|draw| of(draw)).count() as f32 / draws.len() as f32
        };
        let [one, two, drop, open] = [1, 2, 26, 27].map(|au| au_index(au).unwrap());
        assert!((share(&|draw| draw[one] > 0.0) - 0.948).abs() < 0.015);
        assert!((share(&|draw| draw[open] > 0.0) - 0.135).abs() < 0.02);
        assert!(share(&|draw| (draw[one] > 0.0) != (draw[two] > 0.0)) < 0.06, "raised brows go together");
        assert!(share(&|draw| draw[drop] > 0.0 && draw[open] > 0.0) < 0.05, "a jaw drops in one of two ways");
        let strong: Vec<f32> = draws.iter().map(|draw| draw[one]).filter(|x| *x > 0.0).collect();
        assert!((strong.iter().sum::<f32>() / strong.len() as f32 - 0.556).abs() < 0.02);
        assert!(acting.sample(Expression::Contempt, &mut stream).is_none(), "nobody was asked for contempt");
    }
}
