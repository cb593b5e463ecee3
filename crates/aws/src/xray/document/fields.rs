//! What a (sub)segment may tell beside what it must.

use super::{Members, flag_of};
use event::SpanId;
use serde_json::{Map, Value};

/// A segment or subsegment.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its id.
    pub span_id: SpanId,
    /// Its caller's.
    pub parent_id: Option<SpanId>,
    /// Place in the document of what it is inside of.
    pub parent: Option<usize>,
    /// Its name.
    pub name: String,
    /// Start, nanoseconds.
    pub start_ns: i64,
    /// End; none while in progress.
    pub end_ns: Option<i64>,
    /// `aws`, `remote`, `local`, or what was sent.
    pub namespace: Option<String>,
    /// What the service runs on.
    pub origin: Option<String>,
    /// The user.
    pub user: Option<String>,
    /// A callee is to report itself.
    pub traced: bool,
    /// 4xx; derived from the status when no flag was sent.
    pub error: bool,
    /// 429.
    pub throttle: bool,
    /// 5xx or an exception.
    pub fault: bool,
    /// The HTTP request and its response.
    pub http: Option<Http>,
    /// As sent.
    pub aws: Map<String, Value>,
    /// As sent.
    pub sql: Map<String, Value>,
    /// As sent.
    pub service: Map<String, Value>,
    /// Values that are text, numbers or truth values.
    pub annotations: Map<String, Value>,
    /// By namespace.
    pub metadata: Map<String, Value>,
    /// Why it failed.
    pub cause: Option<Cause>,
    /// Other traces it is linked with.
    pub links: usize,
    /// `resource_arn`.
    pub resource_arn: Option<String>,
}

/// The HTTP request and its response.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Http {
    /// Upper case.
    pub method: Option<String>,
    /// As sent.
    pub url: Option<String>,
    /// As sent.
    pub user_agent: Option<String>,
    /// The first of a list.
    pub client_ip: Option<String>,
    /// Whether the address was taken from that header.
    pub x_forwarded_for: Option<bool>,
    /// Of the response.
    pub status: Option<i64>,
    /// Bytes of the response; not told when negative.
    pub content_length: Option<i64>,
}

/// Why a (sub)segment failed.
#[derive(Clone, Debug, PartialEq)]
pub enum Cause {
    /// Exceptions, the first one is what happened.
    Recorded(Vec<Exception>),
    /// Id of an exception that another (sub)segment recorded.
    Elsewhere(String),
}

/// An exception.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exception {
    /// 16 hex digits.
    pub id: Option<String>,
    /// Its class.
    pub kind: Option<String>,
    /// Its message.
    pub message: Option<String>,
    /// Whether a callee caused it.
    pub remote: bool,
    /// Innermost first.
    pub stack: Vec<Frame>,
}

/// One frame of a stack.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    /// File.
    pub path: String,
    /// Line; none when not told.
    pub line: Option<i64>,
    /// Function.
    pub label: String,
}

/// Counts what has a value of the wrong type.
struct Taker<'a, 'm> {
    members: &'a Members<'m>,
    passed_over: u32,
}

impl Taker<'_, '_> {
    fn value(&mut self, name: &str) -> Option<Value> {
        let raw = self.members.get(name)?;
        match serde_json::from_str(raw.get()) {
            Ok(Value::Null) | Err(_) => {
                self.passed_over += 1;
                None
            }
            Ok(value) => Some(value),
        }
    }

    fn text(&mut self, name: &str) -> Option<String> {
        match self.value(name)? {
            Value::String(s) if !s.is_empty() => Some(s),
            _ => {
                self.passed_over += 1;
                None
            }
        }
    }

    fn object(&mut self, name: &str) -> Map<String, Value> {
        match self.value(name) {
            Some(Value::Object(o)) => o,
            Some(_) => {
                self.passed_over += 1;
                Map::new()
            }
            None => Map::new(),
        }
    }
}

impl Part {
    pub(super) fn new(
        span_id: SpanId,
        parent_id: Option<SpanId>,
        name: String,
        start_ns: i64,
        end_ns: Option<i64>,
    ) -> Self {
        Self {
            span_id,
            parent_id,
            parent: None,
            name,
            start_ns,
            end_ns,
            namespace: None,
            origin: None,
            user: None,
            traced: false,
            error: false,
            throttle: false,
            fault: false,
            http: None,
            aws: Map::new(),
            sql: Map::new(),
            service: Map::new(),
            annotations: Map::new(),
            metadata: Map::new(),
            cause: None,
            links: 0,
            resource_arn: None,
        }
    }

