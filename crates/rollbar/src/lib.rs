//! Rollbar: occurrences in, items out.
//!
//! **What it is.** `router(engine)` takes what the vendor's SDKs post, on every path they make of an
//! endpoint, and answers the vendor's API of items, occurrences, deploys, projects and tokens.
//!
//! **What it refuses.** What is not built is refused by name, 501: replays and sessions, source maps,
//! RQL, reports and metrics, notifications, teams, users, merging.
//!
//! **Source.** The vendor's public documentation, its open source SDKs, and their bytes;
//! `rollbar.md` of the specifications restates them.
//!
//! **What it does not know.** Where rows are kept, how issues are counted.
//!
//! Reading order: [`wire`], [`scrub`], [`translate`], `items`, then the API: `manage`, `search`,
//! `render`; [`error`].

mod call;
pub mod decoders;
pub mod error;
mod items;
pub mod json;
mod manage;
mod rate;
mod render;
pub mod scrub;
pub mod search;
pub mod translate;
pub mod trim;
pub mod wire;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::any;
use call::Call;
use engine::Engine;
use error::Fail;
use http::{HeaderValue, Method, StatusCode, header};
use percent_encoding::percent_decode_str;
use std::sync::Arc;

#[derive(Clone)]
struct App {
    engine: Engine,
    rates: Arc<rate::Rates>,
}

/// The router of `/api`, of the aliases of posts, and of the links that SDKs print.
pub fn router(engine: Engine) -> Router {
    let app = App {
        engine,
        rates: Arc::default(),
    };
    Router::new()
        .route("/api", any(answer))
        .route("/api/{*path}", any(answer))
        .route("/item", any(answer))
        .route("/item/", any(answer))
        .route("/item/uuid", any(answer))
        .route("/item/uuid/", any(answer))
        .route("/occurrence/uuid", any(answer))
        .route("/occurrence/uuid/", any(answer))
        .with_state(app)
}

async fn answer(State(app): State<App>, request: Request) -> Response {
    let mut call = Call::new(app, request);
    let path = call.parts.uri.path().to_owned();
    let segments: Vec<String> = path
        .split('/')
        .filter(|s| !s.is_empty())
        .map(|s| percent_decode_str(s).decode_utf8_lossy().into_owned())
        .collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let mut response = match route(&mut call, &segments).await {
        Ok(response) => response,
        Err(fail) => fail.render(),
    };
    if is_public(&segments) {
        allow_origin(response.headers_mut());
    }
    response
}

/// The one table of paths. Both slash forms of each; redirects of a post would lose its body.
async fn route(call: &mut Call, segments: &[&str]) -> Result<Response, Fail> {
    let method = call.parts.method.clone();
    if method == Method::OPTIONS && is_public(segments) {
        return Ok(preflight(call));
    }
    let is_post = method == Method::POST;
    match segments {
        // How SDKs join an endpoint and `item/` (rollbar.md §2).
        ["api", "1", "item"]
        | ["api", "item"]
        | ["item"]
        | ["api", "1item"]
        | ["api", "1", "item", "item"]
            if is_post =>
        {
            items::post(call, items::ITEM_LIMIT).await
        }
        ["api", "1", "item_batch"] if is_post => items::post(call, items::BATCH_LIMIT).await,
        ["api", "1", "item_batch"] | ["item"] | ["api", "item"] | ["api", "1item"] => Err(
            Fail::new(StatusCode::METHOD_NOT_ALLOWED, "this path takes POST"),
        ),
        ["api", "1", "status", "ping"] => Ok(plain("pong")),
        ["item", "uuid"] | ["occurrence", "uuid"] => manage::permalink(call, segments[0]),
        ["api", "1", rest @ ..] => manage::route(call, rest).await,
        _ => Err(Fail::not_found()),
    }
}

/// Paths that pages of other origins may post to.
fn is_public(segments: &[&str]) -> bool {
    matches!(
        segments,
        ["api", "1", "item" | "item_batch" | "session"]
            | ["api", "item" | "1item"]
            | ["item"]
            | ["api", "1", "item", "item"]
            | ["api", "1", "status", "ping"]
    )
}

/// Without it browsers hide the answer, errors above all.
fn allow_origin(headers: &mut http::HeaderMap) {
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static(
            "Rollbar-Replay-Enabled, Rollbar-Replay-RateLimit-Remaining, Rollbar-Replay-RateLimit-Reset, \
             X-Rate-Limit-Remaining, X-Rate-Limit-Remaining-Seconds",
        ),
    );
    // Replays are not built: the browser's SDK then does not record any.
    headers.insert("rollbar-replay-enabled", HeaderValue::from_static("false"));
}

/// Allows whatever headers are asked for: one release of the browser's SDK sends a stray one
/// (rollbar.md §1.5).
fn preflight(call: &Call) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let asked = call
        .parts
        .headers
        .get(header::ACCESS_CONTROL_REQUEST_HEADERS);
    let allowed = asked
        .cloned()
        .unwrap_or_else(|| HeaderValue::from_static("Content-Type, X-Rollbar-Access-Token"));
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("POST, GET, OPTIONS"),
    );
    headers.insert(
        header::ACCESS_CONTROL_MAX_AGE,
        HeaderValue::from_static("86400"),
    );
    headers.insert(
        header::VARY,
        HeaderValue::from_static("Access-Control-Request-Headers"),
    );
    response
}

fn plain(text: &'static str) -> Response {
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}

#[cfg(test)]
mod tests;
