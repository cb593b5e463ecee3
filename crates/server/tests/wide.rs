//! No event is refused for its fields: many keys, one key in three types, a megabyte of values.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::{Map, Value, json};
use support::Server;

const BINARY: &str = env!("CARGO_BIN_EXE_foursight");

fn send(server: &Server, events: &[Value]) {
    let batch: Vec<Value> = events.iter().map(|data| json!({"data": data})).collect();
    let reply = support::request(
        "POST",
        &server.url("/1/batch/wide"),
        &[
            ("content-type", "application/json"),
            ("x-honeycomb-team", "fsdev_ingest_key_000000"),
        ],
        Some(json!(batch).to_string().as_bytes()),
    );
    assert_eq!(reply.status, 200, "{}", reply.text());
    let statuses = reply.json();
    assert!(
        statuses
            .as_array()
            .unwrap()
            .iter()
            .all(|s| s["status"] == 202),
        "{statuses}"
    );
}

/// Rows where `column` `op` `value`.
fn count(server: &Server, column: &str, op: &str, value: &Value) -> u64 {
    let mut filter = json!({"column": column, "op": op});
    if !value.is_null() {
        filter["value"] = value.clone();
    }
    passing(server, "AND", &[filter])
}

/// Rows that pass all filters, or any.
fn passing(server: &Server, combination: &str, filters: &[Value]) -> u64 {
    let query = json!({
        "calculations": [{"op": "COUNT"}],
        "filters": filters,
        "filter_combination": combination,
    });
    let answer = server.query(Some("wide"), &query);
    answer["total"]["COUNT"].as_u64().unwrap_or(0)
}

/// *Scenario*: 2,000 keys in one event, then 10,000 keys over a hundred events, a key in three
/// types, a megabyte of text. *Guarantees*: none is refused, and each is found by its value, from
/// memory and, after a restart, from parts.
#[test]
fn wide_and_mixed_events_are_found_by_value() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(BINARY, data.path(), &["--dev"]);

    let many: Map<String, Value> = (0..2_000)
        .map(|i| (format!("key.{i:04}"), json!(i * 3)))
        .collect();
    send(&server, &[Value::Object(many)]);

    let fresh: Vec<Value> = (0..100)
        .map(|e| {
            Value::Object(
                (0..100)
                    .map(|k| {
                        (
                            format!("fresh.{:05}", e * 100 + k),
                            json!(format!("v{}", e * 100 + k)),
                        )
                    })
                    .collect(),
            )
        })
        .collect();
    send(&server, &fresh);

    send(
        &server,
        &[
            json!({"mixed": 7}),
            json!({"mixed": "seven"}),
            json!({"mixed": true}),
            json!({"mixed": 7.5}),
        ],
    );

    // Over a million bytes, in values as long as they may be, and within the largest event taken.
    let large: Map<String, Value> = (0..16)
        .map(|i| {
            (
                format!("large.{i:02}"),
                json!(format!("{i:02}{}", "x".repeat(64_000))),
            )
        })
        .collect();
    send(&server, &[Value::Object(large)]);

    check(&server);
    assert!(server.stop().success());
    let server = Server::start(BINARY, data.path(), &["--dev"]);
    check(&server);
}

fn check(server: &Server) {
    // All 2,000: the event passes only if it is found by each of a hundred.
    for first in (0..2_000).step_by(100) {
        let with = |op: &str| -> Vec<Value> {
            let keys = first..first + 100;
            keys.map(|i| json!({"column": format!("key.{i:04}"), "op": op, "value": i * 3}))
                .collect()
        };
        assert_eq!(passing(server, "AND", &with("=")), 1, "from {first} on");
        assert_eq!(passing(server, "OR", &with(">")), 0, "from {first} on");
    }
    // All 10,000: a question asks one key of each event, so each event counted was found by that key.
    for k in 0..100 {
        let keys = (0..100).map(|e| e * 100 + k);
        let filters: Vec<Value> = keys
            .map(
                |i| json!({"column": format!("fresh.{i:05}"), "op": "=", "value": format!("v{i}")}),
            )
            .collect();
        assert_eq!(passing(server, "OR", &filters), 100, "key {k} of each");
    }
    for i in [0, 99, 100, 5_000, 8_191, 9_999] {
        assert_eq!(
            count(server, &format!("fresh.{i:05}"), "exists", &Value::Null),
            1,
            "key {i}"
        );
    }
    assert_eq!(count(server, "mixed", "exists", &Value::Null), 4);
    assert_eq!(count(server, "mixed", "=", &json!(7)), 1);
    assert_eq!(count(server, "mixed", "=", &json!("seven")), 1);
    assert_eq!(count(server, "mixed", "=", &json!(true)), 1);
    assert_eq!(count(server, "mixed", ">=", &json!(7)), 2);
    for i in 0..16 {
        assert_eq!(
            count(
                server,
                &format!("large.{i:02}"),
                "starts-with",
                &json!(format!("{i:02}xxx"))
            ),
            1,
            "value {i}"
        );
    }
}
