//! Deliveries that came to the wrong place: TLS on a plain port, a protocol on another's port, a path
//! that takes nothing. Each is noted in Arrivals, or its sender would wait for ever.

use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use engine::{Delivery, Engine, Outcome, Protocol, Reason};
use http::{HeaderMap, Method, StatusCode, header};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// A listener, as far as going astray on it matters.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) engine: Engine,
    /// What is taken there.
    pub(crate) usual: Protocol,
    /// Told for a request that nothing takes.
    pub(crate) reason: Reason,
}

impl Place {
    /// Notes a connection that began with TLS.
    pub(crate) fn note_tls(&self, peer: SocketAddr) {
        let delivery = Delivery {
            protocol: self.usual,
            sender: peer.ip(),
            user_agent: None,
            signal: None,
            wire_bytes: 0,
        };
        let outcome = Outcome::refused(1, Reason::TlsOnPlainPort);
        self.engine.arrivals().note(&delivery, None, None, outcome);
    }
}

/// Around what answers when nothing else does: notes requests that bring something.
pub(crate) async fn note(State(place): State<Place>, request: Request, next: Next) -> Response {
    let brings = !matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    let told = brings.then(|| (delivery(&place, &request), request.uri().path().to_owned()));
    let method = request.method().clone();
    let response = next.run(request).await;
    let is_astray = matches!(
        response.status(),
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED
    );
    if let (true, Some((delivery, path))) = (is_astray, told) {
        // A path is an address, not data; what is long in it is not needed to know it by.
        let path: String = path.chars().take(100).collect();
        let outcome = Outcome::refused(1, place.reason).detail(format!("{method} {path}"));
        place.engine.arrivals().note(&delivery, None, None, outcome);
    }
    response
}

fn delivery(place: &Place, request: &Request) -> Delivery {
    let headers = request.headers();
    let text = |name: header::HeaderName| headers.get(name)?.to_str().ok();
    let sender = request.extensions().get::<ConnectInfo<SocketAddr>>();
    Delivery {
        protocol: protocol(request.uri().path(), headers).unwrap_or(place.usual),
        sender: sender.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |c| c.0.ip()),
        user_agent: text(header::USER_AGENT).map(str::to_owned),
        signal: None,
        wire_bytes: text(header::CONTENT_LENGTH)
            .and_then(|l| l.parse().ok())
            .unwrap_or(0),
    }
}

/// Whose request it is, where its head tells.
fn protocol(path: &str, headers: &HeaderMap) -> Option<Protocol> {
    let last = path
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default();
    let is_grpc = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|t| t.as_bytes().starts_with(b"application/grpc"));
    match last {
        _ if is_grpc => Some(Protocol::OtlpGrpc),
        _ if headers.contains_key("x-amz-target") => Some(Protocol::Logs),
        _ if headers.contains_key("x-rollbar-access-token") => Some(Protocol::Rollbar),
        "item" | "items" | "item_batch" => Some(Protocol::Rollbar),
        "TraceSegments" | "TelemetryRecords" | "GetSamplingRules" | "SamplingTargets" => {
            Some(Protocol::Xray)
        }
        "traces" | "logs" | "metrics" => Some(Protocol::OtlpHttp),
        _ if path.starts_with("/1/") => Some(Protocol::Events),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_request_it_is() {
        let check = |path: &str, header: Option<(&'static str, &'static str)>| {
            let mut headers = HeaderMap::new();
            if let Some((name, value)) = header {
                headers.insert(name, http::HeaderValue::from_static(value));
            }
            protocol(path, &headers)
        };
        let target = Some(("x-amz-target", "Logs_20140328.PutLogEvents"));
        assert_eq!(check("/", target), Some(Protocol::Logs));
        assert_eq!(check("/api/item/", None), Some(Protocol::Rollbar));
        assert_eq!(check("/TraceSegments", None), Some(Protocol::Xray));
        assert_eq!(
            check("/v1/traces/v1/traces", None),
            Some(Protocol::OtlpHttp)
        );
        assert_eq!(check("/1/nothing", None), Some(Protocol::Events));
        assert_eq!(check("/login", None), None);
        let grpc = Some(("content-type", "application/grpc+proto"));
        assert_eq!(check("/x.Y/Z", grpc), Some(Protocol::OtlpGrpc));
    }
}
