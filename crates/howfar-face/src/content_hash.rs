//! The identity of a face set: one SHA-256 over what is known of every face, in order.
//!
//! In: the faces of a set, one after the other, by whoever writes or reads it. Out: `content_sha256`. Knows no file:
//! the same faces in another encoding have the same identity.

use crate::FaceLabels;
use crate::checksum::Hasher;

/// A running hash over the faces of a set. The one place that says what belongs to a set's identity.
#[derive(Debug, Default)]
pub struct ContentHash(Hasher);

impl ContentHash {
    /// Adds the next face: the name of its class (its number means nothing without the set), what else decides the
    /// numbers of a study, and the SHA-256 of its pixels. What only a renderer knows and the group are not part of it:
    /// no training reads them, and who learns the groups of a set later must not compute its cells anew. The database
    /// is part of the subject.
    pub fn add(&mut self, class: &str, labels: &FaceLabels, sha256: &str) {
        // Every field is named: one that is added has to be decided on here.
        let FaceLabels { label: _, subject, provenance, parent, group: _, source, drawn: _ } = labels;
        let parent = parent.as_ref().map(ToString::to_string).unwrap_or_default();
        for text in [class, &subject.to_string(), provenance.name(), &parent, source, sha256] {
            self.0.update_text(text);
        }
    }

    /// 64 hexadecimal digits.
    pub fn finish(self) -> String {
        self.0.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Provenance, SubjectId};

    fn labels() -> FaceLabels {
        let subject = SubjectId::new("ckplus", "S010").unwrap();
        FaceLabels {
            parent: Some(SubjectId::new("jaffe", "KA").unwrap()),
            source: "a.png".to_owned(),
            ..FaceLabels::of(1, subject, Provenance::Generated)
        }
    }

    fn hash(faces: &[(&str, FaceLabels, &str)]) -> String {
        let mut hash = ContentHash::default();
        faces.iter().for_each(|(class, labels, sha256)| hash.add(class, labels, sha256));
        hash.finish()
    }

    #[test]
    fn the_identity_of_sets_that_lie_on_disks_stays() {
        // hashlib's SHA-256 over the six texts of each face, each after its length in eight bytes, the lowest first.
        let orphan = FaceLabels { parent: None, provenance: Provenance::Real, ..labels() };
        let expected = "18fb362e0516408949833571bab0ae7f6c63e0f3a01d97b0a5017fd866a61f90";
        assert_eq!(hash(&[("joy", labels(), "0f"), ("anger", orphan, "a1")]), expected);
    }

    #[test]
    fn everything_that_decides_a_study_moves_the_identity_and_nothing_else_does() {
        let other = SubjectId::new("ckplus", "S011").unwrap();
        let same = hash(&[("joy", labels(), "0f")]);
        let moved = [
            ("class", hash(&[("fear", labels(), "0f")])),
            ("subject", hash(&[("joy", FaceLabels { subject: other.clone(), ..labels() }, "0f")])),
            ("provenance", hash(&[("joy", FaceLabels { provenance: Provenance::Drawn, ..labels() }, "0f")])),
            ("parent", hash(&[("joy", FaceLabels { parent: Some(other), ..labels() }, "0f")])),
            ("no parent", hash(&[("joy", FaceLabels { parent: None, ..labels() }, "0f")])),
            ("source", hash(&[("joy", FaceLabels { source: "b.png".to_owned(), ..labels() }, "0f")])),
            ("pixels", hash(&[("joy", labels(), "1f")])),
            ("another face", hash(&[("joy", labels(), "0f"), ("joy", labels(), "0f")])),
        ];
        for (what, moved) in moved {
            assert_ne!(moved, same, "{what}");
        }
        let same_face = [
            (
                "another number of the same class: the classes of the set stand in another order",
                FaceLabels { label: 0, ..labels() },
            ),
            ("a group", FaceLabels { group: Some("female".to_owned()), ..labels() }),
        ];
        for (what, labels) in same_face {
            assert_eq!(hash(&[("joy", labels, "0f")]), same, "{what}");
        }
    }
}
