//! A payload → one row (mapping.md §2 and §6). Pure: clock, numbers and names are handed in.

pub mod frames;
pub mod ids;

use crate::json::Json;
use crate::wire::Kind;
use engine::issues::grouping::{self, Report};
use engine::issues::{Level, columns};
use event::{BatchBuilder, EventId, META_SIGNAL_TYPE, META_SOURCE, ValueRef};
use sha1::{Digest, Sha1};

/// Longest fingerprint of a sender's that is used as it is (rollbar.md §3.1).
const FINGERPRINT_CHARS: usize = 40;

/// Deepest object whose members become fields of their own (mapping.md §3.4).
const DEPTH: usize = 10;

/// What is known of an occurrence beside its payload.
pub struct Target<'a> {
    /// Slug of the project's dataset.
    pub dataset: &'a str,
    /// Name of the project: the service, unless the payload names one.
    pub project: &'a str,
    /// Number given to it.
    pub id: i64,
    /// Its sender's number, or one of ours.
    pub uuid: &'a str,
    /// Identity of its row.
    pub event_id: [u8; 16],
}

/// How a payload is grouped and named.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// What the engine groups by.
    pub report: Report,
    /// Engine and hash.
    pub fingerprint: String,
    /// At most 255 characters.
    pub title: String,
    /// How bad.
    pub level: Level,
}

/// Reads what groups and names a payload.
#[must_use]
pub fn read(data: &Json, kind: Kind) -> Reading {
    let report = frames::report(data, kind);
    let fingerprint = match data.text_at("fingerprint") {
        Some(own) if own.chars().count() <= FINGERPRINT_CHARS => format!("custom:{own}"),
        Some(own) => format!("custom:{}", hex::encode(Sha1::digest(own.as_bytes()))),
        None => format!(
            "{}:{}",
            grouping::VERSION,
            grouping::group(&report).fingerprint
        ),
    };
    let own_title = data.at("title").and_then(Json::as_str).map(str::trim);
    let title = match own_title.filter(|t| !t.is_empty()) {
        Some(title) => title.chars().take(255).collect(),
        None => grouping::title(&report),
    };
    let level = match data.text_at("level").as_deref() {
        Some("log") => Some(Level::Debug),
        Some(text) => Level::parse(text),
        None => None,
    };
    Reading {
        level: level.unwrap_or(match kind {
            Kind::Message => Level::Info,
            _ => Level::Error,
        }),
        report,
        fingerprint,
        title,
    }
}

/// The sender's environment.
#[must_use]
pub fn environment(data: &Json) -> String {
    let name = data
        .text_at("environment")
        .unwrap_or_else(|| "unknown".to_owned());
    name.chars().take(255).collect()
}

/// The version that counts (rollbar.md §3.1).
#[must_use]
pub fn version(data: &Json) -> Option<String> {
    [
        "client.javascript.code_version",
        "code_version",
        "server.code_version",
        "server.sha",
    ]
    .iter()
    .find_map(|path| data.text_at(path))
}

/// Appends the occurrence. `raw`: what is kept verbatim.
pub fn occurrence(
    batch: &mut BatchBuilder,
    target: &Target<'_>,
    data: &Json,
    reading: &Reading,
    raw: &str,
) {
    // The time of an occurrence is its receipt: a row of now is never too old.
    if !batch.begin_row(0) {
        return;
    }
    batch.set_dataset(target.dataset);
    batch.set_event_id(EventId(target.event_id));
    batch.set_name(&reading.title);
    let service = ["custom.service.name", "custom.service", "service.name"]
        .iter()
        .find_map(|p| data.text_at(p));
    let service = service.or_else(|| frames::attribute(data, "service.name"));
    batch.set_service(service.as_deref().unwrap_or(target.project));
    if reading.level >= Level::Error {
        batch.set_status("error");
    }
    let text = match reading.report.traces.first() {
        Some(trace) => trace.message.clone(),
        None => reading.report.message.clone(),
    };
    if let Some(text) = text {
        batch.set_body(&text);
    }
    batch.set_raw(raw);
    batch.put_named(META_SOURCE, ValueRef::Str("rollbar"));
    batch.put_named(META_SIGNAL_TYPE, ValueRef::Str("error"));
    let ids = ids::find(data);
    if let Some(trace) = ids.trace {
        batch.set_trace_id(trace);
        let annotation = event::field::META_ANNOTATION_TYPE;
        batch.put_named(annotation, ValueRef::Str("span_event"));
    }
    if let Some(span) = ids.span {
        batch.set_parent_id(span);
    }
    named(batch, target, data, reading);
    batch.discount_fields();
    for (name, value) in ids.others {
        batch.put_named(&name, ValueRef::Str(&value));
    }
    if let Json::Map(members) = data {
        for (name, value) in members {
            rest(batch, &format!("rollbar.{name}"), value, 1);
        }
    }
    batch.end_row();
}

