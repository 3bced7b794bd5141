//! Which frames of a sequence are taken: its last ones, those around its middle, its first as neutral.
//!
//! In: how many frames there are and how many are wanted. Out: their numbers from 0, or a listing without the others.

use std::collections::BTreeMap;
use std::ops::Range;

use howfar_face::Expression;

use crate::listing::{Found, Listing, Reason};

/// The last `n` frames of a sequence, or all where it has fewer.
pub(crate) fn last(n_frames: usize, n: usize) -> Range<usize> {
    n_frames.saturating_sub(n)..n_frames
}

/// `n` frames around the middle of a sequence, or all where it has fewer.
pub(crate) fn around_middle(n_frames: usize, n: usize) -> Range<usize> {
    let first = n_frames.saturating_sub(n) / 2;
    first..n_frames.min(first + n)
}

/// What becomes of a frame of which the `taken` ones show the sequence's expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// It shows what the sequence is labelled with.
    Labelled,
    /// It is one of the first, and not one of the former.
    Neutral,
    /// It is left out.
    None,
}

impl Use {
    /// The use of a frame where the first `n_neutral` are taken as neutral.
    pub(crate) fn of(frame: usize, taken: &Range<usize>, n_neutral: usize) -> Self {
        match frame {
            frame if taken.contains(&frame) => Use::Labelled,
            frame if frame < n_neutral => Use::Neutral,
            _ => Use::None,
        }
    }
}

/// Keeps the last frames of each sequence, in the order of their names, and its first `n_neutral` as neutral; where
/// a sequence is too short for both, the last frames count.
pub(crate) fn keep_last(listing: &mut Listing, n_last: usize, n_neutral: usize) {
    let mut of_sequence: BTreeMap<String, Vec<Found>> = BTreeMap::new();
    for found in std::mem::take(&mut listing.found) {
        of_sequence.entry(found.sequence.clone().unwrap_or_default()).or_default().push(found);
    }
    for frames in of_sequence.into_values() {
        let taken = last(frames.len(), n_last);
        for (frame_idx, frame) in frames.into_iter().enumerate() {
            match Use::of(frame_idx, &taken, n_neutral) {
                Use::Labelled => listing.take(frame),
                Use::Neutral => listing.take(Found { class: Expression::Neutral.into(), ..frame }),
                Use::None => {
                    let detail = format!("not one of the last {n_last} frames");
                    listing.reject(frame.source, Reason::NotAskedFor, detail);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_sequences_are_taken_whole() {
        let cases = [(5, 2, 3..5, 1..3), (5, 3, 2..5, 1..4), (2, 3, 0..2, 0..2), (0, 3, 0..0, 0..0)];
        for (n_frames, n, at_the_end, in_the_middle) in cases {
            assert_eq!(
                (last(n_frames, n), around_middle(n_frames, n)),
                (at_the_end, in_the_middle),
                "{n} of {n_frames}"
            );
        }
    }
}
