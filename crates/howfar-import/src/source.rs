//! Bytes with a place: every fault says in which file, and at which byte of it, something was found.
//!
//! In: bytes and what they are called. Out: numbers and slices that exist, or a fault. Knows no format.

use howfar_face::Fault;

/// Bytes that are read from front to back.
#[derive(Debug, Clone)]
pub(crate) struct Source<'a> {
    /// What the bytes are called in messages.
    pub name: String,
    /// All bytes.
    pub bytes: &'a [u8],
    /// The next byte to read.
    pub at: usize,
}

impl<'a> Source<'a> {
    pub fn new(name: impl Into<String>, bytes: &'a [u8]) -> Self {
        Source { name: name.into(), bytes, at: 0 }
    }

    /// A fault at a byte.
    pub fn fault(&self, at: usize, what: impl Into<String>) -> Fault {
        Fault::data(format!("{}, byte {at}", self.name), what)
    }

    /// The next `n` bytes.
    pub fn take(&mut self, n: usize) -> Result<&'a [u8], Fault> {
        let left = self.bytes.len() - self.at;
        if n > left {
            return Err(self
                .fault(self.at, "the file ends too early, or a length in it is wrong")
                .found(format!("{left} bytes"))
                .expected(format!("{n} bytes"))
                .hint("fetch the file again and compare its size"));
        }
        let taken = &self.bytes[self.at..self.at + n];
        self.at += n;
        Ok(taken)
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        Ok(self.take(N)?.try_into().expect("take gives as many bytes as asked"))
    }

    pub fn u8(&mut self) -> Result<usize, Fault> {
        Ok(usize::from(self.array::<1>()?[0]))
    }

    pub fn u16(&mut self) -> Result<usize, Fault> {
        Ok(usize::from(u16::from_le_bytes(self.array()?)))
    }

    pub fn u32(&mut self) -> Result<usize, Fault> {
        Ok(u32::from_le_bytes(self.array()?) as usize)
    }

    /// A number too large for this machine becomes the largest, which no length check lets through.
    pub fn u64(&mut self) -> Result<usize, Fault> {
        Ok(usize::try_from(u64::from_le_bytes(self.array()?)).unwrap_or(usize::MAX))
    }

    /// The next `n` bytes as text.
    pub fn text(&mut self, n: usize) -> Result<&'a str, Fault> {
        let at = self.at;
        let bytes = self.take(n)?;
        std::str::from_utf8(bytes).map_err(|_| self.fault(at, "a text is not UTF-8"))
    }

    /// The text up to the end of the line.
    pub fn line(&mut self) -> Result<&'a str, Fault> {
        let rest = &self.bytes[self.at..];
        let n = rest.iter().take(1000).position(|b| *b == b'\n');
        let n = n.ok_or_else(|| self.fault(self.at, "a line does not end within 1000 bytes"))?;
        let text = self.text(n)?;
        self.at += 1;
        Ok(text)
    }
}
