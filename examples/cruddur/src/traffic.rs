//! Visitors: a front end that asks the backend for pages, one user at a time, each visit a trace.

use crate::routes::USER_HEADER;
use crate::truth::HANDLES;
use opentelemetry::trace::{FutureExt as _, SpanKind, Status, TraceContextExt as _, Tracer as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::HeaderInjector;
use opentelemetry_sdk::trace::SdkTracer;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::json;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::sync::watch;

const TERMS: [&str; 5] = ["cloud", "juice", "tailor", "unicorn", "fun"];

/// What a visit asks for.
struct Page {
    method: &'static str,
    path: String,
    route: &'static str,
}

/// Everyone who visits.
pub(crate) struct Visitors {
    pub(crate) backend: SocketAddr,
    pub(crate) seed: u64,
    pub(crate) per_second: f64,
    pub(crate) tracer: SdkTracer,
}

impl Visitors {
    /// Visits until told to stop, then waits for those still under way.
    pub(crate) async fn run(self, mut stopped: watch::Receiver<bool>) {
        let client = reqwest::Client::builder()
            .user_agent("cruddur-web/1.0")
            .timeout(Duration::from_secs(10))
            .build();
        let Ok(client) = client else { return };
        let mut random = StdRng::seed_from_u64(self.seed ^ 0x5eed);
        let mut under_way = tokio::task::JoinSet::new();
        loop {
            // Visits come as they like: the time between two is exponential.
            let wait = -(1.0 - random.random::<f64>()).ln() / self.per_second.max(0.01);
            tokio::select! {
                _ = stopped.wait_for(|s| *s) => break,
                () = tokio::time::sleep(Duration::from_secs_f64(wait.min(5.0))) => {}
            }
            let page = page(&mut random);
            let handle = HANDLES[random.random_range(0..HANDLES.len())];
            under_way.spawn(visit(
                client.clone(),
                self.tracer.clone(),
                self.backend,
                page,
                handle,
            ));
            while under_way.try_join_next().is_some() {}
        }
        while under_way.join_next().await.is_some() {}
    }
}

fn page(random: &mut StdRng) -> Page {
    let get = |path: String, route| Page {
        method: "GET",
        path,
        route,
    };
    let other = HANDLES[random.random_range(0..HANDLES.len())];
    match random.random_range(0..100) {
        0..24 => get("/api/activities/home".into(), "/api/activities/home"),
        24..40 => get(
            "/api/activities/notifications".into(),
            "/api/activities/notifications",
        ),
        40..54 => {
            let term = TERMS[random.random_range(0..TERMS.len())];
            get(
                format!("/api/activities/search?term={term}"),
                "/api/activities/search",
            )
        }
        54..64 => get(
            format!("/api/activities/@{other}"),
            "/api/activities/@{handle}",
        ),
        64..72 => get(
            "/api/activities/68f126b0-1ceb-4a33-88be-d90fa7109eee".into(),
            "/api/activities/{uuid}",
        ),
        72..82 => get("/api/message_groups".into(), "/api/message_groups"),
        82..92 => get(format!("/api/messages/@{other}"), "/api/messages/{handle}"),
        92..96 => Page {
            method: "POST",
            path: "/api/activities".into(),
            route: "/api/activities",
        },
        _ => Page {
            method: "POST",
            path: "/api/messages".into(),
            route: "/api/messages",
        },
    }
}

/// One visit: the front end's span around the request, its context passed on.
async fn visit(
    client: reqwest::Client,
    tracer: SdkTracer,
    backend: SocketAddr,
    page: Page,
    handle: &'static str,
) {
    let span = tracer
        .span_builder(format!("{} {}", page.method, page.route))
        .with_kind(SpanKind::Client)
        .with_attributes([
            KeyValue::new("http.request.method", page.method),
            KeyValue::new("http.route", page.route),
            KeyValue::new("url.full", format!("http://{backend}{}", page.path)),
            KeyValue::new("app.user_handle", handle),
        ])
        .start(&tracer);
    let context = Context::current_with_span(span);
    let url = format!("http://{backend}{}", page.path);
    let mut request = match page.method {
        "POST" => client
            .post(url)
            .json(&json!({"message": format!("{handle} was here")})),
        _ => client.get(url),
    };
    let mut headers = reqwest::header::HeaderMap::new();
    opentelemetry::global::get_text_map_propagator(|p| {
        p.inject_context(&context, &mut HeaderInjector(&mut headers))
    });
    request = request.headers(headers).header(USER_HEADER, handle);
    let sent = request.send().with_context(context.clone()).await;
    let span = context.span();
    match sent {
        Ok(reply) => {
            let status = reply.status();
            span.set_attribute(KeyValue::new(
                "http.response.status_code",
                i64::from(status.as_u16()),
            ));
            if status.is_server_error() {
                span.set_status(Status::error(status.to_string()));
            }
            // The page is read to its end, as a browser would.
            drop(reply.bytes().await);
        }
        Err(e) => span.set_status(Status::error(e.to_string())),
    }
    span.end();
}
