//! The weight file of a trained generator: its kind, its sizes, its numbers and a card.
//!
//! In: a generator and what is to be said of it. Out: safetensors bytes, and back. What the card says is the caller's business.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::gan::parameters::{Parameters, Slot};
use crate::gan::stargan::StarGanShape;
use crate::gan::stylegan2::StyleGan2Shape;
use crate::network::open_weights;
use crate::weight_file::Precision;
use crate::{NetFault, TensorFile};

const FORMAT: &str = "howfar generator";
const VERSION: u64 = 1;

/// Which network a weight file holds, with its sizes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum GeneratorShape {
    /// Shows a face with another label.
    StarGan(StarGanShape),
    /// Draws people.
    StyleGan2(StyleGan2Shape),
}

impl GeneratorShape {
    /// The word that stands in files.
    pub fn kind(&self) -> &'static str {
        match self {
            GeneratorShape::StarGan(_) => "stargan",
            GeneratorShape::StyleGan2(_) => "stylegan2",
        }
    }

    /// The tensors of the generator.
    pub fn slots(&self) -> Vec<Slot> {
        match self {
            GeneratorShape::StarGan(shape) => shape.generator_slots(),
            GeneratorShape::StyleGan2(shape) => shape.generator_slots(),
        }
    }

    fn sizes(&self) -> Value {
        match self {
            GeneratorShape::StarGan(shape) => json!(shape),
            GeneratorShape::StyleGan2(shape) => json!(shape),
        }
    }

    fn read(kind: &str, sizes: &Value) -> Result<Self, NetFault> {
        match kind {
            "stargan" => {
                let shape: StarGanShape = sizes_of(sizes)?;
                shape.check()?;
                Ok(GeneratorShape::StarGan(shape))
            }
            "stylegan2" => {
                let shape: StyleGan2Shape = sizes_of(sizes)?;
                shape.check()?;
                Ok(GeneratorShape::StyleGan2(shape))
            }
            other => Err(NetFault::new("kind", "an unknown kind of generator", other, "stargan or stylegan2")),
        }
    }
}

/// A trained generator.
#[derive(Debug, Clone, PartialEq)]
pub struct Generator {
    /// What it is and how large.
    pub shape: GeneratorShape,
    /// Its numbers.
    pub parameters: Parameters,
    /// How it was trained, on whom, and what its classes are called.
    pub card: Value,
}

impl Generator {
    /// The bytes of a weight file.
    pub fn to_bytes(&self, precision: Precision) -> Result<Vec<u8>, NetFault> {
        let header = json!({
            "format": FORMAT, "version": VERSION, "kind": self.shape.kind(), "sizes": self.shape.sizes(), "card": self.card,
        });
        TensorFile::write(&header, &self.parameters.tensors(""), precision)
    }

    /// Reads a weight file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NetFault> {
        let mut file = open_weights(bytes, FORMAT, VERSION)?;
        let header = file.metadata.clone();
        let shape = GeneratorShape::read(header["kind"].as_str().unwrap_or("none"), &header["sizes"])?;
        let parameters = Parameters::take(&shape.slots(), &mut file, "")?;
        match file.tensors.keys().next() {
            Some(name) => Err(NetFault::new(name, "a tensor that this network does not have", name, "none besides")),
            None => Ok(Generator { shape, parameters, card: header["card"].clone() }),
        }
    }
}

fn sizes_of<T: DeserializeOwned>(sizes: &Value) -> Result<T, NetFault> {
    serde_json::from_value(sizes.clone())
        .map_err(|e| NetFault::new("sizes", "these are not the sizes of this network", e, "sizes that howfar wrote"))
}
