//! The values of a style that a fit may move: middles and widths of its ranges, means and spreads of its distributions.
//!
//! In: a style. Out: its values in steps, and a style with other values, always inside the allowed ranges.

use crate::distributions::{TruncatedNormal, Uniform};
use crate::style::Style;
use crate::style_key::{KeyKind, Limits, style_key};

/// One key of a style and what counts as a step of its middle and of its width: about what the eye notices.
pub(crate) struct FitParameter {
    pub path: &'static str,
    place: Place,
    steps: [f32; 2],
}

enum Place {
    Uniform(fn(&mut Style) -> &mut Uniform),
    TruncatedNormal(fn(&mut Style) -> &mut TruncatedNormal),
}

const fn range(path: &'static str, place: fn(&mut Style) -> &mut Uniform, steps: [f32; 2]) -> FitParameter {
    FitParameter { path, place: Place::Uniform(place), steps }
}

const fn normal(path: &'static str, place: fn(&mut Style) -> &mut TruncatedNormal, steps: [f32; 2]) -> FitParameter {
    FitParameter { path, place: Place::TruncatedNormal(place), steps }
}

/// What a set's gray levels, sharpness, light and eye places tell. Shape, skin, hair and acting stay as they are: they
/// cannot be told from averages of pixels.
pub(crate) const FIT_PARAMETERS: &[FitParameter] = &[
    range("tone.mean_level", |s| &mut s.tone.mean_level, [10.0, 6.0]),
    range("tone.contrast_levels", |s| &mut s.tone.contrast_levels, [5.0, 4.0]),
    range("tone.noise_levels", |s| &mut s.tone.noise_levels, [1.5, 1.0]),
    range("tone.blur_px", |s| &mut s.tone.blur_px, [0.15, 0.1]),
    range("tone.gamma", |s| &mut s.tone.gamma, [0.2, 0.15]),
    range("tone.s_curve", |s| &mut s.tone.s_curve, [0.2, 0.1]),
    range("tone.vignette", |s| &mut s.tone.vignette, [0.15, 0.1]),
    range("light.background", |s| &mut s.light.background, [0.15, 0.15]),
    normal("light.azimuth_deg", |s| &mut s.light.azimuth_deg, [8.0, 8.0]),
    range("light.elevation_deg", |s| &mut s.light.elevation_deg, [8.0, 8.0]),
    normal("camera.eye_height_px", |s| &mut s.camera.eye_height_px, [1.0, 0.6]),
    normal("camera.eye_distance_px", |s| &mut s.camera.eye_distance_px, [1.0, 0.5]),
    normal("camera.centre_px", |s| &mut s.camera.centre_px, [0.6, 0.5]),
    normal("camera.roll_deg", |s| &mut s.camera.roll_deg, [2.0, 2.0]),
];

/// The values of all parameters: middle and width of each, in steps.
pub(crate) fn settings(style: &Style) -> Vec<f64> {
    let mut style = style.clone();
    let mut values = Vec::with_capacity(2 * FIT_PARAMETERS.len());
    for parameter in FIT_PARAMETERS {
        let pair = match parameter.place {
            Place::Uniform(place) => {
                let Uniform(low, high) = *place(&mut style);
                [0.5 * (low + high), 0.5 * (high - low)]
            }
            Place::TruncatedNormal(place) => {
                let TruncatedNormal { mean, sd } = *place(&mut style);
                [mean, sd]
            }
        };
        values.extend(pair.iter().zip(parameter.steps).map(|(value, step)| f64::from(value / step)));
    }
    values
}

/// `style` with these values, rounded to four digits so that the file that is written is the style that was tried.
pub(crate) fn with_settings(style: &Style, settings: &[f64]) -> Style {
    let mut style = style.clone();
    for (parameter, pair) in FIT_PARAMETERS.iter().zip(settings.chunks_exact(2)) {
        let [middle, width] = [0, 1].map(|i| pair[i] as f32 * parameter.steps[i]);
        match parameter.place {
            Place::Uniform(place) => {
                let (low, high) = (rounded(middle - width), rounded(middle + width));
                *place(&mut style) = Uniform(low, high);
            }
            Place::TruncatedNormal(place) => {
                *place(&mut style) = TruncatedNormal { mean: rounded(middle), sd: rounded(width) }
            }
        }
    }
    style
}

/// Moves settings to the nearest ones whose ranges and distributions are allowed.
pub(crate) fn allowed(settings: &[f64]) -> Vec<f64> {
    let mut out = Vec::with_capacity(settings.len());
    for (parameter, pair) in FIT_PARAMETERS.iter().zip(settings.chunks_exact(2)) {
        let [middle, width] = [0, 1].map(|i| pair[i] as f32 * parameter.steps[i]);
        let pair = match style_key(parameter.path).map(|k| k.kind) {
            Some(KeyKind::Uniform(limits)) => inside(limits, middle, width),
            Some(KeyKind::TruncatedNormal { mean, sd }) => [mean.clamp(middle), sd.clamp(width)],
            _ => [middle, width],
        };
        out.extend(pair.iter().zip(parameter.steps).map(|(value, step)| f64::from(value / step)));
    }
    out
}

/// Middle and half width of a range cut at the limits; its ends never cross.
fn inside(limits: Limits, middle: f32, width: f32) -> [f32; 2] {
    let (middle, width) = (limits.clamp(middle), width.max(0.0));
    let (low, high) = (limits.clamp(middle - width), limits.clamp(middle + width));
    [0.5 * (low + high), 0.5 * (high - low)]
}

fn rounded(value: f32) -> f32 {
    (value * 1e4).round() / 1e4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_round_trip_and_stay_inside() {
        let wild = Style::named("wild").unwrap();
        let same = with_settings(&wild, &settings(&wild));
        let text = same.to_toml().unwrap();
        assert_eq!(same, wild);
        let extreme: Vec<f64> = settings(&wild).iter().map(|v| v - 40.0).collect();
        for settings in [allowed(&extreme), allowed(&extreme.iter().map(|v| -v).collect::<Vec<_>>())] {
            let style = with_settings(&wild, &settings);
            assert_eq!(Style::from_toml(&style.to_toml().unwrap()).unwrap(), style, "{text}");
        }
    }

    #[test]
    fn every_parameter_is_a_key() {
        assert!(FIT_PARAMETERS.iter().all(|k| style_key(k.path).is_some()));
    }
}
