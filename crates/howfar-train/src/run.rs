//! One training run: epochs over a mixture, validated on real people who are not in it.
//!
//! In: training and validation faces only. Out: the kept network and the history. A run that was stopped goes on from
//! its checkpoint and ends with the same bits as one that was not.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use howfar_face::{FaceStore, Fault, Preprocessing, files};
use howfar_net::{Architecture, Classifier, OptimiserKind, StepSettings, Trainer, cross_entropy, one_cycle_rate};
use howfar_protocol::{Keep, Mixture, NUMERICS_VERSION, Optimiser, Schedule, TrainingSettings};
use howfar_random::{Seeds, bits};

use crate::Model;
use crate::batches::Batches;
use crate::checkpoint::{Checkpoint, State};
use crate::history::{EPOCHS, EpochRecord, Event, append_timing, write_epochs};
use crate::model::{architecture_of, check_memory};
use crate::predict::scaled;

/// A checkpoint is written at the end of an epoch when so much time has passed since the last one. It decides what a
/// stop can lose, never a number.
const SECONDS_BETWEEN_CHECKPOINTS: f64 = 10.0;

/// What a training run is given.
#[derive(Debug, Clone, Copy)]
pub struct TrainingInputs<'a> {
    /// All faces; only those of the mixture and of `validation` are looked at.
    pub pool: &'a FaceStore,
    /// What is trained on.
    pub mixture: &'a Mixture,
    /// Real validation faces, as indices into the pool.
    pub validation: &'a [usize],
    /// How.
    pub settings: &'a TrainingSettings,
    /// Streams of the seed index; the streams `weights`, `dropout`, `augmentation`, `copy` are used here.
    pub seeds: Seeds,
    /// The network that training begins with; drawn anew where there is none.
    pub start: Option<&'a Classifier>,
    /// The run's folder, which must exist: gets `timing.jsonl`, while it runs `checkpoint/`, at the end `epochs.jsonl`.
    pub folder: &'a Path,
    /// How the faces were prepared, kept in the model.
    pub preprocessing: &'a Preprocessing,
}

/// What a training run leaves.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// The kept network.
    pub model: Model,
    /// The epoch it is of, from 1.
    pub kept_epoch: u32,
    /// Epochs that were run.
    pub n_epochs: u32,
    /// One record per epoch.
    pub history: Vec<EpochRecord>,
}

/// Trains a network. `watch` is told of every epoch; `Break` stops the run with a checkpoint and a fault of the kind
/// `Interrupted`, and the same call goes on from there.
pub fn train(inputs: &TrainingInputs<'_>, watch: &mut dyn FnMut(&Event) -> ControlFlow<()>) -> Result<Trained, Fault> {
    let run = Run::new(inputs)?;
    let mut state = run.begin(watch)?;
    let mut saved = Instant::now();
    while !run.is_over(&state.history) {
        let started = Instant::now();
        let record = run.epoch(&mut state)?;
        inputs.pool.check()?;
        if run.is_best(&state.history, &record) && inputs.settings.keep == Keep::Best {
            state.best = Some(state.trainer.classifier().clone());
        }
        state.history.push(record.clone());
        run.checkpoint.write_epochs(&state.history)?;
        let seconds = started.elapsed().as_secs_f64();
        append_timing(inputs.folder, record.epoch, seconds)?;
        let stop = watch(&run.event(&record, seconds)).is_break();
        if stop || saved.elapsed().as_secs_f64() > SECONDS_BETWEEN_CHECKPOINTS {
            run.checkpoint.write(&state)?;
            saved = Instant::now();
        }
        if stop {
            return Err(Fault::interrupted(format!("after epoch {} of training", record.epoch))
                .hint("run the same command again; it goes on from here"));
        }
    }
    run.finish(state)
}

struct Run<'a> {
    inputs: &'a TrainingInputs<'a>,
    architecture: Architecture,
    optimiser: OptimiserKind,
    validation_labels: Vec<usize>,
    validation_inputs: Vec<f32>,
    checkpoint: Checkpoint,
}

impl<'a> Run<'a> {
    fn new(inputs: &'a TrainingInputs<'a>) -> Result<Self, Fault> {
        let TrainingInputs { pool, mixture, validation, settings, .. } = *inputs;
        if validation.is_empty() {
            return Err(Fault::data("the validation part", "there is no validation face")
                .hint("give the validation part at least one person who shows a class of the study"));
        }
        if mixture.is_empty() || settings.epochs == 0 || settings.batch == 0 {
            return Err(Fault::usage("[train]", "there is nothing to train").found(format!(
                "{} faces, {} epochs, batch {}",
                mixture.len(),
                settings.epochs,
                settings.batch
            )));
        }
        check_memory(settings, pool, mixture.len())?;
        Ok(Run {
            inputs,
            architecture: architecture_of(settings, pool)?,
            optimiser: optimiser(settings.optimiser),
            validation_labels: validation.iter().map(|f| pool.face(*f).labels.label).collect(),
            validation_inputs: scaled(pool, validation, settings.scaling),
            checkpoint: Checkpoint::new(inputs.folder, identity(inputs)?),
        })
    }

