//! Where the points of a face are: a small network trained on drawn faces alone (`data/landmarks.md`), looked through
//! twice.
//!
//! In: a gray photograph and a face's box. Out: 68 points in pixels of the photograph, or why they are not to be
//! trusted. It looks at one face; which faces there are is the detector's business.

use std::fmt;
use std::sync::OnceLock;

use howfar_face::Picture;
use howfar_net::LandmarkNetwork;

use crate::crop::{Crop, FaceBox, Point};

static WEIGHTS: &[u8] = include_bytes!("../data/landmarks.safetensors");

/// Points of a face: jaw 0 to 16, brows to 26, nose to 35, eyes 36 to 47, outer and inner lips to 67, each group from
/// the picture's left to its right (the order of iBUG's 300-W).
pub const N_LANDMARKS: usize = 68;
/// Pixels a side of what the network looks at.
pub const LANDMARK_SIDE: u32 = 64;
/// Where the eyes lie in what the network looks at, in shares of its side: the forehead and an open mouth have room.
const FRAME_EYE_HEIGHT: f64 = 0.40;
/// Distance of the eyes in what the network looks at, in shares of its side.
const FRAME_EYE_DISTANCE: f64 = 0.33;
/// Looks: one where the box supposes the eyes, the others where the look before found them.
const REFINEMENTS: usize = 3;
/// Places are rounded to this share of the frame's side, so that the last bits of a sum, which differ from processor to
/// processor, do not move a pixel.
const GRID: f64 = 1.0 / 4096.0;

/// Smallest and largest distance of the eyes in shares of the box's width; it is 0.41 on the average.
const PLAUSIBLE_DISTANCES: std::ops::Range<f64> = 0.2..0.7;
/// Largest tilt of the eyes' line in degrees; the detector finds no face that lies on its side.
const LARGEST_TILT: f64 = 40.0;
/// How far outside the box an eye may lie, in shares of its side.
const OUTSIDE: f64 = 0.1;
/// Largest distance between an eye found in the frame and in its mirror image, in distances of the eyes.
const LARGEST_DISAGREEMENT: f64 = 0.2;

/// The points of a face in a photograph.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Landmarks {
    /// All of them, in pixels of the photograph.
    pub points: Vec<Point>,
    /// Middles of the eyes, the picture's left one first.
    pub eyes: [Point; 2],
}

/// Why points are not to be trusted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Rejection {
    /// Distance of the eyes in shares of the box's width.
    Distance(f64),
    /// Tilt in degrees.
    Tilt(f64),
    /// An eye lies outside the box.
    Outside,
    /// The mirror image says something else, by so many distances of the eyes.
    Disagreement(f64),
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rejection::Distance(share) => write!(f, "the eyes lie {share:.2} of the face's width apart"),
            Rejection::Tilt(degrees) => write!(f, "the eyes are tilted by {degrees:.0} degrees"),
            Rejection::Outside => write!(f, "an eye lies outside the face"),
            Rejection::Disagreement(share) => write!(f, "the mirror image gives eyes {share:.2} eye distances off"),
        }
    }
}

/// The square that the network looks at if the eyes were there, upright to them.
pub fn landmark_frame(eyes: [Point; 2]) -> Crop {
    Crop::with_eyes(eyes, FRAME_EYE_HEIGHT, FRAME_EYE_DISTANCE)
}

/// The place of each point in a mirrored face.
pub fn mirrored_landmark(idx: usize) -> usize {
    match idx {
        0..=16 => 16 - idx,
        17..=26 => 43 - idx,
        27..=30 => idx,
        31..=35 => 66 - idx,
        36..=39 | 42..=45 => 81 - idx,
        40 | 41 | 46 | 47 => 87 - idx,
        48..=54 => 102 - idx,
        55..=59 => 114 - idx,
        60..=64 => 124 - idx,
        _ => 132 - idx,
    }
}

/// Looks for the points of the face in a box, first where `supposed` has the eyes.
pub(crate) fn find_landmarks(
    gray: &Picture,
    face_box: &FaceBox,
    supposed: Option<[Point; 2]>,
) -> Result<Landmarks, Rejection> {
    let mut eyes = supposed.unwrap_or_else(|| face_box.typical_eyes());
    let (mut points, mut disagreement) = (Vec::new(), 0.0);
    for _ in 0..REFINEMENTS {
        (points, disagreement) = look(gray, &landmark_frame(eyes));
        eyes = eyes_of(&points);
        check_eyes(eyes, face_box)?;
    }
    if disagreement > LARGEST_DISAGREEMENT {
        return Err(Rejection::Disagreement(disagreement));
    }
    Ok(Landmarks { points, eyes })
}

