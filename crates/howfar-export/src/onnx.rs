//! Networks as ONNX files (opset 18).
//!
//! In: a classifier's model, or a generator. Out: the bytes of a file. `classifier.rs`, `stargan.rs` and `stylegan2.rs`
//! hold a graph each; that other programs compute what howfar computes is tested by them
//! (`python/tests/test_export.py`).

mod classifier;
mod generator;
mod graph;
mod proto;
mod stargan;
mod stylegan2;

pub(crate) use classifier::bytes as of_classifier;
pub(crate) use generator::bytes as of_generator;
