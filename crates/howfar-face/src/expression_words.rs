//! The words that databases and folders use for expressions.
//!
//! In: a label or a folder's name, composed as Unicode's NFC. Out: the expression that it stands for, if it is one and
//! no other. Knows no numbers: which number is which expression differs from database to database.

use crate::Expression::{self, Anger, Contempt, Disgust, Fear, Happiness, Neutral, Sadness, Surprise};

/// Words in lower case; other languages where a word means this expression in each of them.
const WORDS: [(Expression, &[&str]); 8] = [
    (
        Anger,
        &[
            "anger",
            "angry",
            "wut",
            "wütend",
            "ärger",
            "zorn",
            "colère",
            "ira",
            "enojo",
            "enfado",
            "enojado",
            "rabbia",
            "raiva",
            "kızgın",
            "öfke",
            "гнев",
            "злость",
            "愤怒",
            "憤怒",
            "生气",
            "怒り",
        ],
    ),
    (
        Disgust,
        &[
            "disgust",
            "disgusted",
            "ekel",
            "dégoût",
            "asco",
            "disgusto",
            "nojo",
            "iğrenme",
            "tiksinti",
            "отвращение",
            "厌恶",
            "厭惡",
            "嫌悪",
        ],
    ),
    (
        Fear,
        &[
            "fear",
            "fearful",
            "afraid",
            "scared",
            "frightened",
            "angst",
            "furcht",
            "peur",
            "miedo",
            "paura",
            "medo",
            "korku",
            "страх",
            "恐惧",
            "恐懼",
            "害怕",
            "恐怖",
            "恐れ",
        ],
    ),
    (
        Happiness,
        &[
            "happiness",
            "happy",
            "joy",
            "joyful",
            "freude",
            "fröhlich",
            "glücklich",
            "joie",
            "heureux",
            "bonheur",
            "alegría",
            "alegria",
            "felicidad",
            "feliz",
            "gioia",
            "felicità",
            "felicidade",
            "mutlu",
            "mutluluk",
            "радость",
            "счастье",
            "高兴",
            "高興",
            "快乐",
            "快樂",
            "开心",
            "幸福",
            "喜び",
        ],
    ),
    (
        Sadness,
        &[
            "sadness",
            "sad",
            "trauer",
            "traurig",
            "traurigkeit",
            "tristesse",
            "triste",
            "tristeza",
            "tristezza",
            "üzgün",
            "üzüntü",
            "грусть",
            "печаль",
            "悲伤",
            "悲傷",
            "伤心",
            "悲しみ",
        ],
    ),
    (
        Surprise,
        &[
            "surprise",
            "surprised",
            "überraschung",
            "überrascht",
            "sorpresa",
            "surpresa",
            "şaşkın",
            "şaşkınlık",
            "удивление",
            "惊讶",
            "驚訝",
            "惊喜",
            "驚き",
        ],
    ),
    (
        Neutral,
        &[
            "neutral",
            "neutrality",
            "expressionless",
            "neutre",
            "neutro",
            "neutrale",
            "nötr",
            "нейтральный",
            "нейтральность",
            "中性",
            "无表情",
            "無表情",
        ],
    ),
    (
        Contempt,
        &[
            "contempt",
            "contemptuous",
            "verachtung",
            "mépris",
            "desprecio",
            "disprezzo",
            "desprezo",
            "презрение",
            "轻蔑",
            "輕蔑",
            "軽蔑",
        ],
    ),
];

/// Codes of JAFFE, KDEF and others: in capitals only, since some are words (`an`) in small letters.
const CODES: [(Expression, &[&str]); 8] = [
    (Anger, &["AN", "ANG"]),
    (Disgust, &["DI", "DIS"]),
    (Fear, &["FE", "FEA", "AF"]),
    (Happiness, &["HA", "HAP"]),
    (Sadness, &["SA"]),
    (Surprise, &["SU", "SUR"]),
    (Neutral, &["NE", "NEU"]),
    (Contempt, &["CO", "CON"]),
];

/// Words that say nothing of the expression beside it: `angry_faces`, `emotion-fear`, `test_happy`.
const FILLERS: [&str; 22] = [
    "face",
    "faces",
    "facial",
    "expression",
    "expressions",
    "emotion",
    "emotions",
    "image",
    "images",
    "img",
    "imgs",
    "picture",
    "pictures",
    "photo",
    "photos",
    "people",
    "class",
    "label",
    "train",
    "test",
    "val",
    "crop",
];

/// Reads `Happy`, `0_anger`, `anger_1`, `01-angry`, `AN`, `angry_faces`, `happy (joy)`; nothing that names two
/// expressions or says more than one (`happily surprised`, `not angry`).
pub(crate) fn read(text: &str) -> Option<Expression> {
    if ["no expression", "no emotion", "no_expression", "no_emotion"].contains(&text.trim().to_lowercase().as_str()) {
        return Some(Neutral);
    }
    let mut meant = None;
    for token in text.split(|c: char| !c.is_alphabetic()).filter(|token| !token.is_empty()) {
        let word = token.to_lowercase();
        if FILLERS.contains(&word.as_str()) {
            continue;
        }
        let expression = look_up(&WORDS, &word).or_else(|| look_up(&CODES, token))?;
        if meant.is_some_and(|before| before != expression) {
            return None;
        }
        meant = Some(expression);
    }
    meant
}

fn look_up(table: &[(Expression, &[&str])], word: &str) -> Option<Expression> {
    table.iter().find(|(_, words)| words.contains(&word)).map(|(expression, _)| *expression)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_that_circulate_are_read() {
        let cases = [
            ("Happy", Happiness),
            ("0_anger", Anger),
            ("anger_1", Anger),
            ("01-angry", Anger),
            ("1 - Disgust", Disgust),
            ("AN", Anger),
            ("AF", Fear),
            ("SAD", Sadness),
            ("angry_faces", Anger),
            ("emotion_fear", Fear),
            ("happy (joy)", Happiness),
            ("Überraschung", Surprise),
            ("tristesse", Sadness),
            ("生气", Anger),
            ("no expression", Neutral),
            (" neutral ", Neutral),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_expression_or_more_than_one_is_not_read() {
        for text in ["an", "danger", "happily surprised", "not angry", "sad_angry", "S001", "0", "", "faces", "suprise"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn no_word_stands_for_two_expressions() {
        for table in [&WORDS, &CODES] {
            for (expression, words) in table {
                for word in *words {
                    assert_eq!(look_up(table, word), Some(*expression), "{word}");
                }
            }
        }
    }
}
