//! Least-squares fits of the forms of the law of the curve.
//!
//! In: places (people, generated units), errors and their standard errors. Out: a [`Curve`] of a form. For a shape the
//! coefficients, from 0 to 1, are solved for; the shape is looked for on a grid, then by Nelder and Mead (1965) between
//! bounds, so that a fit is the same on every machine and does not depend on where it begins.

use crate::law::form::{Curve, Form, N_COLUMNS, PLAIN, Place, Shape};

/// Of two fits the one with fewer terms is taken unless the other's chi-square is lower by more.
const ROUNDING: f64 = 1e-12;
/// A pivot below this share of its diagonal: columns that are one.
const SINGULAR: f64 = 1e-9;
/// Steps of Nelder and Mead; three numbers settle to ten digits in half of it.
const N_STEPS: usize = 400;

/// What was measured at a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Measured {
    pub(crate) place: Place,
    /// 1 − accuracy.
    pub(crate) error: f64,
    /// Its standard error, apart from what all places have in common.
    pub(crate) standard_error: f64,
}

/// Solves for the coefficients of one shape, for any errors at the same places.
pub(crate) struct Solver {
    form: Form,
    shape: Shape,
    columns: Vec<[f64; N_COLUMNS]>,
    weights: Vec<f64>,
    /// For every set of terms: which, and what gives each coefficient from the errors.
    subsets: Vec<(Vec<usize>, Vec<Vec<f64>>)>,
}

impl Solver {
    pub(crate) fn new(form: Form, shape: Shape, people_vary: bool, places: &[Place], weights: &[f64]) -> Self {
        let columns: Vec<[f64; N_COLUMNS]> = places.iter().map(|at| form.columns(&shape, *at)).collect();
        let n_further = form.n_columns(people_vary) - 1;
        // The constant is in all of them.
        let subsets = (0..1_usize << n_further).filter_map(|set| {
            let terms: Vec<usize> =
                std::iter::once(0).chain((0..n_further).filter(|i| set >> i & 1 == 1).map(|i| i + 1)).collect();
            (terms.len() <= places.len()).then_some(())?;
            let rows = least_squares(&columns, weights, &terms)?;
            Some((terms, rows))
        });
        let subsets = subsets.collect();
        Solver { form, shape, subsets, columns, weights: weights.to_vec() }
    }

    /// The coefficients of 0 to 1 with the least chi-square, and that.
    pub(crate) fn solve(&self, errors: &[f64]) -> (Curve, f64) {
        let mut best = (Curve { form: self.form, shape: self.shape, coefficients: [0.0; N_COLUMNS] }, f64::INFINITY);
        for (terms, rows) in &self.subsets {
            let mut coefficients = [0.0; N_COLUMNS];
            for (term, row) in terms.iter().zip(rows) {
                coefficients[*term] = row.iter().zip(errors).map(|(m, error)| m * error).sum();
            }
            if coefficients.iter().any(|c| !(0.0..=1.0).contains(c)) {
                continue;
            }
            let residual = |(columns, error): (&[f64; N_COLUMNS], &f64)| {
                error - columns.iter().zip(&coefficients).map(|(column, c)| column * c).sum::<f64>()
            };
            let squares = self.columns.iter().zip(errors).map(residual).zip(&self.weights).map(|(r, w)| w * r * r);
            let chi_square: f64 = squares.sum();
            if chi_square < best.1 - ROUNDING {
                best = (Curve { coefficients, ..best.0 }, chi_square);
            }
        }
        best
    }
}

/// For the weighted least squares of some columns, what each coefficient takes of every value: (XᵀWX)⁻¹XᵀW, by
/// Gauss and Jordan; nothing where columns are one.
fn least_squares(columns: &[[f64; N_COLUMNS]], weights: &[f64], terms: &[usize]) -> Option<Vec<Vec<f64>>> {
    let n = terms.len();
    let product = |i: usize, j: usize| -> f64 {
        columns.iter().zip(weights).map(|(row, w)| w * row[terms[i]] * row[terms[j]]).sum()
    };
    let weighted = |i: usize| columns.iter().zip(weights).map(move |(row, w)| w * row[terms[i]]);
    let mut rows: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| product(i, j)).chain(weighted(i)).collect()).collect();
    let diagonal: Vec<f64> = (0..n).map(|i| rows[i][i]).collect();
    for i in 0..n {
        let pivot = rows[i][i];
        if pivot <= SINGULAR * diagonal[i] {
            return None;
        }
        rows[i].iter_mut().for_each(|value| *value /= pivot);
        let own = rows[i].clone();
        for (_, row) in rows.iter_mut().enumerate().filter(|(j, _)| *j != i) {
            let factor = row[i];
            row.iter_mut().zip(&own).for_each(|(value, own)| *value -= factor * own);
        }
    }
    Some(rows.into_iter().map(|row| row[n..].to_vec()).collect())
}

