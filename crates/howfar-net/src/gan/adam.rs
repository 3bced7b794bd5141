//! Adam for the networks of a GAN, with the momenta that they are trained with.
//!
//! In: numbers, gradients. Out: changed numbers. Knows no network.

use crate::NetFault;
use crate::gan::parameters::Parameters;
use crate::weight_file::{Named, TensorFile};

/// Kingma and Ba (2015), as PyTorch computes it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamSettings {
    /// How much of the mean of the gradients is kept, and how much of that of their squares.
    pub betas: [f32; 2],
    /// Keeps the division finite.
    pub epsilon: f32,
}

/// The moments of the numbers of one network.
#[derive(Debug, Clone, PartialEq)]
pub struct Adam {
    settings: AdamSettings,
    /// Mean and mean square of the gradients of each trained tensor, in the network's order.
    moments: Vec<[Vec<f32>; 2]>,
    n_steps: u64,
}

impl Adam {
    /// No step made yet.
    pub fn new(settings: AdamSettings, parameters: &Parameters) -> Self {
        let trained = parameters.list().iter().filter(|p| p.trained);
        let moments = trained.map(|p| [vec![0.0; p.values.len()], vec![0.0; p.values.len()]]).collect();
        Adam { settings, moments, n_steps: 0 }
    }

    /// One step; a tensor without a gradient has one of zeros.
    pub fn step(&mut self, parameters: &mut Parameters, gradients: &[Option<Vec<f32>>], rate: f32) {
        self.n_steps += 1;
        let AdamSettings { betas: [beta1, beta2], epsilon } = self.settings;
        let correction = |beta: f32| 1.0 - f64::from(beta).powi(self.n_steps.min(i32::MAX as u64) as i32);
        let rate = (f64::from(rate) / correction(beta1)) as f32;
        let root = correction(beta2).sqrt() as f32;
        let trained = parameters.list_mut().iter_mut().zip(gradients).filter(|(p, _)| p.trained);
        for ((parameter, gradient), [first, second]) in trained.zip(&mut self.moments) {
            let gradient = gradient.clone().unwrap_or_else(|| vec![0.0; first.len()]);
            let moments = first.iter_mut().zip(second);
            for ((value, (first, second)), slope) in parameter.values.iter_mut().zip(moments).zip(gradient) {
                *first = beta1 * *first + (1.0 - beta1) * slope;
                *second = beta2 * *second + (1.0 - beta2) * slope * slope;
                *value -= rate * *first / (second.sqrt() / root + epsilon);
            }
        }
    }

    /// Steps made.
    pub fn n_steps(&self) -> u64 {
        self.n_steps
    }

    /// The moments as tensors with `prefix` before each name.
    pub fn tensors(&self, parameters: &Parameters, prefix: &str) -> Vec<Named> {
        let trained = parameters.list().iter().filter(|p| p.trained);
        let named = trained.zip(&self.moments).flat_map(|(p, moments)| {
            ["mean", "square"].into_iter().zip(moments).map(move |(which, values)| Named {
                name: format!("{prefix}{which}.{}", p.name),
                shape: p.shape.clone(),
                values: values.clone(),
            })
        });
        named.collect()
    }

    /// Takes the moments out of a file.
    pub fn take(
        settings: AdamSettings,
        parameters: &Parameters,
        file: &mut TensorFile,
        prefix: &str,
        n_steps: u64,
    ) -> Result<Self, NetFault> {
        let mut moments = Vec::new();
        for p in parameters.list().iter().filter(|p| p.trained) {
            let mut take = |which| file.take(&format!("{prefix}{which}.{}", p.name), &p.shape);
            moments.push([take("mean")?, take("square")?]);
        }
        Ok(Adam { settings, moments, n_steps })
    }
}
