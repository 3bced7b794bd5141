//! A tensor of another program: a view of bytes in its file, and its numbers as 32-bit floats.
//!
//! In: a storage, sizes and strides, which are checked once. Out: numbers, the last size running fastest. Knows no
//! format.

use std::io::{self, Write};

use crate::limits;
use crate::number::NumberKind;

/// Bytes that tensors share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Storage<'a> {
    pub kind: NumberKind,
    pub bytes: &'a [u8],
}

/// A tensor within a file.
#[derive(Debug, Clone)]
pub struct Tensor<'a> {
    shape: Vec<usize>,
    strides: Vec<usize>,
    offset: usize,
    storage: Storage<'a>,
}

impl<'a> Tensor<'a> {
    /// A view; what does not fit the storage comes back in words. `strides` and `offset` are in numbers.
    pub(crate) fn new(
        storage: Storage<'a>,
        offset: usize,
        shape: Vec<usize>,
        strides: Vec<usize>,
    ) -> Result<Self, String> {
        let n_stored = storage.bytes.len() / storage.kind.n_bytes();
        let misfit = || format!("sizes {shape:?}, strides {strides:?}, offset {offset} in {n_stored} numbers");
        let n = shape.iter().try_fold(1usize, |n, size| n.checked_mul(*size)).ok_or_else(misfit)?;
        // Nobody saves a tensor with more numbers than its storage has; a harmful file could.
        if shape.len() != strides.len() || shape.len() > limits::DIMENSIONS || n > n_stored {
            return Err(misfit());
        }
        let last = shape
            .iter()
            .zip(&strides)
            .try_fold(offset, |last, (size, stride)| last.checked_add(size.saturating_sub(1).checked_mul(*stride)?));
        if n > 0 && last.is_none_or(|last| last >= n_stored) {
            return Err(misfit());
        }
        Ok(Tensor { shape, strides, offset, storage })
    }

    /// A tensor that fills its bytes.
    pub(crate) fn whole(storage: Storage<'a>, shape: Vec<usize>) -> Result<Self, String> {
        let strides = (0..shape.len()).map(|d| shape[d + 1..].iter().fold(1, |n: usize, s| n.saturating_mul(*s)));
        let strides = strides.collect();
        Self::new(storage, 0, shape, strides)
    }

    /// Sizes, the last one running fastest.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// How its numbers are kept in the file.
    pub fn kind(&self) -> NumberKind {
        self.storage.kind
    }

    /// How many numbers.
    pub fn n_values(&self) -> usize {
        self.shape.iter().product()
    }

    /// Its numbers.
    pub fn values(&self) -> Vec<f32> {
        let mut values = Vec::with_capacity(self.n_values());
        self.for_each(|value| values.push(value));
        values
    }

    /// The first number that is not finite.
    pub(crate) fn not_finite(&self) -> Option<f32> {
        let mut found = None;
        self.for_each(|value| {
            if !value.is_finite() {
                found.get_or_insert(value);
            }
        });
        found
    }

    /// Writes its numbers, lowest byte first.
    pub(crate) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let mut done = Ok(());
        self.for_each(|value| {
            if done.is_ok() {
                done = out.write_all(&value.to_le_bytes());
            }
        });
        done
    }

    fn for_each(&self, mut visit: impl FnMut(f32)) {
        let width = self.storage.kind.n_bytes();
        let mut index = vec![0; self.shape.len()];
        let mut at = self.offset;
        for _ in 0..self.n_values() {
            visit(self.storage.kind.read(&self.storage.bytes[at * width..]));
            for d in (0..index.len()).rev() {
                index[d] += 1;
                at += self.strides[d];
                if index[d] < self.shape[d] {
                    break;
                }
                at -= index[d] * self.strides[d];
                index[d] = 0;
            }
        }
    }
}
