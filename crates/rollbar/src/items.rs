//! Posts of occurrences: `POST /api/1/item/` and every other form of that path.

use crate::call::{Call, done, working};
use crate::error::Fail;
use crate::json::Json;
use crate::rate::Window;
use crate::translate::{self, Target, frames};
use crate::wire::{self, Bad, Body, Kind, Payload};
use crate::{scrub, trim};
use axum::response::Response;
use engine::issues::Project;
use engine::{
    Delivery, Engine, Grant, Issues, KeyKind, Outcome, Permission, Reason, Receipt, Refusal,
};
use event::{BatchBuilder, EventBatch, TableKind};
use http::HeaderValue;
use serde_json::json;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

/// One occurrence, unpacked, bytes (reliability.md §3).
pub(crate) const ITEM_LIMIT: usize = 1 << 20;
/// A list of them, unpacked, bytes.
pub(crate) const BATCH_LIMIT: usize = 8 << 20;

/// Platforms that a public token may post for (rollbar.md §2.1).
const CLIENT_PLATFORMS: [&str; 5] = ["browser", "android", "ios", "flash", "client"];

/// Why one payload was not stored.
enum Undone {
    Bad(Bad),
    Refused(Refusal),
    Engine(engine::Error),
    Lost(String),
}

impl Undone {
    fn reason(&self) -> Reason {
        match self {
            Self::Bad(Bad::Empty) => Reason::EmptyBody,
            Self::Bad(Bad::TooMuch(_)) => Reason::TooDeep,
            Self::Bad(Bad::TooLarge(_)) => Reason::TooLarge,
            Self::Bad(_) | Self::Lost(_) => Reason::Undecodable,
            Self::Refused(refusal) => refusal.reason(),
            Self::Engine(e) => e.reason(),
        }
    }

    fn fail(&self) -> Fail {
        match self {
            Self::Bad(bad) => Fail::of_bad(bad),
            Self::Refused(refusal) => Fail::of_refusal(refusal),
            Self::Engine(e) => Fail::of_engine(e),
            Self::Lost(why) => {
                tracing::error!(why, "an occurrence could not be read");
                Fail::new(
                    http::StatusCode::BAD_REQUEST,
                    "the payload could not be read",
                )
            }
        }
    }
}

/// What a token lets its holder post to.
#[derive(Clone)]
struct Access {
    grant: Grant,
    project: Arc<Project>,
}

impl Access {
    /// Whether the token stands in pages for everyone to read: such a one posts what clients report, and
    /// nothing else.
    fn is_public(&self) -> bool {
        let may = |p| self.grant.key().permissions.has(p);
        may(Permission::SendClientEvents) && !may(Permission::SendEvents)
    }
}

/// Takes what is posted: one payload, or with `limit` of a batch many.
pub(crate) async fn post(call: &mut Call, limit: usize) -> Result<Response, Fail> {
    let mut delivery = call.delivery(Some("occurrences"));
    let token = call.token();
    let outer = match &token {
        None => None,
        Some(token) => match access(call.engine(), &delivery, Some(token)) {
            Ok(access) => Some(access),
            Err(refusal) => {
                // Read all the same: what is refused is shown with the SDK that sent it.
                if let Ok(read) = call.read(limit).await {
                    let content_type = call.header("content-type").map(str::to_owned);
                    let bytes = read.bytes.clone();
                    let sdk = working(move || {
                        let body = wire::parse(content_type.as_deref(), &bytes).ok()?;
                        sdk(&body)
                    });
                    delivery.user_agent = sdk.await.ok().flatten().or(delivery.user_agent);
                }
                call.engine().note_refusal(&delivery, &refusal);
                return Err(Fail::of_refusal(&refusal));
            }
        },
    };
    let read = match call.read(limit).await {
        Ok(read) => read,
        Err(e) => {
            note_unread(call, &delivery, outer.as_ref(), e.reason());
            return Err(e.fail());
        }
    };
    delivery.wire_bytes = read.wire_bytes;
    // Before anything is read of it: what is refused for its rate costs little.
    let public = outer
        .as_ref()
        .and_then(|access| spend(call, access, read.bytes.len()));
    if let (Some(access), Some((window, false))) = (&outer, public) {
        note_unread(call, &delivery, outer.as_ref(), Reason::PublicRate);
        let refusal = access.grant.refusal(Reason::PublicRate);
        let response = Fail::of_refusal(&refusal).render();
        return Ok(with_window(response, Some(window), call.engine().now()));
    }
    let content_type = call.header("content-type").map(str::to_owned);
    let bytes = read.bytes.clone();
    let parsed = working(move || {
        let mut body = wire::parse(content_type.as_deref(), &bytes)?;
        if bytes.len() > ITEM_LIMIT {
            wire::limit_each(&mut body, ITEM_LIMIT);
        }
        Ok(body)
    });
    let parsed = parsed.await;
    let parsed = parsed.unwrap_or_else(|why| Err(Bad::Syntax(why)));
    let body = match parsed {
        Ok(body) => body,
        Err(bad) => {
            let undone = Undone::Bad(bad);
            note_unread(call, &delivery, outer.as_ref(), undone.reason());
            return Err(undone.fail());
        }
    };
    delivery.user_agent = sdk(&body).or(delivery.user_agent);
    let post = Post {
        outer: outer.map(|access| (access, public.map(|(window, _)| window))),
        body_bytes: read.bytes.len(),
        body,
    };
    many(call, &delivery, post).await
}

