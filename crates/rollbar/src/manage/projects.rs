//! Projects and their access tokens. For tokens of an account: a configuration key of the environment.

use super::read;
use crate::call::{Call, done, json};
use crate::error::Fail;
use crate::render::{self, SCOPES};
use axum::response::Response;
use engine::catalog::{KeyInfo, NewKey};
use engine::issues::Project;
use engine::{Grant, KeyKind, Permission, Permissions};
use http::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;

impl Call {
    /// Admits a token of an account. A project's token gets 403: clients tell the two apart by it
    /// (rollbar.md §5.5).
    fn account(&self, need: Permission) -> Result<Grant, Fail> {
        let grant = self.admit(need)?;
        match grant.key().kind {
            KeyKind::Configuration | KeyKind::Personal => Ok(grant),
            _ => Err(Fail::new(
                StatusCode::FORBIDDEN,
                "insufficient privileges: an account access token is required, in Foursight a configuration key",
            )),
        }
    }

    fn account_project(&self, need: Permission, id: &str) -> Result<(Grant, Arc<Project>), Fail> {
        let grant = self.account(need)?;
        let found = id
            .parse()
            .ok()
            .and_then(|id| self.engine().issues().project(grant.env(), id));
        let missing = || Fail::new(StatusCode::NOT_FOUND, "Project not found in this account.");
        Ok((grant, found.ok_or_else(missing)?))
    }

    fn keys_of(&self, project: &Project) -> Vec<KeyInfo> {
        let keys = self.engine().catalog().keys(Some(project.env));
        let own = keys.into_iter().filter(|k| {
            k.kind == KeyKind::Project && k.datasets.is_some() && k.may_use(&project.dataset)
        });
        own.collect()
    }

    /// The key of a token: in full as its holder knows it, or by its shown beginning.
    fn key_of(&self, project: &Project, token: &str) -> Result<KeyInfo, Fail> {
        let known = self.engine().catalog().whois(token);
        let mut own = self.keys_of(project).into_iter();
        own.find(|k| known.as_ref().is_some_and(|w| w.id == k.id) || &*k.prefix == token)
            .ok_or_else(Fail::not_found)
    }
}

/// `GET /projects`: a plain list.
pub(super) fn list(call: &Call) -> Result<Response, Fail> {
    let grant = call.account(Permission::RunQueries)?;
    let projects = call.engine().issues().projects(grant.env());
    // All on the first page; clients go on until one is empty.
    let list: Vec<Value> = match call.page()? {
        1 => projects.iter().map(|p| render::project(p)).collect(),
        _ => Vec::new(),
    };
    Ok(done(&list.into()))
}

/// `POST /projects`: with the four tokens that the vendor makes, one scope each.
pub(super) async fn create(call: &mut Call) -> Result<Response, Fail> {
    let grant = call.account(Permission::ManageSettings)?;
    let members = call.members().await?;
    let name = read::project_name(&members)?;
    let (engine, env) = (call.engine(), grant.env());
    let known = engine.issues().projects(env);
    if known.iter().any(|p| p.name == name) {
        return Err(Fail::invalid(format!("there is a project {name} already")));
    }
    let now = engine.now();
    let project = engine
        .issues()
        .ensure_project(env, &name, now)
        .map_err(|e| Fail::of_catalog(&e))?;
    for (scope, permission) in SCOPES {
        let mut new = NewKey::new(env, KeyKind::Project, scope);
        new.permissions = Some(Permissions::of(&[permission]));
        new.datasets = Some(vec![project.dataset.to_string()]);
        engine
            .catalog()
            .create_key(new, now)
            .map_err(|e| Fail::of_catalog(&e))?;
    }
    Ok(done(&render::project(&project)))
}

/// `GET /project/{id}`.
pub(super) fn get(call: &Call, id: &str) -> Result<Response, Fail> {
    let (_, project) = call.account_project(Permission::RunQueries, id)?;
    Ok(done(&render::project(&project)))
}

/// `GET /project/{id}/access_tokens`: without their text, which is told once.
pub(super) fn tokens(call: &Call, id: &str) -> Result<Response, Fail> {
    let (_, project) = call.account_project(Permission::RunQueries, id)?;
    let issues = call.engine().issues();
    let list: Vec<Value> = match call.page()? {
        1 => call
            .keys_of(&project)
            .iter()
            .map(|k| render::token(k, &k.prefix, project.id, issues.rate_limit(&k.id)))
            .collect(),
        _ => Vec::new(),
    };
    Ok(done(&list.into()))
}

/// `POST /project/{id}/access_tokens`: the only answer that holds the token.
pub(super) async fn create_token(call: &mut Call, id: &str) -> Result<Response, Fail> {
    let (grant, project) = call.account_project(Permission::ManageSettings, id)?;
    let members = call.members().await?;
    let (name, permissions, limit) = read::new_token(&members)?;
    let engine = call.engine();
    let mut new = NewKey::new(grant.env(), KeyKind::Project, &name);
    new.permissions = Some(Permissions::of(&permissions));
    new.datasets = Some(vec![project.dataset.to_string()]);
    let made = engine
        .catalog()
        .create_key(new, engine.now())
        .map_err(|e| Fail::of_catalog(&e))?;
    engine
        .issues()
        .set_rate_limit(&made.info.id, limit)
        .map_err(|e| Fail::of_catalog(&e))?;
    Ok(done(&render::token(
        &made.info,
        &made.secret,
        project.id,
        limit,
    )))
}

/// `PATCH /project/{id}/access_token/{token}`: its rate limit.
pub(super) async fn limit_token(
    call: &mut Call,
    id: &str,
    token: Option<&str>,
) -> Result<Response, Fail> {
    let (_, project) = call.account_project(Permission::ManageSettings, id)?;
    let members = call.members().await?;
    let key = call.key_of(&project, &read::token_named(token, &members)?)?;
    let limit = read::limit_of(&members)?
        .ok_or_else(|| Fail::new(StatusCode::BAD_REQUEST, "nothing to change"))?;
    call.engine()
        .issues()
        .set_rate_limit(&key.id, limit)
        .map_err(|e| Fail::of_catalog(&e))?;
    Ok(json(StatusCode::OK, &json!({"err": 0})))
}

/// `DELETE /project/{id}/access_token/{token}`: revoked, for good.
pub(super) async fn delete_token(
    call: &mut Call,
    id: &str,
    token: Option<&str>,
) -> Result<Response, Fail> {
    let (_, project) = call.account_project(Permission::ManageSettings, id)?;
    let members = call.members().await?;
    let key = call.key_of(&project, &read::token_named(token, &members)?)?;
    let engine = call.engine();
    engine
        .catalog()
        .revoke_key(&key.id, engine.now())
        .map_err(|e| Fail::of_catalog(&e))?;
    Ok(done(&"access token deleted".into()))
}
