//! A block of a network over a batch: 3×3 convolution, batch norm or none, ReLU, 2×2 maximum or none; and its gradients.
//!
//! In: a batch channels last, the block's weights. Out: the batch after the block, and on the way back the gradients of
//! everything that went in. A picture stays in the cache from its convolution to its activation, and on the way back
//! from the gradient of its activation to those of its input and of the weights.

use crate::InstructionSet;
use crate::activation::{self, Map};
use crate::convolution::{self, Geometry};
use crate::instruction_set::{self, Kernel};
use crate::vector::Vector;

/// Sizes of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// Rows in.
    pub height: usize,
    /// Columns in.
    pub width: usize,
    /// Channels in.
    pub n_in: usize,
    /// Channels out.
    pub n_out: usize,
    /// Zeros around the input: 1 (`same`) or 0 (`valid`).
    pub border: usize,
    /// Whether 2×2 windows give their maximum; an odd last row or column is left out.
    pub pool: bool,
}

/// Batch norm: each channel is brought to mean 0 and variance 1 over the batch, then scaled and shifted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Norm<'a> {
    /// Factor of each channel.
    pub scale: &'a [f32],
    /// Summand of each channel.
    pub shift: &'a [f32],
    /// Added to the variance.
    pub epsilon: f32,
}

/// What training keeps of a block for the way back.
#[derive(Debug, Clone, PartialEq)]
pub struct Forward {
    /// After the block, `[N, H', W', C']`.
    pub out: Vec<f32>,
    /// After the convolution, `[N, H, W, C']`.
    pub convolved: Vec<f32>,
    /// Mean of each channel over the batch; zeros without norm.
    pub mean: Vec<f32>,
    /// Variance (divided by N) of each channel over the batch; ones without norm.
    pub variance: Vec<f32>,
}

/// Gradients of what went into a block.
#[derive(Debug, Clone, PartialEq)]
pub struct Gradients {
    /// Of the input, `[N, H, W, C]`; empty if nobody asked.
    pub input: Vec<f32>,
    /// Of the convolution, `[C', C, 3, 3]`.
    pub weight: Vec<f32>,
    /// Of its bias. Zeros with norm, which takes the mean away.
    pub bias: Vec<f32>,
    /// Of the norm's scale and shift; empty without norm.
    pub scale: Vec<f32>,
    /// As above.
    pub shift: Vec<f32>,
}

impl Block {
    /// Rows after the convolution.
    fn convolved_height(&self) -> usize {
        self.height + 2 * self.border - 2
    }

    /// Columns after the convolution.
    fn convolved_width(&self) -> usize {
        self.width + 2 * self.border - 2
    }

    /// Numbers a picture in.
    pub fn n_inputs(&self) -> usize {
        self.height * self.width * self.n_in
    }

    /// Rows, columns and channels out.
    pub fn shape_out(&self) -> [usize; 3] {
        [self.map().height_out(), self.map().width_out(), self.n_out]
    }

    /// Rows, columns and channels after the convolution.
    pub fn shape_convolved(&self) -> [usize; 3] {
        [self.convolved_height(), self.convolved_width(), self.n_out]
    }

    fn map(&self) -> Map {
        let (height, width) = (self.convolved_height(), self.convolved_width());
        Map { height, width, n_channels: self.n_out, pool: self.pool }
    }

    fn geometry(&self) -> Geometry {
        let (height, width) = (self.height + 2 * self.border, self.width + 2 * self.border);
        Geometry { height, width, n_in: self.n_in, n_out: self.n_out }
    }

    /// The convolution that brings the gradient back to the input (and its border).
    fn geometry_back(&self) -> Geometry {
        let (height, width) = (self.height + 2, self.width + 2);
        Geometry { height, width, n_in: self.n_out, n_out: self.n_in }
    }

    /// Refuses slices that do not fit; returns the number of pictures.
    fn check(&self, x: &[f32], weight: &[f32], bias: &[f32]) -> usize {
        assert!(self.border <= 1 && self.height + 2 * self.border > 2 && self.width + 2 * self.border > 2);
        assert!(self.n_in > 0 && self.n_out > 0 && x.len().is_multiple_of(self.n_inputs()), "whole pictures");
        assert_eq!((weight.len(), bias.len()), (self.n_out * self.n_in * 9, self.n_out), "weights of this block");
        x.len() / self.n_inputs()
    }

