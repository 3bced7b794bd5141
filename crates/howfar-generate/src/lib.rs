//! The identity GAN and the expression GAN: trained on face sets.
//!
//! In: a face set, settings, a seed. Out: a run folder with losses, sheets and weights whose card names everyone that
//! the generator has seen. This crate knows no test subjects and no scores; networks and single steps are
//! `howfar-net`'s.

mod card;
mod events;
mod generate;
mod identity;
mod plan;
mod recipe;
mod request;
mod run_folder;
mod screen;
mod stargan;
mod stylegan2;
mod train;
mod training_faces;

use howfar_face::Fault;
use howfar_net::NetFault;
use howfar_net::gan::Generator;

pub use generate::{Generated, generate};
pub use recipe::{Recipe, Sheet, StepLosses};
pub use request::GenerateRequest;
pub use screen::{LeftOut, Reason, Screen};
pub use stargan::{StarGanRecipe, StarGanSettings};
pub use stylegan2::{AugmentationSettings, StyleGan2Recipe, StyleGan2Settings};
pub use train::{Progress, TrainRequest, train};
pub use training_faces::{Faces, TrainingFaces, to_level, to_signed};

/// The weights of [`embedded_identity`].
const IDENTITY: &[u8] = include_bytes!("../data/identity.safetensors");
/// The weights of [`embedded_expression`].
const EXPRESSION: &[u8] = include_bytes!("../data/expression.safetensors");
const _: () =
    assert!(IDENTITY.len() + EXPRESSION.len() < 12_000_000, "the program carries them, and so does the repository");

/// The StyleGAN2 that howfar carries, trained on drawn faces alone (`data/identity.md`): 64 × 64 pixels, gray.
pub fn embedded_identity() -> Generator {
    Generator::from_bytes(IDENTITY).expect("the embedded weights are tested to be whole")
}

/// The StarGAN that howfar carries, trained on drawn faces alone (`data/expression.md`): 64 × 64 pixels, gray, six
/// expressions and neutral.
pub fn embedded_expression() -> Generator {
    Generator::from_bytes(EXPRESSION).expect("the embedded weights are tested to be whole")
}

/// The embedded settings of a kind of generator: `paper`, `small`.
pub fn preset(kind: &str, name: &str) -> Option<&'static str> {
    match (kind, name) {
        ("stargan", "paper") => Some(include_str!("../presets/stargan-paper.toml")),
        ("stargan", "small") => Some(include_str!("../presets/stargan-small.toml")),
        ("stylegan2", "paper") => Some(include_str!("../presets/stylegan2-paper.toml")),
        ("stylegan2", "small") => Some(include_str!("../presets/stylegan2-small.toml")),
        _ => None,
    }
}

/// Reads settings; `place` names them in the error.
pub fn settings<R: Recipe>(text: &str, place: &str) -> Result<R::Settings, Fault> {
    toml::from_str(text).map_err(|e| {
        Fault::usage(place, format!("these are not settings of {}: {}", R::KIND, e.message()))
            .hint(format!("howfar generator train {} --show-settings small prints some to start from", R::KIND))
    })
}

fn in_network(fault: NetFault) -> Fault {
    Fault::data(fault.place, fault.what).found(fault.found).expected(fault.expected)
}
