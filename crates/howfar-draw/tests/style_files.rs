//! Style files of one's own: bases, every kind of mistake with its line, and limits within which a face is drawn.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use howfar_draw::{
    FaceSpec, HeadModel, KeyKind, STYLE_KEYS, STYLE_NAMES, Style, draw_face, style_key_table, style_schema,
};
use howfar_face::{Expression, FaultKind, Lineage};

/// Mistakes in a file of four lines and this: what the message must say.
struct Case {
    name: &'static str,
    text: &'static str,
    answers: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case {
        name: "above its range",
        text: "[tone]\n\nblur_px = [0.1, 0.5]\nnoise_levels = [0.0, 99.0]\n",
        answers: &[
            "my.toml, line 8: `tone.noise_levels`: 99.0 is above 60",
            "found     noise_levels = [0.0, 99.0]",
            "expected  [lower, upper], both from 0 to 60 (gray levels)",
        ],
    },
    Case {
        name: "below its range",
        text: "[hair]\nbald_share = -0.1\n",
        answers: &["line 6: `hair.bald_share` is below 0", "found     bald_share = -0.1", "a number from 0 to 1"],
    },
    Case {
        name: "a negative spread in an inline table",
        text: "[camera]\nyaw_deg = { mean = 3,\n  sd = -1 }\n",
        answers: &[
            "line 7: `camera.yaw_deg.sd`: -1 is below 0",
            "found     yaw_deg = { mean = 3, …",
            "sd from 0 to 20",
        ],
    },
    Case {
        name: "not a number",
        text: "[light]\nambient = [nan, 1.0]\n",
        answers: &["line 6: `light.ambient`: nan is not a finite number"],
    },
    Case {
        name: "ends in the wrong order",
        text: "[light]\nambient = [0.6, 0.2]\n",
        answers: &["line 6: `light.ambient` has its ends in the wrong order", "found     ambient = [0.6, 0.2]"],
    },
    Case {
        name: "three ends",
        text: "[light]\nambient = [0.1, 0.2, 0.3]\n",
        answers: &["line 6: `light.ambient` has 3 numbers instead of two"],
    },
    Case {
        name: "an unknown key",
        text: "[tone]\ngama = [0.7, 1.0]\n",
        answers: &["line 6: unknown key `gama` under [tone]", "hint: did you mean `gamma`?"],
    },
    Case {
        name: "a key under the wrong heading",
        text: "[light]\ngamma = [0.7, 1.0]\n",
        answers: &["line 6: unknown key `gamma` under [light]", "hint: `gamma` stands under [tone]"],
    },
    Case {
        name: "an unknown heading",
        text: "[tones]\n",
        answers: &["line 5: unknown key `tones` at the top", "`tone`?"],
    },
    Case {
        name: "a text instead of a range",
        text: "[tone]\ngamma = \"steep\"\n",
        answers: &[
            "line 6: `tone.gamma` is a text",
            "found     gamma = \"steep\"",
            "[lower, upper], both from 0.2 to 4",
        ],
    },
    Case {
        name: "a number instead of a distribution",
        text: "[shape]\nnose_width = 1.0\n",
        answers: &["line 6: `shape.nose_width` is a single number", "{ mean, sd }, mean from 0.7 to 1.4"],
    },
    Case {
        name: "a key that a distribution does not have",
        text: "[shape]\nnose_width = { means = 1.0 }\n",
        answers: &["line 6: unknown key `means` in `shape.nose_width`", "did you mean `mean`?"],
    },
    Case { name: "an unknown word", text: "[shape]\n[tone]\n", answers: &[] },
    Case {
        name: "not TOML",
        text: "[tone]\ngamma = [0.7,\n",
        answers: &["my.toml, line", "not TOML", "hint: `howfar style show studio`"],
    },
    Case {
        name: "an unknown action unit, three lines into a list",
        text: "[acting.expressions]\nfear = [\n  { au = 1, probability = 1.0, intensity = [0.5, 1.0] },\n  \
               { au = 3, probability = 1.0, intensity = [0.5, 1.0] },\n]\n",
        answers: &[
            "line 8: `acting.expressions.fear.au` is an unknown action unit",
            "found     au = 3",
            "one of 1, 2, 4",
        ],
    },
    Case {
        name: "an intensity above its range",
        text: "[acting.expressions]\nfear = [\n  { au = 1, probability = 1.0, intensity = [0.5, 1.9] },\n]\n",
        answers: &["line 7: `acting.expressions.fear.intensity`: 1.9 is above 1.5", "found     intensity = [0.5, 1.9]"],
    },
    Case {
        name: "a substitute's mistake",
        text: "[acting.expressions]\nfear = [{ au = 1, probability = 1, intensity = [0, 1],\n  \
               otherwise = { au = 2, intensity = [0, -1] } }]\n",
        answers: &["line 7: `acting.expressions.fear.otherwise.intensity`: -1 is below 0"],
    },
    Case {
        name: "an action without its probability",
        text: "[acting.expressions]\nfear = [\n  { au = 1, intensity = [0.5, 1.0] },\n]\n",
        answers: &[
            "line 7: `acting.expressions.fear`: an action has no `probability`",
            "probability = a number from 0 to 1",
        ],
    },
    Case {
        name: "an unknown expression",
        text: "[acting.expressions]\nfeer = []\n",
        answers: &["line 6: unknown key `feer` in `acting.expressions`", "did you mean `fear`?"],
    },
    Case {
        name: "a person without a database among those that a style was fitted to",
        text: "[fitted]\npeople = [\n  \"jaffe:KA\",\n  \"KL\",\n]\n",
        answers: &["line 8: `fitted.people`: \"KL\" is not one", "found     people = [ …", "\"database:person\" each"],
    },
    Case {
        name: "a content that is none",
        text: "[fitted]\ncontent = [\"a set\", 3]\n",
        answers: &[
            "line 6: `fitted.content`: \"a set\" is not one",
            "64 hexadecimal digits",
            "the first of 2 mistakes",
        ],
    },
    Case {
        name: "two mistakes",
        text: "[tone]\ngamma = [0.0, 1.0]\n[light]\nfill = 3\n",
        answers: &["line 6: `tone.gamma`: 0.0 is below 0.2 (the first of 2 mistakes)"],
    },
];

