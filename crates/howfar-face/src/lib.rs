//! The nouns of the product: expression, subject, face, provenance, licence, and the face set with its file format.
//!
//! In: pictures with labels. Out: a face set on disk that Python's `datasets` reads, and the same set in memory.
//! This crate knows neither randomness nor the engine nor any database's folders.

mod accept;
mod album;
pub mod checksum;
mod content_hash;
pub mod csv_table;
mod dataset_card;
mod expression;
mod expression_words;
mod face;
mod face_set;
mod face_store;
mod fault;
mod file_kind;
pub mod files;
pub mod fingerprint;
mod hashing_file;
mod lineage;
mod machine;
mod pixel_store;
mod png;
mod portraits;
mod printable;
mod row;
mod row_table;
mod shards;
mod shots;
mod subject;
pub mod table;
#[cfg(any(test, feature = "test-support"))]
pub mod test_sets;
mod unfinished;
mod writer;

pub use accept::{Accepted, accept_changes};
pub use album::Album;
pub use content_hash::ContentHash;
pub use expression::{Expression, closest_name, edit_distance};
pub use face::{Colour, DrawnLabels, Face, FaceLabels, LUMA, Picture, Provenance};
pub use face_set::{DatabaseFaces, FaceSet, FaceSetInfo, GeneratorCard, Licence, Preprocessing, Shard};
pub use face_store::{FaceStore, StoredFace};
pub use fault::{Fault, FaultKind};
pub use file_kind::{FileKind, foreign_file, foreign_picture_endings, raw_by_ending, refuse_stand_in};
pub use lineage::Lineage;
pub use machine::{check_memory, memory_bytes};
pub use png::{decode_png, encode_png};
pub use portraits::portrait_rows;
pub use printable::{acts_on_terminals, printable, printable_name, shortened};
pub use row_table::{RowPlaces, RowTable, TableRow};
pub use shots::{Shot, ShotIndex};
pub use subject::SubjectId;
pub use writer::{FaceSetWriter, GroupSizes};
