//! The one path from a photograph to prepared faces: find, align, crop, resize.
//!
//! `prepare` and `predict` both go through here, so a model sees new photographs as it saw its own faces.

use howfar_face::{Fault, Picture, Preprocessing};
use image::DynamicImage;

use crate::crop::{Crop, FaceBox, Point};
use crate::decode::pixels;
use crate::detect::{Detection, find_faces};
use crate::listing::Reason;
use crate::request::Colour;

/// Crops of fewer pixels a side hold no expression.
const SMALLEST_CROP: f64 = 16.0;
/// A face is the one that the database's box means if they share this much.
const SAME_FACE: f64 = 0.3;

/// A face cut from a photograph.
#[derive(Debug, Clone, PartialEq)]
pub struct PreparedFace {
    /// Its pixels, as a model takes them.
    pub picture: Picture,
    /// Where it is in the photograph; the whole photograph where none was looked for.
    pub face_box: FaceBox,
    /// What was cut out.
    pub crop: Crop,
    /// The eyes' middles in the photograph, in the order of the picture, where they are known.
    pub eyes: Option<[Point; 2]>,
    /// The detector's score, where it found the face.
    pub score: Option<f64>,
}

/// Every face of a photograph, prepared as `preprocessing` says, the surest first. With detection `none` the photograph
/// is one face. Empty where no face is found.
pub fn preprocess_photo(photo: &DynamicImage, preprocessing: &Preprocessing) -> Result<Vec<PreparedFace>, Fault> {
    let path = PhotoPath::new(preprocessing)?;
    Ok(path.faces(photo))
}

/// A checked [`Preprocessing`].
pub(crate) struct PhotoPath<'p> {
    preprocessing: &'p Preprocessing,
    colour: Colour,
    detects: bool,
}

impl<'p> PhotoPath<'p> {
    pub(crate) fn new(preprocessing: &'p Preprocessing) -> Result<Self, Fault> {
        let newer = |what: &str, found: &str, expected: &str| {
            Fault::data("preprocessing", format!("this version does not know the {what}"))
                .found(found)
                .expected(expected)
                .hint("the face set or model was made by another version of howfar")
        };
        let colour = Colour::from_name(&preprocessing.colour)
            .ok_or_else(|| newer("colour", &preprocessing.colour, "gray or rgb"))?;
        let detects = match preprocessing.detection.as_str() {
            "detector" => true,
            "none" => false,
            other => return Err(newer("detection", other, "none or detector")),
        };
        if !["none", "box"].contains(&preprocessing.alignment.as_str()) {
            return Err(newer("alignment", &preprocessing.alignment, "none or box"));
        }
        if preprocessing.version != 1 || preprocessing.filter != "lanczos3" || !(1..=4096).contains(&preprocessing.side)
        {
            let found =
                format!("version {}, {}, {} pixels", preprocessing.version, preprocessing.filter, preprocessing.side);
            return Err(newer("way of resizing", &found, "version 1, lanczos3, 1 to 4096 pixels"));
        }
        Ok(PhotoPath { preprocessing, colour, detects })
    }

    fn faces(&self, photo: &DynamicImage) -> Vec<PreparedFace> {
        if !self.detects {
            return vec![self.whole(photo)];
        }
        let gray = pixels(photo, Colour::Gray);
        let colours = self.colours(photo, &gray);
        find_faces(&gray).into_iter().map(|found| self.cut(&colours, found.face_box, Some(found.score))).collect()
    }

    /// The one face that a database's picture shows: where the database says, or the surest.
    pub(crate) fn one_face(
        &self,
        photo: &DynamicImage,
        told: Option<FaceBox>,
    ) -> Result<PreparedFace, (Reason, String)> {
        let face = if self.detects {
            let gray = pixels(photo, Colour::Gray);
            let (face_box, score) = choose(&find_faces(&gray), told)
                .ok_or_else(|| (Reason::NoFace, format!("in {}×{} pixels", gray.width, gray.height)))?;
            self.cut(&self.colours(photo, &gray), face_box, score)
        } else {
            self.whole(photo)
        };
        if face.crop.side < SMALLEST_CROP {
            return Err((Reason::TooSmall, format!("the crop has {:.0} pixels a side", face.crop.side)));
        }
        Ok(face)
    }

