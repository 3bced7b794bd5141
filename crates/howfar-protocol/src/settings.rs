//! How one network is trained: the recipes of the protocol and what a study may override.

pub use howfar_network::Network;
use serde::{Deserialize, Serialize};

use crate::Learner;

/// A named way to train. All arms of a study share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Recipe {
    /// The paper's: Adam 1e-4, batch 64, pixels/255, no augmentation, early stopping with patience 5, at most 50
    /// epochs.
    Paper,
    /// A small network with batch norm, per-picture standardisation, augmentation, AdamW and a one-cycle rate.
    Modern,
    /// `Modern` with changes of light, tone and sharpness in training, and mirrored twins when asked.
    Robust,
}

/// How 0..=255 becomes what the network sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PixelScaling {
    /// Divided by 255.
    UnitRange,
    /// Less the picture's own mean, divided by its own standard deviation (at least 1 of 255).
    PerPicture,
}

/// What turns gradients into steps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "name")]
pub enum Optimiser {
    /// Kingma and Ba (2015), β = (0.9, 0.999), ε = 1e-8.
    Adam,
    /// Loshchilov and Hutter (2019): Adam with decoupled weight decay.
    AdamW {
        /// Share of a weight that a step of rate 1 takes away.
        weight_decay: f32,
    },
}

/// How the learning rate moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// It stays.
    Constant,
    /// Smith and Topin (2019), as PyTorch's OneCycleLR: a cosine from 1/25 of the maximum up to it over the first 30 %
    /// of all steps, then a cosine down to 1/10,000 of the start.
    OneCycle,
}

/// Which weights a run keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keep {
    /// Those of the epoch with the lowest loss on real validation people.
    Best,
    /// Those of the last epoch.
    Last,
}

/// Random changes to a training picture, drawn anew each time it is seen. What a file does not name is not done.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Augmentation {
    /// Rotation is uniform in ± this many degrees.
    pub rotation_degrees: f32,
    /// Scale is uniform in 1 ± this.
    pub scale: f32,
    /// Shift in both directions is uniform in ± this share of the side.
    pub shift: f32,
    /// Whether half of the pictures are mirrored.
    pub flip: bool,
    /// Contrast is uniform in 1 ± this, brightness in ± half of it (of the full range).
    pub light: f32,
    /// Uneven light: its logarithm at the border against the middle is uniform up to this in any direction, and in ±
    /// this in the middle of a round patch.
    #[serde(skip_serializing_if = "is_zero")]
    pub light_field: f32,
    /// Shares of the picture's own range of gray that are clipped at the dark and at the bright end: each uniform up to
    /// this.
    #[serde(skip_serializing_if = "is_zero")]
    pub clipping: f32,
    /// The logarithm of the exponent of the tone curve is uniform in ± this.
    #[serde(skip_serializing_if = "is_zero")]
    pub gamma: f32,
    /// Standard deviation of the blur, uniform up to this, in pixels of a picture of 64 a side.
    #[serde(skip_serializing_if = "is_zero")]
    pub blur: f32,
    /// Standard deviation of the noise, uniform up to this, in gray levels.
    #[serde(skip_serializing_if = "is_zero")]
    pub noise: f32,
    /// How often a rectangle of 2 to 20 % of the picture is covered with one gray level.
    #[serde(skip_serializing_if = "is_zero")]
    pub erasing: f32,
}

fn is_zero(range: &f32) -> bool {
    *range == 0.0
}

impl Augmentation {
    /// The `modern` recipe's: ±8.6°, ±12 %, ±8 %, flips.
    pub const MODERN: Self = Augmentation {
        rotation_degrees: 8.6,
        scale: 0.12,
        shift: 0.08,
        flip: true,
        light: 0.0,
        light_field: 0.0,
        clipping: 0.0,
        gamma: 0.0,
        blur: 0.0,
        noise: 0.0,
        erasing: 0.0,
    };
    /// The `robust` recipe's: those, and light, tone, sharpness and cover.
    pub const ROBUST: Self = Augmentation {
        light_field: 0.7,
        clipping: 0.25,
        gamma: 0.5,
        blur: 1.2,
        noise: 8.0,
        erasing: 0.25,
        ..Self::MODERN
    };

    /// Whether anything but places is changed, beside contrast and brightness.
    pub fn is_photometric(&self) -> bool {
        let ranges = [self.light_field, self.clipping, self.gamma, self.blur, self.noise, self.erasing];
        ranges.iter().any(|range| *range > 0.0)
    }

    /// The first range that makes no sense: its name, its number, the largest that does.
    pub(crate) fn out_of_range(&self) -> Option<(&'static str, f32, f32)> {
        let ranges = [
            ("rotation_degrees", self.rotation_degrees, 180.0),
            ("scale", self.scale, 0.9),
            ("shift", self.shift, 0.5),
            ("light", self.light, 1.0),
            ("light_field", self.light_field, 3.0),
            ("clipping", self.clipping, 0.49),
            ("gamma", self.gamma, 2.0),
            ("blur", self.blur, 16.0),
            ("noise", self.noise, 128.0),
            ("erasing", self.erasing, 1.0),
        ];
        ranges.into_iter().find(|(_, value, most)| !(0.0..=*most).contains(value))
    }
    /// The copies of the `augment` arm: the same and re-lit.
    pub const COPIES: Self = Augmentation { light: 0.25, ..Self::MODERN };
}

