//! `prepare`: list, choose, look at every picture once, then write the set, in one order whatever the number of cores.
//!
//! In: a request. Out: a face set that appears whole or not at all, and a report that balances. A stop keeps what was
//! looked at; the same command goes on from there to the same bytes.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use howfar_face::{DatabaseFaces, FaceLabels, FaceSet, FaceSetInfo, FaceSetWriter, Fault, files};

use crate::account::Account;
use crate::candidate::{Candidate, Rejected, choose};
use crate::decode::Note;
use crate::face_detector::FaceDetector;
use crate::gather::{Gathered, choose_classes, gather};
use crate::journal::{Entry, Journal};
use crate::listing::{Pixels, Reason};
use crate::look::look;
use crate::progress::{Progress, Stage, report_progress};
use crate::repeats::find_repeats;
use crate::report::{PrepareReport, Tally, count_reasons, rejects_file, write_rejects};
use crate::request::PrepareRequest;
use crate::turn::Turns;
use crate::video;

/// Faces written between two reports of progress.
const BLOCK: usize = 1024;

/// Prepares a face set from databases. `progress` may stop the work: what was looked at is kept in `NAME.looked` beside
/// the set then, and nothing else.
///
/// # Errors
/// Of kind data where more than `max_losses` of what a source was asked for cannot be read or shows no face; what was
/// looked at is kept then, too.
pub fn prepare(
    request: &PrepareRequest,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<PrepareReport, Fault> {
    request.check()?;
    check_target(&request.out)?;
    let detector = request.detector.as_deref().map(FaceDetector::read).transpose()?;
    let mut gathered = gather(request, detector.as_ref(), progress)?;
    let classes = choose_classes(request, &gathered)?;
    let mut rejected = Vec::new();
    let (mut candidates, mut accounts) = choose(request, &mut gathered, &classes, &mut rejected)?;
    if candidates.iter().any(|c| matches!(c.found.pixels, Pixels::Clip(_) | Pixels::ClipStart(_))) {
        video::require_ffmpeg()?;
    }
    let mut journal = look(request, (&gathered, detector.as_ref()), &candidates, progress)?;
    let mut caveats = caveats_of_listings(&gathered);
    caveats.extend(nobody_known(&candidates));
    let verdicts =
        judge(request, &gathered, &mut candidates, &mut journal, &mut accounts, &mut rejected, &mut caveats)?;
    caveats.extend(empty_classes(&candidates, &verdicts, &classes));
    rejected.sort();
    write_rejects(&request.out, &rejected)?;
    if accounts.iter().all(|account| account.n_faces == 0) {
        journal.clear()?;
        return Err(nothing_left(&request.out, &rejected));
    }
    refuse_losses(request, &gathered, &accounts)?;
    let sentences =
        gathered.iter().zip(&accounts).filter_map(|(g, account)| g.comparison.sentence(&g.database, account));
    let sentences = sentences.collect();
    let info = describe(request, &gathered, &accounts, classes, caveats);
    let mut tally = Tally::new(info.classes.len());
    let set = write(request, info, &candidates, &verdicts, &mut journal, &mut tally, progress)?;
    journal.clear()?;
    Ok(tally.report(&request.out, set.info(), sentences, &rejected))
}

/// Says before hours of work what the writer would say after them.
fn check_target(out: &Path) -> Result<(), Fault> {
    if out.file_name().is_none() {
        return Err(Fault::usage("--out", "this is not a folder's name").found(out.display()));
    }
    if out.exists() {
        return Err(Fault::usage(out.display(), "this already exists; a face set is never overwritten")
            .hint("give another --out, or remove the folder first"));
    }
    match out.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => files::create_folder(parent),
        None => Ok(()),
    }
}

fn caveats_of_listings(gathered: &[Gathered]) -> Vec<String> {
    let mut caveats: Vec<String> = gathered.iter().flat_map(|g| g.listing.caveats.clone()).collect();
    let mut ways: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for Gathered { database, preprocessing, .. } in gathered {
        ways.entry(preprocessing.way()).or_default().push(database);
    }
    if ways.len() > 1 {
        let told: Vec<String> = ways.iter().map(|(way, names)| format!("{}: {way}", names.join(", "))).collect();
        caveats.push(format!("faces of its databases were cut in different ways: {}", told.join("; ")));
    }
    caveats
}

