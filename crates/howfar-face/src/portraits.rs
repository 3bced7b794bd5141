//! One face for each person of a set. In: a face set. Out: rows. Decodes no picture.

use std::collections::BTreeMap;

use crate::{FaceSet, Fault, SubjectId};

/// The row of each person's first neutral face, or of the first one where there is none.
pub fn portrait_rows(set: &FaceSet) -> Result<BTreeMap<SubjectId, u64>, Fault> {
    let neutral = set.info().classes.iter().position(|class| class == "neutral");
    let mut rows: BTreeMap<SubjectId, (u64, bool)> = BTreeMap::new();
    let mut row = 0;
    set.for_each_labels(|labels| {
        let is_neutral = Some(labels.label) == neutral;
        let own = rows.entry(labels.subject).or_insert((row, is_neutral));
        if is_neutral && !own.1 {
            *own = (row, true);
        }
        row += 1;
    })?;
    Ok(rows.into_iter().map(|(subject, (row, _))| (subject, row)).collect())
}