/// Weights that training begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// Their name in tables.
    pub name: String,
    /// Identity of the file.
    pub sha256: String,
}

/// Everything that decides how a network is trained, beside its data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingSettings {
    /// Which network, or the program in place of one.
    pub network: Learner,
    /// What decides what that program computes: its command, its inputs, their versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program_sha256: Option<String>,
    /// The weights that training begins with; drawn anew where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Start>,
    /// At most so many passes over the training set.
    pub epochs: u32,
    /// Pictures a step.
    pub batch: u32,
    /// Rate of a step, or the highest of a schedule.
    pub learning_rate: f32,
    /// How the rate moves.
    pub schedule: Schedule,
    /// What turns gradients into steps.
    pub optimiser: Optimiser,
    /// Stop after so many epochs without a lower validation loss; `None` never stops early.
    pub patience: Option<u32>,
    /// Which weights are kept.
    pub keep: Keep,
    /// Share of the target that is spread over all classes.
    pub label_smoothing: f32,
    /// What the network sees of a pixel.
    pub scaling: PixelScaling,
    /// Random changes to training pictures.
    pub augmentation: Option<Augmentation>,
    /// Whether the trained network sees each judged face mirrored as well; the mean of the logits counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub test_flip: bool,
}

impl TrainingSettings {
    /// What of it decides a training, for the name of a cell. The weights that training begins with are hashed by their
    /// content.
    pub(crate) fn identity(&self) -> String {
        let TrainingSettings {
            ref network,
            ref program_sha256,
            start: _,
            epochs,
            batch,
            learning_rate,
            schedule,
            optimiser,
            patience,
            keep,
            label_smoothing,
            scaling,
            augmentation,
            test_flip,
        } = *self;
        let identity = Identity {
            // The name of a program decides nothing.
            network: network.network().map_or("program", Network::name),
            program_sha256: program_sha256.as_deref(),
            epochs,
            batch,
            learning_rate,
            schedule,
            optimiser,
            patience,
            keep,
            label_smoothing,
            scaling,
            augmentation,
            test_flip,
        };
        serde_json::to_string(&identity).expect("settings are plain data")
    }

    /// `vgg16`, or `vgg16 from NAME` where training begins with weights.
    pub fn network_words(&self) -> String {
        network_words(&self.network, self.start.as_ref().map(|start| start.name.as_str()))
    }
}

/// The text that names of cells are made of: these fields in this order. A setting that comes later is written only
/// where it is given, so that cells without it keep their names.
#[derive(Serialize)]
struct Identity<'a> {
    network: &'a str,
    epochs: u32,
    batch: u32,
    learning_rate: f32,
    schedule: Schedule,
    optimiser: Optimiser,
    patience: Option<u32>,
    keep: Keep,
    label_smoothing: f32,
    scaling: PixelScaling,
    augmentation: Option<Augmentation>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    test_flip: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    program_sha256: Option<&'a str>,
}

/// `vgg16`, or `vgg16 from NAME`.
pub(crate) fn network_words(network: &Learner, start: Option<&str>) -> String {
    start.map_or_else(|| network.name().to_owned(), |start| format!("{} from {start}", network.name()))
}

impl Recipe {
    /// All, by name.
    pub const ALL: [Self; 3] = [Self::Paper, Self::Modern, Self::Robust];

    /// The recipe of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|recipe| recipe.name() == name)
    }

    /// The word that stands in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::Modern => "modern",
            Self::Robust => "robust",
        }
    }

    /// The network that it trains where a study does not say.
    pub fn network(self) -> Network {
        match self {
            Self::Paper => Network::Table1Same,
            Self::Modern | Self::Robust => Network::Compact,
        }
    }

    /// The settings of the recipe (docs/protocol.md).
    pub fn settings(self) -> TrainingSettings {
        match self {
            Self::Paper => TrainingSettings {
                network: self.network().into(),
                program_sha256: None,
                start: None,
                epochs: 50,
                batch: 64,
                learning_rate: 1e-4,
                schedule: Schedule::Constant,
                optimiser: Optimiser::Adam,
                patience: Some(5),
                keep: Keep::Best,
                label_smoothing: 0.0,
                scaling: PixelScaling::UnitRange,
                augmentation: None,
                test_flip: false,
            },
            Self::Modern => TrainingSettings {
                network: self.network().into(),
                program_sha256: None,
                start: None,
                epochs: 45,
                batch: 32,
                learning_rate: 4e-3,
                schedule: Schedule::OneCycle,
                optimiser: Optimiser::AdamW { weight_decay: 0.01 },
                patience: None,
                keep: Keep::Last,
                label_smoothing: 0.05,
                scaling: PixelScaling::PerPicture,
                augmentation: Some(Augmentation::MODERN),
                test_flip: false,
            },
            Self::Robust => TrainingSettings {
                augmentation: Some(Augmentation::ROBUST),
                test_flip: true,
                ..Self::Modern.settings()
            },
        }
    }
}
