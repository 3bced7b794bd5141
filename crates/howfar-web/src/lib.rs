//! What `howfar predict` does with a photograph, for a page that has a camera: compiled to WebAssembly, in a file that
//! the program carries.
//!
//! In: a trained network's weight file, pixels as a canvas has them (RGBA). Out: every face with its box, eyes and
//! probabilities, the same as `predict` gives; errors as text. [`MODULE`] is this crate compiled (`.ci/wasm`, described
//! in `data/howfar.wasm.md`), [`READER`] the JavaScript that pages use it by (`docs/web.md`). Knows no page, no camera
//! and no server; opens no file.

#[cfg(any(test, target_family = "wasm"))]
mod exports;
mod follow;
mod reader;

pub use reader::{FaceReader, SeenFace};

/// This crate as WebAssembly.
#[cfg(not(target_family = "wasm"))]
pub const MODULE: &[u8] = include_bytes!("../data/howfar.wasm");

/// The JavaScript module that loads it, to be served beside it.
#[cfg(not(target_family = "wasm"))]
pub const READER: &str = include_str!("reader.js");
