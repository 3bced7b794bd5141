//! Every key of a style file: what it holds, its unit and what is allowed, stated once.
//!
//! In: nothing. Out: `STYLE_KEYS` and `ACTION_KEYS`, from which files are checked and written and the table of
//! `docs/styles.md` is made. Does not read files.

use std::fmt;

/// Lowest and highest allowed number, both included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits(pub f32, pub f32);

/// What stands behind a key.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum KeyKind {
    /// A text in quotes.
    Text,
    /// One of these words in quotes.
    Word(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// The number of an action unit.
    ActionUnit,
    /// One number.
    Number(Limits),
    /// `[lower, upper]`: evenly spread between two ends.
    Uniform(Limits),
    /// `{ mean, sd }`: normal, cut at 2.2 standard deviations.
    TruncatedNormal {
        /// What the mean may be.
        mean: Limits,
        /// What the standard deviation may be.
        sd: Limits,
    },
    /// A table of its own: what stands in for an action unit.
    Substitute,
    /// A list of people, `database:person` each.
    People,
    /// A list of `content_sha256` of face sets.
    Contents,
}

/// One key.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StyleKey {
    /// Table and key, joined by a dot.
    pub path: &'static str,
    /// What stands behind it.
    pub kind: KeyKind,
    /// Unit of its numbers.
    pub unit: &'static str,
    /// What it decides.
    pub about: &'static str,
}

impl StyleKey {
    /// The key without its table.
    pub fn name(&self) -> &'static str {
        self.path.rsplit('.').next().unwrap_or(self.path)
    }

    /// Whether a file may leave the key out, base or not: it then holds nothing.
    pub fn is_optional(&self) -> bool {
        matches!(self.kind, KeyKind::Substitute | KeyKind::Flag | KeyKind::People | KeyKind::Contents)
    }

    /// The table's name; empty for keys at the top of the file.
    pub fn table(&self) -> &'static str {
        self.path.rsplit_once('.').map_or("", |(table, _)| table)
    }
}

impl Limits {
    /// Whether a number is allowed; never for what is not finite.
    pub fn allow(self, value: f64) -> bool {
        // Numbers of a file are kept as f32: compared as such, an end that is written down is inside.
        value.is_finite() && (self.0..=self.1).contains(&(value as f32))
    }

    /// The nearest allowed number.
    pub fn clamp(self, value: f32) -> f32 {
        value.clamp(self.0, self.1)
    }
}

impl fmt::Display for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.0, self.1)
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyKind::Text => f.write_str("a text in quotes"),
            KeyKind::Word(words) => {
                let quoted: Vec<String> = words.iter().map(|w| format!("{w:?}")).collect();
                f.write_str(&quoted.join(" or "))
            }
            KeyKind::Flag => f.write_str("true or false"),
            KeyKind::ActionUnit => write!(f, "one of {}", crate::action_units::au_numbers()),
            KeyKind::Number(limits) => write!(f, "a number from {limits}"),
            KeyKind::Uniform(limits) => write!(f, "[lower, upper], both from {limits}"),
            KeyKind::TruncatedNormal { mean, sd } => write!(f, "{{ mean, sd }}, mean from {mean}, sd from {sd}"),
            KeyKind::Substitute => f.write_str("{ au, intensity }"),
            KeyKind::People => f.write_str("a list of people in quotes, \"database:person\" each"),
            KeyKind::Contents => f.write_str("a list of texts in quotes, 64 hexadecimal digits each"),
        }
    }
}

const fn key(path: &'static str, kind: KeyKind, unit: &'static str, about: &'static str) -> StyleKey {
    StyleKey { path, kind, unit, about }
}

const fn number(low: f32, high: f32) -> KeyKind {
    KeyKind::Number(Limits(low, high))
}

const fn range(low: f32, high: f32) -> KeyKind {
    KeyKind::Uniform(Limits(low, high))
}

const fn normal(low: f32, high: f32, sd: f32) -> KeyKind {
    KeyKind::TruncatedNormal { mean: Limits(low, high), sd: Limits(0.0, sd) }
}

const SHARE: KeyKind = number(0.0, 1.0);
const ALBEDO: KeyKind = range(0.0, 1.0);
const SESSIONS: KeyKind = KeyKind::Word(&["shared", "each-picture"]);

const OF_PICTURE: &str = "px of 64";
const EYES: &str = "eye distances";

