//! Finds faces: the detector of the package `rustface` with its own model, embedded by the build script.
//!
//! In: a gray picture. Out: every face in it, or, at a fraction of the time, the one that it shows. The detector's
//! smallest window has 40 pixels and its time grows with the area, so a picture is looked at in the size in which the
//! faces wanted have 40 pixels or more.

use std::cell::RefCell;
use std::io::Cursor;

use howfar_face::Picture;
use rustface::{Detector, ImageData};

use crate::crop::FaceBox;
use crate::detection::Detection;
use crate::resample::{Filter, resample, resize};

static MODEL: &[u8] = include_bytes!(env!("HOWFAR_FACE_MODEL"));

/// Every face is looked for with no side longer than this: those of a sixteenth of the longer side and more.
const LONGEST_SIDE: u32 = 640;
/// The quick look for one face; it finds those of a sixth of the longer side and more.
const QUICK_SIDE: u32 = 240;
/// The quick look is believed from this score on.
const QUICK_SCORE: f64 = 8.0;
/// A face is found again within this share of its box's sides around it, in a look in which it is so many pixels wide:
/// it may have become smaller by a third, or larger.
const NEAR: f64 = 0.5;
const NEAR_FACE: f64 = 64.0;
/// The detector takes no smaller picture.
const SMALLEST_SIDE: u32 = 20;
/// Of portraits every face scores above this, and hardly anything else does.
const SCORE: f64 = 2.0;

thread_local! {
    // One a thread: detectors carry buffers, and reading the model takes milliseconds.
    static DETECTOR: RefCell<Option<Box<dyn Detector>>> = const { RefCell::new(None) };
}

/// The faces in a gray picture, the best first.
pub(crate) fn find_faces(gray: &Picture) -> Vec<Detection> {
    look(gray, LONGEST_SIDE)
}

/// The face that a portrait shows: a quick look that finds one sure face decides if that face `is_meant`; else all
/// faces of the full look.
pub(crate) fn find_one_face(gray: &Picture, is_meant: impl Fn(&FaceBox) -> bool) -> Vec<Detection> {
    if gray.width.max(gray.height) > QUICK_SIDE {
        let found = look(gray, QUICK_SIDE);
        if let [face] = &found[..]
            && face.score >= QUICK_SCORE
            && is_meant(&face.face_box)
        {
            return found;
        }
    }
    find_faces(gray)
}

/// The face that was in a box a moment ago: the best one that is found around it.
pub(crate) fn find_near(gray: &Picture, last: &FaceBox) -> Option<Detection> {
    let part = |start: f64, length: f64, room: u32| {
        let begin = (start - NEAR * length).floor().clamp(0.0, f64::from(room));
        let end = (start + (1.0 + NEAR) * length).ceil().clamp(0.0, f64::from(room));
        (begin, end - begin)
    };
    let ((left, width), (top, height)) = (part(last.x, last.width, gray.width), part(last.y, last.height, gray.height));
    let scale = (NEAR_FACE / last.width).min(1.0);
    let size = [width, height].map(|length| (length * scale).round() as u32);
    if size[0].min(size[1]) < SMALLEST_SIDE {
        return None;
    }
    let looked_at = resample(gray, [left, top], [width, height], size, Filter::Bilinear);
    let found = detections(&looked_at, (width / f64::from(size[0]), height / f64::from(size[1])));
    let best = found.into_iter().max_by(|a, b| a.score.total_cmp(&b.score))?;
    let face_box = FaceBox { x: best.face_box.x + left, y: best.face_box.y + top, ..best.face_box };
    Some(Detection { face_box, ..best })
}

fn look(gray: &Picture, longest_side: u32) -> Vec<Detection> {
    let scale = (f64::from(longest_side) / f64::from(gray.width.max(gray.height))).min(1.0);
    let scaled = |length: u32| ((f64::from(length) * scale).round() as u32).max(1);
    let (width, height) = (scaled(gray.width), scaled(gray.height));
    if width.min(height) < SMALLEST_SIDE {
        return Vec::new();
    }
    let smaller;
    let looked_at = if scale < 1.0 {
        smaller = resize(gray, width, height, Filter::Bilinear);
        &smaller
    } else {
        gray
    };
    let scales = (f64::from(gray.width) / f64::from(width), f64::from(gray.height) / f64::from(height));
    let mut found = detections(looked_at, scales);
    // Ties are broken by place, so that the order is always the same.
    found.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then(a.face_box.x.total_cmp(&b.face_box.x))
            .then(a.face_box.y.total_cmp(&b.face_box.y))
    });
    found
}

