//! Accuracy and macro recall of one network on the faces of several persons, with how sure they are over other persons.
//!
//! In: counts of true against predicted classes, one table a person. Out: both figures, each with a 95 % interval. A
//! figure is a ratio, or a mean of ratios, of sums over persons; its variance is that of its linear part with persons
//! as clusters (Taylor's method for ratio estimators; Cochran, 1977), and the interval takes Student's t with one
//! degree of freedom less than there are persons. Where all persons have as many faces, accuracy's is the interval of
//! [`crate::Doubt`] on persons alone. The network itself is fixed: how other seeds or other training faces would have
//! done is not in it.

use crate::confusion::ConfusionCounts;
use crate::interval::t_quantile;

/// Two-sided confidence.
const CONFIDENCE: f64 = 0.95;

/// A figure as a share, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    /// Over all faces.
    pub value: f64,
    /// Ends of its 95 % interval over persons; none from one person.
    pub interval: Option<[f64; 2]>,
}

/// What a network does on people whom it was not chosen by.
#[derive(Debug, Clone, PartialEq)]
pub struct OverPersons {
    /// All faces.
    pub counts: ConfusionCounts,
    /// Tables that were given.
    pub n_persons: usize,
    /// Share of faces that are right.
    pub accuracy: Figure,
    /// Mean share of the right ones over the classes that the faces are of.
    pub macro_recall: Figure,
}

impl OverPersons {
    /// The figures of persons' tables, which are all of `n_classes` classes.
    pub fn of(n_classes: usize, persons: &[ConfusionCounts]) -> Self {
        let mut counts = ConfusionCounts::new(n_classes);
        persons.iter().for_each(|person| counts.merge(person));
        let classes: Vec<usize> = (0..n_classes).filter(|class| counts.support(*class) > 0).collect();
        let n_faces = counts.n_faces() as f64;
        let (accuracy, macro_recall) = (counts.accuracy(), counts.macro_recall());
        let right = |person: &ConfusionCounts, class: usize| person.count(class, class) as f64;
        // What a person adds to the figure beyond the mean, to first order.
        let of_accuracy = |person: &ConfusionCounts| {
            let n_right: f64 = classes.iter().map(|class| right(person, *class)).sum();
            (n_right - accuracy * person.n_faces() as f64) / n_faces
        };
        let of_recall = |person: &ConfusionCounts| {
            let of_class = |class: &usize| {
                let n = person.support(*class) as f64;
                (right(person, *class) - counts.recall(*class) * n) / counts.support(*class) as f64
            };
            classes.iter().map(of_class).sum::<f64>() / classes.len() as f64
        };
        let accuracy = figure(accuracy, persons.iter().map(of_accuracy));
        let macro_recall = figure(macro_recall, persons.iter().map(of_recall));
        OverPersons { n_persons: persons.len(), accuracy, macro_recall, counts }
    }
}

/// A value with the interval that its parts, whose sum is 0, give it.
fn figure(value: f64, parts: impl ExactSizeIterator<Item = f64>) -> Figure {
    let n = parts.len() as f64;
    if n < 2.0 {
        return Figure { value, interval: None };
    }
    let variance = n / (n - 1.0) * parts.map(|part| part * part).sum::<f64>();
    let half = t_quantile(0.5 + CONFIDENCE / 2.0, n - 1.0) * variance.sqrt();
    Figure { value, interval: Some([(value - half).max(0.0), (value + half).min(1.0)]) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::{Doubt, Grid};

    /// A person's table of pairs of true and predicted class.
    fn person(faces: &[(usize, usize)]) -> ConfusionCounts {
        let mut counts = ConfusionCounts::new(3);
        faces.iter().for_each(|(label, predicted)| counts.add(*label, *predicted));
        counts
    }

    fn close(a: [f64; 2], b: [f64; 2]) -> bool {
        (a[0] - b[0]).abs() < 1e-12 && (a[1] - b[1]).abs() < 1e-12
    }

    #[test]
    fn persons_of_as_many_faces_get_the_interval_of_their_mean() {
        let persons = [
            person(&[(0, 0), (1, 1), (0, 1), (1, 0)]),
            person(&[(0, 0), (1, 1), (0, 0), (1, 0)]),
            person(&[(0, 1), (1, 1), (0, 1), (1, 0)]),
        ];
        let found = OverPersons::of(3, &persons);
        let rows: Vec<Vec<f64>> = persons.iter().map(|person| vec![person.accuracy()]).collect();
        let grid = Grid::new(&rows).unwrap();
        let expected = Doubt::of(&grid).interval(grid.mean()).map(|end| end.clamp(0.0, 1.0));
        assert!((found.accuracy.value - 0.5).abs() < 1e-12);
        assert!(close(found.accuracy.interval.unwrap(), expected), "{found:?} {expected:?}");
        // Two classes of two faces a person each: the mean of the recalls is the accuracy.
        assert!(close(found.macro_recall.interval.unwrap(), expected), "{found:?} {expected:?}");
    }

    #[test]
    fn one_person_says_nothing_of_others_and_a_person_of_many_faces_is_still_one() {
        let one = OverPersons::of(3, &[person(&[(0, 0), (1, 2), (1, 1)])]);
        assert_eq!((one.accuracy.interval, one.n_persons, one.counts.n_faces()), (None, 1, 3));
        let many = person(&[(0, 0); 200]);
        let others = [person(&[(0, 1)]), person(&[(0, 0)]), person(&[(0, 1)])];
        let few = OverPersons::of(3, &[person(&[(0, 0)]), others[0].clone(), others[1].clone(), others[2].clone()]);
        let all = OverPersons::of(3, &[vec![many], others.to_vec()].concat());
        let width = |figure: Figure| figure.interval.map(|[low, high]| high - low).unwrap();
        assert!(all.accuracy.value > 0.98 && width(all.accuracy) > 0.01 && width(few.accuracy) > 0.8, "{all:?}");
    }
}
