//! Sheets of faces as translation networks (StarGAN) leave them: a column is a label, a row per person, the first
//! column the photograph that the others were made from.
//!
//! In: `N-images.jpg` and `--grid COLUMNS`. Out: a find a square, its parent the person of the row.

use howfar_face::{Fault, Provenance};

use super::labels::LabelMap;
use crate::listing::{Class, Found, Listing, Pixels, Reason};
use crate::picture_file::is_picture;
use crate::request::PrepareRequest;
use crate::tree::{Tree, TreeFile};

/// The squares of every picture below a folder.
pub(super) fn list(tree: &Tree, n_columns: usize, request: &PrepareRequest) -> Result<Listing, Fault> {
    let classes = column_classes(n_columns, request)?;
    let mut listing = Listing::default();
    let (mut n_sheets, mut n_rows) = (0_u64, 0_u64);
    for file in &tree.files {
        if !is_picture(&file.path) {
            listing.reject(&file.relative, Reason::NotAPicture, "by its name");
            continue;
        }
        match squares(file, n_columns) {
            Ok((side, rows)) => {
                n_sheets += 1;
                n_rows += u64::from(rows);
                (0..rows).for_each(|row| take_row(file, row, side, &classes, &mut listing));
            }
            Err(what) => listing.reject(&file.relative, Reason::Unreadable, what),
        }
    }
    if n_sheets == 0 {
        let first = listing.rejects.iter().find(|r| r.reason == Reason::Unreadable);
        let found = first.map_or("no picture".to_owned(), |reject| format!("{}: {}", reject.source, reject.detail));
        return Err(Fault::data(tree.root.display(), format!("no sheet of {n_columns} columns is here"))
            .found(found)
            .expected("pictures whose width is so many equal squares"));
    }
    listing.caveats.push(format!(
        "{n_sheets} sheets of {n_columns} columns and {n_rows} rows in all: a row is a person, the first column the \
            parent, who is \
        known by sheet and row alone: no study can tell whether it is a test person"
    ));
    if request.provenance == Provenance::Real {
        listing.caveats.push("the squares of sheets are generated; say so with --provenance generated".to_owned());
    }
    Ok(listing)
}

/// The class of each column after the first; `None` for one that the label map leaves out.
fn column_classes(n_columns: usize, request: &PrepareRequest) -> Result<Vec<Option<Class>>, Fault> {
    let n_labels = n_columns - 1;
    if let Some(map) = LabelMap::of(request)? {
        let class = |column: usize| map.class(&column.to_string()).cloned();
        let classes: Vec<Option<Class>> = (1..=n_labels).map(class).collect();
        if classes.iter().all(Option::is_none) {
            return Err(Fault::usage("--label-map", "no column of the sheets stands in the table")
                .expected(format!("rows as in `1,anger`, for the columns 1 to {n_labels}; column 0 is the parent")));
        }
        return Ok(classes);
    }
    if request.expressions.len() != n_labels {
        return Err(Fault::usage("--grid", "the sheets have another number of labels than there are expressions")
            .found(format!(
                "{n_columns} columns, the first of which is the parent; {} expressions",
                request.expressions.len()
            ))
            .expected(format!("{n_labels} expressions"))
            .hint(
                "name them in the sheets' order with --expressions, or give --label-map FILE with rows as in `1,anger`",
            ));
    }
    Ok(request.expressions.iter().map(|expression| Some((*expression).into())).collect())
}

/// The side of a sheet's squares in pixels, and how many rows it has.
fn squares(file: &TreeFile, n_columns: usize) -> Result<(u32, u32), String> {
    let (width, height) = image::image_dimensions(&file.path).map_err(|e| format!("cannot be decoded: {e}"))?;
    let n_columns = u32::try_from(n_columns).map_err(|e| e.to_string())?;
    let side = width / n_columns;
    let fits = side > 0 && width % n_columns == 0 && height >= side && height % side == 0;
    let rows = if fits { height / side } else { 0 };
    if fits { Ok((side, rows)) } else { Err(format!("{width}x{height} is no sheet of {n_columns} columns of squares")) }
}

fn take_row(file: &TreeFile, row: u32, side: u32, classes: &[Option<Class>], listing: &mut Listing) {
    let place = |column: u32| format!("{}#row {}, column {column}", file.relative, row + 1);
    let person =
        format!("{}#{}", file.relative.rsplit_once('.').map_or(file.relative.as_str(), |(stem, _)| stem), row + 1);
    listing.reject(place(0), Reason::NoLabel, "the parent");
    for (column, class) in (1..).zip(classes) {
        let Some(class) = class else {
            listing.reject(place(column), Reason::NotAskedFor, "the label map leaves this column out");
            continue;
        };
        let square = TreeFile { path: file.path.clone(), relative: place(column) };
        let pixels = Pixels::Tile { x: column * side, y: row * side, side };
        let parent = Some(person.clone());
        listing.take(Found { pixels, parent, ..Found::picture(&square, class.clone()).of(&person) });
    }
}
