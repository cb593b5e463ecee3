//! The fixed columns and the visible names that sit over them: the one table of mapping.md §2–3.
//!
//! Intake uses it to let an attribute overwrite a fixed column of its visible name when the type
//! fits; the query layer uses it to resolve visible names. Every physical name lives here.

use crate::value::{Type, ValueRef};
use crate::{SpanId, TraceId};
use arrow_schema::{DataType, TimeUnit};

/// Attribute that says which source a row came from: `otlp`, `events`, `xray`, `cloudwatch`, `rollbar`.
pub const META_SOURCE: &str = "meta.source";
/// Attribute that says which signal a row is: `trace`, `log`, `metric`, `error`.
pub const META_SIGNAL_TYPE: &str = "meta.signal_type";
/// Attribute of span event, link and metric rows.
pub const META_ANNOTATION_TYPE: &str = "meta.annotation_type";
/// Attribute with the time a client gave when ours was stored instead (design.md §4.7), RFC 3339.
pub const META_CLIENT_TS: &str = "meta.client_ts";
/// Attribute naming the fields that were cut to size, JSON text.
pub const META_TRUNCATED: &str = "meta.truncated";
/// Attribute holding the fields beyond the 2,000 of one event, JSON text.
pub const META_OVERFLOW: &str = "meta.overflow";

/// A fixed column (storage.md §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Fixed {
    /// Event time, nanoseconds; never null.
    Ts = 0,
    /// Receipt, milliseconds; never goes back.
    IngestTs = 1,
    /// Slug of the dataset; never null.
    Dataset = 2,
    /// Stable identity. Null on span rows, where it follows from trace and span id
    /// ([`crate::EventId::of_span_row`] with row kind and ordinal 0).
    EventId = 3,
    /// Trace id, 16 bytes.
    TraceId = 4,
    /// Span id, 8 bytes.
    SpanId = 5,
    /// Parent's span id, 8 bytes.
    ParentId = 6,
    /// `service.name`.
    Service = 7,
    /// `name`.
    Name = 8,
    /// `span.kind`.
    Kind = 9,
    /// `unset`, `ok` or `error`.
    Status = 10,
    /// Duration in nanoseconds.
    DurationNs = 11,
    /// Weight of the row; absent from a batch or part where all are 1.
    SampleRate = 12,
    /// Log text, exception message.
    Body = 13,
    /// Source document kept verbatim; never scanned.
    Raw = 14,
}

impl Fixed {
    /// All fixed columns, by number.
    pub const ALL: [Self; 15] = [
        Self::Ts,
        Self::IngestTs,
        Self::Dataset,
        Self::EventId,
        Self::TraceId,
        Self::SpanId,
        Self::ParentId,
        Self::Service,
        Self::Name,
        Self::Kind,
        Self::Status,
        Self::DurationNs,
        Self::SampleRate,
        Self::Body,
        Self::Raw,
    ];

    /// Its name in Parquet files. Attribute columns always have a `#` and a type letter
    /// ([`attribute_column`]), so the two never meet.
    #[must_use]
    pub fn column_name(self) -> &'static str {
        match self {
            Self::Ts => "ts",
            Self::IngestTs => "ingest_ts",
            Self::Dataset => "dataset",
            Self::EventId => "event_id",
            Self::TraceId => "trace_id",
            Self::SpanId => "span_id",
            Self::ParentId => "parent_id",
            Self::Service => "service",
            Self::Name => "name",
            Self::Kind => "kind",
            Self::Status => "status",
            Self::DurationNs => "duration_ns",
            Self::SampleRate => "sample_rate",
            Self::Body => "body",
            Self::Raw => "raw",
        }
    }

    /// Its Arrow type, in buffers and when read from a part.
    #[must_use]
    pub fn data_type(self) -> DataType {
        match self {
            Self::Ts => DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())),
            Self::IngestTs => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
            Self::EventId | Self::TraceId => DataType::FixedSizeBinary(16),
            Self::SpanId | Self::ParentId => DataType::FixedSizeBinary(8),
            Self::DurationNs => DataType::Int64,
            Self::SampleRate => DataType::Int32,
            Self::Dataset
            | Self::Service
            | Self::Name
            | Self::Kind
            | Self::Status
            | Self::Body
            | Self::Raw => DataType::Utf8View,
        }
    }

    /// The fixed column that a visible name stands over, if any. `type`, `status_code` and
    /// `error` are rendered from fixed columns and are the query layer's business.
    #[must_use]
    pub fn of_visible_name(name: &str) -> Option<Self> {
        Some(match name {
            "name" => Self::Name,
            "duration_ms" => Self::DurationNs,
            "service.name" => Self::Service,
            "trace.trace_id" => Self::TraceId,
            "trace.span_id" => Self::SpanId,
            "trace.parent_id" => Self::ParentId,
            "span.kind" => Self::Kind,
            "body" => Self::Body,
            _ => return None,
        })
    }
}

