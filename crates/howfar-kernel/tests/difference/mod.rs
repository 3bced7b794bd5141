//! How far what the kernels give is from what a reference implementation gives.

/// Largest difference over the largest number.
pub fn difference(ours: &[f32], twin: &[f64]) -> f64 {
    assert_eq!(ours.len(), twin.len());
    let top = twin.iter().fold(1e-3f64, |top, v| top.max(v.abs()));
    ours.iter().zip(twin).fold(0.0f64, |worst, (a, b)| worst.max((f64::from(*a) - b).abs())) / top
}
