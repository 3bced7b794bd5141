//! `ckplus`: sequences from neutral to the peak; a file beside each labelled sequence holds its emotion.

use std::collections::BTreeMap;
use std::path::Path;

use howfar_face::Expression::{self, Anger, Contempt, Disgust, Fear, Happiness, Neutral, Sadness, Surprise};
use howfar_face::{Fault, files};

use super::Database;
use super::names::{Of, each_match, picture, whole};
use crate::frames::keep_last;
use crate::listing::{Found, Listing, Reason};
use crate::published::{Published, Unit};
use crate::request::PrepareRequest;
use crate::setting::Setting;
use crate::tree::Tree;

/// Frames of a sequence without `--frames`.
const FRAMES: usize = 3;

pub(super) static DATABASE: Database = Database {
    name: "ckplus",
    title: "Extended Cohn-Kanade (CK+)",
    access: "the Affect Analysis Group of the University of Pittsburgh",
    terms: "research only; pictures are not passed on, and only those of some people may be printed",
    published: &[Published {
        part: "labelled sequences",
        unit: Unit::Sequences,
        classes: &[
            (Anger, 45),
            (Contempt, 18),
            (Disgust, 59),
            (Fear, 25),
            (Happiness, 69),
            (Sadness, 28),
            (Surprise, 83),
        ],
        persons: Some(118),
    }],
    settings: &[Setting::Frames(FRAMES), Setting::NeutralFrames],
    known_flaws: &[],
    names_by_path: false,
    is_sign: |_| true,
    list,
};

/// By the number in the emotion file.
const LABELS: [Expression; 8] = [Neutral, Anger, Contempt, Disgust, Fear, Happiness, Sadness, Surprise];

fn list(path: &Path, request: &PrepareRequest) -> Result<Listing, Fault> {
    let tree = Tree::read(path)?;
    let labels = read_labels(&tree)?;
    let pattern = picture(r"(S\d{3})_(\d{3})_(\d{8})");
    let label_pattern = label_pattern();
    let mut listing = Listing::default();
    let expected = "a name such as S005_001_00000011.png";
    let pictures = tree.files.iter().filter(|file| !label_pattern.is_match(file.name()));
    each_match(pictures, (Of::Name, &pattern), expected, &mut listing, |listing, file, name| {
        let person = name[1].to_uppercase();
        let sequence = format!("{person}_{}", &name[2]);
        match labels.get(&sequence) {
            Some(label) => {
                let found = Found::picture(file, *label).of(person);
                listing.take(Found { sequence: Some(sequence), ..found });
            }
            None => listing.reject(&file.relative, Reason::NoLabel, format!("sequence {sequence} has no emotion file")),
        }
    });
    keep_last(&mut listing, request.settings.frames.unwrap_or(FRAMES), request.settings.neutral_frames);
    Ok(listing)
}

fn label_pattern() -> regex::Regex {
    whole(r"(?i)(S\d{3})_(\d{3})_(\d{8})_emotion\.txt")
}

/// The emotion of each labelled sequence.
fn read_labels(tree: &Tree) -> Result<BTreeMap<String, Expression>, Fault> {
    let pattern = label_pattern();
    let mut labels = BTreeMap::new();
    for file in &tree.files {
        let Some(name) = pattern.captures(file.name()) else { continue };
        let text = files::read_text(&file.path)?;
        // A float such as `3.0000000e+00`.
        let number = text.trim().parse::<f64>().ok().filter(|n| n.fract() == 0.0 && (0.0..8.0).contains(n));
        let Some(label) = number else {
            return Err(Fault::data(file.path.display(), "not an emotion")
                .found(text.trim())
                .expected("a number from 0 to 7"));
        };
        labels.insert(format!("{}_{}", name[1].to_uppercase(), &name[2]), LABELS[label as usize]);
    }
    if labels.is_empty() {
        return Err(Fault::data(tree.root.display(), "no sequence has a label")
            .expected("emotion files such as Emotion/S005/001/S005_001_00000011_emotion.txt beside the pictures")
            .hint("give the folder that holds both the pictures and the folder Emotion"));
    }
    Ok(labels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source_settings::SourceSettings;
    use crate::tree::tests::{tree_of, write};

    fn request(frames: usize) -> PrepareRequest {
        PrepareRequest {
            settings: SourceSettings { frames: Some(frames), ..SourceSettings::default() },
            ..PrepareRequest::new(vec![], "out".into())
        }
    }

    #[test]
    fn the_last_frames_of_labelled_sequences_are_taken() {
        let frames: Vec<String> = (1..=5).map(|i| format!("images/S005/001/S005_001_{i:08}.png")).collect();
        let folder = tree_of(&frames.iter().map(String::as_str).collect::<Vec<_>>());
        write(folder.path(), "images/S005/002/S005_002_00000001.png", b"");
        write(folder.path(), "Emotion/S005/001/S005_001_00000005_emotion.txt", b"   3.0000000e+00\n");
        let listing = list(folder.path(), &request(2)).unwrap();
        let found: Vec<_> = listing.found.iter().map(|f| f.source.as_str()).collect();
        assert_eq!(found, [frames[3].as_str(), frames[4].as_str()]);
        assert_eq!((listing.found[0].class.name(), listing.found[0].person.as_deref()), ("disgust", Some("S005")));
        let count = |reason| listing.rejects.iter().filter(|r| r.reason == reason).count();
        assert_eq!((count(Reason::NotAskedFor), count(Reason::NoLabel)), (3, 1));
    }

    #[test]
    fn first_frames_are_neutral_where_asked_for_and_never_also_the_peak() {
        for (n_frames, last, neutral) in [(5, 2, 2), (3, 2, 1), (2, 2, 0)] {
            let frames: Vec<String> = (1..=n_frames).map(|i| format!("S005_001_{i:08}.JPG")).collect();
            let folder = tree_of(&frames.iter().map(String::as_str).collect::<Vec<_>>());
            write(folder.path(), "S005_001_00000005_emotion.txt", b"3");
            let request =
                PrepareRequest { settings: SourceSettings { neutral_frames: 2, ..request(2).settings }, ..request(2) };
            let listing = list(folder.path(), &request).unwrap();
            let count = |class| listing.found.iter().filter(|f| f.class.name() == class).count();
            assert_eq!((count("disgust"), count("neutral")), (last, neutral), "{n_frames} frames");
            assert_eq!(listing.rejects.len(), n_frames - last - neutral);
        }
    }

    #[test]
    fn a_broken_label_and_missing_labels_are_named() {
        let folder = tree_of(&["S005_001_00000001.png"]);
        assert!(list(folder.path(), &request(3)).unwrap_err().to_string().contains("no sequence has a label"));
        write(folder.path(), "S005_001_00000005_emotion.txt", b"happy");
        assert!(list(folder.path(), &request(3)).unwrap_err().to_string().contains("0 to 7"));
    }
}
