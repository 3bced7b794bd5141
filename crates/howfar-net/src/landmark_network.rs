//! A network that says where the points of a face are in a gray picture.
//!
//! In: gray pictures of any light, a square around a face. Out: places in shares of the side. It does not know which
//! point is which; the caller trains it and does.

use howfar_network::{BlockPlan, DensePlan, Initial, Padding, Plan};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::forward::Operations;
use crate::network::{WeightedNetwork, open_weights, size_field};
use crate::weight_file::{Precision, TensorFile};
use crate::{Architecture, NetFault, PictureShape};

/// Four blocks with batch norm and two dense layers.
pub(crate) static LANDMARKS: Plan = Plan {
    name: "landmarks",
    n_parameters: 251_926,
    padding: Padding::Same,
    norm: true,
    initial: Initial::Default,
    blocks: &[
        BlockPlan { n_out: 16, pool: true, dropout: 0.0 },
        BlockPlan { n_out: 32, pool: true, dropout: 0.0 },
        BlockPlan { n_out: 64, pool: true, dropout: 0.0 },
        BlockPlan { n_out: 96, pool: true, dropout: 0.0 },
    ],
    hidden: &[DensePlan { n_out: 112, dropout: 0.0 }],
};

const FORMAT: &str = "howfar landmark network";
const VERSION: u64 = 1;
/// Pictures of a deviation below this are taken as flat: a gray level of 255 is the least that a picture can differ by.
const FLAT: f32 = 1e-3;

/// Finds the points of a face.
#[derive(Debug, Clone, PartialEq)]
pub struct LandmarkNetwork {
    network: WeightedNetwork,
}

impl AsRef<WeightedNetwork> for LandmarkNetwork {
    fn as_ref(&self) -> &WeightedNetwork {
        &self.network
    }
}

impl AsMut<WeightedNetwork> for LandmarkNetwork {
    fn as_mut(&mut self) -> &mut WeightedNetwork {
        &mut self.network
    }
}

impl LandmarkNetwork {
    /// A network with initial weights from a stream, for `n_points` points of pictures of `side` × `side` pixels.
    pub fn new(n_points: usize, side: usize, rng: &mut ChaCha8Rng) -> Result<Self, NetFault> {
        let architecture = Architecture::new(&LANDMARKS, 2 * n_points, PictureShape::gray(side))?;
        Ok(LandmarkNetwork { network: WeightedNetwork::new(architecture, rng) })
    }

    /// Takes the tensors of a network, with `prefix` before each name, out of a file.
    pub fn take(n_points: usize, side: usize, file: &mut TensorFile, prefix: &str) -> Result<Self, NetFault> {
        let architecture = Architecture::new(&LANDMARKS, 2 * n_points, PictureShape::gray(side))?;
        Ok(LandmarkNetwork { network: WeightedNetwork::take(architecture, file, prefix)? })
    }

    /// Points that it finds.
    pub fn n_points(&self) -> usize {
        self.network.architecture.n_outputs / 2
    }

    /// Pixels a side of its pictures.
    pub fn side(&self) -> usize {
        self.network.architecture.picture.side
    }

    /// Brings a picture to mean 0 and deviation 1, as the network takes it: a dark picture is no other picture.
    pub fn standardise(picture: &mut [f32]) {
        let n = picture.len().max(1) as f32;
        let mean = picture.iter().sum::<f32>() / n;
        let deviation = (picture.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / n).sqrt().max(FLAT);
        picture.iter_mut().for_each(|v| *v = (*v - mean) / deviation);
    }

    /// What the network gives for a place in shares of the side, and back ([`LandmarkNetwork::share`]): numbers around
    /// 0 with a deviation around 1 are learnt fastest.
    pub fn target(share: f32) -> f32 {
        (share - 0.5) * 4.0
    }

    /// The place of a number that the network gives.
    pub fn share(target: f32) -> f32 {
        target / 4.0 + 0.5
    }

    /// The points of standardised pictures: x then y of each, in shares of the side, which may lie outside 0..1. Each
    /// output depends on its picture alone.
    ///
    /// # Shapes
    /// `pictures` `[N, H, W]` -> `[N, 2 P]`
    pub fn points(&self, pictures: &[f32]) -> Vec<f32> {
        let mut points = self.network.outputs(Operations::Fused, pictures);
        points.iter_mut().for_each(|v| *v = Self::share(*v));
        points
    }

