//! The stored document of an occurrence → what the page shows. Its form is the one that
//! `docs/protocols/rollbar.md` names: `body` with one of four kinds, frames with the most recent call
//! last.

use crate::wire::Nanos;
use crate::wire::issues::{ExceptionTrace, NamedText, Occurrence, StackFrame, TelemetryEntry};
use engine::issues::grouping::{self, Frame, Language, Report, Trace, frames};
use serde_json::Value;

/// Longest value shown, characters; the payload has the rest.
const SHOWN: usize = 2_000;

/// Reads a document; without one everything is empty.
pub(super) fn occurrence(raw: Option<&str>) -> Occurrence {
    let data: Value = raw
        .and_then(|r| serde_json::from_str(r).ok())
        .unwrap_or(Value::Null);
    let report = report(&data);
    let grouped = grouping::group(&report);
    let own = text(&data["fingerprint"]);
    let language = Language::parse(&report.language);
    let list = |v: &Value| v.as_array().cloned().unwrap_or_default();
    let facts = [
        ("environment", "/environment"),
        ("level", "/level"),
        ("code_version", "/code_version"),
        ("language", "/language"),
        ("framework", "/framework"),
        ("platform", "/platform"),
        ("context", "/context"),
    ];
    Occurrence {
        id: 0,
        issue: 0,
        ts_ns: Nanos(0),
        sent_ns: data["timestamp"].as_f64().and_then(nanos),
        event_id: String::new(),
        uuid: text(&data["uuid"]),
        previous: None,
        next: None,
        title: String::new(),
        traces: traces(&data)
            .into_iter()
            .map(|t| exception(&report, language, t))
            .collect(),
        message: text(&data["body"]["message"]["body"])
            .or_else(|| text(&data["body"]["crash_report"]["raw"])),
        frame_order: match language {
            Language::Python | Language::Other => "most_recent_last",
            _ => "most_recent_first",
        }
        .to_owned(),
        request: flat(&data["request"]),
        person: flat(&data["person"]),
        server: flat(&data["server"]),
        custom: flat(&data["custom"]),
        telemetry: list(&data["body"]["telemetry"])
            .iter()
            .map(telemetry)
            .collect(),
        trace_id: None,
        span_id: None,
        notifier: text(&data["notifier"]["name"]).map(|name| {
            let version = text(&data["notifier"]["version"]).unwrap_or_default();
            format!("{name} {version}").trim().to_owned()
        }),
        facts: facts
            .iter()
            .filter_map(|(name, at)| {
                let value = text(data.pointer(at)?)?;
                Some(named(name, value))
            })
            .collect(),
        grouped_by: match &own {
            Some(_) => "grouped by the fingerprint its sender gave".to_owned(),
            None => grouping::explain(grouped.basis).to_owned(),
        },
        grouping_parts: match own {
            Some(own) => vec![format!("fingerprint {own}")],
            None => grouped.parts,
        },
        scrubbed: list(&data["metadata"]["scrubbed"])
            .iter()
            .filter_map(text)
            .collect(),
        raw: None,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "bounded before")]
fn nanos(seconds: f64) -> Option<Nanos> {
    let micros = (seconds * 1e6).round();
    (micros.is_finite() && (0.0..9e15).contains(&micros)).then(|| Nanos(micros as i64 * 1_000))
}

fn named(name: &str, value: String) -> NamedText {
    let mut value = value;
    if value.chars().count() > SHOWN {
        value = value.chars().take(SHOWN).chain(['…']).collect();
    }
    NamedText {
        name: name.to_owned(),
        value,
    }
}

/// A scalar as text.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(s) if !s.is_empty() => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

/// Scalars as they are, everything else as JSON text.
fn shown(value: &Value) -> String {
    text(value).unwrap_or_else(|| match value {
        Value::String(s) => s.clone(),
        other => other.to_string(),
    })
}

/// The members of an object, those of inner ones under dotted names.
fn flat(value: &Value) -> Vec<NamedText> {
    fn add(out: &mut Vec<NamedText>, name: &str, value: &Value, depth: usize) {
        match value {
            Value::Null => {}
            Value::Object(members) if depth < 3 => {
                for (key, value) in members {
                    let name = if name.is_empty() {
                        key.clone()
                    } else {
                        format!("{name}.{key}")
                    };
                    add(out, &name, value, depth + 1);
                }
            }
            other => out.push(named(name, shown(other))),
        }
    }
    let mut out = Vec::new();
    if value.is_object() {
        add(&mut out, "", value, 0);
    }
    out
}

