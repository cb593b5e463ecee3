//! Traces by hand, and the maps they make: numbers of xray.md §8.3, counted by hand.

use super::*;
use crate::answer::Row;
use std::collections::BTreeMap;

const MS: i64 = 1_000_000;

fn call(id: u8, parent: u8, name: &str, from_ms: i64, to_ms: i64, fields: &[(&str, &str)]) -> Call {
    let span = |n: u8| SpanId([n, 0, 0, 0, 0, 0, 0, 1]);
    let mut row = Row::new();
    row.insert("meta.source".into(), Cell::Text("xray".into()));
    for (name, value) in fields {
        let cell = match *value {
            "true" => Cell::Bool(true),
            text => Cell::Text(text.to_owned()),
        };
        row.insert((*name).to_owned(), cell);
    }
    let is = |name: &str| row.contains_key(name);
    Call {
        span_id: span(id),
        parent_id: (parent != 0).then(|| span(parent)),
        parent: None,
        children: Vec::new(),
        segment: None,
        node: None,
        inferred: false,
        reach: match row.get("aws.xray.namespace") {
            Some(Cell::Text(t)) if t == "aws" => Reach::Aws,
            Some(_) => Reach::Remote,
            None => Reach::Local,
        },
        name: name.to_owned(),
        start_ns: from_ms * MS,
        duration_ns: (to_ms >= 0).then(|| (to_ms - from_ms) * MS),
        flags: Flags {
            error: is("aws.xray.error"),
            throttle: is("aws.xray.throttle"),
            fault: is("aws.xray.fault"),
        },
        dataset: "xray".into(),
        source: Some("xray".into()),
        event_id: None,
        fields: Arc::new(row),
    }
}

const SUB: (&str, &str) = ("aws.xray.subsegment", "true");

fn whole(calls: Vec<Call>) -> TraceCalls {
    assemble(TraceId([1; 16]), calls, 3_600_000 * MS)
}

fn names(graph: &Graph) -> BTreeMap<(String, Option<String>), usize> {
    let nodes = graph.nodes.iter().enumerate();
    nodes
        .map(|(i, n)| {
            (
                (
                    n.node.name.to_string(),
                    n.node.kind.as_deref().map(str::to_owned),
                ),
                i,
            )
        })
        .collect()
}

/// The worked shape: client → web → table; numbers of a node are its own, of an edge its caller's.
#[test]
fn client_web_table() {
    let web = [
        ("service.name", "web"),
        ("aws.xray.origin", "AWS::EC2::Instance"),
    ];
    let table = [
        SUB,
        ("aws.xray.namespace", "aws"),
        ("aws.table_name", "users"),
        ("aws.xray.throttle", "true"),
        ("aws.xray.error", "true"),
    ];
    let trace = whole(vec![
        call(1, 0, "web", 0, 100, &web),
        call(2, 1, "DynamoDB", 10, 60, &table),
    ]);
    let mut graph = Graph::default();
    graph.add(&trace, (0, i64::MAX));
    let places = names(&graph);
    let place = |name: &str, kind: &str| places[&(name.to_owned(), Some(kind.to_owned()))];
    let (client, web, table) = (
        place("web", "client"),
        place("web", "AWS::EC2::Instance"),
        place("users", "AWS::DynamoDB::Table"),
    );
    assert_eq!(places.len(), 3);
    let node = |i: usize| &graph.nodes[i];
    assert!(node(web).is_root && node(web).reports && !node(table).reports);
    assert!(node(client).is_client() && node(client).statistics.total() == 0);
    assert_eq!(
        node(web).statistics,
        Statistics {
            ok: 1,
            total_ns: 100_000_000,
            ..Default::default()
        }
    );
    assert_eq!(
        node(table).statistics,
        Statistics {
            throttle: 1,
            total_ns: 50_000_000,
            ..Default::default()
        }
    );
    assert_eq!(
        node(client).edges.keys().copied().collect::<Vec<_>>(),
        [web]
    );
    assert_eq!(node(web).edges[&table].statistics.throttle, 1);
    assert_eq!(node(web).edges[&table].response.entries(), [(0.05, 1)]);
}

