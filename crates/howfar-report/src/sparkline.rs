//! A curve in one line of text: a character for each of its points.
//!
//! In: figures in order. Out: as many characters, low to high; plain ones where a terminal has no others.

/// Low to high.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII: [char; 8] = ['_', '.', ',', '-', '=', '+', '*', '#'];

/// The curve through `values`, from their lowest to their highest. Where these lie closer than `least_range` (above 0),
/// the curve takes only its part of the height, so that what is too small to matter looks small. Empty below two
/// values.
pub(crate) fn sparkline(values: &[f64], least_range: f64, is_unicode: bool) -> String {
    if values.len() < 2 || values.iter().any(|value| !value.is_finite()) {
        return String::new();
    }
    let levels = if is_unicode { BLOCKS } else { ASCII };
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let range = (high - low).max(least_range);
    let level = |value: &f64| ((value - low) / range * (levels.len() - 1) as f64).round() as usize;
    values.iter().map(|value| levels[level(value).min(levels.len() - 1)]).collect()
}

#[cfg(test)]
mod tests {
    use super::sparkline;

    #[test]
    fn a_curve_goes_from_its_lowest_to_its_highest_point() {
        assert_eq!(sparkline(&[50.0, 54.0, 57.0, 56.0], 2.0, true), "▁▅█▇");
        assert_eq!(sparkline(&[50.0, 54.0, 57.0, 56.0], 2.0, false), "_=#*");
    }

    #[test]
    fn what_is_too_small_to_matter_looks_small_and_one_point_is_no_curve() {
        assert_eq!(sparkline(&[50.0, 50.5, 50.2], 2.0, true), "▁▃▂");
        assert_eq!(sparkline(&[50.0, 50.0], 2.0, true), "▁▁");
        for none in [&[][..], &[1.0], &[1.0, f64::NAN]] {
            assert_eq!(sparkline(none, 2.0, true), "");
        }
    }
}
