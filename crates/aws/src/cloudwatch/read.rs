//! `GetLogEvents` and `FilterLogEvents` (cloudwatch.md §5.7, §5.8).

use super::check::{self, Checks, bad_token, invalid};
use super::pattern::Pattern;
use super::place::{self, Cursor, event_id};
use super::wire;
use crate::wire::{Call, Fail, Reply};
use engine::logs::STREAM_FIELD;
use engine::query::log_rows::{LogAsk, LogLine, LogPage, Matcher, Place, Streams};
use event::EventId;
use serde_json::{Value, json};
use std::sync::Arc;

/// Most lines of a page.
const PAGE: i64 = 10_000;
/// Most bytes of a page.
const PAGE_BYTES: usize = 1 << 20;
/// Most streams named in a question.
const STREAMS_LIMIT: usize = 100;

async fn page(call: &Call, ask: &LogAsk) -> Result<LogPage, Fail> {
    let page = call.engine.querier().log_lines(ask).await;
    page.map_err(|e| Fail::of_query(call.service, &e))
}

/// What passes a pattern, on the threads of questions; none: everything.
pub(super) fn matcher(pattern: Option<&str>) -> Result<Option<Matcher>, Fail> {
    let pattern =
        Pattern::parse(pattern.unwrap_or_default()).map_err(|e| invalid(e.to_string()))?;
    Ok(match pattern.is_everything() {
        true => None,
        false => Some(Arc::new(move |line| pattern.matches(line))),
    })
}

pub(super) async fn get(call: &Call) -> Result<Reply, Fail> {
    let input: wire::GetLogEvents = call.input()?;
    let name = check::one_group(input.log_group_name, input.log_group_identifier)?;
    let stream = check::stream_name(input.log_stream_name)?;
    let mut checks = Checks::default();
    checks.range("limit", input.limit, 1, PAGE);
    checks.range("startTime", input.start_time, 0, i64::MAX);
    checks.range("endTime", input.end_time, 0, i64::MAX);
    checks.finish()?;
    let group = check::group(call, &name)?;
    let known = call.engine.logs().stream(call.grant.env(), &name, &stream);
    known.map_err(|e| check::of_catalog(&e, ""))?;
    let cursor = match input.next_token.as_deref() {
        Some(token) => Some(Cursor::parse(token)?),
        None => None,
    };
    let backwards = match cursor {
        Some(cursor) => cursor.backwards,
        None => !input.start_from_head.unwrap_or(false),
    };
    let ask = LogAsk {
        env: call.grant.env(),
        dataset: group.slug.to_string(),
        stream_field: STREAM_FIELD,
        streams: Streams::Named(vec![stream]),
        range: check::range(input.start_time, input.end_time),
        beyond: cursor.map(|c| c.place),
        backwards,
        matcher: None,
        limit: usize::try_from(input.limit.unwrap_or(PAGE)).unwrap_or(1),
        bytes: PAGE_BYTES,
    };
    let mut lines = page(call, &ask).await?.lines;
    if backwards {
        lines.reverse();
    }
    let (back, forward) = ends(&lines, cursor);
    let events: Vec<Value> = lines
        .iter()
        .map(|l| {
            json!({
                "timestamp": l.place.ts_ns / place::MS,
                "message": l.message,
                "ingestionTime": l.ingested_ms,
            })
        })
        .collect();
    Ok(Reply::Json(json!({
        "events": events,
        "nextForwardToken": forward.render(),
        "nextBackwardToken": back.render(),
    })))
}

/// The tokens of a page: around its lines, or where the page would have been. A page that found
/// nothing gives back the token it was asked with: that is how clients know the end.
fn ends(lines: &[LogLine], cursor: Option<Cursor>) -> (Cursor, Cursor) {
    let cursor_at = |backwards, place| Cursor { backwards, place };
    let start = Place {
        ts_ns: 0,
        event_id: EventId([0; 16]),
    };
    match (lines.first(), lines.last(), cursor) {
        (Some(first), Some(last), _) => {
            (cursor_at(true, first.place), cursor_at(false, last.place))
        }
        (_, _, Some(asked)) if asked.backwards => {
            (asked, cursor_at(false, place::before(asked.place)))
        }
        (_, _, Some(asked)) => (cursor_at(true, place::after(asked.place)), asked),
        (_, _, None) => (cursor_at(true, start), cursor_at(false, start)),
    }
}

pub(super) async fn filter(call: &Call) -> Result<Reply, Fail> {
    let input: wire::FilterLogEvents = call.input()?;
    let name = check::one_group(input.log_group_name, input.log_group_identifier)?;
    let mut checks = Checks::default();
    checks.range("limit", input.limit, 1, PAGE);
    checks.range("startTime", input.start_time, 0, i64::MAX);
    checks.range("endTime", input.end_time, 0, i64::MAX);
    let pattern = input.filter_pattern.unwrap_or_default();
    let shown: String = pattern.chars().take(64).collect();
    let characters = pattern.chars().count();
    checks.length(
        &shown,
        "filterPattern",
        characters,
        0,
        super::pattern::LENGTH_LIMIT,
    );
    if let Some(names) = &input.log_stream_names {
        checks.length("[…]", "logStreamNames", names.len(), 1, STREAMS_LIMIT);
    }
    checks.finish()?;
    let group = check::group(call, &name)?;
    let streams = match (input.log_stream_names, input.log_stream_name_prefix) {
        (Some(_), Some(_)) => {
            return Err(invalid(
                "logStreamNames and logStreamNamePrefix are mutually exclusive parameters.",
            ));
        }
        (Some(names), None) => {
            for stream in &names {
                let known = call.engine.logs().stream(call.grant.env(), &name, stream);
                known.map_err(|e| check::of_catalog(&e, ""))?;
            }
            Streams::Named(names)
        }
        (None, Some(prefix)) => Streams::Prefix(prefix),
        (None, None) => Streams::All,
    };
    let backwards = !input.start_from_head.unwrap_or(true);
    let question = format!(
        "filter\n{name}\n{streams:?}\n{:?}\n{:?}\n{pattern}\n{backwards}",
        input.start_time, input.end_time
    );
    let now = call.engine.now();
    let beyond = match &input.next_token {
        Some(token) => {
            let position = place::position(now, &question, token)?;
            Some(place::parse_event_id(&position).ok_or_else(bad_token)?)
        }
        None => None,
    };
    // The end is inclusive here.
    let end = input.end_time.map(|ms| ms.saturating_add(1));
    let ask = LogAsk {
        env: call.grant.env(),
        dataset: group.slug.to_string(),
        stream_field: STREAM_FIELD,
        streams,
        range: check::range(input.start_time, end),
        beyond,
        backwards,
        matcher: matcher(Some(&pattern))?,
        limit: usize::try_from(input.limit.unwrap_or(PAGE)).unwrap_or(1),
        bytes: PAGE_BYTES,
    };
    let page = page(call, &ask).await?;
    let events: Vec<Value> = page
        .lines
        .iter()
        .map(|l| {
            json!({
                "logStreamName": l.stream,
                "timestamp": l.place.ts_ns / place::MS,
                "message": l.message,
                "ingestionTime": l.ingested_ms,
                "eventId": event_id(l.place),
            })
        })
        .collect();
    let mut answer = json!({ "events": events, "searchedLogStreams": [] });
    if let (true, Some(last)) = (page.more, page.lines.last()) {
        answer["nextToken"] = place::token(now, &question, &event_id(last.place)).into();
    }
    Ok(Reply::Json(answer))
}
