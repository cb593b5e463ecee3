//! Lists of traces, one trace in columns, one row with all fields.

use crate::Api;
use crate::ask::{limit, question};
use crate::error::Refused;
use crate::error::extract::{Body, Place, Search};
use crate::render;
use crate::wire::Problem;
use crate::wire::trace::{RowTime, Trace, TraceHint, TraceRow, Traces, TracesAsk};
use axum::extract::State;
use engine::query;
use event::{EventId, TraceId};

/// Root spans that pass a question's filters, newest or slowest first.
#[utoipa::path(post, path = "/foursight/v1/traces", tag = "traces", request_body = TracesAsk, responses(
    (status = 200, body = Traces),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(api): State<Api>,
    Body(ask): Body<TracesAsk>,
) -> Result<axum::Json<Traces>, Refused> {
    let scope = api.scope(&ask.env, ask.dataset)?;
    let query = question(ask.query, ask.text.as_deref())?;
    let limit = limit(ask.limit, 50, 1_000)?;
    let traces = api
        .engine()
        .querier()
        .traces(&scope, &query, ask.sort, limit)
        .await?
        .into_iter()
        .map(render::summary)
        .collect();
    Ok(axum::Json(Traces { traces }))
}

/// One trace, whole, in columns.
#[utoipa::path(get, path = "/foursight/v1/environments/{env}/traces/{id}", tag = "traces", params(
    ("env" = String, Path, description = "Slug of the environment."),
    ("id" = String, Path, description = "The trace id: 32 or 16 hex digits, a UUID, or X-Ray's `1-8-24`."),
    TraceHint), responses(
    (status = 200, body = Trace),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn trace(
    State(api): State<Api>,
    Place((env, id)): Place<(String, String)>,
    Search(hint): Search<TraceHint>,
) -> Result<axum::Json<Trace>, Refused> {
    let found = find(&api, &env, &id, &hint).await?;
    Ok(axum::Json(render::trace(&found)))
}

/// One row of any table, with every field.
#[utoipa::path(get, path = "/foursight/v1/environments/{env}/rows/{event_id}", tag = "traces", params(
    ("env" = String, Path, description = "Slug of the environment."),
    ("event_id" = String, Path, description = "Identity of the row, as in `columns.event_id`."),
    RowTime), responses(
    (status = 200, body = TraceRow),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn row(
    State(api): State<Api>,
    Place((env, event_id)): Place<(String, String)>,
    Search(time): Search<RowTime>,
) -> Result<axum::Json<TraceRow>, Refused> {
    let scope = api.scope(&env, None)?;
    let id = EventId::parse(&event_id)
        .ok_or_else(|| Refused::invalid(format!("`{event_id}` is no event id: 32 hex digits")))?;
    let found = api
        .engine()
        .querier()
        .row(scope.env, id, time.at_ns.0)
        .await?;
    let row = found.ok_or_else(|| {
        Refused::not_found(format!(
            "environment `{env}` has no row `{event_id}` at that time"
        ))
    })?;
    Ok(axum::Json(render::row(row)))
}

async fn find(
    api: &Api,
    env: &str,
    id: &str,
    hint: &TraceHint,
) -> Result<query::trace::Trace, Refused> {
    let scope = api.scope(env, None)?;
    let trace_id = TraceId::parse(id).ok_or_else(|| {
        Refused::invalid(format!(
            "`{id}` is no trace id: 32 or 16 hex digits, a UUID, or X-Ray's 1-8-24 form"
        ))
    })?;
    let range = hint.start_ns.zip(hint.end_ns).map(|(s, e)| (s.0, e.0));
    let found = api
        .engine()
        .querier()
        .trace(scope.env, trace_id, range)
        .await?;
    if found.rows.is_empty() {
        return Err(Refused::not_found(format!(
            "environment `{env}` has no trace `{id}`"
        )));
    }
    Ok(found)
}
