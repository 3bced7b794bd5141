//! What the examples that measure share.

use std::time::Instant;

/// The fastest of some runs in milliseconds.
pub fn fastest(n: usize, mut step: impl FnMut()) -> f64 {
    let run = |_| {
        let started = Instant::now();
        step();
        started.elapsed().as_secs_f64() * 1e3
    };
    (0..=n).map(run).fold(f64::INFINITY, f64::min)
}

/// Some numbers, the same every time.
pub fn numbers(n: usize) -> Vec<f32> {
    (0..n).map(|i| (i * 7919 % 1009) as f32 / 1009.0 - 0.5).collect()
}
