//! A user's face detector: an ONNX file in the layout of YuNet (OpenCV's zoo) or of SCRFD (InsightFace).
//!
//! In: a file, photographs of any size. Out: faces with their eyes. The photograph is made smaller, never larger, to
//! fit into the network's input from its upper left corner; the rest of the input is black.

mod layout;

use std::path::{Path, PathBuf};

use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions};
use howfar_face::{Colour, Fault, Picture, checksum, files};
use image::DynamicImage;
use rten::{Dimension, Model, NodeId};
use rten_tensor::{NdTensor, Tensor};

use crate::crop::{FaceBox, Point, resize};
use crate::detection::Detection;
use layout::{Candidate, Layout};

/// Pixels a side of the input where the network takes any.
const ANY_SIDE: usize = 640;
/// Largest side of an input that is run.
const LARGEST_SIDE: usize = 4096;
/// Places of one photograph that are compared with each other, the surest (OpenCV's own bound).
const MOST_CANDIDATES: usize = 5000;
/// Eyes nearer or farther, in shares of the face's width, are those of a profile or no eyes: the box is taken instead.
const PLAUSIBLE_DISTANCES: std::ops::Range<f64> = 0.2..0.7;

/// What a file must be.
const EXPECTED: &str = "YuNet (outputs cls_8, obj_8, bbox_8, kps_8 and so on for 16 and 32) or SCRFD with key points \
    (nine outputs of 1, 4 and 10 \
    columns for strides 8, 16 and 32), input 1×3×H×W";

/// A network that finds faces.
pub struct FaceDetector {
    path: PathBuf,
    word: String,
    model: Model,
    input: NodeId,
    outputs: Vec<NodeId>,
    /// Height and width of the input in pixels.
    size: (usize, usize),
    layout: Layout,
}

impl FaceDetector {
    /// Begins the word for every network.
    pub const PREFIX: &str = "onnx:";

    /// Reads a file, runs it once on black and checks that it answers as a detector that is known.
    pub fn read(path: &Path) -> Result<Self, Fault> {
        let bytes = files::read_weights(path)?;
        let word = format!("{}{}", Self::PREFIX, &checksum::sha256_hex(&[&bytes])[..16]);
        let unfit = |what: &str, found: String| {
            Fault::data(path.display(), what.to_owned()).found(found).expected(EXPECTED).hint(
                "face_detection_yunet_2023mar.onnx of OpenCV's zoo and det_10g.onnx of InsightFace are such files",
            )
        };
        let model = Model::load(bytes).map_err(|e| unfit("this is not a network that can be read", e.to_string()))?;
        let [input] = *model.input_ids() else {
            return Err(unfit(
                "the network has more or fewer than one input",
                format!("{} inputs", model.input_ids().len()),
            ));
        };
        let size =
            input_size(&model, input).map_err(|found| unfit("the network does not take pictures in colour", found))?;
        let outputs = model.output_ids().to_vec();
        let names: Vec<String> = outputs.iter().map(|id| name(&model, *id)).collect();
        let black = NdTensor::zeros([1, 3, size.0, size.1]);
        let answer = run(&model, input, &outputs, black).map_err(|e| unfit("the network cannot be run", e))?;
        let shapes: Vec<(&str, &[usize])> =
            names.iter().map(String::as_str).zip(answer.iter().map(rten_tensor::Layout::shape)).collect();
        let layout = Layout::recognise(&shapes, size)
            .ok_or_else(|| unfit("the network answers like no face detector that is known", shape_words(&shapes)))?;
        Ok(FaceDetector { path: path.to_owned(), word, model, input, outputs, size, layout })
    }

    /// What a [`howfar_face::Preprocessing`] calls it: `onnx:` and the first 16 digits of the file's SHA-256.
    pub fn word(&self) -> &str {
        &self.word
    }

    /// The file, for messages.
    pub(crate) fn place(&self) -> impl std::fmt::Display {
        self.path.display()
    }

    /// The faces of a photograph, the surest first.
    pub(crate) fn find_faces(&self, photo: &DynamicImage) -> Result<Vec<Detection>, String> {
        let (input, scale) = self.input(&Picture::of(photo, Colour::Rgb));
        let answer = run(&self.model, self.input, &self.outputs, input)?;
        let values: Vec<Vec<f32>> = answer.iter().map(rten_tensor::AsView::to_vec).collect();
        let mut candidates = self.layout.candidates(&values, self.size);
        candidates.truncate(MOST_CANDIDATES);
        let kept = suppressed(candidates, self.layout.family.overlap());
        Ok(kept.into_iter().map(|candidate| detection(candidate, scale)).collect())
    }

