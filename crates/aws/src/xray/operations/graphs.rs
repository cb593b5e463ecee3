//! `GetServiceGraph`, `GetTraceGraph`.

use super::input::{Time, range, seconds};
use super::traces::{Ids, group_expression, read};
use crate::wire::{Call, Fail, Reply, Service};
use crate::xray::filter::{matches, sieve};
use crate::xray::render::graph::services;
use engine::query::calls::{CallsAsk, Graph};
use serde::Deserialize;
use serde_json::json;

/// Traces read at a time.
const TRACES: usize = 2_000;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Which {
    start_time: Option<Time>,
    end_time: Option<Time>,
    #[serde(default)]
    group_name: Option<String>,
    #[serde(default, rename = "GroupARN")]
    group_arn: Option<String>,
}

pub(super) async fn service_graph(call: &Call) -> Result<Reply, Fail> {
    let input: Which = call.input()?;
    let range = range(input.start_time.as_ref(), input.end_time.as_ref())?;
    let expr = group_expression(
        call,
        input.group_name.as_deref(),
        input.group_arn.as_deref(),
    )?;
    let mut graph = Graph::default();
    let mut after = None;
    loop {
        let ask = CallsAsk {
            range,
            sieve: sieve(&expr),
            after,
            limit: TRACES,
            ..CallsAsk::default()
        };
        let read = read(call, ask).await?;
        for trace in read.traces.iter().filter(|t| matches(&expr, t)) {
            graph.add(trace, range);
        }
        after = read.next;
        if after.is_none() {
            break;
        }
    }
    Ok(Reply::Json(json!({
        "StartTime": seconds(range.0),
        "EndTime": seconds(range.1),
        "Services": services(&graph),
        "ContainsOldGroupVersions": false,
    })))
}

pub(super) async fn trace_graph(call: &Call) -> Result<Reply, Fail> {
    let input: Ids = call.input()?;
    let ids = input.read()?.into_iter().filter_map(|(_, id)| id).collect();
    let traces = call.engine.querier().calls_of(call.grant.env(), ids).await;
    let traces = traces.map_err(|e| Fail::of_query(Service::Xray, &e))?;
    let mut graph = Graph::default();
    for trace in &traces {
        graph.add(trace, (i64::MIN, i64::MAX));
    }
    Ok(Reply::Json(json!({"Services": services(&graph)})))
}
