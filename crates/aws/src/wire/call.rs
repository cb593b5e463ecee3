//! One request of either service: from its head to a checked call with a body, and back to an answer.

use super::body::Raw;
use super::json;
use super::query;
use super::sigv4::{Signature, Signed, UNSIGNED_PAYLOAD};
use super::{Fail, Service};
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use bytes::Bytes;
use engine::{Delivery, Engine, Grant, Lane, Outcome, Permission, Reason, Refusal, Reservation};
use http::{HeaderValue, StatusCode, header, request};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// How far a request's time may be from ours, nanoseconds (reliability.md §6).
const SKEW_LIMIT_NS: i64 = 5 * 60 * 1_000_000_000;
/// Bodies of requests that carry no data, bytes, packed and unpacked (reliability.md §3).
pub const SMALL_BODY_LIMIT: usize = 1 << 20;

/// What is known of an operation before it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// As the vendor writes it.
    pub name: &'static str,
    /// What its caller has to be allowed.
    pub need: Permission,
    /// Most bytes of its body, packed and unpacked.
    pub body_limit: usize,
    /// What it carries, when it carries data.
    pub signal: Option<&'static str>,
    /// Whether its senders come back after a refusal.
    pub lane: Lane,
}

impl Operation {
    /// An operation that carries no data.
    #[must_use]
    pub const fn small(name: &'static str, need: Permission) -> Self {
        Self {
            name,
            need,
            body_limit: SMALL_BODY_LIMIT,
            signal: None,
            lane: Lane::Common,
        }
    }
}

/// A request whose sender is known and may do what it asks.
pub struct Call {
    /// Where it goes.
    pub engine: Engine,
    /// Who asks.
    pub grant: Grant,
    /// Whose operation.
    pub service: Service,
    /// Which.
    pub operation: &'static Operation,
    /// What Arrivals shows of it.
    pub delivery: Delivery,
    /// The body, unpacked.
    pub body: Bytes,
    /// The region its sender means: an attribute, nothing is decided by it.
    pub region: String,
    /// In every answer.
    pub request_id: String,
    /// Of a call that may be sent again with the same bytes: see [`Grant::identity`].
    pub identity: Option<[u8; 16]>,
    /// Held until the call ends.
    _room: Reservation,
}

/// What a call came to.
#[derive(Debug)]
pub enum Reply {
    /// No output at all.
    Empty,
    /// One JSON value.
    Json(serde_json::Value),
    /// Anything else, whole.
    Other(Response),
}

/// Admits a signed request and reads its body. `Err`: the answer, noted already. `name`: the
/// operation as asked for, known or not.
///
/// # Errors
/// The answer to send.
pub async fn open(
    engine: &Engine,
    service: Service,
    name: &str,
    operation: Option<&'static Operation>,
    request: Request,
) -> Result<Call, Box<Response>> {
    let head = Head::new(engine, service, operation, request);
    match head.signed(name).await {
        Ok(call) => Ok(call),
        Err(refused) => Err(Box::new(refused)),
    }
}

/// Reads the body of a request that needs no signature: its grant is another's business.
///
/// # Errors
/// The answer to send, noted already.
pub async fn open_unsigned(
    engine: &Engine,
    service: Service,
    operation: &'static Operation,
    grant: Grant,
    mut delivery: Delivery,
    request: Request,
) -> Result<Call, Box<Response>> {
    let mut head = Head::new(engine, service, Some(operation), request);
    delivery.wire_bytes = head.delivery.wire_bytes;
    head.delivery = delivery;
    let raw = match head.read().await {
        Ok(raw) => raw,
        Err(fail) => return Err(Box::new(head.refuse(Some(&grant), &fail))),
    };
    head.delivery.wire_bytes = raw.bytes.len() as u64;
    match raw.unpack().await {
        Ok((body, room)) => Ok(head.call(grant, operation, body, room, "us-east-1", None)),
        Err(e) => {
            let fail = Fail::of_body(service, &e);
            Err(Box::new(head.refuse(Some(&grant), &fail)))
        }
    }
}

/// A key's refusal, for Arrivals and for its sender.
type Refused = (Refusal, Fail);

/// A request under way to a call.
struct Head<'a> {
    engine: &'a Engine,
    service: Service,
    operation: Option<&'static Operation>,
    parts: request::Parts,
    body: Option<Body>,
    delivery: Delivery,
    request_id: String,
}

