//! Counts the code words of one scan of a JPEG file (ITU-T T.81, annexes F and G), without decoding what they mean.

use super::Frame;

/// What is wrong with a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    /// Its data end before its last block.
    Early,
    /// Its data cannot be what an encoder wrote.
    Damaged,
}

/// Bits that are looked up at once.
const FAST: u32 = 9;

/// A code of up to 16 bits a word.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Huffman {
    /// By the next nine bits: length of the word and value; 0 where the word is longer.
    fast: Vec<(u8, u8)>,
    /// By length: the first code that is too large for it, and what turns a code into a position in `values`.
    limits: [(u32, i32); 17],
    values: Vec<u8>,
}

impl Huffman {
    pub(super) fn new(counts: &[u8; 16], values: &[u8]) -> Option<Self> {
        let mut table = Huffman { fast: vec![(0, 0); 1 << FAST], limits: [(0, 0); 17], values: values.to_vec() };
        let (mut code, mut position) = (0_u32, 0_usize);
        for length in 1..=16_u32 {
            let n_words = u32::from(counts[length as usize - 1]);
            table.limits[length as usize] = (code + n_words, position as i32 - code as i32);
            if code + n_words > 1 << length {
                return None;
            }
            for word in code..code + n_words {
                if length <= FAST {
                    let first = (word << (FAST - length)) as usize;
                    let entry = (length as u8, *values.get(position)?);
                    table.fast[first..first + (1 << (FAST - length))].fill(entry);
                }
                position += 1;
            }
            code = (code + n_words) << 1;
        }
        Some(table)
    }
}

/// The bits of a scan, up to the next marker.
struct Bits<'b> {
    bytes: &'b [u8],
    at: usize,
    bits: u64,
    n: u32,
    /// Whether a marker or the file's end was reached.
    stopped: bool,
}

impl Bits<'_> {
    fn fill(&mut self) {
        while self.n <= 48 && !self.stopped {
            match (self.bytes.get(self.at), self.bytes.get(self.at + 1)) {
                (Some(0xff), Some(0)) => {
                    self.push(0xff);
                    self.at += 2;
                }
                // Fill bytes before a marker.
                (Some(0xff), Some(0xff)) => self.at += 1,
                (Some(0xff), _) | (None, _) => self.stopped = true,
                (Some(byte), _) => {
                    self.push(*byte);
                    self.at += 1;
                }
            }
        }
    }

    fn push(&mut self, byte: u8) {
        self.bits = self.bits << 8 | u64::from(byte);
        self.n += 8;
    }

    /// Why the data are at their end: another marker than the picture's end in their midst is damage.
    fn flaw(&self) -> Flaw {
        match self.bytes.get(self.at + 1) {
            None | Some(0xd9) => Flaw::Early,
            Some(_) => Flaw::Damaged,
        }
    }

    /// The next `n` bits, up to 16.
    fn take(&mut self, n: u32) -> Result<u32, Flaw> {
        if self.n < n {
            self.fill();
            if self.n < n {
                return Err(self.flaw());
            }
        }
        self.n -= n;
        Ok((self.bits >> self.n) as u32 & ((1 << n) - 1))
    }

    fn word(&mut self, table: &Huffman) -> Result<u8, Flaw> {
        if self.n < 16 {
            self.fill();
        }
        let next =
            |n: u32| if self.n >= n { (self.bits >> (self.n - n)) as u32 } else { (self.bits << (n - self.n)) as u32 };
        let (length, value) = table.fast[(next(FAST) & ((1 << FAST) - 1)) as usize];
        if length > 0 && u32::from(length) <= self.n {
            self.n -= u32::from(length);
            return Ok(value);
        }
        let sixteen = next(16) & 0xffff;
        for length in 1..=16_u32 {
            let (limit, offset) = table.limits[length as usize];
            let code = sixteen >> (16 - length);
            if code < limit {
                if length > self.n {
                    return Err(self.flaw());
                }
                self.n -= length;
                return table.values.get((code as i32 + offset) as usize).copied().ok_or(Flaw::Damaged);
            }
        }
        Err(if self.n < 16 { self.flaw() } else { Flaw::Damaged })
    }

    /// Goes behind the restart mark that must be next.
    fn restart(&mut self) -> Result<(), Flaw> {
        (self.bits, self.n, self.stopped) = (0, 0, false);
        // What was read ahead is at most padding: words end within a byte of the mark.
        while self.bytes.get(self.at) == Some(&0xff) && self.bytes.get(self.at + 1) == Some(&0xff) {
            self.at += 1;
        }
        match (self.bytes.get(self.at), self.bytes.get(self.at + 1)) {
            (Some(0xff), Some(0xd0..=0xd7)) => {
                self.at += 2;
                Ok(())
            }
            (Some(0xff), Some(0xd9)) | (_, None) => Err(Flaw::Early),
            _ => Err(Flaw::Damaged),
        }
    }

    /// The position behind the byte of the last bit taken.
    fn position(&self) -> usize {
        let mut n_unread = self.n / 8;
        let mut at = self.at;
        // Stuffed zeros count with the byte before them.
        while n_unread > 0 && at > 0 {
            at -= if at >= 2 && self.bytes[at - 1] == 0 && self.bytes[at - 2] == 0xff { 2 } else { 1 };
            n_unread -= 1;
        }
        at
    }
}

