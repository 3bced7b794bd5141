//! A trained network that reads faces in pictures.
//!
//! In: the bytes of a weight file, pictures as RGBA. Out: faces with boxes, eyes, scores and probabilities. Pictures
//! take `predict`'s path: the preprocessing that is stored with the network (`howfar-crop`), then the network
//! (`howfar-train`).

use std::path::Path;

use howfar_crop::{NETWORK_PREFIX, PhotoPath, PreparedFace};
use howfar_face::Fault;
use howfar_train::{Model, predict_pictures};
use image::{DynamicImage, RgbaImage};
use serde::Serialize;

use crate::follow::Follow;

/// Pixels of a picture that is read, at most: every camera's, in memory that a page may have.
const MOST_PIXELS: u64 = 40_000_000;

/// What messages call the picture.
const PICTURE: &str = "the picture";

/// A network, ready to read, and where it saw faces last.
#[derive(Debug)]
pub struct FaceReader {
    model: Model,
    follow: Follow,
}

/// A face in a picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeenFace {
    /// Left, top, width, height in pixels of the picture.
    #[serde(rename = "box")]
    pub face_box: [f64; 4],
    /// The eyes' middles, x and y in pixels of the picture, its left one first, where they are known.
    pub eyes: Option<[[f64; 2]; 2]>,
    /// The detector's score, where it looked for faces.
    pub score: Option<f64>,
    /// One a class, in the order of [`FaceReader::classes`]; they sum to 1.
    pub probabilities: Vec<f32>,
}

impl FaceReader {
    /// Reads a weight file as `howfar train` writes it. Fails if it is damaged, or if its faces were found by a network
    /// that no page has. `place` names the file in messages.
    pub fn load(weights: &[u8], place: &Path) -> Result<Self, Fault> {
        Self::of(Model::from_bytes(weights, place)?, place)
    }

    /// With the network that howfar carries, trained on drawn faces alone.
    pub fn embedded() -> Result<Self, Fault> {
        Self::of(Model::embedded(), Path::new("the embedded network"))
    }

    fn of(model: Model, place: &Path) -> Result<Self, Fault> {
        let detection = &model.preprocessing().detection;
        if detection.starts_with(NETWORK_PREFIX) {
            return Err(Fault::data(place.display(), "its faces were found by a detector that a page does not have")
                .found(detection)
                .expected("faces found by howfar's own detector, or none looked for")
                .hint("`howfar predict --detector FILE.onnx` reads with it; for a page, prepare without --detector"));
        }
        // Refuses now what it would refuse of every picture.
        PhotoPath::new(model.preprocessing())?;
        Ok(FaceReader { model, follow: Follow::default() })
    }

    /// Names of the classes, in the order of probabilities.
    pub fn classes(&self) -> &[String] {
        self.model.classes()
    }

    /// Every face of a picture, the surest first: what `howfar predict` says of the same pixels. A picture that is not
    /// opaque is read as if it were.
    ///
    /// # Shapes
    /// `rgba` `[height, width, 4]`
    pub fn read(&self, rgba: &[u8], width: u32, height: u32) -> Result<Vec<SeenFace>, Fault> {
        let faces = PhotoPath::new(self.model.preprocessing())?.faces(&picture(rgba, width, height)?)?;
        self.seen(&faces)
    }

    /// The same for the next picture of a camera, in a fraction of the time (see `follow.rs`): faces are looked for
    /// around their last places, so that one that has just come may be missing for some pictures.
    ///
    /// # Shapes
    /// `rgba` `[height, width, 4]`
    pub fn follow(&mut self, rgba: &[u8], width: u32, height: u32) -> Result<Vec<SeenFace>, Fault> {
        let path = PhotoPath::new(self.model.preprocessing())?;
        let faces = self.follow.faces(&path, &picture(rgba, width, height)?)?;
        self.seen(&faces)
    }

    /// Forgets where faces were: the next picture is of another camera.
    pub fn forget(&mut self) {
        self.follow = Follow::default();
    }

    fn seen(&self, faces: &[PreparedFace]) -> Result<Vec<SeenFace>, Fault> {
        let pictures = faces.iter().map(|face| face.picture.clone()).collect();
        let probabilities = predict_pictures(&self.model, PICTURE, pictures)?;
        Ok(faces.iter().zip(probabilities).map(|(face, probabilities)| seen(face, probabilities)).collect())
    }
}

fn seen(face: &PreparedFace, probabilities: Vec<f32>) -> SeenFace {
    SeenFace { face_box: face.face_box.numbers(), eyes: face.eye_numbers(), score: face.score, probabilities }
}

fn picture(rgba: &[u8], width: u32, height: u32) -> Result<DynamicImage, Fault> {
    let n_pixels = u64::from(width) * u64::from(height);
    if n_pixels == 0 || n_pixels > MOST_PIXELS {
        return Err(Fault::data(PICTURE, "this is no size of a picture that is read")
            .found(format!("{width}×{height} pixels"))
            .expected(format!("1 to {MOST_PIXELS} pixels")));
    }
    let wrong = || {
        Fault::data(PICTURE, "the pixels are not as many as its size says")
            .found(format!("{} bytes", rgba.len()))
            .expected(format!("{width} × {height} × 4 bytes: red, green, blue, opacity"))
            .hint("pass the ImageData of a canvas")
    };
    if rgba.len() as u64 != 4 * n_pixels {
        return Err(wrong());
    }
    RgbaImage::from_raw(width, height, rgba.to_vec()).map(DynamicImage::ImageRgba8).ok_or_else(wrong)
}
