//! What the added faces are worth: credit beyond the controls, real people, other sets and networks, and the paper's
//! own count.

use howfar_evaluate::wording::joined;
use howfar_evaluate::{Between, Credit, Exchange, PaperRow};
use howfar_protocol::{Arm, MixtureRatio};
use maud::{Markup, html};

use crate::wording::{self, NOTHING, Nouns};

/// Test column of the paper's Table 2 (VISAPP 2023), in percent.
const PUBLISHED: [(f64, f64); 10] = [
    (0.0, 69.6),
    (1.0, 85.3),
    (2.0, 89.0),
    (3.0, 92.7),
    (4.0, 92.5),
    (5.0, 94.3),
    (6.0, 94.0),
    (10.0, 95.1),
    (15.0, 95.5),
    (20.0, 97.0),
];

/// One sentence for each judged set of faces.
pub(crate) fn credit(credit: &[Credit], nouns: Nouns) -> Markup {
    let controls: Vec<String> = Arm::controls().map(|(_, explains)| explains.to_owned()).collect();
    let controls = joined(&controls);
    html! { @if !credit.is_empty() {
        ul { @for c in credit { li {
            b { (nouns.part(c.part, &c.set)) } ": credited to the added faces, beyond " (controls) ": "
            @if c.is_clear { b { (wording::points(c.difference_points)) " points" } } @else { b { "nothing clear" } }
            " (against " (c.over.words) ", the strongest control: " (wording::points(c.difference_points)) ", "
            (wording::points_interval(c.interval_points)) ")."
        } } }
    } }
}

/// Learning curves and the exchange rate.
pub(crate) fn exchange(all: &[Exchange], nouns: Nouns) -> Markup {
    html! { @for exchange in all {
        p { b { (nouns.part(exchange.part, &exchange.set)) } ": " (exchange_sentence(exchange, nouns)) }
        div.scroll tabindex="0" role="region" aria-label="exchange rate" {
            table.figures.narrow {
                caption { b { "Accuracy with fewer training " (nouns.labelled) } ", percent" }
                thead { tr { th scope="row" { "training " (nouns.labelled) } @for p in &exchange.curve { th.n
                    scope="col" { (p.n_people) } } } }
                tbody {
                    tr { th scope="row" { "real only" } @for p in &exchange.curve { td.n {
                        (wording::percent(p.real_accuracy_percent)) } } }
                    tr { th scope="row" { "mix, k = " (exchange.k) } @for p in &exchange.curve { td.n {
                        (wording::percent(p.mix_accuracy_percent)) } } }
                }
            }
        }
    } }
}

/// `k = 2 is worth at least 12 training people more (95 % interval 5 to at least 12).`, or why nothing can be said.
pub(crate) fn exchange_sentence(exchange: &Exchange, nouns: Nouns) -> String {
    let most = exchange.most_people;
    let bounded = |value: f64| match value {
        v if v >= most => format!("at least {most:.0}"),
        v if v <= -most => format!("at most −{most:.0}"),
        v => format!("{v:.0}").replace('-', "−"),
    };
    let (Some(worth), Some([low, high])) = (exchange.worth_people, exchange.interval_people) else {
        return format!(
            "the curve of {} is flat ({} points from the fewest to all, 95 % interval {}): nothing can be \
                exchanged.",
            nouns.base,
            wording::points(exchange.rise_points),
            wording::points_interval(exchange.rise_interval_points)
        );
    };
    format!(
        "the faces of k = {} are worth {} training {} (95 % interval {} to {}).",
        exchange.k,
        bounded(worth),
        nouns.labelled,
        bounded(low),
        bounded(high)
    )
}

/// Recipes, networks and generated sets against the first.
pub(crate) fn between(all: &[Between], nouns: Nouns) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="side by side" {
            table.claims {
                caption { b { "Side by side" } ": each at its own chosen k, less the first; paired by face and seed, \
                    in points." }
                thead { tr {
                    th scope="col" { "Faces" } th scope="col" { "Compared" } th.n scope="col" { "Difference" }
                    th.n scope="col" { "95 % interval" } th.n scope="col" { "p, Holm" }
                } }
                tbody { @for b in all { tr {
                    th scope="row" { (nouns.part(b.part, &b.set)) }
                    td { (b.name) small { "less " (b.baseline) ", " (wording::percent(b.baseline_accuracy_percent)) " \
                        %" } }
                    td.n { b { (wording::points(b.difference_points)) } }
                    td.n { (wording::points_interval(b.interval_points)) }
                    td.n { (wording::p_value(b.p_holm)) }
                } } }
            }
        }
    }
}

/// Test accuracy as the paper counts, beside its published figures.
pub(crate) fn as_the_paper_counts(rows: &[PaperRow]) -> Markup {
    let published = |k: MixtureRatio| PUBLISHED.iter().find(|(own, _)| *own == k.value());
    html! {
        p.note {
            "The paper adds k units of generated identities to the test people, so its test faces change with k. Two \
                figures say what that makes of \
             the gain. Predicted: (n_real·a_real + n_generated·a_generated)/(n_real + n_generated), where n counts \
             the test faces, a_real is real faces alone \
             on real test faces and a_generated one unit of generated faces alone on generated ones: no network has \
             learned anything from the mix. Added: what the generated test faces add to the \
             accuracy that the same networks have on real ones."
        }
        div.scroll tabindex="0" role="region" aria-label="as the paper counts" {
            table.figures {
                caption { b { "Accuracy as the paper counts" } ", percent" }
                thead { tr {
                    th.n scope="col" { "k" } th.n scope="col" { "training" } th.n scope="col" { "test," br; "paper's \
                        count" }
                    th.n scope="col" { "published" br; "(its databases)" } th.n scope="col" { "real test" br; "faces \
                        alone" }
                    th.n scope="col" { "generated" br; "test faces" } th.n scope="col" { "predicted by" br; "the test \
                        mix" }
                    th.n scope="col" { "predicted," br; "share of gain" } th.n scope="col" { "added," br; "share of \
                        gain" }
                } }
                tbody { @for row in rows { tr {
                    td.n { (row.k) } td.n { (wording::percent(row.training_percent)) }
                    td.n { b { (wording::percent(row.mixed_test_percent)) } }
                    td.n { (published(row.k).map_or_else(|| NOTHING.to_owned(), |(_, percent)|
                        wording::percent(*percent))) }
                    td.n { (wording::percent(row.real_test_percent)) }
                    td.n { (optional(row.generated_test_percent)) } td.n { (wording::percent(row.predicted_percent)) }
                    td.n { (optional(row.share_of_test_mix_percent).replace('-', "−")) }
                    td.n { (optional(row.share_of_generated_test_faces_percent).replace('-', "−")) }
                } } }
            }
        }
    }
}

fn optional(percent: Option<f64>) -> String {
    percent.map_or_else(|| NOTHING.to_owned(), wording::percent)
}
