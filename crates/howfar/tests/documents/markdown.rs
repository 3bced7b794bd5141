//! Finds code and tables in a document. In: Markdown as it is written here. Out: texts.

/// Every piece of code: what stands between backticks, and the lines of blocks, continued ones joined.
pub fn code(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    for (idx, part) in text.split("```").enumerate() {
        if idx % 2 == 1 {
            // The first line names the language.
            let lines = part.split_once('\n').map_or("", |(_, lines)| lines).replace("\\\n", " ");
            pieces.extend(lines.lines().map(str::to_owned));
        } else {
            let spans = part.split('`').skip(1).step_by(2);
            pieces.extend(spans.map(|span| span.split_whitespace().collect::<Vec<_>>().join(" ")));
        }
    }
    pieces
}

/// The cells of every row of the first table whose head begins with this cell.
pub fn table(text: &str, first_head: &str) -> Vec<Vec<String>> {
    let begin = format!("| {first_head} |");
    let rows = text.lines().skip_while(|line| !line.starts_with(&begin)).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|')).map(cells);
    rows.collect()
}

/// A bar within code is no border.
fn cells(row: &str) -> Vec<String> {
    let (mut cells, mut cell, mut in_code) = (Vec::new(), String::new(), false);
    for c in row.trim().trim_start_matches('|').chars() {
        match c {
            '|' if !in_code => cells.push(std::mem::take(&mut cell).trim().to_owned()),
            _ => {
                in_code ^= c == '`';
                cell.push(c);
            }
        }
    }
    cells
}

#[test]
fn code_and_tables_are_found() {
    let text = "a `b c` and `d\ne`\n```sh\nf \\\n  g\n```\n| x | y |\n|---|---|\n| `p|q` | 2 |\n\n";
    assert_eq!(code(text), ["b c", "d e", "f    g", "p|q"]);
    assert_eq!(table(text, "x"), [["`p|q`", "2"]]);
}
