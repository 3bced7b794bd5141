//! The expression that a picture's prompt asks for: from the file itself, or from a text beside it.
//!
//! In: a picture's path. Out: an expression, or a sentence that says why the prompt gives none: two expressions, a
//! negated one, or none at all. Never guesses.

use std::path::Path;

use howfar_face::{Expression, files};
use serde_json::Value;

use crate::metadata::texts;

/// Longest text beside a picture, in bytes.
const LONGEST: u64 = 1 << 20;
/// Words of a prompt in a sentence.
const SHOWN: usize = 100;

/// Words of prompts; adjectives and nouns of the databases' vocabulary are known to [`Expression::from_word`].
const WORDS: [(Expression, &[&str]); 7] = [
    (Expression::Anger, &["angrily", "furious", "rage", "raging", "enraged", "irate", "outraged"]),
    (Expression::Disgust, &["disgusting", "revolted", "revulsion", "repulsed", "grossed"]),
    (Expression::Fear, &["frightened", "terrified", "terror", "horrified", "fearfully", "scary"]),
    (
        Expression::Happiness,
        &[
            "happily",
            "joyful",
            "smile",
            "smiles",
            "smiling",
            "laugh",
            "laughs",
            "laughing",
            "laughter",
            "grin",
            "grinning",
            "cheerful",
            "delighted",
            "joyous",
        ],
    ),
    (
        Expression::Sadness,
        &["sadly", "crying", "cries", "tearful", "weeping", "sorrow", "sorrowful", "unhappy", "depressed", "grieving"],
    ),
    (Expression::Surprise, &["astonished", "amazed", "shocked", "startled", "astonishment"]),
    (Expression::Neutral, &["expressionless"]),
];
const CONTEMPT: [&str; 5] = ["scornful", "scorn", "disdain", "disdainful", "sneering"];
/// Words that turn the next ones round.
const NEGATIONS: [&str; 9] = ["no", "not", "without", "never", "non", "isn", "doesn", "neither", "nor"];
/// What may be neutral beside a face.
const THINGS: [&str; 14] = [
    "background",
    "backdrop",
    "light",
    "lighting",
    "color",
    "colors",
    "colour",
    "colours",
    "gray",
    "grey",
    "tone",
    "tones",
    "clothing",
    "wall",
];

/// What a picture was made from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Prompt {
    /// What it was to show.
    wanted: String,
    /// What it was not to show.
    unwanted: String,
}

/// The expression that a picture's prompt asks for.
pub(crate) fn prompted_expression(path: &Path) -> Result<Expression, String> {
    let prompt = find_prompt(path).ok_or("no prompt is in the file or beside it")?;
    expression_of(&prompt)
}

fn expression_of(prompt: &Prompt) -> Result<Expression, String> {
    let shown = |text: &str| {
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let cut: String = line.chars().take(SHOWN).collect();
        if cut.len() < line.len() { format!("\"{cut}…\"") } else { format!("\"{cut}\"") }
    };
    let wanted = expressions_in(&prompt.wanted)
        .map_err(|word| format!("the prompt negates {word}: {}", shown(&prompt.wanted)))?;
    // A negative prompt is full of words that say nothing of the face, negated or not.
    let unwanted = expressions_in(&prompt.unwanted).unwrap_or_default();
    match wanted.as_slice() {
        [] => Err(format!("the prompt names no expression: {}", shown(&prompt.wanted))),
        [(expression, _)] if unwanted.iter().any(|(other, _)| other == expression) => {
            Err(format!("the negative prompt names {expression}, too: {}", shown(&prompt.unwanted)))
        }
        [(expression, _)] => Ok(*expression),
        several => {
            let words: Vec<&str> = several.iter().map(|(_, word)| word.as_str()).collect();
            Err(format!("the prompt names {}: {}", words.join(" and "), shown(&prompt.wanted)))
        }
    }
}

