//! A run on a server of MLflow, by its REST interface (2.0): parameters, metrics by step, artifacts.
//!
//! In: a run. Out: requests, the last of which says that the run is finished. A run is known again by the tag
//! `howfar.run`; one that was not finished is deleted and written anew. Plain HTTP: no secret is sent.

use std::path::Path;
use std::time::Duration;

use howfar_face::{Fault, files};
use serde_json::{Value, json};
use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body};

use crate::{Setting, TrackedRun, begin, ends, seconds};

/// What one request may hold.
const METRICS_AT_ONCE: usize = 1000;
const PARAMETERS_AT_ONCE: usize = 100;
/// What a parameter may hold.
const LONGEST_PARAMETER: usize = 6000;
const PATIENCE: Duration = Duration::from_secs(30);
const TAG: &str = "howfar.run";

/// A server.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    url: String,
    agent: Agent,
}

impl Server {
    pub fn new(url: &str) -> Self {
        let agent = Agent::config_builder().timeout_global(Some(PATIENCE)).build().into();
        Server { url: url.trim_end_matches('/').to_owned(), agent }
    }

    /// Whether a finished run is there.
    pub fn has(&self, experiment: &str, name: &str) -> Result<bool, Fault> {
        let Some(experiment) = self.experiment(experiment)? else { return Ok(false) };
        Ok(self.runs(&experiment, name)?.iter().any(|run| run["info"]["status"] == "FINISHED"))
    }

    /// Writes a run; what is there of it is deleted.
    pub fn write(&self, run: &TrackedRun) -> Result<(), Fault> {
        let experiment = self.experiment_or_new(&run.experiment)?;
        for old in self.runs(&experiment, &run.name)? {
            self.post("runs/delete", json!({"run_id": old["info"]["run_id"]}))?;
        }
        let tags = json!([{"key": TAG, "value": run.name}, {"key": "mlflow.source.name", "value": "howfar"}]);
        let made = self.post(
            "runs/create",
            json!({"experiment_id": experiment, "run_name": run.name, "start_time": millis(begin(run)), "tags": tags}),
        )?;
        let id = made["run"]["info"]["run_id"].as_str().unwrap_or_default().to_owned();
        for some in metrics(run).chunks(METRICS_AT_ONCE) {
            self.post("runs/log-batch", json!({"run_id": id, "metrics": some}))?;
        }
        for some in parameters(run).chunks(PARAMETERS_AT_ONCE) {
            self.post("runs/log-batch", json!({"run_id": id, "params": some}))?;
        }
        for path in run.files.iter().chain(run.pictures.iter().map(|(_, path)| path)) {
            self.put(&format!("{experiment}/{id}/artifacts"), path)?;
        }
        let ended = millis(seconds(run.ended));
        self.post("runs/update", json!({"run_id": id, "status": "FINISHED", "end_time": ended})).map(drop)
    }

    /// The number of an experiment, if there is one of this name.
    fn experiment(&self, name: &str) -> Result<Option<String>, Fault> {
        let url = format!("{}/api/2.0/mlflow/experiments/get-by-name", self.url);
        let asked = self.agent.get(&url).query("experiment_name", name).config().http_status_as_error(false).build();
        let answer = asked.call().map_err(|e| self.unreachable(&e.to_string()))?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let found = self.answer("experiments/get-by-name", answer)?;
        Ok(found["experiment"]["experiment_id"].as_str().map(str::to_owned))
    }

    /// The number of an experiment; cells that are finished at once may all want to make it.
    fn experiment_or_new(&self, name: &str) -> Result<String, Fault> {
        if let Some(experiment) = self.experiment(name)? {
            return Ok(experiment);
        }
        match self.post("experiments/create", json!({"name": name})) {
            Ok(made) => Ok(made["experiment_id"].as_str().unwrap_or_default().to_owned()),
            Err(fault) => self.experiment(name)?.ok_or(fault),
        }
    }

    fn runs(&self, experiment: &str, name: &str) -> Result<Vec<Value>, Fault> {
        let filter = format!("tags.`{TAG}` = '{name}'");
        let found = self.post("runs/search", json!({"experiment_ids": [experiment], "filter": filter}))?;
        Ok(found["runs"].as_array().cloned().unwrap_or_default())
    }

    fn post(&self, what: &str, body: Value) -> Result<Value, Fault> {
        let url = format!("{}/api/2.0/mlflow/{what}", self.url);
        let answer = self.agent.post(&url).config().http_status_as_error(false).build().send_json(body);
        self.answer(what, answer.map_err(|e| self.unreachable(&e.to_string()))?)
    }

    /// What was answered, if it is what was asked for.
    fn answer(&self, what: &str, mut answer: Response<Body>) -> Result<Value, Fault> {
        let status = answer.status();
        let text = answer.body_mut().read_to_string().map_err(|e| self.unreachable(&e.to_string()))?;
        if status.is_success() {
            return serde_json::from_str(&text).map_err(|_| self.unreachable("it does not answer as MLflow does"));
        }
        Err(Fault::machine(&self.url, format!("MLflow refused {what}")).found(format!("{status}: {text}")))
    }

    /// Keeps a file with a run.
    fn put(&self, folder: &str, path: &Path) -> Result<(), Fault> {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let url = format!("{}/api/2.0/mlflow-artifacts/artifacts/{folder}/{name}", self.url);
        let sent = self.agent.put(&url).send(&files::read(path)?[..]);
        sent.map(drop).map_err(|e| {
            self.unreachable(&format!("it does not take {name}: {e}"))
                .expected("a server that takes artifacts (mlflow server --artifacts-destination FOLDER)")
        })
    }

    fn unreachable(&self, why: &str) -> Fault {
        Fault::machine(&self.url, "the figures cannot be written to MLflow")
            .found(why)
            .hint("is it running? mlflow server --host 127.0.0.1 --port 5000")
    }
}

fn metrics(run: &TrackedRun) -> Vec<Value> {
    let of_epochs = run.epochs.iter().zip(ends(run)).flat_map(|(epoch, ended)| {
        epoch.figures.iter().map(move |(name, figure)| metric(name, *figure, ended, epoch.epoch))
    });
    let last = run.epochs.last().map_or(0, |epoch| epoch.epoch);
    let ended = seconds(run.ended);
    of_epochs.chain(run.results.iter().map(|(name, figure)| metric(name, *figure, ended, last))).collect()
}

fn metric(name: &str, figure: f64, at: f64, step: u32) -> Value {
    json!({"key": named(name), "value": figure, "timestamp": millis(at), "step": step})
}

fn parameters(run: &TrackedRun) -> Vec<Value> {
    let words = |setting: &Setting| match setting {
        Setting::Number(number) => number.to_string(),
        Setting::Text(text) => text.chars().take(LONGEST_PARAMETER).collect(),
    };
    run.settings.iter().map(|(name, setting)| json!({"key": named(name), "value": words(setting)})).collect()
}

fn millis(seconds: f64) -> i64 {
    (seconds * 1000.0) as i64
}

/// MLflow takes letters, digits, `_`, `-`, `.`, spaces and `/`.
fn named(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() || "_-. /".contains(c) { c } else { '_' }).collect()
}
