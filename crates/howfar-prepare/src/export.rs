//! A face set in the layouts that other programs read.
//!
//! In: a face set. Out: a folder, whole or not at all. One face is in memory at a time; nothing is lost but what a
//! layout has no place for.

mod class_folders;
mod croissant;
mod image_folder;
mod parquet_folder;
mod tar_shards;

use std::collections::BTreeMap;
use std::path::Path;

use howfar_face::{Face, FaceLabels, FaceSet, Fault, files};

/// Faces written, by class.
pub type ExportCounts = BTreeMap<String, u64>;

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Class folders of PNG.
    Folder,
    /// PNG files beside a `metadata.csv`, which Python's `datasets` calls an image folder.
    ImageFolder,
    /// Tar files of PNG, class and JSON, as `webdataset` reads them.
    WebDataset,
    /// The Parquet files of the set with a dataset card and a description in Croissant, ready for a hub.
    Parquet,
}

impl Layout {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Folder, Self::ImageFolder, Self::WebDataset, Self::Parquet];

    /// The word on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Folder => "folder",
            Self::ImageFolder => "imagefolder",
            Self::WebDataset => "webdataset",
            Self::Parquet => "parquet",
        }
    }

    /// The layout of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layout| layout.name() == name)
    }
}

/// Writes a set to a folder that does not exist yet.
pub fn export(set: &FaceSet, layout: Layout, out: &Path) -> Result<ExportCounts, Fault> {
    if out.exists() {
        return Err(Fault::usage(out.display(), "this already exists; nothing is overwritten")
            .hint("give another --out, or remove the folder first"));
    }
    let partial = files::partial_name(out);
    files::remove_folder(&partial)?;
    files::create_folder(&partial)?;
    let written = match layout {
        Layout::Folder => class_folders::write(set, &partial),
        Layout::ImageFolder => image_folder::write(set, &partial),
        Layout::WebDataset => tar_shards::write(set, &partial),
        Layout::Parquet => parquet_folder::write(set, &partial),
    };
    if let Err(fault) = written {
        files::remove_folder(&partial)?;
        return Err(fault);
    }
    files::rename(&partial, out)?;
    counts(set)
}

fn counts(set: &FaceSet) -> Result<ExportCounts, Fault> {
    let mut n_of_label = vec![0; set.info().classes.len()];
    set.for_each_labels(|labels| n_of_label[labels.label] += 1)?;
    Ok(set.info().classes.iter().cloned().zip(n_of_label).collect())
}

/// A file of a folder that is made whole by its rename: no sync for each.
fn write_plainly(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    std::fs::write(path, bytes).map_err(|e| Fault::io(path, "write", &e))
}

/// What is known of a face, as names and texts; empty where nothing is.
fn words(labels: &FaceLabels, classes: &[String]) -> [(&'static str, String); 7] {
    [
        ("expression", classes[labels.label].clone()),
        ("person", labels.subject.to_string()),
        ("database", labels.subject.database().to_owned()),
        ("provenance", labels.provenance.name().to_owned()),
        ("parent", labels.parent.as_ref().map(ToString::to_string).unwrap_or_default()),
        ("group", labels.group.clone().unwrap_or_default()),
        ("source", labels.source.clone()),
    ]
}

/// Every face with its place in the set.
fn for_each_row(set: &FaceSet, mut visit: impl FnMut(u64, Face) -> Result<(), Fault>) -> Result<(), Fault> {
    let mut row = 0;
    set.for_each(|face| {
        visit(row, face)?;
        row += 1;
        Ok(())
    })
}