/// The different expressions of a text with the first word for each; the error is a word that is negated.
fn expressions_in(text: &str) -> Result<Vec<(Expression, String)>, String> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).collect();
    let mut expressions: Vec<(Expression, String)> = Vec::new();
    for (i, word) in words.iter().enumerate() {
        let Some(expression) = expression_of_word(word) else { continue };
        let next = words.get(i + 1).copied().unwrap_or_default();
        if expression == Expression::Neutral && THINGS.contains(&next) {
            continue;
        }
        if words.iter().take(i).rev().take(3).any(|before| NEGATIONS.contains(before)) {
            return Err(format!("\"{word}\""));
        }
        if !expressions.iter().any(|(known, _)| *known == expression) {
            expressions.push((expression, (*word).to_owned()));
        }
    }
    Ok(expressions)
}

fn expression_of_word(word: &str) -> Option<Expression> {
    Expression::from_word(word)
        .or_else(|| WORDS.into_iter().find(|(_, words)| words.contains(&word)).map(|(expression, _)| expression))
        .or_else(|| CONTEMPT.contains(&word).then_some(Expression::Contempt))
}

/// From PNG's texts or EXIF, else from a text or JSON of the same name beside the picture.
fn find_prompt(path: &Path) -> Option<Prompt> {
    let texts = texts(path);
    let named = |name: &str| texts.iter().find(|t| t.name == name).map(|t| t.text.as_str());
    let in_file = named("parameters")
        .map(of_parameters)
        .or_else(|| ["prompt", "invokeai_metadata", "sd-metadata"].into_iter().find_map(|name| of_text(named(name)?)))
        .or_else(|| ["usercomment", "imagedescription", "description"].into_iter().find_map(|n| of_text(named(n)?)));
    let beside = |ending: &str| {
        let bytes = files::read_at_most(&path.with_extension(ending), LONGEST).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    };
    in_file.or_else(|| of_text(&beside("txt")?)).or_else(|| of_text(&beside("json")?))
}

/// JSON of a generator, or the prompt itself.
fn of_text(text: &str) -> Option<Prompt> {
    match serde_json::from_str::<Value>(text) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => of_json(&value),
        _ => Some(of_parameters(text)).filter(|prompt| !prompt.wanted.trim().is_empty()),
    }
}

/// As the web UI writes it: the prompt, `Negative prompt: …`, `Steps: …`.
fn of_parameters(text: &str) -> Prompt {
    let is_setting = |line: &str| line.starts_with("Steps: ");
    let (wanted, rest) = text.split_once("Negative prompt:").unwrap_or((text, ""));
    let until_settings = |part: &str| part.lines().take_while(|l| !is_setting(l.trim())).collect::<Vec<_>>().join("\n");
    Prompt { wanted: until_settings(wanted), unwanted: until_settings(rest) }
}

fn of_json(value: &Value) -> Option<Prompt> {
    let text = |names: &[&str]| names.iter().find_map(|name| value.get(name)?.as_str()).map(str::to_owned);
    if let Some(wanted) = text(&["prompt", "positive_prompt", "caption", "text", "description"]) {
        let unwanted = text(&["negative_prompt", "uc", "negative"]).unwrap_or_default();
        return Some(Prompt { wanted, unwanted });
    }
    if let Some(inner) = value.get("image").filter(|inner| inner.is_object()) {
        return of_json(inner);
    }
    of_graph(value)
}

/// A graph of ComfyUI: samplers name the nodes of the wanted and the unwanted text.
fn of_graph(graph: &Value) -> Option<Prompt> {
    let nodes = graph.as_object()?;
    let text_of = |node: &Value, input: &str| {
        let mut texts = Vec::new();
        collect_texts(graph, node.get("inputs")?.get(input)?, 0, &mut texts);
        Some(texts.join("\n"))
    };
    let sampler = nodes.values().find(|node| node.pointer("/inputs/positive").is_some());
    if let Some(node) = sampler {
        let wanted = text_of(node, "positive")?;
        return Some(Prompt { wanted, unwanted: text_of(node, "negative").unwrap_or_default() });
    }
    // Samplers of other kinds take a guider, which has one text.
    let mut texts = Vec::new();
    for node in nodes.values() {
        let class = node.get("class_type").and_then(Value::as_str).unwrap_or_default();
        if class.starts_with("CLIPTextEncode") {
            collect_texts(graph, node.get("inputs")?, 0, &mut texts);
        }
    }
    (texts.len() == 1).then(|| Prompt { wanted: texts.concat(), unwanted: String::new() })
}

