//! Faces as rows of numbers. In: finite numbers, row after row. Out: checked rows. What the numbers mean is not known
//! here.

use howfar_face::Fault;

/// Some faces, each a row of the same length.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    name: String,
    n_features: usize,
    values: Vec<f64>,
}

impl Features {
    /// Checked rows; `name` is the set's in errors.
    ///
    /// # Shapes
    /// `rows` `[N, D]`
    pub fn new<T: Copy + Into<f64>>(name: &str, rows: &[Vec<T>]) -> Result<Self, Fault> {
        let n_features = rows.first().map_or(0, Vec::len);
        if n_features == 0 {
            return Err(Fault::data(name, "there are no faces to compare").expected("at least 2"));
        }
        if let Some(row) = rows.iter().find(|row| row.len() != n_features) {
            return Err(Fault::data(name, "faces have different numbers of features")
                .found(row.len())
                .expected(n_features));
        }
        let values: Vec<f64> = rows.iter().flatten().map(|value| (*value).into()).collect();
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            return Err(Fault::data(format!("{name}, face {}", at / n_features), "a feature is no number")
                .found(values[at])
                .expected("finite numbers"));
        }
        Ok(Features { name: name.to_owned(), n_features, values })
    }

    /// The first faces; all if there are fewer.
    #[must_use]
    pub fn first(&self, n_faces: usize) -> Self {
        let n_values = (n_faces * self.n_features).min(self.values.len());
        Features { name: self.name.clone(), values: self.values[..n_values].to_vec(), ..*self }
    }

    /// How many faces there are.
    pub fn n_faces(&self) -> usize {
        self.values.len() / self.n_features
    }

    /// Numbers a face.
    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// The faces in order.
    pub(super) fn rows(&self) -> std::slice::ChunksExact<'_, f64> {
        self.values.chunks_exact(self.n_features)
    }

    pub(super) fn row(&self, face_idx: usize) -> &[f64] {
        &self.values[face_idx * self.n_features..(face_idx + 1) * self.n_features]
    }

    /// Refuses fewer than `n` faces.
    pub(super) fn at_least(&self, n: usize, what_for: &str) -> Result<(), Fault> {
        if self.n_faces() >= n {
            return Ok(());
        }
        Err(Fault::data(&self.name, format!("too few faces for the {what_for}"))
            .found(self.n_faces())
            .expected(format!("at least {n}")))
    }

    /// Refuses features of another length.
    pub(super) fn same_features(&self, other: &Self) -> Result<(), Fault> {
        if self.n_features == other.n_features {
            return Ok(());
        }
        Err(Fault::data(format!("{} and {}", self.name, other.name), "the features are of two networks")
            .found(format!("{} and {} numbers a face", self.n_features, other.n_features))
            .expected("as many in both"))
    }
}

/// Sum of products, eight at once in a fixed order.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    sum_of(a, b, |x, y| x * y)
}

/// Squared Euclidean distance; exactly 0 between equal rows.
pub(super) fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    sum_of(a, b, |x, y| (x - y) * (x - y))
}

fn sum_of(a: &[f64], b: &[f64], term: impl Fn(f64, f64) -> f64) -> f64 {
    let mut lanes = [0.0; 8];
    let (whole_a, whole_b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = whole_a.remainder().iter().zip(whole_b.remainder()).map(|(x, y)| term(*x, *y)).sum();
    for (a, b) in whole_a.zip(whole_b) {
        for i in 0..8 {
            lanes[i] += term(a[i], b[i]);
        }
    }
    lanes.iter().sum::<f64>() + rest
}
