//! The messages of an export request, as tables: what a JSON name stands for in protobuf.
//!
//! Only what becomes a column is listed; other names are skipped, as unknown fields are.
//! Source: opentelemetry-proto 1.x and the protobuf JSON mapping with OTLP's exceptions (ids are
//! hex, enums are numbers).

use super::Signal;

/// A message: its fields.
#[derive(Debug)]
pub(super) struct Schema {
    pub(super) fields: &'static [Entry],
}

/// A field: its name in JSON, its number, how its value is written.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) json: &'static str,
    pub(super) number: u32,
    pub(super) kind: Kind,
}

/// How a value is written in protobuf.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Message(&'static Schema),
    Text,
    /// Base64.
    Bytes,
    /// An id of so many bytes: hex, or base64.
    Id(usize),
    Bool,
    /// 32- or 64-bit integers as they are.
    Varint,
    /// `sint32`
    Zigzag,
    Fixed64,
    Fixed32,
    Double,
    /// A number, or one of these names without the common prefix.
    Enum(&'static [(&'static str, u64)]),
}

impl Schema {
    /// The field with that name: `lowerCamelCase`, or the name of the .proto file.
    pub(super) fn field(&self, name: &str) -> Option<&'static Entry> {
        self.fields
            .iter()
            .find(|e| e.json == name || (name.contains('_') && is_snake_of(name, e.json)))
    }
}

/// Whether `snake` is `camel` in the spelling of .proto files.
fn is_snake_of(snake: &str, camel: &str) -> bool {
    let mut s = snake.bytes();
    for c in camel.bytes() {
        if c.is_ascii_uppercase() && s.next() != Some(b'_') {
            return false;
        }
        if s.next() != Some(c.to_ascii_lowercase()) {
            return false;
        }
    }
    s.next().is_none()
}

/// The request message of a signal.
pub(super) fn request(signal: Signal) -> &'static Schema {
    match signal {
        Signal::Traces => &TRACES,
        Signal::Logs => &LOGS,
        Signal::Metrics => &METRICS,
    }
}

const fn f(json: &'static str, number: u32, kind: Kind) -> Entry {
    Entry { json, number, kind }
}
const fn m(json: &'static str, number: u32, schema: &'static Schema) -> Entry {
    f(json, number, Kind::Message(schema))
}
const fn of(fields: &'static [Entry]) -> Schema {
    Schema { fields }
}

static ANY_VALUE: Schema = of(&[
    f("stringValue", 1, Kind::Text),
    f("boolValue", 2, Kind::Bool),
    f("intValue", 3, Kind::Varint),
    f("doubleValue", 4, Kind::Double),
    m("arrayValue", 5, &ARRAY_VALUE),
    m("kvlistValue", 6, &KEY_VALUE_LIST),
    f("bytesValue", 7, Kind::Bytes),
]);
static ARRAY_VALUE: Schema = of(&[m("values", 1, &ANY_VALUE)]);
static KEY_VALUE_LIST: Schema = of(&[m("values", 1, &KEY_VALUE)]);
static KEY_VALUE: Schema = of(&[f("key", 1, Kind::Text), m("value", 2, &ANY_VALUE)]);
static RESOURCE: Schema = of(&[m("attributes", 1, &KEY_VALUE)]);
static SCOPE: Schema = of(&[
    f("name", 1, Kind::Text),
    f("version", 2, Kind::Text),
    m("attributes", 3, &KEY_VALUE),
]);

