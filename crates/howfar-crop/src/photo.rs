//! The one path from a photograph to prepared faces: find, align, crop, resize.
//!
//! `prepare` and `predict` both go through here, so a model sees new photographs as it saw its own faces.

use howfar_face::{Colour, Fault, Picture, Preprocessing};
use image::DynamicImage;

use crate::crop::{Crop, FaceBox, Point};
use crate::detection::{Detection, SAME_FACE};
use crate::face_finder::{FaceFinder, FaceNetwork};
use crate::landmarks::find_landmarks;

/// Crops of fewer pixels a side hold no expression.
const SMALLEST_CROP: f64 = 16.0;

/// A face cut from a photograph.
#[derive(Debug, Clone, PartialEq)]
pub struct PreparedFace {
    /// Its pixels, as a model takes them.
    pub picture: Picture,
    /// Where it is in the photograph; the whole photograph where none was looked for.
    pub face_box: FaceBox,
    /// What was cut out.
    pub crop: Crop,
    /// The eyes' middles in the photograph, in the order of the picture, where they were looked for and plausible: the
    /// crop is made from them.
    pub eyes: Option<[Point; 2]>,
    /// All points ([`crate::N_LANDMARKS`]) in the photograph; none where the embedded network did not find the eyes.
    pub points: Vec<Point>,
    /// The detector's score, where it found the face.
    pub score: Option<f64>,
}

/// Why a picture that shows one face gives none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoFace {
    /// The user's network cannot look at it.
    Unreadable,
    /// None was found.
    NotFound,
    /// It is too small to show an expression.
    TooSmall,
}

impl PreparedFace {
    /// The eyes' middles, x and y: as files and pages have them.
    pub fn eye_numbers(&self) -> Option<[[f64; 2]; 2]> {
        self.eyes.map(|eyes| eyes.map(|eye| [eye.x, eye.y]))
    }
}

/// Every face of a photograph, prepared as `preprocessing` says, the surest first. With detection `none` the photograph
/// is one face. Empty where no face is found.
pub fn preprocess_photo(photo: &DynamicImage, preprocessing: &Preprocessing) -> Result<Vec<PreparedFace>, Fault> {
    PhotoPath::new(preprocessing)?.faces(photo)
}

/// A checked [`Preprocessing`], with what finds the faces.
pub struct PhotoPath<'p> {
    preprocessing: &'p Preprocessing,
    colour: Colour,
    finder: FaceFinder<'p>,
    aligns: bool,
}

impl<'p> PhotoPath<'p> {
    /// Refuses what this version does not know, and a network's faces without the network.
    pub fn new(preprocessing: &'p Preprocessing) -> Result<Self, Fault> {
        Self::checked(preprocessing, None)
    }

    /// The same where the faces are found by a user's network; it must be the one that `preprocessing` names.
    pub fn with_detector<D: FaceNetwork>(
        preprocessing: &'p Preprocessing,
        detector: Option<&'p D>,
    ) -> Result<Self, Fault> {
        Self::checked(preprocessing, detector.map(|detector| detector as &dyn FaceNetwork))
    }

    fn checked(preprocessing: &'p Preprocessing, detector: Option<&'p dyn FaceNetwork>) -> Result<Self, Fault> {
        let newer = |what: &str, found: &str, expected: &str| {
            Fault::data("preprocessing", format!("this version does not know the {what}"))
                .found(found)
                .expected(expected)
                .hint("the face set or model was made by another version of howfar")
        };
        let colour = Colour::from_name(&preprocessing.colour)
            .ok_or_else(|| newer("colour", &preprocessing.colour, "gray or rgb"))?;
        let finder = FaceFinder::new(&preprocessing.detection, detector)?;
        let aligns = match preprocessing.alignment.as_str() {
            "landmarks" => true,
            "none" | "box" => false,
            other => return Err(newer("alignment", other, "none, box or landmarks")),
        };
        // Version 1 turned coloured photographs gray by other weights; what is prepared now is prepared as version 2.
        let known = (1..=Preprocessing::VERSION).contains(&preprocessing.version);
        if !known || preprocessing.filter != "lanczos3" || !(1..=4096).contains(&preprocessing.side) {
            let found =
                format!("version {}, {}, {} pixels", preprocessing.version, preprocessing.filter, preprocessing.side);
            return Err(newer("way of resizing", &found, "version 1 or 2, lanczos3, 1 to 4096 pixels"));
        }
        Ok(PhotoPath { preprocessing, colour, finder, aligns })
    }

    /// Whether faces are looked for.
    pub fn detects(&self) -> bool {
        self.finder.detects()
    }

