//! What may be credited to the added faces: what the mix gains over the stronger of the controls that cost no new face.
//!
//! In: the differences between the mix and its controls. Out: a [`Credit`] for each judged set of faces that both controls
//! were judged on. Claiming to be ahead of both takes a clear gain over each, which needs no correction (Berger, 1982).

use howfar_protocol::Arm;

use crate::results::Claim;
use crate::verdict::Verdict;
use crate::worth::Credit;

/// One entry for test people and each unseen database.
pub(crate) fn credit(controls: &[Claim]) -> Vec<Credit> {
    controls.iter().filter(|claim| claim.baseline_arm == Arm::Repeat).filter_map(|claim| of(claim, controls)).collect()
}

fn of(repeat: &Claim, controls: &[Claim]) -> Option<Credit> {
    let same_faces = |c: &&Claim| (c.part, &c.set, c.baseline_arm) == (repeat.part, &repeat.set, Arm::Augment);
    let augment = controls.iter().find(same_faces)?;
    let stronger = if augment.difference_points < repeat.difference_points { augment } else { repeat };
    Some(Credit {
        part: stronger.part,
        set: stronger.set.clone(),
        over: stronger.baseline_arm,
        difference_points: stronger.difference_points,
        interval_points: stronger.interval_points,
        is_clear: [repeat, augment].into_iter().all(|claim| claim.verdict == Verdict::Helps),
    })
}
