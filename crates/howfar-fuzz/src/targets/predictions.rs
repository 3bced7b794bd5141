//! Tables of anyone's predictions, as CSV and as Parquet.
//!
//! In: one damaged table. Out: whether it was read, checked, analysed and shown.

use std::path::Path;

use howfar_face::table::{FlatColumn, FlatWriter};
use howfar_report::{Pictures, TextFormat, csv, html, terminal_summary};
use howfar_study::{PredictionsTable, TableOptions};

use crate::target::{Seeds, Target, is_taken, put};

/// As text.
pub(crate) const CSV: Target = Target::text("predictions-csv", texts, |place, bytes| analysed(place, "t.csv", bytes));
/// As other programs pack it.
pub(crate) const PARQUET: Target =
    Target::bytes("predictions-parquet", packed, |place, bytes| analysed(place, "t.parquet", bytes));

/// The text that results are shown as.
const TEXT: TextFormat = TextFormat { width: 80, is_unicode: true };

const HEAD: &str = "arm,k,seed,split,part,set,face,person,true,group";

fn analysed(place: &Path, name: &str, bytes: &[u8]) -> bool {
    put(place, name, bytes);
    let options = TableOptions { name: "t".to_owned(), ..TableOptions::default() };
    is_taken(PredictionsTable::open(&place.join(name), &options).and_then(|table| {
        let results = table.analyse()?;
        let shown =
            terminal_summary(&results, None, TEXT).len() + html(&results, None, None, &Pictures::default()).len();
        Ok(shown + csv(&results).len())
    }))
}

/// The rows of two arms, two seeds: who trains, validates, tests, and an unseen set.
fn rows(said: impl Fn(bool) -> &'static str) -> Vec<String> {
    let mut rows = Vec::new();
    for (arm, k) in [("real", "0"), ("mix", "1"), ("mix", "2.5")] {
        for seed in 0..2 {
            for (part, set) in [("training", "a"), ("validation", "a"), ("test", "a"), ("unseen", "b")] {
                for face in 0..4 {
                    let (label, group) = if face % 2 == 0 { ("x", "one") } else { ("y", "two") };
                    let said = said((face + seed + k.len()) % 3 > 0);
                    rows.push(format!(
                        "{arm},{k},{seed},0,{part},{set},{part}{face},{part}:{},{label},{group},{said}",
                        face / 2
                    ));
                }
            }
        }
    }
    rows
}

fn texts(_: &Path) -> Seeds {
    let classes = rows(|is_first| if is_first { "x" } else { "y" }).join("\n");
    let probabilities = rows(|is_first| if is_first { "0.75,0.25" } else { "0.125,0.875" }).join("\n");
    Ok(vec![format!("{HEAD},predicted\n{classes}\n").into(), format!("{HEAD},p_x,p_y\n{probabilities}\n").into()])
}

fn packed(place: &Path) -> Seeds {
    let path = place.join("seed.parquet");
    let names: Vec<String> = format!("{HEAD},predicted").split(',').map(str::to_owned).collect();
    let rows = rows(|is_first| if is_first { "x" } else { "y" });
    let column = |(place, name): (usize, &String)| {
        let values = rows.iter().map(|row| row.split(',').nth(place).unwrap_or_default());
        match name.as_str() {
            "k" => FlatColumn::Doubles(values.map(|value| value.parse().unwrap_or(0.0)).collect()),
            "seed" | "split" => FlatColumn::Ints(values.map(|value| value.parse().unwrap_or(0)).collect()),
            _ => FlatColumn::Texts(values.map(str::to_owned).collect()),
        }
    };
    let columns: Vec<FlatColumn> = names.iter().enumerate().map(column).collect();
    let mut writer = FlatWriter::create(&path, &names)?;
    writer.write(&columns)?;
    writer.finish()?;
    Ok(vec![std::fs::read(&path)?])
}