static TRACES: Schema = of(&[m("resourceSpans", 1, &RESOURCE_SPANS)]);
static RESOURCE_SPANS: Schema = of(&[
    m("resource", 1, &RESOURCE),
    m("scopeSpans", 2, &SCOPE_SPANS),
    m("instrumentationLibrarySpans", 1000, &SCOPE_SPANS),
    f("schemaUrl", 3, Kind::Text),
]);
static SCOPE_SPANS: Schema = of(&[
    m("scope", 1, &SCOPE),
    m("instrumentationLibrary", 1, &SCOPE),
    m("spans", 2, &SPAN),
    f("schemaUrl", 3, Kind::Text),
]);
static SPAN: Schema = of(&[
    f("traceId", 1, Kind::Id(16)),
    f("spanId", 2, Kind::Id(8)),
    f("traceState", 3, Kind::Text),
    f("parentSpanId", 4, Kind::Id(8)),
    f("name", 5, Kind::Text),
    f("kind", 6, SPAN_KIND),
    f("startTimeUnixNano", 7, Kind::Fixed64),
    f("endTimeUnixNano", 8, Kind::Fixed64),
    m("attributes", 9, &KEY_VALUE),
    m("events", 11, &SPAN_EVENT),
    m("links", 13, &SPAN_LINK),
    m("status", 15, &STATUS),
]);
const SPAN_KIND: Kind = Kind::Enum(&[
    ("SPAN_KIND_UNSPECIFIED", 0),
    ("SPAN_KIND_INTERNAL", 1),
    ("SPAN_KIND_SERVER", 2),
    ("SPAN_KIND_CLIENT", 3),
    ("SPAN_KIND_PRODUCER", 4),
    ("SPAN_KIND_CONSUMER", 5),
]);
static SPAN_EVENT: Schema = of(&[
    f("timeUnixNano", 1, Kind::Fixed64),
    f("name", 2, Kind::Text),
    m("attributes", 3, &KEY_VALUE),
]);
static SPAN_LINK: Schema = of(&[
    f("traceId", 1, Kind::Id(16)),
    f("spanId", 2, Kind::Id(8)),
    f("traceState", 3, Kind::Text),
    m("attributes", 4, &KEY_VALUE),
]);
static STATUS: Schema = of(&[f("message", 2, Kind::Text), f("code", 3, STATUS_CODE)]);
const STATUS_CODE: Kind = Kind::Enum(&[
    ("STATUS_CODE_UNSET", 0),
    ("STATUS_CODE_OK", 1),
    ("STATUS_CODE_ERROR", 2),
]);

static LOGS: Schema = of(&[m("resourceLogs", 1, &RESOURCE_LOGS)]);
static RESOURCE_LOGS: Schema = of(&[
    m("resource", 1, &RESOURCE),
    m("scopeLogs", 2, &SCOPE_LOGS),
    m("instrumentationLibraryLogs", 1000, &SCOPE_LOGS),
    f("schemaUrl", 3, Kind::Text),
]);
static SCOPE_LOGS: Schema = of(&[
    m("scope", 1, &SCOPE),
    m("instrumentationLibrary", 1, &SCOPE),
    m("logRecords", 2, &LOG_RECORD),
    m("logs", 2, &LOG_RECORD),
    f("schemaUrl", 3, Kind::Text),
]);
static LOG_RECORD: Schema = of(&[
    f("timeUnixNano", 1, Kind::Fixed64),
    f("observedTimeUnixNano", 11, Kind::Fixed64),
    f("severityNumber", 2, SEVERITY),
    f("severityText", 3, Kind::Text),
    m("body", 5, &ANY_VALUE),
    m("attributes", 6, &KEY_VALUE),
    f("flags", 8, Kind::Fixed32),
    f("traceId", 9, Kind::Id(16)),
    f("spanId", 10, Kind::Id(8)),
    f("eventName", 12, Kind::Text),
]);
const SEVERITY: Kind = Kind::Enum(&[
    ("SEVERITY_NUMBER_UNSPECIFIED", 0),
    ("SEVERITY_NUMBER_TRACE", 1),
    ("SEVERITY_NUMBER_TRACE2", 2),
    ("SEVERITY_NUMBER_TRACE3", 3),
    ("SEVERITY_NUMBER_TRACE4", 4),
    ("SEVERITY_NUMBER_DEBUG", 5),
    ("SEVERITY_NUMBER_DEBUG2", 6),
    ("SEVERITY_NUMBER_DEBUG3", 7),
    ("SEVERITY_NUMBER_DEBUG4", 8),
    ("SEVERITY_NUMBER_INFO", 9),
    ("SEVERITY_NUMBER_INFO2", 10),
    ("SEVERITY_NUMBER_INFO3", 11),
    ("SEVERITY_NUMBER_INFO4", 12),
    ("SEVERITY_NUMBER_WARN", 13),
    ("SEVERITY_NUMBER_WARN2", 14),
    ("SEVERITY_NUMBER_WARN3", 15),
    ("SEVERITY_NUMBER_WARN4", 16),
    ("SEVERITY_NUMBER_ERROR", 17),
    ("SEVERITY_NUMBER_ERROR2", 18),
    ("SEVERITY_NUMBER_ERROR3", 19),
    ("SEVERITY_NUMBER_ERROR4", 20),
    ("SEVERITY_NUMBER_FATAL", 21),
    ("SEVERITY_NUMBER_FATAL2", 22),
    ("SEVERITY_NUMBER_FATAL3", 23),
    ("SEVERITY_NUMBER_FATAL4", 24),
]);

