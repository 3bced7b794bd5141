//! The tensors that networks are composed of: numbers of 32 bits with sizes, operations, gradients of the first order.
//!
//! In: numbers and sizes. Out: numbers, gradients. By default they are our own (`tensor/on_cpu.rs`); a cargo feature
//! that brings a GPU makes them Burn's (`tensor/on_burn.rs`), under the same names and with the same kernels on a CPU.
//! Sums have an order that depends on sizes alone: no number of threads changes a bit. Knows no network.

mod operation;
pub(crate) use operation::Operation;

#[cfg(feature = "burn")]
mod on_burn;
#[cfg(feature = "burn")]
pub use on_burn::*;

#[cfg(not(feature = "burn"))]
mod curves;
#[cfg(not(feature = "burn"))]
mod elementwise;
#[cfg(all(test, not(feature = "burn")))]
mod gradients;
#[cfg(not(feature = "burn"))]
mod layout;
#[cfg(not(feature = "burn"))]
mod moves;
#[cfg(not(feature = "burn"))]
mod on_cpu;
#[cfg(not(feature = "burn"))]
mod reference;
#[cfg(not(feature = "burn"))]
mod sums;
#[cfg(not(feature = "burn"))]
mod tape;
#[cfg(not(feature = "burn"))]
mod values;
#[cfg(not(feature = "burn"))]
pub use on_cpu::*;
