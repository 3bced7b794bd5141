//! Damage: what transfers, editors and people who mean harm do to a file.
//!
//! In: whole inputs, a seed and the number of a try. Out: an input, the same for the same numbers and whatever was
//! tried before, so that one that broke a reader can be made again alone.

use howfar_random::{Seeds, Stream, below, bits, choice};

use crate::target::{Kind, Target};

/// Inputs do not grow beyond this, in bytes.
const LONGEST: usize = 1 << 20;
/// Half of all damage lies so near to the beginning or the end: there files describe themselves.
const NEAR: usize = 2048;
/// Most changes of one input.
const MOST_CHANGES: usize = 6;

/// Bytes at the ends of their ranges.
const EDGES: [u8; 8] = [0, 1, 0x7f, 0x80, 0xfe, 0xff, b'0', b'\n'];
/// Numbers at the ends of theirs.
const NUMBERS: [u64; 16] = [
    0,
    1,
    2,
    8,
    255,
    256,
    65_535,
    65_536,
    1 << 24,
    1 << 31,
    (1 << 31) - 1,
    u32::MAX as u64,
    1 << 40,
    1 << 62,
    i64::MAX as u64,
    u64::MAX,
];
/// Words that mean something in JSON, TOML, CSV, XML, YAML or the messages of a terminal.
const WORDS: [&str; 64] = [
    "null",
    "true",
    "false",
    "NaN",
    "nan",
    "inf",
    "-inf",
    "Infinity",
    "[]",
    "{}",
    "[",
    "]",
    "{",
    "}",
    "[[",
    "]]",
    "\"",
    "\"\"",
    "'",
    "'''",
    "\"\"\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "\\n",
    ",",
    ",,",
    ":",
    ";",
    "=",
    "#",
    "|",
    "\t",
    "\n",
    "\r\n",
    "\0",
    " ",
    "\u{feff}",
    "\u{202e}",
    "\u{1b}[2J",
    "ü",
    "日本",
    "\u{0130}",
    "../",
    "/",
    "<",
    ">",
    "</a>",
    "<![CDATA[",
    "]]>",
    "<!DOCTYPE a [<!ENTITY b \"c\">]>",
    "&b;",
    "&#0;",
    "&#x10ffff;",
    "<?xml",
    "xmlns=",
    "---",
    "- ",
    "sep=;",
    "1979-05-27T07:32:00Z",
    "[a.b]",
    "name = ",
    "e",
    "0x",
];
/// Numbers as texts have them.
const NUMERALS: [&str; 20] = [
    "0",
    "-0",
    "1",
    "-1",
    "2",
    "3",
    "7",
    "0.5",
    "-0.5",
    "1e-320",
    "1e308",
    "-1e308",
    "1e999",
    "255",
    "65536",
    "2147483648",
    "4294967296",
    "9223372036854775808",
    "18446744073709551615",
    "99999999999999999999999",
];

/// The input of a try: whole for the first ones, one for each seed, and damaged from there on.
pub fn input(target: &Target, seeds: &[Vec<u8>], seed: u64, number: u64) -> Vec<u8> {
    let whole = usize::try_from(number).ok().and_then(|number| seeds.get(number));
    if let Some(whole) = whole {
        return whole.clone();
    }
    let mut stream = Seeds::new(seed).stream(target.name, &[number]);
    let mut bytes = choice(seeds, &mut stream).cloned().unwrap_or_default();
    for _ in 0..=below(MOST_CHANGES, &mut stream) {
        match target.kind {
            Kind::Text if below(3, &mut stream) > 0 => damage_text(&mut bytes, seeds, &mut stream),
            _ => damage(&mut bytes, seeds, &mut stream),
        }
        bytes.truncate(LONGEST);
    }
    if let Some(mend) = target.mend.filter(|_| below(2, &mut stream) == 0) {
        mend(&mut bytes);
    }
    bytes
}