    /// The block without norm (or with its norm folded into weights and bias), keeping nothing.
    ///
    /// # Shapes
    /// `x` `[N, H, W, C]`, `weight` `[C', C, 3, 3]`, `bias` `[C']` -> `[N, H', W', C']`
    pub fn infer(&self, set: InstructionSet, x: &[f32], weight: &[f32], bias: &[f32]) -> Vec<f32> {
        let n = self.check(x, weight, bias);
        instruction_set::run(set, Infer { block: *self, n, x, weight, bias })
    }

    /// The block in training.
    ///
    /// # Shapes
    /// As [`Block::infer`].
    pub fn forward(
        &self,
        set: InstructionSet,
        x: &[f32],
        weight: &[f32],
        bias: &[f32],
        norm: Option<Norm<'_>>,
    ) -> Forward {
        let n = self.check(x, weight, bias);
        instruction_set::run(set, Train { block: *self, n, x, weight, bias, norm })
    }

    /// The way back.
    ///
    /// # Shapes
    /// `x` and `weight` as in [`Block::forward`], `forward` what that gave (its `out` is not looked at), `gradient`
    /// `[N, H', W', C']`
    #[expect(clippy::too_many_arguments, reason = "all that the gradients of a block are made of")]
    pub fn backward(
        &self,
        set: InstructionSet,
        x: &[f32],
        weight: &[f32],
        norm: Option<Norm<'_>>,
        convolved: &[f32],
        [mean, variance]: [&[f32]; 2],
        gradient: &[f32],
        wants_input: bool,
    ) -> Gradients {
        let n = self.check(x, weight, mean);
        assert_eq!(convolved.len(), n * self.map().n_values(), "one value a pixel and channel");
        assert_eq!(gradient.len(), n * self.map().n_values_out(), "one gradient an output");
        assert_eq!(variance.len(), self.n_out);
        let back = Back { block: *self, n, x, weight, norm, convolved, mean, variance, gradient, wants_input };
        instruction_set::run(set, back)
    }
}

/// A picture with its border, or the slice itself where it has none.
struct Bordered {
    border: usize,
    height: usize,
    row: usize,
    n_channels: usize,
    scratch: Vec<f32>,
}

impl Bordered {
    fn new(height: usize, width: usize, n_channels: usize, border: usize) -> Self {
        let n = if border == 0 { 0 } else { (height + 2 * border) * (width + 2 * border) * n_channels };
        Bordered { border, height, row: width * n_channels, n_channels, scratch: vec![0.0; n] }
    }

    #[inline(always)]
    fn of<'a>(&'a mut self, picture: &'a [f32]) -> &'a [f32] {
        if self.border == 0 {
            return picture;
        }
        convolution::pad(picture, self.height, self.row, self.border, self.n_channels, &mut self.scratch);
        &self.scratch
    }
}

/// `values`, then zeros up to whole vectors.
fn padded<V: Vector>(values: &[f32]) -> Vec<f32> {
    let mut row = values.to_vec();
    row.resize(convolution::padded_channels::<V>(values.len()), 0.0);
    row
}

struct Infer<'a> {
    block: Block,
    n: usize,
    x: &'a [f32],
    weight: &'a [f32],
    bias: &'a [f32],
}

impl Kernel for Infer<'_> {
    type Output = Vec<f32>;
    #[inline(always)]
    unsafe fn run<V: Vector>(self) -> Vec<f32> {
        let Infer { block, n, x, weight, bias } = self;
        let (map, geometry) = (block.map(), block.geometry());
        let packed = convolution::pack::<V>(weight, block.n_in, block.n_out);
        let bias = padded::<V>(bias);
        let (ones, zeros) = (vec![1.0; block.n_out], vec![0.0; block.n_out]);
        let mut bordered = Bordered::new(block.height, block.width, block.n_in, block.border);
        let mut convolved = vec![0.0; map.n_values()];
        let mut out = vec![0.0; n * map.n_values_out()];
        for (x, out) in x.chunks_exact(block.n_inputs()).zip(out.chunks_exact_mut(map.n_values_out().max(1))) {
            // SAFETY: the caller has the instructions.
            unsafe {
                convolution::convolve::<V>(geometry, bordered.of(x), &packed, &bias, &mut convolved);
                activation::activate::<V>(map, &convolved, &ones, &zeros, out);
            }
        }
        out
    }
}

struct Train<'a> {
    block: Block,
    n: usize,
    x: &'a [f32],
    weight: &'a [f32],
    bias: &'a [f32],
    norm: Option<Norm<'a>>,
}

