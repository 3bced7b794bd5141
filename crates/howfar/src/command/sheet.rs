//! `howfar faces sheet FACES… --out sheet.png`: a contact sheet.

use std::path::PathBuf;

use howfar_face::{FaceSet, Fault, encode_png, files};
use howfar_picture::{contact_sheet, face_grid};

use crate::console::Console;

/// Draw a contact sheet of a face set: people × expressions, or one face a person.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  howfar faces sheet faces/jaffe --out sheet.png --people 8
  howfar faces sheet faces/moved --parents faces/jaffe --out moved.png
  howfar faces sheet faces/gan --grid 10 --people 40 --out identities.png
  howfar faces sheet faces/jaffe faces/gan --grid 10 --people 30 --out both.png

The second shows whose face it was, then every expression; the third one face for each person, ten in a row; the \
fourth real and generated faces by turns.")]
pub struct Args {
    /// The face set's folder; several take turns in a --grid.
    #[arg(required = true)]
    faces: Vec<PathBuf>,
    /// The PNG to write.
    #[arg(long)]
    out: PathBuf,
    /// People on the sheet, of each set.
    #[arg(long, default_value_t = 10)]
    people: usize,
    /// One face a person (a neutral one where there is one), so many a row.
    #[arg(long, value_name = "COLUMNS", value_parser = clap::value_parser!(u32).range(1..=100))]
    grid: Option<u32>,
    /// The set that the people were generated from: a first column shows their parents.
    #[arg(long, value_name = "FACES", conflicts_with = "grid")]
    parents: Option<PathBuf>,
    /// Every pixel becomes a square of so many.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=8))]
    scale: u32,
}

/// Draws the sheet.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let sets = args.faces.iter().map(|set| FaceSet::open(set)).collect::<Result<Vec<_>, _>>()?;
    let sheet = match (args.grid, sets.as_slice()) {
        (Some(n_columns), sets) => face_grid(sets, args.people, n_columns as usize, args.scale)?,
        (None, [set]) => {
            let parents = args.parents.as_deref().map(FaceSet::open).transpose()?;
            contact_sheet(set, parents.as_ref(), args.people, args.scale)?
        }
        (None, _) => {
            return Err(Fault::usage("sheet", "people × expressions are shown of one set")
                .found(format!("{} sets", sets.len()))
                .hint("--grid 10 shows one face a person, ten a row, of several sets by turns"));
        }
    };
    files::write(&args.out, &encode_png(&sheet))?;
    console.note(&format!("wrote {} ({}×{} pixels)", args.out.display(), sheet.width, sheet.height));
    Ok(())
}
