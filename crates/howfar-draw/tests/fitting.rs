//! A style is found again from pictures alone: light, camera and tone of a hidden style.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::ops::ControlFlow;

use howfar_draw::{FEWEST_FACES, FaceSpec, FitEffort, HeadModel, STATISTICS, Style, StyleFitter, draw_face};
use howfar_face::{Expression, FaultKind};
use rayon::prelude::*;

/// Small pictures and few faces: the test takes seconds.
const SIDE: u32 = 48;
const EFFORT: FitEffort = FitEffort { n_faces: 60, n_table_faces: 150, n_surveys: 1, n_trials: 5 };

fn pictures(style: &Style, n: u32) -> Vec<Vec<u8>> {
    let draw = |i: u32| {
        draw_face(HeadModel::shared(), style, 9, &FaceSpec::full(i, Expression::SIX[i as usize % 6]), SIDE).pixels
    };
    (0..n).into_par_iter().map(draw).collect()
}

/// A laboratory whose crops and light lie clearly beside those of `wild`.
fn hidden_style() -> Style {
    let mut style = Style::named("unseen").unwrap();
    style.camera.eye_height_px.mean = 25.2;
    style.camera.eye_distance_px.mean = 21.2;
    style.light.azimuth_deg.mean = 28.0;
    style.tone.noise_levels = howfar_draw::Uniform(3.0, 8.0);
    style
}

#[test]
fn a_fit_comes_closer_to_a_hidden_style() {
    let (wild, hidden) = (Style::named("wild").unwrap(), hidden_style());
    let mut fitter = StyleFitter::new(&wild, SIDE);
    fitter.add(&pictures(&hidden, 150));
    let mut told = 0;
    let fitted = fitter
        .fit("like-unseen", EFFORT, &mut |done| {
            told = done;
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(told + 1, StyleFitter::n_trials(EFFORT));
    let [before, after] = fitted.distances();
    assert!(after < 0.5 * before, "{before} {after}");
    for name in ["mean level", "contrast", "noise", "sharpness", "eye height", "eye distance"] {
        let i = STATISTICS.iter().position(|m| m.0 == name).unwrap();
        let gap = |drawn: f32| (drawn - fitted.set.median[i]).abs() / fitted.set.spread[i];
        let (base, now) = (gap(fitted.base.median[i]), gap(fitted.fitted.median[i]));
        assert!(now < (0.7 * base).max(0.4), "{name}: {base} before, {now} after");
    }
    // The hidden values themselves, where the statistics tell them.
    let style = &fitted.style;
    let middle = |range: howfar_draw::Uniform| 0.5 * (range.0 + range.1);
    type Value = (&'static str, fn(&Style) -> f32);
    let values: [Value; 3] = [
        ("eye height", |s| s.camera.eye_height_px.mean),
        ("eye distance", |s| s.camera.eye_distance_px.mean),
        ("azimuth", |s| s.light.azimuth_deg.mean),
    ];
    for (name, value) in values {
        let [from, to, truth] = [&wild, style, &hidden].map(value);
        assert!((to - truth).abs() < 0.7 * (from - truth).abs(), "{name}: {from} to {to}, hidden {truth}");
    }
    let [from, to, truth] = [&wild, style, &hidden].map(|s| middle(s.tone.mean_level));
    assert!((to - truth).abs() < 0.3 * (from - truth).abs(), "mean level: {from} to {to}, hidden {truth}");
    let [from, to, truth] = [&wild, style, &hidden].map(|s| middle(s.tone.noise_levels));
    assert!((to - truth).abs() < 0.6 * (from - truth).abs(), "noise: {from} to {to}, hidden {truth}");
    // The file that is written is the style that was tried.
    assert_eq!(Style::from_toml(&style.to_toml_with("fitted").unwrap()).unwrap(), *style);
    assert_eq!((style.name.as_str(), &style.acting), ("like-unseen", &wild.acting));
}

#[test]
fn a_fit_stops_when_told_and_needs_enough_faces() {
    let wild = Style::named("wild").unwrap();
    let mut fitter = StyleFitter::new(&wild, SIDE);
    fitter.add(&pictures(&wild, FEWEST_FACES as u32 - 1));
    let go_on = &mut |_| ControlFlow::Continue(());
    let fault = fitter.fit("x", EFFORT, go_on).unwrap_err();
    assert!(fault.kind() == FaultKind::Data && fault.to_string().contains("49"), "{fault}");
    fitter.add(&pictures(&wild, 1));
    let stopped = fitter.fit("x", EFFORT, &mut |_| ControlFlow::Break(())).unwrap_err();
    assert_eq!(stopped.kind(), FaultKind::Interrupted);
}

#[test]
fn the_same_pictures_give_the_same_style_for_any_number_of_threads() {
    let wild = Style::named("wild").unwrap();
    let effort = FitEffort { n_faces: 12, n_table_faces: 12, n_surveys: 1, n_trials: 1 };
    let fit = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut fitter = StyleFitter::new(&wild, SIDE);
            fitter.add(&pictures(&Style::named("studio").unwrap(), 60));
            fitter.fit("x", effort, &mut |_| ControlFlow::Continue(())).unwrap()
        })
    };
    assert_eq!(fit(1), fit(3));
}
