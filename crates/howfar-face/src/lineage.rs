//! Whom and what something has learnt from: a generator its training faces, a style the faces that it was fitted to.
//!
//! In: face sets and the cards of what made them. Out: people and contents, which travel with whatever was learnt to
//! every face that is made of it. Judges nothing: who must not be among them is a study's business.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{FaceLabels, FaceSet, FaceSetInfo, Fault, SubjectId};

/// People and sets that pictures, weights or settings descend from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lineage {
    /// Everyone whose pictures were learnt from; drawn and generated people are named like others.
    pub people: BTreeSet<SubjectId>,
    /// `content_sha256` of every set that was learnt from, whatever its faces are.
    pub content: BTreeSet<String>,
}

impl Lineage {
    /// What learning from all of a set leaves: its people and their parents, its content, and what its own generator
    /// had learnt from.
    pub fn of_set(set: &FaceSet) -> Result<Self, Fault> {
        let mut lineage = Self::of_content(set.info());
        set.for_each_labels(|labels| lineage.add_face(&labels))?;
        Ok(lineage)
    }

    /// The same without the people of the set, who are added face by face.
    pub fn of_content(info: &FaceSetInfo) -> Self {
        let mut lineage = Self::of_maker(info);
        lineage.content.insert(info.content_sha256.clone());
        lineage
    }

    /// What the set's generator had learnt from; nothing where the faces are photographs.
    pub fn of_maker(info: &FaceSetInfo) -> Self {
        info.generator.as_ref().map(crate::GeneratorCard::lineage).unwrap_or_default()
    }

    /// Adds the person of a face, and the one whom it was made from.
    pub fn add_face(&mut self, labels: &FaceLabels) {
        for person in std::iter::once(&labels.subject).chain(&labels.parent) {
            // Most faces are of somebody who is there already.
            if !self.people.contains(person) {
                self.people.insert(person.clone());
            }
        }
    }

    /// Adds what another one holds.
    pub fn add(&mut self, other: Self) {
        self.people.extend(other.people);
        self.content.extend(other.content);
    }

    /// Whether nothing is known to have been learnt from.
    pub fn is_empty(&self) -> bool {
        self.people.is_empty() && self.content.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_sets::{TestSet, labels};
    use crate::{GeneratorCard, Provenance};

    #[test]
    fn what_learns_from_a_set_descends_from_its_people_their_parents_and_whom_its_generator_saw() {
        let folder = tempfile::tempdir().unwrap();
        let person = |name: &str| name.parse::<SubjectId>().unwrap();
        let saw = Lineage { people: [person("db:seen")].into(), content: ["old".to_owned()].into() };
        let mut set = TestSet::new("a", &["joy"], 4);
        set.info.generator = Some(GeneratorCard::new("gan".to_owned(), 1, saw.clone(), String::new()));
        let parent = Some(person("db:parent"));
        set.push_plain(FaceLabels { parent, ..labels(0, "gan:1", Provenance::Generated) }, 0);
        let set = set.write(folder.path());
        assert_eq!(Lineage::of_maker(set.info()), saw);
        let lineage = Lineage::of_set(&set).unwrap();
        assert_eq!(lineage.people, ["db:parent", "db:seen", "gan:1"].map(person).into());
        assert_eq!(lineage.content, ["old".to_owned(), set.info().content_sha256.clone()].into());
        assert_eq!(GeneratorCard::new(String::new(), 0, lineage.clone(), String::new()).lineage(), lineage);
    }
}
