//! Who called whom: traces put together as calls between services, and the map they add up to.
//!
//! A trace's rows become one tree ([`TraceCalls`]): fragments of the same span merged, causes that lie in
//! another fragment resolved, callees that report nothing of their own put in as *inferred* calls. Rows of
//! every source take part, each read through what it tells: X-Ray's segments by the attributes of
//! mapping.md §4, OpenTelemetry's spans by the notions of mapping.md §9.
//!
//! A *segment* is a call as its callee saw it: the work of one service for one request. Segments of one
//! name, kind and account are one [`Node`] of the map.

mod assemble;
mod graph;
mod node;
mod read;

pub use assemble::assemble;
pub use graph::{Edge, Graph, Histogram, NodeCalls, Statistics};
pub use node::{CLIENT, NAMING_FIELDS, REMOTE};

use crate::answer::{Cell, Row};
use crate::spec::{Combination, Filter};
use crate::{Error, Querier, Scope};
use event::{EnvId, EventId, SpanId, TraceId};
use std::sync::Arc;

/// A service, a database, a queue …: what calls and is called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// What it calls itself, or its callers call it.
    pub name: Arc<str>,
    /// What it is: `AWS::EC2::Instance`, `Database::SQL`, `remote`, `client` …; none when nothing tells.
    pub kind: Option<Arc<str>>,
    /// The account it lies in.
    pub account: Option<Arc<str>>,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// The caller's fault: 4xx.
    pub error: bool,
    /// Too many calls: 429.
    pub throttle: bool,
    /// The callee's fault: 5xx, an exception.
    pub fault: bool,
}

impl Flags {
    /// Neither error nor fault.
    #[must_use]
    pub fn is_ok(self) -> bool {
        !self.error && !self.fault && !self.throttle
    }
}

/// What a call goes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Stays in the service.
    #[default]
    Local,
    /// Another service, over the network.
    Remote,
    /// A service of AWS.
    Aws,
}

/// One call: a span, a segment or a subsegment.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Its id.
    pub span_id: SpanId,
    /// Its caller's, if it has one, whether it arrived or not.
    pub parent_id: Option<SpanId>,
    /// Place of its caller in the trace.
    pub parent: Option<usize>,
    /// Places of what it called, by start.
    pub children: Vec<usize>,
    /// Place of the segment it is part of; its own for a segment.
    pub segment: Option<usize>,
    /// What this call is work of; only segments have one.
    pub node: Option<Node>,
    /// Put in by us: the callee reported nothing.
    pub inferred: bool,
    /// Where it goes.
    pub reach: Reach,
    /// Its name.
    pub name: String,
    /// Start, nanoseconds.
    pub start_ns: i64,
    /// Length; none while it is in progress.
    pub duration_ns: Option<i64>,
    /// How it ended.
    pub flags: Flags,
    /// Dataset of the row it was read from.
    pub dataset: Arc<str>,
    /// `meta.source` of that row.
    pub source: Option<Arc<str>>,
    /// Identity of that row; none for inferred calls.
    pub event_id: Option<EventId>,
    /// Every field of that row.
    pub fields: Arc<Row>,
}

impl Call {
    /// Whether it is a segment.
    #[must_use]
    pub fn is_segment(&self) -> bool {
        self.node.is_some()
    }

    /// Whether its end has not arrived.
    #[must_use]
    pub fn in_progress(&self) -> bool {
        self.duration_ns.is_none()
    }

    /// Its end, or its start while there is none.
    #[must_use]
    pub fn end_ns(&self) -> i64 {
        self.start_ns
            .saturating_add(self.duration_ns.unwrap_or_default())
    }

    /// Its length in seconds.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "seconds are a double to users")]
    pub fn seconds(&self) -> Option<f64> {
        self.duration_ns.map(|ns| ns as f64 / 1e9)
    }

    /// A field as text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.fields.get(name)? {
            Cell::Text(t) => Some(t),
            _ => None,
        }
    }
}

