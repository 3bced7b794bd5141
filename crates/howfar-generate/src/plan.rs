//! A request whose parts fit together: whom to draw, what they show, and the faces of a group of people.
//!
//! In: a request. Out: faces, in order. Writes nothing.

use howfar_crop::Crop;
use howfar_face::{Face, FaceLabels, Fault, Picture, Provenance, SubjectId, checksum};
use howfar_net::Precision;
use howfar_net::gan::{Generator, GeneratorShape, Leaves, StarGanShape};
use howfar_random::{Seeds, uniform};

use crate::identity::{Identities, Identity, Taken};
use crate::in_network;
use crate::request::GenerateRequest;
use crate::training_faces::{to_level, to_signed};

/// What `GenerateRequest::expressions` calls the person's own picture, to which no expression was given.
const OWN_PICTURE: &str = "person";

/// A request whose parts fit together.
pub(crate) struct Plan<'a> {
    pub(crate) shape: StarGanShape,
    generator: Leaves,
    pub(crate) identities: Identities<'a>,
    /// How many are wanted.
    pub(crate) n_people: u64,
    /// How many there are to choose from.
    pub(crate) n_candidates: u64,
    /// Names and places of the classes to show; the person's own picture has none.
    pub(crate) shown: Vec<(String, Option<usize>)>,
    neutral: Option<usize>,
    intensity: (f32, f32),
    seed: u64,
    /// Names generated people: the two weight files and the seed.
    pub(crate) database: String,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(request: &GenerateRequest<'a>) -> Result<Self, Fault> {
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
                .hint("howfar faces sheet MADE --parents FACES shows them before their expressions"));
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
    pub(crate) fn faces(&self, group: &[Identity]) -> Result<Vec<Face>, Fault> {
        let StarGanShape { side, n_channels, n_classes, .. } = self.shape;
        let own: Vec<Vec<f32>> = group.iter().map(|identity| self.input(&identity.picture)).collect();
        let (mut inputs, mut labels, mut strengths) = (Vec::new(), Vec::new(), Vec::new());
        for (identity, own) in group.iter().zip(&own) {
            let mut rng = Seeds::new(self.seed).stream("intensity", &[identity.number]);
            for class in self.shown.iter().filter_map(|(_, class)| *class) {
                let strength = self.intensity.0 + (self.intensity.1 - self.intensity.0) * uniform(&mut rng);
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

/// The class names on a generator's card; numbers where there is none.
fn classes(generator: &Generator) -> Vec<String> {
    let GeneratorShape::StarGan(shape) = generator.shape else { return Vec::new() };
    let names: Vec<String> = serde_json::from_value(generator.card["classes"].clone()).unwrap_or_default();
    if names.len() == shape.n_classes { names } else { (0..shape.n_classes).map(|i| format!("class-{i}")).collect() }
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
