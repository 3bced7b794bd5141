//! One face a person, many a row: what the people of a set look like, or of several sets side by side.
//!
//! In: face sets, each read twice. Out: a picture without names. Memory holds the people and the chosen faces, never a
//! set.

use std::collections::BTreeMap;

use howfar_face::{FaceSet, Fault, Picture, portrait_rows};

use crate::layout::{Layout, evenly_spaced};
use crate::sheet::draw;

/// Faces of several people a row, one a person: its first neutral one, or the first. `n_people` are taken at equal
/// distances from the people of each set, in its order; of several sets a face of each by turns, so that real and
/// generated ones stand side by side. No names.
pub fn face_grid(sets: &[FaceSet], n_people: usize, n_columns: usize, scale: u32) -> Result<Picture, Fault> {
    let of_sets = sets.iter().map(|set| one_face_each(set, n_people.max(1))).collect::<Result<Vec<_>, _>>()?;
    let longest = of_sets.iter().map(Vec::len).max().unwrap_or(0);
    let by_turns = (0..longest).flat_map(|i| of_sets.iter().filter_map(move |faces| faces.get(i)));
    let columns = vec![String::new(); n_columns.clamp(1, longest.max(1) * sets.len().max(1))];
    let chosen: BTreeMap<(usize, usize), Picture> =
        by_turns.enumerate().map(|(i, picture)| ((i / columns.len(), i % columns.len()), picture.clone())).collect();
    let layout = Layout::of_rows(chosen.len().div_ceil(columns.len()));
    draw(&columns, &layout, &chosen, scale)
}

/// The first neutral face, or the first one, of people at equal distances.
fn one_face_each(set: &FaceSet, n_people: usize) -> Result<Vec<Picture>, Fault> {
    let mut rows: Vec<u64> = portrait_rows(set)?.into_values().collect();
    rows.sort_unstable();
    let wanted: Vec<u64> = evenly_spaced(rows.len(), n_people).map(|idx| rows[idx]).collect();
    let (mut pictures, mut row) = (Vec::new(), 0);
    set.for_each(|face| {
        if wanted.binary_search(&row).is_ok() {
            pictures.push(face.picture);
        }
        row += 1;
        Ok(())
    })?;
    Ok(pictures)
}

#[cfg(test)]
mod tests {
    use super::*;
    use howfar_face::Provenance;
    use howfar_face::test_sets::{TestSet, labels};

    #[test]
    fn neutral_faces_of_two_sets_stand_by_turns_and_the_last_row_may_end_early() {
        let folder = tempfile::tempdir().unwrap();
        let set = |name: &str, faces: &[(&str, usize, u8)]| {
            let mut set = TestSet::new(name, &["anger", "neutral"], 8);
            for (person, label, level) in faces {
                set.push_plain(labels(*label, &format!("{name}:{person}"), Provenance::Drawn), *level);
            }
            set.write(folder.path())
        };
        let a = set("a", &[("p", 0, 10), ("q", 0, 20), ("p", 1, 11), ("p", 1, 12)]);
        let b = set("b", &[("p", 1, 30), ("q", 0, 40), ("r", 0, 50)]);
        let grid = face_grid(&[a, b], 9, 3, 1).unwrap();
        assert_eq!((grid.width, grid.height), (2 + 3 * 10, 2 + 2 * 10));
        let at = |x: u32, y: u32| grid.data[((2 + y * 10 + 4) * grid.width + 2 + x * 10 + 4) as usize];
        let cells: Vec<u8> = (0..2).flat_map(|y| (0..3).map(move |x| (x, y))).map(|(x, y)| at(x, y)).collect();
        assert_eq!(cells, [20, 30, 11, 40, 50, 255], "a's people in the order of the chosen faces, b's after each");
    }
}
