//! One line with all its fields, and which fields a group's lines have.

use super::operations::required;
use super::wire::{GetLogGroupFields, GetLogRecord};
use super::{compile, groups, render};
use crate::cloudwatch::check::{invalid, not_found};
use crate::wire::{ACCOUNT, Call, Fail, Reply, Service};
use engine::query::Limits;
use engine::query::pipeline::{Ask, Outcome, Pointer, Source, Value};
use engine::query::{Cell, answer::Row};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Half of the time looked at for a group's fields, nanoseconds: 8 minutes.
const AROUND_NS: i64 = 8 * 60 * 1_000_000_000;
/// The time looked at when none is given, nanoseconds: the last 15 minutes.
const LATEST_NS: i64 = 15 * 60 * 1_000_000_000;
/// Fields told of one group (the vendor's number of discovered ones).
const FIELDS_LIMIT: usize = 1_000;
/// Fields counted by one question.
const COUNTED_AT_ONCE: usize = 200;
/// Attributes of the event model that stand for special fields, or are none of the line's own.
const HIDDEN: [&str; 9] = [
    "aws.log.group.name",
    "cloud.region",
    "meta.annotation_type",
    "aws.log.stream.name",
    "body",
    "dataset",
    "timestamp",
    "meta.source",
    "meta.signal_type",
];

async fn ask(call: &Call, ask: Ask) -> Result<Outcome, Fail> {
    let answer = call
        .engine
        .querier()
        .pipeline(ask, Limits::default(), None)
        .await;
    answer.map_err(|e| Fail::of_query(Service::Logs, &e))
}

/// `GetLogRecord`
pub(super) async fn get(call: &Call) -> Result<Reply, Fail> {
    let input: GetLogRecord = call.input()?;
    let text = required("logRecordPointer", input.log_record_pointer)?;
    let Ok(pointer) = text.parse::<Pointer>() else {
        return Err(invalid("The specified log record pointer is invalid."));
    };
    let gone = || not_found("The specified log record does not exist.");
    let env = call.grant.env();
    let info = call.engine.catalog().dataset(env, &pointer.dataset);
    let info = info
        .filter(|i| i.kind == engine::DatasetKind::LogGroup && call.grant.key().may_use(&i.slug))
        .ok_or_else(gone)?;
    let query = format!(
        "filter @ptr = '{text}' | fields @message, @ingestionTime, @logStream, @timestamp, @log"
    );
    let lowered = compile(&query, ACCOUNT, Some(1)).map_err(|f| invalid(f.message))?;
    let special = Ask {
        env,
        sources: vec![Source {
            dataset: pointer.dataset.clone(),
            label: format!("{ACCOUNT}:{}", info.name),
        }],
        range: (pointer.ts, pointer.ts.saturating_add(1)),
        pipeline: lowered.pipeline,
        step_ns: 0,
    };
    let outcome = ask(call, special).await?;
    let row = outcome.rows.first().ok_or_else(gone)?;
    let whole = call.engine.querier().row_at(env, &pointer).await;
    let whole = whole.map_err(|e| Fail::of_query(Service::Logs, &e))?;
    let mut record = discovered(whole.unwrap_or_default());
    for (column, value) in outcome.columns.iter().zip(row) {
        let text = match value {
            Value::Time(ns) => Some((ns / 1_000_000).to_string()),
            other => render::value(other, true),
        };
        if let Some(text) = text {
            record.insert(column.name.clone(), text);
        }
    }
    Ok(Reply::Json(json!({ "logRecord": record })))
}

/// The line's own fields, as the language names them.
fn discovered(row: Row) -> BTreeMap<String, String> {
    row.into_iter()
        .filter(|(name, _)| !HIDDEN.contains(&name.as_str()))
        .filter_map(|(name, cell)| {
            let text = match cell {
                Cell::Text(t) => t,
                Cell::Int(i) => i.to_string(),
                Cell::Float(x) => render::value(&Value::Float(x), true)?,
                Cell::Bool(b) => b.to_string(),
                Cell::Null | Cell::Buckets { .. } => return None,
            };
            Some((visible(&name), text))
        })
        .collect()
}