impl Kernel for Train<'_> {
    type Output = Forward;
    #[inline(always)]
    unsafe fn run<V: Vector>(self) -> Forward {
        let Train { block, n, x, weight, bias, norm } = self;
        let (map, geometry, n_out) = (block.map(), block.geometry(), block.n_out);
        let packed = convolution::pack::<V>(weight, block.n_in, n_out);
        let bias = padded::<V>(bias);
        let mut bordered = Bordered::new(block.height, block.width, block.n_in, block.border);
        let mut convolved = vec![0.0; n * map.n_values()];
        let mut out = vec![0.0; n * map.n_values_out()];
        let mut moments = Moments::new(n_out);
        let (ones, zeros) = (vec![1.0; n_out], vec![0.0; n_out]);
        for (i, x) in x.chunks_exact(block.n_inputs()).enumerate() {
            let y = &mut convolved[i * map.n_values()..(i + 1) * map.n_values()];
            let out = &mut out[i * map.n_values_out()..(i + 1) * map.n_values_out()];
            // SAFETY: the caller has the instructions.
            unsafe {
                convolution::convolve::<V>(geometry, bordered.of(x), &packed, &bias, y);
                match norm {
                    Some(_) => moments.add::<V>(map, y),
                    None => activation::activate::<V>(map, y, &ones, &zeros, out),
                }
            }
        }
        let Some(norm) = norm else { return Forward { out, convolved, mean: zeros, variance: ones } };
        let (mean, variance) = moments.finish(map.height * map.width);
        let (factor, shift) = affine(&norm, &mean, &variance);
        for (y, out) in convolved.chunks_exact(map.n_values()).zip(out.chunks_exact_mut(map.n_values_out().max(1))) {
            // SAFETY: the caller has the instructions.
            unsafe { activation::activate::<V>(map, y, &factor, &shift, out) };
        }
        Forward { out, convolved, mean, variance }
    }
}

/// Factor and shift of the affine map that a norm is.
fn affine(norm: &Norm<'_>, mean: &[f32], variance: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let factor: Vec<f32> = norm.scale.iter().zip(variance).map(|(s, v)| s / (v + norm.epsilon).sqrt()).collect();
    let shift = factor.iter().zip(norm.shift).zip(mean).map(|((f, s), m)| s - m * f).collect();
    (factor, shift)
}

/// Means and sums of squares of the pictures of a batch, joined as Chan, Golub and LeVeque (1983) do.
struct Moments {
    means: Vec<f32>,
    squares: Vec<f32>,
    n_channels: usize,
}

impl Moments {
    fn new(n_channels: usize) -> Self {
        Moments { means: Vec::new(), squares: Vec::new(), n_channels }
    }

    #[inline(always)]
    unsafe fn add<V: Vector>(&mut self, map: Map, y: &[f32]) {
        let at = self.means.len();
        self.means.resize(at + self.n_channels, 0.0);
        self.squares.resize(at + self.n_channels, 0.0);
        // SAFETY: the caller has the instructions.
        unsafe { activation::moments::<V>(map, y, &mut self.means[at..], &mut self.squares[at..]) };
    }

    /// Mean and variance over the batch, from pictures of `n_pixels`.
    fn finish(&self, n_pixels: usize) -> (Vec<f32>, Vec<f32>) {
        let n_pictures = (self.means.len() / self.n_channels).max(1) as f64;
        let channel = |rows: &'_ [f32], c: usize| -> Vec<f64> {
            rows.iter().skip(c).step_by(self.n_channels).map(|v| f64::from(*v)).collect()
        };
        let both = (0..self.n_channels).map(|c| {
            let means = channel(&self.means, c);
            let mean = means.iter().sum::<f64>() / n_pictures;
            let between: f64 = means.iter().map(|m| (m - mean) * (m - mean)).sum();
            let within: f64 = channel(&self.squares, c).iter().sum();
            (mean as f32, ((within / n_pixels as f64 + between) / n_pictures) as f32)
        });
        both.unzip()
    }
}

struct Back<'a> {
    block: Block,
    n: usize,
    x: &'a [f32],
    weight: &'a [f32],
    norm: Option<Norm<'a>>,
    convolved: &'a [f32],
    mean: &'a [f32],
    variance: &'a [f32],
    gradient: &'a [f32],
    wants_input: bool,
}

