//! `oulu`: sequences from neutral to the peak under two cameras and three lights, in class folders below the person's.

use std::path::Path;

use howfar_face::Expression::{self, Anger, Disgust, Fear, Happiness, Sadness, Surprise};
use howfar_face::Fault;
use regex::Regex;

use super::Database;
use super::names::{Of, each_match, endings};
use crate::frames::keep_last;
use crate::listing::{Found, Listing, Reason};
use crate::published::{Published, Unit};
use crate::request::PrepareRequest;
use crate::setting::Setting;
use crate::source_settings::Lights;
use crate::tree::Tree;

/// 80 persons, from one camera under one light.
const PERSONS: u64 = 80;

/// Frames of a sequence without `--frames`.
const FRAMES: usize = 3;

pub(super) static DATABASE: Database = Database {
    name: "oulu",
    title: "Oulu-CASIA",
    access: "the Center for Machine Vision and Signal Analysis of the University of Oulu",
    terms: "research only; pictures are not passed on",
    published: &[
        Published {
            part: "visible light, strong",
            unit: Unit::Sequences,
            classes: &[
                (Anger, PERSONS),
                (Disgust, PERSONS),
                (Fear, PERSONS),
                (Happiness, PERSONS),
                (Sadness, PERSONS),
                (Surprise, PERSONS),
            ],
            persons: Some(PERSONS),
        },
        Published {
            part: "visible light, three strengths",
            unit: Unit::Sequences,
            classes: &[
                (Anger, 3 * PERSONS),
                (Disgust, 3 * PERSONS),
                (Fear, 3 * PERSONS),
                (Happiness, 3 * PERSONS),
                (Sadness, 3 * PERSONS),
                (Surprise, 3 * PERSONS),
            ],
            persons: Some(PERSONS),
        },
    ],
    settings: &[Setting::AllLights, Setting::Frames(FRAMES), Setting::NeutralFrames],
    known_flaws: &[],
    names_by_path: false,
    is_sign: |_| true,
    list,
};

const EXPECTED: &str = "a path such as OriginalImg/VL/Strong/P001/Anger/000.jpeg";

fn list(path: &Path, request: &PrepareRequest) -> Result<Listing, Fault> {
    let tree = Tree::read(path)?;
    let pattern = Regex::new(&format!(
        concat!(
            r"(?i)/(NI|VL)(_Acropped)?/(Strong|Weak|Dark)/(P\d{{3}})/",
            r"(Anger|Disgust|Fear|Happiness|Sadness|Surprise)/(\d{{3}})\.(?:{})$"
        ),
        endings()
    ))
    .expect("patterns are constants, and tests compile each");
    let mut listing = Listing::default();
    let mut cropped = Vec::new();
    each_match(&tree.files, (Of::Path, &pattern), EXPECTED, &mut listing, |listing, file, name| {
        let Some(expression) = Expression::from_word(&name[5]) else { return };
        let (camera, light, person) = (name[1].to_uppercase(), name[3].to_lowercase(), name[4].to_uppercase());
        if camera == "NI" || (light != "strong" && request.settings.lights == Lights::Strong) {
            return listing.reject(&file.relative, Reason::NotAskedFor, format!("camera {camera}, light {light}"));
        }
        let sequence = format!("{camera}/{light}/{person}/{expression}");
        let found = Found { sequence: Some(sequence), ..Found::picture(file, expression).of(person) };
        if name.get(2).is_some() { cropped.push(found) } else { listing.take(found) }
    });
    if listing.found.is_empty() {
        listing.cropped = !cropped.is_empty();
        listing.found = cropped;
    } else {
        for found in cropped {
            listing.reject(found.source, Reason::NotAskedFor, "a cropped copy of an original that is here too");
        }
    }
    keep_last(&mut listing, request.settings.frames.unwrap_or(FRAMES), request.settings.neutral_frames);
    Ok(listing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source_settings::SourceSettings;
    use crate::tree::tests::tree_of;

    fn request() -> PrepareRequest {
        PrepareRequest {
            settings: SourceSettings { frames: Some(1), ..SourceSettings::default() },
            ..PrepareRequest::new(vec![], "out".into())
        }
    }

    #[test]
    fn strong_visible_light_and_the_last_frames_are_taken() {
        let folder = tree_of(&[
            "OriginalImg/VL/Strong/P001/Anger/000.jpeg",
            "OriginalImg/VL/Strong/P001/Anger/001.jpeg",
            "OriginalImg/VL/Weak/P001/Anger/000.jpeg",
            "OriginalImg/NI/Strong/P001/Anger/000.jpeg",
            "PreProcess_Img/VL_Acropped/Strong/P001/Anger/001.jpeg",
            "OriginalImg/VL/Strong/P001/Anger/notes.txt",
        ]);
        let listing = list(folder.path(), &request()).unwrap();
        let found: Vec<_> = listing.found.iter().map(|f| (f.source.as_str(), f.person.as_deref().unwrap())).collect();
        assert_eq!(found, [("OriginalImg/VL/Strong/P001/Anger/001.jpeg", "P001")]);
        assert_eq!((listing.rejects.len(), listing.cropped), (5, false));
    }

    #[test]
    fn any_picture_ending_and_case_is_read_and_first_frames_are_neutral_where_asked_for() {
        let names = ["000.png", "001.PNG", "002.jpg"].map(|name| format!("vl/strong/P001/fear/{name}"));
        let folder = tree_of(&names.each_ref().map(String::as_str));
        let listing = list(
            folder.path(),
            &PrepareRequest { settings: SourceSettings { neutral_frames: 1, ..request().settings }, ..request() },
        )
        .unwrap();
        let found: Vec<_> = listing.found.iter().map(|f| (f.source.as_str(), f.class.name())).collect();
        assert_eq!(found, [(names[0].as_str(), "neutral"), (names[2].as_str(), "fear")]);
    }

    #[test]
    fn a_folder_further_down_and_the_cropped_copy_work_too() {
        let folder = tree_of(&["PreProcess_Img/VL_Acropped/Strong/P080/Surprise/010.jpeg"]);
        let listing = list(&folder.path().join("PreProcess_Img/VL_Acropped/Strong"), &request()).unwrap();
        assert_eq!((listing.found[0].class.name(), listing.cropped), ("surprise", true));
    }
}
