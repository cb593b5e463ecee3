//! Items and their occurrences.

use super::read::{self, int};
use super::{Access, redirect_json};
use crate::call::{Call, done, working};
use crate::error::Fail;
use crate::{render, search};
use axum::response::Response;
use engine::issues::{Assigned, Issue, IssueFilter, IssueSort, Level, Of, Seen, Status};
use engine::{Issues, Permission};
use event::{EventId, TableKind};
use http::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;

/// Most items and occurrences of one page.
const PAGE_MOST: usize = 5_000;
/// Occurrences of one page, unless told.
const INSTANCES: usize = 20;
/// Above so many the vendor tells no total.
const TOTAL_MOST: usize = 100_000;

fn number(text: &str) -> Result<i64, Fail> {
    text.parse().map_err(|_| Fail::not_found())
}

impl Call {
    fn issue(&self, access: &Access, id: &str) -> Result<Arc<Issue>, Fail> {
        let found = self
            .engine()
            .issues()
            .issue(access.grant.env(), number(id)?);
        found
            .filter(|i| i.project == access.project.id)
            .ok_or_else(Fail::not_found)
    }
}

/// `GET /items`.
pub(super) fn list(call: &Call) -> Result<Response, Fail> {
    let access = call.project(Permission::RunQueries)?;
    call.know_only(&[
        "status",
        "level",
        "environment",
        "framework",
        "assigned_user",
        "ids",
        "is_snoozed",
        "query",
        "page",
        "limit",
    ])?;
    let now = call.engine().now();
    let mut filter = IssueFilter::new(access.grant.env());
    filter.project = Some(access.project.id);
    filter.sort = IssueSort::Id;
    for s in call.queries("status") {
        let status = Status::parse(&s);
        filter
            .statuses
            .push(status.ok_or_else(|| Fail::invalid(format!("status {s} is unknown")))?);
    }
    for l in call.queries("level") {
        let level = Level::parse(&l);
        filter
            .levels
            .push(level.ok_or_else(|| Fail::invalid(format!("level {l} is unknown")))?);
    }
    filter.environments = call.queries("environment");
    filter.frameworks = call.queries("framework");
    for ids in call.queries("ids") {
        for id in ids.split(',') {
            let id = id.trim().parse();
            filter
                .ids
                .push(id.map_err(|_| Fail::invalid("ids is a list of numbers"))?);
        }
    }
    filter.assigned = match call.query("assigned_user").as_deref() {
        None => None,
        Some("assigned") => Some(Assigned::Anyone),
        Some("unassigned") => Some(Assigned::Nobody),
        Some(name) => Some(match name.parse() {
            Ok(id) => Assigned::User(id),
            Err(_) => Assigned::Owner(name.to_owned()),
        }),
    };
    filter.snoozed = match call.query("is_snoozed").as_deref() {
        None => None,
        Some("true" | "1") => Some((true, now)),
        Some("false" | "0") => Some((false, now)),
        Some(_) => return Err(Fail::invalid("is_snoozed is true or false")),
    };
    if let Some(query) = call.query("query") {
        search::apply(&query, &mut filter, now).map_err(Fail::invalid)?;
    }
    let page = call.page()?;
    filter.limit = call.limit(100, PAGE_MOST)?;
    filter.offset = (page - 1).saturating_mul(filter.limit);
    let (items, total) = call.engine().issues().list(&filter);
    let items: Vec<Value> = items.iter().map(|i| render::item(i, now)).collect();
    let total = (total <= TOTAL_MOST).then_some(total);
    Ok(done(
        &json!({"page": page, "total_count": total, "items": items}),
    ))
}

/// `GET /item/{id}`.
pub(super) fn get(call: &Call, id: &str) -> Result<Response, Fail> {
    let access = call.project(Permission::RunQueries)?;
    let issue = call.issue(&access, id)?;
    Ok(done(&render::item(&issue, call.engine().now())))
}

/// `GET /item/?uuid=…` and `GET /item/?counter=…`.
pub(super) async fn by_query(call: &Call) -> Result<Response, Fail> {
    let access = call.project(Permission::RunQueries)?;
    let issues = call.engine().issues();
    let found = match (call.query("uuid"), call.query("counter")) {
        (Some(uuid), _) => {
            let project = &access.project;
            let identity = Issues::identity(project.env, &project.dataset, &uuid);
            let seen = looked_up(call, move |issues| issues.seen(&identity)).await?;
            seen.and_then(|s| issues.issue(access.grant.env(), s.issue))
        }
        (None, Some(counter)) => issues.issue_by_counter(access.project.id, number(&counter)?),
        (None, None) => {
            return Err(Fail::new(StatusCode::BAD_REQUEST, "give uuid or counter"));
        }
    };
    let issue = found.ok_or_else(Fail::not_found)?;
    Ok(done(&render::item(&issue, call.engine().now())))
}

