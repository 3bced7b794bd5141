//! How head and gaze drift while a sequence is filmed: slowly, by little, and not at all in a single picture.
//!
//! In: a take's stream and the number of a frame. Out: what is added to the take's pose and gaze.

use howfar_random::{Stream, between, clipped_normal};

/// Standard deviation of the drift of yaw, pitch and roll in degrees: people who hold still for a camera.
const POSE_SD_DEG: [f32; 3] = [0.8, 0.7, 0.5];
/// Standard deviation of the drift of the gaze, as a slope to the right and up.
const GAZE_SD: [f32; 2] = [0.02, 0.015];
/// Radians of a drift's wave from frame to frame: some 15 frames a wave.
const WAVE_STEP: f32 = 0.42;

/// The drift of one frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct HeadJitter {
    /// Added to yaw, pitch and roll, in degrees.
    pub pose_deg: [f32; 3],
    /// Added to the direction of the gaze: right, up.
    pub gaze: [f32; 2],
}

impl HeadJitter {
    /// Frame 0 does not jitter.
    pub fn draw(stream: &mut Stream, frame: u32) -> Self {
        let mut drift = |sd: f32| {
            let (amount, phase) = (clipped_normal(stream), between(stream, 0.0, std::f32::consts::TAU));
            sd * amount * ((WAVE_STEP * frame as f32 + phase).sin() - phase.sin())
        };
        HeadJitter { pose_deg: POSE_SD_DEG.map(&mut drift), gaze: GAZE_SD.map(&mut drift) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::PersonKey;

    #[test]
    fn the_first_frame_stands_still_and_the_others_move_by_little() {
        for person in 0..50 {
            let jitter =
                |frame| HeadJitter::draw(&mut PersonKey { seed: 1, style: "x", person }.of_person("sway"), frame);
            assert_eq!(jitter(0).pose_deg.map(f32::abs), [0.0; 3]);
            for frame in 1..30 {
                let step = (jitter(frame).pose_deg[0] - jitter(frame - 1).pose_deg[0]).abs();
                assert!(step < 1.0 && jitter(frame).pose_deg[0].abs() < 4.0, "{person} {frame}: {step}");
            }
            assert_ne!(jitter(5), jitter(6));
        }
    }
}
