//! What `evaluate` measures on: a face set as it is, or pictures that are prepared as the model's own faces were.
//!
//! In: what the user named, the model. Out: an open face set and what was lost on the way to it. Prepared faces lie in
//! a folder that goes away with [`Opened`].

use std::path::Path;

use howfar_crop::{NETWORK_PREFIX, PhotoPath};
use howfar_face::{Colour, Expression, FaceSet, Fault, Preprocessing};
use howfar_prepare::{Align, FaceDetector, PrepareRequest, ReasonCount, Source};
use howfar_train::Model;

use crate::command::prepare::{SourceArgs, prepare_with_bar};
use crate::console::Console;

/// Faces to measure on.
pub struct Opened {
    pub set: FaceSet,
    /// The set's classes; of prepared pictures those that there are pictures of, since nobody said what else there
    /// could be.
    pub classes: Vec<String>,
    /// Files left out, by reason.
    pub left_out: Vec<ReasonCount>,
    /// What to know of the faces.
    pub caveats: Vec<String>,
    /// Where they lie, if they were prepared here.
    _folder: Option<tempfile::TempDir>,
}

/// Opens a face set, or prepares what `ADAPTER:PATH` names.
pub fn open_source(source: &Path, model: &Model, read: &SourceArgs, console: &Console) -> Result<Opened, Fault> {
    let text = source.to_string_lossy();
    if source.exists() || !text.contains(':') {
        let set = FaceSet::open(source).map_err(|fault| advised(fault, source))?;
        let caveats = unlike(model.preprocessing(), &set.info().preprocessing).into_iter().collect();
        let classes = set.info().classes.clone();
        return Ok(Opened { set, classes, left_out: Vec::new(), caveats, _folder: None });
    }
    let folder = tempfile::Builder::new().prefix("howfar-evaluate-").tempdir();
    let folder = folder.map_err(|e| Fault::io(&std::env::temp_dir(), "create a folder", &e))?;
    let out = folder.path().join("faces");
    let request = read.fill(like_the_model(model, PrepareRequest::new(vec![Source::parse(&text)?], out)))?;
    check_detector(model.preprocessing(), &request)?;
    let report = prepare_with_bar(&request, console)?;
    let set = FaceSet::open(&report.out)?;
    let mut caveats = report.caveats;
    caveats.extend(unlike(model.preprocessing(), &set.info().preprocessing));
    let seen = report.classes.into_iter().filter(|count| count.faces > 0);
    let classes = seen.map(|count| count.class).collect();
    Ok(Opened { set, classes, left_out: report.rejects, caveats, _folder: Some(folder) })
}

/// Asks for faces of the model's size, colours, alignment and classes. Whatever is lost, the figures say so.
fn like_the_model(model: &Model, request: PrepareRequest) -> PrepareRequest {
    let preprocessing = model.preprocessing();
    let mut expressions: Vec<Expression> = Vec::new();
    for expression in model.classes().iter().filter_map(|class| Expression::from_word(class)) {
        if !expressions.contains(&expression) {
            expressions.push(expression);
        }
    }
    PrepareRequest {
        size: preprocessing.side,
        colour: Colour::from_name(&preprocessing.colour).unwrap_or_default(),
        align: match preprocessing.alignment.as_str() {
            "landmarks" => Align::Landmarks,
            "box" => Align::None,
            // Its faces were cropped before; where faces have to be found, the usual way is taken.
            _ => Align::Auto,
        },
        expressions: if expressions.is_empty() { request.expressions } else { expressions },
        max_losses: 1.0,
        ..request
    }
}

/// A model whose faces a network found needs that network.
fn check_detector(preprocessing: &Preprocessing, request: &PrepareRequest) -> Result<(), Fault> {
    if !preprocessing.detection.starts_with(NETWORK_PREFIX) || request.detect == howfar_prepare::Detect::None {
        return Ok(());
    }
    let detector = request.detector.as_deref().map(FaceDetector::read).transpose()?;
    PhotoPath::with_detector(preprocessing, detector.as_ref()).map(|_| ())
}

/// A sentence where the faces were made ready in another way than the model's own.
fn unlike(of_model: &Preprocessing, of_set: &Preprocessing) -> Option<String> {
    let differs = (&of_model.detection, &of_model.alignment) != (&of_set.detection, &of_set.alignment);
    differs.then(|| format!("these faces were {}, the model's own {}", of_set.way(), of_model.way()))
}

/// Whoever names a folder of pictures is told how.
fn advised(fault: Fault, source: &Path) -> Fault {
    if source.is_dir() {
        fault.hint(format!("for a folder of pictures: howfar evaluate … folder:{}", source.display()))
    } else {
        fault
    }
}
