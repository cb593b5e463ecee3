//! Questions: one JSON answer, or a stream of lines that ends with it.

use crate::Api;
use crate::error::Refused;
use crate::error::extract::{Body, Place, Search};
use crate::render;
use crate::wire::question::{
    Answer, Ask, Asked, BubbleUpAsk, Field, FieldValue, FieldValues, Fields, ParseAsk, QueryEvent,
    RenderAsk, Rows, RowsAsk,
};
use crate::wire::{Nanos, Problem};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use engine::query;
use http::{HeaderMap, HeaderValue, header};
use query::facets::{BubbleUp, Facets};
use query::{Limits, Progress, Query, Scope};
use serde::Deserialize;
use std::sync::Arc;
use tokio::sync::mpsc;
use utoipa::IntoParams;

/// Lines waiting for a slow reader; beyond it progress is passed over, never the answer.
const LINES_WAITING: usize = 8;

/// Media type of streamed answers.
pub(crate) const NDJSON: &str = "application/x-ndjson";

/// Reads `query` or `text`, whichever was given.
pub(crate) fn question(query: Option<Query>, text: Option<&str>) -> Result<Query, Refused> {
    match (query, text) {
        (Some(query), None) => Ok(query),
        (None, Some(text)) => parse_text(text),
        (None, None) => Ok(Query::default()),
        (Some(_), Some(_)) => Err(Refused::invalid("give either `query` or `text`, not both")),
    }
}

fn parse_text(text: &str) -> Result<Query, Refused> {
    query::text::parse(text).map_err(|error| {
        let offset = byte_offset(&error.to_string());
        let mut refused = Refused::from(error);
        refused.0.offset = offset;
        refused
    })
}

/// The place that the reader of text names in its message (`… at byte 12 …`).
fn byte_offset(message: &str) -> Option<usize> {
    let (_, rest) = message.split_once("byte ")?;
    let digits = rest
        .find(|c: char| !c.is_ascii_digit())
        .map_or(rest, |end| &rest[..end]);
    digits.parse().ok()
}

/// Answers a question.
///
/// With `Accept: application/x-ndjson` the answer is a stream of lines (`QueryEvent`): plan,
/// progress, partial answers, and at last done or error. Closing the connection cancels.
#[utoipa::path(post, path = "/foursight/v1/query", tag = "questions", request_body = Ask, responses(
    (status = 200, content((Answer = "application/json"), (QueryEvent = "application/x-ndjson"))),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn query(
    State(api): State<Api>,
    headers: HeaderMap,
    Body(ask): Body<Ask>,
) -> Result<Response, Refused> {
    let scope = api.scope(&ask.env, ask.dataset)?;
    let query = question(ask.query, ask.text.as_deref())?;
    let limits = Limits {
        heatmap_log: ask.log_heatmap,
        series: !ask.totals_only,
        ..Limits::default()
    };
    if is_streamed(&headers) {
        return Ok(stream(&api, scope, query, limits));
    }
    let found = api
        .engine()
        .querier()
        .run(&scope, &query, limits, None)
        .await?;
    Ok(axum::Json(render::answer(&query, found)).into_response())
}

/// Whether an answer is wanted line by line.
pub(crate) fn is_streamed(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok());
    accept.is_some_and(|accept| accept.contains(NDJSON))
}

/// Ends the question when the reader goes.
pub(crate) struct CancelOnDrop(tokio::task::AbortHandle);

impl CancelOnDrop {
    pub(crate) fn new(task: tokio::task::AbortHandle) -> Self {
        Self(task)
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn stream(api: &Api, scope: Scope, query: Query, limits: Limits) -> Response {
    let (lines, reader) = mpsc::channel::<QueryEvent>(LINES_WAITING);
    let engine = api.engine().clone();
    let task = tokio::spawn(async move {
        if lines
            .send(QueryEvent::Plan(render::asked(&query)))
            .await
            .is_err()
        {
            return;
        }
        let (told, asked) = (lines.clone(), query.clone());
        let progress = move |p: Progress| {
            let event = match p {
                Progress::Read(stats) => QueryEvent::Progress { stats },
                Progress::Partial(answer) => {
                    // Rendering costs; a full channel would drop it anyway.
                    if told.capacity() == 0 {
                        return;
                    }
                    QueryEvent::Partial {
                        answer: render::answer(&asked, *answer),
                    }
                }
            };
            // A reader who is behind misses some progress; the next line has newer figures.
            let _ = told.try_send(event);
        };
        let outcome = engine
            .querier()
            .run(&scope, &query, limits, Some(Arc::new(progress)))
            .await;
        let last = match outcome {
            Ok(answer) => QueryEvent::Done {
                answer: render::answer(&query, answer),
            },
            Err(error) => QueryEvent::Error {
                problem: Refused::from(error).0,
            },
        };
        // An error here means that the reader is gone: nobody is left to tell.
        let _ = lines.send(last).await;
    });
    let guard = CancelOnDrop(task.abort_handle());
    ndjson(futures::stream::unfold(
        (reader, guard),
        |(mut reader, guard)| async move {
            let event = reader.recv().await?;
            Some((event, (reader, guard)))
        },
    ))
}

/// A stream of values, one JSON text a line.
pub(crate) fn ndjson<T: serde::Serialize + Send + 'static>(
    events: impl futures::Stream<Item = T> + Send + 'static,
) -> Response {
    use futures::StreamExt as _;
    let lines = events.map(|event| {
        serde_json::to_vec(&event).map(|mut line| {
            line.push(b'\n');
            bytes::Bytes::from(line)
        })
    });
    let mut response = axum::body::Body::from_stream(lines).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(NDJSON));
    response
}