    /// The bytes of a weight file (safetensors) with the caller's `metadata` in it.
    pub fn to_bytes(&self, metadata: &Value, precision: Precision) -> Result<Vec<u8>, NetFault> {
        let header = json!({
            "format": FORMAT, "version": VERSION, "n_points": self.n_points(), "side": self.side(),
            "metadata": metadata,
        });
        TensorFile::write(&header, &self.network.tensors(""), precision)
    }

    /// Reads a weight file; returns the caller's metadata beside the network.
    pub fn from_bytes(bytes: &[u8]) -> Result<(Self, Value), NetFault> {
        let mut file = open_weights(bytes, FORMAT, VERSION)?;
        let header = file.metadata.clone();
        let n_outputs = size_field(&header, "n_points").saturating_mul(2);
        let picture = PictureShape::gray(size_field(&header, "side"));
        let architecture = Architecture::new(&LANDMARKS, n_outputs, picture)?;
        let network = WeightedNetwork::take_alone(architecture, &mut file)?;
        Ok((LandmarkNetwork { network }, header["metadata"].clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{OptimiserKind, Trainer, smooth_distance};
    use rand::SeedableRng;

    /// Dark pictures with a bright square, and where its middle is.
    fn squares(n: usize) -> (Vec<f32>, Vec<f32>) {
        let (mut pictures, mut targets) = (Vec::new(), Vec::new());
        for i in 0..n {
            let (x, y) = (3 + i * 7 % 22, 3 + i * 11 % 22);
            let mut picture = vec![0.0; 32 * 32];
            for (dx, dy) in (0..6).flat_map(|dy| (0..6).map(move |dx| (dx, dy))) {
                picture[(y + dy) * 32 + x + dx] = 200.0;
            }
            LandmarkNetwork::standardise(&mut picture);
            pictures.extend(picture);
            targets.extend([x, y].map(|v| LandmarkNetwork::target((v as f32 + 3.0) / 32.0)));
        }
        (pictures, targets)
    }

    #[test]
    fn a_place_is_learnt_and_survives_the_file_at_half_precision() {
        let network = LandmarkNetwork::new(1, 32, &mut ChaCha8Rng::seed_from_u64(2)).unwrap();
        let mut trainer = Trainer::new(network, OptimiserKind::Adam);
        let (pictures, targets) = squares(24);
        for _ in 0..60 {
            let loss = |found: &[f32]| smooth_distance(found, &targets, &[1.0, 1.0], 0.1);
            let part = trainer.part(pictures.clone(), loss, None);
            trainer.apply(&[part], 3e-3);
        }
        let bytes = trainer.model().to_bytes(&json!({"a": 1}), Precision::Half).unwrap();
        let (network, metadata) = LandmarkNetwork::from_bytes(&bytes).unwrap();
        assert_eq!((metadata, network.n_points(), network.side()), (json!({"a": 1}), 1, 32));
        let (found, exact) = (network.points(&pictures), trainer.model().points(&pictures));
        for (i, (found, exact)) in found.iter().zip(&exact).enumerate() {
            assert!((found - exact).abs() < 2e-3, "{i}: {found} {exact}");
            assert!((found - LandmarkNetwork::share(targets[i])).abs() < 0.08, "{i}: {found}");
        }
        assert_eq!(network.points(&pictures[..1024]), found[..2], "an output depends on its picture alone");
    }

    #[test]
    fn another_file_is_refused_and_a_flat_picture_stays_flat() {
        let file = TensorFile::write(&json!({"format": "x"}), &[], Precision::Full).unwrap();
        assert_eq!(LandmarkNetwork::from_bytes(&file).unwrap_err().place, "format");
        for n in [1u64 << 40, u64::MAX] {
            let header = json!({"format": FORMAT, "version": VERSION, "n_points": n, "side": 64});
            let file = TensorFile::write(&header, &[], Precision::Full).unwrap();
            assert_eq!(LandmarkNetwork::from_bytes(&file).unwrap_err().what, "more than howfar tells apart");
        }
        let mut flat = vec![7.0; 9];
        LandmarkNetwork::standardise(&mut flat);
        assert_eq!(flat, vec![0.0; 9]);
    }
}
