//! Whose geometry is drawn: our own head, or a rig of the user's. Both go through the same styles, camera, light and
//! tone.
//!
//! In: a person and the actions of one picture. Out: landmarks, eyes, and layers of shaded triangles. Draws no pixels.

mod acting;
mod file;
mod ict;
mod layer;
mod layout;
mod obj;
mod own;
mod paint;
mod shapes;

use howfar_random::Stream;

use crate::actions::Actions;
use crate::anthropometry::{Anthropometry, Landmarks};
use crate::head::HeadModel;
use crate::person::Person;
use crate::streams::PersonKey;
use crate::style::Style;

pub use file::IctRig;
pub(crate) use layer::{Layer, Look};

/// The geometry that faces are drawn with.
#[derive(Clone, Copy)]
pub enum Rig<'a> {
    /// The parametric head of this program.
    Own(&'a HeadModel),
    /// A user's checkout of ICT FaceKit.
    Ict(&'a IctRig),
}

impl<'a> From<&'a HeadModel> for Rig<'a> {
    fn from(head: &'a HeadModel) -> Self {
        Rig::Own(head)
    }
}

impl<'a> From<&'a IctRig> for Rig<'a> {
    fn from(rig: &'a IctRig) -> Self {
        Rig::Ict(rig)
    }
}

impl<'a> Rig<'a> {
    /// The user's rig, or our own head.
    pub(crate) fn or_own(rig: Option<&'a IctRig>) -> Self {
        rig.map_or_else(|| Rig::Own(HeadModel::shared()), Rig::Ict)
    }

    pub(crate) fn anthropometry(&self) -> &'a Anthropometry {
        match self {
            Rig::Own(head) => &head.anthropometry,
            Rig::Ict(rig) => &rig.anthropometry,
        }
    }

    /// Forms the face of one picture.
    pub(crate) fn form<'f>(
        &self,
        style: &Style,
        key: PersonKey<'_>,
        person: &'f Person,
        actions: &'f Actions,
    ) -> Formed<'f>
    where
        'a: 'f,
    {
        match *self {
            Rig::Own(head) => Formed::Own(Box::new(own::OwnForm::new(head, person, actions))),
            Rig::Ict(rig) => Formed::Ict(Box::new(ict::IctForm::new(rig, style, key, person, actions))),
        }
    }
}

/// A face in one pose of its muscles, not yet lit.
pub(crate) enum Formed<'f> {
    Own(Box<own::OwnForm<'f>>),
    Ict(Box<ict::IctForm<'f>>),
}

impl Formed<'_> {
    /// Centres of the eyes, picture's left and right.
    pub fn eyes(&self) -> [[f32; 3]; 2] {
        match self {
            Formed::Own(form) => form.eyes(),
            Formed::Ict(form) => form.eyes(),
        }
    }

    /// Landmarks of the acting face.
    pub fn landmarks(&self) -> &Landmarks {
        match self {
            Formed::Own(form) => form.landmarks(),
            Formed::Ict(form) => form.landmarks(),
        }
    }

    /// What is to be drawn. `stream` gives gaze and clothes.
    pub fn layers(&self, look: &Look<'_>, stream: &mut Stream) -> Vec<Layer<'_>> {
        match self {
            Formed::Own(form) => form.layers(look, stream),
            Formed::Ict(form) => form.layers(look, stream),
        }
    }
}
