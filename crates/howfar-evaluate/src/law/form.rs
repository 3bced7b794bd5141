//! Forms of the law of the curve.
//!
//! In: a form, its numbers and a place (people, generated units). Out: the error there. Every form is linear in at most
//! three coefficients of 0 to 1 once its shape (at most three positive numbers) is known.
//!
//! The error e over x people and z generated units, both over all training people:
//! - no effect: e = a + c·x^−b: generated faces change nothing;
//! - effective data: e = a + c·(x + q·z^g)^−b: z units are worth q·z^g people (Hernandez et al., 2021, "Scaling laws
//!   for transfer"; the power law with a floor is that of Rosenfeld et al., 2020);
//! - mixed share: e = a + c·(x + q·z)^−b + d·(z/(z + s·x))²: more data of a mixture, and the squared bias of a training
//!   set of which that share is generated (Jain, Montanari and Sasoglu, 2024, "Scaling laws for learning with real and
//!   surrogate data", their bias at equal weights; s says at which share it sets in): this one rises and falls;
//! - own term: e = a + c·x^−b + d·(1 + q·z)^−g: each kind lowers a part of its own (after Hashimoto, 2021, "Model
//!   performance scaling with multiple data sources"); only where the number of people varies.
//!
//! Where it does not vary, x = 1 and z = k: x^−b is part of a and g is 1.

/// Bounds of q and of exponents, wider than the grid by a step.
const Q_BOUNDS: [f64; 2] = [0.03, 30.0];
const EXPONENT_BOUNDS: [f64; 2] = [0.1, 3.0];
/// Worth of units: from their fourth root to in proportion.
const WORTH_BOUNDS: [f64; 2] = [0.25, 1.0];
const Q_GRID: [f64; 5] = [0.1, 1.0 / 3.0, 1.0, 10.0 / 3.0, 10.0];
const EXPONENT_GRID: [f64; 5] = [0.15, 0.3, 0.6, 1.2, 2.5];
const WORTH_GRID: [f64; 2] = [0.5, 1.0];
/// Where the bias of generated faces sets in: as many as real ones, five times as many (in simulated studies whose
/// curve falls after the last measured k the band held the truth more often than with three times).
const ONSETS: [f64; 2] = [1.0, 5.0];
/// Most coefficients.
pub(crate) const N_COLUMNS: usize = 3;
/// Where a cell lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Place {
    /// Its training people over all of them.
    pub(crate) people: f64,
    /// Its generated units over all training people.
    pub(crate) units: f64,
}

impl Place {
    /// k units for each of all training people.
    pub(crate) fn at(k: f64) -> Self {
        Place { people: 1.0, units: k }
    }
}

/// A form of the law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    NoEffect,
    Effective,
    MixedShare,
    OwnTerm,
}

/// The numbers within a form that are not coefficients; 1 where a form has none of that name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shape {
    /// q: people that a unit is worth.
    pub(crate) worth: f64,
    /// b.
    pub(crate) exponent: f64,
    /// g.
    pub(crate) own_exponent: f64,
    /// s.
    pub(crate) onset: f64,
}

/// A number of a shape that is looked for, and its bounds.
pub(crate) type Free = (fn(&mut Shape) -> &mut f64, [f64; 2]);

/// Every number 1.
pub(crate) const PLAIN: Shape = Shape { worth: 1.0, exponent: 1.0, own_exponent: 1.0, onset: 1.0 };

