//! Which generated sets of a study have something of those who judge in it.
//!
//! In: a study. Out: its leaking sets, each with the reason. Labels and cards are asked, pictures are not decoded:
//! equal ones are found when the study is opened.

use std::collections::BTreeSet;
use std::path::PathBuf;

use howfar_face::{FaceLabels, FaceSet, Fault, SubjectId};
use howfar_protocol::{HeldOut, Study};

/// The generated sets that a study must leave out, and why.
pub fn leaking_sets(study: &Study) -> Result<Vec<(PathBuf, Fault)>, Fault> {
    let read = |paths: &[PathBuf]| paths.iter().map(|path| labels(path)).collect::<Result<Vec<_>, Fault>>();
    let real = read(&study.real.sets)?;
    let unseen = [read(study.choose.on.sets())?, read(&study.unseen.sets)?].into_iter().flatten().collect::<Vec<_>>();
    let people: BTreeSet<SubjectId> =
        real.iter().flat_map(|(_, labels)| labels).map(|labels| labels.subject.clone()).collect();
    let splits = study.splits(&people)?;
    let mut all_held_out: Vec<HeldOut<'_>> = splits.iter().map(HeldOut::of_split).collect();
    for held_out in &mut all_held_out {
        unseen.iter().for_each(|(set, _)| held_out.add_content(set.info()));
        for (set, labels) in &unseen {
            labels.iter().for_each(|labels| held_out.add_judge(labels, &set.info().name));
        }
    }
    let mut leaking = Vec::new();
    for path in &study.generated.sets {
        let (set, labels) = labels(path)?;
        let check = |held_out: &HeldOut<'_>| {
            held_out.check_content(set.info())?;
            set.info().generator.iter().try_for_each(|card| held_out.check_card(card))?;
            (0..).zip(&labels).try_for_each(|(row, labels): (u64, _)| {
                held_out.check_labels(labels, || format!("{} row {row}", set.info().name))
            })
        };
        if let Err(fault) = all_held_out.iter().try_for_each(check) {
            leaking.push((path.clone(), fault));
        }
    }
    Ok(leaking)
}

fn labels(path: &std::path::Path) -> Result<(FaceSet, Vec<FaceLabels>), Fault> {
    let set = FaceSet::open(path)?;
    let mut all = Vec::new();
    set.for_each_labels(|labels| all.push(labels))?;
    Ok((set, all))
}
