//! A parametric head and its renderer: drawn faces with exact labels of identity, expression, action units, landmarks,
//! pose and light.
//!
//! In: a style (embedded or a TOML file), a seed, people and expressions. Out: gray or colour pictures with labels. Knows no folds,
//! no training and no engine.

mod actions;
mod average_face;
mod camera;
mod colour;
mod curve;
mod dice;
mod draw;
mod drawn_set;
mod fit;
mod grid;
mod head;
mod jpeg;
mod light;
mod linear;
mod anthropometry;
mod motion;
mod paint;
mod parts;
mod person;
mod image_statistics;
mod rbf;
mod raster;
mod displacement;
mod rig;
mod skin_tint;
mod skinning;
mod style;
mod style_check;
mod style_key;
mod fit_parameters;
mod style_text;
mod surface;
mod head_jitter;
mod tint;
mod tone;

pub use actions::{AU_NAMES, N_AUS};
pub use dice::{TruncatedNormal, Uniform};
pub use draw::{DrawnFace, FaceSpec, draw_colour_face, draw_face};
pub use drawn_set::{SetRequest, draw_set};
pub use fit::{FEWEST_FACES, FitEffort, FittedStyle, StyleFitter};
pub use head::HeadModel;
pub use image_statistics::{STATISTICS, N_STATISTICS, ImageStatistics, SetStatistics};
pub use rig::{IctRig, Rig};
pub use style::{
    ActingStyle, Action, CameraStyle, FITTED_BY, HairStyle, LightStyle, STYLE_NAMES, Session, ShapeStyle, SkinStyle,
    Style, Substitute, ToneStyle,
};
pub use style_key::{ACTION_KEYS, KeyKind, Limits, STYLE_KEYS, StyleKey, style_key, style_key_table};
