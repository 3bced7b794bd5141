//! What may be credited to the added faces: what the mix gains over the stronger of the controls that cost no new face.
//!
//! In: the differences between the mix and labelled faces alone, and its controls. Out: a [`Credit`] for each judged
//! set of faces: where labelled faces alone were trained as long as serves them best, over them and over every
//! control that was run; else where all controls were run. Claiming to be ahead of all takes a clear gain over each,
//! which needs no correction (Berger, 1982).

use howfar_protocol::{Arm, ArmRole, Part};

use crate::choosing::verdict::Verdict;
use crate::results::Claim;
use crate::results::comparisons::Credit;

/// One entry for test people and each unseen database. `claims` count where their baseline is one of several budgets.
pub(crate) fn credit(claims: &[Claim], controls: &[Claim], has_ladder: bool) -> Vec<Credit> {
    let is_control = |claim: &&Claim| matches!(claim.baseline.arm.role, ArmRole::Control { .. });
    let over = claims.iter().filter(|_| has_ladder).chain(controls.iter().filter(is_control));
    let over: Vec<&Claim> = over.collect();
    let mut faces: Vec<(Part, &String)> = over.iter().map(|claim| (claim.part, &claim.set)).collect();
    let mut seen = std::collections::BTreeSet::new();
    faces.retain(|faces| seen.insert(*faces));
    let of_faces = |faces: (Part, &String)| {
        let claims: Vec<&Claim> = over.iter().copied().filter(|c| (c.part, &c.set) == faces).collect();
        // Without all of them the strongest is not known.
        (has_ladder || claims.len() == Arm::controls().count()).then(|| of(&claims)).flatten()
    };
    faces.into_iter().filter_map(of_faces).collect()
}

fn of(controls: &[&Claim]) -> Option<Credit> {
    // The first of equals.
    let stronger = |a: &&&Claim, b: &&&Claim| a.difference_points.total_cmp(&b.difference_points);
    let strongest = controls.iter().min_by(stronger)?;
    Some(Credit {
        part: strongest.part,
        set: strongest.set.clone(),
        over: strongest.baseline.arm,
        difference_points: strongest.difference_points,
        interval_points: strongest.interval_points,
        is_clear: controls.iter().all(|claim| claim.verdict == Verdict::Helps),
    })
}
