//! Documents → rows: one row per (sub)segment, the document verbatim on the row of its top
//! (mapping.md §2, §4; xray.md §10.1).
//!
//! Annotations are put first and everything else after them, so that an annotation called like a field
//! of ours does not stand in its place; one called like a fixed column is kept as `annotation.<name>`.

use super::document::{Cause, Document, Exception, Http, Part};
use event::{BatchBuilder, EventId, Fixed, ValueRef};
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// What tells the identity of a row in progress from the finished one's.
const ROW_IN_PROGRESS: u8 = 3;
/// Deepest nesting of objects that become dotted names; deeper ones stay JSON text.
const DEPTH: usize = 5;
/// Names that questions read from fixed columns under other names.
const RENDERED: [&str; 5] = ["error", "status_code", "type", "dataset", "timestamp"];

/// Puts a document's rows into `batch`. `false`, and nothing put: it is older than is kept.
#[must_use]
pub fn rows(batch: &mut BatchBuilder, dataset: &str, document: &Document, raw: &str) -> bool {
    let service = (!document.independent).then(|| document.top().name.as_str());
    for (i, part) in document.parts.iter().enumerate() {
        if !batch.begin_row(part.start_ns) {
            if i == 0 {
                return false;
            }
            // Part of a younger whole: its document says it all the same.
            continue;
        }
        row(batch, document, i, part, service);
        if i == 0 {
            batch.set_raw(raw);
        }
        batch.set_dataset(dataset);
        batch.end_row();
    }
    true
}

fn row(
    batch: &mut BatchBuilder,
    document: &Document,
    place: usize,
    part: &Part,
    service: Option<&str>,
) {
    annotations(batch, &part.annotations);
    let is_segment = place == 0 && !document.independent;
    let mut put = Put(batch);
    put.text("meta.source", Some("xray"));
    put.text("meta.signal_type", Some("trace"));
    put.flag("meta.in_progress", part.end_ns.is_none());
    put.flag("aws.xray.subsegment", !is_segment);
    put.text("aws.xray.namespace", part.namespace.as_deref());
    put.text("aws.xray.origin", part.origin.as_deref());
    if let Some(platform) = part.origin.as_deref().and_then(platform) {
        put.text("cloud.provider", Some("aws"));
        put.text("cloud.platform", Some(platform));
    }
    put.text("aws.xray.resource_arn", part.resource_arn.as_deref());
    put.text("user.id", part.user.as_deref());
    put.flag("aws.xray.error", part.error);
    put.flag("aws.xray.throttle", part.throttle);
    put.flag("aws.xray.fault", part.fault);
    put.flag("aws.xray.traced", part.traced);
    if part.links > 0 {
        put.int("span.num_links", i64::try_from(part.links).ok());
    }
    if let Some(h) = &part.http {
        http(&mut put, h);
    }
    sql(&mut put, &part.sql);
    service_block(&mut put, &part.service);
    aws(&mut put, &part.aws);
    for (namespace, value) in &part.metadata {
        let name = format!("aws.xray.metadata.{namespace}");
        put.text(&name, Some(&value.to_string()));
    }
    match &part.cause {
        Some(Cause::Recorded(list)) => exception(&mut put, list),
        Some(Cause::Elsewhere(id)) => put.text("aws.xray.cause", Some(id)),
        None => {}
    }
    fixed(batch, document, part, service, is_segment);
}

fn fixed(
    batch: &mut BatchBuilder,
    document: &Document,
    part: &Part,
    service: Option<&str>,
    is_segment: bool,
) {
    batch.set_trace_id(document.trace_id);
    batch.set_span_id(part.span_id);
    if let Some(parent) = part.parent_id {
        batch.set_parent_id(parent);
    }
    batch.set_name(&part.name);
    if let Some(service) = service {
        batch.set_service(service);
    }
    batch.set_kind(match (is_segment, part.namespace.as_deref()) {
        (true, _) => "server",
        (false, Some("aws" | "remote")) => "client",
        (false, _) => "internal",
    });
    batch.set_status(if part.fault { "error" } else { "unset" });
    match part.end_ns {
        Some(end) => batch.set_duration(end.saturating_sub(part.start_ns).max(0)),
        None => {
            let (trace, span) = (Some(document.trace_id), Some(part.span_id));
            batch.set_event_id(EventId::of_span_row(trace, span, ROW_IN_PROGRESS, 0));
        }
    }
}

