//! Questions kept under a name: listed, saved, changed, deleted.

use crate::Api;
use crate::error::Refused;
use crate::error::extract::{Body, Place};
use crate::render;
use crate::wire::saved::{NewSavedQuery, SavedQueries, SavedQuery, SavedQueryChange};
use crate::wire::{Nanos, Problem};
use axum::extract::State;
use engine::catalog::{NamedQuery, NamedQueryChange, Question};
use engine::query::{Query, Scope};
use http::StatusCode;

/// The saved queries of an environment, changed last first.
#[utoipa::path(get, path = "/foursight/v1/environments/{env}/saved_queries", tag = "saved queries", params(
    ("env" = String, Path, description = "Slug of the environment.")), responses(
    (status = 200, body = SavedQueries),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(api): State<Api>,
    Place(env): Place<String>,
) -> Result<axum::Json<SavedQueries>, Refused> {
    let env = api.environment(&env)?.id;
    let found = api.engine().catalog().named_queries(env)?;
    let scoped = found.into_iter().map(|q| {
        let dataset = q.dataset.clone();
        saved(&api, &Scope { env, dataset }, q)
    });
    Ok(axum::Json(SavedQueries {
        queries: scoped.collect(),
    }))
}

/// Keeps a question under a name.
#[utoipa::path(post, path = "/foursight/v1/environments/{env}/saved_queries", tag = "saved queries", params(
    ("env" = String, Path, description = "Slug of the environment.")), request_body = NewSavedQuery, responses(
    (status = 201, body = SavedQuery),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn save(
    State(api): State<Api>,
    Place(env): Place<String>,
    Body(new): Body<NewSavedQuery>,
) -> Result<(StatusCode, axum::Json<SavedQuery>), Refused> {
    let scope = api.scope(&env, new.dataset)?;
    let spec = checked(&api, &scope, &new.query)?;
    let engine = api.engine();
    let question = Question {
        dataset: scope.dataset.as_deref(),
        spec: &spec,
    };
    let made = engine.catalog().save_named_query(
        scope.env,
        &new.name,
        &new.description,
        question,
        engine.now(),
    )?;
    Ok((StatusCode::CREATED, axum::Json(saved(&api, &scope, made))))
}

/// Changes a saved query: its name, its description, or what it asks.
#[utoipa::path(patch, path = "/foursight/v1/environments/{env}/saved_queries/{id}", tag = "saved queries", params(
    ("env" = String, Path, description = "Slug of the environment."),
    ("id" = String, Path, description = "Id of the saved query.")), request_body = SavedQueryChange, responses(
    (status = 200, body = SavedQuery),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn change(
    State(api): State<Api>,
    Place((env, id)): Place<(String, String)>,
    Body(new): Body<SavedQueryChange>,
) -> Result<axum::Json<SavedQuery>, Refused> {
    if new.dataset.is_some() && new.query.is_none() {
        return Err(Refused::invalid("`dataset` goes with `query`"));
    }
    let scope = api.scope(&env, new.dataset)?;
    let spec = match &new.query {
        Some(query) => Some(checked(&api, &scope, query)?),
        None => None,
    };
    let change = NamedQueryChange {
        name: new.name.as_deref(),
        description: new.description.as_deref(),
        question: spec.as_deref().map(|spec| Question {
            dataset: scope.dataset.as_deref(),
            spec,
        }),
    };
    let engine = api.engine();
    let changed = engine
        .catalog()
        .change_named_query(scope.env, &id, change, engine.now())?;
    let dataset = changed.dataset.clone();
    let scope = Scope {
        env: scope.env,
        dataset,
    };
    Ok(axum::Json(saved(&api, &scope, changed)))
}

/// Deletes a saved query. Links to what it asked lead where they led.
#[utoipa::path(delete, path = "/foursight/v1/environments/{env}/saved_queries/{id}", tag = "saved queries", params(
    ("env" = String, Path, description = "Slug of the environment."),
    ("id" = String, Path, description = "Id of the saved query.")), responses(
    (status = 204),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn remove(
    State(api): State<Api>,
    Place((env, id)): Place<(String, String)>,
) -> Result<StatusCode, Refused> {
    let env = api.environment(&env)?.id;
    api.engine().catalog().delete_named_query(env, &id)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The question's JSON, when it could be asked now.
fn checked(api: &Api, scope: &Scope, query: &Query) -> Result<String, Refused> {
    query.check(api.engine().now())?;
    if let Some(gone) = missing(api, scope) {
        return Err(Refused::not_found(gone));
    }
    serde_json::to_string(query).map_err(|e| Refused::invalid(e.to_string()))
}

/// Says that there is no such dataset.
fn missing(api: &Api, scope: &Scope) -> Option<String> {
    let slug = scope.dataset.as_deref()?;
    let datasets = api.engine().catalog().datasets(scope.env);
    let is_there = datasets.iter().any(|d| &*d.slug == slug);
    (!is_there).then(|| format!("there is no data set `{slug}`"))
}

fn saved(api: &Api, scope: &Scope, named: NamedQuery) -> SavedQuery {
    let read = serde_json::from_str::<Query>(&named.spec);
    let problem = match &read {
        Err(e) => Some(format!("this version cannot read what it asks: {e}")),
        Ok(query) => missing(api, scope).or_else(|| {
            let checked = query.check(api.engine().now());
            checked.err().map(|e| e.to_string())
        }),
    };
    SavedQuery {
        id: named.id,
        name: named.name,
        description: named.description,
        dataset: named.dataset,
        query_id: named.query_id,
        asked: read.ok().map(|query| render::asked(&query)),
        problem,
        created_ns: Nanos(named.created_ns),
        changed_ns: Nanos(named.changed_ns),
    }
}