    /// Every face of a photograph, the surest first; the photograph itself where none is looked for.
    pub fn faces(&self, photo: &DynamicImage) -> Result<Vec<PreparedFace>, Fault> {
        self.all(photo, |gray| self.finder.all(photo, gray))
    }

    /// The faces that are where others were a moment ago, in the picture before of a camera, or near by; the surest
    /// first. A fraction of the time of [`PhotoPath::faces`], and others are not seen.
    pub fn faces_near(&self, photo: &DynamicImage, last: &[FaceBox]) -> Result<Vec<PreparedFace>, Fault> {
        self.all(photo, |gray| self.finder.near(photo, gray, last))
    }

    fn all(
        &self,
        photo: &DynamicImage,
        find: impl FnOnce(&Picture) -> Result<Vec<Detection>, String>,
    ) -> Result<Vec<PreparedFace>, Fault> {
        let photo = Photo::new(photo, self.colour);
        if !self.detects() {
            return Ok(vec![self.whole(&photo)]);
        }
        let found = find(&photo.gray).map_err(|what| Fault::data("detector", what))?;
        Ok(found.iter().map(|found| self.cut(&photo, found)).collect())
    }

    /// The one face that a database's picture shows: where the database says (`told`), or the surest. If there is none:
    /// why, and what was found instead.
    pub fn one_face(&self, photo: &DynamicImage, told: Option<FaceBox>) -> Result<PreparedFace, (NoFace, String)> {
        let decoded = photo;
        let photo = Photo::new(photo, self.colour);
        let face = if self.detects() {
            let found = self.finder.one(decoded, &photo.gray, told.as_ref());
            match choose(&found.map_err(|what| (NoFace::Unreadable, what))?, told) {
                Some(Chosen::Found(found)) => self.cut(&photo, &found),
                Some(Chosen::Told(face_box)) => self.cut_box(&photo, face_box),
                None => {
                    return Err((NoFace::NotFound, format!("in {}×{} pixels", photo.gray.width, photo.gray.height)));
                }
            }
        } else {
            self.whole(&photo)
        };
        if face.crop.side < SMALLEST_CROP {
            return Err((NoFace::TooSmall, format!("the crop has {:.0} pixels a side", face.crop.side)));
        }
        Ok(face)
    }

    /// The photograph as one face: its largest central square, or what the eyes in it say.
    fn whole(&self, photo: &Photo) -> PreparedFace {
        let (width, height) = (photo.gray.width, photo.gray.height);
        let square = Crop::central(width, height);
        let corner = square.place(Point { x: 0.0, y: 0.0 });
        let looked_at = FaceBox { x: corner.x, y: corner.y, width: square.side, height: square.side };
        let face_box = FaceBox { x: 0.0, y: 0.0, width: f64::from(width), height: f64::from(height) };
        PreparedFace { face_box, ..self.face(photo, looked_at, None, square) }
    }

    fn cut(&self, photo: &Photo, found: &Detection) -> PreparedFace {
        let supposed = Crop::from_eyes(found.face_box.typical_eyes(), self.preprocessing);
        PreparedFace { score: Some(found.score), ..self.face(photo, found.face_box, found.eyes, supposed) }
    }

    fn cut_box(&self, photo: &Photo, face_box: FaceBox) -> PreparedFace {
        self.face(photo, face_box, None, Crop::from_eyes(face_box.typical_eyes(), self.preprocessing))
    }

    /// The face in a box: cut by its eyes where they are looked for and plausible, by the detector's own where they are
    /// not, else as `supposed`.
    fn face(&self, photo: &Photo, face_box: FaceBox, own: Option<[Point; 2]>, supposed: Crop) -> PreparedFace {
        let own = own.filter(|_| self.aligns);
        let found = if self.aligns { find_landmarks(&photo.gray, &face_box, own).ok() } else { None };
        let eyes = found.as_ref().map(|found| found.eyes).or(own);
        let crop = eyes.map_or(supposed, |eyes| Crop::from_eyes(eyes, self.preprocessing));
        let picture = crop.cut(photo.pixels(), self.preprocessing.side);
        let points = found.map_or_else(Vec::new, |found| found.points);
        PreparedFace { picture, face_box, crop, eyes, points, score: None }
    }
}

/// A photograph in gray, which faces and eyes are found in, and in the colours wanted.
struct Photo {
    gray: Picture,
    colours: Option<Picture>,
}

impl Photo {
    fn new(photo: &DynamicImage, colour: Colour) -> Self {
        let colours = (colour == Colour::Rgb).then(|| Picture::of(photo, Colour::Rgb));
        Photo { gray: Picture::of(photo, Colour::Gray), colours }
    }

    fn pixels(&self) -> &Picture {
        self.colours.as_ref().unwrap_or(&self.gray)
    }
}

