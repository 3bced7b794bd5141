//! Writes a style as a file that people read: keys in the order of the table, ranges and distributions on one line.
//!
//! In: the table of a style and the lines of its comment. Out: TOML that reads back as the same style.

use howfar_face::Expression;
use toml::{Table, Value};

use crate::style_key::{STYLE_KEYS, StyleKey};

/// The text of a style file; each line of `comment` gets its `#`.
pub(crate) fn style_text(style: &Table, comment: &str) -> String {
    // What TOML does not allow in a comment: a lone carriage return, say.
    let plain = |line: &str| line.replace(|c: char| c.is_control() && c != '\t', " ");
    let line = |line: &str| format!("# {}", plain(line)).trim_end().to_owned() + "\n";
    let mut text: String = comment.lines().map(line).collect();
    text += &keys_text(style, |key| key.table() != FITTED);
    text += "\n[acting.expressions]\n";
    let expressions = style.get("acting").and_then(|acting| acting.get("expressions"));
    for name in Expression::ALL.map(Expression::name) {
        if let Some(Value::Array(actions)) = expressions.and_then(|e| e.get(name)) {
            text += &list_lines(name, actions);
        }
    }
    text + &keys_text(style, |key| key.table() == FITTED)
}

/// The table that comes last: it may name many people.
const FITTED: &str = "fitted";

fn keys_text(table: &Table, wanted: impl Fn(&StyleKey) -> bool) -> String {
    let (mut text, mut heading) = (String::new(), "");
    for key in STYLE_KEYS.iter().filter(|key| wanted(key)) {
        let Some(value) = value_at(table, key) else { continue };
        if key.table() != heading {
            heading = key.table();
            text += &format!("\n[{heading}]\n");
        }
        text += &match value {
            Value::Array(texts) if texts.iter().all(Value::is_str) => list_lines(key.name(), texts),
            value => format!("{} = {}\n", key.name(), inline(value)),
        };
    }
    text
}

fn value_at<'a>(table: &'a Table, key: &StyleKey) -> Option<&'a Value> {
    if key.table().is_empty() { table.get(key.name()) } else { table.get(key.table())?.get(key.name()) }
}

/// A list with a line for each of its values.
fn list_lines(name: &str, values: &[Value]) -> String {
    if values.is_empty() {
        return format!("{name} = []\n");
    }
    let lines: String = values.iter().map(|value| format!("    {},\n", inline(value))).collect();
    format!("{name} = [\n{lines}]\n")
}

/// A value on one line. Keys of actions and distributions come in the order in which people say them.
fn inline(value: &Value) -> String {
    const ORDER: [&str; 7] = ["au", "probability", "intensity", "otherwise", "one_side", "mean", "sd"];
    match value {
        // The numbers of a style are f32: written as such, they read back as the same and without a tail of digits.
        Value::Float(number) => format!("{:?}", *number as f32),
        Value::Array(values) => format!("[{}]", values.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Table(table) => {
            let entry = |key: &&str| table.get(*key).map(|v| format!("{key} = {}", inline(v)));
            format!("{{ {} }}", ORDER.iter().filter_map(entry).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use crate::embedded_styles::STYLE_NAMES;
    use crate::style::Style;

    #[test]
    fn a_written_style_reads_back_the_same_and_looks_like_the_embedded_ones() {
        for style in STYLE_NAMES.map(|name| Style::named(name).unwrap()) {
            let text = style.to_toml_with("One.\n\nTwo.").unwrap();
            assert!(text.starts_with("# One.\n#\n# Two.\nname = "), "{text}");
            assert_eq!(Style::from_toml(&text).unwrap(), style);
            assert!(text.contains("{ au = 9, probability = "), "{text}");
        }
    }
}
