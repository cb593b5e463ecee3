//! Foursight's own HTTP API, under `/foursight/v1/`: what the UI and the CLI speak.
//!
//! **What it is.** A router over the engine ([`router`]) and its description ([`openapi`]), both
//! from the same handlers, so they cannot differ. `ui/openapi.json` is the checked-in copy.
//!
//! **What it promises.** Every refusal is a problem document with the way out. Outside `--dev`
//! everything but `/session`, `/health` and `/openapi.json` asks for the owner token; under every
//! mode the `Host` must be an allowed name and pages of other sites are refused ([`guard`]).
//! An answer streamed as lines ends when the reader goes, and so does its question.
//!
//! **What it does not know.** Storage, plans, sockets, vendors.
//!
//! Reading order: [`wire`], [`guard`], then the handlers: questions, traces, arrivals, the rest.

mod admin;
mod arrivals;
mod ask;
pub mod error;
pub mod guard;
mod issues;
mod log_query;
mod logs;
mod map;
mod render;
mod request;
mod sampling;
mod saved;
mod session;
mod traces;
pub mod wire;

pub use log_query::{Compiled, Fault, LogLanguage};
pub use logs::ReadFilter;

use axum::Router;
use axum::middleware;
use axum::routing::{delete, get, post};
use engine::Engine;
use engine::query::Scope;
use error::Refused;
use std::sync::Arc;
use utoipa::OpenApi;

/// Greatest body of a request to our API, bytes (reliability.md §3, "other bodies").
const BODY_BYTES_LIMIT: usize = 1 << 20;

/// What the API is told by the server.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Names under which UI and API answer.
    pub allow_hosts: guard::AllowedHosts,
    /// Addresses listened on, told to clients.
    pub listen: wire::admin::Listen,
    /// Version of the server.
    pub version: &'static str,
    /// Turns true when the server stops: streams without an end then end.
    pub closing: Option<tokio::sync::watch::Receiver<bool>>,
    /// Whoever calls is the owner and is asked for nothing: the command line, over a directory it opened
    /// itself. Never behind a socket.
    pub is_owner: bool,
    /// Reads filters of lines: their language is another's. None: lines are not filtered.
    pub read_log_filter: Option<logs::ReadFilter>,
    /// The language in which lines are asked. None: they are not.
    pub log_language: Option<LogLanguage>,
}

/// The state of every handler.
#[derive(Clone)]
pub(crate) struct Api(Arc<(Engine, Config)>);

impl Api {
    pub(crate) fn engine(&self) -> &Engine {
        &self.0.0
    }

    pub(crate) fn config(&self) -> &Config {
        &self.0.1
    }

    /// Waits until the server stops.
    pub(crate) async fn closing(&self) {
        let stopped = match self.config().closing.clone() {
            Some(mut closing) => closing.wait_for(|c| *c).await.is_ok(),
            None => false,
        };
        if !stopped {
            std::future::pending::<()>().await;
        }
    }

    /// The rows that a question over that environment and dataset is about.
    pub(crate) fn scope(&self, env: &str, dataset: Option<String>) -> Result<Scope, Refused> {
        Ok(Scope {
            env: self.environment(env)?.id,
            dataset: dataset.filter(|d| d != "__all__"),
        })
    }
}

