//! `kdef`: two sessions, seventy persons, seven expressions, five views; everything stands in the name.

use std::path::Path;

use howfar_face::Expression::{self, Anger, Disgust, Fear, Happiness, Neutral, Sadness, Surprise};
use howfar_face::Fault;

use super::Database;
use super::names::{Of, each_match, picture};
use crate::listing::{Found, Listing, Reason};
use crate::published::{Published, Unit};
use crate::request::PrepareRequest;
use crate::setting::Setting;
use crate::source_settings::Views;
use crate::tree::Tree;

/// Both sessions: 70 persons, each expression twice, from one view.
const STRAIGHT: u64 = 140;

pub(super) static DATABASE: Database = Database {
    name: "kdef",
    title: "Karolinska Directed Emotional Faces",
    access: "Karolinska Institutet, Department of Clinical Neuroscience, Section of Psychology",
    terms: "non-commercial research only; pictures are not passed on",
    published: &[
        Published {
            part: "straight views",
            unit: Unit::Pictures,
            classes: &[
                (Anger, STRAIGHT),
                (Disgust, STRAIGHT),
                (Fear, STRAIGHT),
                (Happiness, STRAIGHT),
                (Neutral, STRAIGHT),
                (Sadness, STRAIGHT),
                (Surprise, STRAIGHT),
            ],
            persons: Some(70),
        },
        Published {
            part: "all views",
            unit: Unit::Pictures,
            classes: &[
                (Anger, 5 * STRAIGHT),
                (Disgust, 5 * STRAIGHT),
                (Fear, 5 * STRAIGHT),
                (Happiness, 5 * STRAIGHT),
                (Neutral, 5 * STRAIGHT),
                (Sadness, 5 * STRAIGHT),
                (Surprise, 5 * STRAIGHT),
            ],
            persons: Some(70),
        },
    ],
    settings: &[Setting::AllViews],
    known_flaws: &[
        "the database as it is given holds two misnamed pictures (AF31V, AM31H): they are reported as `name not known`",
    ],
    names_by_path: false,
    is_sign: |_| true,
    list,
};

fn list(path: &Path, request: &PrepareRequest) -> Result<Listing, Fault> {
    let tree = Tree::read(path)?;
    let mut listing = Listing::default();
    let pattern = picture(r"([AB])([FM])(\d{2})(AF|AN|DI|HA|NE|SA|SU)(S|HL|HR|FL|FR)");
    each_match(&tree.files, (Of::Name, &pattern), "a name such as AF01ANS.JPG", &mut listing, |listing, file, name| {
        let view = name[5].to_uppercase();
        if view != "S" && request.settings.views == Views::Frontal {
            return listing.reject(&file.relative, Reason::NotAskedFor, format!("view {view}"));
        }
        let person = format!("{}{}", name[2].to_uppercase(), &name[3]);
        let sex = if person.starts_with('F') { "female" } else { "male" };
        listing.take(Found::picture(file, read_code(&name[4].to_uppercase())).of(person).in_group(sex));
    });
    Ok(listing)
}

fn read_code(code: &str) -> Expression {
    match code {
        // "Afraid": AN is the angry one.
        "AF" => Fear,
        "AN" => Anger,
        "DI" => Disgust,
        "HA" => Happiness,
        "SA" => Sadness,
        "SU" => Surprise,
        _ => Neutral,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source_settings::SourceSettings;
    use crate::tree::tests::tree_of;

    #[test]
    fn both_sessions_are_one_person_and_af_is_fear() {
        let folder = tree_of(&[
            "AF01/AF01AFS.JPG",
            "AF01/AF01ANHL.JPG",
            "bf01/bf01ans.jpg",
            "AF01/AF31V.JPG",
            "AM31/AM31H.JPG",
            "BM35/BM35SUS.png",
        ]);
        let listing = list(folder.path(), &PrepareRequest::new(vec![], "out".into())).unwrap();
        let found: Vec<_> = listing.found.iter().map(|f| (f.class.name(), f.person.as_deref().unwrap())).collect();
        assert_eq!(found, [("fear", "F01"), ("surprise", "M35"), ("anger", "F01")]);
        let groups: Vec<_> = listing.found.iter().map(|f| f.group.as_deref().unwrap()).collect();
        assert_eq!(groups, ["female", "male", "female"]);
        let reasons: Vec<_> = listing.rejects.iter().map(|r| r.reason).collect();
        assert_eq!(reasons, [Reason::NotAskedFor, Reason::NameNotKnown, Reason::NameNotKnown]);
    }

    #[test]
    fn all_views_on_request() {
        let folder = tree_of(&["AF01AFS.JPG", "AF01AFHL.JPG"]);
        let request = PrepareRequest {
            settings: SourceSettings { views: Views::All, ..SourceSettings::default() },
            ..PrepareRequest::new(vec![], "out".into())
        };
        assert_eq!(list(folder.path(), &request).unwrap().found.len(), 2);
    }
}
