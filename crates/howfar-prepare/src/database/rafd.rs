//! `rafd`: 67 persons, eight expressions, three gazes, five cameras; everything stands in the name.

use std::path::Path;

use howfar_face::Expression::{self, Anger, Contempt, Disgust, Fear, Happiness, Neutral, Sadness, Surprise};
use howfar_face::Fault;

use super::Database;
use super::names::{Of, each_match, picture};
use crate::listing::{Found, Listing, Reason};
use crate::published::{Published, Unit};
use crate::request::PrepareRequest;
use crate::setting::Setting;
use crate::source_settings::Views;
use crate::tree::Tree;

/// 67 persons with three gazes, from one camera.
const FRONTAL: u64 = 201;

pub(super) static DATABASE: Database = Database {
    name: "rafd",
    title: "Radboud Faces Database",
    access: "the Behavioural Science Institute of Radboud University Nijmegen",
    terms: "non-commercial research only; pictures are not passed on",
    published: &[
        Published {
            part: "frontal camera",
            unit: Unit::Pictures,
            classes: &[
                (Anger, FRONTAL),
                (Contempt, FRONTAL),
                (Disgust, FRONTAL),
                (Fear, FRONTAL),
                (Happiness, FRONTAL),
                (Neutral, FRONTAL),
                (Sadness, FRONTAL),
                (Surprise, FRONTAL),
            ],
            persons: Some(67),
        },
        Published {
            part: "all cameras",
            unit: Unit::Pictures,
            classes: &[
                (Anger, 5 * FRONTAL),
                (Contempt, 5 * FRONTAL),
                (Disgust, 5 * FRONTAL),
                (Fear, 5 * FRONTAL),
                (Happiness, 5 * FRONTAL),
                (Neutral, 5 * FRONTAL),
                (Sadness, 5 * FRONTAL),
                (Surprise, 5 * FRONTAL),
            ],
            persons: Some(67),
        },
    ],
    settings: &[Setting::AllViews],
    known_flaws: &[],
    names_by_path: false,
    is_sign: |_| true,
    list,
};

const PATTERN: &str = concat!(
    r"Rafd(000|045|090|135|180)_(\d{2})_(Caucasian|Moroccan|Kid)_(male|female)_",
    r"(angry|contemptuous|disgusted|fearful|happy|neutral|sad|surprised)_(frontal|left|right)"
);

fn list(path: &Path, request: &PrepareRequest) -> Result<Listing, Fault> {
    let tree = Tree::read(path)?;
    let mut listing = Listing::default();
    let expected = "a name such as Rafd090_01_Caucasian_female_angry_frontal.jpg";
    each_match(&tree.files, (Of::Name, &picture(PATTERN)), expected, &mut listing, |listing, file, name| {
        if &name[1] != "090" && request.settings.views == Views::Frontal {
            return listing.reject(&file.relative, Reason::NotAskedFor, format!("camera {}", &name[1]));
        }
        match Expression::from_word(&name[5]) {
            Some(expression) => {
                listing.take(Found::picture(file, expression).of(&name[2]).in_group(name[4].to_lowercase()));
            }
            None => listing.reject(&file.relative, Reason::NotAnExpression, &name[5]),
        }
    });
    Ok(listing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::tests::tree_of;

    #[test]
    fn the_frontal_camera_is_taken_with_every_gaze() {
        let folder = tree_of(&[
            "Rafd045_01_Caucasian_female_angry_frontal.jpg",
            "Rafd090_01_Caucasian_female_contemptuous_left.jpg",
            "Rafd090_61_Kid_male_surprised_frontal.JPG",
            "rafd090_62_Kid_male_happy_left.png",
            "xRafd090_61_Kid_male_surprised_frontal.jpg",
        ]);
        let listing = list(folder.path(), &PrepareRequest::new(vec![], "out".into())).unwrap();
        let found: Vec<_> = listing.found.iter().map(|f| (f.class.name(), f.person.as_deref().unwrap())).collect();
        assert_eq!(found, [("contempt", "01"), ("surprise", "61"), ("happiness", "62")]);
        let groups: Vec<_> = listing.found.iter().map(|f| f.group.as_deref().unwrap()).collect();
        assert_eq!(groups, ["female", "male", "male"]);
        let reasons: Vec<_> = listing.rejects.iter().map(|r| r.reason).collect();
        assert_eq!(reasons, [Reason::NotAskedFor, Reason::NameNotKnown]);
    }
}
