//! Frames from the middle or the beginning of a video, through an installed `ffmpeg`.

use std::ops::Range;
use std::path::Path;
use std::process::{Command, Stdio};

use howfar_face::Fault;
use image::{DynamicImage, ImageFormat};

use crate::frames::around_middle;

/// Says what to do where there is no `ffmpeg`.
pub(crate) fn require_ffmpeg() -> Result<(), Fault> {
    let runs = Command::new("ffmpeg").arg("-version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    match runs {
        Ok(status) if status.success() => Ok(()),
        _ => Err(Fault::machine("ffmpeg", "the videos of this database need the program ffmpeg, which is not here")
            .expected("`ffmpeg` in the search path")
            .hint(
                "install ffmpeg, or extract the frames yourself: those of S001-002.avi go into the folder S001-002 \
                beside it",
            )),
    }
}

/// `n` frames around the middle of a video, with their numbers from 0.
pub(crate) fn middle_frames(video: &Path, n: usize) -> Result<Vec<(usize, DynamicImage)>, String> {
    let n_frames = count_frames(video)?;
    if n_frames == 0 {
        return Err("the video has no frames".to_owned());
    }
    frames(video, around_middle(n_frames, n))
}

/// The first `n` frames of a video, with their numbers from 0; at most its first quarter, and one.
pub(crate) fn first_frames(video: &Path, n: usize) -> Result<Vec<(usize, DynamicImage)>, String> {
    match count_frames(video)? {
        0 => Err("the video has no frames".to_owned()),
        n_frames => frames(video, 0..n.min(n_frames.div_ceil(4))),
    }
}

fn frames(video: &Path, taken: Range<usize>) -> Result<Vec<(usize, DynamicImage)>, String> {
    let (first, n) = (taken.start, taken.len());
    let select = format!("select=between(n\\,{first}\\,{})", first + n - 1);
    // BMP is a stream of whole pictures whose lengths stand in their heads, and nothing is lost.
    let output = ffmpeg(video, &["-vf", &select, "-fps_mode", "passthrough", "-f", "image2pipe", "-c:v", "bmp", "-"])?;
    let frames: Vec<_> = split_bitmaps(&output)?.into_iter().enumerate().map(|(i, frame)| (first + i, frame)).collect();
    if frames.len() == n { Ok(frames) } else { Err(format!("ffmpeg gave {} of {n} frames", frames.len())) }
}

fn split_bitmaps(mut stream: &[u8]) -> Result<Vec<DynamicImage>, String> {
    let mut frames = Vec::new();
    while !stream.is_empty() {
        let length = stream.get(2..6).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes) as usize;
        let bitmap = stream.get(..length).filter(|b| b.starts_with(b"BM")).ok_or("ffmpeg's frames are broken")?;
        frames.push(image::load_from_memory_with_format(bitmap, ImageFormat::Bmp).map_err(|e| e.to_string())?);
        stream = &stream[length..];
    }
    Ok(frames)
}

/// Decodes the whole video: what its head says of its length is often wrong.
fn count_frames(video: &Path) -> Result<usize, String> {
    let output = ffmpeg(video, &["-fps_mode", "passthrough", "-f", "framecrc", "-"])?;
    Ok(String::from_utf8_lossy(&output).lines().filter(|line| !line.starts_with('#')).count())
}

fn ffmpeg(video: &Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-threads", "1", "-i"])
        .arg(video)
        .args(["-map", "0:v:0"])
        .args(arguments)
        .output()
        .map_err(|e| format!("ffmpeg does not run: {e}"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("ffmpeg: {}", said.lines().last().unwrap_or("failed without a word")))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A video whose frames grow brighter: frame i is of gray 10 + 8 i. `false` where there is no ffmpeg.
    pub(crate) fn make_video(path: &Path, n_frames: usize) -> bool {
        if require_ffmpeg().is_err() {
            println!("skipped: no ffmpeg here");
            return false;
        }
        let source = format!("color=c=black:s=64x48:r=25,geq=lum='10+8*N':cb=128:cr=128,trim=end_frame={n_frames}");
        let made = Command::new("ffmpeg")
            .args(["-nostdin", "-v", "error", "-f", "lavfi", "-i", &source, "-c:v", "ffv1"])
            .arg(path)
            .status()
            .unwrap();
        assert!(made.success());
        true
    }

    #[test]
    fn frames_come_from_the_middle() {
        let folder = tempfile::tempdir().unwrap();
        let video = folder.path().join("a.avi");
        if !make_video(&video, 11) {
            return;
        }
        let frames = middle_frames(&video, 3).unwrap();
        assert_eq!(frames.iter().map(|(i, _)| *i).collect::<Vec<_>>(), [4, 5, 6]);
        let grays: Vec<u8> = frames.iter().map(|(_, frame)| frame.to_luma8().get_pixel(5, 5)[0]).collect();
        assert!(grays[0] < grays[1] && grays[1] < grays[2], "{grays:?}");
        assert_eq!(middle_frames(&video, 99).unwrap().len(), 11);
        let first = first_frames(&video, 2).unwrap();
        assert_eq!(first.iter().map(|(i, _)| *i).collect::<Vec<_>>(), [0, 1]);
    }

    #[test]
    fn a_broken_video_is_a_reason_not_a_crash() {
        let folder = tempfile::tempdir().unwrap();
        let video = folder.path().join("a.avi");
        std::fs::write(&video, b"no video").unwrap();
        assert!(middle_frames(&video, 3).is_err());
    }
}
