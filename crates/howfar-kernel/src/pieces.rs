//! How a batch is cut into the work that a thread takes at once. It depends on sizes only, never on the threads.

/// How a batch is cut: `pictures` pictures at a time or, of one picture, `rows` rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pieces {
    pub n_pictures: usize,
    /// Pictures at once.
    pub pictures: usize,
    /// Rows of a picture after the convolution.
    pub height: usize,
    /// Rows at once.
    pub rows: usize,
}

/// Pictures and rows after the convolution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub picture: usize,
    pub n_pictures: usize,
    pub row: usize,
    pub n_rows: usize,
}

impl Pieces {
    fn strips(&self) -> usize {
        self.height.div_ceil(self.rows)
    }

    pub fn count(&self) -> usize {
        self.n_pictures.div_ceil(self.pictures) * self.strips()
    }

    pub fn piece(&self, i: usize) -> Place {
        let (picture, row) = (i / self.strips() * self.pictures, i % self.strips() * self.rows);
        let n_pictures = self.pictures.min(self.n_pictures - picture);
        Place { picture, n_pictures, row, n_rows: self.rows.min(self.height - row) }
    }
}
