//! Pictures that occur more than once, pixel by pixel.
//!
//! In: candidates, and a hash of each one's pixels. Out: who is left out for it, what is to be said, and, in the
//! candidates, one person for equal pictures. The same pixels under two persons would let a person into both sides of a
//! split, and under two classes they contradict each other; such pictures are left out, all of them, since nobody knows
//! which is right. A published database keeps its contradictions, so that figures on it can be compared with others';
//! so do repeats, unless one of each is wanted.

use std::collections::BTreeMap;

use howfar_face::SubjectId;

use crate::candidate::Candidate;
use crate::folder_words::is_split;
use crate::gather::Gathered;
use crate::listing::Reason;

/// What the repeats of a set mean for it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Repeats {
    /// Candidates to be left out.
    pub verdicts: BTreeMap<usize, (Reason, String)>,
    /// What a reader of the set should know.
    pub caveats: Vec<String>,
}

/// Finds the repeats. `prints` is a hash of each candidate's pixels, where it could be read; `drop_repeats` keeps one
/// of equal pictures.
pub(crate) fn find_repeats(
    gathered: &[Gathered],
    candidates: &mut [Candidate],
    prints: &[Option<String>],
    drop_repeats: bool,
) -> Repeats {
    let mut of_pixels: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (candidate_idx, print) in prints.iter().enumerate() {
        if let Some(print) = print {
            of_pixels.entry(print).or_default().push(candidate_idx);
        }
    }
    let (mut repeats, mut told) = (Repeats::default(), Told::default());
    for same in of_pixels.into_values().filter(|same| same.len() > 1) {
        told.count_parts(candidates, &same);
        let contradiction = contradiction(gathered, candidates, &same, drop_repeats);
        if let Some(verdict) = contradiction {
            repeats.verdicts.extend(same.into_iter().map(|i| (i, verdict.clone())));
        } else if drop_repeats {
            let kept = same.iter().copied().min_by_key(|i| (part_of(candidates, *i).map_or(u8::MAX, |p| p.0), *i));
            let Some(kept) = kept else { continue };
            share_subject(candidates, &same);
            let detail = format!("the same pixels as {}", candidates[kept].found.source);
            let others = same.into_iter().filter(|i| *i != kept);
            repeats.verdicts.extend(others.map(|i| (i, (Reason::Repeated, detail.clone()))));
        } else {
            if one_class(candidates, &same) {
                told.n_same_class += same.len() as u64 - 1;
            } else {
                told.n_two_classes += same.len() as u64;
                told.n_groups_of_two_classes += 1;
            }
            share_subject(candidates, &same);
        }
    }
    repeats.caveats = told.caveats(&repeats.verdicts, drop_repeats);
    repeats
}

/// What is counted on the way.
#[derive(Default)]
struct Told {
    /// Pictures that repeat another one under the same class and were kept.
    n_same_class: u64,
    /// Pictures of a published database that stand there under two classes and were kept.
    n_two_classes: u64,
    n_groups_of_two_classes: u64,
    /// By database and two of its parts, the one that rather judges first: pictures of it that stand in the other, too.
    shared: BTreeMap<(String, String, String), u64>,
}

impl Told {
    fn count_parts(&mut self, candidates: &[Candidate], same: &[usize]) {
        let parts: BTreeMap<_, _> = same
            .iter()
            .filter_map(|i| {
                let (rank, part) = part_of(candidates, *i)?;
                Some(((candidates[*i].subject.database(), rank), part))
            })
            .collect();
        for i in same {
            let Some((rank, part)) = part_of(candidates, *i) else { continue };
            let database = candidates[*i].subject.database();
            let others = parts.iter().filter(|((of, other), _)| *of == database && *other > rank);
            for (_, other) in others {
                *self.shared.entry((database.to_owned(), part.to_owned(), (*other).to_owned())).or_default() += 1;
            }
        }
    }

