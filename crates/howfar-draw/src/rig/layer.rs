//! What a rig hands on for one picture. In: how the face is looked at. Out: triangles with a brightness a vertex.

use std::borrow::Cow;

use crate::light::Light;
use crate::raster::Sides;
use crate::tint::{Palette, Tint};

/// How a formed face is looked at, in the head's space.
pub(crate) struct Look<'a> {
    pub light: &'a Light,
    /// Towards the camera.
    pub view: [f32; 3],
    /// Moves the gaze to the right and up.
    pub jitter: [f32; 2],
    /// Of a colour picture.
    pub palette: Option<&'a Palette>,
}

/// Triangles with a brightness a vertex, in the head's space.
pub(crate) struct Layer<'l> {
    pub points: Cow<'l, [[f32; 3]]>,
    pub brightness: Vec<f32>,
    /// One a vertex in a colour picture, none in a gray one.
    pub tints: Vec<Tint>,
    pub triangles: Cow<'l, [[u32; 3]]>,
    pub sides: Sides,
}
