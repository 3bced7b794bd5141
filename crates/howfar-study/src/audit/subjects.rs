//! The faces that an audit looks at, in one pool, and what each of them is to the study.
//!
//! In: a study, or face sets. Out: [`AuditedFaces`].

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use howfar_face::{FaceSet, FaceSetInfo, Fault, Pool, Preprocessing, Provenance, SubjectId};
use howfar_protocol::{Seeds, Split, SplitPart, Study};

/// What a face is to a study.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// Real, and trained on.
    Training,
    /// Real, and on the side of validation or test.
    HeldOut,
    /// Real, in a set that is on no side (folds, or no study at all), or left out by the split.
    Real,
    /// Mixed in.
    Generated,
    /// Of a database that judges.
    Unseen,
}

impl Role {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Training => "training",
            Self::HeldOut => "validation or test",
            Self::Real => "real",
            Self::Generated => "generated",
            Self::Unseen => "unseen",
        }
    }

    /// Whether figures are taken on it; all other faces can train.
    pub(crate) fn judges(self) -> bool {
        matches!(self, Self::HeldOut | Self::Unseen)
    }

    pub(crate) fn is_real(self) -> bool {
        matches!(self, Self::Training | Self::HeldOut | Self::Real)
    }
}

/// The faces of an audit.
#[derive(Debug)]
pub struct AuditedFaces {
    pub(crate) pool: Pool,
    pub(crate) roles: Vec<Role>,
    pub(crate) sets: Vec<FaceSetInfo>,
    pub(crate) preprocessing: Preprocessing,
    pub(crate) seeds: Seeds,
    /// Identity of what is audited.
    pub(crate) inputs_sha256: String,
}

impl AuditedFaces {
    /// The faces of a study, with the sides of its split.
    pub(crate) fn of_study(study: &Study, inputs_sha256: String) -> Result<Self, Fault> {
        let groups = [&study.real.sets, &study.generated.sets, &study.unseen.sets];
        let (mut faces, ends) = Self::read(&groups, Some(&study.expressions), study.seed)?;
        let people: BTreeSet<SubjectId> =
            (0..ends[0]).map(|face| faces.pool.face(face).labels.subject.clone()).collect();
        let splits = study.splits(&people)?;
        // With folds everybody is on every side in turn.
        let split = (splits.len() == 1).then(|| &splits[0]);
        faces.roles = (0..faces.pool.len()).map(|face| role(face, &ends, &faces.pool, split)).collect();
        faces.inputs_sha256 = inputs_sha256;
        Ok(faces)
    }

    /// Any face sets: photographs are the real faces, drawn and generated ones are mixed in. Where all are of one kind they
    /// count as real.
    pub fn of_sets(folders: &[PathBuf]) -> Result<Self, Fault> {
        let folders = folders.to_vec();
        let (mut faces, _) = Self::read(&[&folders], None, 1)?;
        let is_photo = |face: usize| faces.pool.face(face).labels.provenance == Provenance::Real;
        let has_photos = (0..faces.pool.len()).any(is_photo);
        let role = |face| if is_photo(face) || !has_photos { Role::Real } else { Role::Generated };
        faces.roles = (0..faces.pool.len()).map(role).collect();
        Ok(faces)
    }

    /// Reads groups of sets one after the other into one pool; returns where each group ends.
    fn read(groups: &[&Vec<PathBuf>], classes: Option<&Vec<String>>, seed: u64) -> Result<(Self, Vec<usize>), Fault> {
        let mut sets = Vec::new();
        for path in groups.iter().copied().flatten() {
            sets.push(FaceSet::open(path)?);
        }
        let Some(first) = sets.first() else {
            return Err(Fault::usage("FACES", "there is no face set to audit").expected("a study or face sets"));
        };
        let preprocessing = first.info().preprocessing.clone();
        let classes = classes.map_or_else(|| all_classes(&sets), Clone::clone);
        let mut pool = Pool::new(classes, &preprocessing);
        let (mut ends, mut infos, mut of_group) = (Vec::new(), Vec::new(), sets.iter());
        for group in groups {
            for set in of_group.by_ref().take(group.len()) {
                pool.add(set)?;
                infos.push(set.info().clone());
            }
            ends.push(pool.len());
        }
        if pool.is_empty() {
            let place = sets.first().map_or(Path::new("FACES"), |set| set.folder());
            return Err(Fault::data(place.display(), "there is no face of the study's classes"));
        }
        let contents: Vec<&str> = infos.iter().map(|info: &FaceSetInfo| info.content_sha256.as_str()).collect();
        let inputs_sha256 = howfar_face::checksum::sha256_hex(&[contents.join(" ").as_bytes()]);
        let seeds = Seeds::new(seed).child("audit", 0);
        Ok((AuditedFaces { pool, roles: Vec::new(), sets: infos, preprocessing, seeds, inputs_sha256 }, ends))
    }

