//! How far what the kernels give is from what a reference implementation gives.

/// Largest difference over the largest number.
pub fn difference(ours: &[f32], reference: &[f64]) -> f64 {
    assert_eq!(ours.len(), reference.len());
    let top = reference.iter().fold(1e-3f64, |top, v| top.max(v.abs()));
    ours.iter().zip(reference).fold(0.0f64, |worst, (a, b)| worst.max((f64::from(*a) - b).abs())) / top
}
