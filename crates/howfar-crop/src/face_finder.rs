//! What finds the faces of a photograph: the embedded detector, a network that the user brings, or nothing.
//!
//! In: the word that a [`howfar_face::Preprocessing`] has for it, a photograph. Out: [`Detection`]s, the surest first.
//! How faces are cut is not known here.

use howfar_face::{Fault, Picture};
use image::DynamicImage;

use crate::crop::FaceBox;
use crate::detect;
use crate::detection::{Detection, SAME_FACE};

/// A network of the user's that finds faces.
pub trait FaceNetwork: Sync {
    /// What a [`howfar_face::Preprocessing`] calls it: [`NETWORK_PREFIX`] and the first 16 digits of its SHA-256.
    fn word(&self) -> &str;
    /// Its file, for messages.
    fn place(&self) -> String;
    /// The faces of a photograph, the surest first, or why it cannot look at it.
    fn find_faces(&self, photo: &DynamicImage) -> Result<Vec<Detection>, String>;
}

/// Begins the word for every network of a user's.
pub const NETWORK_PREFIX: &str = "onnx:";

/// What finds faces.
#[derive(Clone, Copy)]
pub(crate) enum FaceFinder<'d> {
    /// None is looked for: the photograph is one face.
    Nothing,
    /// The embedded detector.
    Embedded,
    /// A network of the user's.
    Network(&'d dyn FaceNetwork),
}

impl<'d> FaceFinder<'d> {
    /// The finder of a word of [`howfar_face::Preprocessing::detection`]; `given` is the network that the user brings,
    /// if any.
    pub(crate) fn new(word: &str, given: Option<&'d dyn FaceNetwork>) -> Result<Self, Fault> {
        match (word, given) {
            ("none", _) => Ok(FaceFinder::Nothing),
            ("detector", _) => Ok(FaceFinder::Embedded),
            (word, Some(network)) if word == network.word() => Ok(FaceFinder::Network(network)),
            (word, Some(network)) if word.starts_with(NETWORK_PREFIX) => {
                Err(Fault::data(network.place(), "this is not the network that the faces were found by")
                    .found(network.word())
                    .expected(format!("{word} (the first digits of its SHA-256)"))
                    .hint("give the very file that `prepare --detector` was given"))
            }
            (word, None) if word.starts_with(NETWORK_PREFIX) => {
                Err(Fault::usage("--detector", "the faces were found by a network that is not a part of howfar")
                    .found("no --detector")
                    .expected(format!("the ONNX file whose SHA-256 begins with {}", &word[NETWORK_PREFIX.len()..]))
                    .hint("give the file that `prepare --detector` was given"))
            }
            (word, _) => Err(Fault::data("preprocessing", "this version does not know the detection")
                .found(word)
                .expected("none, detector or onnx:…")
                .hint("the face set or model was made by another version of howfar")),
        }
    }

    /// Whether faces are looked for.
    pub(crate) fn detects(self) -> bool {
        !matches!(self, FaceFinder::Nothing)
    }

    /// Every face, the surest first.
    pub(crate) fn all(self, photo: &DynamicImage, gray: &Picture) -> Result<Vec<Detection>, String> {
        match self {
            FaceFinder::Nothing => Ok(Vec::new()),
            FaceFinder::Embedded => Ok(detect::find_faces(gray)),
            FaceFinder::Network(network) => network.find_faces(photo),
        }
    }

    /// The faces that are found around where each was a moment ago, the surest first, each once.
    pub(crate) fn near(self, photo: &DynamicImage, gray: &Picture, last: &[FaceBox]) -> Result<Vec<Detection>, String> {
        if !matches!(self, FaceFinder::Embedded) {
            return self.all(photo, gray);
        }
        let mut found: Vec<Detection> = last.iter().filter_map(|last| detect::find_near(gray, last)).collect();
        found.sort_by(|a, b| b.score.total_cmp(&a.score));
        let mut each: Vec<Detection> = Vec::new();
        for face in found {
            if each.iter().all(|other| other.face_box.overlap(&face.face_box) <= SAME_FACE) {
                each.push(face);
            }
        }
        Ok(each)
    }

    /// The faces among which the one that a database's picture shows is: only that one where a quick look is sure of
    /// it.
    pub(crate) fn one(
        self,
        photo: &DynamicImage,
        gray: &Picture,
        told: Option<&FaceBox>,
    ) -> Result<Vec<Detection>, String> {
        match self {
            FaceFinder::Embedded => {
                Ok(detect::find_one_face(gray, |found| told.is_none_or(|told| found.overlap(told) > SAME_FACE)))
            }
            other => other.all(photo, gray),
        }
    }
}