    /// Reads what may be there; returns how many fields had values of the wrong type.
    pub(super) fn read_optional(&mut self, members: &Members<'_>) -> u32 {
        let mut take = Taker {
            members,
            passed_over: 0,
        };
        self.namespace = take.text("namespace");
        self.origin = take.text("origin");
        self.user = take.text("user");
        self.resource_arn = take.text("resource_arn");
        self.aws = take.object("aws");
        self.sql = take.object("sql");
        self.service = take.object("service");
        let mut annotations = take.object("annotations");
        let sent = annotations.len();
        annotations.retain(|_, v| v.is_string() || v.is_number() || v.is_boolean());
        take.passed_over += u32::try_from(sent - annotations.len()).unwrap_or(u32::MAX);
        self.annotations = annotations;
        self.metadata = match take.value("metadata") {
            Some(Value::Object(o)) => o,
            // Some clients send anything.
            Some(other) => Map::from_iter([("default".to_owned(), other)]),
            None => Map::new(),
        };
        self.cause = take.value("cause").and_then(cause);
        self.links = match take.value("links") {
            Some(Value::Array(list)) => list.len(),
            _ => 0,
        };
        let http = take.value("http");
        let request_traced = http
            .as_ref()
            .and_then(|h| h.pointer("/request/traced"))
            .and_then(Value::as_bool);
        self.http = http.as_ref().and_then(read_http);
        self.traced = flag_of(members, "traced").or(request_traced) == Some(true);
        let flags = ["error", "throttle", "fault"].map(|f| flag_of(members, f));
        let status = self.http.as_ref().and_then(|h| h.status);
        let [error, throttle, fault] = match (flags, status) {
            ([None, None, None], Some(status)) => {
                [(400..500).contains(&status), status == 429, status >= 500]
            }
            (flags, _) => flags.map(|f| f == Some(true)),
        };
        (self.error, self.throttle, self.fault) = (error, throttle, fault);
        take.passed_over
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|s| !s.is_empty()).map(str::to_owned)
}

/// A whole number, also as text.
fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(n) => n.as_i64(),
        Value::String(s) => s.trim().parse().ok(),
        _ => None,
    }
}

fn read_http(value: &Value) -> Option<Http> {
    let object = value.as_object()?;
    let (request, response) = (object.get("request"), object.get("response"));
    let of = |name: &str| request.and_then(|r| r.get(name));
    let first = |list: String| list.split(',').next().map(|a| a.trim().to_owned());
    Some(Http {
        method: of("method").and_then(text).map(|m| m.to_uppercase()),
        url: of("url").and_then(text),
        user_agent: of("user_agent").and_then(text),
        client_ip: of("client_ip")
            .and_then(text)
            .and_then(first)
            .filter(|a| !a.is_empty()),
        x_forwarded_for: of("x_forwarded_for").and_then(Value::as_bool),
        status: response.and_then(|r| r.get("status")).and_then(whole),
        content_length: response
            .and_then(|r| r.get("content_length"))
            .and_then(whole)
            .filter(|n| *n >= 0),
    })
}

fn cause(value: Value) -> Option<Cause> {
    match value {
        Value::String(id) if !id.is_empty() => Some(Cause::Elsewhere(id)),
        Value::Object(o) => {
            let list = o.get("exceptions").and_then(Value::as_array);
            let list: Vec<Exception> = list.into_iter().flatten().filter_map(exception).collect();
            if !list.is_empty() {
                return Some(Cause::Recorded(list));
            }
            o.get("id").and_then(text).map(Cause::Elsewhere)
        }
        _ => None,
    }
}

fn exception(value: &Value) -> Option<Exception> {
    let o = value.as_object()?;
    let stack = o.get("stack").and_then(Value::as_array);
    Some(Exception {
        id: o.get("id").and_then(text),
        kind: o.get("type").and_then(text),
        message: o.get("message").and_then(text),
        remote: o.get("remote").and_then(Value::as_bool) == Some(true),
        stack: stack
            .into_iter()
            .flatten()
            .filter_map(|f| {
                let f = f.as_object()?;
                Some(Frame {
                    path: f.get("path").and_then(text).unwrap_or_default(),
                    line: f.get("line").and_then(whole),
                    label: f.get("label").and_then(text).unwrap_or_default(),
                })
            })
            .collect(),
    })
}
