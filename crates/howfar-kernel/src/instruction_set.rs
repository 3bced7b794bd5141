//! Which instructions the kernels use: chosen when the program runs, never when it is compiled.

use std::sync::OnceLock;

#[cfg(target_arch = "x86_64")]
use crate::vector::{Avx2, Avx512};
use crate::vector::{Plain, Vector};

pub(crate) use crate::vector::Kernel;

/// What [`InstructionSet::best`] says in this process.
static CHOSEN: OnceLock<InstructionSet> = OnceLock::new();

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// A set of instructions that this machine has. There is no way to make one that it lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstructionSet(Kind);

impl InstructionSet {
    /// Those of this machine, the slowest first; `plain` is always there.
    pub fn available() -> Vec<Self> {
        let plain = InstructionSet(Kind::Plain);
        #[cfg(not(target_arch = "x86_64"))]
        return vec![plain];
        #[cfg(target_arch = "x86_64")]
        {
            let mut sets = vec![plain];
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                sets.push(InstructionSet(Kind::Avx2));
                if is_x86_feature_detected!("avx512f") {
                    sets.push(InstructionSet(Kind::Avx512));
                }
            }
            sets
        }
    }

    /// The fastest of this machine, unless another was pinned.
    pub fn best() -> Self {
        *CHOSEN.get_or_init(|| Self::available().pop().unwrap_or(InstructionSet(Kind::Plain)))
    }

    /// Makes this one the best of the process. False if another was taken before: pin before any work.
    pub fn pin(self) -> bool {
        *CHOSEN.get_or_init(|| self) == self
    }

    /// Numbers that one instruction handles.
    pub(crate) fn lanes(self) -> usize {
        match self.0 {
            Kind::Plain => Plain::LANES,
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => Avx2::LANES,
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => Avx512::LANES,
        }
    }

    /// `plain`, `avx2` or `avx512`.
    pub fn name(self) -> &'static str {
        match self.0 {
            Kind::Plain => "plain",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => "avx512",
        }
    }
}

/// Runs a kernel with an instruction set.
pub(crate) fn run<K: Kernel>(set: InstructionSet, kernel: K) -> K::Output {
    match set.0 {
        // SAFETY: plain Rust needs no instructions.
        Kind::Plain => unsafe { Plain::call(kernel) },
        // SAFETY: an `InstructionSet` exists only for instructions that were detected.
        #[cfg(target_arch = "x86_64")]
        Kind::Avx2 => unsafe { Avx2::call(kernel) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Kind::Avx512 => unsafe { Avx512::call(kernel) },
    }
}
