//! How often the faces that judge were looked at in a study's folder.
//!
//! In: the results of an analysis and the names of the cells that they were made from. Out: [`Looks`], the contents of
//! `looks.json`. The same cells with the same choice are one look, however often they are analysed; another grid, seed,
//! recipe or split is another look, and what is chosen among several looks is too rosy. No clock stands here, and
//! nothing of it stands in `results.json`.

use howfar_face::checksum::Hasher;
use howfar_protocol::Role;
use serde::{Deserialize, Serialize};

use crate::results::{Results, StudyFacts};

/// `looks.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Looks {
    /// Always `howfar looks`.
    pub format: String,
    /// The format's version.
    pub version: u32,
    /// The first look first.
    pub looks: Vec<Judging>,
}

/// One look at the faces that judge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Judging {
    /// Identity of the cells and of what was chosen.
    pub analysis_sha256: String,
    /// Content of the real and unseen sets.
    pub faces_sha256: Vec<String>,
    /// The chosen k of every recipe, network and generated set.
    pub chosen: Vec<String>,
}

impl Looks {
    /// Name and version of the format.
    pub const FORMAT: (&'static str, u32) = ("howfar looks", 1);

    /// Nobody has looked yet.
    pub fn none() -> Self {
        let (format, version) = Self::FORMAT;
        Looks { format: format.to_owned(), version, looks: Vec::new() }
    }

    /// Notes an analysis of these cells; nothing is new where it was noted before. Cells come by name, which holds all
    /// their inputs.
    pub fn note(&mut self, results: &Results, cells: impl Iterator<Item = String>) {
        let chosen: Vec<String> = results
            .recipes
            .iter()
            .filter_map(|recipe| Some(format!("{}: k = {}", recipe.name(), recipe.choice.as_ref()?.chosen)))
            .collect();
        let mut cells: Vec<String> = cells.collect();
        cells.sort_unstable();
        let mut hash = Hasher::default();
        cells.iter().chain(&chosen).for_each(|text| hash.update_text(text));
        let look = Judging { analysis_sha256: hash.finish(), faces_sha256: judges(&results.study), chosen };
        if !self.looks.iter().any(|other| other.analysis_sha256 == look.analysis_sha256) {
            self.looks.push(look);
        }
    }

    /// Looks at any of the faces that judge in a study.
    pub fn at(&self, study: &StudyFacts) -> usize {
        let judges = judges(study);
        self.looks.iter().filter(|look| look.faces_sha256.iter().any(|faces| judges.contains(faces))).count()
    }
}

fn judges(study: &StudyFacts) -> Vec<String> {
    study.sets.iter().filter(|set| set.role != Role::Generated).map(|set| set.content_sha256.clone()).collect()
}
