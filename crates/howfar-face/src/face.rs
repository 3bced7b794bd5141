//! One prepared face: its picture, what it shows, whose it is and where it came from.

use image::DynamicImage;
use serde::{Deserialize, Serialize};

use crate::SubjectId;
use crate::checksum;

/// Where a picture comes from. Told by data, never by a folder's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provenance {
    /// A photograph.
    Real,
    /// Drawn from the parametric head: no person's picture entered it.
    Drawn,
    /// Made by a trained generator.
    Generated,
}

impl Provenance {
    /// The word that stands in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Drawn => "drawn",
            Self::Generated => "generated",
        }
    }

    /// Reads the word back.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Real, Self::Drawn, Self::Generated].into_iter().find(|p| p.name() == name)
    }
}

/// Colours of a set's pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colour {
    /// One channel.
    #[default]
    Gray,
    /// Red, green, blue.
    Rgb,
}

impl Colour {
    /// The word in [`crate::Preprocessing`].
    pub fn name(self) -> &'static str {
        match self {
            Colour::Gray => "gray",
            Colour::Rgb => "rgb",
        }
    }

    /// Reads the word back.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Gray, Self::Rgb].into_iter().find(|c| c.name() == name)
    }
}

/// Decoded pixels, rows from the top, 0..=255.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Pixels a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// 1 (gray) or 3 (red, green, blue, interleaved).
    pub channels: u32,
    /// `width * height * channels` numbers.
    pub data: Vec<u8>,
}

impl Picture {
    /// A gray picture. `data` holds `width * height` numbers.
    pub fn gray(width: u32, height: u32, data: Vec<u8>) -> Self {
        assert_eq!(data.len(), (width * height) as usize, "a gray picture has one number a pixel");
        Picture { width, height, channels: 1, data }
    }

    /// Decoded pixels of any kind in the colours wanted, 8 bits each; what is gray already stays as it is.
    pub fn of(photo: &DynamicImage, colour: Colour) -> Self {
        let (width, height) = (photo.width(), photo.height());
        let is_gray = !photo.color().has_color();
        match colour {
            Colour::Rgb => Picture { width, height, channels: 3, data: photo.to_rgb8().into_raw() },
            Colour::Gray if is_gray => Picture::gray(width, height, photo.to_luma8().into_raw()),
            Colour::Gray => {
                let colours = Picture { width, height, channels: 3, data: photo.to_rgb8().into_raw() };
                Picture::gray(width, height, colours.into_gray())
            }
        }
    }

    /// `width * height` gray levels: Rec. 601 luma, rounded.
    pub fn into_gray(self) -> Vec<u8> {
        if self.channels == 1 {
            return self.data;
        }
        gray_levels(&self.data, 3)
    }

    /// The picture in 1 (gray) or 3 channels; gray has three equal ones.
    pub fn into_channels(self, n_channels: usize) -> Vec<u8> {
        match (self.channels, n_channels) {
            (_, 1) => self.into_gray(),
            (1, n) => self.data.iter().flat_map(|level| std::iter::repeat_n(*level, n)).collect(),
            _ => self.data,
        }
    }

    /// SHA-256 of size, channels and pixels, in hexadecimal: the same for the same picture in any file format.
    pub fn sha256(&self) -> String {
        let head = format!("{}x{}x{}:", self.width, self.height, self.channels);
        checksum::sha256_hex(&[head.as_bytes(), &self.data])
    }
}

/// Weights of red, green and blue in a gray level, in thousandths: Rec. 601 luma (ITU-R BT.601).
pub const LUMA: [u32; 3] = [299, 587, 114];

/// One gray level a pixel of `n_channels` (1 or 3): Rec. 601 luma (ITU-R BT.601, 0.299 R + 0.587 G + 0.114 B), rounded.
/// The one place in the program where colours become gray.
pub(crate) fn gray_levels(pixels: &[u8], n_channels: usize) -> Vec<u8> {
    if n_channels != 3 {
        return pixels.to_vec();
    }
    let luma =
        |p: &[u8]| (LUMA[0] * u32::from(p[0]) + LUMA[1] * u32::from(p[1]) + LUMA[2] * u32::from(p[2]) + 500) / 1000;
    pixels.chunks_exact(3).map(|p| luma(p) as u8).collect()
}

/// What is known of a face beside its pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct FaceLabels {
    /// Index into the set's class names.
    pub label: usize,
    /// Whose face it is.
    pub subject: SubjectId,
    /// Photograph, drawn or generated.
    pub provenance: Provenance,
    /// For a generated face: the real person whose picture it was made from, if any.
    pub parent: Option<SubjectId>,
    /// What the person or the picture has in common with others of the set: a sex, an age group, a light. One meaning a
    /// set; it decides no training.
    pub group: Option<String>,
    /// The file it came from, or the seed that made it.
    pub source: String,
    /// What only a renderer can know.
    pub drawn: Option<Box<DrawnLabels>>,
}

impl FaceLabels {
    /// The labels of a face of which nothing else is known.
    pub fn of(label: usize, subject: SubjectId, provenance: Provenance) -> Self {
        FaceLabels { label, subject, provenance, parent: None, group: None, source: String::new(), drawn: None }
    }
}

/// The exact labels of a drawn face.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnLabels {
    /// 0 = neutral, 1 = full.
    pub intensity: f32,
    /// Action units, 0..=1 and a little above, in the order of the renderer's list.
    pub action_units: Vec<f32>,
    /// 68 landmarks, x then y, in pixels of the picture: 136 numbers.
    pub landmarks: Vec<f32>,
    /// Yaw, pitch and roll in degrees.
    pub pose: [f32; 3],
    /// Direction of the key light, a unit vector: right, up, towards the viewer.
    pub light: [f32; 3],
}

/// One prepared face.
#[derive(Debug, Clone, PartialEq)]
pub struct Face {
    /// Its pixels.
    pub picture: Picture,
    /// Everything else.
    pub labels: FaceLabels,
}
