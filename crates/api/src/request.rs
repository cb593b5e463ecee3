//! The request a row belongs to, told by all four sources.

use crate::Api;
use crate::error::Refused;
use crate::error::extract::Search;
use crate::render::Told;
use crate::wire::request::{Request, RequestAsk, RequestRow, RowsAsked, Unattached};
use crate::wire::{Nanos, Problem};
use axum::extract::State;
use engine::query;
use event::{EventId, SpanId, TraceId};
use query::request::{From, THRESHOLD, Tier};

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
    Ok(axum::Json(render(
        told,
        ask.fields.unwrap_or(false),
        ask.rows.unwrap_or_default(),
    )))
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

fn render(told: query::request::Request, with_fields: bool, which: RowsAsked) -> Request {
    let ends = told.rows.iter().map(|r| {
        r.row
            .ts_ns
            .saturating_add(r.row.duration_ns.unwrap_or_default())
    });
    let end_ns = Nanos(ends.max().unwrap_or_default());
    let start_ns = Nanos(told.rows.first().map_or(0, |r| r.row.ts_ns));
    let of_asked = |join: usize| {
        told.joins
            .get(join)
            .is_some_and(|j| j.tier == Tier::Asked || j.tier == Tier::Id && j.to == Some(0))
    };
    let wanted = |join: usize| which == RowsAsked::All || !of_asked(join);
    let rows = told
        .rows
        .into_iter()
        .filter(|r| wanted(r.join))
        .map(|r| row(r, with_fields))
        .collect();
    Request {
        start_ns,
        end_ns,
        rows,
        unattached: told.unattached.into_iter().map(unattached).collect(),
        joins: told.joins,
        threshold: THRESHOLD,
        notices: told.notices,
        stats: told.stats,
    }
}

fn row(r: query::request::RequestRow, with_fields: bool) -> RequestRow {
    let told = Told::of(&r.row);
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
        http_status: told.http_status,
        in_progress: told.in_progress,
        severity: told.severity,
        body: told.body,
        fields: with_fields.then_some(r.row.fields),
    }
}

fn unattached(u: query::request::Unattached) -> Unattached {
    let told = Told::of(&u.row);
    Unattached {
        event_id: u.row.event_id,
        ts_ns: Nanos(u.row.ts_ns),
        duration_ns: u.row.duration_ns.map(Nanos),
        dataset: u.row.dataset,
        service: u.row.service,
        name: u.row.name,
        status: u.row.status,
        severity: told.severity,
        body: told.body,
        trace_id: u.trace_id,
        source: u.source,
        score: u.score,
        reason: u.reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(search: &str) -> Result<From, u16> {
        let uri: http::Uri = format!("http://h/r?env=dev&{search}").parse().unwrap();
        let ask: axum::extract::Query<RequestAsk> =
            axum::extract::Query::try_from_uri(&uri).unwrap();
        from(&ask).map_err(|refused| refused.0.status)
    }

    #[test]
    fn a_request_is_asked_by_trace_in_any_form_by_span_or_by_row() {
        let id = TraceId::parse("5759e988bd862e3fe1be46a994272793").unwrap();
        for (search, span) in [
            ("trace_id=1-5759e988-bd862e3fe1be46a994272793", None),
            (
                "trace_id=5759e988bd862e3fe1be46a994272793&span_id=53995c3f42cd8ad8",
                Some(SpanId::parse("53995c3f42cd8ad8").unwrap()),
            ),
        ] {
            assert_eq!(
                ask(search),
                Ok(From::Trace {
                    id,
                    span,
                    hint: None
                }),
                "{search}"
            );
        }
        let row = From::Row {
            event_id: EventId([0xab; 16]),
            ts_ns: 1_760_000_000_000_000_001,
        };
        let search = format!("event_id={}&at_ns=1760000000000000001", "ab".repeat(16));
        assert_eq!(ask(&search), Ok(row));
    }

    /// Scenario: a span was asked for; a line is of its trace, another was assigned to it.
    /// Guarantees: who has the trace gets what joins brought, and the joins and times of all.
    #[test]
    fn rows_of_what_was_asked_are_left_out_when_only_others_are_wanted() {
        use query::request::{Join, Source};
        let join = |tier, source, to| Join {
            tier,
            source,
            score: 1.0,
            reason: String::new(),
            to,
        };
        let row = |ts_ns, join: usize| query::request::RequestRow {
            row: query::trace::TraceRow {
                ts_ns,
                event_id: join.to_string(),
                ..query::trace::TraceRow::default()
            },
            trace_id: None,
            source: Source::Lines,
            join,
        };
        let told = || query::request::Request {
            rows: vec![row(10, 0), row(20, 1), row(30, 2), row(40, 3)],
            joins: vec![
                join(Tier::Asked, Source::Spans, None),
                join(Tier::Id, Source::Lines, Some(0)),
                join(Tier::Assignment, Source::Segments, Some(0)),
                join(Tier::Id, Source::Lines, Some(2)),
            ],
            ..query::request::Request::default()
        };
        let ids = |r: &Request| {
            r.rows
                .iter()
                .map(|r| r.event_id.clone())
                .collect::<Vec<_>>()
        };
        let others = render(told(), false, RowsAsked::Others);
        assert_eq!(ids(&others), ["2", "3"]);
        assert_eq!((others.start_ns.0, others.joins.len()), (10, 4));
        let all = render(told(), false, RowsAsked::All);
        assert_eq!(ids(&all), ["0", "1", "2", "3"]);
    }

    #[test]
    fn what_names_no_row_is_refused() {
        for search in [
            "",
            "trace_id=17",
            "trace_id=5759e988bd862e3fe1be46a994272793&span_id=17",
            "event_id=abababababababababababababababab",
            "event_id=17&at_ns=1",
            "trace_id=5759e988bd862e3fe1be46a994272793&event_id=abababababababababababababababab&at_ns=1",
        ] {
            assert_eq!(ask(search), Err(400), "{search}");
        }
    }
}
