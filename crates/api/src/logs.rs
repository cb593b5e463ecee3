//! Log groups, their streams, pages of lines with their counts, one line opened, and the tail.

use crate::Api;
use crate::ask::{limit, ndjson};
use crate::error::Refused;
use crate::error::extract::{Body, Place, Search};
use crate::wire::logs::{
    LogCounts, LogCountsAsk, LogGroup, LogGroups, LogGroupsFilter, LogLine, LogLineFields,
    LogLineOf, LogLines, LogLinesAsk, LogOrder, LogStream, LogStreams, LogStreamsFilter, LogTail,
    LogTailEvent, LogTailLine,
};
use crate::wire::{Nanos, Problem};
use axum::extract::State;
use axum::response::Response;
use engine::logs::{GroupInfo, STREAM_FIELD, TailBatch};
use engine::query::log_rows::{self, LogAsk, Matcher, Streams};
use event::{EnvId, EventId};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::time::Instant;

/// Reads what may stand in the filter box: text, a pattern, a regular expression.
pub type ReadFilter = fn(&str) -> Result<Matcher, String>;

/// A quiet stream says so this often, so that both ends know that the line stands.
const IDLE_AFTER: Duration = Duration::from_secs(15);
/// Most followed lines a second (reliability.md §3).
const TAIL_LINES_PER_S: usize = 1_000;
/// Most bytes of a page's lines.
const PAGE_BYTES: usize = 4 << 20;
/// What is looked at when no start is given, nanoseconds.
const USUAL_RANGE_NS: i64 = 3_600 * 1_000_000_000;
/// How far ahead lines may be dated, nanoseconds.
const AHEAD_NS: i64 = 2 * 3_600 * 1_000_000_000;
/// Nanoseconds of a millisecond.
const MS: i64 = 1_000_000;

fn group(api: &Api, env: EnvId, name: &str) -> Result<GroupInfo, Refused> {
    let found = api.engine().logs().group(env, name);
    found.ok_or_else(|| Refused::not_found(format!("there is no log group `{name}`")))
}

fn matcher(api: &Api, filter: Option<&str>) -> Result<Option<Matcher>, Refused> {
    let Some(filter) = filter.filter(|f| !f.trim().is_empty()) else {
        return Ok(None);
    };
    match api.config().read_log_filter {
        Some(read) => read(filter).map(Some).map_err(Refused::invalid),
        None => Err(Refused::invalid("lines cannot be filtered here")),
    }
}

fn holds(text: &str, search: Option<&str>) -> bool {
    search.is_none_or(|s| text.to_lowercase().contains(&s.to_lowercase()))
}

