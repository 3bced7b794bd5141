//! The pages: what stands in them before their programs fill them.
//!
//! In: which page, what is shown. Out: HTML. Words for states and figures come from the programs beside them.

use axum::response::Html;
use maud::{DOCTYPE, Markup, html};

/// A page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Page {
    /// How far a study is.
    Live,
    /// The faces of a set, or of a study's.
    Faces,
    /// Faces that the mix makes newly correct or newly wrong.
    Changed,
    /// A network with pictures and the camera.
    Model,
}

/// The pages of a study: address, word.
const STUDY_PAGES: [(&str, Page, &str); 3] =
    [("/", Page::Live, "Study"), ("/faces", Page::Faces, "Faces"), ("/changed", Page::Changed, "Changed faces")];

/// A page about something; `of_study` tells whether it has its sisters beside it.
pub(crate) fn page(shown: Page, name: &str, of_study: bool) -> Html<String> {
    let (script, body) = match shown {
        Page::Live => ("live.js", live()),
        Page::Faces => ("faces.js", faces()),
        Page::Changed => ("changed.js", changed()),
        Page::Model => ("seen.js", model()),
    };
    let html = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (name) " – howfar" }
                link rel="stylesheet" href="/assets/style.css";
                link rel="icon" href="data:,";
                script type="module" src={ "/assets/" (script) } {}
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                header {
                    p.eyebrow { b { "howfar" } " " (name) }
                    @if of_study { nav aria-label="Pages" {
                        @for (path, of, words) in STUDY_PAGES {
                            a href=(path) aria-current=[(of == shown).then_some("page")] { (words) }
                        }
                        a #to-report href="/report" hidden { "Report" }
                    } }
                }
                main #main {
                    (body)
                    p #problem role="alert" hidden {}
                    noscript { p { "This page needs JavaScript; all of it comes from this server." } }
                }
            }
        }
    };
    Html(html.into_string())
}

fn live() -> Markup {
    html! {
        h1 #answer { "How far the study is" }
        p #counts aria-live="polite" {}
        progress #progress aria-label="Cells finished" max="1" value="0" {}
        p #runners .note {}
        section aria-labelledby="curve-title" {
            h2 #curve-title { "Faces that choose k" }
            p.note {
                "What the finished networks reach on the faces by which k is chosen: a dot for each split and seed, \
                    the line through their means. Test people and unseen databases are counted once, when all is \
                    trained and k is chosen: then the report has the answer."
            }
            div #curves {}
        }
        section aria-labelledby="cells-title" {
            h2 #cells-title { "Training runs" }
            ul.legend #legend aria-label="States" {}
            div #cells {}
        }
        section #failures hidden aria-labelledby="failures-title" {
            h2 #failures-title { "Failed runs" }
            ul #failed {}
        }
    }
}

fn faces() -> Markup {
    html! {
        h1 { "Faces" }
        form #question .question {
            label #set-label { "Set " select #set name="set" {} }
            label { "Class " select #class name="class" { option value="" { "all" } } }
            label { "Made by " select name="provenance" {
                option value="" { "any" }
                option value="real" { "camera" }
                option value="drawn" { "drawing" }
                option value="generated" { "generator" }
            } }
            label { "Person or file " input name="text" type="search" autocomplete="off" maxlength="200"; }
        }
        p #found aria-live="polite" {}
        div #grid .grid {}
        div.turning {
            button #previous type="button" disabled { "Previous" }
            button #next type="button" disabled { "Next" }
        }
        (detail())
    }
}

fn changed() -> Markup {
    html! {
        h1 { "Newly correct and newly wrong faces" }
        p.note {
            "A face counts where most networks of one side are right and most of the other wrong. The results name \
                those whose true class gained or lost most probability, each of another person: examples, no evidence."
        }
        form #question .question {
            label { "Faces of " select #part name="part" { option value="" { "all" } } }
            label { "Which " select name="kind" {
                option value="" { "both" }
                option value="fixed" { "newly correct" }
                option value="broken" { "newly wrong" }
            } }
            label { "True class " select #class name="class" { option value="" { "all" } } }
        }
        p #found aria-live="polite" {}
        div #grid .grid {}
        (detail())
    }
}

/// A face by itself.
fn detail() -> Markup {
    html! {
        dialog #detail aria-label="A face" {
            img #detail-picture alt="";
            dl #detail-words {}
            form method="dialog" { button { "Close" } }
        }
    }
}

fn model() -> Markup {
    html! {
        h1 { "What the network sees" }
        p {
            "Pictures and the camera are looked at in this browser: nothing is uploaded, not even to howfar. The \
                network says what an expression " em { "looks like" } ", not what a person feels."
        }
        p #state aria-live="polite" { "Loading the network …" }
        div.actions {
            button #camera type="button" disabled { "Start the camera" }
            label.button for="files" { "Choose pictures" }
            input #files .away type="file" accept="image/*" multiple disabled;
        }
        section #live hidden aria-label="Camera" {
            div.stage { video #video playsinline muted {} canvas #marks aria-hidden="true" {} }
            div.side {
                p #seen {}
                ul #bars .bars aria-label="Probabilities" {}
                p #rate .note {}
            }
        }
        section aria-labelledby="pictures-title" {
            h2 #pictures-title { "Pictures" }
            p #drop .drop { "Drop pictures here." }
            div #pictures .grid {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_text_and_never_markup() {
        let html = page(Page::Live, "<script>alert(1)</script>", true).0;
        assert!(!html.contains("<script>alert") && html.contains("&lt;script&gt;alert"));
    }

    #[test]
    fn nothing_in_a_page_is_fetched_from_elsewhere() {
        for shown in [Page::Live, Page::Faces, Page::Changed, Page::Model] {
            let html = page(shown, "a", true).0;
            assert!(!html.contains("http:") && !html.contains("https:") && !html.contains("//"), "{html}");
        }
    }
}
