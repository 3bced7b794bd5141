//! Rounds: what was submitted together, and what of it still is in the queue.
//!
//! In: what is to be done. Out: chunks of cells, `slurm/round-001.txt` with a line each, and `slurm/rounds.jsonl`.

use std::collections::BTreeSet;

use howfar_face::{Fault, files};
use howfar_study::{StudyFolder, ToDo, places_in_words, places_of_words};
use serde::{Deserialize, Serialize};

use super::options::{self, Options};
use super::queue::{Queue, largest_array};

/// Jobs of an array where nothing else is asked for: what Slurm allows unless it is told otherwise.
const USUAL_JOBS: usize = 1000;
/// Errors that a standstill names.
const MOST_ERRORS: usize = 3;

/// Cells that are submitted together, in chunks of a job each.
pub struct Round {
    number: usize,
    /// The stage they belong to.
    pub stage: u32,
    /// Places of cells, as `study cell --index` takes them.
    pub chunks: Vec<String>,
    n_cells: usize,
}

impl Round {
    /// A round of these cells.
    pub fn of(to_do: &ToDo, places: &[usize], number: usize, options: &Options) -> Result<Self, Fault> {
        let most = largest_array().unwrap_or(USUAL_JOBS);
        let usual = places.len().div_ceil(most.min(USUAL_JOBS)).max(1);
        let chunk = options.chunk.map_or(usual, |chunk| chunk as usize);
        let chunks: Vec<String> = places.chunks(chunk).map(places_in_words).collect();
        if chunks.len() > most {
            return Err(Fault::usage("--chunk", "an array of so many jobs is not allowed here")
                .found(format!("{} jobs of {chunk} cells", chunks.len()))
                .expected(format!("up to {most} jobs (MaxArraySize of Slurm)"))
                .hint(format!("--chunk {}, or leave it away", places.len().div_ceil(most))));
        }
        Ok(Round { number, stage: to_do.stage, chunks, n_cells: places.len() })
    }

    /// Cells of all chunks.
    pub fn n_cells(&self) -> usize {
        self.n_cells
    }

    /// What its files are called.
    pub fn name(&self) -> String {
        format!("round-{:03}", self.number)
    }

    /// The file with a chunk a line.
    pub fn file(&self) -> String {
        format!("{}.txt", self.name())
    }

    /// The first chunk.
    pub fn first(&self) -> &str {
        self.chunks.first().map_or("none", String::as_str)
    }

    /// Writes the file of chunks.
    pub fn write(&self, study: &StudyFolder) -> Result<(), Fault> {
        let text: String = self.chunks.iter().map(|chunk| format!("{chunk}\n")).collect();
        files::write(&options::folder(study).join(self.file()), text.as_bytes())
    }
}

/// A line of `slurm/rounds.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Submitted {
    /// The round; 0 for a job that follows nothing.
    round: usize,
    stage: u32,
    n_cells: usize,
    /// The array, as Slurm counts.
    job: Option<String>,
    /// The job behind it.
    follower: String,
}

/// All rounds of a study.
pub struct Rounds {
    file: std::path::PathBuf,
    submitted: Vec<Submitted>,
}

impl Rounds {
    /// Reads them; none of a study that was never submitted.
    pub fn read(study: &StudyFolder) -> Result<Self, Fault> {
        let file = options::folder(study).join("rounds.jsonl");
        let text = if file.is_file() { files::read_text(&file)? } else { String::new() };
        let of_line = |(i, line): (usize, &str)| {
            serde_json::from_str(line).map_err(|e| {
                Fault::data(format!("{}, line {}", file.display(), i + 1), "this is no submitted round")
                    .found(e)
                    .hint("remove the line; what is in the queue of that round may then be submitted twice")
            })
        };
        let submitted = text.lines().enumerate().map(of_line).collect::<Result<_, Fault>>()?;
        Ok(Rounds { file, submitted })
    }

    /// The number of the round to come, from 1.
    pub fn next_number(&self) -> usize {
        self.submitted.iter().map(|line| line.round).max().unwrap_or(0) + 1
    }

    /// Notes what was submitted.
    pub fn add(&mut self, round: Option<(Round, String)>, follower: String) -> Result<(), Fault> {
        let line = match round {
            Some((round, job)) => {
                Submitted { round: round.number, stage: round.stage, n_cells: round.n_cells, job: Some(job), follower }
            }
            None => Submitted { round: 0, stage: 0, n_cells: 0, job: None, follower },
        };
        self.submitted.push(line);
        let lines: Result<Vec<String>, _> = self.submitted.iter().map(serde_json::to_string).collect();
        let lines = lines.map_err(|e| Fault::data(self.file.display(), e.to_string()))?;
        files::write(&self.file, (lines.join("\n") + "\n").as_bytes())
    }

    /// Places of cells whose jobs wait or run.
    pub fn places_in(&self, queue: &Queue, study: &StudyFolder) -> Result<BTreeSet<usize>, Fault> {
        let mut places = BTreeSet::new();
        for line in &self.submitted {
            let Some(job) = line.job.as_ref().filter(|job| queue.has(job)) else { continue };
            let file = options::folder(study).join(format!("round-{:03}.txt", line.round));
            for (task, chunk) in files::read_text(&file)?.lines().enumerate() {
                if queue.has_task(job, task) {
                    places.extend(places_of_words(chunk).unwrap_or_default());
                }
            }
        }
        Ok(places)
    }

    /// Arrays that wait or run.
    pub fn jobs_in(&self, queue: &Queue) -> Vec<String> {
        self.submitted.iter().filter_map(|line| line.job.clone()).filter(|job| queue.has(job)).collect()
    }

    /// Whether a job that comes back is in the queue.
    pub fn has_follower_in(&self, queue: &Queue) -> bool {
        self.submitted.iter().any(|line| queue.has(&line.follower))
    }

    /// Refuses to submit for ever what never ends: all missing cells failed, or many rounds in a row finished none.
    pub fn refuse_standstill(&self, to_do: &ToDo, study: &StudyFolder, most: usize) -> Result<(), Fault> {
        let of_stage: Vec<&Submitted> = self.submitted.iter().filter(|line| line.stage == to_do.stage).collect();
        let n_missing = to_do.missing.len();
        let n_still = of_stage.iter().rev().take_while(|line| line.n_cells == n_missing).count();
        let mut errors = Vec::new();
        for place in &to_do.missing {
            if let Some(failed) = study.failed(&to_do.cells[*place])? {
                errors.push(format!("cell {place}: {}", failed.first_line()));
            }
        }
        let all_failed = errors.len() == n_missing && n_still > 0;
        if !all_failed && n_still <= most {
            return Ok(());
        }
        errors.truncate(MOST_ERRORS);
        let what = if all_failed { "failed in the last round" } else { "came no further in many rounds" };
        Err(Fault::data(study.root().display(), format!("{n_missing} cells {what}; nothing more is submitted"))
            .found(if errors.is_empty() { "no error that a cell has left".to_owned() } else { errors.join("\n") })
            .hint("`howfar status` lists the errors, slurm/log has what jobs printed; then `howfar submit` again"))
    }
}
