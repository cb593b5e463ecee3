//! `POST /`: which service and operation is meant (cloudwatch.md §0).

use crate::App;
use crate::cloudwatch;
use crate::sts;
use crate::wire::{self, Fail, Service};
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::{MethodRouter, post};
use engine::{Delivery, Engine, Outcome};
use http::HeaderMap;

/// Before an operation of CloudWatch Logs.
const LOGS: &str = "Logs_20140328.";
/// Before an operation of CloudWatch metrics.
const METRICS: &str = "GraniteServiceVersion20100801.";

/// What answers `POST /`. Other methods are the caller's: a page, as a rule.
pub fn root(app: App) -> MethodRouter {
    post(answer).with_state(app)
}

async fn answer(State(app): State<App>, request: Request) -> Response {
    // What was taken is finished, and noted, also when the sender leaves meanwhile.
    let under_way = tokio::spawn(async move {
        let target = request
            .headers()
            .get("x-amz-target")
            .and_then(|t| t.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        match target.strip_prefix(LOGS) {
            Some(operation) => cloudwatch::answer(&app, operation, request).await,
            None if sts::is_meant(request.headers()) => sts::answer(&app, request).await,
            None => unknown(&app.engine, &target, &request),
        }
    });
    under_way.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a call was lost");
        let fail = Fail::of_engine(Service::Logs, &engine::Error::overload());
        wire::failed(Service::Logs, &wire::request_id(), &fail)
    })
}

/// A request for none of our services: told by name, noted, not read.
fn unknown(engine: &Engine, target: &str, request: &Request) -> Response {
    let name = match target.strip_prefix(METRICS) {
        Some(operation) => format!("{operation} of CloudWatch metrics"),
        None if !target.is_empty() => target.to_owned(),
        None => form_hint(request.headers()).to_owned(),
    };
    let fail = Fail::unknown_operation(Service::Logs, &name);
    let sender = request
        .extensions()
        .get::<axum::extract::ConnectInfo<std::net::SocketAddr>>();
    let delivery = Delivery {
        protocol: Service::Logs.protocol(),
        sender: sender.map_or(std::net::Ipv4Addr::UNSPECIFIED.into(), |c| c.0.ip()),
        user_agent: None,
        signal: None,
        wire_bytes: 0,
    };
    let outcome = Outcome::refused(1, fail.reason).detail(fail.message.clone());
    engine.arrivals().note(&delivery, None, None, outcome);
    wire::failed(Service::Logs, &wire::request_id(), &fail)
}

fn form_hint(headers: &HeaderMap) -> &'static str {
    let form = headers.get(http::header::CONTENT_TYPE).is_some_and(|t| {
        t.as_bytes()
            .starts_with(b"application/x-www-form-urlencoded")
    });
    match form {
        true => "of the query protocol (Action=…)",
        false => "",
    }
}
