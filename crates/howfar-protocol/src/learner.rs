//! What learns in a cell: a network of howfar's own, or a program of somebody else.

use serde::{Deserialize, Serialize};

use crate::{Network, Recipe};

/// What is trained. In files a network is its name alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Learner {
    /// A network of howfar's own.
    Network(Network),
    /// The study's program (`train.command`), by its name in tables.
    Program {
        /// Its name.
        program: String,
    },
}

impl Learner {
    /// The word in tables.
    pub fn name(&self) -> &str {
        match self {
            Self::Network(network) => network.name(),
            Self::Program { program } => program,
        }
    }

    /// The recipe that trains it, in a word: a program has its own way.
    pub fn recipe_words(&self, recipe: Recipe) -> &'static str {
        self.network().map_or("program", |_| recipe.name())
    }

    /// The network, if it is howfar's own.
    pub fn network(&self) -> Option<Network> {
        match self {
            Self::Network(network) => Some(*network),
            Self::Program { .. } => None,
        }
    }
}

impl From<Network> for Learner {
    fn from(network: Network) -> Self {
        Self::Network(network)
    }
}

impl PartialEq<Network> for Learner {
    fn eq(&self, other: &Network) -> bool {
        self.network() == Some(*other)
    }
}
