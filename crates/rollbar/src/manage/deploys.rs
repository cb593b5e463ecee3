//! Deploys: noted by build scripts, in every form they send them (rollbar.md §5.3).

use super::read::{self, text};
use crate::call::{Call, done, json, working};
use crate::error::Fail;
use crate::render;
use axum::response::Response;
use engine::{Grant, KeyKind, Permission, Reason};
use http::StatusCode;
use serde_json::{Map, Value, json};

/// Deploys of one page.
const PAGE: usize = 20;

fn number(text: &str) -> Result<i64, Fail> {
    text.parse().map_err(|_| Fail::not_found())
}

impl Call {
    /// The members of the body and of the query together; the token may be among them.
    async fn deploy_members(&mut self) -> Result<(Grant, Map<String, Value>), Fail> {
        let mut members = self.members().await?;
        for name in [
            "environment",
            "revision",
            "local_username",
            "rollbar_username",
            "comment",
            "status",
        ] {
            if let Some(value) = self.query(name) {
                members.entry(name).or_insert(Value::String(value));
            }
        }
        let token = self.token().or_else(|| text(members.get("access_token")));
        let grant = self.admit_as(token.as_deref(), Permission::Identify)?;
        let may = |p| grant.key().permissions.has(p);
        if !may(Permission::SendEvents) && !may(Permission::SendClientEvents) {
            self.engine()
                .note_refusal(&self.delivery(None), &grant.refusal(Reason::ScopeMissing));
            return Err(Fail::new(
                StatusCode::FORBIDDEN,
                "insufficient privileges: deploys need post_server_item",
            ));
        }
        if grant.key().kind != KeyKind::Project && self.query("project_id").is_none() {
            return Err(Fail::invalid("project_id is missing"));
        }
        Ok((grant, members))
    }
}

/// `POST /deploy`. The number stands under `data`, where the vendor's own scripts read it.
pub(super) async fn create(call: &mut Call) -> Result<Response, Fail> {
    let (grant, members) = call.deploy_members().await?;
    let project = call.project_of(&grant, None)?;
    let new = read::new_deploy(project.id, &members)?;
    let engine = call.engine().clone();
    let made = working(move || engine.issues().add_deploy(new, engine.now())).await;
    let made = made
        .map_err(|why| Fail::new(StatusCode::INTERNAL_SERVER_ERROR, why))?
        .map_err(|e| Fail::of_catalog(&e))?;
    let id = json!({"deploy_id": made.id});
    Ok(json(
        StatusCode::OK,
        &json!({"err": 0, "data": id, "result": id}),
    ))
}

/// `PATCH /deploy/{id}`.
pub(super) async fn update(call: &mut Call, id: &str) -> Result<Response, Fail> {
    let (grant, members) = call.deploy_members().await?;
    let project = call.project_of(&grant, None)?;
    let (status, comment) = read::deploy_change(&members)?;
    let (engine, id) = (call.engine().clone(), number(id)?);
    let changed = working(move || {
        let now = engine.now();
        engine
            .issues()
            .change_deploy(project.id, id, status, comment, now)
    })
    .await;
    let changed = changed
        .map_err(|why| Fail::new(StatusCode::INTERNAL_SERVER_ERROR, why))?
        .map_err(|e| Fail::of_catalog(&e))?;
    Ok(done(&render::deploy(&changed, call.engine().now())))
}

/// `GET /deploy/{id}`.
pub(super) fn get(call: &Call, id: &str) -> Result<Response, Fail> {
    let access = call.project(Permission::RunQueries)?;
    let found = call
        .engine()
        .issues()
        .deploy(access.project.id, number(id)?);
    let deploy = found.ok_or_else(Fail::not_found)?;
    Ok(done(&render::deploy(&deploy, call.engine().now())))
}

/// `GET /deploys`, newest first.
pub(super) fn list(call: &Call) -> Result<Response, Fail> {
    let access = call.project(Permission::RunQueries)?;
    call.know_only(&["page", "limit"])?;
    let (page, limit, now) = (call.page()?, call.limit(PAGE, 5_000)?, call.engine().now());
    let all = call.engine().issues().deploys(access.project.id);
    let deploys: Vec<Value> = all
        .iter()
        .skip((page - 1).saturating_mul(limit))
        .take(limit)
        .map(|d| render::deploy(d, now))
        .collect();
    Ok(done(&json!({"page": page, "deploys": deploys})))
}
