//! PyTorch's files: where the storages of a pickle lie, in the zip format, the older one, and within a plain pickle.
//!
//! In: bytes. Out: the value at the top, and storages by their keys. Formats as `torch.save` writes them
//! (`torch/serialization.py`). Knows nothing of networks.

use std::collections::BTreeMap;

use howfar_face::Fault;

use crate::archive::Archive;
use crate::global::Role;
use crate::limits;
use crate::machine;
use crate::number::NumberKind;
use crate::source::Source;
use crate::tensor::Storage;
use crate::value::{Id, Value, Values};

/// 0x1950a86a20f9469cfc6c, lowest byte first: begins the older format.
const MAGIC: [u8; 10] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
/// The zip format keeps its pickle and its storages under these names.
const PICKLE: &str = "data.pkl";
const STORAGE: &str = "data/";

/// A file with its storages.
#[derive(Debug)]
pub(crate) struct Loaded<'a> {
    pub values: Values<'a>,
    pub top: Id,
    pub storages: Storages<'a>,
    /// What the bytes are called in messages.
    pub name: String,
    /// Storages that are files within the pickle, by the number of their bytes: tensors share them, and reading one
    /// takes its time.
    nested: BTreeMap<Id, Storage<'a>>,
}

impl<'a> Loaded<'a> {
    fn new(values: Values<'a>, top: Id, storages: Storages<'a>, name: String) -> Self {
        Loaded { values, top, storages, name, nested: BTreeMap::new() }
    }
}

/// Where storages lie.
#[derive(Debug)]
pub(crate) enum Storages<'a> {
    /// In entries of an archive; with what comes before each name.
    Archive(Archive<'a>, String),
    /// Behind the pickles, by key.
    Behind(BTreeMap<&'a str, &'a [u8]>),
    /// Within the pickle itself.
    Within,
}

/// Reads the zip format.
pub(crate) fn zip<'a>(name: &str, bytes: &'a [u8]) -> Result<Loaded<'a>, Fault> {
    let archive = Archive::open(name, bytes)?;
    let (prefix, pickle) = archive.ending(PICKLE).ok_or_else(|| {
        Fault::data(name, "this zip archive is not one of PyTorch's")
            .expected("an entry data.pkl")
            .hint("unpack it if the weight file lies within")
    })?;
    if archive.get(&format!("{prefix}byteorder")).is_ok_and(|order| order == b"big") {
        return Err(Fault::data(name, "the file was written on a machine that puts the highest byte first")
            .hint("load and save it again in PyTorch on another machine"));
    }
    let name = format!("{name}, {prefix}{PICKLE}");
    let mut values = Values::default();
    let top = machine::load(&mut Source::new(&name, pickle), &mut values)?;
    let prefix = prefix.to_owned();
    Ok(Loaded::new(values, top, Storages::Archive(archive, prefix), name))
}

/// Reads a plain pickle, or the older format if it begins like that.
pub(crate) fn pickle<'a>(name: &str, bytes: &'a [u8]) -> Result<Loaded<'a>, Fault> {
    let mut source = Source::new(name, bytes);
    let mut values = Values::default();
    let top = machine::load(&mut source, &mut values)?;
    if !matches!(values.get(top), Value::Long(magic) if **magic == MAGIC) {
        return Ok(Loaded::new(values, top, Storages::Within, name.to_owned()));
    }
    let (top, storages) = older(&mut source, &mut values)?;
    Ok(Loaded::new(values, top, Storages::Behind(storages), name.to_owned()))
}

