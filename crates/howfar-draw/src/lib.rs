//! A parametric head and its renderer: drawn faces with exact labels of identity, expression, action units, landmarks,
//! pose and light.
//!
//! In: a style (embedded or a TOML file), a seed, people and expressions. Out: gray pictures with labels. Knows no folds,
//! no training and no engine.

mod actions;
mod camera;
mod colour;
mod curve;
mod dice;
mod draw;
mod grid;
mod head;
mod light;
mod measures;
mod motion;
mod paint;
mod parts;
mod person;
mod plate;
mod raster;
mod relief;
mod rig;
mod spread;
mod style;
mod surface;
mod tone;

pub use actions::{AU_NAMES, N_AUS};
pub use dice::{Bell, Range};
pub use draw::{DrawnFace, SetRequest, draw_face, draw_face_with, draw_set, draw_set_with};
pub use head::HeadModel;
pub use rig::{IctRig, Rig};
pub use style::{
    ActingStyle, Action, CameraStyle, HairStyle, LightStyle, STYLE_NAMES, Session, ShapeStyle, SkinStyle, Style,
    Substitute, ToneStyle,
};
