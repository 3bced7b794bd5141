//! Names over columns and before rows: as large as all of them can be, cut where they cannot.
//!
//! In: names, the room that they have. Out: lines of letters of one size.

use crate::text::Line;

/// Smaller letters cannot be read; longer names are cut instead.
const LEAST_SIZE: f32 = 8.5;

/// The names at `size` pixels an em, or smaller so that more of them fit into `room` pixels. Names that would fit in
/// unreadable letters alone end in an ellipsis and make no other name smaller. `scale` multiplies all lengths.
pub(crate) fn captions(names: &[String], size: f32, room: f32, scale: f32) -> Vec<Line> {
    let fitting = names.iter().map(|name| size * room / Line::new(name, size).width().max(1.0));
    let size = fitting.filter(|fitting| *fitting >= LEAST_SIZE).fold(size, f32::min);
    names.iter().map(|name| Line::fitted(name, size * scale, room * scale)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captions_share_a_size_at_which_the_longest_fits_or_are_cut() {
        let names = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let sizes =
            |names: &[String], room: f32| captions(names, 12.0, room, 1.0).iter().map(|l| l.size).collect::<Vec<_>>();
        assert_eq!(sizes(&names(&["fear", "anger"]), 64.0), [12.0; 2]);
        let narrow = captions(&names(&["fear", "happiness"]), 12.0, 55.0, 1.0);
        assert!(narrow[0].size < 12.0 && narrow[0].size == narrow[1].size && narrow[1].letters.len() == 9);
        let endless = captions(&names(&["fear", "a very long name of a class"]), 12.0, 48.0, 2.0);
        assert_eq!((endless[0].size, endless[0].letters.len()), (24.0, 4));
        assert!(endless[1].width() <= 96.0 && endless[1].letters.len() < 20);
    }
}
