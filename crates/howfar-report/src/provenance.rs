//! What was run: face sets with hashes and terms, settings of every recipe, versions, time and machine.

use std::collections::BTreeMap;

use howfar_evaluate::{RecipeResults, Results, SetFacts};
use howfar_protocol::{Augmentation, Keep, Optimiser, PixelScaling, Schedule, TrainingSettings};
use maud::{Markup, html};

use crate::timing::{CellTime, Timing};
use crate::wording;

/// The last section of the page.
pub(crate) fn what_was_run(results: &Results, timing: Option<&Timing>) -> Markup {
    html! {
        h3 { "Study" }
        (study(results))
        h3 { "Face sets" }
        (sets(results))
        h3 { "Training" }
        @for (i, recipe) in results.recipes.iter().enumerate() {
            // Generated sets side by side are trained alike.
            @let of = |r: &RecipeResults| (r.recipe, r.settings.clone(), r.model.clone());
            @if !results.recipes[..i].iter().any(|r| of(r) == of(recipe)) {
                (settings(recipe)) }
        }
        @if let Some(timing) = timing { h3 { "Time and machine" } (time(timing)) }
    }
}

fn study(results: &Results) -> Markup {
    let s = &results.study;
    let ks: Vec<String> = s.k.iter().map(ToString::to_string).collect();
    html! {
        dl.facts {
            (fact("Study", &s.name))
            (fact("Seed", &s.seed.to_string()))
            (fact("k", &ks.join(", ")))
            (fact("k counts", &howfar_evaluate::wording::added(s)))
            (fact("Seeds (repetitions of every cell)", &s.n_seeds.to_string()))
            (fact("Splits", &s.n_splits.to_string()))
            @let nouns = wording::Nouns::of(results);
            @for (side, n) in sides(&s.people) { (fact(&format!("{side} {}", nouns.labelled), &wording::count(n as
                u64))) }
            (fact("Classes", &s.classes.join(", ")))
            (fact("Kernels", &s.instruction_set))
            (fact("howfar", &s.howfar_version))
        }
    }
}

/// Training, validation, test, then whatever else there is.
fn sides(people: &BTreeMap<String, usize>) -> Vec<(&str, usize)> {
    const ORDER: [&str; 3] = ["training", "validation", "test"];
    let mut sides: Vec<(&str, usize)> = people.iter().map(|(side, n)| (side.as_str(), *n)).collect();
    sides.sort_by_key(|(side, _)| ORDER.iter().position(|s| s == side).unwrap_or(ORDER.len()));
    sides
}

fn fact(name: &str, value: &str) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

fn sets(results: &Results) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="face sets" {
            table.figures.sets {
                thead { tr {
                    th scope="col" { "Set" } th scope="col" { "Used as" } th scope="col" { "Faces are" }
                    th.n scope="col" { "Faces" } th.n scope="col" { "Of" }
                    @for class in &results.study.classes { th.n scope="col" { (class) } }
                } }
                tbody { @for set in &results.study.sets { (set_row(set)) } }
            }
        }
        dl.sets { @for set in &results.study.sets { div {
            dt { (set.name) }
            dd {
                p { (set.preprocessing) }
                @for terms in &set.licences { p { "Terms: " (terms) } }
                p.hash { "SHA-256 of its content " code { (set.content_sha256) } }
            }
        } } }
    }
}

fn set_row(set: &SetFacts) -> Markup {
    let made: Vec<&str> = set.provenance.split(',').map(|p| provenance(p.trim())).collect();
    html! { tr {
        th scope="row" { (set.name) }
        td { (set.role.words()) }
        td { (made.join(", ")) }
        td.n { (wording::count(set.n_faces as u64)) }
        td.n { (wording::count(set.n_people as u64)) " " (set.members()) }
        @for n in &set.per_class { td.n { (wording::count(*n as u64)) } }
    } }
}

fn provenance(word: &str) -> &str {
    match word {
        "real" => "photographs",
        "drawn" => "drawn faces",
        "generated" => "generated faces",
        other => other,
    }
}

