//! The networks that a study can train, one entry each.
//!
//! To add one, write its [`Plan`] here and a line for it under `networks!`, and its name where tests ask for it: in
//! `docs/study.md` and in the commented study file that `howfar init` writes. Weight files, studies, `--network` and
//! help take it from here.

use serde::{Deserialize, Serialize};

use crate::plan::{BlockPlan, Initial, Padding, Plan, hidden, plain, pooled};

/// The convolutions of table 1.
const TABLE_1: &[BlockPlan] = &[plain(32), pooled(64, 0.25), pooled(128, 0.0), pooled(128, 0.25)];

/// Table 1 of Gholipour Picha et al. (2023) with the padding that its sizes mean.
static TABLE1_SAME: Plan = Plan {
    name: "table1-same",
    n_parameters: 8_636_038,
    padding: Padding::Same,
    norm: false,
    initial: Initial::Glorot,
    blocks: TABLE_1,
    hidden: &[hidden(1024, 0.5)],
};

/// Table 1 as the authors' code has it, without padding.
static TABLE1_VALID: Plan =
    Plan { name: "table1-valid", n_parameters: 4_966_022, padding: Padding::Valid, ..TABLE1_SAME };

/// Four blocks with batch norm and one dense layer. What `predict` has embedded.
static COMPACT: Plan = Plan {
    name: "compact",
    n_parameters: 22_206,
    padding: Padding::Same,
    norm: true,
    initial: Initial::Default,
    blocks: &[pooled(12, 0.0), pooled(24, 0.0), pooled(32, 0.0), pooled(32, 0.4)],
    hidden: &[],
};

/// `compact` with twice the channels.
static MEDIUM: Plan = Plan {
    name: "medium",
    n_parameters: 81_846,
    blocks: &[pooled(24, 0.0), pooled(48, 0.0), pooled(64, 0.0), pooled(64, 0.4)],
    ..COMPACT
};

/// VGG16 (Simonyan and Zisserman, 2015): thirteen convolutions, two hidden layers.
static VGG16: Plan = Plan {
    name: "vgg16",
    n_parameters: 39_912_134,
    padding: Padding::Same,
    norm: false,
    initial: Initial::He,
    blocks: &[
        plain(64),
        pooled(64, 0.0),
        plain(128),
        pooled(128, 0.0),
        plain(256),
        plain(256),
        pooled(256, 0.0),
        plain(512),
        plain(512),
        pooled(512, 0.0),
        plain(512),
        plain(512),
        pooled(512, 0.0),
    ],
    hidden: &[hidden(4096, 0.5), hidden(4096, 0.5)],
};

/// The enum of the networks, its list, and the plan of each: a plan that is not named here is dead code to the
/// compiler.
macro_rules! networks {
    ($($variant:ident: $plan:ident),+ $(,)?) => {
        /// A network that a study can train.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Network {
            $(#[doc = concat!("`", stringify!($plan), "` of the table.")] $variant),+
        }

        impl Network {
            /// All of them, in the order in which they are offered.
            pub const ALL: [Self; [$(Self::$variant),+].len()] = [$(Self::$variant),+];

            /// Its layers.
            pub fn plan(self) -> &'static Plan {
                match self {
                    $(Self::$variant => &$plan),+
                }
            }
        }
    };
}

networks! {
    Table1Same: TABLE1_SAME,
    Table1Valid: TABLE1_VALID,
    Compact: COMPACT,
    Medium: MEDIUM,
    Vgg16: VGG16,
}

impl Network {
    /// The word that stands in files.
    pub fn name(self) -> &'static str {
        self.plan().name
    }

    /// Reads the word back.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|network| network.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_distinct_and_read_back_here_and_in_files() {
        assert_eq!(Network::ALL.map(Network::name).into_iter().collect::<BTreeSet<_>>().len(), Network::ALL.len());
        for network in Network::ALL {
            assert_eq!(Network::from_name(network.name()), Some(network));
            assert_eq!(serde_json::to_value(network).unwrap(), network.name());
        }
    }

    /// The words in quotes of one kind after `start`, up to the first that is not one.
    fn words_after(text: &str, start: &str, separator: &str) -> Vec<String> {
        let rest = text.split_once(start).map(|(_, rest)| rest).unwrap_or_default();
        let line = rest.lines().next().unwrap_or_default();
        let words = line.split(separator).map(|word| word.trim_matches(['`', '#', ' ']).to_owned());
        words.take_while(|word| word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')).collect()
    }

    #[test]
    fn the_documents_list_every_network() {
        let mut names = Network::ALL.map(|network| network.name().to_owned()).to_vec();
        let study = words_after(include_str!("../../howfar/study.toml"), "# network = \"compact\"", ",");
        let manual = words_after(include_str!("../../../docs/study.md"), "| `train.network` | of the recipe |", ",");
        for (mut found, place) in [(study, "study.toml"), (manual, "docs/study.md")] {
            found.sort();
            names.sort();
            assert_eq!(found, names, "{place}");
        }
    }
}
