//! The date and time of a run as people read it. No result looks at a clock: only `timing.json`, what is made from it
//! and `log.txt` show one.

use std::time::{SystemTime, UNIX_EPOCH};

/// `2026-11-24 04:18 UTC`.
pub fn utc(time: SystemTime) -> String {
    let seconds = since_1970(time);
    format!("{} {:02}:{:02} UTC", date(seconds), seconds / 3600 % 24, seconds / 60 % 60)
}

/// `2026-11-24 04:18:07 UTC`.
pub fn utc_seconds(time: SystemTime) -> String {
    let seconds = since_1970(time);
    format!("{} {:02}:{:02}:{:02} UTC", date(seconds), seconds / 3600 % 24, seconds / 60 % 60, seconds % 60)
}

fn since_1970(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// By the Gregorian calendar.
fn date(seconds: u64) -> String {
    let days = seconds / (24 * 60 * 60);
    // Years that begin in March, so that the leap day is the last; 719,468 days lie between March of the year 0 and
    // 1970.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, is_next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = 400 * era + year_of_era + is_next_year;
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn seconds_become_the_date_that_gnu_date_prints() {
        let cases = [
            (0, "1970-01-01 00:00 UTC"),
            (951_782_399, "2000-02-28 23:59 UTC"),
            (951_782_400, "2000-02-29 00:00 UTC"),
            (1_795_493_880, "2026-11-24 04:18 UTC"),
            (4_107_542_399, "2100-02-28 23:59 UTC"),
            (4_107_542_400, "2100-03-01 00:00 UTC"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(utc(UNIX_EPOCH + Duration::from_secs(seconds)), expected);
        }
        assert_eq!(utc_seconds(UNIX_EPOCH + Duration::from_secs(951_782_399)), "2000-02-28 23:59:59 UTC");
    }
}