/// Payload fields with a name of their own.
fn named(batch: &mut BatchBuilder, target: &Target<'_>, data: &Json, reading: &Reading) {
    let mut put = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|v| !v.is_empty()) {
            batch.put_named(name, ValueRef::Str(&value));
        }
    };
    if let Some(trace) = reading.report.traces.first() {
        put("exception.type", Some(trace.class.clone()));
        put("exception.message", trace.message.clone());
        put("exception.stacktrace", Some(frames::stack(data)));
    }
    put(columns::LEVEL, Some(reading.level.as_str().to_owned()));
    put(columns::ENVIRONMENT, Some(environment(data)));
    put(columns::VERSION, version(data));
    put(columns::LANGUAGE, data.text_at("language"));
    put(columns::FRAMEWORK, data.text_at("framework"));
    put(columns::PLATFORM, data.text_at("platform"));
    put(columns::CONTEXT, data.text_at("context"));
    put(
        "http.request.method",
        data.text_at("request.method").map(|m| m.to_uppercase()),
    );
    put("url.full", data.text_at("request.url"));
    put("client.address", frames::client_address(data));
    put("user_agent.original", frames::user_agent(data));
    put("user.id", data.text_at("person.id"));
    put("user.name", data.text_at("person.username"));
    put("user.email", data.text_at("person.email"));
    put("host.name", data.text_at("server.host"));
    put(columns::UUID, Some(target.uuid.to_owned()));
    put(columns::FINGERPRINT, Some(reading.fingerprint.clone()));
    batch.put_named(columns::OCCURRENCE_ID, ValueRef::Int(target.id));
    if let Some(Json::Number(pid)) = data.at("server.pid")
        && let Some(pid) = pid.as_i64()
    {
        batch.put_named("process.pid", ValueRef::Int(pid));
    }
}

/// Paths that have a name of their own, or are read from the payload alone.
fn is_elsewhere(name: &str) -> bool {
    matches!(
        name,
        "rollbar.uuid"
            | "rollbar.fingerprint"
            | "rollbar.title"
            | "rollbar.level"
            | "rollbar.environment"
            | "rollbar.language"
            | "rollbar.framework"
            | "rollbar.platform"
            | "rollbar.context"
            | "rollbar.occurrence_id"
            | "rollbar.request.method"
            | "rollbar.request.url"
            | "rollbar.request.user_ip"
            | "rollbar.person.id"
            | "rollbar.person.username"
            | "rollbar.person.email"
            | "rollbar.server.host"
            | "rollbar.server.pid"
            | "rollbar.attributes"
            | "rollbar.body.trace"
            | "rollbar.body.trace_chain"
            | "rollbar.body.telemetry"
            | "rollbar.body.crash_report"
            | "rollbar.body.message.body"
            | "rollbar.client.javascript.plugins"
            | "rollbar.notifier.configured_options"
            | "rollbar.notifier.diagnostic"
            | "rollbar.server.history"
    )
}

/// Every other value under its path.
fn rest(batch: &mut BatchBuilder, name: &str, value: &Json, depth: usize) {
    if is_elsewhere(name) {
        return;
    }
    match value {
        Json::Null => {}
        Json::Bool(b) => batch.put_named(name, ValueRef::Bool(*b)),
        Json::Number(n) => match (n.as_i64(), n.as_f64()) {
            (Some(i), _) => batch.put_named(name, ValueRef::Int(i)),
            (None, Some(f)) => batch.put_named(name, ValueRef::Float(f)),
            (None, None) => {}
        },
        Json::Text(s) => batch.put_named(name, ValueRef::Str(s)),
        Json::Map(members) if depth < DEPTH => {
            for (key, value) in members.iter().filter(|(k, _)| !k.is_empty()) {
                rest(batch, &format!("{name}.{key}"), value, depth + 1);
            }
        }
        Json::Map(members) if members.is_empty() => {}
        Json::List(list) if list.is_empty() => {}
        Json::Map(_) | Json::List(_) => batch.put_named(name, ValueRef::Str(&value.to_string())),
    }
}

#[cfg(test)]
mod tests;
