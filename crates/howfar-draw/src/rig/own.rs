//! Our own head as a rig.
//!
//! In: the shared head, a person and the actions. Out: skin and parts as layers.

use std::borrow::Cow;

use howfar_random::Stream;

use crate::actions::Actions;
use crate::anthropometry::Landmarks;
use crate::colour::colour;
use crate::displacement::Displacement;
use crate::head::HeadModel;
use crate::motion::Motion;
use crate::parts::{Scene, Sheet};
use crate::person::Person;
use crate::raster::Sides;
use crate::rig::layer::{Layer, Look};
use crate::skin_tint::skin_tints;
use crate::tint::Palette;

/// Our head, formed.
pub(crate) struct OwnForm<'f> {
    head: &'f HeadModel,
    person: &'f Person,
    actions: &'f Actions,
    motion: Motion,
    displacement: Displacement,
    face: Landmarks,
}

impl<'f> OwnForm<'f> {
    pub fn new(head: &'f HeadModel, person: &'f Person, actions: &'f Actions) -> Self {
        let motion = Motion::new(head, person, actions);
        let displacement = Displacement::new(head, person, &motion, actions);
        let face = motion.landmarks(person);
        OwnForm { head, person, actions, motion, displacement, face }
    }

    pub fn eyes(&self) -> [[f32; 3]; 2] {
        self.displacement.eyes
    }

    pub fn landmarks(&self) -> &Landmarks {
        &self.face
    }

    pub fn layers(&self, look: &Look<'_>, stream: &mut Stream) -> Vec<Layer<'_>> {
        let Look { light, view, jitter, palette } = *look;
        let OwnForm { head, person, actions, motion, displacement, face } = self;
        let skin = Layer {
            points: Cow::Borrowed(&displacement.vertices),
            brightness: colour(head, person, displacement, light, view),
            tints: palette
                .map_or_else(Vec::new, |palette| skin_tints(&head.paint, person, &displacement.hair, palette)),
            triangles: Cow::Borrowed(&head.grid.triangles),
            sides: Sides::Front,
        };
        let scene = Scene { person, motion, actions, face, eyes: displacement.eyes, light };
        std::iter::once(skin).chain(scene.parts(stream, jitter).into_iter().map(|part| sheet(part, palette))).collect()
    }
}

/// A sheet has no outer side.
pub(crate) fn sheet<'l>(sheet: Sheet, palette: Option<&Palette>) -> Layer<'l> {
    let Sheet { points, brightness, triangles, stuff } = sheet;
    let tints = palette.map_or_else(Vec::new, |palette| stuff.tints(palette, points.len()));
    Layer { points: points.into(), brightness, tints, triangles: triangles.into(), sides: Sides::Both }
}
