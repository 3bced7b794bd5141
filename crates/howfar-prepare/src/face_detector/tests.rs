//! Networks in the layouts of YuNet and SCRFD whose outputs are known: boxes, eyes and what is refused.

use rten_tensor::Layout as _;

use std::path::PathBuf;

use howfar_crop::{Crop, PhotoPath};
use howfar_face::Preprocessing;

use super::*;

/// Where `reference/face_detectors.py` wrote its networks.
fn reference(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reference").join(name)
}

fn detector(family: &str) -> FaceDetector {
    FaceDetector::read(&reference(&format!("face_detector_{family}.onnx"))).unwrap()
}

fn gray(width: u32, height: u32) -> DynamicImage {
    DynamicImage::ImageLuma8(image::GrayImage::from_pixel(width, height, image::Luma([90])))
}

#[test]
fn both_families_tell_the_same_faces_in_pixels_of_the_photograph() {
    let file: serde_json::Value =
        serde_json::from_str(include_str!("../../../../reference/face_detectors.json")).unwrap();
    let expected = file["faces"].as_array().unwrap();
    let close = |a: f64, b: &serde_json::Value, scale: f64| (a - b.as_f64().unwrap() * scale).abs() < 1e-3 * scale;
    for family in ["yunet", "scrfd"] {
        let detector = detector(family);
        // The second is made half as large, the third lies in the left of the input only.
        for (width, height, scale) in [(64, 64, 1.0), (128, 128, 2.0), (32, 64, 1.0)] {
            let found = detector.find_faces(&gray(width, height)).unwrap();
            assert_eq!(found.len(), expected.len(), "{family}: {found:?}");
            for (found, expected) in found.iter().zip(expected) {
                assert!((found.score - expected["score"].as_f64().unwrap()).abs() < 1e-6, "{family}: {found:?}");
                let eyes = found.eyes.unwrap();
                for (eye, expected) in eyes.iter().zip(expected["eyes"].as_array().unwrap()) {
                    assert!(
                        close(eye.x, &expected[0], scale) && close(eye.y, &expected[1], scale),
                        "{family}: {eye:?}"
                    );
                }
                assert_eq!(Some(found.face_box), FaceBox::of_eyes(eyes));
            }
        }
    }
}

#[test]
fn the_input_is_the_photograph_from_the_upper_left_and_black_beyond() {
    let red = DynamicImage::ImageRgb8(image::RgbImage::from_pixel(128, 64, image::Rgb([255, 128, 0])));
    for (family, levels, black) in
        [("yunet", [0.0, 128.0, 255.0], 0.0), ("scrfd", [127.5 / 128.0, 0.5 / 128.0, -127.5 / 128.0], -127.5 / 128.0)]
    {
        let (input, scale) = detector(family).input(&Picture::of(&red, Colour::Rgb));
        assert_eq!((scale, input.shape()), (0.5, [1, 3, 64, 64]));
        for (channel, level) in levels.into_iter().enumerate() {
            assert_eq!([input[[0, channel, 31, 63]], input[[0, channel, 32, 0]]], [level, black], "{family}");
        }
    }
}

#[test]
fn of_places_that_overlap_the_surest_stays() {
    let candidate = |x: f64, score: f64| Candidate {
        face_box: FaceBox { x, y: 0.0, width: 10.0, height: 10.0 },
        eyes: [Point { x, y: 0.0 }; 2],
        score,
    };
    // Moved by 2 of 10 two boxes share two thirds, by 5 a third, by 6 a quarter, by 10 nothing.
    let cases: [(&[f64], f64, &[f64]); 5] = [
        (&[], 0.3, &[]),
        (&[0.0, 2.0, 10.0], 0.3, &[0.0, 10.0]),
        (&[0.0, 5.0], 0.3, &[0.0]),
        (&[0.0, 5.0], 0.4, &[0.0, 5.0]),
        // What is suppressed suppresses nothing.
        (&[0.0, 5.0, 10.0], 0.3, &[0.0, 10.0]),
    ];
    for (places, most, expected) in cases {
        let candidates = places.iter().zip(1..).map(|(x, i)| candidate(*x, 1.0 / f64::from(i))).collect();
        let kept: Vec<f64> = suppressed(candidates, most).iter().map(|kept| kept.face_box.x).collect();
        assert_eq!(kept, expected, "{places:?}");
    }
}

