//! What the rows of a database's lists say of its pictures: a row repeated is left out, rows that contradict each other
//! are an error that names both.

use std::collections::BTreeMap;

use howfar_face::Fault;

use crate::listing::{Listing, Reason};

/// The rows read so far.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// By picture: what was said of it, and where.
    said: BTreeMap<String, (String, String)>,
}

impl Rows {
    /// Whether a row is the first of its picture. One that repeats it is reported; one that says something else of it
    /// is an error.
    pub(super) fn is_new(
        &mut self,
        listing: &mut Listing,
        picture: &str,
        says: &str,
        place: &str,
    ) -> Result<bool, Fault> {
        match self.said.get(picture) {
            None => {
                self.said.insert(picture.to_owned(), (says.to_owned(), place.to_owned()));
                Ok(true)
            }
            Some((before, first)) if before == says => {
                listing.reject(picture, Reason::Repeated, format!("{place} repeats {first}"));
                Ok(false)
            }
            Some((before, first)) => {
                Err(Fault::data(place, format!("{picture} stands twice, with another label or person"))
                    .found(format!("{before} ({first}) and {says} ({place})"))
                    .expected("one row a picture")
                    .hint("remove the wrong row"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_row_is_reported_and_a_contradiction_names_both_rows() {
        let (mut rows, mut listing) = (Rows::default(), Listing::default());
        assert_eq!(rows.is_new(&mut listing, "a.png", "fear", "l.csv, line 2"), Ok(true));
        assert_eq!(rows.is_new(&mut listing, "a.png", "fear", "l.csv, line 3"), Ok(false));
        assert_eq!((listing.rejects.len(), listing.rejects[0].reason), (1, Reason::Repeated));
        let fault = rows.is_new(&mut listing, "a.png", "anger", "l.csv, line 4").unwrap_err().to_string();
        assert!(fault.contains("fear (l.csv, line 2) and anger (l.csv, line 4)"), "{fault}");
    }
}
