//! The laws that go with what was measured: which errors they foretell, and how far apart.
//!
//! In: a table of errors (people × seeds) for every place. Out: [`Laws`], one law a draw. People and seeds are drawn
//! again with replacement (crossed bootstrap), the same for all places. In a draw every form and every shape of the
//! grid gets its least-squares coefficients and the weight exp(−χ²/2), each form as much before it as any other; one of
//! them is taken at random by these weights. So a band holds what people and seeds leave open, and what the forms
//! disagree in where few k were tried (Burnham and Anderson, 2002, on averaging over models). What people share at all
//! places moves the level alone, because every form has a constant: standard errors are those of the deviations from
//! the mean over places.

use howfar_random::{Stream, uniform};

use crate::counting::numbers::mean_of;
use crate::intervals::bootstrap::{Draw, interval_of};
use crate::intervals::interval::{Doubt, Grid};
use crate::law::fit::{Measured, Solver};
use crate::law::form::{Curve, Form, Place};

/// Times that people and seeds are drawn again; more move the ends of a band by a tenth of its width.
const N_DRAWS: usize = 200;
/// Least standard error, in shares: without any spread a law would have to meet every digit.
const LEAST_ERROR: f64 = 1e-4;

/// A place and the errors that were measured there, a row a person and a column a seed.
#[derive(Debug, Clone)]
pub(crate) struct Cells {
    pub(crate) place: Place,
    pub(crate) errors: Grid,
}

/// Whether training people differ between places.
pub(crate) fn people_vary(cells: &[Cells]) -> bool {
    cells.iter().any(|cell| cell.place.people != cells[0].place.people)
}

/// The means with the standard errors of their deviations from the mean over places (people × seeds crossed).
pub(crate) fn measured(cells: &[Cells]) -> Vec<Measured> {
    let n = cells.len() as f64;
    let standard_error = |cell: &Cells| {
        let value = |unit: usize, seed: usize| {
            let all = cells.iter().map(|other| other.errors.value(unit, seed)).sum::<f64>();
            cell.errors.value(unit, seed) - all / n
        };
        let row = |unit: usize| (0..cell.errors.n_seeds()).map(|seed| value(unit, seed)).collect();
        let rows: Vec<Vec<f64>> = (0..cell.errors.n_units()).map(row).collect();
        let doubt = Grid::new(&rows).map_or(1.0, |grid| Doubt::of_one_among_several(&grid).standard_error);
        // The deviation from a mean in which a place takes part varies less by 1/n.
        (doubt * (n / (n - 1.0)).sqrt()).max(LEAST_ERROR)
    };
    let of =
        |cell: &Cells| Measured { place: cell.place, error: cell.errors.mean(), standard_error: standard_error(cell) };
    cells.iter().map(of).collect()
}

/// One law for every draw of people and seeds.
pub(crate) struct Laws {
    curves: Vec<Curve>,
}

impl Laws {
    /// Draws them. All tables are of the same people and seeds.
    pub(crate) fn of(cells: &[Cells], stream: &mut Stream) -> Self {
        let first = &cells[0].errors;
        let drawn: Vec<Vec<f64>> = (0..N_DRAWS)
            .map(|_| {
                let draw = Draw::new(first.n_units(), first.n_seeds(), stream);
                cells.iter().map(|cell| draw.mean(&cell.errors)).collect()
            })
            .collect();
        let weights: Vec<f64> = variances(&drawn).iter().map(|variance| 1.0 / variance).collect();
        let solvers = solvers(cells, &weights);
        let curves = drawn.iter().map(|errors| one_of(&solvers, errors, f64::from(uniform(stream)))).collect();
        Laws { curves }
    }

    /// What every law says.
    pub(crate) fn all(&self, of: impl Fn(&Curve) -> f64) -> Vec<f64> {
        self.curves.iter().map(of).collect()
    }

    /// The middle of what the laws say and the ends of the middle 95 %.
    pub(crate) fn middle(&self, of: impl Fn(&Curve) -> f64) -> (f64, [f64; 2]) {
        let mut values = self.all(of);
        let band = interval_of(&mut values);
        let n = values.len();
        ((values[(n - 1) / 2] + values[n / 2]) / 2.0, band)
    }

    /// The mean error that they foretell.
    pub(crate) fn error(&self, at: Place) -> f64 {
        mean_of(&self.all(|curve| curve.error(at)))
    }
}

/// Variances of the drawn means apart from what all places have in common; half of each is the mean of all, because
/// few seeds make them differ by chance.
fn variances(drawn: &[Vec<f64>]) -> Vec<f64> {
    let n = drawn[0].len();
    let deviations: Vec<Vec<f64>> = drawn
        .iter()
        .map(|errors| {
            let mean = mean_of(errors);
            errors.iter().map(|error| error - mean).collect()
        })
        .collect();
    let variance = |place: usize| {
        let values: Vec<f64> = deviations.iter().map(|deviations| deviations[place]).collect();
        let mean = mean_of(&values);
        mean_of(&values.iter().map(|value| (value - mean).powi(2)).collect::<Vec<f64>>()) * n as f64 / (n as f64 - 1.0)
    };
    let own: Vec<f64> = (0..n).map(variance).collect();
    let mean = mean_of(&own);
    own.iter().map(|variance| ((variance + mean) / 2.0).max(LEAST_ERROR.powi(2))).collect()
}

/// Every shape of every form, with the logarithm of its weight before anything is measured.
fn solvers(cells: &[Cells], weights: &[f64]) -> Vec<(Solver, f64)> {
    let vary = people_vary(cells);
    let places: Vec<Place> = cells.iter().map(|cell| cell.place).collect();
    let mut all = Vec::new();
    for form in Form::all(vary) {
        let shapes = form.shapes(vary);
        let before = -(shapes.len() as f64).ln();
        all.extend(shapes.into_iter().map(|shape| (Solver::new(*form, shape, vary, &places, weights), before)));
    }
    all
}

/// One of the laws by their weights; `at` is uniform in 0..1.
fn one_of(solvers: &[(Solver, f64)], errors: &[f64], at: f64) -> Curve {
    let fits: Vec<(Curve, f64)> = solvers
        .iter()
        .map(|(solver, before)| {
            let (curve, chi_square) = solver.solve(errors);
            (curve, before - chi_square / 2.0)
        })
        .collect();
    let highest = fits.iter().map(|(_, log)| *log).fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = fits.iter().map(|(_, log)| (log - highest).exp()).collect();
    let mut rest = at * weights.iter().sum::<f64>();
    let chosen = weights.iter().position(|weight| {
        rest -= weight;
        rest < 0.0
    });
    fits[chosen.unwrap_or(fits.len() - 1)].0
}
