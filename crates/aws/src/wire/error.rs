//! What is refused, in AWS's words: one code, one status, one body per service.
//!
//! Logs answers 400 for nearly everything and clients go by the code; X-Ray goes by the status too.
//! Source: cloudwatch.md §2.1 and §3, xray.md §5.1, reliability.md §5.

use super::body::BodyError;
use super::sigv4::Malformed;
use engine::Reason;
use http::StatusCode;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// A service of AWS that is spoken here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// CloudWatch Logs: awsJson 1.1.
    Logs,
    /// X-Ray: rest-json.
    Xray,
    /// Security Token Service: the query protocol.
    Sts,
}

impl Service {
    /// Its name in the scope of a signature.
    #[must_use]
    pub fn scope(self) -> &'static str {
        match self {
            Self::Logs => "logs",
            Self::Xray => "xray",
            Self::Sts => "sts",
        }
    }

    /// Its language in Arrivals.
    #[must_use]
    pub fn protocol(self) -> engine::Protocol {
        match self {
            // Who asks for itself is a client of logs, as a rule.
            Self::Logs | Self::Sts => engine::Protocol::Logs,
            Self::Xray => engine::Protocol::Xray,
        }
    }

    /// The content type of its answers.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Logs => "application/x-amz-json-1.1",
            Self::Xray => "application/json",
            Self::Sts => "text/xml",
        }
    }
}

/// A refusal as it is sent: code, status, text, and members of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Fail {
    /// The exception's name, bare.
    pub code: Cow<'static, str>,
    /// The status it goes with.
    pub status: StatusCode,
    /// For the person who reads it.
    pub message: String,
    /// Further members of the body.
    pub extras: Map<String, Value>,
    /// When to come back, milliseconds.
    pub retry_after_ms: Option<u64>,
    /// What Arrivals shows.
    pub reason: Reason,
}

