//! From lines to rows (mapping.md §2, §5): pure.
//!
//! The line itself is kept byte for byte. What it says beside that becomes fields: a JSON object's
//! members under their dotted names, a severity, and the trace and span it belongs to.

use super::correlate::{self, Ids};
use engine::logs::{GROUP_FIELD, STREAM_FIELD};
use event::builder::AHEAD_LIMIT_NANOS;
use event::{BatchBuilder, EventBatch, FieldSlot, RowPolicy, TableKind, ValueRef};
use serde_json::{Map, Value};

/// Deepest nesting that becomes dotted names (mapping.md §3.4).
const NAMES_DEPTH: usize = 10;
/// Members that name a line's severity, in order (mapping.md §5).
const SEVERITIES: [&str; 4] = ["severity", "level", "levelname", "log.level"];
/// How much further ahead lines may be dated than other events, nanoseconds: two hours in all.
const FURTHER_AHEAD_NS: i64 = 2 * 3_600 * 1_000_000_000 - AHEAD_LIMIT_NANOS;

/// What all lines of a call share.
#[derive(Clone, Debug)]
pub struct Target {
    /// The dataset's slug.
    pub dataset: String,
    /// The group's name.
    pub group: String,
    /// The stream's name.
    pub stream: String,
    /// The region the sender means.
    pub region: String,
    /// The service the sender names, and its environment.
    pub service: Option<(String, Option<String>)>,
}

/// One line: its time in milliseconds, which lies in the window, and its text.
pub type Line<'a> = (i64, &'a str);

/// Rows of lines, in their order. `now`: nanoseconds.
#[must_use]
pub fn lines<'a>(target: &Target, now: i64, lines: impl Iterator<Item = Line<'a>>) -> EventBatch {
    // The window is judged before; the builder's own is an hour, ours two.
    let policy = RowPolicy::unlimited(now.saturating_add(FURTHER_AHEAD_NS));
    let mut t = Translation {
        b: BatchBuilder::new(TableKind::Logs, policy),
        target,
        path: String::new(),
    };
    let slots = Slots::new(&mut t.b);
    for (ms, message) in lines {
        if t.b.begin_row(ms.saturating_mul(1_000_000)) {
            t.row(&slots, message);
            t.b.end_row();
        }
    }
    t.b.finish()
}

struct Translation<'a> {
    b: BatchBuilder,
    target: &'a Target,
    /// The dotted name of the member being put.
    path: String,
}

/// Fields that every row may have.
struct Slots {
    source: FieldSlot,
    signal: FieldSlot,
    annotation: FieldSlot,
    group: FieldSlot,
    stream: FieldSlot,
    region: FieldSlot,
    environment: FieldSlot,
    severity: FieldSlot,
}

impl Slots {
    fn new(b: &mut BatchBuilder) -> Self {
        Self {
            source: b.field(event::META_SOURCE),
            signal: b.field(event::field::META_SIGNAL_TYPE),
            annotation: b.field(event::field::META_ANNOTATION_TYPE),
            group: b.field(GROUP_FIELD),
            stream: b.field(STREAM_FIELD),
            region: b.field("cloud.region"),
            environment: b.field("deployment.environment.name"),
            severity: b.field("severity"),
        }
    }
}

impl Translation<'_> {
    fn row(&mut self, slots: &Slots, message: &str) {
        let target = self.target;
        self.b.set_dataset(&target.dataset);
        if let Some((service, environment)) = &target.service {
            self.b.set_service(service);
            if let Some(environment) = environment {
                self.b.put(slots.environment, ValueRef::Str(environment));
            }
        }
        let json = as_object(message);
        if let Some(object) = &json {
            self.b.discount_fields();
            self.object(object, 1);
            self.severity(slots, object);
        }
        let ids = correlate::of_line(message, json.as_ref());
        self.put_ids(slots, &ids);
        self.b.discount_fields();
        let b = &mut self.b;
        b.put(slots.source, ValueRef::Str("cloudwatch"));
        b.put(slots.signal, ValueRef::Str("log"));
        b.put(slots.group, ValueRef::Str(&target.group));
        b.put(slots.stream, ValueRef::Str(&target.stream));
        b.put(slots.region, ValueRef::Str(&target.region));
        // Last: a member of that name does not change the line.
        b.set_body(message);
    }

    fn put_ids(&mut self, slots: &Slots, ids: &Ids) {
        if let Some(trace) = ids.trace {
            self.b.set_trace_id(trace);
            self.b.put(slots.annotation, ValueRef::Str("span_event"));
        }
        if let Some(span) = ids.span {
            self.b.set_parent_id(span);
        }
    }

    fn severity(&mut self, slots: &Slots, object: &Map<String, Value>) {
        if let Some(Value::String(severity)) =
            SEVERITIES.iter().find_map(|n| correlate::at(object, n))
        {
            self.b.put(slots.severity, ValueRef::Str(severity));
        }
    }

    fn object(&mut self, object: &Map<String, Value>, depth: usize) {
        for (key, value) in object {
            if key.is_empty() {
                continue;
            }
            let outer = self.path.len();
            if outer > 0 {
                self.path.push('.');
            }
            self.path.push_str(key);
            match value {
                Value::Object(inner) if depth < NAMES_DEPTH => self.object(inner, depth + 1),
                value => self.scalar(value),
            }
            self.path.truncate(outer);
        }
    }

    fn scalar(&mut self, value: &Value) {
        let text;
        let value = match value {
            Value::Null => return,
            Value::Bool(b) => ValueRef::Bool(*b),
            Value::Number(n) => match (n.as_i64(), n.as_f64()) {
                (Some(i), _) => ValueRef::Int(i),
                (None, Some(x)) => ValueRef::Float(x),
                (None, None) => return,
            },
            Value::String(s) => ValueRef::Str(s),
            nested => {
                text = nested.to_string();
                ValueRef::Str(&text)
            }
        };
        match self.path.as_str() {
            // The line is the body, and a line is no span: the span it names is its parent.
            "body" | "trace.span_id" => {}
            path => self.b.put_named(path, value),
        }
    }
}

/// The line as a JSON object, when it is one.
fn as_object(message: &str) -> Option<Map<String, Value>> {
    let text = message.trim();
    if !text.starts_with('{') || !text.ends_with('}') {
        return None;
    }
    crate::wire::json::check(text.as_bytes()).ok()?;
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests;
