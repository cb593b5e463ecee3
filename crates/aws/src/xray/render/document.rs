//! Documents of a trace for `BatchGetTraces` (xray.md §8.7).
//!
//! A document into which nothing had to be put is returned byte for byte. Otherwise it is written anew
//! from the text of its parts: subsegments that came on their own go where they belong, of fragments the
//! one that counts is taken. Spans of other sources are told as segments (xray.md §10.2), and callees that
//! reported nothing as segments marked `inferred`.

use super::summary::{members, trace_id};
use crate::xray::document::{Members, read};
use engine::query::Cell;
use engine::query::calls::{Call, Document, Reach, TraceCalls};
use engine::query::notions::Notion;
use event::{EventId, SpanId};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};

/// Members in the order they are written: name and JSON text.
type Text = Vec<(String, String)>;

/// (id, document) of each segment of the trace, by start.
pub(crate) fn documents(trace: &TraceCalls, kept: &[Document]) -> Vec<(String, String)> {
    let by_row: HashMap<EventId, &str> =
        kept.iter().map(|d| (d.event_id, d.text.as_str())).collect();
    let writer = Writer {
        trace,
        parts: parts(trace, kept),
    };
    let tops = (0..trace.calls.len()).filter(|i| {
        let c = &trace.calls[*i];
        c.is_segment() || c.parent.is_none()
    });
    let mut out: Vec<(i64, String, String)> = tops
        .map(|i| {
            let call = &trace.calls[i];
            let verbatim = call
                .event_id
                .and_then(|id| by_row.get(&id).copied())
                .filter(|text| writer.is_whole(i, text));
            let text = match verbatim {
                Some(text) => text.to_owned(),
                None if call.inferred => writer.inferred(i),
                None => writer.part(i, true),
            };
            (call.start_ns, call.span_id.to_string(), text)
        })
        .collect();
    out.sort_by_key(|(start, ..)| *start);
    out.into_iter().map(|(_, id, text)| (id, text)).collect()
}

/// The text of every (sub)segment that counts, by its id.
fn parts(trace: &TraceCalls, kept: &[Document]) -> HashMap<SpanId, String> {
    let ended: HashMap<SpanId, bool> = trace
        .calls
        .iter()
        .map(|c| (c.span_id, !c.in_progress()))
        .collect();
    let mut out: HashMap<SpanId, String> = HashMap::new();
    for document in kept {
        walk(&document.text, &mut |id, text, has_ended| {
            // Of several, one as far as the call that counts.
            let fits = ended.get(&id).is_some_and(|e| *e == has_ended);
            if fits || !out.contains_key(&id) {
                out.insert(id, text.to_owned());
            }
        });
    }
    out
}

fn walk(text: &str, found: &mut impl FnMut(SpanId, &str, bool)) {
    let Some(m) = members(text) else { return };
    let id = m
        .get("id")
        .and_then(|raw| serde_json::from_str::<String>(raw.get()).ok())
        .and_then(|id| SpanId::parse(&id));
    if let Some(id) = id {
        found(id, text, m.contains_key("end_time"));
    }
    for child in children(&m) {
        walk(child, found);
    }
}

fn children<'a>(m: &Members<'a>) -> Vec<&'a str> {
    m.get("subsegments")
        .and_then(|raw| serde_json::from_str::<Vec<&serde_json::value::RawValue>>(raw.get()).ok())
        .unwrap_or_default()
        .into_iter()
        .map(serde_json::value::RawValue::get)
        .collect()
}

struct Writer<'a> {
    trace: &'a TraceCalls,
    parts: HashMap<SpanId, String>,
}

