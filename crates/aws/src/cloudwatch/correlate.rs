//! Which trace and span a line belongs to (cloudwatch.md §11): ids under known names, in the forms
//! that have a shape of their own, wherever they stand in the text.

use event::{SpanId, TraceId};
use regex::Regex;
use serde_json::{Map, Value};
use std::sync::LazyLock;

/// Names of a trace id, lower case.
const TRACE_NAMES: [&str; 11] = [
    "xray_trace_id",
    "@xraytraceid",
    "xraytraceid",
    "aws-xray-trace-id",
    "trace_id",
    "traceid",
    "trace.id",
    "trace.trace_id",
    "dd.trace_id",
    "oteltraceid",
    "_x_amzn_trace_id",
];
/// Names of a span id, lower case.
const SPAN_NAMES: [&str; 8] = [
    "span_id",
    "spanid",
    "span.id",
    "trace.span_id",
    "trace.parent_id",
    "otelspanid",
    "xraysegmentid",
    "dd.span_id",
];
/// Deepest member looked at.
const DEPTH: usize = 5;

/// Both forms that cannot be mistaken, and the ids that stand behind a known name in plain text.
static SHAPES: LazyLock<Option<Shapes>> = LazyLock::new(|| {
    Some(Shapes {
        xray: Regex::new(r"\b1-[0-9a-fA-F]{8}-[0-9a-fA-F]{24}\b(?:@([0-9a-fA-F]{16})\b)?").ok()?,
        traceparent: Regex::new(r"\b[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}\b").ok()?,
        trace: Regex::new(
            r#"(?i)\b(?:trace[_.]?id|xray_?trace_?id|oteltraceid)["']?\s*[:=]\s*["']?([0-9a-f]{32})\b"#,
        )
        .ok()?,
        span: Regex::new(
            r#"(?i)\b(?:span[_.]?id|otelspanid|xraysegmentid|parent)["']?\s*[:=]\s*["']?([0-9a-f]{16})\b"#,
        )
        .ok()?,
    })
});

struct Shapes {
    xray: Regex,
    traceparent: Regex,
    trace: Regex,
    span: Regex,
}

/// What was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ids {
    /// The trace.
    pub trace: Option<TraceId>,
    /// The span, or segment.
    pub span: Option<SpanId>,
}

/// The ids of a line; `json`: the line as an object, when it is one. Ids under a known name come
/// before those found in text.
#[must_use]
pub fn of_line(message: &str, json: Option<&Map<String, Value>>) -> Ids {
    let mut ids = Ids::default();
    if let Some(object) = json {
        of_members(object, "", DEPTH, &mut ids);
    }
    if ids.trace.is_none() {
        let found = of_text(message);
        ids.trace = found.trace;
        ids.span = ids.span.or(found.span);
    }
    // Ids of zeros are what loggers write outside of a span.
    ids.trace = ids.trace.filter(|t| t.0 != [0; 16]);
    ids.span = ids.span.filter(|s| s.0 != [0; 8] && ids.trace.is_some());
    ids
}

/// The member of that dotted name: as it stands, or nested.
#[must_use]
pub fn at<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| {
        let (first, rest) = name.split_once('.')?;
        at(object.get(first)?.as_object()?, rest)
    })
}

fn of_members(object: &Map<String, Value>, path: &str, depth: usize, ids: &mut Ids) {
    for (key, value) in object {
        let key = key.to_ascii_lowercase();
        let dotted = match path {
            "" => key.clone(),
            path => format!("{path}.{key}"),
        };
        match value {
            Value::String(text) => {
                let named = |names: &[&str]| {
                    names.contains(&key.as_str()) || names.contains(&dotted.as_str())
                };
                if ids.trace.is_none() && named(&TRACE_NAMES) {
                    let found = of_value(text);
                    ids.trace = found.trace;
                    ids.span = ids.span.or(found.span);
                } else if named(&SPAN_NAMES) {
                    ids.span = SpanId::parse(text.trim()).or(ids.span);
                }
            }
            Value::Object(inner) if depth > 1 => of_members(inner, &dotted, depth - 1, ids),
            _ => {}
        }
    }
}

/// The ids in a value that is a trace id by its name, in any written form.
fn of_value(text: &str) -> Ids {
    let text = text.trim();
    match TraceId::parse(text) {
        Some(trace) => Ids {
            trace: Some(trace),
            span: None,
        },
        None => of_text(text),
    }
}