/// One scan as its head describes it.
pub(super) struct Scan {
    /// Places in the frame, with the numbers of the two tables.
    components: Vec<(usize, usize, usize)>,
    first: usize,
    last: usize,
    refines: bool,
    /// Whether its coefficients lack no bit behind it.
    finishes: bool,
    restart: usize,
}

impl Scan {
    pub(super) fn read(segment: &[u8], frame: &Frame, restart: usize) -> Option<Self> {
        let (n, rest) = segment.split_first()?;
        let told = rest.get(..2 * usize::from(*n)).filter(|_| (1..=4).contains(n))?;
        let place = |c: &[u8]| {
            let at = frame.components.iter().position(|component| component.id == c[0])?;
            Some((at, usize::from(c[1] >> 4), usize::from(c[1] & 15)))
        };
        let components = told.chunks_exact(2).map(place).collect::<Option<Vec<_>>>()?;
        let [first, last, high_low] = *rest.get(told.len()..told.len() + 3)? else { return None };
        let (first, last) = if frame.progressive { (usize::from(first), usize::from(last)) } else { (0, 63) };
        let usable = first <= last && last < 64 && (first == 0 || components.len() == 1);
        let refines = frame.progressive && high_low >> 4 != 0;
        let finishes = high_low & 15 == 0;
        usable.then_some(Scan { components, first, last, refines, finishes, restart })
    }
}

/// Counts a scan's words from a position on. Returns the position behind them.
pub(super) fn walk(
    bytes: &[u8],
    at: usize,
    scan: &Scan,
    frame: &mut Frame,
    tables: &[[Option<Huffman>; 4]; 2],
) -> Result<usize, Flaw> {
    let mut bits = Bits { bytes, at, bits: 0, n: 0, stopped: false };
    let alone = scan.components.len() == 1;
    let (units_across, n_units) = match &scan.components[..] {
        [(at, ..)] => {
            let component = &frame.components[*at];
            (component.wide, component.wide * component.high)
        }
        _ => (frame.units_across, frame.units_across * frame.units_down),
    };
    let progressive = frame.progressive;
    let mut run = 0_u32;
    for unit in 0..n_units {
        if scan.restart > 0 && unit > 0 && unit % scan.restart == 0 {
            bits.restart()?;
            run = 0;
        }
        let (row, column) = (unit / units_across, unit % units_across);
        for (at, first_table, other_table) in &scan.components {
            let component = &mut frame.components[*at];
            let (across, down) = if alone { (1, 1) } else { (component.across, component.down) };
            let table =
                |class: usize, number: usize| tables[class].get(number).and_then(Option::as_ref).ok_or(Flaw::Damaged);
            for block in 0..across * down {
                let place = (row * down + block / across) * component.stride + column * across + block % across;
                if !progressive {
                    plain_block(&mut bits, table(0, *first_table)?, table(1, *other_table)?)?;
                } else if scan.first == 0 {
                    if scan.refines {
                        bits.take(1)?;
                    } else {
                        let n = bits.word(table(0, *first_table)?)?;
                        bits.take(u32::from(n.min(16)))?;
                    }
                } else {
                    let nonzero = component.nonzero.get_mut(place).ok_or(Flaw::Damaged)?;
                    let table = table(1, *other_table)?;
                    if scan.refines {
                        refined_block(&mut bits, table, scan, nonzero, &mut run)?;
                    } else {
                        first_block(&mut bits, table, scan, nonzero, &mut run)?;
                    }
                }
            }
        }
    }
    for (at, ..) in &scan.components {
        let component = &mut frame.components[*at];
        component.seen |= scan.first == 0;
        if scan.finishes {
            component.unfinished &= !(!0 >> (63 - scan.last) & !0 << scan.first);
        }
    }
    Ok(bits.position())
}

