//! Draws how far a long command is: a bar on a terminal, a plain line every few seconds elsewhere.
//!
//! In: how much of what is done. Out: share, count, rate and the time that is left, on stderr.

use std::time::{Duration, Instant};

use indicatif::ProgressBar;

use crate::console::{Console, duration_words};

/// Between two plain lines.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// How far work is whose amount is known.
pub struct Progress<'a> {
    console: &'a Console,
    bar: ProgressBar,
    /// What an earlier start did, in the unit of `total`.
    begin: u64,
    total: u64,
    started: Instant,
    last_line: Instant,
}

impl<'a> Progress<'a> {
    /// `unit` is what `total` counts.
    pub fn new(console: &'a Console, unit: &str, begin: u64, total: u64) -> Self {
        let bar = console.bar(total, unit);
        bar.set_position(begin);
        bar.reset_eta();
        let now = Instant::now();
        Progress { console, bar, begin, total, started: now, last_line: now }
    }

    /// Units a second of this start.
    fn rate(&self, done: u64) -> f64 {
        done.saturating_sub(self.begin) as f64 / self.started.elapsed().as_secs_f64().max(1e-3)
    }

    /// `done` counts what earlier starts did, too. `words` stand on the bar; in a plain line `count` stands before
    /// them.
    pub fn tell(&mut self, done: u64, count: &str, words: &str) {
        self.bar.set_position(done);
        self.bar.set_message(words.to_owned());
        if !self.console.is_live() && self.last_line.elapsed() >= LINE_EVERY {
            self.last_line = Instant::now();
            self.console.note(&self.line(done, self.rate(done), count, words));
        }
    }

    fn line(&self, done: u64, rate: f64, count: &str, words: &str) -> String {
        let left = self.total.saturating_sub(done) as f64 / rate.max(1e-3);
        let share = 100.0 * done as f64 / self.total.max(1) as f64;
        format!("{share:>3.0} %  {count}  {words}  {} left", duration_words(left))
    }

    /// Clears the bar.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Where a command is on its way through things that it counts.
pub struct CountProgress<'a> {
    progress: Progress<'a>,
    unit: &'a str,
}

impl<'a> CountProgress<'a> {
    /// Counts drawn faces. Says where it goes on, if it does.
    pub fn new(console: &'a Console, begin: u64, total: u64) -> Self {
        if begin > 0 {
            console.note(&format!("going on: {begin} of {total} faces were drawn before"));
        }
        Self::of(console, "drawn faces", begin, total)
    }

    /// Counts what `unit` says.
    pub fn of(console: &'a Console, unit: &'a str, begin: u64, total: u64) -> Self {
        CountProgress { progress: Progress::new(console, unit, begin, total), unit }
    }

    /// `done` counts those of earlier starts too.
    pub fn tell(&mut self, done: u64) {
        let rate = self.rate_words(self.progress.rate(done));
        let count = self.count(done);
        self.progress.tell(done, &count, &rate);
    }

    fn count(&self, done: u64) -> String {
        format!("{done}/{} {}", self.progress.total, self.unit)
    }

    /// Things a second, by the last word of the unit; slow ones with a decimal.
    fn rate_words(&self, rate: f64) -> String {
        let things = self.unit.rsplit(' ').next().unwrap_or_default();
        if rate < 10.0 { format!("{rate:.1} {things}/s") } else { format!("{rate:.0} {things}/s") }
    }

    /// Clears the bar.
    pub fn finish(&self) {
        self.progress.finish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_share_count_rate_and_time_left() {
        let console = Console::new(true, false);
        let faces = CountProgress::new(&console, 0, 1000);
        let line = faces.progress.line(250, 50.0, &faces.count(250), &faces.rate_words(50.0));
        assert_eq!(line, " 25 %  250/1000 drawn faces  50 faces/s  15 s left");
    }
}
