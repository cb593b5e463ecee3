//! Answers over hand-made rows, the same on buffers and parts however the rows are split.

use super::*;
use crate::answer::Cell;
use crate::testing::{self, T0};
use crate::{Querier, spec};
use serde_json::{Value, json};
use store::disk::RealDisk;
use store::{Append, Options, Store};

struct Fixed(i64);

impl Clock for Fixed {
    fn now(&self) -> i64 {
        self.0
    }
}

const NOW: i64 = T0 + 3_600_000_000_000;

/// The tables of rows in memory.
struct Memory {
    tables: Vec<Table>,
    known: Vec<FieldStat>,
}

impl Tables for Memory {
    fn snapshot(&self, table: TableId) -> Snapshot {
        let of_kind = self.tables.iter().find(|t| t.kind == table.kind);
        of_kind.map_or_else(
            || Snapshot {
                parts: Vec::new(),
                batches: Vec::new(),
                tombstones: Arc::new([]),
                expired_before: Arc::new(store::Expiry::default()),
            },
            |t| t.snapshot.clone(),
        )
    }
    fn fields(&self, _: EnvId) -> Vec<FieldStat> {
        self.known.clone()
    }
    fn note_queried(&self, _: EnvId, _: &[&str]) {}
}

const ENV: EnvId = EnvId(3);

pub(super) fn in_memory(pieces: &[&[Value]]) -> Querier {
    let mut tables: Vec<Table> = Vec::new();
    for piece in pieces {
        for t in testing::tables(piece) {
            match tables.iter_mut().find(|x| x.kind == t.kind) {
                Some(x) => x.snapshot.batches.extend(t.snapshot.batches),
                None => tables.push(t),
            }
        }
    }
    let known = testing::known(&tables);
    Querier::over(Arc::new(Memory { tables, known }), Arc::new(Fixed(NOW)), 2)
}

/// A store with the pieces; all but the last are flushed to parts. Few columns a part, so that
/// some fields overflow.
pub(super) fn in_store(pieces: &[&[Value]], flush_last: bool) -> (tempfile::TempDir, Querier) {
    in_store_of(3, pieces, flush_last)
}

/// Likewise, with so many columns a part.
fn in_store_of(
    columns_per_part: usize,
    pieces: &[&[Value]],
    flush_last: bool,
) -> (tempfile::TempDir, Querier) {
    let dir = tempfile::tempdir().unwrap();
    let options = Options {
        background: false,
        columns_per_part,
        reserve_bytes: 0,
        ..Options::new(dir.path())
    };
    let clock = Arc::new(Fixed(NOW));
    let (store, _) = Store::open(options, clock.clone(), Arc::new(RealDisk)).unwrap();
    for (i, piece) in pieces.iter().enumerate() {
        for t in testing::tables(piece) {
            for b in &t.snapshot.batches {
                let (send, receive) = std::sync::mpsc::channel();
                let append = Append {
                    table: TableId {
                        env: ENV,
                        kind: t.kind,
                    },
                    batch: b.batch.clone(),
                    identity: None,
                };
                store.append(append, Box::new(move |r| send.send(r).unwrap()));
                receive.recv().unwrap().unwrap();
            }
        }
        if flush_last || i + 1 < pieces.len() {
            store.flush().unwrap();
        }
    }
    (dir, Querier::new(store, clock, 2))
}

pub(super) fn ask(
    querier: &Querier,
    dataset: Option<&str>,
    query: &spec::Query,
) -> Result<Answer, Error> {
    let scope = Scope {
        env: ENV,
        dataset: dataset.map(str::to_owned),
    };
    let mut answer = testing::wait(querier.run(&scope, query, Limits::default(), None))?;
    answer.stats = ScanStats::default();
    Ok(answer)
}

/// Without series groups and totals are the same.
fn check_totals_alone(querier: &Querier, query: &spec::Query, whole: &Answer) {
    let scope = Scope {
        env: ENV,
        dataset: None,
    };
    let limits = Limits {
        series: false,
        ..Limits::default()
    };
    let answer = testing::wait(querier.run(&scope, query, limits, None)).unwrap();
    assert_eq!(
        (&answer.results, &answer.total, &answer.other),
        (&whole.results, &whole.total, &whole.other),
        "without series"
    );
    assert!(answer.series.is_empty());
}

