//! How a study file is read: values that may stand alone or in a list, and the parser's errors in our words.

use howfar_face::{Fault, closest_name};
use serde::{Deserialize, Deserializer};

use crate::network_choice::AskedNetwork;
use crate::{Network, Networks, Recipe};

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    // First, because a table may also be written as a list of its values.
    Many(Vec<T>),
    One(T),
}

fn one_or_many<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
    expected: &str,
) -> Result<Vec<T>, D::Error> {
    match OneOrMany::deserialize(deserializer) {
        Ok(OneOrMany::One(one)) => Ok(vec![one]),
        Ok(OneOrMany::Many(many)) => Ok(many),
        Err(_) => Err(serde::de::Error::custom(expected)),
    }
}

pub(crate) fn recipes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Recipe>, D::Error> {
    let names = Recipe::ALL.map(|recipe| format!("\"{}\"", recipe.name())).join(", ");
    one_or_many(deserializer, &format!("a recipe is one of {names}, or a list of them"))
}

pub(crate) fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Networks, D::Error> {
    let names = Network::ALL.map(|network| format!("\"{}\"", network.name())).join(", ");
    let weights = "{ name = \"vgg16\", weights = \"vgg16.safetensors\" } with weights to begin with";
    let features = "{ name = \"linear\", features = \"dinov2.onnx\" } (or \"mlp\") on features of a network of yours";
    let expected = format!("a network is one of {names}, {weights}, {features}, or a list of them");
    Networks::of(one_or_many::<D, AskedNetwork>(deserializer, &expected)?).map_err(serde::de::Error::custom)
}

/// Turns the parser's words into our four answers.
pub(crate) fn toml_fault(text: &str, place: &str, error: &toml::de::Error) -> Fault {
    let offset = error.span().map_or(0, |span| span.start);
    let line_idx = text[..offset.min(text.len())].matches('\n').count();
    let line = text.lines().nth(line_idx).unwrap_or_default().trim();
    let message = error.message();
    // A refused value of ours carries its answers as further lines; its first says enough here.
    let what = message.lines().next().unwrap_or(message);
    let quoted: Vec<&str> = what.split('`').skip(1).step_by(2).collect();
    let (short, wanted) = what.split_once(", expected ").unwrap_or((what, ""));
    let mut fault = Fault::usage(format!("{place}, line {}", line_idx + 1), short).found(line);
    if let Some((unknown, known)) = quoted.split_first()
        && what.starts_with("unknown")
    {
        fault = fault.expected(format!("one of {}", known.join(", ")));
        if let Some(meant) = closest_name(unknown, known.iter().copied()) {
            fault = fault.hint(format!("did you mean `{meant}`?"));
        }
    } else if what.contains("mixture ratio") {
        fault = fault.expected("finite numbers from 0 up; 0 means real data only");
    } else if what.starts_with("missing field") {
        fault = fault
            .expected(format!("`{}`", quoted.first().unwrap_or(&"the field")))
            .hint("`howfar init` writes a whole study file to start from; docs/study.md lists the fields");
    } else if !wanted.is_empty() {
        fault = fault.expected(wanted);
    }
    fault
}
