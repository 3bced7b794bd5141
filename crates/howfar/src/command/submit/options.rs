//! What the user asks of Slurm, named as `submitit` names it, and where a study keeps what belongs to Slurm.

use std::path::PathBuf;

use howfar_face::{Fault, files};
use howfar_study::StudyFolder;
use serde::{Deserialize, Serialize};

/// What the user asks of Slurm.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, clap::Args)]
pub struct Options {
    /// The partition.
    #[arg(long)]
    pub partition: Option<String>,
    /// The quality of service.
    #[arg(long)]
    pub qos: Option<String>,
    /// The account that pays.
    #[arg(long)]
    pub account: Option<String>,
    /// Features that nodes must have.
    #[arg(long)]
    pub constraint: Option<String>,
    /// Jobs of the array that run at the same time, at most [default: 256].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub array_parallelism: Option<u32>,
    /// Time limit of a job in minutes; a cell that takes longer goes on in the next one. Without it, the partition's.
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..))]
    pub timeout_min: Option<u32>,
    /// Memory of a job in GB; without it, the partition's.
    #[arg(long, value_name = "GB", value_parser = clap::value_parser!(u32).range(1..))]
    pub mem_gb: Option<u32>,
    /// Cores of a job [default: 1].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub cpus_per_task: Option<u32>,
    /// Seconds before the time limit at which a job is told to keep what it has [default: 90]. An epoch should be
    /// shorter.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub signal_delay_s: Option<u32>,
    /// How often a job that ran into its time limit or was preempted is queued again [default: 10].
    #[arg(long, value_name = "N")]
    max_num_timeout: Option<u32>,
    /// Cells of a job; without it as few as give 1000 jobs.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub chunk: Option<u32>,
}

impl Options {
    /// What is not given here is as there.
    pub fn or(self, before: Options) -> Options {
        Options {
            partition: self.partition.or(before.partition),
            qos: self.qos.or(before.qos),
            account: self.account.or(before.account),
            constraint: self.constraint.or(before.constraint),
            array_parallelism: self.array_parallelism.or(before.array_parallelism),
            timeout_min: self.timeout_min.or(before.timeout_min),
            mem_gb: self.mem_gb.or(before.mem_gb),
            cpus_per_task: self.cpus_per_task.or(before.cpus_per_task),
            signal_delay_s: self.signal_delay_s.or(before.signal_delay_s),
            max_num_timeout: self.max_num_timeout.or(before.max_num_timeout),
            chunk: self.chunk.or(before.chunk),
        }
    }

    /// Those of the round before; none of a study that was never submitted.
    pub fn read(study: &StudyFolder) -> Result<Options, Fault> {
        let file = file(study);
        if !file.is_file() {
            return Ok(Options::default());
        }
        let (format, version) = FORMAT;
        Ok(files::read_json::<Kept>(&file, format, version)?.options)
    }

    /// Keeps them for the next round.
    pub fn write(&self, study: &StudyFolder) -> Result<(), Fault> {
        let (format, version) = FORMAT;
        files::write_json(&file(study), &Kept { format: format.to_owned(), version, options: self.clone() })
    }

    /// Rounds in a row that may finish no cell: each may bring every cell a time limit further.
    pub fn rounds_without_progress(&self) -> usize {
        self.requeues() as usize
    }

    /// How often a job is queued again.
    pub fn requeues(&self) -> u32 {
        self.max_num_timeout.unwrap_or(10)
    }
}

const FORMAT: (&str, u32) = ("howfar slurm options", 1);

/// `slurm/options.json`.
#[derive(Serialize, Deserialize)]
struct Kept {
    format: String,
    version: u32,
    options: Options,
}

/// Where everything of Slurm lies in a study's folder.
pub fn folder(study: &StudyFolder) -> PathBuf {
    study.root().join("slurm")
}

/// What jobs print.
pub fn logs(study: &StudyFolder) -> PathBuf {
    folder(study).join("log")
}

fn file(study: &StudyFolder) -> PathBuf {
    folder(study).join("options.json")
}
