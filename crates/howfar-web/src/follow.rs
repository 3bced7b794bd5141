//! Where faces are looked for in the next picture of a camera.
//!
//! In: pictures, one after the other. Out: their faces. Around the faces of the picture before, as long as each of them
//! is found there; over the whole picture where one was lost, where there was none, and every [`FULL_EVERY`] pictures,
//! for whoever comes into view. A look over the whole picture is the one that `predict` takes.

use howfar_crop::{FaceBox, PhotoPath, PreparedFace};
use howfar_face::Fault;
use image::DynamicImage;

/// From one look over the whole picture to the next.
pub(crate) const FULL_EVERY: u32 = 20;

/// What is remembered from picture to picture.
#[derive(Debug, Default)]
pub(crate) struct Follow {
    boxes: Vec<FaceBox>,
    /// Width and height of the picture before, in pixels.
    size: (u32, u32),
    /// Pictures since the last look over a whole one.
    n_near: u32,
}

impl Follow {
    /// The faces of the next picture.
    pub(crate) fn faces(&mut self, path: &PhotoPath<'_>, photo: &DynamicImage) -> Result<Vec<PreparedFace>, Fault> {
        let size = (photo.width(), photo.height());
        let may_be_near = !self.boxes.is_empty() && self.size == size && self.n_near + 1 < FULL_EVERY;
        let near = if may_be_near { path.faces_near(photo, &self.boxes)? } else { Vec::new() };
        let faces = if near.is_empty() || near.len() < self.boxes.len() {
            self.n_near = 0;
            path.faces(photo)?
        } else {
            self.n_near += 1;
            near
        };
        self.boxes = faces.iter().map(|face| face.face_box).collect();
        self.size = size;
        Ok(faces)
    }
}
