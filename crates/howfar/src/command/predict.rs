//! `howfar predict [MODEL] IMAGE…`: what a trained network sees in photographs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use howfar_face::{Fault, Pool, encode_png, files};
use howfar_prepare::{PreparedFace, open_photo, preprocess_photo};
use howfar_train::{Model, predict};
use serde::Serialize;

use crate::console::Console;
use crate::marked_photo::{MarkedFace, marked_photo};
use crate::picture_names::picture_names;

/// Say what a trained network sees in photographs.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "howfar predict [OPTIONS] [MODEL.safetensors] IMAGE…",
    after_help = "Examples:\n  howfar predict photo.jpg --picture seen.png\n  howfar predict model.safetensors photos/*.jpg --json\n\
    Without a model, howfar's own network is used, which was trained on drawn faces alone (docs/predict.md). Each photograph goes \
    through the preprocessing that is stored with the model."
)]
pub struct Args {
    /// Photographs; a first one that ends in .safetensors is the model.
    #[arg(required = true, value_name = "IMAGE")]
    inputs: Vec<PathBuf>,
    /// Draw what is seen on each photograph: a PNG; for several photographs a folder, or a pattern such as seen/{}.png.
    #[arg(long, value_name = "PNG")]
    picture: Option<PathBuf>,
    /// How faces are found; as is stored with the model if not given.
    #[arg(long, value_parser = ["detector", "none"])]
    detect: Option<String>,
}

/// What is seen in a face.
#[derive(Debug, Serialize)]
struct Seen {
    image: String,
    /// Left, top, width, height in pixels of the photograph.
    face_box: [f64; 4],
    /// The eyes' middles, x and y in pixels of the photograph, in the order of the picture, where they are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    eyes: Option<[[f64; 2]; 2]>,
    expression: String,
    probabilities: BTreeMap<String, f32>,
    /// In the order of the model's classes.
    #[serde(skip)]
    in_order: Vec<f32>,
}

/// Finds, crops and classifies the faces of each photograph. One that cannot be read does not keep the others from their
/// answer.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let (model, images) = model_and_images(args, console)?;
    let names = args.picture.as_ref().map(|wanted| picture_names(wanted, images)).transpose()?;
    let (mut all, mut faults) = (Vec::new(), Vec::new());
    for (idx, image) in images.iter().enumerate() {
        let name = names.as_ref().map(|names| names[idx].as_path());
        match look_at(image, &model, args.detect.as_deref(), name) {
            Ok(seen) => {
                say(&seen, image, &model, console);
                if let Some(name) = name {
                    console.note(&format!("wrote {}", name.display()));
                }
                all.extend(seen);
            }
            Err(fault) => faults.push(fault),
        }
    }
    if console.json() {
        console.answer_json(&all);
    }
    let last = faults.pop();
    faults.iter().for_each(|fault| console.error(fault));
    last.map_or(Ok(()), Err)
}

fn model_and_images<'a>(args: &'a Args, console: &Console) -> Result<(Model, &'a [PathBuf]), Fault> {
    let is_model = |path: &PathBuf| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("safetensors"));
    match args.inputs.split_first() {
        Some((model, images)) if is_model(model) => {
            if images.is_empty() {
                return Err(Fault::usage("predict", "a model, but no photograph")
                    .found(model.display())
                    .hint("howfar predict MODEL.safetensors photo.jpg"));
            }
            Ok((Model::load(model)?, images))
        }
        _ => {
            console.note("howfar's own network, trained on drawn faces alone (another one: howfar predict MODEL.safetensors IMAGE)");
            Ok((Model::embedded(), &args.inputs))
        }
    }
}

/// One line a face.
fn say(all: &[Seen], image: &Path, model: &Model, console: &Console) {
    if all.is_empty() {
        console.note(&format!("{}: no face was found", image.display()));
    }
    if console.json() {
        return;
    }
    for (idx, seen) in all.iter().enumerate() {
        let mut ranked: Vec<_> = model.classes().iter().zip(&seen.in_order).collect();
        ranked.sort_by(|a, b| b.1.total_cmp(a.1));
        let words: Vec<String> = ranked.iter().map(|(class, p)| format!("{class} {:.0} %", 100.0 * **p)).collect();
        let number = if all.len() > 1 { format!(", face {}", idx + 1) } else { String::new() };
        console.answer(&format!("{}{number}: {}", seen.image, words.join(", ")));
    }
}

/// What is seen in a photograph, drawn on it where a picture is wanted.
fn look_at(image: &Path, model: &Model, detect: Option<&str>, picture: Option<&Path>) -> Result<Vec<Seen>, Fault> {
    let mut preprocessing = model.preprocessing().clone();
    if let Some(detection) = detect.filter(|detection| *detection != preprocessing.detection) {
        preprocessing.detection = detection.to_owned();
        // A model that was trained on aligned faces sees aligned ones.
        if preprocessing.alignment != "landmarks" {
            preprocessing.alignment = if detection == "none" { "none".to_owned() } else { "landmarks".to_owned() };
        }
    }
    let photo = open_photo(image)?;
    let faces = preprocess_photo(&photo, &preprocessing)?;
    let pictures = faces.iter().map(|face| face.picture.clone()).collect();
    let name = image.display().to_string();
    let pool = Pool::of_photos(model.classes().to_vec(), &preprocessing, &name, pictures)?;
    let indices: Vec<usize> = (0..faces.len()).collect();
    let probabilities = predict(model, &pool, &indices)?;
    let seen: Vec<Seen> = probabilities.into_iter().zip(&faces).map(|(p, face)| seen(&name, model, face, p)).collect();
    if let Some(path) = picture {
        let marked: Vec<MarkedFace<'_>> = seen.iter().map(marked).collect();
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            files::create_folder(folder)?;
        }
        files::write(path, &encode_png(&marked_photo(&photo, model.classes(), &marked)))?;
    }
    Ok(seen)
}

fn seen(image: &str, model: &Model, face: &PreparedFace, probabilities: Vec<f32>) -> Seen {
    let b = &face.face_box;
    Seen {
        image: image.to_owned(),
        face_box: [b.x, b.y, b.width, b.height],
        eyes: face.eyes.map(|eyes| eyes.map(|eye| [eye.x, eye.y])),
        expression: model.classes()[howfar_protocol::most_probable(&probabilities)].clone(),
        probabilities: model.classes().iter().cloned().zip(probabilities.iter().copied()).collect(),
        in_order: probabilities,
    }
}

fn marked(seen: &Seen) -> MarkedFace<'_> {
    MarkedFace {
        face_box: seen.face_box,
        eyes: seen.eyes,
        best: howfar_protocol::most_probable(&seen.in_order),
        probabilities: &seen.in_order,
    }
}