fn traces(data: &Value) -> Vec<&Value> {
    match data["body"]["trace_chain"].as_array() {
        Some(chain) => chain.iter().collect(),
        None => Some(&data["body"]["trace"])
            .filter(|t| t.is_object())
            .into_iter()
            .collect(),
    }
}

fn frame_of(f: &Value) -> Frame {
    Frame {
        file: text(&f["filename"]).unwrap_or_default(),
        function: text(&f["method"]),
        class: text(&f["class_name"]),
    }
}

fn frames_of(trace: &Value) -> impl Iterator<Item = &Value> {
    trace["frames"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
}

/// What the engine groups by: as intake read it.
fn report(data: &Value) -> Report {
    let texts = |v: &Value| -> Vec<String> {
        v.as_array()
            .map(|l| l.iter().filter_map(text).collect())
            .unwrap_or_default()
    };
    Report {
        language: text(&data["language"]).unwrap_or_else(|| {
            match text(&data["platform"]).as_deref() {
                Some("browser") => "javascript".to_owned(),
                _ => String::new(),
            }
        }),
        root: text(&data["server"]["root"]),
        packages: texts(&data["project_package_paths"]),
        traces: traces(data)
            .into_iter()
            .map(|t| Trace {
                class: text(&t["exception"]["class"]).unwrap_or_default(),
                message: text(&t["exception"]["message"])
                    .or_else(|| text(&t["exception"]["description"])),
                frames: frames_of(t).map(frame_of).collect(),
            })
            .collect(),
        message: text(&data["body"]["message"]["body"]),
        args: texts(&data["body"]["message"]["args"]),
    }
}

fn exception(report: &Report, language: Language, trace: &Value) -> ExceptionTrace {
    ExceptionTrace {
        class: text(&trace["exception"]["class"]).unwrap_or_default(),
        message: text(&trace["exception"]["message"]),
        description: text(&trace["exception"]["description"]),
        frames: frames_of(trace)
            .map(|f| frame(report, language, f))
            .collect(),
    }
}

fn frame(report: &Report, language: Language, f: &Value) -> StackFrame {
    let plain = frame_of(f);
    let lines = |v: &Value| -> Vec<String> {
        v.as_array()
            .map(|l| l.iter().map(shown).collect())
            .unwrap_or_default()
    };
    let locals = |v: &Value| -> Vec<NamedText> {
        let members = v.as_object().into_iter().flatten();
        members.map(|(k, v)| named(k, shown(v))).collect()
    };
    // Arguments stand among the locals; their names are listed apart.
    let names: Vec<String> = lines(&f["argspec"]);
    let all = locals(&f["locals"]);
    let (args, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|l| names.contains(&l.name));
    StackFrame {
        in_app: frames::is_in_app(report, language, &plain),
        file: plain.file,
        line: f["lineno"].as_i64(),
        column: f["colno"].as_i64(),
        function: plain.function,
        class: plain.class,
        code: text(&f["code"]),
        before: lines(&f["context"]["pre"]),
        after: lines(&f["context"]["post"]),
        args,
        locals: rest,
    }
}

fn telemetry(entry: &Value) -> TelemetryEntry {
    let body = &entry["body"];
    let kind = text(&entry["type"]).unwrap_or_default();
    let part = |name: &str| text(&body[name]).unwrap_or_default();
    let words = match kind.as_str() {
        "network" => format!("{} {} {}", part("method"), part("url"), part("status_code")),
        "dom" => format!("{} {}", part("subtype"), part("element")),
        "navigation" => format!("{} → {}", part("from"), part("to")),
        _ => part("message"),
    };
    TelemetryEntry {
        ts_ns: entry["timestamp_ms"]
            .as_f64()
            .and_then(|ms| nanos(ms / 1e3)),
        kind,
        level: text(&entry["level"]).unwrap_or_default(),
        text: words.trim().to_owned(),
        body: body.to_string(),
    }
}
