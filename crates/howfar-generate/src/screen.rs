//! Which generated people are left out: those with a broken face, and those with a near copy of a training face.
//!
//! In: the training faces, once; then one generated face after the other. Out: why a face is left out, if it is. What
//! follows for the person, and who comes next, is the caller's business. Memory holds about 4.5 kB a training face.

use std::collections::BTreeMap;
use std::fmt;

use howfar_crop::shows_face;
use howfar_face::fingerprint::{is_same_shot, patch};
use howfar_face::{Face, FaceLabels, FaceSet, Fault, Picture, Shot, ShotIndex, SubjectId};
use serde::{Deserialize, Serialize};

/// Below this deviation of its gray levels a picture is flat: the flattest of 600 drawn faces has 36.
const LEAST_DEVIATION: f64 = 8.0;
/// A picture with more than this share of black or white pixels is burnt out; the worst of 600 drawn faces has 0.16.
const MOST_BURNT: f64 = 0.5;
/// Gray levels that count as black or white.
const BURNT: (u8, u8) = (2, 253);

/// Why a person is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A picture is nearly of one gray level, or mostly black and white.
    Flat,
    /// In a picture the detector finds no face, or the eyes are not plausible.
    NoFace,
    /// A picture is a training face again, re-lit or mirrored perhaps.
    Copy,
}

impl Reason {
    fn words(self) -> &'static str {
        match self {
            Reason::Flat => "a flat or burnt-out picture",
            Reason::NoFace => "a picture that shows no face",
            Reason::Copy => "a near copy of a training face",
        }
    }
}

/// Left-out people by reason: the first reason that is found in a person's faces.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut(BTreeMap<Reason, u64>);

impl LeftOut {
    pub(crate) fn add(&mut self, reason: Reason) {
        *self.0.entry(reason).or_default() += 1;
    }

    /// People left out for a reason.
    pub fn n_for(&self, reason: Reason) -> u64 {
        self.0.get(&reason).copied().unwrap_or(0)
    }

    /// People left out.
    pub fn n_people(&self) -> u64 {
        self.0.values().sum()
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reasons = self.0.iter().map(|(reason, n)| format!("{n} with {}", reason.words()));
        f.write_str(&reasons.collect::<Vec<_>>().join(", "))
    }
}

/// What faces are compared with.
#[derive(Debug, Default)]
pub struct Screen {
    index: ShotIndex,
    known: Vec<(SubjectId, Box<[f32]>)>,
    /// Names and identities of the sets.
    sets: Vec<String>,
}

impl Screen {
    /// Reads the faces that the networks were trained on; none leaves the search for copies out.
    pub fn new(training: &[FaceSet]) -> Result<Self, Fault> {
        let mut screen = Screen::default();
        for set in training {
            set.for_each(|face| {
                let side = face.picture.width as usize;
                screen.index.add(Shot::of(&face.picture.data, side));
                screen.known.push((face.labels.subject, patch(&face.picture.data, side).into_boxed_slice()));
                Ok(())
            })?;
            screen.sets.push(format!("{} ({})", set.info().name, set.info().content_sha256));
        }
        Ok(screen)
    }

    /// What it looks for, for the set's card.
    pub(crate) fn words(&self) -> String {
        let copies =
            if self.sets.is_empty() { String::new() } else { format!(", near copies of {}", self.sets.join(", ")) };
        format!("broken faces{copies}")
    }

    /// Why a person with these faces is left out, if there is a reason.
    pub(crate) fn reason(&self, faces: &[Face]) -> Option<Reason> {
        faces.iter().find_map(|face| {
            if is_flat(&face.picture) {
                Some(Reason::Flat)
            } else if !shows_face(&face.picture) {
                Some(Reason::NoFace)
            } else {
                self.is_copy(face).then_some(Reason::Copy)
            }
        })
    }

    /// Whether a training face of anybody but the face's own parent is the same shot.
    fn is_copy(&self, Face { picture, labels }: &Face) -> bool {
        let side = picture.width as usize;
        let (mut own, mut is_copy) = (None, false);
        self.index.near(&Shot::of(&picture.data, side), |at, is_mirror| {
            let (subject, known) = &self.known[at];
            if !is_copy && !is_parent(labels, subject) {
                is_copy = is_same_shot(known, own.get_or_insert_with(|| patch(&picture.data, side)), is_mirror);
            }
        });
        is_copy
    }
}

fn is_parent(labels: &FaceLabels, subject: &SubjectId) -> bool {
    labels.parent.as_ref() == Some(subject)
}

fn is_flat(picture: &Picture) -> bool {
    let n = picture.data.len() as f64;
    let mean = picture.data.iter().map(|level| f64::from(*level)).sum::<f64>() / n;
    let square = picture.data.iter().map(|level| (f64::from(*level) - mean).powi(2)).sum::<f64>() / n;
    let n_burnt = picture.data.iter().filter(|level| **level <= BURNT.0 || **level >= BURNT.1).count();
    square.sqrt() < LEAST_DEVIATION || n_burnt as f64 > MOST_BURNT * n
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_and_burnt_out_pictures_are_told_from_faces() {
        let picture = |level: fn(usize) -> u8| Picture::gray(64, 64, (0..64 * 64).map(level).collect());
        let cases = [
            ("one level", picture(|_| 120), true),
            ("a little noise", picture(|i| 120 + (i % 7) as u8), true),
            ("mostly white", picture(|i| if i % 5 == 0 { 90 } else { 255 }), true),
            ("black and white", picture(|i| if i % 2 == 0 { 0 } else { 255 }), true),
            ("a ramp", picture(|i| (i / 20) as u8), false),
        ];
        for (name, picture, expected) in cases {
            assert_eq!(is_flat(&picture), expected, "{name}");
        }
    }
}