/// The answer to `query`, after checking that every way to hold the rows gives the same.
fn check(rows: &[Value], mut query: Value) -> Answer {
    let o = query.as_object_mut().unwrap();
    o.entry("start_time").or_insert(json!(T0 / 1_000_000_000));
    o.entry("time_range").or_insert(json!(600));
    let query: spec::Query = serde_json::from_value(query).unwrap();
    let answer = ask(&in_memory(&[rows]), None, &query).unwrap();
    let (third, half) = (rows.len() / 3, rows.len() / 2);
    for pieces in [
        vec![rows],
        vec![&rows[..half], &rows[half..]],
        vec![&rows[..third], &rows[third..half], &rows[half..]],
    ] {
        assert_eq!(
            ask(&in_memory(&pieces), None, &query).unwrap(),
            answer,
            "buffers"
        );
        for flush_last in [false, true] {
            let (_dir, querier) = in_store(&pieces, flush_last);
            assert_eq!(
                ask(&querier, None, &query).unwrap(),
                answer,
                "parts {flush_last}"
            );
            check_totals_alone(&querier, &query, &answer);
        }
    }
    answer
}

/// Spans of two services: (ms after start, service, duration ms, fields).
fn spans() -> Vec<Value> {
    let row = |i: u64, at: i64, service: &str, ms: i64, mut fields: Value| {
        fields["service.name"] = service.into();
        fields["@ms"] = ms.into();
        testing::span(i / 2 + 1, i + 1, 0, at, fields)
    };
    vec![
        row(0, 0, "web", 10, json!({"route": "/a", "n": 1, "ok": true})),
        row(1, 1_000, "web", 20, json!({"route": "/b", "n": 2})),
        row(
            2,
            2_000,
            "web",
            30,
            json!({"route": "/a", "n": 3, "@status": "error"}),
        ),
        row(3, 61_000, "db", 40, json!({"n": "4", "user": "ann"})),
        row(
            4,
            62_000,
            "db",
            50,
            json!({"n": 5.5, "user": "bob", "@rate": 10}),
        ),
        row(5, 122_000, "db", 60, json!({"user": "ann"})),
    ]
}

fn cells(row: &crate::answer::Row) -> String {
    let one = |c: &Cell| match c {
        Cell::Null => "null".to_owned(),
        Cell::Bool(b) => b.to_string(),
        Cell::Int(i) => i.to_string(),
        Cell::Float(x) => format!("{x:?}"),
        Cell::Text(t) => t.clone(),
        Cell::Buckets { buckets } => buckets
            .iter()
            .map(|b| format!("[{},{})={}", b.min, b.max, b.count))
            .collect(),
    };
    row.iter()
        .map(|(k, v)| format!("{k}={}", one(v)))
        .collect::<Vec<_>>()
        .join(" ")
}

fn results(answer: &Answer) -> Vec<String> {
    answer.results.iter().map(cells).collect()
}

fn series(answer: &Answer) -> Vec<String> {
    let at = |p: &crate::answer::SeriesPoint| (p.time_ns - T0) / 1_000_000_000;
    answer
        .series
        .iter()
        .map(|p| format!("{} {}", at(p), cells(&p.data)))
        .collect()
}

#[test]
fn counts_are_weighted_and_by_time() {
    let a = check(&spans(), json!({"granularity": 60}));
    assert_eq!(results(&a), ["COUNT=15"]);
    assert_eq!(series(&a), ["0 COUNT=3", "60 COUNT=11", "120 COUNT=1"]);
    assert_eq!(cells(&a.total), "COUNT=15");
    assert_eq!(a.other, None);
    let a = check(
        &spans(),
        json!({"usage_mode": true, "breakdowns": ["Sample Rate"]}),
    );
    assert_eq!(
        results(&a),
        ["COUNT=5 Sample Rate=1", "COUNT=1 Sample Rate=10"]
    );
}

#[test]
fn rows_that_have_a_field_are_counted() {
    for (column, count) in [
        ("route", 3),
        ("user", 12),
        ("n", 14),
        ("ok", 1),
        ("none", 0),
    ] {
        let a = check(
            &spans(),
            json!({"filters": [{"column": column, "op": "exists"}]}),
        );
        assert_eq!(results(&a), [format!("COUNT={count}")], "{column}");
    }
}

