//! Looks at every picture once before anything is written: what cannot be read, and what occurs more than once.
//!
//! The same pixels under two persons would let a person into both sides of a split, and under two classes they contradict
//! each other; such pictures are left out, all of them, since nobody knows which is right. A published database keeps its
//! contradictions, so that figures on it can be compared with others'. Where a database knows no persons, equal pictures
//! become one person.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use howfar_face::{Fault, SubjectId, checksum};
use rayon::prelude::*;

use crate::decode::read_photo;
use crate::listing::{Pixels, Reason};
use crate::pipeline::{Candidate, Progress, Rejected, Stage, report_progress};

/// Pictures looked at between two reports of progress.
const BLOCK: usize = 512;

/// Pictures that were kept though their pixels occur more than once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Repeats {
    /// Pictures that repeat another one under the same class.
    pub n_same_class: u64,
    /// Pictures of a published database that stand there under two classes.
    pub n_two_classes: u64,
}

/// Removes what cannot be used. Returns what occurs again and was kept.
pub(crate) fn survey(
    candidates: &mut Vec<Candidate>,
    rejected: &mut Vec<Rejected>,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Repeats, Fault> {
    let mut fingerprints: Vec<Result<Option<String>, String>> = Vec::with_capacity(candidates.len());
    for block in candidates.chunks(BLOCK) {
        fingerprints.par_extend(block.par_iter().map(fingerprint));
        report_progress(progress, Stage::Survey, fingerprints.len(), candidates.len())?;
    }
    let mut of_pixels: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (candidate_idx, print) in fingerprints.iter().enumerate() {
        if let Ok(Some(print)) = print {
            of_pixels.entry(print).or_default().push(candidate_idx);
        }
    }
    let mut verdicts: BTreeMap<usize, (Reason, String)> = fingerprints
        .iter()
        .enumerate()
        .filter_map(|(i, print)| Some((i, (Reason::Unreadable, print.as_ref().err()?.clone()))))
        .collect();
    let mut repeats = Repeats::default();
    for same in of_pixels.into_values().filter(|same| same.len() > 1) {
        match contradiction(candidates, &same) {
            Some(verdict) => verdicts.extend(same.into_iter().map(|i| (i, verdict.clone()))),
            None => {
                if one_class(candidates, &same) {
                    repeats.n_same_class += same.len() as u64 - 1;
                } else {
                    repeats.n_two_classes += same.len() as u64;
                }
                share_subject(candidates, &same);
            }
        }
    }
    let kept =
        std::mem::take(candidates).into_iter().enumerate().filter_map(|(i, candidate)| match verdicts.remove(&i) {
            Some((reason, detail)) => {
                rejected.push(candidate.rejected(reason, detail));
                None
            }
            None => Some(candidate),
        });
    *candidates = kept.collect();
    Ok(repeats)
}

/// A hash of the pixels; none for films, which nobody copies frame by frame.
fn fingerprint(candidate: &Candidate) -> Result<Option<String>, String> {
    // A database may list several faces of one picture: they are told apart by their boxes.
    let face_box = format!("{:?}", candidate.found.face_box);
    match &candidate.found.pixels {
        Pixels::Clip(_) | Pixels::Frames(_) => Ok(None),
        Pixels::Gray(pixels) => Ok(Some(checksum::sha256_hex(&[pixels]))),
        Pixels::File => {
            let photo = read_photo(&candidate.found.file)?;
            let head = format!("{:?} {}x{} {face_box}", photo.color(), photo.width(), photo.height());
            Ok(Some(checksum::sha256_hex(&[head.as_bytes(), photo.as_bytes()])))
        }
    }
}

fn one_class(candidates: &[Candidate], same: &[usize]) -> bool {
    same.iter().all(|i| candidates[*i].label == candidates[same[0]].label)
}

fn contradiction(candidates: &[Candidate], same: &[usize]) -> Option<(Reason, String)> {
    let all: Vec<&Candidate> = same.iter().map(|i| &candidates[*i]).collect();
    let told = |say: &dyn Fn(&Candidate) -> String| {
        all.iter().map(|c| format!("{} ({})", c.found.source, say(c))).collect::<Vec<_>>().join(" = ")
    };
    if !one_class(candidates, same) && !all.iter().all(|c| c.published) {
        return Some((Reason::TwoClasses, told(&|c| c.found.class.name().to_owned())));
    }
    let persons: Vec<&SubjectId> = all.iter().filter(|c| c.found.person.is_some()).map(|c| &c.subject).collect();
    let two = persons.first().is_some_and(|first| persons.iter().any(|person| person != first));
    two.then(|| (Reason::TwoPersons, told(&|c| c.subject.to_string())))
}

/// The known person if there is one, the first picture's own otherwise.
fn share_subject(candidates: &mut [Candidate], same: &[usize]) {
    let known = same.iter().find(|i| candidates[**i].found.person.is_some()).unwrap_or(&same[0]);
    let subject = candidates[*known].subject.clone();
    for candidate_idx in same {
        candidates[*candidate_idx].subject = subject.clone();
    }
}