impl<'a> Head<'a> {
    fn new(
        engine: &'a Engine,
        service: Service,
        operation: Option<&'static Operation>,
        request: Request,
    ) -> Self {
        let (parts, body) = request.into_parts();
        let sender = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let text = |name: header::HeaderName| parts.headers.get(name)?.to_str().ok();
        let delivery = Delivery {
            protocol: service.protocol(),
            sender: sender.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |c| c.0.ip()),
            user_agent: text(header::USER_AGENT).map(str::to_owned),
            signal: operation.and_then(|o| o.signal),
            wire_bytes: text(header::CONTENT_LENGTH)
                .and_then(|l| l.parse().ok())
                .unwrap_or(0),
        };
        Self {
            engine,
            service,
            operation,
            body: Some(body),
            delivery,
            request_id: request_id(),
            parts,
        }
    }

    async fn signed(mut self, name: &str) -> Result<Call, Response> {
        let signature = Signature::read(&self.parts.headers, self.parts.uri.query());
        let signature = match signature {
            Ok(signature) => signature,
            Err(malformed) => {
                return Err(self.refuse(None, &Fail::of_malformed(self.service, &malformed)));
            }
        };
        let raw = match self.read().await {
            Ok(raw) => raw,
            Err(fail) => return Err(self.refuse(None, &fail)),
        };
        self.delivery.wire_bytes = raw.bytes.len() as u64;
        let digest = Sha256::digest(&raw.bytes);
        let grant = match self.admit(&signature, &digest) {
            Ok(grant) => grant,
            Err(refused) => return Err(self.refuse_key(&refused.0, &refused.1)),
        };
        let Some(operation) = self.operation else {
            let fail = Fail::unknown_operation(self.service, name);
            return Err(self.refuse(Some(&grant), &fail));
        };
        if let Err(refusal) = grant.need(operation.need) {
            let fail = Fail::of_reason(self.service, refusal.reason(), None);
            return Err(self.refuse_key(&refusal, &fail));
        }
        let identity = self.identity(&grant, operation, &digest);
        match raw.unpack().await {
            Ok((body, room)) => {
                Ok(self.call(grant, operation, body, room, &signature.region, identity))
            }
            Err(e) => {
                let fail = Fail::of_body(self.service, &e);
                Err(self.refuse(Some(&grant), &fail))
            }
        }
    }

    async fn read(&mut self) -> Result<Raw, Fail> {
        let limit = self.operation.map_or(SMALL_BODY_LIMIT, |o| o.body_limit);
        let lane = self.operation.map_or(Lane::Common, |o| o.lane);
        let body = self.body.take().unwrap_or_default();
        Raw::read(self.engine, lane, &self.parts.headers, body, limit)
            .await
            .map_err(|e| Fail::of_body(self.service, &e))
    }

    /// Checks the signature; then, as it holds, whether its time and its service are right: so that
    /// each cause is told as what it is.
    fn admit(&self, signature: &Signature, digest: &[u8]) -> Result<Grant, Box<Refused>> {
        let hash = hex::encode(digest);
        let told = self.parts.headers.get("x-amz-content-sha256");
        let told = told.map_or(hash.as_str(), |v| v.to_str().unwrap_or_default());
        let trusted = told == hash || (told == UNSIGNED_PAYLOAD && self.is_local());
        let signed = Signed {
            method: self.parts.method.as_str(),
            path: self.parts.uri.path(),
            query: self.parts.uri.query(),
            headers: &self.parts.headers,
            host: self.parts.uri.authority().map(http::uri::Authority::as_str),
            payload: told,
        };
        let grant = self
            .engine
            .admit_signed(
                &signature.key_id,
                |secret| signature.holds(&signed, secret) && trusted,
                Permission::Identify,
            )
            .map_err(|refusal| {
                let fail = Fail::of_reason(self.service, refusal.reason(), None);
                Box::new((refusal, fail))
            })?;
        let refuse = |reason: Reason, why: String| {
            let fail = Fail::of_reason(self.service, reason, Some(why));
            Err(Box::new((grant.refusal(reason), fail)))
        };
        let now = self.engine.now();
        let ahead = signature.time_ns.saturating_sub(now);
        if ahead.abs() > SKEW_LIMIT_NS {
            return refuse(Reason::ClockSkew, skew_text(signature.time_ns, now));
        }
        if signature.service != self.service.scope() {
            let why = format!(
                "Credential should be scoped to correct service: '{}', not '{}'.",
                self.service.scope(),
                signature.service
            );
            return refuse(Reason::WrongService, why);
        }
        Ok(grant)
    }

    fn is_local(&self) -> bool {
        self.delivery.sender.to_canonical().is_loopback()
    }

    /// The same call sent again has the same id, and the same bytes (reliability.md §4).
    fn identity(&self, grant: &Grant, operation: &Operation, digest: &[u8]) -> Option<[u8; 16]> {
        let id = self.parts.headers.get("amz-sdk-invocation-id")?;
        let mut text = Vec::with_capacity(128);
        for part in [operation.name.as_bytes(), id.as_bytes(), digest] {
            text.extend_from_slice(&(part.len() as u64).to_le_bytes());
            text.extend_from_slice(part);
        }
        Some(grant.identity(&text))
    }

    fn call(
        self,
        grant: Grant,
        operation: &'static Operation,
        body: Bytes,
        room: Reservation,
        region: &str,
        identity: Option<[u8; 16]>,
    ) -> Call {
        Call {
            engine: self.engine.clone(),
            grant,
            service: self.service,
            operation,
            delivery: self.delivery,
            body,
            region: region.to_owned(),
            request_id: self.request_id,
            identity,
            _room: room,
        }
    }

    fn refuse(&self, grant: Option<&Grant>, fail: &Fail) -> Response {
        let outcome = Outcome::refused(1, fail.reason).detail(fail.message.clone());
        match grant {
            Some(grant) => grant.note(&self.delivery, outcome),
            None => self
                .engine
                .arrivals()
                .note(&self.delivery, None, None, outcome),
        }
        failed(self.service, &self.request_id, fail)
    }

    fn refuse_key(&self, refusal: &Refusal, fail: &Fail) -> Response {
        let outcome = Outcome::refused(1, refusal.reason()).detail(fail.message.clone());
        self.engine
            .arrivals()
            .note(&self.delivery, refusal.key_prefix(), refusal.env(), outcome);
        failed(self.service, &self.request_id, fail)
    }
}

