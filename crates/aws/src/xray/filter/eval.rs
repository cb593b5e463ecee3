//! Whether an expression holds for a trace (xray.md §7.3).

use super::ast::{CauseOf, Expr, Key, Level, Operator, Ref, Test, Value};
use crate::xray::render::causes::{self, Cause, Entity, Service};
use engine::query::Cell;
use engine::query::calls::{CLIENT, Call, Node, Reach, TraceCalls};
use engine::query::notions::Notion;
use serde_json::Value as Json;
use std::cell::OnceCell;

/// Whether `expr` holds for `trace`.
#[must_use]
pub fn matches(expr: &Expr, trace: &TraceCalls) -> bool {
    let context = Context {
        trace,
        causes: Default::default(),
    };
    context.holds(expr, On::Trace)
}

/// What a test is about.
#[derive(Clone, Copy)]
enum On<'a> {
    Trace,
    /// A segment, as its service saw it: its place.
    Segment(usize),
    /// A call, as its caller saw it: its place.
    Call(usize),
    Cause(&'a Element),
}

/// An element of a root cause, and its place among so many.
struct Element {
    json: Json,
    index: usize,
    of: usize,
}

struct Context<'a> {
    trace: &'a TraceCalls,
    causes: [OnceCell<Vec<Cause>>; 3],
}

/// A value that is tested.
enum Found<'a> {
    Bool(bool),
    Number(f64),
    Text(&'a str),
}

impl<'a> Context<'a> {
    fn holds(&self, expr: &Expr, on: On<'_>) -> bool {
        match expr {
            Expr::And(list) => list.iter().all(|e| self.holds(e, on)),
            Expr::Or(list) => list.iter().any(|e| self.holds(e, on)),
            Expr::Not(inner) => !self.holds(inner, on),
            Expr::Service(node, inner) => self.service(node, inner.as_deref()),
            Expr::Edge(from, to, inner) => self.edge(from, to, inner.as_deref()),
            Expr::RootCause(of, level, inner) => self.root_cause(*of, *level, inner),
            Expr::RootCauseShape(of, shape) => self.shape(*of, shape),
            // Replaced before by the group's own expression.
            Expr::Group { .. } => false,
            Expr::Test(test) => match on {
                On::Cause(element) => in_cause(test, element),
                on => self.test(test, on),
            },
        }
    }

    fn inner(&self, inner: Option<&Expr>, on: On<'_>) -> bool {
        inner.is_none_or(|e| self.holds(e, on))
    }

    fn service(&self, wanted: &Ref, inner: Option<&Expr>) -> bool {
        self.trace.segments().any(|i| {
            let call = &self.trace.calls[i];
            let is_it = call.node.as_ref().is_some_and(|node| {
                is_node(wanted, node) || (call.parent.is_none() && is_client(wanted, node))
            });
            is_it && self.inner(inner, On::Segment(i))
        })
    }

    fn edge(&self, from: &Ref, to: &Ref, inner: Option<&Expr>) -> bool {
        self.trace.segments().any(|i| {
            let call = &self.trace.calls[i];
            let Some(node) = call.node.as_ref().filter(|n| is_node(to, n)) else {
                return false;
            };
            match self.trace.caller(i) {
                Some((by, caller)) => {
                    let caller = self.trace.calls[caller].node.as_ref();
                    let seen = if self.trace.calls[by].is_segment() {
                        i
                    } else {
                        by
                    };
                    caller.is_some_and(|n| is_node(from, n)) && self.inner(inner, On::Call(seen))
                }
                None => {
                    let by_client = is_client(from, node) || *from == Ref::default();
                    call.parent.is_none() && by_client && self.inner(inner, On::Call(i))
                }
            }
        })
    }

    fn causes(&self, of: CauseOf) -> &[Cause] {
        let (place, read): (_, fn(&TraceCalls) -> Vec<Cause>) = match of {
            CauseOf::Fault => (0, causes::faults),
            CauseOf::Error => (1, causes::errors),
            CauseOf::ResponseTime => (2, causes::response_times),
        };
        self.causes[place].get_or_init(|| read(self.trace))
    }

    fn root_cause(&self, of: CauseOf, level: Level, inner: &Expr) -> bool {
        self.causes(of).iter().any(|cause| {
            let list = elements(cause, level);
            let of = list.len();
            list.into_iter().enumerate().any(|(index, json)| {
                let element = Element { json, index, of };
                self.holds(inner, On::Cause(&element))
            })
        })
    }

    fn shape(&self, of: Option<CauseOf>, shape: &Json) -> bool {
        let all = [CauseOf::Fault, CauseOf::Error, CauseOf::ResponseTime];
        let wanted = shape.as_array().map(Vec::as_slice).unwrap_or_default();
        let causes: Vec<Json> = all
            .into_iter()
            .filter(|c| of.is_none_or(|of| of == *c))
            .flat_map(|c| self.causes(c).iter().map(Cause::json))
            .collect();
        wanted
            .iter()
            .all(|w| causes.iter().any(|c| has_shape(w, c)))
    }

