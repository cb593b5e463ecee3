//! OTLP: protobuf of the three signals, and JSON. Seeds are what OpenTelemetry's own types write.

use engine::intake::Encoding;
use event::RowPolicy;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList, any_value::Value,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram,
    HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary,
    SummaryDataPoint, exponential_histogram_data_point::Buckets, metric::Data, number_data_point,
    summary_data_point::ValueAtQuantile,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{
    ResourceSpans, ScopeSpans, Span, Status, span::Event, span::Link,
};
use otlp::framing::{PREFIX_BYTES, frame, unframe};
use otlp::translate::{Context, translate};
use otlp::wire::{Signal, json as wire_json};
use prost::Message as _;
use std::io::Write as _;

const NOW: u64 = 1_767_323_045_000_000_000;

/// Any bytes are a request or an error, and what a request becomes can be written.
fn protobuf(signal: Signal, data: &[u8]) {
    let context = Context {
        policy: RowPolicy::unlimited(i64::try_from(NOW).unwrap_or(0)),
        dataset_header: None,
        classic: false,
    };
    let done = translate(signal, data, context, &mut |name, _| Ok(name.into()));
    if let Ok(translated) = done {
        super::batch::read(&translated.batch);
        assert!(!translated.batch.encode().is_empty());
    }
}

/// An export of spans.
pub fn traces(data: &[u8]) {
    protobuf(Signal::Traces, data);
}

/// An export of logs.
pub fn logs(data: &[u8]) {
    protobuf(Signal::Logs, data);
}

/// An export of metrics.
pub fn metrics(data: &[u8]) {
    protobuf(Signal::Metrics, data);
}

/// The body of a gRPC call: any bytes are one message within the limit, or refused. The first byte picks
/// what the header says of its packing.
pub fn grpc(data: &[u8]) {
    const LIMIT: usize = 1 << 20;
    let Some((first, body)) = data.split_first() else {
        return;
    };
    let said = [
        Encoding::Identity,
        Encoding::Gzip,
        Encoding::Zstd,
        Encoding::Deflate,
    ][usize::from(*first) % 4];
    let Ok((message, encoding)) = unframe(body.to_vec().into(), said, LIMIT) else {
        return;
    };
    assert_eq!(
        message,
        &body[PREFIX_BYTES..],
        "the message, and nothing else"
    );
    assert!(encoding == Encoding::Identity || encoding == said);
    if encoding == Encoding::Identity {
        assert_eq!(&frame(&message)[..], body);
    }
    if let Ok(plain) = engine::intake::inflate(encoding, message, LIMIT) {
        traces(&plain);
    }
}

/// An export of spans in a frame, plain and packed; frames that say what is not so.
#[must_use]
pub fn grpc_seeds() -> Vec<Vec<u8>> {
    let framed = |said: u8, flag: u8, message: &[u8]| {
        let length = u32::try_from(message.len()).unwrap_or(0).to_be_bytes();
        [&[said, flag], &length[..], message].concat()
    };
    let mut out = Vec::new();
    for message in trace_seeds() {
        out.push(framed(0, 0, &message));
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let packed = gzip.write_all(&message).and_then(|()| gzip.finish());
        out.extend(packed.map(|packed| framed(1, 1, &packed)));
        out.extend(zstd::encode_all(&*message, 1).map(|packed| framed(2, 1, &packed)));
    }
    out.extend([
        framed(0, 1, b"packed?"),
        framed(1, 2, b""),
        b"\0\0\xff\xff\xff\xff".to_vec(),
    ]);
    out
}

/// JSON: the first byte picks the signal. What is written over as protobuf is protobuf.
pub fn json(data: &[u8]) {
    let Some((first, body)) = data.split_first() else {
        return;
    };
    let signal = Signal::ALL[usize::from(*first) % 3];
    if let Ok(bytes) = wire_json::to_protobuf(signal, body) {
        let read = match signal {
            Signal::Traces => ExportTraceServiceRequest::decode(&*bytes).map(drop),
            Signal::Logs => ExportLogsServiceRequest::decode(&*bytes).map(drop),
            Signal::Metrics => ExportMetricsServiceRequest::decode(&*bytes).map(drop),
        };
        assert!(read.is_ok(), "{read:?}");
        protobuf(signal, &bytes);
    }
}