/// What becomes of an attribute that has the visible name of a fixed column (mapping.md §3.1, §3.3).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fit<'a> {
    /// It goes into the fixed column and is not kept as an attribute.
    Text(&'a str),
    /// A duration, in nanoseconds, that reads back as the same number of milliseconds.
    Nanos(i64),
    /// A trace id written in the form we print.
    Trace(TraceId),
    /// A span id written in the form we print.
    Span(SpanId),
    /// The column holds this stand-in, and the text stays as an attribute, which wins when read.
    TraceOfText(TraceId),
    /// As [`Self::TraceOfText`], for span and parent ids.
    SpanOfText(SpanId),
    /// The type does not fit: it stays an attribute and wins when read.
    No,
}

/// Decides how `value` meets the fixed column `fixed`.
#[must_use]
pub fn fit(fixed: Fixed, value: ValueRef<'_>) -> Fit<'_> {
    match (fixed, value) {
        (Fixed::Name | Fixed::Service | Fixed::Kind | Fixed::Body, ValueRef::Str(s)) => {
            Fit::Text(s)
        }
        (Fixed::DurationNs, ValueRef::Int(ms)) => {
            ms.checked_mul(1_000_000).map_or(Fit::No, Fit::Nanos)
        }
        (Fixed::DurationNs, ValueRef::Float(ms)) => exact_nanos(ms).map_or(Fit::No, Fit::Nanos),
        (Fixed::TraceId, ValueRef::Str(s)) => match TraceId::parse(s) {
            Some(id) if id.to_string() == s => Fit::Trace(id),
            Some(id) => Fit::TraceOfText(id),
            None if s.is_empty() => Fit::No,
            None => Fit::TraceOfText(TraceId::of_text(s)),
        },
        (Fixed::SpanId | Fixed::ParentId, ValueRef::Str(s)) => match SpanId::parse(s) {
            Some(id) if id.to_string() == s => Fit::Span(id),
            Some(id) => Fit::SpanOfText(id),
            None if s.is_empty() => Fit::No,
            None => Fit::SpanOfText(SpanId::of_text(s)),
        },
        _ => Fit::No,
    }
}

/// Milliseconds as whole nanoseconds, when dividing again gives the same double.
fn exact_nanos(ms: f64) -> Option<i64> {
    let ns = (ms * 1e6).round();
    if !ns.is_finite() || ns.abs() > 9e15 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "bounded above")]
    let ns = ns as i64;
    #[expect(clippy::cast_precision_loss, reason = "the comparison is what decides")]
    (ns as f64 / 1e6 == ms).then_some(ns)
}

/// The physical name of an attribute column: its key, `#`, its type's letter.
#[must_use]
pub fn attribute_column(key: &str, ty: Type) -> String {
    format!("{key}#{}", ty.tag())
}

/// Reads a physical attribute column name back into key and type.
#[must_use]
pub fn parse_attribute_column(column: &str) -> Option<(&str, Type)> {
    let (key, tag) = column.rsplit_once('#')?;
    let mut tag = tag.chars();
    let ty = Type::from_tag(tag.next()?)?;
    tag.next().is_none().then_some((key, ty))
}

/// The Arrow type of an attribute column of that type.
#[must_use]
pub fn attribute_data_type(ty: Type) -> DataType {
    match ty {
        Type::Str => DataType::Utf8View,
        Type::Int => DataType::Int64,
        Type::Float => DataType::Float64,
        Type::Bool => DataType::Boolean,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_fits_only_when_it_reads_back_the_same() {
        assert_eq!(
            fit(Fixed::DurationNs, ValueRef::Float(212.0)),
            Fit::Nanos(212_000_000)
        );
        assert_eq!(
            fit(Fixed::DurationNs, ValueRef::Float(0.123_456_7)),
            Fit::No
        );
        assert_eq!(
            fit(Fixed::DurationNs, ValueRef::Int(3)),
            Fit::Nanos(3_000_000)
        );
        assert_eq!(fit(Fixed::DurationNs, ValueRef::Str("3")), Fit::No);
        assert_eq!(fit(Fixed::DurationNs, ValueRef::Float(f64::NAN)), Fit::No);
    }

    #[test]
    fn ids_keep_their_text_unless_it_is_the_form_we_print() {
        let hex = "5c1fa2000102030405060708090a0b9b";
        assert_eq!(
            fit(Fixed::TraceId, ValueRef::Str(hex)),
            Fit::Trace(TraceId::parse(hex).unwrap())
        );
        assert!(matches!(
            fit(Fixed::TraceId, ValueRef::Str("order-17")),
            Fit::TraceOfText(_)
        ));
        assert!(matches!(
            fit(Fixed::SpanId, ValueRef::Str("17")),
            Fit::SpanOfText(_)
        ));
    }

    #[test]
    fn attribute_columns_round_trip_even_with_a_hash_in_the_key() {
        for ty in Type::ALL {
            assert_eq!(
                parse_attribute_column(&attribute_column("a#b", ty)),
                Some(("a#b", ty))
            );
        }
        assert_eq!(parse_attribute_column("ts"), None);
    }
}