    fn whole(&self, photo: &DynamicImage) -> PreparedFace {
        let (width, height) = (photo.width(), photo.height());
        let crop = Crop::central(width, height);
        let picture = crop.cut(&pixels(photo, self.colour), self.preprocessing.side);
        let face_box = FaceBox { x: 0.0, y: 0.0, width: f64::from(width), height: f64::from(height) };
        PreparedFace { picture, face_box, crop, eyes: None, score: None }
    }

    fn cut(&self, photo: &Picture, face_box: FaceBox, score: Option<f64>) -> PreparedFace {
        let crop = Crop::from_eyes(face_box.typical_eyes(), self.preprocessing);
        PreparedFace { picture: crop.cut(photo, self.preprocessing.side), face_box, crop, eyes: None, score }
    }

    fn colours(&self, photo: &DynamicImage, gray: &Picture) -> Picture {
        match self.colour {
            Colour::Gray => gray.clone(),
            Colour::Rgb => pixels(photo, Colour::Rgb),
        }
    }
}

/// The database's box says which face is meant; the detector's box of that face is taken where there is one, because
/// the crop is made for the detector's boxes.
fn choose(found: &[Detection], told: Option<FaceBox>) -> Option<(FaceBox, Option<f64>)> {
    let Some(told) = told else {
        return found.first().map(|best| (best.face_box, Some(best.score)));
    };
    let overlap = |detection: &&Detection| detection.face_box.overlap(&told);
    let same = found.iter().filter(|d| overlap(d) > SAME_FACE).max_by(|a, b| overlap(a).total_cmp(&overlap(b)));
    Some(same.map_or((told, None), |best| (best.face_box, Some(best.score))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gray(width: u32, height: u32) -> DynamicImage {
        DynamicImage::ImageLuma8(image::GrayImage::from_fn(width, height, |x, y| image::Luma([(x * 3 + y) as u8])))
    }

    #[test]
    fn without_detection_the_picture_is_the_face() {
        let preprocessing = Preprocessing::standard("none", "none", 64);
        let faces = preprocess_photo(&gray(64, 64), &preprocessing).unwrap();
        assert_eq!(faces[0].picture, pixels(&gray(64, 64), Colour::Gray));
        let colours = Preprocessing { colour: "rgb".to_owned(), side: 20, ..preprocessing };
        let faces = preprocess_photo(&gray(90, 64), &colours).unwrap();
        assert_eq!((faces[0].picture.width, faces[0].picture.channels, faces[0].crop.side), (20, 3, 64.0));
    }

    /// Ellipses where a head, its brows, eyes, nose and mouth would be: enough for the detector.
    fn mask(eyes: [(f64, f64); 2], n: u32) -> DynamicImage {
        let [(lx, ly), (rx, _)] = eyes;
        let (d, mx) = (rx - lx, (lx + rx) / 2.0);
        let dark = |x: f64, y: f64, cx: f64, cy: f64, a: f64, b: f64| {
            let r = ((x - cx) / (a * d)).powi(2) + ((y - cy) / (b * d)).powi(2);
            1.0 / (1.0 + ((r.sqrt() - 1.0) * 6.0).exp())
        };
        let pixel = |x: u32, y: u32| {
            let (x, y) = (f64::from(x) + 0.5, f64::from(y) + 0.5);
            let mut value = 70.0 + 110.0 * dark(x, y, mx, ly + 0.45 * d, 1.05, 1.4);
            for eye in [lx, rx] {
                value -= 95.0 * dark(x, y, eye, ly, 0.21, 0.10);
                value -= 60.0 * dark(x, y, eye, ly - 0.30 * d, 0.30, 0.07);
                value -= 25.0 * dark(x, y, eye, ly - 0.1 * d, 0.35, 0.25);
            }
            value -= 45.0 * dark(x, y, mx, ly + 0.72 * d, 0.22, 0.07);
            value -= 75.0 * dark(x, y, mx, ly + 1.12 * d, 0.38, 0.09);
            image::Luma([value.clamp(0.0, 255.0) as u8])
        };
        DynamicImage::ImageLuma8(image::GrayImage::from_fn(n, n, pixel))
    }

    #[test]
    fn the_crop_follows_a_face_wherever_it_is() {
        let preprocessing = Preprocessing::standard("detector", "box", 64);
        for (x, y, d) in [(100.0, 110.0, 50.0), (70.0, 90.0, 40.0), (150.0, 130.0, 70.0), (30.0, 60.0, 45.0)] {
            let faces = preprocess_photo(&mask([(x, y), (x + d, y)], 300), &preprocessing).unwrap();
            let face = faces.first().unwrap_or_else(|| panic!("no face at {x}, {y}"));
            let between = face.crop.place(crate::Point { x: 0.5, y: 24.5 / 64.0 });
            let (off_x, off_y) = ((between.x - (x + d / 2.0)) / d, (between.y - y) / d);
            // A mask has a broader head than people have, so the scale is only roughly that of a face.
            let scale = face.crop.side / (d * 64.0 / 22.5);
            // The detector's window moves by 4 pixels of 40, in a pyramid of steps of 0.8.
            assert!(off_x.abs() < 0.15 && off_y.abs() < 0.15, "{off_x:.2} {off_y:.2} of the eyes' distance");
            assert!((0.8..1.35).contains(&scale), "{scale:.2}");
        }
    }

    #[test]
    fn a_picture_without_a_face_gives_none() {
        let preprocessing = Preprocessing::standard("detector", "box", 64);
        assert_eq!(preprocess_photo(&gray(100, 80), &preprocessing).unwrap(), []);
        let path = PhotoPath::new(&preprocessing).unwrap();
        assert_eq!(path.one_face(&gray(100, 80), None).unwrap_err().0, Reason::NoFace);
    }

    #[test]
    fn the_databases_box_chooses_among_faces_and_stands_in_for_a_missing_one() {
        let at = |x: f64| FaceBox::new(x, 0.0, 10.0, 10.0).unwrap();
        let found = [Detection { face_box: at(50.0), score: 9.0 }, Detection { face_box: at(1.0), score: 3.0 }];
        assert_eq!(choose(&found, None), Some((at(50.0), Some(9.0))));
        assert_eq!(choose(&found, Some(at(0.0))), Some((at(1.0), Some(3.0))));
        assert_eq!(choose(&found, Some(at(100.0))), Some((at(100.0), None)));
        assert_eq!(choose(&[], None), None);
    }

    #[test]
    fn a_crop_of_a_few_pixels_is_too_small() {
        let preprocessing = Preprocessing::standard("none", "none", 64);
        let path = PhotoPath::new(&preprocessing).unwrap();
        assert_eq!(path.one_face(&gray(9, 80), None).unwrap_err().0, Reason::TooSmall);
    }

    #[test]
    fn what_another_version_wrote_is_refused() {
        let standard = || Preprocessing::standard("detector", "box", 64);
        let cases = [
            Preprocessing { detection: "other".to_owned(), ..standard() },
            Preprocessing { alignment: "other".to_owned(), ..standard() },
            Preprocessing { colour: "other".to_owned(), ..standard() },
            Preprocessing { filter: "other".to_owned(), ..standard() },
            Preprocessing { version: 2, ..standard() },
        ];
        for case in cases {
            assert!(preprocess_photo(&gray(4, 4), &case).is_err(), "{case:?}");
        }
    }
}