/// The best of the grid, and its chi-square.
pub(crate) fn fit_on_grid(form: Form, people_vary: bool, measured: &[Measured]) -> (Curve, f64) {
    best(form, form.shapes(people_vary).into_iter().map(|shape| fit_shape(form, shape, people_vary, measured)))
}

/// Least squares, the shape anywhere between its bounds: from the best of the grid for every exponent and onset,
/// because a valley can be long and have two floors.
pub(crate) fn fit(form: Form, people_vary: bool, measured: &[Measured]) -> (Curve, f64) {
    let shapes = form.shapes(people_vary);
    let mut begins: Vec<(f64, f64)> = Vec::new();
    for shape in &shapes {
        if !begins.contains(&(shape.exponent, shape.onset)) {
            begins.push((shape.exponent, shape.onset));
        }
    }
    let refined = begins.into_iter().filter_map(|begin| {
        let own = shapes.iter().filter(|shape| (shape.exponent, shape.onset) == begin);
        let start = best(form, own.map(|shape| fit_shape(form, *shape, people_vary, measured)));
        start.1.is_finite().then(|| refined(start, people_vary, measured))
    });
    best(form, refined)
}

fn best(form: Form, fits: impl Iterator<Item = (Curve, f64)>) -> (Curve, f64) {
    let nothing = (Curve { form, shape: PLAIN, coefficients: [0.0; N_COLUMNS] }, f64::INFINITY);
    fits.fold(nothing, |best, fit| if fit.1 < best.1 - ROUNDING { fit } else { best })
}

/// The shape moved by Nelder and Mead, twice: a simplex that has collapsed begins anew.
fn refined(start: (Curve, f64), people_vary: bool, measured: &[Measured]) -> (Curve, f64) {
    let form = start.0.form;
    let free = form.free(people_vary);
    if free.is_empty() {
        return start;
    }
    let shape = |logs: &[f64]| {
        let mut shape = start.0.shape;
        for ((number, [low, high]), log) in free.iter().zip(logs) {
            *number(&mut shape) = log.exp().clamp(*low, *high);
        }
        shape
    };
    let at = |logs: &[f64]| fit_shape(form, shape(logs), people_vary, measured);
    let mut first = start.0.shape;
    let begin: Vec<f64> = free.iter().map(|(number, _)| number(&mut first).ln()).collect();
    let chi_square = |logs: &[f64]| at(logs).1;
    let found = at(&nelder_mead(&nelder_mead(&begin, chi_square), chi_square));
    if found.1 < start.1 { found } else { start }
}

fn fit_shape(form: Form, shape: Shape, people_vary: bool, measured: &[Measured]) -> (Curve, f64) {
    let places: Vec<Place> = measured.iter().map(|m| m.place).collect();
    let weights: Vec<f64> = measured.iter().map(|m| m.standard_error.powi(-2)).collect();
    let errors: Vec<f64> = measured.iter().map(|m| m.error).collect();
    Solver::new(form, shape, people_vary, &places, &weights).solve(&errors)
}

