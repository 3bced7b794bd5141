//! The Parquet files of a face set in the making.
//!
//! In: rows, a row group at a time. Out: shards under the names that they have until the set is complete, and groups in
//! files of their own, each with its SHA-256. Knows no order to go on in after a stop.

use std::path::{Path, PathBuf};

use crate::dataset_card::hugging_face_features;
use crate::hashing_file::HashingFile;
use crate::row::{COLUMNS, Row, rows};
use crate::table::{TableReader, TableWriter};
use crate::{Fault, Shard, files};

/// The shard that rows are written into; begun with the first of them.
pub(crate) struct OpenShard {
    /// The set's.
    folder: PathBuf,
    classes: Vec<String>,
    /// How many shards lie before it.
    number: usize,
    table: Option<TableWriter<HashingFile, Row>>,
    n_rows: u64,
}

impl OpenShard {
    pub fn first(folder: &Path, classes: &[String]) -> Self {
        OpenShard { folder: folder.to_owned(), classes: classes.to_vec(), number: 0, table: None, n_rows: 0 }
    }

    /// Rows in it.
    pub fn n_rows(&self) -> u64 {
        self.n_rows
    }

    /// Leaves its number to a shard that is there already.
    pub fn skip(&mut self) {
        self.number += 1;
    }

    /// Writes a row group.
    pub fn append(&mut self, rows: &[Row]) -> Result<(), Fault> {
        let mut table = match self.table.take() {
            Some(table) => table,
            None => open_table(&self.path(), &self.classes)?,
        };
        table.write(rows)?;
        self.table = Some(table);
        self.n_rows += rows.len() as u64;
        Ok(())
    }

    /// Ends it, if a row was written; the next one begins with the next row.
    pub fn close(&mut self) -> Result<Option<Shard>, Fault> {
        let Some(table) = self.table.take() else { return Ok(None) };
        let sha256 = table.finish()?.finish(&self.path())?;
        let shard = Shard { file: self.file(), n_faces: std::mem::take(&mut self.n_rows), sha256 };
        self.number += 1;
        Ok(Some(shard))
    }

    /// Closes its file unfinished, and says which it is.
    pub fn abandon(&mut self) -> PathBuf {
        self.table = None;
        self.path()
    }

    /// Writes a row group into a file of its own within the set's folder.
    pub fn write_apart(&self, file: String, rows: &[Row]) -> Result<Shard, Fault> {
        let path = self.folder.join(&file);
        let write = || {
            let mut table = open_table(&path, &self.classes)?;
            table.write(rows)?;
            table.finish()?.finish(&path)
        };
        let sha256 = write().inspect_err(|_| {
            // Half a group helps nobody, and the disk may be full.
            let _ = files::remove_file(&path);
        })?;
        Ok(Shard { file, n_faces: rows.len() as u64, sha256 })
    }

    fn file(&self) -> String {
        format!("data/shard-{:05}.parquet", self.number)
    }

    fn path(&self) -> PathBuf {
        self.folder.join(self.file())
    }
}

/// Begins a shard at `path`.
pub(crate) fn open_table(path: &Path, classes: &[String]) -> Result<TableWriter<HashingFile, Row>, Fault> {
    let file = HashingFile::create(path)?;
    TableWriter::new(file, path, COLUMNS, &[("huggingface", hugging_face_features(classes))])
}

/// Reads a file of rows back, a row group at a time.
pub(crate) fn for_each_group(
    path: &Path,
    n_classes: usize,
    mut visit: impl FnMut(Vec<Row>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let table = TableReader::open(path, COLUMNS)?;
    let mut n_rows = 0;
    for group_idx in 0..table.n_groups() {
        let group = rows(&table, group_idx, n_classes, n_rows)?.collect::<Result<Vec<Row>, Fault>>()?;
        n_rows += group.len() as u64;
        visit(group)?;
    }
    Ok(())
}
