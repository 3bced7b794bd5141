//! The measures of one network on the faces of several persons, with how sure they are over other persons.
//!
//! In: counts of true against predicted classes, one table per person. Out: every measure, with a 95 % interval where
//! it has one. A figure is a ratio, or a mean of ratios, of sums over persons; its variance is that of its linear part
//! with persons as clusters (Taylor's method for ratio estimators; Cochran, 1977), and the interval takes Student's t
//! with one degree of freedom less than there are persons. Where all persons have as many faces, accuracy's is the
//! interval of [`crate::Doubt`] on persons alone. The network itself is fixed: how other seeds or other training faces
//! would have done is not in it.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::counting::confusion::ConfusionCounts;
use crate::counting::measure::Measure;
use crate::counting::numbers::PERCENT;
use crate::intervals::interval::t_quantile;

/// Two-sided confidence.
const CONFIDENCE: f64 = 0.95;

/// A measure as a share, with its doubt.
#[derive(Debug, Clone, Copy)]
pub struct Figure {
    /// Which.
    pub measure: &'static Measure,
    /// Over all faces.
    pub value: f64,
    /// Ends of its 95 % interval over people; none from one person, and none of measures without one.
    pub interval: Option<[f64; 2]>,
}

/// What a network does on people whom it was not chosen by.
#[derive(Debug, Clone)]
pub struct OverSubjects {
    /// All faces.
    pub counts: ConfusionCounts,
    /// Tables that were given.
    pub n_persons: usize,
    /// Every measure, in their order.
    pub figures: SubjectFigures,
}

/// Every measure with its interval over people. In files each is a key in percent, those that can have an interval
/// with another for it, which is null where one person is all there is.
#[derive(Debug, Clone)]
pub struct SubjectFigures(pub Vec<Figure>);

impl Figure {
    /// In percent.
    pub fn percent(&self) -> f64 {
        PERCENT * self.value
    }

    /// Ends of its interval in percent.
    pub fn interval_percent(&self) -> Option<[f64; 2]> {
        self.interval.map(|ends| ends.map(|end| PERCENT * end))
    }
}

impl Serialize for SubjectFigures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for figure in &self.0 {
            map.serialize_entry(&figure.measure.key(), &figure.percent())?;
            if figure.measure.influence.is_some() {
                let key = format!("{}_interval_percent", figure.measure.name);
                map.serialize_entry(&key, &figure.interval_percent())?;
            }
        }
        map.end()
    }
}

impl OverSubjects {
    /// The figures of persons' tables, which are all of `n_classes` classes.
    pub fn of(n_classes: usize, persons: &[ConfusionCounts]) -> Self {
        let mut counts = ConfusionCounts::new(n_classes);
        persons.iter().for_each(|person| counts.merge(person));
        let all = &counts;
        let figure = |measure: &&'static Measure| {
            let value = (measure.of)(all);
            let parts = measure.influence.map(|influence| persons.iter().map(move |person| influence(all, person)));
            Figure { measure, value, interval: parts.and_then(|parts| interval(value, parts)) }
        };
        let figures = SubjectFigures(Measure::ALL.iter().map(figure).collect());
        OverSubjects { n_persons: persons.len(), figures, counts }
    }
}

/// The interval that its parts, whose sum is 0, give a value.
fn interval(value: f64, parts: impl ExactSizeIterator<Item = f64>) -> Option<[f64; 2]> {
    let n = parts.len() as f64;
    if n < 2.0 {
        return None;
    }
    let variance = n / (n - 1.0) * parts.map(|part| part * part).sum::<f64>();
    let half = t_quantile(0.5 + CONFIDENCE / 2.0, n - 1.0) * variance.sqrt();
    Some([(value - half).max(0.0), (value + half).min(1.0)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intervals::interval::{Doubt, Grid};

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
        let found = OverSubjects::of(3, &persons);
        let rows: Vec<Vec<f64>> = persons.iter().map(|person| vec![person.accuracy()]).collect();
        let grid = Grid::new(&rows).unwrap();
        let expected = Doubt::of(&grid).interval(grid.mean()).map(|end| end.clamp(0.0, 1.0));
        assert!((found.figures.0[0].value - 0.5).abs() < 1e-12);
        assert!(close(found.figures.0[0].interval.unwrap(), expected), "{found:?} {expected:?}");
        // Two classes of two faces per person each: the mean of the recalls is the accuracy.
        assert!(close(found.figures.0[1].interval.unwrap(), expected), "{found:?} {expected:?}");
    }

    #[test]
    fn one_person_says_nothing_of_others_and_a_person_of_many_faces_is_still_one() {
        let one = OverSubjects::of(3, &[person(&[(0, 0), (1, 2), (1, 1)])]);
        assert_eq!((one.figures.0[0].interval, one.n_persons, one.counts.n_faces()), (None, 1, 3));
        let many = person(&[(0, 0); 200]);
        let others = [person(&[(0, 1)]), person(&[(0, 0)]), person(&[(0, 1)])];
        let few = OverSubjects::of(3, &[person(&[(0, 0)]), others[0].clone(), others[1].clone(), others[2].clone()]);
        let all = OverSubjects::of(3, &[vec![many], others.to_vec()].concat());
        let width = |figure: Figure| figure.interval.map(|[low, high]| high - low).unwrap();
        assert!(
            all.figures.0[0].value > 0.98 && width(all.figures.0[0]) > 0.01 && width(few.figures.0[0]) > 0.8,
            "{all:?}"
        );
    }
}