/// `GET /item_by_counter/{n}`: the vendor redirects.
pub(super) fn by_counter(call: &Call, n: &str) -> Result<Response, Fail> {
    let access = call.project(Permission::RunQueries)?;
    let found = call
        .engine()
        .issues()
        .issue_by_counter(access.project.id, number(n)?);
    let issue = found.ok_or_else(Fail::not_found)?;
    let path = format!("/item/{}", issue.id);
    let mut uri = format!("/api/1{path}");
    if let Some(token) = call.query("access_token") {
        uri = format!("{uri}?access_token={token}");
    }
    let result = json!({"itemId": issue.id, "path": path, "uri": uri});
    Ok(redirect_json(&uri, &json!({"err": 0, "result": result})))
}

/// `PATCH /item/{id}`.
pub(super) async fn update(call: &mut Call, id: &str) -> Result<Response, Fail> {
    let grant = call.admit(Permission::ManageSettings)?;
    let mut members = call.members().await?;
    let named = members.remove("project_id").as_ref().and_then(int);
    let project = call.project_of(&grant, named)?;
    let access = Access { grant, project };
    let issue = call.issue(&access, id)?;
    members.remove("access_token");
    let (change, echo) = read::change(&members, call.engine().now())?;
    let actor = format!("token {}", access.grant.key().name);
    let (engine, id) = (call.engine().clone(), issue.id);
    let changed = working(move || engine.issues().change(id, &change, &actor, engine.now())).await;
    changed
        .map_err(|why| Fail::new(StatusCode::INTERNAL_SERVER_ERROR, why))?
        .map_err(|e| Fail::of_catalog(&e))?;
    Ok(done(&echo))
}

/// Looks something up in a file, on a thread that may wait.
async fn looked_up<T: Send + 'static>(
    call: &Call,
    look: impl FnOnce(&Issues) -> Result<T, engine::catalog::Error> + Send + 'static,
) -> Result<T, Fail> {
    let issues = call.engine().issues().clone();
    working(move || look(&issues))
        .await
        .map_err(|why| Fail::new(StatusCode::INTERNAL_SERVER_ERROR, why))?
        .map_err(|e| Fail::of_catalog(&e))
}

/// `GET /instances` and `GET /item/{id}/instances`.
pub(super) async fn instances(call: &Call, item: Option<&str>) -> Result<Response, Fail> {
    let access = call.project(Permission::RunQueries)?;
    call.know_only(&["page", "limit", "lastId"])?;
    let of = match item {
        Some(id) => Of::Issue(call.issue(&access, id)?.id),
        None => Of::Project(access.project.id),
    };
    let page = call.page()?;
    let limit = call.limit(INSTANCES, PAGE_MOST)?;
    let last = match call.query("lastId") {
        None => None,
        Some(id) => Some(
            id.parse()
                .map_err(|_| Fail::invalid("lastId is a number"))?,
        ),
    };
    let offset = match last {
        Some(_) => 0,
        None => (page - 1).saturating_mul(limit),
    };
    let list = looked_up(call, move |i| i.occurrences(of, last, offset, limit)).await?;
    let instances = whole(call, &access, &list).await?;
    Ok(done(&json!({"page": page, "instances": instances})))
}

/// `GET /instance/{id}`.
pub(super) async fn instance(call: &Call, id: &str) -> Result<Response, Fail> {
    let access = call.project(Permission::RunQueries)?;
    let id = number(id)?;
    let seen = looked_up(call, move |i| i.seen_as(id)).await?;
    let seen = seen.ok_or_else(Fail::not_found)?;
    let issue = call.engine().issues().issue(access.grant.env(), seen.issue);
    if issue.is_none_or(|i| i.project != access.project.id) {
        return Err(Fail::not_found());
    }
    let list = whole(call, &access, &[seen]).await?;
    Ok(done(list.first().unwrap_or(&Value::Null)))
}

async fn whole(call: &Call, access: &Access, list: &[Seen]) -> Result<Vec<Value>, Fail> {
    let wanted = list
        .iter()
        .map(|s| (s.ts_ns, EventId(s.identity)))
        .collect();
    let project = &access.project;
    let documents = call
        .engine()
        .querier()
        .documents(project.env, TableKind::Errors, &project.dataset, wanted)
        .await
        .map_err(|e| Fail::of_query(&e))?;
    let both = list.iter().zip(&documents);
    Ok(both
        .map(|(seen, raw)| render::instance(seen, project.id, raw.as_deref()))
        .collect())
}
