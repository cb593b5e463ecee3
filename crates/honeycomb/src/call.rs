//! One request: who sent it, with what key, and its body within limits.

use crate::App;
use crate::error::{Fail, Form};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use engine::intake::{self, Encoding, InflateError};
use engine::{
    DatasetInfo, Delivery, Engine, Grant, Lane, Permission, Protocol, Reason, Reservation,
};
use http::{HeaderValue, StatusCode, header, request};
use http_body_util::BodyExt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// Bodies of settings and questions, bytes, packed and unpacked (reliability.md §3, "other bodies").
pub(crate) const API_BODY_LIMIT: usize = 1 << 20;
/// Longest silence within a body.
const BODY_IDLE: Duration = Duration::from_secs(15);
/// Taken from the budget for a body that does not tell its length.
const STEP_BYTES: u64 = 64 << 10;
/// Bodies above this are unpacked and read on a thread for such work.
const BLOCKING_BYTES: usize = 256 << 10;

/// A request under way.
pub(crate) struct Call {
    pub(crate) app: App,
    pub(crate) parts: request::Parts,
    body: Option<Body>,
}

/// A body, and the room it holds until dropped.
pub(crate) struct Read {
    pub(crate) bytes: Bytes,
    pub(crate) wire_bytes: u64,
    _room: Reservation,
}

/// Why a body was not read.
#[derive(Debug)]
pub(crate) enum BodyError {
    Encoding,
    TooLarge { limit: usize },
    Bomb { limit: usize },
    Corrupt(String),
    Lost(String),
    Engine(engine::Error),
}

impl Call {
    pub(crate) fn new(app: App, request: axum::extract::Request) -> Self {
        let (parts, body) = request.into_parts();
        Self {
            app,
            parts,
            body: Some(body),
        }
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.app.engine
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.parts.headers.get(name)?.to_str().ok()
    }

    /// Scheme and host as the client wrote them.
    pub(crate) fn base(&self) -> String {
        let uri = &self.parts.uri;
        let host = uri
            .authority()
            .map(http::uri::Authority::as_str)
            .or_else(|| self.header("host"))
            .unwrap_or("localhost");
        format!("{}://{host}", uri.scheme_str().unwrap_or("http"))
    }

    /// The key as sent.
    pub(crate) fn secret(&self) -> Option<&str> {
        self.header("x-honeycomb-team")
            .or_else(|| self.header("x-hny-team"))
    }

