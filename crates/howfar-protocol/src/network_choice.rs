//! What a study trains: networks by name, each drawn anew or with weights to begin with.
//!
//! In: words and tables of a study file. Out: [`NetworkChoice`]s. Does not open weight files.

use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Network;

/// `"vgg16"`, or `{ name = "vgg16", weights = "weights/vgg16.safetensors" }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkChoice {
    /// Which network.
    pub network: Network,
    /// The file of the weights that training begins with; relative paths start at the study file's folder.
    pub weights: Option<PathBuf>,
}

impl NetworkChoice {
    /// The name of the weights in tables: the file's, without its ending.
    pub fn start(&self) -> Option<String> {
        let weights = self.weights.as_ref()?;
        Some(weights.file_stem().unwrap_or(weights.as_os_str()).to_string_lossy().into_owned())
    }

    /// What it goes by in tables: the weights' name, or that of a network drawn anew.
    pub(crate) fn name(&self) -> String {
        self.start().unwrap_or_else(|| self.network.name().to_owned())
    }
}

impl From<Network> for NetworkChoice {
    fn from(network: Network) -> Self {
        NetworkChoice { network, weights: None }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    name: Network,
    weights: PathBuf,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Name(Network),
    Table(Table),
}

impl Serialize for NetworkChoice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let NetworkChoice { network, weights } = self.clone();
        match weights {
            None => Written::Name(network),
            Some(weights) => Written::Table(Table { name: network, weights }),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for NetworkChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Written::deserialize(deserializer)? {
            Written::Name(network) => network.into(),
            Written::Table(Table { name, weights }) => NetworkChoice { network: name, weights: Some(weights) },
        })
    }
}