fn settings(recipe: &RecipeResults) -> Markup {
    let Some(s) = &recipe.settings else {
        return html! {
            h4 { "Model " (recipe.recipe_words()) }
            p { "Its predictions stood in a table that does not say how it was trained." }
        };
    };
    html! {
        h4 { "Recipe " (recipe.recipe_words()) ", " (s.network_words()) }
        @if s.network.network().is_none() {
            dl.facts {
                (fact("Program", &s.network_words()))
                @let sha256 = s.program_sha256.as_deref().unwrap_or_default();
                (fact("Its content", sha256.get(..16).unwrap_or_default()))
                (fact("Asked for", &format!("{} epochs in batches of {}, learning rate {}", s.epochs, s.batch,
                    s.learning_rate)))
            }
        } @else { dl.facts {
            (fact("Network", &format!("{}, {} parameters", s.network_words(), wording::count(recipe.n_parameters as
                u64))))
            (fact("Epochs", &epochs(s)))
            (fact("Batch", &format!("{} pictures", s.batch)))
            (fact("Learning rate", &rate(s)))
            (fact("Optimiser", &optimiser(s.optimiser)))
            (fact("Weights kept", match s.keep {
                Keep::Best => "those of the epoch with the lowest loss on real validation faces",
                Keep::Last => "those of the last epoch",
            }))
            (fact("Label smoothing", &s.label_smoothing.to_string()))
            (fact("Pixels", match s.scaling {
                PixelScaling::UnitRange => "divided by 255",
                PixelScaling::PerPicture => "each picture by its own mean and standard deviation",
            }))
            (fact("Augmentation", &s.augmentation.map_or("none".to_owned(), augmentation)))
            @if s.test_flip { (fact("Judged faces", "seen as they are and mirrored, the mean of the logits counts")) }
        } }
    }
}

fn epochs(s: &TrainingSettings) -> String {
    match s.patience {
        Some(n) => format!("at most {}, stopped after {n} without a lower validation loss", s.epochs),
        None => s.epochs.to_string(),
    }
}

fn rate(s: &TrainingSettings) -> String {
    match s.schedule {
        Schedule::Constant => format!("{}, constant", s.learning_rate),
        Schedule::OneCycle => format!("one cycle with a maximum of {}", s.learning_rate),
    }
}

fn optimiser(optimiser: Optimiser) -> String {
    match optimiser {
        Optimiser::Adam => "Adam".to_owned(),
        Optimiser::AdamW { weight_decay } => format!("AdamW, weight decay {weight_decay}"),
    }
}

fn augmentation(a: Augmentation) -> String {
    let percent = |share: f32| format!("{} %", (100.0 * share).round());
    let all = [
        (a.rotation_degrees > 0.0, format!("rotation ±{}°", a.rotation_degrees)),
        (a.scale > 0.0, format!("scale ×(1 ± {})", a.scale)),
        (a.shift > 0.0, format!("shift ±{} of the side", a.shift)),
        (a.light > 0.0, format!("contrast ×(1 ± {})", a.light)),
        (a.flip, "half of the pictures mirrored".to_owned()),
        (a.light_field > 0.0, format!("uneven light up to ×{:.1} at the border", a.light_field.exp())),
        (a.clipping > 0.0, format!("up to {} of the grays clipped at each end", percent(a.clipping))),
        (a.gamma > 0.0, format!("tone exponent {:.2} to {:.2}", (-a.gamma).exp(), a.gamma.exp())),
        (a.blur > 0.0, format!("blur up to {} pixels of 64", a.blur)),
        (a.noise > 0.0, format!("noise up to {} gray levels", a.noise)),
        (a.erasing > 0.0, format!("a rectangle covered in {} of the pictures", percent(a.erasing))),
    ];
    let done: Vec<String> = all.into_iter().filter_map(|(done, words)| done.then_some(words)).collect();
    if done.is_empty() { "none".to_owned() } else { done.join(", ") }
}

fn time(timing: &Timing) -> Markup {
    let m = &timing.machine;
    html! {
        dl.facts {
            (fact("Whole study", &wording::duration(timing.total_seconds)))
            @if let Some(started) = &timing.started { (fact("Last run began", started)) }
            (fact("CPU", &m.processor))
            (fact("Cores", &m.cores.to_string()))
            (fact("Instruction set", &m.instruction_set))
            @if let Some(bytes) = m.memory_bytes { (fact("Memory", &wording::memory(bytes))) }
        }
        @if !timing.cells.is_empty() {
            details {
                summary { "Time of every cell" }
                div.scroll tabindex="0" role="region" aria-label="time of every cell" { (cells(&timing.cells)) }
            }
        }
    }
}

fn cells(cells: &[CellTime]) -> Markup {
    html! {
        table.figures.narrow {
            thead { tr {
                th scope="col" { "Cell" } th.n scope="col" { "Time" } th.n scope="col" { "pictures" br; "a second" }
                th.n scope="col" { "epochs" } th.n scope="col" { "kept epoch" }
            } }
            tbody { @for c in cells { tr {
                th scope="row" { code { (c.name) } }
                td.n { (wording::duration(c.seconds)) }
                td.n { (format!("{:.0}", c.images_per_second)) }
                td.n { (c.epochs) }
                td.n { (c.kept_epoch) }
            } } }
        }
    }
}