    fn test(&self, test: &Test, on: On<'_>) -> bool {
        if let Key::Annotation(key) = &test.key {
            return self
                .calls(on)
                .filter(|c| !c.inferred)
                .filter_map(|c| annotation(c, key))
                .any(|v| holds(Some(v), test));
        }
        let trace = self.trace;
        let place = match (on, &test.key) {
            (On::Segment(i) | On::Call(i), _) => i,
            (On::Trace, Key::Throttle) => {
                let any = trace.segments().any(|i| trace.calls[i].flags.throttle);
                return holds(Some(Found::Bool(any)), test);
            }
            (On::Trace, Key::Partial) => {
                return holds(Some(Found::Bool(trace.is_partial())), test);
            }
            (On::Trace, Key::Duration) => {
                let all = causes::seconds(trace.end_ns - trace.start_ns);
                return holds(Some(Found::Number(all)), test);
            }
            (On::Trace, Key::User | Key::Zone | Key::Instance | Key::Resource | Key::Account) => {
                return trace.segments().any(|i| one(test, &trace.calls[i]));
            }
            (On::Trace, _) => match trace.root {
                Some(root) => root,
                None => return false,
            },
            (On::Cause(_), _) => return false,
        };
        one(test, &trace.calls[place])
    }

    /// The calls whose annotations count.
    fn calls(&self, on: On<'_>) -> Box<dyn Iterator<Item = &'a Call> + 'a> {
        let all = self.trace.calls.iter();
        match on {
            On::Segment(i) => Box::new(all.filter(move |c| c.segment == Some(i))),
            On::Call(i) => Box::new(std::iter::once(&self.trace.calls[i])),
            On::Trace | On::Cause(_) => Box::new(all),
        }
    }
}

/// Tests a value of one call.
fn one(test: &Test, call: &Call) -> bool {
    let bool = |b| holds(Some(Found::Bool(b)), test);
    let number = |n: Option<f64>| holds(n.map(Found::Number), test);
    let text = |t: Option<&str>| holds(t.map(Found::Text), test);
    let notion = |n: Notion| {
        let value = n.of_row(&call.fields).as_ref().and_then(as_text);
        holds(value.as_deref().map(Found::Text), test)
    };
    match &test.key {
        Key::Ok => bool(!call.flags.error && !call.flags.fault),
        Key::Error => bool(call.flags.error),
        Key::Fault => bool(call.flags.fault),
        Key::Throttle => bool(call.flags.throttle),
        Key::Partial => bool(call.in_progress()),
        Key::Inferred => bool(call.inferred),
        Key::Root => bool(call.parent.is_none()),
        Key::Remote => bool(call.reach != Reach::Local),
        Key::ResponseTime | Key::Duration => number(call.seconds()),
        Key::Status => {
            let status = Notion::Status.of_row(&call.fields);
            number(status.as_ref().and_then(as_number))
        }
        Key::Url => notion(Notion::Url),
        Key::Method => notion(Notion::Method),
        Key::UserAgent => notion(Notion::UserAgent),
        Key::ClientIp => notion(Notion::ClientAddress),
        Key::User => notion(Notion::User),
        Key::Name => text(Some(call.node.as_ref().map_or(&call.name, |n| &n.name))),
        Key::Type => text(call.node.as_ref().and_then(|n| n.kind.as_deref())),
        Key::Zone => text(call.text("cloud.availability_zone")),
        Key::Instance => text(call.text("host.id")),
        Key::Resource => text(
            call.text("aws.xray.resource_arn")
                .or_else(|| call.text("cloud.resource_id")),
        ),
        Key::Account => text(call.node.as_ref().and_then(|n| n.account.as_deref())),
        // Known in root causes alone, which the reader sees to; annotations were looked at before.
        Key::First | Key::Last | Key::Index | Key::Coverage | Key::Message | Key::Annotation(_) => {
            false
        }
    }
}

/// The value of an annotation: as it is called, else as an SDK would have to call it.
fn annotation<'a>(call: &'a Call, key: &str) -> Option<Found<'a>> {
    annotation_fields(key)
        .iter()
        .find_map(|name| match call.fields.get(name)? {
            Cell::Bool(b) => Some(Found::Bool(*b)),
            #[expect(clippy::cast_precision_loss, reason = "numbers compare as doubles")]
            Cell::Int(i) => Some(Found::Number(*i as f64)),
            Cell::Float(x) => Some(Found::Number(*x)),
            Cell::Text(t) => Some(Found::Text(t)),
            Cell::Null | Cell::Buckets { .. } => None,
        })
}

