//! Which faces the mix puts right and which wrong, with a few typical ones of each.
//!
//! In: the cells of `real` and of the mix at the k that the study speaks of, read once more, one at a time. Out: one
//! [`Changed`] for the test people and each unseen database. Examples, not evidence: the differences stand in the
//! claims.

use std::collections::{BTreeMap, BTreeSet};

use howfar_face::Fault;
use howfar_protocol::{Part, PredictionRef, Track, Treatment, most_probable};

use crate::counting::source::CellSource;
use crate::results::comparisons::{Changed, ChangedFace};

/// Typical faces of each kind.
const EXAMPLES: usize = 8;

/// A face: its set and row.
type Face = (String, u64);

/// What the networks of an arm said of a face.
#[derive(Clone)]
struct Said {
    label: usize,
    subject: String,
    n_right: usize,
    n: usize,
    /// Sum of the probabilities that each class was given.
    probabilities: Vec<f64>,
}

impl Said {
    fn right(&self) -> f64 {
        self.n_right as f64 / self.n as f64
    }

    /// Mean probability of the true class.
    fn belief(&self) -> f64 {
        self.probabilities[self.label] / self.n as f64
    }
}

/// What changed in a track from what stands at k = 0 to the mix.
pub(crate) fn changed(
    source: &(impl CellSource + ?Sized),
    track: &Track,
    [mix, baseline]: &[Treatment; 2],
) -> Result<Vec<Changed>, Fault> {
    let cells = source.cells();
    let of = |treatment: &Treatment| -> Result<SaidOfParts, Fault> {
        let mut said = SaidOfParts::new();
        for cell_idx in (0..cells.len()).filter(|i| track.has(cells[*i]) && cells[*i].treatment == *treatment) {
            source.read(cell_idx, &[Part::Test, Part::Unseen], &mut |prediction| add(&mut said, prediction))?;
        }
        Ok(said)
    };
    let (before, after) = (of(baseline)?, of(mix)?);
    let of_part = |((part, set), before): (&(Part, String), &BTreeMap<Face, Said>)| {
        let after = after.get(&(*part, set.clone()))?;
        let both: Vec<(&Face, &Said, &Said)> =
            before.iter().filter_map(|(face, said)| Some((face, said, after.get(face)?))).collect();
        let fixed = turned(&both, |before, after| before.right() < 0.5 && after.right() > 0.5);
        let broken = turned(&both, |before, after| before.right() > 0.5 && after.right() < 0.5);
        Some(Changed {
            part: *part,
            set: set.clone(),
            n_faces: both.len(),
            n_fixed: fixed.len(),
            n_broken: broken.len(),
            fixed: examples(fixed, 1.0),
            broken: examples(broken, -1.0),
        })
    };
    Ok(before.iter().filter_map(of_part).collect())
}

/// What was said of every face, by part and, for unseen databases, set.
type SaidOfParts = BTreeMap<(Part, String), BTreeMap<Face, Said>>;

fn add(all: &mut SaidOfParts, p: PredictionRef<'_>) {
    let set = if p.part.is_by_set() { p.set } else { "" };
    let said =
        all.entry((p.part, set.to_owned())).or_default().entry((p.set.to_owned(), p.row)).or_insert_with(|| Said {
            label: p.label,
            subject: p.subject.to_string(),
            n_right: 0,
            n: 0,
            probabilities: vec![0.0; p.probabilities.len()],
        });
    said.n += 1;
    said.n_right += usize::from(p.predicted() == p.label);
    for (sum, probability) in said.probabilities.iter_mut().zip(p.probabilities) {
        *sum += f64::from(*probability);
    }
}

