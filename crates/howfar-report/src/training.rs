//! What the networks of each arm saw in training: pictures, epochs, steps. Early stopping ends arms at different
//! epochs, so equal pictures per epoch are not yet equal training.

use howfar_evaluate::RecipeResults;
use maud::{Markup, html};

use crate::wording;

/// One row for each treatment.
pub(crate) fn table(recipe: &RecipeResults) -> Markup {
    let whole = |mean: f64| wording::count(mean.round() as u64);
    html! {
        div.scroll tabindex="0" role="region" aria-label="what each arm saw" {
            table.figures.narrow {
                caption { b { "What each arm saw" } ": means over cells. A picture that comes in ten epochs counts \
                    ten times." }
                thead { tr {
                    th scope="col" { "Trained on" } th.n scope="col" { "k" } th.n scope="col" { "pictures" br; "an \
                        epoch" }
                    th.n scope="col" { "epochs" br; "run" } th.n scope="col" { "kept" br; "epoch" }
                    th.n scope="col" { "steps" } th.n scope="col" { "pictures" br; "seen" }
                } }
                tbody { @for arm in &recipe.training { tr {
                    th scope="row" { (format!("{:#}", arm.treatment)) }
                    td.n { (arm.treatment.k) }
                    td.n { (whole(arm.n_pictures)) }
                    td.n { (wording::percent(arm.n_epochs)) }
                    td.n { (wording::percent(arm.kept_epoch)) }
                    td.n { (whole(arm.n_steps)) }
                    td.n { (whole(arm.n_pictures_seen)) }
                } } }
            }
        }
    }
}