/// The texts that an input of a node leads to.
fn collect_texts(graph: &Value, input: &Value, depth: usize, texts: &mut Vec<String>) {
    if depth > 16 {
        return;
    }
    match input {
        // `["6", 0]`: the first output of node 6.
        Value::Array(link) => {
            let node = link.first().and_then(Value::as_str).and_then(|id| graph.get(id));
            if let Some(inputs) = node.and_then(|node| node.get("inputs")) {
                collect_texts(graph, inputs, depth + 1, texts);
            }
        }
        Value::Object(inputs) => {
            for (name, value) in inputs {
                let is_text = ["text", "text_g", "text_l", "clip_l", "t5xxl", "prompt", "string", "value"];
                match value {
                    Value::String(text) if is_text.contains(&name.as_str()) && !texts.contains(text) => {
                        texts.push(text.clone());
                    }
                    Value::Array(_) if !["clip", "model", "vae"].contains(&name.as_str()) => {
                        collect_texts(graph, value, depth + 1, texts);
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Result<Expression, String> {
        expression_of(&of_text(text).ok_or("nothing")?)
    }

    #[test]
    fn one_expression_in_a_prompt_is_the_label() {
        for (text, expression) in [
            ("portrait of a furious man, (angry:1.3), 50mm", Expression::Anger),
            ("a smiling woman, neutral background", Expression::Happiness),
            ("neutral expression, studio", Expression::Neutral),
            ("scared child\nNegative prompt: blurry, smile\nSteps: 20, Model: happy-v2", Expression::Fear),
            (r#"{"prompt": "an astonished face", "seed": 7}"#, Expression::Surprise),
        ] {
            assert_eq!(said(text), Ok(expression), "{text}");
        }
    }

    #[test]
    fn what_a_prompt_leaves_open_is_not_guessed() {
        for (text, why) in [
            ("a happy man and a sad woman", "happy and sad"),
            ("portrait, no smile", "negates \"smile\""),
            ("she is not at all angry", "negates \"angry\""),
            ("a man in the rain", "names no expression: \"a man in the rain\""),
            ("a man\nNegative prompt: angry", "names no expression"),
            ("an angry man\nNegative prompt: angry, blurry", "negative prompt names anger"),
        ] {
            assert!(said(text).is_err_and(|what| what.contains(why)), "{text}: {:?}", said(text));
        }
    }

    #[test]
    fn a_graph_of_comfyui_is_followed_from_its_sampler() {
        let graph = r#"{
            "3": {"class_type": "KSampler", "inputs": {"seed": 1, "model": ["4", 0],
                "positive": ["6", 0], "negative": ["7", 0]}},
            "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "happy.safetensors"}},
            "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a terrified face", "clip": ["4", 1]}},
            "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "smile, text", "clip": ["4", 1]}}}"#;
        let prompt = of_text(graph).unwrap();
        assert_eq!((prompt.wanted.as_str(), prompt.unwanted.as_str()), ("a terrified face", "smile, text"));
        assert_eq!(expression_of(&prompt), Ok(Expression::Fear));
    }

    #[test]
    fn a_loop_in_a_graph_ends() {
        let graph = r#"{"3": {"inputs": {"positive": ["6", 0]}}, "6": {"inputs": {"conditioning": ["6", 0]}}}"#;
        assert!(expression_of(&of_text(graph).unwrap_or_default()).is_err());
    }
}
