//! `howfar`: how much generated data to mix in, how far it helps on faces a model has never seen, and how sure that is.
//!
//! Arguments become values, values become work; only this crate prints. stdout is the answer, progress goes to stderr.

mod browser;
mod cli;
mod clock;
mod command;
mod console;
mod dispatch;
mod live_study;
mod picture_names;
mod progress;
mod screen;
mod study_log;
mod study_progress;
mod study_view;

use std::process::ExitCode;
use std::time::Instant;

use cli::Cli;
use console::{Console, duration_words};
use howfar_face::Fault;
use serde_json::json;

/// Keeps large buffers instead of giving them back: page faults are a first-order cost in training.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What others' licences ask a program to carry; made by `.ci/notices`.
const NOTICES: &str = include_str!("../../../THIRD-PARTY.txt");

/// What cannot be parsed, in clap's words; a script that asked for JSON gets them as JSON, too.
fn refuse(error: &clap::Error) -> ! {
    if error.use_stderr() && std::env::args_os().any(|argument| argument == "--json") {
        let text = error.render().to_string();
        let what = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        let hint = "the same command with --help";
        Console::new(true, true).answer_json(&json!({
            "error": Fault::usage("the command line", what).hint(hint).to_json()
        }));
    }
    error.exit()
}

fn main() -> ExitCode {
    let cli = Cli::of_arguments().unwrap_or_else(|error| refuse(&error));
    let console = Console::new(cli.quiet, cli.json).verbose(cli.verbose);
    let begun = Instant::now();
    console.detail(&command::begins());
    // A bug must not look like an answer: exit code 1 and a sentence instead of a trace alone.
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        // Asked for here, because whoever asks first within the work would panic where they are refused.
        rayon::ThreadPoolBuilder::new().build_global().map_err(Fault::threads)?;
        match cli.command {
            Some(command) => dispatch::run(command, &console),
            None if cli.licenses => {
                console.answer(NOTICES.trim_end());
                Ok(())
            }
            None => Err(Fault::usage("howfar", "no command is given").hint("howfar --help lists them")),
        }
    }));
    let fault = match outcome {
        // A script must not take half an answer for one.
        Ok(done) => done.err().or_else(|| console.unwritten()),
        Err(_) => {
            console.bug();
            return ExitCode::from(1);
        }
    };
    let code = fault.as_ref().map_or(0, |fault| fault.kind().exit_code());
    if let Some(fault) = &fault {
        console.error(fault);
    }
    console.detail(&format!("ends with exit code {code} after {}", duration_words(begun.elapsed().as_secs_f64())));
    ExitCode::from(code)
}
