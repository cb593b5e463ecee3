//! Why an export was refused, and how each transport says it: one match per transport.

use crate::translate::Untranslatable;
use crate::wire::Malformed;
use engine::intake::InflateError;
use engine::{Reason, Refusal};

/// Codes of gRPC, which `google.rpc.Status` carries over HTTP too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
    /// The request is not one.
    InvalidArgument = 3,
    /// The key may not do this.
    PermissionDenied = 7,
    /// Larger than taken.
    ResourceExhausted = 8,
    /// Spoken in a way that is not supported.
    Unimplemented = 12,
    /// Retry later.
    Unavailable = 14,
    /// No key, or an unknown one.
    Unauthenticated = 16,
}

/// A refused export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The content type is none of OTLP's.
    ContentType(String),
    /// The content encoding is none of ours.
    ContentEncoding(String),
    /// The key is missing, unknown, or may not do this.
    Key(Refusal),
    /// A key without environment needs the dataset header.
    MissingDataset,
    /// The body is, or becomes, larger than taken.
    TooLarge {
        /// The limit, bytes.
        limit: usize,
        /// Whether it grew beyond the limit only when unpacked.
        unpacked: bool,
    },
    /// The request would unfold to too many values.
    TooManyValues(String),
    /// The body is no export request.
    Undecodable {
        /// What is wrong, and where.
        detail: String,
        /// Whether it is the nesting.
        too_deep: bool,
    },
    /// The sender broke off, or stopped sending.
    BrokenOff(String),
    /// Not now.
    Engine(engine::Error),
}

impl Refused {
    pub(crate) fn undecodable(detail: impl Into<String>) -> Self {
        Self::Undecodable {
            detail: detail.into(),
            too_deep: false,
        }
    }

    /// The reason, as Arrivals shows it.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::ContentType(_) => Reason::ContentType,
            Self::ContentEncoding(_) => Reason::ContentEncoding,
            Self::Key(refusal) => refusal.reason(),
            Self::MissingDataset => Reason::MissingDataset,
            Self::TooLarge { unpacked: true, .. } => Reason::Bomb,
            Self::TooLarge { .. } | Self::TooManyValues(_) => Reason::TooLarge,
            Self::Undecodable { too_deep: true, .. } => Reason::TooDeep,
            Self::Undecodable { .. } | Self::BrokenOff(_) => Reason::Undecodable,
            Self::Engine(e) => e.reason(),
        }
    }

    /// What the reason alone does not say; never a value that was sent.
    #[must_use]
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::ContentType(got) => Some(format!("content type {got:?}")),
            Self::ContentEncoding(got) => Some(format!("content encoding {got:?}")),
            Self::TooLarge { limit, .. } => Some(format!("the limit is {limit} bytes")),
            Self::TooManyValues(s) | Self::BrokenOff(s) => Some(s.clone()),
            Self::Undecodable { detail, .. } => Some(detail.clone()),
            Self::Engine(e) => Some(e.to_string()),
            Self::Key(_) | Self::MissingDataset => None,
        }
    }

    /// The status of the HTTP answer (honeycomb.md §1.1, reliability.md §5).
    #[must_use]
    pub fn http_status(&self) -> u16 {
        match self {
            Self::ContentType(_) | Self::ContentEncoding(_) => 415,
            Self::MissingDataset => 401,
            Self::Key(refusal) if refusal.reason().is_scope() => 403,
            Self::Key(_) => 401,
            Self::TooLarge { .. } | Self::TooManyValues(_) => 413,
            Self::Undecodable { .. } => 400,
            Self::BrokenOff(_) => 408,
            Self::Engine(_) => 503,
        }
    }

    /// The code of the gRPC answer, also in the body over HTTP.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::ContentType(_) | Self::ContentEncoding(_) => Code::Unimplemented,
            Self::MissingDataset => Code::Unauthenticated,
            Self::Key(refusal) if refusal.reason().is_scope() => Code::PermissionDenied,
            Self::Key(_) => Code::Unauthenticated,
            Self::TooLarge { .. } | Self::TooManyValues(_) => Code::ResourceExhausted,
            Self::Undecodable { .. } | Self::BrokenOff(_) => Code::InvalidArgument,
            Self::Engine(_) => Code::Unavailable,
        }
    }

    /// The text for the sender: the vendor's own where it has one.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::ContentType(_) => UNSUPPORTED_CONTENT_TYPE.to_owned(),
            Self::ContentEncoding(got) => {
                format!("unsupported content-encoding {got:?}, valid ones are: gzip, zstd, deflate")
            }
            Self::Key(refusal) => match refusal.reason() {
                Reason::MissingKey => "missing 'x-honeycomb-team' header".to_owned(),
                reason if reason.is_credential() => {
                    "unknown API key - check your credentials, region, and API URL".to_owned()
                }
                reason => format!("{}; {}", reason.text(), reason.fix()),
            },
            Self::MissingDataset => "missing 'x-honeycomb-dataset' header".to_owned(),
            Self::TooLarge { limit, .. } => {
                format!("request body is larger than {limit} bytes; send smaller batches")
            }
            Self::TooManyValues(detail) => detail.clone(),
            Self::Undecodable { detail, .. } => {
                format!("failed to parse OTLP request body: {detail}")
            }
            Self::BrokenOff(detail) => detail.clone(),
            Self::Engine(_) => format!("{}; retry later", self.reason().text()),
        }
    }

    /// Seconds after which the same request may be taken; `None` when it never will.
    #[must_use]
    pub fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Engine(e) if e.is_retryable() => Some(e.retry_after_s()),
            _ => None,
        }
    }
}

/// The whole body of a 415 answer.
pub(crate) const UNSUPPORTED_CONTENT_TYPE: &str = "unsupported content-type, valid types are: \
     application/protobuf, application/x-protobuf, application/json";

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::Key(refusal)
    }
}

impl From<engine::Error> for Refused {
    fn from(e: engine::Error) -> Self {
        Self::Engine(e)
    }
}

impl From<InflateError> for Refused {
    fn from(e: InflateError) -> Self {
        match e {
            InflateError::TooLarge { limit } => Self::TooLarge {
                limit,
                unpacked: true,
            },
            InflateError::Corrupt(detail) => Self::undecodable(detail),
        }
    }
}

impl From<Malformed> for Refused {
    fn from(e: Malformed) -> Self {
        Self::Undecodable {
            detail: e.to_string(),
            too_deep: e.too_deep,
        }
    }
}

impl From<Untranslatable> for Refused {
    fn from(e: Untranslatable) -> Self {
        match e {
            Untranslatable::Malformed(m) => m.into(),
            too_many @ Untranslatable::TooManyValues(_) => {
                Self::TooManyValues(too_many.to_string())
            }
        }
    }
}