/// Every key but those of the expressions, in the order in which files are written. The limits are those within which
/// the renderer still draws a face; a test draws at every end.
pub const STYLE_KEYS: &[StyleKey] = &[
    key("name", KeyKind::Text, "", "enters the subjects' names: letters, digits and hyphens, no embedded style's name"),
    key("about", KeyKind::Text, "", "a sentence on what it imitates"),
    key("session", SESSIONS, "", "whether pictures of one identity share light, background and tone"),
    key("shape.component_spread", number(0.0, 2.0), "factor", "spread along the measured shapes; 1 = as measured"),
    key("shape.brow_height_eye_distances", normal(-0.2, 0.2, 0.1), EYES, "resting height of the brows above the mean"),
    key(
        "shape.brow_arch_eye_distances",
        normal(-0.1, 0.1, 0.1),
        EYES,
        "height of the outer brow against its inner end",
    ),
    key("shape.mouth_width", normal(0.7, 1.3, 0.15), "factor", "width of the mouth"),
    key("shape.lip_thickness", normal(0.5, 1.6, 0.5), "factor", "thickness of the red of the lips"),
    key("shape.mouth_corner_eye_distances", normal(-0.1, 0.1, 0.05), EYES, "resting mouth corners: up (+) or down (-)"),
    key("shape.eye_opening", normal(0.6, 1.4, 0.25), "factor", "opening of the eyes"),
    key("shape.resting_lid", normal(0.0, 0.7, 0.3), "share of a closed eye", "how far the upper lid hangs at rest"),
    key("shape.nose_width", normal(0.7, 1.4, 0.25), "factor", "width of the nose"),
    key("shape.cheek_eye_distances", normal(-0.15, 0.15, 0.1), EYES, "fullness of the cheeks, outwards"),
    key("shape.age_years", range(0.0, 100.0), "years", "lines and folds deepen from 18 on"),
    key("shape.resting_lines", range(0.0, 4.0), "factor", "depth of lines and folds at rest; 1 = as the age says"),
    key("skin.albedo", range(0.05, 1.0), "share of light", "albedo of skin"),
    key("skin.blotches", range(0.0, 0.5), "relative", "strength of blotches"),
    key("skin.grain", range(0.0, 0.5), "relative", "strength of fine spots and pores"),
    key("skin.lips", range(0.0, 1.5), "relative", "albedo of lips against skin"),
    key("skin.brow_half_width_eye_distances", range(0.01, 0.2), EYES, "half width of the brows"),
    key("skin.brow_darkness", range(0.0, 1.0), "share of light", "how much light brows take from the skin"),
    key("skin.lash_darkness", range(0.0, 1.0), "share of light", "how much light lashes take"),
    key("skin.iris", ALBEDO, "share of light", "albedo of the iris"),
    key("skin.sclera", ALBEDO, "share of light", "albedo of the white of the eye"),
    key("skin.teeth", ALBEDO, "share of light", "albedo of teeth"),
    key("hair.bald_share", SHARE, "share of identities", "without hair"),
    key("hair.fringe_share", SHARE, "share of identities", "hair covers the forehead"),
    key("hair.long_share", SHARE, "share of identities", "hair down to the shoulders"),
    key("hair.dark_share", SHARE, "share of identities", "dark hair; others are fair or gray"),
    key("hair.dark_albedo", ALBEDO, "share of light", "albedo of dark hair"),
    key("hair.fair_albedo", ALBEDO, "share of light", "albedo of fair or gray hair"),
    key("hair.beard_share", SHARE, "share of identities", "stubble or a beard"),
    key("hair.moustache_share", SHARE, "share of identities", "a moustache"),
    key("hair.glasses_share", SHARE, "share of identities", "glasses"),
    key("light.azimuth_deg", normal(-90.0, 90.0, 45.0), "degrees", "key light to the picture's right (+) or left (-)"),
    key("light.elevation_deg", range(-60.0, 80.0), "degrees", "key light above (+) or below (-) the eyes"),
    key("light.ambient", range(0.0, 1.0), "share of light", "light from everywhere"),
    key("light.fill", range(0.0, 1.0), "share of light", "fill light opposite the key"),
    key("light.wrap", range(0.0, 1.0), "relative", "softness: how far the key light wraps around"),
    key("light.gloss", range(0.0, 1.0), "relative", "strength of highlights"),
    key("light.cast_shadow", range(0.0, 1.0), "share of light", "how much of the key light cast shadows take"),
    key("light.occlusion", range(0.0, 2.0), "relative", "darkening in hollows"),
    key("light.background", range(0.0, 1.3), "brightness", "the background; 1 = white paper in full light"),
    key("camera.yaw_deg", normal(-45.0, 45.0, 20.0), "degrees", "head turned to the picture's right (+)"),
    key("camera.pitch_deg", normal(-30.0, 30.0, 15.0), "degrees", "head raised (+)"),
    key("camera.roll_deg", normal(-45.0, 45.0, 20.0), "degrees", "head tilted counter-clockwise (+)"),
    key("camera.distance_eye_distances", range(4.0, 100.0), EYES, "distance of the camera: near ones bend the face"),
    key("camera.eye_distance_px", normal(8.0, 40.0, 6.0), OF_PICTURE, "distance between the eyes"),
    key("camera.eye_height_px", normal(8.0, 48.0, 8.0), OF_PICTURE, "height of the eyes below the picture's top"),
    key("camera.centre_px", normal(-16.0, 16.0, 8.0), OF_PICTURE, "the eyes' middle right (+) of the picture's middle"),
    key("camera.stretch", range(0.7, 1.4), "factor", "height against width"),
    key("tone.blur_px", range(0.0, 4.0), OF_PICTURE, "blur, a standard deviation"),
    key("tone.gamma", range(0.2, 4.0), "exponent", "exponent of brightness; above 1 darkens the middle"),
    key("tone.s_curve", range(0.0, 1.0), "relative", "bend of an S-shaped curve; 0 = none"),
    key("tone.contrast_levels", range(1.0, 110.0), "gray levels", "standard deviation over the picture"),
    key("tone.mean_level", range(0.0, 255.0), "gray levels", "mean of the picture"),
    key("tone.noise_levels", range(0.0, 60.0), "gray levels", "standard deviation of noise"),
    key("tone.vignette", range(0.0, 1.0), "relative", "darkening towards the corners"),
    key(
        "tone.jpeg_quality",
        range(1.0, 100.0),
        "percent",
        "quality of the JPEG file that the picture went through; 100 loses less than a gray level",
    ),
    key("acting.strength", range(0.0, 1.5), "factor", "on all intensities of one picture"),
    key("acting.asymmetry", number(0.0, 0.5), "relative sd", "difference between the sides of the face"),
    key("acting.habit", number(0.0, 1.0), "relative", "spread of each identity's own way of moving"),
    key(
        "acting.as_people_share",
        number(0.0, 1.0),
        "share of identities",
        "that act as photographed people do; the others play the expressions below",
    ),
    key(
        "fitted.people",
        KeyKind::People,
        "",
        "whose pictures `style fit` saw; they go into every set's card; optional",
    ),
    key("fitted.content", KeyKind::Contents, "", "`content_sha256` of the sets that it saw; likewise; optional"),
];

