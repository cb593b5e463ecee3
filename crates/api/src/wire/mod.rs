//! The JSON of our own API. These types are the truth: `ui/openapi.json` is generated from them.
//!
//! Times are nanoseconds since 1970 as decimal text ([`Nanos`], fields ending in `_ns`), because
//! 64 bits do not fit a JSON number; offsets within one answer are plain numbers.

pub mod admin;
pub mod arrivals;
pub mod issues;
pub mod log_query;
pub mod logs;
pub mod map;
pub mod question;
pub mod request;
pub mod sampling;
pub mod saved;
pub mod trace;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A time or a length in nanoseconds, as decimal text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, pattern = "^-?[0-9]{1,19}$", examples("1760000000000000000"))]
pub struct Nanos(pub i64);

impl Serialize for Nanos {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Nanos {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        text.parse().map(Self).map_err(|_| {
            serde::de::Error::custom(format_args!("`{text}` is no number of nanoseconds"))
        })
    }
}

/// What went wrong (RFC 9457, `application/problem+json`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// HTTP status.
    pub status: u16,
    /// What kind of thing went wrong, in few words; the same for the same cause.
    pub title: String,
    /// This time: what, where, the limit and the way out.
    pub detail: String,
    /// Byte offset in the question's text at which reading it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<usize>,
    /// Byte offset at which the mistake ends, where it has a length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset_end: Option<usize>,
    /// Seconds to wait before trying again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u32>,
}