impl Kernel for Back<'_> {
    type Output = Gradients;
    #[inline(always)]
    unsafe fn run<V: Vector>(self) -> Gradients {
        let Back { block, n, x, weight, norm, convolved, mean, variance, gradient, wants_input } = self;
        let (map, geometry, back, n_out) = (block.map(), block.geometry(), block.geometry_back(), block.n_out);
        let (n_y, n_gradient) = (map.n_values(), map.n_values_out());
        let zeros = vec![0.0; n_out];
        let (factor, shift) = match &norm {
            Some(norm) => affine(norm, mean, variance),
            None => (vec![1.0; n_out], zeros.clone()),
        };
        // Σ g and Σ g (y − mean) of each channel over the batch.
        let (mut sums, mut products) = (vec![0.0f64; n_out], vec![0.0f64; n_out]);
        for i in 0..n {
            let (mut sum, mut product) = (vec![0.0; n_out], vec![0.0; n_out]);
            let (y, gradient) = (&convolved[i * n_y..(i + 1) * n_y], &gradient[i * n_gradient..(i + 1) * n_gradient]);
            // SAFETY: the caller has the instructions.
            unsafe {
                let rows = [&factor[..], &shift, mean];
                activation::add_gradient_sums::<V>(map, y, rows, gradient, &mut sum, &mut product);
            }
            sums.iter_mut().zip(&sum).for_each(|(total, part)| *total += f64::from(*part));
            products.iter_mut().zip(&product).for_each(|(total, part)| *total += f64::from(*part));
        }
        // With ŷ = (y − mean)/σ: ∂y = factor (g − Σg/M − ŷ Σ(g ŷ)/M).
        let count = (n * map.height * map.width) as f64;
        let (mut constant, mut slope) = (zeros.clone(), zeros.clone());
        if let Some(norm) = &norm {
            for c in 0..n_out {
                let deviation_squared = f64::from(variance[c] + norm.epsilon);
                constant[c] = (f64::from(factor[c]) * sums[c] / count) as f32;
                slope[c] = (f64::from(factor[c]) * products[c] / (count * deviation_squared)) as f32;
            }
        }
        let rows = [&factor[..], &shift, mean, &constant, &slope];

        // The gradient after the convolution lies in a border of zeros, for the way back to the input.
        let border = 2 - block.border;
        let wide = map.width + 2 * border;
        let inside = (border * wide + border) * n_out;
        let mut after = vec![0.0; (map.height + 2 * border) * wide * n_out + V::LANES];
        let mut weight_sums = vec![0.0; 9 * block.n_in * convolution::padded_channels::<V>(n_out)];
        let mut bordered = Bordered::new(block.height, block.width, block.n_in, block.border);
        let (packed, no_bias) = if wants_input {
            (convolution::pack_turned::<V>(weight, block.n_in, n_out), padded::<V>(&vec![0.0; block.n_in]))
        } else {
            (Vec::new(), Vec::new())
        };
        let n_x = block.n_inputs();
        let mut input = vec![0.0; if wants_input { x.len() } else { 0 }];
        for i in 0..n {
            let (y, gradient) = (&convolved[i * n_y..(i + 1) * n_y], &gradient[i * n_gradient..(i + 1) * n_gradient]);
            let (row, x) = (wide * n_out, &x[i * n_x..(i + 1) * n_x]);
            // SAFETY: the caller has the instructions.
            unsafe {
                activation::gradient_before::<V>(map, y, rows, gradient, &mut after[inside..], row);
                let x = bordered.of(x);
                convolution::add_weight_gradient::<V>(geometry, x, &after[inside..], row, n_out, &mut weight_sums);
                if wants_input {
                    let input = &mut input[i * n_x..(i + 1) * n_x];
                    convolution::convolve::<V>(back, &after, &packed, &no_bias, input);
                }
            }
        }
        let single = |row: &[f64]| row.iter().map(|v| *v as f32).collect::<Vec<f32>>();
        let (bias, scale, shift) = match &norm {
            Some(norm) => {
                let per_deviation: Vec<f64> =
                    products.iter().zip(variance).map(|(p, v)| p / f64::from(v + norm.epsilon).sqrt()).collect();
                (zeros, single(&per_deviation), single(&sums))
            }
            None => (single(&sums), Vec::new(), Vec::new()),
        };
        let weight = convolution::unpack_weight_gradient::<V>(geometry, &weight_sums);
        Gradients { input, weight, bias, scale, shift }
    }
}
