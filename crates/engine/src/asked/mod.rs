//! Questions that go on after the call that asked them, and their answers, kept for a week.
//!
//! Some surfaces ask now and fetch later. Here a question has an id, runs in the background, can be
//! looked at while it runs, stopped and listed. What it came to lies in the catalog, in the words of the
//! surface that asked, so it outlives a restart; a question that was running then has failed.
//!
//! Answers are kept for 7 days, and at most 256 MiB of them: the oldest go first.

mod kept;
#[cfg(test)]
mod tests;

pub(crate) use kept::TABLES;

use crate::catalog;
use event::EnvId;
use parking_lot::Mutex;
use query::pipeline::{self, Outcome};
use query::{Limits, Querier};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Questions of one environment that run at once (the vendor's number).
pub const RUNNING_LIMIT: usize = 100;
/// How long answers are kept, nanoseconds.
pub const KEPT_NS: i64 = 7 * 86_400 * 1_000_000_000;
/// Wait before asking again when too many questions are under way.
const RETRY: Duration = Duration::from_millis(200);
/// How long a question waits for its turn before it gives up.
const TURN_WAIT: Duration = Duration::from_secs(300);

/// A question to be asked.
pub struct Question {
    /// Its id, made by the surface; nobody can guess it.
    pub id: String,
    /// As the person wrote it.
    pub text: String,
    /// Which datasets it is about, as the surface calls them.
    pub about: Vec<String>,
    /// What is asked.
    pub ask: pipeline::Ask,
    /// Makes the answer in the surface's words, JSON; called for partial answers too.
    pub render: Arc<dyn Fn(&Outcome) -> String + Send + Sync>,
}

/// How far a question is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It waits for its turn.
    Waiting,
    /// It runs.
    Running,
    /// Answered.
    Done,
    /// It cannot be answered.
    Failed,
    /// It was stopped.
    Stopped,
    /// Time ran out: the answer is of the newest part of the range.
    TimedOut,
}

impl State {
    const ALL: [Self; 6] = [
        Self::Waiting,
        Self::Running,
        Self::Done,
        Self::Failed,
        Self::Stopped,
        Self::TimedOut,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::TimedOut => "timed_out",
        }
    }

    /// Whether it goes on.
    #[must_use]
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Waiting | Self::Running)
    }
}

/// A question as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Its id.
    pub id: String,
    /// As it was written.
    pub text: String,
    /// What it is about.
    pub about: Vec<String>,
    /// The range, nanoseconds, half open.
    pub range: (i64, i64),
    /// How far it is.
    pub state: State,
    /// When it was asked, nanoseconds.
    pub asked_ns: i64,
    /// Until when it took, so far.
    pub ended_ns: Option<i64>,
    /// Bytes read.
    pub bytes: u64,
    /// Why it failed.
    pub why: Option<String>,
    /// The answer, so far; not in lists.
    pub answer: Option<String>,
}

/// Why a question is not asked, or not found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The environment has so many under way.
    #[error("{limit} questions are running; wait for one of them or stop it")]
    TooMany {
        /// How many.
        limit: usize,
    },
    /// The catalog cannot be read or written.
    #[error(transparent)]
    Catalog(#[from] catalog::Error),
}

/// What came of stopping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopping {
    /// It was under way, and is stopped.
    Stopped,
    /// It had ended before.
    Ended,
    /// There is none of that id.
    Unknown,
}

/// One question under way.
struct Running {
    asked: Mutex<Asked>,
    task: Mutex<Option<tokio::task::AbortHandle>>,
}

/// Questions under way, by environment and id.
type ByEnvAndId = HashMap<(EnvId, String), Arc<Running>>;

/// Questions under way.
#[derive(Clone, Default)]
pub(crate) struct Board(Arc<Mutex<ByEnvAndId>>);

impl Board {
    fn find(&self, env: EnvId, id: &str) -> Option<Arc<Running>> {
        self.0.lock().get(&(env, id.to_owned())).cloned()
    }
}

