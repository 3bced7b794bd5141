//! `prepare`: list, choose, look at every picture once, then find, crop and write in blocks, in one order whatever the
//! number of cores.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::Path;

use howfar_face::{
    Face, FaceLabels, FaceSetInfo, FaceSetWriter, Fault, Licence, Preprocessing, Provenance, SubjectId, files,
};
use rayon::prelude::*;

use crate::face_detector::FaceDetector;
use crate::listing::{Class, Found, Listing, Pixels, Reason};
use crate::photo::{PhotoPath, PreparedFace};
use crate::pixels::photos;
use crate::published;
use crate::report::{PrepareReport, Tally, count_reasons, rejects_file, write_rejects};
use crate::request::{Align, Detect, PrepareRequest, Turn};
use crate::survey::{Repeats, survey};
use crate::turn::{FaceOrReason, Turns, faces_of_film};
use crate::video;

/// Pictures prepared side by side before they are written in order.
const BLOCK: usize = 256;

/// What `prepare` is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Listing the databases; counted in databases.
    Listing,
    /// Looking for unreadable and repeated pictures; counted in pictures.
    Survey,
    /// Finding, cropping and writing faces; counted in pictures.
    Preparing,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// How much of it is done.
    pub done: u64,
    /// Of how much.
    pub total: u64,
}

/// A picture that may enter the set.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub found: Found,
    pub subject: SubjectId,
    pub label: usize,
    pub provenance: Provenance,
    /// Whether its label is that of a database with published counts.
    pub published: bool,
}

impl Candidate {
    pub(crate) fn rejected(self, reason: Reason, detail: String) -> Rejected {
        Rejected { database: self.subject.database().to_owned(), source: self.found.source, reason, detail }
    }
}

/// A file left out, with the database that it is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rejected {
    pub database: String,
    pub source: String,
    pub reason: Reason,
    pub detail: String,
}

/// One source, listed.
struct Gathered {
    database: String,
    licence: Licence,
    published: bool,
    /// The sentence that its counts are those published.
    agreement: Option<String>,
    listing: Listing,
}

