//! The service map of a range, maybe of a filter expression or a group.

use crate::Api;
use crate::error::Refused;
use crate::error::extract::{Place, Search};
use crate::wire::map::{Map, MapAsk, MapCalls, MapEdge, MapNode};
use crate::wire::{Nanos, Problem};
use axum::extract::State;
use engine::query::Scope;
use engine::query::calls::{CallsAsk, Graph, Histogram, Statistics, TraceCalls};
use engine::sampling::Compiled;

/// Length of a range that is not given, nanoseconds.
const RANGE_NS: i64 = 3_600_000_000_000;
/// Traces looked at, the newest first.
pub(crate) const TRACES: usize = 20_000;
/// Traces read at a time: each time the range is looked through again.
const PAGE: usize = 5_000;

/// The range asked, half open.
pub(crate) fn range(
    api: &Api,
    start: Option<Nanos>,
    end: Option<Nanos>,
) -> Result<(i64, i64), Refused> {
    let end = end.map_or_else(|| api.engine().now(), |n| n.0);
    let start = start.map_or(end.saturating_sub(RANGE_NS), |n| n.0);
    match start < end {
        true => Ok((start, end)),
        false => Err(Refused::invalid("start_ns must be before end_ns")),
    }
}

/// What was read.
pub(crate) struct Seen {
    pub(crate) traces: u64,
    pub(crate) partial: bool,
}

/// Calls `each` with every trace of the range that may pass, newest first.
pub(crate) async fn for_each_trace(
    api: &Api,
    scope: &Scope,
    range: (i64, i64),
    compiled: Option<&Compiled>,
    mut each: impl FnMut(&TraceCalls),
) -> Result<Seen, Refused> {
    let mut seen = Seen {
        traces: 0,
        partial: false,
    };
    let mut after = None;
    let mut looked_at = 0;
    loop {
        let ask = CallsAsk {
            range,
            sieve: compiled.and_then(|c| c.sieve.clone()),
            after,
            limit: PAGE,
            ..CallsAsk::default()
        };
        let read = api.engine().querier().calls(scope, ask).await?;
        looked_at += read.looked_at;
        seen.traces += read.traces.len() as u64;
        read.traces.iter().for_each(&mut each);
        after = read.next;
        seen.partial = after.is_some();
        if after.is_none() || looked_at >= TRACES {
            return Ok(seen);
        }
    }
}

/// The service map: nodes and edges with counts by outcome and lengths.
#[utoipa::path(get, path = "/foursight/v1/environments/{env}/map", tag = "map", params(
    ("env" = String, Path, description = "Slug of the environment."), MapAsk), responses(
    (status = 200, body = Map),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn map(
    State(api): State<Api>,
    Place(env): Place<String>,
    Search(ask): Search<MapAsk>,
) -> Result<axum::Json<Map>, Refused> {
    let scope = api.scope(&env, None)?;
    let range = range(&api, ask.start_ns, ask.end_ns)?;
    let sampling = api.engine().sampling();
    let mut expressions: Vec<String> = ask.filter.into_iter().collect();
    if let Some(name) = ask.group {
        let group = sampling
            .group(scope.env, &name)
            .ok_or_else(|| Refused::not_found(format!("there is no group `{name}`")))?;
        expressions.push(group.expression);
    }
    expressions.retain(|e| !e.trim().is_empty());
    let compiled = expressions
        .iter()
        .map(|e| sampling.compile(scope.env, e).map_err(Refused::invalid))
        .collect::<Result<Vec<_>, _>>()?;
    let mut graph = Graph::default();
    let mut traces = 0;
    let seen = for_each_trace(&api, &scope, range, compiled.first(), |trace| {
        if compiled.iter().all(|c| (c.matches)(trace)) {
            traces += 1;
            graph.add(trace, range);
        }
    })
    .await?;
    Ok(axum::Json(render(&graph, range, traces, &seen)))
}

fn render(graph: &Graph, range: (i64, i64), traces: u64, seen: &Seen) -> Map {
    let nodes = graph.nodes.iter().enumerate().map(|(id, n)| MapNode {
        id,
        name: n.node.name.to_string(),
        kind: n.node.kind.as_deref().map(str::to_owned),
        account: n.node.account.as_deref().map(str::to_owned),
        is_root: n.is_root,
        is_client: n.is_client(),
        reports: n.reports,
        calls: calls(&n.statistics, &n.response),
    });
    let edges = graph.nodes.iter().enumerate().flat_map(|(from, n)| {
        n.edges.iter().map(move |(to, e)| MapEdge {
            from,
            to: *to,
            calls: calls(&e.statistics, &e.response),
        })
    });
    Map {
        start_ns: Nanos(range.0),
        end_ns: Nanos(range.1),
        nodes: nodes.collect(),
        edges: edges.collect(),
        traces,
        traces_seen: seen.traces,
        partial: seen.partial,
    }
}

fn calls(s: &Statistics, lengths: &Histogram) -> MapCalls {
    let total = s.total();
    let quantile = |share| {
        let ns = lengths.quantile_ns(share)?;
        i64::try_from(ns).ok().map(Nanos)
    };
    let mean = (total > 0).then(|| s.total_ns / i128::from(total));
    MapCalls {
        ok: s.ok,
        error: s.error,
        throttle: s.throttle,
        fault: s.fault,
        total,
        mean_ns: mean.and_then(|ns| i64::try_from(ns).ok()).map(Nanos),
        p50_ns: quantile(0.5),
        p95_ns: quantile(0.95),
    }
}