#[test]
fn every_simple_calculation_by_group() {
    let calc = |op: &str| json!({"op": op, "column": "duration_ms"});
    let ops = ["SUM", "AVG", "MIN", "MAX", "P50", "COUNT_DISTINCT", "COUNT"];
    let list: Vec<Value> = ops.iter().map(|o| calc(o)).collect();
    let a = check(
        &spans(),
        json!({"calculations": list, "breakdowns": ["service.name"], "orders": [{"column": "service.name"}]}),
    );
    assert_eq!(
        results(&a),
        [
            "AVG(duration_ms)=50.0 COUNT(duration_ms)=12 COUNT_DISTINCT(duration_ms)=3 MAX(duration_ms)=60.0 \
             MIN(duration_ms)=40.0 P50(duration_ms)=50.5 SUM(duration_ms)=600.0 service.name=db",
            "AVG(duration_ms)=20.0 COUNT(duration_ms)=3 COUNT_DISTINCT(duration_ms)=3 MAX(duration_ms)=30.0 \
             MIN(duration_ms)=10.0 P50(duration_ms)=20.25 SUM(duration_ms)=60.0 service.name=web",
        ]
    );
}

#[test]
fn a_field_of_three_types_is_one_field() {
    let a = check(
        &spans(),
        json!({"calculations": [{"op": "SUM", "column": "n"}, {"op": "MAX", "column": "n"}], "breakdowns": ["n"],
               "orders": [{"column": "n"}]}),
    );
    assert_eq!(
        results(&a),
        [
            "MAX(n)=1.0 SUM(n)=1.0 n=1",
            "MAX(n)=2.0 SUM(n)=2.0 n=2",
            "MAX(n)=3.0 SUM(n)=3.0 n=3",
            "MAX(n)=4.0 SUM(n)=4.0 n=4",
            "MAX(n)=5.5 SUM(n)=55.0 n=5.5",
            "MAX(n)=null SUM(n)=null",
        ]
    );
    let a = check(
        &spans(),
        json!({"filters": [{"column": "n", "op": ">", "value": 2}]}),
    );
    assert_eq!(results(&a), ["COUNT=12"]);
    let a = check(
        &spans(),
        json!({"filters": [{"column": "n", "op": "in", "value": [4, "5.5", 9]}]}),
    );
    assert_eq!(results(&a), ["COUNT=11"]);
}

#[test]
fn limit_other_total_and_having() {
    let a = check(
        &spans(),
        json!({"breakdowns": ["user"], "calculations": [{"op": "COUNT"}, {"op": "MAX", "column": "duration_ms"}],
               "limit": 1}),
    );
    assert_eq!(results(&a), ["COUNT=10 MAX(duration_ms)=50.0 user=bob"]);
    assert_eq!(a.groups_seen, 3);
    assert_eq!(
        a.other.as_ref().map(cells).unwrap(),
        "COUNT=5 MAX(duration_ms)=60.0"
    );
    assert_eq!(cells(&a.total), "COUNT=15 MAX(duration_ms)=60.0");
    let a = check(
        &spans(),
        json!({"breakdowns": ["user"], "havings": [{"calculate_op": "COUNT", "op": "<", "value": 5}],
               "calculations": [{"op": "COUNT"}]}),
    );
    assert_eq!(results(&a), ["COUNT=3", "COUNT=2 user=ann"]);
    assert_eq!(cells(&a.total), "COUNT=15");
    assert_eq!(a.other.as_ref().map(cells).unwrap(), "COUNT=10");
}

#[test]
fn a_calculation_has_its_own_filters_and_name() {
    let a = check(
        &spans(),
        json!({"breakdowns": ["service.name"], "orders": [{"column": "service.name"}], "calculations": [
            {"op": "COUNT"},
            {"op": "COUNT", "name": "errors", "filters": [{"column": "error", "op": "=", "value": true}]},
            {"op": "MAX", "column": "duration_ms", "name": "slow a", "filters": [{"column": "route", "op": "=", "value": "/a"}]}
        ]}),
    );
    assert_eq!(
        results(&a),
        [
            "COUNT=12 errors=0 service.name=db slow a=null",
            "COUNT=3 errors=1 service.name=web slow a=30.0"
        ]
    );
}

