//! Whose face is given expressions: people that StyleGAN2 draws, or people of a face set.
//!
//! In: a generator and a seed, or a face set. Out: one picture a person, with the person's name and lineage. Memory
//! holds a few pictures, never a set.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use howfar_face::{FaceLabels, FaceSet, Fault, Picture, SubjectId, portrait_rows};
use howfar_net::gan::{Leaves, StyleGan2Shape};
use howfar_random::{Seeds, normal};

use crate::training_faces::to_level;

/// A person without an expression of ours yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    /// Its number among those asked for.
    pub number: u64,
    /// The real or drawn person whose face it is, if any.
    pub parent: Option<SubjectId>,
    /// What the set that the face is of says of its group.
    pub group: Option<String>,
    /// The face.
    pub picture: Picture,
}

/// Where the faces come from.
pub enum Identities<'a> {
    /// People that do not exist.
    Drawn {
        /// Sizes of the generator.
        shape: StyleGan2Shape,
        /// Its numbers.
        generator: Leaves,
        /// 1: as it was trained; 0: always the mean person.
        truncation: f32,
        /// The seed; with a person's number it fixes the face.
        seed: u64,
    },
    /// One face of each person of a set.
    Taken(Taken<'a>),
}

/// The faces chosen from a set.
pub struct Taken<'a> {
    set: &'a FaceSet,
    /// Row of the set → number of the person.
    rows: BTreeMap<u64, u64>,
}

impl<'a> Taken<'a> {
    /// The first neutral face of each person, or the first one where there is none, in the order of the set; at most
    /// `n` people.
    pub fn choose(set: &'a FaceSet, n: Option<u64>) -> Result<Self, Fault> {
        let mut rows: Vec<u64> = portrait_rows(set)?.into_values().collect();
        rows.sort_unstable();
        rows.truncate(n.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX)));
        Ok(Taken { set, rows: rows.into_iter().zip(0..).collect() })
    }

    /// How many people there are.
    pub fn n_people(&self) -> u64 {
        self.rows.len() as u64
    }
}

impl Identities<'_> {
    /// Calls `visit` with the identities from `begin` to before `end` in order, `at_once` of them together. Groups
    /// begin at multiples of `at_once`, so that a group is the same wherever one begins.
    pub fn for_each(
        &self,
        begin: u64,
        end: u64,
        at_once: u64,
        visit: &mut dyn FnMut(Vec<Identity>) -> Result<ControlFlow<()>, Fault>,
    ) -> Result<(), Fault> {
        let first = begin / at_once * at_once;
        match self {
            Identities::Drawn { shape, generator, truncation, seed } => {
                let mut group = first;
                while group < end {
                    let numbers: Vec<u64> = (group..(group + at_once).min(end)).collect();
                    if visit(drawn(shape, generator, *truncation, *seed, &numbers))?.is_break() {
                        return Ok(());
                    }
                    group += at_once;
                }
                Ok(())
            }
            Identities::Taken(taken) => taken.for_each(first, end, at_once, visit),
        }
    }
}

impl Taken<'_> {
    fn for_each(
        &self,
        first: u64,
        end: u64,
        at_once: u64,
        visit: &mut dyn FnMut(Vec<Identity>) -> Result<ControlFlow<()>, Fault>,
    ) -> Result<(), Fault> {
        let (mut row, mut group, mut stopped) = (0, Vec::new(), false);
        self.set.for_each(|face| {
            let number = self.rows.get(&row).copied().filter(|n| (first..end).contains(n) && !stopped);
            row += 1;
            if let Some(number) = number {
                let FaceLabels { parent, subject, group: of_person, .. } = face.labels;
                let parent = Some(parent.unwrap_or(subject));
                group.push(Identity { number, parent, group: of_person, picture: face.picture });
                if group.len() as u64 == at_once {
                    stopped = visit(std::mem::take(&mut group))?.is_break();
                }
            }
            Ok(())
        })?;
        if !group.is_empty() && !stopped {
            let _ = visit(group)?;
        }
        Ok(())
    }
}

fn drawn(shape: &StyleGan2Shape, generator: &Leaves, truncation: f32, seed: u64, numbers: &[u64]) -> Vec<Identity> {
    let latent = |number: &u64| {
        let mut rng = Seeds::new(seed).stream("identity", &[*number]);
        (0..shape.z_size).map(|_| normal(&mut rng)).collect::<Vec<f32>>()
    };
    let z: Vec<f32> = numbers.iter().flat_map(latent).collect();
    let pictures = shape.drawn(generator, &z, truncation);
    let side = shape.side as u32;
    let faces = pictures.chunks_exact(shape.side * shape.side * shape.n_channels);
    let picture = |values: &[f32]| Picture {
        width: side,
        height: side,
        channels: shape.n_channels as u32,
        data: values.iter().map(|v| to_level(*v)).collect(),
    };
    let identity = |(number, values): (&u64, &[f32])| Identity {
        number: *number,
        parent: None,
        group: None,
        picture: picture(values),
    };
    numbers.iter().zip(faces).map(identity).collect()
}
