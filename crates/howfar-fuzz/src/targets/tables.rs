//! Tables in Parquet: datasets of others, our own face sets and predictions, and what a stopped preparation left.

use std::ops::ControlFlow;
use std::path::Path;

use howfar_face::{FaceSet, FaceSetWriter, FaceStore, Fault, GroupSizes, Preprocessing, Provenance, accept_changes};
use howfar_prepare::{Detect, FolderClasses, PrepareRequest, Source, SourceSettings, prepare};
use howfar_protocol::{Part, Prediction, for_each_prediction, write_predictions};
use image::ImageFormat;

use crate::made::{CLASSES, dataset_tables, face_set, faces, set_info};
use crate::target::{Seeds, Target, is_taken, moved, put};
use crate::targets::pictures::{colours, encoded};

/// A dataset of somebody else's, through the adapter `hf`, pictures and all.
pub(crate) const DATASET: Target = Target::bytes("dataset", |_| dataset_tables(), dataset);
/// What a dataset's folder says of its columns.
pub(crate) const DATASET_CARD: Target = Target::text("dataset-card", dataset_cards, dataset_card);
/// A shard of a face set of our own.
pub(crate) const FACE_SET: Target = Target::bytes("face-set", shards, |place, bytes| {
    put(place, SHARD, bytes);
    reads_set(place)
});
/// What is recorded of a face set.
pub(crate) const FACE_SET_JSON: Target = Target::text("face-set-json", set_records, |place, bytes| {
    put(place, RECORD, bytes);
    reads_set(place)
});
/// A face set whose change is accepted.
pub(crate) const ACCEPTED: Target = Target::bytes("face-set-accepted", accepted_shards, |place, bytes| {
    put(place, SHARD, bytes);
    // What the acceptance of the input before has written.
    put(place, RECORD, &std::fs::read(place.join("kept.json")).unwrap_or_default());
    is_taken(accept_changes(&place.join("set")).map(|accepted| accepted.words()))
});
/// What a stopped writer of a face set goes on from.
pub(crate) const UNFINISHED: Target = Target::text("unfinished-json", unfinished_records, unfinished);
/// What a stopped preparation goes on from: its record …
pub(crate) const LOOKED_JSON: Target = Target::text("looked-json", looked_records, |place, bytes| {
    put(place, "faces.looked/entries", &std::fs::read(place.join("entries")).unwrap_or_default());
    put(place, "faces.looked/looked.json", &moved(bytes, ANY_REQUEST, &request_sha256(place)));
    goes_on(place)
});
/// … and what it has looked at.
pub(crate) const LOOKED: Target = Target::bytes("looked-entries", looked_entries, |place, bytes| {
    put(place, "faces.looked/entries", bytes);
    put(place, "faces.looked/looked.json", &std::fs::read(place.join("looked.json")).unwrap_or_default());
    goes_on(place)
});
/// What networks have said of faces.
pub(crate) const PREDICTIONS: Target = Target::bytes("predictions", predictions, |place, bytes| {
    put(place, "predictions.parquet", bytes);
    is_taken(for_each_prediction(&place.join("predictions.parquet"), &Part::ALL, |prediction| {
        std::hint::black_box(prediction.predicted());
    }))
});

const SHARD: &str = "set/data/train-00000-of-00001.parquet";
const RECORD: &str = "set/face_set.json";

fn dataset(place: &Path, bytes: &[u8]) -> bool {
    put(place, "a.parquet", bytes);
    let settings = SourceSettings { classes: FolderClasses::Any, ..SourceSettings::default() };
    prepares(place, "hf", &place.join("a.parquet"), settings)
}

fn dataset_card(place: &Path, bytes: &[u8]) -> bool {
    // JSON under either name, the card for people under the third.
    let name = if bytes.starts_with(b"---") { "README.md" } else { "dataset_infos.json" };
    let other = if name == "README.md" { "dataset_infos.json" } else { "README.md" };
    put(place, &format!("data/{name}"), bytes);
    put(place, &format!("data/{other}"), b"");
    let settings = SourceSettings { classes: FolderClasses::Any, ..SourceSettings::default() };
    prepares(place, "hf", &place.join("data"), settings)
}

