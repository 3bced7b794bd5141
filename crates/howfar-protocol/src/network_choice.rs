//! What a study trains: networks by name, each drawn anew or with weights to begin with, or a classifier on the
//! features of a network of the user's.
//!
//! In: words and tables of a study file. Out: [`NetworkChoice`]s and a [`FeatureHead`]. Does not open weight files.

use std::ops::{Deref, DerefMut};
use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Network, OWN_PROGRAM};

/// All that `train.network` names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Networks {
    own: Vec<NetworkChoice>,
    /// Until the study's command is made of it ([`FeatureHead::command`]).
    pub(crate) head: Option<FeatureHead>,
}

impl Deref for Networks {
    type Target = Vec<NetworkChoice>;

    fn deref(&self) -> &Self::Target {
        &self.own
    }
}

impl DerefMut for Networks {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.own
    }
}

impl<'s> IntoIterator for &'s Networks {
    type Item = &'s NetworkChoice;
    type IntoIter = std::slice::Iter<'s, NetworkChoice>;

    fn into_iter(self) -> Self::IntoIter {
        self.own.iter()
    }
}

impl Serialize for Networks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.own.serialize(serializer)
    }
}

impl Networks {
    /// Sorts what stands in a list; two classifiers on features are one too many.
    pub(crate) fn of(asked: Vec<AskedNetwork>) -> Result<Self, &'static str> {
        let mut networks = Networks::default();
        for one in asked {
            match one {
                AskedNetwork::Own(choice) => networks.own.push(choice),
                AskedNetwork::Head(head) if networks.head.is_none() => networks.head = Some(head),
                AskedNetwork::Head(_) => return Err("train.network names two classifiers on features, expected one"),
            }
        }
        Ok(networks)
    }
}

/// One entry of `train.network`.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum AskedNetwork {
    Own(NetworkChoice),
    Head(FeatureHead),
}

/// `{ name = "linear", features = "dinov2.onnx" }`: what `howfar train-features` trains.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeatureHead {
    name: HeadName,
    pub features: PathBuf,
    range: Option<String>,
}

/// A classifier on features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HeadName {
    /// Multinomial logistic regression.
    Linear,
    /// One hidden layer.
    Mlp,
}

impl HeadName {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Linear, Self::Mlp];

    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Mlp => "mlp",
        }
    }
}

impl FeatureHead {
    /// The same as a study's command.
    pub fn command(&self) -> Vec<String> {
        let features = self.features.to_string_lossy();
        let mut words = vec![OWN_PROGRAM, "train-features", "--features", &features, "--head", self.name.name()];
        if let Some(range) = &self.range {
            words.extend(["--features-range", range]);
        }
        words.into_iter().map(str::to_owned).collect()
    }
}

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
