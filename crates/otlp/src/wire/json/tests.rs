#![expect(clippy::indexing_slicing, reason = "a missing part fails the test")]

use super::*;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use prost::Message as _;

fn traces(json: &str) -> ExportTraceServiceRequest {
    let bytes = to_protobuf(Signal::Traces, json.as_bytes()).unwrap();
    ExportTraceServiceRequest::decode(&bytes[..]).unwrap()
}

fn span(json: &str) -> opentelemetry_proto::tonic::trace::v1::Span {
    let request = traces(&format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{json}]}}]}}]}}"#
    ));
    request.resource_spans[0].scope_spans[0].spans[0].clone()
}

#[test]
fn a_span_in_json_is_the_same_span() {
    let request = traces(
        r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"s"}}]},
        "schemaUrl":"u","scopeSpans":[{"scope":{"name":"n","version":"1"},"spans":[{
        "traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174","parentSpanId":"",
        "name":"I'm \"a\" span \ud83d\ude00","kind":2,"startTimeUnixNano":"1544712660000000000",
        "endTimeUnixNano":1544712661000000000,"status":{"code":2,"message":"m"},"droppedAttributesCount":0,
        "attributes":[{"key":"i","value":{"intValue":"-5"}},{"key":"d","value":{"doubleValue":1}},
        {"key":"b","value":{"boolValue":true}},{"key":"a","value":{"arrayValue":{"values":[{"intValue":1}]}}},
        {"key":"m","value":{"kvlistValue":{"values":[{"key":"x","value":{"bytesValue":"aGk"}}]}}}],
        "events":[{"timeUnixNano":"7","name":"e"}],"links":[{"traceId":"5B8EFFF798038103D269B633813FC60C"}]}]}]}]}"#,
    );
    let block = &request.resource_spans[0];
    assert_eq!(block.schema_url, "u");
    let scope = &block.scope_spans[0];
    assert_eq!(scope.scope.as_ref().unwrap().version, "1");
    let span = &scope.spans[0];
    assert_eq!(
        hex::encode(&span.trace_id),
        "5b8efff798038103d269b633813fc60c"
    );
    assert_eq!(hex::encode(&span.span_id), "eee19b7ec3c1b174");
    assert!(span.parent_span_id.is_empty());
    assert_eq!(span.name, "I'm \"a\" span 😀");
    assert_eq!(span.start_time_unix_nano, 1_544_712_660_000_000_000);
    assert_eq!(span.end_time_unix_nano, 1_544_712_661_000_000_000);
    assert_eq!((span.kind, span.status.as_ref().unwrap().code), (2, 2));
    assert_eq!((span.events[0].time_unix_nano, span.links.len()), (7, 1));
    let value = |i: usize| span.attributes[i].value.clone().unwrap().value.unwrap();
    assert_eq!(value(0), Value::IntValue(-5));
    assert_eq!(value(1), Value::DoubleValue(1.0));
    assert_eq!(value(2), Value::BoolValue(true));
    assert!(matches!(value(3), Value::ArrayValue(a) if a.values.len() == 1));
    let Value::KvlistValue(m) = value(4) else {
        panic!("a map")
    };
    assert_eq!(
        m.values[0].value.clone().unwrap().value,
        Some(Value::BytesValue(b"hi".to_vec()))
    );
}

#[test]
fn what_senders_write_beside_the_rules_is_taken() {
    let s = span(
        r#"{"trace_id":"W47/95gDgQPSabYzgT/GDA==","spanId":"7uGbfsPBsXQ","kind":"SPAN_KIND_CLIENT",
        "start_time_unix_nano":1e9,"traceState":null,"status":{"code":"STATUS_CODE_OK"},"new":[{"x":[1]}],
        "name":"half \ud83d"}"#,
    );
    assert_eq!(hex::encode(&s.trace_id), "5b8efff798038103d269b633813fc60c");
    assert_eq!(hex::encode(&s.span_id), "eee19b7ec3c1b174");
    assert_eq!((s.kind, s.status.unwrap().code), (3, 1));
    assert_eq!(s.start_time_unix_nano, 1_000_000_000);
    assert_eq!(s.name, "half \u{fffd}");
}

