//! PNG files with a table beside them: `images/000/000012.png` and `metadata.csv` with `file_name`, as Python's
//! `datasets` reads it (`load_dataset("imagefolder", data_dir=…)`); a thousand pictures a folder.

use std::path::Path;

use howfar_face::{FaceSet, Fault, encode_png, files};

use super::{for_each_row, words, write_plainly};

const FACES_PER_FOLDER: u64 = 1000;

/// Writes every face.
pub(super) fn write(set: &FaceSet, folder: &Path) -> Result<(), Fault> {
    let path = folder.join("metadata.csv");
    let broken = |e: csv::Error| Fault::machine(path.display(), format!("cannot write: {e}"));
    let mut table = csv::Writer::from_path(&path).map_err(broken)?;
    for_each_row(set, |row, face| {
        let words = words(&face.labels, &set.info().classes);
        if row == 0 {
            let names = words.iter().map(|(name, _)| *name);
            table.write_record(std::iter::once("file_name").chain(names)).map_err(broken)?;
        }
        let part = format!("images/{:03}", row / FACES_PER_FOLDER);
        if row % FACES_PER_FOLDER == 0 {
            files::create_folder(&folder.join(&part))?;
        }
        let name = format!("{part}/{row:06}.png");
        let values = words.iter().map(|(_, value)| value.as_str());
        table.write_record(std::iter::once(name.as_str()).chain(values)).map_err(broken)?;
        write_plainly(&folder.join(name), &encode_png(&face.picture))
    })?;
    table.flush().map_err(|e| Fault::io(&path, "write", &e))
}
