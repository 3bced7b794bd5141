//! A program that trains, as a process: started with its environment, watched, ended with all its children.
//!
//! In: what a study asks for. Out: nothing, once it has ended well, or a fault with the last lines that it printed.
//! Its children are found by the group of processes that they are in and, on Linux, by the job in their environment.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use howfar_face::{Fault, shortened};
use howfar_protocol::OWN_PROGRAM;

use super::log::{Log, Said, Voice};
use crate::requested_program::not_started;

/// How often a program is looked at.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
/// How often whoever watches is asked whether to go on.
const BETWEEN_QUESTIONS: Duration = Duration::from_millis(250);
/// What a program that is asked to stop has for its checkpoint.
const GRACE: Duration = Duration::from_secs(30);
/// What is still read of a program that has ended, should a child of it hold the pipe.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// Where the job stands in the environment.
const JOB_VARIABLE: &str = "HOWFAR_JOB";
/// What libraries ask for the number of threads.
const THREADS: [&str; 7] = [
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "RAYON_NUM_THREADS",
];
const GPUS: &str = "CUDA_VISIBLE_DEVICES";

/// What is to be run.
pub(crate) struct Wanted<'a> {
    pub command: &'a [String],
    pub environment: &'a BTreeMap<String, String>,
    pub folder: &'a Path,
    pub job: &'a Path,
    pub cell: &'a str,
    /// None where the study does not ask for any.
    pub gpus: Option<&'a [String]>,
    pub timeout_min: f64,
    pub log: &'a Path,
}

/// The GPUs of a slot, of those that this process may use.
pub(crate) fn gpus(n: u32, slot: usize) -> Result<Vec<String>, Fault> {
    let n = n as usize;
    if n == 0 {
        return Ok(Vec::new());
    }
    let of_variable = std::env::var(GPUS).ok().map(|text| {
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        names.map(str::to_owned).collect::<Vec<_>>()
    });
    let visible = of_variable.unwrap_or_else(|| {
        let cards = std::fs::read_dir("/proc/driver/nvidia/gpus").map_or(0, Iterator::count);
        (0..cards).map(|card| card.to_string()).collect()
    });
    if visible.len() < n {
        return Err(Fault::machine("train.gpus", "there are not so many GPUs here")
            .found(format!("{} ({GPUS} or the NVIDIA driver says so)", visible.len()))
            .expected(format!("{n} for each cell"))
            .hint("set CUDA_VISIBLE_DEVICES, or lower gpus in [train]"));
    }
    Ok((0..n).map(|i| visible[(slot * n + i) % visible.len()].clone()).collect())
}

/// Runs a program to its end. `watch` is told what it says a few times a second, and may end it.
pub(crate) fn run(wanted: &Wanted<'_>, watch: &mut dyn FnMut(&Said) -> ControlFlow<()>) -> Result<(), Fault> {
    // What was left by one that was killed with howfar must not write into the same checkpoint.
    end_children(wanted.job);
    let log = Log::create(wanted.log)?;
    let mut child = start(wanted)?;
    let listeners = [
        child.stdout.take().map(|from| listen(&log, Voice::Out, from)),
        child.stderr.take().map(|from| listen(&log, Voice::Err, from)),
    ];
    let ended = wait(&mut child, wanted, &log, watch);
    end_group(&child, wanted.job);
    let begun = Instant::now();
    while listeners.iter().flatten().flatten().any(|thread| !thread.is_finished()) && begun.elapsed() < LAST_WORDS {
        std::thread::sleep(BETWEEN_LOOKS);
    }
    let last_lines = log.end()?;
    match ended? {
        status if status.success() => Ok(()),
        status => Err(failed(wanted, &format!("the program ended with {}", status_words(status)), &last_lines)),
    }
}

fn listen(
    log: &Log,
    voice: Voice,
    from: impl std::io::Read + Send + 'static,
) -> std::io::Result<std::thread::JoinHandle<()>> {
    let log = log.clone();
    std::thread::Builder::new().spawn(move || log.listen(voice, from))
}

fn start(wanted: &Wanted<'_>) -> Result<Child, Fault> {
    let words = super::words(wanted.command, wanted.job);
    let mut command = launcher(&words)?;
    let n_threads = rayon::current_num_threads().to_string();
    command.current_dir(wanted.folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.envs(THREADS.map(|name| (name, n_threads.as_str()))).env("PYTHONUNBUFFERED", "1");
    if let Some(gpus) = wanted.gpus {
        command.env(GPUS, gpus.join(","));
    }
    command.envs(wanted.environment).env(JOB_VARIABLE, wanted.job);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn().map_err(|e| not_started(&wanted.command.join(" "), wanted.folder, &e))
}

/// Waits for the end; of a program that is told to stop, or takes too long, the fault says so.
fn wait(
    child: &mut Child,
    wanted: &Wanted<'_>,
    log: &Log,
    watch: &mut dyn FnMut(&Said) -> ControlFlow<()>,
) -> Result<ExitStatus, Fault> {
    let begun = Instant::now();
    let mut asked = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(|e| Fault::io(wanted.folder, "wait for the program in", &e))? {
            return Ok(status);
        }
        if begun.elapsed().as_secs_f64() > 60.0 * wanted.timeout_min {
            end_group(child, wanted.job);
            let what = format!("the program did not end within {} minutes and was killed", wanted.timeout_min);
            let hint = format!("raise timeout_min in [train]; all that it printed is in {}", wanted.log.display());
            return Err(failed(wanted, &what, &log.end()?).hint(hint));
        }
        if asked.elapsed() > BETWEEN_QUESTIONS {
            asked = Instant::now();
            if watch(&log.said()).is_break() {
                stop(child, wanted.job);
                return Err(Fault::interrupted("the program's checkpoint is kept").hint("run the same command again"));
            }
        }
        std::thread::sleep(BETWEEN_LOOKS);
    }
}