/// The points found in a frame, the mean of those in its mirror image, and how far the eyes of both lie apart, in
/// distances of the eyes.
fn look(gray: &Picture, frame: &Crop) -> (Vec<Point>, f64) {
    let side = LANDMARK_SIDE as usize;
    let mut picture: Vec<f32> = frame.cut(gray, LANDMARK_SIDE).data.into_iter().map(f32::from).collect();
    LandmarkNetwork::standardise(&mut picture);
    let mirrored: Vec<f32> = picture.chunks_exact(side).flat_map(|row| row.iter().rev().copied()).collect();
    picture.extend(mirrored);
    let found = network().points(&picture);
    let (straight, mirrored) = found.split_at(2 * N_LANDMARKS);
    let pair = |idx: usize| {
        let other = mirrored_landmark(idx);
        let at = |points: &[f32], idx: usize| Point { x: points[2 * idx].into(), y: points[2 * idx + 1].into() };
        let (a, b) = (at(straight, idx), at(mirrored, other));
        [a, Point { x: 1.0 - b.x, y: b.y }]
    };
    let [seen, reflected]: [Vec<Point>; 2] = [0, 1].map(|i| (0..N_LANDMARKS).map(|idx| pair(idx)[i]).collect());
    let round = |v: f64| (v / GRID).round() * GRID;
    let mean = seen.iter().zip(&reflected).map(|(a, b)| Point { x: (a.x + b.x) / 2.0, y: (a.y + b.y) / 2.0 });
    let mean: Vec<Point> = mean.map(|p| Point { x: round(p.x), y: round(p.y) }).collect();
    let apart = distance(eyes_of(&mean)).max(GRID);
    let off = eyes_of(&seen).into_iter().zip(eyes_of(&reflected)).map(|(a, b)| distance([a, b])).fold(0.0, f64::max);
    (mean.into_iter().map(|p| frame.place(p)).collect(), off / apart)
}

fn check_eyes(eyes: [Point; 2], face_box: &FaceBox) -> Result<(), Rejection> {
    let [left, right] = eyes;
    let share = distance(eyes) / face_box.width;
    if !PLAUSIBLE_DISTANCES.contains(&share) {
        return Err(Rejection::Distance(share));
    }
    let tilt = (right.y - left.y).atan2(right.x - left.x).to_degrees();
    if tilt.abs() > LARGEST_TILT {
        return Err(Rejection::Tilt(tilt));
    }
    let within = |at: f64, start: f64, length: f64| (-OUTSIDE..=1.0 + OUTSIDE).contains(&((at - start) / length));
    let inside = |eye: Point| within(eye.x, face_box.x, face_box.width) && within(eye.y, face_box.y, face_box.height);
    if inside(left) && inside(right) { Ok(()) } else { Err(Rejection::Outside) }
}

fn eyes_of(points: &[Point]) -> [Point; 2] {
    [36..42, 42..48].map(|eye| {
        let n = eye.len() as f64;
        let sum = points[eye].iter().fold((0.0, 0.0), |(x, y), p| (x + p.x, y + p.y));
        Point { x: sum.0 / n, y: sum.1 / n }
    })
}

fn distance([a, b]: [Point; 2]) -> f64 {
    (b.x - a.x).hypot(b.y - a.y)
}

/// Read once; the weights are a part of the program.
fn network() -> &'static LandmarkNetwork {
    static NETWORK: OnceLock<LandmarkNetwork> = OnceLock::new();
    NETWORK.get_or_init(|| {
        let (network, _) = LandmarkNetwork::from_bytes(WEIGHTS).expect("the embedded file was written by this program");
        assert_eq!((network.n_points(), network.side()), (N_LANDMARKS, LANDMARK_SIDE as usize), "the embedded network");
        network
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_swaps_sides_and_two_mirrors_change_nothing() {
        assert!((0..N_LANDMARKS).all(|i| mirrored_landmark(mirrored_landmark(i)) == i));
        let pairs = [(0, 16), (17, 26), (27, 27), (31, 35), (36, 45), (37, 44), (40, 47), (41, 46), (48, 54), (55, 59)];
        let inner = [(51, 51), (57, 57), (60, 64), (62, 62), (65, 67), (66, 66)];
        for (a, b) in pairs.into_iter().chain(inner) {
            assert_eq!(mirrored_landmark(a), b, "{a}");
        }
    }

    #[test]
    fn a_frame_has_the_eyes_at_their_places() {
        let eyes = [Point { x: 10.0, y: 20.0 }, Point { x: 40.0, y: 30.0 }];
        let frame = landmark_frame(eyes);
        for (eye, x) in eyes.into_iter().zip([0.5 - 0.165, 0.5 + 0.165]) {
            let at = frame.place(Point { x, y: 0.4 });
            assert!(distance([at, eye]) < 1e-9, "{at:?} {eye:?}");
        }
    }

    #[test]
    fn eyes_too_near_tilted_or_outside_are_doubted() {
        let face_box = FaceBox::new(100.0, 100.0, 100.0, 100.0).expect("it has an area");
        let eyes = |x: f64, y: f64, dx: f64, dy: f64| [Point { x, y }, Point { x: x + dx, y: y + dy }];
        assert_eq!(check_eyes(eyes(130.0, 136.0, 41.0, 8.0), &face_box), Ok(()));
        assert!(matches!(check_eyes(eyes(130.0, 136.0, 12.0, 0.0), &face_box), Err(Rejection::Distance(_))));
        assert!(matches!(check_eyes(eyes(130.0, 136.0, 20.0, 30.0), &face_box), Err(Rejection::Tilt(_))));
        assert!(matches!(check_eyes(eyes(60.0, 136.0, 41.0, 0.0), &face_box), Err(Rejection::Outside)));
        assert!(matches!(check_eyes(eyes(171.0, 136.0, -41.0, 0.0), &face_box), Err(Rejection::Tilt(_))));
    }
}