fn nobody_known(candidates: &[Candidate]) -> Vec<String> {
    let mut nobody: BTreeMap<&str, u64> = BTreeMap::new();
    for candidate in candidates.iter().filter(|c| c.found.person.is_none()) {
        *nobody.entry(candidate.subject.database()).or_default() += 1;
    }
    let told = nobody.into_iter().map(|(database, n)| {
        format!(
            "{database}: of {n} pictures nobody says whose they are; each counts as its own person, so the same \
            human may be on both sides of a split"
        )
    });
    told.collect()
}

/// Goes through what was looked at: books every candidate as taken or left out, and returns those left out whole for
/// what they share with others.
fn judge(
    request: &PrepareRequest,
    gathered: &[Gathered],
    candidates: &mut [Candidate],
    journal: &mut Journal,
    accounts: &mut [Account],
    rejected: &mut Vec<Rejected>,
    caveats: &mut Vec<String>,
) -> Result<BTreeMap<usize, (Reason, String)>, Fault> {
    let mut prints = Vec::with_capacity(candidates.len());
    journal.for_each_head(|_, entry| {
        prints.push(entry.pixels_sha256);
        Ok(())
    })?;
    let repeats = find_repeats(gathered, candidates, &prints, request.drop_repeats);
    let (mut n_without_eyes, mut notes, mut turns) = (0, BTreeMap::<Note, u64>::new(), Turns::default());
    journal.for_each_head(|i, entry| {
        let candidate = &candidates[i];
        let account = &mut accounts[candidate.source_idx];
        if let Some((reason, detail)) = repeats.verdicts.get(&i) {
            account.leave_out(&candidate.found, *reason);
            rejected.push(candidate.rejected(candidate.found.source.clone(), *reason, detail.clone()));
            return Ok(());
        }
        let aligns = gathered[candidate.source_idx].preprocessing.alignment == "landmarks";
        let n_faces = entry.faces.iter().filter(|looked| looked.face.is_ok()).count() as u64;
        // A video is lost with the last of its frames.
        match entry.faces.iter().find_map(|looked| looked.face.as_ref().err()) {
            Some((reason, _)) if n_faces == 0 => account.leave_out(&candidate.found, *reason),
            _ => account.take(&candidate.found, n_faces),
        }
        for looked in entry.faces {
            if let Some(note) = looked.note {
                *notes.entry(note).or_default() += 1;
            }
            match looked.face {
                Ok(face) => {
                    if candidate.found.pixels.are_of_a_video() {
                        turns.note(candidate.subject.database(), &looked.source);
                    }
                    n_without_eyes += u64::from(aligns && !face.has_eyes);
                }
                Err((reason, detail)) => rejected.push(candidate.rejected(looked.source, reason, detail)),
            }
        }
        Ok(())
    })?;
    caveats.extend(repeats.caveats);
    caveats.extend(turns.caveats());
    caveats.extend(notes.into_iter().map(|(note, n)| note.caveat(n)));
    if n_without_eyes > 0 {
        caveats.push(format!(
            "of {n_without_eyes} faces the eyes were not found where eyes can be; they were cropped without them"
        ));
    }
    Ok(repeats.verdicts)
}

fn empty_classes(
    candidates: &[Candidate],
    verdicts: &BTreeMap<usize, (Reason, String)>,
    classes: &[String],
) -> Option<String> {
    let of = |label: usize| move |(i, c): (usize, &Candidate)| c.label == label && !verdicts.contains_key(&i);
    let empty: Vec<&str> = (0..classes.len())
        .filter(|label| !candidates.iter().enumerate().any(of(*label)))
        .map(|label| classes[label].as_str())
        .collect();
    (!empty.is_empty()).then(|| format!("no picture of {}", empty.join(", ")))
}

