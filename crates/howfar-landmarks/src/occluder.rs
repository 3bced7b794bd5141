//! What lies over or behind a face: another background, hair, hats, hands, glasses, bars. Flat shapes of random gray;
//! the network is to learn not to mind them, not to know them.

use howfar_random::{Stream, between, happens, normal, uniform};

/// Gray levels as floats, `n` × `n`, with places in shares of the side.
pub(crate) struct GrayLevels {
    pub n: usize,
    pub levels: Vec<f32>,
}

impl GrayLevels {
    /// Changes every pixel, given its place and its level.
    pub fn change(&mut self, mut change: impl FnMut([f32; 2], f32) -> f32) {
        let step = 1.0 / self.n as f32;
        for (i, level) in self.levels.iter_mut().enumerate() {
            let place = [i % self.n, i / self.n].map(|k| (k as f32 + 0.5) * step);
            *level = change(place, *level);
        }
    }
}

/// A gray texture: a level, a slope, two waves that may be sharp.
#[derive(Debug, Clone, Copy)]
struct Texture {
    level: f32,
    slope: [f32; 2],
    /// Frequencies along x and y, phase, strength.
    waves: [[f32; 4]; 2],
    sharp: bool,
}

impl Texture {
    fn draw(stream: &mut Stream) -> Self {
        let level = between(stream, 0.0, 255.0);
        let slope = [0; 2].map(|_| 60.0 * normal(stream));
        let strength = if happens(stream, 0.5) { between(stream, 5.0, 60.0) } else { 0.0 };
        let waves = [0; 2].map(|_| {
            let frequency = between(stream, 2.0, 60.0);
            let (sin, cos) = between(stream, 0.0, std::f32::consts::TAU).sin_cos();
            [frequency * cos, frequency * sin, between(stream, 0.0, 6.3), strength * uniform(stream)]
        });
        Texture { level, slope, waves, sharp: happens(stream, 0.3) }
    }

    fn at(&self, [x, y]: [f32; 2]) -> f32 {
        let mut level = self.level + self.slope[0] * (x - 0.5) + self.slope[1] * (y - 0.5);
        for [fx, fy, phase, strength] in self.waves {
            let wave = if strength > 0.0 { (fx * x + fy * y + phase).sin() } else { 0.0 };
            level += strength * if self.sharp { wave.signum() } else { wave };
        }
        level.clamp(0.0, 255.0)
    }
}

/// An ellipse or a box, turned.
#[derive(Debug, Clone, Copy)]
struct Shape {
    centre: [f32; 2],
    half: [f32; 2],
    turn: [f32; 2],
    round: bool,
}

impl Shape {
    /// Below 1 inside, above 1 outside.
    fn measure(&self, [x, y]: [f32; 2]) -> f32 {
        let (dx, dy) = (x - self.centre[0], y - self.centre[1]);
        let [cos, sin] = self.turn;
        let (a, b) = ((dx * cos + dy * sin) / self.half[0], (dy * cos - dx * sin) / self.half[1]);
        if self.round { a.hypot(b) } else { a.abs().max(b.abs()) }
    }
}

/// Where the face's parts lie in shares of the picture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FacePlan {
    /// Middles of the eyes.
    pub eyes: [[f32; 2]; 2],
    /// Left and right ends of the jaw line, and the chin.
    pub jaw: [[f32; 2]; 3],
}

impl FacePlan {
    fn eye_distance(&self) -> f32 {
        let [[ax, ay], [bx, by]] = self.eyes;
        (bx - ax).hypot(by - ay)
    }

    /// Unit vector along the eyes.
    fn along(&self) -> [f32; 2] {
        let ([[ax, ay], [bx, by]], d) = (self.eyes, self.eye_distance().max(1e-3));
        [(bx - ax) / d, (by - ay) / d]
    }

    fn between_eyes(&self) -> [f32; 2] {
        [0, 1].map(|k| 0.5 * (self.eyes[0][k] + self.eyes[1][k]))
    }
}

/// Puts another background behind the head, sometimes so near that hair and ears are lost too.
pub(crate) fn replace_background(face: &mut GrayLevels, plan: &FacePlan, stream: &mut Stream) {
    let [left, right, chin] = plan.jaw;
    let centre = [0, 1].map(|k| 0.5 * (left[k] + right[k]));
    let distance = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
    let half =
        [0.5 * distance(left, right) * between(stream, 1.0, 1.5), distance(centre, chin) * between(stream, 1.05, 1.35)];
    let head = Shape { centre, half, turn: plan.along(), round: true };
    let texture = Texture::draw(stream);
    let softness = between(stream, 0.02, 0.2);
    face.change(|place, level| {
        let outside = ((head.measure(place) - 1.0) / softness).clamp(0.0, 1.0);
        level + (texture.at(place) - level) * outside
    });
}

