//! Which instructions the kernels use: chosen when the program runs, never when it is compiled.

use std::sync::OnceLock;

#[cfg(target_arch = "x86_64")]
use crate::vector::{Avx2, Avx512};
use crate::vector::{Plain, Vector};

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
        let mut sets = vec![InstructionSet(Kind::Plain)];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                sets.push(InstructionSet(Kind::Avx2));
                if is_x86_feature_detected!("avx512f") {
                    sets.push(InstructionSet(Kind::Avx512));
                }
            }
        }
        sets
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

/// A piece of work over vectors of any width.
pub(crate) trait Kernel {
    /// What it gives back.
    type Output;
    /// Does it. Always inlined, so that the caller's instructions are used.
    ///
    /// # Safety
    /// The processor has the instructions of `V`.
    unsafe fn run<V: Vector>(self) -> Self::Output;
}

/// Runs a kernel with an instruction set.
pub(crate) fn run<K: Kernel>(set: InstructionSet, kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2,fma")]
        unsafe fn avx2<K: Kernel>(kernel: K) -> K::Output {
            // SAFETY: this function is only called where the instructions are.
            unsafe { kernel.run::<Avx2>() }
        }
        #[target_feature(enable = "avx512f,avx2,fma")]
        unsafe fn avx512<K: Kernel>(kernel: K) -> K::Output {
            // SAFETY: as above.
            unsafe { kernel.run::<Avx512>() }
        }
        match set.0 {
            // SAFETY: an `InstructionSet` exists only for instructions that were detected.
            Kind::Avx2 => return unsafe { avx2(kernel) },
            // SAFETY: as above.
            Kind::Avx512 => return unsafe { avx512(kernel) },
            Kind::Plain => {}
        }
    }
    let _ = set;
    // SAFETY: plain Rust needs no instructions.
    unsafe { kernel.run::<Plain>() }
}
