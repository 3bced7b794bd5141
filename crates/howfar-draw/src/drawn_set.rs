//! A set of drawn faces in a fixed order: identities, their expressions, their takes, the frames of each.
//!
//! In: what to draw and where to begin. Out: labelled faces, handed on in order. The same bits for any number of
//! threads and any beginning: each face is drawn by one thread from streams of its own. Writes nothing.

use std::ops::ControlFlow;

use howfar_face::{Colour, DrawnLabels, Expression, Face, FaceLabels, Fault, Picture, Provenance, SubjectId};
use rayon::prelude::*;

use crate::distributions::Uniform;
use crate::draw::{DrawnFace, FaceSpec, draw};
use crate::rig::{IctRig, Rig};
use crate::streams::{ImageKey, PersonKey};
use crate::style::Style;

/// Faces that are drawn before any is handed on: bounds the memory, feeds the threads.
const BLOCK: u64 = 96;

/// What to draw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SetRequest<'a> {
    /// A user's rig in place of our own head.
    pub rig: Option<&'a IctRig>,
    /// The drawn database.
    pub style: &'a Style,
    /// Together with the style and its number it fixes an identity.
    pub seed: u64,
    /// Number of identities.
    pub people: u32,
    /// What each identity shows; the label of a face is the place of its expression here.
    pub expressions: &'a [Expression],
    /// Side of the pictures in pixels.
    pub size: u32,
    /// Colour changes neither labels nor luma.
    pub colour: Colour,
    /// Each take's intensity is drawn evenly from here: 0 = neutral, 1 = full.
    pub intensity: Uniform,
    /// Pictures, or sequences, of each identity and expression.
    pub takes: u32,
    /// Frames of each take, from neutral to the take's intensity; 1 = a single picture at it.
    pub frames: u32,
}

impl<'a> SetRequest<'a> {
    /// One gray picture of each identity and expression at full intensity, with our own head.
    pub fn new(style: &'a Style, seed: u64, people: u32, expressions: &'a [Expression], size: u32) -> Self {
        SetRequest {
            rig: None,
            style,
            seed,
            people,
            expressions,
            size,
            colour: Colour::Gray,
            intensity: Uniform(1.0, 1.0),
            takes: 1,
            frames: 1,
        }
    }

    /// Faces of the whole set.
    pub fn n_faces(&self) -> u64 {
        u64::from(self.people) * self.faces_a_person()
    }

    /// The first take at its strongest: a renderer that draws it otherwise draws another set.
    pub fn probe(&self) -> Result<Face, Fault> {
        self.face(Rig::or_own(self.rig), u64::from(self.frames) - 1)
    }

    /// The drawn database: what its subjects are named after.
    pub fn database(&self) -> String {
        let rig = if self.rig.is_some() { "ict-" } else { "" };
        format!("drawn-{rig}{}-{}", self.style.name, self.seed)
    }

    fn faces_a_person(&self) -> u64 {
        self.expressions.len() as u64 * u64::from(self.takes) * u64::from(self.frames)
    }

    /// The place of a face's expression among the request's, and its picture.
    fn spec(&self, index: u64) -> (usize, FaceSpec) {
        let (takes, frames) = (u64::from(self.takes), u64::from(self.frames));
        let frame = (index % frames) as u32;
        let take = (index / frames % takes) as u32;
        let label = (index / frames / takes % self.expressions.len() as u64) as usize;
        let (person, expression) = ((index / self.faces_a_person()) as u32, self.expressions[label]);
        let mut stream = PersonKey { seed: self.seed, style: &self.style.name, person }
            .of_image(ImageKey { expression: expression as u8, take }, "intensity");
        let intensity = self.intensity.sample(&mut stream) * self.onset(frame);
        (label, FaceSpec { person, expression, intensity, take, frame })
    }

    /// Share of a take's intensity that a frame shows: a smooth rise from 0 to 1 over the sequence.
    fn onset(&self, frame: u32) -> f32 {
        if self.frames < 2 {
            return 1.0;
        }
        let t = frame as f32 / (self.frames - 1) as f32;
        t * t * (3.0 - 2.0 * t)
    }

