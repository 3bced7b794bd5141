//! `mmi`: a folder for each session with videos or their extracted frames, and small XML files with emotion and person.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use howfar_face::Expression::{self, Anger, Disgust, Fear, Happiness, Neutral, Sadness, Surprise};
use howfar_face::{Fault, files};

use super::Database;
use super::names::whole;
use crate::frames::{Use, around_middle};
use crate::listing::{Found, Listing, Pixels, Reason};
use crate::picture_file::is_picture;
use crate::request::PrepareRequest;
use crate::setting::Setting;
use crate::source_settings::Views;
use crate::tree::{Tree, TreeFile};

/// Frames of a sequence without `--frames`.
const FRAMES: usize = 3;

pub(super) static DATABASE: Database = Database {
    name: "mmi",
    title: "MMI Facial Expression Database",
    access: "Maja Pantic and Michel Valstar, the MMI database's administrators at Imperial College London",
    terms: "non-commercial research only; pictures are not passed on",
    published: &[],
    settings: &[Setting::AllViews, Setting::Frames(FRAMES), Setting::NeutralFrames, Setting::Turn],
    known_flaws: &[],
    names_by_path: false,
    is_sign: |_| true,
    list,
};

/// By the value of the tag `Emotion`, from 1.
const LABELS: [Expression; 6] = [Anger, Disgust, Fear, Happiness, Sadness, Surprise];

/// What the XML files of a clip say.
struct Clip {
    expression: Expression,
    view: Option<u32>,
    person: String,
}

fn list(path: &Path, request: &PrepareRequest) -> Result<Listing, Fault> {
    let tree = Tree::read(path)?;
    let clips = read_clips(&tree)?;
    let video = whole(r"(?i)(.+)\.(avi|mpe?g|mp4|mov|mkv)");
    let with_frames = frame_folders(&tree, &clips);
    let n_frames = request.settings.frames.unwrap_or(FRAMES);
    let mut listing = Listing::default();
    let mut frames: BTreeMap<&str, Vec<&TreeFile>> = BTreeMap::new();
    for file in tree.files.iter().filter(|file| !file.name().ends_with(".xml")) {
        let whole_clip = video.captures(&file.relative).and_then(|name| clips.get_key_value(name.get(1)?.as_str()));
        if let Some((clip_name, _)) = whole_clip
            && with_frames.contains(clip_name.as_str())
        {
            listing.reject(&file.relative, Reason::NotAskedFor, "its extracted frames are here");
        } else if let Some((_, clip)) = whole_clip {
            take(&mut listing, clip, clip.expression, file, Pixels::Clip(n_frames), request);
            if request.settings.neutral_frames > 0 {
                take(&mut listing, clip, Neutral, file, Pixels::ClipStart(request.settings.neutral_frames), request);
            }
        } else if let Some((clip_name, _)) = clip_of_frame(file, &clips) {
            frames.entry(clip_name).or_default().push(file);
        } else if video.is_match(file.name()) {
            listing.reject(&file.relative, Reason::NoLabel, "no XML file beside it says which emotion it shows");
        } else {
            listing.reject_unknown(file, "a video, or its frames in a folder of its name");
        }
    }
    for (clip_name, frames) in frames {
        let (clip, taken) = (&clips[clip_name], around_middle(frames.len(), n_frames));
        for (frame_idx, file) in frames.into_iter().enumerate() {
            match Use::of(frame_idx, &taken, request.settings.neutral_frames) {
                Use::Labelled => take(&mut listing, clip, clip.expression, file, Pixels::File, request),
                Use::Neutral => take(&mut listing, clip, Neutral, file, Pixels::File, request),
                Use::None => listing.reject(&file.relative, Reason::NotAskedFor, "not a frame of the middle"),
            }
        }
    }
    join_frames(&mut listing);
    Ok(listing)
}

/// Makes one find of the frames of a clip, so that they are turned alike.
fn join_frames(listing: &mut Listing) {
    let mut joined: Vec<Found> = Vec::new();
    for found in std::mem::take(&mut listing.found) {
        if found.pixels != Pixels::File {
            joined.push(found);
            continue;
        }
        let frame = TreeFile { path: found.file.clone(), relative: found.source.clone() };
        match joined.last_mut() {
            Some(Found { file, class, pixels: Pixels::Frames(frames), .. })
                if file.parent() == frame.path.parent() && *class == found.class =>
            {
                frames.push(frame);
            }
            _ => joined.push(Found { pixels: Pixels::Frames(vec![frame]), ..found }),
        }
    }
    listing.found = joined;
}

