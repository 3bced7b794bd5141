//! From the values of a pickle to tensors by name, as the network's own `state_dict` would call them.
//!
//! In: a loaded file. Out: tensors, and the arguments that networks were made with. Knows no particular network.

use std::collections::BTreeMap;

use howfar_face::Fault;
use serde_json::{Map, Value as Json};

use crate::global::Role;
use crate::limits;
use crate::tensor::Tensor;
use crate::torch::Loaded;
use crate::value::{Id, Value, Values};

/// The parts of a layer that hold tensors and other layers; their own names stand in no tensor's name.
const LAYER_PARTS: [&str; 3] = ["_parameters", "_buffers", "_modules"];

/// A network's class and the arguments that it was made with, as far as the file says.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    /// The class.
    pub class: String,
    /// The arguments by name, as JSON.
    pub arguments: Json,
}

/// What was found in a file.
#[derive(Debug, Default)]
pub(crate) struct Collected<'a> {
    pub tensors: BTreeMap<String, Tensor<'a>>,
    pub made: BTreeMap<String, Made>,
    n_visits: usize,
}

/// Collects all tensors.
pub(crate) fn collect<'a>(loaded: &mut Loaded<'a>) -> Result<Collected<'a>, Fault> {
    let mut collected = Collected::default();
    collected.visit(loaded, loaded.top, "", 0)?;
    Ok(collected)
}

impl<'a> Collected<'a> {
    fn visit(&mut self, loaded: &mut Loaded<'a>, id: Id, name: &str, depth: usize) -> Result<(), Fault> {
        self.n_visits += 1;
        let limit = |what: String| Err(Fault::data(&loaded.name, format!("refused: {what}")));
        if depth > limits::DEPTH {
            return limit(format!("values nested deeper than {}", limits::DEPTH));
        }
        if self.n_visits > limits::VISITS {
            return limit(format!("more than {} values when shared ones are counted each time", limits::VISITS));
        }
        if loaded.values.looked_too_much() {
            return limit(format!("more than {} pairs of dictionaries to look at", limits::LOOKS));
        }
        if name.len() > limits::NAME_BYTES || self.tensors.len() > limits::TENSORS {
            return limit(format!("a name over {} bytes, or over {} tensors", limits::NAME_BYTES, limits::TENSORS));
        }
        let Value::Object(object) = loaded.values.get(id) else {
            return match loaded.values.get(id) {
                Value::Map(_) => self.visit_pairs(loaded, id, name, depth),
                _ => Ok(()),
            };
        };
        let (arguments, state) = (object.arguments, object.state);
        let first = loaded.values.tuple(arguments).and_then(|a| a.first().copied());
        match (loaded.values.role(object.class), first, state) {
            (Some(Role::Map), ..) => self.visit_pairs(loaded, id, name, depth),
            (Some(Role::Tensor), ..) => {
                let tensor = tensor(loaded, arguments, name)?;
                self.tensors.insert(name.to_owned(), tensor);
                Ok(())
            }
            (Some(Role::Parameter), Some(inner), _) => self.visit(loaded, inner, name, depth + 1),
            (Some(Role::SourceObject), Some(meta), _) => self.visit_source_object(loaded, meta, name, depth),
            (Some(Role::Layer), _, Some(state)) => self.visit_layer(loaded, state, name, depth),
            _ => Ok(()),
        }
    }

    fn visit_pairs(&mut self, loaded: &mut Loaded<'a>, id: Id, name: &str, depth: usize) -> Result<(), Fault> {
        for place in 0..loaded.values.n_pairs(id) {
            let Some((key, value)) = loaded.values.pair(id, place) else { break };
            let key = match loaded.values.get(key) {
                Value::Text(text) if text.len() <= limits::NAME_BYTES => (*text).to_owned(),
                Value::Int(number) => number.to_string(),
                _ => continue,
            };
            let inner = if name.is_empty() { key } else { format!("{name}.{key}") };
            self.visit(loaded, value, &inner, depth + 1)?;
        }
        Ok(())
    }

    fn visit_layer(&mut self, loaded: &mut Loaded<'a>, state: Id, name: &str, depth: usize) -> Result<(), Fault> {
        for part in LAYER_PARTS {
            if let Some(part) = loaded.values.at(state, part) {
                self.visit(loaded, part, name, depth + 1)?;
            }
        }
        Ok(())
    }

    fn visit_source_object(
        &mut self,
        loaded: &mut Loaded<'a>,
        meta: Id,
        name: &str,
        depth: usize,
    ) -> Result<(), Fault> {
        let values = &loaded.values;
        let Some(state) = values.at(meta, "state") else { return Ok(()) };
        let class = values.at(meta, "class_name").and_then(|class| values.text(class)).unwrap_or("unknown");
        let arguments = values.at(state, "_init_kwargs").and_then(|id| json(values, id, 0, &mut self.n_visits));
        let made = Made {
            class: class.chars().take(limits::NAME_BYTES).collect(),
            arguments: arguments.unwrap_or(Json::Object(Map::new())),
        };
        if self.made.len() < limits::TENSORS {
            self.made.insert(name.to_owned(), made);
        }
        self.visit_layer(loaded, state, name, depth)
    }
}

/// `_rebuild_tensor_v2(storage, offset, sizes, strides, …)`.
fn tensor<'a>(loaded: &mut Loaded<'a>, arguments: Id, name: &str) -> Result<Tensor<'a>, Fault> {
    let place = format!("{}, tensor {name:?}", loaded.name);
    let damaged = || Fault::data(&place, "the tensor is damaged");
    let values = &loaded.values;
    let Some([storage, offset, shape, strides, ..]) = values.tuple(arguments) else { return Err(damaged()) };
    let sizes = |id: Id| values.tuple(id)?.iter().map(|size| values.size(*size)).collect::<Option<Vec<_>>>();
    let parts = (values.size(*offset), sizes(*shape), sizes(*strides));
    let (Some(offset), Some(shape), Some(strides)) = parts else { return Err(damaged()) };
    let storage = loaded.storage(*storage)?;
    Tensor::new(storage, offset, shape, strides)
        .map_err(|misfit| Fault::data(&place, "the tensor does not fit its storage").found(misfit))
}

/// Plain values as JSON; none where something else is in them, or they are deep. `n_visits` counts as in [`collect`].
fn json(values: &Values<'_>, id: Id, depth: usize, n_visits: &mut usize) -> Option<Json> {
    const DEEPEST: usize = 6;
    *n_visits += 1;
    if depth > DEEPEST || *n_visits > limits::VISITS || values.looked_too_much() {
        return None;
    }
    match values.get(id) {
        Value::None => Some(Json::Null),
        Value::Bool(value) => Some((*value).into()),
        Value::Int(value) => Some((*value).into()),
        Value::Float(value) => Some((*value).into()),
        Value::Text(text) if text.len() <= limits::NAME_BYTES => Some((*text).into()),
        Value::Tuple(ids) | Value::List(ids) => {
            let list = ids.iter().map(|id| json(values, *id, depth + 1, n_visits)).collect::<Option<Vec<_>>>()?;
            Some(Json::Array(list))
        }
        Value::Map(_) | Value::Object(_) => {
            let mut entry = |place| {
                let (key, value) = values.pair(id, place)?;
                let key = values.text(key).filter(|key| key.len() <= limits::NAME_BYTES)?;
                Some((key.to_owned(), json(values, value, depth + 1, n_visits)?))
            };
            Some(Json::Object((0..values.n_pairs(id)).filter_map(&mut entry).collect()))
        }
        _ => None,
    }
}