    /// From the checkpoint, or from the beginning.
    fn begin(&self, watch: &mut dyn FnMut(&Event) -> ControlFlow<()>) -> Result<State, Fault> {
        // What `watch` answers to these two is not looked at: no epoch of this start is lost yet.
        match self.checkpoint.read(&self.architecture, self.optimiser) {
            Ok(Some(state)) => {
                let _ = watch(&Event::Resumed { n_epochs_done: state.history.len() as u32 });
                return Ok(state);
            }
            Ok(None) => {}
            Err(fault) => {
                let _ = watch(&Event::CheckpointIgnored { reason: fault.to_string() });
            }
        }
        let stream = &mut self.inputs.seeds.stream("weights", &[]);
        let classifier =
            self.inputs.start.cloned().unwrap_or_else(|| Classifier::new(self.architecture.clone(), stream));
        Ok(State { trainer: Trainer::new(classifier, self.optimiser), best: None, history: Vec::new() })
    }

    /// One pass over the mixture, then the validation faces.
    fn epoch(&self, state: &mut State) -> Result<EpochRecord, Fault> {
        let TrainingInputs { pool, mixture, settings, seeds, .. } = *self.inputs;
        let epoch = state.history.len() as u32;
        let mut dropout = seeds.stream("dropout", &[u64::from(epoch)]);
        let mut batches = Batches::new(pool, settings, seeds, epoch);
        let items = mixture.epoch_order(epoch);
        let n_steps = items.len().div_ceil(settings.batch as usize) as u64 * u64::from(settings.epochs);
        let mut loss = 0.0;
        for items in items.chunks(settings.batch as usize) {
            let batch = batches.next(items);
            let rate = rate(settings, state.trainer.n_steps(), n_steps);
            let weights: Vec<f32> = items.iter().map(|item| mixture.weight(item)).collect();
            let weights = Some(weights.as_slice()).filter(|weights| weights.iter().any(|weight| *weight != 1.0));
            let step = StepSettings { rate, label_smoothing: settings.label_smoothing, weights };
            loss += state.trainer.step(batch.inputs, &batch.labels, step, Some(&mut dropout)) * items.len() as f64;
        }
        let (validation_loss, validation_accuracy) = self.validate(state.trainer.classifier());
        let training_loss = loss / items.len() as f64;
        if !(training_loss.is_finite() && validation_loss.is_finite()) {
            return Err(Fault::data(format!("epoch {}", epoch + 1), "the loss is no longer a number")
                .found(format!("training loss {training_loss}, validation loss {validation_loss}"))
                .hint("lower [train] learning_rate"));
        }
        // ReLU and maxima turn what is no number into 0, so that losses need not show it.
        if let Some((name, value)) = state.trainer.classifier().weights().not_finite() {
            return Err(Fault::data(format!("epoch {}", epoch + 1), "a weight is no longer a number")
                .found(format!("{value} in {name}"))
                .hint("lower [train] learning_rate"));
        }
        Ok(EpochRecord { epoch: epoch + 1, training_loss, validation_loss, validation_accuracy })
    }

    /// Loss and accuracy on the validation faces.
    fn validate(&self, classifier: &Classifier) -> (f64, f64) {
        let logits = classifier.logits(&self.validation_inputs);
        let (loss, _) = cross_entropy(&logits, &self.validation_labels, 0.0);
        let rows = logits.chunks_exact(self.architecture.n_outputs).zip(&self.validation_labels);
        let n_right = rows.filter(|(row, label)| first_largest(row) == **label).count();
        (loss, n_right as f64 / self.validation_labels.len() as f64)
    }

    fn is_best(&self, history: &[EpochRecord], record: &EpochRecord) -> bool {
        history.iter().all(|earlier| record.validation_loss < earlier.validation_loss)
    }

    fn is_over(&self, history: &[EpochRecord]) -> bool {
        is_over(self.inputs.settings, history)
    }

    fn event(&self, record: &EpochRecord, seconds: f64) -> Event {
        Event::Epoch {
            epoch: record.epoch,
            n_epochs: self.inputs.settings.epochs,
            training_loss: record.training_loss,
            validation_loss: record.validation_loss,
            validation_accuracy: record.validation_accuracy,
            seconds,
        }
    }

