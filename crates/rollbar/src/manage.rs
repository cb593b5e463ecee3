//! The vendor's API of items, occurrences, deploys, projects and tokens (rollbar.md §5).
//!
//! Two kinds of tokens: a *project*'s, and an *account*'s. Ours for the second is a configuration key:
//! its environment is the account. With one of those, calls about a project name it by `project_id`.

mod deploys;
mod items;
mod projects;
pub(crate) mod read;

use crate::call::{API_BODY_LIMIT, Call, json};
use crate::error::Fail;
use axum::body::Body;
use axum::response::Response;
use engine::issues::Project;
use engine::{Grant, KeyKind, Permission};
use http::{HeaderValue, Method, StatusCode, header};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Resources the vendor has and we do not: told so, by name.
const NOT_BUILT: [&str; 22] = [
    "dsym",
    "environments",
    "environment",
    "fluttersymbols",
    "flutter_symbols",
    "invite",
    "invites",
    "metrics",
    "notifications",
    "people",
    "proguard",
    "reports",
    "rql",
    "service_links",
    "session",
    "signed_url",
    "sourcemap",
    "team",
    "teams",
    "user",
    "users",
    "versions",
];

/// A token for settings and questions, and the project it is about.
pub(crate) struct Access {
    pub(crate) grant: Grant,
    pub(crate) project: Arc<Project>,
}

/// `/api/1/…`, without what takes items.
pub(crate) async fn route(call: &mut Call, segments: &[&str]) -> Result<Response, Fail> {
    let method = call.parts.method.clone();
    let (get, post) = (method == Method::GET, method == Method::POST);
    let (patch, delete) = (method == Method::PATCH, method == Method::DELETE);
    match segments {
        ["items"] if get => items::list(call),
        ["item"] if get => items::by_query(call).await,
        ["item_by_counter", n] if get => items::by_counter(call, n),
        ["item", id] if get => items::get(call, id),
        ["item", id] if patch => items::update(call, id).await,
        ["item", id, "instances"] if get => items::instances(call, Some(id)).await,
        ["instances"] if get => items::instances(call, None).await,
        ["instance", id] if get => items::instance(call, id).await,
        ["instance", _] if delete => Err(Fail::not_built("DELETE /instance")),

        ["deploy"] if post => deploys::create(call).await,
        ["deploys"] if get => deploys::list(call),
        ["deploy", id] if get => deploys::get(call, id),
        ["deploy", id] if patch => deploys::update(call, id).await,

        ["projects"] if get => projects::list(call),
        ["projects"] if post => projects::create(call).await,
        ["project", id] if get => projects::get(call, id),
        ["project", _] if delete => Err(Fail::not_built("DELETE /project")),
        ["project", id, "access_tokens"] if get => projects::tokens(call, id),
        ["project", id, "access_tokens"] if post => projects::create_token(call, id).await,
        ["project", id, "access_token"] if patch => projects::limit_token(call, id, None).await,
        ["project", id, "access_token", t] if patch => {
            projects::limit_token(call, id, Some(t)).await
        }
        ["project", id, "access_token"] if delete => projects::delete_token(call, id, None).await,
        ["project", id, "access_token", t] if delete => {
            projects::delete_token(call, id, Some(t)).await
        }
        ["project", _, what @ ("teams" | "users"), ..] => {
            Err(Fail::not_built(&format!("/project/{{id}}/{what}")))
        }
        [name, ..] if NOT_BUILT.contains(name) => Err(Fail::not_built(&format!("/{name}"))),
        [
            "items" | "item" | "item_by_counter" | "instances" | "instance" | "deploy" | "deploys"
            | "projects" | "project",
            ..,
        ] => Err(Fail::new(
            StatusCode::METHOD_NOT_ALLOWED,
            format!("{method} is not built for this path"),
        )),
        _ => Err(Fail::not_found()),
    }
}

impl Call {
    /// Admits a token for one project's data.
    pub(crate) fn project(&self, need: Permission) -> Result<Access, Fail> {
        let grant = self.admit(need)?;
        let project = self.project_of(&grant, None)?;
        Ok(Access { grant, project })
    }