#[test]
fn filters_combine_and_negatives_match_what_is_missing() {
    let count = |filters: Value, combination: &str| {
        let a = check(
            &spans(),
            json!({"filters": filters, "filter_combination": combination, "usage_mode": true}),
        );
        results(&a)
    };
    let route = |op: &str, v: Value| json!({"column": "route", "op": op, "value": v});
    assert_eq!(count(json!([route("=", json!("/a"))]), "AND"), ["COUNT=2"]);
    assert_eq!(count(json!([route("!=", json!("/a"))]), "AND"), ["COUNT=4"]);
    assert_eq!(
        count(json!([{"column": "route", "op": "does-not-exist"}]), "AND"),
        ["COUNT=3"]
    );
    assert_eq!(
        count(
            json!([route("=", json!("/b")), {"column": "user", "op": "starts-with", "value": "a"}]),
            "OR"
        ),
        ["COUNT=3"]
    );
    assert_eq!(
        count(
            json!([route("=", json!("/a")), {"column": "duration_ms", "op": ">=", "value": 30}]),
            "AND"
        ),
        ["COUNT=1"]
    );
    assert_eq!(
        count(
            json!([{"column": "status_code", "op": "=", "value": 2}]),
            "AND"
        ),
        ["COUNT=1"]
    );
    assert_eq!(
        count(json!([{"column": "nothing", "op": "exists"}]), "AND"),
        ["COUNT=0"]
    );
}

#[test]
fn an_unknown_field_is_a_notice() {
    let a = check(
        &spans(),
        json!({"breakdowns": ["no.such"], "calculations": [{"op": "AVG", "column": "neither"}]}),
    );
    assert_eq!(results(&a), ["AVG(neither)=null"]);
    assert_eq!(
        a.notices,
        [
            "no event has a field named \"no.such\"",
            "no event has a field named \"neither\""
        ]
    );
}

#[test]
fn heat_maps_share_their_bins() {
    let a = check(
        &spans(),
        json!({"calculations": [{"op": "HEATMAP", "column": "duration_ms"}], "granularity": 60}),
    );
    assert_eq!(
        series(&a),
        [
            "0 HEATMAP(duration_ms)=[10,12)=1[20,22)=1[30,32)=1",
            "60 HEATMAP(duration_ms)=[40,42)=1[50,52)=10",
            "120 HEATMAP(duration_ms)=[60,62)=1"
        ]
    );
}

#[test]
fn rates_are_differences_between_neighbours() {
    let a = check(
        &spans(),
        json!({"calculations": [{"op": "RATE_MAX", "column": "duration_ms"}, {"op": "RATE_SUM", "column": "duration_ms"}],
               "granularity": 60}),
    );
    assert_eq!(
        series(&a),
        [
            "0 RATE_MAX(duration_ms)=null RATE_SUM(duration_ms)=null",
            "60 RATE_MAX(duration_ms)=20.0 RATE_SUM(duration_ms)=480.0",
            "120 RATE_MAX(duration_ms)=10.0 RATE_SUM(duration_ms)=-480.0"
        ]
    );
}

#[test]
fn concurrency_is_the_mean_number_at_once() {
    let rows: Vec<Value> = [(0, 30_000), (30_000, 90_000), (60_000, 1_000_000)]
        .into_iter()
        .enumerate()
        .map(|(i, (at, ms))| testing::span(1, i as u64 + 1, 0, at, json!({"@ms": ms})))
        .collect();
    let a = check(
        &rows,
        json!({"calculations": [{"op": "CONCURRENCY"}], "granularity": 60, "time_range": 240}),
    );
    assert_eq!(
        series(&a),
        [
            "0 CONCURRENCY=1.0",
            "60 CONCURRENCY=2.0",
            "120 CONCURRENCY=1.0",
            "180 CONCURRENCY=1.0"
        ]
    );
    assert_eq!(results(&a), ["CONCURRENCY=1.25"]);
}