fn turned<'s>(
    both: &[(&'s Face, &'s Said, &'s Said)],
    is_turned: impl Fn(&Said, &Said) -> bool,
) -> Vec<(&'s Face, &'s Said, &'s Said)> {
    both.iter().filter(|(_, before, after)| is_turned(before, after)).copied().collect()
}

/// Those whose true class gained (or, with sign −1, lost) most, each of another person.
fn examples(mut turned: Vec<(&Face, &Said, &Said)>, sign: f64) -> Vec<ChangedFace> {
    let gain = |before: &Said, after: &Said| sign * (after.belief() - before.belief());
    // Equal gains stay in the order of the faces, so the same predictions give the same examples.
    turned.sort_by(|a, b| gain(b.1, b.2).total_cmp(&gain(a.1, a.2)));
    let mut people = BTreeSet::new();
    turned.retain(|(_, before, _)| people.insert(before.subject.clone()));
    turned.truncate(EXAMPLES);
    let example = |(face, before, after): (&Face, &Said, &Said)| ChangedFace {
        set: face.0.clone(),
        row: face.1,
        label: before.label,
        called_before: most_believed(before),
        called_after: most_believed(after),
        right_before: before.n_right,
        right_after: after.n_right,
        n_before: before.n,
        n_after: after.n,
    };
    turned.into_iter().map(example).collect()
}

fn most_believed(said: &Said) -> usize {
    most_probable(&said.probabilities.iter().map(|p| *p as f32).collect::<Vec<f32>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counting::outcomes::{CellPredictions, CellTraining};
    use howfar_face::SubjectId;
    use howfar_protocol::{Cell, MixtureRatio, Prediction, Recipe};

    /// Two networks of each arm, faces of class 1: the probability that `real` and the mix give it.
    fn changed_of(faces: &[(&str, [[f32; 2]; 2])]) -> Changed {
        let cell = |k: f64, seed_idx: usize| {
            let cell = Cell {
                recipe: Recipe::Modern,
                treatment: Treatment::on_curve(MixtureRatio::new(k).unwrap(), None),
                split_idx: 0,
                seed_idx: seed_idx as u32,
                settings: Recipe::Modern.settings(),
                inputs_sha256: String::new(),
                judges: Vec::new(),
                choosers: Vec::new(),
            };
            let side = usize::from(k > 0.0);
            let predictions = faces.iter().enumerate().map(|(row, (person, probabilities))| Prediction {
                part: Part::Test,
                set: "real".to_owned(),
                row: row as u64,
                subject: SubjectId::new("real", person).unwrap(),
                label: 1,
                probabilities: vec![1.0 - probabilities[side][seed_idx], probabilities[side][seed_idx]],
            });
            CellPredictions { cell, training: CellTraining::default(), predictions: predictions.collect() }
        };
        let cells = [cell(0.0, 0), cell(0.0, 1), cell(2.0, 0), cell(2.0, 1)];
        let settings = Recipe::Modern.settings();
        let track = Track { recipe: Recipe::Modern, network: settings.network.clone(), start: None, source: None };
        changed(&cells[..], &track, &[track.on_curve(MixtureRatio::new(2.0).unwrap()), Treatment::BASELINE])
            .unwrap()
            .remove(0)
    }

    #[test]
    fn a_face_is_put_right_where_most_networks_change_sides() {
        let of = changed_of(&[
            ("a", [[0.1, 0.2], [0.9, 0.8]]),
            ("a", [[0.4, 0.4], [0.6, 0.6]]),
            ("b", [[0.1, 0.9], [0.9, 0.9]]),
            ("c", [[0.9, 0.9], [0.1, 0.2]]),
            ("d", [[0.3, 0.3], [0.7, 0.8]]),
        ]);
        assert_eq!((of.n_faces, of.n_fixed, of.n_broken), (5, 3, 1), "one of two right is neither right nor wrong");
        assert_eq!(
            of.fixed.iter().map(|f| f.row).collect::<Vec<_>>(),
            [0, 4],
            "one example a person, the largest gain first"
        );
        let broken = &of.broken[0];
        assert_eq!((broken.row, broken.called_before, broken.called_after), (3, 1, 0));
        assert_eq!((broken.right_before, broken.right_after, broken.n_after), (2, 0, 2));
    }
}