/// Puts fields under their names; absent ones are left out.
struct Put<'a>(&'a mut BatchBuilder);

impl Put<'_> {
    fn text(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value.filter(|v| !v.is_empty()) {
            self.0.put_named(name, ValueRef::Str(value));
        }
    }

    fn int(&mut self, name: &str, value: Option<i64>) {
        if let Some(value) = value {
            self.0.put_named(name, ValueRef::Int(value));
        }
    }

    /// True, or nothing.
    fn flag(&mut self, name: &str, value: bool) {
        if value {
            self.0.put_named(name, ValueRef::Bool(true));
        }
    }

    fn value(&mut self, name: &str, value: &Value) {
        match value {
            Value::Null => {}
            Value::Bool(b) => self.0.put_named(name, ValueRef::Bool(*b)),
            Value::Number(n) => match (n.as_i64(), n.as_f64()) {
                (Some(i), _) => self.0.put_named(name, ValueRef::Int(i)),
                (None, Some(x)) => self.0.put_named(name, ValueRef::Float(x)),
                (None, None) => {}
            },
            Value::String(s) => self.text(name, Some(s)),
            Value::Array(_) | Value::Object(_) => self.text(name, Some(&value.to_string())),
        }
    }

    /// Objects become dotted names.
    fn dotted(&mut self, name: &str, value: &Value, depth: usize) {
        match value {
            Value::Object(o) if depth > 0 => {
                for (key, value) in o {
                    self.dotted(&format!("{name}.{key}"), value, depth - 1);
                }
            }
            value => self.value(name, value),
        }
    }
}

fn annotations(batch: &mut BatchBuilder, annotations: &Map<String, Value>) {
    if annotations.is_empty() {
        return;
    }
    let mut put = Put(batch);
    for (key, value) in annotations {
        let is_ours = Fixed::of_visible_name(key).is_some() || RENDERED.contains(&key.as_str());
        match is_ours {
            true => put.value(&format!("annotation.{key}"), value),
            false => put.value(key, value),
        }
    }
    // However many there are, what follows has a place: questions read segments by it.
    put.0.discount_fields();
    let names: Vec<&String> = annotations.keys().collect();
    let names = serde_json::json!(names).to_string();
    put.text("aws.xray.annotations", Some(&names));
}

fn http(put: &mut Put<'_>, h: &Http) {
    put.text("http.request.method", h.method.as_deref());
    put.text("url.full", h.url.as_deref());
    put.text("user_agent.original", h.user_agent.as_deref());
    put.text("client.address", h.client_ip.as_deref());
    if let Some(forwarded) = h.x_forwarded_for {
        put.value("aws.xray.x_forwarded_for", &forwarded.into());
    }
    put.int("http.response.status_code", h.status);
    put.int("http.response.body.size", h.content_length);
}

fn sql(put: &mut Put<'_>, sql: &Map<String, Value>) {
    for (key, value) in sql {
        match (key.as_str(), value) {
            ("database_type", v) => put.value("db.system.name", v),
            ("sanitized_query", v) => put.value("db.query.text", v),
            ("user", v) => put.value("db.user", v),
            ("url" | "connection_string", Value::String(url)) => {
                let (connection, database) = split_url(url);
                put.text("db.connection_string", Some(connection));
                put.text("db.namespace", database);
            }
            (key, v) => put.dotted(&format!("aws.xray.sql.{key}"), v, DEPTH),
        }
    }
    if !sql.is_empty() && !sql.contains_key("database_type") {
        // What makes it a call of a database must not depend on what its SDK knows of it.
        put.text("db.system.name", Some("other_sql"));
    }
}

/// A database's address and its name, at the last slash that is not of the scheme.
fn split_url(url: &str) -> (&str, Option<&str>) {
    let host = url.find("://").map_or(0, |i| i + 3);
    match url[host..].rfind('/') {
        Some(i) if host + i + 1 < url.len() => (&url[..host + i], Some(&url[host + i + 1..])),
        _ => (url, None),
    }
}

