//! Each spelling of each notion, by hand from mapping.md §9; and notions as fields of questions.

use super::*;
use crate::spec::Query;
use crate::testing::{ENV, querier, span, wait};
use crate::{Limits, Scope};
use serde_json::{Value, json};

fn row(fields: &Value) -> Row {
    let fields = fields.as_object().unwrap().iter();
    fields
        .map(|(k, v)| (k.clone(), serde_json::from_value(v.clone()).unwrap()))
        .collect()
}

/// The expected value by notion and fields, read by hand from the table of mapping.md.
fn cases() -> Vec<(Notion, Value, Value)> {
    use Notion as N;
    vec![
        (
            N::Method,
            json!({"http.request.method": "GET", "http.method": "PUT"}),
            json!("GET"),
        ),
        (
            N::Method,
            json!({"http.method": "PUT", "request.method": "get"}),
            json!("PUT"),
        ),
        (N::Method, json!({"request.method": "get"}), json!("get")),
        (
            N::Status,
            json!({"http.response.status_code": 200, "http.status_code": 404}),
            json!(200),
        ),
        (
            N::Status,
            json!({"http.status_code": 404, "response.status_code": 1}),
            json!(404),
        ),
        (N::Status, json!({"response.status_code": 502}), json!(502)),
        (N::Status, json!({"status_code": 2}), Value::Null),
        (
            N::Url,
            json!({"url.full": "https://a/b?c", "http.url": "x"}),
            json!("https://a/b?c"),
        ),
        (
            N::Url,
            json!({"http.url": "http://a/b"}),
            json!("http://a/b"),
        ),
        (
            N::Url,
            json!({"http.scheme": "http", "http.host": "localhost:4567", "net.host.port": 4567, "http.target": "/api/activities/home?x=1"}),
            json!("http://localhost:4567/api/activities/home?x=1"),
        ),
        (
            N::Url,
            json!({"url.scheme": "https", "server.address": "cruddur.io", "server.port": 443, "url.path": "/a", "url.query": "b=c"}),
            json!("https://cruddur.io/a?b=c"),
        ),
        (
            N::Url,
            json!({"url.scheme": "http", "server.address": "cruddur.io", "server.port": 8080, "url.path": "/a"}),
            json!("http://cruddur.io:8080/a"),
        ),
        (
            N::Url,
            json!({"url.scheme": "http", "server.address": "::1", "server.port": 8080, "url.path": "/a"}),
            json!("http://[::1]:8080/a"),
        ),
        (N::Url, json!({"http.target": "/a"}), Value::Null),
        (
            N::Path,
            json!({"url.path": "/p", "http.target": "/t?q"}),
            json!("/p"),
        ),
        (
            N::Path,
            json!({"http.target": "/t?q=/x", "url.full": "http://h/u"}),
            json!("/t"),
        ),
        (
            N::Path,
            json!({"url.full": "http://h:1/u/v?w=/x#y"}),
            json!("/u/v"),
        ),
        (N::Path, json!({"http.url": "http://h?q"}), json!("/")),
        (N::Path, json!({"http.url": "nonsense"}), Value::Null),
        (
            N::Route,
            json!({"http.route": "/api/<id>", "route": "x"}),
            json!("/api/<id>"),
        ),
        (N::Route, json!({"route": "x"}), json!("x")),
        (
            N::ServerHost,
            json!({"server.address": "a", "http.host": "b:1"}),
            json!("a"),
        ),
        (
            N::ServerHost,
            json!({"http.host": "b:1", "net.host.name": "c"}),
            json!("b"),
        ),
        (
            N::ServerHost,
            json!({"net.host.name": "c", "url.full": "http://d/"}),
            json!("c"),
        ),
        (
            N::ServerHost,
            json!({"url.full": "https://me@d.io:81/x"}),
            json!("d.io"),
        ),
        (
            N::ServerHost,
            json!({"http.url": "http://[2001:db8::1]:80/"}),
            json!("2001:db8::1"),
        ),
        (
            N::ClientAddress,
            json!({"client.address": "1", "http.client_ip": "2"}),
            json!("1"),
        ),
        (
            N::ClientAddress,
            json!({"http.client_ip": "2", "network.peer.address": "3"}),
            json!("2"),
        ),
        (
            N::ClientAddress,
            json!({"network.peer.address": "3", "net.sock.peer.addr": "4"}),
            json!("3"),
        ),
        (
            N::ClientAddress,
            json!({"net.sock.peer.addr": "4", "net.peer.ip": "5"}),
            json!("4"),
        ),
        (N::ClientAddress, json!({"net.peer.ip": "5"}), json!("5")),
        (
            N::UserAgent,
            json!({"user_agent.original": "a", "http.user_agent": "b"}),
            json!("a"),
        ),
        (N::UserAgent, json!({"http.user_agent": "b"}), json!("b")),
        (
            N::User,
            json!({"user.id": "a", "enduser.id": "b"}),
            json!("a"),
        ),
        (
            N::User,
            json!({"enduser.id": "b", "user_id": 7}),
            json!("b"),
        ),
        (N::User, json!({"user_id": 7}), json!(7)),
        (
            N::Process,
            json!({"host.name": "web-1", "process.pid": 41}),
            json!("web-1/41"),
        ),
        (N::Process, json!({"host.name": "web-1"}), Value::Null),
        (
            N::DbText,
            json!({"db.query.text": "a", "db.statement": "b"}),
            json!("a"),
        ),
        (N::DbText, json!({"db.statement": "b"}), json!("b")),
        (
            N::DbSystem,
            json!({"db.system.name": "a", "db.system": "b"}),
            json!("a"),
        ),
        (N::DbSystem, json!({"db.system": "b"}), json!("b")),
        (
            N::Severity,
            json!({"severity": "ERROR", "level": "x"}),
            json!("ERROR"),
        ),
        (
            N::Severity,
            json!({"severity_text": "WARN", "level": "x"}),
            json!("WARN"),
        ),
        (N::Severity, json!({"level": "info"}), json!("info")),
    ]
}

