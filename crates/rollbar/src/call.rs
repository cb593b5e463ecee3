//! One request: who sent it, with what token, and its body within limits.

use crate::App;
use crate::error::Fail;
use crate::wire;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use engine::intake::{self, Encoding, InflateError};
use engine::{Delivery, Engine, Grant, KeyKind, Lane, Permission, Protocol, Reason, Reservation};
use http::{HeaderValue, StatusCode, header, request};
use http_body_util::BodyExt;
use parking_lot::Mutex;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// Bodies of settings and questions, bytes (reliability.md §3, "other bodies").
pub(crate) const API_BODY_LIMIT: usize = 1 << 20;
/// Longest silence within a body.
const BODY_IDLE: Duration = Duration::from_secs(15);
/// Taken from the budget for a body that does not tell its length.
const STEP_BYTES: u64 = 64 << 10;
/// Read away of a body that is refused, so that its sender reads the answer instead of a broken pipe.
const DRAIN_BYTES: usize = 16 << 20;
/// How long that may take.
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// A request under way.
pub(crate) struct Call {
    pub(crate) app: App,
    pub(crate) parts: request::Parts,
    /// Never locked: it lets a call be shared while nobody reads its body.
    body: Mutex<Option<Body>>,
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
    TooLarge { limit: usize, is_bomb: bool },
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
            body: Mutex::new(Some(body)),
        }
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.app.engine
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.parts.headers.get(name)?.to_str().ok()
    }

    /// A value of the query.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        self.queries(name).into_iter().next()
    }

    /// All values of that name in the query, those of `name[]` too.
    pub(crate) fn queries(&self, name: &str) -> Vec<String> {
        let pairs = wire::url_encoded(self.parts.uri.query().unwrap_or_default().as_bytes());
        pairs
            .into_iter()
            .filter(|(k, _)| k.strip_suffix("[]").unwrap_or(k) == name)
            .map(|(_, v)| String::from_utf8_lossy(&v).into_owned())
            .filter(|v| !v.is_empty())
            .collect()
    }

    /// Names in the query.
    pub(crate) fn query_names(&self) -> Vec<String> {
        let pairs = wire::url_encoded(self.parts.uri.query().unwrap_or_default().as_bytes());
        pairs.into_iter().map(|(k, _)| k).collect()
    }

    /// The token beside the body: the header wins over the query (rollbar.md §2.1).
    pub(crate) fn token(&self) -> Option<String> {
        self.header("x-rollbar-access-token")
            .map(str::trim)
            .filter(|t| !t.is_empty())
            .map(str::to_owned)
            .or_else(|| self.query("access_token"))
    }

    pub(crate) fn peer(&self) -> IpAddr {
        let sender = self.parts.extensions.get::<ConnectInfo<SocketAddr>>();
        sender.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |c| c.0.ip())
    }

    pub(crate) fn delivery(&self, signal: Option<&'static str>) -> Delivery {
        let told = self.header("content-length").and_then(|l| l.parse().ok());
        Delivery {
            protocol: Protocol::Rollbar,
            sender: self.peer(),
            user_agent: self.header("user-agent").map(str::to_owned),
            signal,
            wire_bytes: told.unwrap_or(0),
        }
    }

    /// Admits the token for settings and questions; a refusal stands in Arrivals.
    pub(crate) fn admit(&self, need: Permission) -> Result<Grant, Fail> {
        self.admit_as(self.token().as_deref(), need)
    }

    pub(crate) fn admit_as(&self, token: Option<&str>, need: Permission) -> Result<Grant, Fail> {
        let delivery = self.delivery(None);
        let admitted = self
            .engine()
            .admit(&delivery, token, need)
            .and_then(|grant| match grant.key().kind {
                KeyKind::Ingest => Err(grant.refusal(Reason::NotAProject)),
                _ => Ok(grant),
            });
        admitted.map_err(|refusal| {
            self.engine().note_refusal(&delivery, &refusal);
            match refusal.reason() {
                // The management API's own statuses (rollbar.md §4).
                Reason::ScopeMissing => Fail::new(
                    StatusCode::FORBIDDEN,
                    "insufficient privileges: the token lacks the scope for this",
                ),
                r if r.is_credential() => {
                    Fail::new(StatusCode::UNAUTHORIZED, "invalid access token")
                }
                _ => Fail::of_refusal(&refusal),
            }
        })
    }

    /// Reads and unpacks the body: at most `limit` bytes, as sent and as unpacked.
    pub(crate) async fn read(&mut self, limit: usize) -> Result<Read, BodyError> {
        let encoding = match self.parts.headers.get(header::CONTENT_ENCODING) {
            None => Encoding::Identity,
            Some(name) => match name.to_str().ok().and_then(Encoding::parse) {
                Some(encoding) => encoding,
                None => {
                    self.drain().await;
                    return Err(BodyError::Encoding);
                }
            },
        };
        let told: Option<u64> = self.header("content-length").and_then(|l| l.parse().ok());
        let too_large = BodyError::TooLarge {
            limit,
            is_bomb: false,
        };
        if told.is_some_and(|l| l > limit as u64) {
            self.drain().await;
            return Err(too_large);
        }
        let room = self
            .engine()
            .reserve(Lane::Protected, told.unwrap_or(STEP_BYTES))
            .await;
        let mut room = match room {
            Ok(room) => room,
            Err(e) => {
                self.drain().await;
                return Err(BodyError::Engine(e));
            }
        };
        let packed = match self.collect(limit, &mut room).await? {
            Some(packed) => packed,
            None => {
                drop(room);
                self.drain().await;
                return Err(too_large);
            }
        };
        let wire_bytes = packed.len() as u64;
        if encoding == Encoding::Identity {
            return Ok(Read {
                bytes: packed,
                wire_bytes,
                _room: room,
            });
        }
        let expected = (packed.len() * 8).min(limit) as u64;
        room.grow(wire_bytes + expected)
            .await
            .map_err(BodyError::Engine)?;
        let unpacked = working(move || intake::inflate(encoding, packed, limit)).await;
        let bytes = unpacked.map_err(BodyError::Lost)?.map_err(|e| match e {
            InflateError::TooLarge { limit } => BodyError::TooLarge {
                limit,
                is_bomb: true,
            },
            InflateError::Corrupt(why) => BodyError::Corrupt(why),
        })?;
        room.grow(wire_bytes + bytes.len() as u64)
            .await
            .map_err(BodyError::Engine)?;
        Ok(Read {
            bytes,
            wire_bytes,
            _room: room,
        })
    }

    /// `None`: larger than the limit; what is left stays unread.
    async fn collect(
        &mut self,
        limit: usize,
        room: &mut Reservation,
    ) -> Result<Option<Bytes>, BodyError> {
        let Some(body) = self.body.get_mut() else {
            return Ok(Some(Bytes::new()));
        };
        let mut out = BytesMut::new();
        loop {
            let frame = tokio::time::timeout(BODY_IDLE, body.frame()).await;
            let frame = match frame {
                Err(_) => return Err(BodyError::Lost("the body stopped arriving".into())),
                Ok(None) => return Ok(Some(out.freeze())),
                Ok(Some(Err(e))) => return Err(BodyError::Lost(e.to_string())),
                Ok(Some(Ok(frame))) => frame,
            };
            let Ok(data) = frame.into_data() else {
                continue;
            };
            if out.len() + data.len() > limit {
                return Ok(None);
            }
            out.extend_from_slice(&data);
            room.grow(out.len() as u64)
                .await
                .map_err(BodyError::Engine)?;
        }
    }

    /// Reads the rest of a body away.
    pub(crate) async fn drain(&mut self) {
        let Some(mut body) = self.body.get_mut().take() else {
            return;
        };
        let away = async {
            let mut left = DRAIN_BYTES;
            while let Some(Ok(frame)) = body.frame().await {
                let n = frame.data_ref().map_or(0, Bytes::len);
                if n > left {
                    break;
                }
                left -= n;
            }
        };
        // Longer than that is the sender's trouble.
        let _ = tokio::time::timeout(DRAIN_TIME, away).await;
    }
}

