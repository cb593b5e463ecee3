//! OTLP/gRPC: three unary calls, spoken directly over HTTP/2.
//!
//! A call is one length-prefixed message each way and a status in the trailers. Reading it here
//! instead of through a gRPC library gives it the same way as HTTP: the key is checked before the
//! body is read, its bytes count against the budget, unpacking runs beside the connections, and
//! every outcome is noted. Source: gRPC over HTTP/2, `PROTOCOL-HTTP2.md`.

use crate::deliver::{App, Export, Framing, deliver};
use crate::error::Refused;
use crate::framing::frame;
use crate::http::{content_length, dataset_header, delivery, note_unread, text, text_key};
use crate::render;
use crate::wire::Signal;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::Bytes;
use engine::Protocol;
use engine::intake::Encoding;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Request, StatusCode};
use http_body::Frame;
use http_body_util::StreamBody;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// Most bytes of a message, packed and unpacked (reliability.md §3).
pub const MESSAGE_BYTES_LIMIT: usize = 16 << 20;

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const GRPC_STATUS_DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
const GRPC_ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const GRPC_ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");
/// What is escaped in `grpc-message`; text beyond ASCII always is.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'%');

/// The path of a signal's `Export`.
pub(crate) fn path(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        Signal::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        Signal::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    }
}

/// Takes one export.
pub(crate) async fn export(app: App, signal: Signal, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let delivery = delivery(&parts, Protocol::OtlpGrpc, signal);
    let content_type = text(&parts.headers, CONTENT_TYPE).unwrap_or_default();
    if !matches!(content_type, "application/grpc" | "application/grpc+proto") {
        let refused = Refused::ContentType(content_type.to_owned());
        note_unread(&app.engine, &delivery, text_key(&parts.headers), &refused);
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let packed = text(&parts.headers, GRPC_ENCODING).unwrap_or_default();
    let Some(encoding) = Encoding::parse(packed) else {
        let refused = Refused::ContentEncoding(packed.to_owned());
        note_unread(&app.engine, &delivery, text_key(&parts.headers), &refused);
        return refusal(&refused);
    };
    let export = Export {
        signal,
        delivery,
        key: text_key(&parts.headers).map(str::to_owned),
        dataset_header: dataset_header(&parts.headers),
        framing: Framing::Grpc { encoding },
        limit: MESSAGE_BYTES_LIMIT,
        content_length: content_length(&parts.headers),
    };
    match deliver(&app, export, body).await {
        Ok(partial) => message(&render::response_protobuf(&partial)),
        Err(refused) => refusal(&refused),
    }
}

fn response(body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(
        GRPC_ACCEPT_ENCODING,
        HeaderValue::from_static("identity,gzip,zstd,deflate"),
    );
    response
}

/// A message, and the status OK in the trailers.
fn message(content: &[u8]) -> Response {
    let mut trailers = HeaderMap::new();
    trailers.insert(GRPC_STATUS, HeaderValue::from_static("0"));
    let frames: [Result<Frame<Bytes>, std::convert::Infallible>; 2] = [
        Ok(Frame::data(frame(content))),
        Ok(Frame::trailers(trailers)),
    ];
    response(Body::new(StreamBody::new(futures::stream::iter(frames))))
}

/// A status alone, in the headers.
fn refusal(refused: &Refused) -> Response {
    let mut response = response(Body::empty());
    let headers = response.headers_mut();
    headers.insert(GRPC_STATUS, HeaderValue::from(refused.code() as u16));
    let message = utf8_percent_encode(&refused.message(), ESCAPED).to_string();
    if let Ok(message) = HeaderValue::try_from(message) {
        headers.insert(GRPC_MESSAGE, message);
    }
    let details = STANDARD_NO_PAD.encode(render::status_protobuf(refused));
    if let Ok(details) = HeaderValue::try_from(details) {
        headers.insert(GRPC_STATUS_DETAILS, details);
    }
    response
}
