//! What Python's `datasets` and its viewer read of a face set: features in the files' footers, a card beside them.
//!
//! In: the set's info. Out: texts. Writes nothing.

use crate::FaceSetInfo;
use crate::row::COLUMNS;

/// The dataset card's file in the set's folder.
pub(crate) const CARD_FILE: &str = "README.md";

/// The features as Python's `datasets` reads them from the footer of a bare Parquet file.
pub(crate) fn hugging_face_features(classes: &[String]) -> String {
    let mut features = serde_json::Map::new();
    for column in COLUMNS {
        let value = |dtype: &str| serde_json::json!({"_type": "Value", "dtype": dtype});
        let feature = match column.name() {
            "image" => serde_json::json!({"_type": "Image"}),
            "label" => serde_json::json!({"_type": "ClassLabel", "names": classes}),
            _ if column.is_list() => {
                serde_json::json!({"_type": "List", "feature": value("float32")})
            }
            _ => value("string"),
        };
        features.insert(column.name().to_owned(), feature);
    }
    serde_json::json!({"info": {"features": features}}).to_string()
}

/// What a card says to people: all but the features, of which another version may write others.
pub(crate) fn words_of_card(card: &str) -> &str {
    card.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")).map_or(card, |(_, words)| words)
}

/// The dataset card: YAML for the viewer, then words for people.
pub(crate) fn dataset_card(info: &FaceSetInfo) -> String {
    use std::fmt::Write;
    let mut card = String::from(
        "---\nlicense: other\nlicense_name: terms-of-its-databases\ntask_categories:\n- image-classification\n\
        configs:\n- config_name: default\n  data_files:\n  - split: train\n    path: data/train-*\n",
    );
    card.push_str(
        "dataset_info:\n  features:\n  - name: image\n    dtype: image\n  - name: label\n    dtype:\n      \
        class_label:\n        names:\n",
    );
    let mut line = |text: String| {
        card.push_str(&text);
        card.push('\n');
    };
    for (label, class) in info.classes.iter().enumerate() {
        line(format!("          '{label}': {class:?}"));
    }
    for column in COLUMNS.iter().filter(|column| !["image", "label"].contains(&column.name())) {
        let kind = if column.is_list() { "list: float32" } else { "dtype: string" };
        line(format!("  - name: {}\n    {kind}", column.name()));
    }
    line("---".to_owned());
    line(format!("\n# {}\n\n{} faces, prepared by howfar.\n", info.name, info.n_faces));
    for licence in &info.licences {
        let _ = writeln!(card, "- Terms of {}: {}", licence.database, licence.terms);
    }
    for caveat in &info.caveats {
        let _ = writeln!(card, "- Caveat: {caveat}");
    }
    card
}
