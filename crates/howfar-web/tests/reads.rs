//! What is read in pictures: the same as `predict` says of them, and of a camera's pictures nearly so.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use howfar_crop::preprocess_photo;
use howfar_crop::test_faces::mask;
use howfar_face::FaceStore;
use howfar_train::{Model, predict};
use howfar_web::{FaceReader, MODULE, READER, SeenFace};
use image::{DynamicImage, RgbaImage};

const SIZE: (u32, u32) = (640, 480);

/// A picture with a drawn face at each place: left, top and its picture's side.
fn picture(faces: &[(i64, i64, u32)]) -> RgbaImage {
    let mut picture = RgbaImage::from_pixel(SIZE.0, SIZE.1, image::Rgba([70, 70, 70, 255]));
    for (left, top, side) in faces {
        let d = f64::from(*side) / 4.0;
        let face = mask([(1.5 * d, 1.6 * d), (2.5 * d, 1.6 * d)], *side).into_rgba8();
        image::imageops::replace(&mut picture, &face, *left, *top);
    }
    picture
}

fn next(reader: &mut FaceReader, faces: &[(i64, i64, u32)]) -> Vec<SeenFace> {
    reader.follow(&picture(faces), SIZE.0, SIZE.1).unwrap()
}

#[test]
fn a_picture_is_read_as_predict_reads_it() {
    let (reader, model) = (FaceReader::embedded().unwrap(), Model::embedded());
    for faces in [&[(200, 90, 260)][..], &[(20, 100, 200), (340, 150, 240)], &[]] {
        let picture = picture(faces);
        let expected = preprocess_photo(&DynamicImage::ImageRgba8(picture.clone()), model.preprocessing()).unwrap();
        assert_eq!(expected.len(), faces.len());
        let pictures = expected.iter().map(|face| face.picture.clone()).collect();
        let pool = FaceStore::of_photos(model.classes().to_vec(), model.preprocessing(), "a", pictures).unwrap();
        let indices: Vec<usize> = (0..expected.len()).collect();
        let probabilities = predict(&model, &pool, &indices).unwrap();
        let expected = expected.iter().zip(probabilities).map(|(face, probabilities)| SeenFace {
            face_box: [face.face_box.x, face.face_box.y, face.face_box.width, face.face_box.height],
            eyes: face.eyes.map(|eyes| eyes.map(|eye| [eye.x, eye.y])),
            score: face.score,
            probabilities,
        });
        assert_eq!(reader.read(&picture, SIZE.0, SIZE.1).unwrap(), expected.collect::<Vec<_>>());
    }
}

#[test]
fn a_face_is_followed_and_the_eyes_are_where_a_whole_look_finds_them() {
    let mut reader = FaceReader::embedded().unwrap();
    for i in 0..24 {
        let faces = [(150 + 6 * i, 100 + 2 * i, 240)];
        let (near, whole) = (next(&mut reader, &faces), reader.read(&picture(&faces), SIZE.0, SIZE.1).unwrap());
        assert_eq!((near.len(), whole.len()), (1, 1), "picture {i}");
        let (Some(a), Some(b)) = (near[0].eyes, whole[0].eyes) else { continue };
        let apart = (b[1][0] - b[0][0]).hypot(b[1][1] - b[0][1]);
        for (a, b) in a.iter().zip(&b) {
            assert!((a[0] - b[0]).hypot(a[1] - b[1]) < 0.1 * apart, "picture {i}: {a:?} {b:?}");
        }
    }
}

#[test]
fn who_comes_is_seen_in_time_and_who_is_lost_is_looked_for_everywhere() {
    let mut reader = FaceReader::embedded().unwrap();
    let (left, both) = ([(20, 100, 200)], [(20, 100, 200), (340, 150, 240)]);
    assert_eq!(next(&mut reader, &[]).len(), 0);
    assert_eq!(next(&mut reader, &left).len(), 1);
    let n_until_seen = (1..=40).find(|_| next(&mut reader, &both).len() == 2);
    assert!(n_until_seen.is_some_and(|n| n <= 20), "{n_until_seen:?}");
    // The one that jumps is found where it is now, in the same picture.
    assert_eq!(next(&mut reader, &[(20, 100, 200), (400, 20, 160)]).len(), 2);
    assert_eq!(next(&mut reader, &[]).len(), 0);
}

#[test]
fn the_module_and_its_script_are_carried() {
    assert!(MODULE.starts_with(b"\0asm"), "{} bytes", MODULE.len());
    assert!(READER.contains("export class FaceReader"));
    let imports_nothing = !READER.contains("import ");
    assert!(imports_nothing, "a page with a strict policy can serve it as one file");
}

#[test]
fn the_module_is_the_one_that_its_card_describes() {
    let card = include_str!("../data/howfar.wasm.md");
    assert!(
        card.contains(&format!("| {} |", howfar_face::checksum::sha256_hex(&[MODULE]))),
        "run .ci/wasm, and say so"
    );
    let digits = card.lines().find(|line| line.starts_with("| size |")).unwrap().chars().filter(char::is_ascii_digit);
    assert_eq!(digits.collect::<String>(), MODULE.len().to_string());
}
