//! Texts out of files, fit for a terminal: what would move its cursor, colour it or turn its lines around is written
//! out.
//!
//! In: any text. Out: the same letters, line breaks and tabs, and escapes for the rest. Prints nothing.

use std::borrow::Cow;

/// Whether a terminal would act on a character, or order its neighbours anew, instead of showing it. Line breaks and
/// tabs are harmless.
pub fn acts_on_terminals(c: char) -> bool {
    c.is_control() && c != '\n' && c != '\t' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text of lines whose every character is shown.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(acts_on_terminals) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if acts_on_terminals(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// A name of one line whose every character is shown.
pub fn printable_name(name: &str) -> String {
    printable(name).replace('\n', "\\n").replace('\t', "\\t")
}

/// At most so many characters of a text, with the number of those left out behind them.
pub fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some((end, _)) => {
            let n_more = text[end..].chars().count();
            Cow::Owned(format!("{} … ({n_more} more characters)", &text[..end]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_and_turned_lines_are_written_out() {
        assert_eq!(printable("a\u{1b}[2Jb\u{9b}31m\r\u{202e}c"), "a\\u{1b}[2Jb\\u{9b}31m\\r\\u{202e}c");
        assert_eq!(printable("höher, 日本\n\tund weiter"), "höher, 日本\n\tund weiter");
        assert_eq!(printable_name("a\nb\tc"), "a\\nb\\tc");
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(shortened("höher", 5), "höher");
        assert_eq!(shortened("höher", 2), "hö … (3 more characters)");
    }
}