    fn caveats(self, verdicts: &BTreeMap<usize, (Reason, String)>, drop_repeats: bool) -> Vec<String> {
        let mut caveats = Vec::new();
        for ((database, part, other), n) in self.shared {
            let advice =
                if drop_repeats { "one of each was kept" } else { "`prepare --drop-repeats` keeps one of each" };
            caveats.push(format!(
                "{database}: its parts share pictures: {n} of {part} stand in {other}, too, pixel by pixel; {advice}"
            ));
        }
        if self.n_same_class > 0 {
            caveats.push(format!(
                "{} pictures repeat another, pixel by pixel; equal pictures count as one person",
                self.n_same_class
            ));
        }
        if self.n_two_classes > 0 {
            caveats.push(format!(
                "{} pictures stand in their database under two classes, pixel by pixel ({} different ones); they are \
                    kept and count as one person, and `prepare --drop-repeats` leaves them out",
                self.n_two_classes, self.n_groups_of_two_classes
            ));
        }
        let count = |reason| verdicts.values().filter(|(of, _)| *of == reason).count();
        for (reason, what) in [(Reason::TwoClasses, "classes"), (Reason::TwoPersons, "people")] {
            let n = count(reason);
            if n > 0 {
                caveats.push(format!("{n} pictures were left out because the same pixels stand under two {what}"));
            }
        }
        let n_dropped = count(Reason::Repeated);
        if n_dropped > 0 {
            caveats.push(format!("{n_dropped} pictures were left out because they repeat another, pixel by pixel"));
        }
        caveats
    }
}

/// The part of its database that a picture is of, by the folders of its path: those that judge come first, because a
/// test part that keeps all its pictures can be compared with others' figures.
fn part_of(candidates: &[Candidate], candidate_idx: usize) -> Option<(u8, &str)> {
    let (folders, _) = candidates[candidate_idx].found.source.rsplit_once('/')?;
    folders.split('/').find_map(|folder| Some((rank_of_part(folder)?, folder)))
}

/// 0 for a part that judges last, 2 for one that trains; none for any other folder.
fn rank_of_part(folder: &str) -> Option<u8> {
    let word = folder.to_lowercase();
    let is = |words: &[&str]| words.iter().any(|w| word.contains(w));
    match () {
        () if !is_split(folder) => None,
        () if is(&["public", "val", "dev"]) => Some(1),
        () if is(&["test", "private"]) => Some(0),
        () => is(&["train"]).then_some(2),
    }
}

fn one_class(candidates: &[Candidate], same: &[usize]) -> bool {
    same.iter().all(|i| candidates[*i].label == candidates[same[0]].label)
}

fn contradiction(
    gathered: &[Gathered],
    candidates: &[Candidate],
    same: &[usize],
    drop_repeats: bool,
) -> Option<(Reason, String)> {
    let all: Vec<&Candidate> = same.iter().map(|i| &candidates[*i]).collect();
    let told = |say: &dyn Fn(&Candidate) -> String| {
        all.iter().map(|c| format!("{} ({})", c.found.source, say(c))).collect::<Vec<_>>().join(" = ")
    };
    let is_published = |c: &&Candidate| !gathered[c.source_idx].adapter.published.is_empty();
    if !one_class(candidates, same) && (drop_repeats || !all.iter().all(is_published)) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_known_by_their_own_words_and_not_by_others_that_hold_them() {
        let cases = [
            ("PrivateTest", Some(0)),
            ("test_set", Some(0)),
            ("PublicTest", Some(1)),
            ("Validation", Some(1)),
            ("val", Some(1)),
            ("Training", Some(2)),
            ("train", Some(2)),
            ("images", None),
            ("festival", None),
            ("contest", None),
            ("valence", None),
            ("anger", None),
        ];
        for (folder, rank) in cases {
            assert_eq!(rank_of_part(folder), rank, "{folder}");
        }
    }
}
