//! The style files that the program carries. In: a name. Out: the text of a file. Parses nothing.

/// The embedded styles: posed people in a studio, large variation for generated sets, and an unseen database with
/// another light, camera, tone curve and acting.
pub const STYLE_NAMES: [&str; 3] = ["studio", "wild", "unseen"];

const TEXTS: [&str; STYLE_NAMES.len()] =
    [include_str!("../styles/studio.toml"), include_str!("../styles/wild.toml"), include_str!("../styles/unseen.toml")];

/// The file of an embedded style with its comments, or none of that name.
pub(crate) fn embedded_text(name: &str) -> Option<&'static str> {
    STYLE_NAMES.iter().zip(TEXTS).find(|(own, _)| **own == name).map(|(_, text)| text)
}
