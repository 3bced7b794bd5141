//! A study that is followed by whoever has its page open.
//!
//! In: a study's folder. Out: where it stands, as JSON, whenever that changes; nobody looks while nobody follows.

use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use howfar_face::Fault;
use howfar_study::StudyFolder;
use tokio::sync::watch;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::WatchStream;

use crate::course::{Course, Known};

/// Between two looks at a small study.
const BETWEEN_LOOKS: Duration = Duration::from_millis(700);
/// A look at a large one takes a while: so many times as long passes before the next.
const REST: u32 = 9;
/// Between two lines that say that the server lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Looks for all who follow.
pub(crate) struct Follower {
    folder: StudyFolder,
    known: Mutex<Known>,
    news: watch::Sender<Arc<str>>,
    begun: Once,
}

impl Follower {
    pub(crate) fn new(folder: StudyFolder) -> Self {
        let (known, news) = (Mutex::default(), watch::Sender::new(Arc::from("")));
        Follower { folder, known, news, begun: Once::new() }
    }

    /// Where the study stands.
    fn look(&self) -> Result<Course, Fault> {
        Course::look(&self.folder, &mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Where it stands now, and then whatever changes, as server-sent events.
    pub(crate) async fn events(self: Arc<Self>) -> Response {
        // With the first who follows: before, there is no runtime.
        self.begun.call_once(|| drop(tokio::spawn(Arc::clone(&self).keep_looking())));
        let news = self.news.subscribe();
        self.tell().await;
        let events = WatchStream::new(news).filter(|text| !text.is_empty());
        let events = events.map(|text| Ok::<_, std::convert::Infallible>(Event::default().data(&*text)));
        Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
    }

    /// Looks as long as somebody follows; never ends.
    async fn keep_looking(self: Arc<Self>) {
        let mut pause = BETWEEN_LOOKS;
        loop {
            tokio::time::sleep(pause).await;
            if self.news.receiver_count() == 0 {
                continue;
            }
            let begun = Instant::now();
            Arc::clone(&self).tell().await;
            pause = BETWEEN_LOOKS.max(begun.elapsed() * REST);
        }
    }

    async fn tell(self: Arc<Self>) {
        let looker = Arc::clone(&self);
        let look = tokio::task::spawn_blocking(move || {
            let told = looker.look().map(|course| serde_json::to_string(&course).unwrap_or_default());
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
}
