//! What every drawn face must keep: sameness, identity, exact labels, and pictures that show something.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::ops::ControlFlow;

use howfar_draw::{AU_NAMES, DrawnFace, HeadModel, STYLE_NAMES, Style, draw_face, draw_set};
use howfar_face::{Expression, Face, Fault, FaultKind};

fn head() -> &'static HeadModel {
    HeadModel::shared()
}

fn studio() -> Style {
    Style::named("studio").expect("it is embedded")
}

fn draw(style: &Style, person: u32, expression: Expression) -> DrawnFace {
    draw_face(head(), style, 5, person, expression, 0, 64)
}

fn set(threads: usize) -> Vec<Face> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
    let mut faces = Vec::new();
    pool.install(|| {
        draw_set(17, &studio(), 3, &Expression::SIX, 64, &mut |_| ControlFlow::Continue(()), &mut |face| {
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
    }
}

#[test]
fn a_face_of_a_set_is_the_face_drawn_alone() {
    let face = &set(2)[8];
    let alone = draw_face(head(), &studio(), 3, 1, Expression::SIX[2], 0, 64);
    assert_eq!(face.picture.data, alone.pixels);
}

#[test]
fn seeds_people_expressions_and_takes_all_change_the_picture() {
    let first = draw(&studio(), 0, Expression::Fear);
    let others = [
        draw_face(head(), &studio(), 6, 0, Expression::Fear, 0, 64),
        draw_face(head(), &studio(), 5, 1, Expression::Fear, 0, 64),
        draw_face(head(), &studio(), 5, 0, Expression::Anger, 0, 64),
        draw_face(head(), &studio(), 5, 0, Expression::Fear, 1, 64),
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
    let large = draw_face(head(), &studio(), 5, 3, Expression::Neutral, 0, 128);
    let small = draw(&studio(), 3, Expression::Neutral);
    assert_eq!(large.pixels.len(), 128 * 128);
    for (a, b) in large.landmarks.iter().zip(&small.landmarks) {
        assert!((a / 2.0 - b).abs() < 0.02);
    }
}

#[test]
fn work_stops_when_told_and_reports_what_the_sink_refuses() {
    let mut taken = 0;
    let stop = draw_set(40, &studio(), 1, &Expression::SIX, 16, &mut |_| ControlFlow::Break(()), &mut |_| {
        taken += 1;
        Ok(())
    });
    assert_eq!(stop.unwrap_err().kind(), FaultKind::Interrupted);
    assert!(taken > 0 && taken < 240);
    let full = draw_set(1, &studio(), 1, &Expression::SIX, 16, &mut |_| ControlFlow::Continue(()), &mut |_| {
        Err(Fault::machine("disk", "no room"))
    });
    assert_eq!(full.unwrap_err().kind(), FaultKind::Machine);
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