/// A key that begins with `@` is told apart from the service's own fields.
pub(super) fn visible(name: &str) -> String {
    match name.starts_with('@') {
        true => format!("@{name}"),
        false => name.to_owned(),
    }
}

/// The fields seen in lines of these datasets, as the language names them.
#[must_use]
pub fn fields_seen(
    engine: &engine::Engine,
    env: event::EnvId,
    datasets: &[String],
) -> BTreeSet<String> {
    engine
        .fields_seen(env)
        .iter()
        .filter(|f| datasets.iter().any(|d| **d == *f.dataset))
        .filter(|f| !HIDDEN.contains(&&*f.key))
        .map(|f| visible(&f.key))
        .take(FIELDS_LIMIT)
        .collect()
}

/// `GetLogGroupFields`
pub(super) async fn fields(call: &Call) -> Result<Reply, Fail> {
    let input: GetLogGroupFields = call.input()?;
    let names = groups::one_selector(
        input.log_group_name,
        None,
        input.log_group_identifier.map(|i| vec![i]),
    )?;
    let sources = groups::sources(&call.engine, &call.grant, &names)?;
    let now = call.engine.now();
    let range = match input.time {
        None => (now - LATEST_NS, now + 1),
        Some(s) => {
            let middle = s.checked_mul(1_000_000_000);
            let middle = middle.ok_or_else(|| invalid("time is no time"))?;
            (
                middle.saturating_sub(AROUND_NS),
                middle.saturating_add(AROUND_NS),
            )
        }
    };
    let datasets: Vec<String> = sources.iter().map(|s| s.dataset.clone()).collect();
    let seen = fields_seen(&call.engine, call.grant.env(), &datasets);
    let seen: Vec<String> = seen.into_iter().filter(|n| !n.contains('`')).collect();
    let mut told: Vec<(String, i64)> = Vec::new();
    let mut total = 0;
    for some in seen.chunks(COUNTED_AT_ONCE) {
        let counts: Vec<String> = some.iter().map(|n| format!("count(`{n}`)")).collect();
        let query = format!("stats count(*), {}", counts.join(", "));
        // Names may be longer than a query: what does not fit is not told.
        let Ok(lowered) = compile(&query, ACCOUNT, None) else {
            continue;
        };
        let counted = Ask {
            env: call.grant.env(),
            sources: sources.clone(),
            range,
            pipeline: lowered.pipeline,
            step_ns: 0,
        };
        let outcome = ask(call, counted).await?;
        let Some(row) = outcome.rows.first() else {
            continue;
        };
        let mut numbers = row.iter().map(|v| match v {
            Value::Int(n) => *n,
            _ => 0,
        });
        total = numbers.next().unwrap_or(0);
        told.extend(some.iter().cloned().zip(numbers));
    }
    if seen.is_empty() {
        let lowered = compile("stats count(*)", ACCOUNT, None).map_err(|f| invalid(f.message))?;
        let counted = Ask {
            env: call.grant.env(),
            sources,
            range,
            pipeline: lowered.pipeline,
            step_ns: 0,
        };
        let outcome = ask(call, counted).await?;
        total = i64::try_from(outcome.matched).unwrap_or(i64::MAX);
    }
    let special = [
        "@ingestionTime",
        "@log",
        "@logStream",
        "@message",
        "@ptr",
        "@timestamp",
    ];
    let mut out: Vec<_> = special
        .into_iter()
        .filter(|_| total > 0)
        .map(|name| json!({"name": name, "percent": 100}))
        .collect();
    told.retain(|(_, n)| *n > 0);
    told.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    out.extend(told.into_iter().map(|(name, n)| {
        let percent = (n * 100 + total / 2) / total.max(1);
        json!({"name": name, "percent": percent.max(1)})
    }));
    Ok(Reply::Json(json!({ "logGroupFields": out })))
}