/// A post that was read.
struct Post {
    /// What the token beside the body lets its holder post to, and the window that it took of, when it is
    /// a public one.
    outer: Option<(Access, Option<Window>)>,
    /// Of the body, unpacked.
    body_bytes: usize,
    body: Body,
}

/// Takes a request of the window that a public token has; says whether it fits. `None`: it is no public one.
fn spend(call: &Call, access: &Access, bytes: usize) -> Option<(Window, bool)> {
    let (key, now) = (&access.grant.key().id, call.engine().now());
    access
        .is_public()
        .then(|| call.app.rates.take_public(key, bytes as u64, now))
}

/// The SDK as it names itself in the payload, `pyrollbar/1.5.0`: the header mostly tells the HTTP library.
fn sdk(body: &Body) -> Option<String> {
    let payload = body.payloads.iter().find_map(|p| p.as_ref().ok())?;
    let name = payload.data.text_at("notifier.name")?;
    Some(match payload.data.text_at("notifier.version") {
        Some(version) => format!("{name}/{version}"),
        None => name,
    })
}

/// Notes a delivery that could not be read: as one item, under its token when that is known.
fn note_unread(call: &Call, delivery: &Delivery, access: Option<&Access>, reason: Reason) {
    let outcome = Outcome::refused(1, reason);
    match access {
        Some(access) => access.grant.note(delivery, outcome),
        None => call.engine().arrivals().note(delivery, None, None, outcome),
    }
}

/// Stores each payload; the answer is that of the whole post.
async fn many(call: &Call, delivery: &Delivery, post: Post) -> Result<Response, Fail> {
    let (outer, body) = (post.outer, post.body);
    let peer = call.peer();
    let is_list = body.is_list;
    if body.payloads.is_empty() {
        let undone = Undone::Bad(Bad::Semantics("the list of payloads is empty"));
        let access = outer.as_ref().map(|(access, _)| access);
        note_unread(call, delivery, access, undone.reason());
        return Err(undone.fail());
    }
    // Each public token within the body took one request, however many payloads name it.
    let mut spent: HashMap<String, Option<(Window, bool)>> = HashMap::new();
    let mut under_way = Vec::with_capacity(body.payloads.len());
    for payload in body.payloads {
        let (payload, bad) = match payload {
            Ok(payload) => (Some(payload), None),
            Err(bad) => (None, Some(bad)),
        };
        let own = payload
            .as_ref()
            .and_then(|p| p.token.clone())
            .or_else(|| body.token.clone());
        let access = match &outer {
            Some((access, _)) => Ok(access.clone()),
            None => access(call.engine(), delivery, own.as_deref()),
        };
        let public = match (&outer, &access) {
            (Some((_, window)), _) => window.map(|window| (window, true)),
            (None, Ok(access)) => *spent
                .entry(access.grant.key().id.clone())
                .or_insert_with(|| spend(call, access, post.body_bytes)),
            (None, Err(_)) => None,
        };
        under_way.push(async move {
            let access = match access {
                Ok(access) => access,
                Err(refusal) => return (None, Err(Undone::Refused(refusal)), None),
            };
            let payload = match (payload, bad) {
                (Some(payload), _) => payload,
                (None, bad) => {
                    let bad = bad.unwrap_or(Bad::Empty);
                    return (Some(access), Err(Undone::Bad(bad)), None);
                }
            };
            if let Some((window, false)) = public {
                let refusal = access.grant.refusal(Reason::PublicRate);
                return (Some(access), Err(Undone::Refused(refusal)), Some(window));
            }
            let (done, window) = one(call, &access, payload, peer).await;
            // Of two windows the answer tells the one that its owner set.
            let window = window.or(public.map(|(window, _)| window));
            (Some(access), done, window)
        });
    }
    let results = futures::future::join_all(under_way).await;
    let window = results.iter().find_map(|r| r.2);
    note(call.engine(), delivery, &results);
    let first = results.iter().find_map(|(_, done, _)| done.as_ref().ok());
    let response = match (first, results.first()) {
        (Some((uuid, _)), _) => {
            let stored = results.iter().filter(|r| r.1.is_ok()).count();
            let mut result = json!({"id": null, "uuid": uuid});
            if is_list {
                result["stored"] = stored.into();
                result["refused"] = (results.len() - stored).into();
            }
            done(&result)
        }
        (None, Some((_, Err(undone), _))) => undone.fail().render(),
        (None, _) => Fail::of_bad(&Bad::Empty).render(),
    };
    Ok(with_window(response, window, call.engine().now()))
}

