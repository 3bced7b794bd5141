//! The scripts that Slurm is given.
//!
//! In: a round of cells and the user's options. Out: shell scripts with their `#SBATCH` lines.

use std::path::PathBuf;

use howfar_face::Fault;
use howfar_study::StudyFolder;

use super::options::{Options, folder, logs};
use super::round::Round;
use crate::command::cells::{program, quoted};

/// Writes scripts for a study.
pub struct Scripts<'a> {
    study: &'a StudyFolder,
    name: String,
    options: &'a Options,
    program: PathBuf,
}

impl<'a> Scripts<'a> {
    /// For the study of that name.
    pub fn new(study: &'a StudyFolder, name: &str, options: &'a Options) -> Result<Self, Fault> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        let name = name.chars().map(|c| if is_plain(c) { c } else { '-' }).collect();
        Ok(Scripts { study, name, options, program: program()? })
    }

    /// The study's folder.
    pub fn study(&self) -> &StudyFolder {
        self.study
    }

    /// An array with a job for each chunk of a round. A job passes on the signal that its time is over, and is queued
    /// again where its cells were stopped on the way.
    pub fn array(&self, round: &Round) -> String {
        let last = round.chunks.len().saturating_sub(1);
        let at_once = self.options.array_parallelism.unwrap_or(256);
        let mut lines = self.head(&format!("howfar-{}", self.name), "%A_%a");
        lines.push(format!("#SBATCH --array=0-{last}%{at_once}"));
        lines.push(format!("#SBATCH --signal=B:TERM@{}", self.options.signal_delay_s.unwrap_or(90)));
        let cpus = self.options.cpus_per_task.unwrap_or(1);
        lines.push(format!("#SBATCH --cpus-per-task={cpus}"));
        lines.extend(self.options.mem_gb.map(|gb| format!("#SBATCH --mem={gb}G")));
        lines.extend(self.options.timeout_min.map(|minutes| format!("#SBATCH --time={minutes}")));
        let places = quoted(&folder(self.study).join(round.file()).to_string_lossy());
        lines.push(format!("places=$(sed -n \"$((SLURM_ARRAY_TASK_ID + 1))p\" {places})"));
        // Not every cluster keeps a job to its cores.
        lines.push(format!(
            "{} --quiet study cell {} --threads {cpus} --index \"$places\" &",
            self.program(),
            self.folder()
        ));
        lines.push("cells=$!".to_owned());
        lines.push("told=0; trap 'told=1; kill -TERM $cells' TERM".to_owned());
        lines.push("wait $cells; code=$?".to_owned());
        lines.push("if [ $told = 1 ]; then wait $cells; code=$?; fi".to_owned());
        lines.push(format!(
            "if [ $code = 75 ] && [ \"${{SLURM_RESTART_COUNT:-0}}\" -lt {} ]; then",
            self.options.requeues()
        ));
        lines.push("    scontrol requeue \"$SLURM_JOB_ID\"\nfi".to_owned());
        lines.push("exit $code".to_owned());
        lines.join("\n") + "\n"
    }

    /// The job that comes back when a round is over.
    pub fn next(&self) -> String {
        let mut lines = self.head(&format!("howfar-{}-next", self.name), "%j-%A");
        lines.push(format!("exec {} submit {} --next", self.program(), self.folder()));
        lines.join("\n") + "\n"
    }

    fn head(&self, name: &str, log: &str) -> Vec<String> {
        let log = logs(self.study).join(format!("{log}.log"));
        let mut lines = vec![
            "#!/bin/bash".to_owned(),
            format!("#SBATCH --job-name={name}"),
            format!("#SBATCH --output=\"{}\"", log.display()),
            "#SBATCH --open-mode=append".to_owned(),
            "#SBATCH --requeue".to_owned(),
        ];
        let Options { partition, qos, account, constraint, .. } = self.options;
        for (option, value) in
            [("partition", partition), ("qos", qos), ("account", account), ("constraint", constraint)]
        {
            lines.extend(value.as_ref().map(|value| format!("#SBATCH --{option}={}", quoted(value))));
        }
        lines
    }

    fn program(&self) -> String {
        quoted(&self.program.to_string_lossy())
    }

    fn folder(&self) -> String {
        quoted(&self.study.root().to_string_lossy())
    }
}
