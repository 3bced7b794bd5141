//! Drawn faces a second, on all cores, at 64 × 64 with 3 × 3 samples a pixel: `cargo bench -p howfar-draw`.
//!
//! On a machine that others use too, the second figure counts: faces a second of a core's own time.

#![expect(clippy::print_stdout, reason = "a benchmark's answer is its figure")]

use std::time::Instant;

use howfar_draw::{FaceSpec, HeadModel, STYLE_NAMES, Style, draw_face};
use howfar_face::Expression;
use rayon::prelude::*;

/// Faces a second that drawing should reach on two cores: a set of 6000 faces in 20 s.
const TARGET: f64 = 300.0;
/// Faces a run: about a second, long against the threads' start.
const N_FACES: u32 = 240;
/// Runs, of which the fastest counts.
const N_RUNS: u32 = 3;

fn main() {
    let head = HeadModel::shared();
    let cores = rayon::current_num_threads();
    println!("{cores} cores, {N_FACES} faces of 64 × 64 a run, the fastest of {N_RUNS} runs");
    for style in STYLE_NAMES.iter().filter_map(|name| Style::named(name)) {
        let begin = core_seconds();
        let fastest = (0..N_RUNS)
            .map(|run| {
                let start = Instant::now();
                let gray: u64 = (0..N_FACES)
                    .into_par_iter()
                    .map(|i| {
                        draw_face(head, &style, u64::from(run), &FaceSpec::full(i, Expression::ALL[i as usize % 8]), 64)
                    })
                    .map(|face| u64::from(face.pixels[2080]))
                    .sum();
                assert!(gray > 0, "pictures are not black");
                f64::from(N_FACES) / start.elapsed().as_secs_f64()
            })
            .fold(0.0, f64::max);
        let ratio = fastest / TARGET;
        println!("{:8}{fastest:6.0} faces a second, {ratio:.2} of the target of {TARGET} on two cores", style.name);
        if let (Some(begin), Some(end)) = (begin, core_seconds()) {
            let each = f64::from(N_FACES * N_RUNS) / (end - begin);
            println!("        {each:6.0} faces a second of a core, {:.2} of the target", 2.0 * each / TARGET);
        }
    }
}

/// Seconds of all cores that this process has used; Linux tells them in hundredths.
fn core_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    let after_name = text.rsplit_once(") ")?.1;
    let fields: Vec<f64> = after_name.split(' ').skip(11).take(2).filter_map(|f| f.parse().ok()).collect();
    (fields.len() == 2).then(|| fields.iter().sum::<f64>() / 100.0)
}
