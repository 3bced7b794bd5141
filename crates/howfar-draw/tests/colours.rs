//! Colour pictures: the gray ones with tints, nothing else.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::ops::ControlFlow;

use howfar_draw::{
    DrawnFace, FaceSpec, HeadModel, STYLE_NAMES, SetRequest, Style, Uniform, draw_colour_face, draw_face, draw_set,
};
use howfar_face::{Colour, Expression, Face, Picture};

const SIZE: u32 = 64;

fn style(name: &str) -> Style {
    Style::named(name).unwrap()
}

fn coloured(style: &Style, spec: &FaceSpec) -> DrawnFace {
    draw_colour_face(HeadModel::shared(), style, 5, spec, SIZE)
}

fn picture(face: &DrawnFace) -> Picture {
    Picture { width: SIZE, height: SIZE, channels: 3, data: face.pixels.clone() }
}

/// Mean red, green and blue of a square about a landmark.
fn around(face: &DrawnFace, [x, y]: [f32; 2], reach: i32) -> [f32; 3] {
    let pixels = (-reach..=reach).flat_map(|dy| (-reach..=reach).map(move |dx| (x as i32 + dx, y as i32 + dy)));
    let mut sums = [0.0; 3];
    for (x, y) in pixels {
        let at = (y * SIZE as i32 + x) as usize * 3;
        (0..3).for_each(|c| sums[c] += f32::from(face.pixels[at + c]));
    }
    sums.map(|sum| sum / ((2 * reach + 1) * (2 * reach + 1)) as f32)
}

fn mark(face: &DrawnFace, k: usize) -> [f32; 2] {
    [face.landmarks[2 * k], face.landmarks[2 * k + 1]]
}

fn between(a: [f32; 2], b: [f32; 2]) -> [f32; 2] {
    [0.5 * (a[0] + b[0]), 0.5 * (a[1] + b[1])]
}

#[test]
fn the_luma_of_a_colour_picture_is_the_gray_picture_and_the_labels_are_equal() {
    for style in STYLE_NAMES.map(style) {
        for person in 0..12 {
            let spec = FaceSpec { frame: person % 2, ..FaceSpec::full(person, Expression::ALL[person as usize % 8]) };
            let (gray, colour) = (draw_face(HeadModel::shared(), &style, 5, &spec, SIZE), coloured(&style, &spec));
            assert_eq!(DrawnFace { pixels: gray.pixels.clone(), ..colour.clone() }, gray);
            let luma = picture(&colour).into_gray();
            let furthest = luma.iter().zip(&gray.pixels).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
            assert!(furthest <= 1, "{} {person}: {furthest} levels", style.name);
        }
    }
}

#[test]
fn skin_is_skin_coloured_and_lips_are_redder() {
    for style in STYLE_NAMES.map(style) {
        let mut redder = 0;
        for person in 0..60 {
            let face = coloured(&style, &FaceSpec::full(person, Expression::Neutral));
            // Between the nose's wing and the jaw; the middle of the lower lip's red.
            let cheeks =
                [(31, 3), (35, 13)].map(|(nose, jaw)| around(&face, between(mark(&face, nose), mark(&face, jaw)), 3));
            for [red, green, blue] in cheeks {
                assert!(red > green && green > blue, "{} {person}: {red} {green} {blue}", style.name);
            }
            let [red, green, _] = around(&face, between(mark(&face, 57), mark(&face, 66)), 0);
            redder += i32::from(red / green > cheeks[0][0] / cheeks[0][1]);
        }
        assert!(redder >= 50, "{}: lips of {redder} of 60 people are redder than their cheeks", style.name);
    }
}

#[test]
fn backgrounds_differ_in_hue() {
    let style = style("studio");
    let mut corners: Vec<u32> = (0..40)
        .map(|person| around(&coloured(&style, &FaceSpec::full(person, Expression::Neutral)), [2.0, 40.0], 1))
        .map(|[red, _, blue]| (8.0 * (red - blue) / (red + blue + 1.0) + 100.0) as u32)
        .collect();
    corners.sort_unstable();
    corners.dedup();
    assert!(corners.len() >= 3, "{corners:?}");
}

#[test]
fn a_person_keeps_its_colours_in_a_studio() {
    let cheek = |face: &DrawnFace| around(face, between(mark(face, 31), mark(face, 3)), 3);
    for person in 0..8 {
        let [calm, sad] = [Expression::Neutral, Expression::Sadness]
            .map(|expression| cheek(&coloured(&style("studio"), &FaceSpec::full(person, expression))));
        assert!((calm[0] / calm[2] - sad[0] / sad[2]).abs() < 0.2, "{person}: {calm:?} {sad:?}");
    }
}

#[test]
fn a_colour_set_has_the_labels_of_the_gray_set_and_the_same_bytes_twice() {
    let style = style("wild");
    let set = |colour, begin| {
        let request = SetRequest {
            colour,
            takes: 2,
            frames: 2,
            intensity: Uniform(0.3, 1.0),
            ..SetRequest::new(&style, 8, 3, &[Expression::Anger, Expression::Neutral], 48)
        };
        let mut faces: Vec<Face> = Vec::new();
        draw_set(&request, begin, &mut |_| ControlFlow::Continue(()), &mut |face| {
            faces.push(face);
            Ok(())
        })
        .unwrap();
        faces
    };
    let (gray, colour) = (set(Colour::Gray, 0), set(Colour::Rgb, 0));
    assert_eq!(colour[7..], set(Colour::Rgb, 7));
    for (gray, colour) in gray.iter().zip(&colour) {
        assert_eq!(gray.labels, colour.labels);
        assert_eq!((gray.picture.channels, colour.picture.channels, colour.picture.data.len()), (1, 3, 48 * 48 * 3));
    }
}
