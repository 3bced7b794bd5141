//! A parametric head and its renderer: drawn faces with exact labels of identity, expression, action units, landmarks,
//! pose and light.
//!
//! In: a style (embedded or a TOML file), a seed, people and expressions. Out: gray or colour pictures with labels.
//! Knows no folds, no training and no engine.

mod acting;
mod action_units;
mod actions;
mod anthropometry;
mod average_face;
mod camera;
mod colour;
mod curve;
mod displacement;
mod distributions;
mod draw;
mod drawn_set;
mod embedded_styles;
mod fit;
mod fit_parameters;
mod grid;
mod head;
mod head_jitter;
mod image_statistics;
mod jpeg;
mod light;
mod linear;
mod motion;
mod paint;
mod parts;
mod person;
mod raster;
mod rbf;
mod rig;
mod rims;
mod skin_tint;
mod skinning;
mod streams;
mod style;
mod style_check;
mod style_key;
mod style_schema;
mod style_text;
mod surface;
mod tint;
mod tone;

pub use action_units::{AU_NAMES, N_AUS};
pub use distributions::{TruncatedNormal, Uniform};
pub use draw::{DrawnFace, FaceSpec, draw_colour_face, draw_face};
pub use drawn_set::{SetRequest, draw_set};
pub use embedded_styles::STYLE_NAMES;
pub use fit::{FEWEST_FACES, FitEffort, FittedStyle, StyleFitter};
pub use head::HeadModel;
pub use image_statistics::{ImageStatistics, N_STATISTICS, STATISTICS, SetStatistics};
pub use rig::{IctRig, Rig};
pub use style::{
    ActingStyle, Action, CameraStyle, FITTED_BY, HairStyle, LightStyle, Session, ShapeStyle, SkinStyle, Style,
    Substitute, ToneStyle,
};
pub use style_key::{ACTION_KEYS, KeyKind, Limits, STYLE_KEYS, StyleKey, style_key, style_key_table};
pub use style_schema::style_schema;
