//! Finds faces: the detector of the package `rustface` with its own model, embedded by the build script.

use std::cell::RefCell;
use std::io::Cursor;

use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions};
use howfar_face::Picture;
use rustface::{Detector, ImageData};

use crate::crop::{FaceBox, resize};

static MODEL: &[u8] = include_bytes!(env!("HOWFAR_FACE_MODEL"));

/// Pictures are looked at with no side longer than this: time grows with the area, and a portrait needs no more.
const LONGEST_SIDE: u32 = 640;
/// A face smaller than this share of the picture's shorter side is not looked for, nor one below the model's 20 pixels.
const SMALLEST_SHARE: u32 = 12;
const SMALLEST_SIDE: u32 = 20;
/// Of portraits every face scores above this, and hardly anything else does.
const SCORE: f64 = 2.0;

thread_local! {
    // One a thread: detectors carry buffers, and reading the model takes milliseconds.
    static DETECTOR: RefCell<Option<Box<dyn Detector>>> = const { RefCell::new(None) };
}

/// A face found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Detection {
    /// Brows to chin.
    pub face_box: FaceBox,
    /// The detector's score, above 2.
    pub score: f64,
}

/// The faces in a gray picture, the best first.
pub(crate) fn find_faces(gray: &Picture) -> Vec<Detection> {
    let scale = (f64::from(LONGEST_SIDE) / f64::from(gray.width.max(gray.height))).min(1.0);
    let scaled = |length: u32| ((f64::from(length) * scale).round() as u32).max(1);
    let (width, height) = (scaled(gray.width), scaled(gray.height));
    if width.min(height) < SMALLEST_SIDE {
        return Vec::new();
    }
    let smaller;
    let looked_at = if scale < 1.0 {
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
        smaller = resize(gray, width, height, &options);
        &smaller
    } else {
        gray
    };
    let smallest = (width.min(height) / SMALLEST_SHARE).max(SMALLEST_SIDE);
    let mut found = detections(
        looked_at,
        smallest,
        (f64::from(gray.width) / f64::from(width), f64::from(gray.height) / f64::from(height)),
    );
    // Ties are broken by place, so that the order is always the same.
    found.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then(a.face_box.x.total_cmp(&b.face_box.x))
            .then(a.face_box.y.total_cmp(&b.face_box.y))
    });
    found
}

fn detections(gray: &Picture, smallest: u32, (scale_x, scale_y): (f64, f64)) -> Vec<Detection> {
    DETECTOR.with_borrow_mut(|detector| {
        let detector = detector.get_or_insert_with(new_detector);
        detector.set_min_face_size(smallest);
        let faces = detector.detect(&ImageData::new(&gray.data, gray.width, gray.height));
        faces
            .iter()
            .filter_map(|face| {
                let found = face.bbox();
                let face_box = FaceBox::new(
                    f64::from(found.x()) * scale_x,
                    f64::from(found.y()) * scale_y,
                    f64::from(found.width()) * scale_x,
                    f64::from(found.height()) * scale_y,
                )?;
                Some(Detection { face_box, score: face.score() })
            })
            .collect()
    })
}

fn new_detector() -> Box<dyn Detector> {
    let model = rustface::read_model(Cursor::new(MODEL)).expect("the build script checked the embedded model");
    let mut detector = rustface::create_detector_with_model(model);
    detector.set_score_thresh(SCORE);
    detector.set_pyramid_scale_factor(0.8);
    detector.set_slide_window_step(4, 4);
    detector
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_found_where_there_is_nothing_and_no_size_is_a_problem() {
        for (width, height) in [(1, 1), (19, 40), (20, 20), (21, 97), (900, 30)] {
            let gray = Picture::gray(width, height, vec![90; (width * height) as usize]);
            assert_eq!(find_faces(&gray), [], "{width}×{height}");
        }
    }
}
