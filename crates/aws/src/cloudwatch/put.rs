//! `PutLogEvents` (cloudwatch.md §5.6): the rules in their order, then the rows.

use super::check::{self, Checks, invalid};
use super::place;
use super::streams::sequence_token;
use super::translate::{self, Target};
use super::wire::{self, Entity, InputLogEvent};
use crate::wire::body::working;
use crate::wire::{Call, Fail, Reply, json};
use engine::logs::{TailBatch, TailEvent, Written};
use engine::{DatasetKind, Outcome, Reason, Receipt};
use event::EventBatch;
use serde_json::{Value, json};
use std::ops::Range;
use std::sync::Arc;

/// Most lines of a call.
const EVENTS_LIMIT: usize = 10_000;
/// Most bytes of a call: each line's text and 26.
const BYTES_LIMIT: usize = 1_048_576;
const LINE_OVERHEAD: usize = 26;
/// Longest time between a call's first and last line, milliseconds.
const SPAN_MS: i64 = 24 * 3_600_000;
/// How old a line may be, milliseconds.
const OLDEST_MS: i64 = 14 * 24 * 3_600_000;
/// How far ahead a line may be, milliseconds.
const NEWEST_MS: i64 = 2 * 3_600_000;

/// Keeps the lines of a call. What became of them is noted here.
pub(super) async fn put(call: &Call) -> Result<Reply, Fail> {
    let mut received = 1;
    match take(call, &mut received).await {
        Ok((reply, outcome)) => {
            call.grant.note(&call.delivery, outcome);
            Ok(reply)
        }
        Err(fail) => {
            let outcome = Outcome::refused(received, fail.reason).detail(fail.message.clone());
            call.grant.note(&call.delivery, outcome);
            Err(fail)
        }
    }
}

/// What the lines of a call became, before they are kept.
struct Read {
    target: Target,
    batch: EventBatch,
    judged: Judged,
    /// Of the lines that are kept.
    bytes: u64,
    entity_error: Option<&'static str>,
    /// Of the lines that are kept, when someone follows.
    tail: Vec<TailEvent>,
    span_ns: Option<(i64, i64)>,
}

async fn take(call: &Call, received: &mut u64) -> Result<(Reply, Outcome), Fail> {
    let (engine, grant, body) = (call.engine.clone(), call.grant.clone(), call.body.clone());
    let (region, size) = (call.region.clone(), call.body.len());
    let (read, n) = working(size, move || {
        let mut n = 1;
        let read = read(&engine, &grant, &body, &region, &mut n);
        (read, n)
    })
    .await
    .map_err(Fail::serialization)?;
    *received = n;
    let read = read?;
    let kept = read.batch.rows() as u64;
    let receipt = match kept {
        0 => Receipt::default(),
        _ => call
            .grant
            .ingest(read.batch, call.identity)
            .await
            .map_err(|e| Fail::of_engine(call.service, &e))?,
    };
    let now = call.engine.now();
    if receipt.stored > 0
        && let Some((first_ns, last_ns)) = read.span_ns
    {
        let written = Written {
            first_ns,
            last_ns,
            ingested_ns: now,
        };
        let (target, logs) = (&read.target, call.engine.logs());
        let env = call.grant.env();
        let service = target.service.clone();
        logs.wrote(
            env,
            &target.group,
            &target.stream,
            written,
            read.bytes,
            service,
        );
        if !read.tail.is_empty() {
            logs.tell(TailBatch {
                env,
                group: target.group.as_str().into(),
                stream: target.stream.as_str().into(),
                ingested_ns: now,
                events: read.tail,
            });
        }
    }
    let refused = n - kept;
    let mut outcome = Outcome::taken(&receipt, refused, read.judged.reason())
        .into_datasets(vec![Arc::from(read.target.dataset.as_str())]);
    if refused > 0 {
        outcome = outcome.detail(read.judged.text());
    }
    let mut answer = json!({ "nextSequenceToken": sequence_token(now) });
    if refused > 0 {
        answer["rejectedLogEventsInfo"] = read.judged.render();
    }
    if let Some(error) = read.entity_error {
        answer["rejectedEntityInfo"] = json!({ "errorType": error });
    }
    Ok((Reply::Json(answer), outcome))
}

