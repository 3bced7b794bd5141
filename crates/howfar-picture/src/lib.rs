//! What people look at: contact sheets, grids of faces, charts, marked photographs.
//!
//! In: faces, photographs, captions in any script. Out: pictures in memory. Faces keep every bit of theirs; nothing is
//! written to disk, nothing is measured.

mod canvas;
mod captions;
mod chart;
mod face_grid;
mod fonts;
mod layout;
mod marked_photo;
mod photo_cards;
mod picture_grid;
mod sheet;
mod text;

pub use canvas::{Area, Canvas, Rgb};
pub use chart::{ChartCell, chart};
pub use face_grid::face_grid;
pub use fonts::{ASCENT, CAP_HEIGHT, DESCENT, line_height};
pub use marked_photo::marked_photo;
pub use photo_cards::MarkedFace;
pub use picture_grid::picture_grid;
pub use sheet::contact_sheet;
pub use text::Line;
