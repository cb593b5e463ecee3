//! Questions over lines of log groups. Their language is another's: the server hands its reader over.

use crate::Api;
use crate::ask::{CancelOnDrop, is_streamed, limit, ndjson};
use crate::error::Refused;
use crate::error::extract::Body;
use crate::wire::log_query::{
    LogHistogram, LogQueryAnswer, LogQueryAsk, LogQueryColumn, LogQueryEvent, LogQueryKind,
    LogWords, LogWordsAsk,
};
use crate::wire::{Nanos, Problem};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use engine::Engine;
use engine::query::Limits;
use engine::query::pipeline::{self, Outcome, Pipeline, Source, Value};
use event::EnvId;
use http::HeaderMap;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Most groups of a question.
const GROUPS_LIMIT: usize = 50;
/// Rows when nothing is said, and at most (reliability.md §3).
const ROWS: (usize, usize) = (1_000, 10_000);
/// Intervals of a histogram when nothing is said, and at most.
const INTERVALS: (usize, usize) = (120, 500);
/// Lines of a streamed answer that wait for their reader.
const EVENTS_WAITING: usize = 4;

/// A language in which lines are asked.
#[derive(Clone, Copy, Debug)]
pub struct LogLanguage {
    /// Reads a question; `limit`: most rows unless it says itself.
    pub compile: fn(text: &str, limit: usize) -> Result<Compiled, Fault>,
    /// How a group is called in answers.
    pub label: fn(group: &str) -> String,
    /// A value as text; none when it is missing. `stored`: as the line has it.
    pub cell: fn(value: &Value<'_>, stored: bool) -> Option<String>,
    /// Words of the language.
    pub words: fn() -> LogWords,
    /// Fields of lines of these datasets, as written in a question.
    pub fields: fn(engine: &Engine, env: EnvId, datasets: &[String]) -> Vec<String>,
}

/// A question that was read.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// What is done.
    pub pipeline: Pipeline,
    /// Whether its rows are groups.
    pub grouped: bool,
}

/// Why a question cannot be read.
#[derive(Clone, Debug)]
pub struct Fault {
    /// In words.
    pub message: String,
    /// Bytes of the text.
    pub at: std::ops::Range<usize>,
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        let mut refused = Self::new(
            http::StatusCode::BAD_REQUEST,
            "invalid question",
            fault.message,
        );
        refused.0.offset = Some(fault.at.start);
        refused.0.offset_end = Some(fault.at.end);
        refused
    }
}

fn language(api: &Api) -> Result<LogLanguage, Refused> {
    let language = api.config().log_language;
    language.ok_or_else(|| Refused::invalid("lines cannot be asked here"))
}

fn sources(
    api: &Api,
    language: LogLanguage,
    env: EnvId,
    groups: &[String],
) -> Result<Vec<Source>, Refused> {
    let mut out: Vec<Source> = Vec::new();
    for name in groups {
        let Some(group) = api.engine().logs().group(env, name) else {
            return Err(Refused::not_found(format!(
                "there is no log group `{name}`"
            )));
        };
        let source = Source {
            dataset: group.slug.to_string(),
            label: (language.label)(name),
        };
        if !out.contains(&source) {
            out.push(source);
        }
    }
    Ok(out)
}

/// Asks a question over lines of log groups. With `Accept: application/x-ndjson` the answer is a stream
/// of lines (`LogQueryEvent`): partial answers, and at last done or error. Closing the connection cancels.
#[utoipa::path(post, path = "/foursight/v1/logs/query", tag = "logs", request_body = LogQueryAsk, responses(
    (status = 200, content((LogQueryAnswer = "application/json"), (LogQueryEvent = "application/x-ndjson"))),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn query(
    State(api): State<Api>,
    headers: HeaderMap,
    Body(asked): Body<LogQueryAsk>,
) -> Result<Response, Refused> {
    let language = language(&api)?;
    let env = api.environment(&asked.env)?.id;
    if !(1..=GROUPS_LIMIT).contains(&asked.groups.len()) {
        return Err(Refused::invalid(format!(
            "a question is about 1 to {GROUPS_LIMIT} groups"
        )));
    }
    let range = (asked.start_ns.0, asked.end_ns.0);
    let length = range.1.checked_sub(range.0).filter(|l| *l > 0);
    let Some(length) = length else {
        return Err(Refused::invalid("end_ns has to lie behind start_ns"));
    };
    let rows = limit(asked.limit, ROWS.0, ROWS.1)?;
    let intervals = limit(asked.intervals, INTERVALS.0, INTERVALS.1)?;
    let compiled = (language.compile)(&asked.query, rows)?;
    let ask = pipeline::Ask {
        env,
        sources: sources(&api, language, env, &asked.groups)?,
        range,
        pipeline: compiled.pipeline,
        step_ns: step(length, intervals),
    };
    let shape = Shape {
        language,
        grouped: compiled.grouped,
        step_ns: ask.step_ns,
    };
    if is_streamed(&headers) {
        return Ok(stream(&api, ask, shape));
    }
    let querier = api.engine().querier();
    let outcome = querier.pipeline(ask, Limits::default(), None).await?;
    Ok(axum::Json(shape.answer(&outcome)).into_response())
}

