//! A balanced face set out of two generators: a person, then the same person with every expression.
//!
//! In: weights, people (drawn by StyleGAN2 or taken from a face set), a seed. Out: a face set with lineage: whose face each was made
//! from, and everyone whom the generators have seen. Faces are written as they come; stopped or killed, the same request goes on
//! and ends with the same bytes.

use std::ops::ControlFlow;
use std::path::Path;

use howfar_face::{Face, FaceLabels, FaceSet, FaceSetWriter, Fault, GroupSizes, Picture, Provenance, SubjectId};
use howfar_net::gan::{Generator, GeneratorShape, Leaves, StarGanShape};
use howfar_prepare::Crop;
use serde::{Deserialize, Serialize};

use crate::card::{classes, database, info};
use crate::identity::{Identities, Identity, Taken};
use crate::screen::{LeftOut, Screen};
use crate::streams::{stream, unit};
use crate::training_faces::{to_level, to_signed};

/// People that go through the networks together; part of the bits, so it does not depend on the machine.
const PEOPLE_AT_ONCE: u64 = 4;
/// People that are tried before a screen is called too strict.
const FEWEST_TRIED: u64 = 50;
/// People that may be tried for one who passes.
const MOST_TRIED: u64 = 10;

/// What `GenerateRequest::expressions` calls the person's own picture, to which no expression was given.
const OWN_PICTURE: &str = "person";

/// What is to be generated.
pub struct GenerateRequest<'a> {
    /// A StyleGAN2, unless people are taken from a set.
    pub identity: Option<&'a Generator>,
    /// A StarGAN.
    pub expression: &'a Generator,
    /// A set whose people are given expressions.
    pub from: Option<&'a FaceSet>,
    /// How many people; all of `from` if not said.
    pub people: Option<u64>,
    /// Names of the StarGAN's classes, or `person` for the picture that expressions are given to (not of people of `from`, whose
    /// pictures nothing generated); all classes but neutral if empty.
    pub expressions: &'a [String],
    /// How far styles keep from their mean: 1 as trained.
    pub truncation: f32,
    /// How strongly expressions are shown, drawn from this range for each face: 1 as trained, 0 neutral.
    pub intensity: (f32, f32),
    /// Leaves people with broken or copied faces out, and takes others in their place.
    pub screen: Option<&'a Screen>,
    /// With a person's number it fixes the face.
    pub seed: u64,
    /// A name for tables.
    pub name: &'a str,
    /// The face set to write.
    pub out: &'a Path,
    /// How many faces lie together.
    pub sizes: GroupSizes,
}

/// A request whose parts fit together.
pub(crate) struct Plan<'a> {
    pub(crate) shape: StarGanShape,
    generator: Leaves,
    identities: Identities<'a>,
    /// How many are wanted.
    pub(crate) n_people: u64,
    /// How many there are to choose from.
    n_candidates: u64,
    /// Names and places of the classes to show; the person's own picture has none.
    pub(crate) shown: Vec<(String, Option<usize>)>,
    neutral: Option<usize>,
    intensity: (f32, f32),
    seed: u64,
    /// Names generated people: the two weight files and the seed.
    pub(crate) database: String,
}

/// A generated set.
#[derive(Debug)]
pub struct Generated {
    /// The faces.
    pub set: FaceSet,
    /// People whose faces are in the set.
    pub n_people: u64,
    /// Those who were left out on the way.
    pub left_out: LeftOut,
}

impl Generated {
    /// What the screening did, in a sentence.
    pub fn screened(&self) -> String {
        screened(self.n_people, &self.left_out)
    }
}

/// How far a generation is; kept beside the faces, so that a stopped one finds its place.
#[derive(Serialize, Deserialize)]
struct Place {
    /// Number of the person whose faces were written last.
    person: u64,
    /// People of lower numbers who were left out.
    left_out: LeftOut,
}

