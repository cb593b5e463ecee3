//! X-Ray: its regional API, and the daemon's ports.
//!
//! **What it is.** [`router`] answers the API's paths, signed; [`daemon_router`] the same on TCP port
//! 2000, where without a signature this machine and private networks may poll sampling and put segments;
//! [`daemon::run`] takes segments over UDP. Segments become rows, one per (sub)segment, with the document
//! kept verbatim; questions are answered over every source's spans.
//!
//! **What it refuses.** Insights, encryption, resource policies, transaction search, time series and
//! sampling boosts are not built: refused by name. So is what a filter expression may hold and ours
//! does not: with name and column.
//!
//! **Source.** The public service model (2016-04-12), the developer guide, and the clients' own source;
//! `xray.md` of the specifications restates them.
//!
//! Reading order: [`document`], [`translate`], [`intake`], [`daemon`], `operations`, [`filter`], `render`.

pub mod daemon;
pub mod document;
pub mod filter;
pub mod intake;
mod operations;
mod port;
mod render;
#[cfg(test)]
mod testing;
pub mod translate;

pub(crate) use operations::reads_input;
pub use port::{AllowsHost, daemon_router};

use crate::wire::{self, Call, Fail, Service};
use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::any;
use engine::Engine;
use http::Method;
use intake::Known;
use operations::Entry;
use std::sync::Arc;

/// What every operation needs. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub(crate) engine: Engine,
    pub(crate) known: Arc<Known>,
}

impl App {
    /// X-Ray over an engine; makes the language of groups known there.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        engine.sampling().learn(Arc::new(filter::Language));
        Self {
            engine,
            known: Arc::default(),
        }
    }

    /// The same, with what is stored handed on to `outlet` as well.
    #[must_use]
    pub fn sending_on(self, outlet: intake::Outlet) -> Self {
        Self {
            known: Arc::new(Known::sending_on(outlet)),
            ..self
        }
    }

    /// Documents stored lately: the daemon's port and the API share it.
    #[must_use]
    pub fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known)
    }
}

/// The API's paths, built or not: those that are not are refused by name.
pub fn router(app: App) -> Router {
    let mut router = Router::new();
    for path in operations::BUILT.iter().map(|e| e.path) {
        router = router.route(path, any(signed));
    }
    for (path, _) in operations::NOT_BUILT {
        router = router.route(path, any(signed));
    }
    router.with_state(app)
}

async fn signed(State(app): State<App>, request: Request) -> Response {
    if request.method() != Method::POST {
        return wrong_method(request.method());
    }
    let path = request.uri().path().to_owned();
    answer_signed(app, &path, request).await
}

fn wrong_method(method: &Method) -> Response {
    let text = format!("operations of X-Ray are asked by POST, not {method}");
    let fail =
        Fail::new("InvalidRequestException", text).status(http::StatusCode::METHOD_NOT_ALLOWED);
    wire::failed(Service::Xray, &wire::request_id(), &fail)
}

pub(crate) async fn answer_signed(app: App, path: &str, request: Request) -> Response {
    let entry = operations::find(path);
    let name = operations::name_of(path).to_owned();
    // What was taken is finished, and noted, also when the sender leaves meanwhile.
    let under_way = tokio::spawn(async move {
        let operation = entry.map(|e| &e.operation);
        match wire::open(&app.engine, Service::Xray, &name, operation, request).await {
            Ok(call) => run(&app, entry, call).await,
            Err(refused) => *refused,
        }
    });
    under_way.await.unwrap_or_else(|error| lost(&error))
}

pub(crate) fn lost(error: &tokio::task::JoinError) -> Response {
    tracing::error!(%error, "a call was lost");
    let fail = Fail::of_engine(Service::Xray, &engine::Error::overload());
    wire::failed(Service::Xray, &wire::request_id(), &fail)
}

pub(crate) async fn run(app: &App, entry: Option<&'static Entry>, call: Call) -> Response {
    let Some(entry) = entry else {
        let fail = Fail::unknown_operation(Service::Xray, call.operation.name);
        return call.answer(Err(fail), false);
    };
    let noted = entry.kind == operations::Kind::PutTraceSegments;
    let result = operations::run(app, entry.kind, &call).await;
    call.answer(result, noted)
}
