//! The backend: its routes, and the spans around them.

use crate::mock;
use crate::rollbar::Failure;
use crate::truth::Truth;
use crate::witness::{Finished, Witness};
use crate::xray::Part;
use axum::extract::{ConnectInfo, MatchedPath, Path, Query, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use opentelemetry::trace::{FutureExt as _, SpanKind, Status, TraceContextExt as _, Tracer as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::HeaderExtractor;
use opentelemetry_sdk::trace::SdkTracer;
use rand::RngExt as _;
use serde::Deserialize;
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// Header by which the front end says whose session it is.
pub const USER_HEADER: &str = "x-cruddur-user";

#[derive(Clone)]
struct App {
    truth: Arc<Truth>,
    tracer: SdkTracer,
    witness: Arc<Witness>,
}

/// Who asks for what; every span of a request carries both.
#[derive(Clone, Debug)]
struct Visit {
    route: String,
    handle: String,
    /// What was worked on, in the order it ended.
    parts: Arc<Mutex<Vec<Part>>>,
}

/// The app's routes.
pub(crate) fn router(truth: Truth, tracer: SdkTracer, witness: Arc<Witness>) -> Router {
    let app = App {
        truth: Arc::new(truth),
        tracer,
        witness,
    };
    Router::new()
        .route("/api/activities/home", get(home))
        .route("/api/activities/notifications", get(notifications))
        .route("/api/activities/search", get(search))
        .route("/api/activities/{key}", get(activity_or_user))
        .route("/api/activities", post(create))
        .route("/api/activities/{uuid}/reply", post(create))
        .route("/api/message_groups", get(message_groups))
        .route("/api/messages/{handle}", get(messages))
        .route("/api/messages", post(create))
        .layer(middleware::from_fn_with_state(app.clone(), server_span))
        .with_state(app)
}

/// The server span, child of what `traceparent` names; and what is told to the other three.
async fn server_span(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let started = SystemTime::now();
    let visit = Visit::of(&request);
    let context = app.begin(&request, &visit);
    let (method, uri) = (request.method().to_string(), request.uri().clone());
    let (host, user_agent) = (header(&request, "host"), header(&request, "user-agent"));
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |c| c.0.ip());
    request.extensions_mut().insert(visit.clone());
    let response = next.run(request).with_context(context.clone()).await;
    let span = context.span();
    span.set_attribute(KeyValue::new(
        "http.response.status_code",
        i64::from(response.status().as_u16()),
    ));
    if response.status().is_server_error() {
        span.set_status(Status::error(response.status().to_string()));
    }
    span.end();
    app.witness.tell(Finished {
        started,
        method: &method,
        host: &host,
        path: uri.path(),
        query: uri.query().unwrap_or_default(),
        user_agent: &user_agent,
        peer,
        route: &visit.route,
        handle: &visit.handle,
        status: response.status().as_u16(),
        status_line: &response.status().to_string(),
        failure: response.extensions().get::<Failure>().cloned(),
        parts: std::mem::take(&mut *visit.parts.lock().unwrap_or_else(PoisonError::into_inner)),
    });
    response
}

impl Visit {
    fn of(request: &Request) -> Self {
        let path = request.uri().path();
        let matched = request
            .extensions()
            .get::<MatchedPath>()
            .map_or(path, MatchedPath::as_str);
        // One pattern serves two routes: users begin with an @.
        let route = match matched {
            "/api/activities/{key}" if path.contains("/@") => "/api/activities/@{handle}",
            "/api/activities/{key}" => "/api/activities/{uuid}",
            _ => matched,
        };
        Self {
            route: route.to_owned(),
            handle: header(request, USER_HEADER),
            parts: Arc::default(),
        }
    }
}

fn header(request: &Request, name: &str) -> String {
    request
        .headers()
        .get(name)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default()
        .to_owned()
}

impl App {
    /// Starts the server span.
    fn begin(&self, request: &Request, visit: &Visit) -> Context {
        let parent = opentelemetry::global::get_text_map_propagator(|p| {
            p.extract(&HeaderExtractor(request.headers()))
        });
        let method = request.method().to_string();
        let mut attributes = vec![
            KeyValue::new("http.request.method", method.clone()),
            KeyValue::new("http.route", visit.route.clone()),
            KeyValue::new("url.path", request.uri().path().to_owned()),
            KeyValue::new("url.scheme", "http"),
            KeyValue::new("server.address", header(request, "host")),
            KeyValue::new("user_agent.original", header(request, "user-agent")),
            KeyValue::new("app.user_handle", visit.handle.clone()),
        ];
        if let Some(query) = request.uri().query() {
            attributes.push(KeyValue::new("url.query", query.to_owned()));
        }
        let span = self
            .tracer
            .span_builder(format!("{method} {}", visit.route))
            .with_kind(SpanKind::Server)
            .with_attributes(attributes)
            .start_with_context(&self.tracer, &parent);
        parent.with_span(span)
    }

    /// Runs `work` in a child span that carries the visit.
    async fn child<T>(
        &self,
        visit: &Visit,
        name: &'static str,
        kind: SpanKind,
        more: Vec<KeyValue>,
        work: impl Future<Output = T>,
    ) -> T {
        let mut attributes = vec![
            KeyValue::new("http.route", visit.route.clone()),
            KeyValue::new("app.user_handle", visit.handle.clone()),
        ];
        attributes.extend(more);
        let span = self
            .tracer
            .span_builder(name)
            .with_kind(kind.clone())
            .with_attributes(attributes)
            .start(&self.tracer);
        let context = Context::current_with_span(span);
        let (started, clock) = (SystemTime::now(), std::time::Instant::now());
        let result = work.with_context(context.clone()).await;
        context.span().end();
        let part = Part {
            name,
            started,
            took: clock.elapsed(),
            is_remote: kind == SpanKind::Client,
        };
        let mut parts = visit.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.push(part);
        drop(parts);
        result
    }

    /// A query of the database: really waited for, and slow where the seed says so.
    async fn query(&self, visit: &Visit, text: &'static str, rows: usize) {
        let slow = self.truth.is_slow(&visit.route, &visit.handle);
        let millis = if slow {
            rand::rng().random_range(700..1_300)
        } else {
            rand::rng().random_range(2..24)
        };
        let plan = if slow {
            "sequential scan"
        } else {
            "index scan"
        };
        let attributes = vec![
            KeyValue::new("db.system.name", "postgresql"),
            KeyValue::new("db.namespace", "cruddur"),
            KeyValue::new("db.query.text", text),
            KeyValue::new("db.plan", plan),
            KeyValue::new(
                "db.response.returned_rows",
                i64::try_from(rows).unwrap_or(i64::MAX),
            ),
        ];
        self.child(
            visit,
            "SELECT cruddur",
            SpanKind::Client,
            attributes,
            tokio::time::sleep(Duration::from_millis(millis)),
        )
        .await;
    }

    /// A look into the cache; every third misses.
    async fn cache(&self, visit: &Visit, key: &'static str) {
        let hit = rand::rng().random_range(0..3) > 0;
        let attributes = vec![
            KeyValue::new("db.system.name", "redis"),
            KeyValue::new("cache.key", key),
            KeyValue::new("cache.hit", hit),
        ];
        let micros = rand::rng().random_range(300..1_800);
        self.child(
            visit,
            "GET cache",
            SpanKind::Client,
            attributes,
            tokio::time::sleep(Duration::from_micros(micros)),
        )
        .await;
    }

    /// Renders a list in a span of the app's own, with what it found.
    async fn list(
        &self,
        visit: &Visit,
        name: &'static str,
        length_key: &'static str,
        data: Vec<Value>,
        text: &'static str,
    ) -> Response {
        let rows = data.len();
        let attributes = vec![KeyValue::new(
            length_key,
            i64::try_from(rows).unwrap_or(i64::MAX),
        )];
        self.child(
            visit,
            name,
            SpanKind::Internal,
            attributes,
            self.query(visit, text, rows),
        )
        .await;
        let micros = rand::rng().random_range(400..6_000);
        tokio::time::sleep(Duration::from_micros(micros)).await;
        Json(data).into_response()
    }

    /// Fails now and then on the failing route, with an exception on the server span.
    fn failure(&self, visit: &Visit) -> Option<Response> {
        if visit.route != self.truth.failing_route || rand::rng().random_range(0..4) > 0 {
            return None;
        }
        let failure = Failure {
            class: "StaleConnection",
            message: "the connection was closed by the database",
            file: file!(),
            line: line!(),
            function: "App::failure",
        };
        let context = Context::current();
        context.span().add_event(
            "exception",
            vec![
                KeyValue::new("exception.type", failure.class),
                KeyValue::new("exception.message", failure.message),
            ],
        );
        let error = Json(json!({"error": "try again"}));
        let mut response = (StatusCode::INTERNAL_SERVER_ERROR, error).into_response();
        response.extensions_mut().insert(failure);
        Some(response)
    }
}

async fn home(State(app): State<App>, Extension(visit): Extension<Visit>) -> Response {
    app.cache(&visit, "home").await;
    app.list(
        &visit,
        "home-activities",
        "app.result_length",
        mock::home(),
        "SELECT * FROM activities ORDER BY created_at DESC",
    )
    .await
}

async fn notifications(State(app): State<App>, Extension(visit): Extension<Visit>) -> Response {
    app.list(
        &visit,
        "notifications-activities",
        "notifications.result_length",
        mock::notifications(),
        "SELECT * FROM notifications WHERE user_handle = $1",
    )
    .await
}

#[derive(Deserialize)]
struct Term {
    #[serde(default)]
    term: String,
}

async fn search(
    State(app): State<App>,
    Extension(visit): Extension<Visit>,
    Query(Term { term }): Query<Term>,
) -> Response {
    if term.is_empty() {
        return (
            StatusCode::UNPROCESSABLE_ENTITY,
            Json(json!(["search_term_blank"])),
        )
            .into_response();
    }
    Context::current()
        .span()
        .set_attribute(KeyValue::new("search.term", term.clone()));
    app.list(
        &visit,
        "search-activities",
        "search.result_length",
        mock::search(&term),
        "SELECT * FROM activities WHERE message ILIKE $1",
    )
    .await
}

async fn activity_or_user(
    State(app): State<App>,
    Extension(visit): Extension<Visit>,
    Path(key): Path<String>,
) -> Response {
    if let Some(handle) = key.strip_prefix('@') {
        app.cache(&visit, "profile").await;
        return app
            .list(
                &visit,
                "user-activities",
                "app.result_length",
                mock::of_user(handle),
                "SELECT * FROM activities WHERE handle = $1",
            )
            .await;
    }
    if let Some(failed) = app.failure(&visit) {
        return failed;
    }
    let found = vec![mock::activity(&key, "andrewbrown", "Cloud is fun!", 1)];
    app.list(
        &visit,
        "show-activity",
        "app.result_length",
        found,
        "SELECT * FROM activities WHERE uuid = $1",
    )
    .await
}

async fn message_groups(State(app): State<App>, Extension(visit): Extension<Visit>) -> Response {
    app.list(
        &visit,
        "message-groups",
        "app.result_length",
        mock::message_groups(),
        "SELECT * FROM message_groups WHERE handle = $1",
    )
    .await
}

async fn messages(
    State(app): State<App>,
    Extension(visit): Extension<Visit>,
    Path(handle): Path<String>,
) -> Response {
    let with = handle.trim_start_matches('@');
    app.list(
        &visit,
        "messages",
        "app.result_length",
        mock::messages(with),
        "SELECT * FROM messages WHERE handle = $1",
    )
    .await
}

#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    message: String,
}

async fn create(
    State(app): State<App>,
    Extension(visit): Extension<Visit>,
    Json(written): Json<Written>,
) -> Response {
    let length = written.message.chars().count();
    Context::current().span().set_attribute(KeyValue::new(
        "app.message_length",
        i64::try_from(length).unwrap_or(i64::MAX),
    ));
    if length == 0 || length > 280 {
        return (
            StatusCode::UNPROCESSABLE_ENTITY,
            Json(json!(["message_blank_or_too_long"])),
        )
            .into_response();
    }
    if let Some(failed) = app.failure(&visit) {
        return failed;
    }
    app.query(&visit, "INSERT INTO activities", 1).await;
    Json(mock::activity(
        "9a1a4e0c-6f0e-4f0a-9d55-0f8d7f1f6a11",
        &visit.handle,
        &written.message,
        0,
    ))
    .into_response()
}
