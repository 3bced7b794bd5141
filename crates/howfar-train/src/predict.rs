//! What a model says of faces, and the features it says it from: the one place that may look at test people and unseen
//! databases.

use howfar_face::{FaceStore, Fault};
use howfar_net::Prepared;

use crate::Model;
use crate::scaling::scale;

/// Faces that are scaled at once, which bounds memory; answers do not depend on it.
pub(crate) const FACES_AT_ONCE: usize = 256;

/// One probability per class for each face, in the order of the model's classes; each row sums to 1 and depends on its
/// face alone.
pub fn predict(model: &Model, pool: &FaceStore, faces: &[usize]) -> Result<Vec<Vec<f32>>, Fault> {
    check_shape(model, pool)?;
    let mut rows = Vec::with_capacity(faces.len());
    for chunk in faces.chunks(FACES_AT_ONCE) {
        let inputs = scaled(pool, chunk, model.scaling());
        let probabilities = model.classifier.probabilities(&inputs);
        rows.extend(probabilities.chunks_exact(model.classes().len()).map(<[f32]>::to_vec));
    }
    Ok(rows)
}

/// What a model sees of a face.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// What the last dense layer sees ([`Prepared::features`]).
    pub features: Vec<f32>,
    /// Probabilities before the softmax, in the order of the model's classes.
    pub logits: Vec<f32>,
}

/// A model made ready to look at faces, some after the others; always on the CPU.
#[derive(Debug)]
pub struct Viewer<'a> {
    model: &'a Model,
    network: Prepared<'a>,
}

impl<'a> Viewer<'a> {
    /// Prepares the network.
    pub fn new(model: &'a Model) -> Self {
        Viewer { model, network: model.classifier.prepare() }
    }

    /// Features and logits of all faces of a pool, by one pass through the network; each look depends on its face
    /// alone.
    pub fn look(&mut self, pool: &FaceStore) -> Result<Vec<Look>, Fault> {
        check_shape(self.model, pool)?;
        let faces: Vec<usize> = (0..pool.len()).collect();
        let features = self.network.features(&scaled(pool, &faces, self.model.scaling()));
        let logits = self.network.outputs_of(&features);
        let features = features.chunks_exact(self.model.classifier.n_features());
        let rows = features.zip(logits.chunks_exact(self.model.classes().len()));
        Ok(rows.map(|(features, logits)| Look { features: features.to_vec(), logits: logits.to_vec() }).collect())
    }
}

fn check_shape(model: &Model, pool: &FaceStore) -> Result<(), Fault> {
    if (pool.side(), pool.n_channels()) != (model.side(), model.n_channels()) {
        return Err(Fault::data("the faces", "the model was trained on faces of another size or other colours")
            .found(format!("{0}×{0}, {1} channels", pool.side(), pool.n_channels()))
            .expected(format!("{0}×{0}, {1} channels", model.side(), model.n_channels()))
            .hint("prepare the faces with the model's --size"));
    }
    Ok(())
}

/// Faces as a network sees them.
///
/// # Shapes
/// `[N, H, W, C]`
pub(crate) fn scaled(pool: &FaceStore, faces: &[usize], scaling: howfar_protocol::PixelScaling) -> Vec<f32> {
    let mut inputs = Vec::with_capacity(faces.len() * pool.n_values());
    for face in faces {
        let begin = inputs.len();
        inputs.extend(pool.pixels(*face).iter().map(|p| f32::from(*p)));
        scale(&mut inputs[begin..], scaling);
    }
    inputs
}
