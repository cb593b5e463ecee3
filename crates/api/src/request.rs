//! The request a row belongs to, told by all four sources.

use crate::Api;
use crate::error::Refused;
use crate::error::extract::Search;
use crate::wire::request::{Request, RequestAsk, RequestRow, Unattached};
use crate::wire::{Nanos, Problem};
use axum::extract::State;
use engine::query;
use event::{EventId, SpanId, TraceId};
use query::Cell;
use query::request::{From, THRESHOLD};

/// The same request's rows in all sources, from any span, segment, line or occurrence of it.
#[utoipa::path(get, path = "/foursight/v1/request", tag = "traces", params(RequestAsk), responses(
    (status = 200, body = Request),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn request(
    State(api): State<Api>,
    Search(ask): Search<RequestAsk>,
) -> Result<axum::Json<Request>, Refused> {
    let scope = api.scope(&ask.env, None)?;
    let from = from(&ask)?;
    let told = api.engine().querier().request(scope.env, &from).await?;
    let told = told.ok_or_else(|| Refused::not_found(nothing(&ask)))?;
    Ok(axum::Json(render(told, ask.fields.unwrap_or(false))))
}

/// What is asked from.
fn from(ask: &RequestAsk) -> Result<From, Refused> {
    match (&ask.trace_id, &ask.event_id) {
        (Some(trace), None) => {
            let id = TraceId::parse(trace).ok_or_else(|| {
                Refused::invalid(format!(
                    "`{trace}` is no trace id: 32 or 16 hex digits, a UUID, or X-Ray's 1-8-24 form"
                ))
            })?;
            let span = |text: &String| {
                SpanId::parse(text).ok_or_else(|| {
                    Refused::invalid(format!("`{text}` is no span id: 16 hex digits"))
                })
            };
            Ok(From::Trace {
                id,
                span: ask.span_id.as_ref().map(span).transpose()?,
                hint: ask.start_ns.zip(ask.end_ns).map(|(s, e)| (s.0, e.0)),
            })
        }
        (None, Some(event)) => {
            let event_id = EventId::parse(event).ok_or_else(|| {
                Refused::invalid(format!("`{event}` is no event id: 32 hex digits"))
            })?;
            let Some(at) = ask.at_ns else {
                return Err(Refused::invalid(
                    "a row is found by event_id and at_ns, its time in nanoseconds; at_ns is missing",
                ));
            };
            Ok(From::Row {
                event_id,
                ts_ns: at.0,
            })
        }
        (Some(_), Some(_)) => Err(Refused::invalid(
            "a request is asked from one row: give trace_id or event_id, not both",
        )),
        (None, None) => Err(Refused::invalid(
            "a request is asked from a row: give trace_id (maybe with span_id), or event_id with at_ns",
        )),
    }
}

fn nothing(ask: &RequestAsk) -> String {
    let env = &ask.env;
    match (&ask.trace_id, &ask.span_id, &ask.event_id) {
        (Some(trace), Some(span), _) => {
            format!("environment `{env}` has no span `{span}` in a trace `{trace}`")
        }
        (Some(trace), None, _) => format!("environment `{env}` has no trace `{trace}`"),
        (None, _, event) => format!(
            "environment `{env}` has no row `{}` at that time",
            event.as_deref().unwrap_or_default()
        ),
    }
}

fn render(told: query::request::Request, with_fields: bool) -> Request {
    let ends = told.rows.iter().map(|r| {
        r.row
            .ts_ns
            .saturating_add(r.row.duration_ns.unwrap_or_default())
    });
    let end_ns = Nanos(ends.max().unwrap_or_default());
    let start_ns = Nanos(told.rows.first().map_or(0, |r| r.row.ts_ns));
    let rows = told.rows.into_iter().map(|r| {
        let body = match r.row.fields.get("body") {
            Some(Cell::Text(text)) => Some(text.clone()),
            _ => None,
        };
        RequestRow {
            event_id: r.row.event_id,
            ts_ns: Nanos(r.row.ts_ns),
            duration_ns: r.row.duration_ns.map(Nanos),
            source: r.source,
            join: r.join,
            table: r.row.table,
            dataset: r.row.dataset,
            service: r.row.service,
            name: r.row.name,
            kind: r.row.kind,
            status: r.row.status,
            annotation: r.row.annotation,
            trace_id: r.trace_id,
            span_id: r.row.span_id,
            parent_id: r.row.parent_id,
            body,
            fields: with_fields.then_some(r.row.fields),
        }
    });
    Request {
        start_ns,
        end_ns,
        rows: rows.collect(),
        joins: told.joins,
        unattached: told
            .unattached
            .into_iter()
            .map(|u| Unattached {
                event_id: u.event_id,
                ts_ns: Nanos(u.ts_ns),
                trace_id: u.trace_id,
                source: u.source,
                score: u.score,
                reason: u.reason,
            })
            .collect(),
        threshold: THRESHOLD,
        notices: told.notices,
        stats: told.stats,
    }
}
