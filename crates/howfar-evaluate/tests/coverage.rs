//! How often the crossed interval covers the truth, in studies of binary outcomes whose truth is known.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use howfar_evaluate::{Doubt, Grid};
use howfar_random::{Seeds, Stream, normal, uniform};

/// A person's chance of a right answer without and with the treatment: a base, a gain of their own, luck of the seeds.
struct Truth {
    gain: f32,
    person_sd: f32,
    seed_sd: f32,
}

fn draw(truth: &Truth, n_people: usize, n_seeds: usize, n_faces: usize, stream: &mut Stream) -> Grid {
    let luck: Vec<[f32; 2]> = (0..n_seeds).map(|_| [(); 2].map(|()| truth.seed_sd * normal(stream))).collect();
    let rows = (0..n_people).map(|_| {
        let base = 0.5 + 0.1 * normal(stream).clamp(-2.0, 2.0);
        let own_gain = truth.gain + truth.person_sd * normal(stream);
        let difference = |luck: &[f32; 2], stream: &mut Stream| {
            let mut right = |chance: f32| (0..n_faces).filter(|_| uniform(stream) < chance).count() as f64;
            let with = right(base + own_gain + luck[0]);
            (with - right(base + luck[1])) / n_faces as f64
        };
        luck.iter().map(|luck| difference(luck, stream)).collect()
    });
    Grid::new(&rows.collect::<Vec<Vec<f64>>>()).unwrap()
}

fn coverage(truth: &Truth, n_people: usize, n_seeds: usize) -> f64 {
    const REPETITIONS: u64 = 400;
    let covered = (0..REPETITIONS).filter(|repetition| {
        let grid = draw(truth, n_people, n_seeds, 6, &mut Seeds::new(11).stream("coverage", &[*repetition]));
        let [low, high] = Doubt::of(&grid).interval(grid.mean());
        (low..=high).contains(&f64::from(truth.gain))
    });
    covered.count() as f64 / REPETITIONS as f64
}

#[test]
fn the_crossed_interval_holds_the_truth_in_at_least_93_of_100_studies() {
    let cases = [
        ("people differ", Truth { gain: 0.05, person_sd: 0.1, seed_sd: 0.02 }, 20, 5),
        ("seeds differ", Truth { gain: 0.05, person_sd: 0.0, seed_sd: 0.05 }, 20, 5),
        ("both differ", Truth { gain: -0.05, person_sd: 0.08, seed_sd: 0.04 }, 20, 5),
        ("nothing helps", Truth { gain: 0.0, person_sd: 0.05, seed_sd: 0.03 }, 20, 5),
        ("three seeds", Truth { gain: 0.05, person_sd: 0.08, seed_sd: 0.04 }, 20, 3),
        ("ten people", Truth { gain: 0.05, person_sd: 0.1, seed_sd: 0.03 }, 10, 10),
    ];
    for (name, truth, n_people, n_seeds) in cases {
        let covered = coverage(&truth, n_people, n_seeds);
        println!("{name}: {covered}");
        assert!(covered >= 0.93, "{name}: {covered}");
    }
}
