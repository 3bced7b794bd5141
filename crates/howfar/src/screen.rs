//! Lines at the end of a terminal that are drawn anew in their place.
//!
//! In: lines that fit the terminal. Out: bytes for it. A picture is written over the one before, each line to its end,
//! in one write: nothing is cleared first, so nothing flickers.

use std::io::Write;

use textwrap::core::display_width;

/// A line: what is written, and how many columns it takes without its colours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    text: String,
    columns: usize,
}

/// How a part of a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// As everything.
    Plain,
    /// Of little weight.
    Faint,
    /// At work.
    Cyan,
    /// Done.
    Green,
    /// Went wrong.
    Red,
}

impl Ink {
    fn sequence(self) -> &'static str {
        match self {
            Ink::Plain => "",
            Ink::Faint => "\u{1b}[2m",
            Ink::Cyan => "\u{1b}[36m",
            Ink::Green => "\u{1b}[32m",
            Ink::Red => "\u{1b}[31m",
        }
    }
}

impl Line {
    /// A line without colours.
    pub fn plain(text: &str) -> Self {
        Line::default().with(text, Ink::Plain)
    }

    /// Goes on in a colour.
    pub fn with(mut self, text: &str, ink: Ink) -> Self {
        self.columns += display_width(text);
        match ink {
            Ink::Plain => self.text.push_str(text),
            ink => self.text.push_str(&format!("{}{text}\u{1b}[0m", ink.sequence())),
        }
        self
    }

    /// What is written, and the columns that it takes.
    #[cfg(test)]
    pub fn shown(&self) -> (&str, usize) {
        (&self.text, self.columns)
    }
}

/// What stands at the end of a terminal.
#[derive(Debug, Default)]
pub struct Screen {
    lines: Vec<Line>,
}

impl Screen {
    /// Whether a picture is shown.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The bytes that put `lines` in the place of those before. `columns` is how wide the terminal is now: a narrower
    /// one has broken the lines that were there.
    pub fn draw(&mut self, lines: Vec<Line>, columns: usize) -> Vec<u8> {
        let mut bytes = self.to_the_first_line(columns);
        for line in &lines {
            bytes.extend(format!("{}\u{1b}[K\n", line.text).bytes());
        }
        // What a longer picture has left below.
        bytes.extend(b"\x1b[J");
        self.lines = lines;
        bytes
    }

    /// The bytes that put text above the picture.
    pub fn above(&mut self, text: &str, columns: usize) -> Vec<u8> {
        let mut bytes = self.to_the_first_line(columns);
        let _ = write!(bytes, "\u{1b}[J{text}");
        let lines = std::mem::take(&mut self.lines);
        bytes.extend(self.draw(lines, columns));
        bytes
    }

    /// The picture stays where it is; what is drawn next comes below.
    pub fn leave(&mut self) {
        self.lines.clear();
    }

    fn to_the_first_line(&self, columns: usize) -> Vec<u8> {
        let rows: usize = self.lines.iter().map(|line| line.columns.div_ceil(columns.max(1)).max(1)).sum();
        if rows == 0 { Vec::new() } else { format!("\r\u{1b}[{rows}A").into_bytes() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_picture_is_drawn_over_the_one_before_and_text_stands_above_it() {
        let mut screen = Screen::default();
        let two = || vec![Line::plain("one"), Line::plain("two").with("!", Ink::Red)];
        assert_eq!(text(screen.draw(two(), 80)), "one\u{1b}[K\ntwo\u{1b}[31m!\u{1b}[0m\u{1b}[K\n\u{1b}[J");
        assert_eq!(text(screen.draw(vec![Line::plain("x")], 80)), "\r\u{1b}[2Ax\u{1b}[K\n\u{1b}[J");
        let above = text(screen.above("note\n", 80));
        assert_eq!(above, "\r\u{1b}[1A\u{1b}[Jnote\n\r\u{1b}[0Ax\u{1b}[K\n\u{1b}[J".replace("\r\u{1b}[0A", ""));
        screen.leave();
        assert_eq!(text(screen.draw(vec![Line::plain("y")], 80)), "y\u{1b}[K\n\u{1b}[J", "the picture stays");
    }

    #[test]
    fn a_terminal_that_became_narrower_has_broken_the_lines() {
        let mut screen = Screen::default();
        screen.draw(vec![Line::plain("twelve chars"), Line::plain("")], 80);
        // Three rows of five columns, and the empty line.
        assert!(text(screen.draw(Vec::new(), 5)).starts_with("\r\u{1b}[4A"));
    }
}
