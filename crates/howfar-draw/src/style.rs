//! A style: who is drawn, how they act, and under which light, camera and tone. Styles differ as databases do.
//!
//! In: a TOML file, embedded or the user's; unknown keys are errors. Out: a `Style`. Units stand in the names; "eye
//! distances" are distances between the eye centres, and pixels are those of a picture of 64 × 64.

use std::collections::BTreeMap;
use std::path::Path;

use howfar_face::{Expression, Fault, Lineage, closest_name, files};
use serde::{Deserialize, Serialize};
use toml::de::DeTable;

use crate::distributions::{TruncatedNormal, Uniform};
use crate::embedded_styles::{STYLE_NAMES, embedded_text};
use crate::style_check::{Missing, check, syntax_fault};
use crate::style_text::style_text;

/// How the comment of a fitted style begins.
pub const FITTED_BY: &str = "Fitted by howfar style fit";

/// Everything that a drawn database has in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Style {
    /// Enters the subjects' names: letters, digits and hyphens.
    pub name: String,
    /// One sentence on what it imitates.
    pub about: String,
    /// Whether the pictures of one person share light, camera distance and tone.
    pub session: Session,
    /// How heads differ.
    pub shape: ShapeStyle,
    /// Skin, lips, brows, eyes.
    pub skin: SkinStyle,
    /// Hair on head and face, glasses.
    pub hair: HairStyle,
    /// Light and its shadows.
    pub light: LightStyle,
    /// Where the camera stands and how the picture is cut.
    pub camera: CameraStyle,
    /// From light to gray levels.
    pub tone: ToneStyle,
    /// What the faces do.
    pub acting: ActingStyle,
    /// Whose pictures it was fitted to; nobody's where people wrote it. It decides no pixel.
    #[serde(default, skip_serializing_if = "Lineage::is_empty")]
    pub fitted: Lineage,
}

/// Whose light it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Session {
    /// One session a person: its pictures share light, background and tone, as in a posed database.
    Shared,
    /// Every picture was taken elsewhere.
    EachPicture,
}

/// How heads differ, beyond the measured components.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShapeStyle {
    /// SkinningWeights along the ten measured shape components; 1 = as measured.
    pub component_spread: f32,
    /// Resting height of the brows above the mean, in eye distances.
    pub brow_height_eye_distances: TruncatedNormal,
    /// Height of the outer third of the brow against its inner end, in eye distances.
    pub brow_arch_eye_distances: TruncatedNormal,
    /// Width of the mouth as a factor.
    pub mouth_width: TruncatedNormal,
    /// Thickness of the red of the lips as a factor.
    pub lip_thickness: TruncatedNormal,
    /// Resting mouth corners: up (+) or down (−), in eye distances.
    pub mouth_corner_eye_distances: TruncatedNormal,
    /// Opening of the eyes as a factor.
    pub eye_opening: TruncatedNormal,
    /// How far the upper lid hangs at rest, as a share of a closed eye.
    pub resting_lid: TruncatedNormal,
    /// Width of the nose as a factor.
    pub nose_width: TruncatedNormal,
    /// Fullness of the cheeks, in eye distances outwards.
    pub cheek_eye_distances: TruncatedNormal,
    /// Years; lines and folds deepen with them.
    pub age_years: Uniform,
    /// Depth of lines and folds at rest, each on its own, against what the age says: 1 = as the age says.
    pub resting_lines: Uniform,
}

/// Skin, lips, brows and eyes. Albedo: share of light sent back, 0..=1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SkinStyle {
    /// Albedo of skin.
    pub albedo: Uniform,
    /// Strength of blotches: relative albedo.
    pub blotches: Uniform,
    /// Strength of fine spots and pores: relative albedo.
    pub grain: Uniform,
    /// Lips against skin, relative albedo.
    pub lips: Uniform,
    /// Half width of the brows in eye distances.
    pub brow_half_width_eye_distances: Uniform,
    /// How much of the skin's light the brows take.
    pub brow_darkness: Uniform,
    /// How much lashes take.
    pub lash_darkness: Uniform,
    /// Albedo of the iris.
    pub iris: Uniform,
    /// Albedo of the white of the eye.
    pub sclera: Uniform,
    /// Albedo of teeth.
    pub teeth: Uniform,
}

/// Hair on head and face, glasses. Shares of people in 0..=1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HairStyle {
    /// People without hair.
    pub bald_share: f32,
    /// People whose hair covers the forehead.
    pub fringe_share: f32,
    /// People with hair down to the shoulders.
    pub long_share: f32,
    /// People with dark hair; others are fair or gray.
    pub dark_share: f32,
    /// Albedo of dark hair.
    pub dark_albedo: Uniform,
    /// Albedo of fair or gray hair.
    pub fair_albedo: Uniform,
    /// People with beard stubble or a beard.
    pub beard_share: f32,
    /// People with a moustache.
    pub moustache_share: f32,
    /// People with glasses.
    pub glasses_share: f32,
}

