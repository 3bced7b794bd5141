//! Draws the faces, further away than in a face set, so that a frame around one has room to be wrong.

use std::ops::ControlFlow;

use howfar_crop::Point;
use howfar_draw::{CameraStyle, FaceSpec, HeadModel, STYLE_NAMES, ShapeStyle, Style, TruncatedNormal, draw_face};
use howfar_face::{Expression, Fault};
use rayon::prelude::*;

/// Pixels a side of a drawing: its eyes are 27 pixels apart, those that the network sees 21.
const SIDE: u32 = 128;
/// Pictures of each identity, with expressions that follow one another.
const TAKES: u32 = 2;
/// Faces drawn between two reports of progress.
const BLOCK: usize = 64;

/// A drawn face.
#[derive(Debug, Clone)]
pub struct Drawing {
    /// Gray levels, rows from the top.
    pub pixels: Vec<u8>,
    /// Pixels a side.
    pub side: usize,
    /// The 68 points in pixels.
    pub points: Vec<Point>,
}

/// Draws `people` identities in turn of all embedded styles, twice each. `progress` is told how many are done and may
/// stop the work. The same for any number of threads.
pub fn draw_faces(
    people: u32,
    seed: u64,
    progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<Vec<Drawing>, Fault> {
    let styles: Vec<Style> = STYLE_NAMES.iter().filter_map(|name| Style::named(name)).map(distant).collect();
    let total = people as usize * TAKES as usize;
    let mut drawings: Vec<Drawing> = Vec::with_capacity(total);
    while drawings.len() < total {
        let block = drawings.len()..total.min(drawings.len() + BLOCK);
        drawings.par_extend(block.into_par_iter().map(|idx| draw(&styles, seed, idx as u32)));
        if progress(drawings.len()).is_break() && drawings.len() < total {
            return Err(Fault::interrupted(format!("{} of {total} faces were drawn", drawings.len())));
        }
    }
    Ok(drawings)
}

fn draw(styles: &[Style], seed: u64, idx: u32) -> Drawing {
    let (person, style) = (idx / TAKES, &styles[(idx / TAKES) as usize % styles.len()]);
    // Seven is prime to the eight expressions: an identity's two pictures and its neighbours' differ.
    let expression = Expression::ALL[(idx * 7 / TAKES + idx) as usize % Expression::ALL.len()];
    let spec = FaceSpec { take: idx % TAKES, ..FaceSpec::full(person, expression) };
    let face = draw_face(HeadModel::shared(), style, seed, &spec, SIDE);
    let points = face.landmarks.chunks_exact(2).map(|p| Point { x: p[0].into(), y: p[1].into() }).collect();
    Drawing { pixels: face.pixels, side: SIDE as usize, points }
}

/// The style seen from further away, turned as people turn where nobody poses them, and of features that differ more
/// than the style's: places are to be read off the picture, not off the mean face.
fn distant(style: Style) -> Style {
    let normal = |mean: f32, sd: f32| TruncatedNormal { mean, sd };
    let camera = CameraStyle {
        yaw_deg: normal(0.0, 13.0),
        pitch_deg: normal(0.0, 9.0),
        roll_deg: normal(0.0, 4.0),
        eye_distance_px: normal(13.5, 0.7),
        eye_height_px: normal(27.0, 1.0),
        centre_px: normal(0.0, 1.0),
        ..style.camera
    };
    let shape = ShapeStyle {
        component_spread: 1.4 * style.shape.component_spread,
        brow_height_eye_distances: normal(style.shape.brow_height_eye_distances.mean, 0.08),
        brow_arch_eye_distances: normal(style.shape.brow_arch_eye_distances.mean, 0.05),
        mouth_width: normal(1.0, 0.13),
        eye_opening: normal(1.0, 0.25),
        resting_lid: normal(0.3, 0.2),
        nose_width: normal(1.0, 0.17),
        ..style.shape
    };
    Style { camera, shape, ..style }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faces_are_small_whole_and_the_same_again() {
        let drawn = |n| draw_faces(n, 3, &mut |_| ControlFlow::Continue(())).unwrap();
        let (faces, fewer) = (drawn(4), drawn(1));
        assert_eq!((faces.len(), fewer.len()), (8, 2));
        assert_eq!(faces[1].pixels, fewer[1].pixels);
        for face in &faces {
            let inside = |p: &Point| (0.0..128.0).contains(&p.x) && (0.0..128.0).contains(&p.y);
            assert!(face.points.iter().all(inside), "{:?}", face.points);
        }
        assert_eq!(draw_faces(40, 3, &mut |_| ControlFlow::Break(())).unwrap_err().kind().exit_code(), 75);
    }
}