fn of_text(text: &str) -> Ids {
    let Some(shapes) = &*SHAPES else {
        return Ids::default();
    };
    let span_of = |c: &regex::Captures<'_>, i: usize| SpanId::parse(c.get(i)?.as_str());
    let span_named = || shapes.span.captures(text).and_then(|c| span_of(&c, 1));
    if let Some(found) = shapes.xray.captures(text) {
        let whole = found.get(0).map_or("", |m| m.as_str());
        let id = whole.split('@').next().unwrap_or_default();
        return Ids {
            trace: TraceId::parse(id),
            span: span_of(&found, 1).or_else(span_named),
        };
    }
    if let Some(found) = shapes.traceparent.captures(text) {
        return Ids {
            trace: found.get(1).and_then(|m| TraceId::parse(m.as_str())),
            span: span_of(&found, 2),
        };
    }
    let trace = shapes.trace.captures(text);
    let trace = trace.and_then(|c| TraceId::parse(c.get(1)?.as_str()));
    Ids {
        trace,
        span: trace.and_then(|_| span_named()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const W3C: &str = "5759e988bd862e3fe1be46a994272793";
    const SPAN: &str = "53995c3f42cd8ad8";

    fn check(line: &str, trace: Option<&str>, span: Option<&str>) {
        let json = serde_json::from_str::<Map<String, Value>>(line).ok();
        let ids = of_line(line, json.as_ref());
        assert_eq!(
            (
                ids.trace.map(|t| t.to_string()).as_deref(),
                ids.span.map(|s| s.to_string()).as_deref()
            ),
            (trace, span),
            "{line}"
        );
    }

    /// cloudwatch.md §11: spellings and names.
    #[test]
    fn every_spelling_becomes_one_key() {
        let xray = "1-5759e988-bd862e3fe1be46a994272793";
        for line in [
            format!("done {xray}"),
            format!("AWS-XRAY-TRACE-ID: {xray}"),
            format!("[{xray}] x"),
            format!("trace_id={W3C} x"),
            format!("traceId: \"{W3C}\""),
            format!("otelTraceID={W3C}"),
            format!("{{\"xray_trace_id\":\"{xray}\"}}"),
            format!("{{\"@xrayTraceId\":\"{xray}\"}}"),
            format!("{{\"traceId\":\"{W3C}\"}}"),
            format!("{{\"trace\":{{\"id\":\"{W3C}\"}}}}"),
            format!("{{\"trace.id\":\"{W3C}\"}}"),
            format!("{{\"dd\":{{\"trace_id\":\"{W3C}\"}}}}"),
            format!("{{\"context\":{{\"otelTraceID\":\"{W3C}\"}}}}"),
            format!("{{\"msg\":\"got {xray}\"}}"),
            format!("{{\"_X_AMZN_TRACE_ID\":\"Root={xray};Sampled=1\"}}"),
        ] {
            check(&line, Some(W3C), None);
        }
        for line in [
            format!("AWS-XRAY-TRACE-ID: {xray}@{SPAN}"),
            format!("Root={xray};Parent={SPAN};Sampled=1"),
            format!("traceparent 00-{W3C}-{SPAN}-01"),
            format!("trace_id={W3C} span_id={SPAN} trace_flags=01"),
            format!("{{\"traceId\":\"{W3C}\",\"spanId\":\"{SPAN}\"}}"),
            format!("{{\"span_id\":\"{SPAN}\",\"trace_id\":\"{xray}\"}}"),
            format!("{{\"traceparent\":\"00-{W3C}-{SPAN}-01\"}}"),
        ] {
            check(&line, Some(W3C), Some(SPAN));
        }
    }

    #[test]
    fn what_only_looks_like_an_id_is_none() {
        for line in [
            format!("md5 {W3C}"),
            format!("span_id={SPAN}"),
            "trace_id=0 span_id=0".to_owned(),
            format!("trace_id={} span_id={SPAN}", "0".repeat(32)),
            "1-5759e988-bd862e3fe1be46a99427279".to_owned(),
            "{\"trace_id\":17}".to_owned(),
            "{\"trace_id\":\"order-17\"}".to_owned(),
            String::new(),
        ] {
            check(&line, None, None);
        }
    }
}
