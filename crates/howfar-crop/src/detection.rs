//! A face that a detector found.
//!
//! In: what a detector says. Out: the same in one form for all of them.

use crate::crop::{FaceBox, Point};

/// A face found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detection {
    /// Brows to chin, as the embedded detector's boxes are.
    pub face_box: FaceBox,
    /// Middles of the eyes, the picture's left one first, where the detector says so.
    pub eyes: Option<[Point; 2]>,
    /// The detector's score: above 2 of the embedded one, 0 to 1 of a network.
    pub score: f64,
}

/// A face is the one that a database's box means if they share this much.
pub(crate) const SAME_FACE: f64 = 0.3;
