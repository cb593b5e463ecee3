//! What goes wrong → the vendor's bodies.
//!
//! Two forms: events answer `{"error": …}`, everything else a problem (honeycomb.md §2), whose `type`
//! begins with the address the client used. A client's mistake is never a 5xx: the vendor's own
//! clients repeat those thirty times.

use crate::wire::Bad;
use axum::body::Body;
use axum::response::Response;
use engine::{Reason, Refusal, catalog, query};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

/// The vendor's words for a key nobody has.
pub const UNKNOWN_KEY: &str = "unknown API key - check your credentials";

/// A request that was not done.
#[derive(Clone, Debug, PartialEq)]
pub struct Fail {
    pub(crate) status: StatusCode,
    pub(crate) form: Form,
    /// What the client is told.
    pub(crate) error: String,
    pub(crate) retry_after_s: Option<u32>,
    pub(crate) allow: Option<&'static str>,
}

/// How it is written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Form {
    /// `{"error": …}`
    Events,
    /// A problem, with what is wrong with which field.
    Problem(Vec<Fault>),
}

/// What is wrong with one field of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) field: String,
    /// `invalid`, `missing`, `incorrect_type`, `already_exists`.
    pub(crate) code: &'static str,
    pub(crate) description: String,
}

impl Fail {
    /// In the form of the events paths.
    pub(crate) fn events(status: StatusCode, error: impl Into<String>) -> Self {
        Self {
            status,
            form: Form::Events,
            error: error.into(),
            retry_after_s: None,
            allow: None,
        }
    }

    /// As a problem.
    pub(crate) fn problem(status: StatusCode, error: impl Into<String>) -> Self {
        Self {
            form: Form::Problem(Vec::new()),
            ..Self::events(status, error)
        }
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::problem(StatusCode::NOT_FOUND, format!("{what} not found"))
    }

    pub(crate) fn dataset_not_found() -> Self {
        Self::not_found("Dataset")
    }

    pub(crate) fn unparseable(why: impl std::fmt::Display) -> Self {
        let error = "could not parse request body";
        let mut fail = Self::problem(StatusCode::BAD_REQUEST, error);
        fail.error = format!("{error}: {why}");
        fail
    }

    pub(crate) fn method(allow: &'static str) -> Self {
        Self {
            allow: Some(allow),
            ..Self::problem(
                StatusCode::METHOD_NOT_ALLOWED,
                format!("this path takes {allow}"),
            )
        }
    }

    /// 422, naming one field.
    pub(crate) fn field(
        field: impl Into<String>,
        code: &'static str,
        description: impl Into<String>,
    ) -> Self {
        Self::fields(vec![Fault {
            field: field.into(),
            code,
            description: description.into(),
        }])
    }

    /// 422, naming fields.
    pub(crate) fn fields(faults: Vec<Fault>) -> Self {
        Self {
            form: Form::Problem(faults),
            ..Self::events(
                StatusCode::UNPROCESSABLE_ENTITY,
                "The provided input is invalid.",
            )
        }
    }

    /// A refusal on a path that takes events.
    pub(crate) fn of_refusal_events(refusal: &Refusal) -> Self {
        let reason = refusal.reason();
        match reason {
            r if r.is_credential() => Self::events(StatusCode::UNAUTHORIZED, UNKNOWN_KEY),
            r if r.is_scope() => Self::events(StatusCode::UNAUTHORIZED, r.text()),
            Reason::StoreFailing => Self::overloaded(Form::Events, 10, reason.text()),
            r => Self::events(StatusCode::BAD_REQUEST, r.text()),
        }
    }

    /// A refusal on any other path.
    pub(crate) fn of_refusal(refusal: &Refusal) -> Self {
        let reason = refusal.reason();
        match reason {
            r if r.is_credential() => Self::problem(StatusCode::UNAUTHORIZED, UNKNOWN_KEY),
            r if r.is_scope() => Self::problem(StatusCode::FORBIDDEN, r.text()),
            Reason::StoreFailing => Self::overloaded(Form::Problem(Vec::new()), 10, reason.text()),
            r => Self::field("name", "invalid", r.text()),
        }
    }

    /// We cannot take it now.
    pub(crate) fn of_engine(e: &engine::Error, form: Form) -> Self {
        match e {
            engine::Error::Overload { retry_after_s } => {
                Self::overloaded(form, *retry_after_s, "too much is under way; retry")
            }
            engine::Error::ReadOnly(_) => {
                Self::overloaded(form, e.retry_after_s(), "the disk is full; retry later")
            }
            engine::Error::Failing(_) => {
                Self::overloaded(form, e.retry_after_s(), "the server is restarting; retry")
            }
        }
    }

