//! `howfar predict MODEL IMAGE…`: what a trained network sees in photographs.

use std::path::{Path, PathBuf};

use howfar_face::{Fault, Pool};
use howfar_prepare::{open_photo, preprocess_photo};
use howfar_train::{Model, predict};
use serde::Serialize;

use crate::console::Console;

/// Say what a trained network sees in photographs.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: howfar predict model.safetensors photo.jpg\nEach photograph goes through the \
    preprocessing that is stored with the model.")]
pub struct Args {
    /// The model file.
    model: PathBuf,
    /// Photographs.
    #[arg(required = true)]
    images: Vec<PathBuf>,
    /// How faces are found; as the model was trained if not given.
    #[arg(long, value_parser = ["detector", "none"])]
    detect: Option<String>,
}

#[derive(Debug, Serialize)]
struct Seen {
    image: String,
    /// Left, top, width, height in pixels of the photograph.
    face_box: [f64; 4],
    expression: String,
    probabilities: std::collections::BTreeMap<String, f32>,
}

/// Finds, crops and classifies the faces of each photograph.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let model = Model::load(&args.model)?;
    let mut all = Vec::new();
    for image in &args.images {
        let seen = look_at(image, &model, args.detect.as_deref())?;
        if seen.is_empty() {
            console.note(&format!("{}: no face was found", image.display()));
        }
        all.extend(seen);
    }
    if console.json() {
        console.answer_json(&all);
        return Ok(());
    }
    for seen in &all {
        let mut ranked: Vec<_> = seen.probabilities.iter().collect();
        ranked.sort_by(|a, b| b.1.total_cmp(a.1));
        let words: Vec<String> = ranked.iter().map(|(class, p)| format!("{class} {:.0} %", 100.0 * **p)).collect();
        console.answer(&format!("{}: {}", seen.image, words.join(", ")));
    }
    Ok(())
}

fn look_at(image: &Path, model: &Model, detect: Option<&str>) -> Result<Vec<Seen>, Fault> {
    let mut preprocessing = model.preprocessing().clone();
    if let Some(detection) = detect {
        preprocessing.detection = detection.to_owned();
        // A model that was trained on aligned faces sees aligned ones.
        if preprocessing.alignment != "landmarks" {
            preprocessing.alignment = if detection == "none" { "none".to_owned() } else { "box".to_owned() };
        }
    }
    let faces = preprocess_photo(&open_photo(image)?, &preprocessing)?;
    let pictures = faces.iter().map(|face| face.picture.clone()).collect();
    let name = image.display().to_string();
    let pool = Pool::of_photos(model.classes().to_vec(), preprocessing.side as usize, &name, pictures)?;
    let indices: Vec<usize> = (0..faces.len()).collect();
    let seen = predict(model, &pool, &indices)?.into_iter().zip(&faces).map(|(probabilities, face)| {
        let best = howfar_protocol::most_probable(&probabilities);
        let b = &face.face_box;
        Seen {
            image: image.display().to_string(),
            face_box: [b.x, b.y, b.width, b.height],
            expression: model.classes()[best].clone(),
            probabilities: model.classes().iter().cloned().zip(probabilities).collect(),
        }
    });
    Ok(seen.collect())
}
