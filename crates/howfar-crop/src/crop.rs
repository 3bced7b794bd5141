//! Where a prepared face is cut from a photograph, and the cut: pure functions of eye points, boxes and pixels.
//!
//! Coordinates are pixels of the photograph, x to the right, y down; the centre of the first pixel lies at (0.5, 0.5).
//! Beyond its borders a photograph continues with its outermost pixels.

use howfar_face::{Picture, Preprocessing};

use crate::resample::{Filter, resample};

/// A place in a photograph.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Pixels from the left.
    pub x: f64,
    /// Pixels from the top.
    pub y: f64,
}

/// An upright rectangle around a face, in pixels of the photograph; it may stick out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FaceBox {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width, above 0.
    pub width: f64,
    /// Height, above 0.
    pub height: f64,
}

impl FaceBox {
    /// A box of finite numbers with an area.
    pub fn new(x: f64, y: f64, width: f64, height: f64) -> Option<Self> {
        let finite = [x, y, width, height].iter().all(|n| n.is_finite());
        (finite && width > 0.0 && height > 0.0).then_some(FaceBox { x, y, width, height })
    }

    /// Left, top, width, height: as files and pages have it.
    pub fn numbers(&self) -> [f64; 4] {
        [self.x, self.y, self.width, self.height]
    }

    /// The area shared with another box, as a share of the area of both together: 0 to 1.
    pub fn overlap(&self, other: &FaceBox) -> f64 {
        let shared =
            |a: f64, a_length: f64, b: f64, b_length: f64| ((a + a_length).min(b + b_length) - a.max(b)).max(0.0);
        let both =
            shared(self.x, self.width, other.x, other.width) * shared(self.y, self.height, other.y, other.height);
        both / (self.width * self.height + other.width * other.height - both)
    }

    /// The detector's box of a typical frontal face with these eyes; none where they are one place.
    pub fn of_eyes([a, b]: [Point; 2]) -> Option<Self> {
        let side = (b.x - a.x).hypot(b.y - a.y) / EYES_APART;
        FaceBox::new((a.x + b.x - side) / 2.0, (a.y + b.y) / 2.0 - EYE_LINE * side, side, side)
    }

    /// Where the eyes of a typical frontal face in a box of the detector lie.
    pub(crate) fn typical_eyes(&self) -> [Point; 2] {
        let y = self.y + EYE_LINE * self.height;
        let middle = self.x + self.width / 2.0;
        [-0.5, 0.5].map(|side| Point { x: middle + side * EYES_APART * self.width, y })
    }
}

/// Height of the eyes in a box of the detector, as a share of the box. Read off the mean of 770 photographs (FER2013,
/// enlarged four times, boxes wholly inside): the dark of the eyes lies at 0.36 ± 0.01.
const EYE_LINE: f64 = 0.36;
/// Distance of the eyes in a box of the detector, as a share of its width; same mean face, 0.41 ± 0.01.
const EYES_APART: f64 = 0.41;

/// A square of a photograph, perhaps turned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Crop {
    /// Its middle.
    pub centre: Point,
    /// Its side in pixels of the photograph.
    pub side: f64,
    /// How far it is turned from x towards y, in radians.
    pub angle: f64,
}

impl Crop {
    /// The square in which the eyes lie where `preprocessing` wants them. `eyes` are in the order of the picture, left
    /// then right.
    pub fn from_eyes(eyes: [Point; 2], preprocessing: &Preprocessing) -> Self {
        Self::with_eyes(eyes, f64::from(preprocessing.eye_height), f64::from(preprocessing.eye_distance))
    }

    /// The square in which the eyes lie at `height` from its top and `distance` apart, in shares of its side.
    pub(crate) fn with_eyes(eyes: [Point; 2], height: f64, distance: f64) -> Self {
        let [left, right] = eyes;
        let (dx, dy) = (right.x - left.x, right.y - left.y);
        let side = dx.hypot(dy) / distance;
        let angle = dy.atan2(dx);
        let down = (0.5 - height) * side;
        let centre = Point {
            x: (left.x + right.x) / 2.0 - angle.sin() * down,
            y: (left.y + right.y) / 2.0 + angle.cos() * down,
        };
        Crop { centre, side, angle }
    }

