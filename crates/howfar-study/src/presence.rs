//! Who works in a study folder: each process that does keeps a file with its heartbeat in `runners/`, and whether
//! another one lives is told by that file.
//!
//! In: a study folder, on one machine or on a file system of many. Out: whether a process lives. Clocks of machines are
//! never compared: a heart stands still when its file has not changed for a time that the observer measures itself. A
//! process of the observer's own machine holds its file locked, so that its death is known at once.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use howfar_face::{Fault, files};
use serde::{Deserialize, Serialize};

/// How long a heart may stand still before its process is taken for dead, in seconds.
const STALE_SECONDS: f64 = 60.0;
/// Names another time; for file systems that are slower than this, and for tests.
const STALE_VARIABLE: &str = "HOWFAR_STALE_SECONDS";
/// Heartbeats in that time.
const BEATS: u32 = 6;

/// `runners/<token>.json`: a process that works in a study folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runner {
    /// Always `howfar runner`.
    pub format: String,
    /// The format's version.
    pub version: u32,
    /// The machine's name.
    pub host: String,
    /// What tells its start from others, where the system says it: processes of two starts share no lock.
    pub boot: String,
    /// The process, as its machine counts.
    pub pid: u32,
    /// Heartbeats, with leading zeros: the file has one length.
    beat: String,
}

impl Runner {
    const FORMAT: (&'static str, u32) = ("howfar runner", 1);

    fn of_this_process() -> Self {
        let (format, version) = Self::FORMAT;
        let (host, boot) = this_machine();
        Runner { format: format.to_owned(), version, host, boot, pid: std::process::id(), beat: beat(0) }
    }

    fn is_of_this_machine(&self) -> bool {
        (self.host.clone(), self.boot.clone()) == this_machine()
    }
}

fn beat(number: u64) -> String {
    format!("{number:012}")
}

/// What the system calls this machine, and this start of it. The one place that asks for what only Linux tells.
fn this_machine() -> (String, String) {
    let read = |file: &str| std::fs::read_to_string(file).ok().map(|text| text.trim().to_owned());
    let host = read("/proc/sys/kernel/hostname").or_else(|| std::env::var("COMPUTERNAME").ok());
    (host.unwrap_or_else(|| "unnamed".to_owned()), read("/proc/sys/kernel/random/boot_id").unwrap_or_default())
}

/// This process at work in a study folder, as long as the value lives.
#[derive(Debug)]
pub struct Presence {
    folder: PathBuf,
    token: String,
    stale: Duration,
    /// What was last read of others, and since when it is so.
    seen: Mutex<HashMap<String, (String, Instant)>>,
    stop: Arc<(Mutex<bool>, Condvar)>,
    heart: Option<JoinHandle<()>>,
}

impl Presence {
    /// Says that this process works in the study at `root`, and forgets those of this machine that died.
    pub fn begin(root: &Path) -> Result<Self, Fault> {
        let stale = stale_time()?;
        let folder = runners(root);
        files::create_folder(&folder)?;
        static BEGUN: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let number = BEGUN.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let token = format!("{}-{number}", files::process_token());
        let (path, unnamed) = (file_of(&folder, &token), folder.join(format!("{token}.new")));
        let mut file = File::create(&unnamed).map_err(|e| Fault::io(&unnamed, "create", &e))?;
        // Locked before it has its name: nobody finds it unlocked. Where there are no locks, hearts alone are watched.
        let _ = file.try_lock();
        let mut runner = Runner::of_this_process();
        write_runner(&mut file, &runner).map_err(|e| Fault::io(&unnamed, "write", &e))?;
        files::rename(&unnamed, &path)?;
        let stop = Arc::new((Mutex::new(false), Condvar::new()));
        let of_heart = Arc::clone(&stop);
        let heart = std::thread::Builder::new().spawn(move || {
            let (is_over, bell) = &*of_heart;
            for number in 1.. {
                let over = is_over.lock().expect("the heart does not panic");
                // Looked at before the first wait as well: the value may be dropped before this thread begins.
                let waited = bell.wait_timeout_while(over, stale / BEATS, |over| !*over);
                if *waited.expect("the heart does not panic").0 {
                    return;
                }
                runner.beat = beat(number);
                // A disk that refuses this refuses the cell's files too, which say so.
                let _ = write_runner(&mut file, &runner);
            }
        });
        let heart = heart.map_err(|error| {
            let _ = files::remove_file(&path);
            Fault::threads(error)
        })?;
        let presence = Presence { folder, token, stale, seen: Mutex::default(), stop, heart: Some(heart) };
        for other in presence.others()? {
            presence.is_alive(&other)?;
        }
        Ok(presence)
    }