/// Reads a call and judges its lines; `n` becomes how many there are, once it is known where they go:
/// before that the call is refused as one thing, as most clients make the stream then and send again.
/// CPU work.
fn read(
    engine: &engine::Engine,
    grant: &engine::Grant,
    body: &[u8],
    region: &str,
    n: &mut u64,
) -> Result<Read, Fail> {
    let input: wire::PutLogEvents<'_> = json::read_in_place(body).map_err(Fail::serialization)?;
    *n = input
        .log_events
        .as_ref()
        .map_or(1, |e| e.len().max(1) as u64);
    let events = framework(input.log_events)?;
    let group = check::group_name(input.log_group_name)?;
    let stream = check::stream_name(input.log_stream_name)?;
    let env = grant.env();
    let info = engine
        .logs()
        .group(env, &group)
        .ok_or_else(check::no_group)?;
    let known = engine.logs().stream(env, &group, &stream);
    let known = known.map_err(|e| check::of_catalog(&e, ""))?;
    *n = events.len() as u64;
    let refusal =
        |r: engine::Refusal| Fail::of_reason(crate::wire::Service::Logs, r.reason(), None);
    let dataset = grant
        .dataset(&group, DatasetKind::LogGroup)
        .map_err(refusal)?;
    let now = engine.now();
    let own = info
        .retention_days
        .map(|days| now / place::MS - i64::from(days) * 86_400_000);
    let default = engine.row_policy().oldest.map(|ns| ns / place::MS);
    let judged = judge(&events, now / place::MS, own.or(default))?;
    let (service, entity_error) = match input.entity {
        Some(entity) => of_entity(&entity),
        None => (None, None),
    };
    let target = Target {
        dataset: dataset.to_string(),
        group,
        stream,
        region: region.to_owned(),
        // A stream's writer is known once it told.
        service: service.or(known.service),
    };
    let kept = &events[judged.kept.clone()];
    let tail = match engine.logs().is_tailed() {
        true => kept
            .iter()
            .map(|(ms, text)| TailEvent {
                ts_ns: ms.saturating_mul(place::MS),
                message: (&**text).into(),
            })
            .collect(),
        false => Vec::new(),
    };
    Ok(Read {
        batch: translate::lines(&target, now, kept.iter().map(|(ms, text)| (*ms, &**text))),
        bytes: weight(kept) as u64,
        span_ns: kept
            .first()
            .zip(kept.last())
            .map(|(first, last)| (first.0 * place::MS, last.0 * place::MS)),
        judged,
        target,
        entity_error,
        tail,
    })
}

type Line<'a> = (i64, std::borrow::Cow<'a, str>);

/// What the vendor's framework checks before anything else.
fn framework(events: Option<Vec<InputLogEvent<'_>>>) -> Result<Vec<Line<'_>>, Fail> {
    let mut checks = Checks::default();
    let events = checks.required("logEvents", events).unwrap_or_default();
    let n = events.len();
    if n > 0 || checks.is_empty() {
        checks.length("[…]", "logEvents", n, 1, EVENTS_LIMIT);
    }
    let mut lines = Vec::with_capacity(n.min(EVENTS_LIMIT));
    for (i, event) in events.into_iter().enumerate().take(EVENTS_LIMIT) {
        // Only names of what is wrong are made into text.
        match (event.timestamp, event.message) {
            (Some(ms), Some(text)) if ms >= 0 && !text.is_empty() => lines.push((ms, text)),
            (ms, text) => {
                let member = format!("logEvents.{}.member", i + 1);
                let ms = checks.required(&format!("{member}.timestamp"), ms);
                checks.range(&format!("{member}.timestamp"), ms, 0, i64::MAX);
                if let Some(text) = checks.required(&format!("{member}.message"), text) {
                    checks.length("", &format!("{member}.message"), text.len(), 1, usize::MAX);
                }
            }
        }
        if checks.len() >= 10 {
            break;
        }
    }
    checks.finish()?;
    Ok(lines)
}

/// Which lines are kept, and why others are not. Lines are in order, so the refused ones are a
/// beginning and an end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Judged {
    kept: Range<usize>,
    too_old_end: Option<usize>,
    expired_end: Option<usize>,
    too_new_start: Option<usize>,
}