/// Where damage is done.
fn place(n: usize, stream: &mut Stream) -> usize {
    match below(4, stream) {
        0 => below(n.min(NEAR), stream),
        1 => n.saturating_sub(1 + below(n.min(NEAR), stream)),
        _ => below(n, stream),
    }
}

/// How long a damaged piece is: mostly short.
fn length(stream: &mut Stream) -> usize {
    match below(4, stream) {
        0 => below(4096, stream),
        1 => below(64, stream),
        _ => below(9, stream),
    }
}

/// A piece of an input.
fn piece<'s>(of: &'s [u8], stream: &mut Stream) -> &'s [u8] {
    let begin = place(of.len(), stream);
    let end = begin.saturating_add(length(stream)).min(of.len());
    of.get(begin..end).unwrap_or_default()
}

/// One change of bytes.
fn damage(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], stream: &mut Stream) {
    let at = place(bytes.len(), stream);
    let end = at.saturating_add(length(stream)).min(bytes.len());
    match below(12, stream) {
        0 | 1 => change(bytes, at, |byte, stream| byte ^ 1 << below(8, stream), stream),
        2 => change(bytes, at, |_, stream| choice(&EDGES, stream).copied().unwrap_or_default(), stream),
        3 => change(bytes, at, |_, stream| bits(stream) as u8, stream),
        4 => change(bytes, at, |byte, stream| byte.wrapping_add(1 + 254 * below(2, stream) as u8), stream),
        5 => bytes.truncate(at),
        6 => drop(bytes.drain(at..end)),
        7 => {
            let again = bytes[at..end].to_vec();
            let behind = place(bytes.len() + 1, stream);
            drop(bytes.splice(behind..behind, again));
        }
        8 => {
            let other = choice(seeds, stream).map(Vec::as_slice).unwrap_or_default();
            let piece = piece(other, stream).to_vec();
            drop(bytes.splice(at..at, piece));
        }
        9 => {
            // The head of one input and the tail of another.
            let other = choice(seeds, stream).map(Vec::as_slice).unwrap_or_default();
            let from = place(other.len() + 1, stream);
            bytes.truncate(at);
            bytes.extend_from_slice(&other[from..]);
        }
        10 => overwrite(bytes, at, stream),
        _ => {
            let byte = choice(&EDGES, stream).copied().unwrap_or_default();
            bytes[at..end].fill(byte);
        }
    }
}

fn change(bytes: &mut [u8], at: usize, of: impl Fn(u8, &mut Stream) -> u8, stream: &mut Stream) {
    if let Some(byte) = bytes.get_mut(at) {
        *byte = of(*byte, stream);
    }
}

/// A number of 1, 2, 4 or 8 bytes in either order in place of what is there.
fn overwrite(bytes: &mut [u8], at: usize, stream: &mut Stream) {
    let number = match below(3, stream) {
        0 => below(300, stream) as u64,
        1 => (bytes.len() as u64).wrapping_add(below(9, stream) as u64).wrapping_sub(4),
        _ => choice(&NUMBERS, stream).copied().unwrap_or_default(),
    };
    let width = 1 << below(4, stream);
    let (little, big) = (number.to_le_bytes(), number.to_be_bytes());
    let written = if below(2, stream) == 0 { &little[..width] } else { &big[8 - width..] };
    for (byte, new) in bytes.iter_mut().skip(at).zip(written) {
        *byte = *new;
    }
}

