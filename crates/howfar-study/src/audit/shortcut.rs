//! Can a small network tell generated faces from real ones, and does it still when both have been through the same
//! codec?
//!
//! In: the faces. Out: one finding. Where it can, a network under study may learn "generated" in place of an
//! expression; where only the raw faces give it away, the codec, the resizing or the noise does, and preparing both
//! alike mends it.

use std::collections::{BTreeMap, BTreeSet};

use howfar_evaluate::{ConfusionCounts, Finding};
use howfar_face::{Colour, FaceStore, Fault, Picture, SubjectId};
use howfar_protocol::{Split, SplitPart, most_probable};
use howfar_random::{Seeds, shuffle};
use howfar_train::predict;
use image::{ColorType, ImageEncoder, ImageFormat, codecs::jpeg::JpegEncoder};

use super::probe::{Probe, settings};
use super::subjects::{AuditedFaces, Side};
use super::{AuditPlace, Found, percent};

/// Faces of each kind on each side.
const MOST_FACES: [(SplitPart, usize); 3] =
    [(SplitPart::Training, 300), (SplitPart::Validation, 100), (SplitPart::Test, 200)];
/// Fewer people of a kind cannot be split.
const FEWEST_PEOPLE: usize = 6;
/// Steps of the probe: enough for a trace that no eye sees, at any number of faces.
const STEPS: usize = 300;
/// Macro recall from which the kinds are told apart; chance is 0.5.
const TOLD_APART: f64 = 0.75;
/// What saving again must take from it, for the codec to be to blame.
const CODEC: f64 = 0.15;
/// JPEG quality of saving again.
const QUALITY: u8 = 50;

/// Pictures that the probe trains on, raw and saved again.
pub(crate) fn n_training_pictures() -> u64 {
    2 * STEPS as u64 * u64::from(settings(1).batch)
}

/// The probe, raw and after saving again.
pub(crate) fn audit(faces: &AuditedFaces, place: &AuditPlace<'_>) -> Result<Option<Finding>, Fault> {
    let Some((chosen, split)) = chosen(faces) else { return Ok(None) };
    let raw = recall(faces, &chosen, &split, (place, "shortcut-raw"), <[u8]>::to_vec)?;
    let side = faces.pool.side() as u32;
    let n_channels = faces.pool.n_channels();
    let again = |pixels: &[u8]| saved_again(pixels, side, n_channels);
    let saved = recall(faces, &chosen, &split, (place, "shortcut-saved"), again)?;
    Ok(Some(finding(raw, saved)))
}

/// The faces that the probe sees, each with its kind, and who is on which side; none where a kind has too few people.
/// On each side both kinds have equally many faces, so that guessing the larger one gains nothing. A child is where its
/// parent is: the probe would know its face otherwise.
fn chosen(faces: &AuditedFaces) -> Option<(Vec<(usize, usize)>, Split)> {
    let kinds = [faces.of_side(Side::is_labelled), faces.of_side(|r| r == Side::Generated)];
    let root = |face: &usize| {
        let labels = &faces.pool.face(*face).labels;
        labels.parent.as_ref().unwrap_or(&labels.subject)
    };
    let [real, generated] = [0, 1].map(|kind| kinds[kind].iter().map(root).collect::<BTreeSet<&SubjectId>>());
    if real.len().min(generated.len()) < FEWEST_PEOPLE {
        return None;
    }
    let parents = generated.intersection(&real).copied();
    let (others, orphans) = (real.difference(&generated).copied(), generated.difference(&real).copied());
    let side_of: BTreeMap<&SubjectId, SplitPart> =
        thirds(parents).chain(thirds(others)).chain(thirds(orphans)).collect();
    let mut stream = faces.seeds.stream("faces of the shortcut probe", &[]);
    let (mut chosen, mut sides) = (Vec::new(), BTreeMap::new());
    let mut by_side = kinds.map(|mut kind| {
        shuffle(&mut kind, &mut stream);
        let mut by_side: BTreeMap<SplitPart, Vec<usize>> = BTreeMap::new();
        kind.into_iter().for_each(|face| by_side.entry(side_of[root(&face)]).or_default().push(face));
        by_side
    });
    for (side, most) in MOST_FACES {
        let of_side = [0, 1].map(|kind| by_side[kind].remove(&side).unwrap_or_default());
        let n = most.min(of_side[0].len()).min(of_side[1].len());
        if n == 0 {
            return None;
        }
        for (kind, of_side) in of_side.into_iter().enumerate() {
            for face in of_side.into_iter().take(n) {
                sides.insert(faces.pool.face(face).labels.subject.clone(), side);
                chosen.push((face, kind));
            }
        }
    }
    chosen.sort_unstable_by_key(|(face, kind)| (*kind, *face));
    Some((chosen, Split::of(sides)))
}

/// Every second person trains; of the others, one in three validates and the rest test.
fn thirds<'s>(people: impl Iterator<Item = &'s SubjectId>) -> impl Iterator<Item = (&'s SubjectId, SplitPart)> {
    // The first three people are on all sides, so that few people are, too.
    const PARTS: [SplitPart; 6] = [
        SplitPart::Training,
        SplitPart::Validation,
        SplitPart::Test,
        SplitPart::Training,
        SplitPart::Test,
        SplitPart::Training,
    ];
    people.enumerate().map(|(i, person)| (person, PARTS[i % PARTS.len()]))
}

