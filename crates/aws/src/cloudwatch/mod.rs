//! CloudWatch Logs: groups, streams, events, patterns, Insights, tail.

use crate::wire::{self, Operation, Service};
use axum::extract::Request;
use axum::response::Response;
use engine::Engine;

/// Answers one operation of the service.
pub async fn answer(engine: &Engine, name: &str, request: Request) -> Response {
    let operation = operation(name);
    match wire::open(engine, Service::Logs, name, operation, request).await {
        Ok(call) => {
            let fail = wire::Fail::unknown_operation(Service::Logs, call.operation.name);
            call.answer(Err(fail), false)
        }
        Err(refused) => *refused,
    }
}

fn operation(_name: &str) -> Option<&'static Operation> {
    None
}