/// The database's box says which face is meant; the detector's box of that face is taken where there is one, because
/// the crop is made for the detector's boxes.
fn choose(found: &[Detection], told: Option<FaceBox>) -> Option<Chosen> {
    let Some(told) = told else {
        return found.first().copied().map(Chosen::Found);
    };
    let overlap = |detection: &&Detection| detection.face_box.overlap(&told);
    let same = found.iter().filter(|d| overlap(d) > SAME_FACE).max_by(|a, b| overlap(a).total_cmp(&overlap(b)));
    Some(same.copied().map_or(Chosen::Told(told), Chosen::Found))
}

/// Where the face of a database's picture is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Chosen {
    Found(Detection),
    /// Where the database says; the detector found nothing there.
    Told(FaceBox),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_faces::mask;

    fn gray(width: u32, height: u32) -> DynamicImage {
        DynamicImage::ImageLuma8(image::GrayImage::from_fn(width, height, |x, y| image::Luma([(x * 3 + y) as u8])))
    }

    #[test]
    fn without_detection_the_picture_is_the_face() {
        let preprocessing = Preprocessing::standard("none", "none", 64);
        let faces = preprocess_photo(&gray(64, 64), &preprocessing).unwrap();
        assert_eq!(faces[0].picture, Picture::of(&gray(64, 64), Colour::Gray));
        let colours = Preprocessing { colour: "rgb".to_owned(), side: 20, ..preprocessing };
        let faces = preprocess_photo(&gray(90, 64), &colours).unwrap();
        assert_eq!((faces[0].picture.width, faces[0].picture.channels, faces[0].crop.side), (20, 3, 64.0));
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
    fn points_that_are_not_plausible_leave_the_crop_of_the_box() {
        for (detection, alignment) in [("none", "none"), ("detector", "box")] {
            let by_box = Preprocessing::standard(detection, alignment, 64);
            let by_eyes = Preprocessing { alignment: "landmarks".to_owned(), ..by_box.clone() };
            for photo in [gray(64, 64), gray(90, 70), mask([(100.0, 110.0), (150.0, 110.0)], 300)] {
                let [without, with] = [&by_box, &by_eyes].map(|p| preprocess_photo(&photo, p).unwrap());
                assert_eq!(without.len(), with.len());
                for (without, with) in without.iter().zip(&with) {
                    assert_eq!((without.eyes, without.face_box), (None, with.face_box));
                    match with.eyes {
                        Some(eyes) => assert_eq!(with.crop, Crop::from_eyes(eyes, &by_eyes)),
                        None => assert_eq!((&with.picture, with.crop), (&without.picture, without.crop)),
                    }
                }
            }
        }
    }

    #[test]
    fn a_picture_without_a_face_gives_none() {
        let preprocessing = Preprocessing::standard("detector", "box", 64);
        assert_eq!(preprocess_photo(&gray(100, 80), &preprocessing).unwrap(), []);
        let path = PhotoPath::new(&preprocessing).unwrap();
        assert_eq!(path.one_face(&gray(100, 80), None).unwrap_err().0, NoFace::NotFound);
    }

    #[test]
    fn the_databases_box_chooses_among_faces_and_stands_in_for_a_missing_one() {
        let at = |x: f64| FaceBox::new(x, 0.0, 10.0, 10.0).unwrap();
        let found = [(50.0, 9.0), (1.0, 3.0)].map(|(x, score)| Detection { face_box: at(x), eyes: None, score });
        assert_eq!(choose(&found, None), Some(Chosen::Found(found[0])));
        assert_eq!(choose(&found, Some(at(0.0))), Some(Chosen::Found(found[1])));
        assert_eq!(choose(&found, Some(at(100.0))), Some(Chosen::Told(at(100.0))));
        assert_eq!(choose(&[], None), None);
    }

    #[test]
    fn a_crop_of_a_few_pixels_is_too_small() {
        let preprocessing = Preprocessing::standard("none", "none", 64);
        let path = PhotoPath::new(&preprocessing).unwrap();
        assert_eq!(path.one_face(&gray(9, 80), None).unwrap_err().0, NoFace::TooSmall);
    }

    #[test]
    fn what_another_version_wrote_is_refused() {
        let standard = || Preprocessing::standard("detector", "box", 64);
        let cases = [
            Preprocessing { detection: "other".to_owned(), ..standard() },
            Preprocessing { alignment: "other".to_owned(), ..standard() },
            Preprocessing { colour: "other".to_owned(), ..standard() },
            Preprocessing { filter: "other".to_owned(), ..standard() },
            Preprocessing { version: 3, ..standard() },
        ];
        for case in cases {
            assert!(preprocess_photo(&gray(4, 4), &case).is_err(), "{case:?}");
        }
    }
}
