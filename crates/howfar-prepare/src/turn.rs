//! Videos that lie on their side: which way they are turned before faces are looked for. All frames of a video share
//! one turn.
//!
//! In: the frames of a video, upright or not. Out: their faces, each named with its turn (`clip.avi#12@90`), and a
//! sentence that counts them. Pictures that are not of a video are never turned here.

use std::collections::BTreeMap;

use howfar_crop::{FaceBox, PhotoPath, PreparedFace};
use image::DynamicImage;

use crate::listing::Reason;
use crate::source_settings::Turn;

/// A face with its name in the set, or why there is none.
pub(crate) type FaceOrReason = (String, Result<PreparedFace, (Reason, String)>);

/// Stands between a frame's name and its turn.
const MARK: char = '@';
/// Turns that are tried where nothing is found upright, in degrees clockwise.
const SIDES: [u16; 2] = [90, 270];

/// The one face of a picture, where the database says or the surest.
pub(crate) fn one_face(
    path: &PhotoPath<'_>,
    photo: &DynamicImage,
    told: Option<FaceBox>,
) -> Result<PreparedFace, (Reason, String)> {
    path.one_face(photo, told).map_err(|(why, detail)| (why.into(), detail))
}

/// The faces of a video's frames.
pub(crate) fn faces_of_video(frames: &[(String, DynamicImage)], path: &PhotoPath<'_>, turn: Turn) -> Vec<FaceOrReason> {
    let look = |degrees: u16| -> Vec<FaceOrReason> {
        let face = |(name, frame): &(String, DynamicImage)| match turned(frame, degrees) {
            Some(frame) => (format!("{name}{MARK}{degrees}"), one_face(path, &frame, None)),
            None => (name.clone(), one_face(path, frame, None)),
        };
        frames.iter().map(face).collect()
    };
    let upright = match turn {
        Turn::By(degrees) => return look(degrees),
        Turn::None | Turn::Auto => look(0),
    };
    let lies = |(_, frame): &(String, DynamicImage)| frame.width() > frame.height();
    let may_lie = turn == Turn::Auto && path.detects() && frames.iter().all(lies);
    if !may_lie || sureness(&upright).0 > 0 {
        return upright;
    }
    let [a, b] = SIDES.map(look);
    let best = if sureness(&b) > sureness(&a) { b } else { a };
    if sureness(&best).0 > 0 { best } else { upright }
}

/// How many faces there are, and the sum of their scores.
fn sureness(faces: &[FaceOrReason]) -> (usize, f64) {
    let found = faces.iter().filter_map(|(_, face)| face.as_ref().ok());
    found.fold((0, 0.0), |(n, sum), face| (n + 1, sum + face.score.unwrap_or(0.0)))
}

/// By so many degrees clockwise; none where that changes nothing.
fn turned(photo: &DynamicImage, degrees: u16) -> Option<DynamicImage> {
    match degrees {
        90 => Some(photo.rotate90()),
        180 => Some(photo.rotate180()),
        270 => Some(photo.rotate270()),
        _ => None,
    }
}

/// Counts of turned faces, by database and turn.
#[derive(Debug, Default)]
pub(crate) struct Turns(BTreeMap<String, BTreeMap<u16, u64>>);

impl Turns {
    /// Takes note of a face of a video by its name in the set.
    pub(crate) fn note(&mut self, database: &str, source: &str) {
        let degrees = source.rsplit_once(MARK).and_then(|(_, degrees)| degrees.parse().ok());
        if let Some(degrees) = degrees {
            *self.0.entry(database.to_owned()).or_default().entry(degrees).or_default() += 1;
        }
    }

