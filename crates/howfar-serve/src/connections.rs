//! Connections within limits: how many at once, how long a request may take to arrive, how long one may stay.
//!
//! In: a listener and what answers. Out: answers, until a stop is asked for. What is beyond a limit is closed at once,
//! so that memory is bounded however many call.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// Connections at once; a browser opens six.
pub(crate) const MOST_CONNECTIONS: usize = 128;
/// A request's line and headers are there after so long, or never.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);
/// Bytes of a request's line and headers, and of what is read ahead.
const MOST_BUFFERED: usize = 16 * 1024;
/// The longest that a connection stays; pages that follow a study connect anew by themselves.
const LONGEST: Duration = Duration::from_secs(900);
/// Between two looks at whether a stop is asked for.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// Answers until `stop` is raised; then what is being answered ends with the process.
pub(crate) async fn answer(listener: TcpListener, router: Router, stop: &AtomicBool) {
    let free = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    while !stop.load(Ordering::SeqCst) {
        let Ok(accepted) = tokio::time::timeout(BETWEEN_LOOKS, listener.accept()).await else { continue };
        let Ok((stream, _)) = accepted else {
            // No file descriptor is left: whoever has one gives it back.
            tokio::time::sleep(BETWEEN_LOOKS).await;
            continue;
        };
        // Dropping the stream closes it.
        let Ok(place) = Arc::clone(&free).try_acquire_owned() else { continue };
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            let _place = place;
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(HEADERS_WITHIN).max_buf_size(MOST_BUFFERED);
            // Whatever ends a connection, the browser hears of it.
            let _ = tokio::time::timeout(LONGEST, http.serve_connection(TokioIo::new(stream), service)).await;
        });
    }
}