    /// The largest square in the middle.
    pub fn central(width: u32, height: u32) -> Self {
        let centre = Point { x: f64::from(width) / 2.0, y: f64::from(height) / 2.0 };
        Crop { centre, side: f64::from(width.min(height)), angle: 0.0 }
    }

    /// The place in the photograph of a place in the crop, given in shares of its side.
    pub fn place(&self, share: Point) -> Point {
        let (dx, dy) = ((share.x - 0.5) * self.side, (share.y - 0.5) * self.side);
        let (sin, cos) = self.angle.sin_cos();
        Point { x: self.centre.x + cos * dx - sin * dy, y: self.centre.y + sin * dx + cos * dy }
    }

    /// Cuts the square out and resizes it to `side` pixels with an antialiased Lanczos filter of three lobes.
    pub fn cut(&self, photo: &Picture, side: u32) -> Picture {
        // Lanczos looks three pixels of the coarser grid beyond the edge.
        let margin = (3.0 * (self.side / f64::from(side)).max(1.0)).ceil() as i64 + 1;
        let (patch, left, top) =
            if self.angle == 0.0 { self.upright(photo, margin) } else { self.turned(photo, margin) };
        resample(&patch, [left, top], [self.side; 2], [side; 2], Filter::Lanczos3)
    }

    /// Copies the square and what the photograph has around it; returns where in the copy the square begins.
    fn upright(&self, photo: &Picture, margin: i64) -> (Picture, f64, f64) {
        let (left, top) = (self.centre.x - self.side / 2.0, self.centre.y - self.side / 2.0);
        let (columns, rows) =
            (reach(left, self.side, margin, photo.width), reach(top, self.side, margin, photo.height));
        let channels = photo.channels as usize;
        let offsets: Vec<usize> = columns.clone().map(|x| inside(x, photo.width) * channels).collect();
        let (width, height) = (offsets.len() as u32, (rows.end - rows.start) as u32);
        let mut data = Vec::with_capacity((width * height) as usize * channels);
        for y in rows.clone() {
            let row = &photo.data[inside(y, photo.height) * photo.width as usize * channels..];
            for offset in &offsets {
                data.extend_from_slice(&row[*offset..offset + channels]);
            }
        }
        let patch = Picture { width, height, channels: photo.channels, data };
        (patch, left - columns.start as f64, top - rows.start as f64)
    }

    /// Samples the turned square and what is around it at the photograph's own resolution.
    fn turned(&self, photo: &Picture, margin: i64) -> (Picture, f64, f64) {
        let n = self.side.ceil() as i64 + 2 * margin;
        // As in `place`, with what all pixels share computed once.
        let offsets: Vec<f64> = (0..n).map(|i| (((i - margin) as f64 + 0.5) / self.side - 0.5) * self.side).collect();
        let (sin, cos) = self.angle.sin_cos();
        let mut data = Vec::with_capacity((n * n) as usize * photo.channels as usize);
        for dy in &offsets {
            for dx in &offsets {
                let at = Point { x: self.centre.x + cos * dx - sin * dy, y: self.centre.y + sin * dx + cos * dy };
                sample(photo, at, &mut data);
            }
        }
        (Picture { width: n as u32, height: n as u32, channels: photo.channels, data }, margin as f64, margin as f64)
    }
}

/// The pixels that a stretch needs: itself wherever it lies, and a margin as far as there are pixels.
fn reach(start: f64, length: f64, margin: i64, n_pixels: u32) -> std::ops::Range<i64> {
    let (first, last) = (start.floor() as i64, (start + length).ceil() as i64);
    let (begin, end) = ((first - margin).max(0).min(first), (last + margin).min(i64::from(n_pixels)).max(last));
    begin..end
}

