//! docs/formats.md and docs/generators.md: every format that the sources write is described with its version.

use std::collections::BTreeMap;

use crate::{markdown, read, sources};

/// Every format with the version that is written, by the sources: a literal `"howfar …"` on a line with the word
/// format, beside its version or with a constant `VERSION` in its file.
pub fn written() -> BTreeMap<String, u32> {
    let mut all = BTreeMap::new();
    for (_, text) in sources() {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for line in code.lines().filter(|line| is_declaration(line)) {
            let Some(name) = line.split('"').find(|part| part.starts_with("howfar ")) else { continue };
            let beside = line.split(name).nth(1).and_then(first_number);
            let version = beside.or_else(|| {
                let constant = code.lines().map(str::trim_start).find(|line| line.contains("const VERSION: u"));
                constant.and_then(|line| line.split_once('=')).and_then(|(_, value)| first_number(value))
            });
            all.insert(name.to_owned(), version.unwrap_or_else(|| panic!("{name}: which version? {line}")));
        }
    }
    all
}

fn is_declaration(line: &str) -> bool {
    line.contains("FORMAT: ")
        || line.contains("FORMAT =")
        || line.contains("\"format\": \"howfar ")
        || line.contains("[(\"howfar ")
}

fn first_number(text: &str) -> Option<u32> {
    let digits: String = text.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[test]
fn every_format_is_described_with_its_version() {
    let formats = written();
    assert!(formats.len() > 12, "{formats:?}");
    let rows = markdown::table(&read("docs/formats.md"), "format");
    let documented: BTreeMap<String, u32> =
        rows.iter().map(|row| (row[0].trim_matches('`').to_owned(), row[1].parse().unwrap())).collect();
    assert_eq!(documented, formats, "the table of formats in docs/formats.md (left) and the sources");
}