    /// What the files of this process are called.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// How long to wait before asking again whether another process is done.
    pub fn pause(&self) -> Duration {
        (self.stale / BEATS / 4).clamp(Duration::from_millis(20), Duration::from_secs(2))
    }

    /// Whether the process of a token lives: its file is there, is locked if it is of this machine, and its heart
    /// beats.
    pub fn is_alive(&self, token: &str) -> Result<bool, Fault> {
        if token == self.token {
            return Ok(true);
        }
        if token.contains(['/', '\\', '\0']) {
            return Ok(false);
        }
        let path = file_of(&self.folder, token);
        let content = match std::fs::read_to_string(&path) {
            Ok(content) => content,
            // A lease whose holder is not written yet may be a moment old.
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && !token.is_empty() => return Ok(false),
            Err(_) => String::new(),
        };
        if died_here(&path, &content) {
            files::remove_file(&path)?;
            return Ok(false);
        }
        let mut seen = self.seen.lock().expect("nobody panics while looking");
        let (before, since) = seen.entry(token.to_owned()).or_insert_with(|| (content.clone(), Instant::now()));
        if *before != content {
            (*before, *since) = (content, Instant::now());
        }
        Ok(since.elapsed() < self.stale)
    }

    /// Waits until the process of a token shows that it lives, or is taken for dead: at most the time between two
    /// heartbeats, or that after which a heart stands still. `is_over` ends the wait, as if it lived.
    pub fn waits_to_see(&self, token: &str, is_over: &dyn Fn() -> bool) -> Result<bool, Fault> {
        let last = || self.seen.lock().expect("nobody panics while looking").get(token).map(|(last, _)| last.clone());
        let mut alive = self.is_alive(token)?;
        let first = last();
        while alive && last() == first && !is_over() {
            std::thread::sleep(self.pause());
            alive = self.is_alive(token)?;
        }
        Ok(alive)
    }

    /// Whether another process may be at work in this study.
    pub fn is_accompanied(&self) -> Result<bool, Fault> {
        let others = self.others()?;
        others.iter().map(|other| self.is_alive(other)).try_fold(false, |any, alive| Ok(any | alive?))
    }

    fn others(&self) -> Result<Vec<String>, Fault> {
        Ok(tokens(&self.folder)?.into_iter().filter(|token| *token != self.token).collect())
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        *self.stop.0.lock().expect("the heart does not panic") = true;
        self.stop.1.notify_all();
        if let Some(heart) = self.heart.take() {
            let _ = heart.join();
        }
        let _ = files::remove_file(&file_of(&self.folder, &self.token));
        // The last one takes the folder with it.
        let _ = std::fs::remove_dir(&self.folder);
    }
}

/// Whoever works in the study at `root`, for looking at: those of this machine that died are left out; of those of
/// other machines a look cannot tell.
pub fn runners_at(root: &Path) -> Result<Vec<Runner>, Fault> {
    let mut found = Vec::new();
    for token in tokens(&runners(root))? {
        found.extend(runner_of(root, &token));
    }
    Ok(found)
}

/// The process of a token, if its file is there and it did not die on this machine.
pub(crate) fn runner_of(root: &Path, token: &str) -> Option<Runner> {
    let path = file_of(&runners(root), token);
    let content = std::fs::read_to_string(&path).ok()?;
    if died_here(&path, &content) { None } else { serde_json::from_str(&content).ok() }
}

/// Whether the file is of a process of this machine that does not hold it any more.
fn died_here(path: &Path, content: &str) -> bool {
    let is_here = serde_json::from_str(content).is_ok_and(|runner: Runner| runner.is_of_this_machine());
    is_here && File::open(path).is_ok_and(|file| matches!(file.try_lock_shared(), Ok(())))
}

fn tokens(folder: &Path) -> Result<Vec<String>, Fault> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let name = |path: PathBuf| path.file_name().and_then(|name| Some(name.to_str()?.strip_suffix(".json")?.to_owned()));
    Ok(files::sorted_entries(folder)?.into_iter().filter_map(name).collect())
}

