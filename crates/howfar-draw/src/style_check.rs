//! Checks a style file key by key: every mistake with its line, what was found and what is allowed.
//!
//! In: the text of a file. Out: the first mistake of the file, or none; after that the file fits `Style`. Merges
//! nothing.

use std::ops::Range;

use howfar_face::{Expression, Fault, SubjectId, closest_name};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::embedded_styles::STYLE_NAMES;
use crate::style_key::{ACTION_KEYS, KeyKind, Limits, STYLE_KEYS, SUBSTITUTE_KEYS, StyleKey};

/// The table whose keys are expressions.
const EXPRESSIONS: &str = "acting.expressions";

/// What the keys that a file leaves out are taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// An embedded style fills them in.
    Filled,
    /// Nothing: a missing key is a mistake.
    Refused,
}

/// Checks the parsed `table` of `text`, which lies at `place`.
pub(crate) fn check(text: &str, place: &str, table: &Spanned<DeTable<'_>>, missing: Missing) -> Result<(), Fault> {
    let mut check = Check { text, missing, mistakes: Vec::new() };
    check.table("", table.get_ref(), 0..0);
    // The first in the file is told: later ones are often its consequence.
    check.mistakes.sort_by_key(|mistake| mistake.at);
    let n_mistakes = check.mistakes.len();
    match check.mistakes.into_iter().next() {
        None => Ok(()),
        Some(first) => Err(first.fault(text, place, n_mistakes)),
    }
}

/// A mistake that the parser of TOML found.
pub(crate) fn syntax_fault(text: &str, place: &str, error: &toml::de::Error) -> Fault {
    let at = error.span().map_or(0, |span| span.start);
    let message = error.message().lines().next().unwrap_or("not TOML").to_owned();
    let line = text.lines().nth(line_idx(text, at)).unwrap_or_default().trim();
    Fault::usage(format!("{place}, line {}", line_idx(text, at) + 1), format!("not TOML: {message}"))
        .found(line)
        .expected("key = value, one a line, under headings in [brackets]")
        .hint("`howfar style show studio` prints a style file to start from")
}

fn line_idx(text: &str, at: usize) -> usize {
    text.as_bytes()[..at.min(text.len())].iter().filter(|b| **b == b'\n').count()
}

struct Check<'a> {
    text: &'a str,
    missing: Missing,
    mistakes: Vec<Mistake>,
}

/// One mistake and where it begins in the text.
#[derive(Debug, Default)]
struct Mistake {
    at: usize,
    what: String,
    found: Option<String>,
    expected: String,
    hint: Option<String>,
}

impl Mistake {
    fn fault(self, text: &str, place: &str, n_mistakes: usize) -> Fault {
        let others = if n_mistakes > 1 { format!(" (the first of {n_mistakes} mistakes)") } else { String::new() };
        let place = format!("{place}, line {}", line_idx(text, self.at) + 1);
        let fault = Fault::usage(place, self.what + &others);
        let fault = self.found.into_iter().fold(fault, Fault::found).expected(self.expected);
        self.hint.into_iter().fold(fault, Fault::hint)
    }
}

type Value<'a> = Spanned<DeValue<'a>>;

