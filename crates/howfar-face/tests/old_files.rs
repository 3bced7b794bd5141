//! Face sets as earlier versions wrote them: every one is read for ever.
//!
//! In: `golden/v*/faces`, one set for each version of the format, all of the same six faces as far as the version can
//! say it. A new version gets its own folder: the test of the current version says where it has left what it would be.
//! Old folders stay as they are.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::path::{Path, PathBuf};

use howfar_face::{
    DatabaseFaces, DrawnLabels, Face, FaceLabels, FaceSet, FaceSetInfo, FaceSetWriter, Fault, GeneratorCard, Licence,
    Lineage, Picture, Preprocessing, Provenance, SubjectId, files,
};

/// The identity of the six faces: that of every version's set.
const CONTENT: &str = "98e7772edc305c4f6777d1daa395e6277c4b35fa5e33e676592bd921397b89ae";

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// Photographs, drawn faces and generated ones with a parent, in gray; as a set of this version says it.
fn faces_of(version: u32) -> Vec<Face> {
    let person = |name: &str| name.parse::<SubjectId>().unwrap();
    let face = |i: u8| {
        let provenance = [Provenance::Real, Provenance::Drawn, Provenance::Generated][usize::from(i / 2)];
        let labels = FaceLabels {
            label: usize::from(i % 2),
            subject: person(
                ["db:S010", "db:glück", "drawn-studio-1:0000", "drawn-studio-1:0001", "gan:7", "gan:7"][usize::from(i)],
            ),
            provenance,
            parent: (provenance == Provenance::Generated).then(|| person("db:S010")),
            // Since version 3.
            group: (version >= 3 && i != 1)
                .then(|| ["female", "of nobody", "left light"][usize::from(i / 2)].to_owned()),
            source: [" a, \"b\".png", "悲しみ/1.png", "seed 1", "", "seed 7, person 7", "seed 7"][usize::from(i)]
                .to_owned(),
            drawn: (provenance == Provenance::Drawn).then(|| {
                Box::new(DrawnLabels {
                    intensity: 0.5 + f32::from(i),
                    action_units: vec![0.25, 1.125],
                    landmarks: (0..136u8).map(f32::from).collect(),
                    pose: [-10.0, 2.5, f32::from(i)],
                    light: [0.0, 0.6, 0.8],
                })
            }),
        };
        Face { picture: Picture::gray(8, 8, (0..64).map(|p: u8| p.wrapping_mul(3 * i + 1)).collect()), labels }
    };
    (0..6).map(face).collect()
}

fn write(folder: &Path) -> Result<FaceSet, Fault> {
    let classes = ["anger", "joy"].map(str::to_owned).to_vec();
    let preprocessing = Preprocessing::standard("none", "none", 8);
    let mut info = FaceSetInfo::new("golden", classes, preprocessing.clone());
    info.databases = vec![DatabaseFaces { database: "db".to_owned(), n_faces: 2, n_lost: 1, preprocessing }];
    info.licences = vec![Licence { database: "db".to_owned(), terms: "made for a test".to_owned() }];
    let lineage = Lineage { people: ["db:S010".parse()?].into(), content: ["0f".repeat(32)].into() };
    info.generator = Some(GeneratorCard::new("gan".to_owned(), 7, lineage, "settings".to_owned()));
    info.caveats = vec!["made for a test".to_owned()];
    let mut writer = FaceSetWriter::create(folder, info)?;
    faces_of(u32::MAX).iter().try_for_each(|face| writer.push(face))?;
    writer.finish()
}

fn read(set: &FaceSet) -> Result<Vec<Face>, Fault> {
    let mut read = Vec::new();
    set.for_each(|face| {
        read.push(face);
        Ok(())
    })?;
    Ok(read)
}

#[test]
fn sets_of_every_version_are_read_and_have_the_identity_that_they_had() {
    let versions = files::sorted_entries(&golden()).unwrap();
    assert!(!versions.is_empty());
    for version in versions {
        let set = FaceSet::open(&version.join("faces")).unwrap();
        assert_eq!(version.file_name().unwrap().to_str().unwrap(), format!("v{}", set.info().version));
        let mut expected = faces_of(set.info().version);
        assert_eq!(read(&set).unwrap(), expected, "{}", version.display());
        let mut labels = Vec::new();
        set.for_each_labels(|of_face| labels.push(of_face)).unwrap();
        assert_eq!(labels, expected.drain(..).map(|face| face.labels).collect::<Vec<_>>());
        assert_eq!(set.info().content_sha256, CONTENT);
    }
}

#[test]
fn what_is_written_now_says_what_the_file_of_its_version_says() {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("golden");
    files::remove_folder(&place).unwrap();
    files::create_folder(&place).unwrap();
    let set = write(&place.join("faces")).unwrap();
    let version = golden().join(format!("v{}", set.info().version)).join("faces");
    let wanted = format!("a set of this version: copy {} to {}", place.join("faces").display(), version.display());
    let old = FaceSet::open(&version).expect(&wanted);
    // A field that is added to `face_set.json` needs a new version: older programs refuse what they do not know.
    let json = |set: &FaceSet| -> serde_json::Value {
        let mut json = serde_json::from_slice(&files::read(&set.folder().join("face_set.json")).unwrap()).unwrap();
        // Another version of the Parquet library may write other bytes.
        serde_json::Value::pointer_mut(&mut json, "/shards/0/sha256").unwrap().take();
        json
    };
    assert_eq!(json(&set), json(&old));
    assert_eq!(read(&set).unwrap(), read(&old).unwrap());
}
