//! A contact sheet: what a face set looks like, people in rows and classes in columns, on one picture.
//!
//! In: a face set, read twice, once for its labels and once for the chosen faces. Out: a picture with a name over every
//! column and before every row. Memory holds the labels and the chosen faces, never the set.

use std::collections::BTreeMap;

use crate::letters::{LETTER_HEIGHT, LETTER_STEP, LETTER_WIDTH, glyph};
use crate::{FaceSet, Fault, Picture, SubjectId, portrait_rows};

const PAPER: u8 = 255;
const INK: u8 = 0;
/// A person lacks this class.
const MISSING: u8 = 176;
/// Pixels between cells.
const GAP: u32 = 2;
/// Letters of a row's name.
const NAME_LETTERS: usize = 14;

/// People in rows and classes in columns, the first face of each in the set's order. `n_people` are taken at equal
/// distances from the people sorted by name; a gray cell says that a person lacks the class. Where hardly anyone has a
/// second face (fewer than 1.5 a person), each column holds `n_people` faces of its class at equal distances instead,
/// and rows have no names. Every pixel of a face becomes `scale` × `scale` ones. Gray where all faces are gray, else
/// RGB. Where `parents` is given, a first column shows the face of that set which each person was made from: the
/// parent's first neutral one, or the first.
pub fn contact_sheet(set: &FaceSet, parents: Option<&FaceSet>, n_people: usize, scale: u32) -> Result<Picture, Fault> {
    let layout = Layout::choose(set, n_people.max(1))?;
    let first = usize::from(parents.is_some());
    let mut chosen: BTreeMap<(usize, usize), Picture> = BTreeMap::new();
    let mut row = 0;
    set.for_each(|face| {
        if let Some((at, class)) = layout.cells.get(&row) {
            chosen.insert((*at, class + first), face.picture);
        }
        row += 1;
        Ok(())
    })?;
    let mut columns = set.info().classes.clone();
    if let Some(parents) = parents {
        chosen.extend(layout.parents_in(parents)?.into_iter().map(|(row, picture)| ((row, 0), picture)));
        columns.insert(0, "parent".to_owned());
    }
    Ok(enlarged(&draw(&columns, &layout, &chosen), scale.max(1)))
}

/// Which face of the set goes where.
#[derive(Default)]
pub(crate) struct Layout {
    names: Vec<String>,
    /// Whom the person of each row was made from.
    parents: Vec<Option<SubjectId>>,
    n_rows: usize,
    /// Row in the set → row and column of the sheet.
    cells: BTreeMap<u64, (usize, usize)>,
}

impl Layout {
    /// Rows without names.
    pub(crate) fn of_rows(n_rows: usize) -> Self {
        Layout { n_rows, ..Layout::default() }
    }

