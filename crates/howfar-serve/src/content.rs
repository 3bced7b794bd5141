//! What a server shows.

use std::path::Path;

use howfar_face::{FaceSet, Fault};
use howfar_study::StudyFolder;
use howfar_web::FaceReader;

/// What a server shows.
#[derive(Debug)]
pub enum Content {
    /// A study: how far it is, its faces and, when they are there, its results.
    Study(StudyFolder),
    /// A face set to leaf through.
    Faces(Box<FaceSet>),
    /// A network that looks at pictures and the camera, in the browser.
    Model(ModelFile),
}

/// A weight file that a page can read.
#[derive(Debug)]
pub struct ModelFile {
    pub(crate) name: String,
    pub(crate) weights: Vec<u8>,
}

impl Content {
    /// A network by its weight file (safetensors), as `howfar train` writes it; `place` names it in messages, its last
    /// part on the page.
    ///
    /// # Errors
    /// Where a page could not read it.
    pub fn model(weights: Vec<u8>, place: &Path) -> Result<Self, Fault> {
        FaceReader::load(&weights, place)?;
        let name = place.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Content::Model(ModelFile { name, weights }))
    }
}