fn any(value: Value) -> Option<AnyValue> {
    Some(AnyValue { value: Some(value) })
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.into(),
        value: any(value),
        ..KeyValue::default()
    }
}

fn attributes() -> Vec<KeyValue> {
    let list = ArrayValue {
        values: [Value::IntValue(1), Value::StringValue("b".into())]
            .into_iter()
            .filter_map(any)
            .collect(),
    };
    let map = KeyValueList {
        values: vec![attribute("inner", Value::DoubleValue(0.5))],
    };
    vec![
        attribute("s", Value::StringValue("text".into())),
        attribute("i", Value::IntValue(-7)),
        attribute("d", Value::DoubleValue(1e300)),
        attribute("b", Value::BoolValue(true)),
        attribute("bytes", Value::BytesValue(vec![0, 255])),
        attribute("list", Value::ArrayValue(list)),
        attribute("map", Value::KvlistValue(map)),
    ]
}

fn resource() -> Option<Resource> {
    Some(Resource {
        attributes: vec![attribute("service.name", Value::StringValue("shop".into()))],
        ..Resource::default()
    })
}

fn scope() -> Option<InstrumentationScope> {
    Some(InstrumentationScope {
        name: "fuzz".into(),
        version: "1".into(),
        attributes: vec![attribute("scope", Value::BoolValue(false))],
        ..InstrumentationScope::default()
    })
}

fn trace_request() -> ExportTraceServiceRequest {
    let span = Span {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        parent_span_id: vec![3; 8],
        trace_state: "ot=th:8;p:1".into(),
        name: "GET /".into(),
        kind: 2,
        start_time_unix_nano: NOW,
        end_time_unix_nano: NOW + 5_000_000,
        attributes: attributes(),
        events: vec![Event {
            time_unix_nano: NOW + 1,
            name: "exception".into(),
            attributes: attributes(),
            ..Event::default()
        }],
        links: vec![Link {
            trace_id: vec![4; 16],
            span_id: vec![5; 8],
            attributes: attributes(),
            ..Link::default()
        }],
        status: Some(Status {
            message: "no".into(),
            code: 2,
        }),
        ..Span::default()
    };
    let scope_spans = ScopeSpans {
        scope: scope(),
        spans: vec![span, Span::default()],
        ..ScopeSpans::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: resource(),
            scope_spans: vec![scope_spans],
            schema_url: "https://opentelemetry.io/schemas/1.21.0".into(),
        }],
    }
}

fn log_request() -> ExportLogsServiceRequest {
    let record = LogRecord {
        time_unix_nano: NOW,
        severity_number: 9,
        severity_text: "INFO".into(),
        body: any(Value::StringValue(r#"{"a":{"b":1}}"#.into())),
        attributes: attributes(),
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        ..LogRecord::default()
    };
    let map = LogRecord {
        body: any(Value::KvlistValue(KeyValueList {
            values: attributes(),
        })),
        ..LogRecord::default()
    };
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: resource(),
            scope_logs: vec![ScopeLogs {
                scope: scope(),
                log_records: vec![record, map],
                ..ScopeLogs::default()
            }],
            ..ResourceLogs::default()
        }],
    }
}

fn metric_request() -> ExportMetricsServiceRequest {
    let number = |value| NumberDataPoint {
        attributes: attributes(),
        time_unix_nano: NOW,
        value: Some(value),
        exemplars: vec![Exemplar::default()],
        ..NumberDataPoint::default()
    };
    let histogram = HistogramDataPoint {
        time_unix_nano: NOW,
        count: 6,
        sum: Some(9.0),
        bucket_counts: vec![1, 2, 3],
        explicit_bounds: vec![1.0, 2.0],
        min: Some(0.5),
        max: Some(3.0),
        ..HistogramDataPoint::default()
    };
    let buckets = |offset| {
        Some(Buckets {
            offset,
            bucket_counts: vec![1, 0, 2],
        })
    };
    let exponential = ExponentialHistogramDataPoint {
        time_unix_nano: NOW,
        count: 7,
        scale: 3,
        zero_count: 1,
        positive: buckets(-2),
        negative: buckets(4),
        ..ExponentialHistogramDataPoint::default()
    };
    let summary = SummaryDataPoint {
        time_unix_nano: NOW,
        count: 2,
        sum: 3.0,
        quantile_values: vec![ValueAtQuantile {
            quantile: 0.5,
            value: 1.5,
        }],
        ..SummaryDataPoint::default()
    };
    let data = [
        Data::Gauge(Gauge {
            data_points: vec![number(number_data_point::Value::AsDouble(0.5))],
        }),
        Data::Sum(Sum {
            data_points: vec![number(number_data_point::Value::AsInt(-3))],
            aggregation_temporality: 2,
            is_monotonic: true,
        }),
        Data::Histogram(Histogram {
            data_points: vec![histogram],
            aggregation_temporality: 1,
        }),
        Data::ExponentialHistogram(ExponentialHistogram {
            data_points: vec![exponential],
            aggregation_temporality: 2,
        }),
        Data::Summary(Summary {
            data_points: vec![summary],
        }),
    ];
    let metrics = data.into_iter().enumerate().map(|(i, data)| Metric {
        name: format!("m.{i}"),
        unit: "ms".into(),
        data: Some(data),
        ..Metric::default()
    });
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: resource(),
            scope_metrics: vec![ScopeMetrics {
                scope: scope(),
                metrics: metrics.collect(),
                ..ScopeMetrics::default()
            }],
            ..ResourceMetrics::default()
        }],
    }
}

