//! A server without a socket, and requests signed as a client signs them: for tests of both services.

use super::sigv4::{Signature, Signed};
use axum::Router;
use axum::body::Body;
use engine::{ArrivalFilter, Config, Engine, SystemClock, dev};
use http_body_util::BodyExt as _;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use tower::ServiceExt as _;

/// A request to be signed.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) service: &'static str,
    pub(crate) path: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) key_id: String,
    pub(crate) secret: String,
    /// How far the signer's clock is ahead, seconds.
    pub(crate) ahead_s: i64,
}

impl Request {
    /// With the credentials of `--dev`.
    pub(crate) fn new(service: &'static str, path: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            service,
            path,
            headers: Vec::new(),
            body: body.into(),
            key_id: dev::SIGNING_KEY_ID.to_owned(),
            secret: dev::SIGNING_SECRET.to_owned(),
            ahead_s: 0,
        }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// The request, signed.
    pub(crate) fn sign(&self) -> http::Request<Body> {
        let stamp = (jiff::Timestamp::now() + jiff::SignedDuration::from_secs(self.ahead_s))
            .strftime("%Y%m%dT%H%M%SZ")
            .to_string();
        let mut request = http::Request::builder()
            .method("POST")
            .uri(self.path)
            .header("host", "foursight:8080")
            .header("x-amz-date", &stamp);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let (mut parts, body) = request
            .body(Body::from(self.body.clone()))
            .unwrap()
            .into_parts();
        let target = match parts.headers.contains_key("x-amz-target") {
            true => ";x-amz-target",
            false => "",
        };
        let mut authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/{}/us-east-1/{}/aws4_request, SignedHeaders=host;x-amz-date{target}, Signature={}",
            self.key_id,
            &stamp[..8],
            self.service,
            "00".repeat(32)
        );
        parts
            .headers
            .insert("authorization", authorization.parse().unwrap());
        let payload = hex::encode(Sha256::digest(&self.body));
        let signature = Signature::read(&parts.headers, None).unwrap();
        let signed = Signed {
            method: "POST",
            path: parts.uri.path(),
            query: parts.uri.query(),
            headers: &parts.headers,
            host: None,
            payload: &payload,
        };
        let hex = hex::encode(signature.computed(&signed, &self.secret));
        authorization.truncate(authorization.len() - 64);
        authorization.push_str(&hex);
        parts
            .headers
            .insert("authorization", authorization.parse().unwrap());
        http::Request::from_parts(parts, body)
    }
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// The exception's name, the same in header and body.
    pub(crate) fn code(&self) -> String {
        let code = self.headers["x-amzn-errortype"].to_str().unwrap();
        assert_eq!(self.json()["__type"], code);
        code.to_owned()
    }

    pub(crate) fn message(&self) -> String {
        self.json()["message"].as_str().unwrap().to_owned()
    }
}

/// An engine in a directory of its own, `--dev`, behind a router.
pub(crate) struct Fixture {
    pub(crate) engine: Engine,
    pub(crate) router: Router,
    _dir: tempfile::TempDir,
}

impl Fixture {
    pub(crate) fn new(dev: bool) -> Self {
        Self::with_clock(dev, Arc::new(SystemClock))
    }

    pub(crate) fn with_clock(dev: bool, clock: Arc<dyn engine::Clock>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = Config {
            dev,
            query_threads: 1,
            ..Config::new(dir.path())
        };
        let engine = Engine::open(config, clock).unwrap();
        let router = Router::new().route(
            "/",
            crate::root(crate::App {
                engine: engine.clone(),
                closing: None,
            }),
        );
        Self {
            engine,
            router,
            _dir: dir,
        }
    }

    pub(crate) async fn send(&self, request: http::Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let id = parts.headers["x-amzn-requestid"].to_str().unwrap();
        assert_eq!((id.len(), id.matches('-').count()), (36, 4), "{id}");
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes().to_vec(),
        }
    }

    /// The code of the latest refusal's reason, and what exactly was wrong.
    pub(crate) fn last_refusal(&self) -> (&'static str, String) {
        let latest = self.engine.arrivals().latest(&ArrivalFilter::default());
        let outcome = &latest[0].outcome;
        (
            outcome.reason.map(engine::Reason::code).unwrap_or_default(),
            outcome.detail.clone().unwrap_or_default(),
        )
    }

    /// Whether every item received was stored, refused, dropped or merged.
    pub(crate) async fn close(self) {
        for (_, c) in self.engine.arrivals().counters() {
            assert_eq!(c.received, c.stored + c.refused + c.dropped + c.merged);
        }
        self.engine.close().await.unwrap();
    }
}