/// One key light, one fill light, light from everywhere, and shadows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LightStyle {
    /// Key light to the picture's right (+) or left (−).
    pub azimuth_deg: TruncatedNormal,
    /// Key light above the eyes.
    pub elevation_deg: Uniform,
    /// Share of light that comes from everywhere.
    pub ambient: Uniform,
    /// Strength of the fill light opposite the key.
    pub fill: Uniform,
    /// Softness: how far the key light wraps around.
    pub wrap: Uniform,
    /// Strength of highlights.
    pub gloss: Uniform,
    /// Share of the key light that cast shadows take away.
    pub cast_shadow: Uniform,
    /// Darkening in hollows.
    pub occlusion: Uniform,
    /// Brightness of the background.
    pub background: Uniform,
}

/// Pose, lens and crop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CameraStyle {
    /// Head turned to the picture's right (+).
    pub yaw_deg: TruncatedNormal,
    /// Head raised (+).
    pub pitch_deg: TruncatedNormal,
    /// Head tilted, counter-clockwise (+).
    pub roll_deg: TruncatedNormal,
    /// Distance of the camera in eye distances: near ones bend the face.
    pub distance_eye_distances: Uniform,
    /// Distance of the eyes in pixels of 64.
    pub eye_distance_px: TruncatedNormal,
    /// Height of the eyes below the picture's top, in pixels of 64.
    pub eye_height_px: TruncatedNormal,
    /// Place of the eyes' middle left (−) or right (+) of the picture's middle, in pixels of 64.
    pub centre_px: TruncatedNormal,
    /// Height against width as a factor.
    pub stretch: Uniform,
}

/// From light to gray levels 0..=255.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToneStyle {
    /// Blur in pixels of 64 (standard deviation).
    pub blur_px: Uniform,
    /// Exponent of brightness.
    pub gamma: Uniform,
    /// Bend of an S-shaped curve; 0 = none.
    pub s_curve: Uniform,
    /// Standard deviation of gray levels over the picture.
    pub contrast_levels: Uniform,
    /// Mean gray level.
    pub mean_level: Uniform,
    /// Standard deviation of noise in gray levels.
    pub noise_levels: Uniform,
    /// Darkening towards the corners, relative.
    pub vignette: Uniform,
    /// Of the JPEG file, 1..=100 (100 loses less than a level).
    pub jpeg_quality: Uniform,
}

/// What the faces do for each expression.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActingStyle {
    /// Factor on all intensities of one picture.
    pub strength: Uniform,
    /// Standard deviation of the difference between the sides of the face, relative.
    pub asymmetry: f32,
    /// SkinningWeights of each person's own way of moving, relative.
    pub habit: f32,
    /// Identities that act as photographed people do (`data/acting.json`, `data/face-motion.json`); the others play the
    /// expressions below.
    pub as_people_share: f32,
    /// Expressions and their action units.
    pub expressions: BTreeMap<Expression, Vec<Action>>,
}

/// One action unit of an expression.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// Number of the action unit, one of `AU_NAMES`.
    pub au: u8,
    /// Share of pictures that show it.
    pub probability: f32,
    /// 0 = none, 1 = FACS E.
    pub intensity: Uniform,
    /// What is shown in all other pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<Substitute>,
    /// One-sided: on a side drawn by chance, the other below 0.15.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub one_side: bool,
}

/// The action unit that stands in for another one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Substitute {
    /// Number of the action unit.
    pub au: u8,
    /// 0 = none, 1 = FACS E.
    pub intensity: Uniform,
}

impl Style {
    /// An embedded style, or none of that name.
    pub fn named(name: &str) -> Option<Self> {
        Some(toml::from_str(Self::embedded_text(name)?).expect("embedded styles are tested to parse"))
    }

