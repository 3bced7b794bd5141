//! Holm's correction (1979): several questions at once, one chance of a false alarm.

/// Corrected p in the order given. Each is at least the p it came from and at most 1.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut corrected = vec![0.0; p.len()];
    let mut largest: f64 = 0.0;
    for (rank, question) in order.into_iter().enumerate() {
        largest = largest.max(((p.len() - rank) as f64 * p[question]).min(1.0));
        corrected[question] = largest;
    }
    corrected
}