/// A callee that reports takes the inferred one's place; the edge keeps what the caller saw, and the
/// caller's duration lasts until the last thing it set off had ended.
#[test]
fn a_real_callee_replaces_the_inferred_one() {
    let remote = [SUB, ("aws.xray.namespace", "remote")];
    let trace = whole(vec![
        call(
            3,
            2,
            "orders",
            20,
            180,
            &[("service.name", "orders"), ("aws.xray.fault", "true")],
        ),
        call(2, 1, "orders", 10, 90, &remote),
        call(1, 0, "web", 0, 100, &[("service.name", "web")]),
    ]);
    assert!(trace.calls.iter().all(|c| !c.inferred));
    let mut graph = Graph::default();
    graph.add(&trace, (0, i64::MAX));
    let places = names(&graph);
    let web = &graph.nodes[places[&("web".to_owned(), None)]];
    let orders = places[&("orders".to_owned(), None)];
    assert_eq!(
        web.edges[&orders].statistics,
        Statistics {
            ok: 1,
            total_ns: 80_000_000,
            ..Default::default()
        }
    );
    assert_eq!(graph.nodes[orders].statistics.fault, 1);
    assert_eq!(web.response.entries(), [(0.1, 1)]);
    assert_eq!(web.duration.entries(), [(0.18, 1)]);
}

#[test]
fn what_is_in_progress_counts_as_there_and_in_no_statistics() {
    let trace = whole(vec![call(1, 0, "web", 0, -1, &[("service.name", "web")])]);
    let mut graph = Graph::default();
    graph.add(&trace, (0, i64::MAX));
    let web = &graph.nodes[names(&graph)[&("web".to_owned(), None)]];
    assert_eq!((web.statistics.total(), web.is_root), (0, true));
    let mut outside = Graph::default();
    outside.add(&trace, (1, i64::MAX));
    assert!(outside.nodes.is_empty(), "the window is of starts");
}

#[test]
fn circles_of_parents_and_lost_parents_end() {
    let a = call(1, 2, "a", 0, 10, &[("service.name", "a")]);
    let b = call(2, 1, "b", 1, 9, &[("service.name", "b")]);
    let itself = call(3, 3, "c", 2, 3, &[("service.name", "c")]);
    let lost = call(4, 9, "d", 3, 4, &[SUB]);
    let trace = whole(vec![a, b, itself, lost]);
    assert_eq!(trace.calls.len(), 4);
    assert_eq!(trace.root().unwrap().name, "b");
    assert_eq!(trace.calls[3].segment, None);
}

/// A callee that said it would report is waited for; then it is put in.
#[test]
fn a_callee_that_should_report_is_waited_for() {
    let calls = || {
        vec![
            call(1, 0, "web", 0, 100, &[("service.name", "web")]),
            call(
                2,
                1,
                "orders",
                10,
                90,
                &[
                    SUB,
                    ("aws.xray.namespace", "remote"),
                    ("aws.xray.traced", "true"),
                ],
            ),
        ]
    };
    assert_eq!(
        assemble(TraceId([1; 16]), calls(), 30_000 * MS).calls.len(),
        2
    );
    let later = assemble(TraceId([1; 16]), calls(), 61_000 * MS);
    assert!(later.calls[2].inferred);
    assert_eq!(
        later.calls[2].node.as_ref().unwrap().kind.as_deref(),
        Some(REMOTE)
    );
}

#[test]
fn histograms_keep_three_digits_and_a_hundred_entries() {
    let mut h = Histogram::default();
    h.add(123_456_789);
    assert_eq!(h.entries(), [(0.123, 1)]);
    h.add(999_600_000);
    assert_eq!(h.entries()[1], (1.0, 1));
    for i in 100..1_000 {
        h.add(i * 1_000);
    }
    let entries = h.entries();
    assert!(entries.len() <= 100, "{}", entries.len());
    assert_eq!(entries.iter().map(|(_, n)| n).sum::<u64>(), 902);
    let mut q = Histogram::default();
    (1..=100).for_each(|i| q.add(i * MS));
    assert_eq!(q.quantile_ns(0.5), Some(50 * 1_000_000));
    assert_eq!(q.quantile_ns(0.95), Some(95 * 1_000_000));
    assert_eq!(Histogram::default().quantile_ns(0.5), None);
}

#[test]
fn as_many_traces_are_read_together_as_their_rows_allow() {
    use super::read::next_together;
    // Ten calls each: twice as many as before, until 24,000 rows or 2,048 traces are reached.
    assert_eq!(next_together(256, 256, 2_560), 512);
    assert_eq!(next_together(2_048, 2_048, 20_480), 2_048);
    assert_eq!(next_together(2_048, 1_000, 20_000), 1_200);
    // A thousand calls each, and one trace above all limits.
    assert_eq!(next_together(256, 256, 256_000), 24);
    assert_eq!(next_together(24, 1, 200_000), 1);
    assert_eq!(next_together(1, 1, 1), 2);
}
