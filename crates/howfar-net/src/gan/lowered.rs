//! Convolutions as products of matrices, and the up/down filter, on slices: what `operations.rs` plugs in on a processor.
//!
//! In: activations channels last. Out: the same numbers as Burn's own convolutions, several times faster, because in this order a row of a
//! patch is one piece of memory. Gathering patches and adding them up again are each other's gradient; the products are Burn's.

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension, tensor::FloatTensor};
use burn::tensor::{Tensor, TensorData};

use crate::gan::operations::Resampling;

/// Where the patches of a convolution lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Patches {
    /// Pictures, rows, columns, channels.
    picture: [usize; 4],
    k: usize,
    stride: usize,
    padding: usize,
}

impl Patches {
    fn out(&self, axis: usize) -> usize {
        (self.picture[axis] + 2 * self.padding - self.k) / self.stride + 1
    }

    fn shape(&self) -> [usize; 2] {
        let [n, _, _, c] = self.picture;
        [n * self.out(1) * self.out(2), self.k * self.k * c]
    }

    /// Calls `f` with where each row of a patch begins among the patches, where in the picture, and how many numbers it has there.
    fn each_run(&self, mut f: impl FnMut(usize, usize, usize)) {
        let [n, h, w, c] = self.picture;
        let (rows, columns) = (self.out(1), self.out(2));
        let row_length = self.k * c;
        let mut patch = 0;
        for picture in 0..n {
            for oy in 0..rows {
                for ox in 0..columns {
                    let left = (ox * self.stride) as isize - self.padding as isize;
                    let (begin, end) = (left.max(0), (left + self.k as isize).min(w as isize));
                    for dy in 0..self.k {
                        let y = (oy * self.stride + dy) as isize - self.padding as isize;
                        if begin < end && (0..h as isize).contains(&y) {
                            let to = patch + dy * row_length + (begin - left) as usize * c;
                            let from = ((picture * h + y as usize) * w + begin as usize) * c;
                            f(to, from, (end - begin) as usize * c);
                        }
                    }
                    patch += self.k * row_length;
                }
            }
        }
    }

    fn gather(&self, x: &[f32]) -> Vec<f32> {
        let mut out = vec![0.0; self.shape().iter().product()];
        self.each_run(|to, from, n| out[to..to + n].copy_from_slice(&x[from..from + n]));
        out
    }

    fn add_up(&self, patches: &[f32]) -> Vec<f32> {
        let mut out = vec![0.0; self.picture.iter().product()];
        self.each_run(|from, to, n| {
            out[to..to + n].iter_mut().zip(&patches[from..from + n]).for_each(|(to, from)| *to += from);
        });
        out
    }
}

/// An up/down filter of pictures of one size.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    picture: [usize; 4],
    /// Already with its gain, in the order of a correlation.
    taps: Vec<f32>,
    up: usize,
    down: usize,
    padding: (isize, isize),
}

impl Filter {
    fn out(&self, axis: usize) -> usize {
        let full = (self.picture[axis] * self.up) as isize + self.padding.0 + self.padding.1 - self.taps.len() as isize;
        (full / self.down as isize + 1) as usize
    }

    fn shape(&self) -> [usize; 4] {
        let [n, _, _, c] = self.picture;
        [n, self.out(1), self.out(2), c]
    }

    /// The filter that takes gradients back.
    fn turned(&self) -> Filter {
        let after = |axis: usize| {
            (self.picture[axis] * self.up) as isize - (self.out(axis) * self.down) as isize + self.padding.0
                - self.up as isize
                + 1
        };
        Filter {
            picture: self.shape(),
            taps: self.taps.iter().rev().copied().collect(),
            up: self.down,
            down: self.up,
            padding: (self.taps.len() as isize - self.padding.0 - 1, after(1)),
        }
    }

    fn apply(&self, x: &[f32]) -> Vec<f32> {
        let [n, h, w, c] = self.picture;
        let (rows, columns) = (self.out(1), self.out(2));
        // Down the columns first: whole rows are added.
        let tall = self.along(x, n, h, rows, w * c);
        self.along(&tall, n * rows, w, columns, c)
    }

    /// Along one axis of `length`, whose steps are `run` numbers each.
    fn along(&self, x: &[f32], n: usize, length: usize, length_out: usize, run: usize) -> Vec<f32> {
        let mut out = vec![0.0; n * length_out * run];
        for (i, out) in out.chunks_exact_mut(length_out * run).enumerate() {
            let x = &x[i * length * run..(i + 1) * length * run];
            for (place, out) in out.chunks_exact_mut(run).enumerate() {
                for (tap, weight) in self.taps.iter().enumerate() {
                    let at = (place * self.down + tap) as isize - self.padding.0;
                    if at >= 0 && at % self.up as isize == 0 && (at as usize / self.up) < length {
                        let from = at as usize / self.up * run;
                        out.iter_mut().zip(&x[from..from + run]).for_each(|(to, x)| *to += weight * x);
                    }
                }
            }
        }
        out
    }
}