impl Fail {
    /// A refusal with status 400: the request cannot be taken as it is.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            status: StatusCode::BAD_REQUEST,
            message: message.into(),
            extras: Map::new(),
            retry_after_ms: None,
            reason: Reason::InvalidRequest,
        }
    }

    /// Another status.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Another reason.
    #[must_use]
    pub fn reason(mut self, reason: Reason) -> Self {
        self.reason = reason;
        self
    }

    /// A further member of the body.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extras.insert(name.to_owned(), value.into());
        self
    }

    /// The body is no JSON, or has a member of the wrong type.
    pub fn serialization(message: impl Into<String>) -> Self {
        Self::new("SerializationException", message).reason(Reason::Undecodable)
    }

    /// An operation that is not there, or not built: it is named.
    #[must_use]
    pub fn unknown_operation(service: Service, name: &str) -> Self {
        let name: String = name.chars().take(128).collect();
        let message = match name.is_empty() {
            true => "The request names no operation".to_owned(),
            false => format!("The operation {name} is not known here, or not built"),
        };
        let fail = Self::new("UnknownOperationException", message).reason(Reason::Unsupported);
        match service {
            Service::Logs | Service::Sts => fail,
            Service::Xray => fail.status(StatusCode::NOT_FOUND),
        }
    }

    /// A signature that cannot be read.
    #[must_use]
    pub fn of_malformed(service: Service, malformed: &Malformed) -> Self {
        let (code, reason) = match malformed {
            Malformed::Missing | Malformed::Presigned => {
                ("MissingAuthenticationTokenException", Reason::MissingKey)
            }
            Malformed::Incomplete(_) => ("IncompleteSignatureException", Reason::BadSignature),
        };
        Self::credential(service, code, malformed.to_string(), reason)
    }

    /// A key that is refused. `what`: more than the reason says.
    #[must_use]
    pub fn of_reason(service: Service, reason: Reason, what: Option<String>) -> Self {
        let code = match reason {
            Reason::MissingKey => "MissingAuthenticationTokenException",
            Reason::UnknownKey | Reason::RevokedKey | Reason::DevKey => {
                "UnrecognizedClientException"
            }
            Reason::BadSignature | Reason::ClockSkew | Reason::WrongService => {
                "InvalidSignatureException"
            }
            reason if reason.is_scope() => "AccessDeniedException",
            Reason::TooManyDatasets => "LimitExceededException",
            Reason::StoreFailing | Reason::ReadOnly => "ServiceUnavailableException",
            _ => "InvalidParameterException",
        };
        let message = what.unwrap_or_else(|| match reason {
            Reason::UnknownKey | Reason::RevokedKey | Reason::DevKey => format!(
                "The security token included in the request is invalid: {}",
                reason.text()
            ),
            Reason::BadSignature => "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.".to_owned(),
            reason => reason.text().to_owned(),
        });
        if reason.is_credential() || reason.is_scope() {
            return Self::credential(service, code, message, reason);
        }
        Self::new(code, message).reason(reason)
    }

    fn credential(service: Service, code: &'static str, message: String, reason: Reason) -> Self {
        let status = match service {
            Service::Logs => StatusCode::BAD_REQUEST,
            Service::Xray | Service::Sts => StatusCode::FORBIDDEN,
        };
        Self::new(code, message).status(status).reason(reason)
    }

    /// A delivery that cannot be kept now (reliability.md §5).
    #[must_use]
    pub fn of_engine(service: Service, error: &engine::Error) -> Self {
        let full = matches!(error, engine::Error::ReadOnly(_));
        let (code, status) = match (service, full) {
            (Service::Logs, false) => ("ThrottlingException", StatusCode::BAD_REQUEST),
            (Service::Logs, true) => (
                "ServiceUnavailableException",
                StatusCode::INTERNAL_SERVER_ERROR,
            ),
            (Service::Sts, _) => ("ServiceUnavailable", StatusCode::SERVICE_UNAVAILABLE),
            (Service::Xray, _) => ("ServiceUnavailable", StatusCode::SERVICE_UNAVAILABLE),
        };
        let mut fail = Self::new(code, error.reason().text())
            .status(status)
            .reason(error.reason());
        fail.retry_after_ms = Some(u64::from(error.retry_after_s()) * 1_000);
        fail
    }

    /// A question that has no answer now.
    #[must_use]
    pub fn of_query(service: Service, error: &engine::query::Error) -> Self {
        use engine::query::Error;
        let invalid = match service {
            Service::Logs | Service::Sts => "InvalidParameterException",
            Service::Xray => "InvalidRequestException",
        };
        match error {
            Error::Invalid(why) => Self::new(invalid, why.clone()),
            Error::Unsupported(what) => {
                Self::new(invalid, format!("{what} is not supported")).reason(Reason::Unsupported)
            }
            Error::Busy | Error::LimitExceeded(_) | Error::Cancelled => {
                let code = match service {
                    Service::Logs | Service::Sts => "ThrottlingException",
                    Service::Xray => "ThrottledException",
                };
                let status = match service {
                    Service::Logs | Service::Sts => StatusCode::BAD_REQUEST,
                    Service::Xray => StatusCode::TOO_MANY_REQUESTS,
                };
                Self::new(code, error.to_string())
                    .status(status)
                    .reason(Reason::Overload)
            }
            Error::Internal(why) => {
                tracing::error!(why, "a question failed");
                Self::new("ServiceUnavailableException", "The question failed")
                    .status(StatusCode::INTERNAL_SERVER_ERROR)
                    .reason(Reason::StoreFailing)
            }
        }
    }

    /// A body that was not read.
    #[must_use]
    pub fn of_body(service: Service, error: &BodyError) -> Self {
        let reason = error.reason();
        let message = error.to_string();
        match (error, service) {
            (BodyError::Engine(e), _) => Self::of_engine(service, e),
            (BodyError::TooLarge { .. } | BodyError::Bomb { .. }, Service::Logs | Service::Sts) => {
                Self::new("InvalidParameterException", message).reason(reason)
            }
            (BodyError::TooLarge { .. } | BodyError::Bomb { .. }, Service::Xray) => {
                Self::new("InvalidRequestException", message)
                    .status(StatusCode::PAYLOAD_TOO_LARGE)
                    .reason(reason)
            }
            (BodyError::Encoding(_), Service::Xray) => {
                Self::new("InvalidRequestException", message)
                    .status(StatusCode::UNSUPPORTED_MEDIA_TYPE)
                    .reason(reason)
            }
            (BodyError::Encoding(_) | BodyError::Corrupt(_) | BodyError::Lost(_), service) => {
                let code = match service {
                    Service::Logs | Service::Sts => "SerializationException",
                    Service::Xray => "InvalidRequestException",
                };
                Self::new(code, message).reason(reason)
            }
        }
    }
}