    /// A sentence a database.
    pub(crate) fn caveats(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(database, turns)| {
            let words: Vec<String> = turns.iter().map(|(degrees, n)| format!("{n} faces by {degrees}°")).collect();
            format!("{database}: videos that lie on their side were turned clockwise, {}", words.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;
    use std::path::Path;
    use std::process::Command;

    use howfar_face::{Face, FaceSet, Fault};

    use super::*;
    use crate::request::{PrepareRequest, Source};
    use crate::source_settings::SourceSettings;
    use crate::tree::tests::write;
    use crate::{PrepareReport, prepare, video};
    use howfar_crop::test_faces::mask;

    /// A drawn face in a frame that is higher than wide, turned counterclockwise by `degrees`.
    fn lying(degrees: u32) -> DynamicImage {
        let upright = mask([(95.0, 130.0), (145.0, 130.0)], 320).crop_imm(0, 0, 240, 320);
        match degrees {
            90 => upright.rotate270(),
            270 => upright.rotate90(),
            _ => upright,
        }
    }

    /// A session of MMI with a clip of extracted frames.
    fn frames(folder: &Path, clip: &str, degrees: u32) {
        let xml = b"<a><Metatag Name=\"Emotion\" Value=\"4\"/><Metatag Name=\"View\" Value=\"0\"/></a>";
        write(folder, &format!("mmi/1/{clip}.xml"), xml);
        for frame in 1..=3 {
            write(folder, &format!("mmi/1/{clip}/{frame}.png"), b"");
            lying(degrees).save(folder.join(format!("mmi/1/{clip}/{frame}.png"))).unwrap();
        }
    }

    fn run(folder: &Path, out: &str, turn: Turn) -> Result<(PrepareReport, Vec<Face>), Fault> {
        let source = Source { adapter: "mmi".to_owned(), path: folder.join("mmi") };
        let request = PrepareRequest {
            max_losses: 1.0,
            settings: SourceSettings { turn, ..SourceSettings::default() },
            ..PrepareRequest::new(vec![source], folder.join(out))
        };
        let report = prepare(&request, &mut |_| ControlFlow::Continue(()))?;
        let mut faces = Vec::new();
        FaceSet::open(&folder.join(out))?.for_each(|face| {
            faces.push(face);
            Ok(())
        })?;
        Ok((report, faces))
    }

    fn sources(faces: &[Face]) -> Vec<&str> {
        faces.iter().map(|face| face.labels.source.as_str()).collect()
    }

    #[test]
    fn a_frame_that_cannot_be_read_costs_its_video_no_other() {
        let folder = tempfile::tempdir().unwrap();
        frames(folder.path(), "S001-002", 90);
        write(folder.path(), "mmi/1/S001-002/2.png", b"\x89PNG\r\n\x1a\n cut short");
        let (report, faces) = run(folder.path(), "a", Turn::Auto).unwrap();
        assert_eq!(sources(&faces), ["1/S001-002/1.png@90", "1/S001-002/3.png@90"]);
        assert_eq!((report.rejects.len(), report.rejects[0].reason), (1, Reason::Unreadable));
    }

    #[test]
    fn extracted_frames_that_lie_on_a_side_are_turned_alike_and_it_is_said() {
        let folder = tempfile::tempdir().unwrap();
        frames(folder.path(), "S001-002", 90);
        frames(folder.path(), "S002-001", 270);
        frames(folder.path(), "S003-001", 0);
        let (report, faces) = run(folder.path(), "a", Turn::Auto).unwrap();
        let expected = [("S001-002", "@90"), ("S002-001", "@270"), ("S003-001", "")];
        let expected: Vec<String> =
            expected.iter().flat_map(|(clip, turn)| (1..=3).map(move |i| format!("1/{clip}/{i}.png{turn}"))).collect();
        assert_eq!(sources(&faces), expected);
        // All frames are of one face, which looks the same however the video lay.
        assert!(faces.iter().all(|face| face.picture == faces[0].picture));
        let said = "mmi: videos that lie on their side were turned clockwise, 3 faces by 90°, 3 faces by 270°";
        assert!(report.caveats.iter().any(|caveat| caveat == said), "{:?}", report.caveats);
        let (_, faces) = run(folder.path(), "b", Turn::None).unwrap();
        assert_eq!(sources(&faces), &expected[6..]);
        let (_, faces) = run(folder.path(), "c", Turn::By(90)).unwrap();
        // The detector takes a drawn face that stands on its head, too.
        assert_eq!(sources(&faces)[..3], expected[..3]);
        assert!(sources(&faces).iter().all(|source| source.ends_with("@90") && !source.contains("S003")));
    }

    #[test]
    fn a_video_that_lies_on_its_side_is_turned() {
        if video::require_ffmpeg().is_err() {
            println!("skipped: no ffmpeg here");
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        frames(folder.path(), "S001-002", 90);
        let [frame, video] = ["mmi/1/S001-002/1.png", "mmi/1/S001-002.avi"].map(|name| folder.path().join(name));
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg.args(["-nostdin", "-v", "error", "-loop", "1", "-i"]).arg(frame).args([
            "-frames:v",
            "5",
            "-c:v",
            "ffv1",
        ]);
        assert!(ffmpeg.arg(video).status().unwrap().success());
        std::fs::remove_dir_all(folder.path().join("mmi/1/S001-002")).unwrap();
        let (_, faces) = run(folder.path(), "a", Turn::Auto).unwrap();
        let expected = ["1/S001-002.avi#1@90", "1/S001-002.avi#2@90", "1/S001-002.avi#3@90"];
        assert_eq!(sources(&faces), expected);
    }
}