/// One change of text: a number, a word, a line.
fn damage_text(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], stream: &mut Stream) {
    let at = below(bytes.len() + 1, stream);
    match below(8, stream) {
        0 | 1 => {
            let is_numeral = |b: &u8| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e');
            let found = run_behind(bytes, at, |b| b.is_ascii_digit(), |b| is_numeral(&b));
            let numeral = choice(&NUMERALS, stream).copied().unwrap_or_default();
            drop(bytes.splice(found, numeral.bytes()));
        }
        2 => {
            let word = choice(&WORDS, stream).copied().unwrap_or_default();
            drop(bytes.splice(at..at, word.bytes()));
        }
        3 => {
            let found = run_behind(bytes, at, is_of_word, is_of_word);
            let word = choice(&WORDS, stream).copied().unwrap_or_default();
            drop(bytes.splice(found, word.bytes()));
        }
        4 => {
            // A word of the same files at the place of another.
            let other = choice(seeds, stream).map(Vec::as_slice).unwrap_or_default();
            let word = other[run_behind(other, below(other.len() + 1, stream), is_of_word, is_of_word)].to_vec();
            let found = run_behind(bytes, at, is_of_word, is_of_word);
            drop(bytes.splice(found, word));
        }
        5 => drop(bytes.drain(line_at(bytes, at))),
        6 => {
            let line = bytes[line_at(bytes, at)].to_vec();
            let behind = line_at(bytes, below(bytes.len() + 1, stream)).end;
            drop(bytes.splice(behind..behind, line));
        }
        _ => {
            // Deep or wide: a piece many times over.
            let piece = piece(bytes, stream);
            let again = piece[..piece.len().min(64)].repeat(2 + below(400, stream));
            drop(bytes.splice(at..at, again));
        }
    }
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.') || byte >= 0x80
}

/// The first run behind a place that begins with one kind of byte and goes on with another; empty where there is none.
fn run_behind(
    bytes: &[u8],
    at: usize,
    begins: impl Fn(u8) -> bool,
    goes_on: impl Fn(u8) -> bool,
) -> std::ops::Range<usize> {
    let behind = bytes.get(at..).unwrap_or_default();
    let Some(skipped) = behind.iter().position(|byte| begins(*byte)) else { return at..at };
    let n = behind[skipped..].iter().take_while(|byte| goes_on(**byte)).count();
    at + skipped..at + skipped + n
}

/// The line of a place, with its end.
fn line_at(bytes: &[u8], at: usize) -> std::ops::Range<usize> {
    let (before, behind) = bytes.split_at(at.min(bytes.len()));
    let begin = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let end = behind.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| before.len() + end + 1);
    begin..end
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES: Target = Target::bytes("bytes", |_| Ok(Vec::new()), |_, _| true);
    const TEXT: Target = Target::text("text", |_| Ok(Vec::new()), |_, _| true);

    #[test]
    fn an_input_follows_from_its_numbers_alone_and_hardly_ever_is_another_one() {
        let seeds = [b"[a]\nb = 1\nc = [2, 3]\n".to_vec(), b"d,e\n1,2\n".to_vec()];
        for target in [BYTES, TEXT] {
            assert_eq!([0, 1].map(|number| input(&target, &seeds, 7, number)), seeds);
            let all: Vec<Vec<u8>> = (2..3000).rev().map(|number| input(&target, &seeds, 7, number)).collect();
            let again: Vec<Vec<u8>> = (2..3000).rev().map(|number| input(&target, &seeds, 7, number)).collect();
            assert_eq!(all, again);
            let n_different = all.iter().collect::<std::collections::BTreeSet<_>>().len();
            assert!(n_different > 2000, "{n_different}");
            assert_ne!(input(&target, &seeds, 8, 2), all[all.len() - 1]);
        }
    }

    #[test]
    fn nothing_and_next_to_nothing_can_be_damaged() {
        for seeds in [Vec::new(), vec![Vec::new()], vec![vec![b'1']]] {
            for target in [BYTES, TEXT] {
                (0..2000).for_each(|number| drop(input(&target, &seeds, 1, number)));
            }
        }
    }

    #[test]
    fn inputs_do_not_grow_without_bound() {
        let seeds = [vec![b'x'; LONGEST]];
        assert!((1..60).all(|number| input(&TEXT, &seeds, 1, number).len() <= LONGEST));
    }
}
