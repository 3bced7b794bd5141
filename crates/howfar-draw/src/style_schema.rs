//! The JSON schema of style files, which editors check them by.
//!
//! In: the table of keys. Out: a schema (draft 2020-12). `docs/style.schema.json` is its text.

use howfar_face::Expression;
use serde_json::{Map, Value, json};

use crate::action_units::NUMBERS;
use crate::embedded_styles::STYLE_NAMES;
use crate::style_key::{ACTION_KEYS, KeyKind, Limits, STYLE_KEYS, SUBSTITUTE_KEYS, StyleKey};

/// What a style file may say. Every number's limits stand in it; that the lower end of a range is not above the upper
/// one, no schema can say.
pub fn style_schema() -> Value {
    let mut top = Map::new();
    let base = "an embedded style that fills in what is left out";
    top.insert("base".to_owned(), json!({ "enum": STYLE_NAMES, "description": base }));
    let mut needed: Vec<&str> = Vec::new();
    for key in STYLE_KEYS.iter().filter(|key| key.table().is_empty()) {
        top.insert(key.name().to_owned(), of_key(key));
        needed.push(key.name());
    }
    let mut tables: Vec<&str> = STYLE_KEYS.iter().map(StyleKey::table).filter(|table| !table.is_empty()).collect();
    tables.dedup();
    for table in tables {
        let keys = STYLE_KEYS.iter().filter(|key| key.table() == table);
        let mut properties: Map<String, Value> = keys.map(|key| (key.name().to_owned(), of_key(key))).collect();
        if table == "acting" {
            properties.insert("expressions".to_owned(), expressions());
        }
        if properties.keys().any(|name| !is_optional(table, name)) {
            needed.push(table);
        }
        top.insert(table.to_owned(), object(properties));
    }
    let whole: Map<String, Value> = needed
        .iter()
        .filter_map(|name| {
            let inner = top[*name]["properties"].as_object()?;
            let keys: Vec<&String> = inner.keys().filter(|key| !is_optional(name, key)).collect();
            Some(((*name).to_owned(), json!({ "required": keys })))
        })
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "howfar style file (docs/styles.md)",
        "type": "object",
        "additionalProperties": false,
        "properties": top,
        "required": ["name"],
        "anyOf": [
            { "required": ["base"] },
            { "required": needed, "properties": whole },
        ],
    })
}

fn is_optional(table: &str, name: &str) -> bool {
    let path = format!("{table}.{name}");
    STYLE_KEYS.iter().any(|key| key.path == path && key.is_optional())
}

fn object(properties: Map<String, Value>) -> Value {
    let properties = Value::Object(properties);
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

fn expressions() -> Value {
    let properties = ACTION_KEYS.iter().map(|key| (key.name().to_owned(), of_key(key))).collect();
    let mut action = object(properties);
    let needed = ACTION_KEYS.iter().filter(|key| !key.is_optional()).map(StyleKey::name).collect::<Vec<_>>();
    action["required"] = json!(needed);
    let list = json!({ "type": "array", "items": action });
    object(Expression::ALL.map(|expression| (expression.name().to_owned(), list.clone())).into_iter().collect())
}

/// A 32-bit limit as people write it.
fn written(limit: f32) -> Value {
    json!(limit.to_string().parse::<f64>().unwrap_or_default())
}

fn number(Limits(low, high): Limits) -> Value {
    json!({ "type": "number", "minimum": written(low), "maximum": written(high) })
}

fn of_key(key: &StyleKey) -> Value {
    let mut schema = match key.kind {
        KeyKind::Text if key.path == "name" => json!({ "type": "string", "pattern": "^[A-Za-z0-9-]+$" }),
        KeyKind::Text => json!({ "type": "string" }),
        KeyKind::Word(words) => json!({ "enum": words }),
        KeyKind::Flag => json!({ "type": "boolean" }),
        KeyKind::ActionUnit => json!({ "enum": NUMBERS }),
        KeyKind::Number(limits) => number(limits),
        KeyKind::Uniform(limits) => {
            json!({ "type": "array", "items": number(limits), "minItems": 2, "maxItems": 2 })
        }
        KeyKind::TruncatedNormal { mean, sd } => {
            let properties = [("mean".to_owned(), number(mean)), ("sd".to_owned(), number(sd))].into_iter().collect();
            // With a base one of them may be left out.
            object(properties)
        }
        KeyKind::Substitute => {
            let properties = SUBSTITUTE_KEYS.iter().map(|key| (key.name().to_owned(), of_key(key))).collect();
            let mut schema = object(properties);
            schema["required"] = json!(SUBSTITUTE_KEYS.iter().map(StyleKey::name).collect::<Vec<_>>());
            schema
        }
        KeyKind::People => json!({ "type": "array", "items": { "type": "string", "pattern": "^[^:]+:.+$" } }),
        KeyKind::Contents => json!({ "type": "array", "items": { "type": "string", "pattern": "^[0-9a-f]{64}$" } }),
    };
    let unit = if key.unit.is_empty() { String::new() } else { format!(" ({})", key.unit) };
    schema["description"] = json!(format!("{}{unit}", key.about));
    schema
}
