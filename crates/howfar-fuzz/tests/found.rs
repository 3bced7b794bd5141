//! What fuzzing has found in whole files, each with a place or two changed; what was found in the bytes of one format
//! is tested beside its reader.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use howfar_fuzz::target;

/// Target, what stands in its whole input, what stands there instead, and whether it is taken.
const FOUND: [(&str, &str, &str, bool); 6] = [
    // Pictures times epochs.
    ("finished-json", "\"n_training_pictures\":12", "\"n_training_pictures\":18446744073709551615", true),
    // A split and cells for every seed; none at all.
    ("plan-json", "\"seeds\": 2", "\"seeds\": 2147483648", false),
    ("plan-json", "\"seeds\": 2", "\"seeds\": 0", false),
    // A sum of three counts.
    ("plan-json", "\"train\": 4.0", "\"train\": 1e308", false),
    // A sum of faces; a record that is not believed is no error.
    ("unfinished-json", "\"n_faces\": 8", "\"n_faces\": 18446744073709551615", false),
    // A comment is written of it.
    ("style-toml", "about = \"", "about = \"a\\rb\\u0000", true),
];

#[test]
fn what_was_found_is_answered_in_words() {
    for (name, from, to, is_taken) in FOUND {
        let target = target(name).unwrap();
        let place = tempfile::tempdir().unwrap();
        let whole = String::from_utf8((target.seeds)(place.path()).unwrap().swap_remove(0)).unwrap();
        assert!(whole.contains(from), "{name} has no {from}: {whole}");
        let changed = whole.replace(from, to);
        assert_eq!((target.run)(place.path(), changed.as_bytes()), is_taken, "{name}: {to}");
    }
}