/// The headers of a rate limit, where the token has one (rollbar.md §2.4).
fn with_window(mut response: Response, window: Option<Window>, now: i64) -> Response {
    let Some(window) = window else {
        return response;
    };
    let left = window.seconds_left(now);
    let is_over = response.status() == http::StatusCode::TOO_MANY_REQUESTS;
    let headers = response.headers_mut();
    for (name, value) in [
        ("x-rate-limit-limit", i64::from(window.limit)),
        ("x-rate-limit-remaining", i64::from(window.remaining)),
        ("x-rate-limit-reset", window.ends_ns / 1_000_000_000),
        ("x-rate-limit-remaining-seconds", left),
    ] {
        headers.insert(name, HeaderValue::from(value));
    }
    if is_over {
        headers.insert(http::header::RETRY_AFTER, HeaderValue::from(left.max(1)));
    }
    response
}

type Done = (
    Option<Access>,
    Result<(String, Receipt), Undone>,
    Option<Window>,
);

/// Notes what became of the payloads, by token: nothing vanishes.
fn note(engine: &Engine, delivery: &Delivery, results: &[Done]) {
    let mut by_key: Vec<(Option<&Access>, Option<&Refusal>, Outcome)> = Vec::new();
    for (access, done, _) in results {
        let refusal = match done {
            Err(Undone::Refused(refusal)) if access.is_none() => Some(refusal),
            _ => None,
        };
        let key = |a: &Access| a.grant.key().id.clone();
        let place = by_key.iter().position(|(a, r, _)| match (a, access) {
            (Some(a), Some(b)) => key(a) == key(b),
            (None, None) => r.map(Refusal::key_prefix) == refusal.map(Refusal::key_prefix),
            _ => false,
        });
        let place = place.unwrap_or_else(|| {
            by_key.push((access.as_ref(), refusal, Outcome::default()));
            by_key.len() - 1
        });
        let outcome = &mut by_key[place].2;
        outcome.received += 1;
        match done {
            Ok((_, receipt)) => {
                outcome.stored += receipt.stored;
                outcome.merged += receipt.merged;
            }
            Err(undone) => {
                outcome.refused += 1;
                outcome.reason.get_or_insert(undone.reason());
                if let Undone::Bad(bad) = undone {
                    outcome.detail.get_or_insert(bad.text());
                }
            }
        }
    }
    for (access, refusal, outcome) in by_key {
        match (access, refusal) {
            (Some(access), _) => {
                let outcome = match outcome.stored + outcome.merged {
                    0 => outcome,
                    _ => outcome.into_datasets(vec![Arc::clone(&access.project.dataset)]),
                };
                access.grant.note(delivery, outcome);
            }
            (None, Some(refusal)) => {
                engine
                    .arrivals()
                    .note(delivery, refusal.key_prefix(), refusal.env(), outcome);
            }
            (None, None) => engine.arrivals().note(delivery, None, None, outcome),
        }
    }
}

/// Checks the token: it is a project's, and may post at all.
fn access(engine: &Engine, delivery: &Delivery, token: Option<&str>) -> Result<Access, Refusal> {
    let grant = engine.admit(delivery, token, Permission::Identify)?;
    let key = grant.key();
    let project = match (key.kind, key.datasets.as_deref()) {
        (KeyKind::Project, Some([dataset])) => engine.issues().project_of(grant.env(), dataset),
        _ => None,
    };
    let Some(project) = project else {
        return Err(grant.refusal(Reason::NotAProject));
    };
    let may = |p| grant.key().permissions.has(p);
    if !may(Permission::SendEvents) && !may(Permission::SendClientEvents) {
        return Err(grant.refusal(Reason::ScopeMissing));
    }
    Ok(Access { grant, project })
}

