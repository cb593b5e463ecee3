//! The operations: which there are, what each needs, and who answers it.

mod graphs;
mod groups;
mod input;
mod page;
mod put;
mod rules;
mod tags;
mod targets;
mod traces;

use super::App;
use crate::wire::{Call, Fail, Operation, Reply, json};
use engine::{Lane, Permission};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// An operation that is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    PutTraceSegments,
    PutTelemetryRecords,
    GetTraceSummaries,
    BatchGetTraces,
    GetTraceGraph,
    GetServiceGraph,
    GetSamplingRules,
    CreateSamplingRule,
    UpdateSamplingRule,
    DeleteSamplingRule,
    GetSamplingStatisticSummaries,
    GetSamplingTargets,
    CreateGroup,
    GetGroup,
    GetGroups,
    UpdateGroup,
    DeleteGroup,
    TagResource,
    UntagResource,
    ListTagsForResource,
}

/// Where an operation is, and what it needs.
pub(crate) struct Entry {
    pub(crate) path: &'static str,
    pub(crate) kind: Kind,
    pub(crate) operation: Operation,
}

const fn entry(path: &'static str, kind: Kind, name: &'static str, need: Permission) -> Entry {
    Entry {
        path,
        kind,
        operation: Operation::small(name, need),
    }
}

use Permission::{ManageSettings, RunQueries};

/// Source of the paths: service model 2016-04-12 (xray.md §5.2).
#[rustfmt::skip]
pub(crate) static BUILT: [Entry; 20] = [
    Entry {
        path: "/TraceSegments",
        kind: Kind::PutTraceSegments,
        operation: Operation {
            name: "PutTraceSegments",
            need: Permission::SendEvents,
            body_limit: 5 << 20,
            signal: Some("segments"),
            lane: Lane::Protected,
        },
    },
    entry("/TelemetryRecords", Kind::PutTelemetryRecords, "PutTelemetryRecords", Permission::SendEvents),
    entry("/TraceSummaries", Kind::GetTraceSummaries, "GetTraceSummaries", RunQueries),
    entry("/Traces", Kind::BatchGetTraces, "BatchGetTraces", RunQueries),
    entry("/TraceGraph", Kind::GetTraceGraph, "GetTraceGraph", RunQueries),
    entry("/ServiceGraph", Kind::GetServiceGraph, "GetServiceGraph", RunQueries),
    entry("/GetSamplingRules", Kind::GetSamplingRules, "GetSamplingRules", Permission::Identify),
    entry("/CreateSamplingRule", Kind::CreateSamplingRule, "CreateSamplingRule", ManageSettings),
    entry("/UpdateSamplingRule", Kind::UpdateSamplingRule, "UpdateSamplingRule", ManageSettings),
    entry("/DeleteSamplingRule", Kind::DeleteSamplingRule, "DeleteSamplingRule", ManageSettings),
    entry("/SamplingStatisticSummaries", Kind::GetSamplingStatisticSummaries, "GetSamplingStatisticSummaries", RunQueries),
    entry("/SamplingTargets", Kind::GetSamplingTargets, "GetSamplingTargets", Permission::Identify),
    entry("/CreateGroup", Kind::CreateGroup, "CreateGroup", ManageSettings),
    entry("/GetGroup", Kind::GetGroup, "GetGroup", RunQueries),
    entry("/Groups", Kind::GetGroups, "GetGroups", RunQueries),
    entry("/UpdateGroup", Kind::UpdateGroup, "UpdateGroup", ManageSettings),
    entry("/DeleteGroup", Kind::DeleteGroup, "DeleteGroup", ManageSettings),
    entry("/TagResource", Kind::TagResource, "TagResource", ManageSettings),
    entry("/UntagResource", Kind::UntagResource, "UntagResource", ManageSettings),
    entry("/ListTagsForResource", Kind::ListTagsForResource, "ListTagsForResource", RunQueries),
];