/// A block of a baseline scan: its first coefficient, then runs of zeros and coefficients.
fn plain_block(bits: &mut Bits<'_>, first: &Huffman, others: &Huffman) -> Result<(), Flaw> {
    let n = bits.word(first)?;
    bits.take(u32::from(n.min(16)))?;
    let mut k = 1;
    while k < 64 {
        let word = bits.word(others)?;
        let (zeros, n) = (word >> 4, word & 15);
        if n == 0 && zeros < 15 {
            break;
        }
        bits.take(u32::from(n))?;
        k += usize::from(zeros) + 1;
    }
    Ok(())
}

/// The length of a run of blocks that are over.
fn run_of_blocks(bits: &mut Bits<'_>, n: u8) -> Result<u32, Flaw> {
    Ok((1 << n) + bits.take(u32::from(n))?)
}

/// A block's coefficients as they first appear.
fn first_block(
    bits: &mut Bits<'_>,
    table: &Huffman,
    scan: &Scan,
    nonzero: &mut u64,
    run: &mut u32,
) -> Result<(), Flaw> {
    if *run > 0 {
        *run -= 1;
        return Ok(());
    }
    let mut k = scan.first;
    while k <= scan.last {
        let word = bits.word(table)?;
        let (zeros, n) = (word >> 4, word & 15);
        if n == 0 && zeros < 15 {
            *run = run_of_blocks(bits, zeros)? - 1;
            break;
        }
        k += usize::from(zeros);
        if n > 0 {
            bits.take(u32::from(n))?;
            *nonzero |= 1_u64.checked_shl(k as u32).ok_or(Flaw::Damaged)?;
        }
        k += 1;
    }
    Ok(())
}

/// One more bit of the coefficients that are known, and coefficients that appear with this bit.
fn refined_block(
    bits: &mut Bits<'_>,
    table: &Huffman,
    scan: &Scan,
    nonzero: &mut u64,
    run: &mut u32,
) -> Result<(), Flaw> {
    let mut k = scan.first;
    while *run == 0 && k <= scan.last {
        let word = bits.word(table)?;
        let (mut zeros, n) = (word >> 4, word & 15);
        if n == 0 && zeros < 15 {
            *run = run_of_blocks(bits, zeros)?;
            break;
        }
        if n > 0 {
            bits.take(1)?;
        }
        while k <= scan.last {
            if *nonzero >> k & 1 == 1 {
                bits.take(1)?;
            } else if zeros == 0 {
                break;
            } else {
                zeros -= 1;
            }
            k += 1;
        }
        if n > 0 && k <= scan.last {
            *nonzero |= 1 << k;
        }
        k += 1;
    }
    if *run > 0 {
        let known = (k..=scan.last).filter(|k| *nonzero >> k & 1 == 1).count();
        for _ in 0..known {
            bits.take(1)?;
        }
        *run -= 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_by_length_and_an_impossible_table_is_refused() {
        // Words 0, 10, 110 of one, two, three bits.
        let mut counts = [0; 16];
        counts[..3].fill(1);
        let table = Huffman::new(&counts, &[7, 8, 9]).unwrap();
        let mut bits = Bits { bytes: &[0b0101_1011, 0xff, 0xd9], at: 0, bits: 0, n: 0, stopped: false };
        let words: Vec<_> = (0..4).map(|_| bits.word(&table)).collect();
        assert_eq!(words, [Ok(7), Ok(8), Ok(9), Err(Flaw::Early)]);
        counts[0] = 3;
        assert_eq!(Huffman::new(&counts, &[1; 5]), None);
    }
}
