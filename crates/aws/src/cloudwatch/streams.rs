//! Streams: create, describe, delete (cloudwatch.md §5.2, 5.3, 5.5).

use super::check::{self, Checks, invalid};
use super::{place, wire};
use crate::wire::{Call, Fail, Reply};
use engine::logs::StreamInfo;
use serde_json::{Value, json};

/// Most streams of a page.
const PAGE: i64 = 50;

pub(super) fn create(call: &Call) -> Result<Reply, Fail> {
    let input: wire::Named = call.input()?;
    let group = check::group_name(input.log_group_name)?;
    let stream = check::stream_name(input.log_stream_name)?;
    check::group(call, &group)?;
    let (env, now) = (call.grant.env(), call.engine.now());
    let made = call.engine.logs().create_stream(env, &group, &stream, now);
    made.map_err(|e| check::of_catalog(&e, "The specified log stream already exists"))?;
    Ok(Reply::Empty)
}

pub(super) fn delete(call: &Call) -> Result<Reply, Fail> {
    let input: wire::Named = call.input()?;
    let group = check::group_name(input.log_group_name)?;
    let stream = check::stream_name(input.log_stream_name)?;
    check::group(call, &group)?;
    let deleted = call
        .engine
        .delete_log_stream(call.grant.env(), &group, &stream);
    deleted.map_err(|e| check::of_catalog(&e, ""))?;
    Ok(Reply::Empty)
}

pub(super) fn describe(call: &Call) -> Result<Reply, Fail> {
    let input: wire::DescribeLogStreams = call.input()?;
    if input.log_group_name.is_some() && input.log_group_identifier.is_some() {
        return Err(Fail::new(
            "ValidationException",
            "LogGroup name and LogGroup ARN are mutually exclusive parameters.",
        ));
    }
    let name = check::one_group(input.log_group_name, input.log_group_identifier)?;
    let mut checks = Checks::default();
    checks.range("limit", input.limit, 1, PAGE);
    let orders = ["LogStreamName", "LastEventTime"];
    checks.one_of("orderBy", input.order_by.as_deref(), &orders);
    checks.finish()?;
    let by_time = input.order_by.as_deref() == Some("LastEventTime");
    if by_time && input.log_stream_name_prefix.is_some() {
        return Err(invalid(
            "Cannot order by LastEventTime with a logStreamNamePrefix.",
        ));
    }
    check::group(call, &name)?;
    let ask = Ask {
        prefix: input.log_stream_name_prefix.unwrap_or_default(),
        by_time,
        descending: input.descending.unwrap_or(false),
        limit: usize::try_from(input.limit.unwrap_or(PAGE)).unwrap_or(1),
    };
    let question = format!(
        "streams\n{name}\n{}\n{by_time}\n{}",
        ask.prefix, ask.descending
    );
    let now = call.engine.now();
    let after = match &input.next_token {
        Some(token) => Some(place::position(now, &question, token)?),
        None => None,
    };
    let mut found = ask.list(call, &name, after.as_deref())?;
    let more = found.len() > ask.limit;
    found.truncate(ask.limit);
    let arn = check::group_arn(&call.region, &name);
    let mut answer = json!({
        "logStreams": found.iter().map(|s| render(&arn, s)).collect::<Vec<_>>(),
    });
    if let (true, Some(last)) = (more, found.last()) {
        answer["nextToken"] = place::token(now, &question, &ask.position(last)).into();
    }
    Ok(Reply::Json(answer))
}

/// Which streams, and in what order.
struct Ask {
    prefix: String,
    by_time: bool,
    descending: bool,
    limit: usize,
}

impl Ask {
    /// One stream more than a page, after the position.
    fn list(&self, call: &Call, group: &str, after: Option<&str>) -> Result<Vec<StreamInfo>, Fail> {
        let (logs, env, n) = (call.engine.logs(), call.grant.env(), self.limit + 1);
        let found = match (self.by_time, self.descending) {
            (false, false) => logs.streams(env, group, &self.prefix, after, n),
            (false, true) => logs.streams_backwards(env, group, &self.prefix, after, n),
            (true, descending) => logs.streams_by_last_line(env, group).map(|mut all| {
                // By time, then by name: a stream written meanwhile moves, and no other.
                let key =
                    |s: &StreamInfo| (s.written.map_or(-1, |w| w.last_ns), s.name.to_string());
                all.sort_by(|a, b| match descending {
                    true => key(b).cmp(&key(a)),
                    false => key(a).cmp(&key(b)),
                });
                let after = after.and_then(|a| {
                    let (ns, name) = a.split_once(' ')?;
                    Some((ns.parse::<i64>().ok()?, name.to_owned()))
                });
                all.retain(|s| {
                    after.as_ref().is_none_or(|a| match descending {
                        true => key(s) < *a,
                        false => key(s) > *a,
                    })
                });
                all.truncate(n);
                all
            }),
        };
        found.map_err(|e| check::of_catalog(&e, ""))
    }

    fn position(&self, stream: &StreamInfo) -> String {
        match self.by_time {
            true => format!(
                "{} {}",
                stream.written.map_or(-1, |w| w.last_ns),
                stream.name
            ),
            false => stream.name.to_string(),
        }
    }
}

fn render(group_arn: &str, stream: &StreamInfo) -> Value {
    let mut out = json!({
        "logStreamName": &*stream.name,
        "creationTime": stream.created_ns / place::MS,
        "arn": format!("{group_arn}:log-stream:{}", stream.name),
        "storedBytes": 0,
    });
    if let Some(written) = stream.written {
        out["firstEventTimestamp"] = (written.first_ns / place::MS).into();
        out["lastEventTimestamp"] = (written.last_ns / place::MS).into();
        out["lastIngestionTime"] = (written.ingested_ns / place::MS).into();
        out["uploadSequenceToken"] = sequence_token(written.ingested_ns).into();
    }
    out
}

/// A token clients may send back and nobody looks at: 56 digits, as clients have been seen to check.
pub(super) fn sequence_token(ns: i64) -> String {
    format!("49{ns:054}")
}
