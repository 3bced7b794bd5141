//! Draws one face.
//!
//! In: our own head or a rig, a style, a seed, and which identity shows what how strongly. Out: pixels with exact
//! labels, from streams of the picture's own. Orders no sets: that is `drawn_set`.

use howfar_face::{Colour, Expression};

use crate::actions::Actions;
use crate::camera::Camera;
use crate::head_jitter::HeadJitter;
use crate::light::Light;
use crate::person::Person;
use crate::raster::Framebuffer;
use crate::rig::{Layer, Look, Rig};
use crate::streams::{ImageKey, PersonKey};
use crate::style::{Session, Style};
use crate::tint::{Palette, Tint};
use crate::tone::{SUPERSAMPLING, Tone};

/// A drawn face with its labels.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnFace {
    /// `size * size` gray levels, rows from the top; of a colour picture as many triples of red, green, blue.
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
    /// Of the identity, in years.
    pub age_years: f32,
}

/// Which picture of a drawn set, told by seed and style, is meant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FaceSpec {
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

impl FaceSpec {
    /// An identity's first picture with an expression at full intensity.
    pub fn full(person: u32, expression: Expression) -> Self {
        FaceSpec { person, expression, intensity: 1.0, take: 0, frame: 0 }
    }
}

/// Draws a picture of the set (`style`, `seed`) with our own head or an opened rig. `size` is the side in pixels.
///
/// Seed, style and person fix head, skin, hair and way of moving. Action units, gaze, pose and noise are the picture's;
/// light, background and tone are the identity's in styles with a shared session, else the picture's.
pub fn draw_face<'a>(rig: impl Into<Rig<'a>>, style: &Style, seed: u64, spec: &FaceSpec, size: u32) -> DrawnFace {
    draw(rig.into(), style, seed, spec, size, Colour::Gray)
}

/// The same picture in colour: equal labels, and a luma that differs from the gray picture by rounding alone.
pub fn draw_colour_face<'a>(
    rig: impl Into<Rig<'a>>,
    style: &Style,
    seed: u64,
    spec: &FaceSpec,
    size: u32,
) -> DrawnFace {
    draw(rig.into(), style, seed, spec, size, Colour::Rgb)
}

pub(crate) fn draw(rig: Rig<'_>, style: &Style, seed: u64, spec: &FaceSpec, size: u32, colour: Colour) -> DrawnFace {
    let key = PersonKey { seed, style: &style.name, person: spec.person };
    let anthropometry = rig.anthropometry();
    let person = Person::draw(anthropometry, style, key);
    let FaceSpec { expression, take, frame, .. } = *spec;
    let image = ImageKey { expression: expression as u8, take };
    let session = |purpose: &str| match style.session {
        Session::Shared => key.of_person(purpose),
        Session::EachPicture => key.of_image(image, purpose),
    };
    let size = size as usize;
    // What little a style lets neutral faces do is their rest, not a strength.
    let (shown, intensity) =
        if expression == Expression::Neutral { (1.0, 0.0) } else { (spec.intensity, spec.intensity) };
    let as_people = person.manner.as_ref().and_then(|_| {
        let stream = &mut key.of_image(image, "acting as people do");
        Actions::of_people(&anthropometry.acting, &style.acting, expression, stream)
    });
    let actions = as_people
        .unwrap_or_else(|| Actions::sample(&style.acting, expression, &mut key.of_image(image, "acting")))
        .scaled(shown);
    let jitter = HeadJitter::draw(&mut key.of_image(image, "sway"), frame);
    let formed = rig.form(style, key, &person, &actions);
    let large = size * SUPERSAMPLING;
    let eyes = formed.eyes();
    let camera = Camera::draw(&style.camera, &mut key.of_image(image, "camera"), jitter.pose_deg, eyes, large);
    let light = Light::draw(&style.light, &mut session("light"));
    let seen = light.seen_from(|d| camera.to_head(d));
    let slope = |x: usize| 1.0 + light.background_slope * (2.0 * x as f32 / large as f32 - 1.0);
    let background = |x: usize| light.background * slope(x);
    let mut buffer = Framebuffer::new(large, |x, _| background(x));
    let palette =
        (colour == Colour::Rgb).then(|| Palette::draw(&person, &mut key.of_person("tint"), &mut session("balance")));
    let mut tinted = palette.as_ref().map(|palette| Tinted::new(large, palette.background, background));
    let look =
        Look { light: &seen, view: camera.to_head([0.0, 0.0, 1.0]), jitter: jitter.gaze, palette: palette.as_ref() };
    for layer in formed.layers(&look, &mut key.of_image(image, "parts")) {
        let points: Vec<[f32; 3]> = layer.points.iter().map(|p| camera.project(*p)).collect();
        buffer.draw(&points, &layer.brightness, &layer.triangles, layer.sides);
        if let Some(tinted) = &mut tinted {
            tinted.draw(&points, &layer);
        }
    }
    let tone = Tone::draw(&style.tone, &mut session("tone"));
    let exposed = tone.expose(&buffer.brightness, size);
    let gray = tone.develop(&exposed, size, &mut key.of_frame(image, frame, "noise"));
    let pixels = match &tinted {
        Some(Tinted { red, blue }) => {
            let [red, blue] = [red, blue].map(|part| tone.expose(&part.brightness, size));
            let light = [&exposed[..], &red, &blue];
            tone.colour(&gray, light, size, &mut key.of_frame(image, frame, "colour noise"))
        }
        None => gray,
    };
    let marks = formed.landmarks().iter().map(|p| camera.project(*p));
    let landmarks = marks.flat_map(|p| [p[0] / SUPERSAMPLING as f32, p[1] / SUPERSAMPLING as f32]).collect();
    DrawnFace {
        pixels,
        intensity,
        action_units: actions.labels(),
        landmarks,
        pose: camera.pose,
        light: light.key,
        age_years: person.age_years,
    }
}

/// The red and the blue light of a picture; green is what both leave of its brightness.
struct Tinted {
    red: Framebuffer,
    blue: Framebuffer,
}

impl Tinted {
    fn new(size: usize, tint: Tint, background: impl Fn(usize) -> f32) -> Self {
        let buffer = |factor: f32| Framebuffer::new(size, |x, _| factor * background(x));
        Tinted { red: buffer(tint.red), blue: buffer(tint.blue) }
    }

    fn draw(&mut self, points: &[[f32; 3]], layer: &Layer<'_>) {
        let light = |factor: fn(&Tint) -> f32| -> Vec<f32> {
            layer.brightness.iter().zip(&layer.tints).map(|(brightness, tint)| brightness * factor(tint)).collect()
        };
        self.red.draw(points, &light(|tint| tint.red), &layer.triangles, layer.sides);
        self.blue.draw(points, &light(|tint| tint.blue), &layer.triangles, layer.sides);
    }
}
