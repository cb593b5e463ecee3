//! `StartLiveTail` (cloudwatch.md §5.14): lines as they are stored, once a second.

use super::check::{self, Checks, invalid};
use super::{App, eventstream, place, read, wire};
use crate::wire::{ACCOUNT, Call, Fail, Reply};
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use engine::logs::TailBatch;
use engine::query::log_rows::Matcher;
use event::EnvId;
use http::{HeaderValue, header};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, Interval, MissedTickBehavior};

/// Most groups of a session.
const GROUPS_LIMIT: usize = 10;
/// Most streams, or prefixes of streams, of a session.
const STREAMS_LIMIT: usize = 100;
/// Most lines of an update; of more, these are the latest, and the update says that it is sampled.
const UPDATE_LINES: usize = 500;
/// Longest session.
const SESSION: Duration = Duration::from_secs(3 * 3_600);

/// What a session shows.
struct Wanted {
    env: EnvId,
    groups: Vec<String>,
    names: Option<Vec<String>>,
    prefixes: Option<Vec<String>>,
    matcher: Option<Matcher>,
}

impl Wanted {
    fn takes(&self, batch: &TailBatch) -> bool {
        let named = |names: &Vec<String>| names.iter().any(|n| **n == *batch.stream);
        let begun = |list: &Vec<String>| list.iter().any(|p| batch.stream.starts_with(p.as_str()));
        batch.env == self.env
            && self.groups.iter().any(|g| **g == *batch.group)
            && self.names.as_ref().is_none_or(named)
            && self.prefixes.as_ref().is_none_or(begun)
    }

    /// The lines of a batch, as they are shown.
    fn lines(&self, batch: &TailBatch) -> Vec<Value> {
        if !self.takes(batch) {
            return Vec::new();
        }
        let passes = |text: &str| self.matcher.as_ref().is_none_or(|m| m(text));
        let lines = batch.events.iter().filter(|e| passes(&e.message));
        lines
            .map(|e| {
                json!({
                    "logStreamName": &*batch.stream,
                    "logGroupIdentifier": format!("{ACCOUNT}:{}", batch.group),
                    "message": &*e.message,
                    "timestamp": e.ts_ns / place::MS,
                    "ingestionTime": batch.ingested_ns / place::MS,
                })
            })
            .collect()
    }
}

pub(super) fn start(app: &App, call: &Call) -> Result<Reply, Fail> {
    let input: wire::StartLiveTail = call.input()?;
    let mut checks = Checks::default();
    let groups = checks.required("logGroupIdentifiers", input.log_group_identifiers);
    let groups = groups.unwrap_or_default();
    if checks.is_empty() {
        checks.length("[…]", "logGroupIdentifiers", groups.len(), 1, GROUPS_LIMIT);
    }
    for (member, list) in [
        ("logStreamNames", &input.log_stream_names),
        ("logStreamNamePrefixes", &input.log_stream_name_prefixes),
    ] {
        let n = list.as_ref().map_or(0, Vec::len);
        checks.length("[…]", member, n, 0, STREAMS_LIMIT);
    }
    checks.finish()?;
    // That a list is there counts, also an empty one.
    let (names, prefixes) = (input.log_stream_names, input.log_stream_name_prefixes);
    if names.is_some() && prefixes.is_some() {
        return Err(invalid(
            "logStreamNames and logStreamNamePrefixes are mutually exclusive parameters.",
        ));
    }
    if (names.is_some() || prefixes.is_some()) && groups.len() > 1 {
        return Err(invalid(
            "logStreamNames and logStreamNamePrefixes can be given for a single log group only.",
        ));
    }
    let group_names: Vec<String> = groups
        .iter()
        .map(|g| check::name_of(g).to_owned())
        .collect();
    for name in &group_names {
        check::group(call, name)?;
    }
    let wanted = Wanted {
        env: call.grant.env(),
        groups: group_names,
        names: names.clone().filter(|n| !n.is_empty()),
        prefixes: prefixes.clone().filter(|p| !p.is_empty()),
        matcher: read::matcher(input.log_event_filter_pattern.as_deref())?,
    };
    let heard = call.engine.logs().listen();
    let heard = heard.map_err(|e| check::of_catalog(&e, ""))?;
    let mut session = json!({
        "requestId": call.request_id,
        "sessionId": crate::wire::request_id(),
        "logGroupIdentifiers": groups,
    });
    for (member, value) in [
        ("logStreamNames", names.map(Value::from)),
        ("logStreamNamePrefixes", prefixes.map(Value::from)),
        (
            "logEventFilterPattern",
            input.log_event_filter_pattern.map(Value::from),
        ),
    ] {
        if let Some(value) = value {
            session[member] = value;
        }
    }
    let mut response = Response::new(Body::from_stream(updates(
        app.clone(),
        wanted,
        heard,
        &session,
    )));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/vnd.amazon.eventstream"),
    );
    Ok(Reply::Other(response))
}

/// A session under way.
struct Session {
    app: App,
    wanted: Wanted,
    heard: Receiver<Arc<TailBatch>>,
    /// Lines since the last update.
    lines: VecDeque<Value>,
    sampled: bool,
    ticks: Interval,
    end: Instant,
    /// Messages before the first update.
    first: VecDeque<Bytes>,
    is_over: bool,
}

fn updates(
    app: App,
    wanted: Wanted,
    heard: Receiver<Arc<TailBatch>>,
    session: &Value,
) -> impl futures::Stream<Item = Result<Bytes, Infallible>> + use<> {
    let start = Instant::now();
    let mut ticks =
        tokio::time::interval_at(start + Duration::from_secs(1), Duration::from_secs(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let session = Session {
        app,
        wanted,
        heard,
        lines: VecDeque::new(),
        sampled: false,
        ticks,
        end: start + SESSION,
        first: [
            eventstream::event("initial-response", &json!({})),
            eventstream::event("sessionStart", session),
        ]
        .into(),
        is_over: false,
    };
    futures::stream::unfold(session, |mut session| async move {
        let message = session.next().await?;
        Some((Ok(message), session))
    })
}

impl Session {
    /// The next message; none: the session is over.
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(message) = self.first.pop_front() {
            return Some(message);
        }
        if self.is_over {
            return None;
        }
        loop {
            tokio::select! {
                heard = self.heard.recv() => match heard {
                    Ok(batch) => self.add(&batch),
                    Err(RecvError::Lagged(_)) => self.sampled = true,
                    Err(RecvError::Closed) => return None,
                },
                _ = self.ticks.tick() => {
                    if Instant::now() < self.end {
                        return Some(self.update());
                    }
                    self.is_over = true;
                    let text = "The session has reached its longest time";
                    return Some(eventstream::exception("SessionTimeoutException", text));
                }
                () = self.app.closing() => return None,
            }
        }
    }

    fn add(&mut self, batch: &TailBatch) {
        self.lines.extend(self.wanted.lines(batch));
        if self.lines.len() > UPDATE_LINES {
            self.sampled = true;
            self.lines.drain(..self.lines.len() - UPDATE_LINES);
        }
    }

    fn update(&mut self) -> Bytes {
        let lines: Vec<Value> = self.lines.drain(..).collect();
        let sampled = std::mem::take(&mut self.sampled);
        eventstream::event(
            "sessionUpdate",
            &json!({
                "sessionMetadata": { "sampled": sampled },
                "sessionResults": lines,
            }),
        )
    }
}
