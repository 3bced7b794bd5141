//! `howfar with-parent PID -- PROGRAM …`: what a program that trains is started by; not for users.

use std::ffi::OsString;

use howfar_face::Fault;
use howfar_study::become_program;

/// Become a program that ends when the process PID does, which must be the parent.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The parent.
    parent: u32,
    /// The program and its arguments.
    #[arg(last = true, required = true)]
    words: Vec<OsString>,
}

/// Comes back only where the program cannot be started.
pub fn run(args: &Args) -> Result<(), Fault> {
    Err(become_program(args.parent, &args.words))
}
