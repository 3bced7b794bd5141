//! A network with its weights: what it says of pictures, and its bytes.

use howfar_network::Network;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::forward::Operations;
use crate::network::{WeightedNetwork, open_weights, size_field};
use crate::weight_file::{Named, Precision, TensorFile};
use crate::{Architecture, NetFault, PictureShape, Prepared, Weights, loss};

const FORMAT: &str = "howfar classifier";
const VERSION: u64 = 1;

/// A network that tells classes apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Classifier {
    network: WeightedNetwork,
}

impl AsRef<WeightedNetwork> for Classifier {
    fn as_ref(&self) -> &WeightedNetwork {
        &self.network
    }
}

impl AsMut<WeightedNetwork> for Classifier {
    fn as_mut(&mut self) -> &mut WeightedNetwork {
        &mut self.network
    }
}

impl Classifier {
    /// A network with initial weights from a stream.
    pub fn new(architecture: Architecture, rng: &mut ChaCha8Rng) -> Self {
        Classifier { network: WeightedNetwork::new(architecture, rng) }
    }

    /// A network with given weights, which must have the names and shapes of the architecture.
    pub fn with_weights(architecture: Architecture, weights: Weights) -> Result<Self, NetFault> {
        Ok(Classifier { network: WeightedNetwork::with_weights(architecture, weights)? })
    }

    /// Its layers.
    pub fn architecture(&self) -> &Architecture {
        &self.network.architecture
    }

    /// Its numbers.
    pub fn weights(&self) -> &Weights {
        &self.network.weights
    }

    /// Numbers that training moves.
    pub fn parameter_count(&self) -> usize {
        self.weights().n_trained()
    }

    /// What the network says of pictures; each output depends on its picture alone.
    ///
    /// # Shapes
    /// `inputs` `[N, H, W, C]`, scaled as in training -> `[N, E]`, each row sums to 1
    pub fn probabilities(&self, inputs: &[f32]) -> Vec<f32> {
        let mut probabilities = self.logits(inputs);
        loss::softmax(&mut probabilities, self.architecture().n_outputs);
        probabilities
    }

    /// Probabilities before the softmax.
    ///
    /// # Shapes
    /// `inputs` `[N, H, W, C]` -> `[N, E]`
    pub fn logits(&self, inputs: &[f32]) -> Vec<f32> {
        self.logits_by(Operations::chosen(), inputs)
    }

    /// Numbers a picture that [`Prepared::features`] gives.
    pub fn n_features(&self) -> usize {
        self.architecture().dense.last().map_or(0, |dense| dense.n_in)
    }

