//! One request to one address, over HTTP/1, or HTTP/2 for gRPC, without TLS, within a time.

use super::address::Address;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::io::ErrorKind;
use std::time::Duration;
use tokio::net::TcpStream;

/// From the first packet to the last byte of the answer.
const TIME: Duration = Duration::from_secs(10);
/// What is read of an answer, bytes.
const ANSWER_BYTES: usize = 1 << 20;

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// The body as text, at most 300 characters of it, control characters replaced.
    pub(crate) fn text(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let plain = text.trim().chars().take(300);
        plain
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect()
    }

    /// The body as JSON; null when it is none.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Seconds by which the answering clock is ahead of ours, by the header `Date`.
    pub(crate) fn clock_ahead_seconds(&self, now_seconds: i64) -> Option<i64> {
        let date = self.headers.get(header::DATE)?.to_str().ok()?;
        let then = jiff::fmt::rfc2822::parse(date).ok()?;
        Some(then.timestamp().as_second() - now_seconds)
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// The name is not known here.
    UnknownHost(String),
    /// Nothing listens there.
    Refused,
    /// Nothing came back in time.
    Timeout,
    /// Something listens and speaks no HTTP, or hung up.
    NotHttp(String),
    /// Anything else of the network.
    Network(String),
}

impl NoAnswer {
    /// What is so, for the address `authority`.
    pub(crate) fn text(&self, authority: &str) -> String {
        match self {
            Self::UnknownHost(why) => format!("the host of {authority} is not known here ({why})"),
            Self::Refused => format!("nothing listens at {authority}"),
            Self::Timeout => format!("{authority} does not answer within {} s", TIME.as_secs()),
            Self::NotHttp(why) => {
                format!("what listens at {authority} gives no answer over plain HTTP ({why})")
            }
            Self::Network(why) => format!("{authority} cannot be reached ({why})"),
        }
    }

    /// What to do.
    pub(crate) fn fix(&self) -> &'static str {
        match self {
            Self::UnknownHost(_) => {
                "write the name under which this container or machine knows the server: with Compose, the service's name"
            }
            Self::Refused => {
                "start the server, correct the port, or let it listen beyond its own loopback (e.g. --http 0.0.0.0:8080)"
            }
            Self::Timeout | Self::Network(_) => "look at firewalls and published ports on the way",
            Self::NotHttp(_) => "correct the port: 8080, 4317 and 4318 speak plain HTTP",
        }
    }
}

/// Sends a request and reads its answer.
pub(crate) async fn send(
    address: &Address,
    method: Method,
    headers: &[(&str, &str)],
    body: Bytes,
) -> Result<Answer, NoAnswer> {
    within(send_one(address, method, headers, body)).await
}

/// Sends a unary gRPC call; the answer's status is that of gRPC, its body the message.
pub(crate) async fn call(
    address: &Address,
    headers: &[(&str, &str)],
    message: &[u8],
) -> Result<Answer, NoAnswer> {
    within(call_one(address, headers, message)).await
}

async fn within(work: impl Future<Output = Result<Answer, NoAnswer>>) -> Result<Answer, NoAnswer> {
    tokio::time::timeout(TIME, work)
        .await
        .unwrap_or(Err(NoAnswer::Timeout))
}

async fn connect(address: &Address) -> Result<TcpStream, NoAnswer> {
    let authority = address.authority();
    let found = tokio::net::lookup_host(&authority)
        .await
        .map_err(|e| NoAnswer::UnknownHost(e.to_string()))?;
    let mut failure = NoAnswer::UnknownHost("no address".into());
    for peer in found {
        match TcpStream::connect(peer).await {
            Ok(stream) => return Ok(stream),
            Err(e) if e.kind() == ErrorKind::ConnectionRefused => failure = NoAnswer::Refused,
            Err(e) => failure = NoAnswer::Network(e.to_string()),
        }
    }
    Err(failure)
}

fn not_http(error: impl std::fmt::Display) -> NoAnswer {
    NoAnswer::NotHttp(error.to_string())
}

async fn send_one(
    address: &Address,
    method: Method,
    headers: &[(&str, &str)],
    body: Bytes,
) -> Result<Answer, NoAnswer> {
    let stream = connect(address).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(not_http)?;
    let connection = tokio::spawn(connection);
    let mut request = Request::builder()
        .method(method)
        .uri(&address.path)
        .header(header::HOST, address.authority());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request
        .body(Full::new(body))
        .map_err(|e| NoAnswer::Network(e.to_string()))?;
    let response = sender.send_request(request).await.map_err(not_http)?;
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, ANSWER_BYTES)
        .collect()
        .await
        .map_err(not_http)?;
    connection.abort();
    Ok(Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: body.to_bytes(),
    })
}

async fn call_one(
    address: &Address,
    headers: &[(&str, &str)],
    message: &[u8],
) -> Result<Answer, NoAnswer> {
    let stream = connect(address).await?;
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .map_err(not_http)?;
    let connection = tokio::spawn(connection);
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(format!("http://{}{}", address.authority(), address.path))
        .header(header::CONTENT_TYPE, "application/grpc")
        .header(header::TE, "trailers");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    // A message is not compressed (one byte) and says its length (four).
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let mut frame = vec![0];
    frame.extend(length.to_be_bytes());
    frame.extend(message);
    let request = request
        .body(Full::new(Bytes::from(frame)))
        .map_err(|e| NoAnswer::Network(e.to_string()))?;
    let response = sender.send_request(request).await.map_err(not_http)?;
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, ANSWER_BYTES)
        .collect()
        .await
        .map_err(not_http)?;
    connection.abort();
    let trailers = body.trailers().cloned().unwrap_or_default();
    let told = |name: &str| {
        trailers
            .get(name)
            .or_else(|| parts.headers.get(name))
            .cloned()
    };
    let code = told("grpc-status").and_then(|v| v.to_str().ok()?.parse().ok());
    let message = told("grpc-message");
    match code {
        Some(status) => Ok(Answer {
            status,
            headers: parts.headers,
            body: message.map_or_else(Bytes::new, |m| Bytes::copy_from_slice(m.as_bytes())),
        }),
        None => Err(not_http(format!(
            "no gRPC: HTTP status {}",
            parts.status.as_u16()
        ))),
    }
}