/// Macro recall of the probe on people it has not seen.
fn recall(
    faces: &AuditedFaces,
    chosen: &[(usize, usize)],
    split: &Split,
    (place, name): (&AuditPlace<'_>, &str),
    change: impl Fn(&[u8]) -> Vec<u8>,
) -> Result<f64, Fault> {
    let pool: FaceStore = faces.pool.relabelled(vec!["real".to_owned(), "generated".to_owned()], chosen, change)?;
    let is_on = |face: &usize, side| split.side(&pool.face(*face).labels.subject) == Some(side);
    let n_training = (0..pool.len()).filter(|face| is_on(face, SplitPart::Training)).count();
    let batch = settings(1).batch as usize;
    let mut settings = settings((STEPS * batch).div_ceil(n_training) as u32);
    // Turning and scaling would smooth the traces that are looked for.
    settings.augmentation = None;
    let seeds: Seeds = faces.seeds.child("shortcut probe", 0);
    let probe = Probe { pool: &pool, split, seeds, preprocessing: &faces.preprocessing, settings };
    let model = probe.train(place, name)?;
    let test: Vec<usize> = (0..pool.len()).filter(|face| is_on(face, SplitPart::Test)).collect();
    let mut counts = ConfusionCounts::new(2);
    for (face, probabilities) in test.iter().zip(predict(&model, &pool, &test)?) {
        counts.add(pool.face(*face).labels.label, most_probable(&probabilities));
    }
    Ok(counts.macro_recall())
}

/// A face saved as JPEG and read back.
fn saved_again(pixels: &[u8], side: u32, n_channels: usize) -> Vec<u8> {
    let colour = if n_channels == 3 { ColorType::Rgb8 } else { ColorType::L8 };
    let mut bytes = Vec::new();
    let written = JpegEncoder::new_with_quality(&mut bytes, QUALITY).write_image(pixels, side, side, colour.into());
    let read = written.and_then(|()| image::load_from_memory_with_format(&bytes, ImageFormat::Jpeg));
    // A picture that cannot be saved stays as it is: the probe then finds it, which is the careful side.
    let colour = if n_channels == 3 { Colour::Rgb } else { Colour::Gray };
    read.map_or(pixels.to_vec(), |read| Picture::of(&read, colour).data)
}

fn finding(raw: f64, saved: f64) -> Finding {
    let figures = [("raw_percent", percent(raw)), ("saved_again_percent", percent(saved))];
    let [raw_percent, saved_percent] = [percent(raw), percent(saved)];
    let measured = format!(
        "a small network tells generated from real faces of subjects it has not seen: {raw_percent} % right (chance \
            50 %), {saved_percent} % after both were saved again as JPEG"
    );
    if raw < TOLD_APART {
        let text = format!("Generated faces are hard to tell from real ones: {measured}.");
        return Found::new("shortcut", "no-shortcut", false).says(text, "", &figures);
    }
    if raw - saved > CODEC {
        let text = format!("Codec, resizing or noise give generated faces away: {measured}.");
        let advice = "Prepare both in the same way (size, filter, format); a network can learn the trace in place of \
            the expression.";
        return Found::new("shortcut", "shortcut-codec", true).says(text, advice, &figures);
    }
    let text = format!("Generated faces can be told from real ones by how they look: {measured}.");
    let advice = "The mix can teach the network two kinds of faces in place of one; judge the gain by the unseen \
        databases, and see the \
                  `fixed-share` and `pretrain` arms.";
    Found::new("shortcut", "shortcut-style", true).says(text, advice, &figures)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::subjects::made::{Made, made};

    #[test]
    fn both_kinds_have_equally_many_faces_on_each_side_and_children_stand_with_their_parents() {
        let real: Vec<String> = (0..40).map(|i| format!("real:p{i:02}")).collect();
        let children: Vec<String> = (0..40).map(|i| format!("made:c{i:02}")).collect();
        let face = |side, subject, parent| Made { side, subject, parent, shot: 1, card: None };
        let mut all = Vec::new();
        for (i, person) in real.iter().enumerate() {
            all.extend(vec![face(Side::Labelled, person, None); 10]);
            // Every third person is a parent, each of two children.
            let parent = Some(real[i / 6 * 3].as_str());
            all.push(face(Side::Generated, &children[i], parent));
        }
        let faces = made(&all);
        let (chosen, split) = chosen(&faces).unwrap();
        let side = |face: usize| split.side(&faces.pool.face(face).labels.subject).unwrap();
        for part in [SplitPart::Training, SplitPart::Validation, SplitPart::Test] {
            let n = |kind| chosen.iter().filter(|(face, k)| *k == kind && side(*face) == part).count();
            assert_eq!(n(0), n(1), "{part:?}");
            assert!(n(0) > 0, "{part:?}");
        }
        let sides: BTreeMap<&SubjectId, SplitPart> =
            chosen.iter().map(|(face, _)| (&faces.pool.face(*face).labels.subject, side(*face))).collect();
        for (face, _) in &chosen {
            let labels = &faces.pool.face(*face).labels;
            if let Some(of_parent) = labels.parent.as_ref().and_then(|parent| sides.get(parent)) {
                assert_eq!(sides[&labels.subject], *of_parent, "{}", labels.subject);
            }
        }
    }

    #[test]
    fn what_the_probe_measured_decides_the_finding() {
        let cases = [(0.52, 0.5, "no-shortcut"), (0.99, 0.6, "shortcut-codec"), (0.99, 0.97, "shortcut-style")];
        for (raw, saved, code) in cases {
            assert_eq!(finding(raw, saved).code, code);
        }
    }

    #[test]
    fn saving_again_keeps_size_and_nearly_the_levels() {
        let smooth: Vec<u8> = (0..64 * 64).map(|i| (i % 64 * 2 + i / 64) as u8).collect();
        let again = saved_again(&smooth, 64, 1);
        assert_eq!(again.len(), smooth.len());
        assert!(again.iter().zip(&smooth).all(|(a, b)| a.abs_diff(*b) < 16));
        assert_eq!(saved_again(&[7; 12 * 12 * 3], 12, 3).len(), 432);
    }
}