    fn finish(&self, state: State) -> Result<Trained, Fault> {
        let TrainingInputs { pool, settings, preprocessing, folder, .. } = *self.inputs;
        let n_epochs = state.history.len() as u32;
        let (classifier, kept_epoch) = match (settings.keep, state.best) {
            (Keep::Best, Some(best)) => (best, best_epoch(&state.history)),
            _ => (state.trainer.classifier().clone(), n_epochs),
        };
        let model = Model::new(classifier, pool.classes().to_vec(), settings.scaling, preprocessing.clone())
            .with_test_flip(settings.test_flip);
        write_epochs(folder, &state.history)?;
        self.checkpoint.remove()?;
        Ok(Trained { model, kept_epoch, n_epochs, history: state.history })
    }
}

fn is_over(settings: &TrainingSettings, history: &[EpochRecord]) -> bool {
    let n_since_best = history.len() - best_epoch(history) as usize;
    let out_of_patience = settings.patience.is_some_and(|p| !history.is_empty() && n_since_best >= p as usize);
    history.len() >= settings.epochs as usize || out_of_patience
}

/// The history of a training that is over, in the folder that it ran in. A file that is damaged or not whole is
/// refused: the number of its epochs counts.
pub fn read_epochs(folder: &Path, settings: &TrainingSettings) -> Result<Vec<EpochRecord>, Fault> {
    let file = folder.join(EPOCHS);
    let text = files::read_text(&file)?;
    let records: Result<Vec<EpochRecord>, _> = text.lines().map(serde_json::from_str).collect();
    let is_whole = |records: &[EpochRecord]| {
        let ends = (0..records.len()).filter(|n| is_over(settings, &records[..*n])).count();
        let are_in_order = records.iter().zip(1..).all(|(record, epoch)| record.epoch == epoch);
        text.ends_with('\n') && are_in_order && ends == 0 && is_over(settings, records)
    };
    records.ok().filter(|records| is_whole(records)).ok_or_else(|| {
        Fault::data(file.display(), "this is not the whole history of a training")
            .found(format!("{} lines", text.lines().count()))
            .expected("a record for each epoch up to the one at which training stops")
            .hint("delete the cell's folder and run the study again")
    })
}

/// The first epoch with the lowest validation loss, from 1; 0 before the first.
fn best_epoch(history: &[EpochRecord]) -> u32 {
    history
        .iter()
        .min_by(|a, b| a.validation_loss.total_cmp(&b.validation_loss).then(a.epoch.cmp(&b.epoch)))
        .map_or(0, |record| record.epoch)
}

pub(crate) fn optimiser(optimiser: Optimiser) -> OptimiserKind {
    match optimiser {
        Optimiser::Adam => OptimiserKind::Adam,
        Optimiser::AdamW { weight_decay } => OptimiserKind::AdamW { weight_decay },
    }
}

fn rate(settings: &TrainingSettings, step: u64, n_steps: u64) -> f32 {
    match settings.schedule {
        Schedule::Constant => settings.learning_rate,
        Schedule::OneCycle => one_cycle_rate(settings.learning_rate, step, n_steps),
    }
}

fn first_largest(row: &[f32]) -> usize {
    let mut best = 0;
    for (class, value) in row.iter().enumerate() {
        if *value > row[best] {
            best = class;
        }
    }
    best
}

/// What a checkpoint must share with a run: the numerics' version, settings, weights to begin with, seed, instructions,
/// classes, faces with their labels and their order in the first epoch.
fn identity(inputs: &TrainingInputs<'_>) -> Result<String, Fault> {
    let TrainingInputs { pool, mixture, validation, settings, seeds, .. } = *inputs;
    let mut hash = howfar_face::checksum::Hasher::default();
    pool.classes().iter().for_each(|class| hash.update_text(class));
    let face = |face: usize| format!("{} {}", pool.face(face).sha256, pool.face(face).labels.label);
    for item in mixture.epoch_order(0) {
        hash.update_text(&format!("{} {:?}", face(item.face), item.variant));
    }
    validation.iter().for_each(|validating| hash.update_text(&face(*validating)));
    hash.update(&bits(&mut seeds.stream("identity of a checkpoint", &[])).to_le_bytes());
    for tensor in inputs.start.iter().flat_map(|start| start.tensors("")) {
        tensor.values.iter().for_each(|value| hash.update(&value.to_le_bytes()));
    }
    hash.update(&NUMERICS_VERSION.to_le_bytes());
    hash.update_text(crate::instruction_set());
    hash.update_text(&serde_json::to_string(settings).map_err(|e| Fault::data("[train]", e.to_string()))?);
    Ok(hash.finish())
}
