//! Looks at every picture once: decodes it, hashes its pixels, finds and cuts its face, and keeps all that on disk.
//!
//! In: candidates. Out: one entry of the journal for each, in their order whatever the number of cores. Decides nothing
//! that needs two pictures.

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant, UNIX_EPOCH};

use howfar_crop::{PhotoPath, PreparedFace};
use howfar_face::{Fault, Preprocessing, checksum, encode_png};
use image::DynamicImage;
use rayon::prelude::*;

use crate::candidate::Candidate;
use crate::decode::Decoding;
use crate::face_detector::FaceDetector;
use crate::gather::Gathered;
use crate::journal::{EncodedFace, Entry, Journal, LookedAt};
use crate::listing::{Pixels, Reason};
use crate::pixels::photos;
use crate::progress::{Progress, Stage, report_progress};
use crate::request::PrepareRequest;
use crate::source_settings::{SourceSettings, Turn};
use crate::turn::{FaceOrReason, faces_of_video, one_face};

/// Pictures looked at side by side before the next report of progress: few, because large ones take their time.
const BLOCK: usize = 64;
/// What a kill costs at most.
const KEPT_EVERY: Duration = Duration::from_secs(1);

/// Looks at every candidate that no earlier start has looked at.
pub(crate) fn look(
    request: &PrepareRequest,
    (gathered, detector): (&[Gathered], Option<&FaceDetector>),
    candidates: &[Candidate],
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Journal, Fault> {
    let mut paths = Vec::with_capacity(gathered.len());
    for Gathered { preprocessing, .. } in gathered {
        let detector = detector.filter(|_| preprocessing.detection != "none");
        paths.push(PhotoPath::with_detector(preprocessing, detector)?);
    }
    let mut journal = Journal::open(&request.out, request_sha256(request, gathered, candidates))?;
    let begin = (journal.n_entries() as usize).min(candidates.len());
    let (mut done, mut kept) = (begin, Instant::now());
    report_progress(progress, Stage::Looking, done, candidates.len())?;
    for block in candidates[begin..].chunks(BLOCK) {
        let entries: Vec<Entry> = block
            .par_iter()
            .map(|candidate| entry(candidate, &paths, (request.decoding(), request.settings.turn)))
            .collect();
        entries.iter().try_for_each(|entry| journal.push(entry))?;
        done += block.len();
        let wish = report_progress(progress, Stage::Looking, done, candidates.len());
        if wish.is_err() || kept.elapsed() >= KEPT_EVERY {
            journal.keep()?;
            kept = Instant::now();
        }
        wish?;
    }
    journal.keep()?;
    Ok(journal)
}

fn entry(candidate: &Candidate, paths: &[PhotoPath<'_>], (decoding, turn): (Decoding, Turn)) -> Entry {
    let found = &candidate.found;
    let photos = match photos(found, decoding) {
        Ok(photos) => photos,
        Err(detail) => {
            let looked = LookedAt { source: found.source.clone(), note: None, face: Err((Reason::Unreadable, detail)) };
            return Entry { pixels_sha256: None, faces: vec![looked] };
        }
    };
    let unreadable = |source, detail| LookedAt { source, note: None, face: Err((Reason::Unreadable, detail)) };
    let (mut frames, mut notes, mut looked) = (Vec::new(), Vec::new(), Vec::new());
    for (source, photo) in photos {
        match photo {
            Ok(decoded) => {
                notes.push(decoded.note);
                frames.push((source, decoded.photo));
            }
            Err(detail) => looked.push(unreadable(source, detail)),
        }
    }
    let is_video = found.pixels.are_of_a_video();
    // Nobody copies videos frame by frame.
    let pixels_sha256 = match frames.as_slice() {
        [(_, photo)] if !is_video => Some(pixels_sha256(candidate, photo)),
        _ => None,
    };
    let path = &paths[candidate.source_idx];
    let faces: Vec<FaceOrReason> = if is_video {
        faces_of_video(&frames, path, turn)
    } else {
        let face = |(source, photo): (String, DynamicImage)| (source, one_face(path, &photo, found.face_box));
        frames.into_iter().map(face).collect()
    };
    let encoded = |face: PreparedFace| EncodedFace {
        sha256: face.picture.sha256(),
        png: encode_png(&face.picture),
        has_eyes: face.eyes.is_some(),
    };
    let looked_at = |((source, face), note): (FaceOrReason, _)| LookedAt { source, note, face: face.map(encoded) };
    looked.extend(faces.into_iter().zip(notes).map(looked_at));
    Entry { pixels_sha256, faces: looked }
}

fn pixels_sha256(candidate: &Candidate, photo: &DynamicImage) -> String {
    // A database may list several faces of one picture: they are told apart by their boxes.
    let face_box = format!("{:?}", candidate.found.face_box);
    let head = format!("{:?} {}x{} {face_box}", photo.color(), photo.width(), photo.height());
    checksum::sha256_hex(&[head.as_bytes(), photo.as_bytes()])
}

/// What the entries depend on: how pictures are treated, and which files they are, by their sizes and times.
fn request_sha256(request: &PrepareRequest, gathered: &[Gathered], candidates: &[Candidate]) -> String {
    let mut hasher = checksum::Hasher::default();
    let ways: Vec<&Preprocessing> = gathered.iter().map(|g| &g.preprocessing).collect();
    let PrepareRequest { max_megapixels, detector, settings: SourceSettings { turn, .. }, .. } = request;
    let detector = detector.as_deref().map(file_state);
    hasher.update_text(&format!("{} {ways:?} {max_megapixels} {turn:?} {detector:?}", env!("CARGO_PKG_VERSION")));
    for Candidate { found, source_idx, .. } in candidates {
        let mut text = format!("{source_idx} {} {}", found.source, file_state(&found.file));
        // Writing to a text cannot fail.
        let _ = match &found.pixels {
            Pixels::Gray(pixels) => write!(text, " {}", checksum::sha256_hex(&[pixels])),
            Pixels::Row { leaf, group, row, .. } => write!(text, " {leaf} {group} {row}"),
            other => write!(text, " {other:?} {:?}", found.face_box),
        };
        hasher.update_text(&text);
    }
    hasher.finish()
}

/// Size and time of the last change.
fn file_state(path: &Path) -> String {
    let Ok(file) = std::fs::metadata(path) else { return format!("{} is not there", path.display()) };
    let changed = file.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    format!("{} {} {}", path.display(), file.len(), changed.as_nanos())
}
