//! A contact sheet: what a face set looks like, people in rows and classes in columns, on one picture.
//!
//! In: a face set, read twice, once for its labels and once for the chosen faces. Out: a picture with a name over every
//! column and before every row. Memory holds the labels and the chosen faces, never the set.

use std::collections::BTreeMap;

use howfar_face::{FaceSet, Fault, Picture};

use crate::canvas::{Area, Canvas, Rgb};
use crate::captions::captions;
use crate::fonts::{CAP_HEIGHT, DESCENT, line_height};
use crate::layout::Layout;
use crate::text::Line;

const PAPER: Rgb = [255; 3];
const INK: Rgb = [0; 3];
/// A person lacks this class.
const MISSING: Rgb = [176; 3];
/// Pixels between cells.
const GAP: u32 = 2;
/// Pixels of a name from left to right at most.
const NAME_ROOM: f32 = 96.0;
/// Pixels an em of names: a share of a face's width within these ends.
const NAME_SHARE: f32 = 1.0 / 8.0;
const NAME_SIZES: (f32, f32) = (12.0, 24.0);

/// People in rows and classes in columns, the first face of each in the set's order. `n_people` are taken at equal
/// distances from the people sorted by name; a gray cell says that a person lacks the class. Where hardly anyone has
/// a second face (fewer than 1.5 a person), each column holds `n_people` faces of its class at equal distances instead,
/// and rows have no names. Every pixel of a face becomes `scale` × `scale` ones, and names grow with it. Gray where all
/// faces are gray, else RGB. Where `parents` is given, a first column shows the face of that set which each person was
/// made from: the parent's first neutral one, or the first.
pub fn contact_sheet(set: &FaceSet, parents: Option<&FaceSet>, n_people: usize, scale: u32) -> Result<Picture, Fault> {
    let layout = Layout::choose(set, n_people.max(1))?;
    let first = usize::from(parents.is_some());
    let mut chosen: BTreeMap<(usize, usize), Picture> = BTreeMap::new();
    let mut row = 0;
    set.for_each(|face| {
        if let Some((at, class)) = layout.cells.get(&row) {
            chosen.insert((*at, class + first), face.picture);
        }
        row += 1;
        Ok(())
    })?;
    let mut columns = set.info().classes.clone();
    if let Some(parents) = parents {
        chosen.extend(layout.parents_in(parents)?.into_iter().map(|(row, picture)| ((row, 0), picture)));
        columns.insert(0, "parent".to_owned());
    }
    draw(&columns, &layout, &chosen, scale)
}

/// Where cells lie, in pixels of the sheet.
struct Places {
    left: u32,
    top: u32,
    cell: (u32, u32),
    gap: u32,
}

impl Places {
    fn x(&self, column: usize) -> u32 {
        self.left + column as u32 * (self.cell.0 + self.gap)
    }

    fn y(&self, row: usize) -> u32 {
        self.top + row as u32 * (self.cell.1 + self.gap)
    }
}

/// Draws the chosen faces at row and column; no strip of names where no column has one.
pub(crate) fn draw(
    columns: &[String],
    layout: &Layout,
    chosen: &BTreeMap<(usize, usize), Picture>,
    scale: u32,
) -> Result<Picture, Fault> {
    let scale = scale.max(1);
    let cell = chosen.values().fold((1, 1), |(width, height), p| (p.width.max(width), p.height.max(height)));
    let size = (cell.0 as f32 * NAME_SHARE).clamp(NAME_SIZES.0, NAME_SIZES.1);
    let has_names = columns.iter().any(|name| !name.is_empty());
    let column_names = captions(columns, size, cell.0 as f32, scale as f32);
    let row_names = captions(&layout.names, size, NAME_ROOM * size / NAME_SIZES.0, scale as f32);
    let width_of_names = row_names.iter().map(Line::width).fold(0.0, f32::max).ceil() as u32;
    let gap = GAP * scale;
    let places = Places {
        left: if width_of_names > 0 { width_of_names + 3 * gap } else { gap },
        top: if has_names { scale * line_height(size) as u32 + 2 * gap } else { gap },
        cell: (cell.0 * scale, cell.1 * scale),
        gap,
    };
    let length = |begin: u32, n: usize, cell: u32| u64::from(begin) + n as u64 * u64::from(cell + gap);
    let mut sheet = Canvas::blank(
        length(places.left, columns.len(), places.cell.0),
        length(places.top, layout.n_rows, places.cell.1),
        PAPER,
    )?;
    draw_names(&mut sheet, &places, &column_names, &row_names);
    for (row, column) in (0..layout.n_rows).flat_map(|row| (0..columns.len()).map(move |column| (row, column))) {
        let corner = (places.x(column), places.y(row));
        match chosen.get(&(row, column)) {
            Some(picture) => sheet.paste(picture, corner, scale),
            // The last row of a grid may end early.
            None if !has_names => {}
            None => {
                let [left, top, width, height] = [corner.0, corner.1, places.cell.0, places.cell.1].map(|n| n as f32);
                sheet.fill(Area { left, top, width, height }, 0.0, MISSING);
            }
        }
    }
    Ok(sheet.into_picture(chosen.values().map(|p| p.channels).max().unwrap_or(1)))
}

/// Over the middles of columns; before rows, at half their height.
fn draw_names(sheet: &mut Canvas, places: &Places, columns: &[Line], rows: &[Line]) {
    for (column, line) in columns.iter().enumerate() {
        let indent = (places.cell.0 as f32 - line.width()) / 2.0;
        // Smaller letters stand as near to the faces as large ones.
        let baseline = (places.top - places.gap) as f32 - DESCENT * line.size;
        sheet.text(line, (places.x(column) as f32 + indent, baseline), INK);
    }
    for (row, line) in rows.iter().enumerate() {
        let middle = places.y(row) as f32 + places.cell.1 as f32 / 2.0;
        sheet.text(line, (places.gap as f32, middle + 0.5 * CAP_HEIGHT * line.size), INK);
    }
}

#[cfg(test)]
mod tests;