#[test]
fn rows_of_other_datasets_and_times_are_left_out() {
    let mut rows = spans();
    rows[0]["@dataset"] = "other".into();
    let query: spec::Query = serde_json::from_value(json!({
        "start_time": T0 / 1_000_000_000, "end_time": T0 / 1_000_000_000 + 61
    }))
    .unwrap();
    for (querier, _dir) in [(in_memory(&[&rows]), None), {
        let (d, q) = in_store(&[&rows], true);
        (q, Some(d))
    }] {
        let count = |d| cells(&ask(&querier, d, &query).unwrap().total);
        assert_eq!(count(None), "COUNT=3");
        assert_eq!(count(Some("app")), "COUNT=2");
        assert_eq!(count(Some("other")), "COUNT=1");
        assert_eq!(count(Some("nowhere")), "COUNT=0");
    }
}

#[test]
fn expired_and_deleted_rows_are_not_seen() {
    let mut rows = spans();
    rows[5]["@dataset"] = "gone".into();
    let mut tables = testing::tables(&rows);
    let known = testing::known(&tables);
    for t in &mut tables {
        t.snapshot.expired_before = Arc::new(store::Expiry {
            default: T0 + 1_500_000_000,
            by_dataset: vec![("keeps".into(), i64::MIN)],
        });
        t.snapshot.tombstones = Arc::new([store::Tombstone {
            env: ENV,
            dataset: "gone".into(),
            created_ms: i64::MAX,
        }]);
    }
    let querier = Querier::over(Arc::new(Memory { tables, known }), Arc::new(Fixed(NOW)), 1);
    let query: spec::Query = serde_json::from_value(json!({"usage_mode": true})).unwrap();
    assert_eq!(
        cells(&ask(&querier, None, &query).unwrap().total),
        "COUNT=3"
    );
}

#[test]
fn many_groups_take_a_second_pass_for_their_series() {
    let rows: Vec<Value> = (0..1_500i64)
        .map(|i| {
            testing::span(
                1,
                i as u64 + 1,
                0,
                i * 400,
                json!({"id": format!("u{}", i % 700), "@ms": i % 90}),
            )
        })
        .collect();
    let query = json!({"breakdowns": ["id"], "limit": 3, "granularity": 1,
                       "calculations": [{"op": "COUNT"}, {"op": "MAX", "column": "duration_ms"}]});
    let a = check(&rows, query);
    assert_eq!(a.groups_seen, 700);
    assert_eq!(results(&a)[0], "COUNT=3 MAX(duration_ms)=70.0 id=u0");
    assert_eq!(
        series(&a).iter().filter(|s| s.ends_with("id=u0")).count(),
        3
    );
    assert_eq!(a.total_series.len(), 600);
    assert!(!a.approximate);
}

#[test]
fn fields_and_values_of_a_scope() {
    let rows = spans();
    let mut newer = rows.clone();
    newer.iter_mut().for_each(|r| r["@dataset"] = "late".into());
    let (_dir, querier) = in_store(&[&rows[..3], &rows[3..], &newer[..2]], false);
    let scope = |d: Option<&str>| Scope {
        env: ENV,
        dataset: d.map(str::to_owned),
    };
    let list = |d| {
        let fields = querier.fields(&scope(d));
        let text = |f: &crate::FieldInfo| format!("{}:{}", f.name, f.types.join("|"));
        fields.iter().map(text).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        list(Some("late")),
        "dataset:string duration_ms:float n:integer ok:boolean route:string service.name:string \
         timestamp:string trace.span_id:string trace.trace_id:string"
    );
    assert!(
        list(None).contains("n:integer|string|float"),
        "{}",
        list(None)
    );
    let values =
        |field, prefix| testing::wait(querier.values(&scope(None), field, prefix, 10)).unwrap();
    assert_eq!(
        values("user", ""),
        [
            (Cell::Text("bob".into()), 10),
            (Cell::Text("ann".into()), 2)
        ]
    );
    assert_eq!(values("user", "a"), [(Cell::Text("ann".into()), 2)]);
    assert_eq!(values("nothing", ""), []);
}

