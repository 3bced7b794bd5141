//! How much a foreign file may ask for. Files of the field stay far below; a file that was made to do harm stops here.
//!
//! Together they keep a reader's memory below the file's size and 300 MB more (`tests/memory.rs`), and its time below
//! some seconds. This file knows nothing of formats.

pub use howfar_safetensors::{DIMENSIONS, NAME_BYTES, TENSORS};

/// Bytes of a file: torchvision's VGG16 has 528 MB, StyleGAN2 at 1024 pixels with both networks and the average 380 MB.
pub const FILE_BYTES: u64 = 640 << 20;
/// Bytes that an import may write: 32-bit floats.
pub const WRITTEN_BYTES: usize = 1 << 30;
/// Values that all pickles of a file may make; a state dict with its optimiser has some thousands.
pub const VALUES: usize = 1_000_000;
/// Opcodes of all pickles of a file.
pub const STEPS: usize = 8_000_000;
/// Values that wait on a pickle's stack.
pub const STACK: usize = 100_000;
/// Lists and tuples begun and not ended.
pub const MARKS: usize = 1_000;
/// Numbers in the memo of a pickle.
pub const MEMO: usize = 1_000_000;
/// How deep networks may lie in each other.
pub const DEPTH: usize = 64;
/// Values visited in search of tensors: a shared value counts as often as it is reached.
pub const VISITS: usize = 300_000;
/// Pairs of dictionaries looked at in all of these visits; a network of a thousand layers needs a hundred thousand.
pub const LOOKS: usize = 4_000_000;
/// Files in a zip archive.
pub const ENTRIES: usize = 60_000;
