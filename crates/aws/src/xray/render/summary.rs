//! Trace summaries (xray.md §8.5).

use super::{causes, service_id};
use crate::xray::document::Members;
use engine::query::Cell;
use engine::query::calls::{Call, TraceCalls};
use engine::query::notions::Notion;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The id as X-Ray's surfaces write it.
#[must_use]
pub(crate) fn trace_id(id: event::TraceId) -> String {
    let hex = hex::encode(id.0);
    format!("1-{}-{}", &hex[..8], &hex[8..])
}

fn text(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Text(t) => Some(t.clone()),
        Cell::Int(i) => Some(i.to_string()),
        _ => None,
    }
}

fn notion(call: &Call, notion: Notion) -> Option<Cell> {
    notion.of_row(&call.fields)
}

/// `matched_ns`: the event's time, for ranges that ask for it.
pub(crate) fn summary(trace: &TraceCalls, matched_ns: Option<i64>) -> Value {
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| drop(out.insert(name.to_owned(), value));
    let root = trace.root();
    let flags = root.map(|r| r.flags).unwrap_or_default();
    put("Id", trace_id(trace.id).into());
    put("StartTime", json!(causes::seconds(trace.start_ns)));
    put(
        "Duration",
        json!(causes::seconds(trace.end_ns - trace.start_ns)),
    );
    if let Some(seconds) = root.and_then(Call::seconds) {
        put("ResponseTime", json!(seconds));
    }
    put("HasFault", flags.fault.into());
    put("HasError", flags.error.into());
    let throttle = trace.calls.iter().any(|c| c.flags.throttle);
    put("HasThrottle", throttle.into());
    put("IsPartial", trace.is_partial().into());
    put("Http", http(root).into());
    put("Annotations", annotations(trace).into());
    put("Users", users(trace).into());
    let ids: BTreeSet<_> = trace
        .segments()
        .filter_map(|i| trace.calls[i].node.clone())
        .collect();
    let ids: Vec<Value> = ids.iter().map(|n| service_id(n).into()).collect();
    put("ServiceIds", ids.into());
    for (name, member, field) in [
        ("ResourceARNs", "ARN", "aws.xray.resource_arn"),
        ("InstanceIds", "Id", "host.id"),
        ("AvailabilityZones", "Name", "cloud.availability_zone"),
    ] {
        let distinct: BTreeSet<&str> = trace.calls.iter().filter_map(|c| c.text(field)).collect();
        let list: Vec<Value> = distinct.iter().map(|t| json!({member: t})).collect();
        put(name, list.into());
    }
    if let Some(node) = root.and_then(|r| r.node.as_ref()) {
        put("EntryPoint", service_id(node).into());
    }
    let list = |causes: Vec<causes::Cause>| -> Value {
        causes
            .iter()
            .map(causes::Cause::json)
            .collect::<Vec<_>>()
            .into()
    };
    put("FaultRootCauses", list(causes::faults(trace)));
    put("ErrorRootCauses", list(causes::errors(trace)));
    put(
        "ResponseTimeRootCauses",
        list(causes::response_times(trace)),
    );
    put(
        "Revision",
        trace.calls.iter().filter(|c| !c.inferred).count().into(),
    );
    if let Some(ns) = matched_ns {
        put("MatchedEventTime", json!(causes::seconds(ns)));
    }
    out.into()
}

/// Always an object: clients read it without looking.
fn http(root: Option<&Call>) -> Map<String, Value> {
    let mut out = Map::new();
    let Some(root) = root else { return out };
    for (name, of) in [
        ("HttpURL", Notion::Url),
        ("HttpMethod", Notion::Method),
        ("UserAgent", Notion::UserAgent),
        ("ClientIp", Notion::ClientAddress),
    ] {
        if let Some(value) = notion(root, of).as_ref().and_then(text) {
            out.insert(name.into(), value.into());
        }
    }
    let status = notion(root, Notion::Status).as_ref().and_then(text);
    if let Some(status) = status.and_then(|s| s.parse::<i64>().ok()) {
        out.insert("HttpStatus".into(), status.into());
    }
    out
}

fn service_ids(trace: &TraceCalls, call: &Call) -> Vec<Value> {
    call.segment
        .and_then(|s| trace.calls[s].node.as_ref())
        .map(|n| service_id(n).into())
        .into_iter()
        .collect()
}

/// Values of each annotation, each value once with the services that set it.
fn annotations(trace: &TraceCalls) -> Map<String, Value> {
    let mut found: BTreeMap<String, Vec<(Value, Vec<Value>)>> = BTreeMap::new();
    for call in trace.calls.iter().filter(|c| !c.inferred) {
        let Some(names) = call.text("aws.xray.annotations") else {
            continue;
        };
        for name in serde_json::from_str::<Vec<String>>(names).unwrap_or_default() {
            let own = format!("annotation.{name}");
            let cell = call.fields.get(&own).or_else(|| call.fields.get(&name));
            let value = match cell {
                Some(Cell::Text(t)) => json!({"StringValue": t}),
                Some(Cell::Int(i)) => json!({"NumberValue": i}),
                Some(Cell::Float(x)) => json!({"NumberValue": x}),
                Some(Cell::Bool(b)) => json!({"BooleanValue": b}),
                _ => continue,
            };
            let values = found.entry(name).or_default();
            let ids = service_ids(trace, call);
            match values.iter_mut().find(|(v, _)| *v == value) {
                Some((_, services)) => {
                    let new = ids.into_iter().filter(|i| !services.contains(i));
                    let new: Vec<Value> = new.collect();
                    services.extend(new);
                }
                None => values.push((value, ids)),
            }
        }
    }
    found
        .into_iter()
        .map(|(name, values)| {
            let values: Vec<Value> = values
                .into_iter()
                .map(|(value, ids)| json!({"AnnotationValue": value, "ServiceIds": ids}))
                .collect();
            (name, values.into())
        })
        .collect()
}

fn users(trace: &TraceCalls) -> Vec<Value> {
    let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for call in trace.calls.iter().filter(|c| !c.inferred) {
        if let Some(user) = notion(call, Notion::User).as_ref().and_then(text) {
            let services = found.entry(user).or_default();
            for id in service_ids(trace, call) {
                if !services.contains(&id) {
                    services.push(id);
                }
            }
        }
    }
    found
        .into_iter()
        .map(|(user, ids)| json!({"UserName": user, "ServiceIds": ids}))
        .collect()
}

/// Members of a document, for those who have its text.
pub(crate) fn members(text: &str) -> Option<Members<'_>> {
    serde_json::from_str(text).ok()
}