fn dataset_cards(place: &Path) -> Seeds {
    // The last table says nothing of its columns.
    put(place, "data/a.parquet", dataset_tables()?.last().ok_or("there is a table")?);
    let features = r#"{"image": {"_type": "Image"}, "label": {"names": ["angry", "sad"], "_type": "ClassLabel"}}"#;
    let card = "---\ndataset_info:\n  features:\n  - name: image\n    dtype: image\n  - name: label\n    dtype:\n      \
        class_label:\n        names:\n          '0': angry\n          '1': \"sad\"\n---\n# Faces\n";
    Ok(vec![
        format!(r#"{{"default": {{"description": "", "features": {features}}}}}"#).into_bytes(),
        format!(r#"{{"info": {{"features": {features}}}}}"#).into_bytes(),
        card.into(),
    ])
}

/// Prepares a source into a face set, which is thrown away.
fn prepares(place: &Path, adapter: &str, path: &Path, settings: SourceSettings) -> bool {
    let request = request(place, adapter, path, settings);
    let _ = std::fs::remove_dir_all(&request.out);
    is_taken(prepare(&request, &mut |_| ControlFlow::Continue(())))
}

fn request(place: &Path, adapter: &str, path: &Path, settings: SourceSettings) -> PrepareRequest {
    let source = Source { adapter: adapter.to_owned(), path: path.to_owned() };
    PrepareRequest {
        detect: Detect::None,
        size: 16,
        max_megapixels: 1.0,
        max_losses: 1.0,
        settings,
        ..PrepareRequest::new(vec![source], place.join("faces"))
    }
}

/// Reads a set in every way: its labels, its faces, into memory.
fn reads_set(place: &Path) -> bool {
    let folder = place.join("set");
    let read = |set: FaceSet| {
        set.for_each_labels(drop)?;
        set.for_each(|_| Ok(()))?;
        let mut store =
            FaceStore::new(CLASSES.map(str::to_owned).to_vec(), &Preprocessing::standard("none", "none", 16));
        store.add(&set)
    };
    is_taken(FaceSet::open(&folder).and_then(read))
}

fn small_set(place: &Path) -> Result<FaceSet, Fault> {
    face_set(&place.join("set"), Provenance::Drawn, "db", 3)
}

fn shards(place: &Path) -> Seeds {
    small_set(place)?;
    let packed = repacked(&std::fs::read(place.join(SHARD))?)?;
    Ok([vec![std::fs::read(place.join(SHARD))?], packed].concat())
}

/// The same table as another program might write it, in the compressions of Python's writers.
fn repacked(table: &[u8]) -> Result<Vec<Vec<u8>>, Box<dyn std::error::Error>> {
    crate::made::repacked(table)
}

fn set_records(place: &Path) -> Seeds {
    small_set(place)?;
    Ok(vec![std::fs::read(place.join(RECORD))?])
}

fn accepted_shards(place: &Path) -> Seeds {
    let seeds = shards(place)?;
    std::fs::copy(place.join(RECORD), place.join("kept.json"))?;
    Ok(seeds)
}

const SIZES: GroupSizes = GroupSizes { group: 4, shard: 8 };

fn unfinished(place: &Path, bytes: &[u8]) -> bool {
    // What is not believed is removed.
    for (kept, file) in UNFINISHED_FILES {
        put(place, &format!("set.partial/{file}"), &std::fs::read(place.join(kept)).unwrap_or_default());
    }
    put(place, "set.partial/unfinished.json", bytes);
    let resumed = FaceSetWriter::resume(&place.join("set"), set_info(), SIZES, "asked for");
    // A record that is not believed is no error: the writer begins anew.
    let n_faces = resumed.as_ref().map_or(0, FaceSetWriter::n_faces);
    is_taken(resumed) && n_faces > 0
}

/// Where the files of a stopped writer are kept, and what they are called.
const UNFINISHED_FILES: [(&str, &str); 3] =
    [("shard", "data/shard-00000.parquet"), ("group", "groups/00000.parquet"), ("rest", "groups/rest.parquet")];

fn unfinished_records(place: &Path) -> Seeds {
    let mut writer = FaceSetWriter::resume(&place.join("set"), set_info(), SIZES, "asked for")?;
    writer.set_note("{\"person\": 4}".to_owned());
    // A shard, a group of the next one, and a rest.
    faces(Provenance::Drawn, "db", 5)?.iter().take(14).try_for_each(|face| writer.push(face))?;
    drop(writer);
    let partial = place.join("set.partial");
    for (kept, file) in UNFINISHED_FILES {
        std::fs::copy(partial.join(file), place.join(kept)).map_err(|e| format!("{file}: {e}"))?;
    }
    Ok(vec![std::fs::read(partial.join("unfinished.json"))?])
}

/// Goes on with a preparation that was stopped.
fn goes_on(place: &Path) -> bool {
    prepares(place, "folder", &place.join("pictures"), SourceSettings::default())
}

fn stopped(place: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let png = encoded(&colours(), ImageFormat::Png)?;
    let other = encoded(&colours().rotate90(), ImageFormat::Png)?;
    put(place, "pictures/anger/1.png", &png);
    put(place, "pictures/fear/2.png", &other);
    put(place, "pictures/fear/3.png", b"no picture");
    let request = request(place, "folder", &place.join("pictures"), SourceSettings::default());
    let mut n_told = 0;
    let stopped = prepare(&request, &mut |progress| {
        n_told += usize::from(progress.stage == howfar_prepare::Stage::Looking && progress.done > 0);
        if n_told > 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if stopped.is_ok() {
        return Err("the preparation was not stopped".into());
    }
    for file in ["looked.json", "entries"] {
        std::fs::copy(place.join("faces.looked").join(file), place.join(file))?;
    }
    Ok(())
}

/// In place of the hash of what was asked for and where: inputs are the same wherever they are tried.
const ANY_REQUEST: &str = "what-was-asked-for";

/// That hash.
fn request_sha256(place: &Path) -> String {
    let record = std::fs::read(place.join("looked.json")).unwrap_or_default();
    let record: serde_json::Value = serde_json::from_slice(&record).unwrap_or_default();
    record["request_sha256"].as_str().unwrap_or("none").to_owned()
}

fn looked_records(place: &Path) -> Seeds {
    stopped(place)?;
    Ok(vec![moved(&std::fs::read(place.join("looked.json"))?, &request_sha256(place), ANY_REQUEST)])
}

fn looked_entries(place: &Path) -> Seeds {
    stopped(place)?;
    Ok(vec![std::fs::read(place.join("entries"))?])
}

fn predictions(place: &Path) -> Seeds {
    let path = place.join("predictions.parquet");
    let mut said = Vec::new();
    for (row, part) in (0..24).zip(Part::ALL.into_iter().cycle()) {
        let (set, subject) = ("0123456789abcdef".to_owned(), format!("db:p{}", row / 3).parse()?);
        said.push(Prediction {
            part,
            set,
            row,
            subject,
            label: row as usize % 3,
            probabilities: vec![0.25, 0.5, 0.25],
        });
    }
    said.sort_by_key(|prediction| prediction.part);
    write_predictions(&path, &CLASSES.map(str::to_owned), &said)?;
    let table = std::fs::read(&path)?;
    let packed = repacked(&table)?;
    Ok([vec![table], packed].concat())
}
