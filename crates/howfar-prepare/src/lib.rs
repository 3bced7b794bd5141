//! From a face database's folder, or a photograph, to prepared faces.
//!
//! In: folders as their owners give them. Out: one face set, and a list with the reason for every file left out.
//! An adapter (`database/`) only lists what lies where; one pipeline decodes, finds, crops and writes. Knows nothing of
//! splits or training.
//!
//! To add a database: write `database/<name>.rs` beside its siblings and name it in `database.rs`.

mod account;
mod candidate;
mod check;
mod crop;
mod database;
mod decode;
mod detect;
mod detection;
mod export;
mod face_check;
mod face_detector;
mod face_finder;
mod feature_network;
mod folder_words;
mod frames;
mod gather;
mod generator_marks;
mod journal;
mod landmarks;
mod levels;
mod listing;
mod look;
mod metadata;
mod onnx;
mod parquet_table;
mod path_pattern;
mod photo;
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
mod resample;
mod setting;
mod source_settings;
mod spelling;
mod tree;
mod turn;
mod understand;
mod video;

pub use crop::{Crop, FaceBox, Point};
pub use database::{Database, adapter_names, find_database};
pub use decode::open_photo;
pub use export::{ExportCounts, Layout, export};
pub use face_check::shows_face;
pub use face_detector::FaceDetector;
pub use feature_network::FeatureNetwork;
pub use landmarks::{LANDMARK_SIDE, N_LANDMARKS, landmark_frame, mirrored_landmark};
pub use levels::{Level, LevelKind};
pub use listing::Reason;
pub use photo::{PhotoPath, PreparedFace, preprocess_photo};
pub use photo_list::{PhotoList, names_several, photo_list};
pub use pipeline::prepare;
pub use progress::{Progress, Stage};
pub use published::{Published, Unit};
pub use report::{ClassCount, PrepareReport, ReasonCount};
pub use request::{Align, Detect, PrepareRequest, Source};
pub use setting::Setting;
pub use source_settings::{FolderClasses, LabelsFrom, Lights, SourceSettings, Turn, Views};
pub use understand::{Understanding, UnderstoodClass, UnderstoodSource, understand};
