//! A photograph with what a network sees in it: a box and the eyes of each face, and beside or below it one card a face
//! with a bar for every class.
//!
//! In: a photograph, places and probabilities. Out: a picture at least as large as the photograph, which no card hides.
//! Lines and letters grow with the photograph; one of fewer than 480 pixels is enlarged, since no letters fit on it.

use howfar_face::{Colour, Fault, Picture};
use image::DynamicImage;
use image::imageops::FilterType;

use crate::canvas::{Area, Canvas, Rgb};
use crate::fonts::CAP_HEIGHT;
use crate::photo_cards::{Cards, MarkedFace, NAME_ROOM, TEXT_SIZE, class_colour, percent};
use crate::text::Line;

const PAPER: Rgb = [20, 22, 27];
const DARK: Rgb = [14, 15, 18];

/// A photograph whose longer side is smaller is enlarged by a whole factor until it is not.
const LEAST_SIDE: u32 = 480;
/// Draws the faces, numbered from 1 in their order, on the photograph. A fault where that would be too large a picture.
pub fn marked_photo(photo: &DynamicImage, classes: &[String], faces: &[MarkedFace<'_>]) -> Result<Picture, Fault> {
    let longer = photo.width().max(photo.height()).max(1);
    let factor = if longer < LEAST_SIDE { LEAST_SIDE.div_ceil(longer) } else { 1 };
    let (width, height) = (photo.width() * factor, photo.height() * factor);
    let pixels = if factor > 1 {
        Picture::of(&photo.resize_exact(width, height, FilterType::CatmullRom), Colour::Rgb)
    } else {
        Picture::of(photo, Colour::Rgb)
    };
    let cards = Cards::new((width, height), classes, faces.len());
    let mut canvas = Canvas::blank(cards.width.into(), cards.height.into(), PAPER)?;
    canvas.paste(&pixels, (0, 0), 1);
    let photo = Photo { width: width as f32, height: height as f32, factor: factor as f32, unit: cards.unit };
    for (idx, face) in faces.iter().enumerate() {
        photo.mark(&mut canvas, classes, (idx, faces.len()), face);
    }
    for (idx, face) in faces.iter().enumerate() {
        cards.draw(&mut canvas, classes, (idx, faces.len()), face);
    }
    if faces.is_empty() {
        cards.draw_no_face(&mut canvas);
    }
    Ok(canvas.into_picture(3))
}

/// The photograph on the picture: in its upper left corner, `factor` times as large as it was.
struct Photo {
    width: f32,
    height: f32,
    factor: f32,
    /// Pixels of a length of 1 on cards and in letters.
    unit: f32,
}

impl Photo {
    /// Box, eyes and a name.
    fn mark(&self, canvas: &mut Canvas, classes: &[String], (idx, n_faces): (usize, usize), face: &MarkedFace<'_>) {
        let colour = class_colour(classes, face.best);
        let [left, top, width, height] = face.face_box.map(|n| n as f32 * self.factor);
        let (right, bottom) = ((left + width).min(self.width), (top + height).min(self.height));
        let (left, top) = (left.max(0.0), top.max(0.0));
        let area = Area { left, top, width: (right - left).max(1.0), height: (bottom - top).max(1.0) };
        // Thin beside a small face, so that it stays seen.
        let line = (1.6 * self.unit).min(area.width / 24.0).max(1.5);
        canvas.outline(area.inset(-0.6 * line), 2.6 * line, 2.2 * line, DARK);
        canvas.outline(area, 2.0 * line, line, colour);
        for eye in face.eyes.iter().flatten() {
            let place = (eye[0] as f32 * self.factor, eye[1] as f32 * self.factor);
            canvas.disc(place, 1.9 * line, DARK);
            canvas.disc(place, 1.4 * line, colour);
            canvas.disc(place, 0.5 * line, DARK);
        }
        self.tag(canvas, area, &self.caption(&classes[face.best], (idx, n_faces), face, area.width), colour);
    }

    /// The class's name with its probability, or after the face's number; beside neighbours a name must not reach far
    /// beyond its face, since the card has it, too.
    fn caption(&self, class: &str, (idx, n_faces): (usize, usize), face: &MarkedFace<'_>, width: f32) -> Line {
        let size = TEXT_SIZE * self.unit;
        if n_faces == 1 {
            let probability = percent(face.probabilities[face.best]);
            let whole = Line::new(&format!("{class} {probability}"), size);
            let most = (self.width - 6.0 * self.unit).max(0.0);
            return if whole.width() <= most { whole } else { Line::fitted(class, size, most) };
        }
        let whole = Line::new(&format!("{} {class}", idx + 1), size);
        let fits = whole.width() <= NAME_ROOM * self.unit && whole.width() + 6.0 * self.unit <= 1.3 * width;
        if fits { whole } else { Line::new(&(idx + 1).to_string(), size) }
    }

    /// Letters above the box, inside it where there is no room above.
    fn tag(&self, canvas: &mut Canvas, area: Area, caption: &Line, colour: Rgb) {
        let unit = self.unit;
        let (width, height) = (caption.width() + 6.0 * unit, 13.0 * unit);
        let above = area.top - height - unit;
        let top = if above >= 0.0 { above } else { area.top + 2.0 * unit };
        let inside = if above >= 0.0 { 0.0 } else { 2.0 * unit };
        let left = (area.left + inside).min(self.width - width).max(0.0);
        canvas.fill(Area { left, top, width, height }, 2.0 * unit, colour);
        let baseline = top + (height + CAP_HEIGHT * caption.size) / 2.0;
        canvas.text(caption, (left + 3.0 * unit, baseline), DARK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::photo_cards::CLASS_COLOURS;

    fn classes() -> Vec<String> {
        ["anger", "happiness", "neutral"].map(str::to_owned).to_vec()
    }

    fn gray(width: u32, height: u32) -> DynamicImage {
        DynamicImage::ImageLuma8(image::GrayImage::from_pixel(width, height, image::Luma([90])))
    }

    #[test]
    fn the_photograph_stays_whole_and_the_cards_stand_outside_it() {
        let probabilities = [0.1, 0.7, 0.2];
        for (width, height) in [(100, 100), (64, 640), (640, 64), (900, 600), (2000, 3000)] {
            for n_faces in [0, 1, 3, 12] {
                let [w, h] = [width, height].map(f64::from);
                let face = MarkedFace {
                    face_box: [0.3 * w, 0.3 * h, 0.3 * w, 0.3 * h],
                    eyes: Some([[0.4 * w, 0.4 * h], [0.5 * w, 0.4 * h]]),
                    best: 1,
                    probabilities: &probabilities,
                };
                let layout = Cards::new((width, height), &classes(), n_faces);
                for card in &layout.areas {
                    assert!(card.left >= width as f32 || card.top >= height as f32, "{card:?}");
                    assert!(card.left + card.width <= layout.width as f32, "{card:?} {width} {height}");
                    assert!(card.top + card.height <= layout.height as f32, "{card:?} {width} {height}");
                }
                if width * height < 1_000_000 {
                    let marked = marked_photo(&gray(width, height), &classes(), &vec![face; n_faces]).unwrap();
                    assert!(marked.width >= width && marked.height >= height);
                    // A corner of the photograph, which no face covers.
                    assert_eq!(marked.data[..3], [90; 3], "{width}×{height}, {n_faces} faces");
                }
            }
        }
    }

    #[test]
    fn the_winner_has_its_colour_on_the_box_and_in_its_bar() {
        let face =
            MarkedFace { face_box: [200.0, 200.0, 100.0, 100.0], eyes: None, best: 1, probabilities: &[0.0, 1.0, 0.0] };
        let marked = marked_photo(&gray(600, 600), &classes(), &[face]).unwrap();
        let yellow = CLASS_COLOURS[3].1;
        let (mut on_photo, mut on_cards) = (0, 0);
        for (idx, pixel) in marked.data.chunks_exact(3).enumerate() {
            let (x, y) = (idx as u32 % marked.width, idx as u32 / marked.width);
            let place = if x < 600 && y < 600 { &mut on_photo } else { &mut on_cards };
            *place += u32::from(pixel == yellow);
        }
        assert!(on_photo > 300 && on_cards > 600, "{on_photo}, {on_cards}");
    }
}