impl BodyError {
    pub(crate) fn reason(&self) -> Reason {
        match self {
            Self::Encoding => Reason::ContentEncoding,
            Self::TooLarge { is_bomb: false, .. } => Reason::TooLarge,
            Self::TooLarge { is_bomb: true, .. } => Reason::Bomb,
            Self::Corrupt(_) | Self::Lost(_) => Reason::Undecodable,
            Self::Engine(e) => e.reason(),
        }
    }

    pub(crate) fn fail(&self) -> Fail {
        match self {
            Self::Engine(e) => Fail::of_engine(e),
            Self::Encoding => Fail::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "content-encoding must be gzip, deflate, zstd or identity",
            ),
            Self::TooLarge { limit, .. } => Fail::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("Request Entity Too Large: at most {limit} bytes"),
            ),
            Self::Corrupt(why) => Fail::new(
                StatusCode::BAD_REQUEST,
                format!("the body cannot be unpacked: {why}"),
            ),
            Self::Lost(why) => Fail::new(StatusCode::REQUEST_TIMEOUT, why.clone()),
        }
    }
}

/// Runs work that computes or reads files on a thread for such work. `Err`: it panicked.
pub(crate) async fn working<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, String> {
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
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    response
}

/// `{"err":0,"result":…}`.
pub(crate) fn done(result: &serde_json::Value) -> Response {
    json(
        StatusCode::OK,
        &serde_json::json!({"err": 0, "result": result}),
    )
}