#[test]
fn a_row_is_read_by_the_first_spelling_that_is_there() {
    for (notion, fields, want) in cases() {
        let got = notion
            .of_row(&row(&fields))
            .map_or(Value::Null, |c| json!(c));
        assert_eq!(got, want, "{notion:?} of {fields}");
    }
}

#[test]
fn every_notion_has_one_line_and_a_name_no_attribute_has() {
    use Notion as N;
    let all = [
        N::Method,
        N::Status,
        N::Url,
        N::Path,
        N::Route,
        N::ServerHost,
        N::ClientAddress,
        N::UserAgent,
        N::User,
        N::Process,
        N::DbText,
        N::DbSystem,
        N::Severity,
    ];
    assert_eq!(N::all().collect::<Vec<_>>(), all);
    for n in all {
        assert_eq!(N::of_field(n.field()), Some(n));
        assert_eq!(n.field(), format!("\0{}", n.word()));
        let mut b =
            event::BatchBuilder::new(event::TableKind::Spans, event::RowPolicy::unlimited(1));
        assert!(b.begin_row(1));
        b.set_dataset("app");
        b.put_named(n.field(), ValueRef::Str("forged"));
        b.end_row();
        let batch = b.finish();
        assert!(batch.attrs().iter().all(|a| *a.key != *n.field()), "{n:?}");
        assert!(
            batch.attrs().iter().any(|a| *a.key == *n.word()),
            "{n:?}: the value is kept"
        );
    }
}

/// Scenario: the same cases as rows of one table, grouped by each notion and filtered by it.
/// Guarantees: a question sees what a row read whole says.
#[test]
fn questions_group_and_filter_by_notions() {
    for notion in Notion::all() {
        let cases: Vec<(Value, Value)> = cases()
            .into_iter()
            .filter(|(n, ..)| *n == notion)
            .map(|(_, fields, want)| (fields, want))
            .collect();
        let rows: Vec<Value> = (1..)
            .zip(&cases)
            .map(|(i, (fields, _))| span(i, i, 0, 0, fields.clone()))
            .collect();
        let querier = querier(&rows);
        let scope = Scope {
            env: ENV,
            dataset: None,
        };
        let ask = |query: Value| {
            let query: Query = serde_json::from_value(query).unwrap();
            wait(querier.run(&scope, &query, Limits::default(), None)).unwrap()
        };
        // Where the types differ, a group's key is text.
        let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
        let mut want: Vec<String> = cases.iter().map(|(_, v)| text(v)).collect();
        want.sort();
        want.dedup();
        let range = json!(10_000);
        let answer = ask(json!({"breakdowns": [notion.field()], "time_range": range}));
        let mut got: Vec<String> = answer
            .results
            .iter()
            .map(|r| {
                r.get(notion.field())
                    .map_or_else(|| "null".to_owned(), |c| text(&json!(c)))
            })
            .collect();
        got.sort();
        assert_eq!(got, want, "{notion:?}");
        for (_, value) in &cases {
            let n = cases.iter().filter(|(_, v)| v == value).count();
            let filter = if value.is_null() {
                json!({"column": notion.field(), "op": "does-not-exist"})
            } else {
                json!({"column": notion.field(), "op": "=", "value": value})
            };
            let answer = ask(json!({"filters": [filter], "time_range": range}));
            assert_eq!(
                answer.total["COUNT"],
                Cell::Int(n as i64),
                "{notion:?} = {value}"
            );
            assert!(answer.notices.is_empty(), "{:?}", answer.notices);
        }
    }
}

#[test]
fn a_notion_no_row_has_is_missing_everywhere() {
    let rows = [span(1, 1, 0, 0, json!({"x": 1}))];
    let querier = querier(&rows);
    let scope = Scope {
        env: ENV,
        dataset: None,
    };
    let ask = |op: &str| {
        let filter = json!({"column": Notion::Path.field(), "op": op});
        let query = json!({"filters": [filter], "time_range": 10_000});
        let query: Query = serde_json::from_value(query).unwrap();
        wait(querier.run(&scope, &query, Limits::default(), None))
            .unwrap()
            .total["COUNT"]
            .clone()
    };
    assert_eq!(ask("exists"), Cell::Int(0));
    assert_eq!(ask("does-not-exist"), Cell::Int(1));
}
