//! What a folder's name says of its kind: a split, a person, a group of pictures.
//!
//! In: one name. Out: yes or no. Does not look at other folders; `levels.rs` does.

/// Words of folders that divide a database without saying what a picture shows.
const SPLITS: [&str; 37] = [
    "train",
    "training",
    "trainset",
    "test",
    "testing",
    "testset",
    "val",
    "valid",
    "validation",
    "valset",
    "dev",
    "eval",
    "evaluation",
    "publictest",
    "privatetest",
    "holdout",
    "fold",
    "folds",
    "split",
    "splits",
    "set",
    "subset",
    "part",
    "parts",
    "partition",
    "batch",
    "chunk",
    "shard",
    "image",
    "images",
    "img",
    "imgs",
    "pictures",
    "photos",
    "faces",
    "data",
    "dataset",
];

/// Words that stand beside the word of a split: `public test`, `cropped_images`, `Set A` (a single letter, too).
const BESIDE: [&str; 15] = [
    "public", "private", "original", "aligned", "crop", "cropped", "gray", "grey", "rgb", "color", "colour", "full",
    "final", "all", "new",
];

/// Words of folders that group pictures by something else than whose they are.
const GROUPS: [&str; 38] = [
    "male", "female", "men", "women", "man", "woman", "boys", "girls", "young", "old", "adults", "children", "frontal",
    "front", "left", "right", "profile", "straight", "strong", "weak", "dark", "low", "medium", "high", "mild", "real",
    "fake", "vl", "ni", "session", "camera", "view", "light", "clip", "seq", "sequence", "video", "take",
];

/// What a person's number stands behind: `S010`, `sub-01`, `subject_3`, `M12`.
const PERSONS: [&str; 19] = [
    "s",
    "p",
    "f",
    "m",
    "w",
    "id",
    "sub",
    "subj",
    "subject",
    "subjects",
    "person",
    "participant",
    "actor",
    "user",
    "identity",
    "speaker",
    "proband",
    "vp",
    "sn",
];

/// Whether a folder divides a database into parts: `train`, `valid`, `train_set`, `fold_1`, `Set A`, `images`, `part1`.
pub(crate) fn is_split(name: &str) -> bool {
    let words = words(name);
    let is_part = |word: &String| SPLITS.contains(&word.as_str());
    words.iter().any(is_part)
        && words.iter().all(|w| is_part(w) || w.chars().count() == 1 || BESIDE.contains(&w.as_str()))
}

/// Whether a folder holds pictures of a kind (a light, a view, a sequence, a part) rather than of a person.
pub(crate) fn is_group(name: &str) -> bool {
    words(name).iter().any(|word| {
        GROUPS.contains(&word.as_str())
            || SPLITS.contains(&word.as_str())
            || ["train", "test"].iter().any(|split| word.starts_with(split))
    })
}

/// Whether a name is a person's number as databases give them: `S010`, `sub-01`, `subject_3`.
pub(crate) fn is_person_number(name: &str) -> bool {
    let words = words(name);
    words.len() == 1 && PERSONS.contains(&words[0].as_str()) && name.chars().any(|c| c.is_ascii_digit())
}

/// Whether a name is a number and nothing else.
pub(crate) fn is_number(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_digit())
}

/// The words of a name in lower case; digits and signs part them.
fn words(name: &str) -> Vec<String> {
    name.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_parts_are_splits_in_any_case() {
        let splits = [
            "train",
            "VAL",
            "Valid",
            "test",
            "train_set",
            "fold_1",
            "Fold3",
            "Set A",
            "images",
            "Set_B",
            "part1",
            "PublicTest",
            "test-public",
            "cropped_images",
            "data",
            "split 2",
            "test (48x48)",
        ];
        for name in splits {
            assert!(is_split(name), "{name}");
        }
        for name in ["anger", "S001", "001", "A", "x", "training day", "settlers", "photo-shoot", "private"] {
            assert!(!is_split(name), "{name}");
        }
    }

    #[test]
    fn persons_are_told_from_groups() {
        for (name, person, group) in [
            ("S010", true, false),
            ("sub-01", true, false),
            ("subject_3", true, false),
            ("class_3", false, false),
            ("anna", false, false),
            ("s", false, false),
            ("session1", false, true),
            ("Strong", false, true),
            ("train_images_v2", false, true),
            ("seq_01", false, true),
        ] {
            assert_eq!((is_person_number(name), is_group(name)), (person, group), "{name}");
        }
    }
}
