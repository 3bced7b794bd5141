//! Faces of a set, those that are asked for, a page at a time.
//!
//! In: a set and a question. Out: what is known of its faces; their pictures are asked for one by one.

use std::collections::BTreeSet;

use howfar_face::{Album, FaceLabels, Provenance};
use serde::{Deserialize, Serialize};

/// Faces on a page.
const PER_PAGE: usize = 60;

/// Which faces are asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct FacesQuery {
    /// The set's place.
    pub(crate) set: usize,
    /// The class, by its name; empty for all.
    class: String,
    /// `real`, `drawn` or `generated`; empty for all.
    provenance: String,
    /// A part of whose face it is, or of the file it came from.
    text: String,
    /// How many of those found come before the page.
    from: usize,
}

/// A page of them.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct FacesPage {
    /// Faces of the set.
    n_faces: usize,
    /// Its people.
    n_people: usize,
    /// Faces that fit the question.
    n_found: usize,
    /// At most so many a page.
    per_page: usize,
    /// Pixels a side.
    side: u32,
    classes: Vec<String>,
    faces: Vec<FaceEntry>,
}

/// What is known of a face.
#[derive(Debug, PartialEq, Serialize)]
struct FaceEntry {
    row: usize,
    class: String,
    subject: String,
    provenance: &'static str,
    parent: Option<String>,
    group: Option<String>,
    source: String,
}

impl FacesQuery {
    /// Looks through all labels of the set.
    pub(crate) fn page(&self, album: &Album) -> FacesPage {
        let (labels, info) = (album.labels(), album.info());
        let class = info.classes.iter().position(|class| *class == self.class);
        let is_known = self.class.is_empty() || class.is_some();
        let provenance = Provenance::from_name(&self.provenance);
        let text = self.text.to_lowercase();
        let fits = |face: &FaceLabels| {
            class.is_none_or(|class| face.label == class)
                && provenance.is_none_or(|provenance| face.provenance == provenance)
                && (text.is_empty()
                    || face.subject.to_string().to_lowercase().contains(&text)
                    || face.source.to_lowercase().contains(&text))
        };
        let found = || labels.iter().enumerate().filter(|(_, face)| is_known && fits(face));
        let people: BTreeSet<_> = labels.iter().map(|face| &face.subject).collect();
        let entry = |(row, face): (usize, &FaceLabels)| FaceEntry {
            row,
            class: info.classes.get(face.label).cloned().unwrap_or_default(),
            subject: face.subject.to_string(),
            provenance: face.provenance.name(),
            parent: face.parent.as_ref().map(ToString::to_string),
            group: face.group.clone(),
            source: face.source.clone(),
        };
        FacesPage {
            n_faces: labels.len(),
            n_people: people.len(),
            n_found: found().count(),
            per_page: PER_PAGE,
            side: info.preprocessing.side,
            classes: info.classes.clone(),
            faces: found().skip(self.from).take(PER_PAGE).map(entry).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use howfar_face::test_sets::{TestSet, labels};

    use super::*;

    #[test]
    fn a_page_has_the_faces_that_are_asked_for_and_says_how_many_there_are() {
        let place = tempfile::tempdir().unwrap();
        let mut set = TestSet::new("a", &["joy", "fear"], 8);
        for row in 0..150_u8 {
            let provenance = if row % 3 == 0 { Provenance::Drawn } else { Provenance::Real };
            set.push_plain(labels(usize::from(row % 2), &format!("a:P{}", row / 2), provenance), row);
        }
        let album = Album::open(set.write(place.path())).unwrap();
        let ask = |query: FacesQuery| {
            let page = query.page(&album);
            (page.n_found, page.faces.iter().map(|face| face.row).take(3).collect::<Vec<_>>(), page.faces.len())
        };
        let text = |text: &str| FacesQuery { text: text.to_owned(), ..FacesQuery::default() };
        let class = |class: &str| FacesQuery { class: class.to_owned(), ..FacesQuery::default() };
        assert_eq!(ask(FacesQuery::default()), (150, vec![0, 1, 2], 60));
        assert_eq!(ask(FacesQuery { from: 120, ..FacesQuery::default() }), (150, vec![120, 121, 122], 30));
        assert_eq!(ask(FacesQuery { from: usize::MAX, ..FacesQuery::default() }), (150, vec![], 0));
        assert_eq!(ask(class("fear")), (75, vec![1, 3, 5], 60));
        assert_eq!(ask(class("anger")), (0, vec![], 0), "a class that the set has not");
        assert_eq!(ask(text("p74")), (2, vec![148, 149], 2));
        assert_eq!(ask(FacesQuery { provenance: "drawn".into(), ..class("fear") }), (25, vec![3, 9, 15], 25));
        let page = FacesQuery::default().page(&album);
        assert_eq!((page.n_faces, page.n_people), (150, 75));
    }
}
