//! The map that traces add up to: nodes, edges, and how calls between them went (xray.md §8.3).

use super::node::CLIENT;
use super::{Call, Flags, Node, TraceCalls};
use std::collections::BTreeMap;

/// Most entries of a histogram as told.
const HISTOGRAM_ENTRIES: usize = 100;

/// How calls went.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Statistics {
    /// Neither error nor fault.
    pub ok: u64,
    /// The caller's fault, but for throttling.
    pub error: u64,
    /// Throttled.
    pub throttle: u64,
    /// The callee's fault.
    pub fault: u64,
    /// Sum of their lengths, nanoseconds.
    pub total_ns: i128,
}

impl Statistics {
    /// Counts a call in exactly one class: fault before throttle before error.
    pub fn add(&mut self, flags: Flags, length_ns: i64) {
        match flags {
            Flags { fault: true, .. } => self.fault += 1,
            Flags { throttle: true, .. } => self.throttle += 1,
            Flags { error: true, .. } => self.error += 1,
            Flags { .. } => self.ok += 1,
        }
        self.total_ns += i128::from(length_ns);
    }

    /// All calls.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.ok + self.error + self.throttle + self.fault
    }

    /// Sum of lengths, seconds.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "seconds are a double to users")]
    pub fn total_seconds(&self) -> f64 {
        self.total_ns as f64 / 1e9
    }
}

/// Lengths of calls, to three significant digits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram(BTreeMap<u64, u64>);

impl Histogram {
    /// Counts a length.
    pub fn add(&mut self, length_ns: i64) {
        let ns = u64::try_from(length_ns).unwrap_or(0);
        *self.0.entry(round(ns, 3)).or_default() += 1;
    }

    /// (seconds, count), rising; at most 100 entries, coarser when there would be more.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "seconds are a double to users")]
    pub fn entries(&self) -> Vec<(f64, u64)> {
        let mut values = self.0.clone();
        for digits in [2, 1] {
            if values.len() <= HISTOGRAM_ENTRIES {
                break;
            }
            let mut coarser = BTreeMap::new();
            for (ns, n) in values {
                *coarser.entry(round(ns, digits)).or_default() += n;
            }
            values = coarser;
        }
        values
            .into_iter()
            .map(|(ns, n)| (ns as f64 / 1e9, n))
            .collect()
    }

    /// The length below which that share lies (0 to 1), nanoseconds.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank among counts"
    )]
    pub fn quantile_ns(&self, share: f64) -> Option<u64> {
        let total: u64 = self.0.values().sum();
        let rank = ((total as f64 * share).ceil() as u64).clamp(1, total.max(1));
        let mut seen = 0;
        self.0.iter().find_map(|(ns, n)| {
            seen += n;
            (seen >= rank).then_some(*ns)
        })
    }
}

/// Rounds to so many significant decimal digits.
fn round(ns: u64, digits: u32) -> u64 {
    let limit = 10u64.pow(digits);
    let mut unit = 1u64;
    while ns / unit >= limit {
        unit *= 10;
    }
    (ns + unit / 2) / unit * unit
}

/// Calls from one node to another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edge {
    /// Earliest start and latest end.
    pub times: (i64, i64),
    /// As the caller saw them.
    pub statistics: Statistics,
    /// Their lengths, as the caller saw them.
    pub response: Histogram,
}

/// A node, and the calls it answered.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeCalls {
    /// Which.
    pub node: Node,
    /// Whether traces begin here.
    pub is_root: bool,
    /// Whether it reports itself; clients and inferred callees do not.
    pub reports: bool,
    /// Earliest start and latest end.
    pub times: (i64, i64),
    /// As it saw them itself.
    pub statistics: Statistics,
    /// Lengths of its own work.
    pub response: Histogram,
    /// Lengths until the last thing it set off had ended.
    pub duration: Histogram,
    /// By place of the callee.
    pub edges: BTreeMap<usize, Edge>,
}

