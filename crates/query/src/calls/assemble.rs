//! One trace from its rows.

use super::node;
use super::{Call, Node, Reach, TraceCalls};
use crate::answer::Cell;
use crate::whole::Whole;
use event::{SpanId, TraceId};
use hashbrown::HashMap;
use std::sync::Arc;

/// How long a callee that should report is waited for before it is put in as inferred, nanoseconds.
const GRACE_NS: i64 = 60_000_000_000;

/// Fields of an exception.
const EXCEPTION: [&str; 3] = [
    "exception.type",
    "exception.message",
    "exception.stacktrace",
];

/// Puts a trace together. Rows that are no span are passed over.
#[must_use]
pub(crate) fn assemble_rows(id: TraceId, rows: Vec<Whole>, now: i64) -> TraceCalls {
    let (events, spans): (Vec<Whole>, Vec<Whole>) = rows
        .into_iter()
        .partition(|r| r.fields.contains_key(event::field::META_ANNOTATION_TYPE));
    let mut calls: Vec<Call> = spans.into_iter().filter_map(of_row).collect();
    take_exceptions(&mut calls, &events);
    assemble(id, calls, now)
}

/// Spans of OpenTelemetry tell their exceptions as events of their own.
fn take_exceptions(calls: &mut [Call], events: &[Whole]) {
    for event in events {
        let Some(kind) = event.fields.get(EXCEPTION[0]) else {
            continue;
        };
        let owner = calls
            .iter_mut()
            .find(|c| Some(c.span_id) == event.parent_id && !c.fields.contains_key(EXCEPTION[0]));
        if let Some(call) = owner {
            let fields = Arc::make_mut(&mut call.fields);
            fields.insert(EXCEPTION[0].to_owned(), kind.clone());
            for name in &EXCEPTION[1..] {
                if let Some(cell) = event.fields.get(*name) {
                    fields.insert((*name).to_owned(), cell.clone());
                }
            }
        }
    }
}

/// Puts a trace together from its calls as they arrived, in any order, some of them twice: links them,
/// and adds what follows from them.
#[must_use]
pub fn assemble(id: TraceId, arrived: Vec<Call>, now: i64) -> TraceCalls {
    let mut calls = newest_fragments(arrived);
    calls.sort_by_key(|c| (c.start_ns, c.parent_id.is_some(), c.span_id.0));
    link(&mut calls);
    resolve_causes(&mut calls);
    find_segments(&mut calls);
    infer(id, &mut calls, now);
    let (start_ns, end_ns) = (
        calls.iter().map(|c| c.start_ns).min().unwrap_or_default(),
        calls.iter().map(Call::end_ns).max().unwrap_or_default(),
    );
    let tops = || (0..calls.len()).filter(|i| calls[*i].parent.is_none());
    let root = tops()
        .find(|i| calls[*i].is_segment())
        .or_else(|| tops().next());
    TraceCalls {
        id,
        root,
        start_ns,
        end_ns,
        received_ms: 0,
        calls,
    }
}

fn of_row(row: Whole) -> Option<Call> {
    let span_id = row.span_id?;
    let source = node::text(&row.fields, event::META_SOURCE).map(Arc::<str>::from);
    let is_xray = source.as_deref() == Some("xray");
    let flags = node::flags(&row.fields, is_xray, row.status.as_deref());
    let reach = node::reach(&row.fields, is_xray, row.kind.as_deref());
    Some(Call {
        span_id,
        parent_id: row.parent_id,
        parent: None,
        children: Vec::new(),
        segment: None,
        node: None,
        inferred: false,
        reach,
        name: row.name.unwrap_or_default(),
        start_ns: row.ts,
        duration_ns: row.duration_ns,
        flags,
        dataset: row.dataset.into(),
        source,
        event_id: Some(row.event_id),
        fields: Arc::new(row.fields),
    })
}

/// Of the fragments of one span, the finished one counts, of several the one that ended last; what is
/// still in progress never replaces what has ended (xray.md §2.8).
fn newest_fragments(arrived: Vec<Call>) -> Vec<Call> {
    let mut kept: HashMap<SpanId, Call> = HashMap::with_capacity(arrived.len());
    for call in arrived {
        let rank = |c: &Call| (c.duration_ns.is_some(), c.end_ns());
        match kept.get_mut(&call.span_id) {
            Some(other) if rank(other) >= rank(&call) => {}
            Some(other) => *other = call,
            None => drop(kept.insert(call.span_id, call)),
        }
    }
    kept.into_values().collect()
}

