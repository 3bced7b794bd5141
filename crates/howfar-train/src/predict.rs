//! What a model says of faces, and the features it says it from: the one place that may look at test people and unseen
//! databases.

use howfar_face::{FaceStore, Fault, Picture};
use howfar_net::{Prepared, softmax};

use crate::Model;
use crate::scaling::scale;

/// Faces that are scaled at once, which bounds memory; answers do not depend on it.
pub(crate) const FACES_AT_ONCE: usize = 256;

/// One probability per class for each face, in the order of the model's classes; each row sums to 1 and depends on its
/// face alone. A model that asks for it sees each face mirrored as well, and the mean of the logits counts.
pub fn predict(model: &Model, pool: &FaceStore, faces: &[usize]) -> Result<Vec<Vec<f32>>, Fault> {
    check_shape(model, pool)?;
    let mut rows = Vec::with_capacity(faces.len());
    for chunk in faces.chunks(FACES_AT_ONCE) {
        let mut inputs = scaled(pool, chunk, model.scaling());
        let mut logits = model.classifier.logits(&inputs);
        if model.test_flip() {
            mirror(&mut inputs, pool);
            average(&mut logits, &model.classifier.logits(&inputs));
        }
        softmax(&mut logits, model.classes().len());
        rows.extend(logits.chunks_exact(model.classes().len()).map(<[f32]>::to_vec));
    }
    pool.check()?;
    Ok(rows)
}

/// The same for the faces that were cut from a photograph, prepared as the model's are; `name` is the photograph.
pub fn predict_pictures(model: &Model, name: &str, pictures: Vec<Picture>) -> Result<Vec<Vec<f32>>, Fault> {
    let pool = FaceStore::of_photos(model.classes().to_vec(), model.preprocessing(), name, pictures)?;
    predict(model, &pool, &(0..pool.len()).collect::<Vec<_>>())
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
    /// alone. Logits are the mean over the face and its mirror image where the model asks for both.
    pub fn look(&mut self, pool: &FaceStore) -> Result<Vec<Look>, Fault> {
        check_shape(self.model, pool)?;
        let faces: Vec<usize> = (0..pool.len()).collect();
        let mut inputs = scaled(pool, &faces, self.model.scaling());
        pool.check()?;
        let features = self.network.features(&inputs);
        let mut logits = self.network.outputs_of(&features);
        if self.model.test_flip() {
            mirror(&mut inputs, pool);
            let mirrored = self.network.features(&inputs);
            average(&mut logits, &self.network.outputs_of(&mirrored));
        }
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

/// Exchanges left and right in all pictures.
fn mirror(inputs: &mut [f32], pool: &FaceStore) {
    let (side, n_channels) = (pool.side(), pool.n_channels());
    for row in inputs.chunks_exact_mut(side * n_channels) {
        for column in 0..side / 2 {
            let (left, right) = row.split_at_mut((side - 1 - column) * n_channels);
            left[column * n_channels..][..n_channels].swap_with_slice(&mut right[..n_channels]);
        }
    }
}

fn average(values: &mut [f32], others: &[f32]) {
    values.iter_mut().zip(others).for_each(|(value, other)| *value = 0.5 * (*value + other));
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