#[test]
fn a_listener_hears_of_progress_and_time_runs_out() {
    let rows = spans();
    let querier = in_memory(&[&rows]);
    let heard = Arc::new(parking_lot::Mutex::new(Vec::new()));
    let tell: Listener = {
        let heard = Arc::clone(&heard);
        Arc::new(move |p| heard.lock().push(p))
    };
    let scope = Scope {
        env: ENV,
        dataset: None,
    };
    let query = spec::Query::default();
    testing::wait(querier.run(&scope, &query, Limits::default(), Some(tell))).unwrap();
    assert!(matches!(
        heard.lock().last(),
        Some(Progress::Read(s)) if s.rows_examined == 6
    ));
    let none = Limits {
        time_ms: 0,
        ..Limits::default()
    };
    let late = testing::wait(querier.run(&scope, &query, none, None));
    assert!(matches!(late, Err(Error::LimitExceeded(_))), "{late:?}");
}

/// Scenario: whoever asked goes away while the first of many pieces is told of. Guarantees: the question ends there; the rest
/// is not read.
#[test]
fn a_question_that_nobody_waits_for_ends() {
    use futures::future::Either;
    let rows = spans();
    // A part each: more than are read between two looks.
    let pieces: Vec<&[Value]> = vec![&rows; 32];
    let (_dir, querier) = in_store(&pieces, true);
    let all = 32 * rows.len() as u64;
    let heard = Arc::new(parking_lot::Mutex::new(Vec::new()));
    let (first, told) = futures::channel::oneshot::channel();
    let (leave, left) = std::sync::mpsc::channel::<()>();
    let (first, left) = (Mutex::new(Some(first)), Mutex::new(left));
    let tell: Listener = {
        let heard = Arc::clone(&heard);
        Arc::new(move |p| {
            if let Progress::Read(stats) = p {
                heard.lock().push(stats.rows_examined);
            }
            if let Some(first) = first.lock().unwrap().take() {
                first.send(()).unwrap();
                left.lock().unwrap().recv().unwrap();
            }
        })
    };
    let listening = Arc::downgrade(&tell);
    let scope = Scope {
        env: ENV,
        dataset: None,
    };
    let query = spec::Query::default();
    testing::wait(async {
        let asked = querier.run(&scope, &query, Limits::default(), Some(tell));
        match futures::future::select(Box::pin(asked), told).await {
            Either::Right(_) => {}
            Either::Left((answer, _)) => panic!("it ended before: {answer:?}"),
        }
    });
    leave.send(()).unwrap();
    let began = Instant::now();
    while listening.upgrade().is_some() {
        assert!(began.elapsed() < Duration::from_secs(30), "it goes on");
        std::thread::sleep(Duration::from_millis(1));
    }
    let heard = heard.lock().clone();
    assert!(heard.iter().all(|rows| *rows < all), "{heard:?} of {all}");
}

#[test]
fn every_column_of_a_wide_trace_is_read_for_its_own_row() {
    const KEYS: u64 = 90;
    let value = |span: u64, key: u64| match key % 4 {
        0 => json!(format!("{span} has {key}")),
        1 => json!(span * 1_000 + key),
        2 => json!(span as f64 + key as f64 / 128.0),
        _ => json!((span + key).is_multiple_of(3)),
    };
    // Every third attribute is missing, in each span another.
    let attributes = |span: u64| {
        let keys = (0..KEYS).filter(move |key| !(span + key).is_multiple_of(3));
        keys.map(move |key| (format!("wide.{key:02}"), value(span, key)))
    };
    let rows: Vec<Value> = (1..=40)
        .map(|n| {
            let fields = attributes(n).collect::<serde_json::Map<_, _>>();
            testing::span(1 + n % 2, n, 0, n as i64, Value::Object(fields))
        })
        .collect();
    let (_dir, querier) = in_store_of(200, &[&rows], true);
    let id = event::TraceId::parse("f0000000000000000000000000000001").unwrap();
    let trace = testing::wait(querier.trace(ENV, id, None)).unwrap();
    assert_eq!(trace.rows.len(), 20);
    for (i, row) in trace.rows.iter().enumerate() {
        let span = 2 + 2 * i as u64;
        assert_eq!(row.span_id, Some(format!("{span:016x}")));
        let wide = row
            .fields
            .iter()
            .filter(|(key, _)| key.starts_with("wide."));
        let got: Vec<(String, Value)> = wide
            .map(|(key, cell)| (key.clone(), serde_json::to_value(cell).unwrap()))
            .collect();
        assert_eq!(got, attributes(span).collect::<Vec<_>>());
    }
}
