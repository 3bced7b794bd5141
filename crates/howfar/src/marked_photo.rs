//! A photograph with what a network sees in it: a box and the eyes of each face, and beside or below it one card a face
//! with a bar for every class.
//!
//! In: a photograph, places and probabilities. Out: a picture at least as large as the photograph, which no card hides.
//! Lines and letters grow with the photograph; one of fewer than 480 pixels is enlarged, since no letters fit on it.

use howfar_face::Picture;
use howfar_face::letters::{LETTER_HEIGHT, LETTER_STEP};
use image::DynamicImage;
use image::imageops::FilterType;

use crate::canvas::{Area, Canvas, Colour, text_width};

const PAPER: Colour = [20, 22, 27];
const CARD: Colour = [34, 37, 44];
const TRACK: Colour = [52, 56, 66];
const LIGHT: Colour = [240, 242, 245];
const MUTED: Colour = [160, 166, 177];
const DARK: Colour = [14, 15, 18];

/// Colours of classes by name; other classes take them in this order.
const CLASS_COLOURS: [(&str, Colour); 8] = [
    ("anger", [238, 88, 88]),
    ("disgust", [110, 192, 92]),
    ("fear", [176, 130, 238]),
    ("happiness", [250, 204, 72]),
    ("sadness", [92, 160, 240]),
    ("surprise", [248, 148, 64]),
    ("neutral", [186, 194, 206]),
    ("contempt", [224, 124, 184]),
];

/// A photograph whose longer side is smaller is enlarged by a whole factor until it is not.
const LEAST_SIDE: u32 = 480;
/// The side of a letter's pixel is the root of the photograph's area over this, so that letters are seven of 300 parts high.
const UNITS_A_SIDE: f32 = 300.0;
/// Letters of many faces may shrink to this share.
const LEAST_SHARE: f32 = 0.6;
/// Cards stand beside the photograph even if that takes a little more room, because pages are wide.
const BESIDE_PREFERRED: f32 = 1.15;
/// Longer pictures are shown smaller on pages and screens.
const PAGE_ASPECT: f32 = 1.8;
/// Below, strokes run into each other.
const LEAST_UNIT: f32 = 1.5;
/// Letters of a class's name on a card.
const NAME_LETTERS: usize = 14;

// Lengths on a card, in units.
const MARGIN: f32 = 8.0;
const PADDING: f32 = 8.0;
const HEAD: f32 = 18.0;
const ROW: f32 = 12.0;
const BAR: f32 = 56.0;
const BETWEEN: f32 = 6.0;

/// What is known of a face.
#[derive(Debug, Clone, PartialEq)]
pub struct MarkedFace<'a> {
    /// Left, top, width, height in pixels of the photograph.
    pub face_box: [f64; 4],
    /// The eyes' middles, x and y in pixels of the photograph.
    pub eyes: Option<[[f64; 2]; 2]>,
    /// The most probable class.
    pub best: usize,
    /// One a class.
    pub probabilities: &'a [f32],
}

