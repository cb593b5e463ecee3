use super::*;
use query::trace::TraceRow;

fn point(time_ns: i64, data: &[(&str, Cell)]) -> SeriesPoint {
    SeriesPoint {
        time_ns,
        data: row(data),
    }
}

fn row(data: &[(&str, Cell)]) -> Row {
    data.iter()
        .map(|(k, v)| ((*k).to_owned(), v.clone()))
        .collect()
}

fn calculation(op: Op, column: Option<&str>) -> Calculation {
    Calculation {
        op,
        column: column.map(str::to_owned),
        name: None,
        filters: Vec::new(),
        filter_combination: query::spec::Combination::And,
    }
}

#[test]
fn series_are_dense_and_stand_in_the_order_of_results() {
    let asked = Query {
        calculations: vec![
            calculation(Op::Count, None),
            calculation(Op::P99, Some("duration_ms")),
        ],
        breakdowns: vec!["name".into()],
        ..Query::default()
    };
    let a = Cell::Text("a".into());
    let b = Cell::Text("b".into());
    let wire = answer(
        &asked,
        query::Answer {
            start_ns: 25,
            end_ns: 50,
            step_ns: 10,
            calculations: vec!["COUNT".into(), "P99(duration_ms)".into()],
            breakdowns: vec!["name".into()],
            series: vec![
                point(20, &[("name", a.clone()), ("COUNT", Cell::Int(3))]),
                point(
                    40,
                    &[
                        ("name", b.clone()),
                        ("COUNT", Cell::Int(1)),
                        ("P99(duration_ms)", Cell::Float(1.5)),
                    ],
                ),
            ],
            results: vec![row(&[("name", b)]), row(&[("name", a)])],
            ..query::Answer::default()
        },
    );
    assert_eq!((wire.first_bucket_ns, wire.buckets), (Nanos(20), 3));
    let numbers = |group: usize, line: usize| match &wire.series[group].lines[line] {
        Line::Numbers { values } => values.clone(),
        Line::Heatmap(_) => panic!("numbers were asked"),
    };
    assert_eq!(numbers(0, 0), [Some(0.0), Some(0.0), Some(1.0)]);
    assert_eq!(numbers(0, 1), [None, None, Some(1.5)]);
    assert_eq!(numbers(1, 0), [Some(3.0), Some(0.0), Some(0.0)]);
    assert_eq!(numbers(1, 1), [None, None, None]);
    assert!(wire.total_series.is_some());
}

#[test]
fn a_heatmap_is_sparse_over_shared_bins() {
    let bins = |list: &[(f64, f64, i64)]| Cell::Buckets {
        buckets: list
            .iter()
            .map(|&(min, max, count)| Bin { min, max, count })
            .collect(),
    };
    let asked = Query {
        calculations: vec![calculation(Op::Heatmap, Some("d"))],
        ..Query::default()
    };
    let wire = answer(
        &asked,
        query::Answer {
            start_ns: 0,
            end_ns: 20,
            step_ns: 10,
            calculations: vec!["HEATMAP(d)".into()],
            total_series: vec![
                point(0, &[("HEATMAP(d)", bins(&[(2.0, 4.0, 5)]))]),
                point(10, &[("HEATMAP(d)", bins(&[(1.0, 2.0, 1), (2.0, 4.0, 7)]))]),
            ],
            ..query::Answer::default()
        },
    );
    let Line::Heatmap(map) = &wire.series[0].lines[0] else {
        panic!("a heatmap was asked")
    };
    assert_eq!(
        (&map.min[..], &map.max[..]),
        (&[1.0, 2.0][..], &[2.0, 4.0][..])
    );
    assert_eq!(map.cells, [0, 1, 5, 1, 0, 1, 1, 1, 7]);
    assert_eq!(map.peak, 7);
    assert_eq!(wire.total_series.map(|_| ()), None);
}

#[test]
fn parents_are_rows_and_missing_ones_are_told_from_none() {
    let span = |id: &str, parent: Option<&str>, ts_ns: i64| TraceRow {
        ts_ns,
        duration_ns: Some(5),
        span_id: Some(id.into()),
        parent_id: parent.map(str::to_owned),
        service: Some("backend-flask".into()),
        table: "spans".into(),
        ..TraceRow::default()
    };
    let event = TraceRow {
        ts_ns: 103,
        parent_id: Some("b".into()),
        annotation: Some("span_event".into()),
        table: "spans".into(),
        ..TraceRow::default()
    };
    let wire = trace(&query::trace::Trace {
        trace_id: "t".into(),
        rows: vec![
            span("a", None, 100),
            span("b", Some("a"), 101),
            span("c", Some("gone"), 102),
            event,
        ],
        ..query::trace::Trace::default()
    });
    assert_eq!(wire.columns.parent, [-1, 0, -2, 1]);
    assert_eq!(wire.columns.start, [0, 1, 2, 3]);
    assert_eq!(wire.columns.duration, [5, 5, 5, -1]);
    assert_eq!(wire.end_ns, Nanos(107));
    assert_eq!(
        wire.strings[usize::try_from(wire.columns.service[0]).unwrap()],
        "backend-flask"
    );
    assert_eq!(wire.columns.service[3], -1);
}

/// Scenario: rows as four clients send them, the status under an old and a new name, as number and text.
/// Guarantees: a list tells status, what has not ended, how bad a line is and its words, cut at a letter.
#[test]
fn rows_tell_status_progress_severity_and_words() {
    let row = |table: &str, fields: &[(&str, Cell)]| TraceRow {
        table: table.into(),
        fields: fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
        ..TraceRow::default()
    };
    let text = |text: &str| Cell::Text(text.to_owned());
    let long = "é".repeat(BODY_BYTES);
    let wire = trace(&query::trace::Trace {
        trace_id: "t".into(),
        rows: vec![
            row("spans", &[("http.response.status_code", Cell::Int(429))]),
            row(
                "spans",
                &[
                    ("http.status_code", text("500")),
                    ("meta.in_progress", Cell::Bool(true)),
                ],
            ),
            row(
                "logs",
                &[("severity", text("ERROR")), ("body", text("a line"))],
            ),
            row(
                "errors",
                &[("level", text("warning")), ("body", text(&long))],
            ),
            row("spans", &[("http.status_code", Cell::Int(99))]),
        ],
        ..query::trace::Trace::default()
    });
    let columns = &wire.columns;
    let word = |place: i32| {
        usize::try_from(place)
            .ok()
            .map(|i| wire.strings[i].as_str())
    };
    assert_eq!(columns.http_status, [429, 500, 0, 0, 0]);
    assert_eq!(columns.in_progress, [0, 1, 0, 0, 0]);
    assert_eq!(word(columns.severity[2]), Some("ERROR"));
    assert_eq!(word(columns.severity[3]), Some("warning"));
    assert_eq!(word(columns.body[2]), Some("a line"));
    assert_eq!(word(columns.body[3]).unwrap(), "é".repeat(BODY_BYTES / 2));
    assert_eq!(word(columns.body[0]), None);
}
