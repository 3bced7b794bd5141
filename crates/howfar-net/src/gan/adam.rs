//! Adam's moments for a network of a GAN; the step itself is `howfar-kernel`'s, as for classifiers.
//!
//! In: numbers, gradients. Out: changed numbers. Knows no network.

use howfar_kernel::{AdamSettings, InstructionSet};

use crate::NetFault;
use crate::gan::parameters::Parameters;
use crate::weight_file::{Named, TensorFile};

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
        let (step, set) = (self.settings.step(rate, 1.0, self.n_steps), InstructionSet::best());
        let trained = parameters.list_mut().iter_mut().zip(gradients).filter(|(p, _)| p.trained);
        for ((parameter, gradient), [first, second]) in trained.zip(&mut self.moments) {
            match gradient {
                Some(gradient) => step.apply(set, &mut parameter.values, gradient, first, second),
                None => step.apply(set, &mut parameter.values, &vec![0.0; first.len()], first, second),
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