fn detections(gray: &Picture, (scale_x, scale_y): (f64, f64)) -> Vec<Detection> {
    DETECTOR.with_borrow_mut(|detector| {
        let detector = detector.get_or_insert_with(new_detector);
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
                Some(Detection { face_box, eyes: None, score: face.score() })
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
    use std::path::{Path, PathBuf};
    use std::time::{Duration, Instant};

    use howfar_face::{Colour, Preprocessing};

    use super::*;
    use crate::crop::Crop;
    use crate::landmarks::find_landmarks;
    use crate::test_faces::mask;

    #[test]
    fn nothing_is_found_where_there_is_nothing_and_no_size_is_a_problem() {
        for (width, height) in [(1, 1), (19, 40), (20, 20), (21, 97), (900, 30)] {
            let gray = Picture::gray(width, height, vec![90; (width * height) as usize]);
            assert_eq!(find_faces(&gray), [], "{width}×{height}");
            assert_eq!(find_one_face(&gray, |_| true), [], "{width}×{height}");
        }
    }

    /// A picture with a drawn face at each place, as large as `d` between the eyes.
    fn with_faces(width: u32, height: u32, faces: &[(u32, u32, f64)]) -> Picture {
        let mut photo = image::GrayImage::from_pixel(width, height, image::Luma([70]));
        for (left, top, d) in faces {
            let side = (4.0 * d) as u32;
            let face = mask([(1.5 * d, 1.6 * d), (2.5 * d, 1.6 * d)], side).into_luma8();
            image::imageops::replace(&mut photo, &face, i64::from(*left), i64::from(*top));
        }
        Picture::of(&photo.into(), Colour::Gray)
    }

    #[test]
    fn a_quick_look_decides_only_on_one_large_face_that_is_meant() {
        let portrait = with_faces(1000, 750, &[(300, 150, 120.0)]);
        let two = with_faces(1000, 750, &[(40, 150, 100.0), (540, 150, 100.0)]);
        let small = with_faces(1000, 750, &[(40, 150, 30.0)]);
        let anywhere = |_: &FaceBox| true;
        let (quick, full) = (find_one_face(&portrait, anywhere), find_faces(&portrait));
        assert!(
            quick.len() == 1 && quick != full && quick[0].face_box.overlap(&full[0].face_box) > 0.7,
            "{quick:?} {full:?}"
        );
        assert_eq!(find_one_face(&portrait, |_| false), full, "the face is not the one that is meant");
        assert!(find_faces(&two).len() == 2 && find_one_face(&two, anywhere) == find_faces(&two));
        assert!(find_faces(&small).len() == 1 && find_one_face(&small, anywhere) == find_faces(&small));
    }

    /// Pictures below a folder that `HOWFAR_PHOTOS` names, one face each: how the quick look does beside the full one.
    /// Prints.
    #[test]
    fn the_quick_look_beside_the_full_one_on_photographs() {
        let Some(folder) = std::env::var_os("HOWFAR_PHOTOS").map(PathBuf::from) else {
            println!("skipped: HOWFAR_PHOTOS names no folder of photographs");
            return;
        };
        let mut compared = Compared::default();
        for path in howfar_face::files::sorted_entries(&folder).unwrap() {
            compared.photo(&path);
        }
        println!("{compared}");
        assert_eq!(compared.n_lost, 0);
    }

    #[derive(Default)]
    struct Compared {
        n_photos: usize,
        n_full: usize,
        n_quick: usize,
        n_lost: usize,
        n_decided: usize,
        times: [Duration; 2],
        eyes: Vec<f64>,
        crops: Vec<f64>,
    }

    impl Compared {
        fn photo(&mut self, path: &Path) {
            let Ok(photo) = image::open(path) else { return };
            let gray = Picture::of(&photo, Colour::Gray);
            let timed = |look: &dyn Fn() -> Vec<Detection>| {
                let start = Instant::now();
                let found = look();
                (found, start.elapsed())
            };
            let (full, full_time) = timed(&|| find_faces(&gray));
            let (quick, quick_time) = timed(&|| find_one_face(&gray, |_| true));
            self.n_photos += 1;
            self.times[0] += full_time;
            self.times[1] += quick_time;
            self.n_full += usize::from(!full.is_empty());
            self.n_quick += usize::from(!quick.is_empty());
            self.n_decided += usize::from(quick != full);
            let (Some(full), Some(quick)) = (full.first(), quick.first()) else {
                self.n_lost += usize::from(quick.is_empty() && !full.is_empty());
                return;
            };
            let preprocessing = Preprocessing::standard("detector", "landmarks", 64);
            let eyes = |found: &Detection| {
                find_landmarks(&gray, &found.face_box, None).map_or(found.face_box.typical_eyes(), |found| found.eyes)
            };
            let (a, b) = (eyes(full), eyes(quick));
            let apart = (a[1].x - a[0].x).hypot(a[1].y - a[0].y);
            let off = |i: usize| (a[i].x - b[i].x).hypot(a[i].y - b[i].y) / apart;
            let off = off(0).max(off(1));
            if off > 0.1 {
                println!("{}: {off:.2} eye distances; {full:?} {quick:?}", path.display());
            }
            self.eyes.push(off);
            let (a, b) = (Crop::from_eyes(a, &preprocessing), Crop::from_eyes(b, &preprocessing));
            let moved = (a.centre.x - b.centre.x).hypot(a.centre.y - b.centre.y) + (a.side - b.side).abs() / 2.0;
            self.crops.push(moved / a.side * 64.0);
        }
    }

    impl std::fmt::Display for Compared {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            let ms = self.times.map(|time| time.as_secs_f64() * 1e3 / self.n_photos.max(1) as f64);
            let (n, full, quick) = (self.n_photos, self.n_full, self.n_quick);
            writeln!(
                f,
                "{n} photographs: faces in {full} by the full look, in {quick} by the quick one; {} lost",
                self.n_lost
            )?;
            writeln!(f, "the quick look decided {}", self.n_decided)?;
            writeln!(f, "{:.1} ms and {:.1} ms a photograph: {:.2} times faster", ms[0], ms[1], ms[0] / ms[1])?;
            for (what, values) in
                [("eyes moved, in their distances", &self.eyes), ("crops moved, in pixels of 64", &self.crops)]
            {
                let mut values = values.clone();
                values.sort_by(f64::total_cmp);
                let at =
                    |share: f64| values.get(((values.len() - 1) as f64 * share) as usize).copied().unwrap_or_default();
                if !values.is_empty() {
                    writeln!(f, "{what}: median {:.4}, 99 % {:.4}, largest {:.4}", at(0.5), at(0.99), at(1.0))?;
                }
            }
            Ok(())
        }
    }
}
