//! What every drawn face must keep: sameness, identity, exact labels, and pictures that show something.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::ops::ControlFlow;

use howfar_draw::{
    AU_NAMES, DrawnFace, FaceSpec, HeadModel, STYLE_NAMES, SetRequest, Style, Uniform, draw_face, draw_set,
};
use howfar_face::{Expression, Face, Fault, FaultKind};

fn head() -> &'static HeadModel {
    HeadModel::shared()
}

fn studio() -> Style {
    Style::named("studio").expect("it is embedded")
}

fn draw(style: &Style, person: u32, expression: Expression) -> DrawnFace {
    draw_face(head(), style, 5, &FaceSpec::full(person, expression), 64)
}

fn set(threads: usize) -> Vec<Face> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
    let mut faces = Vec::new();
    let style = studio();
    let request = SetRequest::new(&style, 3, 17, &Expression::SIX, 64);
    pool.install(|| {
        draw_set(&request, 0, &mut |_| ControlFlow::Continue(()), &mut |face| {
            faces.push(face);
            Ok(())
        })
    })
    .expect("nothing refuses a face");
    faces
}

#[test]
fn a_set_is_the_same_for_any_number_of_threads_and_in_order() {
    let (one, three) = (set(1), set(3));
    assert_eq!(one, three);
    assert_eq!(one.len(), 17 * 6);
    for (i, face) in one.iter().enumerate() {
        assert_eq!(face.labels.label, i % 6);
        assert_eq!(face.labels.subject.to_string(), format!("drawn-studio-3:{:04}", i / 6));
        let first = &one[i / 6 * 6].labels;
        assert!(face.labels.group.is_some() && face.labels.group == first.group, "an age is the identity's");
    }
    let groups: std::collections::BTreeSet<_> = one.iter().map(|face| &face.labels.group).collect();
    assert_eq!(groups.len(), 3, "{groups:?}");
}

#[test]
fn a_face_of_a_set_is_the_face_drawn_alone() {
    let face = &set(2)[8];
    let alone = draw_face(head(), &studio(), 3, &FaceSpec::full(1, Expression::SIX[2]), 64);
    assert_eq!(face.picture.data, alone.pixels);
}

#[test]
fn seeds_people_expressions_and_takes_all_change_the_picture() {
    let first = draw(&studio(), 0, Expression::Fear);
    let fear = FaceSpec::full(0, Expression::Fear);
    let others = [
        draw_face(head(), &studio(), 6, &fear, 64),
        draw_face(head(), &studio(), 5, &FaceSpec { person: 1, ..fear }, 64),
        draw_face(head(), &studio(), 5, &FaceSpec { expression: Expression::Anger, ..fear }, 64),
        draw_face(head(), &studio(), 5, &FaceSpec { take: 1, ..fear }, 64),
        draw_face(head(), &studio(), 5, &FaceSpec { intensity: 0.5, ..fear }, 64),
        draw_face(head(), &studio(), 5, &FaceSpec { frame: 1, ..fear }, 64),
    ];
    assert!(others.iter().all(|o| o.pixels != first.pixels));
}

#[test]
fn studio_landmarks_lie_inside_the_picture_and_eyes_where_databases_have_them() {
    let (mut apart, mut height, mut n) = (0.0, 0.0, 0.0);
    for person in 0..40 {
        for expression in [Expression::Neutral, Expression::Surprise] {
            let face = draw(&studio(), person, expression);
            assert_eq!(face.landmarks.len(), 136);
            // At the crop of databases a chin lies at the lower edge, and an open jaw pulls it and the lip below.
            let room = if expression == Expression::Neutral { 8.0 } else { 20.0 };
            for (k, p) in face.landmarks.chunks(2).enumerate() {
                let below = if k < 17 || expression == Expression::Surprise { 64.0 + room } else { 64.0 };
                assert!(
                    (0.0..64.0).contains(&p[0]) && (0.0..below).contains(&p[1]),
                    "{person} {expression} {k}: {p:?}"
                );
            }
            let eye =
                |from: usize, axis: usize| (from..from + 6).map(|k| face.landmarks[2 * k + axis]).sum::<f32>() / 6.0;
            apart += eye(42, 0) - eye(36, 0);
            height += 0.5 * (eye(42, 1) + eye(36, 1));
            n += 1.0;
        }
    }
    assert!((apart / n - 22.5).abs() < 0.6, "eyes are {} apart", apart / n);
    assert!((height / n - 24.5).abs() < 0.6, "eyes are at {}", height / n);
}