/// The lowest point that Nelder and Mead's simplex finds.
fn nelder_mead(begin: &[f64], value: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    let n = begin.len();
    let corner = |i: usize| {
        let mut at = begin.to_vec();
        at.iter_mut().skip(i).take(usize::from(i < n)).for_each(|x| *x += 0.5);
        at
    };
    let mut simplex: Vec<(f64, Vec<f64>)> = (0..=n).map(corner).map(|at| (value(&at), at)).collect();
    for _ in 0..N_STEPS {
        simplex.sort_by(|a, b| a.0.total_cmp(&b.0));
        let centre: Vec<f64> =
            (0..n).map(|i| simplex[..n].iter().map(|(_, at)| at[i]).sum::<f64>() / n as f64).collect();
        let worst = simplex[n].clone();
        // On the line from the worst corner through the middle of the others.
        let along = |t: f64| {
            let at: Vec<f64> = centre.iter().zip(&worst.1).map(|(c, w)| c + t * (c - w)).collect();
            (value(&at), at)
        };
        let reflected = along(1.0);
        let better = if reflected.0 < simplex[0].0 {
            let expanded = along(2.0);
            if expanded.0 < reflected.0 { expanded } else { reflected }
        } else if reflected.0 < simplex[n - 1].0 {
            reflected
        } else {
            along(if reflected.0 < worst.0 { 0.5 } else { -0.5 })
        };
        if better.0 < worst.0 {
            simplex[n] = better;
            continue;
        }
        let lowest = simplex[0].1.clone();
        for (own, at) in simplex.iter_mut().skip(1) {
            at.iter_mut().zip(&lowest).for_each(|(x, low)| *x = (*x + low) / 2.0);
            *own = value(at);
        }
    }
    simplex.sort_by(|a, b| a.0.total_cmp(&b.0));
    simplex.swap_remove(0).1
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const REFERENCE: &str = include_str!("../../../../reference/law_fit.json");

    fn form(name: &str) -> Form {
        Form::all(true).iter().copied().find(|form| form.name() == name).unwrap()
    }

    #[test]
    fn fits_are_those_of_scipys_curve_fit() {
        let file: Value = serde_json::from_str(REFERENCE).unwrap();
        let cases = file["cases"].as_array().unwrap();
        assert!(cases.len() >= 6);
        for case in cases {
            let name = case["name"].as_str().unwrap();
            let people_vary = case["people_vary"].as_bool().unwrap();
            let number = |row: &Value, key: &str| row[key].as_f64().unwrap();
            let measured = case["measured"].as_array().unwrap().iter().map(|row| Measured {
                place: Place { people: number(row, "x"), units: number(row, "z") },
                error: number(row, "error"),
                standard_error: number(row, "standard_error"),
            });
            let measured: Vec<Measured> = measured.collect();
            let (curve, chi_square) = fit(form(case["form"].as_str().unwrap()), people_vary, &measured);
            let expected = number(case, "chi_square");
            let tolerance = 1e-4 * expected.max(1.0);
            assert!((chi_square - expected).abs() < tolerance, "{name}: {chi_square} of {curve:?}, SciPy {expected}");
            for row in case["predicted"].as_array().unwrap() {
                let at = Place { people: number(row, "x"), units: number(row, "z") };
                let (found, expected) = (curve.error(at), number(row, "error"));
                assert!((found - expected).abs() < 2e-4, "{name} at {at:?}: {found}, SciPy {expected}");
            }
        }
    }

    #[test]
    fn a_law_without_noise_is_found_again() {
        let truth = Curve {
            form: Form::Effective,
            shape: Shape { worth: 0.4, exponent: 0.7, own_exponent: 0.6, onset: 1.0 },
            coefficients: [0.1, 0.3, 0.0],
        };
        let places = [
            (1.0, 0.0),
            (1.0, 1.0),
            (1.0, 2.0),
            (1.0, 5.0),
            (1.0, 10.0),
            (0.5, 0.0),
            (0.25, 0.0),
            (0.5, 1.0),
            (0.25, 0.5),
        ];
        let measured: Vec<Measured> = places
            .map(|(people, units)| Place { people, units })
            .map(|place| Measured { place, error: truth.error(place), standard_error: 0.01 })
            .to_vec();
        let (found, chi_square) = fit(Form::Effective, true, &measured);
        assert!(chi_square < 1e-6, "{found:?}");
        for at in [Place::at(20.0), Place { people: 2.0, units: 0.0 }] {
            assert!((found.error(at) - truth.error(at)).abs() < 1e-3, "{found:?}");
        }
        assert_eq!(found.parameters(true).len(), Form::Effective.n_parameters(true));
    }

    #[test]
    fn no_coefficient_is_negative() {
        // The error rises with k: only the bias of generated faces can do that.
        let measured: Vec<Measured> = [(0.0, 0.4), (1.0, 0.42), (2.0, 0.44), (5.0, 0.47)]
            .map(|(k, error)| Measured { place: Place::at(k), error, standard_error: 0.01 })
            .to_vec();
        for form in Form::all(false) {
            let (curve, _) = fit(*form, false, &measured);
            assert!(curve.coefficients.iter().all(|c| (0.0..=1.0).contains(c)), "{curve:?}");
        }
        let (mixed, chi_square) = fit(Form::MixedShare, false, &measured);
        assert!(chi_square < 1.0 && mixed.coefficients[2] > 0.01, "{mixed:?}");
    }
}