impl Writer<'_> {
    /// Whether a document holds all that belongs into it, each part as it counts.
    fn is_whole(&self, top: usize, text: &str) -> bool {
        let Ok(document) = read(text) else {
            return false;
        };
        let inside: HashMap<SpanId, bool> = document
            .parts
            .iter()
            .map(|p| (p.span_id, p.end_ns.is_none()))
            .collect();
        let mut wanted = HashSet::new();
        self.inside(top, &mut wanted);
        wanted.iter().all(|i| {
            inside.get(&self.trace.calls[*i].span_id) == Some(&self.trace.calls[*i].in_progress())
        })
    }

    /// A call and what is inside of it, up to the next segments.
    fn inside(&self, at: usize, out: &mut HashSet<usize>) {
        if !out.insert(at) {
            return;
        }
        for child in &self.trace.calls[at].children {
            if !self.trace.calls[*child].is_segment() {
                self.inside(*child, out);
            }
        }
    }

    fn part(&self, i: usize, is_top: bool) -> String {
        let call = &self.trace.calls[i];
        let mut out: Text = match self.parts.get(&call.span_id).and_then(|t| members(t)) {
            Some(m) => own_members(&m, call.in_progress()),
            None => self.of_span(call),
        };
        if is_top {
            set(&mut out, "trace_id", json!(trace_id(self.trace.id)));
        }
        let inside: Vec<String> = call
            .children
            .iter()
            .filter(|c| !self.trace.calls[**c].is_segment())
            .map(|c| self.part(*c, false))
            .collect();
        if !inside.is_empty() {
            out.push(("subsegments".into(), format!("[{}]", inside.join(","))));
        }
        write(&out)
    }

    /// What a caller knows of a callee that reported nothing.
    fn inferred(&self, i: usize) -> String {
        let call = &self.trace.calls[i];
        let caller = call.parent.map(|p| &self.trace.calls[p]);
        let known = caller.map_or_else(Vec::new, |c| {
            match self.parts.get(&c.span_id).and_then(|t| members(t)) {
                Some(m) => own_members(&m, c.in_progress()),
                None => self.of_span(c),
            }
        });
        let mut out: Text = Vec::new();
        set(&mut out, "id", json!(call.span_id.to_string()));
        for name in ["name", "start_time", "end_time", "in_progress"] {
            out.extend(known.iter().filter(|(n, _)| n == name).cloned());
        }
        set(&mut out, "trace_id", json!(trace_id(self.trace.id)));
        if let Some(caller) = caller {
            set(&mut out, "parent_id", json!(caller.span_id.to_string()));
        }
        set(&mut out, "inferred", json!(true));
        for name in ["http", "aws", "sql", "error", "throttle", "fault", "cause"] {
            out.extend(known.iter().filter(|(n, _)| n == name).cloned());
        }
        let kind = call.node.as_ref().and_then(|n| n.kind.as_deref());
        if let Some(kind) = kind.filter(|k| *k != engine::query::calls::REMOTE) {
            set(&mut out, "origin", json!(kind));
        }
        write(&out)
    }

    /// A span of another source as a (sub)segment.
    fn of_span(&self, call: &Call) -> Text {
        let mut out: Text = Vec::new();
        set(&mut out, "id", json!(call.span_id.to_string()));
        let name = call.node.as_ref().map_or(call.name.as_str(), |n| &n.name);
        set(&mut out, "name", json!(name));
        out.push(("start_time".into(), decimal(call.start_ns)));
        match call.in_progress() {
            true => set(&mut out, "in_progress", json!(true)),
            false => out.push(("end_time".into(), decimal(call.end_ns()))),
        }
        if let Some(parent) = call.parent_id {
            set(&mut out, "parent_id", json!(parent.to_string()));
        }
        match call.is_segment() {
            true => {
                if let Some(kind) = call.node.as_ref().and_then(|n| n.kind.as_deref()) {
                    set(&mut out, "origin", json!(kind));
                }
            }
            false => set(&mut out, "type", json!("subsegment")),
        }
        match call.reach {
            Reach::Aws => set(&mut out, "namespace", json!("aws")),
            Reach::Remote => set(&mut out, "namespace", json!("remote")),
            Reach::Local => {}
        }
        for (name, is) in [
            ("error", call.flags.error),
            ("throttle", call.flags.throttle),
            ("fault", call.flags.fault),
        ] {
            if is {
                set(&mut out, name, json!(true));
            }
        }
        if let Some(http) = http(call) {
            set(&mut out, "http", http);
        }
        if let Some(user) = Notion::User.of_row(&call.fields) {
            set(&mut out, "user", json!(user));
        }
        if call.fields.contains_key("exception.type")
            || call.fields.contains_key("exception.message")
        {
            let exception = json!({
                "id": call.span_id.to_string(),
                "type": call.text("exception.type").unwrap_or_default(),
                "message": call.text("exception.message").unwrap_or_default(),
            });
            set(&mut out, "cause", json!({"exceptions": [exception]}));
        }
        let rest: serde_json::Map<String, Value> = call
            .fields
            .iter()
            .map(|(name, cell)| (name.clone(), json!(cell)))
            .collect();
        set(&mut out, "metadata", json!({"default": rest}));
        out
    }
}

fn http(call: &Call) -> Option<Value> {
    let mut request = serde_json::Map::new();
    for (name, notion) in [
        ("method", Notion::Method),
        ("url", Notion::Url),
        ("user_agent", Notion::UserAgent),
        ("client_ip", Notion::ClientAddress),
    ] {
        if let Some(Cell::Text(text)) = notion.of_row(&call.fields) {
            request.insert(name.into(), text.into());
        }
    }
    let status = Notion::Status.of_row(&call.fields);
    let mut out = serde_json::Map::new();
    if !request.is_empty() {
        out.insert("request".into(), request.into());
    }
    if let Some(status) = status {
        out.insert("response".into(), json!({"status": status}));
    }
    (!out.is_empty()).then(|| out.into())
}

/// A part's own members, without what is inside of it; what has ended does not say that it is not in
/// progress.
fn own_members(m: &Members<'_>, in_progress: bool) -> Text {
    m.iter()
        .filter(|(name, _)| *name != "subsegments" && (*name != "in_progress" || in_progress))
        .map(|(name, raw)| (name.clone().into_owned(), raw.get().to_owned()))
        .collect()
}

fn set(out: &mut Text, name: &str, value: Value) {
    let text = value.to_string();
    match out.iter_mut().find(|(n, _)| n == name) {
        Some((_, old)) => *old = text,
        None => out.push((name.to_owned(), text)),
    }
}

fn write(members: &Text) -> String {
    let members: Vec<String> = members
        .iter()
        .map(|(name, text)| format!("{}:{text}", json!(name)))
        .collect();
    format!("{{{}}}", members.join(","))
}

/// Nanoseconds as seconds with every digit.
fn decimal(ns: i64) -> String {
    let (whole, rest) = (ns.div_euclid(1_000_000_000), ns.rem_euclid(1_000_000_000));
    let text = format!("{whole}.{rest:09}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests;