/// Darkens or lightens where eyes lie: sockets, bags and make-up that are not drawn. Half a distance of the eyes
/// across, not quite in the middle.
pub(crate) fn shade_sockets(face: &mut GrayLevels, plan: &FacePlan, stream: &mut Stream) {
    let d = plan.eye_distance();
    let (strength, width, height) =
        (0.35 * normal(stream) - 0.15, between(stream, 0.2, 0.5) * d, between(stream, 0.12, 0.4) * d);
    let shift = [0; 2].map(|_| 0.12 * d * normal(stream));
    for (eye, outwards) in plan.eyes.into_iter().zip([-1.0, 1.0]) {
        let centre = [eye[0] + outwards * shift[0], eye[1] + shift[1]];
        let strength = strength * between(stream, 0.6, 1.4);
        let shape = Shape { centre, half: [width, height], turn: plan.along(), round: true };
        face.change(|place, level| level * (strength * (-shape.measure(place).powi(2)).exp()).exp());
    }
}

/// Covers parts of the face: each kind by its own chance, often none.
pub(crate) fn cover(face: &mut GrayLevels, plan: &FacePlan, stream: &mut Stream) {
    if happens(stream, 0.18) {
        hat_or_fringe(face, plan, stream);
    }
    if happens(stream, 0.15) {
        glasses(face, plan, stream);
    }
    while happens(stream, 0.3) {
        let half = [between(stream, 0.03, 0.3), between(stream, 0.02, 0.12)];
        let (sin, cos) = between(stream, 0.0, std::f32::consts::PI).sin_cos();
        // Hands and scarves come from below and from the sides more than from the middle.
        let mut centre = [uniform(stream), between(stream, 0.0, 1.1)];
        if happens(stream, 0.5) {
            centre[0] = if centre[0] < 0.5 { centre[0] * 0.5 } else { 0.5 + centre[0] * 0.5 };
        }
        paint(face, Shape { centre, half, turn: [cos, sin], round: happens(stream, 0.6) }, stream);
    }
}

fn paint(face: &mut GrayLevels, shape: Shape, stream: &mut Stream) {
    let (texture, strength) =
        (Texture::draw(stream), if happens(stream, 0.7) { 1.0 } else { between(stream, 0.3, 1.0) });
    face.change(|place, level| {
        let inside = ((1.0 - shape.measure(place)) * 8.0).clamp(0.0, 1.0) * strength;
        level + (texture.at(place) - level) * inside
    });
}

/// Everything above a line over the eyes, which may hang down on one side.
fn hat_or_fringe(face: &mut GrayLevels, plan: &FacePlan, stream: &mut Stream) {
    let ([cos, sin], middle, d) = (plan.along(), plan.between_eyes(), plan.eye_distance());
    let (height, bow, hang) = (between(stream, 0.2, 0.9), between(stream, -0.2, 0.35), 0.25 * normal(stream));
    let texture = Texture::draw(stream);
    face.change(|place, level| {
        let (dx, dy) = ((place[0] - middle[0]) / d, (place[1] - middle[1]) / d);
        let (x, y) = (dx * cos + dy * sin, dx * sin - dy * cos);
        let covered = ((y - height - hang * x + bow * x * x) * 8.0).clamp(0.0, 1.0);
        level + (texture.at(place) - level) * covered
    });
}

/// Rims, or dark glasses.
fn glasses(face: &mut GrayLevels, plan: &FacePlan, stream: &mut Stream) {
    let d = plan.eye_distance();
    let half = [between(stream, 0.28, 0.45) * d, between(stream, 0.2, 0.38) * d];
    let (rim, gray, round) = (between(stream, 0.08, 0.25), between(stream, 0.0, 255.0), happens(stream, 0.6));
    let filled = if happens(stream, 0.3) { between(stream, 0.3, 1.0) } else { 0.0 };
    let drop = between(stream, -0.05, 0.15) * d;
    for eye in plan.eyes {
        let shape = Shape { centre: [eye[0], eye[1] + drop], half, turn: plan.along(), round };
        face.change(|place, level| {
            let measure = shape.measure(place);
            let share = if measure > 1.0 {
                0.0
            } else if measure > 1.0 - rim {
                1.0
            } else {
                filled
            };
            level + (gray - level) * share
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use howfar_random::Seeds;

    const PLAN: FacePlan = FacePlan { eyes: [[0.33, 0.4], [0.67, 0.4]], jaw: [[0.2, 0.4], [0.8, 0.4], [0.5, 0.95]] };

    #[test]
    fn a_new_background_leaves_the_middle_of_the_face() {
        for seed in 0..30 {
            let mut face = GrayLevels { n: 32, levels: vec![300.0; 1024] };
            replace_background(&mut face, &PLAN, &mut Seeds::new(seed).stream("a", &[]));
            assert_eq!(face.levels[16 * 32 + 16], 300.0);
            assert!(face.levels[0] < 256.0, "the corner is background");
        }
    }

    #[test]
    fn covers_are_drawn_sometimes_and_never_everywhere() {
        let mut n_changed = 0;
        for seed in 0..60 {
            let mut face = GrayLevels { n: 32, levels: vec![300.0; 1024] };
            cover(&mut face, &PLAN, &mut Seeds::new(seed).stream("a", &[]));
            let changed = face.levels.iter().filter(|v| **v != 300.0).count();
            n_changed += usize::from(changed > 0);
            assert!(changed < 1000, "{changed}");
        }
        assert!((15..55).contains(&n_changed), "{n_changed}");
    }
}
