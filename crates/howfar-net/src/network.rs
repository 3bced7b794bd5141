//! Layers with their numbers: what comes out for pictures, whatever it means.
//!
//! In: an architecture and weights. Out: numbers a picture, tensors by name. What the numbers mean is said by
//! [`crate::Classifier`] and [`crate::LandmarkNetwork`].

use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use crate::device::device;
use crate::forward::{Leaves, Mode, Operations, forward};
use crate::prepared::Prepared;
use crate::tensor::numbers;
use crate::weight_file::{Named, TensorFile};
use crate::weights::Place;
use crate::{Architecture, NetFault, Weights};

/// Pictures that go through a network at once, which bounds memory.
const BATCH: usize = 64;

/// A network of any kind.
#[derive(Debug, Clone, PartialEq)]
pub struct WeightedNetwork {
    pub(crate) architecture: Architecture,
    pub(crate) weights: Weights,
}

impl WeightedNetwork {
    /// A network with initial weights from a stream.
    pub fn new(architecture: Architecture, rng: &mut ChaCha8Rng) -> Self {
        let weights = Weights::initial(&architecture, rng);
        WeightedNetwork { architecture, weights }
    }

    /// A network with given weights, which must have the names and shapes of the architecture.
    pub fn with_weights(architecture: Architecture, weights: Weights) -> Result<Self, NetFault> {
        let places = Weights::places(&architecture);
        let fits = places.len() == weights.parameters.len()
            && places.iter().zip(&weights.parameters).all(|(a, b)| {
                (&a.name, &a.shape, a.trained) == (&b.name, &b.shape, b.trained)
                    && b.values.len() == b.shape.iter().product::<usize>()
            });
        if fits {
            return Ok(WeightedNetwork { architecture, weights });
        }
        Err(NetFault::new("weights", "they belong to another network", "other tensors", architecture.plan.name))
    }

    /// Its layers.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// Its numbers.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// Prepares it for inference.
    pub(crate) fn prepare(&self) -> Prepared<'_> {
        Prepared::new(&self.architecture, &self.weights)
    }

    /// What comes out for pictures; each row depends on its picture alone.
    ///
    /// # Shapes
    /// `inputs` `[N, H, W, C]`, scaled as in training -> `[N, E]`
    pub(crate) fn outputs(&self, operations: Operations, inputs: &[f32]) -> Vec<f32> {
        let n_inputs = self.architecture.n_inputs();
        assert_eq!(inputs.len() % n_inputs, 0, "inputs are whole pictures of {n_inputs} numbers");
        let batches = inputs.chunks(BATCH * n_inputs);
        if operations == Operations::Fused {
            let mut prepared = self.prepare();
            return batches.flat_map(|inputs| prepared.outputs(inputs)).collect();
        }
        let device = device();
        let leaves = Leaves::new(&self.weights, &device);
        let outputs = batches.map(|inputs| {
            let (out, _) = forward(&self.architecture, &leaves, inputs.to_vec(), &Mode::Inference, &device);
            numbers(out)
        });
        outputs.flatten().collect()
    }

    /// The tensors by name, with `prefix` before each.
    pub fn tensors(&self, prefix: &str) -> Vec<Named> {
        let parameters = self.weights.parameters.iter();
        parameters
            .map(|p| Named { name: format!("{prefix}{}", p.name), shape: p.shape.clone(), values: p.values.clone() })
            .collect()
    }

    /// Takes the tensors of a network, with `prefix` before each name, out of a file. Holds no more numbers than the
    /// file has.
    pub fn take(architecture: Architecture, file: &mut TensorFile, prefix: &str) -> Result<Self, NetFault> {
        let mut take = |place: Place| {
            let values = file.take(&format!("{prefix}{}", place.name), &place.shape)?;
            Ok(place.parameter(values))
        };
        let parameters = Weights::places(&architecture).into_iter().map(&mut take).collect::<Result<_, NetFault>>()?;
        Ok(WeightedNetwork { architecture, weights: Weights { parameters } })
    }

    /// Takes the network that a file holds and nothing else.
    pub(crate) fn take_alone(architecture: Architecture, file: &mut TensorFile) -> Result<Self, NetFault> {
        let network = Self::take(architecture, file, "")?;
        match file.tensors.keys().next() {
            Some(name) => Err(NetFault::new(name, "a tensor that this network does not have", name, "none besides")),
            None => Ok(network),
        }
    }
}

/// Reads a weight file and refuses other formats and newer versions.
pub(crate) fn open_weights(bytes: &[u8], expected: &str, newest: u64) -> Result<TensorFile, NetFault> {
    let file = TensorFile::read(bytes)?;
    let format = file.metadata["format"].as_str().unwrap_or("none");
    if format != expected {
        return Err(NetFault::new("format", "this is another kind of file", format, expected));
    }
    let version = file.metadata["version"].as_u64().unwrap_or(0);
    if version > newest {
        let expected = format!("version {newest} or older; update howfar");
        return Err(NetFault::new("version", "written by a newer howfar", version, expected));
    }
    Ok(file)
}

/// A size in the head of a weight file; 0 where there is none. [`Architecture::new`] refuses those that no network has.
pub(crate) fn size_field(metadata: &Value, field: &str) -> usize {
    metadata[field].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(0)
}
