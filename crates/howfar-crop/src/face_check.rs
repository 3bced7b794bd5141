//! Whether a prepared picture shows a face at all: a question for pictures that a generator made.
//!
//! In: a picture that a face fills, as `prepare` cuts them. Out: yes or no, by the detector and the landmark network
//! that crops are made with. Does not say whose face it is, or what it shows.

use howfar_face::Picture;

use crate::crop::{Crop, FaceBox};
use crate::detect::find_faces;
use crate::landmarks::find_landmarks;

/// A second look goes over this many times the picture's side, because the detector wants room around a head.
const ROOM: f64 = 1.5;
/// Pixels a side of the second look.
const ROOM_SIDE: u32 = 192;

/// Whether the detector finds a face, in the picture or in the picture with its border continued, and the landmark
/// network places its eyes where they can be, and at the same place in the mirror image.
pub fn shows_face(picture: &Picture) -> bool {
    let gray = Picture::gray(picture.width, picture.height, picture.clone().into_gray());
    let square = Crop::central(gray.width, gray.height);
    let is_found = || {
        let wider = Crop { side: square.side * ROOM, ..square };
        !find_faces(&gray).is_empty() || !find_faces(&wider.cut(&gray, ROOM_SIDE)).is_empty()
    };
    let whole = FaceBox::new(0.0, 0.0, f64::from(gray.width), f64::from(gray.height));
    whole.is_some_and(|whole| find_landmarks(&gray, &whole, None).is_ok()) && is_found()
}