    pub(crate) fn delivery(&self, protocol: Protocol) -> Delivery {
        let sender = self.parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let told = self.header("content-length").and_then(|l| l.parse().ok());
        Delivery {
            protocol,
            sender: sender.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |c| c.0.ip()),
            user_agent: self.header("user-agent").map(str::to_owned),
            signal: (protocol == Protocol::Events).then_some("events"),
            wire_bytes: told.unwrap_or(0),
        }
    }

    /// Admits the key for settings and questions; a refusal stands in Arrivals.
    pub(crate) fn admit(&self, need: Permission) -> Result<Grant, Fail> {
        let delivery = self.delivery(Protocol::Api);
        self.engine()
            .admit(&delivery, self.secret(), need)
            .map_err(|refusal| {
                self.engine().note_refusal(&delivery, &refusal);
                Fail::of_refusal(&refusal)
            })
    }

    /// The dataset of that slug: missing ones are told before anything else is looked at.
    pub(crate) fn dataset(&self, grant: &Grant, slug: &str) -> Result<DatasetInfo, Fail> {
        let found = self
            .engine()
            .catalog()
            .dataset(grant.env(), &slug.to_lowercase());
        found
            .filter(|d| grant.key().may_use(&d.slug))
            .ok_or_else(Fail::dataset_not_found)
    }

    /// As [`Self::dataset`], with `__all__` as `None`: the whole environment, for keys not
    /// restricted to datasets.
    pub(crate) fn scope(&self, grant: &Grant, slug: &str) -> Result<Option<DatasetInfo>, Fail> {
        if slug != "__all__" {
            return self.dataset(grant, slug).map(Some);
        }
        match grant.key().datasets {
            None => Ok(None),
            Some(_) => Err(Fail::of_refusal(&grant.refusal(Reason::DatasetNotAllowed))),
        }
    }

    /// Reads and unpacks the body.
    pub(crate) async fn read(
        &mut self,
        wire_limit: usize,
        limit: usize,
    ) -> Result<Read, BodyError> {
        let encoding = match self.parts.headers.get(header::CONTENT_ENCODING) {
            None => Encoding::Identity,
            Some(name) => name
                .to_str()
                .ok()
                .and_then(Encoding::parse)
                .ok_or(BodyError::Encoding)?,
        };
        let told: Option<u64> = self.header("content-length").and_then(|l| l.parse().ok());
        if told.is_some_and(|l| l > wire_limit as u64) {
            return Err(BodyError::TooLarge { limit: wire_limit });
        }
        let mut room = self
            .engine()
            .reserve(Lane::Protected, told.unwrap_or(STEP_BYTES))
            .await
            .map_err(BodyError::Engine)?;
        let packed = self.collect(wire_limit, &mut room).await?;
        let wire_bytes = packed.len() as u64;
        if encoding == Encoding::Identity && packed.len() <= limit {
            return Ok(Read {
                bytes: packed,
                wire_bytes,
                _room: room,
            });
        }
        // What telemetry usually unpacks to, before; what it came to, after.
        let expected = (packed.len() * 8).min(limit) as u64;
        let grown = room.grow(wire_bytes + expected).await;
        grown.map_err(BodyError::Engine)?;
        let size = packed.len();
        let bytes = working(size, move || intake::inflate(encoding, packed, limit))
            .await
            .map_err(BodyError::Lost)?
            .map_err(|e| match e {
                InflateError::TooLarge { limit } if encoding == Encoding::Identity => {
                    BodyError::TooLarge { limit }
                }
                InflateError::TooLarge { limit } => BodyError::Bomb { limit },
                InflateError::Corrupt(why) => BodyError::Corrupt(why),
            })?;
        let grown = room.grow(wire_bytes + bytes.len() as u64).await;
        grown.map_err(BodyError::Engine)?;
        Ok(Read {
            bytes,
            wire_bytes,
            _room: room,
        })
    }

    async fn collect(
        &mut self,
        wire_limit: usize,
        room: &mut Reservation,
    ) -> Result<Bytes, BodyError> {
        let mut body = self.body.take().unwrap_or_default();
        let mut out = BytesMut::new();
        loop {
            let frame = tokio::time::timeout(BODY_IDLE, body.frame()).await;
            let frame = match frame {
                Err(_) => return Err(BodyError::Lost("the body stopped arriving".into())),
                Ok(None) => return Ok(out.freeze()),
                Ok(Some(Err(e))) => return Err(BodyError::Lost(e.to_string())),
                Ok(Some(Ok(frame))) => frame,
            };
            let Ok(data) = frame.into_data() else {
                continue;
            };
            if out.len() + data.len() > wire_limit {
                return Err(BodyError::TooLarge { limit: wire_limit });
            }
            out.extend_from_slice(&data);
            room.grow(out.len() as u64)
                .await
                .map_err(BodyError::Engine)?;
        }
    }

    /// Reads a JSON body of settings or a question.
    pub(crate) async fn json(&mut self) -> Result<serde_json::Value, Fail> {
        let read = self.read(API_BODY_LIMIT, API_BODY_LIMIT).await;
        let read = read.map_err(|e| e.fail(Form::Problem(Vec::new())))?;
        serde_json::from_slice(&read.bytes).map_err(Fail::unparseable)
    }
}

impl BodyError {
    pub(crate) fn reason(&self) -> Reason {
        match self {
            Self::Encoding => Reason::ContentEncoding,
            Self::TooLarge { .. } => Reason::TooLarge,
            Self::Bomb { .. } => Reason::Bomb,
            Self::Corrupt(_) | Self::Lost(_) => Reason::Undecodable,
            Self::Engine(e) => e.reason(),
        }
    }

    pub(crate) fn fail(&self, form: Form) -> Fail {
        let (status, error) = match self {
            Self::Engine(e) => return Fail::of_engine(e, form),
            Self::Encoding => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "content-encoding must be gzip, zstd, deflate or identity".to_owned(),
            ),
            Self::TooLarge { limit } | Self::Bomb { limit } => (
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("Request body is too large: at most {limit} bytes"),
            ),
            Self::Corrupt(why) => (
                StatusCode::BAD_REQUEST,
                format!("{} ({why})", crate::wire::Bad::Malformed.text()),
            ),
            Self::Lost(why) => (StatusCode::REQUEST_TIMEOUT, why.clone()),
        };
        Fail {
            form,
            ..Fail::events(status, error)
        }
    }
}

/// Runs CPU work over `bytes`: small ones at once, large ones on a thread for such work.
/// `Err`: the work panicked.
pub(crate) async fn working<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, String> {
    if bytes <= BLOCKING_BYTES {
        return Ok(work());
    }
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| e.to_string())
}

/// A JSON response.
pub(crate) fn json(status: StatusCode, body: &serde_json::Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}

/// A response without a body.
pub(crate) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
