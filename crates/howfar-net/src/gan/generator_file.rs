//! The weight file of a trained generator: its kind, its sizes, its numbers and a card.
//!
//! In: a generator and what is to be said of it. Out: safetensors bytes, and back. What the card says is the caller's
//! business.

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

    /// The sizes as they stand in files.
    pub fn sizes(&self) -> Value {
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
            "format": FORMAT, "version": VERSION, "kind": self.shape.kind(), "sizes": self.shape.sizes(),
            "card": self.card,
        });
        TensorFile::write(&header, &self.parameters.tensors(""), precision)
    }

    /// Whether bytes say of themselves that they are a generator's weight file; they may be damaged.
    pub fn is_in(bytes: &[u8]) -> bool {
        TensorFile::metadata(bytes).is_some_and(|said| said["format"] == FORMAT)
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

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    fn small() -> [GeneratorShape; 2] {
        let (standard, people) = (StarGanShape::standard(48, 1, 2), StyleGan2Shape::standard(32, 1));
        let faces = StarGanShape { generator_channels: 2, repeats: 1, ..standard };
        let people =
            StyleGan2Shape { z_size: 4, w_size: 4, mapping_layers: 1, channel_base: 64, channel_max: 4, ..people };
        [GeneratorShape::StarGan(faces), GeneratorShape::StyleGan2(StyleGan2Shape { clamp: Some(9.0), ..people })]
    }

    fn pictures(generator: &Generator) -> Vec<f32> {
        let leaves = generator.parameters.prepare();
        match generator.shape {
            GeneratorShape::StarGan(s) => {
                let n = s.side * s.side * s.n_channels;
                s.transferred(&leaves, &vec![0.5; n], &vec![1.0; s.n_classes])
            }
            GeneratorShape::StyleGan2(s) => s.drawn(&leaves, &vec![0.5; s.z_size], 1.0),
        }
    }

    /// Every number of the header, set to what no network has: a fault, or, where the tensors still fit, pictures.
    #[test]
    fn no_number_of_a_header_makes_a_generator_panic() {
        let hostile =
            [json!(-1), json!(-1.0), json!(0), json!(0.0), json!(1e39), json!(1e300), json!(1), json!(1u64 << 40)];
        let hostile =
            [&hostile[..], &[json!(1u64 << 62), json!(u64::MAX), Value::Null, json!("8"), json!([8])]].concat();
        let mut n_refused = 0;
        for shape in small() {
            let parameters = Parameters::initial(&shape.slots(), &mut ChaCha8Rng::seed_from_u64(1));
            let generator = Generator { shape, parameters, card: Value::Null };
            let bytes = generator.to_bytes(Precision::Full).unwrap();
            assert_eq!(Generator::from_bytes(&bytes).unwrap(), generator);
            let keys: Vec<String> = shape.sizes().as_object().unwrap().keys().cloned().collect();
            for (key, value) in keys.iter().flat_map(|key| hostile.iter().map(move |value| (key, value))) {
                let mut header = TensorFile::read(&bytes).unwrap().metadata;
                header["sizes"][key] = value.clone();
                let bytes = TensorFile::write(&header, &generator.parameters.tensors(""), Precision::Full).unwrap();
                match Generator::from_bytes(&bytes) {
                    Ok(generator) => assert!(!pictures(&generator).is_empty(), "{key} {value}"),
                    Err(_) => n_refused += 1,
                }
            }
        }
        assert!(n_refused > 100, "{n_refused}");
    }

    #[test]
    fn a_clamp_that_nothing_passes_is_refused() {
        let [_, GeneratorShape::StyleGan2(shape)] = small() else { panic!("the second draws people") };
        for clamp in [-1.0, 0.0, f32::NAN, f32::INFINITY] {
            let fault = StyleGan2Shape { clamp: Some(clamp), ..shape }.check().unwrap_err();
            assert_eq!(fault.place, "clamp");
        }
        StyleGan2Shape { clamp: None, ..shape }.check().unwrap();
    }
}
