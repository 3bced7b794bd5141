//! What users write: study files, style files, settings of generators, words for places.

use std::path::PathBuf;

use howfar_draw::{STYLE_NAMES, Style};
use howfar_face::Fault;
use howfar_generate::{StarGanRecipe, StyleGan2Recipe, preset, settings};
use howfar_prepare::Source;
use howfar_protocol::Study;
use howfar_study::{places_in_words, places_of_words};

use crate::target::{Seeds, Target, is_taken};

/// A study file.
pub(crate) const STUDY: Target = Target::text(
    "study-toml",
    |_| Ok(studies()),
    |_, bytes| {
        is_taken(text(bytes).and_then(|text| {
            let study = Study::parse(text, "study.toml")?;
            // What is made of it before any face is read.
            let sets = ["a".to_owned(), "b".to_owned()];
            for track in study.tracks(&sets) {
                study.curve(&track);
                study.settings(track.recipe, track.network);
            }
            study.with_absolute_paths()?.with_generated(vec![PathBuf::from("more")]).largest_k();
            Ok(())
        }))
    },
);
/// A style file; what was read is written and read again.
pub(crate) const STYLE: Target = Target::text(
    "style-toml",
    |_| styles(),
    |_, bytes| {
        is_taken(text(bytes).and_then(|text| {
            let written = Style::parse(text, "my.toml")?.to_toml()?;
            Style::parse(&written, "written")
                .map(drop)
                .map_err(|fault| panic!("{fault}\nin what was written: {written}"))
        }))
    },
);
/// Settings of a StarGAN and of a StyleGAN2.
pub(crate) const GENERATOR_TOML: Target = Target::text(
    "generator-toml",
    |_| generator_settings(),
    |_, bytes| {
        let read = |text| {
            let of_faces = is_taken(settings::<StarGanRecipe>(text, "settings.toml"));
            is_taken(settings::<StyleGan2Recipe>(text, "settings.toml")) || of_faces
        };
        text(bytes).is_ok_and(read)
    },
);
/// Words of the command line: sources, places of cells.
pub(crate) const WORDS: Target = Target::text(
    "words",
    |_| Ok(words()),
    |_, bytes| {
        text(bytes).is_ok_and(|text| {
            let places = places_of_words(text);
            let is_places = places.is_some();
            if let Some(places) = places.filter(|places| places.len() < 10_000) {
                places_of_words(&places_in_words(&places)).expect("what we write is read");
            }
            is_taken(Source::parse(text)) || is_places
        })
    },
);

fn text(bytes: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(bytes).map_err(|e| Fault::usage("a file", e.to_string()))
}

fn studies() -> Vec<Vec<u8>> {
    let minimal = "name = \"a\"\n[real]\nsets = [\"faces\"]\n[generated]\nsets = [\"more\"]\n";
    let rich = r#"name = "s"
seed = 3
recipe = ["paper", "modern"]
smallest_gain = 1.5
expressions = ["anger", "fear"]
measure = "accuracy"
[real]
sets = ["a", "b"]
split = { train = 4, validation = 2, test = 2 }
redraw = false
[generated]
sets = ["c", "d"]
side_by_side = true
unit = "images"
[unseen]
sets = ["e"]
[choose]
on = { sets = ["f"] }
rule = "best-mean"
[grid]
k = [0, 0.5, 2]
arms = ["mix", "augment"]
seeds = 5
controls = "all"
people_percent = [25, 50]
[train]
network = ["compact", { name = "vgg16", weights = "w/imagenet.safetensors" }]
epochs = 7
learning_rate = 1e-3
patience = 3
[train.augmentation]
blur = 0.5
"#;
    let folds = r#"name = "s"
[real]
sets = ["a", "b"]
split = { folds = 5 }
[choose]
on = "leave-one-database-out"
"#;
    [minimal, rich, folds].map(|text| text.as_bytes().to_vec()).to_vec()
}

fn styles() -> Seeds {
    let mut seeds: Vec<Vec<u8>> =
        STYLE_NAMES.iter().filter_map(|name| Style::embedded_text(name)).map(Into::into).collect();
    seeds.push(b"base = \"studio\"\nname = \"my\"\nabout = \"mine\"\n[camera]\n".to_vec());
    Ok(seeds)
}

fn generator_settings() -> Seeds {
    let presets =
        ["stargan", "stylegan2"].into_iter().flat_map(|kind| ["paper", "small"].map(|name| preset(kind, name)));
    Ok(presets.flatten().map(Into::into).collect())
}

fn words() -> Vec<Vec<u8>> {
    ["0-9,12", "3", "folder:faces", "ckplus:C:\\faces"].map(|text| text.as_bytes().to_vec()).to_vec()
}
