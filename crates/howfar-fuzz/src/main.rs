//! `howfar-fuzz`: damaged files for every reader, in a plain loop, each target in a process of its own that may not
//! have more than its memory.
//!
//! In: targets, how many tries, a seed. Out: a line a target (tries, taken, refused, the slowest), and a file with each
//! input that broke a reader; exit code 1 where there is one. The same seed tries the same inputs.

#![expect(clippy::print_stdout, reason = "its answer")]

use std::error::Error;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};
use std::time::{Duration, Instant};

use clap::Parser;
use howfar_fuzz::{Found, Progress, Rounds, TARGETS, Tally, Target, hush_panics, input, target};

/// A process whose try does not change for so long hangs.
const PATIENCE: Duration = Duration::from_secs(30);
/// The exit code of a process that could not make its whole inputs.
const NOT_TRIED: u8 = 3;
/// Processes of one target that may end badly before it is let be.
const MOST_DEATHS: usize = 5;

/// Tries damaged files on every reader of howfar.
#[derive(Debug, Parser)]
#[command(after_help = "Example: howfar-fuzz --target zip --tries 100000 --seed 7")]
struct Args {
    /// Only these targets.
    #[arg(long = "target", value_parser = named)]
    targets: Vec<&'static Target>,
    /// Inputs of each target.
    #[arg(long, default_value_t = 10_000)]
    tries: u64,
    /// The first of them: an input is known by its number.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// No target takes longer, in seconds.
    #[arg(long)]
    seconds: Option<u64>,
    /// Decides every input.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Targets that are tried at a time.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Where inputs that broke a reader are written.
    #[arg(long, default_value = "target/fuzz-found")]
    keep: PathBuf,
    /// Lists the targets.
    #[arg(long)]
    list: bool,
    /// Writes the whole inputs of one target into this folder, and tries nothing.
    #[arg(long, value_name = "FOLDER")]
    whole: Option<PathBuf>,
    /// In this process, within its memory: where the number of the try is told.
    #[arg(long, hide = true)]
    inside: Option<PathBuf>,
}

