//! Weights that training begins with: a network of ours, or VGG16 as torchvision names it, fitted to a classifier.
//!
//! In: the tensors of a weight file and an architecture. Out: classifiers whose layers have those numbers as far as
//! they fit: all convolutions, then the dense layers up to the first of another size. The output layer is always drawn
//! anew, because its classes are those of another task. Does not know files.

use rand_chacha::ChaCha8Rng;

use crate::weight_file::{Named, TensorFile};
use crate::weights::dense_offset;
use crate::{Architecture, Classifier, NetFault, Weights};

/// Places of torchvision's convolutions among its `features` (Simonyan and Zisserman 2015, configuration D).
const VGG16_FEATURES: [usize; 13] = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28];
/// And of its dense layers among `classifier`.
const VGG16_CLASSIFIER: [usize; 3] = [0, 3, 6];

/// Numbers for the layers of a classifier, as far as a file has them.
#[derive(Debug, Clone, PartialEq)]
pub struct StartingWeights {
    architecture: Architecture,
    /// One entry a tensor of the architecture.
    values: Vec<Option<Vec<f32>>>,
}

impl StartingWeights {
    /// Fits the tensors of a file to an architecture; a network of another kind and convolutions of other sizes are
    /// refused.
    pub fn fit(mut file: TensorFile, architecture: Architecture) -> Result<Self, NetFault> {
        let header = &file.metadata;
        let word = |key: &str| header[key].as_str().unwrap_or("none").to_owned();
        let (is_ours, kind) = match word("format").as_str() {
            "howfar classifier" => (true, word("network")),
            _ => (false, word("kind")),
        };
        if kind != architecture.plan.name {
            return Err(NetFault::new("weights", "they are of another network", kind, architecture.plan.name));
        }
        let places = Weights::places(&architecture);
        let n_convolved = dense_offset(&architecture);
        let mut fits = true;
        let mut values = Vec::new();
        for (i, place) in places.iter().enumerate() {
            let name = if is_ours { place.name.clone() } else { torch_name(&architecture, i) };
            if i == 0 {
                adapt_channels(file.tensors.get_mut(&name), &place.shape);
            }
            let is_output = i + 2 >= places.len();
            let same = |tensor: &Named| tensor.shape == place.shape;
            fits &= !is_output && (i < n_convolved || file.tensors.get(&name).is_some_and(same));
            values.push(if fits { Some(file.take(&name, &place.shape)?) } else { None });
        }
        Ok(StartingWeights { architecture, values })
    }

    /// A classifier that begins with these; what they lack comes from the stream as in a new one.
    pub fn begin(&self, rng: &mut ChaCha8Rng) -> Classifier {
        let mut classifier = Classifier::new(self.architecture.clone(), rng);
        let parameters = &mut classifier.as_mut().weights.parameters;
        for (parameter, values) in parameters.iter_mut().zip(&self.values) {
            if let Some(values) = values {
                parameter.values.clone_from(values);
            }
        }
        classifier
    }

    /// Tensors that are taken over, of how many.
    pub fn n_taken(&self) -> (usize, usize) {
        (self.values.iter().flatten().count(), self.values.len())
    }
}

/// What torchvision calls tensor `i` of VGG16.
fn torch_name(architecture: &Architecture, i: usize) -> String {
    debug_assert_eq!(architecture.plan.name, "vgg16", "no other network is known by torchvision's names");
    let part = if i.is_multiple_of(2) { "weight" } else { "bias" };
    let n_blocks = architecture.blocks.len();
    match i / 2 {
        block if block < n_blocks => format!("features.{}.{part}", VGG16_FEATURES[block]),
        dense => format!("classifier.{}.{part}", VGG16_CLASSIFIER[dense - n_blocks]),
    }
}