/// The environment's log groups, by name.
#[utoipa::path(get, path = "/foursight/v1/environments/{env}/logs/groups", tag = "logs",
    params(("env" = String, Path, description = "Slug of the environment."), LogGroupsFilter), responses(
    (status = 200, body = LogGroups),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn groups(
    State(api): State<Api>,
    Place(env): Place<String>,
    Search(asked): Search<LogGroupsFilter>,
) -> Result<axum::Json<LogGroups>, Refused> {
    let env = api.environment(&env)?.id;
    let groups = api.engine().logs().groups(env, "").into_iter();
    let groups = groups
        .filter(|g| holds(&g.name, asked.search.as_deref()))
        .map(|g| {
            let dataset = api.engine().catalog().dataset(env, &g.slug);
            LogGroup {
                name: g.name.to_string(),
                dataset: g.slug.to_string(),
                created_ns: Nanos(g.created_ns),
                retention_days: g.retention_days,
                stored_bytes: g.stored_bytes,
                lines: dataset.as_ref().map_or(0, |d| d.rows),
                last_ns: dataset.and_then(|d| d.last_written_ns).map(Nanos),
                tags: g.tags,
            }
        })
        .collect();
    Ok(axum::Json(LogGroups { groups }))
}

/// Streams of a group, those with the latest line first.
#[utoipa::path(get, path = "/foursight/v1/environments/{env}/logs/streams", tag = "logs",
    params(("env" = String, Path, description = "Slug of the environment."), LogStreamsFilter), responses(
    (status = 200, body = LogStreams),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn streams(
    State(api): State<Api>,
    Place(env): Place<String>,
    Search(asked): Search<LogStreamsFilter>,
) -> Result<axum::Json<LogStreams>, Refused> {
    let env = api.environment(&env)?.id;
    let limit = limit(asked.limit, 200, 1_000)?;
    let mut found = api
        .engine()
        .logs()
        .streams_by_last_line(env, &asked.group)?;
    found.retain(|s| holds(&s.name, asked.search.as_deref()));
    let total = found.len() as u64;
    let streams = found.into_iter().take(limit).map(|s| LogStream {
        name: s.name.to_string(),
        created_ns: Nanos(s.created_ns),
        first_ns: s.written.map(|w| Nanos(w.first_ns)),
        last_ns: s.written.map(|w| Nanos(w.last_ns)),
        ingested_ns: s.written.map(|w| Nanos(w.ingested_ns)),
        service: s.service.map(|(name, _)| name),
    });
    Ok(axum::Json(LogStreams {
        streams: streams.collect(),
        total,
    }))
}

fn ask_of(env: EnvId, group: &GroupInfo, streams: Vec<String>) -> LogAsk {
    LogAsk {
        env,
        dataset: group.slug.to_string(),
        stream_field: STREAM_FIELD,
        streams: match streams.is_empty() {
            true => Streams::All,
            false => Streams::Named(streams),
        },
        range: (i64::MIN, i64::MAX),
        beyond: None,
        backwards: false,
        matcher: None,
        limit: 0,
        bytes: PAGE_BYTES,
    }
}

/// A page of lines of a group.
#[utoipa::path(post, path = "/foursight/v1/logs/lines", tag = "logs", request_body = LogLinesAsk, responses(
    (status = 200, body = LogLines),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn lines(
    State(api): State<Api>,
    Body(asked): Body<LogLinesAsk>,
) -> Result<axum::Json<LogLines>, Refused> {
    let env = api.environment(&asked.env)?.id;
    let group = group(&api, env, &asked.group)?;
    let now = api.engine().now();
    let end = asked.end_ns.map_or(now.saturating_add(AHEAD_NS), |n| n.0);
    let usual_start = end.min(now).saturating_sub(USUAL_RANGE_NS);
    let ask = LogAsk {
        range: (asked.start_ns.map_or(usual_start, |n| n.0), end),
        beyond: match asked.beyond.as_deref() {
            Some(id) => Some(place(id)?),
            None => None,
        },
        backwards: asked.order == LogOrder::Newest,
        matcher: matcher(&api, asked.filter.as_deref())?,
        limit: limit(asked.limit, 200, 1_000)?,
        ..ask_of(env, &group, asked.streams)
    };
    let page = api.engine().querier().log_lines(&ask).await?;
    Ok(axum::Json(LogLines {
        lines: page.lines.into_iter().map(line).collect(),
        more: page.more,
        examined: page.stats.rows_examined,
        elapsed_us: page.stats.elapsed_us,
    }))
}

/// How many lines of a group there are over time, by severity.
#[utoipa::path(post, path = "/foursight/v1/logs/counts", tag = "logs", request_body = LogCountsAsk, responses(
    (status = 200, body = LogCounts),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn counts(
    State(api): State<Api>,
    Body(asked): Body<LogCountsAsk>,
) -> Result<axum::Json<LogCounts>, Refused> {
    let env = api.environment(&asked.env)?.id;
    let group = group(&api, env, &asked.group)?;
    if asked.end_ns <= asked.start_ns {
        return Err(Refused::invalid("end_ns has to lie behind start_ns"));
    }
    let ask = LogAsk {
        range: (asked.start_ns.0, asked.end_ns.0),
        matcher: matcher(&api, asked.filter.as_deref())?,
        ..ask_of(env, &group, asked.streams)
    };
    let intervals = limit(asked.intervals, 120, 1_000)?;
    let counts = api.engine().querier().log_counts(&ask, intervals).await?;
    Ok(axum::Json(LogCounts {
        matched: counts.intervals.iter().flat_map(|i| i.values()).sum(),
        intervals: counts.intervals,
        examined: counts.examined,
    }))
}

/// One line with all its fields.
#[utoipa::path(get, path = "/foursight/v1/environments/{env}/logs/lines/{id}", tag = "logs", params(
    ("env" = String, Path, description = "Slug of the environment."),
    ("id" = String, Path, description = "The line's `id`."), LogLineOf), responses(
    (status = 200, body = LogLineFields),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn one(
    State(api): State<Api>,
    Place((env, id)): Place<(String, String)>,
    Search(of): Search<LogLineOf>,
) -> Result<axum::Json<LogLineFields>, Refused> {
    let env = api.environment(&env)?.id;
    let group = group(&api, env, &of.group)?;
    let querier = api.engine().querier();
    let row = querier.log_line(env, &group.slug, place(&id)?).await?;
    let fields =
        row.ok_or_else(|| Refused::not_found(format!("group `{}` has no line `{id}`", of.group)))?;
    Ok(axum::Json(LogLineFields { fields }))
}

fn line(line: log_rows::LogLine) -> LogLine {
    LogLine {
        id: format!("{}.{}", line.place.ts_ns, line.place.event_id),
        ts_ns: Nanos(line.place.ts_ns),
        ingested_ns: Nanos(line.ingested_ms.saturating_mul(MS)),
        stream: line.stream,
        message: line.message,
        trace_id: line.trace_id.map(|id| id.to_string()),
        severity: line.severity,
    }
}

fn place(id: &str) -> Result<log_rows::Place, Refused> {
    let read = || {
        let (ts_ns, event_id) = id.split_once('.')?;
        Some(log_rows::Place {
            ts_ns: ts_ns.parse().ok()?,
            event_id: EventId::parse(event_id)?,
        })
    };
    read().ok_or_else(|| Refused::invalid(format!("`{id}` is no line's id")))
}

/// Lines as they are stored, one event each (`LogTailEvent`), until the reader goes.
#[utoipa::path(get, path = "/foursight/v1/environments/{env}/logs/tail", tag = "logs",
    params(("env" = String, Path, description = "Slug of the environment."), LogTail), responses(
    (status = 200, body = LogTailEvent, content_type = "application/x-ndjson"),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn tail(
    State(api): State<Api>,
    Place(env): Place<String>,
    Search(asked): Search<LogTail>,
) -> Result<Response, Refused> {
    let env = api.environment(&env)?.id;
    if let Some(name) = &asked.group {
        group(&api, env, name)?;
    }
    let tail = Tail {
        matcher: matcher(&api, asked.filter.as_deref())?,
        heard: api.engine().logs().listen()?,
        api,
        env,
        asked,
        first: true,
        second: Instant::now(),
        sent: 0,
        left_out: 0,
    };
    Ok(ndjson(futures::stream::unfold(tail, |mut tail| async {
        let event = tail.next().await?;
        Some((event, tail))
    })))
}

/// A tail under way.
struct Tail {
    api: Api,
    env: EnvId,
    asked: LogTail,
    matcher: Option<Matcher>,
    heard: Receiver<Arc<TailBatch>>,
    first: bool,
    /// When the second under way began, and how many lines were sent in it.
    second: Instant,
    sent: usize,
    left_out: u64,
}

impl Tail {
    async fn next(&mut self) -> Option<LogTailEvent> {
        // The first event goes out at once: the reader knows that it listens.
        if std::mem::take(&mut self.first) {
            return Some(LogTailEvent::Idle);
        }
        loop {
            let heard = tokio::select! {
                heard = tokio::time::timeout(IDLE_AFTER, self.heard.recv()) => heard,
                () = self.api.closing() => return None,
            };
            return Some(match heard {
                Err(_) => LogTailEvent::Idle,
                Ok(Ok(batch)) => match self.lines(&batch) {
                    Some(event) => event,
                    None => continue,
                },
                Ok(Err(RecvError::Lagged(batches))) => LogTailEvent::Missed { batches },
                Ok(Err(RecvError::Closed)) => return None,
            });
        }
    }

    fn lines(&mut self, batch: &TailBatch) -> Option<LogTailEvent> {
        let is = |want: &Option<String>, name: &str| want.as_deref().is_none_or(|w| w == name);
        if batch.env != self.env
            || !is(&self.asked.group, &batch.group)
            || !is(&self.asked.stream, &batch.stream)
        {
            return None;
        }
        if self.second.elapsed() >= Duration::from_secs(1) {
            (self.second, self.sent) = (Instant::now(), 0);
        }
        let passes = |text: &str| self.matcher.as_ref().is_none_or(|m| m(text));
        let mut lines = Vec::new();
        for event in batch.events.iter().filter(|e| passes(&e.message)) {
            if self.sent >= TAIL_LINES_PER_S {
                self.left_out += 1;
                continue;
            }
            self.sent += 1;
            lines.push(LogTailLine {
                ts_ns: Nanos(event.ts_ns),
                message: event.message.to_string(),
            });
        }
        if lines.is_empty() {
            return None;
        }
        Some(LogTailEvent::Lines {
            group: batch.group.to_string(),
            stream: batch.stream.to_string(),
            ingested_ns: Nanos(batch.ingested_ns),
            lines,
            left_out: std::mem::take(&mut self.left_out),
        })
    }
}
