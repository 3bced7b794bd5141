//! Intervals where not every seed judged every person.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use howfar_evaluate::{Doubt, Grid};
use howfar_random::{Seeds, Stream, normal};

/// Of `n` people every seed judges a fifth in turn (`turns`) or any fifth; people, seeds and the rest differ so much.
fn grid(n: usize, n_seeds: usize, [people, seeds, rest]: [f64; 3], turns: bool, stream: &mut Stream) -> Grid {
    let mut draw = |size: f64| size * f64::from(normal(stream));
    let of_seed: Vec<f64> = (0..n_seeds).map(|_| draw(seeds)).collect();
    let row = |unit: usize, draw: &mut dyn FnMut(f64) -> f64| -> Vec<f64> {
        let own = draw(people);
        let judged = |seed: usize, draw: &mut dyn FnMut(f64) -> f64| match turns {
            true => (unit + seed).is_multiple_of(5),
            false => draw(1.0) > 0.84,
        };
        let value = |seed: usize| if judged(seed, draw) { own + of_seed[seed] + draw(rest) } else { f64::NAN };
        (0..n_seeds).map(value).collect()
    };
    let rows: Vec<Vec<f64>> = (0..n).map(|unit| row(unit, &mut draw)).collect();
    let rows: Vec<Vec<f64>> = rows.into_iter().filter(|row| row.iter().any(|v| !v.is_nan())).collect();
    Grid::new(&rows).unwrap()
}

#[test]
fn intervals_cover_whether_people_seeds_or_the_rest_differ() {
    let cases = [
        (60, 5, [0.1, 0.0, 0.1], true),
        (60, 5, [0.1, 0.03, 0.1], false),
        (60, 10, [0.2, 0.03, 0.1], true),
        (120, 5, [0.1, 0.05, 0.1], false),
        (60, 20, [0.1, 0.02, 0.1], false),
        (120, 10, [0.2, 0.0, 0.1], false),
    ];
    for (case, (n, n_seeds, sizes, turns)) in cases.into_iter().enumerate() {
        let n_studies = 1000;
        let is_covered = |study: u64| {
            let mut stream = Seeds::new(7).stream("incomplete", &[case as u64, study]);
            let grid = grid(n, n_seeds, sizes, turns, &mut stream);
            let [low, high] = Doubt::of(&grid).interval(grid.mean());
            low <= 0.0 && 0.0 <= high
        };
        let covered = (0..n_studies).filter(|study| is_covered(*study)).count() as f64 / n_studies as f64;
        assert!((0.925..=0.985).contains(&covered), "{n} {n_seeds} {sizes:?} {turns}: {covered}");
    }
}

#[test]
fn seeds_that_judge_other_people_each_are_as_many_samples() {
    // With nobody judged twice, the interval is that of the seeds' means alone: values of scipy.stats.sem.
    let nan = f64::NAN;
    let rows = [[0.1, nan, nan], [0.1, nan, nan], [nan, 0.4, nan], [nan, 0.4, nan], [nan, nan, 0.7], [nan, nan, 0.7]];
    let doubt = Doubt::of(&Grid::new(&rows.map(Vec::from)).unwrap());
    assert!((doubt.standard_error - 0.173_205).abs() < 1e-6, "{doubt:?}");
    assert!((doubt.degrees_of_freedom - 2.0).abs() < 1e-9, "{doubt:?}");
}