fn named(name: &str) -> Result<&'static Target, String> {
    target(name).ok_or_else(|| format!("one of {}", TARGETS.iter().map(|t| t.name).collect::<Vec<_>>().join(", ")))
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let args = Args::parse();
    if args.list {
        TARGETS.iter().for_each(|target| println!("{}", target.name));
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(folder) = &args.whole {
        args.targets.iter().try_for_each(|target| write_whole(target, folder))?;
        return Ok(ExitCode::SUCCESS);
    }
    let n_found = match (&args.inside, args.targets.as_slice()) {
        (Some(told), [target]) => match inside(&args, target, told) {
            Ok(n_found) => n_found,
            Err(error) => {
                println!("{}: cannot be tried: {error}", target.name);
                return Ok(ExitCode::from(NOT_TRIED));
            }
        },
        _ => all(&args)?,
    };
    Ok(if n_found == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The whole inputs of a target as files, where another fuzzer may begin.
fn write_whole(target: &Target, folder: &Path) -> Result<(), Box<dyn Error>> {
    let place = tempfile::tempdir()?;
    std::fs::create_dir_all(folder)?;
    for (number, bytes) in (target.seeds)(place.path())?.iter().enumerate() {
        std::fs::write(folder.join(format!("whole-{number}")), bytes)?;
    }
    Ok(())
}

/// Every target, some at a time; how many inputs broke a reader.
fn all(args: &Args) -> Result<usize, Box<dyn Error>> {
    let targets: Vec<&Target> = if args.targets.is_empty() { TARGETS.iter().collect() } else { args.targets.clone() };
    println!("{:<18} {:>9} {:>9} {:>9} {:>9}  slowest", "target", "tries", "taken", "refused", "a second");
    let (mut waiting, mut running, mut n_found) = (targets.into_iter(), Vec::new(), 0);
    loop {
        while running.len() < args.jobs.max(1) {
            let Some(target) = waiting.next() else { break };
            running.push(Trial::begin(args, target)?);
        }
        if running.is_empty() {
            return Ok(n_found);
        }
        std::thread::sleep(Duration::from_millis(20));
        let mut on_the_way = Vec::new();
        for mut trial in running {
            if trial.is_over(args)? {
                println!("{}", trial.line());
                n_found += trial.n_found;
            } else {
                on_the_way.push(trial);
            }
        }
        running = on_the_way;
    }
}

/// A target that is tried in a process of its own.
struct Trial {
    target: &'static Target,
    child: Child,
    /// Of this process's file: the tries of the process that runs.
    told: tempfile::NamedTempFile,
    /// Those of processes that ended badly, and of this one.
    ended: Tally,
    now: Tally,
    n_deaths: usize,
    n_found: usize,
    begun: Instant,
    changed: Instant,
}

impl Trial {
    fn begin(args: &Args, target: &'static Target) -> Result<Self, Box<dyn Error>> {
        let told = tempfile::NamedTempFile::new()?;
        let child = process(args, target, args.from, told.path(), args.seconds)?;
        let (ended, now) = (Tally::default(), Tally { next: args.from, ..Tally::default() });
        let begun = Instant::now();
        Ok(Trial { target, child, told, ended, now, n_deaths: 0, n_found: 0, begun, changed: begun })
    }

    /// Looks at the process; whether all is tried. One that died or hangs is followed by another, behind that input.
    fn is_over(&mut self, args: &Args) -> Result<bool, Box<dyn Error>> {
        let ended = self.child.try_wait()?;
        let now = tally(self.told.path());
        if now.is_some_and(|now| now != self.now) {
            (self.now, self.changed) = (now.unwrap_or_default(), Instant::now());
        }
        let what = match ended {
            // Its own account says what it found.
            Some(status) if [Some(0), Some(1), Some(i32::from(NOT_TRIED))].contains(&status.code()) => {
                self.n_found += usize::from(status.code() != Some(0));
                return Ok(true);
            }
            Some(status) => format!("the process ended: {status}"),
            None if self.changed.elapsed() > PATIENCE => {
                self.child.kill()?;
                self.child.wait()?;
                format!("no answer within {} s", PATIENCE.as_secs())
            }
            None => return Ok(false),
        };
        let whole = self.target_seeds()?;
        let number = self.now.next;
        let bytes = input(self.target, &whole, args.seed, number);
        report(args, self.target, &Found { number, what, bytes })?;
        self.n_found += 1;
        self.n_deaths += 1;
        self.ended = joined(self.ended, self.now);
        self.ended.next += 1;
        self.now = Tally { next: number + 1, ..Tally::default() };
        self.changed = Instant::now();
        let left = args.seconds.map(|seconds| seconds.saturating_sub(self.begun.elapsed().as_secs()));
        if self.n_deaths >= MOST_DEATHS || number + 1 >= args.from + args.tries || left == Some(0) {
            return Ok(true);
        }
        self.child = process(args, self.target, number + 1, self.told.path(), left)?;
        Ok(false)
    }

    /// Whole inputs, to make one again: in a folder that goes away.
    fn target_seeds(&self) -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
        let place = tempfile::tempdir()?;
        (self.target.seeds)(place.path())
    }

    fn line(&self) -> String {
        let all = joined(self.ended, self.now);
        let n_broken = if self.n_found > 0 { "  BROKEN" } else { "" };
        let n = all.n_taken + all.n_refused;
        let a_second = n as f64 / self.begun.elapsed().as_secs_f64().max(1e-3);
        let slowest = format!("{:.1} ms, try {}", all.slowest_us as f64 / 1000.0, all.slowest);
        let (name, taken, refused) = (self.target.name, all.n_taken, all.n_refused);
        format!("{name:<18} {n:>9} {taken:>9} {refused:>9} {a_second:>9.0}  {slowest}{n_broken}")
    }
}

fn joined(one: Tally, other: Tally) -> Tally {
    let slower = if one.slowest_us > other.slowest_us { one } else { other };
    Tally {
        next: other.next,
        n_taken: one.n_taken + other.n_taken,
        n_refused: one.n_refused + other.n_refused,
        ..slower
    }
}

/// Starts this program on one target: with a bound on its address space where there is a shell to set one.
fn process(
    args: &Args,
    target: &Target,
    from: u64,
    told: &Path,
    seconds: Option<u64>,
) -> Result<Child, Box<dyn Error>> {
    let this = std::env::current_exe()?;
    let mut command = if cfg!(unix) {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit -v {} && exec \"$0\" \"$@\"", target.mebibytes << 10)]).arg(this);
        shell
    } else {
        Command::new(this)
    };
    let tries = (args.from + args.tries).saturating_sub(from);
    command.args(["--target", target.name, "--seed", &args.seed.to_string(), "--from", &from.to_string()]);
    command.args(["--tries", &tries.to_string(), "--keep"]).arg(&args.keep).arg("--inside").arg(told);
    command.args(seconds.map(|seconds| format!("--seconds={seconds}")));
    // One thread, whose stack and heap are all that is bounded; the order of work is that of the inputs.
    command.env("RAYON_NUM_THREADS", "1").env("MALLOC_ARENA_MAX", "2").env("RUST_BACKTRACE", "0");
    Ok(command.spawn()?)
}

