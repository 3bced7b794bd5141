//! Tables that hold their pictures in themselves: `emotion,pixels[,Usage]`, 48×48 gray, as FER2013 brought them up.

use std::path::Path;

use howfar_face::csv_table::{CsvTable, field};
use howfar_face::{Expression, Fault};

use super::fer_plus::{Verdict, Votes};
use crate::listing::{Found, Listing, Pixels, Reason};
use crate::tree::TreeFile;

const SIDE: usize = 48;

/// How a table is read.
pub(super) struct PixelTable<'t> {
    /// By the number in the column `emotion`.
    pub labels: &'t [Expression],
    /// What to do about a number beyond them.
    pub hint: &'t str,
    /// Votes that replace the numbers.
    pub votes: Option<&'t Votes>,
    /// The part that all rows belong to where there is no column `Usage`.
    pub part: &'t str,
}

impl PixelTable<'_> {
    /// Adds the pictures of a table to a listing, in the order of its rows. Without a column `emotion` none has a
    /// label.
    pub(super) fn list(&self, path: &Path, listing: &mut Listing) -> Result<(), Fault> {
        let table = CsvTable::open(path)?;
        let (pixels_at, emotion_at, usage_at) = (table.column("pixels")?, table.find("emotion"), table.find("usage"));
        let mut row_idx = 0;
        table.for_each(|place, row| {
            let usage = usage_at.and_then(|at| row.get(at)).unwrap_or(self.part);
            let source = format!("{usage}/{row_idx:05}");
            let vote = self.votes.map(|votes| votes.of_row(row_idx, usage, place)).transpose()?;
            row_idx += 1;
            let class = match (vote, emotion_at) {
                (Some(Verdict::Expression(class)), _) => *class,
                (Some(Verdict::None(why)), _) => {
                    listing.reject(source, Reason::NotAnExpression, *why);
                    return Ok(());
                }
                (None, None) => {
                    listing.reject(source, Reason::NoLabel, format!("{}: no column `emotion`", path.display()));
                    return Ok(());
                }
                (None, Some(at)) => self.label(field(row, at, place)?, place)?,
            };
            let pixels: Option<Vec<u8>> =
                field(row, pixels_at, place)?.split_whitespace().map(|p| p.parse().ok()).collect();
            match pixels.filter(|p| p.len() == SIDE * SIDE) {
                Some(pixels) => {
                    let file = TreeFile { path: path.to_owned(), relative: source };
                    listing.take(Found { pixels: Pixels::Gray(pixels), ..Found::picture(&file, class) });
                }
                None => {
                    let detail = format!("{place}: expected {} numbers of 0 to 255", SIDE * SIDE);
                    listing.reject(source, Reason::Unreadable, detail);
                }
            }
            Ok(())
        })?;
        self.votes.map_or(Ok(()), |votes| votes.check_length(row_idx, path))
    }

    fn label(&self, emotion: &str, place: &str) -> Result<Expression, Fault> {
        emotion.parse::<usize>().ok().and_then(|label| self.labels.get(label)).copied().ok_or_else(|| {
            Fault::data(place, "unknown emotion")
                .found(emotion)
                .expected(format!("0 to {}", self.labels.len() - 1))
                .hint(self.hint)
        })
    }
}
