//! What a server shows.

use howfar_face::FaceSet;
use howfar_study::StudyFolder;

/// What a server shows.
#[derive(Debug)]
pub enum Content {
    /// A study: how far it is, its faces and, when they are there, its results.
    Study(StudyFolder),
    /// A face set to leaf through.
    Faces(Box<FaceSet>),
    /// A network that looks at pictures and the camera, in the browser.
    Model {
        /// What it is called.
        name: String,
        /// Its weight file (safetensors), as `howfar train` writes it.
        weights: Vec<u8>,
    },
}
