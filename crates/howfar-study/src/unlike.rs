//! Whether a study's photographs were all cut in one way.
//!
//! In: what is known of its sets. Out: a caveat that names each way with its faces, where there are several. Drawn and
//! generated faces are made in the frame that prepared faces have; they are nobody's crops.

use std::collections::BTreeMap;

use howfar_evaluate::Caveat;
use howfar_face::{FaceSetInfo, Preprocessing};
use howfar_protocol::SetInput;

/// The caveat `unlike-preprocessing`.
pub(crate) fn unlike_preprocessing(sets: &[SetInput]) -> Option<Caveat> {
    let mut ways: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for SetInput { role, info } in sets.iter().filter(|set| set.info.generator.is_none()) {
        for (database, n_faces, preprocessing) in databases(info) {
            let Preprocessing { version, colour, .. } = preprocessing;
            let way = format!("{} ({colour}, version {version})", preprocessing.way());
            ways.entry(way).or_default().push(format!("{n_faces} of {database} ({})", role.words()));
        }
    }
    if ways.len() < 2 {
        return None;
    }
    let told: Vec<String> = ways.iter().map(|(way, faces)| format!("{}: {way}", faces.join(", "))).collect();
    Some(Caveat {
        code: "unlike-preprocessing".to_owned(),
        text: format!(
            "Faces of people were cut in {} ways: {}. What a network learns of faces in one frame it may not see in \
                another, so \
             differences between these databases are partly differences of their crops.",
            ways.len(),
            told.join("; ")
        ),
        advice: "Prepare all of them alike: `--align landmarks` cuts pictures that are cropped already by their eyes, \
            as it does those \
                 in which faces were looked for."
            .to_owned(),
    })
}

/// The databases of a set with their faces, each with its own way.
fn databases(info: &FaceSetInfo) -> Vec<(&str, u64, &Preprocessing)> {
    if info.databases.is_empty() {
        return vec![(info.name.as_str(), info.n_faces, &info.preprocessing)];
    }
    info.databases.iter().map(|of| (of.database.as_str(), of.n_faces, &of.preprocessing)).collect()
}

#[cfg(test)]
mod tests {
    use howfar_face::{DatabaseFaces, GeneratorCard, Lineage};
    use howfar_protocol::Role;

    use super::*;

    fn set(role: Role, ways: &[(&str, &str)], is_drawn: bool) -> SetInput {
        let of = |(detection, alignment): &(&str, &str)| Preprocessing::standard(detection, alignment, 64);
        let mut info = FaceSetInfo::new(role.words(), vec!["fear".to_owned()], of(&ways[0]));
        info.n_faces = 7;
        if ways.len() > 1 {
            let database = |(i, way)| DatabaseFaces {
                database: format!("{}{i}", role.words()),
                n_faces: i as u64,
                n_lost: 0,
                preprocessing: of(way),
            };
            info.databases = ways.iter().enumerate().map(database).collect();
        }
        info.generator = is_drawn.then(|| GeneratorCard::new("drawn".to_owned(), 1, Lineage::default(), String::new()));
        SetInput { role, info }
    }

    #[test]
    fn photographs_cut_in_two_ways_are_named_with_their_numbers_and_drawn_faces_never_are() {
        let (found, taken) = (("detector", "landmarks"), ("none", "none"));
        let cases = [
            (vec![set(Role::Labelled, &[found], false), set(Role::Unseen, &[found], false)], None),
            (vec![set(Role::Labelled, &[found], false), set(Role::Generated, &[taken], true)], None),
            (
                vec![set(Role::Labelled, &[taken], false), set(Role::Unseen, &[found], false)],
                Some("7 of unseen (unseen): found by the detector"),
            ),
            (vec![set(Role::Labelled, &[taken, found], false)], Some("0 of labelled0 (labelled): taken as they are")),
            (
                vec![set(Role::Labelled, &[found], false), set(Role::Unseen, &[("detector", "none")], false)],
                Some("cut by the box"),
            ),
        ];
        for (sets, expected) in cases {
            let caveat = unlike_preprocessing(&sets);
            assert_eq!(caveat.is_some(), expected.is_some(), "{caveat:?}");
            if let (Some(caveat), Some(expected)) = (caveat, expected) {
                assert!(caveat.text.contains(expected), "{}", caveat.text);
            }
        }
    }
}