#[test]
fn logs_and_metrics_are_read_too() {
    let bytes = to_protobuf(
        Signal::Logs,
        br#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":"SEVERITY_NUMBER_WARN2",
        "flags":1,"observedTimeUnixNano":"5","body":{"stringValue":"hi"},"eventName":"e"}]}]}]}"#,
    )
    .unwrap();
    let logs = ExportLogsServiceRequest::decode(&bytes[..]).unwrap();
    let record = &logs.resource_logs[0].scope_logs[0].log_records[0];
    assert_eq!((record.severity_number, record.flags), (14, 1));
    assert_eq!(record.observed_time_unix_nano, 5);
    assert_eq!(record.event_name, "e");

    let bytes = to_protobuf(
        Signal::Metrics,
        br#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[
        {"name":"g","gauge":{"dataPoints":[{"asInt":"-7","timeUnixNano":"9"},{"asDouble":"NaN"}]}},
        {"name":"h","histogram":{"dataPoints":[{"count":"3","sum":1.5,"bucketCounts":["1","2"],"explicitBounds":[0.5]}]}},
        {"name":"e","exponentialHistogram":{"dataPoints":[{"scale":-2,"positive":{"offset":-1,"bucketCounts":["4"]}}]}}]}]}]}"#,
    )
    .unwrap();
    let metrics = ExportMetricsServiceRequest::decode(&bytes[..]).unwrap();
    let data: Vec<_> = metrics.resource_metrics[0].scope_metrics[0]
        .metrics
        .iter()
        .map(|m| m.data.clone().unwrap())
        .collect();
    let [
        Data::Gauge(g),
        Data::Histogram(h),
        Data::ExponentialHistogram(e),
    ] = &data[..]
    else {
        panic!("{data:?}");
    };
    use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as V;
    assert_eq!(g.data_points[0].value, Some(V::AsInt(-7)));
    assert!(matches!(g.data_points[1].value, Some(V::AsDouble(x)) if x.is_nan()));
    assert_eq!(h.data_points[0].bucket_counts, [1, 2]);
    assert_eq!(h.data_points[0].explicit_bounds, [0.5]);
    assert_eq!(e.data_points[0].scale, -2);
    assert_eq!(e.data_points[0].positive.as_ref().unwrap().offset, -1);
    assert_eq!(
        e.data_points[0].positive.as_ref().unwrap().bucket_counts,
        [4]
    );
}

#[test]
fn errors_name_the_field_and_the_place() {
    for (body, want) in [
        ("", "EOF while parsing a value at line 1 column 0"),
        (
            "[]",
            "invalid type: sequence, expected an object at line 1 column 0",
        ),
        (
            r#"{"resourceSpans":5}"#,
            "resourceSpans: 5 is not an object at line 1 column 18",
        ),
        (
            r#"{"resourceSpans":[]} x"#,
            "trailing characters at line 1 column 22",
        ),
    ] {
        let error = to_protobuf(Signal::Traces, body.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), want);
    }
    let body = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"xyz!"}]}]}]}"#;
    let error = to_protobuf(Signal::Traces, body.as_bytes())
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("traceId: \"xyz!\" is not 32 hex digits at line 1"),
        "{error}"
    );
}

#[test]
fn depth_and_number_of_values_are_limited() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = |n: usize| {
            let body = format!("{{\"x\":{}1{}}}", open.repeat(n), close.repeat(n));
            to_protobuf(Signal::Traces, body.as_bytes())
        };
        assert!(nested(DEPTH_LIMIT - 1).is_ok());
        for n in [DEPTH_LIMIT, 100_000] {
            let error = nested(n).unwrap_err();
            assert!(error.too_deep, "{error}");
        }
    }
    let body = format!("{{\"x\":[{}0]}}", "0,".repeat(VALUES_LIMIT));
    let error = to_protobuf(Signal::Traces, body.as_bytes()).unwrap_err();
    assert!(
        error.to_string().contains("more than 1000000 values"),
        "{error}"
    );
}
