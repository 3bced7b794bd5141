//! What the landmark network learns from: drawn faces, framed as a detector's box would frame them and disturbed as
//! photographs are.
//!
//! In: a seed. Out: standardised pictures with the places of their points. Everything is drawn; no photograph comes in.

mod checkpoint;
mod disturbance;
mod drawing;
mod example;
mod occluder;
mod view;

pub use checkpoint::Checkpoint;
pub use drawing::{Drawing, draw_faces};
pub use example::{Example, example};

use howfar_protocol::{Stream, uniform};

/// A number between two ends.
fn between(stream: &mut Stream, from: f32, to: f32) -> f32 {
    from + (to - from) * uniform(stream)
}

/// True with this probability.
fn happens(stream: &mut Stream, probability: f32) -> bool {
    uniform(stream) < probability
}
