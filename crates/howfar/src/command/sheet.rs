//! `howfar sheet FACES --out sheet.png`: a contact sheet.

use std::path::PathBuf;

use howfar_face::{FaceSet, Fault, contact_sheet, encode_png, files};

use crate::console::Console;

/// Draw a contact sheet of a face set: people × expressions.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: howfar sheet faces/jaffe --out sheet.png --people 8")]
pub struct Args {
    /// The face set's folder.
    faces: PathBuf,
    /// The PNG to write.
    #[arg(long)]
    out: PathBuf,
    /// People on the sheet.
    #[arg(long, default_value_t = 10)]
    people: usize,
    /// Every pixel becomes a square of so many.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=8))]
    scale: u32,
}

/// Draws the sheet.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let set = FaceSet::open(&args.faces)?;
    let sheet = contact_sheet(&set, args.people, args.scale)?;
    files::write(&args.out, &encode_png(&sheet))?;
    console.note(&format!("wrote {} ({}×{} pixels)", args.out.display(), sheet.width, sheet.height));
    Ok(())
}
