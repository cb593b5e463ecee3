//! `/1/query_results`: a question is started, and polled until its answer is there.
//!
//! Answers are kept in the catalog, so that a result can be read again after a restart; one that was
//! still running then is started anew when it is asked for.

use crate::call::{self, Call};
use crate::error::{Fail, Form};
use crate::queries::{self, GROUPS_LIMIT};
use crate::render::{self, Parts};
use crate::settings::object;
use axum::response::Response;
use engine::query::{Limits, Query, Scope};
use engine::{DatasetInfo, Engine, Grant, Permission, StoredResult};
use event::EnvId;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Results being computed now, by id.
#[derive(Debug, Default)]
pub(crate) struct Runs(Mutex<HashSet<String>>);

impl Runs {
    /// `false` when it runs already.
    fn begin(&self, id: &str) -> bool {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.insert(id.to_owned())
    }

    fn end(&self, id: &str) {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.remove(id);
    }
}

/// How a result is to be answered.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    query_id: String,
    #[serde(default)]
    disable_series: bool,
    #[serde(default = "yes")]
    disable_total_by_aggregate: bool,
    #[serde(default = "yes")]
    disable_other_by_aggregate: bool,
    #[serde(default)]
    limit: Option<u32>,
}

fn yes() -> bool {
    true
}

pub(crate) async fn create(call: &mut Call, slug: &str) -> Result<Response, Fail> {
    let grant = call.admit(Permission::RunQueries)?;
    let dataset = call.scope(&grant, slug)?;
    let mut body = call.json().await?;
    if let Some(members) = body.as_object_mut() {
        members.retain(|_, v| !v.is_null());
    }
    if !object(&body)?.contains_key("query_id") {
        return Err(Fail::field("query_id", "missing", "cannot be blank"));
    }
    let options: Options = serde_json::from_value(body)
        .map_err(|e| Fail::field("query_id", "invalid", e.to_string()))?;
    if options
        .limit
        .is_some_and(|l| !(1..=GROUPS_LIMIT).contains(&l))
    {
        let why = format!("must be 1 to {GROUPS_LIMIT}");
        return Err(Fail::field("limit", "invalid", why));
    }
    let saved = queries::find(call, &grant, dataset.as_ref(), &options.query_id)?;
    let engine = call.engine();
    let text = serde_json::to_string(&options).map_err(Fail::unparseable)?;
    let id = engine.catalog().begin_result(
        grant.env(),
        saved.dataset.as_deref(),
        &saved.id,
        &text,
        engine.now(),
    )?;
    let spec = queries::spec(&saved)?;
    start(call, &grant, &id, &spec, &options, None)?;
    let dataset = dataset.as_ref();
    let body = body_of(call, &grant, dataset, &id, &spec, None);
    let mut response = call::json(StatusCode::CREATED, &body);
    let path = format!(
        "/1/query_results/{}/{id}",
        dataset.map_or("__all__", |d| &d.slug)
    );
    if let Ok(location) = HeaderValue::from_str(&path) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

pub(crate) fn get(call: &Call, slug: &str, id: &str) -> Result<Response, Fail> {
    let grant = call.admit(Permission::RunQueries)?;
    let dataset = call.scope(&grant, slug)?;
    let dataset = dataset.as_ref();
    let stored = call
        .engine()
        .catalog()
        .result(grant.env(), id)?
        .filter(|r| r.dataset.as_deref() == dataset.map(|d| &*d.slug))
        .ok_or_else(|| Fail::not_found("Query result"))?;
    let saved = queries::find(call, &grant, dataset, &stored.query_id)?;
    let spec = queries::spec(&saved)?;
    let Some(answer) = &stored.answer else {
        restart(call, &grant, &stored, &spec)?;
        let body = body_of(call, &grant, dataset, id, &spec, None);
        return Ok(call::json(StatusCode::OK, &body));
    };
    let answer: Value = serde_json::from_str(answer).map_err(Fail::unparseable)?;
    if let Some(failed) = answer.get("failed") {
        return Err(unkept(failed));
    }
    let body = body_of(call, &grant, dataset, id, &spec, Some(answer));
    let mut response = call::json(StatusCode::OK, &body);
    response.headers_mut().insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, max-age=86400, immutable"),
    );
    Ok(response)
}

/// Runs a result that a restart, or a full queue, left without an answer; over the range it had.
fn restart(call: &Call, grant: &Grant, stored: &StoredResult, spec: &Value) -> Result<(), Fail> {
    let options: Options = serde_json::from_str(&stored.options).map_err(Fail::unparseable)?;
    start(
        call,
        grant,
        &stored.id,
        spec,
        &options,
        Some(stored.created_ns),
    )
}

