//! Draws one face, or a set of faces in a fixed order.
//!
//! In: the head, a style, a seed, and which person shows what. Out: pixels with exact labels. The same bits for any number
//! of threads: each face is drawn by one thread from streams of its own.

use std::ops::ControlFlow;

use howfar_face::{DrawnLabels, Expression, Face, FaceLabels, Fault, Picture, Provenance, SubjectId};
use rayon::prelude::*;

use crate::actions::Actions;
use crate::camera::Camera;
use crate::dice::{Shot, Source};
use crate::head::HeadModel;
use crate::light::Light;
use crate::person::Person;
use crate::raster::Canvas;
use crate::rig::Rig;
use crate::style::{Session, Style};
use crate::tone::{SUPERSAMPLING, Tone};

/// Faces that are drawn before any is handed on: bounds the memory, feeds the threads.
const BLOCK: usize = 96;

/// A drawn face with its labels.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnFace {
    /// `size * size` gray levels, rows from the top.
    pub pixels: Vec<u8>,
    /// Mean intensity of the action units shown: 0 = neutral, 1 = full.
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

/// Draws person number `person` of the set (`style`, `seed`) with an expression; `take` tells several pictures of the same
/// person and expression apart. `size` is the side in pixels.
///
/// Seed, style and person fix head, skin, hair and way of moving. Action units, gaze, pose and noise are the picture's;
/// light, background and tone are the person's in styles with a shared session, else the picture's.
pub fn draw_face(
    head: &HeadModel,
    style: &Style,
    seed: u64,
    person: u32,
    expression: Expression,
    take: u32,
    size: u32,
) -> DrawnFace {
    draw_face_with(Rig::Own(head), style, seed, person, expression, take, size)
}

/// As `draw_face`, with any rig.
pub fn draw_face_with(
    rig: Rig<'_>,
    style: &Style,
    seed: u64,
    person: u32,
    expression: Expression,
    take: u32,
    size: u32,
) -> DrawnFace {
    let source = Source { seed, style: &style.name, person };
    let person = Person::draw(rig.measures(), style, source);
    draw_person(rig, style, source, &person, Shot { expression: expression as u8, take }, expression, size)
}

fn draw_person(
    rig: Rig<'_>,
    style: &Style,
    source: Source<'_>,
    person: &Person,
    shot: Shot,
    expression: Expression,
    size: u32,
) -> DrawnFace {
    let session = |purpose: &str| match style.session {
        Session::Shared => source.of_person(purpose),
        Session::EachPicture => source.of_picture(shot, purpose),
    };
    let size = size as usize;
    let actions = Actions::sample(&style.acting, expression, &mut source.of_picture(shot, "acting"));
    let formed = rig.form(style, source, person, &actions);
    let large = size * SUPERSAMPLING;
    let camera = Camera::draw(&style.camera, &mut source.of_picture(shot, "camera"), formed.eyes(), large);
    let light = Light::draw(&style.light, &mut session("light"));
    let seen = light.seen_from(|d| camera.to_head(d));
    let slope = |x: usize| 1.0 + light.background_slope * (2.0 * x as f32 / large as f32 - 1.0);
    let mut canvas = Canvas::new(large, |x, _| light.background * slope(x));
    let view = camera.to_head([0.0, 0.0, 1.0]);
    for layer in formed.layers(&seen, view, &mut source.of_picture(shot, "parts")) {
        let points: Vec<[f32; 3]> = layer.points.iter().map(|p| camera.project(*p)).collect();
        canvas.draw(&points, &layer.brightness, &layer.triangles, layer.sides);
    }
    let tone = Tone::draw(&style.tone, &mut session("tone"));
    let pixels = tone.develop(&canvas.brightness, size, &mut source.of_picture(shot, "noise"));
    let marks = formed.landmarks().iter().map(|p| camera.project(*p));
    let landmarks = marks.flat_map(|p| [p[0] / SUPERSAMPLING as f32, p[1] / SUPERSAMPLING as f32]).collect();
    let (intensity, action_units) = (actions.intensity(), actions.labels());
    DrawnFace { pixels, intensity, action_units, landmarks, pose: camera.pose, light: light.key }
}

/// Draws `people` × `expressions` faces, person by person, and hands them to `sink` in that order. The label of a face is
/// the place of its expression in `expressions`; its subject is `drawn-<style>-<seed>:<person>`. `progress` is told how
/// many are done after each block and may stop the work, which ends it as interrupted.
pub fn draw_set(
    people: u32,
    style: &Style,
    seed: u64,
    expressions: &[Expression],
    size: u32,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    sink: &mut dyn FnMut(Face) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let set = SetRequest { rig: Rig::own(), people, style, seed, expressions, size };
    draw_set_with(&set, progress, sink)
}

/// Which faces a set holds.
#[derive(Clone, Copy)]
pub struct SetRequest<'a> {
    /// Whose geometry.
    pub rig: Rig<'a>,
    /// Identities.
    pub people: u32,
    /// How they differ, act and are lit.
    pub style: &'a Style,
    /// The seed.
    pub seed: u64,
    /// What each identity shows.
    pub expressions: &'a [Expression],
    /// Side in pixels.
    pub size: u32,
}

/// As `draw_set`, with any rig; the subjects bear the name of the rig's database.
pub fn draw_set_with(
    set: &SetRequest<'_>,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    sink: &mut dyn FnMut(Face) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let SetRequest { rig, people, style, seed, expressions, size } = *set;
    let database = rig.database(&style.name, seed);
    let digits = people.saturating_sub(1).to_string().len().max(4);
    let mut done = 0;
    let total = u64::from(people) * expressions.len() as u64;
    while done < total {
        let block: Vec<u64> = (done..total.min(done + BLOCK as u64)).collect();
        let faces: Vec<Result<Face, Fault>> = block
            .par_iter()
            .map(|index| {
                let person = (index / expressions.len() as u64) as u32;
                let label = (index % expressions.len() as u64) as usize;
                let subject = SubjectId::new(&database, &format!("{person:0digits$}"))?;
                let drawn = draw_face_with(rig, style, seed, person, expressions[label], 0, size);
                Ok(labelled(drawn, label, subject, seed, size))
            })
            .collect();
        for face in faces {
            sink(face?)?;
        }
        done += block.len() as u64;
        if progress(done).is_break() && done < total {
            return Err(Fault::interrupted(format!("{done} of {total} faces were drawn")));
        }
    }
    Ok(())
}

fn labelled(drawn: DrawnFace, label: usize, subject: SubjectId, seed: u64, size: u32) -> Face {
    let DrawnFace { pixels, intensity, action_units, landmarks, pose, light } = drawn;
    Face {
        picture: Picture::gray(size, size, pixels),
        labels: FaceLabels {
            label,
            subject,
            provenance: Provenance::Drawn,
            parent: None,
            source: format!("seed {seed}"),
            drawn: Some(DrawnLabels { intensity, action_units, landmarks, pose, light }),
        },
    }
}
