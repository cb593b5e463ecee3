//! `GetTraceSummaries`, `BatchGetTraces`.

use super::input::{Time, find_group, invalid, range, seconds};
use crate::wire::{Call, Fail, Reply, Service};
use crate::xray::filter::{self, Expr, matches, sieve};
use crate::xray::render::summary::{summary, trace_id};
use crate::xray::render::{causes, document};
use engine::query::Scope;
use engine::query::calls::{CallsAsk, CallsRead, TimeOf, TraceCalls};
use event::TraceId;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// Summaries of a page.
const PAGE: usize = 250;
/// Traces looked at for a page, at most: a page of an expression that finds little ends all the same.
const LOOKED_AT: usize = 20_000;
/// Ids of a call.
const IDS: usize = 100;
/// Traces of a page of documents.
const TRACES: usize = 10;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Summaries {
    start_time: Option<Time>,
    end_time: Option<Time>,
    #[serde(default)]
    time_range_type: Option<String>,
    #[serde(default)]
    sampling: Option<bool>,
    #[serde(default)]
    sampling_strategy: Option<Strategy>,
    #[serde(default)]
    filter_expression: Option<String>,
    #[serde(default)]
    next_token: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Strategy {
    name: Option<String>,
    value: Option<f64>,
}

/// The share of traces wanted, 0 to 1.
fn share(sampling: Option<bool>, strategy: Option<&Strategy>) -> Result<f64, Fail> {
    // Sampling lets AWS leave traces out when there are many; we need not.
    let _ = sampling;
    let Some(strategy) = strategy else {
        return Ok(1.0);
    };
    match strategy.name.as_deref() {
        Some("FixedRate") => match strategy.value.unwrap_or(1.0) {
            v if (0.0..=1.0).contains(&v) => Ok(v),
            v => Err(invalid(format!(
                "SamplingStrategy.Value is 0 to 1, not {v}"
            ))),
        },
        None | Some("PartialScan") => Ok(1.0),
        Some(other) => Err(invalid(format!(
            "SamplingStrategy.Name is PartialScan or FixedRate, not {other}"
        ))),
    }
}

/// Whether a trace is in a share: the same ones on every page.
fn is_in_share(id: TraceId, share: f64) -> bool {
    if share >= 1.0 {
        return true;
    }
    let low: [u8; 4] = std::array::from_fn(|i| id.0[12 + i]);
    f64::from(u32::from_be_bytes(low)) < share * f64::from(u32::MAX)
}

/// Reads an expression over the environment's groups.
pub(super) fn expression(call: &Call, text: &str) -> Result<Expr, Fail> {
    let groups = call.engine.sampling().groups(call.grant.env());
    filter::compile(text, &groups).map_err(|e| invalid(e.to_string()))
}

/// The expression of a group given by name or resource name; none: every trace.
pub(super) fn group_expression(
    call: &Call,
    name: Option<&str>,
    arn: Option<&str>,
) -> Result<Expr, Fail> {
    if name.is_none() && arn.is_none() {
        return expression(call, "");
    }
    let group = find_group(call, name, arn)?;
    expression(call, &group.expression)
}

pub(super) fn scope(call: &Call) -> Scope {
    Scope {
        env: call.grant.env(),
        dataset: None,
    }
}

pub(super) async fn read(call: &Call, ask: CallsAsk) -> Result<CallsRead, Fail> {
    let read = call.engine.querier().calls(&scope(call), ask).await;
    read.map_err(|e| Fail::of_query(Service::Xray, &e))
}

pub(super) async fn summaries(call: &Call) -> Result<Reply, Fail> {
    let input: Summaries = call.input()?;
    let (start, end) = range(input.start_time.as_ref(), input.end_time.as_ref())?;
    let time = match input.time_range_type.as_deref() {
        None | Some("TraceId") => TimeOf::Start,
        Some("Event") => TimeOf::Arrival,
        Some("Service") => TimeOf::SegmentEnd,
        Some(other) => {
            return Err(invalid(format!(
                "TimeRangeType is TraceId, Event or Service, not {other}"
            )));
        }
    };
    let share = share(input.sampling, input.sampling_strategy.as_ref())?;
    let expr = expression(call, input.filter_expression.as_deref().unwrap_or_default())?;
    let mut after = token(input.next_token.as_deref())?;
    let sieve = sieve(&expr);
    let mut list: Vec<Value> = Vec::new();
    let mut looked_at = 0;
    let next = loop {
        let ask = CallsAsk {
            range: (start, end),
            time,
            sieve: sieve.clone(),
            after,
            limit: PAGE,
        };
        let read = read(call, ask).await?;
        looked_at += read.looked_at;
        for trace in &read.traces {
            if is_in_share(trace.id, share) && matches(&expr, trace) {
                list.push(summary(trace, matched(trace, time, (start, end))));
            }
        }
        after = read.next;
        if after.is_none() || list.len() >= PAGE || looked_at >= LOOKED_AT {
            break after;
        }
    };
    let mut out = Map::new();
    out.insert("TraceSummaries".into(), list.into());
    out.insert("ApproximateTime".into(), json!(seconds(end)));
    out.insert("TracesProcessedCount".into(), looked_at.into());
    if let Some((at, id)) = next {
        let token = format!("{at}.{}", hex::encode(id.0));
        out.insert("NextToken".into(), token.into());
    }
    Ok(Reply::Json(out.into()))
}

/// When what put a trace into the range happened.
fn matched(trace: &TraceCalls, time: TimeOf, range: (i64, i64)) -> Option<i64> {
    match time {
        TimeOf::Start => None,
        TimeOf::Arrival => Some(trace.received_ms.saturating_mul(1_000_000)),
        TimeOf::SegmentEnd => trace
            .segments()
            .map(|i| trace.calls[i].end_ns())
            .filter(|at| (range.0..range.1).contains(at))
            .max(),
    }
}

fn token(text: Option<&str>) -> Result<Option<(i64, TraceId)>, Fail> {
    let Some(text) = text.filter(|t| !t.is_empty()) else {
        return Ok(None);
    };
    let read = text.split_once('.').and_then(|(at, id)| {
        let mut bytes = [0u8; 16];
        hex::decode_to_slice(id, &mut bytes).ok()?;
        Some((at.parse().ok()?, TraceId(bytes)))
    });
    match read {
        Some(after) => Ok(Some(after)),
        None => Err(invalid("NextToken is none of ours")),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Ids {
    trace_ids: Vec<String>,
    #[serde(default)]
    next_token: Option<String>,
}

impl Ids {
    /// What was asked, and which ids that means; those that are none mean nothing.
    pub(super) fn read(&self) -> Result<Vec<(&str, Option<TraceId>)>, Fail> {
        if self.trace_ids.len() > IDS {
            return Err(invalid(format!("at most {IDS} TraceIds a call")));
        }
        Ok(self
            .trace_ids
            .iter()
            .map(|text| (text.as_str(), TraceId::parse(text)))
            .collect())
    }
}

pub(super) async fn batch_get(call: &Call) -> Result<Reply, Fail> {
    let input: Ids = call.input()?;
    let asked = input.read()?;
    let from: usize = match input.next_token.as_deref().filter(|t| !t.is_empty()) {
        None => 0,
        Some(t) => t
            .parse()
            .map_err(|_| invalid("NextToken is none of ours"))?,
    };
    let page: Vec<_> = asked.iter().skip(from).take(TRACES).collect();
    let ids: Vec<TraceId> = page.iter().filter_map(|(_, id)| *id).collect();
    let env = call.grant.env();
    let query = call.engine.querier();
    let of_query = |e| Fail::of_query(Service::Xray, &e);
    let traces = query.calls_of(env, ids.clone()).await.map_err(of_query)?;
    let kept = query.trace_documents(env, ids).await.map_err(of_query)?;
    let found: HashMap<TraceId, &TraceCalls> = traces.iter().map(|t| (t.id, t)).collect();
    let (mut list, mut unprocessed) = (Vec::new(), Vec::new());
    for (text, id) in page {
        let Some(trace) = id.and_then(|id| found.get(&id)) else {
            unprocessed.push(*text);
            continue;
        };
        let own: Vec<_> = kept
            .iter()
            .filter(|d| d.trace_id == trace.id)
            .cloned()
            .collect();
        let segments: Vec<Value> = document::documents(trace, &own)
            .into_iter()
            .map(|(id, document)| json!({"Id": id, "Document": document}))
            .collect();
        list.push(json!({
            "Id": trace_id(trace.id),
            "Duration": causes::seconds(trace.end_ns - trace.start_ns),
            "LimitExceeded": false,
            "Segments": segments,
        }));
    }
    let mut out = Map::new();
    out.insert("Traces".into(), list.into());
    out.insert("UnprocessedTraceIds".into(), json!(unprocessed));
    if from + TRACES < asked.len() {
        out.insert("NextToken".into(), (from + TRACES).to_string().into());
    }
    Ok(Reply::Json(out.into()))
}

#[cfg(test)]
mod tests;