/// Asks a program to stop, and ends it where it does not.
fn stop(child: &mut Child, job: &Path) {
    tell_group(child, Told::Stop);
    let begun = Instant::now();
    while matches!(child.try_wait(), Ok(None)) && begun.elapsed() < GRACE {
        std::thread::sleep(BETWEEN_LOOKS);
    }
    end_group(child, job);
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Stop,
    End,
}

/// Ends a program with all that it started.
fn end_group(child: &Child, job: &Path) {
    tell_group(child, Told::End);
    end_children(job);
}

#[cfg(unix)]
fn tell_group(child: &Child, told: Told) {
    use nix::sys::signal::{Signal, killpg};
    let signal = if told == Told::Stop { Signal::SIGTERM } else { Signal::SIGKILL };
    // A group that is gone needs none.
    let _ = i32::try_from(child.id()).map(|pid| killpg(nix::unistd::Pid::from_raw(pid), signal));
}

#[cfg(not(unix))]
fn tell_group(child: &Child, told: Told) {
    if told == Told::End {
        let mut ending = Command::new("taskkill");
        let _ = ending.args(["/T", "/F", "/PID", &child.id().to_string()]).output();
    }
}

/// Ends whatever still has this job in its environment: children that left the group.
#[cfg(target_os = "linux")]
fn end_children(job: &Path) {
    use nix::sys::signal::{Signal, kill};
    let marked = [JOB_VARIABLE.as_bytes(), b"=", job.as_os_str().as_encoded_bytes()].concat();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        let Ok(environment) = std::fs::read(entry.path().join("environ")) else { continue };
        if environment.split(|byte| *byte == 0).any(|variable| variable == marked) {
            let _ = kill(nix::unistd::Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn end_children(_job: &Path) {}

/// A program must not outlive howfar: on Linux it is started by way of howfar itself, which asks the system for that.
#[cfg(target_os = "linux")]
fn launcher(words: &[OsString]) -> Result<Command, Fault> {
    let mut command = Command::new(own()?);
    command.arg("with-parent").arg(std::process::id().to_string()).arg("--").args(words);
    Ok(command)
}

#[cfg(not(target_os = "linux"))]
fn launcher(words: &[OsString]) -> Result<Command, Fault> {
    let program = if words[0] == OWN_PROGRAM { own()?.into() } else { words[0].clone() };
    let mut command = Command::new(program);
    command.args(&words[1..]);
    Ok(command)
}

fn own() -> Result<std::path::PathBuf, Fault> {
    std::env::current_exe().map_err(|e| Fault::io(Path::new(OWN_PROGRAM), "find", &e))
}

/// Turns this process into a program that ends with its parent. Comes back only where that fails.
pub fn become_program(parent: u32, words: &[OsString]) -> Fault {
    let Some((program, arguments)) = words.split_first() else {
        return Fault::usage("with-parent", "no program is given");
    };
    #[cfg(target_os = "linux")]
    {
        let _ = nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL);
        if u32::try_from(nix::unistd::getppid().as_raw()) != Ok(parent) {
            return Fault::interrupted("the process that started this one is gone");
        }
    }
    let program = match own() {
        Ok(own) if program == OWN_PROGRAM => own.into(),
        _ => program.clone(),
    };
    let mut command = Command::new(&program);
    command.args(arguments);
    #[cfg(unix)]
    let error = std::os::unix::process::CommandExt::exec(&mut command);
    #[cfg(not(unix))]
    let error = std::io::Error::other(format!("not on this system ({parent})"));
    not_started(&program.to_string_lossy(), Path::new("."), &error)
}

/// A fault with the last lines of stderr.
fn failed(wanted: &Wanted<'_>, what: &str, last_lines: &[String]) -> Fault {
    let said = match last_lines.iter().all(String::is_empty) {
        true => "nothing on stderr".to_owned(),
        false => last_lines.join("\n            "),
    };
    Fault::data(format!("cell {}, `{}`", wanted.cell, shortened(&wanted.command.join(" "), 120)), what)
        .found(said)
        .expected("exit code 0 and a whole answer")
        .hint(format!("all that it printed is in {}", wanted.log.display()))
}

fn status_words(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        let name = nix::sys::signal::Signal::try_from(signal).map_or("a signal", |signal| signal.as_str());
        return format!("{name} (signal {signal}); out of memory, perhaps");
    }
    status.code().map_or_else(|| status.to_string(), |code| format!("exit code {code}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_take_turns_with_the_gpus() {
        // Of the variable alone: tests do not change their own environment.
        assert_eq!(gpus(0, 3).unwrap(), Vec::<String>::new());
        let visible = std::env::var(GPUS).ok();
        if visible.is_none() && !Path::new("/proc/driver/nvidia/gpus").exists() {
            let fault = gpus(1, 0).unwrap_err().to_string();
            assert!(fault.contains("not so many GPUs"), "{fault}");
        }
    }
}
