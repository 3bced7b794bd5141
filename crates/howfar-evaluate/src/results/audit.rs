//! What an audit of a study's faces found, in the words and numbers of `audit.json` and `results.json`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::results::caveat::Caveat;

/// One finding of one audit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// `lineage`, `duplicates`, `shortcut`, `labels`, `identity` or `licences`.
    pub audit: String,
    /// A short name that stays the same: `duplicate-across-parts`, `shortcut` …
    pub code: String,
    /// Whether a reader must know it before believing a number.
    pub is_caveat: bool,
    /// What was found.
    pub text: String,
    /// What would help; empty where nothing needs to be done.
    pub advice: String,
    /// Numbers by name; percentages and counts are called so.
    pub figures: BTreeMap<String, f64>,
    /// Up to a handful of places to look at.
    pub examples: Vec<String>,
}

impl Finding {
    /// The caveat that it is, if it is one.
    pub fn caveat(&self) -> Option<Caveat> {
        let Finding { code, text, advice, .. } = self.clone();
        self.is_caveat.then_some(Caveat { code, text, advice })
    }
}
