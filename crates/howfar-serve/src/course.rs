//! A study that is followed by whoever has its page open.
//!
//! In: a study's folder. Out: where it stands, as JSON, whenever that changes; nobody looks while nobody follows.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use howfar_face::Fault;
use howfar_study::{Course, CourseWatcher};
use serde::Serialize;
use tokio::sync::watch;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::WatchStream;

/// Between two looks at a small study.
const BETWEEN_LOOKS: Duration = Duration::from_millis(700);
/// A look at a large one takes a while: so many times as long passes before the next.
const REST: u32 = 9;
/// A line that says that the server lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Looks for all who follow.
pub(crate) struct Follower {
    watcher: Mutex<CourseWatcher>,
    news: watch::Sender<Arc<str>>,
}

/// A study's course and, at its end, its answer.
#[derive(Serialize)]
struct Told {
    #[serde(flatten)]
    course: Course,
    /// The answer of the results in a sentence.
    answer: Option<String>,
}

impl Follower {
    pub(crate) fn new(watcher: CourseWatcher) -> Self {
        Follower { watcher: Mutex::new(watcher), news: watch::Sender::new(Arc::from("")) }
    }

    /// Where the study stands.
    pub(crate) fn look(&self) -> Result<impl Serialize + use<>, Fault> {
        let mut watcher = self.watcher.lock().unwrap_or_else(PoisonError::into_inner);
        let course = watcher.look()?;
        let answer = course.has_results.then(|| watcher.folder().read_results()).transpose()?.map(|r| r.answer);
        Ok(Told { course, answer })
    }

    /// Looks as long as somebody follows; never ends.
    pub(crate) async fn keep_looking(self: Arc<Self>) {
        let mut pause = BETWEEN_LOOKS;
        loop {
            tokio::time::sleep(pause).await;
            if self.news.receiver_count() == 0 {
                continue;
            }
            let begun = Instant::now();
            self.clone().tell().await;
            pause = BETWEEN_LOOKS.max(begun.elapsed() * REST);
        }
    }

    async fn tell(self: Arc<Self>) {
        let looker = Arc::clone(&self);
        let look = tokio::task::spawn_blocking(move || {
            let told = looker.look().map(|told| serde_json::to_string(&told).unwrap_or_default());
            told.unwrap_or_else(|fault| serde_json::json!({"error": fault.to_string()}).to_string())
        });
        let Ok(text) = look.await else { return };
        self.news.send_if_modified(|last| {
            let is_new = **last != *text;
            if is_new {
                *last = text.into();
            }
            is_new
        });
    }

    /// Where it stands now, and then whatever changes, as server-sent events.
    pub(crate) async fn events(self: Arc<Self>) -> Response {
        let news = self.news.subscribe();
        self.tell().await;
        let events = WatchStream::new(news).filter(|text| !text.is_empty());
        let events = events.map(|text| Ok::<_, std::convert::Infallible>(Event::default().data(&*text)));
        Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
    }
}
