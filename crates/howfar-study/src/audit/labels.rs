//! Do the labels of generated faces say what a network that knows real faces sees in them?
//!
//! In: the faces. Out: one finding with the agreement of each class, in which classes near chance are named. Real
//! people are cut into two halves and a judge is trained on each; a generated face is judged by the half that its
//! parent is not in, one without a parent by both. The same judges on the other half's real faces are the yardstick:
//! they are wrong about real faces, too.

use std::collections::{BTreeMap, BTreeSet};

use howfar_evaluate::{ConfusionCounts, Finding};
use howfar_face::{Fault, SubjectId};
use howfar_protocol::{Split, SplitPart, most_probable};
use howfar_random::shuffle;
use howfar_train::{Model, predict};

use super::probe::{Probe, settings};
use super::subjects::{AuditedFaces, Side};
use super::{AuditPlace, Found, percent};

/// Real people on each half, at least.
const FEWEST_PEOPLE: usize = 4;
/// Generated faces that are judged at most.
const MOST_FACES: usize = 3000;
/// Passes over the real faces.
const EPOCHS: u32 = 30;
/// Judges that are right about real people less often than so many times chance know too little.
const KNOWS: f64 = 2.5;
/// Agreement may be so much lower than on real faces.
const BELOW_REAL: f64 = 0.15;
/// A class is near chance where less than this share of the way from guessing to always right is reached.
const NEAR_CHANCE: f64 = 0.1;
/// Of fewer faces of a class, chance alone can make many wrong.
const FEWEST_FACES: u64 = 10;

/// Pictures that the two judges train on: each half of the real faces.
pub(crate) fn n_training_pictures(n_real: usize) -> u64 {
    n_real as u64 * u64::from(EPOCHS)
}

/// Agreement of labels and judges.
pub(crate) fn audit(faces: &AuditedFaces, place: &AuditPlace<'_>) -> Result<Option<Finding>, Fault> {
    let n_classes = faces.pool.classes().len();
    let real = faces.of_side(|r| matches!(r, Side::Training | Side::Labelled));
    let halves = halves(faces, &real);
    let mut generated = faces.of_side(|r| r == Side::Generated);
    if n_classes < 2 || generated.is_empty() || halves.iter().any(|half| half.len() < FEWEST_PEOPLE) {
        return Ok(None);
    }
    shuffle(&mut generated, &mut faces.seeds.stream("faces whose labels are judged", &[]));
    generated.truncate(MOST_FACES);
    let (mut of_real, mut of_generated) = (ConfusionCounts::new(n_classes), ConfusionCounts::new(n_classes));
    let mut judged: BTreeMap<usize, Vec<f32>> = BTreeMap::new();
    for (i, half) in halves.iter().enumerate() {
        let model = judge(faces, &halves, i, place)?;
        let of_others: Vec<usize> =
            real.iter().copied().filter(|f| !half.contains(&faces.pool.face(*f).labels.subject)).collect();
        for (face, probabilities) in of_others.iter().zip(predict(&model, &faces.pool, &of_others)?) {
            of_real.add(faces.pool.face(*face).labels.label, most_probable(&probabilities));
        }
        let may_judge = |f: &usize| faces.pool.face(*f).labels.parent.as_ref().is_none_or(|p| !half.contains(p));
        let faces_of_half: Vec<usize> = generated.iter().copied().filter(may_judge).collect();
        for (face, probabilities) in faces_of_half.iter().zip(predict(&model, &faces.pool, &faces_of_half)?) {
            let sum = judged.entry(*face).or_insert_with(|| vec![0.0; n_classes]);
            sum.iter_mut().zip(probabilities).for_each(|(sum, p)| *sum += p);
        }
    }
    for (face, sum) in &judged {
        of_generated.add(faces.pool.face(*face).labels.label, most_probable(sum));
    }
    Ok(Some(finding(faces.pool.classes(), &of_generated, &of_real)))
}

/// The people of real training faces, every second one on each half.
fn halves(faces: &AuditedFaces, real: &[usize]) -> [BTreeSet<SubjectId>; 2] {
    let people: BTreeSet<&SubjectId> = real.iter().map(|f| &faces.pool.face(*f).labels.subject).collect();
    let mut people: Vec<SubjectId> = people.into_iter().cloned().collect();
    shuffle(&mut people, &mut faces.seeds.stream("halves of the judges", &[]));
    let second = people.split_off(people.len() / 2);
    [people, second].map(|half| half.into_iter().collect())
}

/// A network trained on the people of half `i`; the other half validates.
fn judge(
    faces: &AuditedFaces,
    halves: &[BTreeSet<SubjectId>; 2],
    i: usize,
    place: &AuditPlace<'_>,
) -> Result<Model, Fault> {
    let side = |half: usize| if half == i { SplitPart::Training } else { SplitPart::Validation };
    let sides = (0..2).flat_map(|half| halves[half].iter().map(move |person| (person.clone(), side(half))));
    let split = Split::of(sides.collect());
    let seeds = faces.seeds.child("judge of labels", i as u64);
    let probe = Probe {
        pool: &faces.pool,
        split: &split,
        seeds,
        preprocessing: &faces.preprocessing,
        settings: settings(EPOCHS),
    };
    probe.train(place, &format!("judge-{i}"))
}

