//! Cards beside or below a photograph: a bar for every class of one face.
//!
//! In: the photograph's size, classes, probabilities. Out: how large the whole picture is, and the cards on it. Lengths
//! are in units; a capital letter is seven high.

use crate::canvas::{Area, Canvas, Rgb};
use crate::text::Line;

const CARD: Rgb = [34, 37, 44];
const TRACK: Rgb = [52, 56, 66];
const LIGHT: Rgb = [240, 242, 245];
const MUTED: Rgb = [160, 166, 177];

/// Colours of classes by name; other classes take them in this order.
pub(crate) const CLASS_COLOURS: [(&str, Rgb); 8] = [
    ("anger", [238, 88, 88]),
    ("disgust", [110, 192, 92]),
    ("fear", [176, 130, 238]),
    ("happiness", [250, 204, 72]),
    ("sadness", [92, 160, 240]),
    ("surprise", [248, 148, 64]),
    ("neutral", [186, 194, 206]),
    ("contempt", [224, 124, 184]),
];

/// Pixels an em of letters in units.
pub(crate) const TEXT_SIZE: f32 = 9.8;
/// Units of a class's name from left to right at most.
pub(crate) const NAME_ROOM: f32 = 84.0;

/// A unit is the root of the photograph's area over this many pixels, so that capitals are seven of 300 parts high.
const UNITS_A_SIDE: f32 = 300.0;
/// Letters of many faces may shrink to this share.
const LEAST_SHARE: f32 = 0.6;
/// Cards stand beside the photograph even if that takes a little more room, because pages are wide.
const BESIDE_PREFERRED: f32 = 1.15;
/// Longer pictures are shown smaller on pages and screens.
const PAGE_ASPECT: f32 = 1.8;
/// Pixels of the smallest unit; below, letters cannot be read.
const LEAST_UNIT: f32 = 1.3;

// Lengths on a card.
const MARGIN: f32 = 8.0;
const PADDING: f32 = 8.0;
const CAPITAL: f32 = 7.0;
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
    /// One per class.
    pub probabilities: &'a [f32],
}

/// Where the cards stand.
pub(crate) struct Cards {
    /// Of the whole picture, in pixels.
    pub width: u32,
    pub height: u32,
    /// Pixels of a length of 1.
    pub unit: f32,
    name_width: f32,
    pub areas: Vec<Area>,
}

impl Cards {
    /// With letters as large as the photograph asks for, or smaller ones where the cards of many faces would outgrow
    /// it.
    pub fn new((width, height): (u32, u32), classes: &[String], n_faces: usize) -> Self {
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
        let names = classes.iter().map(|class| name(class, unit).width());
        let name_width = names.fold(0.0, f32::max);
        let card = (
            name_width + text("100 %", unit).width() + (2.0 * PADDING + BAR + 2.0 * BETWEEN) * unit,
            (2.0 * PADDING + HEAD + (classes.len() as f32 - 1.0) * ROW + CAPITAL) * unit,
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
        let areas = (0..n).map(place).collect();
        Cards { width: whole.0.ceil() as u32, height: whole.1.ceil() as u32, unit, name_width, areas }
    }

    /// The card of a face: a bar for every class, in the order of the network, so that cards compare.
    pub fn draw(&self, canvas: &mut Canvas, classes: &[String], (idx, n_faces): (usize, usize), face: &MarkedFace<'_>) {
        let (unit, area) = (self.unit, self.areas[idx]);
        canvas.fill(area, 4.0 * unit, CARD);
        let (left, mut top) = (area.left + PADDING * unit, area.top + PADDING * unit);
        let square = Area { left, top, width: CAPITAL * unit, height: CAPITAL * unit };
        canvas.fill(square, 2.0 * unit, class_colour(classes, face.best));
        let class = &classes[face.best];
        let head = if n_faces == 1 { class.clone() } else { format!("{} {class}", idx + 1) };
        let head_room = area.width - (2.0 * PADDING + 11.0) * unit;
        let head = Line::fitted(&head, TEXT_SIZE * unit, head_room);
        canvas.text(&head, (left + 11.0 * unit, top + CAPITAL * unit), LIGHT);
        top += HEAD * unit;
        for (class, probability) in face.probabilities.iter().enumerate() {
            let ink = if class == face.best { LIGHT } else { MUTED };
            let baseline = top + CAPITAL * unit;
            canvas.text(&name(&classes[class], unit), (left, baseline), ink);
            self.bar(canvas, (left, top), *probability, class_colour(classes, class));
            let share = text(&percent(*probability), unit);
            let right = area.left + area.width - PADDING * unit;
            canvas.text(&share, (right - share.width(), baseline), ink);
            top += ROW * unit;
        }
    }

    /// A bar after the names of a row that begins at `left`, `top`.
    fn bar(&self, canvas: &mut Canvas, (left, top): (f32, f32), probability: f32, colour: Rgb) {
        let unit = self.unit;
        let bar = Area {
            left: left + self.name_width + BETWEEN * unit,
            top: top + 0.5 * unit,
            width: BAR * unit,
            height: 6.0 * unit,
        };
        canvas.fill(bar, 2.0 * unit, TRACK);
        let filled = Area { width: bar.width * probability.clamp(0.0, 1.0), ..bar };
        if filled.width >= 0.5 {
            canvas.fill(filled, 2.0 * unit, colour);
        }
    }

    /// The one card of a photograph without a face.
    pub fn draw_no_face(&self, canvas: &mut Canvas) {
        let (unit, area) = (self.unit, self.areas[0]);
        canvas.fill(area, 4.0 * unit, CARD);
        let place = (area.left + PADDING * unit, area.top + (PADDING + CAPITAL) * unit);
        canvas.text(&text("no face found", unit), place, LIGHT);
    }
}

fn text(words: &str, unit: f32) -> Line {
    Line::new(words, TEXT_SIZE * unit)
}

fn name(class: &str, unit: f32) -> Line {
    Line::fitted(class, TEXT_SIZE * unit, NAME_ROOM * unit)
}

/// Area of a picture, more where it is much longer one way than the other.
fn cost((width, height): (f32, f32)) -> f32 {
    let aspect = width.max(height) / width.min(height).max(1.0);
    width * height * (aspect / PAGE_ASPECT).max(1.0)
}

pub(crate) fn class_colour(classes: &[String], class: usize) -> Rgb {
    let known = CLASS_COLOURS.iter().find(|(name, _)| *name == classes[class]);
    known.unwrap_or(&CLASS_COLOURS[class % CLASS_COLOURS.len()]).1
}

pub(crate) fn percent(probability: f32) -> String {
    format!("{:.0} %", 100.0 * probability)
}