    /// The file of an embedded style with its comments, or none of that name: what one's own style starts from.
    pub fn embedded_text(name: &str) -> Option<&'static str> {
        embedded_text(name)
    }

    /// The embedded style of this name, or the style in this file. What looks like a path (`.toml`, a separator) or is
    /// there is a file. `argument` is where the user wrote it.
    pub fn find(argument: &str, name_or_file: &str) -> Result<Self, Fault> {
        if let Some(style) = Self::named(name_or_file) {
            return Ok(style);
        }
        let path = Path::new(name_or_file);
        let looks_like_a_file = path.extension().is_some_and(|e| e == "toml") || path.components().count() > 1;
        if looks_like_a_file || path.is_file() {
            return Self::read(path);
        }
        Err(unknown_style(Fault::usage(argument, "unknown style"), name_or_file))
    }

    /// Reads a user's style file. Its name must be its own: subjects are named after it.
    pub fn read(path: &Path) -> Result<Self, Fault> {
        let place = path.display().to_string();
        let style = Self::parse(&files::read_text(path)?, &place)?;
        if Self::named(&style.name).is_some_and(|embedded| embedded != style) {
            return Err(Fault::usage(place, "the name is that of an embedded style, but the style is another")
                .found(format!("name = {:?}", style.name))
                .expected("a name of its own: identities of two styles must not be called the same")
                .hint(format!("write name = \"my-{}\"", style.name)));
        }
        Ok(style)
    }

    /// Whether this is the file of a `style fit` that kept no record of whose pictures it saw (before `[fitted]`): its
    /// comment tells.
    pub fn is_fitted_without_a_trace(&self, name_or_file: &str) -> bool {
        // What the command was called before.
        let marks = [FITTED_BY, "Fitted by howfar fit-style"];
        let is_mark = |line: &str| marks.iter().any(|mark| line.trim_start_matches(['#', ' ']).starts_with(mark));
        let is_fitted = |text: String| text.lines().any(is_mark);
        self.fitted.is_empty() && files::read_text(Path::new(name_or_file)).is_ok_and(is_fitted)
    }

    /// The style as a TOML file, for the record of what was drawn.
    pub fn to_toml(&self) -> Result<String, Fault> {
        self.to_toml_with(&self.about)
    }

    /// The same with a comment of one's own at the top.
    pub fn to_toml_with(&self, comment: &str) -> Result<String, Fault> {
        let table = toml::Table::try_from(self)
            .map_err(|e| Fault::data(&self.name, format!("the style cannot be written as TOML: {e}")))?;
        Ok(style_text(&table, comment))
    }

    /// Reads the text of a style file.
    pub fn from_toml(text: &str) -> Result<Self, Fault> {
        Self::parse(text, "style file")
    }

    /// Reads the text of a style file that lies at `place`. With `base = "studio"` at its top, every key that it leaves
    /// out comes from that embedded style; the list of an expression is taken as a whole. Errors carry the line.
    pub fn parse(text: &str, place: &str) -> Result<Self, Fault> {
        let syntax = |e: toml::de::Error| syntax_fault(text, place, &e);
        let spanned = DeTable::parse(text).map_err(syntax)?;
        let mut own: toml::Table = toml::from_str(text).map_err(syntax)?;
        let base = match own.remove("base") {
            None => None,
            Some(value) => Some(base_table(text, place, &value)?),
        };
        let missing = if base.is_some() { Missing::Filled } else { Missing::Refused };
        check(text, place, &spanned, missing)?;
        let mut whole = base.unwrap_or_default();
        overlay(&mut whole, own);
        whole.try_into().map_err(|e: toml::de::Error| syntax_fault(text, place, &e))
    }
}

fn unknown_style(fault: Fault, found: &str) -> Fault {
    let fault = fault.found(found).expected(format!("{}, or a file FILE.toml", STYLE_NAMES.join(", ")));
    match closest_name(found, STYLE_NAMES) {
        Some(name) => fault.hint(format!("did you mean {name}?")),
        None => fault.hint("`howfar style show studio > my.toml` writes a style file to start from"),
    }
}

fn base_table(text: &str, place: &str, value: &toml::Value) -> Result<toml::Table, Fault> {
    let name = value.as_str().unwrap_or_default();
    let Some(embedded) = Style::embedded_text(name) else {
        let line = 1 + text.lines().position(|l| l.trim_start().starts_with("base")).unwrap_or_default();
        let fault = Fault::usage(format!("{place}, line {line}"), "`base` is no embedded style");
        let fault = unknown_style(fault, &format!("base = {value}")).expected(STYLE_NAMES.join(", "));
        return Err(match closest_name(name, STYLE_NAMES) {
            Some(meant) => fault.hint(format!("did you mean {meant:?}?")),
            None => fault,
        });
    };
    Ok(toml::from_str(embedded).expect("embedded styles are tested to parse"))
}

/// Puts what `own` states over `whole`, table by table.
fn overlay(whole: &mut toml::Table, own: toml::Table) {
    for (key, value) in own {
        match (whole.get_mut(&key), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(above)) => overlay(below, above),
            (_, value) => {
                whole.insert(key, value);
            }
        }
    }
}
