//! The operations around queries (cloudwatch.md §5.13): start, fetch, stop, list, one record, fields.

use super::wire::{DescribeQueries, GetQueryResults, OneQuery, StartQuery};
use super::{Lowered, QUERY_CHARS_LIMIT, ROWS_LIMIT, compile, groups, render};
use crate::cloudwatch::check::{bad_token, invalid, not_found};
use crate::wire::{ACCOUNT, Call, Fail, Reply, request_id};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use engine::asked::{Asked, Error, Question, State, Stopping};
use engine::query::pipeline::{Ask, Outcome};
use engine::{Engine, Grant, Reason};
use serde_json::{Value, json};
use std::sync::Arc;

/// Rows of a page of results.
const PAGE_ROWS: usize = 10_000;
/// Queries of a page of a list.
const PAGE_QUERIES: usize = 1_000;
/// Queries looked through for a list.
const LISTED: usize = 10_000;
/// Times beyond this are milliseconds, sent by mistake; in seconds it is the year 5138.
const MILLIS_FROM: i64 = 100_000_000_000;

/// A member that breaks a rule, in the framework's words.
fn constraint(value: &str, member: &str, rule: &str) -> Fail {
    invalid(format!(
        "1 validation error detected: Value {value} at '{member}' failed to satisfy constraint: Member must {rule}"
    ))
}

pub(super) fn required<T>(member: &str, value: Option<T>) -> Result<T, Fail> {
    value.ok_or_else(|| constraint("null", member, "not be null"))
}

/// A number within bounds; `most` when there is none.
fn within(member: &str, value: Option<i64>, most: usize) -> Result<usize, Fail> {
    let Some(n) = value else {
        return Ok(most);
    };
    match usize::try_from(n) {
        Ok(n) if n > most => Err(constraint(
            &format!("'{n}'"),
            member,
            &format!("have value less than or equal to {most}"),
        )),
        Ok(n) if n > 0 => Ok(n),
        _ => Err(constraint(
            &format!("'{n}'"),
            member,
            "have value greater than or equal to 1",
        )),
    }
}

/// `StartQuery`
pub(super) async fn start(call: &Call) -> Result<Reply, Fail> {
    let input: StartQuery = call.input()?;
    let text = required("queryString", input.query_string)?;
    if text.chars().count() > QUERY_CHARS_LIMIT {
        let rule = format!("have length less than or equal to {QUERY_CHARS_LIMIT}");
        return Err(constraint("'…'", "queryString", &rule));
    }
    match input.query_language.as_deref() {
        None | Some("CWLI") => {}
        Some(language @ ("SQL" | "PPL")) => {
            let fail = invalid(format!(
                "unsupported queryLanguage: {language} is not built"
            ));
            return Err(fail.reason(Reason::Unsupported));
        }
        Some(other) => {
            let rule = "satisfy enum value set: [CWLI, SQL, PPL]";
            return Err(constraint(&format!("'{other}'"), "queryLanguage", rule));
        }
    }
    let limit = match input.limit {
        None => None,
        some => Some(within("limit", some, ROWS_LIMIT)?),
    };
    let start = required("startTime", input.start_time)?;
    let end = required("endTime", input.end_time)?;
    let range = range(start, end)?;
    let names = groups::one_selector(
        input.log_group_name,
        input.log_group_names,
        input.log_group_identifiers,
    )?;
    let sources = groups::sources(&call.engine, &call.grant, &names)?;
    let lowered = compile(&text, ACCOUNT, limit).map_err(|f| malformed(&text, &f))?;
    let groups = names.len();
    let Lowered { pipeline, .. } = lowered;
    let question = Question {
        id: request_id(),
        about: names,
        ask: Ask {
            env: call.grant.env(),
            sources,
            range,
            pipeline,
            step_ns: 0,
        },
        render: Arc::new(move |outcome| answer(outcome, groups).to_string()),
        text,
    };
    let id = question.id.clone();
    call.engine.ask_later(question).await.map_err(failed)?;
    Ok(Reply::Json(json!({ "queryId": id })))
}

