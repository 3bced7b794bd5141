//! Convolutions on the kernels of `howfar-kernel`, as an operation with gradients by hand: what `operations.rs` plugs
//! in on a CPU.
//!
//! In: activations channels last, weights as in PyTorch. Out: activations channels last. A transposed convolution is
//! the gradient of the input of a convolution, and the other way round, so that one operation with a switch is all
//! there is.

use std::cell::RefCell;

use howfar_kernel::{InstructionSet, Window, WindowRoom};

use crate::tensor::{Operation, Tensor, operate, untyped};

thread_local! {
    static ROOM: RefCell<WindowRoom> = RefCell::default();
}

/// One of the two maps between the input and the output of a convolution.
#[derive(Debug, Clone, Copy, PartialEq)]
struct WindowMap {
    window: Window,
    n: usize,
    /// From output to input.
    transposed: bool,
}

impl WindowMap {
    fn shape_to(&self) -> [usize; 4] {
        let Window { height, width, n_in, .. } = self.window;
        let [h, w, c] = if self.transposed { [height, width, n_in] } else { self.window.shape_out() };
        [self.n, h, w, c]
    }

    fn turned(self) -> Self {
        WindowMap { transposed: !self.transposed, ..self }
    }

    fn apply(&self, x: &[f32], weight: &[f32]) -> Vec<f32> {
        let mut out = vec![0.0; self.shape_to().iter().product()];
        let set = InstructionSet::best();
        // Taken out while it is used: a thread that waits for others may begin another convolution.
        let mut room = ROOM.take();
        if self.transposed {
            self.window.input_gradient(set, x, weight, &mut out, &mut room);
        } else {
            self.window.forward(set, x, weight, &mut out, &mut room);
        }
        ROOM.set(room);
        out
    }

    fn weight_slope(&self, x: &[f32], slope: &[f32]) -> Vec<f32> {
        let Window { n_in, n_out, side, .. } = self.window;
        let (input, output) = if self.transposed { (slope, x) } else { (x, slope) };
        let mut weight = vec![0.0; n_out * n_in * side * side];
        let mut room = ROOM.take();
        self.window.weight_gradient(InstructionSet::best(), input, output, &mut weight, &mut room);
        ROOM.set(room);
        weight
    }
}

impl Operation for WindowMap {
    fn shape(&self) -> Vec<usize> {
        self.shape_to().to_vec()
    }

    fn forward(&self, inputs: &[&[f32]]) -> (Vec<f32>, Vec<f32>) {
        (self.apply(inputs[0], inputs[1]), Vec::new())
    }

    fn backward(&self, inputs: &[&[f32]], _: &[f32], slope: &[f32], wanted: &[bool]) -> Vec<Vec<f32>> {
        let (x, weight) = (inputs[0], inputs[1]);
        let to_x = if wanted[0] { self.turned().apply(slope, weight) } else { Vec::new() };
        vec![to_x, if wanted[1] { self.weight_slope(x, slope) } else { Vec::new() }]
    }
}

fn mapped(x: Tensor<4>, weight: Tensor<4>, window: Window, transposed: bool) -> Tensor<4> {
    let map = WindowMap { window, n: x.dims()[0], transposed };
    operate(map, vec![untyped(x), untyped(weight)])
}

/// As [`crate::gan::operations::convolve`], without bias.
pub(crate) fn convolve(x: Tensor<4>, weight: Tensor<4>, stride: usize, padding: usize) -> Tensor<4> {
    let ([_, height, width, n_in], [n_out, _, side, _]) = (x.dims(), weight.dims());
    mapped(x, weight, Window { height, width, n_in, n_out, side, stride, padding }, false)
}

/// As [`crate::gan::operations::convolve_transposed`], without bias.
pub(crate) fn convolve_transposed(x: Tensor<4>, weight: Tensor<4>, stride: usize, padding: usize) -> Tensor<4> {
    let ([_, height, width, n_out], [_, n_in, side, _]) = (x.dims(), weight.dims());
    let before = |edge: usize| (edge - 1) * stride + side - 2 * padding;
    let (height, width) = (before(height), before(width));
    mapped(x, weight, Window { height, width, n_in, n_out, side, stride, padding }, true)
}
