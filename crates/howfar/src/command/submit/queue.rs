//! The one place that talks to Slurm: `sbatch` for each script, `squeue` once a command, never `sacct`.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use howfar_face::Fault;

/// The user's jobs that wait or run.
pub struct Queue {
    /// By job, the tasks of an array; none of a job that is no array.
    tasks: BTreeMap<String, BTreeSet<usize>>,
}

impl Queue {
    /// Asks Slurm. The job that asks does not count.
    pub fn ask() -> Result<Self, Fault> {
        let user = said("id", &["-un"])?;
        let own = std::env::var("SLURM_JOB_ID").unwrap_or_default();
        // %F: the array's job, %K: the task, one a line; %A: the job by itself.
        let text = said("squeue", &["--noheader", "--array", "--user", user.trim(), "--format", "%F %K %A"])?;
        let mut tasks: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [array, task, job] = words.as_slice() else { continue };
            if *job != own {
                tasks.entry((*array).to_owned()).or_default().extend(task.parse::<usize>());
            }
        }
        Ok(Queue { tasks })
    }

    /// Whether anything of a job waits or runs.
    pub fn has(&self, job: &str) -> bool {
        self.tasks.contains_key(job)
    }

    /// Whether a task of an array waits or runs.
    pub fn has_task(&self, job: &str, task: usize) -> bool {
        self.tasks.get(job).is_some_and(|tasks| tasks.contains(&task))
    }
}

/// Submits a script; the job's number.
pub fn submit(script: &Path, options: &[String]) -> Result<String, Fault> {
    let mut arguments: Vec<&OsStr> = vec![OsStr::new("--parsable")];
    arguments.extend(options.iter().map(OsStr::new));
    arguments.push(script.as_os_str());
    let said = said("sbatch", &arguments)?;
    // `job` or `job;cluster`.
    Ok(said.trim().split(';').next().unwrap_or_default().to_owned())
}

/// Jobs that an array may have, where Slurm says so.
pub fn largest_array() -> Option<usize> {
    let text = said("scontrol", &["show", "config"]).ok()?;
    let line = text.lines().find(|line| line.trim_start().starts_with("MaxArraySize"))?;
    // The largest index is one less.
    line.split('=').nth(1)?.trim().parse::<usize>().ok()?.checked_sub(1).filter(|most| *most > 0)
}

/// The oldest instructions among the nodes of a partition: `avx512` where every node names that feature, else `avx2`.
pub fn oldest_instructions(partition: Option<&str>) -> String {
    let mut arguments = vec!["--noheader", "--format", "%f"];
    arguments.extend(partition.iter().flat_map(|name| ["--partition", name]));
    let features = said("sinfo", &arguments).unwrap_or_default();
    let all = !features.trim().is_empty() && features.lines().all(|line| line.contains("avx512"));
    if all { "avx512" } else { "avx2" }.to_owned()
}

/// What a program of Slurm prints.
fn said(program: &str, arguments: &[impl AsRef<OsStr>]) -> Result<String, Fault> {
    let done = Command::new(program).args(arguments).output().map_err(|e| {
        Fault::machine(program, "cannot start this program")
            .found(e)
            .expected("a machine from which jobs are submitted to Slurm")
            .hint("`howfar study cells` lists the commands for other schedulers; `howfar run` needs none")
    })?;
    if !done.status.success() {
        let words = arguments.iter().map(|a| a.as_ref().to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ");
        return Err(Fault::machine(format!("{program} {words}"), "Slurm refused this")
            .found(String::from_utf8_lossy(&done.stderr).trim()));
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}
