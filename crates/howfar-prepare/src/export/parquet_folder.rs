//! The Parquet files of a set as they are, its dataset card, and `croissant.json`: what a hub takes. Checksums are
//! compared on the way.

use std::path::Path;

use howfar_face::{FaceSet, Fault, files};

use super::{croissant, write_plainly};

/// Copies and describes.
pub(super) fn write(set: &FaceSet, folder: &Path) -> Result<(), Fault> {
    files::create_folder(&folder.join("data"))?;
    // Reading every face compares its shard with what the set says of it.
    set.for_each(|_| Ok(()))?;
    for file in set.info().shards.iter().map(|shard| shard.file.as_str()).chain([FaceSet::CARD_FILE]) {
        let (from, to) = (set.folder().join(file), folder.join(file));
        std::fs::copy(&from, &to).map_err(|e| Fault::io(&to, "copy", &e))?;
    }
    let text = serde_json::to_string_pretty(&croissant::description(set.info()));
    let text = text.map_err(|e| Fault::data(folder.display(), e.to_string()))?;
    write_plainly(&folder.join("croissant.json"), text.as_bytes())
}
