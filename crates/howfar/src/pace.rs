//! Draws the progress of one long command: how many are done, how many a second, how long it takes from here. A bar on a
//! terminal, plain lines elsewhere.

use std::time::{Duration, Instant};

use indicatif::ProgressBar;

use crate::console::{Console, duration_words};

/// Between two plain lines.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Where a command is on its way through its faces.
pub struct Pace<'a> {
    console: &'a Console,
    bar: ProgressBar,
    unit: &'a str,
    /// Faces that an earlier start drew.
    begin: u64,
    total: u64,
    started: Instant,
    last_line: Instant,
}

impl<'a> Pace<'a> {
    /// Says where it goes on, if it does.
    pub fn new(console: &'a Console, begin: u64, total: u64) -> Self {
        if begin > 0 {
            console.note(&format!("going on: {begin} of {total} faces were drawn before"));
        }
        Self::of(console, "drawn faces", begin, total)
    }

    /// Counts faces of another kind.
    pub fn of(console: &'a Console, unit: &'a str, begin: u64, total: u64) -> Self {
        let bar = console.bar(total, unit);
        bar.set_position(begin);
        bar.reset_eta();
        let now = Instant::now();
        Pace { console, bar, unit, begin, total, started: now, last_line: now }
    }

    /// `done` counts the faces of earlier starts too.
    pub fn tell(&mut self, done: u64) {
        let rate = (done - self.begin) as f64 / self.started.elapsed().as_secs_f64().max(1e-3);
        self.bar.set_position(done);
        self.bar.set_message(self.rate_words(rate));
        if !self.console.is_live() && self.last_line.elapsed() >= LINE_EVERY {
            self.last_line = Instant::now();
            self.console.note(&self.words(done, rate));
        }
    }

    /// Things a second, by the last word of the unit; slow ones with a decimal.
    fn rate_words(&self, rate: f64) -> String {
        let things = self.unit.rsplit(' ').next().unwrap_or_default();
        if rate < 10.0 { format!("{rate:.1} {things}/s") } else { format!("{rate:.0} {things}/s") }
    }

    fn words(&self, done: u64, rate: f64) -> String {
        let left = (self.total - done) as f64 / rate.max(1e-3);
        let share = 100.0 * done as f64 / self.total.max(1) as f64;
        let rate = self.rate_words(rate);
        format!("{share:>3.0} %  {done}/{} {}  {rate}  {} left", self.total, self.unit, duration_words(left))
    }

    /// Clears the bar.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_share_count_rate_and_time_left() {
        let pace = Pace::new(&Console::new(true, false), 0, 1000).words(250, 50.0);
        assert_eq!(pace, " 25 %  250/1000 drawn faces  50 faces/s  15 s left");
    }
}
