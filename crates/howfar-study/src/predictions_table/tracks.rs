//! The tracks of a table, what may stand at each k of their curves, and its cells as an analysis takes them.
//!
//! In: [`Rows`]. Out: a [`TrackPlan`] for each model and, where several generated sets stand side by side, each source;
//! a [`Cell`] for each cell of the table. Cells of a model whose training nobody knows are told apart by its name.

use std::collections::{BTreeMap, BTreeSet};

use howfar_evaluate::TrackPlan;
use howfar_protocol::{Arm, Budget, Cell, Curve, MixtureRatio, Recipe, Start, Track, TrainingSettings, Treatment};

use super::card::TrainedCard;
use super::rows::{CellKey, Rows};

/// A model of the table, and how it was trained where every cell of it says the same.
struct Model<'r> {
    name: &'r str,
    trained: Option<&'r TrainedCard>,
}

impl Model<'_> {
    fn recipe(&self) -> Recipe {
        self.trained.map_or(Recipe::Modern, |trained| trained.recipe)
    }

    /// Those of an unknown model are none; the name tells it from others.
    fn settings(&self) -> TrainingSettings {
        self.trained.map_or_else(
            || TrainingSettings {
                start: Some(Start { name: self.name.to_owned(), sha256: String::new() }),
                ..Recipe::Modern.settings()
            },
            |trained| trained.settings.clone(),
        )
    }

    fn track(&self, source: Option<&String>) -> Track {
        let settings = self.settings();
        let start = settings.start.map(|start| start.name);
        Track { recipe: self.recipe(), network: settings.network, start, source: source.cloned() }
    }
}

fn models(rows: &Rows) -> Vec<Model<'_>> {
    let of = |(model, name)| {
        let mut cards = rows.cells.iter().filter(move |cell| cell.key.model == model).map(|cell| &cell.card);
        let trained = |card: &'_ Option<super::card::Card>| card.as_ref().map(|card| card.trained.clone());
        let first = cards.next().and_then(|card| card.as_ref()).map(|card| &card.trained);
        let is_same = first.is_some() && cards.all(|card| trained(card).as_ref() == first);
        Model { name, trained: first.filter(|_| is_same) }
    };
    rows.models.iter().map(String::as_str).enumerate().map(of).collect()
}

/// The tracks, in the order of their first rows, and whether each model's training is known.
pub(super) fn tracks(rows: &Rows, all_k: &[MixtureRatio]) -> Vec<TrackPlan> {
    let mut plans = Vec::new();
    for (model_idx, model) in models(rows).iter().enumerate() {
        let keys: Vec<&CellKey> =
            rows.cells.iter().map(|cell| &cell.key).filter(|key| key.model == model_idx).collect();
        let mut sources: Vec<&String> = Vec::new();
        for source in keys.iter().filter_map(|key| key.treatment.source.as_ref()) {
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
        let all: Vec<Option<&String>> =
            if sources.is_empty() { vec![None] } else { sources.into_iter().map(Some).collect() };
        for source in all {
            let track = model.track(source);
            let treatments: BTreeSet<&Treatment> = keys.iter().map(|key| &key.treatment).collect();
            let curve = match model.trained {
                Some(trained) => trained.budget.curve(&track, all_k, &trained.budgets),
                None => found_curve(&track, all_k, &treatments),
            };
            let model_name = model.trained.is_none().then(|| model.name.to_owned());
            let n_parameters = model.trained.map_or(0, |trained| trained.n_parameters);
            plans.push(TrackPlan { track, model: model_name, n_parameters, curve });
        }
    }
    plans
}

/// What the cells say of the budgets that were tried: at each k whatever was trained of it. Labelled faces alone for
/// the steps of every k are a ladder of budgets for k = 0; at some k alone they are a control.
fn found_curve(track: &Track, all_k: &[MixtureRatio], treatments: &BTreeSet<&Treatment>) -> Curve {
    let is_there = |treatment: &Treatment| treatments.contains(treatment);
    let repeat = |k: MixtureRatio| track.treatment(Arm::REPEAT, k);
    let above: Vec<MixtureRatio> = all_k.iter().copied().filter(|k| *k > MixtureRatio::ZERO).collect();
    let budget = if above.iter().all(|k| is_there(&repeat(*k))) { Budget::Fair } else { Budget::Epochs };
    let mut curve: Curve = budget.curve(track, all_k, all_k);
    for k in above {
        let of_k = |treatment: &&&Treatment| {
            Treatment { budget: None, ..(**treatment).clone() } == track.treatment(Arm::MIX, k)
                && treatment.budget.is_some()
        };
        curve.entry(k).or_default().extend(treatments.iter().filter(of_k).map(|treatment| (*treatment).clone()));
    }
    curve
}

/// The cells, in the order of their first rows. `inputs_sha256` is the table's.
pub(super) fn cells(rows: &Rows, inputs_sha256: &str) -> Vec<Cell> {
    let models: BTreeMap<usize, (Recipe, TrainingSettings)> =
        models(rows).iter().map(|model| (model.recipe(), model.settings())).enumerate().collect();
    let cell = |CellKey { model, treatment, split_idx, seed_idx }: &CellKey| {
        let (recipe, settings) = models[model].clone();
        Cell {
            recipe,
            treatment: treatment.clone(),
            split_idx: *split_idx,
            seed_idx: *seed_idx,
            settings,
            inputs_sha256: inputs_sha256.to_owned(),
            judges: Vec::new(),
            choosers: Vec::new(),
        }
    };
    rows.cells.iter().map(|rows| cell(&rows.key)).collect()
}
