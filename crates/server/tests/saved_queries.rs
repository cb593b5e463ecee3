//! Saved queries over our own API, as Explore keeps them: over a restart, beside Honeycomb's API, refused by
//! name, and when what they ask no longer fits.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stopped"
)]

use serde_json::{Value, json};
use support::{Reply, Server};

const BINARY: &str = env!("CARGO_BIN_EXE_foursight");
const PLACE: &str = "/foursight/v1/environments/dev/saved_queries";
/// May ask by Honeycomb's API, and manage datasets.
const KEY: &str = "fsdevconfigkey00000000";

fn ask(server: &Server, method: &str, path: &str, body: Option<&Value>) -> Reply {
    let headers = [
        ("content-type", "application/json"),
        ("x-honeycomb-team", KEY),
    ];
    let body = body.map(Value::to_string);
    let bytes = body.as_deref().map(str::as_bytes);
    support::request(method, &server.url(path), &headers, bytes)
}

fn save(server: &Server, body: &Value) -> Reply {
    ask(server, "POST", PLACE, Some(body))
}

fn at(saved: &Value) -> String {
    format!("{PLACE}/{}", saved["id"].as_str().unwrap())
}

fn listed(server: &Server) -> Vec<Value> {
    let reply = ask(server, "GET", PLACE, None);
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["queries"].as_array().unwrap().clone()
}

fn names(server: &Server) -> Vec<String> {
    let name = |q: &Value| q["name"].as_str().unwrap().to_owned();
    listed(server).iter().map(name).collect()
}

/// A server with a dataset of one event.
fn start(data: &std::path::Path) -> Server {
    let server = Server::start(BINARY, data, &["--dev"]);
    let sent = ask(
        &server,
        "POST",
        "/1/events/backend",
        Some(&json!({"name": "GET /", "duration_ms": 7.5})),
    );
    assert_eq!(sent.status, 200, "{}", sent.text());
    server
}

fn question() -> Value {
    json!({"calculations": [{"op": "P90", "column": "duration_ms"}], "breakdowns": ["name"],
        "filters": [{"column": "duration_ms", "op": ">", "value": 2.5}],
        "start_time": 1_795_000_000.000_001, "end_time": 1_795_003_600.25})
}

#[test]
fn a_saved_query_is_there_after_a_restart_and_for_honeycombs_clients() {
    let data = tempfile::tempdir().unwrap();
    let server = start(data.path());
    let hostile = "<img src=x onerror=pwned(1)> \u{202e}שלום";
    let made = save(
        &server,
        &json!({"name": hostile, "description": "two\nlines", "dataset": "backend", "query": question()}),
    );
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    let everywhere = save(&server, &json!({"name": "all", "query": {}}));
    assert_eq!(everywhere.status, 201, "{}", everywhere.text());
    assert_eq!(server.stop().code(), Some(0));

    let server = start(data.path());
    let all = listed(&server);
    assert_eq!(names(&server), ["all", hostile]);
    assert_eq!(all[0]["dataset"], Value::Null);
    assert_eq!(all[1], made);
    assert_eq!(made["description"], "two\nlines");
    assert_eq!(made["asked"]["query"], question());
    assert_eq!(made["problem"], Value::Null);
    assert!(
        made["created_ns"] == made["changed_ns"]
            && made["created_ns"].as_str().unwrap().len() == 19
    );
    // The same question, by its own id, as Honeycomb's clients read it.
    let id = made["query_id"].as_str().unwrap();
    let theirs = ask(&server, "GET", &format!("/1/queries/backend/{id}"), None);
    assert_eq!(theirs.status, 200, "{}", theirs.text());
    let mut want = question();
    want["id"] = id.into();
    assert_eq!(theirs.json(), want);
}

#[test]
fn a_saved_query_is_renamed_asked_otherwise_and_deleted() {
    let data = tempfile::tempdir().unwrap();
    let server = start(data.path());
    let one = save(
        &server,
        &json!({"name": "one", "description": "why", "query": question(), "dataset": "backend"}),
    )
    .json();
    save(&server, &json!({"name": "two", "query": {}}));

    let renamed = ask(
        &server,
        "PATCH",
        &at(&one),
        Some(&json!({"name": " eins "})),
    );
    assert_eq!(renamed.status, 200, "{}", renamed.text());
    let mut want = one.clone();
    want["name"] = "eins".into();
    want["changed_ns"] = renamed.json()["changed_ns"].clone();
    assert_eq!(renamed.json(), want);
    assert_ne!(one["changed_ns"], want["changed_ns"]);
    assert_eq!(names(&server), ["eins", "two"]);

    // Without a dataset beside it, the question is about all of them.
    let other = json!({"calculations": [{"op": "COUNT"}], "breakdowns": ["name"]});
    let replaced = ask(&server, "PATCH", &at(&one), Some(&json!({"query": other}))).json();
    assert_eq!(replaced["asked"]["query"], other);
    assert_eq!(replaced["asked"]["text"], "COUNT group by name");
    assert_eq!(
        (&replaced["dataset"], &replaced["name"]),
        (&Value::Null, &json!("eins"))
    );
    assert_eq!(replaced["description"], "why");

    assert_eq!(ask(&server, "DELETE", &at(&one), None).status, 204);
    assert_eq!(ask(&server, "DELETE", &at(&one), None).status, 404);
    assert_eq!(
        ask(&server, "PATCH", &at(&one), Some(&json!({}))).status,
        404
    );
    assert_eq!(names(&server), ["two"]);
}

