//! A run as TensorBoard reads it: figures by epoch, last figures, hyper-parameters, pictures.
//!
//! In: a run. Out: `FOLDER/<experiment>/<run>/events.out.tfevents.0000000000.howfar`.

use std::path::{Path, PathBuf};

use howfar_face::{Fault, decode_png, files};
use prost::Message;

use crate::event::{
    Event, HParams, Image, Metadata, NoShape, NoSide, NoTensor, PluginData, SessionEnd, SessionStart, Summary,
    SummaryValue, Value, record,
};
use crate::{Setting, TrackedRun, begin, ends, seconds};

/// TensorBoard takes files whose names have `tfevents` in them.
const FILE: &str = "events.out.tfevents.0000000000.howfar";

/// The file of a run. Two studies may be written to one folder, and each has a run called `results`.
pub(crate) fn file(folder: &Path, experiment: &str, name: &str) -> PathBuf {
    // A name with a separator is one folder, too.
    folder.join(experiment.replace(['/', '\\'], "-")).join(name).join(FILE)
}

/// Writes it.
pub(crate) fn write(folder: &Path, run: &TrackedRun) -> Result<(), Fault> {
    let (begun, ended) = (begin(run), seconds(run.ended));
    let mut bytes =
        record(&Event { wall_time: begun, file_version: Some("brain.Event:2".to_owned()), ..Event::default() });
    let start = SessionStart {
        hparams: run.settings.iter().map(|(name, setting)| (name.clone(), value(setting))).collect(),
        group_name: run.name.clone(),
        start_time_secs: begun,
    };
    let start = HParams { session_start: Some(start), session_end: None };
    bytes.extend(summary(begun, 0, vec![of_plugin("_hparams_/session_start_info", &start)]));
    for (epoch, ended) in run.epochs.iter().zip(ends(run)) {
        let values = epoch.figures.iter().map(|(name, figure)| scalar(name, *figure)).collect();
        bytes.extend(summary(ended, epoch.epoch, values));
    }
    let last = run.epochs.last().map_or(0, |epoch| epoch.epoch);
    bytes.extend(summary(ended, last, run.results.iter().map(|(name, figure)| scalar(name, *figure)).collect()));
    for (name, path) in &run.pictures {
        bytes.extend(summary(ended, last, vec![picture(name, path)?]));
    }
    let end = HParams { session_start: None, session_end: Some(SessionEnd { status: 1, end_time_secs: ended }) };
    bytes.extend(summary(ended, last, vec![of_plugin("_hparams_/session_end_info", &end)]));
    let path = file(folder, &run.experiment, &run.name);
    files::create_folder(path.parent().unwrap_or(folder))?;
    files::write(&path, &bytes)
}

fn summary(wall_time: f64, step: u32, value: Vec<SummaryValue>) -> Vec<u8> {
    record(&Event { wall_time, step: step.into(), summary: Some(Summary { value }), file_version: None })
}

fn scalar(name: &str, figure: f64) -> SummaryValue {
    SummaryValue { tag: name.to_owned(), simple_value: Some(figure as f32), ..SummaryValue::default() }
}

fn picture(name: &str, path: &Path) -> Result<SummaryValue, Fault> {
    let encoded = files::read(path)?;
    let picture = decode_png(&encoded, &path.display().to_string())?;
    let [height, width, colorspace] = [picture.height, picture.width, picture.channels].map(|n| n as i32);
    let image = Some(Image { height, width, colorspace, encoded });
    Ok(SummaryValue { tag: name.to_owned(), image, ..SummaryValue::default() })
}

fn of_plugin(tag: &str, content: &HParams) -> SummaryValue {
    let data = PluginData { plugin_name: "hparams".to_owned(), content: content.encode_to_vec() };
    let tensor = Some(NoTensor { dtype: 1, shape: Some(NoShape { dim: vec![NoSide { size: 0 }] }) });
    let metadata = Some(Metadata { plugin_data: Some(data) });
    SummaryValue { tag: tag.to_owned(), tensor, metadata, ..SummaryValue::default() }
}

fn value(setting: &Setting) -> Value {
    match setting {
        Setting::Number(number) => Value { number: Some(*number), text: None },
        Setting::Text(text) => Value { number: None, text: Some(text.clone()) },
    }
}
