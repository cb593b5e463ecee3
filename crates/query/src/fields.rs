//! What a visible name reads: the one table over mapping.md §2 and §3.
//!
//! A field is a list of *sources*: the typed attribute columns of its key, and for some names a
//! fixed column rendered in a certain way. In a row the first source with a value is the field's
//! value; an attribute therefore wins over the fixed column of the same visible name.

use event::{Fixed, Type};
use std::sync::Arc;

/// How a fixed column shows under a visible name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum View {
    /// The text as it is.
    Text,
    /// A 16-byte id in hex (16 digits when its first half is zero).
    TraceId,
    /// An 8-byte id in hex.
    SpanId,
    /// Nanoseconds as milliseconds.
    Millis,
    /// `unset` 0, `ok` 1, `error` 2.
    StatusCode,
    /// True for `error`, absent else.
    Error,
    /// A time, as RFC 3339 text.
    Time,
    /// The weight; 1 where none is stored.
    Rate,
    /// The number as it is.
    Int,
}

impl View {
    /// The type its values have.
    pub(crate) fn ty(self) -> Type {
        match self {
            Self::Text | Self::TraceId | Self::SpanId | Self::Time => Type::Str,
            Self::Millis => Type::Float,
            Self::StatusCode | Self::Rate | Self::Int => Type::Int,
            Self::Error => Type::Bool,
        }
    }
}

/// The visible names over fixed columns, in the order they are listed.
pub(crate) const VISIBLE: &[(&str, Fixed, View)] = &[
    ("name", Fixed::Name, View::Text),
    ("service.name", Fixed::Service, View::Text),
    ("duration_ms", Fixed::DurationNs, View::Millis),
    ("error", Fixed::Status, View::Error),
    ("status_code", Fixed::Status, View::StatusCode),
    ("span.kind", Fixed::Kind, View::Text),
    ("type", Fixed::Kind, View::Text),
    ("trace.trace_id", Fixed::TraceId, View::TraceId),
    ("trace.span_id", Fixed::SpanId, View::SpanId),
    ("trace.parent_id", Fixed::ParentId, View::SpanId),
    ("body", Fixed::Body, View::Text),
    ("dataset", Fixed::Dataset, View::Text),
    ("timestamp", Fixed::Ts, View::Time),
];

/// The trace id as stored, also where an attribute of the visible name stands over it. Begins with
/// a character that no client puts into a name.
pub(crate) const STORED_TRACE_ID: &str = "\0trace_id";

/// The body as stored, likewise.
pub(crate) const STORED_BODY: &str = "\0body";

/// The receipt time as stored, milliseconds.
pub(crate) const STORED_INGEST_MS: &str = "\0ingest_ms";

/// Further spellings, answered but not listed.
const ALIASES: &[(&str, Fixed, View)] = &[
    (STORED_TRACE_ID, Fixed::TraceId, View::TraceId),
    (STORED_BODY, Fixed::Body, View::Text),
    (STORED_INGEST_MS, Fixed::IngestTs, View::Int),
    ("@timestamp", Fixed::Ts, View::Time),
    ("@ingestionTime", Fixed::IngestTs, View::Time),
    ("@message", Fixed::Body, View::Text),
];

/// The field that shows weights when they are ignored (usage mode).
pub(crate) const SAMPLE_RATE: &str = "Sample Rate";

/// One physical thing that is read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    /// A fixed column.
    Fixed(Fixed),
    /// The attribute of that key and type.
    Attr(Arc<str>, Type),
    /// An overflow map of a part, whole.
    Overflow(u8),
}

/// The fixed column and view a visible name stands over.
pub(crate) fn fixed_view(name: &str, usage_mode: bool) -> Option<(Fixed, View)> {
    if usage_mode && name == SAMPLE_RATE {
        return Some((Fixed::SampleRate, View::Rate));
    }
    VISIBLE
        .iter()
        .chain(ALIASES)
        .find(|(n, ..)| *n == name)
        .map(|(_, fixed, view)| (*fixed, *view))
}

/// The word the surfaces use for a type.
pub(crate) fn type_name(ty: Type) -> &'static str {
    match ty {
        Type::Str => "string",
        Type::Int => "integer",
        Type::Float => "float",
        Type::Bool => "boolean",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intake_and_query_agree_on_the_names_over_fixed_columns() {
        for (name, fixed, view) in VISIBLE {
            if let Some(of_intake) = Fixed::of_visible_name(name) {
                assert_eq!(of_intake, *fixed, "{name} ({view:?})");
            }
        }
    }

    #[test]
    fn the_weight_has_a_name_in_usage_mode_only() {
        assert_eq!(fixed_view(SAMPLE_RATE, false), None);
        assert_eq!(
            fixed_view(SAMPLE_RATE, true),
            Some((Fixed::SampleRate, View::Rate))
        );
    }
}
