//! Refusals of our own API: `application/problem+json`, one place for status and words.

use crate::wire::Problem;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::response::{IntoResponse, Response};
use engine::{catalog, query};
use http::{HeaderValue, StatusCode, header};

/// A refusal on its way to the client.
#[derive(Clone, Debug)]
pub struct Refused(pub Problem);

impl Refused {
    /// A refusal with a status, a title that names the kind and a detail that names this case.
    pub fn new(status: StatusCode, title: &str, detail: impl Into<String>) -> Self {
        Self(Problem {
            status: status.as_u16(),
            title: title.to_owned(),
            detail: detail.into(),
            offset: None,
            offset_end: None,
            retry_after_s: None,
        })
    }

    /// The request says something that cannot be.
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid request", detail)
    }

    /// There is no such thing.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not found", detail)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(&self.0)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = self.0.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"foursight\""),
            );
        }
        response
    }
}

impl From<query::Error> for Refused {
    fn from(error: query::Error) -> Self {
        use query::Error as E;
        let (status, title) = match &error {
            E::Invalid(_) => (StatusCode::BAD_REQUEST, "invalid question"),
            E::Unsupported(_) => (StatusCode::BAD_REQUEST, "not supported"),
            E::LimitExceeded(_) => (StatusCode::UNPROCESSABLE_ENTITY, "limit exceeded"),
            E::Busy => (StatusCode::TOO_MANY_REQUESTS, "too many questions"),
            // Nobody reads this: the asker is gone. 499 is no registered status.
            E::Cancelled => (StatusCode::SERVICE_UNAVAILABLE, "cancelled"),
            E::Internal(cause) => {
                tracing::error!(%cause, "a question failed");
                (StatusCode::INTERNAL_SERVER_ERROR, "question failed")
            }
        };
        let mut refused = Self::new(status, title, error.to_string());
        if matches!(error, E::Busy) {
            refused.0.retry_after_s = Some(2);
        }
        refused
    }
}

impl From<catalog::Error> for Refused {
    fn from(error: catalog::Error) -> Self {
        use catalog::Error as E;
        let (status, title) = match &error {
            E::NotFound(_) => (StatusCode::NOT_FOUND, "not found"),
            E::Taken(_) => (StatusCode::CONFLICT, "in use"),
            E::Invalid(_) => (StatusCode::BAD_REQUEST, "invalid request"),
            E::Limit { .. } => (StatusCode::CONFLICT, "limit reached"),
            E::Protected(_) => (StatusCode::CONFLICT, "protected"),
            E::NewerFormat { .. } | E::Storage(_) => {
                tracing::error!(cause = %error, "the catalog failed");
                (StatusCode::INTERNAL_SERVER_ERROR, "catalog failed")
            }
        };
        Self::new(status, title, error.to_string())
    }
}

impl From<JsonRejection> for Refused {
    fn from(rejection: JsonRejection) -> Self {
        Self::new(
            rejection.status(),
            "unreadable request",
            rejection.body_text(),
        )
    }
}

impl From<QueryRejection> for Refused {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(
            rejection.status(),
            "unreadable request",
            rejection.body_text(),
        )
    }
}

impl From<PathRejection> for Refused {
    fn from(rejection: PathRejection) -> Self {
        Self::new(
            rejection.status(),
            "unreadable request",
            rejection.body_text(),
        )
    }
}

/// axum's extractors with our refusals.
pub mod extract {
    use super::Refused;
    use axum::extract::{FromRequest, FromRequestParts, Request};
    use http::request::Parts;
    use serde::de::DeserializeOwned;

    /// A JSON body. Asks for `content-type: application/json`, which a foreign page cannot send unasked.
    pub struct Body<T>(pub T);

    impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
        type Rejection = Refused;
        async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
            let axum::Json(value) = axum::Json::<T>::from_request(request, state).await?;
            Ok(Self(value))
        }
    }

    /// The part of the address after `?`.
    pub struct Search<T>(pub T);

    impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Search<T> {
        type Rejection = Refused;
        async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
            let axum::extract::Query(value) =
                axum::extract::Query::<T>::from_request_parts(parts, state).await?;
            Ok(Self(value))
        }
    }

    /// Parameters in the path.
    pub struct Place<T>(pub T);

    impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Place<T> {
        type Rejection = Refused;
        async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
            let axum::extract::Path(value) =
                axum::extract::Path::<T>::from_request_parts(parts, state).await?;
            Ok(Self(value))
        }
    }
}