impl Call {
    /// Reads the body as the operation's input; no body is `{}`.
    ///
    /// # Errors
    /// `SerializationException` (X-Ray: `InvalidRequestException`), with the place.
    pub fn input<T: DeserializeOwned>(&self) -> Result<T, Fail> {
        json::read(&self.body).map_err(|why| match self.service {
            Service::Logs | Service::Sts => Fail::serialization(why),
            Service::Xray => Fail::new("InvalidRequestException", why).reason(Reason::Undecodable),
        })
    }

    /// The answer of a call. A refusal is noted in Arrivals, unless the call noted it itself
    /// (`noted`): with how many items, for one. That a group or stream is there already is no news:
    /// clients make theirs at each start and go by the error (cloudwatch.md §5.1), and nothing was lost.
    #[must_use]
    pub fn answer(&self, result: Result<Reply, Fail>, noted: bool) -> Response {
        match result {
            Ok(Reply::Empty) => {
                let body = match self.service {
                    Service::Logs | Service::Sts => Body::empty(),
                    // Callers parse it.
                    Service::Xray => Body::from("{}"),
                };
                render(self.service, &self.request_id, StatusCode::OK, body)
            }
            Ok(Reply::Json(value)) => {
                let body = Body::from(value.to_string());
                render(self.service, &self.request_id, StatusCode::OK, body)
            }
            Ok(Reply::Other(mut response)) => {
                if let Ok(id) = HeaderValue::from_str(&self.request_id) {
                    response.headers_mut().insert("x-amzn-requestid", id);
                }
                response
            }
            Err(fail) => {
                if !noted && fail.code != "ResourceAlreadyExistsException" {
                    let outcome = Outcome::refused(1, fail.reason).detail(fail.message.clone());
                    self.grant.note(&self.delivery, outcome);
                }
                failed(self.service, &self.request_id, &fail)
            }
        }
    }
}

/// The answer of a refusal.
#[must_use]
pub fn failed(service: Service, request_id: &str, fail: &Fail) -> Response {
    if service == Service::Sts {
        return query::failed(crate::sts::NAMESPACE, request_id, fail);
    }
    let mut body = serde_json::Map::new();
    body.insert("__type".into(), fail.code.as_ref().into());
    body.insert("message".into(), fail.message.clone().into());
    body.extend(fail.extras.clone());
    let body = Body::from(serde_json::Value::Object(body).to_string());
    let mut response = render(service, request_id, fail.status, body);
    let headers = response.headers_mut();
    if let Ok(code) = HeaderValue::from_str(&fail.code) {
        headers.insert("x-amzn-errortype", code);
    }
    if let Some(ms) = fail.retry_after_ms {
        headers.insert("x-amz-retry-after", ms.into());
    }
    response
}

fn render(service: Service, request_id: &str, status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(service.content_type()),
    );
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}

/// A new id in the shape of a UUID.
#[must_use]
pub fn request_id() -> String {
    let id = hex::encode(ulid::Ulid::generate().to_bytes());
    let (a, b, c, d, e) = (&id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]);
    format!("{a}-{b}-{c}-{d}-{e}")
}

/// By how much which clock is off, as the vendor says it and in plain words.
fn skew_text(then: i64, now: i64) -> String {
    let stamp = |ns: i64| {
        let time = jiff::Timestamp::from_nanosecond(i128::from(ns)).unwrap_or_default();
        time.strftime("%Y%m%dT%H%M%SZ").to_string()
    };
    let off = (then - now) / 1_000_000_000;
    if off < 0 {
        format!(
            "Signature expired: {} is now earlier than {} ({} - 5 min.): the sender's clock is {} s behind",
            stamp(then),
            stamp(now - SKEW_LIMIT_NS),
            stamp(now),
            -off
        )
    } else {
        format!(
            "Signature not yet current: {} is still later than {} ({} + 5 min.): the sender's clock is {off} s ahead",
            stamp(then),
            stamp(now + SKEW_LIMIT_NS),
            stamp(now)
        )
    }
}
