//! How far `prepare` is, told to whoever asked for it and may stop it.
//!
//! In: a stage and counts. Out: calls of the owner's function, and an error where that says to stop.

use std::ops::ControlFlow;

use howfar_face::Fault;

/// What `prepare` is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Listing the databases; counted in databases.
    Listing,
    /// Decoding pictures, finding and cutting faces; counted in pictures, those of earlier starts with them.
    Looking,
    /// Writing the set; counted in pictures.
    Writing,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// How much of it is done.
    pub done: u64,
    /// Of how much.
    pub total: u64,
}

/// Tells how far the work is, and turns a wish to stop into an error.
pub(crate) fn report_progress(
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    stage: Stage,
    done: usize,
    total: usize,
) -> Result<(), Fault> {
    match progress(Progress { stage, done: done as u64, total: total as u64 }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Fault::interrupted("prepare was stopped; nothing half written was left behind")
            .hint("run the same command again: it goes on with what it has looked at")),
    }
}
