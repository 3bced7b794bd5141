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
mod drawn_set;
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
mod spread;
mod style;
mod surface;
mod sway;
mod tone;

pub use actions::{AU_NAMES, N_AUS};
pub use dice::{Bell, Range};
pub use draw::{DrawnFace, Portrait, draw_face};
pub use drawn_set::{SetRequest, draw_set};
pub use head::HeadModel;
pub use style::{
    ActingStyle, Action, CameraStyle, HairStyle, LightStyle, STYLE_NAMES, Session, ShapeStyle, SkinStyle, Style,
    Substitute, ToneStyle,
};
