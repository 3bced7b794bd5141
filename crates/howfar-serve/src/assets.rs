//! The files of the pages, within the program.
//!
//! In: a name. Out: the file and its kind. A name that is not in the list is nothing.

use axum::response::Response;

use crate::reply;

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Name, kind, content.
static ASSETS: &[(&str, &str, &[u8])] = &[
    ("style.css", "text/css; charset=utf-8", include_bytes!("pages/style.css")),
    ("parts.js", SCRIPT, include_bytes!("pages/parts.js")),
    ("live.js", SCRIPT, include_bytes!("pages/live.js")),
    ("curve.js", SCRIPT, include_bytes!("pages/curve.js")),
    ("faces.js", SCRIPT, include_bytes!("pages/faces.js")),
    ("changed.js", SCRIPT, include_bytes!("pages/changed.js")),
    ("seen.js", SCRIPT, include_bytes!("pages/seen.js")),
    ("reader.js", SCRIPT, howfar_web::READER.as_bytes()),
    ("howfar.wasm", "application/wasm", howfar_web::MODULE),
];

/// A file by its name.
pub(crate) fn asset(name: &str) -> Response {
    match ASSETS.iter().find(|(known, ..)| *known == name) {
        Some((_, kind, content)) => reply::file(kind, *content),
        None => reply::nothing(),
    }
}
