//! What goes wrong → the vendor's status and body: `{"err":1,"message":…}`, always JSON.
//!
//! Never 413 but for size: pyrollbar answers a 413 with a message of its own, through the same path, for
//! ever (rollbar.md §1.1). Messages hold no double quote: rollbar-java cuts them out by a pattern.

use crate::wire::Bad;
use axum::response::Response;
use engine::{Reason, Refusal, catalog, query};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

/// A request that was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fail {
    /// HTTP status.
    pub status: StatusCode,
    /// What the client is told.
    pub message: String,
    /// Seconds to wait.
    pub retry_after_s: Option<u32>,
}

impl Fail {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into().replace('"', "'"),
            retry_after_s: None,
        }
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not found")
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, message)
    }

    /// What the vendor has and we do not, by name. Not 404: one client of the vendor's reads that as
    /// "removed" and repeats it for a minute.
    pub(crate) fn not_built(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_IMPLEMENTED,
            format!("{what} is not built in Foursight"),
        )
    }

    pub(crate) fn of_bad(bad: &Bad) -> Self {
        let status = match bad {
            Bad::Semantics(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Bad::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Bad::Empty | Bad::NoPayload | Bad::Syntax(_) | Bad::TooMuch(_) => {
                StatusCode::BAD_REQUEST
            }
        };
        Self::new(status, bad.text())
    }

    pub(crate) fn of_refusal(refusal: &Refusal) -> Self {
        let reason = refusal.reason();
        match reason {
            Reason::MissingKey => Self::new(
                StatusCode::UNAUTHORIZED,
                "access token required: send it as X-Rollbar-Access-Token or access_token",
            ),
            r if r.is_credential() => Self::new(
                StatusCode::FORBIDDEN,
                format!("invalid access token: {}; {}", r.text(), r.fix()),
            ),
            Reason::QuotaReached | Reason::PublicRate => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, reason.text())
            }
            Reason::StoreFailing => Self {
                retry_after_s: Some(10),
                ..Self::new(StatusCode::SERVICE_UNAVAILABLE, reason.text())
            },
            r => Self::new(
                StatusCode::FORBIDDEN,
                format!("insufficient privileges: {}; {}", r.text(), r.fix()),
            ),
        }
    }

    pub(crate) fn of_engine(e: &engine::Error) -> Self {
        Self {
            retry_after_s: Some(e.retry_after_s()),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, e.reason().text())
        }
    }

    pub(crate) fn of_catalog(e: &catalog::Error) -> Self {
        match e {
            catalog::Error::NotFound(_) => Self::not_found(),
            catalog::Error::Taken(why) | catalog::Error::Invalid(why) => Self::invalid(why),
            catalog::Error::Limit { .. } | catalog::Error::Protected(_) => {
                Self::invalid(e.to_string())
            }
            catalog::Error::NewerFormat { .. } | catalog::Error::Storage(_) => {
                tracing::error!(error = %e, "the catalog failed");
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "the catalog cannot be used now",
                )
            }
        }
    }

    pub(crate) fn of_query(e: &query::Error) -> Self {
        match e {
            query::Error::Invalid(_) | query::Error::Unsupported(_) => Self::invalid(e.to_string()),
            query::Error::Busy => Self {
                retry_after_s: Some(2),
                ..Self::new(StatusCode::SERVICE_UNAVAILABLE, e.to_string())
            },
            query::Error::LimitExceeded(_) | query::Error::Cancelled => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, e.to_string())
            }
            query::Error::Internal(_) => {
                tracing::error!(error = %e, "a question failed");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the question failed")
            }
        }
    }

    pub(crate) fn render(&self) -> Response {
        let body = json!({"err": 1, "message": self.message});
        let mut response = crate::call::json(self.status, &body);
        if let Some(s) = self.retry_after_s {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(s));
        }
        response
    }
}