/// The API over an engine.
pub fn router(engine: Engine, config: Config) -> Router {
    let api = Api(Arc::new((engine, config)));
    let owned = Router::new()
        .route(
            "/environments",
            get(admin::environments).post(admin::new_environment),
        )
        .route("/environments/{env}/datasets", get(admin::datasets))
        .route("/environments/{env}/fields", get(ask::fields))
        .route("/environments/{env}/values", get(ask::values))
        .route(
            "/environments/{env}/keys",
            get(admin::keys).post(admin::new_key),
        )
        .route("/environments/{env}/keys/{id}", delete(admin::revoke_key))
        .route("/environments/{env}/traces/{id}", get(traces::trace))
        .route("/environments/{env}/rows/{event_id}", get(traces::row))
        .route("/environments/{env}/logs/groups", get(logs::groups))
        .route("/environments/{env}/logs/streams", get(logs::streams))
        .route("/environments/{env}/logs/lines/{id}", get(logs::one))
        .route("/environments/{env}/logs/tail", get(logs::tail))
        .route("/logs/lines", post(logs::lines))
        .route("/logs/counts", post(logs::counts))
        .route("/logs/query", post(log_query::query))
        .route("/logs/words", post(log_query::words))
        .route("/environments/{env}/map", get(map::map))
        .route(
            "/environments/{env}/groups",
            get(sampling::groups).post(sampling::new_group),
        )
        .route(
            "/environments/{env}/groups/{name}",
            axum::routing::put(sampling::change_group).delete(sampling::delete_group),
        )
        .route(
            "/environments/{env}/sampling_rules",
            get(sampling::rules).post(sampling::new_rule),
        )
        .route(
            "/environments/{env}/sampling_rules/{name}",
            axum::routing::put(sampling::change_rule).delete(sampling::delete_rule),
        )
        .route(
            "/environments/{env}/projects",
            get(issues::projects).post(issues::new_project),
        )
        .route("/environments/{env}/issues", get(issues::list))
        .route(
            "/environments/{env}/issues/{id}",
            get(issues::issue).patch(issues::change),
        )
        .route(
            "/environments/{env}/issues/{id}/occurrences",
            get(issues::occurrences),
        )
        .route(
            "/environments/{env}/issues/{id}/occurrences/{occurrence}",
            get(issues::occurrence),
        )
        .route(
            "/environments/{env}/saved_queries",
            get(saved::list).post(saved::save),
        )
        .route(
            "/environments/{env}/saved_queries/{id}",
            axum::routing::patch(saved::change).delete(saved::remove),
        )
        .route("/whoami", get(admin::whoami))
        .route("/query", post(ask::query))
        .route("/parse", post(ask::parse))
        .route("/render", post(ask::render_text))
        .route("/bubble_up", post(ask::bubble_up))
        .route("/rows", post(ask::rows))
        .route("/traces", post(traces::list))
        .route("/request", get(request::request))
        .route("/arrivals", get(arrivals::list))
        .route("/arrivals/live", get(arrivals::live))
        .route("/links", post(admin::new_link))
        .route("/links/{id}", get(admin::link))
        .layer(middleware::from_fn_with_state(api.clone(), guard::owner));
    let open = Router::new()
        .route(
            "/session",
            get(admin::session)
                .post(session::sign_in)
                .delete(session::sign_out),
        )
        .route("/health", get(admin::health))
        .route("/openapi.json", get(description));
    Router::new()
        .nest(
            "/foursight/v1",
            owned
                .merge(open)
                .fallback(nowhere)
                .method_not_allowed_fallback(not_so),
        )
        .layer(axum::extract::DefaultBodyLimit::max(BODY_BYTES_LIMIT))
        .layer(middleware::from_fn_with_state(api.clone(), guard::place))
        .with_state(api)
}

async fn nowhere(uri: http::Uri) -> Refused {
    Refused::not_found(format!("there is nothing at {}", uri.path()))
}

async fn not_so(method: http::Method) -> Refused {
    Refused::new(
        http::StatusCode::METHOD_NOT_ALLOWED,
        "method not allowed",
        format!("{method} is not how this address is asked"),
    )
}

async fn description() -> axum::Json<utoipa::openapi::OpenApi> {
    axum::Json(openapi())
}

/// The description of the API, generated from the handlers and their types.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(
        info(
            title = "Foursight's own API",
            version = "1",
            description = "What the UI and the command line speak. Outside --dev every request carries `Authorization: Bearer <owner token>`."
        ),
        paths(
            admin::session, session::sign_in, session::sign_out, admin::health, admin::environments, admin::new_environment, admin::datasets,
            admin::keys, admin::new_key, admin::revoke_key, admin::whoami, admin::new_link, admin::link,
            ask::query, ask::parse, ask::render_text, ask::bubble_up, ask::rows, ask::fields, ask::values,
            saved::list, saved::save, saved::change, saved::remove,
            traces::list, traces::trace, traces::row, request::request, arrivals::list, arrivals::live,
            logs::groups, logs::streams, logs::lines, logs::counts, logs::one, logs::tail,
            log_query::query, log_query::words,
            map::map, sampling::groups, sampling::new_group, sampling::change_group, sampling::delete_group,
            sampling::rules, sampling::new_rule, sampling::change_rule, sampling::delete_rule,
            issues::projects, issues::new_project, issues::list, issues::issue, issues::change,
            issues::occurrences, issues::occurrence,
        ),
        // Reached only as one of two media types, or not named by a path.
        components(schemas(wire::question::QueryEvent, wire::arrivals::ArrivalEvent, wire::logs::LogTailEvent, wire::log_query::LogQueryEvent, wire::Problem)),
    )]
    struct Description;
    Description::openapi()
}