/// The older format behind its magic number: version, system, value, keys, then the storages, each with its length.
fn older<'a>(source: &mut Source<'a>, values: &mut Values<'a>) -> Result<(Id, BTreeMap<&'a str, &'a [u8]>), Fault> {
    machine::load(source, values)?;
    machine::load(source, values)?;
    let top = machine::load(source, values)?;
    let at = source.at;
    let keys = machine::load(source, values)?;
    let Value::List(keys) = values.get(keys) else {
        return Err(source.fault(at, "the list of storages is missing"));
    };
    let kinds = storage_kinds(values);
    let mut storages = BTreeMap::new();
    for key in keys {
        let kind = values.text(*key).and_then(|key| Some((key, *kinds.get(key)?)));
        let (key, kind) = kind.ok_or_else(|| source.fault(source.at, "a storage that nothing refers to"))?;
        let n = source.u64()?;
        let n_bytes = n.saturating_mul(kind.n_bytes());
        storages.insert(key, source.take(n_bytes)?);
    }
    Ok((top, storages))
}

/// What kind of numbers each storage of the older format holds.
fn storage_kinds<'a>(values: &Values<'a>) -> BTreeMap<&'a str, NumberKind> {
    values.outside().filter_map(|id| outside_storage(values, id)).collect()
}

/// Key and kind of a storage that lies outside of the pickle: `('storage', class, key, device, length, …)`.
fn outside_storage<'a>(values: &Values<'a>, id: Id) -> Option<(&'a str, NumberKind)> {
    let [what, class, key, ..] = values.tuple(id)? else { return None };
    // Keys are numbers in words; a long one would be compared again for each tensor.
    match (values.text(*what)?, values.role(*class)?, values.text(*key)?) {
        ("storage", Role::Storage(kind), key) if key.len() <= limits::NAME_BYTES => Some((key, kind)),
        _ => None,
    }
}

impl<'a> Loaded<'a> {
    /// The storage that a value stands for.
    pub fn storage(&mut self, id: Id) -> Result<Storage<'a>, Fault> {
        let unknown = |name: &str| Fault::data(name, "a tensor without a storage that howfar knows");
        match self.values.get(id) {
            Value::Outside(outside) => {
                let (key, kind) = outside_storage(&self.values, *outside).ok_or_else(|| unknown(&self.name))?;
                let bytes = match &self.storages {
                    Storages::Archive(archive, prefix) => archive.get(&format!("{prefix}{STORAGE}{key}"))?,
                    Storages::Behind(storages) => storages.get(key).copied().ok_or_else(|| unknown(&self.name))?,
                    Storages::Within => return Err(unknown(&self.name)),
                };
                Ok(Storage { kind, bytes })
            }
            Value::Object(object) if self.values.role(object.class) == Some(Role::StorageBytes) => {
                let bytes = self.values.tuple(object.arguments).and_then(|arguments| arguments.first().copied());
                let id = bytes.ok_or_else(|| unknown(&self.name))?;
                if let Some(storage) = self.nested.get(&id) {
                    return Ok(*storage);
                }
                let Value::Bytes(bytes) = *self.values.get(id) else { return Err(unknown(&self.name)) };
                let storage = self.read_nested(bytes)?;
                self.nested.insert(id, storage);
                Ok(storage)
            }
            _ => Err(unknown(&self.name)),
        }
    }

    /// A storage from the bytes of a file of the older format. Its pickles count against the same limits; what lies in
    /// them is never looked into a second time, so that nesting ends here.
    fn read_nested(&mut self, bytes: &'a [u8]) -> Result<Storage<'a>, Fault> {
        let mut source = Source::new(format!("{}, within a storage", self.name), bytes);
        let mut values = Values::default();
        values.n_steps = self.values.n_steps;
        let top = machine::load(&mut source, &mut values)?;
        let is_older = matches!(values.get(top), Value::Long(magic) if **magic == MAGIC);
        if !is_older {
            return Err(source.fault(0, "a storage that is not in PyTorch's older format"));
        }
        let (top, storages) = older(&mut source, &mut values)?;
        self.values.n_steps = values.n_steps;
        let Value::Outside(id) = values.get(top) else {
            return Err(source.fault(0, "a storage was expected, and something else is there"));
        };
        let found = outside_storage(&values, *id).and_then(|(key, kind)| Some((kind, *storages.get(key)?)));
        let (kind, bytes) = found.ok_or_else(|| source.fault(0, "a storage is missing"))?;
        Ok(Storage { kind, bytes })
    }
}