    /// Prepares the network for inference.
    pub fn prepare(&self) -> Prepared<'_> {
        self.network.prepare()
    }

    pub(crate) fn logits_by(&self, operations: Operations, inputs: &[f32]) -> Vec<f32> {
        self.network.outputs(operations, inputs)
    }

    /// The bytes of a weight file (safetensors) with the caller's `metadata` in it.
    pub fn to_bytes(&self, metadata: &Value, precision: Precision) -> Result<Vec<u8>, NetFault> {
        let Architecture { plan, n_outputs, picture, .. } = self.architecture();
        let header = json!({
            "format": FORMAT, "version": VERSION, "network": plan.name, "n_classes": n_outputs, "side": picture.side,
            "n_channels": picture.n_channels, "metadata": metadata,
        });
        TensorFile::write(&header, &self.tensors(""), precision)
    }

    /// Reads a weight file; returns the caller's metadata beside the network.
    pub fn from_bytes(bytes: &[u8]) -> Result<(Self, Value), NetFault> {
        let mut file = open_weights(bytes, FORMAT, VERSION)?;
        let header = file.metadata.clone();
        let name = header["network"].as_str().unwrap_or("none");
        let named = Network::from_name(name).ok_or_else(|| {
            let known = Network::ALL.map(Network::name).join(", ");
            NetFault::new("network", "unknown network", name, format!("one of {known}"))
        })?;
        let side = size_field(&header, "side");
        // The first files say no channels: they are of gray pictures.
        let n_channels = if header["n_channels"].is_null() { 1 } else { size_field(&header, "n_channels") };
        let picture = PictureShape { side, n_channels };
        let architecture = Architecture::new(named.plan(), size_field(&header, "n_classes"), picture)?;
        let network = WeightedNetwork::take_alone(architecture, &mut file)?;
        Ok((Classifier { network }, header["metadata"].clone()))
    }

    /// The tensors by name, with `prefix` before each.
    pub fn tensors(&self, prefix: &str) -> Vec<Named> {
        self.network.tensors(prefix)
    }

    /// Takes the tensors of a network, with `prefix` before each name, out of a file.
    pub fn take(architecture: Architecture, file: &mut TensorFile, prefix: &str) -> Result<Self, NetFault> {
        Ok(Classifier { network: WeightedNetwork::take(architecture, file, prefix)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn classifier(network: Network, picture: PictureShape) -> Classifier {
        Classifier::new(Architecture::new(network.plan(), 6, picture).unwrap(), &mut ChaCha8Rng::seed_from_u64(5))
    }

    fn numbers(n: usize) -> Vec<f32> {
        (0..n).map(|i| (i as u32).wrapping_mul(2_654_435_761) as f32 / u32::MAX as f32).collect()
    }

    #[test]
    fn what_is_said_of_a_picture_does_not_depend_on_its_neighbours() {
        for (network, n_channels) in [(Network::Compact, 1), (Network::Table1Valid, 3)] {
            let classifier = classifier(network, PictureShape { side: 48, n_channels });
            let n_inputs = classifier.architecture().n_inputs();
            let inputs = numbers(35 * n_inputs);
            let together = classifier.probabilities(&inputs);
            assert_eq!(together.len(), 35 * 6);
            for (i, row) in together.chunks(6).enumerate().step_by(11) {
                assert_eq!(classifier.probabilities(&inputs[i * n_inputs..(i + 1) * n_inputs]), row, "{network:?} {i}");
                assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn the_last_dense_layer_makes_the_logits_of_the_features() {
        for (network, n_features) in [(Network::Compact, 512), (Network::Table1Same, 1024)] {
            let classifier = classifier(network, PictureShape::gray(64));
            let inputs = numbers(3 * classifier.architecture().n_inputs());
            let features = classifier.prepare().features(&inputs);
            assert_eq!((classifier.n_features(), features.len()), (n_features, 3 * n_features));
            let [.., weight, bias] = &classifier.weights().parameters[..] else { panic!("no dense layer") };
            // Weights of the first dense layer count channels first, features pixels first.
            let n_pixels = if network == Network::Compact { 16 } else { 1 };
            let n_channels = n_features / n_pixels;
            for (row, logits) in features.chunks(n_features).zip(classifier.logits(&inputs).chunks(6)) {
                for (class, logit) in logits.iter().enumerate() {
                    let weights = &weight.values[class * n_features..];
                    let place = |i: usize| (i % n_channels) * n_pixels + i / n_channels;
                    let sum: f32 = row.iter().enumerate().map(|(i, v)| v * weights[place(i)]).sum();
                    assert!((sum + bias.values[class] - logit).abs() < 1e-4, "{network:?} {class}");
                }
            }
        }
    }

    #[test]
    fn a_weight_file_reads_back_and_tells_what_is_wrong_with_it() {
        let classifier = classifier(Network::Compact, PictureShape::gray(64));
        let bytes = classifier.to_bytes(&json!({"classes": ["a"]}), Precision::Full).unwrap();
        let (read, metadata) = Classifier::from_bytes(&bytes).unwrap();
        assert_eq!((read, metadata), (classifier.clone(), json!({"classes": ["a"]})));
        let with = |field: &str, value: Value| {
            let mut header = TensorFile::read(&bytes).unwrap().metadata;
            header[field] = value;
            let bytes = TensorFile::write(&header, &classifier.tensors(""), Precision::Full).unwrap();
            Classifier::from_bytes(&bytes).unwrap_err().what
        };
        assert_eq!(with("version", json!(9)), "written by a newer howfar");
        assert_eq!(with("format", json!("x")), "this is another kind of file");
        assert_eq!(with("network", json!("vgg99")), "unknown network");
        assert_eq!(with("n_classes", json!(7)), "this tensor has another shape");
        assert_eq!(with("n_channels", json!(3)), "this tensor has another shape");
        // Sizes that no file of so many bytes can have: refused before anything is kept for them.
        for n in [4097, 100_000_000_000u64, 1 << 62, u64::MAX] {
            assert_eq!(with("n_classes", json!(n)), "more than howfar tells apart");
            assert_eq!(with("side", json!(n)), "the pictures are too large");
        }
        assert_eq!(with("n_classes", json!(4096)), "this tensor has another shape");
        assert_eq!(with("side", json!(4096)), "this tensor has another shape");
        assert_eq!(with("network", json!("table1-same")), "this tensor has another shape");
    }
}