    fn overloaded(form: Form, retry_after_s: u32, error: &str) -> Self {
        Self {
            form,
            retry_after_s: Some(retry_after_s),
            ..Self::events(StatusCode::SERVICE_UNAVAILABLE, error)
        }
    }

    /// The response. `base`: scheme and host as the client wrote them.
    pub(crate) fn render(&self, base: &str, request_id: &str) -> Response {
        let (kind, body) = match &self.form {
            Form::Events => ("application/json", json!({ "error": self.error })),
            Form::Problem(faults) => (
                "application/problem+json",
                self.problem_body(base, request_id, faults),
            ),
        };
        let mut response = Response::new(Body::from(body.to_string()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(allow) = self.allow {
            headers.insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        response
    }

    fn problem_body(&self, base: &str, request_id: &str, faults: &[Fault]) -> serde_json::Value {
        let (slug, title) = match self.status.as_u16() {
            400 => ("unparseable", "The request body could not be parsed."),
            401 => ("unauthorized", "The API key is missing or not known."),
            403 => ("forbidden", "The API key may not do this."),
            404 => ("not-found", "The requested resource cannot be found."),
            405 => ("method-not-allowed", "This path does not take this method."),
            409 => ("conflict", "The resource is in conflict."),
            413 => ("too-large", "The request body is too large."),
            415 => ("unsupported-media-type", "The encoding is not supported."),
            422 => ("validation-failed", "The provided input is invalid."),
            429 => ("rate-limited", "You have exceeded your rate limit."),
            503 => ("unavailable", "The request cannot be taken now."),
            _ => ("internal", "The server failed."),
        };
        let mut body = json!({
            "status": self.status.as_u16(),
            "type": format!("{base}/problems/{slug}"),
            "title": title,
            "error": self.error,
            "detail": self.error,
            "instance": request_id,
        });
        if !faults.is_empty() {
            let list: Vec<_> = faults
                .iter()
                .map(|f| json!({"field": f.field, "code": f.code, "description": f.description}))
                .collect();
            body["type_detail"] = list.into();
        }
        body
    }
}

impl From<catalog::Error> for Fail {
    fn from(e: catalog::Error) -> Self {
        match e {
            catalog::Error::NotFound("dataset") => Self::dataset_not_found(),
            catalog::Error::NotFound(what) => Self::not_found(what),
            catalog::Error::Taken(why) | catalog::Error::Invalid(why) => {
                Self::field("name", "invalid", why)
            }
            e @ catalog::Error::Limit { .. } => Self::field("name", "invalid", e.to_string()),
            e @ catalog::Error::Protected(_) => Self::problem(StatusCode::CONFLICT, e.to_string()),
            e @ (catalog::Error::NewerFormat { .. } | catalog::Error::Storage(_)) => {
                tracing::error!(error = %e, "the catalog failed");
                let form = Form::Problem(Vec::new());
                Self::overloaded(form, 10, "the catalog cannot be written now; retry")
            }
        }
    }
}

impl From<query::Error> for Fail {
    fn from(e: query::Error) -> Self {
        match e {
            query::Error::Invalid(why) | query::Error::LimitExceeded(why) => {
                Self::field("query", "invalid", why)
            }
            e @ query::Error::Unsupported(_) => Self::field("query", "invalid", e.to_string()),
            e @ query::Error::Busy => Self {
                retry_after_s: Some(1),
                ..Self::problem(StatusCode::TOO_MANY_REQUESTS, e.to_string())
            },
            e @ (query::Error::Cancelled | query::Error::Internal(_)) => {
                tracing::error!(error = %e, "a question failed");
                Self::problem(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "the question failed; see the server's log",
                )
            }
        }
    }
}

impl Bad {
    /// The vendor's words.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Empty => "Request body should not be empty.",
            Self::Malformed => "Request body is malformed and cannot be read.",
            Self::TooLarge => "Request body is too large: one event has at most 1 MiB.",
            Self::TooDeep => {
                "Request body is malformed and cannot be read: nested deeper than 64, or over 1,000,000 values."
            }
        }
    }

    /// As Arrivals shows it.
    #[must_use]
    pub fn reason(self) -> Reason {
        match self {
            Self::Empty => Reason::EmptyBody,
            Self::Malformed => Reason::Undecodable,
            Self::TooLarge => Reason::TooLarge,
            Self::TooDeep => Reason::TooDeep,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_built_from_the_address_the_client_used() {
        let fail = Fail::dataset_not_found();
        let body = fail.problem_body("http://127.0.0.1:8080", "r1", &[]);
        assert_eq!(
            body,
            json!({
                "status": 404,
                "type": "http://127.0.0.1:8080/problems/not-found",
                "title": "The requested resource cannot be found.",
                "error": "Dataset not found",
                "detail": "Dataset not found",
                "instance": "r1",
            })
        );
    }
}