fn stream(api: &Api, ask: pipeline::Ask, shape: Shape) -> Response {
    let (events, reader) = mpsc::channel::<LogQueryEvent>(EVENTS_WAITING);
    let engine = api.engine().clone();
    let task = tokio::spawn(async move {
        let told = events.clone();
        let listener: pipeline::Listener = Arc::new(move |partial: Outcome| {
            // A reader who is behind misses some; the next has newer figures.
            if told.capacity() > 0 {
                let answer = shape.answer(&partial);
                let _ = told.try_send(LogQueryEvent::Partial { answer });
            }
        });
        let querier = engine.querier();
        let outcome = querier
            .pipeline(ask, Limits::default(), Some(listener))
            .await;
        let last = match outcome {
            Ok(outcome) => LogQueryEvent::Done {
                answer: shape.answer(&outcome),
            },
            Err(error) => LogQueryEvent::Error {
                problem: Refused::from(error).0,
            },
        };
        // An error here means that the reader is gone: nobody is left to tell.
        let _ = events.send(last).await;
    });
    let guard = CancelOnDrop::new(task.abort_handle());
    ndjson(futures::stream::unfold(
        (reader, guard),
        |(mut reader, guard)| async move {
            let event = reader.recv().await?;
            Some((event, (reader, guard)))
        },
    ))
}

/// How an answer is told.
#[derive(Clone, Copy)]
struct Shape {
    language: LogLanguage,
    grouped: bool,
    step_ns: i64,
}

impl Shape {
    fn answer(&self, outcome: &Outcome) -> LogQueryAnswer {
        let columns = outcome.columns.iter().enumerate().map(|(i, column)| {
            let values = outcome.rows.iter().filter_map(|r| r.get(i));
            LogQueryColumn {
                name: column.name.clone(),
                kind: kind(values),
            }
        });
        let rows = outcome.rows.iter().map(|row| {
            let cells = outcome.columns.iter().zip(row);
            cells
                .map(|(column, value)| (self.language.cell)(value, column.stored))
                .collect()
        });
        let (start, counts) = outcome.histogram.clone().unwrap_or_default();
        LogQueryAnswer {
            columns: columns.collect(),
            rows: rows.collect(),
            grouped: self.grouped,
            matched: outcome.matched,
            scanned: outcome.scanned,
            bytes: outcome.bytes,
            elapsed_us: outcome.elapsed_us,
            histogram: LogHistogram {
                start_ns: Nanos(start),
                step_ns: Nanos(self.step_ns),
                counts,
            },
            partial: outcome.partial,
        }
    }
}

/// What all values of a column are that are there.
fn kind<'a>(values: impl Iterator<Item = &'a Value<'a>>) -> LogQueryKind {
    let mut kind = None;
    for value in values {
        let one = match value {
            Value::Missing => continue,
            Value::Time(_) => LogQueryKind::Time,
            Value::Int(_) | Value::Float(_) => LogQueryKind::Number,
            _ => LogQueryKind::Text,
        };
        match kind {
            None => kind = Some(one),
            Some(known) if known == one => {}
            Some(_) => return LogQueryKind::Text,
        }
    }
    kind.unwrap_or(LogQueryKind::Text)
}

/// The length of an interval: a round one, so that there are at most about as many as asked.
fn step(length_ns: i64, intervals: usize) -> i64 {
    const SECOND: i64 = 1_000_000_000;
    const ROUND: [i64; 24] = [
        SECOND / 1_000,
        SECOND / 500,
        SECOND / 200,
        SECOND / 100,
        SECOND / 50,
        SECOND / 20,
        SECOND / 10,
        SECOND / 5,
        SECOND / 2,
        SECOND,
        2 * SECOND,
        5 * SECOND,
        10 * SECOND,
        15 * SECOND,
        30 * SECOND,
        60 * SECOND,
        120 * SECOND,
        300 * SECOND,
        600 * SECOND,
        900 * SECOND,
        1_800 * SECOND,
        3_600 * SECOND,
        10_800 * SECOND,
        21_600 * SECOND,
    ];
    let day = 86_400 * SECOND;
    let least = length_ns / i64::try_from(intervals.max(1)).unwrap_or(i64::MAX);
    let round = ROUND.into_iter().find(|s| *s >= least);
    round.unwrap_or_else(|| (least / day + i64::from(least % day > 0)) * day)
}

/// What can stand in a question over these groups: for completion.
#[utoipa::path(post, path = "/foursight/v1/logs/words", tag = "logs", request_body = LogWordsAsk, responses(
    (status = 200, body = LogWords),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn words(
    State(api): State<Api>,
    Body(asked): Body<LogWordsAsk>,
) -> Result<axum::Json<LogWords>, Refused> {
    let language = language(&api)?;
    let env = api.environment(&asked.env)?.id;
    let sources = sources(&api, language, env, &asked.groups)?;
    let datasets: Vec<String> = sources.into_iter().map(|s| s.dataset).collect();
    let mut words = (language.words)();
    words.fields = (language.fields)(api.engine(), env, &datasets);
    Ok(axum::Json(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_round_and_about_as_many_as_asked() {
        const S: i64 = 1_000_000_000;
        for (length_s, intervals, want_s) in [
            (3_600, 120, 30),
            (60, 120, 0),
            (86_400, 100, 900),
            (7 * 86_400, 120, 10_800),
            (90 * 86_400, 60, 2 * 86_400),
        ] {
            let step = step(length_s * S, intervals);
            assert!(want_s == 0 && step == S / 2 || step == want_s * S, "{step}");
        }
    }

    #[test]
    fn a_column_has_a_kind_when_all_its_values_have_it() {
        let time = || Value::Time(0);
        for (values, want) in [
            (vec![time(), Value::Missing, time()], LogQueryKind::Time),
            (vec![Value::Int(1), Value::Float(0.5)], LogQueryKind::Number),
            (vec![Value::Int(1), time()], LogQueryKind::Text),
            (vec![], LogQueryKind::Text),
        ] {
            assert_eq!(kind(values.iter()), want);
        }
    }
}
