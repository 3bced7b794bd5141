//! Who computes what in a folder that many share, without a server: a lease is a file that only one process can create.
//!
//! In: a folder of work (a cell's, the audits') and this process's [`Presence`]. Out: a [`Lease`], or none where a
//! living process has it. Leases are numbered. That of a process that died is not removed but followed: whoever creates
//! the next number has the work, so that no lease is ever taken from a living one by mistake of timing. A lease saves
//! work and guards no number: what two would compute are the same bytes, and every file appears by one rename.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use howfar_face::{Fault, files};

use crate::presence::Presence;

const LEASE: &str = "lease-";
/// How often a lease is looked at by its holder, at most.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// The right to work in a folder, as long as the value lives.
#[derive(Debug)]
pub struct Lease {
    folder: PathBuf,
    number: u64,
    looked: Instant,
}

impl Lease {
    /// Takes the lease of `folder`, unless a living process has it. What a dead one left half written is cleared away.
    pub fn take(folder: &Path, presence: &Presence) -> Result<Option<Self>, Fault> {
        files::create_folder(folder)?;
        let number = match newest(folder)? {
            None => 1,
            Some((_, holder)) if presence.is_alive(&holder)? => return Ok(None),
            Some((number, _)) => number + 1,
        };
        let path = lease_file(folder, number);
        let mut file = match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => file,
            // Another one was faster, or has just taken the folder away.
            Err(e) if matches!(e.kind(), ErrorKind::AlreadyExists | ErrorKind::NotFound) => return Ok(None),
            Err(e) => return Err(Fault::io(&path, "create", &e)),
        };
        file.write_all(presence.token().as_bytes()).map_err(|e| Fault::io(&path, "write", &e))?;
        let lease = Lease { folder: folder.to_owned(), number, looked: Instant::now() };
        if !lease.is_newest()? {
            return Ok(None);
        }
        files::remove_leftovers(folder)?;
        Ok(Some(lease))
    }

    /// Whether it still is this process's: one that stood still for long may have been followed. Asks the disk once a
    /// second at most.
    pub fn is_held(&mut self) -> Result<bool, Fault> {
        if self.looked.elapsed() < BETWEEN_LOOKS {
            return Ok(true);
        }
        self.looked = Instant::now();
        self.is_newest()
    }

    /// The same, asked of the disk at once.
    pub fn is_newest(&self) -> Result<bool, Fault> {
        Ok(newest(&self.folder)?.is_some_and(|(number, _)| number == self.number))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // Oldest first, so that who looks meanwhile sees the newest; that of a follower stays, with what it follows.
        if self.is_newest().unwrap_or(false) {
            (1..=self.number).for_each(|number| drop(files::remove_file(&lease_file(&self.folder, number))));
        }
    }
}

/// Takes away the lease of a process that died after its work was done.
pub(crate) fn sweep(folder: &Path, presence: &Presence) -> Result<(), Fault> {
    match newest(folder)? {
        Some((_, holder)) if !presence.is_alive(&holder)? => Lease::take(folder, presence).map(drop),
        _ => Ok(()),
    }
}

/// Who has the lease of `folder`, living or dead.
pub(crate) fn holder(folder: &Path) -> Result<Option<String>, Fault> {
    Ok(newest(folder)?.map(|(_, holder)| holder))
}

/// Whether a file is no result but says who worked there: a lease, or the lock of an older howfar.
pub(crate) fn is_of_leases(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.starts_with(LEASE) || name == files::LOCK_FILE
}

fn lease_file(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{LEASE}{number}"))
}

/// The newest lease and its holder.
fn newest(folder: &Path) -> Result<Option<(u64, String)>, Fault> {
    let fail = |e: std::io::Error| Fault::io(folder, "list the folder", &e);
    let mut newest = None;
    let entries = match std::fs::read_dir(folder) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        entries => entries.map_err(fail)?,
    };
    for entry in entries {
        let name = entry.map_err(fail)?.file_name();
        newest = newest.max(name.to_str().and_then(|name| name.strip_prefix(LEASE)?.parse::<u64>().ok()));
    }
    let Some(number) = newest else { return Ok(None) };
    match std::fs::read(lease_file(folder, number)) {
        // A damaged name is that of nobody who lives.
        Ok(holder) => Ok(Some((number, String::from_utf8_lossy(&holder).into_owned()))),
        // Released since.
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Fault::io(&lease_file(folder, number), "read", &e)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn one_process_has_it_and_the_next_gets_it_when_it_is_given_back() {
        let place = tempfile::tempdir().unwrap();
        let [one, other] = [0, 1].map(|_| Presence::begin(place.path()).unwrap());
        let lease = Lease::take(place.path(), &one).unwrap().unwrap();
        assert!(Lease::take(place.path(), &other).unwrap().is_none());
        assert!(Lease::take(place.path(), &one).unwrap().is_none(), "another thread of the same process has it");
        assert_eq!(holder(place.path()).unwrap().as_deref(), Some(one.token()));
        drop(lease);
        assert_eq!(holder(place.path()).unwrap(), None);
        assert!(Lease::take(place.path(), &other).unwrap().is_some());
    }

    #[test]
    fn that_of_a_dead_process_is_followed_and_the_dead_one_notices_should_it_wake() {
        let place = tempfile::tempdir().unwrap();
        let dead = Presence::begin(place.path()).unwrap();
        let mut old = Lease::take(place.path(), &dead).unwrap().unwrap();
        drop(dead);
        let presence = Presence::begin(place.path()).unwrap();
        let new = Lease::take(place.path(), &presence).unwrap().unwrap();
        assert_eq!(new.number, 2);
        old.looked = old.looked.checked_sub(BETWEEN_LOOKS).unwrap();
        assert!(!old.is_held().unwrap());
        drop(old);
        assert_eq!(holder(place.path()).unwrap().as_deref(), Some(presence.token()));
        drop(new);
        assert_eq!(holder(place.path()).unwrap(), None, "that of the dead one is gone as well");
    }

    #[test]
    fn of_many_who_want_a_dead_ones_lease_one_gets_it() {
        let place = tempfile::tempdir().unwrap();
        for _ in 0..50 {
            std::fs::write(lease_file(place.path(), 1), "nobody").unwrap();
            let n_taken = AtomicU32::new(0);
            let begin = std::sync::Barrier::new(8);
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        let presence = Presence::begin(place.path()).unwrap();
                        begin.wait();
                        let lease = Lease::take(place.path(), &presence).unwrap();
                        n_taken.fetch_add(u32::from(lease.is_some()), Ordering::SeqCst);
                        begin.wait();
                    });
                }
            });
            assert_eq!(n_taken.load(Ordering::SeqCst), 1);
            assert_eq!(holder(place.path()).unwrap(), None);
        }
    }
}