#[test]
fn the_eyes_of_a_profile_do_not_make_the_box() {
    let face_box = FaceBox { x: 10.0, y: 10.0, width: 40.0, height: 50.0 };
    let candidate = Candidate { face_box, eyes: [Point { x: 20.0, y: 30.0 }, Point { x: 23.0, y: 30.0 }], score: 0.9 };
    let found = detection(candidate, 0.5);
    assert_eq!((found.eyes, found.face_box.x, found.face_box.height), (None, 20.0, 100.0));
}

#[test]
fn what_is_no_known_detector_is_refused_with_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text.onnx");
    std::fs::write(&text, "no network").unwrap();
    let cases = [
        (text, "this is not a network"),
        (folder.path().join("none.onnx"), "there is no such file"),
        (reference("face_detector_boxes.onnx"), "6 outputs: 408 128×1, 416 32×1, 432 8×1, 438 128×4 and 2 more"),
        (reference("feature_network_words.onnx"), "an input of n×20"),
        (reference("feature_network_whole.onnx"), "found"),
    ];
    for (path, what) in cases {
        let fault = FaceDetector::read(&path).err().unwrap_or_else(|| panic!("{} was taken", path.display()));
        assert!(fault.to_string().contains(what), "{what}: {fault}");
        assert!(fault.to_string().contains("YuNet") || !path.exists(), "{fault}");
    }
}

#[test]
fn a_file_is_known_by_its_hash_and_asked_for_where_it_is_missing() {
    let [yunet, scrfd] = ["yunet", "scrfd"].map(detector);
    assert_eq!((yunet.word().len(), &yunet.word()[..5]), (21, "onnx:"));
    let path = |word: &str, given: Option<&FaceDetector>| {
        let preprocessing = Preprocessing::standard(word, "landmarks", 64);
        PhotoPath::with_detector(&preprocessing, given).map(|_| ())
    };
    assert!(path(yunet.word(), Some(&yunet)).is_ok());
    let cases = [
        (yunet.word(), None, "whose SHA-256 begins with"),
        (yunet.word(), Some(&scrfd), "not the network that the faces were found by"),
        ("other", None, "does not know the detection"),
    ];
    for (word, given, what) in cases {
        let fault = path(word, given).err().unwrap_or_else(|| panic!("{word} was taken"));
        assert!(fault.to_string().contains(what), "{fault}");
    }
}

#[test]
fn prepare_takes_the_faces_of_a_users_detector_and_writes_down_which_it_was() {
    use crate::{PrepareRequest, Source, prepare};
    let folder = tempfile::tempdir().unwrap();
    for class in ["anger", "fear"] {
        std::fs::create_dir_all(folder.path().join("db").join(class)).unwrap();
        let waves = image::GrayImage::from_fn(64, 64, |x, y| image::Luma([(x * 3 + y * class.len() as u32) as u8]));
        waves.save(folder.path().join("db").join(class).join("1.png")).unwrap();
    }
    let request = |out: &str, file: &str| PrepareRequest {
        detector: Some(reference(file)),
        ..PrepareRequest::new(
            vec![Source { adapter: "folder".to_owned(), path: folder.path().join("db") }],
            folder.path().join(out),
        )
    };
    let run = |request: &PrepareRequest| prepare(request, &mut |_| std::ops::ControlFlow::Continue(()));
    assert_eq!(run(&request("a", "face_detector_scrfd.onnx")).unwrap().n_faces, 2);
    let set = howfar_face::FaceSet::open(&folder.path().join("a")).unwrap();
    let preprocessing = &set.info().preprocessing;
    assert_eq!(preprocessing.detection, detector("scrfd").word());
    let refused = run(&request("b", "face_detector_boxes.onnx")).unwrap_err();
    assert!(refused.place().ends_with("face_detector_boxes.onnx"), "{refused}");
    let scrfd = detector("scrfd");
    let path = PhotoPath::with_detector(preprocessing, Some(&scrfd)).unwrap();
    let face = path.one_face(&gray(64, 64), None).unwrap();
    assert_eq!(face.crop, Crop::from_eyes(face.eyes.unwrap(), preprocessing));
    assert!((face.score.unwrap() - 0.9).abs() < 1e-6, "{:?}", face.score);
}
