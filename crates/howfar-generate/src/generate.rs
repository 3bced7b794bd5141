//! A balanced face set out of two generators: a person, then the same person with every expression.
//!
//! In: weights, people (drawn by StyleGAN2 or taken from a face set), a seed. Out: a face set with lineage: whose face each was made
//! from, and everyone whom the generators have seen. Faces are written as they come; stopped or killed, the same request goes on
//! and ends with the same bytes.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;

use howfar_face::{
    Face, FaceLabels, FaceSet, FaceSetInfo, FaceSetWriter, Fault, GeneratorCard, GroupSizes, Licence, Picture,
    Preprocessing, Provenance, SubjectId, checksum,
};
use howfar_net::Precision;
use howfar_net::gan::{Generator, GeneratorShape, Parameters, StarGanShape};
use howfar_prepare::Crop;
use serde_json::Value;

use crate::identity::{Identities, Identity, Taken};
use crate::in_network;
use crate::streams::{stream, unit};
use crate::training_faces::{to_level, to_signed};

/// People that go through the networks together; part of the bits, so it does not depend on the machine.
const PEOPLE_AT_ONCE: u64 = 4;

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
    /// Names of the StarGAN's classes; all but neutral if empty.
    pub expressions: &'a [String],
    /// How far styles keep from their mean: 1 as trained.
    pub truncation: f32,
    /// How strongly expressions are shown, drawn from this range for each face: 1 as trained, 0 neutral.
    pub intensity: (f32, f32),
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
struct Plan<'a> {
    shape: StarGanShape,
    generator: &'a Parameters,
    identities: Identities<'a>,
    n_people: u64,
    /// Names and places of the classes to show.
    shown: Vec<(String, usize)>,
    neutral: Option<usize>,
    intensity: (f32, f32),
    seed: u64,
    /// Names generated people: the two weight files and the seed.
    database: String,
}