impl crate::Engine {
    /// Begins to ask. The question is in the catalog before this returns.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn ask_later(&self, question: Question) -> Result<(), Error> {
        let env = question.ask.env;
        let board = self.0.asked.clone();
        let asked = Asked {
            id: question.id.clone(),
            text: question.text,
            about: question.about,
            range: question.ask.range,
            state: State::Waiting,
            asked_ns: self.now(),
            ended_ns: None,
            bytes: 0,
            why: None,
            answer: None,
        };
        let running = Arc::new(Running {
            asked: Mutex::new(asked.clone()),
            task: Mutex::new(None),
        });
        {
            let mut all = board.0.lock();
            if all.keys().filter(|(e, _)| *e == env).count() >= RUNNING_LIMIT {
                return Err(Error::TooMany {
                    limit: RUNNING_LIMIT,
                });
            }
            all.insert((env, question.id.clone()), Arc::clone(&running));
        }
        let catalog = self.0.catalog.clone();
        let begun = off_the_runtime(move || kept::begin(&catalog, env, &asked)).await;
        if let Err(e) = begun {
            board.0.lock().remove(&(env, question.id));
            return Err(e.into());
        }
        let work = run(
            self.0.querier.clone(),
            question.ask,
            question.render,
            Arc::clone(&running),
        );
        let (catalog, clock, me) = (
            self.0.catalog.clone(),
            Arc::clone(&self.0.clock),
            Arc::clone(&running),
        );
        let task = tokio::spawn(work);
        *running.task.lock() = Some(task.abort_handle());
        // Stopped before there was anything to stop.
        if running.asked.lock().state == State::Stopped {
            task.abort();
        }
        tokio::spawn(async move {
            let ended = task.await;
            let end = me.end(ended, clock.now());
            let saved = off_the_runtime(move || kept::end(&catalog, env, &end)).await;
            if let Err(e) = saved {
                tracing::error!(error = %e, "an answer could not be kept");
            }
            // Only now: whoever looks finds it here or there.
            board.0.lock().remove(&(env, question.id));
        });
        Ok(())
    }

    /// The question of that id as it stands, with its answer so far.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn asked(&self, env: EnvId, id: &str) -> Result<Option<Asked>, Error> {
        if let Some(running) = self.0.asked.find(env, id) {
            return Ok(Some(running.asked.lock().clone()));
        }
        let (catalog, id, now) = (self.0.catalog.clone(), id.to_owned(), self.now());
        Ok(off_the_runtime(move || kept::one(&catalog, env, &id, now)).await?)
    }

    /// Stops a question.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn stop_asked(&self, env: EnvId, id: &str) -> Result<Stopping, Error> {
        if let Some(running) = self.0.asked.find(env, id) {
            let mut asked = running.asked.lock();
            if asked.state.is_under_way() {
                asked.state = State::Stopped;
                if let Some(task) = &*running.task.lock() {
                    task.abort();
                }
                return Ok(Stopping::Stopped);
            }
        }
        Ok(match self.asked(env, id).await? {
            Some(_) => Stopping::Ended,
            None => Stopping::Unknown,
        })
    }

    /// Questions of an environment, the latest first, at most `limit`, without their answers.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn list_asked(&self, env: EnvId, limit: usize) -> Result<Vec<Asked>, Error> {
        let (catalog, now) = (self.0.catalog.clone(), self.now());
        let mut all = off_the_runtime(move || kept::list(&catalog, env, now, limit)).await?;
        for asked in &mut all {
            if let Some(running) = self.0.asked.find(env, &asked.id) {
                *asked = Asked {
                    answer: None,
                    ..running.asked.lock().clone()
                };
            }
        }
        Ok(all)
    }
}

/// Asks until it is the question's turn, and keeps what is known of it up to date.
async fn run(
    querier: Querier,
    ask: pipeline::Ask,
    render: Arc<dyn Fn(&Outcome) -> String + Send + Sync>,
    running: Arc<Running>,
) -> Result<Outcome, query::Error> {
    let began = Instant::now();
    let (seen, shown) = (Arc::clone(&running), Arc::clone(&render));
    let listener: pipeline::Listener = Arc::new(move |partial: Outcome| {
        let answer = shown(&partial);
        let mut asked = seen.asked.lock();
        asked.bytes = partial.bytes;
        asked.answer = Some(answer);
    });
    let goes = |state| {
        let mut asked = running.asked.lock();
        if asked.state.is_under_way() {
            asked.state = state;
        }
    };
    let outcome = loop {
        goes(State::Running);
        let listener = Some(Arc::clone(&listener));
        match querier
            .pipeline(ask.clone(), Limits::default(), listener)
            .await
        {
            Err(query::Error::Busy) if began.elapsed() < TURN_WAIT => {
                goes(State::Waiting);
                tokio::time::sleep(RETRY).await;
            }
            other => break other?,
        }
    };
    let answer = tokio::task::spawn_blocking(move || (render(&outcome), outcome)).await;
    let (answer, outcome) = answer.map_err(|e| query::Error::Internal(e.to_string()))?;
    running.asked.lock().answer = Some(answer);
    Ok(outcome)
}

impl Running {
    /// What became of it.
    fn end(
        &self,
        ended: Result<Result<Outcome, query::Error>, tokio::task::JoinError>,
        now: i64,
    ) -> Asked {
        let mut asked = self.asked.lock();
        asked.ended_ns = Some(now);
        match ended {
            Ok(Ok(outcome)) => {
                asked.bytes = outcome.bytes;
                asked.state = match outcome.partial {
                    true => State::TimedOut,
                    false => State::Done,
                };
            }
            Ok(Err(query::Error::Cancelled)) => asked.state = State::Stopped,
            Ok(Err(e)) => {
                asked.state = State::Failed;
                asked.why = Some(e.to_string());
            }
            Err(e) if e.is_cancelled() => asked.state = State::Stopped,
            Err(e) => {
                tracing::error!("a question was lost: {e}");
                asked.state = State::Failed;
                asked.why = Some("the question failed unexpectedly".to_owned());
            }
        }
        asked.clone()
    }
}

/// The catalog syncs: not a thing to wait for on the runtime that takes data.
async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, catalog::Error> + Send + 'static,
) -> Result<T, catalog::Error> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|e| Err(catalog::Error::Storage(e.to_string())))
}

/// Whether a kept question was under way when the server went down.
fn as_found(mut asked: Asked) -> Asked {
    if asked.state.is_under_way() {
        asked.state = State::Failed;
        asked.why = Some("the server stopped while it ran".to_owned());
    }
    asked
}