    /// The project a token is about: its own, or the one an account's token names.
    pub(crate) fn project_of(
        &self,
        grant: &Grant,
        named: Option<i64>,
    ) -> Result<Arc<Project>, Fail> {
        let issues = self.engine().issues();
        let project = match (grant.key().kind, grant.key().datasets.as_deref()) {
            (KeyKind::Project, Some([dataset])) => issues.project_of(grant.env(), dataset),
            (KeyKind::Project, _) => None,
            _ => {
                let id = named.or_else(|| self.query("project_id")?.parse().ok());
                let id = id.ok_or_else(|| {
                    Fail::invalid(
                        "project_id is missing: this token is of an account, not a project",
                    )
                })?;
                issues.project(grant.env(), id)
            }
        };
        project.ok_or_else(Fail::not_found)
    }

    /// The page asked for, from 1 on.
    pub(crate) fn page(&self) -> Result<usize, Fail> {
        match self.query("page") {
            None => Ok(1),
            Some(text) => match text.parse() {
                Ok(page @ 1..=1_000_000) => Ok(page),
                _ => Err(Fail::invalid("page is a number from 1 on")),
            },
        }
    }

    /// How many are listed on a page.
    pub(crate) fn limit(&self, default: usize, most: usize) -> Result<usize, Fail> {
        match self.query("limit") {
            None => Ok(default),
            Some(text) => match text.parse::<usize>() {
                Ok(n) if (1..=most).contains(&n) => Ok(n),
                _ => Err(Fail::invalid(format!("limit is a number from 1 to {most}"))),
            },
        }
    }

    /// Refuses names in the query that mean nothing here: a filter that is ignored is a wrong answer.
    pub(crate) fn know_only(&self, known: &[&str]) -> Result<(), Fail> {
        let unknown = self.query_names().into_iter().find(|name| {
            let name = name.strip_suffix("[]").unwrap_or(name);
            !known.contains(&name) && !matches!(name, "access_token" | "project_id" | "")
        });
        match unknown {
            Some(name) => Err(Fail::not_built(&format!("the parameter {name}"))),
            None => Ok(()),
        }
    }

    /// Members of a body, be it JSON or a form.
    pub(crate) async fn members(&mut self) -> Result<Map<String, Value>, Fail> {
        let read = self.read(API_BODY_LIMIT).await.map_err(|e| e.fail())?;
        let content_type = self.header("content-type");
        read::members(content_type, &read.bytes)
    }
}

/// `/item/uuid/?uuid=…` and `/occurrence/uuid/?uuid=…`: links that SDKs print, to the page of the item.
/// They name no project, so every one is looked through; nothing of it is told before the page asks
/// for its own rights.
pub(crate) fn permalink(call: &Call, kind: &str) -> Result<Response, Fail> {
    let uuid = call
        .query("uuid")
        .ok_or_else(|| Fail::invalid("uuid is missing"))?;
    let engine = call.engine();
    for env in engine.catalog().environments() {
        for project in engine.issues().projects(env.id) {
            let identity = engine::Issues::identity(env.id, &project.dataset, &uuid);
            let seen = engine
                .issues()
                .seen(&identity)
                .map_err(|e| Fail::of_catalog(&e))?;
            let Some(seen) = seen else {
                continue;
            };
            let mut to = format!("/e/{}/errors/{}", env.slug, seen.issue);
            if kind == "occurrence" {
                to.push_str(&format!("?occurrence={}", seen.id));
            }
            return Ok(redirect(StatusCode::FOUND, &to, Body::empty()));
        }
    }
    Err(Fail::not_found())
}

fn redirect(status: StatusCode, to: &str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    if let Ok(to) = HeaderValue::from_str(to) {
        response.headers_mut().insert(header::LOCATION, to);
    }
    response
}

/// A redirect that says in JSON where to.
pub(crate) fn redirect_json(to: &str, body: &Value) -> Response {
    let mut response = json(StatusCode::MOVED_PERMANENTLY, body);
    if let Ok(to) = HeaderValue::from_str(to) {
        response.headers_mut().insert(header::LOCATION, to);
    }
    response
}