/// The keys of one action in `acting.expressions.<expression>`, a list of actions.
pub const ACTION_KEYS: &[StyleKey] = &[
    key("au", KeyKind::ActionUnit, "", "the action unit"),
    key("probability", SHARE, "share of pictures", "that show it"),
    key("intensity", range(0.0, 1.5), "0 = none, 1 = FACS E", "how strongly"),
    key("otherwise", KeyKind::Substitute, "", "what all other pictures show; optional"),
    key("one_side", KeyKind::Flag, "", "on one side of the face only; optional"),
];

/// The keys of `otherwise`.
pub(crate) const SUBSTITUTE_KEYS: &[StyleKey] = &[ACTION_KEYS[0], ACTION_KEYS[2]];

/// The key of this path.
pub fn style_key(path: &str) -> Option<&'static StyleKey> {
    STYLE_KEYS.iter().find(|k| k.path == path)
}

/// The table of `docs/styles.md`: Markdown, one row a key.
pub fn style_key_table() -> String {
    let mut text = String::from("| key | allowed | unit | what it decides |\n|---|---|---|---|\n");
    let rows = STYLE_KEYS.iter().map(|k| (k.path.to_owned(), k));
    let actions = ACTION_KEYS.iter().map(|k| (format!("acting.expressions.X[].{}", k.path), k));
    for (path, key) in rows.chain(actions) {
        let unit = if key.unit.is_empty() { "–" } else { key.unit };
        text += &format!("| `{path}` | {} | {unit} | {} |\n", key.kind, key.about);
    }
    text
}