/// A trace put together.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceCalls {
    /// Its id.
    pub id: TraceId,
    /// Its calls by start; inferred ones last.
    pub calls: Vec<Call>,
    /// Place of the segment it began with.
    pub root: Option<usize>,
    /// Earliest start, nanoseconds.
    pub start_ns: i64,
    /// Latest end.
    pub end_ns: i64,
    /// When something of it arrived last, milliseconds; 0 when not asked.
    pub received_ms: i64,
}

impl TraceCalls {
    /// The call it began with.
    #[must_use]
    pub fn root(&self) -> Option<&Call> {
        self.root.map(|r| &self.calls[r])
    }

    /// Places of all segments.
    pub fn segments(&self) -> impl Iterator<Item = usize> {
        (0..self.calls.len()).filter(|i| self.calls[*i].is_segment())
    }

    /// Whether something of it is still in progress.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.calls.iter().any(Call::in_progress)
    }

    /// The caller of a segment: the call that reached it, and the segment that call is part of.
    #[must_use]
    pub fn caller(&self, segment: usize) -> Option<(usize, usize)> {
        let call = self.calls[segment].parent?;
        Some((call, self.calls[call].segment?))
    }
}

/// Which time of a trace must lie in the range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeOf {
    /// Its earliest start.
    #[default]
    Start,
    /// When something of it arrived last.
    Arrival,
    /// The end of some segment.
    SegmentEnd,
}

/// Which traces are wanted.
#[derive(Clone, Debug, Default)]
pub struct CallsAsk {
    /// Nanoseconds, half open.
    pub range: (i64, i64),
    /// Of which time.
    pub time: TimeOf,
    /// Conditions of which some row of a trace must meet all, or one: a first sieve that spares reading
    /// whole traces. What is asked of a trace as a whole, the caller tests.
    pub sieve: Option<(Vec<Filter>, Combination)>,
    /// Only traces after this one in the order of answers.
    pub after: Option<(i64, TraceId)>,
    /// Most traces looked at.
    pub limit: usize,
}

/// Traces read.
#[derive(Clone, Debug, Default)]
pub struct CallsRead {
    /// Newest first.
    pub traces: Vec<TraceCalls>,
    /// Traces looked at.
    pub looked_at: usize,
    /// Where to go on; none when all were read.
    pub next: Option<(i64, TraceId)>,
}

/// A source's document, kept verbatim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Identity of its row.
    pub event_id: EventId,
    /// Trace it is of.
    pub trace_id: TraceId,
    /// Its top.
    pub span_id: Option<SpanId>,
    /// The text.
    pub text: String,
}

impl Querier {
    /// Traces of an environment, newest first, put together.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn calls(&self, scope: &Scope, ask: CallsAsk) -> Result<CallsRead, Error> {
        let scope = scope.clone();
        self.pool
            .admit(crate::Limits::default(), move |pool, control| async move {
                let (tables, known) = (pool.tables(scope.env), pool.tables.fields(scope.env));
                read::calls(
                    &tables,
                    &known,
                    scope.dataset.as_deref(),
                    &ask,
                    pool.clock.now(),
                    &control,
                )
                .await
            })
            .await
    }

    /// These traces put together, in the order asked; those there is nothing of are left out.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn calls_of(&self, env: EnvId, ids: Vec<TraceId>) -> Result<Vec<TraceCalls>, Error> {
        self.pool
            .admit(crate::Limits::default(), move |pool, _| async move {
                read::of_ids(&pool.tables(env), &ids, pool.clock.now()).await
            })
            .await
    }

    /// The documents kept verbatim of these traces.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn trace_documents(
        &self,
        env: EnvId,
        ids: Vec<TraceId>,
    ) -> Result<Vec<Document>, Error> {
        self.pool
            .admit(crate::Limits::default(), move |pool, _| async move {
                read::documents(&pool.tables(env), &ids).await
            })
            .await
    }
}

#[cfg(test)]
mod tests;