/// Starts the question unless it runs. `asked_ns`: when it was asked, for one asked before.
fn start(
    call: &Call,
    grant: &Grant,
    id: &str,
    spec: &Value,
    options: &Options,
    asked_ns: Option<i64>,
) -> Result<(), Fail> {
    let mut query = queries::parse(spec)?;
    // Empty lists of what is not built are nothing asked.
    query.calculated_fields = None;
    query.formulas = None;
    query.limit = options.limit.or(query.limit);
    if let Some(asked) = asked_ns {
        fix_range(&mut query, asked);
    }
    if !call.app.runs.begin(id) {
        return Ok(());
    }
    let saved = call.engine().catalog().result(grant.env(), id);
    let dataset = match saved {
        Ok(stored) => stored.and_then(|s| s.dataset),
        Err(e) => {
            call.app.runs.end(id);
            return Err(e.into());
        }
    };
    let scope = Scope {
        env: grant.env(),
        dataset,
    };
    let parts = Parts {
        series: !options.disable_series,
        total: !options.disable_total_by_aggregate,
        other: !options.disable_other_by_aggregate,
    };
    let (engine, runs, id) = (
        call.engine().clone(),
        Arc::clone(&call.app.runs),
        id.to_owned(),
    );
    tokio::spawn(async move {
        let answer = engine
            .querier()
            .run(&scope, &query, Limits::default(), None)
            .await;
        let text = match answer {
            Ok(answer) => Some(render::data(&answer, parts).to_string()),
            // It is asked again, and then started again.
            Err(engine::query::Error::Busy) => None,
            Err(e) => Some(kept(&e.into())),
        };
        if let Some(text) = text {
            keep(&engine, scope.env, &id, text).await;
        }
        runs.end(&id);
    });
    Ok(())
}

async fn keep(engine: &Engine, env: EnvId, id: &str, text: String) {
    let (engine, owned) = (engine.clone(), id.to_owned());
    let kept =
        tokio::task::spawn_blocking(move || engine.catalog().finish_result(env, &owned, &text))
            .await;
    match kept {
        Ok(Ok(())) => {}
        Ok(Err(e)) => tracing::error!(result = id, error = %e, "an answer could not be kept"),
        Err(e) => tracing::error!(result = id, error = %e, "an answer could not be kept"),
    }
}

/// A range relative to now, as it was when asked.
#[expect(
    clippy::cast_precision_loss,
    reason = "a part of a second more or less"
)]
fn fix_range(query: &mut Query, asked_ns: i64) {
    if query.start_time.is_none() && query.end_time.is_none() {
        query.end_time = Some(asked_ns as f64 / 1e9);
        query.time_range.get_or_insert(7_200);
    }
}

/// A failure as it is kept in an answer's place.
fn kept(fail: &Fail) -> String {
    let faults = match &fail.form {
        Form::Problem(faults) => faults.iter().map(|f| f.description.clone()).collect(),
        Form::Events => Vec::new(),
    };
    json!({"failed": {"status": fail.status.as_u16(), "error": fail.error, "faults": faults}})
        .to_string()
}

fn unkept(failed: &Value) -> Fail {
    let why = failed["faults"][0].as_str();
    let status = failed["status"]
        .as_u64()
        .and_then(|s| u16::try_from(s).ok());
    match (status, why) {
        (Some(422), Some(why)) => Fail::field("query", "invalid", why),
        _ => Fail::problem(
            StatusCode::INTERNAL_SERVER_ERROR,
            failed["error"].as_str().unwrap_or("the question failed"),
        ),
    }
}

fn body_of(
    call: &Call,
    grant: &Grant,
    dataset: Option<&DatasetInfo>,
    id: &str,
    spec: &Value,
    data: Option<Value>,
) -> Value {
    // Both lead to the picture in our own pages: clients only want them not to be empty.
    let query = queries::parse(spec).unwrap_or_default();
    let url = render::explore_link(
        &call.base(),
        &grant.environment().slug,
        dataset.map(|d| &*d.slug),
        &query,
    );
    let mut body = json!({
        "id": id,
        "query": spec,
        "complete": data.is_some(),
        "links": {"query_url": url, "graph_image_url": url},
    });
    if let Some(data) = data {
        body["data"] = data;
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_kept_and_told_again() {
        let fail = Fail::field("query", "invalid", "no such thing");
        let text: Value = serde_json::from_str(&kept(&fail)).unwrap();
        assert_eq!(unkept(&text["failed"]), fail);
    }

    #[test]
    fn a_relative_range_stays_where_it_was_asked() {
        let mut q = Query::default();
        fix_range(&mut q, 1_700_000_000_000_000_000);
        assert_eq!((q.end_time, q.time_range), (Some(1.7e9), Some(7_200)));
        let mut fixed = Query {
            start_time: Some(5.0),
            ..Query::default()
        };
        fix_range(&mut fixed, 1_700_000_000_000_000_000);
        assert_eq!((fixed.end_time, fixed.time_range), (None, None));
    }
}