fn inside(at: i64, length: u32) -> usize {
    at.clamp(0, i64::from(length) - 1) as usize
}

/// Appends the values between pixels, one a channel, by cubic convolution (Catmull and Rom).
fn sample(photo: &Picture, at: Point, data: &mut Vec<u8>) {
    let (x, y) = (at.x - 0.5, at.y - 0.5);
    let (left, top) = (floor(x), floor(y));
    let (wx, wy) = (cubic(x - left as f64), cubic(y - top as f64));
    let channels = photo.channels as usize;
    let columns = [-1, 0, 1, 2].map(|i| inside(left + i, photo.width) * channels);
    let rows = [-1, 0, 1, 2].map(|j| inside(top + j, photo.height) * photo.width as usize * channels);
    for channel in 0..channels {
        let mut sum = 0.0;
        for (wy, row) in wy.iter().zip(rows) {
            for (wx, column) in wx.iter().zip(columns) {
                sum += wx * wy * f64::from(photo.data[row + column + channel]);
            }
        }
        data.push(level(sum));
    }
}

/// `f64::floor` of a place in a picture, without the call that it is on plain processors.
fn floor(x: f64) -> i64 {
    let whole = x as i64;
    whole - i64::from(whole as f64 > x)
}

/// `f64::round` between 0 and 255, likewise.
fn level(value: f64) -> u8 {
    let value = value.clamp(0.0, 255.0);
    let whole = value as u8;
    whole + u8::from(value - f64::from(whole) >= 0.5)
}

