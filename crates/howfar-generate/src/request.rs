//! What `generate` is asked for. In: the user's choices. Out: one value of them. Checks nothing.

use std::path::Path;

use howfar_face::{FaceSet, GroupSizes};
use howfar_net::gan::Generator;

use crate::screen::Screen;

/// What is to be generated.
pub struct GenerateRequest<'a> {
    /// A StyleGAN2, unless people are taken from a set.
    pub identity: Option<&'a Generator>,
    /// A StarGAN.
    pub expression: &'a Generator,
    /// A set whose people are given expressions.
    pub from: Option<&'a FaceSet>,
    /// How many people; all of `from` if not said.
    pub people: Option<u64>,
    /// Names of the StarGAN's classes, or `person` for the picture that expressions are given to (not of people of
    /// `from`, whose pictures nothing generated); all classes but neutral if empty.
    pub expressions: &'a [String],
    /// How far styles keep from their mean: 1 as trained.
    pub truncation: f32,
    /// How strongly expressions are shown, drawn from this range for each face: 1 as trained, 0 neutral.
    pub intensity: (f32, f32),
    /// Leaves people with broken or copied faces out, and takes others in their place.
    pub screen: Option<&'a Screen>,
    /// With a person's number it fixes the face.
    pub seed: u64,
    /// A name for tables.
    pub name: &'a str,
    /// The face set to write.
    pub out: &'a Path,
    /// How many faces lie together.
    pub sizes: GroupSizes,
}