/// Both ends are included; an event in the last second matches. Nanoseconds, half open.
pub(super) fn range(start: i64, end: i64) -> Result<(i64, i64), Fail> {
    let outside = || invalid("startTime or endTime is no time");
    let millis = |t: i64, last: i64| -> Result<i64, Fail> {
        match t {
            t if t < 0 => Err(outside()),
            t if t > MILLIS_FROM => Ok(t),
            t => t
                .checked_mul(1_000)
                .and_then(|t| t.checked_add(last))
                .ok_or_else(outside),
        }
    };
    let (start, end) = (millis(start, 0)?, millis(end, 999)?);
    if end < start {
        return Err(invalid("End time should not be less than start time"));
    }
    let nanos = |ms: i64| ms.checked_mul(1_000_000).ok_or_else(outside);
    Ok((nanos(start)?, nanos(end)?.saturating_add(1_000_000)))
}

/// A query that cannot be asked, with the place.
pub(super) fn malformed(text: &str, fault: &super::syntax::Fault) -> Fail {
    let (start, end) = fault.chars(text);
    let before = text.get(..fault.at.start).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    let message = format!("{fault} at line {line} and position {column}");
    let compile_error = json!({
        "location": {"startCharOffset": start, "endCharOffset": end},
        "message": message,
    });
    Fail::new("MalformedQueryException", message)
        .with("queryCompileError", compile_error)
        .reason(Reason::Unsupported)
}

fn failed(error: Error) -> Fail {
    match error {
        Error::TooMany { .. } => {
            Fail::new("LimitExceededException", error.to_string()).reason(Reason::Overload)
        }
        Error::Catalog(e) => {
            tracing::error!(error = %e, "a query could not be kept");
            Fail::new("ServiceUnavailableException", "the query could not be kept")
                .status(http::StatusCode::INTERNAL_SERVER_ERROR)
                .reason(Reason::StoreFailing)
        }
    }
}

/// Rows and statistics, as they are kept.
fn answer(outcome: &Outcome, groups: usize) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "statistics are doubles")]
    let double = |n: u64| json!(n as f64);
    let rows: Vec<Value> = outcome
        .rows
        .iter()
        .map(|r| {
            let cells = render::row(outcome, r).into_iter();
            cells
                .map(|(field, value)| json!({"field": field, "value": value}))
                .collect()
        })
        .collect();
    json!({
        "statistics": {
            "recordsMatched": double(outcome.matched),
            "recordsScanned": double(outcome.scanned),
            "bytesScanned": double(outcome.bytes),
            "estimatedRecordsSkipped": 0.0,
            "estimatedBytesSkipped": 0.0,
            "logGroupsScanned": double(groups as u64),
            "resultCount": double(rows.len() as u64),
        },
        "results": rows,
    })
}

async fn find(engine: &Engine, grant: &Grant, id: Option<String>) -> Result<Asked, Fail> {
    let id = required("queryId", id)?;
    let found = engine.asked(grant.env(), &id).await.map_err(failed)?;
    found.ok_or_else(|| not_found(&format!("Query id {id} could not be found.")))
}

fn status(state: State) -> &'static str {
    match state {
        State::Waiting => "Scheduled",
        State::Running => "Running",
        State::Done => "Complete",
        State::Failed => "Failed",
        State::Stopped => "Cancelled",
        State::TimedOut => "Timeout",
    }
}

/// `GetQueryResults`
pub(super) async fn results(call: &Call) -> Result<Reply, Fail> {
    let input: GetQueryResults = call.input()?;
    let most = within("maxItems", input.max_items, PAGE_ROWS)?;
    let asked = find(&call.engine, &call.grant, input.query_id).await?;
    let from = match &input.next_token {
        None => 0,
        Some(token) => place(&asked.id, token)?,
    };
    let text = asked.answer.as_deref().unwrap_or("{}");
    let mut answer: Value = serde_json::from_str(text).map_err(|e| {
        tracing::error!(error = %e, "a kept answer cannot be read");
        Fail::new("ServiceUnavailableException", "the answer cannot be read")
            .status(http::StatusCode::INTERNAL_SERVER_ERROR)
    })?;
    let rows = match answer["results"].take() {
        Value::Array(rows) => rows,
        _ => Vec::new(),
    };
    let count = rows.len();
    if from > count {
        return Err(bad_token());
    }
    let page: Vec<Value> = rows.into_iter().skip(from).take(most).collect();
    let more = from + page.len() < count && !asked.state.is_under_way();
    let mut out = json!({
        "status": status(asked.state),
        "queryLanguage": "CWLI",
        "statistics": match answer["statistics"].take() {
            Value::Object(s) => Value::Object(s),
            _ => json!({"recordsMatched": 0.0, "recordsScanned": 0.0, "bytesScanned": 0.0}),
        },
    });
    if more {
        out["nextToken"] = token(&asked.id, from + page.len()).into();
    }
    out["results"] = page.into();
    Ok(Reply::Json(out))
}