fn service_block(put: &mut Put<'_>, service: &Map<String, Value>) {
    for (key, value) in service {
        match key.as_str() {
            // That of the segment is its name.
            "name" => put.dotted("aws.xray.service.name", value, DEPTH),
            key => put.dotted(&format!("service.{key}"), value, DEPTH),
        }
    }
}

/// Names of members of `aws`, as the table of xray.md §10.1 has them.
const AWS: &[(&str, &str)] = &[
    ("/retries", "aws.xray.retries"),
    ("/ec2/availability_zone", "cloud.availability_zone"),
    ("/ec2/instance_id", "host.id"),
    ("/ec2/instance_size", "host.type"),
    ("/ec2/ami_id", "host.image.id"),
    ("/ecs/availability_zone", "cloud.availability_zone"),
    ("/ecs/container", "container.name"),
    ("/ecs/container_id", "container.id"),
    ("/ecs/container_arn", "aws.ecs.container.arn"),
    ("/ecs/cluster_arn", "aws.ecs.cluster.arn"),
    ("/ecs/task_arn", "aws.ecs.task.arn"),
    ("/ecs/task_family", "aws.ecs.task.family"),
    ("/ecs/launch_type", "aws.ecs.launchtype"),
    ("/eks/cluster_name", "k8s.cluster.name"),
    ("/eks/pod", "k8s.pod.name"),
    ("/eks/container_id", "container.id"),
    ("/elastic_beanstalk/environment_name", "service.namespace"),
    ("/elastic_beanstalk/deployment_id", "service.instance.id"),
    ("/elastic_beanstalk/version_label", "service.version"),
    ("/xray/sdk", "telemetry.sdk.name"),
    ("/xray/sdk_version", "telemetry.sdk.version"),
];

fn aws(put: &mut Put<'_>, aws: &Map<String, Value>) {
    let mut rest = aws.clone();
    if let Some(Value::Array(logs)) = rest.remove("cloudwatch_logs") {
        for (field, name) in [
            ("log_group", "aws.log.group.names"),
            ("arn", "aws.log.group.arns"),
        ] {
            let list: Vec<&Value> = logs.iter().filter_map(|l| l.get(field)).collect();
            if !list.is_empty() {
                put.text(name, Some(&serde_json::json!(list).to_string()));
            }
        }
    }
    for (pointer, name) in AWS {
        if let Some(value) = take(&mut rest, pointer) {
            put.value(name, &value);
            if *pointer == "/xray/sdk" {
                let language = value.as_str().and_then(|s| s.rsplit(' ').next());
                put.text(
                    "telemetry.sdk.language",
                    language.map(str::to_lowercase).as_deref(),
                );
            }
        }
    }
    for (key, value) in &rest {
        put.dotted(&format!("aws.{key}"), value, DEPTH);
    }
}

/// Takes a member of at most two levels out.
fn take(object: &mut Map<String, Value>, pointer: &str) -> Option<Value> {
    match pointer[1..].split_once('/') {
        Some((outer, inner)) => object.get_mut(outer)?.as_object_mut()?.remove(inner),
        None => object.remove(&pointer[1..]),
    }
}

fn exception(put: &mut Put<'_>, list: &[Exception]) {
    let Some(first) = list.first() else { return };
    put.text("aws.xray.exception.id", first.id.as_deref());
    put.text("exception.type", first.kind.as_deref());
    put.text("exception.message", first.message.as_deref());
    put.flag("aws.xray.exception.remote", first.remote);
    let mut stack = String::new();
    for frame in &first.stack {
        let line = frame.line.map_or_else(String::new, |l| format!(": {l}"));
        let _ = writeln!(stack, "\tat {}({}{line})", frame.label, frame.path);
    }
    put.text("exception.stacktrace", Some(stack.trim_end_matches('\n')));
}

/// OpenTelemetry's word for an origin.
fn platform(origin: &str) -> Option<&'static str> {
    let rest = origin.strip_prefix("AWS::")?;
    Some(match rest.split("::").next()? {
        "EC2" => "aws_ec2",
        "ECS" => "aws_ecs",
        "EKS" => "aws_eks",
        "ElasticBeanstalk" => "aws_elastic_beanstalk",
        "AppRunner" => "aws_app_runner",
        "Lambda" => "aws_lambda",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