/// The tries of one target, in this process.
fn inside(args: &Args, target: &Target, told: &Path) -> Result<usize, Box<dyn Error>> {
    hush_panics();
    let place = tempfile::tempdir()?;
    let mut file = File::create(told)?;
    let mut tell = |tally: Tally| {
        // A number that cannot be told is known by nobody; the tries go on.
        let _ = file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(&to_bytes(tally)));
    };
    let tell: Progress<'_> = &mut tell;
    let mut n_found = 0;
    let at_most = args.seconds.map_or(Duration::MAX, Duration::from_secs);
    let rounds = Rounds { seed: args.seed, tries: args.from..args.from + args.tries, at_most };
    rounds.run(target, place.path(), tell, &mut |found| {
        n_found += 1;
        if let Err(error) = report(args, target, &found) {
            println!("{}: try {} broke the reader, and is not kept: {error}", target.name, found.number);
        }
    })?;
    Ok(n_found)
}

/// Writes an input that broke a reader, and says what happened.
fn report(args: &Args, target: &Target, found: &Found) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(&args.keep)?;
    let Found { number, what, bytes } = found;
    let file = args.keep.join(format!("{}-{}-{number}", target.name, args.seed));
    std::fs::write(&file, bytes)?;
    println!("{}: BROKEN by try {number} of seed {}: {what}\n    {}", target.name, args.seed, file.display());
    Ok(())
}

fn to_bytes(tally: Tally) -> [u8; 40] {
    let Tally { next, n_taken, n_refused, slowest_us, slowest } = tally;
    let mut bytes = [0; 40];
    let numbers = [next, n_taken, n_refused, slowest_us, slowest];
    bytes.chunks_exact_mut(8).zip(numbers).for_each(|(place, number)| place.copy_from_slice(&number.to_le_bytes()));
    bytes
}

/// What a process has told; none before its first try.
fn tally(told: &Path) -> Option<Tally> {
    let bytes = std::fs::read(told).ok()?;
    let number = |i: usize| Some(u64::from_le_bytes(bytes.get(8 * i..8 * i + 8)?.try_into().ok()?));
    Some(Tally {
        next: number(0)?,
        n_taken: number(1)?,
        n_refused: number(2)?,
        slowest_us: number(3)?,
        slowest: number(4)?,
    })
}
