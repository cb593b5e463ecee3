//! Rows of metrics, by hand from honeycomb.md §1.6.

use super::*;
use crate::translate::RefusedRows;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint,
    Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary, SummaryDataPoint,
    exponential_histogram_data_point::Buckets, metric::Data, number_data_point,
    summary_data_point::ValueAtQuantile,
};

fn request(metrics: Vec<(&str, Data)>) -> ExportMetricsServiceRequest {
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: resource(vec![str("service.name", "s")]),
            scope_metrics: vec![ScopeMetrics {
                scope: scope("meter", ""),
                metrics: metrics
                    .into_iter()
                    .map(|(name, data)| Metric {
                        name: name.to_owned(),
                        data: Some(data),
                        ..Metric::default()
                    })
                    .collect(),
                ..ScopeMetrics::default()
            }],
            ..ResourceMetrics::default()
        }],
    }
}

fn gauge(points: Vec<NumberDataPoint>) -> Data {
    Data::Gauge(Gauge {
        data_points: points,
    })
}

fn point(ts: u64, attributes: Vec<KeyValue>, v: f64) -> NumberDataPoint {
    NumberDataPoint {
        time_unix_nano: ts,
        attributes,
        value: Some(number_data_point::Value::AsDouble(v)),
        ..NumberDataPoint::default()
    }
}

#[test]
fn points_of_one_resource_second_and_attributes_share_a_row() {
    let route = |r: &str| vec![str("route", r), int("shard", 1)];
    let swapped = vec![int("shard", 1), str("route", "/a")];
    let sum = NumberDataPoint {
        time_unix_nano: T + 999,
        attributes: swapped,
        value: Some(number_data_point::Value::AsInt(41)),
        ..NumberDataPoint::default()
    };
    let done = run(
        Signal::Metrics,
        &request(vec![
            (
                "cpu",
                gauge(vec![
                    point(T + 5, route("/a"), 0.5),
                    point(T + 5, route("/b"), 0.75),
                    point(T + 1_000_000_000, route("/a"), 1.5),
                ]),
            ),
            (
                "requests",
                Data::Sum(Sum {
                    data_points: vec![sum],
                    ..Sum::default()
                }),
            ),
        ]),
        context(),
    );
    assert_eq!(done.batch.rows(), 3);
    assert_row(
        &done.batch,
        0,
        r#"
        [ts] = 0
        [dataset] = UNKNOWN_METRICS
        [service] = s
        meta.source = "otlp"
        meta.signal_type = "metric"
        meta.annotation_type = "metric_event"
        route = "/a"
        shard = 1
        cpu = 0.5
        requests = 41
        "#,
    );
    assert!(row(&done.batch, 1).contains("cpu = 0.75"));
    assert!(row(&done.batch, 2).contains("[ts] = 1000000000"));
}

#[test]
fn a_histogram_becomes_count_sum_average_and_percentiles() {
    let data = Data::Histogram(Histogram {
        data_points: vec![HistogramDataPoint {
            time_unix_nano: T,
            count: 100,
            sum: Some(250.0),
            bucket_counts: vec![10, 40, 40, 10],
            explicit_bounds: vec![1.0, 5.0, 10.0],
            min: Some(0.5),
            max: Some(12.0),
            ..HistogramDataPoint::default()
        }],
        ..Histogram::default()
    });
    let batch = run(Signal::Metrics, &request(vec![("h", data)]), context()).batch;
    assert_row(
        &batch,
        0,
        r#"
        [ts] = 0
        [dataset] = UNKNOWN_METRICS
        [service] = s
        meta.source = "otlp"
        meta.signal_type = "metric"
        meta.annotation_type = "metric_event"
        h.count = 100
        h.sum = 250.0
        h.avg = 2.5
        h.min = 0.5
        h.max = 12.0
        h.p001 = 1.0
        h.p01 = 1.0
        h.p05 = 1.0
        h.p10 = 1.0
        h.p25 = 1.0
        h.p50 = 5.0
        h.p75 = 5.0
        h.p90 = 10.0
        h.p95 = 10.0
        h.p99 = 10.0
        h.p999 = 10.0
        "#,
    );
}

#[test]
fn a_summary_keeps_the_quantiles_it_was_sent() {
    let at = |quantile, value| ValueAtQuantile { quantile, value };
    let data = Data::Summary(Summary {
        data_points: vec![SummaryDataPoint {
            time_unix_nano: T,
            count: 4,
            sum: 10.0,
            quantile_values: vec![at(0.0, 1.0), at(0.5, 2.0), at(0.999, 3.5), at(1.0, 4.0)],
            ..SummaryDataPoint::default()
        }],
    });
    let got = row(
        &run(Signal::Metrics, &request(vec![("q", data)]), context()).batch,
        0,
    );
    for line in [
        "q.count = 4",
        "q.sum = 10.0",
        "q.avg = 2.5",
        "q.min = 1.0",
        "q.p50 = 2.0",
        "q.p999 = 3.5",
        "q.max = 4.0",
    ] {
        assert!(got.lines().any(|l| l == line), "{line} in\n{got}");
    }
}

/// *Scenario*: scale 0, so buckets end at powers of two; one tenth each below zero, at zero, and the
/// rest in (1, 2] and (4, 8]. *Guarantees*: percentiles follow the explicit histogram's rule.
#[test]
fn an_exponential_histogram_has_the_percentiles_of_its_buckets() {
    let data = Data::ExponentialHistogram(ExponentialHistogram {
        data_points: vec![ExponentialHistogramDataPoint {
            time_unix_nano: T,
            count: 10,
            sum: Some(20.0),
            scale: 0,
            zero_count: 1,
            negative: Some(Buckets {
                offset: 1,
                bucket_counts: vec![1],
            }),
            positive: Some(Buckets {
                offset: 0,
                bucket_counts: vec![4, 0, 4],
            }),
            ..ExponentialHistogramDataPoint::default()
        }],
        ..ExponentialHistogram::default()
    });
    let got = row(
        &run(Signal::Metrics, &request(vec![("e", data)]), context()).batch,
        0,
    );
    for line in [
        "e.count = 10",
        "e.avg = 2.0",
        "e.p05 = -2.0",
        "e.p10 = -2.0",
        "e.p25 = 0.0",
        "e.p50 = 0.0",
        "e.p75 = 2.0",
        "e.p99 = 2.0",
    ] {
        assert!(got.lines().any(|l| l == line), "{line} in\n{got}");
    }
}

#[test]
fn points_without_a_value_or_a_name_are_no_rows() {
    let nothing = NumberDataPoint {
        flags: 1,
        ..point(T, vec![], 1.0)
    };
    let done = run(
        Signal::Metrics,
        &request(vec![
            ("g", gauge(vec![nothing])),
            ("", gauge(vec![point(T, vec![], 1.0)])),
        ]),
        context(),
    );
    assert_eq!((done.batch.rows(), done.rejected_items), (0, 1));
    assert!(matches!(
        &done.refused[..],
        [RefusedRows::Because { rows: 1, .. }]
    ));
}

#[test]
fn rejected_points_are_counted_as_points() {
    let old = T - 61 * DAY as u64;
    let done = run(
        Signal::Metrics,
        &request(vec![
            ("a", gauge(vec![point(old, vec![], 1.0)])),
            ("b", gauge(vec![point(old, vec![], 1.0)])),
        ]),
        context(),
    );
    assert_eq!(done.rejected_items, 2, "two points");
    assert_eq!(
        done.refused,
        [RefusedRows::TooOld { rows: 1 }],
        "of one row"
    );
}