impl Form {
    /// The forms that can be told apart.
    pub(crate) fn all(people_vary: bool) -> &'static [Self] {
        let all = &[Form::NoEffect, Form::Effective, Form::MixedShare, Form::OwnTerm];
        if people_vary { all } else { &all[..3] }
    }

    /// Its name in results.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Form::NoEffect => "no effect",
            Form::Effective => "effective data",
            Form::MixedShare => "mixed share",
            Form::OwnTerm => "own term",
        }
    }

    /// Its formula.
    pub(crate) fn formula(self, people_vary: bool) -> &'static str {
        match (self, people_vary) {
            (Form::NoEffect, false) => "e = a",
            (Form::NoEffect, true) => "e = a + c·x^−b",
            (Form::Effective, false) => "e = a + c·(1 + q·k)^−b",
            (Form::Effective, true) => "e = a + c·(x + q·z^g)^−b",
            (Form::MixedShare, false) => "e = a + c·(1 + q·k)^−b + d·(k/(k + s))²",
            (Form::MixedShare, true) => "e = a + c·(x + q·z)^−b + d·(z/(z + s·x))²",
            (Form::OwnTerm, _) => "e = a + c·x^−b + d·(1 + q·z)^−g",
        }
    }

    /// Coefficients and the numbers of its shape that are looked for.
    pub(crate) fn n_parameters(self, people_vary: bool) -> usize {
        self.n_columns(people_vary) + self.free(people_vary).len()
    }

    pub(crate) fn n_columns(self, people_vary: bool) -> usize {
        match self {
            Form::NoEffect => 1 + usize::from(people_vary),
            Form::Effective => 2,
            Form::MixedShare | Form::OwnTerm => 3,
        }
    }

    /// The numbers of its shape that are looked for, with bounds.
    pub(crate) fn free(self, people_vary: bool) -> Vec<Free> {
        let worth: Free = (|shape| &mut shape.worth, Q_BOUNDS);
        let exponent: Free = (|shape| &mut shape.exponent, EXPONENT_BOUNDS);
        match (self, people_vary) {
            (Form::NoEffect, false) => Vec::new(),
            (Form::NoEffect, true) => vec![exponent],
            (Form::Effective, true) => vec![worth, exponent, (|shape| &mut shape.own_exponent, WORTH_BOUNDS)],
            (Form::Effective, false) | (Form::MixedShare, _) => vec![worth, exponent],
            (Form::OwnTerm, _) => vec![worth, exponent, (|shape| &mut shape.own_exponent, EXPONENT_BOUNDS)],
        }
    }

    /// Every shape of the grid.
    pub(crate) fn shapes(self, people_vary: bool) -> Vec<Shape> {
        let one: &[f64] = &[1.0];
        let (worths, exponents, own, onsets): (&[f64], &[f64], &[f64], &[f64]) = match (self, people_vary) {
            (Form::NoEffect, false) => (one, one, one, one),
            (Form::NoEffect, true) => (one, &EXPONENT_GRID, one, one),
            (Form::Effective, false) => (&Q_GRID, &EXPONENT_GRID, one, one),
            (Form::Effective, true) => (&Q_GRID, &EXPONENT_GRID, &WORTH_GRID, one),
            (Form::MixedShare, _) => (&Q_GRID, &EXPONENT_GRID, one, &ONSETS),
            (Form::OwnTerm, _) => (&Q_GRID, &EXPONENT_GRID, &EXPONENT_GRID, one),
        };
        let mut shapes = Vec::new();
        for worth in worths {
            for exponent in exponents {
                for own_exponent in own {
                    for onset in onsets {
                        let (worth, exponent) = (*worth, *exponent);
                        shapes.push(Shape { worth, exponent, own_exponent: *own_exponent, onset: *onset });
                    }
                }
            }
        }
        shapes
    }

    /// What each coefficient is multiplied with.
    pub(crate) fn columns(self, shape: &Shape, at: Place) -> [f64; N_COLUMNS] {
        let Place { people, units } = at;
        let Shape { worth, exponent, own_exponent, onset } = *shape;
        match self {
            Form::NoEffect => [1.0, people.powf(-exponent), 0.0],
            Form::Effective => [1.0, (people + worth * units.powf(own_exponent)).powf(-exponent), 0.0],
            Form::MixedShare => {
                let share = units / (units + onset * people);
                [1.0, (people + worth * units).powf(-exponent), share * share]
            }
            Form::OwnTerm => [1.0, people.powf(-exponent), (1.0 + worth * units).powf(-own_exponent)],
        }
    }
}

/// A law: a form with all its numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Curve {
    pub(crate) form: Form,
    pub(crate) shape: Shape,
    /// a, c, d.
    pub(crate) coefficients: [f64; N_COLUMNS],
}

impl Curve {
    /// The error at a place, from 0 to 1.
    pub(crate) fn error(&self, at: Place) -> f64 {
        let columns = self.form.columns(&self.shape, at);
        let sum: f64 = columns.iter().zip(&self.coefficients).map(|(column, c)| column * c).sum();
        sum.clamp(0.0, 1.0)
    }

    /// Its numbers by the letters of the formula.
    pub(crate) fn parameters(&self, people_vary: bool) -> Vec<(&'static str, f64)> {
        let n_columns = self.form.n_columns(people_vary);
        let mut all: Vec<(&str, f64)> = ["a", "c", "d"].into_iter().zip(self.coefficients).take(n_columns).collect();
        let Shape { worth, exponent, own_exponent, onset } = self.shape;
        let has = |letter: char| self.form.formula(people_vary).contains(letter);
        let shape = [('q', "q", worth), ('b', "b", exponent), ('g', "g", own_exponent), ('s', "s", onset)];
        all.extend(shape.into_iter().filter(|(letter, ..)| has(*letter)).map(|(_, name, value)| (name, value)));
        all
    }
}
