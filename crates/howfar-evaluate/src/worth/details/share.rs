//! Differences in shares of right faces, several at once.
//!
//! In: differences laid out as people × seeds, one a class or a group. Out: [`PairedShare`]s with Holm over all.

use crate::counting::numbers::PERCENT;
use crate::intervals::holm::holm;
use crate::intervals::paired::Layout;
use crate::results::details::PairedShare;

/// In the order given, each under its name.
pub(super) fn with_holm<N>(layouts: Vec<(N, Layout)>) -> Vec<(N, PairedShare)> {
    let mut shares: Vec<(N, PairedShare)> = layouts.into_iter().map(|(name, layout)| (name, share(&layout))).collect();
    let corrected = holm(&shares.iter().map(|(_, share)| share.p).collect::<Vec<f64>>());
    shares.iter_mut().zip(corrected).for_each(|((_, share), p)| share.p_holm = p);
    shares
}

fn share(layout: &Layout) -> PairedShare {
    let doubt = layout.doubt();
    let interval = doubt.claimed_interval(layout.mean, layout.baseline_mean);
    let p = doubt.p_two_sided(layout.mean);
    PairedShare {
        baseline_percent: PERCENT * layout.baseline_mean,
        percent: PERCENT * (layout.baseline_mean + layout.mean),
        difference_points: PERCENT * layout.mean,
        interval_points: interval.map(|ends| ends.map(|end| PERCENT * end)),
        p,
        p_holm: p,
        n_people: layout.n_people,
        n_faces: layout.n_faces,
        n_seeds: layout.grid.n_seeds(),
    }
}
