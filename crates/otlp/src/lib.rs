//! OTLP: traces, logs and metrics from OpenTelemetry's SDKs and collectors.
//!
//! **What it is.** The export requests of opentelemetry-proto 1.x become event batches with
//! Honeycomb's columns. Over HTTP: protobuf and JSON at `/v1/{traces,logs,metrics}`, plain, gzip,
//! zstd or deflate. Over gRPC: the three `Export` calls. [`router`] serves both; which listener it
//! stands behind is the server's business.
//!
//! **What it promises.** Bytes are read in place: no message types, no string per attribute. An
//! answer of success means on disk and queryable. Hostile input ends in an error that says what and
//! where, never in a panic or a large allocation. Every export is noted, taken or refused, also when
//! its sender has left.
//!
//! **What it refuses.** Bodies over 20 MiB (gRPC: 16 MiB), packed or unpacked; profiles.
//!
//! **What it does not know.** Where events are kept, and who may send them: that is `engine`.
//!
//! Reading order: [`router`], `deliver`, [`wire`], [`translate`], [`render`], [`error`].
//!
//! Sources: opentelemetry-proto and the OTLP specification 1.x; the vendor's columns and answers as
//! in honeycomb.md §1.

mod deliver;
pub mod error;
pub mod framing;
mod grpc;
mod http;
pub mod render;
pub mod translate;
pub mod wire;

pub use grpc::MESSAGE_BYTES_LIMIT;
pub use http::BODY_BYTES_LIMIT;

use axum::Router;
use axum::routing::post;
use deliver::App;
use engine::Engine;
use wire::Signal;

/// The routes of OTLP over HTTP and over gRPC. Senders' addresses are read from
/// `axum::extract::ConnectInfo<SocketAddr>`.
pub fn router(engine: Engine) -> Router {
    let app = App::new(engine);
    let mut router = Router::new();
    for signal in Signal::ALL {
        let path = format!("/v1/{}", signal.as_str());
        for path in [format!("{path}/"), path] {
            let app = app.clone();
            let export = post(move |request| http::export(app, signal, request));
            router = router.route(&path, export.options(http::preflight));
        }
        let app = app.clone();
        let export = post(move |request| grpc::export(app, signal, request));
        router = router.route(grpc::path(signal), export);
    }
    router
}