#[test]
fn every_mistake_is_told_with_its_line_what_was_found_and_what_is_allowed() {
    for Case { name, text, answers } in CASES {
        let text = format!("# mine\nname = \"mine\"\nbase = \"studio\"\nabout = \"a test\"\n{text}");
        let parsed = Style::parse(&text, "my.toml");
        if answers.is_empty() {
            assert!(parsed.is_ok(), "{name}: {parsed:?}");
            continue;
        }
        let fault = parsed.expect_err(name);
        assert_eq!(fault.kind(), FaultKind::Usage, "{name}");
        for answer in *answers {
            assert!(fault.to_string().contains(answer), "{name}: expected {answer:?} in\n{fault}");
        }
    }
}

#[test]
fn mistakes_at_the_top_are_told() {
    let whole = Style::embedded_text("studio").unwrap();
    let cases = [
        (
            "an unknown base",
            "name = \"a\"\nbase = \"stdio\"\n".to_owned(),
            "line 2: `base` is no embedded style",
            "\"studio\"?",
        ),
        ("no name", "base = \"studio\"\n".to_owned(), "line 1: `name` is missing", "name = \"my-style\""),
        (
            "a bad name",
            "name = \"a b\"\nbase = \"wild\"\n".to_owned(),
            "line 1: `name` is not a name",
            "letters, digits",
        ),
        ("no base", "name = \"a\"\n".to_owned(), "`about` is missing", "base = \"studio\""),
        ("a missing key", whole.replacen("wrap = ", "# ", 1), "`light.wrap` is missing", "both from 0 to 1"),
        ("a missing list", whole.replacen("neutral = []", "", 1), "`acting.expressions.neutral` is missing", "base ="),
        ("a word", whole.replacen("\"shared\"", "\"alone\"", 1), "`session` is none of its words", "\"each-picture\""),
    ];
    for (name, text, what, answer) in cases {
        let fault = Style::parse(&text, "my.toml").expect_err(name).to_string();
        assert!(fault.contains(what) && fault.contains(answer), "{name}: {fault}");
    }
}