/// Where a page begins, bound to what is paged.
fn token(of: &str, from: usize) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("{from}/{of}"))
}

fn place(of: &str, token: &str) -> Result<usize, Fail> {
    let text = BASE64_URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|b| String::from_utf8(b).ok())
        .ok_or_else(bad_token)?;
    match text.split_once('/') {
        Some((from, found)) if found == of => from.parse().map_err(|_| bad_token()),
        _ => Err(bad_token()),
    }
}

/// `StopQuery`
pub(super) async fn stop(call: &Call) -> Result<Reply, Fail> {
    let input: OneQuery = call.input()?;
    let id = required("queryId", input.query_id)?;
    let stopping = call.engine.stop_asked(call.grant.env(), &id).await;
    match stopping.map_err(failed)? {
        Stopping::Stopped => Ok(Reply::Json(json!({ "success": true }))),
        Stopping::Ended => Err(invalid(format!("Query is already ended: {id}"))),
        Stopping::Unknown => Err(not_found(&format!("Query id {id} could not be found."))),
    }
}

/// `ListLogGroupsForQuery`
pub(super) async fn groups_of(call: &Call) -> Result<Reply, Fail> {
    let input: OneQuery = call.input()?;
    let asked = find(&call.engine, &call.grant, input.query_id).await?;
    Ok(Reply::Json(json!({ "logGroupIdentifiers": asked.about })))
}

/// `DescribeQueries`
pub(super) async fn describe(call: &Call) -> Result<Reply, Fail> {
    let input: DescribeQueries = call.input()?;
    let most = within("maxResults", input.max_results, PAGE_QUERIES)?;
    let known = [
        State::Waiting,
        State::Running,
        State::Done,
        State::Failed,
        State::Stopped,
        State::TimedOut,
    ];
    let wanted = input.status.as_deref();
    if let Some(s) = wanted
        && s != "Unknown"
        && !known.iter().any(|k| status(*k) == s)
    {
        let rule = "satisfy enum value set: [Scheduled, Running, Complete, Failed, Cancelled, Timeout, Unknown]";
        return Err(constraint(&format!("'{s}'"), "status", rule));
    }
    let from = match &input.next_token {
        None => 0,
        Some(token) => place("queries", token)?,
    };
    let all = call.engine.list_asked(call.grant.env(), LISTED).await;
    let all = all.map_err(failed)?;
    let group = input.log_group_name;
    let in_language = matches!(input.query_language.as_deref(), None | Some("CWLI"));
    let mut fitting = all.into_iter().filter(|a| {
        in_language
            && group.as_ref().is_none_or(|g| a.about.contains(g))
            && wanted.is_none_or(|s| status(a.state) == s)
    });
    let page: Vec<Value> = fitting
        .by_ref()
        .skip(from)
        .take(most)
        .map(|a| one(&a))
        .collect();
    let mut out = json!({});
    if fitting.next().is_some() {
        out["nextToken"] = token("queries", from + page.len()).into();
    }
    out["queries"] = page.into();
    Ok(Reply::Json(out))
}

/// A query of a list. Its text is told with what it was about, as the service does.
fn one(asked: &Asked) -> Value {
    let sources: Vec<String> = asked
        .about
        .iter()
        .map(|g| format!("SOURCE \"{g}\""))
        .collect();
    let (start, end) = asked.range;
    let text = format!(
        "{} START={} END={} | {}",
        sources.join(" | "),
        start / 1_000_000,
        (end - 1) / 1_000_000,
        asked.text
    );
    let took = asked.ended_ns.map(|e| (e - asked.asked_ns) / 1_000_000);
    json!({
        "queryId": asked.id,
        "queryString": text,
        "queryLanguage": "CWLI",
        "status": status(asked.state),
        "createTime": asked.asked_ns / 1_000_000,
        "logGroupName": asked.about.first(),
        "bytesScanned": asked.bytes,
        "queryDuration": took.unwrap_or(0),
    })
}

#[cfg(test)]
mod tests;
