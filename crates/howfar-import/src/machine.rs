//! The stack machine of a pickle, as far as weight files need it. It builds values and calls nobody.
//!
//! In: the bytes of one pickle. Out: the value at its end. Opcodes and names outside of a short list are refused with
//! their names, and so is whatever exceeds `limits.rs`. Opcodes are described in Python's `pickletools`. Knows no
//! tensors.

use howfar_face::Fault;

use crate::source::Source;
use crate::value::{Id, Object, Value, Values};
use crate::{global, limits, opcode};

/// The highest protocol that Python writes.
const NEWEST_PROTOCOL: usize = 5;

struct Machine<'a, 's> {
    source: &'s mut Source<'a>,
    values: &'s mut Values<'a>,
    stack: Vec<Id>,
    /// How high the stack was at each MARK.
    marks: Vec<usize>,
    memo: Vec<Option<Id>>,
    n_memo: usize,
    /// Where the present opcode stands.
    at: usize,
}

/// Runs one pickle and leaves `source` behind it.
pub(crate) fn load<'a>(source: &mut Source<'a>, values: &mut Values<'a>) -> Result<Id, Fault> {
    let at = source.at;
    let mut machine = Machine { source, values, stack: Vec::new(), marks: Vec::new(), memo: Vec::new(), n_memo: 0, at };
    loop {
        machine.at = machine.source.at;
        machine.values.n_steps += 1;
        if machine.values.n_steps > limits::STEPS {
            return Err(machine.too_much("opcodes", limits::STEPS));
        }
        match machine.source.array::<1>()?[0] {
            b'.' => return machine.pop(),
            code => machine.step(code)?,
        }
    }
}