#[test]
fn a_missing_key_is_told_at_its_heading() {
    let text = Style::embedded_text("studio").unwrap().replacen("wrap = ", "# ", 1);
    let line = 1 + text.lines().position(|l| l == "[light]").unwrap();
    let fault = Style::parse(&text, "my.toml").unwrap_err();
    assert!(fault.place().ends_with(&format!("line {line}")), "{fault}");
}

#[test]
fn a_partial_file_takes_the_rest_from_its_base() {
    let text = "name = \"mine\"\nbase = \"wild\"\n[camera]\nyaw_deg = { sd = 1 }\n\
                [acting.expressions]\nfear = [{ au = 5, probability = 1, intensity = [1, 1] }]\n";
    let (style, wild) = (Style::from_toml(text).unwrap(), Style::named("wild").unwrap());
    assert_eq!((style.camera.yaw_deg.mean, style.camera.yaw_deg.sd), (wild.camera.yaw_deg.mean, 1.0));
    assert_eq!(style.camera.pitch_deg, wild.camera.pitch_deg);
    assert_eq!(style.tone, wild.tone);
    assert_eq!(style.acting.expressions[&Expression::Fear].len(), 1);
    assert_eq!(style.acting.expressions[&Expression::Anger], wild.acting.expressions[&Expression::Anger]);
}

#[test]
fn whom_a_style_was_fitted_to_stays_in_its_file_through_every_hand() {
    let style = fitted();
    let text = style.to_toml().unwrap();
    assert!(text.contains("\n[fitted]\npeople = [\n    \"jaffe:KA\",\n    \"jaffe:KL\",\n]\n"), "{text}");
    assert_eq!(Style::from_toml(&text).unwrap(), style);
    // Somebody turns the light and writes the file anew.
    let edited = Style::from_toml(&text.replacen("ambient = [", "ambient = [0.0, 0.0] # was [", 1)).unwrap();
    assert_ne!(edited.light, style.light);
    assert_eq!(Style::from_toml(&edited.to_toml_with("mine").unwrap()).unwrap().fitted, style.fitted);
    // A comment is a text of the style, which may hold what TOML allows in no comment.
    let about = Style { about: "old\rlines, a bell\u{7}\tand a tab".to_owned(), ..edited };
    let written = about.to_toml().unwrap();
    assert!(written.starts_with("# old lines, a bell \tand a tab\n"), "{written}");
    assert_eq!(Style::from_toml(&written).unwrap(), about);
    // A partial file keeps what it says, and says nothing where it does not.
    let table = &text[text.find("[fitted]").unwrap()..];
    let partial = format!("name = \"mine\"\nbase = \"wild\"\n{table}");
    assert_eq!(Style::from_toml(&partial).unwrap().fitted, style.fitted);
    let people_alone = "name = \"mine\"\nbase = \"wild\"\n[fitted]\npeople = [\"db:p\"]\n";
    assert_eq!(Style::from_toml(people_alone).unwrap().fitted.people.len(), 1);
    assert!(Style::from_toml("name = \"mine\"\nbase = \"wild\"\n").unwrap().fitted.is_empty());
}

#[test]
fn a_style_that_an_older_fit_style_wrote_is_read_and_known() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, head: &str| {
        let file = folder.path().join(name).display().to_string();
        let style = Style { name: "like".to_owned(), fitted: Lineage::default(), ..fitted() };
        std::fs::write(&file, format!("{head}{}", style.to_toml().unwrap())).unwrap();
        (Style::find("--style", &file).unwrap(), file)
    };
    for (head, is_fitted) in
        [("# Fitted by howfar fit-style 0.1.0 to the face set jaffe.\n", true), ("# Mine.\n", false), ("", false)]
    {
        let (style, file) = write("like.toml", head);
        assert!(style.fitted.is_empty());
        assert_eq!(style.is_fitted_without_a_trace(&file), is_fitted, "{head}");
    }
    assert!(!Style::named("wild").unwrap().is_fitted_without_a_trace("wild"));
}

#[test]
fn embedded_styles_pass_their_own_check_and_are_found_by_name() {
    for name in STYLE_NAMES {
        let style = Style::find("--style", name).unwrap();
        assert_eq!(Style::from_toml(Style::embedded_text(name).unwrap()).unwrap(), style);
    }
    let fault = Style::find("--style", "studoi").unwrap_err().to_string();
    assert!(fault.contains("did you mean studio?") && fault.contains("FILE.toml"), "{fault}");
}

