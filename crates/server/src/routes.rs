//! What is answered where: one router per listener.

use crate::astray::{self, Place};
use crate::connection::Crowd;
use crate::metrics::{self, Gauges};
use crate::settings::Cidr;
use crate::ui;
use api::guard::AllowedHosts;
use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use engine::{Engine, HealthState, Protocol, Reason};
use http::{StatusCode, header};
use std::net::SocketAddr;
use std::sync::Arc;

/// What the routes of the server itself need.
#[derive(Clone)]
pub(crate) struct Own {
    pub(crate) engine: Engine,
    pub(crate) crowd: Arc<Crowd>,
    pub(crate) gauges: Arc<Gauges>,
    pub(crate) metrics_allow: Arc<[Cidr]>,
    pub(crate) hosts: AllowedHosts,
}

/// Port 8080: every protocol over HTTP and gRPC, our own API, health, metrics, and the UI for every
/// other GET.
pub(crate) fn everything(own: Own, config: api::Config, xray: aws::xray::App) -> Router {
    let engine = own.engine.clone();
    let ui = ui::router(own.hosts.clone());
    let aws = aws::App {
        engine: engine.clone(),
        closing: config.closing.clone(),
    };
    Router::new()
        .merge(aws::xray::router(xray))
        // A POST there is a call of AWS's; anything else is the UI's.
        .route("/", aws::root(aws).fallback_service(ui.clone()))
        .merge(otlp::router(engine.clone()))
        .merge(honeycomb::router(engine.clone()))
        .merge(rollbar::router(engine.clone()))
        .merge(api::router(engine.clone(), config))
        .merge(about(own.clone()))
        .fallback_service(ui.layer(middleware::from_fn_with_state(
            place(engine, Protocol::Api, Reason::WrongPath),
            astray::note,
        )))
}

/// TCP port 2000: what the daemon's proxy answers.
pub(crate) fn xray_daemon(own: &Own, xray: aws::xray::App) -> Router {
    let hosts = own.hosts.clone();
    aws::xray::daemon_router(xray, Arc::new(move |host| hosts.allows(host)))
}

/// Ports 4317 and 4318: OTLP, over gRPC as well as over HTTP, so that an exporter whose protocol does
/// not fit its port just works.
pub(crate) fn otlp_only(own: Own) -> Router {
    let place = place(own.engine.clone(), Protocol::OtlpHttp, Reason::WrongPort);
    let astray = Router::new()
        .fallback(not_otlp)
        .layer(middleware::from_fn_with_state(place, astray::note));
    otlp::router(own.engine.clone())
        .merge(about(own))
        .fallback_service(astray)
}

fn place(engine: Engine, usual: Protocol, reason: Reason) -> Place {
    Place {
        engine,
        usual,
        reason,
    }
}

async fn not_otlp(uri: http::Uri) -> Response {
    let text = format!(
        "there is nothing at {} on this port: it takes OTLP at /v1/traces, /v1/logs, /v1/metrics and by gRPC\n",
        uri.path()
    );
    (StatusCode::NOT_FOUND, text).into_response()
}

fn about(own: Own) -> Router {
    Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .route("/metrics", get(metrics_page))
        .with_state(own)
}

/// Whether the process should be left alone: anything but `failing`.
async fn live(State(own): State<Own>) -> Response {
    health(&own, |state| state != HealthState::Failing)
}

/// Whether deliveries are taken: `ok` or `degraded`.
async fn ready(State(own): State<Own>) -> Response {
    health(&own, |state| state <= HealthState::Degraded)
}

/// The state and nothing else: anyone may ask.
fn health(own: &Own, good: impl Fn(HealthState) -> bool) -> Response {
    let state = own.engine.health().state;
    let status = match good(state) {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    let body = serde_json::json!({ "state": state.as_str() });
    (
        status,
        [(header::CACHE_CONTROL, "no-store")],
        axum::Json(body),
    )
        .into_response()
}

async fn metrics_page(
    State(own): State<Own>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
) -> Response {
    let address = peer.ip().to_canonical();
    if !address.is_loopback() && !own.metrics_allow.iter().any(|c| c.contains(address)) {
        let text = format!("{address} may not read this; add its network to metrics.allow_cidrs\n");
        return (StatusCode::FORBIDDEN, text).into_response();
    }
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    let page = metrics::page(&own.engine, &own.crowd, &own.gauges);
    ([(header::CONTENT_TYPE, kind)], page).into_response()
}