    fn face(&self, rig: Rig<'_>, index: u64) -> Result<Face, Fault> {
        let (label, spec) = self.spec(index);
        let digits = self.people.saturating_sub(1).to_string().len().max(4);
        let subject = SubjectId::new(&self.database(), &format!("{:0digits$}", spec.person))?;
        let drawn = draw(rig, self.style, self.seed, &spec, self.size, self.colour);
        let DrawnFace { pixels, intensity, action_units, landmarks, pose, light, age_years } = drawn;
        Ok(Face {
            picture: match self.colour {
                Colour::Gray => Picture::gray(self.size, self.size, pixels),
                Colour::Rgb => Picture { width: self.size, height: self.size, channels: 3, data: pixels },
            },
            labels: FaceLabels {
                source: self.source(&spec),
                group: Some(age_group(age_years).to_owned()),
                drawn: Some(Box::new(DrawnLabels { intensity, action_units, landmarks, pose, light })),
                ..FaceLabels::of(label, subject, Provenance::Drawn)
            },
        })
    }

    fn source(&self, spec: &FaceSpec) -> String {
        let mut source = format!("seed {}", self.seed);
        for (name, number, of) in [("take", spec.take, self.takes), ("frame", spec.frame, self.frames)] {
            if of > 1 {
                source.push_str(&format!(", {name} {} of {of}", number + 1));
            }
        }
        source
    }
}

/// The group that a drawn face is of: its identity's age.
fn age_group(age_years: f32) -> &'static str {
    match age_years {
        ..30.0 => "under 30",
        ..50.0 => "30 to 49",
        _ => "50 and older",
    }
}

/// Draws the faces of a set from number `begin` on and hands them to `sink` in order. A face's subject is
/// `drawn-<style>-<seed>:<person>`, with a rig `drawn-ict-<style>-<seed>:<person>`. `progress` is told how many are
/// done, with those before `begin`, after each block and may stop the work, which ends it as interrupted.
pub fn draw_set(
    request: &SetRequest<'_>,
    begin: u64,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    sink: &mut dyn FnMut(Face) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let rig = Rig::or_own(request.rig);
    let (mut done, total) = (begin, request.n_faces());
    while done < total {
        let block: Vec<u64> = (done..total.min(done + BLOCK)).collect();
        let faces: Vec<Result<Face, Fault>> = block.par_iter().map(|index| request.face(rig, *index)).collect();
        faces.into_iter().try_for_each(|face| sink(face?))?;
        done += block.len() as u64;
        if progress(done).is_break() && done < total {
            return Err(Fault::interrupted(format!("{done} of {total} faces were drawn"))
                .hint("run the same command again: it goes on"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_ordered_by_identity_expression_take_and_frame() {
        let style = Style::named("studio").unwrap();
        let expressions = [Expression::Fear, Expression::Neutral];
        let request = SetRequest { takes: 3, frames: 4, ..SetRequest::new(&style, 1, 2, &expressions, 64) };
        assert_eq!(request.n_faces(), 48);
        let (label, spec) = request.spec(24 + 12 + 4 * 2 + 3);
        assert_eq!((label, spec.expression), (1, Expression::Neutral));
        assert_eq!((spec.person, spec.take, spec.frame), (1, 2, 3));
        assert_eq!(request.source(&spec), "seed 1, take 3 of 3, frame 4 of 4");
    }

    #[test]
    fn a_sequence_rises_from_neutral_to_its_apex() {
        let style = Style::named("studio").unwrap();
        let request = SetRequest {
            frames: 6,
            intensity: Uniform(0.5, 0.8),
            ..SetRequest::new(&style, 1, 9, &[Expression::Anger], 64)
        };
        for person in 0..9 {
            let rise: Vec<f32> = (0..6).map(|frame| request.spec(person * 6 + frame).1.intensity).collect();
            assert!(rise[0] == 0.0 && rise.windows(2).all(|pair| pair[0] < pair[1]), "{rise:?}");
            assert!((0.5..=0.8).contains(&rise[5]), "{rise:?}");
        }
    }
}
