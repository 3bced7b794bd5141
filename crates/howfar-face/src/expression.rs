//! The expressions of the field, in one explicit order, and the words that databases use for them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::expression_words;

/// The six emotions of Ekman, then neutral and contempt. Studies of other classes carry their own named list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Expression {
    /// Anger.
    Anger,
    /// Disgust.
    Disgust,
    /// Fear.
    Fear,
    /// Happiness.
    Happiness,
    /// Sadness.
    Sadness,
    /// Surprise.
    Surprise,
    /// No expression.
    Neutral,
    /// Contempt, which few databases have.
    Contempt,
}

impl Expression {
    /// All of them, in the order of class indices.
    pub const ALL: [Self; 8] = [
        Self::Anger,
        Self::Disgust,
        Self::Fear,
        Self::Happiness,
        Self::Sadness,
        Self::Surprise,
        Self::Neutral,
        Self::Contempt,
    ];
    /// Ekman's six, the classes of the paper.
    pub const SIX: [Self; 6] = [Self::Anger, Self::Disgust, Self::Fear, Self::Happiness, Self::Sadness, Self::Surprise];

    /// The one word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Anger => "anger",
            Self::Disgust => "disgust",
            Self::Fear => "fear",
            Self::Happiness => "happiness",
            Self::Sadness => "sadness",
            Self::Surprise => "surprise",
            Self::Neutral => "neutral",
            Self::Contempt => "contempt",
        }
    }

    /// The expression that a label or a folder's name stands for: its name, or the adjective, verb, noun or code that
    /// databases use, in any case, also with numbers around it (`Happy`, `0_anger`, `01-angry`, `AN`).
    pub fn from_word(word: &str) -> Option<Self> {
        expression_words::read(word)
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The candidate that a mistyped word most likely meant: at most a third of its letters differ.
pub fn closest_name<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|name| (edit_distance(word, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.len().max(word.len()) / 4)
        .min()
        .map(|(_, name)| name)
}

/// How many letters have to be typed, left out, replaced or swapped with the next to make one word of another.
pub fn edit_distance(a: &str, b: &str) -> usize {
    strsim::osa_distance(a, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_databases_are_known() {
        let cases = [
            ("Angry", Some(Expression::Anger)),
            ("HAPPINESS", Some(Expression::Happiness)),
            ("contemptuous", Some(Expression::Contempt)),
            ("none", None),
        ];
        for (word, expected) in cases {
            assert_eq!(Expression::from_word(word), expected, "{word}");
        }
    }

    #[test]
    fn a_mistyped_name_finds_its_neighbour() {
        let names = ["epochs", "batch", "patience"];
        assert_eq!(closest_name("epoch", names), Some("epochs"));
        assert_eq!(closest_name("pateince", names), Some("patience"));
        assert_eq!(closest_name("colour", names), None);
    }
}