/// Reads a question's text.
#[utoipa::path(post, path = "/foursight/v1/parse", tag = "questions", request_body = ParseAsk, responses(
    (status = 200, body = Asked),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn parse(Body(ask): Body<ParseAsk>) -> Result<axum::Json<Asked>, Refused> {
    Ok(axum::Json(render::asked(&parse_text(&ask.text)?)))
}

/// Writes a question as text.
#[utoipa::path(post, path = "/foursight/v1/render", tag = "questions", request_body = RenderAsk, responses(
    (status = 200, body = Asked),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn render_text(Body(ask): Body<RenderAsk>) -> axum::Json<Asked> {
    axum::Json(render::asked(&ask.query))
}

/// Ranks fields by how much a selection differs from the rest (BubbleUp).
#[utoipa::path(post, path = "/foursight/v1/bubble_up", tag = "questions", request_body = BubbleUpAsk, responses(
    (status = 200, body = Facets),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn bubble_up(
    State(api): State<Api>,
    Body(ask): Body<BubbleUpAsk>,
) -> Result<axum::Json<Facets>, Refused> {
    let scope = api.scope(&ask.env, ask.dataset)?;
    let ask = BubbleUp {
        query: question(ask.query, ask.text.as_deref())?,
        selection: ask.selection,
        limit: Some(limit(ask.limit, 20, 200)?),
        offset: ask.offset,
    };
    Ok(axum::Json(
        api.engine().querier().bubble_up(&scope, &ask).await?,
    ))
}

/// The newest rows that pass a question's filters, with all their fields.
#[utoipa::path(post, path = "/foursight/v1/rows", tag = "questions", request_body = RowsAsk, responses(
    (status = 200, body = Rows),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn rows(
    State(api): State<Api>,
    Body(ask): Body<RowsAsk>,
) -> Result<axum::Json<Rows>, Refused> {
    let scope = api.scope(&ask.env, ask.dataset)?;
    let query = question(ask.query, ask.text.as_deref())?;
    let limit = limit(ask.limit, 100, 1_000)?;
    let found = api.engine().querier().rows(&scope, &query, limit).await?;
    Ok(axum::Json(Rows {
        rows: found.rows,
        more: found.more,
        stats: found.stats,
    }))
}

/// A limit within `1..=most`, or what stands when none was given.
pub(crate) fn limit(given: Option<usize>, usual: usize, most: usize) -> Result<usize, Refused> {
    match given.unwrap_or(usual) {
        n if (1..=most).contains(&n) => Ok(n),
        n => Err(Refused::invalid(format!("limit is 1 to {most}, not {n}"))),
    }
}

/// Narrows a list of fields.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FieldsFilter {
    /// Slug of the dataset; absent: all of them.
    dataset: Option<String>,
}

/// The fields that questions over a dataset or an environment can name.
#[utoipa::path(get, path = "/foursight/v1/environments/{env}/fields", tag = "schema",
    params(("env" = String, Path, description = "Slug of the environment."), FieldsFilter), responses(
    (status = 200, body = Fields),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn fields(
    State(api): State<Api>,
    Place(env): Place<String>,
    Search(filter): Search<FieldsFilter>,
) -> Result<axum::Json<Fields>, Refused> {
    let scope = api.scope(&env, filter.dataset)?;
    let fields = api
        .engine()
        .querier()
        .fields(&scope)
        .into_iter()
        .map(|f| Field {
            name: f.name,
            types: f.types.into_iter().map(str::to_owned).collect(),
            last_seen_ns: (f.last_seen_ns != 0).then_some(Nanos(f.last_seen_ns)),
            rows: f.rows,
        })
        .collect();
    Ok(axum::Json(Fields { fields }))
}

/// Names a field and the beginning of its values.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ValuesFilter {
    /// Slug of the dataset; absent: all of them.
    dataset: Option<String>,
    /// The field's visible name.
    field: String,
    /// Values begin with this; absent: any.
    #[serde(default)]
    prefix: String,
    /// Most values, 1 to 100; absent: 20.
    limit: Option<usize>,
}

/// Distinct values of a field in the last two hours, most frequent first.
#[utoipa::path(get, path = "/foursight/v1/environments/{env}/values", tag = "schema",
    params(("env" = String, Path, description = "Slug of the environment."), ValuesFilter), responses(
    (status = 200, body = FieldValues),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn values(
    State(api): State<Api>,
    Place(env): Place<String>,
    Search(filter): Search<ValuesFilter>,
) -> Result<axum::Json<FieldValues>, Refused> {
    let scope = api.scope(&env, filter.dataset)?;
    let limit = limit(filter.limit, 20, 100)?;
    let values = api
        .engine()
        .querier()
        .values(&scope, &filter.field, &filter.prefix, limit)
        .await?
        .into_iter()
        .map(|(value, count)| FieldValue { value, count })
        .collect();
    Ok(axum::Json(FieldValues { values }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_mistake_is_read_from_the_message() {
        assert_eq!(
            byte_offset("expected a field at byte 12, found `,`"),
            Some(12)
        );
        assert_eq!(byte_offset("no place"), None);
    }

    #[test]
    fn limits_outside_their_range_are_told() {
        assert_eq!(limit(None, 20, 200).unwrap(), 20);
        assert_eq!(limit(Some(200), 20, 200).unwrap(), 200);
        assert!(limit(Some(0), 20, 200).is_err());
        assert!(limit(Some(201), 20, 200).is_err());
    }

    #[test]
    fn a_question_is_given_once() {
        assert!(question(Some(Query::default()), Some("COUNT")).is_err());
        assert_eq!(question(None, None).unwrap(), Query::default());
    }
}
