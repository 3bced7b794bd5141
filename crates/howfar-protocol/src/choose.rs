//! How a study asks for k to be chosen: on whom, and by which rule.
//!
//! In: the words of `[choose]`. Out: a checked [`Choose`]; `howfar-evaluate` chooses.

use std::path::PathBuf;

use howfar_face::Fault;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// `[choose]` of a study file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Choose {
    /// Whom k is asked of.
    pub on: ChooseOn,
    /// Which of the k that they are asked about.
    pub rule: ChooseRule,
}

/// Whom k is asked of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ChooseOn {
    /// Left-out databases where there are two labelled ones or more, else validation people.
    #[default]
    Usual,
    /// Validation people of the labelled sets: k for more people of the same databases.
    Validation,
    /// The people of face sets that do nothing else: k for databases that are not trained on.
    Sets(Vec<PathBuf>),
    /// Each labelled set in turn is not trained on, and its training and validation people judge.
    LeaveOneDatabaseOut,
}

/// Which k is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChooseRule {
    /// The smallest within one standard error of the best.
    #[default]
    OneStandardError,
    /// The best.
    BestMean,
}

const LEAVE_OUT: &str = "leave-one-database-out";
const VALIDATION: &str = "validation";

impl Choose {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn check(&self, place: &str, n_labelled_sets: usize) -> Result<(), Fault> {
        match &self.on {
            ChooseOn::LeaveOneDatabaseOut if n_labelled_sets < 2 => {
                Err(Fault::usage(place, "choose.on leaves one of the real sets out, and there is one")
                    .expected("two real.sets or more")
                    .hint("choose on \"validation\" people, or on { sets = [\"faces/another\"] }"))
            }
            ChooseOn::Sets(sets) if sets.is_empty() => {
                Err(Fault::usage(place, "choose.on names no set").expected("{ sets = [\"faces/another\"] }"))
            }
            _ => Ok(()),
        }
    }
}

impl ChooseOn {
    /// What it is with so many labelled sets.
    pub fn with(&self, n_labelled_sets: usize) -> Self {
        match self {
            Self::Usual | Self::LeaveOneDatabaseOut if n_labelled_sets > 1 => Self::LeaveOneDatabaseOut,
            // Where every database is learnt from alone (`study cross-database`) there is none to leave out.
            Self::Usual | Self::LeaveOneDatabaseOut => Self::Validation,
            other => other.clone(),
        }
    }

    /// The word in sentences and files.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Usual => "usual",
            Self::Validation => VALIDATION,
            Self::Sets(_) => "sets",
            Self::LeaveOneDatabaseOut => LEAVE_OUT,
        }
    }

    /// The face sets that do nothing but choose.
    pub fn sets(&self) -> &[PathBuf] {
        if let Self::Sets(sets) = self { sets } else { &[] }
    }

    pub(crate) fn sets_mut(&mut self) -> &mut [PathBuf] {
        if let Self::Sets(sets) = self { sets } else { &mut [] }
    }
}

/// How it stands in a study file: a word, or a table with `sets`.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Word(String),
    Sets(WrittenSets),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSets {
    sets: Vec<PathBuf>,
}

impl Serialize for ChooseOn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Sets(sets) => Written::Sets(WrittenSets { sets: sets.clone() }).serialize(serializer),
            word => Written::Word(word.name().to_owned()).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ChooseOn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fault = || {
            let table = "{ sets = [\"faces/another\"] }";
            serde::de::Error::custom(format!("k is chosen on \"{VALIDATION}\", \"{LEAVE_OUT}\" or {table}"))
        };
        match Written::deserialize(deserializer).map_err(|_| fault())? {
            Written::Sets(WrittenSets { sets }) => Ok(Self::Sets(sets)),
            Written::Word(word) => {
                let known = [Self::Usual, Self::Validation, Self::LeaveOneDatabaseOut];
                known.into_iter().find(|on| on.name() == word).ok_or_else(fault)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Choose, toml::de::Error> {
        toml::from_str(text)
    }

    #[test]
    fn every_way_reads_back_and_a_wrong_word_is_told_with_all_that_are_known() {
        let all = ["on = \"validation\"", "on = \"leave-one-database-out\"", "on = { sets = [\"a\", \"b\"] }", ""];
        for text in all {
            let choose = read(text).unwrap();
            assert_eq!(read(&toml::to_string(&choose).unwrap()).unwrap(), choose, "{text}");
        }
        let fault = read("on = \"home\"").unwrap_err().to_string();
        assert!(fault.contains("\"validation\", \"leave-one-database-out\" or { sets"), "{fault}");
    }

    #[test]
    fn two_labelled_sets_leave_each_other_out_where_nothing_is_said() {
        let on = ChooseOn::default();
        assert_eq!((on.with(1), on.with(2)), (ChooseOn::Validation, ChooseOn::LeaveOneDatabaseOut));
        assert!(read("on = \"leave-one-database-out\"").unwrap().check("study.toml", 1).is_err());
    }
}