fn cubic(t: f64) -> [f64; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [0.5 * (-t + 2.0 * t2 - t3), 0.5 * (2.0 - 5.0 * t2 + 3.0 * t3), 0.5 * (t + 4.0 * t2 - 3.0 * t3), 0.5 * (t3 - t2)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn standard() -> Preprocessing {
        Preprocessing::standard("detector", "eyes", 64)
    }

    proptest! {
        #[test]
        fn eyes_come_to_lie_where_they_should(x in 0.0..500.0, y in 0.0..500.0, dx in 5.0..200.0, dy in -50.0..50.0) {
            let eyes = [Point { x, y }, Point { x: x + dx, y: y + dy }];
            let crop = Crop::from_eyes(eyes, &standard());
            for (eye, share_x) in eyes.iter().zip([0.5 - 11.25 / 64.0, 0.5 + 11.25 / 64.0]) {
                let place = crop.place(Point { x: share_x, y: 24.5 / 64.0 });
                prop_assert!((place.x - eye.x).abs() < 1e-6 && (place.y - eye.y).abs() < 1e-6, "{place:?} {eye:?}");
            }
        }

        #[test]
        fn any_crop_can_be_cut(x in -50.0..150.0, y in -50.0..150.0, side in 1.0..300.0, angle in -3.0..3.0) {
            let photo = Picture::gray(90, 70, vec![128; 90 * 70]);
            for angle in [0.0, angle] {
                let face = Crop { centre: Point { x, y }, side, angle }.cut(&photo, 16);
                prop_assert!(face.data.iter().all(|p| *p == 128));
            }
        }
    }

    /// A smooth picture, so that resampling twice and once can be compared.
    fn waves(width: u32, height: u32, channels: u32) -> Picture {
        let value = |x: u32, y: u32| 128.0 + 60.0 * (f64::from(x) / 9.0).sin() + 50.0 * (f64::from(y) / 7.0).cos();
        let data = (0..height)
            .flat_map(|y| (0..width).flat_map(move |x| (0..channels).map(move |c| (value(x, y) + f64::from(c)) as u8)))
            .collect();
        Picture { width, height, channels, data }
    }

    #[test]
    fn the_whole_picture_at_its_own_size_is_left_as_it_is() {
        for channels in [1, 3] {
            let picture = waves(64, 64, channels);
            assert_eq!(Crop::central(64, 64).cut(&picture, 64), picture);
        }
    }

    #[test]
    fn the_quick_ways_round_as_the_usual_ones() {
        let numbers = (-3_000..3_000).map(|i| f64::from(i) / 10.0).chain([0.499_999_999_999_999_94, 254.5, 1e-300]);
        for x in numbers {
            assert_eq!(floor(x), x.floor() as i64, "{x}");
            assert_eq!(level(x), x.round().clamp(0.0, 255.0) as u8, "{x}");
        }
    }

    #[test]
    fn a_turned_crop_samples_where_its_places_are() {
        let photo = waves(120, 100, 3);
        let crop = Crop { centre: Point { x: 50.3, y: 49.1 }, side: 70.0, angle: 0.3 };
        let (patch, left, top) = crop.turned(&photo, 5);
        for (i, j) in [(0_u32, 0_u32), (17, 33), (79, 2)] {
            let share = |at: u32, margin: f64| (f64::from(at) - margin + 0.5) / crop.side;
            let mut expected = Vec::new();
            sample(&photo, crop.place(Point { x: share(i, left), y: share(j, top) }), &mut expected);
            let begin = ((j * patch.width + i) * 3) as usize;
            assert_eq!(patch.data[begin..begin + 3], expected, "{i} {j}");
        }
    }

    #[test]
    fn a_turned_crop_of_no_angle_is_the_upright_one() {
        let photo = waves(120, 100, 1);
        let crop = Crop { centre: Point { x: 50.3, y: 49.1 }, side: 70.0, angle: 0.0 };
        let turned = Crop { angle: 1e-9, ..crop };
        let (a, b) = (crop.cut(&photo, 32), turned.cut(&photo, 32));
        assert!(a.data.iter().zip(&b.data).all(|(a, b)| a.abs_diff(*b) <= 1), "{a:?} {b:?}");
    }

    #[test]
    fn a_quarter_turn_moves_rows_to_columns() {
        let photo = waves(64, 64, 1);
        let turned = Crop { angle: std::f64::consts::FRAC_PI_2, ..Crop::central(64, 64) }.cut(&photo, 64);
        // The crop's x axis points down the photograph.
        let pixel = |p: &Picture, x: usize, y: usize| p.data[y * 64 + x];
        assert!((5..59).all(|i| pixel(&turned, i, 10).abs_diff(pixel(&photo, 53, i)) <= 1));
    }

    #[test]
    fn fine_stripes_become_gray_and_not_a_moire() {
        let data = (0..640 * 640).map(|i| if i % 2 == 0 { 0 } else { 255 }).collect();
        let face = Crop::central(640, 640).cut(&Picture::gray(640, 640, data), 64);
        assert!(face.data.iter().all(|p| (120..=135).contains(p)));
    }

    #[test]
    fn a_box_of_eyes_has_its_typical_eyes_there() {
        let eyes = [Point { x: 40.0, y: 50.0 }, Point { x: 60.0, y: 50.0 }];
        let found = FaceBox::of_eyes(eyes).unwrap().typical_eyes();
        assert!(found.iter().zip(eyes).all(|(a, b)| (a.x - b.x).abs() < 1e-9 && (a.y - b.y).abs() < 1e-9), "{found:?}");
        assert_eq!(FaceBox::of_eyes([eyes[0]; 2]), None);
    }

    #[test]
    fn overlap_is_one_for_the_same_box_and_zero_apart() {
        let face = FaceBox::new(0.0, 0.0, 10.0, 10.0).unwrap();
        assert_eq!(face.overlap(&face), 1.0);
        assert_eq!(face.overlap(&FaceBox { x: 20.0, ..face }), 0.0);
        assert_eq!(face.overlap(&FaceBox { width: 5.0, ..face }), 0.5);
        assert_eq!(FaceBox::new(0.0, 0.0, 0.0, 1.0), None);
    }
}
