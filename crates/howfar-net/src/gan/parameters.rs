//! The numbers of one network of a GAN by name, and the tensors that a step computes with.
//!
//! In: a list of tensors with how each begins, a stream; or a weight file. Out: numbers by name, tensors on a device,
//! gradients in the order of the list. Names and layouts are those of the public PyTorch code of each network.

use std::collections::BTreeMap;

use howfar_random::{normal, uniform};
use rand_chacha::ChaCha8Rng;

use crate::device::device;
use crate::tensor::{Device, Gradients, Tensor, numbers, tensor};
use crate::weight_file::{Named, TensorFile};
use crate::weights::not_finite;
use crate::{NetFault, Parameter};

/// How the numbers of a tensor begin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Start {
    /// All the same.
    Constant(f32),
    /// Uniform in ± this bound.
    Uniform(f32),
    /// Normal with this deviation.
    Normal(f32),
}

/// A tensor of a network before it has numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    /// As in the public code's `state_dict`.
    pub name: String,
    /// Sizes, the last one running fastest.
    pub shape: Vec<usize>,
    /// How it begins.
    pub start: Start,
    /// False for what no gradient moves.
    pub trained: bool,
}

impl Slot {
    /// A tensor that training moves.
    pub fn trained(name: impl Into<String>, shape: &[usize], start: Start) -> Self {
        Slot { name: name.into(), shape: shape.to_vec(), start, trained: true }
    }

    /// A tensor that no gradient moves.
    pub fn kept(name: impl Into<String>, shape: &[usize], start: Start) -> Self {
        Slot { trained: false, ..Self::trained(name, shape, start) }
    }

    fn parameter(&self, values: Vec<f32>) -> Parameter {
        Parameter { name: self.name.clone(), shape: self.shape.clone(), values, trained: self.trained }
    }
}

/// All tensors of a network.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    list: Vec<Parameter>,
}

impl Parameters {
    /// Initial numbers from a stream, in the order of the slots.
    pub fn initial(slots: &[Slot], rng: &mut ChaCha8Rng) -> Self {
        let mut draw = |slot: &Slot| {
            let n = slot.shape.iter().product();
            let values = match slot.start {
                Start::Constant(value) => vec![value; n],
                Start::Uniform(bound) => (0..n).map(|_| (2.0 * uniform(rng) - 1.0) * bound).collect(),
                Start::Normal(deviation) => (0..n).map(|_| normal(rng) * deviation).collect(),
            };
            slot.parameter(values)
        };
        Parameters { list: slots.iter().map(&mut draw).collect() }
    }

    /// Takes the tensors of `slots`, with `prefix` before each name, out of a file.
    pub fn take(slots: &[Slot], file: &mut TensorFile, prefix: &str) -> Result<Self, NetFault> {
        let mut take = |slot: &Slot| {
            let values = file.take(&format!("{prefix}{}", slot.name), &slot.shape)?;
            Ok(slot.parameter(values))
        };
        Ok(Parameters { list: slots.iter().map(&mut take).collect::<Result<_, _>>()? })
    }

    /// The tensors with `prefix` before each name.
    pub fn tensors(&self, prefix: &str) -> Vec<Named> {
        let named = |p: &Parameter| Named {
            name: format!("{prefix}{}", p.name),
            shape: p.shape.clone(),
            values: p.values.clone(),
        };
        self.list.iter().map(named).collect()
    }

    /// The tensors in order.
    pub fn list(&self) -> &[Parameter] {
        &self.list
    }

    /// The tensors in order, to be changed.
    pub fn list_mut(&mut self) -> &mut [Parameter] {
        &mut self.list
    }

    /// The numbers of a tensor; none where the network has no such tensor.
    pub fn values_mut(&mut self, name: &str) -> Option<&mut Vec<f32>> {
        self.list.iter_mut().find(|p| p.name == name).map(|p| &mut p.values)
    }

    /// Numbers in all tensors.
    pub fn n_values(&self) -> usize {
        self.list.iter().map(|p| p.values.len()).sum()
    }

    /// Moves every number towards those of `other`: `keep` of the own one is kept (an exponential moving average). What
    /// is not trained is copied.
    pub fn follow(&mut self, other: &Parameters, keep: f32) {
        for (own, other) in self.list.iter_mut().zip(&other.list) {
            let keep = if own.trained { keep } else { 0.0 };
            for (own, other) in own.values.iter_mut().zip(&other.values) {
                *own = other + (*own - other) * keep;
            }
        }
    }

    /// The tensors on the device of this process, as constants: made once, they serve any number of pictures.
    pub fn prepare(&self) -> Leaves {
        self.frozen(&devices().0)
    }

    /// The tensors on a device that does not differentiate, or as constants on one that does.
    pub fn frozen(&self, device: &Device) -> Leaves {
        self.leaves(device, false)
    }

    /// The tensors on a device that differentiates; those that are trained ask for gradients.
    pub fn tracked(&self, device: &Device) -> Leaves {
        self.leaves(device, true)
    }

    fn leaves(&self, device: &Device, tracked: bool) -> Leaves {
        let leaf = |p: &Parameter| {
            let tensor: Tensor<1> = tensor(p.values.clone(), [p.values.len()], device);
            let tensor = if tracked && p.trained { tensor.require_grad() } else { tensor };
            Leaf { shape: p.shape.clone(), tensor }
        };
        let order = self.list.iter().map(|p| p.name.clone()).collect();
        Leaves { by_name: self.list.iter().map(|p| (p.name.clone(), leaf(p))).collect(), order }
    }
}

/// The first tensor of some networks with a number that is not finite, and that number.
pub(crate) fn first_not_finite(networks: &[(&str, &Parameters)]) -> Option<(String, f32)> {
    networks.iter().find_map(|(network, parameters)| {
        let (name, value) = not_finite(&parameters.list)?;
        Some((format!("{network}.{name}"), value))
    })
}

/// A tensor on a device, flat, and its sizes.
#[derive(Debug, Clone)]
struct Leaf {
    shape: Vec<usize>,
    tensor: Tensor<1>,
}

/// All tensors of a network on a device.
#[derive(Debug, Clone)]
pub struct Leaves {
    by_name: BTreeMap<String, Leaf>,
    order: Vec<String>,
}

impl Leaves {
    /// A tensor by its name.
    ///
    /// # Panics
    /// Where the network has no such tensor, or one of other sizes.
    pub fn get<const D: usize>(&self, name: &str) -> Tensor<D> {
        let leaf = &self.by_name[name];
        let shape: [usize; D] = leaf.shape.clone().try_into().expect("the slots say how many sizes it has");
        leaf.tensor.clone().reshape(shape)
    }

    /// One number that is a tensor of its own, as `[1]`.
    pub fn scalar(&self, name: &str) -> Tensor<1> {
        self.by_name[name].tensor.clone()
    }

    /// The gradients in the order of the list; none where no gradient arrived.
    pub fn gradients(&self, gradients: &Gradients) -> Vec<Option<Vec<f32>>> {
        let gradient = |name: &String| self.by_name[name].tensor.grad(gradients).map(numbers);
        self.order.iter().map(gradient).collect()
    }
}

/// The one number of a tensor.
pub(crate) fn number(tensor: Tensor<1>) -> f32 {
    numbers(tensor)[0]
}

/// A device that does not differentiate, and one that does.
pub(crate) fn devices() -> (Device, Device) {
    (device(), device().autodiff())
}