fn link(calls: &mut [Call]) {
    let places: HashMap<SpanId, usize> = calls
        .iter()
        .enumerate()
        .map(|(i, c)| (c.span_id, i))
        .collect();
    for i in 0..calls.len() {
        let Some(parent) = calls[i].parent_id.and_then(|p| places.get(&p).copied()) else {
            continue;
        };
        // Ids come from outside: a circle of parents is cut where it closes.
        if !is_above(calls, i, parent) {
            calls[i].parent = Some(parent);
            calls[parent].children.push(i);
        }
    }
}

/// Whether `above` is `call` or one of the callers of `from`.
fn is_above(calls: &[Call], above: usize, from: usize) -> bool {
    let mut at = Some(from);
    while let Some(i) = at {
        if i == above {
            return true;
        }
        at = calls[i].parent;
    }
    false
}

/// An exception that was recorded in another fragment is told by its id: copies what it says.
fn resolve_causes(calls: &mut [Call]) {
    let recorded: HashMap<String, usize> = calls
        .iter()
        .enumerate()
        .filter_map(|(i, c)| Some((c.text("aws.xray.exception.id")?.to_owned(), i)))
        .collect();
    for i in 0..calls.len() {
        let cause = calls[i].text("aws.xray.cause");
        let Some(from) = cause.and_then(|c| recorded.get(c).copied()) else {
            continue;
        };
        if from == i || calls[i].fields.contains_key("exception.type") {
            continue;
        }
        let copied: Vec<(String, Cell)> = EXCEPTION
            .iter()
            .filter_map(|n| Some(((*n).to_owned(), calls[from].fields.get(*n)?.clone())))
            .collect();
        Arc::make_mut(&mut calls[i].fields).extend(copied);
    }
}

/// Which calls are segments, and which segment every call is part of.
fn find_segments(calls: &mut [Call]) {
    for i in 0..calls.len() {
        calls[i].node = segment_node(calls, i);
    }
    // Parents need not come first: walk up until something known.
    for i in 0..calls.len() {
        let mut path = Vec::new();
        let mut at = Some(i);
        let found = loop {
            let Some(c) = at else { break None };
            if calls[c].is_segment() {
                break Some(c);
            }
            if calls[c].segment.is_some() {
                break calls[c].segment;
            }
            path.push(c);
            at = calls[c].parent;
        };
        for c in path {
            calls[c].segment = found;
        }
        if calls[i].is_segment() {
            calls[i].segment = Some(i);
        }
    }
}

fn segment_node(calls: &[Call], i: usize) -> Option<Node> {
    let call = &calls[i];
    let service = call.text("service.name");
    if call.source.as_deref() == Some("xray") {
        let is_part = call.fields.contains_key("aws.xray.subsegment");
        return (!is_part).then(|| node::own(&call.fields, service.unwrap_or(&call.name), true));
    }
    let service = service?;
    let starts = match call.parent {
        // Whoever has lost its caller stands for its service.
        None => true,
        Some(p) => {
            let parent = &calls[p];
            let elsewhere = parent.text("service.name") != Some(service);
            let serves = matches!(call.text("span.kind"), Some("server" | "consumer"));
            elsewhere || (serves && parent.reach != Reach::Local)
        }
    };
    starts.then(|| node::own(&call.fields, service, false))
}

/// Puts in the callees that did not report: one for each call that leaves its service and is answered by
/// no segment (xray.md §8.1).
fn infer(id: TraceId, calls: &mut Vec<Call>, now: i64) {
    let leaving: Vec<usize> = (0..calls.len())
        .filter(|i| {
            let c = &calls[*i];
            c.reach != Reach::Local
                && !c.is_segment()
                && !c.children.iter().any(|child| calls[*child].is_segment())
                && !is_awaited(c, now)
        })
        .collect();
    for i in leaving {
        let caller = &calls[i];
        let is_xray = caller.source.as_deref() == Some("xray");
        let place = calls.len();
        let inferred = Call {
            span_id: inferred_id(id, caller.span_id),
            parent_id: Some(caller.span_id),
            parent: Some(i),
            children: Vec::new(),
            segment: Some(place),
            node: Some(node::callee(
                &caller.fields,
                &caller.name,
                is_xray,
                caller.reach,
            )),
            inferred: true,
            event_id: None,
            ..caller.clone()
        };
        calls.push(inferred);
        calls[i].children.push(place);
    }
}

/// Whether the callee said it would report, and may still do so.
fn is_awaited(call: &Call, now: i64) -> bool {
    matches!(call.fields.get("aws.xray.traced"), Some(Cell::Bool(true)))
        && now.saturating_sub(call.end_ns()) < GRACE_NS
}

fn inferred_id(trace: TraceId, caller: SpanId) -> SpanId {
    let mut bytes = [0u8; 24];
    bytes[..16].copy_from_slice(&trace.0);
    bytes[16..].copy_from_slice(&caller.0);
    SpanId(xxhash_rust::xxh3::xxh3_64(&bytes).to_be_bytes())
}
