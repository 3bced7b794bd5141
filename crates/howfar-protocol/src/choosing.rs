//! Which generated faces a seed takes for the people who train.
//!
//! In: [`Ingredients`], the labelled training faces, k. Out: k units of generated faces, none of which has anything of
//! people who are left out. Units for a smaller k are among those for a larger one of the same seed.

use std::collections::{BTreeMap, BTreeSet};

use howfar_face::{FaceStore, Fault, SubjectId};
use howfar_random::{Seeds, Stream, shuffle};

use crate::study::Unit;
use crate::{GeneratedFaces, Ingredients, MixtureRatio};

/// The faces of each generated identity, in the order in which a seed takes them.
pub(crate) fn identities(pool: &FaceStore, generated: &GeneratedFaces, seeds: Seeds) -> Vec<Vec<usize>> {
    let mut faces_of: BTreeMap<&SubjectId, Vec<usize>> = BTreeMap::new();
    for face_idx in generated.faces.clone() {
        faces_of.entry(&pool.face(face_idx).labels.subject).or_default().push(face_idx);
    }
    let mut identities: Vec<Vec<usize>> = faces_of.into_values().collect();
    shuffle(&mut identities, &mut choice_stream(seeds));
    identities
}

fn choice_stream(seeds: Seeds) -> Stream {
    seeds.stream("choice of generated faces", &[])
}

/// Takes generated faces for the real training people who are there.
pub(crate) struct Choosing<'a> {
    pub(crate) pool: &'a FaceStore,
    pub(crate) ingredients: &'a Ingredients,
    pub(crate) generated: &'a GeneratedFaces,
    /// Training people who are left out where fewer are asked for.
    pub(crate) absent: BTreeSet<&'a SubjectId>,
}

impl Choosing<'_> {
    /// k units. Units for a smaller k are among those for a larger one of the same seed.
    pub(crate) fn choose(&self, training: &[usize], k: MixtureRatio, seeds: Seeds) -> Result<Vec<usize>, Fault> {
        let Choosing { pool, generated, .. } = self;
        let mut chosen = match generated.unit {
            Unit::Identities => {
                let people: BTreeSet<&SubjectId> = training.iter().map(|f| &pool.face(*f).labels.subject).collect();
                let mut identities = identities(pool, generated, seeds);
                identities.truncate(generated.trainable.unwrap_or(usize::MAX));
                identities.retain(|faces| faces.iter().all(|face| self.may_enter(*face)));
                let wanted = self.wanted(k, people.len(), identities.len(), "identities")?;
                identities.truncate(wanted);
                identities.concat()
            }
            Unit::Images => {
                let mut stream = choice_stream(seeds);
                let mut chosen = Vec::new();
                for (label, class) in pool.classes().iter().enumerate() {
                    let of_class = |f: &usize| pool.face(*f).labels.label == label;
                    let mut faces: Vec<usize> = generated.faces.clone().filter(of_class).collect();
                    shuffle(&mut faces, &mut stream);
                    faces.retain(|face| self.may_enter(*face));
                    let n_real = training.iter().filter(|f| of_class(f)).count();
                    faces.truncate(self.wanted(k, n_real, faces.len(), &format!("images of {class}"))?);
                    chosen.extend(faces);
                }
                chosen
            }
        };
        chosen.sort_unstable();
        Ok(chosen)
    }

    /// Whether a face has nothing of the training people who are left out: it is none of theirs or of their children,
    /// and its generator did not see them.
    fn may_enter(&self, face: usize) -> bool {
        if self.absent.is_empty() {
            return true;
        }
        let face = self.pool.face(face);
        let own = [Some(&face.labels.subject), face.labels.parent.as_ref()].into_iter().flatten();
        let seen = self.ingredients.seen.get(&face.set_idx).into_iter().flatten();
        !own.chain(seen).any(|person| self.absent.contains(person))
    }

    fn wanted(&self, k: MixtureRatio, n_real: usize, n_there: usize, what: &str) -> Result<usize, Fault> {
        let wanted = k.units(n_real);
        if wanted <= n_there {
            return Ok(wanted);
        }
        let fault = Fault::data("[generated]", format!("too few generated {what} for k = {k}")).found(n_there);
        Err(if self.absent.is_empty() {
            fault
                .expected(format!("{wanted} = {k} × {n_real} of the real training part"))
                .hint("generate more, or lower the largest k")
        } else {
            let n_absent = self.absent.len();
            fault
                .expected(format!(
                    "{wanted} = {k} × {n_real} that have nothing of the {n_absent} training people who are left out \
                        (grid.people_percent)"
                ))
                .hint(
                    "mix in faces without parents, from a generator that saw none of these people, or leave out \
                    people_percent",
                )
        })
    }
}
