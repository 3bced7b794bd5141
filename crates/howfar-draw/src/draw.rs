//! Draws one face.
//!
//! In: our own head or a rig, a style, a seed, and which identity shows what how strongly. Out: pixels with exact labels, from streams
//! of the picture's own. Orders no sets: that is `drawn_set`.

use howfar_face::Expression;

use crate::actions::Actions;
use crate::camera::Camera;
use crate::dice::{Shot, Source};
use crate::light::Light;
use crate::person::Person;
use crate::raster::Canvas;
use crate::rig::Rig;
use crate::style::{Session, Style};
use crate::sway::Sway;
use crate::tone::{SUPERSAMPLING, Tone};

/// A drawn face with its labels.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnFace {
    /// `size * size` gray levels, rows from the top.
    pub pixels: Vec<u8>,
    /// How much of the sampled action units is shown: 0 = neutral, 1 = full. The intensity that was asked for.
    pub intensity: f32,
    /// 0..=1, in the order of `AU_NAMES`.
    pub action_units: Vec<f32>,
    /// 68 landmarks, x then y, in pixels: 136 numbers.
    pub landmarks: Vec<f32>,
    /// Yaw, pitch and roll in degrees.
    pub pose: [f32; 3],
    /// Direction of the key light, a unit vector: right, up, towards the viewer.
    pub light: [f32; 3],
}

/// Which picture of a drawn set, told by seed and style, is meant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Portrait {
    /// Number of the identity in the set.
    pub person: u32,
    /// What the face shows.
    pub expression: Expression,
    /// Factor on the sampled action units: 0 = neutral, 1 = full. Neutral faces have intensity 0 whatever is asked for.
    pub intensity: f32,
    /// Tells pictures of one identity and expression apart: each take is acted anew.
    pub take: u32,
    /// Frame of a sequence: frames of one take share the acting and the session; gaze and pose drift a little and the
    /// noise is new. A single picture is frame 0.
    pub frame: u32,
}

impl Portrait {
    /// An identity's first picture with an expression at full intensity.
    pub fn full(person: u32, expression: Expression) -> Self {
        Portrait { person, expression, intensity: 1.0, take: 0, frame: 0 }
    }
}

/// Draws a picture of the set (`style`, `seed`) with our own head or an opened rig. `size` is the side in pixels.
///
/// Seed, style and person fix head, skin, hair and way of moving. Action units, gaze, pose and noise are the picture's;
/// light, background and tone are the identity's in styles with a shared session, else the picture's.
pub fn draw_face<'a>(rig: impl Into<Rig<'a>>, style: &Style, seed: u64, portrait: &Portrait, size: u32) -> DrawnFace {
    let rig = rig.into();
    let source = Source { seed, style: &style.name, person: portrait.person };
    let person = Person::draw(rig.measures(), style, source);
    draw_person(rig, style, source, &person, portrait, size)
}

fn draw_person(
    rig: Rig<'_>,
    style: &Style,
    source: Source<'_>,
    person: &Person,
    portrait: &Portrait,
    size: u32,
) -> DrawnFace {
    let Portrait { expression, take, frame, .. } = *portrait;
    let shot = Shot { expression: expression as u8, take };
    let session = |purpose: &str| match style.session {
        Session::Shared => source.of_person(purpose),
        Session::EachPicture => source.of_picture(shot, purpose),
    };
    let size = size as usize;
    // What little a style lets neutral faces do is their rest, not a strength.
    let (shown, intensity) =
        if expression == Expression::Neutral { (1.0, 0.0) } else { (portrait.intensity, portrait.intensity) };
    let actions = Actions::sample(&style.acting, expression, &mut source.of_picture(shot, "acting")).scaled(shown);
    let sway = Sway::draw(&mut source.of_picture(shot, "sway"), frame);
    let formed = rig.form(style, source, person, &actions);
    let large = size * SUPERSAMPLING;
    let eyes = formed.eyes();
    let camera = Camera::draw(&style.camera, &mut source.of_picture(shot, "camera"), sway.pose_deg, eyes, large);
    let light = Light::draw(&style.light, &mut session("light"));
    let seen = light.seen_from(|d| camera.to_head(d));
    let slope = |x: usize| 1.0 + light.background_slope * (2.0 * x as f32 / large as f32 - 1.0);
    let mut canvas = Canvas::new(large, |x, _| light.background * slope(x));
    let view = camera.to_head([0.0, 0.0, 1.0]);
    for layer in formed.layers(&seen, view, &mut source.of_picture(shot, "parts"), sway.gaze) {
        let points: Vec<[f32; 3]> = layer.points.iter().map(|p| camera.project(*p)).collect();
        canvas.draw(&points, &layer.brightness, &layer.triangles, layer.sides);
    }
    let tone = Tone::draw(&style.tone, &mut session("tone"));
    let pixels = tone.develop(&canvas.brightness, size, &mut source.of_frame(shot, frame, "noise"));
    let marks = formed.landmarks().iter().map(|p| camera.project(*p));
    let landmarks = marks.flat_map(|p| [p[0] / SUPERSAMPLING as f32, p[1] / SUPERSAMPLING as f32]).collect();
    DrawnFace { pixels, intensity, action_units: actions.labels(), landmarks, pose: camera.pose, light: light.key }
}
