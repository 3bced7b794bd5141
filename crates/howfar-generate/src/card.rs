//! What a generated set says of itself: names, whom its generators have seen, how it was made.
//!
//! In: a request whose parts fit together. Out: the head of the set. Draws nothing.

use howfar_face::{FaceSetInfo, Fault, GeneratorCard, Licence, Lineage, Preprocessing};
use howfar_net::gan::Generator;
use serde_json::Value;

use crate::plan::Plan;
use crate::request::GenerateRequest;

/// What a generator's card says that it has learnt from; nothing where it does not say so (imported weights).
fn learnt_from(generator: &Generator) -> Result<Lineage, Fault> {
    let card = &generator.card["generator"];
    let read = |field: &str, what: &str| match &card[field] {
        // Weights of other programs have no card, those of an older howfar name people alone.
        Value::Null => Ok(Vec::new()),
        found => serde_json::from_value::<Vec<String>>(found.clone()).map_err(|e| {
            let place = format!("the {} network's card, generator.{field}", generator.shape.kind());
            Fault::data(place, format!("not a list of {what}: {e}")).hint("restore the weight file, or train it anew")
        }),
    };
    let people = read("trained_on", "people")?.iter().map(|person| person.parse()).collect::<Result<_, _>>()?;
    let content = read("trained_on_content", "face sets")?.into_iter().collect();
    Ok(Lineage { people, content })
}

/// The head of the set. Its lineage is that of the networks and of the set whose people are taken.
pub(crate) fn info(request: &GenerateRequest<'_>, plan: &Plan<'_>) -> Result<FaceSetInfo, Fault> {
    let card = &request.expression.card;
    let colour = if plan.shape.n_channels == 3 { "rgb" } else { "gray" };
    let standard = Preprocessing::standard("none", "none", plan.shape.side as u32);
    let preprocessing: Preprocessing = serde_json::from_value(card["preprocessing"].clone()).unwrap_or(standard);
    let preprocessing = Preprocessing { side: plan.shape.side as u32, colour: colour.to_owned(), ..preprocessing };
    let names = plan.shown.iter().map(|(name, _)| name.clone()).collect();
    let mut info = FaceSetInfo::new(request.name, names, preprocessing);
    info.licences.push(Licence {
        database: plan.database.clone(),
        terms: "generated; the terms of the faces and weights that its generators were made from apply".to_owned(),
    });
    let generators: Vec<&Generator> =
        request.identity.filter(|_| request.from.is_none()).into_iter().chain([request.expression]).collect();
    // The people of `from` are the parents of single faces; what is not to be seen there stands here.
    let mut lineage = request.from.map(|set| Lineage::of_content(set.info())).unwrap_or_default();
    for generator in &generators {
        let learnt = learnt_from(generator)?;
        if learnt.is_empty() {
            info.caveats.push(format!(
                "Nothing is known of whom the {} network was trained on: a person of yours may be among them.",
                generator.shape.kind()
            ));
        }
        lineage.add(learnt);
    }
    let word = |generator: &&Generator| format!("{} ({})", generator.shape.kind(), text(&generator.card["steps"]));
    let (low, high) = request.intensity;
    let settings = format!(
        "networks (steps): {}; people {}; truncation {}; intensity {low}..{high}{}",
        generators.iter().map(word).collect::<Vec<_>>().join(", "),
        plan.n_people,
        request.truncation,
        request.screen.map_or_else(String::new, |screen| format!("; screened for {}", screen.words()))
    );
    let name = format!("howfar generate {}", env!("CARGO_PKG_VERSION"));
    info.generator = Some(GeneratorCard::new(name, request.seed, lineage, settings));
    info.caveats.push("These are generated faces, not photographs of people.".to_owned());
    Ok(info)
}

fn text(value: &Value) -> String {
    if value.is_null() { "unknown".to_owned() } else { value.to_string() }
}