impl<'a> Machine<'a, '_> {
    fn step(&mut self, code: u8) -> Result<(), Fault> {
        match code {
            0x80 => self.protocol(),
            0x95 => self.frame(),
            b'(' => self.mark(),
            b'0' => self.pop().map(drop),
            b'1' => self.take_to_mark().map(drop),
            b'c' => {
                let (module, name) = (self.source.line()?, self.source.line()?);
                self.global(module, name)
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                match (self.values.text(module), self.values.text(name)) {
                    (Some(module), Some(name)) => self.global(module, name),
                    _ => Err(self.damaged("STACK_GLOBAL without two texts")),
                }
            }
            // INST and OBJ make objects as REDUCE does, in a way that nobody has written since 2003.
            b'i' => {
                let (module, name) = (self.source.line()?, self.source.line()?);
                Err(global::refusal(self.source, self.at, module, name))
            }
            b'R' | 0x81 => self.call(),
            b'b' => self.build(),
            b'Q' => {
                let id = self.pop()?;
                self.push(Value::Outside(id))
            }
            b'q' => self.source.u8().and_then(|at| self.put(at)),
            b'r' => self.source.u32().and_then(|at| self.put(at)),
            0x94 => self.put(self.n_memo),
            b'h' => self.source.u8().and_then(|at| self.get(at)),
            b'j' => self.source.u32().and_then(|at| self.get(at)),
            b'a' | b'e' | b's' | b'u' | 0x90 => self.fill(code),
            b')' | b't' | 0x85..=0x87 | b']' | b'}' | 0x8f => self.container(code),
            _ => {
                let value = self.plain(code)?;
                self.push(value)
            }
        }
    }

    /// Numbers, texts and bytes.
    fn plain(&mut self, code: u8) -> Result<Value<'a>, Fault> {
        let source = &mut *self.source;
        Ok(match code {
            b'N' => Value::None,
            0x88 => Value::Bool(true),
            0x89 => Value::Bool(false),
            b'K' => Value::Int(source.u8()? as i64),
            b'M' => Value::Int(source.u16()? as i64),
            b'J' => Value::Int(i64::from(i32::from_le_bytes(source.array()?))),
            0x8a => {
                let n = source.u8()?;
                long(source.take(n)?)
            }
            b'G' => Value::Float(f64::from_be_bytes(source.array()?)),
            // Python 2 wrote names as STRING; those of weights are plain ASCII.
            b'X' | b'T' => {
                let n = source.u32()?;
                Value::Text(source.text(n)?)
            }
            0x8c | b'U' => {
                let n = source.u8()?;
                Value::Text(source.text(n)?)
            }
            0x8d => {
                let n = source.u64()?;
                Value::Text(source.text(n)?)
            }
            b'C' => {
                let n = source.u8()?;
                Value::Bytes(source.take(n)?)
            }
            b'B' => {
                let n = source.u32()?;
                Value::Bytes(source.take(n)?)
            }
            0x8e => {
                let n = source.u64()?;
                Value::Bytes(source.take(n)?)
            }
            _ => return Err(self.refused(code)),
        })
    }

    fn container(&mut self, code: u8) -> Result<(), Fault> {
        let value = match code {
            b')' => Value::Tuple(Vec::new()),
            b't' => Value::Tuple(self.take_to_mark()?),
            0x85..=0x87 => {
                let n = usize::from(code - 0x84);
                let floor = self.floor();
                if self.stack.len() < floor + n {
                    return Err(self.damaged("a tuple of more values than there are"));
                }
                Value::Tuple(self.stack.split_off(self.stack.len() - n))
            }
            b'}' => Value::Map(Vec::new()),
            _ => Value::List(Vec::new()),
        };
        self.push(value)
    }

    /// APPEND, APPENDS, ADDITEMS, SETITEM, SETITEMS.
    fn fill(&mut self, code: u8) -> Result<(), Fault> {
        let ids = match code {
            b'a' => vec![self.pop()?],
            b's' => {
                let value = self.pop()?;
                vec![self.pop()?, value]
            }
            _ => self.take_to_mark()?,
        };
        let is_pairs = matches!(code, b's' | b'u');
        if is_pairs && !ids.len().is_multiple_of(2) {
            return Err(self.damaged("a key without a value"));
        }
        let pairs = ids.chunks_exact(2).map(|pair| (pair[0], pair[1]));
        let target = self.top()?;
        match (self.values.get_mut(target), is_pairs) {
            (Value::Map(map), true) => map.extend(pairs),
            (Value::Object(object), true) => object.items.extend(pairs),
            (Value::List(list), false) => list.extend(ids),
            (Value::Object(object), false) => object.list.extend(ids),
            _ => return Err(self.damaged("something is put into a value that holds nothing")),
        }
        Ok(())
    }

    /// REDUCE and NEWOBJ: notes who would be called with what.
    fn call(&mut self) -> Result<(), Fault> {
        let (arguments, class) = (self.pop()?, self.pop()?);
        if !matches!(self.values.get(class), Value::Global(..)) || self.values.tuple(arguments).is_none() {
            return Err(self.damaged("a call of something that is no name, or without arguments"));
        }
        self.push(Value::Object(Box::new(Object {
            class,
            arguments,
            state: None,
            items: Vec::new(),
            list: Vec::new(),
        })))
    }

    fn build(&mut self) -> Result<(), Fault> {
        let state = self.pop()?;
        let target = self.top()?;
        match self.values.get_mut(target) {
            Value::Object(object) => object.state = Some(state),
            _ => return Err(self.damaged("BUILD of something that is no object")),
        }
        Ok(())
    }

    fn global(&mut self, module: &'a str, name: &'a str) -> Result<(), Fault> {
        match global::role(module, name) {
            Some(role) => self.push(Value::Global(role)),
            None => Err(global::refusal(self.source, self.at, module, name)),
        }
    }

    fn protocol(&mut self) -> Result<(), Fault> {
        match self.source.u8()? {
            2..=NEWEST_PROTOCOL => Ok(()),
            other => Err(self.damaged(&format!("protocol {other}"))),
        }
    }

    fn frame(&mut self) -> Result<(), Fault> {
        let n = self.source.u64()?;
        if n > self.source.bytes.len() - self.source.at {
            return Err(self.damaged("a frame longer than the file"));
        }
        Ok(())
    }

    fn mark(&mut self) -> Result<(), Fault> {
        if self.marks.len() >= limits::MARKS {
            return Err(self.too_much("values begun and not ended", limits::MARKS));
        }
        self.marks.push(self.stack.len());
        Ok(())
    }

    /// All values above the last MARK.
    fn take_to_mark(&mut self) -> Result<Vec<Id>, Fault> {
        let at = self.marks.pop().ok_or_else(|| self.damaged("an end without a MARK"))?;
        Ok(self.stack.split_off(at))
    }

    fn put(&mut self, at: usize) -> Result<(), Fault> {
        if at >= limits::MEMO {
            return Err(self.too_much("values in the memo", limits::MEMO));
        }
        let id = self.top()?;
        if self.memo.len() <= at {
            self.memo.resize(at + 1, None);
        }
        self.n_memo += usize::from(self.memo[at].is_none());
        self.memo[at] = Some(id);
        Ok(())
    }

    fn get(&mut self, at: usize) -> Result<(), Fault> {
        let id = self.memo.get(at).copied().flatten();
        let id = id.ok_or_else(|| self.damaged("the memo has no such number"))?;
        self.push_id(id)
    }

    fn push(&mut self, value: Value<'a>) -> Result<(), Fault> {
        let id = self.values.add(value).ok_or_else(|| self.too_much("values", limits::VALUES))?;
        self.push_id(id)
    }

    fn push_id(&mut self, id: Id) -> Result<(), Fault> {
        if self.stack.len() >= limits::STACK {
            return Err(self.too_much("values on the stack", limits::STACK));
        }
        self.stack.push(id);
        Ok(())
    }

    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn top(&self) -> Result<Id, Fault> {
        let id = self.stack.last().filter(|_| self.stack.len() > self.floor());
        id.copied().ok_or_else(|| self.damaged("an opcode that needs a value, and none is there"))
    }

    fn pop(&mut self) -> Result<Id, Fault> {
        let id = self.top()?;
        self.stack.pop();
        Ok(id)
    }

    fn damaged(&self, found: &str) -> Fault {
        self.source
            .fault(self.at, "the pickle is damaged")
            .found(found)
            .hint("fetch the file again and compare its size")
    }

    fn refused(&self, code: u8) -> Fault {
        self.source
            .fault(self.at, "refused: an opcode that weight files do not need")
            .found(format!("{code:#04x}, {}", opcode::name(code)))
            .hint("load the file in PyTorch and save it again: torch.save(network.state_dict(), …)")
    }

    fn too_much(&self, what: &str, limit: usize) -> Fault {
        self.source
            .fault(self.at, format!("refused: the file asks for more than {limit} {what}"))
            .hint("weight files stay far below; keep the network's numbers alone: torch.save(network.state_dict(), …)")
    }
}

/// An integer of any length, lowest byte first, in two's complement.
fn long(bytes: &[u8]) -> Value<'_> {
    if bytes.len() > 8 {
        return Value::Long(bytes);
    }
    let is_negative = bytes.last().is_some_and(|b| *b > 127);
    let mut wide = [if is_negative { 255 } else { 0 }; 8];
    wide[..bytes.len()].copy_from_slice(bytes);
    Value::Int(i64::from_le_bytes(wide))
}