/// Lets the first convolution see gray in place of colour (the sum over red, green and blue gives for a gray picture
/// what they give together), or colour in place of gray (a third for each).
///
/// # Shapes
/// `[out, in, 3, 3]` -> `shape`
fn adapt_channels(tensor: Option<&mut Named>, shape: &[usize]) {
    let Some(tensor) = tensor else { return };
    let (&[n_out, from, 3, 3], &[_, to, _, _]) = (&tensor.shape[..], shape) else { return };
    let whole = tensor.values.len() == n_out * from * 9;
    let filters = tensor.values.chunks_exact((9 * from).max(1));
    let adapted: Vec<f32> = match (from, to) {
        (3, 1) if whole => filters.flat_map(|f| (0..9).map(|i| f[i] + f[9 + i] + f[18 + i])).collect(),
        (1, 3) if whole => filters.flat_map(|f| f.iter().chain(f).chain(f).map(|v| v / 3.0)).collect(),
        _ => return,
    };
    *tensor = Named { name: tensor.name.clone(), shape: vec![n_out, to, 3, 3], values: adapted };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PictureShape, Precision};
    use howfar_network::Network;
    use rand::SeedableRng;
    use serde_json::json;

    fn architecture(network: Network, n_outputs: usize, n_channels: usize, side: usize) -> Architecture {
        Architecture::new(network.plan(), n_outputs, PictureShape { side, n_channels }).unwrap()
    }

    fn rng(seed: u64) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(seed)
    }

    #[test]
    fn a_network_of_ours_gives_all_but_its_output_layer() {
        let own = architecture(Network::Compact, 6, 1, 64);
        let trained = Classifier::new(own, &mut rng(1));
        let bytes = trained.to_bytes(&json!({}), Precision::Full).unwrap();
        let start =
            StartingWeights::fit(TensorFile::read(&bytes).unwrap(), architecture(Network::Compact, 4, 1, 64)).unwrap();
        let begun = start.begin(&mut rng(2));
        let fresh = Classifier::new(architecture(Network::Compact, 4, 1, 64), &mut rng(2));
        let n = begun.weights().parameters.len();
        assert_eq!(start.n_taken(), (n - 2, n));
        assert_eq!(begun.weights().parameters[..n - 2], trained.weights().parameters[..n - 2]);
        assert_eq!(begun.weights().parameters[n - 2..], fresh.weights().parameters[n - 2..]);
        // A gray network sees of a gray picture what the coloured one made from it sees of it in three channels.
        let coloured =
            StartingWeights::fit(TensorFile::read(&bytes).unwrap(), architecture(Network::Compact, 6, 3, 64))
                .unwrap()
                .begin(&mut rng(2));
        let gray: Vec<f32> = (0..64 * 64).map(|i| (i % 97) as f32 / 97.0).collect();
        let colour: Vec<f32> = gray.iter().flat_map(|v| [*v; 3]).collect();
        let gray_again = StartingWeights::fit(TensorFile::read(&bytes).unwrap(), trained.architecture().clone())
            .unwrap()
            .begin(&mut rng(2));
        for (a, b) in coloured.prepare().features(&colour).iter().zip(gray_again.prepare().features(&gray)) {
            assert!((a - b).abs() < 1e-4, "{a} {b}");
        }
    }

    #[test]
    fn torchvisions_vgg16_gives_its_convolutions_to_smaller_pictures() {
        let side = 64;
        let ours = architecture(Network::Vgg16, 6, 1, side);
        let blank = crate::Weights::blank(&ours);
        // As torchvision's, but for the sizes of the dense layers: they belong to pictures of another size.
        let tensors: Vec<Named> = (0..blank.parameters.len())
            .map(|i| {
                let mut shape = blank.parameters[i].shape.clone();
                if i == 0 {
                    shape[1] = 3;
                }
                if i >= 26 {
                    shape = vec![2; shape.len()];
                }
                let values = (0..shape.iter().product()).map(|v: usize| ((v % 13) as f32 - 6.0) * 0.01).collect();
                Named { name: torch_name(&ours, i), shape, values }
            })
            .collect();
        let header = json!({"format": "howfar weights", "version": 1, "kind": "vgg16"});
        let file = |tensors: &[Named]| {
            TensorFile::read(&TensorFile::write(&header, tensors, Precision::Full).unwrap()).unwrap()
        };
        let start = StartingWeights::fit(file(&tensors), ours.clone()).unwrap();
        assert_eq!(start.n_taken(), (26, 32));
        let begun = start.begin(&mut rng(3));
        let first = &begun.weights().parameters[0];
        assert_eq!(first.shape, [64, 1, 3, 3]);
        assert!((first.values[0] - (tensors[0].values[0] + tensors[0].values[9] + tensors[0].values[18])).abs() < 1e-7);
        assert_eq!(begun.weights().parameters[2].values, tensors[2].values);

        let missing = StartingWeights::fit(file(&tensors[..20]), ours.clone()).unwrap_err();
        assert!(missing.what.contains("missing"), "{missing:?}");
        let other = StartingWeights::fit(file(&tensors), architecture(Network::Compact, 6, 1, 64)).unwrap_err();
        assert!(other.what.contains("another network"), "{other:?}");
    }
}