/// A payload made ready to be stored.
enum Ready {
    /// Stored before.
    Known,
    Batch(Box<EventBatch>, [u8; 16]),
}

async fn one(
    call: &Call,
    access: &Access,
    payload: Payload,
    peer: IpAddr,
) -> (Result<(String, Receipt), Undone>, Option<Window>) {
    let kind = match wire::check(&payload.data) {
        Ok(kind) => kind,
        Err(bad) => return (Err(Undone::Bad(bad)), None),
    };
    let permissions = access.grant.key().permissions;
    let platform = payload.data.text_at("platform");
    let is_client = platform.is_some_and(|p| CLIENT_PLATFORMS.contains(&p.as_str()));
    if !permissions.has(Permission::SendEvents) && !is_client {
        let refusal = access.grant.refusal(Reason::ClientToken);
        return (Err(Undone::Refused(refusal)), None);
    }
    let limit = call.engine().issues().rate_limit(&access.grant.key().id);
    let (window, is_within) =
        call.app
            .rates
            .take(&access.grant.key().id, limit, call.engine().now());
    if !is_within {
        let refusal = access.grant.refusal(Reason::QuotaReached);
        return (Err(Undone::Refused(refusal)), window);
    }
    (
        store(call.engine(), access, payload.data, kind, peer).await,
        window,
    )
}

async fn store(
    engine: &Engine,
    access: &Access,
    mut data: Json,
    kind: Kind,
    peer: IpAddr,
) -> Result<(String, Receipt), Undone> {
    let uuid = match data.text_at("uuid") {
        Some(uuid) => uuid
            .chars()
            .filter(|c| !c.is_control() && *c != '"')
            .take(36)
            .collect(),
        None => {
            let made = format!("{:032x}", ulid::Ulid::generate().0);
            data.set("uuid", Json::Text(made.clone()));
            made
        }
    };
    let (engine, access, number) = (engine.clone(), access.clone(), uuid.clone());
    let grant = access.grant.clone();
    let ready = working(move || prepare(&engine, &access, data, kind, peer, &number)).await;
    match ready.map_err(Undone::Lost)?? {
        Ready::Known => Ok((
            uuid,
            Receipt {
                stored: 0,
                merged: 1,
            },
        )),
        Ready::Batch(batch, identity) => {
            let stored = grant.ingest(*batch, Some(identity)).await;
            Ok((uuid, stored.map_err(Undone::Engine)?))
        }
    }
}

/// Scrubs, orders, groups, and makes the row. Computes, and looks one thing up in a file.
fn prepare(
    engine: &Engine,
    access: &Access,
    mut data: Json,
    kind: Kind,
    peer: IpAddr,
    uuid: &str,
) -> Result<Ready, Undone> {
    let project = &access.project;
    let identity = Issues::identity(project.env, &project.dataset, uuid);
    match engine.issues().seen(&identity) {
        Ok(Some(_)) => return Ok(Ready::Known),
        Ok(None) => {}
        // Rather twice than not at all.
        Err(e) => tracing::error!(error = %e, "repeats of occurrences cannot be looked up"),
    }
    let id = engine.issues().next_occurrence().map_err(Undone::Engine)?;
    frames::resolve_address(&mut data, peer);
    frames::order(&mut data);
    let masked = scrub::scrub(&mut data);
    let cut = trim::trim(&mut data);
    let reading = translate::read(&data, kind);
    note_changes(&mut data, &masked, &cut);
    let target = Target {
        dataset: &project.dataset,
        project: &project.name,
        id,
        uuid,
        event_id: identity,
    };
    let mut batch = BatchBuilder::new(TableKind::Errors, access.grant.policy());
    let raw = data.to_string();
    translate::occurrence(&mut batch, &target, &data, &reading, &raw);
    Ok(Ready::Batch(Box::new(batch.finish()), identity))
}

/// Says in the payload what is no longer as it was sent.
fn note_changes(data: &mut Json, masked: &[String], cut: &[&str]) {
    let texts = |list: &mut dyn Iterator<Item = &str>| Json::List(list.map(Json::from).collect());
    let mut members = Vec::new();
    if !masked.is_empty() {
        let list = texts(&mut masked.iter().map(String::as_str));
        members.push(("scrubbed".to_owned(), list));
    }
    if !cut.is_empty() {
        members.push(("trimmed".to_owned(), texts(&mut cut.iter().copied())));
    }
    if members.is_empty() {
        return;
    }
    match data.get_mut("metadata") {
        Some(Json::Map(own)) => own.extend(members),
        _ => data.set("metadata", Json::Map(members)),
    }
}
