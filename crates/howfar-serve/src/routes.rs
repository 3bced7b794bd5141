//! Which address shows what.
//!
//! In: what is shown. Out: a router. Files are read on threads of their own, so that one slow disk holds nobody else
//! up.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use howfar_face::{Fault, files};
use howfar_study::StudyFolder;
use serde_json::json;

use crate::albums::Albums;
use crate::assets::asset;
use crate::changed::changed_faces;
use crate::content::{Content, ModelFile};
use crate::faces::FacesQuery;
use crate::follower::Follower;
use crate::guard::{Guard, guarded};
use crate::page::{Page, page};
use crate::reply;

/// A report is one file with its style, its pictures and a little of a program in it, and asks for nothing else.
const REPORT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'unsafe-inline'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// All that a server answers.
///
/// # Errors
/// Where a study's plan cannot be read.
pub(crate) fn routes(content: Content, guard: Guard) -> Result<Router, Fault> {
    let own = match content {
        Content::Study(folder) => study(folder)?,
        Content::Faces(set) => {
            let html = page(Page::Faces, &set.info().name, false);
            albums(Albums::of_set(&set)).route("/", get(|| async { html }))
        }
        Content::Model(file) => model(file),
    };
    let router = own.route("/assets/{name}", get(|Path(name): Path<String>| async move { asset(&name) }));
    Ok(router.fallback(|| async { reply::nothing() }).layer(middleware::from_fn_with_state(guard, guarded)))
}

fn study(folder: StudyFolder) -> Result<Router, Fault> {
    let plan = folder.read_plan()?;
    let mut router = albums(Albums::of_study(&plan));
    for (path, shown) in [("/", Page::Live), ("/faces", Page::Faces), ("/changed", Page::Changed)] {
        let html = page(shown, &plan.study.name, true);
        router = router.route(path, get(|| async { html }));
    }
    let follower = Arc::new(Follower::new(folder.clone()));
    let events = move || Arc::clone(&follower).events();
    let (of_changes, of_report) = (folder.clone(), folder);
    let changed = move || {
        let folder = of_changes.clone();
        read(move || reply::json(folder.read_plan().and_then(|plan| changed_faces(&folder, &plan))))
    };
    let report = move || {
        let folder = of_report.clone();
        read(move || shown_report(&folder))
    };
    let router = router.route("/api/events", get(events));
    Ok(router.route("/api/changed", get(changed)).route("/report", get(report)))
}

fn shown_report(folder: &StudyFolder) -> Response {
    let file = folder.root().join("report.html");
    match files::is_there(&file).and_then(|there| there.then(|| files::read(&file)).transpose()) {
        Ok(Some(html)) => {
            ([(CONTENT_SECURITY_POLICY, REPORT_POLICY)], reply::file("text/html; charset=utf-8", html)).into_response()
        }
        Ok(None) => reply::refusal(StatusCode::NOT_FOUND, "there is no report yet: it is written when all cells are"),
        Err(fault) => reply::failure(&fault),
    }
}

/// Sets, what is known of their faces, and pictures.
fn albums(albums: Albums) -> Router {
    let albums = Arc::new(albums);
    let (of_page, of_picture, of_list) = (Arc::clone(&albums), Arc::clone(&albums), albums);
    let list = move || async move {
        let sets: Vec<_> = of_list.names().map(|(name, role)| json!({"name": name, "role": role})).collect();
        reply::json(Ok(sets))
    };
    let faces = move |Query(query): Query<FacesQuery>| {
        let albums = Arc::clone(&of_page);
        read(move || match albums.get(query.set) {
            Some(album) => reply::json(album.map(|album| query.page(&album))),
            None => reply::nothing(),
        })
    };
    let picture = move |Path((set, row)): Path<(usize, u64)>| {
        let albums = Arc::clone(&of_picture);
        read(move || match albums.get(set).map(|album| album.and_then(|album| album.png(row))) {
            Some(Ok(Some(png))) => reply::file("image/png", png),
            Some(Err(fault)) => reply::failure(&fault),
            Some(Ok(None)) | None => reply::nothing(),
        })
    };
    let router = Router::new().route("/api/sets", get(list)).route("/api/faces", get(faces));
    router.route("/api/face/{set}/{row}", get(picture))
}

/// A network, which looks in the browser.
fn model(ModelFile { name, weights }: ModelFile) -> Router {
    let html = page(Page::Model, &name, false);
    let weights = Arc::new(weights);
    let file = move || async move { reply::file("application/octet-stream", weights.to_vec()) };
    Router::new().route("/", get(|| async { html })).route("/api/model", get(file))
}

/// Answers on a thread for reading.
async fn read(answer: impl FnOnce() -> Response + Send + 'static) -> Response {
    tokio::task::spawn_blocking(answer).await.unwrap_or_else(|_| {
        reply::refusal(StatusCode::INTERNAL_SERVER_ERROR, "this is a bug of howfar: the terminal says more")
    })
}