static METRICS: Schema = of(&[m("resourceMetrics", 1, &RESOURCE_METRICS)]);
static RESOURCE_METRICS: Schema = of(&[
    m("resource", 1, &RESOURCE),
    m("scopeMetrics", 2, &SCOPE_METRICS),
    m("instrumentationLibraryMetrics", 1000, &SCOPE_METRICS),
    f("schemaUrl", 3, Kind::Text),
]);
static SCOPE_METRICS: Schema = of(&[
    m("scope", 1, &SCOPE),
    m("instrumentationLibrary", 1, &SCOPE),
    m("metrics", 2, &METRIC),
    f("schemaUrl", 3, Kind::Text),
]);
static METRIC: Schema = of(&[
    f("name", 1, Kind::Text),
    m("gauge", 5, &NUMBERS),
    m("sum", 7, &NUMBERS),
    m("histogram", 9, &HISTOGRAM),
    m("exponentialHistogram", 10, &EXPONENTIAL_HISTOGRAM),
    m("summary", 11, &SUMMARY),
]);
static NUMBERS: Schema = of(&[m("dataPoints", 1, &NUMBER_POINT)]);
static NUMBER_POINT: Schema = of(&[
    m("attributes", 7, &KEY_VALUE),
    f("timeUnixNano", 3, Kind::Fixed64),
    f("asDouble", 4, Kind::Double),
    f("asInt", 6, Kind::Fixed64),
    f("flags", 8, Kind::Varint),
]);
static HISTOGRAM: Schema = of(&[m("dataPoints", 1, &HISTOGRAM_POINT)]);
static HISTOGRAM_POINT: Schema = of(&[
    m("attributes", 9, &KEY_VALUE),
    f("timeUnixNano", 3, Kind::Fixed64),
    f("count", 4, Kind::Fixed64),
    f("sum", 5, Kind::Double),
    f("bucketCounts", 6, Kind::Fixed64),
    f("explicitBounds", 7, Kind::Double),
    f("flags", 10, Kind::Varint),
    f("min", 11, Kind::Double),
    f("max", 12, Kind::Double),
]);
static EXPONENTIAL_HISTOGRAM: Schema = of(&[m("dataPoints", 1, &EXPONENTIAL_POINT)]);
static EXPONENTIAL_POINT: Schema = of(&[
    m("attributes", 1, &KEY_VALUE),
    f("timeUnixNano", 3, Kind::Fixed64),
    f("count", 4, Kind::Fixed64),
    f("sum", 5, Kind::Double),
    f("scale", 6, Kind::Zigzag),
    f("zeroCount", 7, Kind::Fixed64),
    m("positive", 8, &BUCKETS),
    m("negative", 9, &BUCKETS),
    f("flags", 10, Kind::Varint),
    f("min", 12, Kind::Double),
    f("max", 13, Kind::Double),
    f("zeroThreshold", 14, Kind::Double),
]);
static BUCKETS: Schema = of(&[
    f("offset", 1, Kind::Zigzag),
    f("bucketCounts", 2, Kind::Varint),
]);
static SUMMARY: Schema = of(&[m("dataPoints", 1, &SUMMARY_POINT)]);
static SUMMARY_POINT: Schema = of(&[
    m("attributes", 7, &KEY_VALUE),
    f("timeUnixNano", 3, Kind::Fixed64),
    f("count", 4, Kind::Fixed64),
    f("sum", 5, Kind::Double),
    m("quantileValues", 6, &QUANTILE),
    f("flags", 8, Kind::Varint),
]);
static QUANTILE: Schema = of(&[f("quantile", 1, Kind::Double), f("value", 2, Kind::Double)]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_both_spellings() {
        for (name, number) in [
            ("startTimeUnixNano", Some(7)),
            ("start_time_unix_nano", Some(7)),
            ("trace_id", Some(1)),
            ("traceid", None),
            ("trace__id", None),
            ("parent_span_id_", None),
        ] {
            assert_eq!(SPAN.field(name).map(|e| e.number), number, "{name}");
        }
    }
}
