//! Pictures that stand in the page itself.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// A contact sheet of a face set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetPicture {
    /// The set's name.
    pub title: String,
    /// What is seen, in a sentence.
    pub caption: String,
    /// The picture as PNG.
    pub png: Vec<u8>,
}

/// What a page shows beside numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pictures {
    /// Contact sheets of the face sets.
    pub sheets: Vec<SheetPicture>,
    /// Single faces as PNG, by set and row.
    pub faces: BTreeMap<(String, u64), Vec<u8>>,
}

/// The address of a PNG that stands in the page itself.
pub(crate) fn picture_data(png: &[u8]) -> String {
    format!("data:image/png;base64,{}", BASE64_STANDARD.encode(png))
}
