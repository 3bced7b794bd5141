//! The memory of this machine, and work that it cannot do.
//!
//! In: the fewest bytes that some work needs. Out: a fault where the machine does not have as many, before the work.

use std::fmt;

use crate::Fault;

/// The machine's memory in bytes, where the system says.
pub fn memory_bytes() -> Option<u64> {
    of_system("MemTotal:")
}

fn of_system(name: &str) -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(rest.split_whitespace().next()?.parse::<u64>().ok()?.saturating_mul(1024))
}

/// Refuses work that needs more than this machine has, with what it could swap out; `bytes` are the fewest that it
/// could do with. Where the system does not say what there is, nothing is refused.
///
/// # Errors
/// Of the kind [`Machine`](crate::FaultKind::Machine), with both numbers.
pub fn check_memory(place: impl fmt::Display, bytes: u64, hint: &str) -> Result<(), Fault> {
    let there = memory_bytes().map(|memory| memory.saturating_add(of_system("SwapTotal:").unwrap_or(0)));
    fits(place, bytes, there, hint)
}

fn fits(place: impl fmt::Display, bytes: u64, there: Option<u64>, hint: &str) -> Result<(), Fault> {
    match there {
        Some(there) if bytes > there => Err(Fault::machine(place, "this machine does not have the memory for it")
            .found(format!("{} or more are needed", gigabytes(bytes)))
            .expected(format!("at most the {} that there are", gigabytes(there)))
            .hint(hint)),
        _ => Ok(()),
    }
}

fn gigabytes(bytes: u64) -> String {
    format!("{:.1} GB", bytes as f64 / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_more_than_there_is_is_refused_with_both_numbers() {
        assert!(fits("batch", 8_000_000_000, Some(8_000_000_000), "").is_ok());
        assert!(fits("batch", u64::MAX, None, "").is_ok());
        let fault = fits("batch", 550_000_000_000, Some(25_200_000_000), "take fewer").unwrap_err();
        let text = fault.to_string();
        assert!(text.contains("550.0 GB") && text.contains("25.2 GB") && text.contains("take fewer"), "{text}");
        assert_eq!(fault.kind().exit_code(), 4);
    }

    #[test]
    fn a_kilobyte_is_never_too_much() {
        assert!(check_memory("batch", 1024, "").is_ok());
    }
}
