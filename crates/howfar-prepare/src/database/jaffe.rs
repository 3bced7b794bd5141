//! `jaffe`: ten women, named by two letters, label in the name.

use std::path::Path;

use howfar_face::Expression::{self, Anger, Disgust, Fear, Happiness, Neutral, Sadness, Surprise};
use howfar_face::Fault;

use super::Database;
use super::names::{Of, each_match, picture};
use crate::listing::{Found, Listing};
use crate::published::{Published, Unit};
use crate::request::PrepareRequest;
use crate::tree::Tree;

pub(super) static DATABASE: Database = Database {
    name: "jaffe",
    title: "JAFFE",
    access: "Michael Lyons, Miyuki Kamachi and Jiro Gyoba, who give it on request through an open research archive",
    terms: "non-commercial research only; pictures are not passed on",
    published: &[Published {
        part: "all",
        unit: Unit::Pictures,
        classes: &[
            (Anger, 30),
            (Disgust, 29),
            (Fear, 32),
            (Happiness, 31),
            (Neutral, 30),
            (Sadness, 31),
            (Surprise, 30),
        ],
        persons: Some(10),
    }],
    settings: &[],
    known_flaws: &[],
    names_by_path: false,
    is_sign: |_| true,
    list,
};

fn list(path: &Path, _request: &PrepareRequest) -> Result<Listing, Fault> {
    let tree = Tree::read(path)?;
    let mut listing = Listing::default();
    let pattern = picture(r"([A-Z]{2})\.(AN|DI|FE|HA|NE|SA|SU)(\d)\.(\d+)");
    each_match(
        &tree.files,
        (Of::Name, &pattern),
        "a name such as KA.AN1.39.tiff",
        &mut listing,
        |listing, file, name| {
            listing.take(Found::picture(file, read_code(&name[2].to_uppercase())).of(name[1].to_uppercase()));
        },
    );
    Ok(listing)
}

fn read_code(code: &str) -> Expression {
    match code {
        "AN" => Anger,
        "DI" => Disgust,
        "FE" => Fear,
        "HA" => Happiness,
        "SA" => Sadness,
        "SU" => Surprise,
        _ => Neutral,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::Reason;
    use crate::tree::tests::tree_of;

    #[test]
    fn any_picture_ending_in_any_case_is_read() {
        let folder = tree_of(&["KA.AN1.39.jpg", "KA.DI1.42.PNG", "KM.FE1.7.tiff", "ka.ha1.29.bmp", "UY.SA1.5.heic"]);
        let listing = list(folder.path(), &PrepareRequest::new(vec![], "out".into())).unwrap();
        let found: Vec<_> = listing.found.iter().map(|f| (f.class.name(), f.person.as_deref().unwrap())).collect();
        let expected = [("anger", "KA"), ("disgust", "KA"), ("fear", "KM"), ("sadness", "UY"), ("happiness", "KA")];
        assert_eq!(found, expected);
    }

    #[test]
    fn label_and_person_stand_in_the_name() {
        let folder = tree_of(&["KA.AN1.39.tiff", "KR.NE2.72.tif", "KA.XX1.40.tiff", "README_FIRST.txt"]);
        let listing = list(folder.path(), &PrepareRequest::new(vec![], "out".into())).unwrap();
        let found: Vec<_> = listing.found.iter().map(|f| (f.class.name(), f.person.as_deref().unwrap())).collect();
        assert_eq!(found, [("anger", "KA"), ("neutral", "KR")]);
        let reasons: Vec<_> = listing.rejects.iter().map(|r| r.reason).collect();
        assert_eq!(reasons, [Reason::NameNotKnown, Reason::NotAPicture]);
    }
}
