//! The one path from a photograph to prepared faces: find, align, crop, gray, resize.
//!
//! In: decoded photographs, and a [`howfar_face::Preprocessing`] that says how. Out: every face as a model takes it,
//! and where it is in the photograph. Opens no file and starts no thread, so that it also runs in a
//! page of a browser. Does not know whose a face is or what it shows.

mod crop;
mod detect;
mod detection;
mod face_check;
mod face_finder;
mod landmarks;
mod photo;
mod resample;
#[cfg(any(test, feature = "test-support"))]
pub mod test_faces;

pub use crop::{Crop, FaceBox, Point};
pub use detection::Detection;
pub use face_check::shows_face;
pub use face_finder::{FaceNetwork, NETWORK_PREFIX};
pub use landmarks::{LANDMARK_SIDE, N_LANDMARKS, landmark_frame, mirrored_landmark};
pub use photo::{NoFace, PhotoPath, PreparedFace, preprocess_photo};
pub use resample::{Filter, resize};