/// Draws the faces, numbered from 1 in their order, on the photograph.
pub fn marked_photo(photo: &DynamicImage, classes: &[String], faces: &[MarkedFace<'_>]) -> Picture {
    let longer = photo.width().max(photo.height()).max(1);
    let factor = if longer < LEAST_SIDE { LEAST_SIDE.div_ceil(longer) } else { 1 };
    let (width, height) = (photo.width() * factor, photo.height() * factor);
    let pixels =
        if factor > 1 { photo.resize_exact(width, height, FilterType::CatmullRom).to_rgb8() } else { photo.to_rgb8() };
    let layout = Layout::new(width, height, classes, faces.len());
    let mut canvas = Canvas::blank(layout.width, layout.height, PAPER);
    canvas.paste(pixels.as_raw(), width);
    let photo_area = Area { left: 0.0, top: 0.0, width: width as f32, height: height as f32 };
    for (idx, face) in faces.iter().enumerate() {
        mark(&mut canvas, photo_area, classes, (idx, faces.len()), face, factor as f32, layout.unit);
    }
    for (idx, face) in faces.iter().enumerate() {
        card(&mut canvas, &layout, classes, (idx, faces.len()), face);
    }
    if faces.is_empty() {
        no_face(&mut canvas, &layout);
    }
    canvas.into_picture()
}

/// Where the cards stand.
struct Layout {
    width: u32,
    height: u32,
    unit: f32,
    name_width: f32,
    cards: Vec<Area>,
}

impl Layout {
    /// With letters as large as the photograph asks for, or smaller ones where the cards of many faces would outgrow it.
    fn new(width: u32, height: u32, classes: &[String], n_faces: usize) -> Self {
        let photo = width as f32 * height as f32;
        let wanted = (photo.sqrt() / UNITS_A_SIDE).max(LEAST_UNIT);
        let least = (LEAST_SHARE * wanted).max(LEAST_UNIT);
        let mut unit = wanted;
        loop {
            let layout = Self::with_unit(unit, (width, height), classes, n_faces);
            if unit <= least || layout.width as f32 * layout.height as f32 <= 2.0 * photo {
                return layout;
            }
            unit = (0.95 * unit).max(least);
        }
    }

    fn with_unit(unit: f32, (width, height): (u32, u32), classes: &[String], n_faces: usize) -> Self {
        let n_letters = classes.iter().map(|c| c.chars().count().min(NAME_LETTERS)).max().unwrap_or(0);
        let name_width = n_letters as f32 * LETTER_STEP as f32 * unit;
        let card = (
            name_width + text_width("100%", unit) + (2.0 * PADDING + BAR + 2.0 * BETWEEN) * unit,
            (2.0 * PADDING + HEAD + (classes.len() as f32 - 1.0) * ROW + LETTER_HEIGHT as f32) * unit,
        );
        let (width, height, margin) = (width as f32, height as f32, MARGIN * unit);
        let step = (card.0 + margin, card.1 + margin);
        let n = n_faces.max(1);
        let fit = |length: f32, step: f32| (((length - margin) / step) as usize).clamp(1, n);
        // Beside the photograph, column by column; or below it, row by row.
        let (n_down, n_across) = (fit(height, step.1), fit(width, step.0));
        let size = |across: usize, down: usize| (margin + across as f32 * step.0, margin + down as f32 * step.1);
        let (beside, below) = (size(n.div_ceil(n_down), n_down), size(n_across, n.div_ceil(n_across)));
        let with_beside = (width + beside.0, height.max(beside.1));
        let with_below = (width.max(below.0), height + below.1);
        let is_beside = cost(with_beside) <= BESIDE_PREFERRED * cost(with_below);
        let (whole, corner) = if is_beside {
            (with_beside, (width + margin, (with_beside.1 - beside.1) / 2.0 + margin))
        } else {
            (with_below, ((with_below.0 - below.0) / 2.0 + margin, height + margin))
        };
        let place = |idx: usize| {
            let (across, down) =
                if is_beside { (idx / n_down, idx % n_down) } else { (idx % n_across, idx / n_across) };
            let (left, top) = (corner.0 + across as f32 * step.0, corner.1 + down as f32 * step.1);
            Area { left, top, width: card.0, height: card.1 }
        };
        let cards = (0..n).map(place).collect();
        Layout { width: whole.0.ceil() as u32, height: whole.1.ceil() as u32, unit, name_width, cards }
    }
}

/// Area of a picture, more where it is much longer one way than the other.
fn cost((width, height): (f32, f32)) -> f32 {
    let aspect = width.max(height) / width.min(height).max(1.0);
    width * height * (aspect / PAGE_ASPECT).max(1.0)
}

/// Box, eyes and a name on the photograph.
fn mark(
    canvas: &mut Canvas,
    photo: Area,
    classes: &[String],
    (idx, n_faces): (usize, usize),
    face: &MarkedFace<'_>,
    factor: f32,
    unit: f32,
) {
    let colour = class_colour(classes, face.best);
    let [left, top, width, height] = face.face_box.map(|n| n as f32 * factor);
    let (right, bottom) = ((left + width).min(photo.width), (top + height).min(photo.height));
    let (left, top) = (left.max(0.0), top.max(0.0));
    let area = Area { left, top, width: (right - left).max(1.0), height: (bottom - top).max(1.0) };
    // Thin beside a small face, so that it stays seen.
    let line = (1.6 * unit).min(area.width / 24.0).max(1.5);
    canvas.outline(area.inset(-0.6 * line), 2.6 * line, 2.2 * line, DARK);
    canvas.outline(area, 2.0 * line, line, colour);
    for eye in face.eyes.iter().flatten() {
        let (x, y) = (eye[0] as f32 * factor, eye[1] as f32 * factor);
        canvas.disc((x, y), 1.9 * line, DARK);
        canvas.disc((x, y), 1.4 * line, colour);
        canvas.disc((x, y), 0.5 * line, DARK);
    }
    let name = shortened(&classes[face.best]);
    let long = match n_faces {
        1 => format!("{name} {}", percent(face.probabilities[face.best])),
        _ => format!("{} {name}", idx + 1),
    };
    // Beside neighbours a name must not reach far beyond its face; the card has it, too.
    let fits = n_faces == 1 || text_width(&long, unit) + 6.0 * unit <= 1.3 * area.width;
    let text = if fits { long } else { (idx + 1).to_string() };
    tag(canvas, photo, area, &text, unit, colour);
}

/// Letters above the box, inside it where there is no room above.
fn tag(canvas: &mut Canvas, photo: Area, area: Area, text: &str, unit: f32, colour: Colour) {
    let (width, height) = (text_width(text, unit) + 6.0 * unit, (LETTER_HEIGHT as f32 + 6.0) * unit);
    let above = area.top - height - unit;
    let top = if above >= 0.0 { above } else { area.top + 2.0 * unit };
    let inside = if above >= 0.0 { 0.0 } else { 2.0 * unit };
    let left = (area.left + inside).min(photo.width - width).max(0.0);
    canvas.fill(Area { left, top, width, height }, 2.0 * unit, colour);
    canvas.text(text, (left + 3.0 * unit, top + 3.0 * unit), unit, DARK);
}

/// A bar for every class, in the order of the network, so that cards compare.
fn card(
    canvas: &mut Canvas,
    layout: &Layout,
    classes: &[String],
    (idx, n_faces): (usize, usize),
    face: &MarkedFace<'_>,
) {
    let (unit, area) = (layout.unit, layout.cards[idx]);
    let colour = class_colour(classes, face.best);
    canvas.fill(area, 4.0 * unit, CARD);
    let (left, mut top) = (area.left + PADDING * unit, area.top + PADDING * unit);
    let name = shortened(&classes[face.best]);
    let head = if n_faces == 1 { name } else { format!("{} {name}", idx + 1) };
    canvas.fill(Area { left, top, width: 7.0 * unit, height: 7.0 * unit }, 2.0 * unit, colour);
    canvas.text(&head, (left + 11.0 * unit, top), unit, LIGHT);
    top += HEAD * unit;
    for (class, probability) in face.probabilities.iter().enumerate() {
        let ink = if class == face.best { LIGHT } else { MUTED };
        canvas.text(&shortened(&classes[class]), (left, top), unit, ink);
        let bar = Area {
            left: left + layout.name_width + BETWEEN * unit,
            top: top + 0.5 * unit,
            width: BAR * unit,
            height: 6.0 * unit,
        };
        canvas.fill(bar, 2.0 * unit, TRACK);
        let filled = Area { width: bar.width * probability.clamp(0.0, 1.0), ..bar };
        if filled.width >= 0.5 {
            canvas.fill(filled, 2.0 * unit, class_colour(classes, class));
        }
        let words = percent(*probability);
        let right = area.left + area.width - PADDING * unit;
        canvas.text(&words, (right - text_width(&words, unit), top), unit, ink);
        top += ROW * unit;
    }
}

fn no_face(canvas: &mut Canvas, layout: &Layout) {
    let (unit, area) = (layout.unit, layout.cards[0]);
    canvas.fill(area, 4.0 * unit, CARD);
    canvas.text("no face found", (area.left + PADDING * unit, area.top + PADDING * unit), unit, LIGHT);
}

fn class_colour(classes: &[String], class: usize) -> Colour {
    let known = CLASS_COLOURS.iter().find(|(name, _)| *name == classes[class]);
    known.unwrap_or(&CLASS_COLOURS[class % CLASS_COLOURS.len()]).1
}

fn percent(probability: f32) -> String {
    format!("{:.0}%", 100.0 * probability)
}

fn shortened(class: &str) -> String {
    class.chars().take(NAME_LETTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
                let layout = Layout::new(width, height, &classes(), n_faces);
                for card in &layout.cards {
                    assert!(card.left >= width as f32 || card.top >= height as f32, "{card:?}");
                    assert!(card.left + card.width <= layout.width as f32, "{card:?} {width} {height}");
                    assert!(card.top + card.height <= layout.height as f32, "{card:?} {width} {height}");
                }
                if width * height < 1_000_000 {
                    let marked = marked_photo(&gray(width, height), &classes(), &vec![face; n_faces]);
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
        let marked = marked_photo(&gray(600, 600), &classes(), &[face]);
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