/// Prepares a face set from databases. `progress` may stop the work: nothing is left behind then.
pub fn prepare(
    request: &PrepareRequest,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<PrepareReport, Fault> {
    request.check()?;
    check_target(&request.out)?;
    let detector = request.detector.as_deref().map(FaceDetector::read).transpose()?;
    let mut gathered = gather(request, progress)?;
    let classes = choose_classes(request, &gathered)?;
    let mut info = describe(request, &gathered, &classes, detector.as_ref());
    let mut rejected = Vec::new();
    let mut candidates = choose(request, &mut gathered, &classes, &mut rejected)?;
    if candidates.iter().any(|c| matches!(c.found.pixels, Pixels::Clip(_))) {
        video::require_ffmpeg()?;
    }
    let repeats = survey(&mut candidates, &mut rejected, progress)?;
    info.caveats.extend(caveats(&candidates, &rejected, repeats));
    info.caveats.extend(empty_classes(&candidates, &classes));
    let mut tally = Tally::new(classes.len());
    let preprocessing = info.preprocessing.clone();
    let detector = detector.as_ref().filter(|_| preprocessing.detection != "none");
    let path = PhotoPath::with_detector(&preprocessing, detector)?;
    let mut writer = FaceSetWriter::create(&request.out, info)?;
    write_faces(candidates, (&path, request.turn), &mut writer, &mut tally, &mut rejected, progress)?;
    rejected.sort();
    write_rejects(&request.out, &rejected)?;
    if writer.n_faces() == 0 {
        return Err(nothing_left(&request.out, &rejected));
    }
    let set = writer.finish()?;
    let agreements = gathered.into_iter().filter_map(|g| g.agreement).collect();
    Ok(tally.report(&request.out, set.info(), agreements, &rejected))
}

/// Tells how far the work is, and turns a wish to stop into an error.
pub(crate) fn report_progress(
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    stage: Stage,
    done: usize,
    total: usize,
) -> Result<(), Fault> {
    match progress(Progress { stage, done: done as u64, total: total as u64 }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Fault::interrupted("prepare was stopped; nothing half written was left behind")
            .hint("run the same command again")),
    }
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

fn gather(
    request: &PrepareRequest,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Vec<Gathered>, Fault> {
    let mut gathered: Vec<Gathered> = Vec::new();
    for (source_idx, source) in request.sources.iter().enumerate() {
        report_progress(progress, Stage::Listing, source_idx, request.sources.len())?;
        let adapter = source.database()?;
        let mut listing = adapter.list(&source.path, request)?;
        let name = if adapter.name == "folder" { folder_name(&source.path) } else { adapter.name.to_owned() };
        if gathered.iter().any(|g| g.database == name) {
            return Err(Fault::usage(source.path.display(), format!("two sources are called {name}"))
                .hint("persons of the two could not be told apart: prepare one set of each, or rename a folder"));
        }
        let comparison = published::compare(&name, &listing.found, adapter.published);
        listing.caveats.extend(comparison.differences);
        let published = !adapter.published.is_empty();
        let agreement = comparison.agreement;
        let licence = Licence { database: name.clone(), terms: adapter.terms.to_owned() };
        gathered.push(Gathered { database: name, licence, published, agreement, listing });
    }
    report_progress(progress, Stage::Listing, request.sources.len(), request.sources.len())?;
    Ok(gathered)
}

/// The name of a folder of anyone's pictures (or of a manifest): what its persons belong to.
fn folder_name(path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let name = absolute.file_stem().map(|n| n.to_string_lossy().replace(':', "-")).unwrap_or_default();
    if name.is_empty() { "folder".to_owned() } else { name }
}

/// The expressions asked for, or the names of arbitrary classes in alphabetical order.
fn choose_classes(request: &PrepareRequest, gathered: &[Gathered]) -> Result<Vec<String>, Fault> {
    let named = |g: &Gathered| g.listing.found.iter().any(|f| matches!(f.class, Class::Named(_)));
    if !gathered.iter().any(named) {
        return Ok(request.expressions.iter().map(|e| e.name().to_owned()).collect());
    }
    if let Some(other) = gathered.iter().find(|g| !named(g) && !g.listing.found.is_empty()) {
        return Err(Fault::usage("prepare", "some sources have expressions, others have other classes")
            .found(format!("{} has expressions", other.database))
            .expected("sources of the same classes")
            .hint("rename the class folders to expressions, or prepare two sets"));
    }
    let names: BTreeSet<&str> = gathered.iter().flat_map(|g| &g.listing.found).map(|f| f.class.name()).collect();
    Ok(names.into_iter().map(str::to_owned).collect())
}

fn describe(
    request: &PrepareRequest,
    gathered: &[Gathered],
    classes: &[String],
    detector: Option<&FaceDetector>,
) -> FaceSetInfo {
    let all_cropped = gathered.iter().all(|g| g.listing.cropped);
    let detects = request.detect == Detect::Auto && !all_cropped;
    let detection = if detects { detector.map_or("detector", FaceDetector::word) } else { "none" };
    let alignment = match request.align {
        Align::Landmarks => "landmarks",
        Align::Auto if detects => "landmarks",
        _ if detects => "box",
        _ => "none",
    };
    let preprocessing = Preprocessing {
        colour: request.colour.name().to_owned(),
        ..Preprocessing::standard(detection, alignment, request.size)
    };
    let joined = || gathered.iter().map(|g| g.database.as_str()).collect::<Vec<_>>().join("+");
    let name = request.name.clone().unwrap_or_else(joined);
    let mut info = FaceSetInfo::new(&name, classes.to_vec(), preprocessing);
    info.licences = gathered.iter().map(|g| g.licence.clone()).collect();
    info.licences.sort();
    info.caveats = gathered.iter().flat_map(|g| g.listing.caveats.clone()).collect();
    for g in gathered.iter().filter(|g| g.listing.cropped && detects) {
        info.caveats
            .push(format!("{}: its pictures are cropped already, and faces were looked for all the same", g.database));
    }
    info
}

/// Keeps the classes asked for, up to the limit, and names whose each picture is.
fn choose(
    request: &PrepareRequest,
    gathered: &mut [Gathered],
    classes: &[String],
    rejected: &mut Vec<Rejected>,
) -> Result<Vec<Candidate>, Fault> {
    let mut candidates = Vec::new();
    for Gathered { database, published, listing, .. } in gathered {
        let mut n_of_class = vec![0_usize; classes.len()];
        for found in std::mem::take(&mut listing.found) {
            let Some(label) = classes.iter().position(|class| class == found.class.name()) else {
                listing.reject(found.source, Reason::NotAskedFor, format!("class {}", found.class.name()));
                continue;
            };
            n_of_class[label] += 1;
            if request.limit.is_some_and(|limit| n_of_class[label] > limit) {
                listing.reject(found.source, Reason::NotAskedFor, "beyond the limit of its class");
                continue;
            }
            let subject = match &found.person {
                Some(person) => SubjectId::new(database, person)?,
                None => SubjectId::of_picture(database, &found.source)?,
            };
            let provenance = request.provenance;
            candidates.push(Candidate { found, subject, label, provenance, published: *published });
        }
        rejected.extend(listing.rejects.drain(..).map(|reject| Rejected {
            database: database.clone(),
            source: reject.source,
            reason: reject.reason,
            detail: reject.detail,
        }));
    }
    Ok(candidates)
}

fn caveats(candidates: &[Candidate], rejected: &[Rejected], repeats: Repeats) -> Vec<String> {
    let mut nobody: BTreeMap<&str, u64> = BTreeMap::new();
    for candidate in candidates.iter().filter(|c| c.found.person.is_none()) {
        *nobody.entry(candidate.subject.database()).or_default() += 1;
    }
    let mut caveats: Vec<String> = nobody
        .into_iter()
        .map(|(database, n)| {
            format!("{database}: of {n} pictures nobody says whose they are; each counts as its own person, so the same human may be on both sides of a split")
        })
        .collect();
    let Repeats { n_same_class, n_two_classes } = repeats;
    if n_same_class > 0 {
        caveats.push(format!(
            "{n_same_class} pictures repeat another, pixel by pixel; equal pictures count as one person"
        ));
    }
    if n_two_classes > 0 {
        caveats.push(format!("{n_two_classes} pictures stand in their database under two classes, pixel by pixel; they are kept and count as one person"));
    }
    for (reason, what) in [(Reason::TwoClasses, "classes"), (Reason::TwoPersons, "persons")] {
        let n = rejected.iter().filter(|r| r.reason == reason).count();
        if n > 0 {
            caveats.push(format!("{n} pictures were left out because the same pixels stand under two {what}"));
        }
    }
    caveats
}

fn empty_classes(candidates: &[Candidate], classes: &[String]) -> Option<String> {
    let none = |label: &usize| !candidates.iter().any(|candidate| candidate.label == *label);
    let empty: Vec<&str> = (0..classes.len()).filter(none).map(|label| classes[label].as_str()).collect();
    (!empty.is_empty()).then(|| format!("no picture of {}", empty.join(", ")))
}

fn write_faces(
    candidates: Vec<Candidate>,
    (path, turn): (&PhotoPath<'_>, Turn),
    writer: &mut FaceSetWriter,
    tally: &mut Tally,
    rejected: &mut Vec<Rejected>,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<(), Fault> {
    let (mut done, total, mut n_without_eyes) = (0, candidates.len(), 0);
    let mut turns = Turns::default();
    let mut candidates = candidates.into_iter();
    loop {
        let block: Vec<Candidate> = candidates.by_ref().take(BLOCK).collect();
        if block.is_empty() {
            break;
        }
        let prepared: Vec<_> = block.par_iter().map(|candidate| faces_of(candidate, path, turn)).collect();
        done += block.len();
        for (candidate, results) in block.into_iter().zip(prepared) {
            for (source, result) in results {
                match result {
                    Ok(PreparedFace { picture, eyes, .. }) => {
                        tally.add(candidate.label, &candidate.subject.to_string());
                        n_without_eyes += u64::from(path.aligns() && eyes.is_none());
                        if candidate.found.pixels.are_of_a_film() {
                            turns.note(candidate.subject.database(), &source);
                        }
                        writer.push(&Face { picture, labels: labels(&candidate, source) })?;
                    }
                    Err((reason, detail)) => {
                        let database = candidate.subject.database().to_owned();
                        rejected.push(Rejected { database, source, reason, detail });
                    }
                }
            }
        }
        report_progress(progress, Stage::Preparing, done, total)?;
    }
    turns.caveats().for_each(|caveat| writer.add_caveat(caveat));
    if n_without_eyes > 0 {
        writer.add_caveat(format!(
            "of {n_without_eyes} faces the eyes were not found where eyes can be; they were cropped without them"
        ));
    }
    Ok(())
}

/// The faces of a candidate, several of a film; each with its source.
fn faces_of(candidate: &Candidate, path: &PhotoPath<'_>, turn: Turn) -> Vec<FaceOrReason> {
    let found = &candidate.found;
    match photos(found) {
        Ok(frames) if found.pixels.are_of_a_film() => faces_of_film(frames, path, turn),
        Ok(photos) => {
            photos.into_iter().map(|(source, photo)| (source, path.one_face(&photo, found.face_box))).collect()
        }
        Err(detail) => vec![(found.source.clone(), Err((Reason::Unreadable, detail)))],
    }
}

fn labels(candidate: &Candidate, source: String) -> FaceLabels {
    FaceLabels {
        label: candidate.label,
        subject: candidate.subject.clone(),
        provenance: candidate.provenance,
        parent: None,
        source,
        drawn: None,
    }
}

fn nothing_left(out: &Path, rejected: &[Rejected]) -> Fault {
    let reasons: Vec<String> = count_reasons(rejected).iter().map(|r| format!("{} {}", r.files, r.reason)).collect();
    Fault::data(out.display(), "no face is left for the set")
        .found(reasons.join(", "))
        .hint(format!("{} has the reason for each file", rejects_file(out).display()))
}
