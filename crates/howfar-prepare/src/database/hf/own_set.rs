//! A face set of our own, given as a dataset: classes, persons, provenances, parents and groups are taken over as they
//! are.
//!
//! In: a folder with `face_set.json`. Out: a find a face. The set is compared with its recorded identity first.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use howfar_face::{FaceSet, Fault};

use crate::database::label_classes::LabelClasses;
use crate::listing::{Found, Listing, Pixels, TakenOver};
use crate::parquet_table::{Kind, ParquetTable};
use crate::request::PrepareRequest;
use crate::tree::TreeFile;

pub(super) fn is_one(path: &Path) -> bool {
    path.join(FaceSet::INFO_FILE).is_file()
}

/// Refuses a file of such a set that is given without what is known of the set.
pub(super) fn refuse_shard(table: &ParquetTable, path: &Path) -> Result<(), Fault> {
    let has = |name: &&str| table.columns().iter().any(|column| column.name == **name);
    if !["subject", "provenance", "parent", "source", "sha256"].iter().all(has) {
        return Ok(());
    }
    Err(Fault::data(path.display(), "this is a file of a face set, without the face_set.json that belongs to it")
        .hint("give the folder that holds face_set.json: people, parents and provenance are taken over then"))
}

pub(super) fn list(path: &Path, request: &PrepareRequest) -> Result<Listing, Fault> {
    let set = FaceSet::open(path)?;
    let info = set.info();
    let names: BTreeSet<&str> = info.classes.iter().map(String::as_str).collect();
    let classes = LabelClasses::of(&names, &|_| path.display().to_string(), request)?;
    let mut listing = Listing { cropped: true, licences: info.licences.clone(), ..Listing::default() };
    listing.generator = info.generator.clone();
    listing.caveats.extend(info.caveats.iter().cloned());
    let mut places = places(&set)?;
    let mut n_drawn = 0_u64;
    set.for_each_labels(|labels| {
        let (Some((shard, pixels)), Some(name)) = (places.next(), info.classes.get(labels.label)) else { return };
        n_drawn += u64::from(labels.drawn.is_some());
        let file = TreeFile { path: path.join(&shard), relative: labels.source.clone() };
        let Some(class) = classes.class(name, &labels.source, &mut listing) else { return };
        let (subject, provenance, parent) = (labels.subject, labels.provenance, labels.parent);
        // A face that is called by its picture is nobody's.
        let person = Some(subject.person().to_owned()).filter(|_| !subject.is_called_by(&labels.source));
        let taken_over = Some(Box::new(TakenOver { subject, provenance, parent }));
        listing.take(Found { pixels, person, group: labels.group, taken_over, ..Found::picture(&file, class) });
    })?;
    if n_drawn > 0 {
        listing.caveats.push(format!("landmarks, action units and light of {n_drawn} drawn faces are not taken over"));
    }
    Ok(listing)
}

/// Where the picture of each face stands, in the order of the faces.
fn places(set: &FaceSet) -> Result<impl Iterator<Item = (String, Pixels)> + use<>, Fault> {
    let mut shards = Vec::new();
    for shard in &set.info().shards {
        let table = Arc::new(ParquetTable::open(&set.folder().join(&shard.file))?);
        let leaf = table
            .columns()
            .iter()
            .find(|c| c.name == "image" && matches!(c.kind, Kind::Picture { .. }))
            .map_or(0, |c| c.leaf);
        shards.push((shard.file.clone(), table, leaf));
    }
    Ok(shards.into_iter().flat_map(|(file, table, leaf)| {
        (0..table.n_groups()).flat_map(move |group| {
            let (file, table) = (file.clone(), Arc::clone(&table));
            let n_rows = table.n_rows(group);
            (0..n_rows).map(move |row| (file.clone(), Pixels::Row { table: Arc::clone(&table), leaf, group, row }))
        })
    }))
}
