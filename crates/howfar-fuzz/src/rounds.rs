//! The plain loop: one input after the other, each within a guard that catches panics and a clock.
//!
//! In: a target, a seed, which tries. Out: how many were taken and refused, which took longest, and those that broke
//! the reader. What ends the whole process (memory, stack, a loop without an end) is for the one who started it: the
//! number of the try is told before each.

use std::collections::BTreeSet;
use std::error::Error;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::mutate::input;
use crate::target::Target;

/// An input that takes longer has broken the reader.
pub const LONGEST: Duration = Duration::from_secs(5);

/// What the last panic said, and where; of whatever thread, because readers have some of their own.
static SAID: Mutex<String> = Mutex::new(String::new());

/// Keeps what panics say instead of printing it: readers catch those of the libraries that they call.
pub fn hush_panics() {
    std::panic::set_hook(Box::new(|info| *SAID.lock().unwrap_or_else(PoisonError::into_inner) = info.to_string()));
}

/// What is tried.
#[derive(Debug, Clone)]
pub struct Rounds {
    /// Decides every input.
    pub seed: u64,
    /// The tries; the first ones are the whole inputs.
    pub tries: Range<u64>,
    /// No further try begins after this time.
    pub at_most: Duration,
}

/// What came of tries so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// The try that comes next, or is on its way.
    pub next: u64,
    /// Inputs that the reader took.
    pub n_taken: u64,
    /// Inputs that it refused.
    pub n_refused: u64,
    /// Microseconds of the slowest input.
    pub slowest_us: u64,
    /// Its try.
    pub slowest: u64,
}

/// An input that broke a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its try.
    pub number: u64,
    /// What happened.
    pub what: String,
    /// The input.
    pub bytes: Vec<u8>,
}

/// Told before every try.
pub type Progress<'p> = &'p mut dyn FnMut(Tally);

impl Rounds {
    /// Tries a target in a folder of its own. `tell` hears of each try before it begins, `found` of what broke the
    /// reader: of panics at one place the first alone.
    pub fn run(
        &self,
        target: &Target,
        place: &Path,
        tell: Progress<'_>,
        found: &mut dyn FnMut(Found),
    ) -> Result<Tally, Box<dyn Error>> {
        let seeds = (target.seeds)(place)?;
        let (begun, mut places) = (Instant::now(), BTreeSet::new());
        let mut tally = Tally { next: self.tries.start, ..Tally::default() };
        while tally.next < self.tries.end && begun.elapsed() < self.at_most {
            tell(tally);
            let number = tally.next;
            let bytes = input(target, &seeds, self.seed, number);
            let (answer, took) = attempt(target, place, &bytes);
            let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
            if us > tally.slowest_us {
                (tally.slowest_us, tally.slowest) = (us, number);
            }
            match answer {
                Ok(true) => tally.n_taken += 1,
                Ok(false) => tally.n_refused += 1,
                Err(what) => {
                    if places.insert(what.lines().next().unwrap_or_default().to_owned()) {
                        found(Found { number, what, bytes });
                    }
                    tally.next += 1;
                    continue;
                }
            }
            if took > LONGEST {
                found(Found { number, what: format!("took {:.1} s", took.as_secs_f64()), bytes });
            }
            tally.next += 1;
        }
        tell(tally);
        Ok(tally)
    }
}

/// Reads one input; an error is a panic, in words.
fn attempt(target: &Target, place: &Path, bytes: &[u8]) -> (Result<bool, String>, Duration) {
    let begun = Instant::now();
    let answer = catch_unwind(AssertUnwindSafe(|| (target.run)(place, bytes)));
    let answer = answer.map_err(|payload| {
        let said = std::mem::take(&mut *SAID.lock().unwrap_or_else(PoisonError::into_inner));
        if said.is_empty() { words(payload.as_ref()) } else { said }
    });
    (answer, begun.elapsed())
}

/// What a panic of another thread carries.
fn words(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without words".to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]
mod tests {
    use super::*;

    const FRAGILE: Target = Target::bytes(
        "fragile",
        |_| Ok(vec![b"whole".to_vec()]),
        |_, bytes| {
            assert!(!bytes.contains(&0xff), "a byte that nobody expected");
            bytes == b"whole"
        },
    );

    fn run(tries: Range<u64>) -> (Tally, Vec<Found>) {
        let mut all = Vec::new();
        let rounds = Rounds { seed: 1, tries, at_most: Duration::MAX };
        let tally = rounds.run(&FRAGILE, Path::new("unused"), &mut |_| (), &mut |found| all.push(found)).unwrap();
        (tally, all)
    }

    #[test]
    fn what_breaks_a_reader_is_found_counted_once_and_made_again_by_its_number() {
        let (tally, found) = run(0..500);
        assert_eq!((tally.next, found.len()), (500, 1));
        assert!(tally.n_taken > 0 && tally.n_refused > 100 && tally.n_taken + tally.n_refused < 500, "{tally:?}");
        assert!(found[0].what.contains("nobody expected") && found[0].bytes.contains(&0xff), "{found:?}");
        assert_eq!(run(found[0].number..found[0].number + 1).1, found);
    }

    #[test]
    fn no_try_begins_after_the_time() {
        let rounds = Rounds { seed: 1, tries: 0..500, at_most: Duration::ZERO };
        let tally = rounds.run(&FRAGILE, Path::new("unused"), &mut |_| (), &mut |_| ()).unwrap();
        assert_eq!(tally, Tally::default());
    }
}
