//! A person as a study knows them: a database and a person within it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Fault;

/// `database:person`, cheap to copy. The same human in two databases has two of these, so CK+ S010 and JAFFE KA never
/// collide.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SubjectId {
    database: Arc<str>,
    person: Arc<str>,
}

impl SubjectId {
    /// Both parts must have a character; the database's name has no colon.
    pub fn new(database: &str, person: &str) -> Result<Self, Fault> {
        if database.is_empty() || person.is_empty() || database.contains(':') {
            return Err(Fault::data("subject", "not a subject's name")
                .found(format!("{database:?} and {person:?}"))
                .expected("a database without a colon and a person, as in ckplus:S010"));
        }
        Ok(SubjectId { database: database.into(), person: person.into() })
    }

    /// Who is on a picture of nobody known: a person of its own, called by the picture's path without the ending.
    pub fn of_picture(database: &str, source: &str) -> Result<Self, Fault> {
        Self::new(database, &called_by(source))
    }

    /// Whether this is what the person of a picture, or of the video that it is a frame of (`video.avi#3`), is called
    /// where nobody is known.
    pub fn is_called_by(&self, source: &str) -> bool {
        let video = source.rsplit_once('#').map_or(source, |(video, _)| video);
        [source, video].into_iter().any(|source| *self.person == *called_by(source))
    }

    /// The database's name.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The person's name within the database.
    pub fn person(&self) -> &str {
        &self.person
    }
}

fn called_by(source: &str) -> String {
    let (path, face) = source.split_once('#').map_or((source, None), |(path, face)| (path, Some(face)));
    let stem = match path.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && !ending.contains('/') => stem,
        _ => path,
    };
    face.map_or(stem.to_owned(), |face| format!("{stem}#{face}"))
}

impl fmt::Display for SubjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.database, self.person)
    }
}

impl FromStr for SubjectId {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let (database, person) = text.split_once(':').unwrap_or((text, ""));
        Self::new(database, person)
    }
}

impl TryFrom<String> for SubjectId {
    type Error = Fault;

    fn try_from(text: String) -> Result<Self, Fault> {
        text.parse()
    }
}

impl From<SubjectId> for String {
    fn from(subject: SubjectId) -> String {
        subject.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_reads_back_what_it_prints() {
        let subject = SubjectId::new("ckplus", "S010:a").unwrap();
        assert_eq!(subject.to_string().parse::<SubjectId>().unwrap(), subject);
    }

    #[test]
    fn a_person_of_nobody_known_is_called_by_the_picture() {
        for source in ["anger/0001.png", "fer2013.csv#17", "a.b/c", "video.avi"] {
            let subject = SubjectId::of_picture("db", source).unwrap();
            assert!(subject.is_called_by(source) && !subject.is_called_by("anger/0002.png"), "{subject}");
        }
        assert!(SubjectId::of_picture("db", "video.avi").unwrap().is_called_by("video.avi#3"));
        assert!(!SubjectId::new("db", "S010").unwrap().is_called_by("anger/S010_3.png"));
    }

    #[test]
    fn half_a_name_is_refused() {
        for text in ["ckplus", "ckplus:", ":S010", ""] {
            assert!(text.parse::<SubjectId>().is_err(), "{text}");
        }
    }
}
