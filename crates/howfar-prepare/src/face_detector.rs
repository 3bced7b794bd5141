//! A user's face detector: an ONNX file in the layout of YuNet (OpenCV's zoo) or of SCRFD (InsightFace).
//!
//! In: a file, photographs of any size. Out: faces with their eyes. The photograph is made smaller, never larger, to
//! fit into the network's input from its upper left corner; the rest of the input is black.

mod layout;

use std::path::Path;

use howfar_crop::{Detection, FaceBox, FaceNetwork, Filter, NETWORK_PREFIX, Point, resize};
use howfar_face::{Colour, Fault, Picture};
use image::DynamicImage;
use rten_tensor::NdTensor;

use crate::onnx::{Expected, Length, OnnxNetwork};
use layout::{Candidate, Layout};

/// Pixels a side of the input where the network takes any.
const ANY_SIDE: usize = 640;
/// Largest side of an input that is run.
const LARGEST_SIDE: usize = 4096;
/// Places of one photograph that are compared with each other, the surest (OpenCV's own bound).
const MOST_CANDIDATES: usize = 5000;
/// Eyes nearer or farther, in shares of the face's width, are those of a profile or no eyes: the box is taken instead.
const PLAUSIBLE_DISTANCES: std::ops::Range<f64> = 0.2..0.7;

const EXPECTED: Expected = Expected {
    network: "YuNet (outputs cls_8, obj_8, bbox_8, kps_8 and so on for 16 and 32) or SCRFD with key points \
        (nine outputs of 1, 4 and 10 columns for strides 8, 16 and 32), input 1×3×H×W",
    hint: "face_detection_yunet_2023mar.onnx of OpenCV's zoo and det_10g.onnx of InsightFace are such files",
};

/// A network that finds faces.
pub struct FaceDetector {
    network: OnnxNetwork,
    word: String,
    /// Height and width of the input in pixels.
    size: (usize, usize),
    layout: Layout,
}

impl FaceDetector {
    /// Reads a file, runs it once on black and checks that it answers as a detector that is known.
    pub fn read(path: &Path) -> Result<Self, Fault> {
        let network = OnnxNetwork::read(path, EXPECTED)?;
        let word = format!("{NETWORK_PREFIX}{}", network.sha256().get(..16).unwrap_or_default());
        let fits = |lengths: &[Length]| input_size(lengths).is_some();
        let lengths = network.input_lengths("the network does not take pictures in colour", fits)?;
        let size = lengths.as_deref().and_then(input_size).unwrap_or((ANY_SIDE, ANY_SIDE));
        let black = NdTensor::zeros([1, 3, size.0, size.1]);
        let answer = network.run(black, usize::MAX).map_err(|e| network.unfit("the network cannot be run").found(e))?;
        let names = network.output_names();
        let shapes: Vec<(&str, &[usize])> =
            names.iter().copied().zip(answer.iter().map(rten_tensor::Layout::shape)).collect();
        let layout = Layout::recognise(&shapes, size).ok_or_else(|| {
            network.unfit("the network answers like no face detector that is known").found(shape_words(&shapes))
        })?;
        Ok(FaceDetector { network, word, size, layout })
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
            smaller = resize(photo, columns, rows, Filter::Bilinear);
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

impl FaceNetwork for FaceDetector {
    fn word(&self) -> &str {
        &self.word
    }

    fn place(&self) -> String {
        self.network.path().display().to_string()
    }

    fn find_faces(&self, photo: &DynamicImage) -> Result<Vec<Detection>, String> {
        let (input, scale) = self.input(&Picture::of(photo, Colour::Rgb));
        let answer = self.network.run(input, usize::MAX)?;
        let values: Vec<Vec<f32>> = answer.iter().map(rten_tensor::AsView::to_vec).collect();
        let mut candidates = self.layout.candidates(&values, self.size);
        candidates.truncate(MOST_CANDIDATES);
        let kept = suppressed(candidates, self.layout.family.overlap());
        Ok(kept.into_iter().map(|candidate| detection(candidate, scale)).collect())
    }
}

/// Height and width of an input that takes one picture in colour.
fn input_size(lengths: &[Length]) -> Option<(usize, usize)> {
    let side = |length: Length| match length {
        Some(n) => (1..=LARGEST_SIDE).contains(&n).then_some(n),
        None => Some(ANY_SIDE),
    };
    match *lengths {
        [batch, channels, height, width] if batch.unwrap_or(1) == 1 && channels.unwrap_or(3) == 3 => {
            side(height).zip(side(width))
        }
        _ => None,
    }
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