fn runners(root: &Path) -> PathBuf {
    root.join("runners")
}

fn file_of(folder: &Path, token: &str) -> PathBuf {
    folder.join(format!("{token}.json"))
}

/// Over what was there: one length, one write.
fn write_runner(file: &mut File, runner: &Runner) -> std::io::Result<()> {
    let text = serde_json::to_string(runner).map_err(std::io::Error::other)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(text.as_bytes())
}

fn stale_time() -> Result<Duration, Fault> {
    let Ok(text) = std::env::var(STALE_VARIABLE) else { return Ok(Duration::from_secs_f64(STALE_SECONDS)) };
    match text.parse::<f64>() {
        Ok(seconds) if (1.0..=86_400.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err(Fault::usage(STALE_VARIABLE, "this is no time after which a runner is taken for dead")
            .found(text)
            .expected("seconds from 1 to 86400")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(mut presence: Presence) -> Presence {
        presence.stale = Duration::from_millis(300);
        presence
    }

    fn write_other(root: &Path, host: &str) -> PathBuf {
        let path = file_of(&runners(root), "other");
        let runner = Runner { host: host.to_owned(), ..Runner::of_this_process() };
        std::fs::write(&path, serde_json::to_string(&runner).unwrap()).unwrap();
        path
    }

    #[test]
    fn a_process_is_there_as_long_as_its_value_and_its_folder_goes_with_the_last() {
        let place = tempfile::tempdir().unwrap();
        let one = Presence::begin(place.path()).unwrap();
        let other = Presence::begin(place.path()).unwrap();
        assert!(one.is_accompanied().unwrap() && one.is_alive(other.token()).unwrap());
        assert_eq!(runners_at(place.path()).unwrap().len(), 2);
        drop(other);
        assert!(!one.is_accompanied().unwrap());
        drop(one);
        assert!(!runners(place.path()).exists());
    }

    #[test]
    fn it_ends_at_once_however_short_it_was() {
        let place = tempfile::tempdir().unwrap();
        // A wake-up that was lost would take ten seconds each.
        (0..200).for_each(|_| drop(Presence::begin(place.path()).unwrap()));
    }

    #[test]
    fn one_that_died_on_this_machine_is_known_at_once_and_one_of_another_when_its_heart_stands_still() {
        let place = tempfile::tempdir().unwrap();
        let presence = short(Presence::begin(place.path()).unwrap());
        let here = write_other(place.path(), &this_machine().0);
        assert!(runners_at(place.path()).unwrap().len() == 1 && here.exists(), "who looks changes nothing");
        assert!(!presence.is_alive("other").unwrap() && !here.exists());
        let there = write_other(place.path(), "elsewhere");
        let begun = Instant::now();
        while presence.is_alive("other").unwrap() {
            assert!(begun.elapsed() < Duration::from_secs(20));
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(begun.elapsed() >= presence.stale && there.exists());
        let later = short(Presence::begin(place.path()).unwrap());
        assert!(!later.waits_to_see("other", &|| false).unwrap());
        // It was cut off from the disk, and is back.
        write_other(place.path(), "elsewhere, again");
        assert!(presence.is_alive("other").unwrap());
    }

    #[test]
    fn a_heart_that_beats_keeps_a_process_alive() {
        let place = tempfile::tempdir().unwrap();
        let presence = short(Presence::begin(place.path()).unwrap());
        write_other(place.path(), "elsewhere");
        for number in 0..8 {
            let runner = Runner { host: "elsewhere".into(), beat: beat(number), ..Runner::of_this_process() };
            std::fs::write(file_of(&runners(place.path()), "other"), serde_json::to_string(&runner).unwrap()).unwrap();
            assert!(presence.is_alive("other").unwrap());
            std::thread::sleep(presence.stale / 4);
        }
        assert!(presence.waits_to_see("other", &|| true).unwrap(), "who is stopped does not wait");
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| presence.waits_to_see("other", &|| false).unwrap());
            std::thread::sleep(presence.stale / 4);
            let runner = Runner { host: "elsewhere".into(), beat: beat(9), ..Runner::of_this_process() };
            std::fs::write(file_of(&runners(place.path()), "other"), serde_json::to_string(&runner).unwrap()).unwrap();
            assert!(waiting.join().unwrap());
        });
    }
}
