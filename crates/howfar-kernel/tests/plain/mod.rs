//! Numbers to compute with, and how far ours are from a twin's.

/// Numbers in −1..1 that a seed fixes.
pub fn numbers(n: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12345);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..n).map(|_| next()).collect()
}

/// Largest difference over the largest number.
pub fn difference(ours: &[f32], twin: &[f64]) -> f64 {
    assert_eq!(ours.len(), twin.len());
    let top = twin.iter().fold(1e-3f64, |top, v| top.max(v.abs()));
    ours.iter().zip(twin).fold(0.0f64, |worst, (a, b)| worst.max((f64::from(*a) - b).abs())) / top
}
