//! Figures that others published for the databases of a study, beside its own.
//!
//! In: results. Out: a table for each unseen database that has published cross-database figures. They are references:
//! people, frames, classes and preprocessing differ from one publication to the next.

use howfar_evaluate::{Results, SetFacts, TableRow};
use howfar_protocol::{Arm, MixtureRatio, Part, Role, Treatment};
use maud::{Markup, html};

use crate::wording;

/// An accuracy on a database that was not trained on.
struct Published {
    /// As subjects of prepared faces name it.
    database: &'static str,
    who: &'static str,
    trained_on: &'static str,
    percent: f64,
}

const fn published(database: &'static str, who: &'static str, trained_on: &'static str, percent: f64) -> Published {
    Published { database, who, trained_on, percent }
}

const PICHA: &str = "Gholipour Picha et al. 2023";
const ZAVAREZ: &str = "Zavarez et al. 2017, VGG-Face fine-tuned";

/// Gholipour Picha, Al Chanti and Caplier (VISAPP 2023): its Table 3, its own figures and those of VGG16 on MMI;
/// Zavarez, Berriel and Oliveira-Santos (SIBGRAPI 2017): one database out, the six others in.
const PUBLISHED: [Published; 17] = [
    published("mmi", PICHA, "RaFD and Oulu-CASIA", 45.0),
    published("mmi", PICHA, "109 generated identities alone", 47.0),
    published("mmi", PICHA, "both, k = 5 (the best of nine on MMI itself)", 58.3),
    published("mmi", "VGG16, after Gholipour Picha et al. 2023", "as published there", 54.08),
    published("mmi", ZAVAREZ, "six other databases", 67.03),
    published("ckplus", PICHA, "RaFD, Oulu-CASIA and generated faces, k = 5", 87.49),
    published("ckplus", "Porcu et al. 2020", "KDEF and altered copies", 83.30),
    published("ckplus", "da Silva and Pedrini 2015", "MUG", 45.60),
    published("ckplus", "da Silva and Pedrini 2015", "JAFFE", 48.20),
    published("ckplus", "da Silva and Pedrini 2015", "BOSPHORUS", 57.60),
    published("ckplus", "Lekdioui et al. 2017", "KDEF", 78.85),
    published("ckplus", "Gu et al. 2012", "JAFFE", 54.05),
    published("ckplus", "Hasani and Mahoor 2017", "MMI and FERA", 73.91),
    published("ckplus", "Mollahosseini et al. 2016", "six databases", 64.20),
    published("ckplus", ZAVAREZ, "six other databases", 88.58),
    published("rafd", ZAVAREZ, "six other databases", 85.97),
    published("kdef", ZAVAREZ, "six other databases", 72.55),
];

/// Whether there is anything to set beside the study.
pub(crate) fn is_there(results: &Results) -> bool {
    unseen(results).any(|set| known(set).next().is_some())
}

/// A table for each unseen database that others published figures on.
pub(crate) fn tables(results: &Results) -> Markup {
    html! {
        p.note {
            "Published accuracies on databases that were not trained on. People, frames, classes and preprocessing \
                differ from paper to paper: \
             these are references, and differences of a few points between them and this study mean nothing."
        }
        @for set in unseen(results).filter(|set| known(set).next().is_some()) { (table(results, set)) }
    }
}

fn unseen(results: &Results) -> impl Iterator<Item = &SetFacts> {
    results.study.of_role(Role::Unseen)
}

/// Nothing of a set that joins several databases: no publication has its figure.
fn known(set: &SetFacts) -> impl Iterator<Item = &'static Published> {
    let database = match &set.databases[..] {
        [one] => one.as_str(),
        _ => "",
    };
    PUBLISHED.iter().filter(move |published| published.database == database)
}

fn table(results: &Results, set: &SetFacts) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(format!("published figures on {}", set.name)) {
            table.claims {
                caption { b { "Accuracy on " (set.name) } ", percent" }
                thead { tr { th scope="col" { "Who" } th scope="col" { "Trained on" } th.n scope="col" { "Accuracy" }
                    } }
                tbody {
                    @for recipe in &results.recipes {
                        @for row in recipe.table.iter().filter(|row| row.set == set.name && is_shown(row,
                            recipe.choice.as_ref().map(|c| c.compared))) {
                            tr {
                                th scope="row" { b { "this study" } ", " (recipe.name()) }
                                td { (row.treatment) }
                                td.n { b { (wording::percent(row.figures.accuracy())) } small {
                                    (wording::percent_interval(row.accuracy_interval_percent)) } }
                            }
                        }
                    }
                    @for other in known(set) { tr {
                        th scope="row" { (other.who) } td { (other.trained_on) } td.n {
                            (wording::percent(other.percent)) }
                    } }
                }
            }
        }
    }
}

/// Real faces alone, generated ones alone and the mix, at the k that the study speaks of.
fn is_shown(row: &TableRow, compared: Option<MixtureRatio>) -> bool {
    row.part == Part::Unseen
        && (row.treatment == Treatment::BASELINE
            || compared.is_some()
                && (row.treatment.curve_k() == compared
                    || (row.treatment.arm, Some(row.treatment.k)) == (Arm::GENERATED_ONLY, compared)))
}