/// Generates, or goes on generating. `tell` hears how many faces there are, of how many, and may break.
pub fn generate(
    request: &GenerateRequest<'_>,
    tell: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
) -> Result<Generated, Fault> {
    let plan = Plan::new(request)?;
    let info = info(request, &plan)?;
    let n_shown = plan.shown.len() as u64;
    // Weights, versions or machines that draw other faces must not go on with what is there.
    let mut probe = String::new();
    plan.identities.for_each(0, 1.min(plan.n_people), PEOPLE_AT_ONCE, &mut |group| {
        probe = plan.faces(&group)?.iter().map(|face| face.picture.sha256()).collect();
        Ok(ControlFlow::Break(()))
    })?;
    // What an older version left has no note of its place: it is another request.
    let asked = format!("faces with a note of the last person\n{probe}");
    let mut writer = FaceSetWriter::resume(request.out, info, request.sizes, &asked)?;
    let found: Option<Place> = writer.note().and_then(|note| serde_json::from_str(note).ok());
    let n_begun = writer.n_faces() % n_shown;
    let begin = found.as_ref().map_or(0, |place| if n_begun > 0 { place.person } else { place.person + 1 });
    let mut left_out = found.map_or_else(LeftOut::default, |place| place.left_out);
    let mut n_people = writer.n_faces() / n_shown;
    let mut stopped = false;
    let end = if request.screen.is_some() && request.from.is_none() { u64::MAX / 2 } else { plan.n_candidates };
    let is_done = |n_people: u64| n_people == plan.n_people;
    if !is_done(n_people) {
        plan.identities.for_each(begin, end, PEOPLE_AT_ONCE, &mut |group| {
            let faces = plan.faces(&group)?;
            for (person, faces) in group.iter().map(|p| p.number).zip(faces.chunks(plan.shown.len())) {
                if person < begin || is_done(n_people) {
                    continue;
                }
                if let Some(reason) = request.screen.and_then(|screen| screen.reason(faces)) {
                    left_out.add(reason);
                    check_share(n_people, person + 1, &left_out)?;
                    continue;
                }
                let place = Place { person, left_out: left_out.clone() };
                writer.set_note(serde_json::to_string(&place).expect("numbers and words are plain data"));
                let n_there = if person == begin { n_begun } else { 0 };
                faces[n_there as usize..].iter().try_for_each(|face| writer.push(face))?;
                n_people += 1;
            }
            stopped = tell(writer.n_faces(), plan.n_people * n_shown).is_break();
            let goes_on = !stopped && !is_done(n_people);
            Ok(if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
    }
    if stopped && !is_done(n_people) {
        let n_faces = plan.n_people * n_shown;
        return Err(Fault::interrupted(format!("{} of {n_faces} faces were generated", writer.n_faces()))
            .hint("run the same command again: it goes on"));
    }
    if request.screen.is_some() {
        writer.add_caveat(screened(n_people, &left_out));
    }
    Ok(Generated { set: writer.finish()?, n_people, left_out })
}

/// Stops where hardly anybody passes the screen: the networks, or the screen, do not fit these faces.
fn check_share(n_people: u64, n_tried: u64, left_out: &LeftOut) -> Result<(), Fault> {
    if n_tried < FEWEST_TRIED || n_people * MOST_TRIED >= n_tried {
        return Ok(());
    }
    Err(Fault::data("--screen", "hardly anybody is left")
        .found(format!("{n_people} of {n_tried} people; {left_out}"))
        .expected(format!("at least 1 in {MOST_TRIED}"))
        .hint("look at a sheet of what is generated without --screen"))
}

/// What the screening did, for readers of the set.
fn screened(n_people: u64, left_out: &LeftOut) -> String {
    let n_out = left_out.n_people();
    let why = if n_out > 0 { format!(": {left_out}") } else { String::new() };
    format!("Screened: {n_out} of {} people were left out{why}.", n_people + n_out)
}

impl<'a> Plan<'a> {
    fn new(request: &GenerateRequest<'a>) -> Result<Self, Fault> {
        let GeneratorShape::StarGan(shape) = request.expression.shape else {
            return Err(Fault::usage("--expression", "these weights do not change expressions")
                .found(request.expression.shape.kind())
                .expected("stargan"));
        };
        let (low, high) = request.intensity;
        if !(low.is_finite() && high.is_finite() && low <= high) {
            return Err(Fault::usage("--intensity", "not a range").found(format!("{low}..{high}")));
        }
        let (identities, n_candidates) = identities(request)?;
        let n_people = request.people.map_or(n_candidates, |people| people.min(n_candidates));
        let classes = classes(request.expression);
        let shown = shown(&classes, request.expressions)?;
        if request.from.is_some() && shown.iter().any(|(_, class)| class.is_none()) {
            return Err(Fault::usage("--expressions", "the pictures of these people are no generated ones")
                .found(format!("{OWN_PICTURE}, with --from"))
                .hint("howfar sheet MADE --parents FACES shows them before their expressions"));
        }
        let neutral = classes.iter().position(|class| class == "neutral");
        Ok(Plan {
            shape,
            generator: request.expression.parameters.prepare(),
            identities,
            n_people,
            n_candidates,
            shown,
            neutral,
            intensity: request.intensity,
            seed: request.seed,
            database: database(request)?,
        })
    }

    /// The faces of a group of people, each person with every expression in turn.
    fn faces(&self, group: &[Identity]) -> Result<Vec<Face>, Fault> {
        let StarGanShape { side, n_channels, n_classes, .. } = self.shape;
        let own: Vec<Vec<f32>> = group.iter().map(|identity| self.input(&identity.picture)).collect();
        let (mut inputs, mut labels, mut strengths) = (Vec::new(), Vec::new(), Vec::new());
        for (identity, own) in group.iter().zip(&own) {
            let mut rng = stream(self.seed, "intensity", identity.number);
            for class in self.shown.iter().filter_map(|(_, class)| *class) {
                let strength = self.intensity.0 + (self.intensity.1 - self.intensity.0) * unit(&mut rng);
                let mut label = vec![0.0; n_classes];
                if let Some(neutral) = self.neutral {
                    label[neutral] = 1.0 - strength;
                }
                label[class] += strength;
                inputs.extend(own);
                labels.extend(label);
                strengths.push(strength);
            }
        }
        let moved =
            if labels.is_empty() { Vec::new() } else { self.shape.transferred(&self.generator, &inputs, &labels) };
        let mut moved = moved.chunks_exact(side * side * n_channels).zip(strengths);
        let mut faces = Vec::with_capacity(group.len() * self.shown.len());
        for (identity, own) in group.iter().zip(&own) {
            for (label, (_, class)) in self.shown.iter().enumerate() {
                let mut source = format!("seed {}, person {}", self.seed, identity.number);
                let mut values = own.as_slice();
                if let Some((picture, strength)) = class.and_then(|_| moved.next()) {
                    values = picture;
                    source += &format!(", intensity {strength:.2}");
                }
                let picture = Picture {
                    width: side as u32,
                    height: side as u32,
                    channels: n_channels as u32,
                    data: values.iter().map(|v| to_level(*v)).collect(),
                };
                let subject = SubjectId::new(&self.database, &format!("{:07}", identity.number))?;
                let (parent, group) = (identity.parent.clone(), identity.group.clone());
                let labels =
                    FaceLabels { parent, group, source, ..FaceLabels::of(label, subject, Provenance::Generated) };
                faces.push(Face { picture, labels });
            }
        }
        Ok(faces)
    }

    /// A picture in the size and colours of the StarGAN, by the one path that `prepare` crops and resizes by.
    fn input(&self, picture: &Picture) -> Vec<f32> {
        let side = self.shape.side as u32;
        let fitting = if (picture.width, picture.height) == (side, side) {
            picture.clone()
        } else {
            Crop::central(picture.width, picture.height).cut(picture, side)
        };
        fitting.into_channels(self.shape.n_channels).into_iter().map(to_signed).collect()
    }
}

fn identities<'a>(request: &GenerateRequest<'a>) -> Result<(Identities<'a>, u64), Fault> {
    if let Some(set) = request.from {
        // Those who are left out are replaced by the next ones of the set.
        let taken = Taken::choose(set, request.people.filter(|_| request.screen.is_none()))?;
        let n = taken.n_people();
        return Ok((Identities::Taken(taken), n));
    }
    let (Some(identity), Some(people)) = (request.identity, request.people) else {
        return Err(Fault::usage("--identity, --people", "it is not said who is to be drawn")
            .expected("weights of a StyleGAN2 and a number of people, or --from a face set"));
    };
    let GeneratorShape::StyleGan2(shape) = identity.shape else {
        return Err(Fault::usage("--identity", "these weights do not draw people")
            .found(identity.shape.kind())
            .expected("stylegan2"));
    };
    let (truncation, seed) = (request.truncation, request.seed);
    Ok((Identities::Drawn { shape, generator: identity.parameters.prepare(), truncation, seed }, people))
}

fn shown(classes: &[String], wanted: &[String]) -> Result<Vec<(String, Option<usize>)>, Fault> {
    let named = |(place, name): (usize, &String)| (name.clone(), Some(place));
    if wanted.is_empty() {
        return Ok(classes.iter().enumerate().filter(|(_, name)| name.as_str() != "neutral").map(named).collect());
    }
    let find = |name: &String| match classes.iter().position(|class| class == name) {
        Some(place) => Ok((name.clone(), Some(place))),
        None if name == OWN_PICTURE => Ok((name.clone(), None)),
        None => Err(Fault::usage("--expressions", "the expression network does not know this one")
            .found(name)
            .expected(format!("{}, or {OWN_PICTURE} for the picture that they are given to", classes.join(", ")))),
    };
    wanted.iter().map(find).collect()
}