/// A source that lost more than may be lost is not a set to be trusted: what was looked at stays, so that a decision
/// costs no hours.
fn refuse_losses(request: &PrepareRequest, gathered: &[Gathered], accounts: &[Account]) -> Result<(), Fault> {
    let lossy: Vec<(&Gathered, &Account)> =
        gathered.iter().zip(accounts).filter(|(_, account)| account.loss() > request.max_losses).collect();
    let Some((first, _)) = lossy.first() else { return Ok(()) };
    let told: Vec<String> = lossy
        .iter()
        .map(|(g, account)| {
            let (n, of, share) = (account.n_lost, account.n_asked, 100.0 * account.loss());
            format!("{}: {n} of {of} ({share:.0} %)", g.database)
        })
        .collect();
    let pointer = if first.preprocessing.detection == "none" {
        "mend or leave out the files"
    } else {
        "pictures that are cropped to the face already want --detect none; else mend or leave out the files"
    };
    Err(Fault::data(request.out.display(), "too many pictures could not be read or show no face; no set was written")
        .found(told.join("; "))
        .expected(format!("at most {:.0} % of what a source was asked for", 100.0 * request.max_losses))
        .hint(format!(
            "{} has the reason for each; {pointer}; or write the set all the same with --allow-losses, which goes on \
                from here",
            rejects_file(&request.out).display()
        )))
}

fn describe(
    request: &PrepareRequest,
    gathered: &[Gathered],
    accounts: &[Account],
    classes: Vec<String>,
    caveats: Vec<String>,
) -> FaceSetInfo {
    // A new photograph has to be looked for in, so a way that does stands for the set.
    let detecting = gathered.iter().find(|g| g.preprocessing.detection != "none").unwrap_or(&gathered[0]);
    let joined = || gathered.iter().map(|g| g.database.as_str()).collect::<Vec<_>>().join("+");
    let name = request.name.clone().unwrap_or_else(joined);
    let mut info = FaceSetInfo::new(&name, classes, detecting.preprocessing.clone());
    info.databases = gathered
        .iter()
        .zip(accounts)
        .map(|(g, account)| DatabaseFaces {
            database: g.database.clone(),
            n_faces: account.n_faces,
            n_lost: account.n_lost,
            preprocessing: g.preprocessing.clone(),
        })
        .collect();
    info.licences = gathered.iter().map(Gathered::licence).collect();
    info.licences.extend(gathered.iter().flat_map(|g| g.listing.licences.clone()));
    info.licences.sort();
    info.licences.dedup();
    info.generator = gathered.iter().filter_map(|g| g.listing.generator.clone()).reduce(|a, b| a.joined(&b));
    info.caveats = caveats;
    info
}

fn write(
    request: &PrepareRequest,
    info: FaceSetInfo,
    candidates: &[Candidate],
    verdicts: &BTreeMap<usize, (Reason, String)>,
    journal: &mut Journal,
    tally: &mut Tally,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<FaceSet, Fault> {
    let mut writer = FaceSetWriter::create(&request.out, info)?;
    journal.for_each(|i, Entry { faces, .. }| {
        if i.is_multiple_of(BLOCK) {
            report_progress(progress, Stage::Writing, i, candidates.len())?;
        }
        if verdicts.contains_key(&i) {
            return Ok(());
        }
        let candidate = &candidates[i];
        for looked in faces {
            if let Ok(face) = looked.face {
                tally.add(candidate.label, &candidate.subject.to_string());
                writer.push_encoded(face.png, face.sha256, labels(candidate, looked.source))?;
            }
        }
        Ok(())
    })?;
    report_progress(progress, Stage::Writing, candidates.len(), candidates.len())?;
    writer.finish()
}

fn labels(candidate: &Candidate, source: String) -> FaceLabels {
    FaceLabels {
        label: candidate.label,
        subject: candidate.subject.clone(),
        provenance: candidate.provenance,
        parent: candidate.parent.clone(),
        group: candidate.found.group.clone(),
        source,
        drawn: None,
    }
}

fn nothing_left(out: &Path, rejected: &[Rejected]) -> Fault {
    let reasons: Vec<String> = count_reasons(rejected).iter().map(|r| format!("{} {}", r.files, r.reason)).collect();
    let first = rejected.first().map_or_else(String::new, |r| format!("; the first: {}: {}", r.source, r.detail));
    Fault::data(out.display(), "no face is left for the set")
        .found(format!("{}{first}", reasons.join(", ")))
        .hint(format!("{} has the reason for each file", rejects_file(out).display()))
}
