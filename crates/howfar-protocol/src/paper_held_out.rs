//! Generated identities that join the test and validation people, as the paper counts.
//!
//! In: a pool, generated faces, a split, k. Out: faces that no mixture of the seed trains on.

use howfar_face::{FaceStore, Fault};
use howfar_random::Seeds;

use crate::choosing::identities;
use crate::{GeneratedFaces, MixtureRatio, Split, SplitPart};

/// Faces of generated identities that no mixture of this seed up to the largest k trains on: k units for the test or
/// the validation part, as the paper counts them, and nobody in both. Units for a smaller k are among those for a
/// larger one.
pub fn generated_held_out(
    pool: &FaceStore,
    generated: &GeneratedFaces,
    split: &Split,
    part: SplitPart,
    [k, largest]: [MixtureRatio; 2],
    seeds: Seeds,
) -> Result<Vec<usize>, Fault> {
    let mut identities = identities(pool, generated, seeds);
    let count = |k: MixtureRatio, part| k.units(split.people(part).count());
    let [n_training, n_test, n_validation] =
        [SplitPart::Training, SplitPart::Test, SplitPart::Validation].map(|part| count(largest, part));
    if n_training + n_test + n_validation > identities.len() {
        return Err(Fault::data("[generated]", format!("too few generated identities for k = {largest}"))
            .found(identities.len())
            .expected(format!(
                "{n_training} to train on, {n_test} others to test and {n_validation} to validate, as the paper counts"
            ))
            .hint("generate more, lower the largest k, or leave out protocol = \"paper\""));
    }
    let before = match part {
        SplitPart::Training => 0,
        SplitPart::Test => n_training,
        SplitPart::Validation => n_training + n_test,
    };
    let mut chosen = identities.split_off(before);
    chosen.truncate(count(k, part));
    let mut faces = chosen.concat();
    faces.sort_unstable();
    Ok(faces)
}
