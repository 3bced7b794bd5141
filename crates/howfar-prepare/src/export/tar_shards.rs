//! Tar files of up to ten thousand faces as `webdataset` reads them: of each face `ROW.png`, `ROW.cls` (its label) and
//! `ROW.json` (what is known of it), one after the other.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use howfar_face::{FaceSet, Fault, encode_png};

use super::{for_each_row, words};

const FACES_PER_FILE: u64 = 10_000;
/// Owner and all others may read.
const MODE: u32 = 0o644;

/// Writes every face.
pub(super) fn write(set: &FaceSet, folder: &Path) -> Result<(), Fault> {
    let mut open: Option<Shard> = None;
    for_each_row(set, |row, face| {
        if row % FACES_PER_FILE == 0
            && let Some(full) = open.replace(Shard::create(folder, row / FACES_PER_FILE)?)
        {
            full.finish()?;
        }
        let Some(shard) = &mut open else { return Ok(()) };
        let known = words(&face.labels, &set.info().classes).into_iter();
        let known: serde_json::Map<_, _> = known.map(|(name, value)| (name.to_owned(), value.into())).collect();
        shard.add(&format!("{row:08}.png"), &encode_png(&face.picture))?;
        shard.add(&format!("{row:08}.cls"), face.labels.label.to_string().as_bytes())?;
        shard.add(&format!("{row:08}.json"), serde_json::Value::Object(known).to_string().as_bytes())
    })?;
    open.map_or(Ok(()), Shard::finish)
}

struct Shard {
    archive: tar::Builder<BufWriter<File>>,
    path: std::path::PathBuf,
}

impl Shard {
    fn create(folder: &Path, number: u64) -> Result<Self, Fault> {
        let path = folder.join(format!("faces-{number:06}.tar"));
        let file = File::create(&path).map_err(|e| Fault::io(&path, "create", &e))?;
        Ok(Shard { archive: tar::Builder::new(BufWriter::new(file)), path })
    }

    fn add(&mut self, name: &str, content: &[u8]) -> Result<(), Fault> {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(MODE);
        header.set_mtime(0);
        let added = self.archive.append_data(&mut header, name, content);
        added.map_err(|e| Fault::io(&self.path, "write", &e))
    }

    fn finish(self) -> Result<(), Fault> {
        let path = self.path;
        let written =
            self.archive.into_inner().and_then(|file| file.into_inner().map_err(std::io::IntoInnerError::into_error));
        written.map(drop).map_err(|e| Fault::io(&path, "write", &e))
    }
}
