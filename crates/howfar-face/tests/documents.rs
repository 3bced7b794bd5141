//! docs/formats.md describes every column that a face set is written with, and no other.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::collections::BTreeSet;

use howfar_face::Provenance;
use howfar_face::test_sets::{TestSet, labels};
use parquet::file::reader::{FileReader, SerializedFileReader};

const DOCUMENT: &str = include_str!("../../../docs/formats.md");

#[test]
fn every_column_of_a_shard_stands_in_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let mut set = TestSet::new("small", &["a"], 8);
    set.push_plain(labels(0, "db:p1", Provenance::Real), 9);
    let set = set.write(folder.path());
    let shard = std::fs::File::open(set.folder().join(&set.info().shards[0].file)).unwrap();
    let schema = SerializedFileReader::new(shard).unwrap();
    let schema = schema.metadata().file_metadata().schema_descr();
    let written: BTreeSet<&str> = schema.root_schema().get_fields().iter().map(|field| field.name()).collect();
    let rows = DOCUMENT.lines().skip_while(|line| *line != "| column | type | meaning |").skip(2);
    let cells = rows.take_while(|line| line.starts_with('|')).map(|line| line.split('|').nth(1).unwrap());
    let described: BTreeSet<&str> = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    assert_eq!(described, written);
}
