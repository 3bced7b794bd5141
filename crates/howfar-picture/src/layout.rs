//! Which face of a set goes where on a contact sheet. In: the labels of a face set. Out: rows, columns and names.
//! Decodes no picture but the parents'.

use std::collections::BTreeMap;

use howfar_face::{FaceSet, Fault, Picture, SubjectId, portrait_rows};

/// Which face of the set goes where.
#[derive(Default)]
pub(crate) struct Layout {
    pub(crate) names: Vec<String>,
    /// Whom the person of each row was made from.
    parents: Vec<Option<SubjectId>>,
    pub(crate) n_rows: usize,
    /// Row in the set → row and column of the sheet.
    pub(crate) cells: BTreeMap<u64, (usize, usize)>,
}

impl Layout {
    /// Rows without names.
    pub(crate) fn of_rows(n_rows: usize) -> Self {
        Layout { n_rows, ..Layout::default() }
    }

    pub(crate) fn choose(set: &FaceSet, n_people: usize) -> Result<Self, Fault> {
        let n_classes = set.info().classes.len();
        let mut people: BTreeMap<SubjectId, Vec<Option<u64>>> = BTreeMap::new();
        let mut of_class: Vec<Vec<u64>> = vec![Vec::new(); n_classes];
        let mut parents: BTreeMap<SubjectId, SubjectId> = BTreeMap::new();
        let mut row = 0;
        set.for_each_labels(|labels| {
            if let Some(parent) = labels.parent {
                parents.entry(labels.subject.clone()).or_insert(parent);
            }
            let firsts = people.entry(labels.subject).or_insert_with(|| vec![None; n_classes]);
            firsts[labels.label].get_or_insert(row);
            of_class[labels.label].push(row);
            row += 1;
        })?;
        // FER-2013 has no persons, but some pictures twice: fewer than 1.5 faces each would leave nearly every cell
        // gray.
        let hardly_anyone_twice = 2 * row < 3 * people.len() as u64 && n_classes > 1;
        Ok(if hardly_anyone_twice {
            Self::by_class(&of_class, n_people)
        } else {
            Self::by_person(&people, &parents, n_people)
        })
    }

    /// For each row whose person has a parent in the set: that parent's first neutral face, or the first.
    pub(crate) fn parents_in(&self, set: &FaceSet) -> Result<BTreeMap<usize, Picture>, Fault> {
        let wanted: BTreeMap<u64, SubjectId> = portrait_rows(set)?
            .into_iter()
            .filter(|(subject, _)| self.parents.iter().flatten().any(|parent| parent == subject))
            .map(|(subject, row)| (row, subject))
            .collect();
        let (mut faces, mut row) = (BTreeMap::new(), 0);
        set.for_each(|face| {
            if let Some(subject) = wanted.get(&row) {
                faces.insert(subject.clone(), face.picture);
            }
            row += 1;
            Ok(())
        })?;
        let of_row = |(row, parent): (usize, &Option<SubjectId>)| Some((row, faces.get(parent.as_ref()?)?.clone()));
        let found: BTreeMap<usize, Picture> = self.parents.iter().enumerate().filter_map(of_row).collect();
        if found.is_empty() {
            return Err(Fault::data(
                set.folder().display(),
                "none of the people on the sheet has a parent in this set",
            )
            .expected("the set that the faces were generated from")
            .hint("howfar generate --from FACES makes faces with parents"));
        }
        Ok(found)
    }

    fn by_person(
        people: &BTreeMap<SubjectId, Vec<Option<u64>>>,
        parents: &BTreeMap<SubjectId, SubjectId>,
        n_people: usize,
    ) -> Self {
        let all: Vec<_> = people.iter().collect();
        let mut databases: Vec<&str> = all.iter().map(|(subject, _)| subject.database()).collect();
        databases.dedup();
        let mut layout = Layout::default();
        for idx in evenly_spaced(all.len(), n_people) {
            let (subject, firsts) = all[idx];
            let several = databases.len() > 1;
            layout.names.push(if several { subject.to_string() } else { subject.person().to_owned() });
            layout.parents.push(parents.get(subject).cloned());
            for (class, first) in firsts.iter().enumerate() {
                layout.cells.extend(first.map(|row| (row, (layout.n_rows, class))));
            }
            layout.n_rows += 1;
        }
        layout
    }

    fn by_class(of_class: &[Vec<u64>], n_faces: usize) -> Self {
        let n_rows = of_class.iter().map(|rows| rows.len().min(n_faces)).max().unwrap_or(0);
        let mut cells = BTreeMap::new();
        for (class, rows) in of_class.iter().enumerate() {
            let idxs = evenly_spaced(rows.len(), n_faces);
            cells.extend(idxs.enumerate().map(|(place, idx)| (rows[idx], (place, class))));
        }
        Layout { n_rows, cells, ..Layout::default() }
    }
}

/// `n` of `0..of` at equal distances, all of them where there are fewer.
pub(crate) fn evenly_spaced(of: usize, n: usize) -> impl Iterator<Item = usize> {
    let n = n.min(of);
    (0..n).map(move |i| (2 * i + 1) * of / (2 * n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_people_lie_at_equal_distances() {
        for (of, n, expected) in
            [(10, 2, vec![2, 7]), (3, 5, vec![0, 1, 2]), (5, 5, vec![0, 1, 2, 3, 4]), (0, 3, vec![])]
        {
            assert_eq!(evenly_spaced(of, n).collect::<Vec<_>>(), expected);
        }
    }
}