    /// The photograph as the network takes it, and how many of its pixels are one of the photograph's.
    fn input(&self, photo: &Picture) -> (NdTensor<f32, 4>, f64) {
        let (height, width) = self.size;
        let share = |room: usize, length: u32| room as f64 / f64::from(length);
        let scale = share(width, photo.width).min(share(height, photo.height)).min(1.0);
        let scaled = |length: u32, room: usize| ((f64::from(length) * scale).round() as u32).clamp(1, room as u32);
        let (columns, rows) = (scaled(photo.width, width), scaled(photo.height, height));
        let smaller;
        let picture = if (columns, rows) == (photo.width, photo.height) {
            photo
        } else {
            let options =
                ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear)).use_alpha(false);
            smaller = resize(photo, columns, rows, &options);
            &smaller
        };
        let family = self.layout.family;
        let mut values = vec![family.level(0); 3 * height * width];
        for (row, line) in picture.data.chunks_exact(3 * columns as usize).enumerate() {
            for (column, pixel) in line.chunks_exact(3).enumerate() {
                for (plane, channel) in family.channels().into_iter().enumerate() {
                    values[(plane * height + row) * width + column] = family.level(pixel[channel]);
                }
            }
        }
        (NdTensor::from_data([1, 3, height, width], values), scale)
    }
}

/// Height and width, or what it takes instead.
fn input_size(model: &Model, input: NodeId) -> Result<(usize, usize), String> {
    let Some(dimensions) = model.node_info(input).and_then(|info| info.shape()) else {
        return Ok((ANY_SIDE, ANY_SIDE));
    };
    let word = |dimension: &Dimension| match dimension {
        Dimension::Fixed(n) => n.to_string(),
        Dimension::Symbolic(name) => name.clone(),
    };
    let side = |dimension: &Dimension| match dimension {
        Dimension::Fixed(n) => (1..=LARGEST_SIDE).contains(n).then_some(*n),
        Dimension::Symbolic(_) => Some(ANY_SIDE),
    };
    let is = |dimension: &Dimension, wanted: usize| match dimension {
        Dimension::Fixed(n) => *n == wanted,
        Dimension::Symbolic(_) => true,
    };
    let size = match &dimensions[..] {
        [batch, channels, height, width] if is(batch, 1) && is(channels, 3) => side(height).zip(side(width)),
        _ => None,
    };
    size.ok_or_else(|| format!("an input of {}", dimensions.iter().map(word).collect::<Vec<_>>().join("×")))
}

fn name(model: &Model, id: NodeId) -> String {
    model.node_info(id).and_then(|info| info.name()).unwrap_or_default().to_owned()
}

fn run(model: &Model, input: NodeId, outputs: &[NodeId], values: NdTensor<f32, 4>) -> Result<Vec<Tensor<f32>>, String> {
    let answer = model.run(vec![(input, values.into())], outputs, None).map_err(|e| e.to_string())?;
    let numbers = answer.into_iter().map(|value| Tensor::<f32>::try_from(value).map_err(|e| e.to_string()));
    numbers.collect()
}

/// Names and sizes, as many as fit into a message.
fn shape_words(shapes: &[(&str, &[usize])]) -> String {
    let word = |(name, shape): &(&str, &[usize])| {
        format!("{name} {}", shape.iter().map(usize::to_string).collect::<Vec<_>>().join("×"))
    };
    let shown: Vec<String> = shapes.iter().take(4).map(word).collect();
    let more = shapes.len().saturating_sub(shown.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{} outputs: {}{more}", shapes.len(), shown.join(", "))
}

/// Of places that overlap more than `most`, the surest. In: the surest first.
fn suppressed(candidates: Vec<Candidate>, most: f64) -> Vec<Candidate> {
    let mut kept: Vec<Candidate> = Vec::new();
    for candidate in candidates {
        if kept.iter().all(|better| better.face_box.overlap(&candidate.face_box) <= most) {
            kept.push(candidate);
        }
    }
    kept
}

/// In pixels of the photograph, with the box that the embedded detector would give a face with these eyes.
fn detection(candidate: Candidate, scale: f64) -> Detection {
    let FaceBox { x, y, width, height } = candidate.face_box;
    let own_box = FaceBox { x: x / scale, y: y / scale, width: width / scale, height: height / scale };
    let eyes = candidate.eyes.map(|eye| Point { x: eye.x / scale, y: eye.y / scale });
    let apart = (eyes[1].x - eyes[0].x).hypot(eyes[1].y - eyes[0].y) / own_box.width;
    let of_eyes = if PLAUSIBLE_DISTANCES.contains(&apart) { FaceBox::of_eyes(eyes) } else { None };
    Detection { face_box: of_eyes.unwrap_or(own_box), eyes: of_eyes.map(|_| eyes), score: candidate.score }
}

#[cfg(test)]
mod tests;