#[test]
fn neutral_faces_show_no_action_unit_and_others_do() {
    for style in STYLE_NAMES.map(|name| Style::named(name).unwrap()) {
        for expression in Expression::ALL {
            let face = draw(&style, 2, expression);
            assert_eq!(face.action_units.len(), AU_NAMES.len());
            let strongest = face.action_units.iter().copied().fold(0.0, f32::max);
            if expression == Expression::Neutral {
                assert!(strongest <= 0.1 && face.intensity == 0.0);
            } else {
                assert!(strongest > 0.2 && face.intensity > 0.1, "{} {expression}: {strongest}", style.name);
            }
        }
    }
}

#[test]
fn who_acts_as_people_do_shows_what_coders_saw_and_other_expressions_as_played() {
    let played = studio();
    let mut style = studio();
    style.acting.as_people_share = 1.0;
    let shown = |face: &DrawnFace, name: &str| face.action_units[AU_NAMES.iter().position(|n| *n == name).unwrap()];
    let angry: Vec<DrawnFace> = (0..40).map(|person| draw(&style, person, Expression::Anger)).collect();
    let share = |name: &str| angry.iter().filter(|face| shown(face, name) > 0.0).count();
    assert!(share("AU4") >= 38 && share("AU7") >= 28, "{} {}", share("AU4"), share("AU7"));
    assert_eq!(share("AU26"), 0, "no angry person dropped the jaw");
    for (person, face) in angry.iter().enumerate() {
        assert_ne!(face.pixels, draw(&played, person as u32, Expression::Anger).pixels);
    }
    // The head at rest is the same, and so is what nobody was asked for.
    let neutral = [&style, &played].map(|style| draw(style, 3, Expression::Neutral));
    assert_eq!(neutral[0].landmarks, neutral[1].landmarks);
    let contempt = [&style, &played].map(|style| draw(style, 3, Expression::Contempt).action_units);
    assert_eq!(contempt[0], contempt[1]);
    style.acting.as_people_share = 0.5;
    let as_people = |person: u32| {
        let face = draw(&style, person, Expression::Fear);
        face.pixels != draw(&played, person, Expression::Fear).pixels
    };
    assert!((12..=28).contains(&(0..40).filter(|person| as_people(*person)).count()));
}

#[test]
fn pictures_of_every_style_show_something() {
    for style in STYLE_NAMES.map(|name| Style::named(name).unwrap()) {
        for person in 0..30 {
            let face = draw(&style, person, Expression::ALL[person as usize % 8]);
            let mean = face.pixels.iter().map(|p| f64::from(*p)).sum::<f64>() / 4096.0;
            let variance = face.pixels.iter().map(|p| (f64::from(*p) - mean).powi(2)).sum::<f64>() / 4096.0;
            let name = &style.name;
            assert!((40.0..215.0).contains(&mean) && variance.sqrt() > 25.0, "{name} {person}: {mean} {variance}");
            assert!(face.landmarks.iter().chain(&face.pose).chain(&face.light).all(|v| v.is_finite()));
        }
    }
}

#[test]
fn one_person_keeps_light_and_head_in_a_studio_but_not_in_the_wild() {
    let light = |name: &str, expression| draw(&Style::named(name).unwrap(), 4, expression).light;
    assert_eq!(light("studio", Expression::Anger), light("studio", Expression::Sadness));
    assert_ne!(light("wild", Expression::Anger), light("wild", Expression::Sadness));
}

#[test]
fn other_sizes_show_the_same_face() {
    let large = draw_face(head(), &studio(), 5, &FaceSpec::full(3, Expression::Neutral), 128);
    let small = draw(&studio(), 3, Expression::Neutral);
    assert_eq!(large.pixels.len(), 128 * 128);
    for (a, b) in large.landmarks.iter().zip(&small.landmarks) {
        assert!((a / 2.0 - b).abs() < 0.02);
    }
}

#[test]
fn work_stops_when_told_and_reports_what_the_sink_refuses() {
    let mut taken = 0;
    let style = studio();
    let request = SetRequest::new(&style, 1, 40, &Expression::SIX, 16);
    let stop = draw_set(&request, 0, &mut |_| ControlFlow::Break(()), &mut |_| {
        taken += 1;
        Ok(())
    });
    assert_eq!(stop.unwrap_err().kind(), FaultKind::Interrupted);
    assert!(taken > 0 && taken < 240);
    let full =
        draw_set(&request, 0, &mut |_| ControlFlow::Continue(()), &mut |_| Err(Fault::machine("disk", "no room")));
    assert_eq!(full.unwrap_err().kind(), FaultKind::Machine);
}

