//! `expw`: pictures of the web, a list with a box, a confidence and a label for each face in them.

use std::path::Path;

use howfar_crop::FaceBox;
use howfar_face::Expression::{self, Anger, Disgust, Fear, Happiness, Neutral, Sadness, Surprise};
use howfar_face::csv_table::for_each_line_of_words;
use howfar_face::{Fault, shortened};

use super::Database;
use super::lookup::Lookup;
use super::rows::Rows;
use crate::listing::{Found, Listing, Reason};
use crate::request::PrepareRequest;
use crate::setting::Setting;
use crate::tree::Tree;

pub(super) static DATABASE: Database = Database {
    name: "expw",
    title: "Expression in-the-Wild (ExpW)",
    access: "the Multimedia Laboratory of the Chinese University of Hong Kong",
    terms: "non-commercial research only; pictures were collected from the web and keep their owners' rights",
    published: &[],
    settings: &[Setting::Confidence(CONFIDENCE)],
    known_flaws: &[],
    names_by_path: false,
    is_sign: |_| true,
    list,
};

/// By the number in the list.
const LABELS: [Expression; 7] = [Anger, Disgust, Fear, Happiness, Sadness, Surprise, Neutral];
/// Faces of less confidence are left out, 0 to 100.
const CONFIDENCE: f64 = 60.0;
const LIST: &str = "label.lst";
/// Faces in the list, as published.
const PUBLISHED_FACES: usize = 91_793;

fn list(path: &Path, request: &PrepareRequest) -> Result<Listing, Fault> {
    let tree = Tree::read(path)?;
    let Some(list) = tree.files.iter().find(|file| file.name() == LIST) else {
        return Err(Fault::data(tree.root.display(), format!("the list {LIST} is missing"))
            .hint("give the folder that holds the list and the pictures"));
    };
    let mut listing = Listing::default();
    let mut lookup = Lookup::new(&tree);
    lookup.find(&list.relative);
    let least_confidence = request.settings.confidence.unwrap_or(CONFIDENCE);
    let (mut rows, mut n_faces) = (Rows::default(), 0);
    for_each_line_of_words(&list.path, |place, words| {
        let row = Row::read(words).ok_or_else(|| {
            Fault::data(place, "not a face of ExpW")
                .found(shortened(&words.join(" "), 120))
                .expected("name, face, top, left, right, bottom, confidence, label (0 to 6)")
        })?;
        n_faces += 1;
        let source = format!("{}#{}", row.name, row.face);
        if !rows.is_new(&mut listing, &source, row.label.name(), place)? {
            return Ok(());
        }
        match lookup.find(row.name) {
            None => listing.reject(source, Reason::Missing, format!("named in {place}")),
            Some(_) if row.confidence < least_confidence => {
                let detail = format!("confidence {} is below {least_confidence}", row.confidence);
                listing.reject(source, Reason::LowConfidence, detail);
            }
            Some(file) => {
                let source = format!("{}#{}", file.relative, row.face);
                let found = Found::picture(file, row.label);
                listing.take(Found { source, face_box: Some(row.face_box), ..found });
            }
        }
        Ok(())
    })?;
    if n_faces != PUBLISHED_FACES {
        listing.caveats.push(format!("expw: the list has {n_faces} faces instead of the published {PUBLISHED_FACES}"));
    }
    lookup.report_unnamed(&mut listing);
    Ok(listing)
}

struct Row<'l> {
    name: &'l str,
    face: &'l str,
    face_box: FaceBox,
    confidence: f64,
    label: Expression,
}

impl<'l> Row<'l> {
    fn read(words: &[&'l str]) -> Option<Self> {
        let [name, face, top, left, right, bottom, confidence, label] = *words else { return None };
        let number = |text: &str| text.parse::<f64>().ok().filter(|n| n.is_finite());
        let (top, left, right, bottom) = (number(top)?, number(left)?, number(right)?, number(bottom)?);
        let face_box = FaceBox::new(left, top, right - left, bottom - top)?;
        let label = *LABELS.get(label.parse::<usize>().ok()?)?;
        Some(Row { name, face, face_box, confidence: number(confidence)?, label })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::tests::{tree_of, write};

    #[test]
    fn each_face_of_a_picture_has_its_box_and_its_label() {
        let folder = tree_of(&["image/origin/a.jpg", "image/origin/b.jpg"]);
        write(
            folder.path(),
            "label.lst",
            b"a.jpg 0 10 20 70 80 90.5 3\na.jpg 1 1 2 30 40 59.9 0\nc.jpg 0 1 2 30 40 99 0\n",
        );
        let listing = list(folder.path(), &PrepareRequest::new(vec![], "out".into())).unwrap();
        let found = &listing.found[0];
        assert_eq!((found.source.as_str(), found.class.name()), ("image/origin/a.jpg#0", "happiness"));
        assert_eq!(found.face_box, FaceBox::new(20.0, 10.0, 50.0, 70.0));
        let reasons: Vec<_> = listing.rejects.iter().map(|r| r.reason).collect();
        assert_eq!(reasons, [Reason::LowConfidence, Reason::Missing, Reason::NoLabel]);
        assert!(listing.caveats[0].contains("3 faces instead of the published 91793"));
    }

    #[test]
    fn a_face_under_two_labels_is_an_error_and_a_repeated_row_a_reason() {
        let folder = tree_of(&["a.jpg"]);
        let row = "a.jpg 0 10 20 70 80 90.5 3";
        write(folder.path(), "label.lst", format!("{row}\n{row}\n").as_bytes());
        let listing = list(folder.path(), &PrepareRequest::new(vec![], "out".into())).unwrap();
        assert_eq!((listing.found.len(), listing.rejects[0].reason), (1, Reason::Repeated));
        write(folder.path(), "label.lst", format!("{row}\na.jpg 0 10 20 70 80 90.5 4\n").as_bytes());
        let fault = list(folder.path(), &PrepareRequest::new(vec![], "out".into())).unwrap_err().to_string();
        assert!(fault.contains("line 1") && fault.contains("line 2"), "{fault}");
    }

    #[test]
    fn a_broken_line_is_named() {
        let folder = tree_of(&["a.jpg"]);
        write(folder.path(), "label.lst", b"a.jpg 0 10 20 70 80 90.5 7\n");
        let fault = list(folder.path(), &PrepareRequest::new(vec![], "out".into())).unwrap_err();
        assert!(fault.to_string().contains("line 1: not a face of ExpW"), "{fault}");
    }
}
