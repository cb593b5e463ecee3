//! OTLP/HTTP: what its headers say, and answers in the request's encoding.

use crate::deliver::{App, Export, Framing, deliver};
use crate::error::{Refused, UNSUPPORTED_CONTENT_TYPE};
use crate::render::{self, Partial};
use crate::wire::Signal;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::{IntoResponse, Response};
use engine::intake::Encoding;
use engine::{Delivery, Engine, Outcome, Protocol, Reason};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, CONTENT_ENCODING, CONTENT_LENGTH,
    CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT,
};
use http::{Request, StatusCode, request::Parts};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Most bytes of a body, and of what it unpacks to (reliability.md §3).
pub const BODY_BYTES_LIMIT: usize = 20 << 20;

/// The key's header, which is also gRPC's metadata.
const TEAM: &str = "x-honeycomb-team";
const DATASET: &str = "x-honeycomb-dataset";

/// The encoding of a request, and so of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// Named as the sender named it.
    Protobuf(&'static str),
    Json,
}

/// Takes one export.
pub(crate) async fn export(app: App, signal: Signal, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let delivery = delivery(&parts, Protocol::OtlpHttp, signal);
    let Some(format) = format(&parts.headers) else {
        let got = text(&parts.headers, CONTENT_TYPE).unwrap_or_default();
        let refused = Refused::ContentType(got.to_owned());
        note_unread(&app.engine, &delivery, text_key(&parts.headers), &refused);
        return with_cors((refused_status(&refused), UNSUPPORTED_CONTENT_TYPE).into_response());
    };
    let done = match head(&parts, signal, delivery.clone(), format) {
        Ok(export) => deliver(&app, export, body).await,
        Err(refused) => {
            note_unread(&app.engine, &delivery, text_key(&parts.headers), &refused);
            Err(refused)
        }
    };
    with_cors(match done {
        Ok(partial) => taken(signal, format, &partial),
        Err(refused) => refusal(format, &refused),
    })
}

/// Answers a browser that asks whether it may send (honeycomb.md §1.1).
pub(crate) async fn preflight() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(
        ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("POST"),
    );
    headers.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static(
            "content-type, content-encoding, x-honeycomb-team, x-honeycomb-dataset",
        ),
    );
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    with_cors(response)
}

/// What is known of a delivery before it is read.
pub(crate) fn delivery(parts: &Parts, protocol: Protocol, signal: Signal) -> Delivery {
    let sender = parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.ip());
    Delivery {
        protocol,
        sender,
        user_agent: text(&parts.headers, USER_AGENT).map(str::to_owned),
        signal: Some(signal.as_str()),
        wire_bytes: content_length(&parts.headers).unwrap_or(0),
    }
}

pub(crate) fn text_key(headers: &HeaderMap) -> Option<&str> {
    headers.get(TEAM)?.to_str().ok()
}

pub(crate) fn dataset_header(headers: &HeaderMap) -> Option<String> {
    let name = headers.get(DATASET)?.to_str().ok()?.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

pub(crate) fn content_length(headers: &HeaderMap) -> Option<u64> {
    text(headers, CONTENT_LENGTH)?.trim().parse().ok()
}

pub(crate) fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// Notes a request that was refused by its head alone. The key was not asked for: its prefix shows
/// whose request it was when it is a good one.
pub(crate) fn note_unread(
    engine: &Engine,
    delivery: &Delivery,
    key: Option<&str>,
    refused: &Refused,
) {
    let mut outcome = Outcome::refused(1, refused.reason());
    if let Some(detail) = refused.detail() {
        outcome = outcome.detail(detail);
    }
    match engine.admit(delivery, key, engine::Permission::Identify) {
        Ok(grant) => grant.note(delivery, outcome),
        Err(refusal) if refusal.reason() == Reason::MissingKey => {
            engine.arrivals().note(delivery, None, None, outcome);
        }
        Err(refusal) => {
            engine
                .arrivals()
                .note(delivery, refusal.key_prefix(), refusal.env(), outcome);
        }
    }
}

fn format(headers: &HeaderMap) -> Option<Format> {
    let value = text(headers, CONTENT_TYPE)?;
    let essence = value.split(';').next()?.trim();
    [
        (
            "application/protobuf",
            Format::Protobuf("application/protobuf"),
        ),
        (
            "application/x-protobuf",
            Format::Protobuf("application/x-protobuf"),
        ),
        ("application/json", Format::Json),
    ]
    .into_iter()
    .find(|(name, _)| essence.eq_ignore_ascii_case(name))
    .map(|(_, format)| format)
}

fn head(
    parts: &Parts,
    signal: Signal,
    delivery: Delivery,
    format: Format,
) -> Result<Export, Refused> {
    let encoding = text(&parts.headers, CONTENT_ENCODING).unwrap_or_default();
    let encoding =
        Encoding::parse(encoding).ok_or_else(|| Refused::ContentEncoding(encoding.to_owned()))?;
    Ok(Export {
        signal,
        delivery,
        key: text_key(&parts.headers).map(str::to_owned),
        dataset_header: dataset_header(&parts.headers),
        framing: Framing::Http {
            encoding,
            json: format == Format::Json,
        },
        limit: BODY_BYTES_LIMIT,
        content_length: content_length(&parts.headers),
    })
}

fn taken(signal: Signal, format: Format, partial: &Partial) -> Response {
    let body = match format {
        Format::Protobuf(_) => Body::from(render::response_protobuf(partial)),
        Format::Json => Body::from(render::response_json(signal, partial)),
    };
    encoded(StatusCode::OK, format, body)
}

fn refusal(format: Format, refused: &Refused) -> Response {
    let body = match format {
        Format::Protobuf(_) => Body::from(render::status_protobuf(refused)),
        Format::Json => Body::from(render::status_json(refused)),
    };
    let mut response = encoded(refused_status(refused), format, body);
    if let Some(seconds) = refused.retry_after_s() {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}

fn refused_status(refused: &Refused) -> StatusCode {
    StatusCode::from_u16(refused.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn encoded(status: StatusCode, format: Format, body: Body) -> Response {
    let content_type = match format {
        Format::Protobuf(name) => name,
        Format::Json => "application/json",
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Lets scripts of any page read the answer: the key is what protects, and errors that a browser
/// hides help nobody.
fn with_cors(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("retry-after"),
    );
    response
}