impl NodeCalls {
    /// Whether it stands for whoever calls from outside.
    #[must_use]
    pub fn is_client(&self) -> bool {
        self.node.kind.as_deref() == Some(CLIENT)
    }
}

/// The map.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// In the order they were first met.
    pub nodes: Vec<NodeCalls>,
    places: BTreeMap<Node, usize>,
}

impl Graph {
    /// Adds the segments of a trace that begin in the range, nanoseconds, half open.
    pub fn add(&mut self, trace: &TraceCalls, range: (i64, i64)) {
        let ends = ends_below(trace);
        for i in trace.segments() {
            let call = &trace.calls[i];
            if !(range.0..range.1).contains(&call.start_ns) {
                continue;
            }
            let place = self.segment(call, ends[i]);
            match trace.caller(i) {
                Some((by, from)) => {
                    let caller = &trace.calls[from];
                    let from = self.segment_place(caller);
                    // What reached it directly from the caller's own segment was seen by itself alone.
                    let seen = if by == from { call } else { &trace.calls[by] };
                    self.edge(from, place, seen);
                }
                None if call.parent.is_none() => {
                    self.nodes[place].is_root = true;
                    let client = Node {
                        name: call
                            .node
                            .as_ref()
                            .map_or_else(|| "".into(), |n| n.name.clone()),
                        kind: Some(CLIENT.into()),
                        account: None,
                    };
                    let client = self.place(client, false, call);
                    self.edge(client, place, call);
                }
                None => {}
            }
        }
    }

    fn segment(&mut self, call: &Call, end_below: i64) -> usize {
        let place = self.segment_place(call);
        let node = &mut self.nodes[place];
        node.times = (
            node.times.0.min(call.start_ns),
            node.times.1.max(call.end_ns()),
        );
        if let Some(length) = call.duration_ns {
            node.statistics.add(call.flags, length);
            node.response.add(length);
            node.duration.add(end_below - call.start_ns);
        }
        place
    }

    fn segment_place(&mut self, call: &Call) -> usize {
        let node = call.node.clone().unwrap_or_else(|| Node {
            name: call.name.as_str().into(),
            kind: None,
            account: None,
        });
        self.place(node, !call.inferred, call)
    }

    fn place(&mut self, node: Node, reports: bool, call: &Call) -> usize {
        if let Some(place) = self.places.get(&node) {
            self.nodes[*place].reports |= reports;
            return *place;
        }
        let place = self.nodes.len();
        self.places.insert(node.clone(), place);
        self.nodes.push(NodeCalls {
            node,
            is_root: false,
            reports,
            times: (call.start_ns, call.end_ns()),
            statistics: Statistics::default(),
            response: Histogram::default(),
            duration: Histogram::default(),
            edges: BTreeMap::new(),
        });
        place
    }

    fn edge(&mut self, from: usize, to: usize, seen: &Call) {
        let times = (seen.start_ns, seen.end_ns());
        let node = &mut self.nodes[from];
        node.times = (node.times.0.min(times.0), node.times.1.max(times.1));
        let edge = node.edges.entry(to).or_insert_with(|| Edge {
            times,
            ..Edge::default()
        });
        edge.times = (edge.times.0.min(times.0), edge.times.1.max(times.1));
        if let Some(length) = seen.duration_ns {
            edge.statistics.add(seen.flags, length);
            edge.response.add(length);
        }
    }
}

/// When the last thing each call set off had ended.
fn ends_below(trace: &TraceCalls) -> Vec<i64> {
    let mut ends: Vec<i64> = trace.calls.iter().map(Call::end_ns).collect();
    for i in 0..trace.calls.len() {
        let end = trace.calls[i].end_ns();
        let mut at = trace.calls[i].parent;
        while let Some(p) = at {
            if ends[p] >= end {
                break;
            }
            ends[p] = end;
            at = trace.calls[p].parent;
        }
    }
    ends
}
