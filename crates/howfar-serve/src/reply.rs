//! Answers: pages, values as JSON, files, and refusals in words.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use howfar_face::Fault;
use serde::Serialize;

/// A refusal in a line of text.
pub(crate) fn refusal(status: StatusCode, words: &str) -> Response {
    (status, [(CONTENT_TYPE, "text/plain; charset=utf-8")], format!("{words}\n")).into_response()
}

/// There is no such thing.
pub(crate) fn nothing() -> Response {
    refusal(StatusCode::NOT_FOUND, "there is nothing of this name here")
}

/// A file of a kind.
pub(crate) fn file(kind: &'static str, content: impl IntoResponse) -> Response {
    ([(CONTENT_TYPE, kind)], content).into_response()
}

/// A value as JSON, or what went wrong in the words that a terminal would show.
pub(crate) fn json<T: Serialize>(value: Result<T, Fault>) -> Response {
    let text = value.and_then(|value| {
        serde_json::to_string(&value).map_err(|e| Fault::data("answer", "it cannot be written").found(e.to_string()))
    });
    match text {
        Ok(text) => file("application/json", text),
        Err(fault) => failure(&fault),
    }
}

/// What went wrong, in the words that a terminal would show.
pub(crate) fn failure(fault: &Fault) -> Response {
    refusal(StatusCode::INTERNAL_SERVER_ERROR, &fault.to_string())
}
