//! How the two known families of detectors lay out what they say, and what it means.
//!
//! Both look at squares of 8, 16 and 32 pixels (strides). For each place of such a grid, row after row, and each of its
//! anchors, there is a score, a box and five key points: eyes, nose, corners of the mouth, the picture's left one
//! first.
//! - YuNet (OpenCV, `FaceDetectorYN`): one anchor; the score is the root of class times objectness; a box is its middle
//!   from the place's corner and the logarithms of its sides, a point lies from the corner, all in strides. Input BGR,
//!   0 to 255.
//! - SCRFD (InsightFace): one or two anchors; a box is its four edges' distances from the corner, a point lies from the
//!   corner, all in strides. Input RGB, (x − 127.5) / 128.

use howfar_crop::{FaceBox, Point};

const STRIDES: [usize; 3] = [8, 16, 32];

/// Who laid it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    YuNet,
    Scrfd,
}

impl Family {
    /// A pixel's level, 0 to 255, as the network takes it.
    pub(super) fn level(self, level: u8) -> f32 {
        match self {
            Family::YuNet => f32::from(level),
            Family::Scrfd => (f32::from(level) - 127.5) / 128.0,
        }
    }

    /// Which of red, green, blue each plane of the input is.
    pub(super) fn channels(self) -> [usize; 3] {
        match self {
            Family::YuNet => [2, 1, 0],
            Family::Scrfd => [0, 1, 2],
        }
    }

    /// Places that overlap more (share of both together) are one face; the families' own values.
    pub(super) fn overlap(self) -> f64 {
        match self {
            Family::YuNet => 0.3,
            Family::Scrfd => 0.4,
        }
    }

    /// Least score of a face; the families' own values.
    fn score(self) -> f32 {
        match self {
            Family::YuNet => 0.6,
            Family::Scrfd => 0.5,
        }
    }
}

/// A place that may be a face, in pixels of the input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Candidate {
    pub(super) face_box: FaceBox,
    /// The picture's left one first.
    pub(super) eyes: [Point; 2],
    /// 0 to 1.
    pub(super) score: f64,
}

/// Which output is what.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layout {
    pub(super) family: Family,
    levels: Vec<Level>,
}

/// Places among the outputs for one stride.
#[derive(Debug, Clone, PartialEq)]
struct Level {
    stride: usize,
    n_anchors: usize,
    score: usize,
    objectness: Option<usize>,
    boxes: usize,
    points: usize,
}

impl Layout {
    /// The layout of outputs with these names and shapes, for an input of `size` (height, width); none if it is not
    /// known.
    pub(super) fn recognise(outputs: &[(&str, &[usize])], size: (usize, usize)) -> Option<Self> {
        let yunet = STRIDES.map(|stride| yunet_level(outputs, size, stride)).into_iter().collect();
        if let Some(levels) = yunet {
            return Some(Layout { family: Family::YuNet, levels });
        }
        let levels: Option<Vec<Level>> = STRIDES.map(|stride| scrfd_level(outputs, size, stride)).into_iter().collect();
        levels.filter(|_| outputs.len() == 9).map(|levels| Layout { family: Family::Scrfd, levels })
    }

    /// Places whose score suffices, the surest first; equal ones from the finest grid and its first row on.
    pub(super) fn candidates(&self, values: &[Vec<f32>], size: (usize, usize)) -> Vec<Candidate> {
        let of_level = |level: &Level| {
            let (values, level) = (values, level.clone());
            let n_columns = size.1 / level.stride;
            (0..n_places(size, level.stride) * level.n_anchors).filter_map(move |idx| {
                let place = idx / level.n_anchors;
                self.candidate(&level, values, idx, (place / n_columns, place % n_columns))
            })
        };
        let mut candidates: Vec<Candidate> = self.levels.iter().flat_map(of_level).collect();
        candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
        candidates
    }

    fn candidate(
        &self,
        level: &Level,
        values: &[Vec<f32>],
        idx: usize,
        (row, column): (usize, usize),
    ) -> Option<Candidate> {
        let share = |output: usize| values.get(output)?.get(idx).map(|value| value.clamp(0.0, 1.0));
        let score = match level.objectness {
            Some(objectness) => (share(level.score)? * share(objectness)?).sqrt(),
            None => share(level.score)?,
        };
        if score.is_nan() || score < self.family.score() {
            return None;
        }
        let stride = level.stride as f64;
        let corner = Point { x: column as f64 * stride, y: row as f64 * stride };
        let number = |output: usize, width: usize, at: usize| {
            values.get(output)?.get(idx * width + at).map(|v| f64::from(*v) * stride)
        };
        let edge = |at: usize| number(level.boxes, 4, at);
        let face_box = match self.family {
            Family::YuNet => {
                let side = |at: usize| Some((edge(at)? / stride).exp() * stride);
                let (width, height) = (side(2)?, side(3)?);
                FaceBox::new(corner.x + edge(0)? - width / 2.0, corner.y + edge(1)? - height / 2.0, width, height)
            }
            Family::Scrfd => {
                FaceBox::new(corner.x - edge(0)?, corner.y - edge(1)?, edge(0)? + edge(2)?, edge(1)? + edge(3)?)
            }
        }?;
        let eye = |at: usize| {
            let (x, y) = (corner.x + number(level.points, 10, at)?, corner.y + number(level.points, 10, at + 1)?);
            (x.is_finite() && y.is_finite()).then_some(Point { x, y })
        };
        let (a, b) = (eye(0)?, eye(2)?);
        let eyes = if a.x <= b.x { [a, b] } else { [b, a] };
        Some(Candidate { face_box, eyes, score: f64::from(score) })
    }
}

fn n_places((height, width): (usize, usize), stride: usize) -> usize {
    (height / stride) * (width / stride)
}

/// Rows and columns of an output: `N×c` or `1×N×c`.
fn table(shape: &[usize]) -> Option<(usize, usize)> {
    match *shape {
        [n, columns] | [1, n, columns] => Some((n, columns)),
        _ => None,
    }
}

fn yunet_level(outputs: &[(&str, &[usize])], size: (usize, usize), stride: usize) -> Option<Level> {
    let find = |name: &str, columns: usize| {
        let wanted = format!("{name}_{stride}");
        let rows = Some((n_places(size, stride), columns));
        outputs.iter().position(|(name, shape)| *name == wanted && table(shape) == rows)
    };
    let objectness = Some(find("obj", 1)?);
    Some(Level {
        stride,
        n_anchors: 1,
        score: find("cls", 1)?,
        objectness,
        boxes: find("bbox", 4)?,
        points: find("kps", 10)?,
    })
}

fn scrfd_level(outputs: &[(&str, &[usize])], size: (usize, usize), stride: usize) -> Option<Level> {
    [1, 2].into_iter().find_map(|n_anchors| {
        let find = |columns: usize| {
            let rows = Some((n_places(size, stride) * n_anchors, columns));
            outputs.iter().position(|(_, shape)| table(shape) == rows)
        };
        Some(Level { stride, n_anchors, score: find(1)?, objectness: None, boxes: find(4)?, points: find(10)? })
    })
}
