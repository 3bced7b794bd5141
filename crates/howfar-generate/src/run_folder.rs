//! The folder of a training: its state, its losses as JSON lines and as a TensorBoard file, its sheets, its weights.
//!
//! In: what a training hands over. Out: files. After a stop the losses beyond the kept state are dropped, so that a
//! resumed run writes the same lines as an unbroken one.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use howfar_face::{Fault, Picture, encode_png, files};
use howfar_net::{Named, NetFault, Precision, TensorFile};
use serde_json::{Map, Value, json};

use crate::events;
use crate::in_network;

const FORMAT: &str = "howfar generator training";
const VERSION: u64 = 1;

/// A folder of one training.
pub struct RunFolder {
    path: PathBuf,
    /// Held while the training lives: two of them would write one state over the other's.
    _lock: File,
}

/// The state of a training between two steps.
pub struct Checkpoint {
    /// Steps made.
    pub step: u64,
    /// What the recipe keeps beside tensors.
    pub state: Value,
    /// Losses since the last line.
    pub recent: Value,
    /// All tensors.
    pub file: TensorFile,
}

impl RunFolder {
    /// Opens a folder, which is made where there is none, for one training at a time.
    pub fn open(path: &Path) -> Result<Self, Fault> {
        files::create_folder(&path.join("sheets"))?;
        Ok(RunFolder { path: path.to_owned(), _lock: files::lock_folder(path, "training in this folder")? })
    }

    /// Where the weights are written.
    pub fn weights_file(&self) -> PathBuf {
        self.path.join("generator.safetensors")
    }

    fn checkpoint_file(&self) -> PathBuf {
        self.path.join("checkpoint.safetensors")
    }

    fn losses_file(&self) -> PathBuf {
        self.path.join("losses.jsonl")
    }

    fn events_file(&self) -> PathBuf {
        self.path.join("events.out.tfevents.howfar")
    }

    /// Writes the settings that are trained with.
    pub fn write_settings(&self, text: &str) -> Result<(), Fault> {
        files::write(&self.path.join("settings.toml"), text.as_bytes())
    }

    /// Keeps the state.
    pub fn write_checkpoint(
        &self,
        inputs: &Value,
        (step, recent): (u64, Value),
        (state, tensors): (Value, Vec<Named>),
    ) -> Result<(), Fault> {
        let head = json!({
            "format": FORMAT, "version": VERSION, "inputs": inputs, "step": step, "state": state, "recent": recent,
        });
        let bytes = TensorFile::write(&head, &tensors, Precision::Full).map_err(in_network)?;
        files::write(&self.checkpoint_file(), &bytes)
    }

    /// The state of a training that was stopped; none where there is none, a fault where it is of another one.
    pub fn read_checkpoint(&self, inputs: &Value) -> Result<Option<Checkpoint>, Fault> {
        let path = self.checkpoint_file();
        if !files::is_there(&path)? {
            return Ok(None);
        }
        let file = TensorFile::read(&files::read(&path)?).map_err(|NetFault { place, what, found, expected }| {
            Fault::data(format!("{}, {place}", path.display()), what)
                .found(found)
                .expected(expected)
                .hint("take the file away to begin anew, or put a copy of it in its place")
        })?;
        let head = &file.metadata;
        if head["format"] != FORMAT || head["version"].as_u64().is_none_or(|version| version > VERSION) {
            return Err(Fault::data(path.display(), "this is not the state of a training, or one of a newer howfar")
                .found(format!("{} version {}", head["format"], head["version"]))
                .expected(format!("{FORMAT} version {VERSION} or older")));
        }
        if &head["inputs"] != inputs {
            return Err(Fault::usage(path.display(), "the training in this folder was begun with other inputs")
                .found(&head["inputs"])
                .expected(inputs)
                .hint("give the same settings, seed, faces and device, or another --out"));
        }
        let step = head["step"].as_u64().unwrap_or(0);
        Ok(Some(Checkpoint { step, state: head["state"].clone(), recent: head["recent"].clone(), file }))
    }

    /// Drops the losses beyond `step` and writes the TensorBoard file anew.
    pub fn rewind(&self, step: u64) -> Result<(), Fault> {
        let text = if self.losses_file().exists() { files::read_text(&self.losses_file())? } else { String::new() };
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Map<String, Value>>(line).ok());
        let kept: Vec<_> = lines.filter(|line| step_of(line).is_some_and(|s| s <= step)).collect();
        let (mut losses, mut events) = (String::new(), events::file_head(wall_time_s()));
        for line in kept {
            losses.push_str(&Value::Object(line.clone()).to_string());
            losses.push('\n');
            events.extend(event(&line));
        }
        files::write(&self.losses_file(), losses.as_bytes())?;
        files::write(&self.events_file(), &events)
    }

    /// Appends the losses of some steps.
    pub fn append_losses(&self, line: &Map<String, Value>) -> Result<(), Fault> {
        append(&self.losses_file(), format!("{}\n", Value::Object(line.clone())).as_bytes())?;
        append(&self.events_file(), &event(line))
    }

    /// Writes a sheet.
    pub fn write_sheet(&self, step: u64, picture: &Picture) -> Result<(), Fault> {
        files::write(&self.path.join(format!("sheets/{step:07}.png")), &encode_png(picture))
    }
}

fn event(line: &Map<String, Value>) -> Vec<u8> {
    let values = line.iter().filter(|(name, _)| *name != "step");
    let values = values.filter_map(|(name, value)| Some((name.as_str(), value.as_f64()? as f32)));
    events::scalars(wall_time_s(), step_of(line).unwrap_or(0), values)
}

/// The step of a line of losses; none where somebody else wrote the line.
fn step_of(line: &Map<String, Value>) -> Option<u64> {
    line.get("step")?.as_u64()
}

/// TensorBoard wants to know when; nothing else does.
fn wall_time_s() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}

fn append(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    let file = OpenOptions::new().create(true).append(true).open(path);
    file.and_then(|mut file| file.write_all(bytes)).map_err(|e| Fault::io(path, "append to", &e))
}