    fn choose(set: &FaceSet, n_people: usize) -> Result<Self, Fault> {
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
    fn parents_in(&self, set: &FaceSet) -> Result<BTreeMap<usize, Picture>, Fault> {
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

pub(crate) fn draw(classes: &[String], layout: &Layout, chosen: &BTreeMap<(usize, usize), Picture>) -> Picture {
    let cell_width = chosen.values().map(|p| p.width).max().unwrap_or(1);
    let cell_height = chosen.values().map(|p| p.height).max().unwrap_or(1);
    let n_letters = layout.names.iter().map(|name| name.chars().count().min(NAME_LETTERS)).max().unwrap_or(0) as u32;
    let left = if n_letters > 0 { n_letters * LETTER_STEP + 2 * GAP } else { GAP };
    let has_names = classes.iter().any(|name| !name.is_empty());
    let top = if has_names { LETTER_HEIGHT + 2 * GAP } else { GAP };
    let mut sheet = Sheet::blank(
        left + classes.len() as u32 * (cell_width + GAP),
        top + layout.n_rows as u32 * (cell_height + GAP),
        chosen.values().map(|p| p.channels).max().unwrap_or(1),
    );
    let x = |class: usize| left + class as u32 * (cell_width + GAP);
    let y = |row: usize| top + row as u32 * (cell_height + GAP);
    for (class, name) in classes.iter().enumerate() {
        sheet.text(name, (cell_width / LETTER_STEP) as usize, (x(class), GAP));
    }
    for row in 0..layout.n_rows {
        if let Some(name) = layout.names.get(row) {
            sheet.text(name, NAME_LETTERS, (GAP, y(row) + cell_height.saturating_sub(LETTER_HEIGHT) / 2));
        }
        for class in 0..classes.len() {
            match chosen.get(&(row, class)) {
                Some(picture) => sheet.paste(picture, (x(class), y(row))),
                // The last row of a grid may end early.
                None if !has_names => {}
                None => sheet.fill((x(class), y(row)), (cell_width, cell_height), MISSING),
            }
        }
    }
    sheet.0
}

/// Every pixel becomes `scale` × `scale` ones.
pub(crate) fn enlarged(picture: &Picture, scale: u32) -> Picture {
    let n = picture.channels as usize;
    let (width, height) = (picture.width * scale, picture.height * scale);
    let mut data = Vec::with_capacity(width as usize * height as usize * n);
    for row in picture.data.chunks_exact(picture.width as usize * n) {
        let begin = data.len();
        for pixel in row.chunks_exact(n) {
            (0..scale).for_each(|_| data.extend_from_slice(pixel));
        }
        let end = data.len();
        (1..scale).for_each(|_| data.extend_from_within(begin..end));
    }
    Picture { width, height, channels: picture.channels, data }
}

/// A picture in the making.
pub(crate) struct Sheet(pub(crate) Picture);

impl Sheet {
    pub(crate) fn blank(width: u32, height: u32, channels: u32) -> Self {
        let data = vec![PAPER; width as usize * height as usize * channels as usize];
        Sheet(Picture { width, height, channels, data })
    }

    /// Sets a pixel; what lies outside is cut off.
    fn set(&mut self, x: u32, y: u32, value: impl Fn(usize) -> u8) {
        let Picture { width, height, channels, ref mut data } = self.0;
        if x < width && y < height {
            let begin = (y as usize * width as usize + x as usize) * channels as usize;
            for (channel, byte) in data[begin..begin + channels as usize].iter_mut().enumerate() {
                *byte = value(channel);
            }
        }
    }

    fn fill(&mut self, (left, top): (u32, u32), (width, height): (u32, u32), value: u8) {
        for y in top..top + height {
            for x in left..left + width {
                self.set(x, y, |_| value);
            }
        }
    }

    pub(crate) fn paste(&mut self, picture: &Picture, (left, top): (u32, u32)) {
        let n = picture.channels as usize;
        for y in 0..picture.height {
            for x in 0..picture.width {
                let begin = (y * picture.width + x) as usize * n;
                self.set(left + x, top + y, |channel| picture.data[begin + channel.min(n - 1)]);
            }
        }
    }

    /// At most `letters` letters, all as capitals.
    fn text(&mut self, text: &str, letters: usize, place: (u32, u32)) {
        self.large_text(text, letters, place, 1);
    }

    /// Letters whose every pixel is a square of `scale` × `scale`.
    pub(crate) fn large_text(&mut self, text: &str, letters: usize, (left, top): (u32, u32), scale: u32) {
        for (i, letter) in text.chars().take(letters).enumerate() {
            let begin = left + i as u32 * LETTER_STEP * scale;
            for (y, bits) in (0..).zip(glyph(letter)) {
                for x in (0..LETTER_WIDTH).filter(|x| bits >> (LETTER_WIDTH - 1 - x) & 1 == 1) {
                    for (dx, dy) in (0..scale).flat_map(|dx| (0..scale).map(move |dy| (dx, dy))) {
                        self.set(begin + x * scale + dx, top + y * scale + dy, |_| INK);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_sets::{TestSet, labels};
    use crate::{FaceLabels, Provenance};

    const SIDE: u32 = 12;

    /// A set of one face for each `(person, class)`, filled with that face's number plus one.
    fn face_set(folder: &std::path::Path, faces: &[(&str, usize)]) -> FaceSet {
        let mut set = TestSet::new("small", &["a", "b", "c"], SIDE);
        for (i, (person, label)) in faces.iter().enumerate() {
            set.push_plain(labels(*label, &format!("db:{person}"), Provenance::Drawn), i as u8 + 1);
        }
        set.write(folder)
    }

    /// The value in the middle of every cell, row by row.
    fn middles(sheet: &Picture, n_rows: u32, left: u32) -> Vec<u8> {
        let step = SIDE + GAP;
        let top = LETTER_HEIGHT + 2 * GAP;
        let at = |x: u32, y: u32| sheet.data[(y * sheet.width + x) as usize];
        let cells = (0..n_rows).flat_map(|row| (0..3).map(move |class| (row, class)));
        cells.map(|(row, class)| at(left + class * step + SIDE / 2, top + row * step + SIDE / 2)).collect()
    }

    #[test]
    fn people_stand_in_rows_classes_in_columns_and_a_missing_one_is_gray() {
        let folder = tempfile::tempdir().unwrap();
        let set = face_set(folder.path(), &[("p2", 1), ("p1", 0), ("p1", 2), ("p1", 0), ("p2", 0)]);
        let sheet = contact_sheet(&set, None, 9, 1).unwrap();
        let left = 2 * LETTER_STEP + 2 * GAP;
        assert_eq!((sheet.width, sheet.height, sheet.channels), (left + 3 * 14, 11 + 2 * 14, 1));
        assert_eq!(middles(&sheet, 2, left), [2, MISSING, 3, 5, 1, MISSING]);
    }

    #[test]
    fn parents_stand_before_what_was_made_of_them() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        let faces = [("p1", 0), ("p2", 1), ("p3", 2)];
        let of_parents = face_set(&a, &faces);
        let mut made = TestSet::new("made", &["a", "b", "c"], SIDE);
        for (person, parent, label) in [("x", "p3", 0), ("y", "p1", 0), ("x", "p3", 1), ("y", "p1", 1)] {
            let parent = Some(SubjectId::new("db", parent).unwrap());
            let labels = labels(label, &format!("made:{person}"), Provenance::Generated);
            made.push_plain(FaceLabels { parent, ..labels }, 9);
        }
        let made = made.write(&b);
        let sheet = contact_sheet(&made, Some(&of_parents), 9, 1).unwrap();
        let left = LETTER_STEP + 2 * GAP;
        assert_eq!(middles(&sheet, 2, left), [3, 9, 9, 1, 9, 9]);
        let fault = contact_sheet(&of_parents, Some(&made), 9, 1).unwrap_err();
        assert!(fault.to_string().contains("none of the people on the sheet has a parent"), "{fault}");
    }

    #[test]
    fn where_hardly_anyone_has_two_faces_columns_are_filled_by_class() {
        let folder = tempfile::tempdir().unwrap();
        let set = face_set(folder.path(), &[("p1", 0), ("p2", 0), ("p2", 0), ("p4", 0), ("p5", 0), ("p6", 2)]);
        let sheet = contact_sheet(&set, None, 2, 1).unwrap();
        assert_eq!(middles(&sheet, 2, GAP), [2, MISSING, 6, 4, MISSING, MISSING]);
    }

    #[test]
    fn scaling_repeats_every_pixel_and_letters_grow_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let set = face_set(folder.path(), &[("p1", 0), ("p1", 1), ("p1", 2)]);
        let (small, large) = (contact_sheet(&set, None, 1, 1).unwrap(), contact_sheet(&set, None, 1, 3).unwrap());
        assert_eq!((large.width, large.height), (3 * small.width, 3 * small.height));
        for y in 0..large.height {
            for x in 0..large.width {
                let (small_at, large_at) = ((y / 3 * small.width + x / 3) as usize, (y * large.width + x) as usize);
                assert_eq!(large.data[large_at], small.data[small_at], "{x}, {y}");
            }
        }
    }

    #[test]
    fn chosen_people_lie_at_equal_distances() {
        for (of, n, expected) in
            [(10, 2, vec![2, 7]), (3, 5, vec![0, 1, 2]), (5, 5, vec![0, 1, 2, 3, 4]), (0, 3, vec![])]
        {
            assert_eq!(evenly_spaced(of, n).collect::<Vec<_>>(), expected);
        }
    }
}