/// A request with everything a span can have.
#[must_use]
pub fn trace_seeds() -> Vec<Vec<u8>> {
    vec![trace_request().encode_to_vec()]
}

/// A request with a line of text and one with fields.
#[must_use]
pub fn log_seeds() -> Vec<Vec<u8>> {
    vec![log_request().encode_to_vec()]
}

/// A request with every kind of metric.
#[must_use]
pub fn metric_seeds() -> Vec<Vec<u8>> {
    vec![metric_request().encode_to_vec()]
}

/// The three signals as the specification spells them in JSON.
#[must_use]
pub fn json_seeds() -> Vec<Vec<u8>> {
    let value = r#"[{"key":"s","value":{"stringValue":"a\u00df"}},{"key":"i","value":{"intValue":"-7"}},{"key":"d","value":{"doubleValue":"NaN"}},
        {"key":"b","value":{"boolValue":true}},{"key":"y","value":{"bytesValue":"AP8="}},
        {"key":"l","value":{"arrayValue":{"values":[{"intValue":1},{"kvlistValue":{"values":[{"key":"x","value":null}]}}]}}}]"#;
    let resource = format!(
        r#""resource":{{"attributes":{value},"droppedAttributesCount":0}},"schemaUrl":"u""#
    );
    let bodies = [
        format!(
            r#"{{"resourceSpans":[{{{resource},"scopeSpans":[{{"scope":{{"name":"s","version":"1"}},"spans":[{{"traceId":"5b8efff798038103d269b633813fc60c",
            "spanId":"eee19b7ec3c1b174","parentSpanId":"eee19b7ec3c1b173","name":"n","kind":"SPAN_KIND_SERVER","startTimeUnixNano":"1544712660000000000",
            "endTimeUnixNano":1544712661000000000,"attributes":{value},"events":[{{"timeUnixNano":"1","name":"e"}}],
            "links":[{{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174"}}],"status":{{"code":2,"message":"m"}},"unknown":[{{}}]}}]}}]}}]}}"#
        ),
        format!(
            r#"{{"resourceLogs":[{{{resource},"scopeLogs":[{{"scope":{{}},"logRecords":[{{"timeUnixNano":"1544712660300000000",
            "severityNumber":10,"severityText":"Info","body":{{"stringValue":"line"}},"attributes":{value},"traceId":"","spanId":""}}]}}]}}]}}"#
        ),
        format!(
            r#"{{"resourceMetrics":[{{{resource},"scopeMetrics":[{{"metrics":[{{"name":"c","unit":"1","sum":{{"aggregationTemporality":1,"isMonotonic":true,
            "dataPoints":[{{"asDouble":5,"timeUnixNano":"1544712660300000000","attributes":{value}}}]}}}},{{"name":"h","histogram":{{"aggregationTemporality":2,
            "dataPoints":[{{"count":"2","sum":2,"bucketCounts":["1","1"],"explicitBounds":[1],"min":0,"max":2}}]}}}}]}}]}}]}}"#
        ),
    ];
    bodies
        .into_iter()
        .zip(0u8..)
        .map(|(body, first)| [&[first], body.as_bytes()].concat())
        .collect()
}