fn take(
    listing: &mut Listing,
    clip: &Clip,
    expression: Expression,
    file: &TreeFile,
    pixels: Pixels,
    request: &PrepareRequest,
) {
    // View 1 is the profile; 2 is both through a mirror, of which the detector finds the frontal half.
    match clip.view {
        Some(view) if view == 1 && request.settings.views == Views::Frontal => {
            listing.reject(&file.relative, Reason::NotAskedFor, "a profile view");
        }
        _ => listing.take(Found { pixels, ..Found::picture(file, expression).of(&clip.person) }),
    }
}

/// The clip in whose folder a picture lies: `S001-002/0010.png` of `S001-002.avi`.
fn clip_of_frame<'c>(file: &TreeFile, clips: &'c BTreeMap<String, Clip>) -> Option<(&'c str, &'c Clip)> {
    let folder = file.relative.rsplit_once('/').filter(|_| is_picture(&file.path))?.0;
    clips.get_key_value(folder).map(|(name, clip)| (name.as_str(), clip))
}

fn frame_folders<'c>(tree: &Tree, clips: &'c BTreeMap<String, Clip>) -> BTreeSet<&'c str> {
    tree.files.iter().filter_map(|file| clip_of_frame(file, clips)).map(|(name, _)| name).collect()
}

/// Clips with one of the six emotions, by their path without its ending. A file that is no XML says nothing.
fn read_clips(tree: &Tree) -> Result<BTreeMap<String, Clip>, Fault> {
    let mut clips = BTreeMap::new();
    for file in tree.files.iter().filter(|file| file.name().ends_with(".xml") && file.name() != "session.xml") {
        let session_path = file.path.with_file_name("session.xml");
        let own = Said::read(&file.path)?;
        let session = if session_path.is_file() { Said::read(&session_path)? } else { Said::default() };
        let emotion = own.emotion.or(session.emotion).and_then(|n| LABELS.get((n as usize).checked_sub(1)?));
        let named = file.stem().split_once('-').map_or(file.stem(), |(person, _)| person);
        let person = session.subject.unwrap_or_else(|| named.to_owned());
        if let Some(expression) = emotion {
            let name = file.relative.trim_end_matches(".xml").to_owned();
            clips.insert(name, Clip { expression: *expression, view: own.view.or(session.view), person });
        }
    }
    Ok(clips)
}

/// What an XML file says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Said {
    emotion: Option<u32>,
    view: Option<u32>,
    subject: Option<String>,
}

impl Said {
    fn read(path: &Path) -> Result<Self, Fault> {
        // What is read here is ASCII; what else stands in the files may be in any encoding.
        Ok(Self::of(&String::from_utf8_lossy(&files::read(path)?)).unwrap_or_default())
    }

