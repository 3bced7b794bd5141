//! What a pickle builds: values that know each other by number, all in one list.
//!
//! In: values. Out: values by number. Because nobody owns anybody, a value may contain itself, and dropping a million
//! nested lists is dropping one. Knows no opcodes.

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
    /// A name that was asked for and is on the list.
    Global(&'a str, &'a str),
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

    /// The pairs of a dictionary, of Python's own kind or of another.
    pub fn pairs(&self, id: Id) -> Option<&[(Id, Id)]> {
        match self.get(id) {
            Value::Map(pairs) => Some(pairs),
            Value::Object(object) => Some(&object.items),
            _ => None,
        }
    }

    /// What a dictionary keeps under a key; the last one counts.
    pub fn at(&self, map: Id, key: &str) -> Option<Id> {
        let mut pairs = self.pairs(map)?.iter().rev();
        pairs.find(|(k, _)| self.text(*k) == Some(key)).map(|(_, value)| *value)
    }
}
