//! One module a command; each turns its arguments into the stages that it names in order.

pub mod analyse;
pub mod audit;
pub mod cells;
pub mod check_claim;
pub mod check_statistics;
pub mod completions;
pub mod cross_database;
pub mod demo;
pub mod doctor;
pub mod draw;
pub mod draw_charts;
pub mod evaluate;
pub mod evaluate_generator;
pub mod export;
pub mod export_faces;
pub mod export_predictions;
pub mod fit_style;
pub mod generate;
pub mod import_weights;
pub mod init;
pub mod inspect;
pub mod inspect_weights;
pub mod man;
pub mod merge;
pub mod plan;
pub mod predict;
pub mod prepare;
pub mod report;
pub mod rig;
pub mod run;
pub mod run_cell;
pub mod run_generator;
pub mod serve;
pub mod sheet;
pub mod show_style;
pub mod status;
pub mod study_args;
pub mod submit;
pub mod track;
pub mod train;
pub mod train_features;
pub mod train_generator;
pub mod train_landmarks;
pub mod with_parent;

use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use howfar_face::Fault;
use howfar_net::{ComputeDevice, InstructionSet, NetFault};
use howfar_study::{Cores, StudyFolder};

/// The flag of this process that Ctrl-C and SIGTERM raise, so that work stops in good order. It is one for all looks
/// and all studies of a command.
fn stop_flag() -> &'static AtomicBool {
    static STOP: AtomicBool = AtomicBool::new(false);
    static HANDLER: Once = Once::new();
    // Where no handler can be set, the signal ends the process; checkpoints are there for that.
    HANDLER.call_once(|| drop(ctrlc::set_handler(|| STOP.store(true, Ordering::SeqCst))));
    &STOP
}

/// What runs: the first line of a log, and of details.
pub fn begins() -> String {
    let words = std::env::args_os().skip(1).map(|word| cells::quoted(&word.to_string_lossy()));
    let words = std::iter::once("howfar".to_owned()).chain(words).collect::<Vec<_>>().join(" ");
    let (system, machine) = (std::env::consts::OS, std::env::consts::ARCH);
    format!("begins: {words} (howfar {}, {system} {machine}, {} cores)", env!("CARGO_PKG_VERSION"), n_cores())
}

/// A command that computes, with the instructions that it computes with.
#[derive(Debug, clap::Args)]
pub struct Computes<A: clap::Args> {
    #[command(flatten)]
    args: A,
    /// Compute with these instructions instead of the fastest that the CPU has; part of a cell's identity.
    #[arg(long, value_name = "SET", value_parser = ["plain", "avx2", "avx512"])]
    isa: Option<String>,
}

impl<A: clap::Args> Computes<A> {
    /// Its own arguments, once the instructions are those that were asked for.
    pub fn pinned(&self) -> Result<&A, Fault> {
        self.isa.as_deref().map_or(Ok(()), pin)?;
        Ok(&self.args)
    }
}

/// Computes with the instructions of that name, if this CPU has them and no others were taken before.
pub fn pin(name: &str) -> Result<(), Fault> {
    let available = InstructionSet::available();
    match available.iter().find(|set| set.name() == name) {
        Some(set) if set.pin() => Ok(()),
        _ => Err(Fault::usage("--isa", "this CPU does not have these instructions")
            .found(name)
            .expected(available.iter().map(|set| set.name()).collect::<Vec<_>>().join(", "))),
    }
}

/// Computes with the instructions that a study was planned with: its cells are none of others.
pub fn pin_as_planned(folder: &StudyFolder) -> Result<(), Fault> {
    let planned = folder.read_plan()?.instruction_set;
    if pin(&planned).is_ok() {
        return Ok(());
    }
    let available: Vec<&str> = InstructionSet::available().iter().map(|set| set.name()).collect();
    Err(Fault::machine(folder.plan_file().display(), "the study was planned for instructions that are not used here")
        .found(format!("{planned}; this CPU has {}", available.join(", ")))
        .expected("a machine like the one that planned, or a plan for the oldest of the machines")
        .hint("`howfar plan study.toml --write --isa avx2` plans for every machine since 2013; leave --isa away here"))
}

/// How the cores are shared out.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub struct CoreArgs {
    /// Training runs (cells) side by side. Without this and --threads a short measurement decides: one for each core,
    /// or all cores for one.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    jobs: Option<u32>,
    /// Threads of each training run; no result depends on it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    threads: Option<u32>,
}

impl CoreArgs {
    fn cores(self) -> Cores {
        let [n_jobs, n_threads] = [self.jobs, self.threads].map(|n| n.map(|n| n as usize));
        Cores { n_cores: n_cores(), n_jobs, n_threads }
    }
}

/// What computes.
#[derive(Debug, Clone, clap::Args)]
pub struct DeviceArg {
    /// Compute on the CPU or on a GPU. A GPU needs a program that was built with the cargo feature of the same name,
    /// and gives the same bits on another run only if its driver does.
    #[arg(long, value_name = "DEVICE", default_value = "cpu",
        value_parser = ComputeDevice::ALL.map(ComputeDevice::name))]
    device: String,
}

impl DeviceArg {
    /// Makes it the device of this process; comes before all work.
    fn pin(&self) -> Result<(), Fault> {
        let device = ComputeDevice::ALL.into_iter().find(|device| device.name() == self.device);
        device.expect("clap let known names through").pin().map_err(|NetFault { what, found, expected, .. }| {
            Fault::usage("--device", what).found(found).expected(expected)
        })
    }
}

/// Cores that this process may use.
fn n_cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