/// The linear maps as operations of Burn.
#[backend_extension(Flex, Autodiff)]
pub trait LinearMaps: Backend {
    /// Gathers or adds up patches, or filters.
    fn linear_map(x: FloatTensor<Self>, map: LinearMap) -> FloatTensor<Self>;
}

/// A linear map of pictures whose gradient is another one.
#[derive(Debug, Clone, PartialEq)]
pub enum LinearMap {
    /// Pictures to patches.
    Gather(Patches),
    /// Patches to pictures.
    AddUp(Patches),
    /// Pictures to filtered pictures.
    Filter(Filter),
}

impl LinearMap {
    fn apply(&self, x: &[f32]) -> TensorData {
        match self {
            LinearMap::Gather(patches) => TensorData::new(patches.gather(x), patches.shape()),
            LinearMap::AddUp(patches) => TensorData::new(patches.add_up(x), patches.picture),
            LinearMap::Filter(filter) => TensorData::new(filter.apply(x), filter.shape()),
        }
    }

    /// The map of the gradients.
    fn turned(&self) -> LinearMap {
        match self {
            LinearMap::Gather(patches) => LinearMap::AddUp(*patches),
            LinearMap::AddUp(patches) => LinearMap::Gather(*patches),
            LinearMap::Filter(filter) => LinearMap::Filter(filter.turned()),
        }
    }

    fn of_tensor(&self, x: FlexTensor) -> FlexTensor {
        // A view is copied once; what lies dense already is not.
        let x = if x.as_slice::<f32>().is_some() { x } else { x.to_contiguous() };
        FlexTensor::from_data(self.apply(x.as_slice::<f32>().expect("contiguous numbers of 32 bits")))
    }
}

impl LinearMaps for Flex {
    fn linear_map(x: FlexTensor, map: LinearMap) -> FlexTensor {
        map.of_tensor(x)
    }
}

impl<C: CheckpointStrategy> LinearMaps for Autodiff<Flex, C> {
    fn linear_map(x: FloatTensor<Self>, map: LinearMap) -> FloatTensor<Self> {
        let (x, node) = x.into_parts();
        match MapBackward.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let out = map.of_tensor(x);
                prep.finish(map.turned(), out)
            }
            OpsKind::UnTracked(prep) => prep.finish(map.of_tensor(x)),
        }
    }
}

#[derive(Debug)]
struct MapBackward;

impl Backward<Flex, 1> for MapBackward {
    type State = LinearMap;

    fn backward(self, ops: Ops<LinearMap, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let slope = grads.consume::<Flex>(&ops.node);
        let [parent] = ops.parents;
        if let Some(node) = parent {
            grads.register::<Flex>(node.id, ops.state.of_tensor(slope));
        }
    }
}

fn mapped<const D: usize, const E: usize>(x: Tensor<D>, map: LinearMap) -> Tensor<E> {
    Tensor::from_dispatch(<Dispatch as LinearMaps>::linear_map(x.into_dispatch(), map))
}

/// As [`crate::gan::operations::convolve`], without bias.
pub(crate) fn convolve(x: Tensor<4>, weight: Tensor<4>, stride: usize, padding: usize) -> Tensor<4> {
    let ([n, h, w, c], [n_out, _, k, _]) = (x.dims(), weight.dims());
    let patches = Patches { picture: [n, h, w, c], k, stride, padding };
    let columns: Tensor<2> = if k == 1 && stride == 1 && padding == 0 {
        x.reshape([n * h * w, c])
    } else {
        mapped(x, LinearMap::Gather(patches))
    };
    let weight = weight.permute([2, 3, 1, 0]).reshape([k * k * c, n_out]);
    columns.matmul(weight).reshape([n, patches.out(1), patches.out(2), n_out])
}

/// As [`crate::gan::operations::convolve_transposed`], without bias.
pub(crate) fn convolve_transposed(x: Tensor<4>, weight: Tensor<4>, stride: usize, padding: usize) -> Tensor<4> {
    let ([n, h, w, c], [_, n_out, k, _]) = (x.dims(), weight.dims());
    let side = |side: usize| (side - 1) * stride + k - 2 * padding;
    let weight = weight.permute([0, 2, 3, 1]).reshape([c, k * k * n_out]);
    let columns = x.reshape([n * h * w, c]).matmul(weight);
    mapped(columns, LinearMap::AddUp(Patches { picture: [n, side(h), side(w), n_out], k, stride, padding }))
}

/// As [`crate::gan::operations::resample`].
pub(crate) fn resample(x: Tensor<4>, taps: &[f32], resampling: Resampling) -> Tensor<4> {
    let Resampling { up, down, padding, gain } = resampling;
    let sum: f32 = taps.iter().sum();
    let taps = taps.iter().rev().map(|tap| tap / sum * gain.sqrt()).collect();
    let picture = x.dims();
    mapped(x, LinearMap::Filter(Filter { picture, taps, up, down, padding }))
}
