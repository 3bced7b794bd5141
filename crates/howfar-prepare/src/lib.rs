//! From a face database's folder to prepared faces.
//!
//! In: folders as their owners give them. Out: one face set, and a list with the reason for every file left out.
//! An adapter (`database/`) only lists what lies where; one pipeline decodes, crops (`howfar-crop`) and writes. Knows
//! nothing of splits or training.
//!
//! To add a database: write `database/<name>.rs` beside its siblings and name it in `database.rs`.

mod account;
mod candidate;
mod check;
mod database;
mod decode;
mod export;
mod face_detector;
mod feature_network;
mod folder_words;
mod frames;
mod gather;
mod generator_marks;
mod journal;
mod levels;
mod listing;
mod look;
mod metadata;
mod onnx;
mod parquet_table;
mod path_pattern;
mod photo_list;
mod picture_file;
mod pipeline;
mod pixels;
mod progress;
mod prompt;
mod published;
mod repeats;
mod report;
mod request;
mod setting;
mod source_settings;
mod spelling;
mod tree;
mod turn;
mod understand;
mod video;

pub use database::{Database, adapter_names, find_database};
pub use decode::open_photo;
pub use export::{ExportCounts, Layout, export};
pub use face_detector::FaceDetector;
pub use feature_network::FeatureNetwork;
pub use levels::{Level, LevelKind};
pub use listing::Reason;
pub use photo_list::{PhotoList, names_several, photo_list};
pub use pipeline::prepare;
pub use progress::{Progress, Stage};
pub use published::{Published, Unit};
pub use report::{ClassCount, PrepareReport, ReasonCount};
pub use request::{Align, Detect, PrepareRequest, Source};
pub use setting::Setting;
pub use source_settings::{FolderClasses, LabelsFrom, Lights, SourceSettings, Turn, Views};
pub use understand::{Understanding, UnderstoodClass, UnderstoodSource, understand};
