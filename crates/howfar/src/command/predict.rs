//! `howfar predict [MODEL] IMAGE…`: what a trained network sees in photographs.

mod rows;

use std::path::{Path, PathBuf};

use howfar_crop::{FaceNetwork, NETWORK_PREFIX, PhotoPath, PreparedFace};
use howfar_face::{Fault, Preprocessing, encode_png, files};
use howfar_picture::{MarkedFace, marked_photo};
use howfar_prepare::{FaceDetector, names_several, open_photo, photo_list};
use howfar_train::{Model, predict_pictures};
use rayon::prelude::*;

use crate::console::Console;
use crate::picture_names::picture_names;
use rows::{Prediction, Rows};

/// Photographs looked at side by side before their rows are written in order.
const BLOCK: usize = 64;

/// Say what a trained network sees in photographs.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "howfar predict [OPTIONS] [MODEL.safetensors] IMAGE|FOLDER|LIST…",
    after_help = "Examples:\n  howfar predict photo.jpg --picture seen.png\n  howfar predict photos --csv seen.csv\n  \
    howfar predict model.safetensors photos/*.jpg --json\n\n\
    Without a model, howfar's own network is used, which was trained on drawn faces alone (docs/predict.md). Each \
    photograph goes through the preprocessing that is stored with the model."
)]
pub struct Args {
    /// Photographs, folders of them, or lists (.txt, .csv); a first one that ends in .safetensors is the model.
    #[arg(required = true, value_name = "IMAGE")]
    inputs: Vec<PathBuf>,
    /// Draw what is seen on each photograph: a PNG; for several photographs a folder, or a pattern such as seen/{}.png.
    #[arg(long, value_name = "PNG")]
    picture: Option<PathBuf>,
    /// Write a table with a row a face; a photograph without a face has its own row.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// How faces are found; as is stored with the model if not given.
    #[arg(long, value_parser = ["detector", "none"])]
    detect: Option<String>,
    /// Find faces by this network (ONNX, in the layout of YuNet or SCRFD); a model whose faces it found needs it.
    #[arg(long, value_name = "ONNX", conflicts_with = "detect")]
    detector: Option<PathBuf>,
}

/// Finds, crops and classifies the faces of each photograph, on all cores. One that cannot be read does not keep the
/// others from their answer.
pub fn run(args: &Args, console: &Console) -> Result<(), Fault> {
    let (model, inputs) = model_and_inputs(args, console)?;
    let photos = all_photos(inputs, console)?;
    let names = args.picture.as_ref().map(|wanted| picture_names(wanted, &photos)).transpose()?;
    let detector = args.detector.as_deref().map(FaceDetector::read).transpose()?;
    let preprocessing = preprocessing(&model, args.detect.as_deref(), detector.as_ref());
    let path = PhotoPath::with_detector(&preprocessing, detector.as_ref())?;
    let mut rows = Rows::begin(&model, args.csv.as_deref(), console)?;
    let indices: Vec<usize> = (0..photos.len()).collect();
    for block in indices.chunks(BLOCK) {
        let look = |idx: &usize| {
            let name = names.as_ref().map(|names| names[*idx].as_path());
            look_at(&photos[*idx], &model, &path, name)
        };
        let answers: Vec<_> = block.par_iter().map(look).collect();
        for (idx, answer) in block.iter().zip(answers) {
            let is_drawn = answer.is_ok();
            rows.add(&photos[*idx], answer)?;
            if let Some(names) = names.as_ref().filter(|_| is_drawn) {
                console.note(&format!("wrote {}", names[*idx].display()));
            }
        }
    }
    rows.finish()
}

fn model_and_inputs<'a>(args: &'a Args, console: &Console) -> Result<(Model, &'a [PathBuf]), Fault> {
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
            console.note(
                "howfar's own network, trained on drawn faces alone (another one: howfar predict \
                MODEL.safetensors IMAGE)",
            );
            Ok((Model::embedded(), &args.inputs))
        }
    }
}

/// The photographs that are named, one by one or by folders and lists.
fn all_photos(inputs: &[PathBuf], console: &Console) -> Result<Vec<PathBuf>, Fault> {
    let mut photos = Vec::new();
    for input in inputs {
        if names_several(input) {
            let list = photo_list(input)?;
            if list.n_others > 0 {
                console.note(&format!("{}: {} files are no pictures by their names", input.display(), list.n_others));
            }
            photos.extend(list.photos);
        } else {
            photos.push(input.clone());
        }
    }
    Ok(photos)
}

/// The model's own, with faces found as the user says.
fn preprocessing(model: &Model, detect: Option<&str>, detector: Option<&FaceDetector>) -> Preprocessing {
    let mut preprocessing = model.preprocessing().clone();
    let own_network = preprocessing.detection.starts_with(NETWORK_PREFIX);
    let wanted = detect.or_else(|| detector.filter(|_| !own_network).map(FaceNetwork::word));
    if let Some(detection) = wanted.filter(|detection| *detection != preprocessing.detection) {
        preprocessing.detection = detection.to_owned();
        // A model that was trained on aligned faces sees aligned ones.
        if preprocessing.alignment != "landmarks" {
            preprocessing.alignment = if detection == "none" { "none".to_owned() } else { "landmarks".to_owned() };
        }
    }
    preprocessing
}

/// What is seen in a photograph, drawn on it where a picture is wanted.
fn look_at(
    image: &Path,
    model: &Model,
    path: &PhotoPath<'_>,
    picture: Option<&Path>,
) -> Result<Vec<Prediction>, Fault> {
    let photo = open_photo(image)?;
    let faces = path.faces(&photo)?;
    let pictures = faces.iter().map(|face| face.picture.clone()).collect();
    let name = image.display().to_string();
    let probabilities = predict_pictures(model, &name, pictures)?;
    let predictions: Vec<Prediction> =
        probabilities.into_iter().zip(&faces).map(|(p, face)| prediction(face, p)).collect();
    if let Some(path) = picture {
        let marked: Vec<MarkedFace<'_>> = predictions.iter().map(marked).collect();
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            files::create_folder(folder)?;
        }
        files::write(path, &encode_png(&marked_photo(&photo, model.classes(), &marked)?))?;
    }
    Ok(predictions)
}

fn prediction(face: &PreparedFace, probabilities: Vec<f32>) -> Prediction {
    Prediction {
        face_box: face.face_box.numbers(),
        eyes: face.eye_numbers(),
        score: face.score,
        best: howfar_protocol::most_probable(&probabilities),
        probabilities,
    }
}

fn marked(prediction: &Prediction) -> MarkedFace<'_> {
    MarkedFace {
        face_box: prediction.face_box,
        eyes: prediction.eyes,
        best: prediction.best,
        probabilities: &prediction.probabilities,
    }
}
