//! Maps as the vendor tells them (xray.md §8.3).

use super::{causes::seconds, service_id};
use engine::query::calls::{Edge, Graph, Histogram, NodeCalls, Statistics};
use serde_json::{Value, json};

/// The nodes of a map; references are places in it.
pub(crate) fn services(graph: &Graph) -> Vec<Value> {
    graph
        .nodes
        .iter()
        .enumerate()
        .map(|(place, node)| service(place, node))
        .collect()
}

fn service(place: usize, node: &NodeCalls) -> Value {
    let mut out = service_id(&node.node);
    let mut put = |name: &str, value: Value| drop(out.insert(name.to_owned(), value));
    put("ReferenceId", place.into());
    if node.is_root {
        put("Root", true.into());
    }
    put(
        "State",
        if node.reports { "active" } else { "unknown" }.into(),
    );
    put("StartTime", json!(seconds(node.times.0)));
    put("EndTime", json!(seconds(node.times.1)));
    let edges: Vec<Value> = node.edges.iter().map(|(to, e)| edge(*to, e)).collect();
    put("Edges", edges.into());
    // Whoever calls from outside is known by its calls alone.
    if !node.is_client() {
        put("SummaryStatistics", statistics(&node.statistics));
        put("DurationHistogram", histogram(&node.duration));
        put("ResponseTimeHistogram", histogram(&node.response));
    }
    out.into()
}

fn edge(to: usize, edge: &Edge) -> Value {
    json!({
        "ReferenceId": to,
        "StartTime": seconds(edge.times.0),
        "EndTime": seconds(edge.times.1),
        "SummaryStatistics": statistics(&edge.statistics),
        "ResponseTimeHistogram": histogram(&edge.response),
        "Aliases": [],
    })
}

fn statistics(s: &Statistics) -> Value {
    json!({
        "OkCount": s.ok,
        "ErrorStatistics": {
            "ThrottleCount": s.throttle,
            "OtherCount": s.error,
            "TotalCount": s.throttle + s.error,
        },
        "FaultStatistics": {"OtherCount": s.fault, "TotalCount": s.fault},
        "TotalCount": s.total(),
        "TotalResponseTime": s.total_seconds(),
    })
}

fn histogram(h: &Histogram) -> Value {
    h.entries()
        .into_iter()
        .map(|(value, count)| json!({"Value": value, "Count": count}))
        .collect::<Vec<_>>()
        .into()
}
