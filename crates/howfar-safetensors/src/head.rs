//! The JSON at the front of a safetensors file, read value by value so that nothing is kept before it is counted.
//!
//! In: JSON. Out: texts and tensors by name, within the limits of the crate. Does not look at where tensors lie.

use std::collections::BTreeMap;
use std::fmt;

use safetensors::Dtype;
use safetensors::tensor::TensorInfo;
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::{DIMENSIONS, NAME_BYTES, TENSORS, TEXT_BYTES, TEXTS};

/// The key under which a file says something of itself.
const TEXTS_KEY: &str = "__metadata__";

/// All that stands in the head.
#[derive(Debug)]
pub(crate) struct Head {
    pub texts: BTreeMap<String, String>,
    pub tensors: BTreeMap<String, TensorInfo>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Info {
    dtype: Dtype,
    shape: Sizes,
    data_offsets: (usize, usize),
}

struct Sizes(Vec<usize>);

struct Texts(BTreeMap<String, String>);

struct HeadVisitor;
struct SizesVisitor;
struct TextsVisitor;

impl<'de> Deserialize<'de> for Head {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HeadVisitor)
    }
}

impl<'de> Visitor<'de> for HeadVisitor {
    type Value = Head;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tensors by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Head, A::Error> {
        let (mut texts, mut tensors) = (None, BTreeMap::new());
        while let Some(name) = map.next_key::<String>()? {
            if name == TEXTS_KEY {
                let found = map.next_value::<Option<Texts>>()?.map_or_else(BTreeMap::new, |texts| texts.0);
                if texts.replace(found).is_some() {
                    return Err(A::Error::custom(format!("{TEXTS_KEY} twice")));
                }
                continue;
            }
            if name.len() > NAME_BYTES {
                return Err(A::Error::custom(format!("a name of {} bytes; {NAME_BYTES} are allowed", name.len())));
            }
            if tensors.len() == TENSORS {
                return Err(A::Error::custom(format!("more than {TENSORS} tensors")));
            }
            let Info { dtype, shape, data_offsets } = map.next_value()?;
            let info = TensorInfo { dtype, shape: shape.0, data_offsets };
            if tensors.insert(name.clone(), info).is_some() {
                return Err(A::Error::custom(format!("two tensors are called {name:?}")));
            }
        }
        Ok(Head { texts: texts.unwrap_or_default(), tensors })
    }
}

impl<'de> Deserialize<'de> for Sizes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(SizesVisitor)
    }
}

impl<'de> Visitor<'de> for SizesVisitor {
    type Value = Sizes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the sizes of a tensor")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Sizes, A::Error> {
        let mut sizes = Vec::new();
        while let Some(size) = list.next_element()? {
            if sizes.len() == DIMENSIONS {
                return Err(A::Error::custom(format!("a tensor of more than {DIMENSIONS} sizes")));
            }
            sizes.push(size);
        }
        Ok(Sizes(sizes))
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TextsVisitor)
    }
}

impl<'de> Visitor<'de> for TextsVisitor {
    type Value = Texts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("texts by key")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Texts, A::Error> {
        let (mut texts, mut n_bytes) = (BTreeMap::new(), 0);
        while let Some((key, text)) = map.next_entry::<String, String>()? {
            n_bytes += key.len() + text.len();
            if n_bytes > TEXT_BYTES {
                return Err(A::Error::custom(format!("texts of more than {TEXT_BYTES} bytes")));
            }
            if texts.len() == TEXTS {
                return Err(A::Error::custom(format!("more than {TEXTS} texts")));
            }
            if texts.contains_key(&key) {
                return Err(A::Error::custom(format!("two texts are called {key:?}")));
            }
            texts.insert(key, text);
        }
        Ok(Texts(texts))
    }
}
