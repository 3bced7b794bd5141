//! Pictures whose label is the expression that their prompt names (`--labels-from prompt`).
//!
//! In: a folder of generated pictures. Out: finds, and for every other picture the words that give no label.

use howfar_face::Fault;

use crate::listing::{Found, Listing, Reason};
use crate::picture_file::is_picture;
use crate::prompt::prompted_expression;
use crate::request::PrepareRequest;
use crate::tree::Tree;

/// Every picture below a folder.
pub(super) fn list(tree: &Tree, request: &PrepareRequest) -> Result<Listing, Fault> {
    let pattern = request.settings.compiled_subject_pattern()?;
    let mut listing = Listing::default();
    for file in &tree.files {
        if !is_picture(&file.path) {
            listing.reject(&file.relative, Reason::NotAPicture, "by its name");
            continue;
        }
        let found = match prompted_expression(&file.path) {
            Ok(expression) => Found::picture(file, expression),
            Err(why) => {
                listing.reject(&file.relative, Reason::NoLabel, why);
                continue;
            }
        };
        match &pattern {
            None => listing.take(found),
            Some(pattern) => match pattern.find(&file.relative) {
                Some(person) => listing.take(found.of(person)),
                None => listing.reject_unknown(file, "a path that the subject pattern matches"),
            },
        }
    }
    if listing.found.is_empty() {
        let why = listing.rejects.iter().find(|r| r.reason == Reason::NoLabel);
        return Err(Fault::data(tree.root.display(), "no picture has a prompt that names one expression")
            .found(why.map_or("no picture".to_owned(), |reject| format!("{}: {}", reject.source, reject.detail)))
            .expected(
                "the chunk `parameters` or `prompt` of PNG, a description in EXIF, or a .txt or .json beside \
                the picture",
            )
            .hint("where folders or names say what a picture shows, leave --labels-from out"));
    }
    listing.caveats.push(format!(
        "labels of {} pictures are the expressions that their prompts name; nobody has looked whether the faces show \
            them",
        listing.found.len()
    ));
    Ok(listing)
}
