//! Test accuracy as the paper counts it, and how much of its rise the changing test faces make alone.
//!
//! In: outcomes with predictions on generated test identities. Out: a [`PaperRow`] for each k; nothing with the usual
//! protocol.

use howfar_protocol::{Arm, MixtureRatio, Part, Track, Treatment};

use crate::counting::numbers::PERCENT;
use crate::counting::outcomes::Outcomes;
use crate::results::comparisons::PaperRow;

/// Faces that are right and all faces, over seeds and splits.
#[derive(Clone, Copy, Default)]
struct Count {
    right: f64,
    all: f64,
}

impl Count {
    fn and(self, other: Self) -> Self {
        Count { right: self.right + other.right, all: self.all + other.all }
    }

    fn percent(self) -> Option<f64> {
        (self.all > 0.0).then(|| PERCENT * self.right / self.all)
    }
}

/// One row for k = 0 and every k of the mix.
pub(crate) fn as_the_paper_counts(outcomes: &Outcomes, track: &Track) -> Vec<PaperRow> {
    let alone = track.treatment(Arm::GENERATED_ONLY, MixtureRatio::ONE);
    let of_generated = count(outcomes, &alone, Part::GeneratedTest).percent();
    let of_baseline = count(outcomes, &Treatment::BASELINE, Part::Test).percent();
    let (Some(a_real), Some(a_generated)) = (of_baseline, of_generated) else {
        return Vec::new();
    };
    let row = |k: MixtureRatio| {
        let treatment = track.on_curve(k);
        let count = |part| count(outcomes, &treatment, part);
        let (real, generated) = (count(Part::Test), count(Part::GeneratedTest));
        let (real_test, mixed) = (real.percent()?, real.and(generated).percent()?);
        let predicted = (real.all * a_real + generated.all * a_generated) / (real.all + generated.all);
        let gain = mixed - a_real;
        let has_gain = k > MixtureRatio::ZERO && gain > 0.0;
        Some(PaperRow {
            k,
            training_percent: count(Part::Training).and(count(Part::Generated)).percent()?,
            real_test_percent: real_test,
            generated_test_percent: generated.percent(),
            mixed_test_percent: mixed,
            predicted_percent: predicted,
            share_of_generated_test_faces_percent: has_gain.then(|| PERCENT * (mixed - real_test) / gain),
            share_of_test_mix_percent: has_gain.then(|| PERCENT * (predicted - a_real) / gain),
        })
    };
    outcomes.treatments().filter_map(Treatment::curve_k).filter_map(row).collect()
}

fn count(outcomes: &Outcomes, treatment: &Treatment, part: Part) -> Count {
    let series = outcomes.series(treatment, &(part, String::new()));
    let of_cell = |c: &crate::ConfusionCounts| {
        let all = c.n_faces() as f64;
        Count { right: c.accuracy() * all, all }
    };
    series.values().map(|cell| of_cell(&cell.confusion)).filter(|c| c.all > 0.0).fold(Count::default(), Count::and)
}
