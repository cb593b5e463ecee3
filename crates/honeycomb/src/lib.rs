//! Honeycomb's API: the Events API, and `/1/auth`, datasets, columns, queries, query results.
//!
//! **What it is.** `router(engine)` answers `/1/…` as the vendor does, for its clients unchanged:
//! libhoney, the Terraform provider's client, `curl` from its documentation. OTLP, which the vendor
//! takes too, is another crate's.
//!
//! **What it refuses.** Boards, triggers, SLOs, markers, calculated fields and the rest of `/1`, and all
//! of `/2`, are answered 404 by name: they are not built. Calculated fields, formulas and comparisons
//! inside a query are refused by name, 422.
//!
//! **Source.** The vendor's public API reference and OpenAPI description of January 2026, and its open
//! source clients; `honeycomb.md` of the specifications restates them.
//!
//! **What it does not know.** Where rows are kept and how questions are planned.
//!
//! Reading order: [`wire`], [`translate`], `events`, `call`, `settings`, `queries`, `results`, `render`,
//! [`error`].

mod call;
pub mod error;
mod events;
mod queries;
mod render;
mod results;
mod settings;
pub mod translate;
pub mod wire;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::any;
use call::Call;
use engine::Engine;
use error::Fail;
use http::{HeaderValue, Method, StatusCode, header};
use percent_encoding::percent_decode_str;
use results::Runs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Resources the vendor has and we do not: told so, by name.
const NOT_BUILT: [&str; 19] = [
    "boards",
    "burn_alerts",
    "dataset_definitions",
    "derived_columns",
    "environments",
    "kinesis_events",
    "maps",
    "marker_settings",
    "markers",
    "query_annotations",
    "recipients",
    "reporting",
    "service_map",
    "slos",
    "slo_history",
    "team",
    "triggers",
    "usage",
    "views",
];

#[derive(Clone)]
struct App {
    engine: Engine,
    runs: Arc<Runs>,
    requests: Arc<AtomicU64>,
}

/// The router of `/1` and `/2`.
pub fn router(engine: Engine) -> Router {
    let app = App {
        engine,
        runs: Arc::default(),
        requests: Arc::default(),
    };
    Router::new()
        .route("/1", any(answer))
        .route("/1/{*path}", any(answer))
        .route("/2", any(version_two))
        .route("/2/{*path}", any(version_two))
        .with_state(app)
}

async fn answer(State(app): State<App>, request: Request) -> Response {
    let number = app.requests.fetch_add(1, Ordering::Relaxed);
    let id = format!("{:x}-{number:x}", app.engine.now());
    let mut call = Call::new(app, request);
    let base = call.base();
    let is_ingest = ["/1/events", "/1/batch"]
        .iter()
        .any(|p| call.parts.uri.path().starts_with(p));
    let mut response = match route(&mut call).await {
        Ok(response) => response,
        Err(fail) => fail.render(&base, &id),
    };
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert("x-request-id", id);
    }
    // SDKs correct their clocks by it.
    if let Some(date) = render::http_date(call.engine().now()) {
        headers.insert(header::DATE, date);
    }
    if is_ingest {
        // Without it browsers hide the answer, errors above all.
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            HeaderValue::from_static("*"),
        );
    }
    response
}

/// The one table of paths. Trailing slashes are ignored; segments are percent-decoded, so `a%2Fb` is
/// one.
async fn route(call: &mut Call) -> Result<Response, Fail> {
    let path = call.parts.uri.path().to_owned();
    let segments: Vec<String> = path
        .trim_start_matches("/1")
        .split('/')
        .filter(|s| !s.is_empty())
        .map(|s| percent_decode_str(s).decode_utf8_lossy().into_owned())
        .collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let method = call.parts.method.clone();
    let (get, post) = (method == Method::GET, method == Method::POST);
    let (put, delete) = (method == Method::PUT, method == Method::DELETE);
    match *segments.as_slice() {
        ["events" | "batch", _] if method == Method::OPTIONS => Ok(preflight()),
        ["events", d] if post => events::single(call, d).await,
        ["batch", d] if post => events::batch(call, d).await,
        ["events" | "batch", _] => Err(Fail::method("POST")),
        ["events" | "batch"] => Err(Fail::dataset_not_found()),

        ["auth"] if get => settings::auth(call),
        ["auth"] => Err(Fail::method("GET")),

        ["datasets"] if get => settings::list_datasets(call),
        ["datasets"] if post => settings::create_dataset(call).await,
        ["datasets"] => Err(Fail::method("GET, POST")),
        ["datasets", d] if get => settings::get_dataset(call, d),
        ["datasets", d] if put => settings::update_dataset(call, d).await,
        ["datasets", d] if delete => settings::delete_dataset(call, d).await,
        ["datasets", _] => Err(Fail::method("GET, PUT, DELETE")),

        ["columns", d] if get => settings::list_columns(call, d),
        ["columns", d] if post => settings::create_column(call, d).await,
        ["columns", _] => Err(Fail::method("GET, POST")),
        ["columns", d, id] if get => settings::get_column(call, d, id),
        ["columns", d, id] if put => settings::update_column(call, d, id).await,
        ["columns", d, id] if delete => settings::delete_column(call, d, id),
        ["columns", _, _] => Err(Fail::method("GET, PUT, DELETE")),

        ["queries", d] if post => queries::create(call, d).await,
        ["queries", _] => Err(Fail::method("POST")),
        ["queries", d, id] if get => queries::get(call, d, id),
        ["queries", _, _] => Err(Fail::method("GET")),

        ["query_results", d] if post => results::create(call, d).await,
        ["query_results", _] => Err(Fail::method("POST")),
        ["query_results", d, id] if get => results::get(call, d, id),
        ["query_results", _, _] => Err(Fail::method("GET")),

        ["columns" | "queries" | "query_results"] => Err(Fail::dataset_not_found()),
        [name, ..] if NOT_BUILT.contains(&name) => Err(Fail::problem(
            StatusCode::NOT_FOUND,
            format!("/1/{name} is not built in Foursight"),
        )),
        _ => Err(Fail::problem(
            StatusCode::NOT_FOUND,
            format!("{path} is no path of this API"),
        )),
    }
}

fn preflight() -> Response {
    let mut response = call::empty(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("POST"),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static(
            "content-type, content-encoding, x-honeycomb-team, x-honeycomb-samplerate, x-honeycomb-event-time",
        ),
    );
    headers.insert(
        header::ACCESS_CONTROL_MAX_AGE,
        HeaderValue::from_static("7200"),
    );
    response
}

/// Version 2 needs management keys, which we do not have: its own form of 404 says so.
async fn version_two(request: Request) -> Response {
    let error = serde_json::json!({"errors": [{
        "status": "404",
        "code": "not-found",
        "title": "not built",
        "detail": format!("{} is not built in Foursight", request.uri().path()),
    }]});
    let mut response = call::json(StatusCode::NOT_FOUND, &error);
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/vnd.api+json"),
    );
    response
}

#[cfg(test)]
mod tests;
