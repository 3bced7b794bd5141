//! The faces that an audit looks at, in one pool, and what each of them is to the study.
//!
//! In: a study, or face sets. Out: [`AuditedFaces`].

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use howfar_face::{FaceSet, FaceSetInfo, FaceStore, Fault, Preprocessing, Provenance, SubjectId};
use howfar_protocol::{Split, SplitPart, Study};
use howfar_random::Seeds;

/// On which side of a study a face stands: its set's role, and of a labelled one who it is in the split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    /// Labelled, and trained on.
    Training,
    /// Labelled, and on the side of validation or test.
    HeldOut,
    /// Labelled, in a set that is on no side (folds, or no study at all), or left out by the split.
    Labelled,
    /// Mixed in.
    Generated,
    /// Of another database, mixed in by one arm in place of generated faces.
    Retrieved,
    /// Of a database that judges or chooses.
    Unseen,
}

impl Side {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Training => "training",
            Self::HeldOut => "validation or test",
            Self::Labelled => "labelled",
            Self::Generated => "generated",
            Self::Retrieved => "retrieved",
            Self::Unseen => "unseen",
        }
    }

    /// Whether figures are taken on it; all other faces can train.
    pub(crate) fn judges(self) -> bool {
        matches!(self, Self::HeldOut | Self::Unseen)
    }

    pub(crate) fn is_labelled(self) -> bool {
        matches!(self, Self::Training | Self::HeldOut | Self::Labelled)
    }
}

/// The faces of an audit.
#[derive(Debug)]
pub struct AuditedFaces {
    pub(crate) pool: FaceStore,
    pub(crate) sides: Vec<Side>,
    pub(crate) sets: Vec<FaceSetInfo>,
    pub(crate) preprocessing: Preprocessing,
    pub(crate) seeds: Seeds,
    /// Identity of what is audited.
    pub(crate) inputs_sha256: String,
}

impl AuditedFaces {
    /// The faces of a study, with the sides of its split.
    pub(crate) fn of_study(study: &Study, inputs_sha256: String) -> Result<Self, Fault> {
        let judging = [study.choose.on.sets(), &study.unseen.sets].concat();
        let groups = [&study.real.sets, &study.generated.sets, &study.retrieved.sets, &judging];
        let (mut faces, ends) = Self::read(&groups, Some(&study.expressions), study.seed)?;
        let people: BTreeSet<SubjectId> =
            (0..ends[0]).map(|face| faces.pool.face(face).labels.subject.clone()).collect();
        let splits = study.splits(&people)?;
        // With folds everybody is on every side in turn.
        let split = (splits.len() == 1).then(|| &splits[0]);
        faces.sides = (0..faces.pool.len()).map(|face| side(face, &ends, &faces.pool, split)).collect();
        faces.inputs_sha256 = inputs_sha256;
        Ok(faces)
    }

    /// Any face sets: photographs are the real faces, drawn and generated ones are mixed in. Where all are of one kind
    /// they count as real.
    pub fn of_sets(folders: &[PathBuf]) -> Result<Self, Fault> {
        let folders = folders.to_vec();
        let (mut faces, _) = Self::read(&[&folders], None, 1)?;
        let is_photo = |face: usize| faces.pool.face(face).labels.provenance == Provenance::Real;
        let has_photos = (0..faces.pool.len()).any(is_photo);
        let side = |face| if is_photo(face) || !has_photos { Side::Labelled } else { Side::Generated };
        faces.sides = (0..faces.pool.len()).map(side).collect();
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
        let mut pool = FaceStore::new(classes, &preprocessing);
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
        Ok((AuditedFaces { pool, sides: Vec::new(), sets: infos, preprocessing, seeds, inputs_sha256 }, ends))
    }

    /// The faces whose side passes.
    pub(crate) fn of_side(&self, passes: impl Fn(Side) -> bool) -> Vec<usize> {
        (0..self.pool.len()).filter(|face| passes(self.sides[*face])).collect()
    }

    /// The sets with a face whose side passes, by their place among the sets.
    pub(crate) fn sets_of_side(&self, passes: impl Fn(Side) -> bool) -> BTreeSet<usize> {
        self.of_side(passes).into_iter().map(|face| self.pool.face(face).set_idx).collect()
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

fn side(face: usize, ends: &[usize], pool: &FaceStore, split: Option<&Split>) -> Side {
    if face >= ends[0] {
        return match ends[1..].iter().position(|end| face < *end) {
            Some(0) => Side::Generated,
            Some(1) => Side::Retrieved,
            _ => Side::Unseen,
        };
    }
    match split.and_then(|split| split.side(&pool.face(face).labels.subject)) {
        Some(SplitPart::Training) => Side::Training,
        Some(SplitPart::Validation | SplitPart::Test) => Side::HeldOut,
        None => Side::Labelled,
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

    /// A face, and the card of its set; faces of one side are one set.
    #[derive(Clone)]
    pub(crate) struct Made<'a> {
        pub(crate) side: Side,
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
        let provenance = if made.side == Side::Generated { Provenance::Generated } else { Provenance::Real };
        let parent = made.parent.map(|parent| parent.parse().unwrap());
        let labels = FaceLabels { parent, source: "made".to_owned(), ..labels(0, made.subject, provenance) };
        Face { picture: Picture::gray(SIDE, SIDE, (0..SIDE * SIDE).map(level).collect()), labels }
    }

    /// Their audit's faces, in the order of their sides.
    pub(crate) fn made(faces: &[Made<'_>]) -> AuditedFaces {
        let place = tempfile::tempdir().unwrap();
        let mut by_side: BTreeMap<Side, Vec<&Made<'_>>> = BTreeMap::new();
        faces.iter().for_each(|face| by_side.entry(face.side).or_default().push(face));
        let (mut folders, mut sides) = (Vec::new(), Vec::new());
        for (side, of_side) in by_side {
            let name = side.words().replace(' ', "-");
            let mut set = TestSet::new(&name, &["one"], SIDE);
            set.info.generator = of_side.iter().find_map(|face| face.card.clone());
            for made in of_side {
                let Face { picture, labels } = face(made);
                set.push(labels, picture);
                sides.push(side);
            }
            set.write(place.path());
            folders.push(place.path().join(&name));
        }
        AuditedFaces { sides, ..AuditedFaces::of_sets(&folders).unwrap() }
    }
}