/// Generates, or goes on generating. `tell` hears how many faces there are, of how many, and may break.
pub fn generate(
    request: &GenerateRequest<'_>,
    tell: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
) -> Result<FaceSet, Fault> {
    let plan = Plan::new(request)?;
    let info = info(request, &plan)?;
    let n_faces = plan.n_people * plan.shown.len() as u64;
    // Weights, versions or machines that draw other faces must not go on with what is there.
    let mut probe = String::new();
    plan.identities.for_each(0, 1.min(plan.n_people), PEOPLE_AT_ONCE, &mut |group| {
        probe = plan.faces(&group)?.iter().map(|face| face.picture.sha256()).collect();
        Ok(ControlFlow::Break(()))
    })?;
    let mut writer = FaceSetWriter::resume(request.out, info, request.sizes, &probe)?;
    let begin = writer.n_faces();
    let mut stopped = false;
    plan.identities.for_each(begin / plan.shown.len() as u64, plan.n_people, PEOPLE_AT_ONCE, &mut |group| {
        let first = group.first().map_or(0, |identity| identity.number) * plan.shown.len() as u64;
        for (i, face) in (first..).zip(plan.faces(&group)?) {
            if i >= begin {
                writer.push(&face)?;
            }
        }
        stopped = tell(writer.n_faces(), n_faces).is_break();
        Ok(if stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    if stopped && writer.n_faces() < n_faces {
        return Err(Fault::interrupted(format!("{} of {n_faces} faces were generated", writer.n_faces()))
            .hint("run the same command again: it goes on"));
    }
    writer.finish()
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
        let (identities, n_people) = identities(request)?;
        let classes = classes(request.expression);
        let shown = shown(&classes, request.expressions)?;
        let neutral = classes.iter().position(|class| class == "neutral");
        Ok(Plan {
            shape,
            generator: &request.expression.parameters,
            identities,
            n_people,
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
        let (mut inputs, mut labels, mut strengths) = (Vec::new(), Vec::new(), Vec::new());
        for identity in group {
            let values = self.input(&identity.picture);
            let mut rng = stream(self.seed, "intensity", identity.number);
            for (_, class) in &self.shown {
                let strength = self.intensity.0 + (self.intensity.1 - self.intensity.0) * unit(&mut rng);
                let mut label = vec![0.0; n_classes];
                if let Some(neutral) = self.neutral {
                    label[neutral] = 1.0 - strength;
                }
                label[*class] += strength;
                inputs.extend(&values);
                labels.extend(label);
                strengths.push(strength);
            }
        }
        let pictures = self.shape.transferred(self.generator, &inputs, &labels);
        let pictures = pictures.chunks_exact(side * side * n_channels);
        let people = group.iter().flat_map(|identity| (0..self.shown.len()).map(move |shown| (identity, shown)));
        let face = |((values, (identity, shown)), strength): ((&[f32], (&Identity, usize)), &f32)| {
            let picture = Picture {
                width: side as u32,
                height: side as u32,
                channels: n_channels as u32,
                data: values.iter().map(|v| to_level(*v)).collect(),
            };
            let source = format!("seed {}, person {}, intensity {strength:.2}", self.seed, identity.number);
            let labels = FaceLabels {
                label: shown,
                subject: SubjectId::new(&self.database, &format!("{:07}", identity.number))?,
                provenance: Provenance::Generated,
                parent: identity.parent.clone(),
                source,
                drawn: None,
            };
            Ok(Face { picture, labels })
        };
        pictures.zip(people).zip(&strengths).map(face).collect()
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
        let taken = Taken::choose(set, request.people)?;
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
    let (parameters, truncation, seed) = (&identity.parameters, request.truncation, request.seed);
    Ok((Identities::Drawn { shape, parameters, truncation, seed }, people))
}

/// The class names on a generator's card; numbers where there is none.
fn classes(generator: &Generator) -> Vec<String> {
    let GeneratorShape::StarGan(shape) = generator.shape else { return Vec::new() };
    let names: Vec<String> = serde_json::from_value(generator.card["classes"].clone()).unwrap_or_default();
    if names.len() == shape.n_classes { names } else { (0..shape.n_classes).map(|i| format!("class-{i}")).collect() }
}

fn shown(classes: &[String], wanted: &[String]) -> Result<Vec<(String, usize)>, Fault> {
    if wanted.is_empty() {
        let all = classes.iter().cloned().zip(0..).filter(|(name, _)| name != "neutral");
        return Ok(all.collect());
    }
    let find = |name: &String| match classes.iter().position(|class| class == name) {
        Some(place) => Ok((name.clone(), place)),
        None => Err(Fault::usage("--expressions", "the expression network does not know this one")
            .found(name)
            .expected(classes.join(", "))),
    };
    wanted.iter().map(find).collect()
}

/// Names generated people so that those of other weights or seeds are others.
fn database(request: &GenerateRequest<'_>) -> Result<String, Fault> {
    let mut hash = checksum::Hasher::default();
    for generator in request.identity.iter().filter(|_| request.from.is_none()).chain([&request.expression]) {
        hash.update(&generator.to_bytes(Precision::Full).map_err(in_network)?);
    }
    hash.update_text(request.from.map_or("", |set| set.info().content_sha256.as_str()));
    Ok(format!("gan-{}-{}", &hash.finish()[..8], request.seed))
}

fn info(request: &GenerateRequest<'_>, plan: &Plan<'_>) -> Result<FaceSetInfo, Fault> {
    let card = &request.expression.card;
    let colour = if plan.shape.n_channels == 3 { "rgb" } else { "gray" };
    let standard = Preprocessing::standard("none", "none", plan.shape.side as u32);
    let preprocessing: Preprocessing = serde_json::from_value(card["preprocessing"].clone()).unwrap_or(standard);
    let preprocessing = Preprocessing { side: plan.shape.side as u32, colour: colour.to_owned(), ..preprocessing };
    let names = plan.shown.iter().map(|(name, _)| name.clone()).collect();
    let mut info = FaceSetInfo::new(request.name, names, preprocessing);
    info.licences.push(Licence {
        database: plan.database.clone(),
        terms: "generated; the terms of the faces and weights that its generators were made from apply".to_owned(),
    });
    let generators: Vec<&Generator> =
        request.identity.filter(|_| request.from.is_none()).into_iter().chain([request.expression]).collect();
    let mut seen: BTreeSet<SubjectId> = BTreeSet::new();
    for generator in &generators {
        let people = &generator.card["generator"]["trained_on"];
        let people: Vec<SubjectId> = serde_json::from_value(people.clone()).unwrap_or_default();
        if people.is_empty() {
            info.caveats.push(format!(
                "Nothing is known of whom the {} network was trained on: a person of yours may be among them.",
                generator.shape.kind()
            ));
        }
        seen.extend(people);
    }
    let word = |generator: &&Generator| format!("{} ({})", generator.shape.kind(), text(&generator.card["steps"]));
    let (low, high) = request.intensity;
    info.generator = Some(GeneratorCard {
        name: format!("howfar generate {}", env!("CARGO_PKG_VERSION")),
        seed: request.seed,
        trained_on: seen.into_iter().collect(),
        settings: format!(
            "networks (steps): {}; people {}; truncation {}; intensity {low}..{high}",
            generators.iter().map(word).collect::<Vec<_>>().join(", "),
            plan.n_people,
            request.truncation
        ),
    });
    info.caveats.push("These are generated faces, not photographs of people.".to_owned());
    Ok(info)
}

fn text(value: &Value) -> String {
    if value.is_null() { "unknown".to_owned() } else { value.to_string() }
}