fn finding(classes: &[String], generated: &ConfusionCounts, real: &ConfusionCounts) -> Finding {
    let (agreement, yardstick) = (generated.macro_recall(), real.macro_recall());
    let judged: Vec<usize> = (0..classes.len()).filter(|class| generated.support(*class) > 0).collect();
    let of_class = |class: &usize| format!("{} {:.0} %", classes[*class], 100.0 * generated.recall(*class));
    let by_class: Vec<String> = judged.iter().map(of_class).collect();
    let mut text = format!(
        "Judges trained on real subjects agree with {:.1} % of the labels of {} generated faces (mean over classes; \
            {}) and with {:.1} % of those of \
         real subjects whom they have not seen.",
        percent(agreement),
        generated.n_faces(),
        by_class.join(", "),
        percent(yardstick)
    );
    let low: Vec<usize> = judged.into_iter().filter(|class| is_near_chance(generated, *class)).collect();
    let (unknown, wrong): (Vec<usize>, Vec<usize>) = low.iter().partition(|class| is_near_chance(real, **class));
    if !wrong.is_empty() {
        text +=
            &format!(" Near chance among the generated, but not among the real: {}.", beside(classes, &wrong, real));
    }
    if !unknown.is_empty() {
        text += &format!(" Near chance on real faces, too: {}.", beside(classes, &unknown, real));
    }
    let n_classes = classes.len() as f64;
    let knows = yardstick * n_classes >= KNOWS.min(0.8 * n_classes);
    let (code, advice) = if !knows {
        (
            "labels-unclear",
            "The judges hardly know real faces: nothing can be said of the labels. Look at a sheet of the generated \
                faces, or add real \
             training subjects.",
        )
    } else if agreement + BELOW_REAL < yardstick || !wrong.is_empty() {
        (
            "labels-disagree",
            "Look at the classes with the lowest agreement; a study on the agreeing faces alone shows what the others \
                cost.",
        )
    } else if !unknown.is_empty() {
        (
            "labels-unclear",
            "Of classes that the judges do not know on real faces nothing can be said: look at a sheet of them, or \
                add real training subjects.",
        )
    } else {
        ("labels-agree", "")
    };
    let figures = [
        ("generated_percent", percent(agreement)),
        ("real_percent", percent(yardstick)),
        ("n_classes_near_chance", low.len() as f64),
    ];
    let mut finding = Found::new("labels", code, code != "labels-agree").says(text, advice, &figures);
    let recall = |(i, class): (usize, &String)| (format!("{class}_percent"), percent(generated.recall(i)));
    finding.figures.extend(classes.iter().enumerate().map(recall));
    finding
}

/// Whether so few faces of a class are recognised that guessing would nearly do it.
fn is_near_chance(counts: &ConfusionCounts, class: usize) -> bool {
    let chance = 1.0 / counts.n_classes() as f64;
    let most = chance + NEAR_CHANCE * (1.0 - chance);
    counts.support(class) >= FEWEST_FACES && counts.recall(class) < most
}

/// Classes with the judges' recall on real faces.
fn beside(classes: &[String], which: &[usize], real: &ConfusionCounts) -> String {
    let words = |class: &usize| format!("{} (real: {:.0} %)", classes[*class], 100.0 * real.recall(*class));
    which.iter().map(words).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts of four classes with 50 faces each, of which so many are right.
    fn counts(right: [u64; 4]) -> ConfusionCounts {
        let mut counts = ConfusionCounts::new(4);
        for (class, n_right) in right.into_iter().enumerate() {
            for face in 0..50 {
                counts.add(class, if face < n_right { class } else { (class + 1) % 4 });
            }
        }
        counts
    }

    #[test]
    fn what_the_judges_said_decides_the_finding_and_any_class_near_chance_is_a_caveat() {
        let classes = ["anger", "fear", "joy", "sadness"].map(str::to_owned);
        let cases = [
            ("all is well", [45, 44, 46, 45], [46, 45, 45, 45], "labels-agree"),
            ("most are wrong", [20, 22, 21, 22], [46, 45, 45, 45], "labels-disagree"),
            ("one class is never seen, the mean is high", [49, 49, 49, 1], [46, 42, 42, 44], "labels-disagree"),
            ("the judges do not know that class either", [49, 49, 49, 1], [48, 48, 48, 12], "labels-unclear"),
            ("the judges know nothing", [20, 22, 21, 20], [18, 17, 20, 18], "labels-unclear"),
        ];
        for (case, generated, real, code) in cases {
            let found = finding(&classes, &counts(generated), &counts(real));
            assert_eq!(found.code, code, "{case}: {found:#?}");
            assert_eq!(found.is_caveat, code != "labels-agree", "{case}");
            assert_eq!(found.is_caveat, !found.advice.is_empty(), "{case}");
            let is_named = found.text.contains("sadness (real: ");
            assert_eq!(is_named, generated[3] == 1, "{case}: a class near chance is named");
        }
    }
}
