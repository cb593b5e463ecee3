//! Bytes in, bytes out: requests through the router, without a socket.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod grpc;
mod http_errors;
mod http_taken;

use axum::Router;
use axum::body::Body;
use engine::{Arrival, ArrivalFilter, Config, Engine, InitialKey, KeyKind, SystemClock};
use http::{Request, Response};
use http_body_util::BodyExt as _;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use std::sync::Arc;
use tower::ServiceExt as _;

const KEY: &str = "a-key-of-any-shape-01";
const CLASSIC: &str = "0123456789abcdef0123456789abcdef";

/// A server without sockets, over a data directory of its own.
struct Subject {
    engine: Engine,
    router: Router,
    _data: tempfile::TempDir,
}

impl Subject {
    fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let key = |secret: &str| InitialKey {
            environment: "test".to_owned(),
            kind: KeyKind::Ingest,
            secret: secret.to_owned(),
            signing_id: None,
            project: None,
        };
        let config = Config {
            initial_keys: vec![key(KEY), key(CLASSIC)],
            query_threads: 1,
            ..Config::new(data.path())
        };
        let engine = Engine::open(config, Arc::new(SystemClock)).unwrap();
        Self {
            router: otlp::router(engine.clone()),
            engine,
            _data: data,
        }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        Answer::read(response).await
    }

    /// The newest arrival.
    fn arrival(&self) -> Arc<Arrival> {
        self.engine
            .arrivals()
            .latest(&ArrivalFilter::default())
            .remove(0)
    }

    fn now(&self) -> u64 {
        self.engine.now().cast_unsigned()
    }

    /// A request of `spans` spans of `service`, alike but for their ids.
    fn traces(&self, service: &str, spans: u64) -> ExportTraceServiceRequest {
        let now = self.now();
        let span = |i: u64| Span {
            trace_id: [7; 16].to_vec(),
            span_id: (i + 1).to_be_bytes().to_vec(),
            name: "GET /".to_owned(),
            start_time_unix_nano: now - 1_000_000,
            end_time_unix_nano: now,
            ..Span::default()
        };
        ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                resource: Some(Resource {
                    attributes: vec![KeyValue {
                        key: "service.name".to_owned(),
                        value: Some(AnyValue {
                            value: Some(Value::StringValue(service.to_owned())),
                        }),
                        ..KeyValue::default()
                    }],
                    ..Resource::default()
                }),
                scope_spans: vec![ScopeSpans {
                    spans: (0..spans).map(span).collect(),
                    ..ScopeSpans::default()
                }],
                ..ResourceSpans::default()
            }],
        }
    }
}

/// An answer, read to its end.
struct Answer {
    status: u16,
    headers: http::HeaderMap,
    trailers: http::HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    async fn read(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap();
        Self {
            status: parts.status.as_u16(),
            headers: parts.headers,
            trailers: body.trailers().cloned().unwrap_or_default(),
            body: body.to_bytes().to_vec(),
        }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

fn post(path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Request<Body> {
    let mut request = Request::post(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.into()).unwrap()
}

/// `google.rpc.Status`, as the answers carry it.
#[derive(Clone, PartialEq, prost::Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

impl Status {
    fn read(bytes: &[u8]) -> Self {
        <Self as prost::Message>::decode(bytes).unwrap()
    }
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut e = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    e.write_all(plain).unwrap();
    e.finish().unwrap()
}

fn zlib(plain: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut e = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    e.write_all(plain).unwrap();
    e.finish().unwrap()
}