#[test]
fn another_style_may_not_take_an_embedded_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("studio.toml");
    let text = Style::embedded_text("studio").unwrap();
    std::fs::write(&file, text).unwrap();
    assert_eq!(Style::read(&file).unwrap(), Style::named("studio").unwrap());
    std::fs::write(&file, text.replacen("asymmetry = 0.1", "asymmetry = 0.2", 1)).unwrap();
    let fault = Style::read(&file).unwrap_err().to_string();
    assert!(fault.contains("that of an embedded style") && fault.contains("my-studio"), "{fault}");
}

/// Fitted to the pictures of two people.
fn fitted() -> Style {
    let people = ["jaffe:KA", "jaffe:KL"].map(|person| person.parse().unwrap()).into();
    let fitted = Lineage { people, content: ["5e".repeat(32)].into() };
    Style { name: "like-jaffe".to_owned(), fitted, ..Style::named("studio").unwrap() }
}

/// `table.key` of every leaf of the struct but the expressions.
fn keys_of_the_struct() -> Vec<String> {
    let table = toml::Table::try_from(fitted()).unwrap();
    let mut keys = Vec::new();
    for (name, value) in &table {
        match value {
            toml::Value::Table(inner) => keys.extend(inner.keys().map(|k| format!("{name}.{k}"))),
            _ => keys.push(name.clone()),
        }
    }
    keys.retain(|k| k != "acting.expressions");
    keys.sort();
    keys
}

#[test]
fn the_table_of_keys_has_every_key_of_a_style_once() {
    let mut table: Vec<String> = STYLE_KEYS.iter().map(|k| k.path.to_owned()).collect();
    table.sort();
    assert_eq!(table, keys_of_the_struct(), "a key that is added to `Style` gets its row in style_key.rs");
}

#[test]
fn the_documents_table_is_the_one_of_the_code() {
    let page = include_str!("../../../docs/styles.md");
    let begin = page.find("| key |").unwrap();
    let table: String =
        page[begin..].lines().take_while(|line| line.starts_with('|')).map(|line| format!("{line}\n")).collect();
    assert!(table == style_key_table(), "put this into docs/styles.md:\n{}", style_key_table());
}

#[test]
fn a_face_is_drawn_at_every_end_of_every_range() {
    for key in STYLE_KEYS {
        let ends: Vec<String> = match key.kind {
            KeyKind::Number(limits) => [limits.0, limits.1].map(|v| v.to_string()).to_vec(),
            KeyKind::Uniform(limits) => [limits.0, limits.1].map(|v| format!("[{v}, {v}]")).to_vec(),
            KeyKind::TruncatedNormal { mean, sd } => {
                [mean.0, mean.1].map(|m| format!("{{ mean = {m}, sd = {} }}", sd.1)).to_vec()
            }
            _ => continue,
        };
        for end in ends {
            let text = format!("name = \"x\"\nbase = \"wild\"\n[{}]\n{} = {end}\n", key.table(), key.name());
            let style = Style::from_toml(&text).unwrap_or_else(|fault| unreachable!("{fault}"));
            for person in 0..2 {
                let face = draw_face(HeadModel::shared(), &style, 1, &FaceSpec::full(person, Expression::Surprise), 32);
                let numbers = face.landmarks.iter().chain(&face.pose).chain(&face.light);
                assert!(numbers.into_iter().all(|v| v.is_finite()), "{}", text);
                assert!(face.pixels.iter().any(|p| *p != face.pixels[0]), "an empty picture: {text}");
            }
        }
    }
}

#[test]
fn the_schema_of_style_files_is_the_one_that_the_document_folder_has() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/style.schema.json");
    let written: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(written, style_schema(), "`howfar style show --schema > docs/style.schema.json` writes it anew");
    let properties = &written["properties"];
    for key in STYLE_KEYS {
        let of_table = if key.table().is_empty() { properties } else { &properties[key.table()]["properties"] };
        assert!(of_table[key.name()]["description"].is_string(), "{}", key.path);
    }
}
