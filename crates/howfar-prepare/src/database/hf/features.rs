//! What a Hugging Face dataset says of its columns: which are pictures, which are classes, and the classes' names.
//!
//! In: the foot of a Parquet file, or `dataset_infos.json` or `README.md` of its folder. Out: names by column. Says
//! nothing where nothing is said.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

/// Descriptions longer than this are not read, in bytes.
const LONGEST: u64 = 64 << 20;

/// The columns of which something is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Features {
    /// Columns of pictures.
    pub images: BTreeSet<String>,
    /// The class names of columns that hold their numbers.
    pub names: BTreeMap<String, Vec<String>>,
}

impl Features {
    /// From the note `huggingface` in a file's foot, or from `dataset_infos.json`.
    pub fn of_json(text: &str) -> Self {
        let mut features = Features::default();
        if let Ok(value) = serde_json::from_str(text) {
            features.add_json(&value, 0);
        }
        features
    }

    /// From the description in a dataset's folder.
    pub fn of_folder(folder: &Path) -> Self {
        let read = |name: &str| {
            let bytes = howfar_face::files::read_at_most(&folder.join(name), LONGEST).ok()?;
            String::from_utf8(bytes).ok()
        };
        let of_json = |name: &str| read(name).map(|text| Self::of_json(&text));
        let of_card = || read("README.md").map(|text| Self::of_card(&text));
        let known = |features: &Self| *features != Self::default();
        of_json("dataset_infos.json")
            .filter(known)
            .or_else(|| of_json("dataset_info.json").filter(known))
            .or_else(of_card)
            .unwrap_or_default()
    }

    /// Datasets of several configurations have one description each: the first that speaks of a column counts.
    fn add_json(&mut self, value: &Value, depth: usize) {
        let Some(object) = value.as_object().filter(|_| depth < 4) else { return };
        let Some(features) = object.get("features").and_then(Value::as_object) else {
            object.values().for_each(|inner| self.add_json(inner, depth + 1));
            return;
        };
        for (column, feature) in features {
            match feature.get("_type").and_then(Value::as_str) {
                Some("Image") => {
                    self.images.insert(column.clone());
                }
                Some("ClassLabel") => {
                    let names = feature.get("names").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                    let names = names.iter().map(|name| name.as_str().unwrap_or_default().to_owned()).collect();
                    self.names.entry(column.clone()).or_insert(names);
                }
                _ => {}
            }
        }
    }

    /// From the head of a dataset card, which is YAML as `datasets` writes it: a line a column, a line a class name.
    pub fn of_card(text: &str) -> Self {
        let mut features = Features::default();
        let (mut column, mut in_names) = (String::new(), false);
        let mut lines = text.lines();
        if lines.next().map(str::trim_end) != Some("---") {
            return features;
        }
        for line in lines.take_while(|line| line.trim_end() != "---") {
            let line = line.trim();
            let (key, value) = line.split_once(':').map_or((line, ""), |(key, value)| (key.trim(), unquoted(value)));
            match key.trim_start_matches("- ") {
                "name" => (column, in_names) = (value.to_owned(), false),
                "dtype" if value == "image" => {
                    features.images.insert(column.clone());
                }
                "names" if value.is_empty() && !column.is_empty() => {
                    in_names = !features.names.contains_key(&column);
                    features.names.entry(column.clone()).or_default();
                }
                number if in_names && unquoted(number).parse::<usize>().is_ok() => {
                    features.names.entry(column.clone()).or_default().push(value.to_owned());
                }
                name if in_names && line.starts_with("- ") => {
                    features.names.entry(column.clone()).or_default().push(unquoted(name).to_owned());
                }
                _ => in_names = false,
            }
        }
        features
    }
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches(['"', '\''])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(names: &[&str]) -> Features {
        Features {
            images: ["image".to_owned()].into(),
            names: [("label".to_owned(), names.iter().map(|n| (*n).to_owned()).collect())].into(),
        }
    }

    #[test]
    fn class_names_are_found_wherever_datasets_writes_them() {
        let features = r#"{"image": {"_type": "Image"}, "label": {"names": ["angry", "sad"], "_type": "ClassLabel"}}"#;
        for text in [
            format!(r#"{{"info": {{"features": {features}}}}}"#),
            format!(r#"{{"default": {{"description": "", "features": {features}}}}}"#),
        ] {
            assert_eq!(Features::of_json(&text), expected(&["angry", "sad"]), "{text}");
        }
        let card = "---\ndataset_info:\n  features:\n  - name: image\n    dtype: image\n  - name: label\n    \
            dtype:\n      \
            class_label:\n        names:\n          '0': angry\n          '1': \"sad\"\n  splits:\n  - name: \
            train\n    \
            num_examples: 7\n---\n# Faces\nnames:\n- no\n";
        assert_eq!(Features::of_card(card), expected(&["angry", "sad"]));
        let list = card.replace("'0': ", "- ").replace("'1': ", "- ");
        assert_eq!(Features::of_card(&list), expected(&["angry", "sad"]));
    }

    #[test]
    fn nothing_is_made_of_other_texts() {
        for text in ["", "{", "[1]", "# Faces", "---\nlicense: mit\n---\n", "{\"features\": 3}"] {
            assert_eq!(Features::of_json(text), Features::default(), "{text}");
            assert_eq!(Features::of_card(text), Features::default(), "{text}");
        }
    }
}
