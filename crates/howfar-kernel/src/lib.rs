//! CPU kernels for small convolutional networks: slices in, slices out. The only crate with `unsafe`.

/// What the kernels compute with on this machine: `plain`.
pub fn instruction_set() -> &'static str {
    "plain"
}
