//! What a pickle builds: values that know each other by number, all in one list.
//!
//! In: values. Out: values by number. Because nobody owns anybody, a value may contain itself, and dropping a million
//! nested lists is dropping one. Knows no opcodes.

use std::cell::Cell;

use crate::global::Role;
use crate::limits;

/// A value's number.
pub(crate) type Id = usize;

/// A value; texts and bytes stay in the file.
#[derive(Debug, Clone)]
pub(crate) enum Value<'a> {
    None,
    Bool(bool),
    Int(i64),
    /// An integer of more than 64 bits, lowest byte first.
    Long(&'a [u8]),
    Float(f64),
    Text(&'a str),
    Bytes(&'a [u8]),
    Tuple(Vec<Id>),
    /// A list or a set.
    List(Vec<Id>),
    Map(Vec<(Id, Id)>),
    /// What a name that was asked for stands for. The name is looked up once and not kept.
    Global(Role),
    /// What a call would have given.
    Object(Box<Object>),
    /// Something that lies outside of the pickle.
    Outside(Id),
}

/// A call that was not made: who, with what, and what was put into the result.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    /// A [`Value::Global`].
    pub class: Id,
    /// A [`Value::Tuple`].
    pub arguments: Id,
    /// What BUILD brought.
    pub state: Option<Id>,
    /// What SETITEMS brought.
    pub items: Vec<(Id, Id)>,
    /// What APPENDS brought.
    pub list: Vec<Id>,
}

/// All values of a file's pickles.
#[derive(Debug, Default)]
pub(crate) struct Values<'a> {
    all: Vec<Value<'a>>,
    /// Opcodes so far.
    pub n_steps: usize,
    /// Pairs of dictionaries looked at so far.
    n_looks: Cell<usize>,
}

impl<'a> Values<'a> {
    /// Keeps a value; none if there are too many.
    pub fn add(&mut self, value: Value<'a>) -> Option<Id> {
        (self.all.len() < limits::VALUES).then(|| {
            self.all.push(value);
            self.all.len() - 1
        })
    }

    pub fn get(&self, id: Id) -> &Value<'a> {
        &self.all[id]
    }

    pub fn get_mut(&mut self, id: Id) -> &mut Value<'a> {
        &mut self.all[id]
    }

    /// What each value that lies outside of its pickle is called by.
    pub fn outside(&self) -> impl Iterator<Item = Id> + '_ {
        self.all.iter().filter_map(|value| match value {
            Value::Outside(id) => Some(*id),
            _ => None,
        })
    }

    pub fn text(&self, id: Id) -> Option<&'a str> {
        match self.get(id) {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A size: an integer from 0 up.
    pub fn size(&self, id: Id) -> Option<usize> {
        match self.get(id) {
            Value::Int(number) => usize::try_from(*number).ok(),
            _ => None,
        }
    }

    pub fn tuple(&self, id: Id) -> Option<&[Id]> {
        match self.get(id) {
            Value::Tuple(ids) => Some(ids),
            _ => None,
        }
    }

    /// How many pairs a dictionary has, of Python's own kind or of another.
    pub fn n_pairs(&self, id: Id) -> usize {
        self.pairs(id).map_or(0, <[_]>::len)
    }

    /// A pair of a dictionary by its place.
    pub fn pair(&self, map: Id, place: usize) -> Option<(Id, Id)> {
        self.n_looks.set(self.n_looks.get() + 1);
        self.pairs(map)?.get(place).copied()
    }

    /// What a dictionary keeps under a key; the last one counts.
    pub fn at(&self, map: Id, key: &str) -> Option<Id> {
        let mut places = (0..self.n_pairs(map)).rev().filter_map(|place| self.pair(map, place));
        places.find(|(k, _)| self.text(*k) == Some(key)).map(|(_, value)| value)
    }

    /// Whether more pairs were looked at than a file may ask for. One dictionary may be looked through to its end.
    pub fn looked_too_much(&self) -> bool {
        self.n_looks.get() > limits::LOOKS
    }

    /// The role of a global.
    pub fn role(&self, id: Id) -> Option<Role> {
        match self.get(id) {
            Value::Global(role) => Some(*role),
            _ => None,
        }
    }

    fn pairs(&self, id: Id) -> Option<&[(Id, Id)]> {
        match self.get(id) {
            Value::Map(pairs) => Some(pairs),
            Value::Object(object) => Some(&object.items),
            _ => None,
        }
    }
}
