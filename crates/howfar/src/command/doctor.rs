//! `howfar doctor`: what this machine has, and what that means.

use std::process::{Command, Stdio};

use howfar_face::{Fault, memory_bytes};

use crate::command::n_cores;
use crate::console::Console;

/// Report what this machine has and what that means for howfar.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: howfar doctor --json")]
pub struct Args {}

/// What a GPU is good for in this build.
const GPU_MEANING: &str = if cfg!(any(feature = "wgpu", feature = "cuda")) {
    "for `--device` of train and generator train; studies run on the CPU"
} else {
    "not used: this build runs on the CPU alone"
};

/// Looks and tells.
#[expect(clippy::unnecessary_wraps, reason = "every command has this signature")]
pub fn run(_args: &Args, console: &Console) -> Result<(), Fault> {
    let ffmpeg = version_of("ffmpeg", "-version");
    let gpu = version_of("nvidia-smi", "-L");
    let instruction_set = howfar_train::instruction_set();
    if console.json() {
        console.answer_json(&serde_json::json!({
            "howfar": env!("CARGO_PKG_VERSION"), "cores": n_cores(), "processor": processor(),
            "instruction_set": instruction_set, "memory_bytes": memory_bytes(), "ffmpeg": ffmpeg, "gpu": gpu,
        }));
        return Ok(());
    }
    let memory = memory_bytes();
    let lines = [
        ("howfar", env!("CARGO_PKG_VERSION").to_owned(), ""),
        ("CPU", processor(), ""),
        ("cores", n_cores().to_string(), "cells side by side or all for one, whichever is faster"),
        ("instructions", instruction_set.to_owned(), "part of a cell's identity: another set computes cells anew"),
        (
            "memory",
            memory.map_or("unknown".to_owned(), |m| format!("{} MiB", m >> 20)),
            "decoded faces stay in memory once: 64×64 takes 4 KiB a face",
        ),
        ("ffmpeg", ffmpeg.unwrap_or_else(|| "not found".to_owned()), "needed by `prepare mmi:` for clips alone"),
        ("GPU", gpu.unwrap_or_else(|| "not found".to_owned()), GPU_MEANING),
    ];
    for (name, value, meaning) in lines {
        let value = if meaning.is_empty() { value } else { format!("{value}  ({meaning})") };
        console.answer(&format!("{name:<14}{value}"));
    }
    Ok(())
}

/// The first line that a program says of itself.
fn version_of(program: &str, argument: &str) -> Option<String> {
    let output = Command::new(program).arg(argument).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().next().filter(|_| output.status.success()).map(str::to_owned)
}

/// The CPU's name, where the system tells.
pub fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name"));
    name.and_then(|n| n.split(':').nth(1)).map_or_else(|| std::env::consts::ARCH.to_owned(), |n| n.trim().to_owned())
}
