//! One picture to learn from: a drawing, seen through an imperfect frame, covered and disturbed.

use howfar_crop::{LANDMARK_SIDE, N_LANDMARKS, mirrored_landmark};
use howfar_net::LandmarkNetwork;
use howfar_random::{Stream, between, happens, index_by_share};

use crate::disturbance::{add_noise, blur, enlarge, make_blocky, relight};
use crate::drawing::Drawing;
use crate::occluder::{FacePlan, GrayLevels, cover, replace_background, shade_sockets};
use crate::view::{View, eyes_of};

/// A standardised picture and where its points are, as the network is to give them.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// `LANDMARK_SIDE` × `LANDMARK_SIDE` numbers.
    pub picture: Vec<f32>,
    /// x then y of each point, [`LandmarkNetwork::target`] of shares of the side.
    pub targets: Vec<f32>,
}

/// Draws an example from a drawing and a stream of its own.
pub fn example(drawings: &[Drawing], stream: &mut Stream) -> Example {
    let drawing = &drawings[index_by_share(drawings.len(), stream)];
    let view = View::draw(drawing, stream);
    // Half of the pictures are as sharp as the network sees, the others come from fewer pixels.
    let n = if happens(stream, 0.5) { LANDMARK_SIDE as usize } else { between(stream, 24.0, 64.0) as usize };
    let mut face = GrayLevels { n, levels: view.sample(drawing, n) };
    let place = |idx: usize| view.share(drawing.points[idx]);
    let plan = FacePlan { eyes: eyes_of(&drawing.points).map(|eye| view.share(eye)), jaw: [0, 16, 8].map(place) };
    if happens(stream, 0.6) {
        replace_background(&mut face, &plan, stream);
    }
    if happens(stream, 0.5) {
        shade_sockets(&mut face, &plan, stream);
    }
    cover(&mut face, &plan, stream);
    relight(&mut face, stream);
    blur(&mut face, stream);
    add_noise(&mut face, stream);
    make_blocky(&mut face, stream);
    let mut picture = enlarge(&face, LANDMARK_SIDE as usize);
    LandmarkNetwork::standardise(&mut picture);
    let targets = (0..N_LANDMARKS).flat_map(|idx| place(idx).map(LandmarkNetwork::target)).collect();
    let example = Example { picture, targets };
    if happens(stream, 0.5) { mirrored(&example) } else { example }
}

fn mirrored(example: &Example) -> Example {
    let rows = example.picture.chunks_exact(LANDMARK_SIDE as usize);
    let picture = rows.flat_map(|row| row.iter().rev().copied()).collect();
    let target = |idx: usize| {
        let other = 2 * mirrored_landmark(idx);
        // Targets lie around 0.
        [-example.targets[other], example.targets[other + 1]]
    };
    Example { picture, targets: (0..N_LANDMARKS).flat_map(target).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::draw_faces;
    use howfar_random::Seeds;
    use std::ops::ControlFlow;

    #[test]
    fn examples_repeat_are_standardised_and_two_mirrors_change_nothing() {
        let drawings = draw_faces(2, 1, &mut |_| ControlFlow::Continue(())).unwrap();
        for i in 0..30 {
            let one = || example(&drawings, &mut Seeds::new(2).stream("example", &[i]));
            let made = one();
            assert_eq!(made, one());
            assert_eq!(mirrored(&mirrored(&made)), made);
            let mean = made.picture.iter().sum::<f32>() / made.picture.len() as f32;
            assert!(mean.abs() < 1e-3 && made.picture.iter().all(|v| v.is_finite()));
            let x = |idx: usize| made.targets[2 * idx];
            assert!(x(36) < x(45) && x(0) < x(16), "left stays left");
        }
    }
}