    fn of(text: &str) -> Result<Self, roxmltree::Error> {
        let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
        let document = roxmltree::Document::parse_with_options(text.trim_start_matches('\u{feff}'), options)?;
        let called = |node: &roxmltree::Node<'_, '_>, name: &str| node.tag_name().name().eq_ignore_ascii_case(name);
        let attribute = |node: &roxmltree::Node<'_, '_>, name: &str| {
            let mut attributes = node.attributes();
            attributes.find(|a| a.name().eq_ignore_ascii_case(name)).map(|a| a.value().to_owned())
        };
        let tag = |name: &str| {
            let is_it = |node: &roxmltree::Node<'_, '_>| {
                called(node, "Metatag") && attribute(node, "Name").is_some_and(|n| n.eq_ignore_ascii_case(name))
            };
            document.descendants().filter(is_it).find_map(|node| attribute(&node, "Value")?.trim().parse().ok())
        };
        let subject = document.descendants().filter(|node| called(node, "subject"));
        let subject = subject.filter_map(|node| attribute(&node, "id")).find(|id| !id.is_empty());
        Ok(Said { emotion: tag("Emotion"), view: tag("View"), subject })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source_settings::SourceSettings;
    use crate::tree::tests::{tree_of, write};

    fn request() -> PrepareRequest {
        PrepareRequest {
            settings: SourceSettings { frames: Some(1), ..SourceSettings::default() },
            ..PrepareRequest::new(vec![], "out".into())
        }
    }

    fn xml(emotion: u32, view: u32) -> Vec<u8> {
        format!("<a><Metatag Name=\"Emotion\" Value=\"{emotion}\"/><Metatag Name=\"View\" Value=\"{view}\"/></a>")
            .into_bytes()
    }

    #[test]
    fn tags_are_read_in_any_order_and_quotes_and_what_is_no_xml_says_nothing() {
        let said = |text: &str| Said::of(text).unwrap_or_default();
        let text = "<?xml version='1.0'?><!-- Emotion -->\n<a><metatag\n Value='4' Name = 'emotion' /><Subject \
            age='30' ID='a&amp;b'/></a>";
        assert_eq!(said(text), Said { emotion: Some(4), view: None, subject: Some("a&b".to_owned()) });
        for text in ["", "Emotion 4", "<a><Metatag Name=\"Emotion\" Value=\"4\"></a>"] {
            assert_eq!(said(text), Said::default(), "{text}");
        }
    }

    #[test]
    fn labels_persons_and_views_come_from_the_xml_files() {
        let folder =
            tree_of(&["Sessions/1/S001-002.avi", "Sessions/2/S001-003.avi", "Sessions/3/S002-001.avi", "notes.txt"]);
        write(folder.path(), "Sessions/1/session.xml", b"<session><subject sex=\"m\" id=\"17\"/></session>");
        write(folder.path(), "Sessions/1/S001-002.xml", &xml(4, 0));
        write(folder.path(), "Sessions/2/S001-003.xml", &xml(1, 1));
        let listing = list(folder.path(), &request()).unwrap();
        let found = &listing.found[0];
        assert_eq!(
            (found.class.name(), found.person.as_deref(), &found.pixels),
            ("happiness", Some("17"), &Pixels::Clip(1))
        );
        let mut reasons: Vec<_> = listing.rejects.iter().map(|r| r.reason).collect();
        reasons.sort();
        assert_eq!(reasons, [Reason::NotAPicture, Reason::NoLabel, Reason::NotAskedFor]);
    }

    #[test]
    fn first_frames_of_videos_and_folders_are_neutral_where_asked_for() {
        let folder = tree_of(&["1/S001-002.avi", "2/S001-003/1.png", "2/S001-003/2.png", "2/S001-003/3.png"]);
        write(folder.path(), "1/S001-002.xml", &xml(2, 0));
        write(folder.path(), "2/S001-003.xml", &xml(1, 0));
        let listing = list(
            folder.path(),
            &PrepareRequest { settings: SourceSettings { neutral_frames: 1, ..request().settings }, ..request() },
        )
        .unwrap();
        let frames = |found: &Found| match &found.pixels {
            Pixels::Clip(1) => "one of the middle".to_owned(),
            Pixels::ClipStart(1) => "the first".to_owned(),
            Pixels::Frames(files) => files.iter().map(TreeFile::name).collect::<Vec<_>>().join(", "),
            other => panic!("{other:?}"),
        };
        let found: Vec<_> = listing.found.iter().map(|f| (f.class.name(), frames(f))).collect();
        let expected =
            [("disgust", "one of the middle"), ("neutral", "the first"), ("neutral", "1.png"), ("anger", "2.png")];
        assert_eq!(found, expected.map(|(class, frames)| (class, frames.to_owned())));
    }

    #[test]
    fn extracted_frames_replace_the_video() {
        let folder = tree_of(&["1/S001-002.avi", "1/S001-002/1.png", "1/S001-002/2.png", "1/S001-002/3.png"]);
        write(folder.path(), "1/S001-002.xml", &xml(2, 0));
        let listing = list(folder.path(), &request()).unwrap();
        let found: Vec<_> = listing.found.iter().map(|f| (f.source.as_str(), f.person.as_deref().unwrap())).collect();
        assert_eq!(found, [("1/S001-002/2.png", "S001")]);
        assert_eq!(listing.rejects.len(), 3);
        let listing = list(
            folder.path(),
            &PrepareRequest { settings: SourceSettings { frames: Some(2), ..request().settings }, ..request() },
        )
        .unwrap();
        let [Found { pixels: Pixels::Frames(frames), .. }] = &listing.found[..] else { panic!("{:?}", listing.found) };
        assert_eq!(frames.iter().map(TreeFile::name).collect::<Vec<_>>(), ["1.png", "2.png"]);
    }
}