/// Operations the vendor has and we do not: told so, by name.
pub(crate) static NOT_BUILT: [(&str, &str); 18] = [
    (
        "/TimeSeriesServiceStatistics",
        "GetTimeSeriesServiceStatistics",
    ),
    ("/Insight", "GetInsight"),
    ("/InsightSummaries", "GetInsightSummaries"),
    ("/InsightEvents", "GetInsightEvents"),
    ("/InsightImpactGraph", "GetInsightImpactGraph"),
    ("/EncryptionConfig", "GetEncryptionConfig"),
    ("/PutEncryptionConfig", "PutEncryptionConfig"),
    ("/PutResourcePolicy", "PutResourcePolicy"),
    ("/DeleteResourcePolicy", "DeleteResourcePolicy"),
    ("/ListResourcePolicies", "ListResourcePolicies"),
    ("/GetTraceSegmentDestination", "GetTraceSegmentDestination"),
    (
        "/UpdateTraceSegmentDestination",
        "UpdateTraceSegmentDestination",
    ),
    ("/GetIndexingRules", "GetIndexingRules"),
    ("/UpdateIndexingRule", "UpdateIndexingRule"),
    ("/StartTraceRetrieval", "StartTraceRetrieval"),
    ("/ListRetrievedTraces", "ListRetrievedTraces"),
    ("/GetRetrievedTracesGraph", "GetRetrievedTracesGraph"),
    ("/CancelTraceRetrieval", "CancelTraceRetrieval"),
];

/// The operation of a path.
pub(crate) fn find(path: &str) -> Option<&'static Entry> {
    BUILT.iter().find(|e| e.path == path)
}

/// What a path is called, built or not.
pub(crate) fn name_of(path: &str) -> &str {
    find(path).map(|e| e.operation.name).unwrap_or_else(|| {
        NOT_BUILT
            .iter()
            .find(|(p, _)| *p == path)
            .map_or(path, |(_, name)| name)
    })
}

/// Of how many operations a body is the input: for the fuzz targets. What is read further before anything is
/// asked (times, a rule's fields) is read as well.
pub(crate) fn reads_input(body: &[u8]) -> usize {
    fn reads<T: DeserializeOwned>(body: &[u8]) -> bool {
        json::read::<T>(body).is_ok()
    }
    let operations: [fn(&[u8]) -> bool; 13] = [
        reads::<put::Segments>,
        reads::<put::Telemetry>,
        reads::<traces::Summaries>,
        reads::<traces::Ids>,
        reads::<graphs::Which>,
        reads::<rules::Create>,
        reads::<rules::Update>,
        reads::<rules::Delete>,
        reads::<targets::Targets>,
        reads::<groups::Create>,
        reads::<groups::Which>,
        reads::<tags::Which>,
        reads::<page::TokenOnly>,
    ];
    // Only whether they panic is asked.
    if let Ok(times) = json::read::<BTreeMap<String, input::Time>>(body) {
        let _ = input::range(times.get("StartTime"), times.get("EndTime"));
    }
    for read in [
        |r: rules::RuleInput| r.rule().is_ok(),
        |r: rules::RuleInput| r.update().is_ok(),
    ] {
        let _ = json::read(body).map(read);
    }
    operations.iter().filter(|reads| reads(body)).count()
}

pub(crate) async fn run(app: &App, kind: Kind, call: &Call) -> Result<Reply, Fail> {
    match kind {
        Kind::PutTraceSegments => put::trace_segments(app, call).await,
        Kind::PutTelemetryRecords => put::telemetry_records(call),
        Kind::GetTraceSummaries => traces::summaries(call).await,
        Kind::BatchGetTraces => traces::batch_get(call).await,
        Kind::GetTraceGraph => graphs::trace_graph(call).await,
        Kind::GetServiceGraph => graphs::service_graph(call).await,
        Kind::GetSamplingRules => rules::list(call),
        Kind::CreateSamplingRule => rules::create(call),
        Kind::UpdateSamplingRule => rules::update(call),
        Kind::DeleteSamplingRule => rules::delete(call),
        Kind::GetSamplingStatisticSummaries => targets::statistics(call),
        Kind::GetSamplingTargets => targets::targets(call),
        Kind::CreateGroup => groups::create(call),
        Kind::GetGroup => groups::get(call),
        Kind::GetGroups => groups::list(call),
        Kind::UpdateGroup => groups::update(call),
        Kind::DeleteGroup => groups::delete(call),
        Kind::TagResource => tags::tag(call),
        Kind::UntagResource => tags::untag(call),
        Kind::ListTagsForResource => tags::list(call),
    }
}
