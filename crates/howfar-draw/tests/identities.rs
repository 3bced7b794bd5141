//! Whether an identity is one: a nearest-neighbour probe tells neutral identities apart from a second picture of each,
//! in another light, background, tone, pose, gaze and noise.
//!
//! The probe sees pixels only: histograms of gradient directions in overlapping cells, each cell scaled to length 1;
//! each number weighted by how little it differs between two pictures of an identity (told by identities of another
//! seed); nearest by cosine.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use howfar_draw::{DrawnFace, FaceSpec, HeadModel, Session, Style, draw_face};
use howfar_face::Expression;

const SIDE: usize = 64;
/// Side of a cell of gradients and distance between cells in pixels; directions told apart in a cell.
const CELL: usize = 6;
const STEP: usize = 3;
const N_DIRECTIONS: usize = 8;
/// Length of gradients below which a cell counts as flat; keeps noise of empty cells small.
const FLAT: f32 = 50.0;
const N_PEOPLE: u32 = 100;

type Features = Vec<f32>;

/// Histograms of gradient directions, cell by cell. The direction is told up to its sign: light from the other side
/// turns dark edges into bright ones.
fn features(pixels: &[u8]) -> Features {
    let at = |x: usize, y: usize| f32::from(pixels[y * SIDE + x]);
    let mut gradients = vec![[0.0; N_DIRECTIONS]; SIDE * SIDE];
    for (x, y) in (1..SIDE - 1).flat_map(|x| (1..SIDE - 1).map(move |y| (x, y))) {
        let (dx, dy) = (at(x + 1, y) - at(x - 1, y), at(x, y + 1) - at(x, y - 1));
        let turn = dy.atan2(dx).rem_euclid(std::f32::consts::PI) / std::f32::consts::PI * N_DIRECTIONS as f32;
        let (first, part) = (turn.floor() as usize % N_DIRECTIONS, turn.fract());
        let gradient = &mut gradients[y * SIDE + x];
        gradient[first] += dx.hypot(dy) * (1.0 - part);
        gradient[(first + 1) % N_DIRECTIONS] += dx.hypot(dy) * part;
    }
    let corners = || (0..=SIDE - CELL).step_by(STEP);
    let cell = |top: usize, left: usize| {
        let mut sums = [0.0f32; N_DIRECTIONS];
        for i in 0..CELL * CELL {
            let gradient = gradients[(top + i / CELL) * SIDE + left + i % CELL];
            sums.iter_mut().zip(gradient).for_each(|(sum, g)| *sum += g);
        }
        let length = sums.iter().map(|v| v * v).sum::<f32>().sqrt() + FLAT;
        sums.map(|v| v / length)
    };
    corners().flat_map(|top| corners().map(move |left| (top, left))).flat_map(|(top, left)| cell(top, left)).collect()
}

/// Two neutral pictures of each identity of a seed.
fn two_takes(style: &Style, seed: u64) -> [Vec<DrawnFace>; 2] {
    [0, 1].map(|take| {
        let spec = |person| FaceSpec { take, ..FaceSpec::full(person, Expression::Neutral) };
        let draw = |person| draw_face(HeadModel::shared(), style, seed, &spec(person), SIDE as u32);
        (0..N_PEOPLE).map(draw).collect()
    })
}

/// What the probe learns from identities that it is not asked about.
struct Weights {
    mean: Features,
    weight: Features,
}

impl Weights {
    fn learn([first, second]: &[Vec<Features>; 2]) -> Self {
        let n = first.len() as f32;
        let mean_of = |value: &dyn Fn(&Features, &Features, usize) -> f32| -> Features {
            let sum = |i: usize| first.iter().zip(second).map(|(a, b)| value(a, b, i)).sum::<f32>();
            (0..first[0].len()).map(|i| sum(i) / n).collect()
        };
        let within = mean_of(&|a, b, i| (a[i] - b[i]).powi(2));
        // The small number keeps what hardly ever changes from outweighing everything.
        let weight = within.iter().map(|v| 1.0 / (v + 1e-3).sqrt()).collect();
        Weights { mean: mean_of(&|a, b, i| 0.5 * (a[i] + b[i])), weight }
    }

    /// Weighted, of length 1.
    fn direction(&self, features: &Features) -> Features {
        let weighted: Features = (0..features.len()).map(|i| (features[i] - self.mean[i]) * self.weight[i]).collect();
        let length = weighted.iter().map(|v| v * v).sum::<f32>().sqrt();
        weighted.iter().map(|v| v / length).collect()
    }
}

/// Share in percent of second pictures whose nearest first picture is of the same identity.
fn recognised_percent(style: &Style) -> f32 {
    let of_faces = |faces: Vec<DrawnFace>| faces.iter().map(|face| features(&face.pixels)).collect::<Vec<_>>();
    let weights = Weights::learn(&two_takes(style, 12).map(of_faces));
    let takes = two_takes(style, 11);
    let differs = |(a, b): (&DrawnFace, &DrawnFace)| a.light != b.light && a.pose != b.pose;
    assert!(takes[0].iter().zip(&takes[1]).all(differs), "each has another light and pose");
    let [first, second] =
        takes.map(|faces| of_faces(faces).iter().map(|f| weights.direction(f)).collect::<Vec<Features>>());
    let cosine = |a: &Features, b: &Features| a.iter().zip(b).map(|(p, q)| p * q).sum::<f32>();
    let right = second.iter().enumerate().filter(|(person, probe)| {
        let nearest = |a: &usize, b: &usize| cosine(&first[*a], probe).total_cmp(&cosine(&first[*b], probe));
        (0..first.len()).max_by(nearest) == Some(*person)
    });
    100.0 * right.count() as f32 / N_PEOPLE as f32
}

#[expect(clippy::print_stdout, reason = "`cargo test -p howfar-draw --test identities -- --nocapture` tells the rate")]
fn say(percent: f32) {
    println!("{percent} % of {N_PEOPLE} identities are recognised");
}

#[test]
fn nine_of_ten_identities_are_told_apart_from_second_pictures_in_another_light() {
    let mut style = Style::named("studio").unwrap();
    style.session = Session::EachPicture;
    let percent = recognised_percent(&style);
    say(percent);
    assert!(percent >= 90.0, "{percent} % of {N_PEOPLE} identities were recognised");
}