/// Fields that hold an annotation of that key, in the order they count.
pub(super) fn annotation_fields(key: &str) -> Vec<String> {
    let mut out = vec![format!("annotation.{key}"), key.to_owned()];
    let plain: String = key
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    if plain != key {
        out.push(plain);
    }
    out
}

fn as_text(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Text(t) => Some(t.clone()),
        Cell::Int(i) => Some(i.to_string()),
        Cell::Float(x) => Some(x.to_string()),
        Cell::Bool(b) => Some(b.to_string()),
        Cell::Null | Cell::Buckets { .. } => None,
    }
}

fn as_number(cell: &Cell) -> Option<f64> {
    match cell {
        #[expect(clippy::cast_precision_loss, reason = "numbers compare as doubles")]
        Cell::Int(i) => Some(*i as f64),
        Cell::Float(x) => Some(*x),
        Cell::Text(t) => t.parse().ok(),
        _ => None,
    }
}

fn is_node(wanted: &Ref, node: &Node) -> bool {
    let is =
        |wanted: &Option<String>, has: Option<&str>| wanted.is_none() || wanted.as_deref() == has;
    is(&wanted.name, Some(&node.name))
        && is(&wanted.kind, node.kind.as_deref())
        && is(&wanted.account, node.account.as_deref())
}

/// Whether the client of a trace that begins at `node` is meant: it bears the same name.
fn is_client(wanted: &Ref, node: &Node) -> bool {
    wanted.kind.as_deref() == Some(CLIENT)
        && wanted.account.is_none()
        && wanted.name.as_deref().is_none_or(|n| n == &*node.name)
}

/// Whether a value passes; of differing types none does, nor does what is not there.
fn holds(found: Option<Found<'_>>, test: &Test) -> bool {
    use Operator as Op;
    let Some(found) = found else { return false };
    let Some((operator, value)) = &test.compare else {
        return !matches!(found, Found::Bool(false));
    };
    match (found, value) {
        (Found::Bool(a), Value::Bool(b)) => match operator {
            Op::Eq => a == *b,
            Op::Ne => a != *b,
            _ => false,
        },
        (Found::Number(a), Value::Number(b)) => match operator {
            Op::Eq => a == *b,
            Op::Ne => a != *b,
            Op::Lt => a < *b,
            Op::Le => a <= *b,
            Op::Gt => a > *b,
            Op::Ge => a >= *b,
            _ => false,
        },
        (Found::Text(a), Value::Text(b)) => match operator {
            Op::Eq => a == b,
            Op::Ne => a != b,
            Op::Contains => a.contains(b.as_str()),
            Op::BeginsWith => a.starts_with(b.as_str()),
            Op::EndsWith => a.ends_with(b.as_str()),
            _ => false,
        },
        _ => false,
    }
}

fn elements(cause: &Cause, level: Level) -> Vec<Json> {
    let services = cause.services.iter();
    let entities = || cause.services.iter().flat_map(|s| &s.path);
    match level {
        Level::Service => services.map(Service::json).collect(),
        Level::Entity => entities().map(Entity::json).collect(),
        Level::Exception => entities()
            .flat_map(|e| {
                let remote = e.remote;
                e.exceptions.iter().map(move |x| {
                    serde_json::json!({"Name": x.name, "Message": x.message, "Remote": remote})
                })
            })
            .collect(),
    }
}

fn in_cause(test: &Test, element: &Element) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "a place in a short list")]
    let index = element.index as f64;
    let field = match test.key {
        Key::First => return holds(Some(Found::Bool(element.index == 0)), test),
        Key::Last => return holds(Some(Found::Bool(element.index + 1 == element.of)), test),
        Key::Index => return holds(Some(Found::Number(index)), test),
        Key::Name => "Name",
        Key::Type => "Type",
        Key::Account => "AccountId",
        Key::Inferred => "Inferred",
        Key::Coverage => "Coverage",
        Key::Remote => "Remote",
        Key::Message => "Message",
        _ => return false,
    };
    let found = match element.json.get(field) {
        Some(Json::Bool(b)) => Some(Found::Bool(*b)),
        Some(Json::Number(n)) => n.as_f64().map(Found::Number),
        Some(Json::String(s)) => Some(Found::Text(s)),
        _ => None,
    };
    holds(found, test)
}

/// What is given must be the same, what is not given may be anything; lists have as many elements.
fn has_shape(wanted: &Json, has: &Json) -> bool {
    match (wanted, has) {
        (Json::Object(w), Json::Object(h)) => w
            .iter()
            .all(|(k, v)| h.get(k).is_some_and(|other| has_shape(v, other))),
        (Json::Array(w), Json::Array(h)) => {
            w.len() == h.len() && w.iter().zip(h).all(|(w, h)| has_shape(w, h))
        }
        (Json::Number(w), Json::Number(h)) => w.as_f64() == h.as_f64(),
        (w, h) => w == h,
    }
}
