//! Numbers with sizes: what every file beside this one takes and gives.

use std::sync::Arc;

/// Numbers, the last axis running fastest.
#[derive(Debug, Clone)]
pub(crate) struct Values {
    pub(crate) shape: Vec<usize>,
    pub(crate) data: Arc<Vec<f32>>,
}

impl Values {
    pub(crate) fn new(shape: Vec<usize>, data: Vec<f32>) -> Self {
        assert_eq!(shape.iter().product::<usize>(), data.len(), "numbers of the shape {shape:?}");
        Values { shape, data: Arc::new(data) }
    }

    pub(crate) fn reshaped(self, shape: Vec<usize>) -> Self {
        assert_eq!(shape.iter().product::<usize>(), self.data.len(), "numbers of the shape {shape:?}");
        Values { shape, data: self.data }
    }
}
