//! What a network sees of 0..=255: the one place where pixels become numbers.

use howfar_protocol::PixelScaling;

/// Scales a picture in place.
pub(crate) fn scale(picture: &mut [f32], scaling: PixelScaling) {
    match scaling {
        PixelScaling::UnitRange => picture.iter_mut().for_each(|v| *v /= 255.0),
        PixelScaling::PerPicture => {
            let n = picture.len() as f64;
            let mean = picture.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
            let variance = picture.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / n;
            // An empty picture has no deviation; one of the 255 steps stands in for it.
            let (mean, factor) = (mean as f32, (1.0 / variance.sqrt().max(1.0)) as f32);
            picture.iter_mut().for_each(|v| *v = (*v - mean) * factor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_scaled_by_its_own_statistics_or_by_255() {
        let mut picture = [0.0, 255.0, 51.0];
        scale(&mut picture, PixelScaling::UnitRange);
        assert_eq!(picture, [0.0, 1.0, 0.2]);
        let mut picture = [10.0, 30.0, 10.0, 30.0];
        scale(&mut picture, PixelScaling::PerPicture);
        assert_eq!(picture, [-1.0, 1.0, -1.0, 1.0]);
        let mut flat = [7.0; 9];
        scale(&mut flat, PixelScaling::PerPicture);
        assert_eq!(flat, [0.0; 9]);
    }
}