impl Check<'_> {
    /// What the file says there, on one line.
    fn source(&self, span: Range<usize>) -> String {
        let source = self.text.get(span).unwrap_or_default();
        let mut lines = source.lines();
        let first = lines.next().unwrap_or_default().trim().to_owned();
        if lines.next().is_some() { first + " …" } else { first }
    }

    /// A table of the file whose keys stand in `STYLE_KEYS`.
    fn table(&mut self, path: &str, table: &DeTable<'_>, span: Range<usize>) {
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let full = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            if full == EXPRESSIONS {
                self.expressions(value);
            } else if let Some(known) = crate::style_key::style_key(&full) {
                self.value(&full, known, value);
            } else if STYLE_KEYS.iter().any(|k| k.table() == full) {
                match value.get_ref() {
                    DeValue::Table(inner) => self.table(&full, inner, key.span()),
                    _ => self.wrong(&full, value, "is not a table", &format!("a heading [{full}] and keys below it")),
                }
            } else if !(path.is_empty() && name == "base") {
                self.unknown(path, name, key.span().start);
            }
        }
        self.left_out(path, table, span.start);
    }

    fn unknown(&mut self, path: &str, name: &str, at: usize) {
        let mut here: Vec<&str> = STYLE_KEYS.iter().filter(|k| k.table() == path).map(StyleKey::name).collect();
        if path.is_empty() {
            here.push("base");
            here.extend(sections());
        }
        let elsewhere = STYLE_KEYS.iter().find(|k| k.name() == name).map(|k| k.table().to_owned());
        let hint = match (closest_name(name, here.iter().copied()), elsewhere) {
            (Some(meant), _) => format!("did you mean `{meant}`?"),
            (None, Some(table)) if table.is_empty() => format!("`{name}` stands at the top, above the first heading"),
            (None, Some(table)) => format!("`{name}` stands under [{table}]"),
            (None, None) => "docs/styles.md lists every key".to_owned(),
        };
        let place = if path.is_empty() { "at the top".to_owned() } else { format!("under [{path}]") };
        let what = format!("unknown key `{name}` {place}");
        let expected = format!("one of {}", here.join(", "));
        self.mistakes.push(Mistake { at, what, found: Some(name.to_owned()), expected, hint: Some(hint) });
    }

    fn left_out(&mut self, path: &str, table: &DeTable<'_>, at: usize) {
        let has = |name: &str| table.keys().any(|k| k.get_ref().as_ref() == name);
        // A name of its own is always asked for: identities of two styles must not be called the same.
        let needed = |k: &&StyleKey| self.missing == Missing::Refused || k.path == "name";
        let keys = STYLE_KEYS.iter().filter(|k| k.table() == path && !k.is_optional()).filter(needed);
        let mut absent: Vec<(String, String)> =
            keys.filter(|k| !has(k.name())).map(|k| (k.path.to_owned(), k.kind.to_string())).collect();
        if path.is_empty() && self.missing == Missing::Refused {
            let needed = |table: &&str| STYLE_KEYS.iter().any(|k| k.table() == *table && !k.is_optional());
            let tables = sections().into_iter().filter(needed).filter(|s| !has(s));
            absent.extend(tables.map(|s| (format!("[{s}]"), "a heading and its keys".to_owned())));
        }
        if path == "acting" && self.missing == Missing::Refused && !has("expressions") {
            absent.push((format!("[{EXPRESSIONS}]"), "a list of actions for every expression".to_owned()));
        }
        for (key, kind) in absent {
            self.absent(at, &key, &kind);
        }
    }

    fn absent(&mut self, at: usize, key: &str, expected: &str) {
        let hint = if key == "name" {
            "write name = \"my-style\" at the top".to_owned()
        } else {
            let names = STYLE_NAMES.map(|n| format!("base = {n:?}"));
            format!("write it, or {} at the top: it then comes from that style", names.join(" or "))
        };
        let what = format!("`{key}` is missing");
        self.mistakes.push(Mistake { at, what, expected: expected.to_owned(), hint: Some(hint), found: None });
    }

    fn wrong(&mut self, path: &str, value: &Value<'_>, how: &str, expected: &str) {
        self.at(path, value, value, how, expected);
    }

    fn value(&mut self, path: &str, key: &StyleKey, value: &Value<'_>) {
        let expected = match (key.kind, key.unit) {
            (kind, "") => kind.to_string(),
            (kind, unit) => format!("{kind} ({unit})"),
        };
        match (key.kind, value.get_ref()) {
            (KeyKind::Text, DeValue::String(text)) if path == "name" => self.name(text, value),
            (KeyKind::Text, DeValue::String(_)) | (KeyKind::Flag, DeValue::Boolean(_)) => {}
            (KeyKind::Word(words), DeValue::String(word)) => {
                if !words.contains(&word.as_ref()) {
                    self.wrong(path, value, "is none of its words", &expected);
                }
            }
            (KeyKind::ActionUnit, DeValue::Integer(_)) => {
                let known =
                    number(value).and_then(|n| u8::try_from(n as i64).ok()).and_then(crate::action_units::au_index);
                if known.is_none() {
                    self.wrong(path, value, "is an unknown action unit", &expected);
                }
            }
            (KeyKind::Number(limits), _) => {
                self.limited(path, value, value, limits, &expected);
            }
            (KeyKind::Uniform(limits), DeValue::Array(ends)) => self.range(path, value, ends, limits, &expected),
            (KeyKind::TruncatedNormal { mean, sd }, DeValue::Table(table)) => {
                self.truncated_normal(path, value, table, [mean, sd], &expected);
            }
            (KeyKind::People, DeValue::Array(people)) => {
                self.each(path, value, people, &expected, |person| person.parse::<SubjectId>().is_ok());
            }
            (KeyKind::Contents, DeValue::Array(contents)) => {
                let is_hash = |text: &str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
                self.each(path, value, contents, &expected, is_hash);
            }
            (KeyKind::Substitute, DeValue::Table(table)) => self.action(path, SUBSTITUTE_KEYS, value.span(), table),
            (_, found) => self.wrong(path, value, &format!("is {}", type_words(found)), &expected),
        }
    }

    fn name(&mut self, name: &str, value: &Value<'_>) {
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            self.wrong("name", value, "is not a name for a style", "letters, digits and hyphens");
        }
    }

    /// A number within limits; `whole` is the value that a message shows.
    fn limited(
        &mut self,
        path: &str,
        whole: &Value<'_>,
        value: &Value<'_>,
        limits: Limits,
        expected: &str,
    ) -> Option<f64> {
        let Some(number) = number(value) else {
            self.at(path, whole, value, &format!("is {}", type_words(value.get_ref())), expected);
            return None;
        };
        if limits.allow(number) {
            return Some(number);
        }
        let how = match number {
            n if !n.is_finite() => "is not a finite number".to_owned(),
            n if n < f64::from(limits.0) => format!("is below {}", limits.0),
            _ => format!("is above {}", limits.1),
        };
        self.at(path, whole, value, &how, expected);
        None
    }

    /// A mistake in a part of a value: the part's line, the whole as it was found.
    fn at(&mut self, path: &str, whole: &Value<'_>, part: &Value<'_>, how: &str, expected: &str) {
        let (shown, source) = (self.source(part.span()), self.source(whole.span()));
        let part_only = whole.span() != part.span();
        let what = if part_only { format!("`{path}`: {shown} {how}") } else { format!("`{path}` {how}") };
        let found = Some(format!("{} = {source}", last_name(path)));
        self.mistakes.push(Mistake { at: part.span().start, what, found, expected: expected.to_owned(), hint: None });
    }

    fn range(&mut self, path: &str, whole: &Value<'_>, ends: &[Value<'_>], limits: Limits, expected: &str) {
        let [low, high] = ends else {
            return self.wrong(path, whole, &format!("has {} numbers instead of two", ends.len()), expected);
        };
        let ends = [low, high].map(|end| self.limited(path, whole, end, limits, expected));
        if let [Some(low), Some(high)] = ends
            && low > high
        {
            self.wrong(path, whole, "has its ends in the wrong order", expected);
        }
    }

    /// A list of texts of one kind.
    fn each(
        &mut self,
        path: &str,
        whole: &Value<'_>,
        texts: &[Value<'_>],
        expected: &str,
        is_right: impl Fn(&str) -> bool,
    ) {
        for text in texts {
            match text.get_ref() {
                DeValue::String(found) if is_right(found) => {}
                DeValue::String(_) => self.at(path, whole, text, "is not one", expected),
                found => self.at(path, whole, text, &format!("is {}", type_words(found)), expected),
            }
        }
    }

    fn truncated_normal(
        &mut self,
        path: &str,
        whole: &Value<'_>,
        table: &DeTable<'_>,
        limits: [Limits; 2],
        expected: &str,
    ) {
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            match ["mean", "sd"].iter().position(|n| *n == name) {
                Some(which) => {
                    self.limited(&format!("{path}.{name}"), whole, value, limits[which], expected);
                }
                None => self.unknown_in(path, name, key.span().start, &["mean", "sd"]),
            }
        }
        let absent = ["mean", "sd"].into_iter().filter(|n| !table.keys().any(|k| k.get_ref().as_ref() == *n));
        for name in absent.filter(|_| self.missing == Missing::Refused).collect::<Vec<_>>() {
            self.wrong(path, whole, &format!("has no `{name}`"), expected);
        }
    }

    fn unknown_in(&mut self, path: &str, name: &str, at: usize, known: &[&str]) {
        let what = format!("unknown key `{name}` in `{path}`");
        let expected = format!("one of {}", known.join(", "));
        let hint = closest_name(name, known.iter().copied()).map(|meant| format!("did you mean `{meant}`?"));
        self.mistakes.push(Mistake { at, what, found: Some(name.to_owned()), expected, hint });
    }

    fn expressions(&mut self, value: &Value<'_>) {
        let DeValue::Table(table) = value.get_ref() else {
            return self.wrong(EXPRESSIONS, value, "is not a table", "one list of actions an expression");
        };
        let names = Expression::ALL.map(Expression::name);
        for (key, actions) in table {
            let name = key.get_ref().as_ref();
            let path = format!("{EXPRESSIONS}.{name}");
            match actions.get_ref() {
                _ if !names.contains(&name) => self.unknown_in(EXPRESSIONS, name, key.span().start, &names),
                DeValue::Array(actions) => actions.iter().for_each(|action| self.one_action(&path, action)),
                found => {
                    let how = format!("is {}", type_words(found));
                    self.wrong(&path, actions, &how, "a list of actions; [] shows none");
                }
            }
        }
        if self.missing == Missing::Refused {
            for name in names.into_iter().filter(|n| !table.keys().any(|k| k.get_ref().as_ref() == *n)) {
                self.absent(value.span().start, &format!("{EXPRESSIONS}.{name}"), "a list of actions; [] shows none");
            }
        }
    }

    fn one_action(&mut self, path: &str, action: &Value<'_>) {
        match action.get_ref() {
            DeValue::Table(table) => self.action(path, ACTION_KEYS, action.span(), table),
            found => {
                let example = "{ au = 12, probability = 0.9, intensity = [0.5, 1.0] }";
                self.wrong(path, action, &format!("has an action that is {}", type_words(found)), example);
            }
        }
    }

    /// An action, or what stands in for one: all but `otherwise` and `one_side` must be there, base or not, because the
    /// list of an expression is replaced as a whole.
    fn action(&mut self, path: &str, keys: &[StyleKey], span: Range<usize>, table: &DeTable<'_>) {
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            match keys.iter().find(|k| k.path == name) {
                Some(known) => self.value(&format!("{path}.{name}"), known, value),
                None => {
                    let known: Vec<&str> = keys.iter().map(|k| k.path).collect();
                    self.unknown_in(path, name, key.span().start, &known);
                }
            }
        }
        for key in keys.iter().filter(|k| !k.is_optional()) {
            if !table.keys().any(|k| k.get_ref().as_ref() == key.path) {
                let found = Some(self.source(span.clone()));
                let what = format!("`{path}`: an action has no `{}`", key.path);
                let expected = format!("{} = {}", key.path, key.kind);
                self.mistakes.push(Mistake { at: span.start, what, found, expected, hint: None });
            }
        }
    }
}

/// Tables at the top of a file.
fn sections() -> Vec<&'static str> {
    let mut names: Vec<&str> = STYLE_KEYS.iter().map(StyleKey::table).filter(|t| !t.is_empty()).collect();
    names.dedup();
    names
}

/// What stands before the `=`. The `mean` and `sd` of a distribution are shown with it.
fn last_name(path: &str) -> &str {
    let path = path.strip_suffix(".mean").or_else(|| path.strip_suffix(".sd")).unwrap_or(path);
    path.rsplit('.').next().unwrap_or(path)
}

fn number(value: &Value<'_>) -> Option<f64> {
    match value.get_ref() {
        DeValue::Float(float) => float.as_str().parse().ok(),
        DeValue::Integer(whole) => i64::from_str_radix(whole.as_str(), whole.radix()).ok().map(|n| n as f64),
        _ => None,
    }
}

fn type_words(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a single number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
