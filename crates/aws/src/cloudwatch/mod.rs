//! CloudWatch Logs: groups, streams, events, patterns, Insights, tail.
//!
//! [`answer`] is the way of every call: its operation is looked up in one table, the call is opened
//! ([`crate::wire`]), and its handler's reply or refusal becomes the answer. Lines become rows in
//! [`translate`]; where a line stands, and how that is told, is [`place`].
//!
//! **Refused by name:** everything of the API that is not in the table, e.g. metric and subscription
//! filters, export, data protection, anomaly detectors.
//!
//! Reading order: [`wire`], `check`, `groups`, `streams`, `put`, [`translate`], [`correlate`],
//! [`pattern`], [`place`], `read`, `tail`, [`insights`].

mod check;
pub mod correlate;
mod eventstream;
mod groups;
pub mod insights;
pub mod pattern;
pub mod place;
mod put;
mod read;
mod streams;
mod tail;
pub mod translate;
pub mod wire;

use crate::App;
use crate::wire::{Call, Fail, Operation, Reply, Service};
use axum::extract::Request;
use axum::response::Response;
use engine::{Lane, Permission};

/// Largest body of `PutLogEvents`, packed and unpacked (reliability.md §3).
const PUT_BODY_LIMIT: usize = 8 << 20;

/// What is built.
const OPERATIONS: &[Operation] = &[
    Operation {
        name: "PutLogEvents",
        need: Permission::SendEvents,
        body_limit: PUT_BODY_LIMIT,
        signal: Some("logs"),
        lane: Lane::Common,
    },
    Operation::small("CreateLogGroup", Permission::CreateDatasets),
    Operation::small("CreateLogStream", Permission::SendEvents),
    Operation::small("DeleteLogGroup", Permission::ManageSettings),
    Operation::small("DeleteLogStream", Permission::ManageSettings),
    Operation::small("DescribeLogGroups", Permission::Identify),
    Operation::small("DescribeLogStreams", Permission::Identify),
    Operation::small("GetLogEvents", Permission::RunQueries),
    Operation::small("FilterLogEvents", Permission::RunQueries),
    Operation::small("StartLiveTail", Permission::RunQueries),
    Operation::small("PutRetentionPolicy", Permission::ManageSettings),
    Operation::small("DeleteRetentionPolicy", Permission::ManageSettings),
    Operation::small("TagResource", Permission::ManageSettings),
    Operation::small("UntagResource", Permission::ManageSettings),
    Operation::small("ListTagsForResource", Permission::Identify),
    Operation::small("TagLogGroup", Permission::ManageSettings),
    Operation::small("UntagLogGroup", Permission::ManageSettings),
    Operation::small("ListTagsLogGroup", Permission::Identify),
];

/// Answers one operation of the service.
pub async fn answer(app: &App, name: &str, request: Request) -> Response {
    let mut known = OPERATIONS.iter().chain(insights::OPERATIONS);
    let operation = known.find(|o| o.name == name);
    match crate::wire::open(&app.engine, Service::Logs, name, operation, request).await {
        Ok(call) => run(app, call).await,
        Err(refused) => *refused,
    }
}

async fn run(app: &App, call: Call) -> Response {
    if let Some(result) = insights::answer(&call).await {
        return call.answer(result, false);
    }
    match call.operation.name {
        "PutLogEvents" => call.answer(put::put(&call).await, true),
        "GetLogEvents" => call.answer(read::get(&call).await, false),
        "FilterLogEvents" => call.answer(read::filter(&call).await, false),
        "StartLiveTail" => call.answer(tail::start(app, &call), false),
        _ => {
            // These wait for the catalog's disk.
            let answered = tokio::task::spawn_blocking(move || {
                let result = settings(&call);
                call.answer(result, false)
            });
            answered.await.unwrap_or_else(|error| {
                tracing::error!(%error, "a call was lost");
                let fail = Fail::of_engine(Service::Logs, &engine::Error::overload());
                crate::wire::failed(Service::Logs, &crate::wire::request_id(), &fail)
            })
        }
    }
}

/// What is set up.
fn settings(call: &Call) -> Result<Reply, Fail> {
    match call.operation.name {
        "CreateLogGroup" => groups::create(call),
        "DeleteLogGroup" => groups::delete(call),
        "DescribeLogGroups" => groups::describe(call),
        "PutRetentionPolicy" => groups::put_retention(call),
        "DeleteRetentionPolicy" => groups::delete_retention(call),
        "TagResource" => groups::tag_resource(call),
        "UntagResource" => groups::untag_resource(call),
        "ListTagsForResource" => groups::list_tags(call),
        "TagLogGroup" => groups::tag_group(call),
        "UntagLogGroup" => groups::untag_group(call),
        "ListTagsLogGroup" => groups::list_tags_of_group(call),
        "CreateLogStream" => streams::create(call),
        "DeleteLogStream" => streams::delete(call),
        "DescribeLogStreams" => streams::describe(call),
        name => Err(Fail::unknown_operation(Service::Logs, name)),
    }
}

#[cfg(test)]
mod tests;