#[test]
fn what_cannot_be_saved_is_refused_and_says_why() {
    let data = tempfile::tempdir().unwrap();
    let server = start(data.path());
    assert_eq!(
        save(&server, &json!({"name": "one", "query": {}})).status,
        201
    );
    let long = json!([{"column": "name", "op": "=", "value": "x".repeat(17 << 10)}]);
    for (body, status, why) in [
        (
            json!({"name": " \u{200b} ", "query": {}}),
            400,
            "1 to 320 characters",
        ),
        (
            json!({"name": "ä".repeat(321), "query": {}}),
            400,
            "not 321",
        ),
        (json!({"name": "a\nb", "query": {}}), 400, "one line"),
        (
            json!({"name": "x", "description": "d".repeat(1_024), "query": {}}),
            400,
            "1023",
        ),
        (
            json!({"name": "one", "query": {}}),
            409,
            "named `one` already",
        ),
        (json!({"name": "x"}), 422, "query"),
        (json!({"name": "x", "query": {}, "by": "me"}), 422, "by"),
        (
            json!({"name": "x", "query": {"orders": [{"column": "a"}]}}),
            400,
            "order by",
        ),
        (
            json!({"name": "x", "query": {"formulas": [{"name": "a"}]}}),
            400,
            "formulas",
        ),
        (
            json!({"name": "x", "query": {"limit": 0}}),
            400,
            "limit is 0",
        ),
        (
            json!({"name": "x", "query": {"filters": long}}),
            400,
            "16384",
        ),
        (
            json!({"name": "x", "query": {}, "dataset": "nowhere"}),
            404,
            "no data set `nowhere`",
        ),
    ] {
        let reply = save(&server, &body);
        let said = reply.json();
        assert_eq!(reply.status, status, "{body}: {said}");
        let detail = said["detail"].as_str().unwrap();
        assert!(detail.contains(why), "{body}: {detail}");
    }
    let elsewhere = "/foursight/v1/environments/none/saved_queries";
    assert_eq!(ask(&server, "GET", elsewhere, None).status, 404);
    let one = &listed(&server)[0];
    let adrift = ask(
        &server,
        "PATCH",
        &at(one),
        Some(&json!({"dataset": "backend"})),
    );
    assert_eq!(adrift.status, 400, "{}", adrift.text());
    assert_eq!(names(&server), ["one"]);
}

/// Outside `--dev` nobody lists or saves without the owner token.
#[test]
fn saved_queries_are_the_owners() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(BINARY, data.path(), &[]);
    assert_eq!(ask(&server, "GET", PLACE, None).status, 401);
    assert_eq!(
        save(&server, &json!({"name": "x", "query": {}})).status,
        401
    );
}

/// Scenario: the dataset of a saved query is deleted; another one was kept by a version that asks otherwise.
/// Guarantees: both are listed with what is wrong, and can be renamed and deleted.
#[test]
fn a_saved_query_that_no_longer_fits_says_so() {
    let data = tempfile::tempdir().unwrap();
    let server = start(data.path());
    for (name, dataset) in [
        ("of backend", json!("backend")),
        ("of another version", Value::Null),
    ] {
        let body = json!({"name": name, "dataset": dataset, "query": {}});
        assert_eq!(save(&server, &body).status, 201);
    }
    let freed = json!({"settings": {"delete_protected": false}});
    assert_eq!(
        ask(&server, "PUT", "/1/datasets/backend", Some(&freed)).status,
        200
    );
    assert_eq!(
        ask(&server, "DELETE", "/1/datasets/backend", None).status,
        202
    );
    assert_eq!(server.stop().code(), Some(0));
    let catalog = rusqlite::Connection::open(data.path().join("catalog.sqlite")).unwrap();
    let changed = catalog
        .execute(
            "UPDATE queries SET spec = '{\"calculations\": [{\"op\": \"MEDIAN\"}]}'
             WHERE id = (SELECT query_id FROM named_queries WHERE name = 'of another version')",
            [],
        )
        .unwrap();
    assert_eq!(changed, 1);
    drop(catalog);

    let server = Server::start(BINARY, data.path(), &["--dev"]);
    let all = listed(&server);
    let of = |name: &str| all.iter().find(|q| q["name"] == name).unwrap();
    let problem = |q: &Value| q["problem"].as_str().unwrap().to_owned();
    let gone = of("of backend");
    assert_eq!(problem(gone), "there is no data set `backend`");
    assert_eq!(gone["asked"]["query"], json!({}));
    let unread = of("of another version");
    assert!(problem(unread).contains("MEDIAN"), "{unread}");
    assert_eq!(unread["asked"], Value::Null);
    let renamed = ask(&server, "PATCH", &at(unread), Some(&json!({"name": "old"})));
    assert_eq!(renamed.status, 200, "{}", renamed.text());
    assert_eq!(ask(&server, "DELETE", &at(unread), None).status, 204);
    assert_eq!(names(&server), ["of backend"]);
}