#[test]
fn a_set_begun_in_the_middle_is_the_rest_of_the_whole() {
    let style = studio();
    let request = SetRequest {
        takes: 2,
        frames: 5,
        intensity: Uniform(0.4, 1.0),
        ..SetRequest::new(&style, 8, 3, &[Expression::Anger, Expression::Neutral], 32)
    };
    let from = |begin| {
        let mut faces = Vec::new();
        draw_set(&request, begin, &mut |_| ControlFlow::Continue(()), &mut |face| {
            faces.push(face);
            Ok(())
        })
        .unwrap();
        faces
    };
    let whole = from(0);
    assert_eq!(whole.len(), 60);
    assert_eq!(whole[43..], from(43));
}

/// Distance of the landmarks of two pictures in pixels, mean over the landmarks.
fn apart(a: &DrawnFace, b: &DrawnFace) -> f32 {
    let squares = a.landmarks.chunks(2).zip(b.landmarks.chunks(2));
    squares.map(|(p, q)| (p[0] - q[0]).hypot(p[1] - q[1])).sum::<f32>() / 68.0
}

#[test]
fn intensity_is_the_label_and_moves_the_face_further_the_larger_it_is() {
    for style in STYLE_NAMES.map(|name| Style::named(name).unwrap()) {
        for expression in Expression::SIX {
            let at =
                |intensity| draw_face(head(), &style, 5, &FaceSpec { intensity, ..FaceSpec::full(1, expression) }, 64);
            let [none, half, full] = [0.0, 0.5, 1.0].map(at);
            assert_eq!([none.intensity, half.intensity, full.intensity], [0.0, 0.5, 1.0]);
            assert!(none.action_units.iter().all(|v| *v == 0.0));
            let (near, far) = (apart(&none, &half), apart(&none, &full));
            assert!(near > 0.2 && far > near, "{} {expression}: {near} {far}", style.name);
        }
    }
}

#[test]
fn a_rising_expression_does_not_jump() {
    for style in STYLE_NAMES.map(|name| Style::named(name).unwrap()) {
        for (expression, person) in Expression::SIX.into_iter().flat_map(|e| (0..4).map(move |person| (e, person))) {
            let at = |step: u8| {
                let intensity = 0.02 * f32::from(step);
                draw_face(head(), &style, 1, &FaceSpec { intensity, ..FaceSpec::full(person, expression) }, 48)
                    .landmarks
            };
            for (before, after) in [(at(0), at(1)), (at(10), at(11)), (at(49), at(50))] {
                let steps = before.chunks(2).zip(after.chunks(2)).map(|(p, q)| (p[0] - q[0]).hypot(p[1] - q[1]));
                let largest = steps.fold(0.0, f32::max);
                assert!(largest < 0.4, "{} {person} {expression}: {largest} pixels", style.name);
            }
        }
    }
}

#[test]
fn frames_of_a_sequence_share_session_and_acting_and_move_smoothly() {
    let style = Style::named("wild").unwrap();
    let request = SetRequest { frames: 12, ..SetRequest::new(&style, 4, 6, &[Expression::Surprise], 64) };
    let mut faces = Vec::new();
    draw_set(&request, 0, &mut |_| ControlFlow::Continue(()), &mut |face| {
        faces.push(face);
        Ok(())
    })
    .unwrap();
    for sequence in faces.chunks(12) {
        let labels: Vec<_> = sequence.iter().map(|face| face.labels.drawn.clone().unwrap()).collect();
        assert!(labels.iter().all(|l| l.light == labels[0].light));
        assert!(labels[0].intensity == 0.0 && labels[11].intensity == 1.0);
        for (before, after) in labels.iter().zip(&labels[1..]) {
            assert_ne!(before.pose, after.pose);
            assert!(before.action_units.iter().zip(&after.action_units).all(|(a, b)| a <= b));
        }
        assert_eq!(sequence[2].labels.source, "seed 4, frame 3 of 12");
    }
}

#[test]
fn a_style_file_with_an_unknown_key_or_action_unit_is_refused_with_its_line() {
    let text = toml::to_string(&studio()).unwrap();
    assert_eq!(Style::from_toml(&text).unwrap(), studio());
    let cases = [
        ("an unknown key", text.replacen("[skin]\n", "[skin]\nfreckles = 3\n", 1), "freckles"),
        ("an unknown action unit", text.replacen("au = 4\n", "au = 3\n", 1), "unknown action unit"),
        ("a bad name", text.replacen("\"studio\"", "\"a b\"", 1), "not a name"),
        ("a missing key", text.replacen("session = \"shared\"\n", "", 1), "session"),
    ];
    for (case, broken, expected) in cases {
        let fault = Style::from_toml(&broken).expect_err(case);
        assert_eq!(fault.kind(), FaultKind::Usage, "{case}");
        assert!(fault.to_string().contains(expected), "{case}: {fault}");
    }
}
