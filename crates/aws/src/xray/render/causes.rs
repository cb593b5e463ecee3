//! Root causes: paths from where a trace began to the culprit (xray.md §8.6).
//!
//! A fault's culprits are the deepest faulty calls; from each the path goes up to the root. A slow
//! trace's culprit is found from the root down: into the call that takes the largest share, as long as
//! it takes half of its caller's time.

use super::service_id;
use engine::query::calls::{Call, Flags, Node, Reach, TraceCalls};
use serde_json::{Map, Value, json};

/// The least share of its caller's time that makes a call the next culprit.
const SHARE: f64 = 0.5;

/// Nanoseconds as seconds.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "answers write doubles")]
pub(crate) fn seconds(ns: i64) -> f64 {
    ns as f64 / 1e9
}

/// A path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cause {
    /// From where the trace began.
    pub(crate) services: Vec<Service>,
    /// Whether whoever called from outside felt it; not said of slowness.
    pub(crate) client_impacting: Option<bool>,
}

/// A service on the path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Service {
    node: Node,
    inferred: bool,
    /// The segment, then what is inside of it.
    pub(crate) path: Vec<Entity>,
}

/// A (sub)segment on the path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entity {
    name: String,
    /// Share of the root's time; of slowness only.
    coverage: Option<f64>,
    pub(crate) remote: bool,
    pub(crate) exceptions: Vec<Exception>,
}

/// An exception at the culprit.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Exception {
    pub(crate) name: String,
    pub(crate) message: String,
}

impl Cause {
    pub(crate) fn json(&self) -> Value {
        let mut out = Map::new();
        let services: Vec<Value> = self.services.iter().map(Service::json).collect();
        out.insert("Services".into(), services.into());
        if let Some(impacting) = self.client_impacting {
            out.insert("ClientImpacting".into(), impacting.into());
        }
        out.into()
    }
}

impl Service {
    pub(crate) fn json(&self) -> Value {
        let mut out = service_id(&self.node);
        out.insert("Inferred".into(), self.inferred.into());
        let path: Vec<Value> = self.path.iter().map(Entity::json).collect();
        out.insert("EntityPath".into(), path.into());
        out.into()
    }
}

impl Entity {
    pub(crate) fn json(&self) -> Value {
        match self.coverage {
            Some(coverage) => {
                json!({"Name": self.name, "Coverage": coverage, "Remote": self.remote})
            }
            None => {
                let exceptions: Vec<Value> = self
                    .exceptions
                    .iter()
                    .map(|e| json!({"Name": e.name, "Message": e.message}))
                    .collect();
                json!({"Name": self.name, "Exceptions": exceptions, "Remote": self.remote})
            }
        }
    }
}

/// Paths to the deepest faults.
pub(crate) fn faults(trace: &TraceCalls) -> Vec<Cause> {
    failures(trace, |f| f.fault)
}

/// Paths to the deepest errors.
pub(crate) fn errors(trace: &TraceCalls) -> Vec<Cause> {
    failures(trace, |f| f.error)
}

fn failures(trace: &TraceCalls, is: fn(Flags) -> bool) -> Vec<Cause> {
    let mut out: Vec<Cause> = Vec::new();
    for (i, call) in trace.calls.iter().enumerate() {
        let deeper = call.children.iter().any(|c| is(trace.calls[*c].flags));
        if !is(call.flags) || deeper {
            continue;
        }
        let cause = Cause {
            services: services(trace, &up(trace, i), |_| None),
            client_impacting: Some(trace.root().is_some_and(|r| is(r.flags))),
        };
        if !cause.services.is_empty() && !out.contains(&cause) {
            out.push(cause);
        }
    }
    out
}

/// The path to what took the time.
pub(crate) fn response_times(trace: &TraceCalls) -> Vec<Cause> {
    let Some(root) = trace.root else {
        return Vec::new();
    };
    let Some(all) = trace.calls[root].duration_ns.filter(|ns| *ns > 0) else {
        return Vec::new();
    };
    let mut path = vec![root];
    let mut at = root;
    loop {
        let own = trace.calls[at].duration_ns.unwrap_or_default();
        let longest = trace.calls[at]
            .children
            .iter()
            .copied()
            .max_by_key(|c| trace.calls[*c].duration_ns);
        match longest {
            Some(c) if covers(trace.calls[c].duration_ns, own) => {
                path.push(c);
                at = c;
            }
            _ => break,
        }
    }
    let coverage = |call: &Call| call.duration_ns.map(|ns| seconds(ns) / seconds(all));
    vec![Cause {
        services: services(trace, &path, coverage),
        client_impacting: None,
    }]
}

fn covers(part: Option<i64>, whole: i64) -> bool {
    part.is_some_and(|p| whole > 0 && seconds(p) / seconds(whole) >= SHARE)
}

/// Places from the top down to a call.
fn up(trace: &TraceCalls, from: usize) -> Vec<usize> {
    let mut path = vec![from];
    let mut at = from;
    while let Some(parent) = trace.calls[at].parent {
        path.push(parent);
        at = parent;
    }
    path.reverse();
    path
}

/// A path cut into services: each begins with its segment.
fn services(
    trace: &TraceCalls,
    path: &[usize],
    coverage: impl Fn(&Call) -> Option<f64>,
) -> Vec<Service> {
    let mut out: Vec<Service> = Vec::new();
    let last = path.last().copied();
    for i in path.iter().copied() {
        let call = &trace.calls[i];
        if let Some(node) = &call.node {
            out.push(Service {
                node: node.clone(),
                inferred: call.inferred,
                path: Vec::new(),
            });
        }
        // What has lost its service lies on no path.
        let Some(service) = out.last_mut() else {
            continue;
        };
        service.path.push(Entity {
            name: call.name.clone(),
            coverage: coverage(call),
            remote: call.reach != Reach::Local,
            exceptions: match last == Some(i) {
                true => exceptions(call),
                false => Vec::new(),
            },
        });
    }
    out
}

fn exceptions(call: &Call) -> Vec<Exception> {
    let text = |name: &str| call.text(name).unwrap_or_default().to_owned();
    match (call.text("exception.type"), call.text("exception.message")) {
        (None, None) => Vec::new(),
        _ => vec![Exception {
            name: text("exception.type"),
            message: text("exception.message"),
        }],
    }
}