fn weight(events: &[Line<'_>]) -> usize {
    events
        .iter()
        .map(|(_, text)| text.len() + LINE_OVERHEAD)
        .sum()
}

/// `now_ms`, and from when on lines are kept, milliseconds.
fn judge(events: &[Line<'_>], now_ms: i64, expired_ms: Option<i64>) -> Result<Judged, Fail> {
    let bytes = weight(events);
    if bytes > BYTES_LIMIT {
        return Err(invalid(format!(
            "Upload too large: {bytes} bytes exceeds limit of {BYTES_LIMIT}"
        ))
        .reason(Reason::TooLarge));
    }
    if !events.is_sorted_by_key(|(ms, _)| *ms) {
        return Err(invalid(
            "Log events in a single PutLogEvents request must be in chronological order.",
        ));
    }
    let too_old = events.partition_point(|(ms, _)| *ms < now_ms - OLDEST_MS);
    let expired = expired_ms.map_or(0, |limit| events.partition_point(|(ms, _)| *ms < limit));
    let too_new = events.partition_point(|(ms, _)| *ms <= now_ms + NEWEST_MS);
    let first = too_old.max(expired).min(too_new);
    let kept = first..too_new;
    if let (Some(first), Some(last)) = (events[kept.clone()].first(), events[kept.clone()].last())
        && last.0 - first.0 > SPAN_MS
    {
        return Err(invalid(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
        ));
    }
    Ok(Judged {
        kept,
        too_old_end: Some(too_old).filter(|n| *n > 0),
        expired_end: Some(expired).filter(|n| *n > too_old),
        too_new_start: Some(too_new).filter(|n| *n < events.len()),
    })
}

impl Judged {
    fn reason(&self) -> Option<Reason> {
        match (self.too_old_end.or(self.expired_end), self.too_new_start) {
            (Some(_), _) => Some(Reason::TooOld),
            (None, Some(_)) => Some(Reason::TooNew),
            (None, None) => None,
        }
    }

    fn text(&self) -> String {
        let mut parts = Vec::new();
        if let Some(n) = self.too_old_end {
            parts.push(format!("{n} lines are older than 14 days"));
        }
        if let Some(n) = self.expired_end {
            parts.push(format!(
                "{n} lines are older than the retention of their group"
            ));
        }
        if let Some(n) = self.too_new_start {
            parts.push(format!(
                "lines from number {} on are more than 2 hours ahead",
                n + 1
            ));
        }
        parts.join("; ")
    }

    fn render(&self) -> Value {
        let mut out = serde_json::Map::new();
        for (name, index) in [
            ("tooOldLogEventEndIndex", self.too_old_end),
            ("expiredLogEventEndIndex", self.expired_end),
            ("tooNewLogEventStartIndex", self.too_new_start),
        ] {
            if let Some(index) = index {
                out.insert(name.into(), index.into());
            }
        }
        out.into()
    }
}

type Service = (String, Option<String>);

/// The service an entity names, or why the entity is not taken; its lines are taken all the same.
fn of_entity(entity: &Entity) -> (Option<Service>, Option<&'static str>) {
    const KEYS: [&str; 7] = [
        "Type",
        "ResourceType",
        "Identifier",
        "Name",
        "Environment",
        "AwsAccountId",
        "Namespace",
    ];
    const TYPES: [&str; 4] = ["Service", "RemoteService", "Resource", "AWS::Resource"];
    let keys = entity.key_attributes.clone().unwrap_or_default();
    let attributes = entity
        .attributes
        .as_ref()
        .map_or(0, std::collections::BTreeMap::len);
    let wrong = if keys.is_empty() || !keys.contains_key("Type") {
        Some("MissingRequiredFields")
    } else if keys.keys().any(|k| !KEYS.contains(&k.as_str())) {
        Some("InvalidKeyAttributes")
    } else if !TYPES.contains(&keys["Type"].as_str()) {
        Some("InvalidTypeValue")
    } else if attributes > 10 {
        Some("InvalidAttributes")
    } else {
        None
    };
    let is_service = keys.get("Type").is_some_and(|t| t.ends_with("Service"));
    match (wrong, keys.get("Name")) {
        (None, None) if is_service => (None, Some("MissingRequiredFields")),
        (None, Some(name)) if is_service => {
            (Some((name.clone(), keys.get("Environment").cloned())), None)
        }
        (wrong, _) => (None, wrong),
    }
}

#[cfg(test)]
mod tests;