    /// The faces whose role passes.
    pub(crate) fn of_role(&self, passes: impl Fn(Role) -> bool) -> Vec<usize> {
        (0..self.pool.len()).filter(|face| passes(self.roles[*face])).collect()
    }

    /// The sets with a face whose role passes, by their place among the sets.
    pub(crate) fn sets_of_role(&self, passes: impl Fn(Role) -> bool) -> BTreeSet<usize> {
        self.of_role(passes).into_iter().map(|face| self.pool.face(face).set_idx).collect()
    }

    /// Where a face is, for people: set, row and source.
    pub(crate) fn place(&self, face: usize) -> String {
        let pooled = self.pool.face(face);
        let set = &self.sets[pooled.set_idx].name;
        format!("{set} row {} ({}, {})", pooled.row, pooled.labels.subject, pooled.labels.source)
    }
}

fn all_classes(sets: &[FaceSet]) -> Vec<String> {
    let mut classes: Vec<String> = Vec::new();
    for class in sets.iter().flat_map(|set| &set.info().classes) {
        if !classes.contains(class) {
            classes.push(class.clone());
        }
    }
    classes
}

fn role(face: usize, ends: &[usize], pool: &Pool, split: Option<&Split>) -> Role {
    if face >= ends[1] {
        return Role::Unseen;
    }
    if face >= ends[0] {
        return Role::Generated;
    }
    match split.and_then(|split| split.side(&pool.face(face).labels.subject)) {
        Some(SplitPart::Training) => Role::Training,
        Some(SplitPart::Validation | SplitPart::Test) => Role::HeldOut,
        None => Role::Real,
    }
}

/// Made faces for the tests of the audits.
#[cfg(test)]
pub(crate) mod made {
    use std::collections::BTreeMap;

    use howfar_face::test_sets::{TestSet, labels};
    use howfar_face::{Face, FaceLabels, GeneratorCard, Picture};

    use super::*;

    const SIDE: u32 = 32;

    /// A face, and the card of its set; faces of one role are one set.
    #[derive(Clone)]
    pub(crate) struct Made<'a> {
        pub(crate) role: Role,
        pub(crate) subject: &'a str,
        pub(crate) parent: Option<&'a str>,
        /// Equal shots are equal pixels.
        pub(crate) shot: u32,
        pub(crate) card: Option<GeneratorCard>,
    }

    pub(crate) fn card(trained_on: &[&str], trained_on_content: &[&str]) -> GeneratorCard {
        GeneratorCard {
            name: "made".to_owned(),
            seed: 1,
            trained_on: trained_on.iter().map(|person| person.parse().unwrap()).collect(),
            trained_on_content: trained_on_content.iter().map(|content| (*content).to_owned()).collect(),
            settings: String::new(),
        }
    }

    fn face(made: &Made<'_>) -> Face {
        let level = |i: u32| {
            let (x, y, s) = ((i % SIDE) as f32, (i / SIDE) as f32, made.shot as f32);
            (120.0 + 50.0 * (0.2 * x + s * s).sin() + 50.0 * (0.15 * y * (1.0 + s % 3.0) + 0.1 * x + s).cos()) as u8
        };
        let provenance = if made.role == Role::Generated { Provenance::Generated } else { Provenance::Real };
        let parent = made.parent.map(|parent| parent.parse().unwrap());
        let labels = FaceLabels { parent, source: "made".to_owned(), ..labels(0, made.subject, provenance) };
        Face { picture: Picture::gray(SIDE, SIDE, (0..SIDE * SIDE).map(level).collect()), labels }
    }

    /// Their audit's faces, in the order of the roles.
    pub(crate) fn made(faces: &[Made<'_>]) -> AuditedFaces {
        let place = tempfile::tempdir().unwrap();
        let mut by_role: BTreeMap<Role, Vec<&Made<'_>>> = BTreeMap::new();
        faces.iter().for_each(|face| by_role.entry(face.role).or_default().push(face));
        let (mut folders, mut roles) = (Vec::new(), Vec::new());
        for (role, of_role) in by_role {
            let name = role.words().replace(' ', "-");
            let mut set = TestSet::new(&name, &["one"], SIDE);
            set.info.generator = of_role.iter().find_map(|face| face.card.clone());
            for made in of_role {
                let Face { picture, labels } = face(made);
                set.push(labels, picture);
                roles.push(role);
            }
            set.write(place.path());
            folders.push(place.path().join(&name));
        }
        AuditedFaces { roles, ..AuditedFaces::of_sets(&folders).unwrap() }
    }
}
