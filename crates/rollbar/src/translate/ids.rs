//! Ids of traces and spans an occurrence carries (rollbar.md §8.1).

use super::frames::{attribute, header};
use crate::json::Json;
use event::{SpanId, TraceId};

/// What was found: the pair that counts, and everything else worth keeping.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ids {
    /// The trace.
    pub trace: Option<TraceId>,
    /// The span in which it happened, or the caller's.
    pub span: Option<SpanId>,
    /// Further ids, as fields.
    pub others: Vec<(String, String)>,
}

const TRACE_KEYS: [&str; 8] = [
    "trace_id",
    "traceId",
    "otel.trace_id",
    "otelTraceID",
    "trace.trace_id",
    "opentracing_trace_id",
    "dd.trace_id",
    "trace",
];

const SPAN_KEYS: [&str; 8] = [
    "span_id",
    "spanId",
    "otel.span_id",
    "otelSpanID",
    "trace.span_id",
    "opentracing_span_id",
    "dd.span_id",
    "span",
];

/// Looks in the order of the specification; the first trace id wins, with the span id of its place.
#[must_use]
pub fn find(data: &Json) -> Ids {
    let mut hits: Vec<(TraceId, Option<SpanId>)> = Vec::new();
    let mut add = |trace: Option<TraceId>, span: Option<SpanId>| {
        if let Some(trace) = trace {
            hits.push((trace, span));
        }
    };
    add(
        attribute(data, "trace_id").as_deref().and_then(trace_id),
        attribute(data, "span_id").as_deref().and_then(span_id),
    );
    let places = [
        data.get("custom"),
        Some(data),
        data.at("body.message"),
        data.at("body.message.extra"),
        data.at("body.trace.extra"),
        data.at("body.trace_chain.0.extra"),
    ];
    for place in places.into_iter().flatten() {
        let value = |keys: &[&str]| keys.iter().find_map(|k| direct(place, k));
        add(
            value(&TRACE_KEYS).as_deref().and_then(trace_id),
            value(&SPAN_KEYS).as_deref().and_then(span_id),
        );
    }
    if let Some((trace, span)) = header(data, "traceparent").as_deref().and_then(traceparent) {
        add(Some(trace), Some(span));
    }
    if let Some((trace, span)) = header(data, "x-amzn-trace-id").as_deref().and_then(amazon) {
        add(Some(trace), span);
    }
    let b3 = header(data, "b3").and_then(|b3| {
        let mut parts = b3.split('-');
        let trace = parts.next().and_then(trace_id)?;
        Some((trace, parts.next().and_then(span_id)))
    });
    if let Some((trace, span)) = b3 {
        add(Some(trace), span);
    }
    add(
        header(data, "x-b3-traceid").as_deref().and_then(trace_id),
        header(data, "x-b3-spanid").as_deref().and_then(span_id),
    );
    let cloud = header(data, "x-cloud-trace-context");
    add(
        cloud
            .as_deref()
            .and_then(|c| trace_id(c.split('/').next()?)),
        None,
    );
    for path in [
        "server.env._X_AMZN_TRACE_ID",
        "server.context._X_AMZN_TRACE_ID",
    ] {
        if let Some((trace, span)) = data.text_at(path).as_deref().and_then(amazon) {
            add(Some(trace), span);
        }
    }
    let mut out = Ids::default();
    if let Some((trace, span)) = hits.first() {
        out.trace = Some(*trace);
        out.span = *span;
    }
    let mut further: Vec<String> = Vec::new();
    for (trace, _) in hits.iter().skip(1) {
        let text = trace.to_string();
        if Some(*trace) != out.trace && !further.contains(&text) {
            further.push(text);
        }
    }
    if !further.is_empty() {
        out.others
            .push(("rollbar.trace_ids".into(), further.join(" ")));
    }
    for key in ["session_id", "execution_scope_id", "replay_id"] {
        if let Some(value) = attribute(data, key) {
            out.others.push((format!("rollbar.{key}"), value));
        }
    }
    if let Some(id) = header(data, "x-request-id") {
        out.others.push(("rollbar.request_id".into(), id));
    }
    out
}

/// A member of that very name, or at that path.
fn direct(place: &Json, key: &str) -> Option<String> {
    place.get(key).or_else(|| place.at(key))?.scalar_text()
}

/// 32 hex digits, 16 (padded with zeros), or X-Ray's `1-8-24`; not all zero.
fn trace_id(text: &str) -> Option<TraceId> {
    let id = TraceId::parse(text.trim())?;
    (id.0 != [0; 16]).then_some(id)
}

fn span_id(text: &str) -> Option<SpanId> {
    let id = SpanId::parse(text.trim())?;
    (id.0 != [0; 8]).then_some(id)
}

/// `00-<32>-<16>-<2>`.
fn traceparent(text: &str) -> Option<(TraceId, SpanId)> {
    let mut parts = text.trim().split('-');
    let version = parts.next()?;
    let trace = parts.next().filter(|t| t.len() == 32).and_then(trace_id)?;
    let span = parts.next().and_then(span_id)?;
    (version.len() == 2 && version != "ff").then_some((trace, span))
}

/// `Root=1-<8>-<24>;Parent=<16>;Sampled=1`, also with `Self=` before.
fn amazon(text: &str) -> Option<(TraceId, Option<SpanId>)> {
    let value = |name: &str| {
        let mut pairs = text.split(';').filter_map(|p| p.trim().split_once('='));
        pairs
            .find(|(k, _)| k.eq_ignore_ascii_case(name))
            .map(|(_, v)| v)
    };
    let trace = value("Root").and_then(trace_id)?;
    Some((trace, value("Parent").and_then(span_id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of rollbar.md §8.1.
    #[test]
    fn ids_are_found_in_every_place_and_the_first_wins() {
        let amazon = "5759e988bd862e3fe1be46a994272793";
        for (text, trace, span) in [
            (
                r#"{"request":{"headers":{"X-Amzn-Trace-Id":"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"}}}"#,
                amazon,
                Some("53995c3f42cd8ad8"),
            ),
            (
                r#"{"request":{"headers":{"Traceparent":"00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"}}}"#,
                amazon,
                Some("53995c3f42cd8ad8"),
            ),
            (
                r#"{"attributes":[{"key":"trace_id","value":"5759e988bd862e3fe1be46a994272793"}],
                    "custom":{"trace_id":"00000000000000000000000000000001"}}"#,
                amazon,
                None,
            ),
            (
                r#"{"custom":{"otelTraceID":"5759e988bd862e3fe1be46a994272793","otelSpanID":"53995c3f42cd8ad8"}}"#,
                amazon,
                Some("53995c3f42cd8ad8"),
            ),
            (
                r#"{"body":{"message":{"body":"x","trace_id":"53995c3f42cd8ad8"}}}"#,
                "53995c3f42cd8ad8",
                None,
            ),
        ] {
            let ids = find(&Json::parse(text.as_bytes()).unwrap());
            assert_eq!(ids.trace.unwrap().to_string(), trace, "{text}");
            assert_eq!(ids.span.map(|s| s.to_string()).as_deref(), span, "{text}");
        }
        let zero = r#"{"custom":{"trace_id":"00000000000000000000000000000000"}}"#;
        assert_eq!(find(&Json::parse(zero.as_bytes()).unwrap()), Ids::default());
    }
}
