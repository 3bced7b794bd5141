//! Faces that the mix puts right or wrong, with what the networks called them.

use howfar_evaluate::{Changed, ChangedFace, RecipeResults};
use maud::{Markup, html};

use crate::pictures::{Pictures, picture_data};
use crate::wording::{self, Nouns};

/// Nothing where no face changed sides.
pub(crate) fn changed(recipe: &RecipeResults, classes: &[String], nouns: Nouns, pictures: &Pictures) -> Markup {
    let all: Vec<&Changed> = recipe.changed.iter().filter(|c| c.n_fixed + c.n_broken > 0).collect();
    html! { @if !all.is_empty() {
        h3 { "Newly correct and newly wrong faces" }
        p.note {
            "A face counts where most networks of one side are right and most of the other wrong: in brackets how \
                many are right. Shown are those whose true class gained or \
             lost most probability, each of another one of the " (nouns.labelled) ": examples, no evidence."
        }
        @for c in all {
            p { b { (nouns.part(c.part, &c.set)) } ": of " (wording::count(c.n_faces as u64)) " faces "
                b { (c.n_fixed) } " newly correct, " b { (c.n_broken) } " newly wrong." }
            (row("Newly correct", &c.fixed, classes, pictures))
            (row("Newly wrong", &c.broken, classes, pictures))
        }
    } }
}

fn row(what: &str, faces: &[ChangedFace], classes: &[String], pictures: &Pictures) -> Markup {
    let name = |class: usize| classes.get(class).map_or("?", String::as_str);
    html! { @if !faces.is_empty() {
        h4 { (what) }
        div.changed { @for face in faces { figure {
            @if let Some(png) = pictures.faces.get(&(face.set.clone(), face.row)) {
                img alt=(format!("{what}: a face of {}", face.set)) src=(picture_data(png));
            }
            figcaption {
                b { (name(face.label)) }
                small {
                    "without: " (name(face.called_before)) " (" (face.right_before) "/" (face.n_before) ")" br;
                    "with: " (name(face.called_after)) " (" (face.right_after) "/" (face.n_after) ")"
                }
            }
        } } }
    } }
}
