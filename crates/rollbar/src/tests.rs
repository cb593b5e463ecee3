//! Bytes in, bytes out, through the router, without a socket.

use super::*;
use axum::body::Body;
use engine::catalog::NewKey;
use engine::{Arrival, ArrivalFilter, Config, KeyKind, Permission, Permissions, SystemClock, dev};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::io::Write;
use tower::ServiceExt;

const TOKEN: &str = dev::PROJECT_TOKEN;

struct Fixture {
    engine: Engine,
    router: Router,
    dir: tempfile::TempDir,
}

struct Reply {
    status: u16,
    headers: http::HeaderMap,
    body: Vec<u8>,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

fn open(dir: &std::path::Path) -> Engine {
    let config = Config {
        dev: true,
        query_threads: 1,
        ..Config::new(dir)
    };
    Engine::open(config, Arc::new(SystemClock)).unwrap()
}

fn start() -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    Fixture {
        router: router(engine.clone()),
        engine,
        dir,
    }
}

fn item(uuid: &str, text: &str) -> Value {
    json!({"data": {
        "environment": "production", "level": "warning", "uuid": uuid, "platform": "linux",
        "body": {"message": {"body": text}}}})
}

fn boom(uuid: &str, function: &str) -> Value {
    json!({"data": {
        "environment": "production", "uuid": uuid, "language": "python 3.11", "code_version": "1",
        "server": {"root": "/app"},
        "body": {"trace": {"exception": {"class": "TypeError", "message": "no view"},
            "frames": [{"filename": "/app/a.py", "lineno": 3, "method": function}]}}}})
}

impl Fixture {
    async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Reply {
        let mut request = http::Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.into()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes().to_vec(),
        }
    }

    async fn post(&self, body: &Value) -> Reply {
        let headers = [("x-rollbar-access-token", TOKEN)];
        self.send("POST", "/api/1/item/", &headers, body.to_string())
            .await
    }

    async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[("x-rollbar-access-token", TOKEN)], "")
            .await
    }

    async fn items(&self) -> Vec<Value> {
        let reply = self.get("/api/1/items/").await;
        assert_eq!(reply.status, 200);
        reply.json()["result"]["items"].as_array().unwrap().clone()
    }

    fn latest(&self) -> Arc<Arrival> {
        let latest = self.engine.arrivals().latest(&ArrivalFilter::default());
        Arc::clone(&latest[0])
    }

    fn token(&self, permissions: &[Permission]) -> String {
        let env = self.engine.catalog().environments()[0].id;
        let mut new = NewKey::new(env, KeyKind::Project, "t");
        new.permissions = Some(Permissions::of(permissions));
        new.datasets = Some(vec!["rollbar-dev".into()]);
        let made = self
            .engine
            .catalog()
            .create_key(new, self.engine.now())
            .unwrap();
        assert_eq!(made.secret.len(), 32);
        made.secret
    }
}

#[tokio::test]
async fn one_item_is_answered_as_the_vendor_does_and_found_again() {
    let f = start();
    let reply = f.post(&item("u-1", "Hello World!")).await;
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.json(),
        json!({"err": 0, "result": {"id": null, "uuid": "u-1"}})
    );
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    let items = f.items().await;
    assert_eq!(items.len(), 1);
    for (key, want) in [
        ("title", json!("Hello World!")),
        ("level", json!("warning")),
        ("environment", json!("production")),
        ("status", json!("active")),
        ("total_occurrences", json!(1)),
        ("counter", json!(1)),
        ("platform", json!("linux")),
    ] {
        assert_eq!(items[0][key], want, "{key}");
    }
    let arrival = f.latest();
    assert_eq!((arrival.outcome.received, arrival.outcome.stored), (1, 1));
}

/// rollbar.md §2: every path that SDKs make of an endpoint.
#[tokio::test]
async fn every_form_of_the_path_takes_items() {
    let f = start();
    let headers = [("x-rollbar-access-token", TOKEN)];
    let paths = [
        "/api/1/item/",
        "/api/1/item",
        "/api/item/",
        "/api/item",
        "/item/",
        "/item",
        "/api/1item/",
        "/api/1item",
        "/api/1/item/item/",
        "/api/1/item/item",
        "/api/1/item_batch/",
        "/api/1/item_batch",
    ];
    for (i, path) in paths.iter().enumerate() {
        let body = item(&format!("u{i}"), "x").to_string();
        let reply = f.send("POST", path, &headers, body).await;
        assert_eq!(reply.status, 200, "{path}");
    }
    assert_eq!(f.items().await[0]["total_occurrences"], paths.len());
}

#[tokio::test]
async fn the_token_is_found_in_header_query_body_and_form_in_that_order() {
    let f = start();
    let with = |uuid: &str, token: &str| {
        let mut body = item(uuid, "x");
        body["access_token"] = token.into();
        body.to_string()
    };
    let path = "/api/1/item/";
    let reply = f.send("POST", path, &[], with("a", TOKEN)).await;
    assert_eq!(reply.status, 200);
    let reply = f
        .send(
            "POST",
            path,
            &[("X-Rollbar-Access-Token", TOKEN)],
            with("b", "wrong"),
        )
        .await;
    assert_eq!(reply.status, 200);
    let in_query = format!("{path}?access_token={TOKEN}");
    assert_eq!(
        f.send("POST", &in_query, &[], with("c", "wrong"))
            .await
            .status,
        200
    );
    let payload: String = item("d", "x")
        .to_string()
        .bytes()
        .map(|b| format!("%{b:02x}"))
        .collect();
    let form = format!("access_token={TOKEN}&payload={payload}");
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(f.send("POST", path, &kind, form).await.status, 200);
    assert_eq!(f.items().await[0]["total_occurrences"], 4);
}

/// The statuses of rollbar.md §2.2 and §13; every error has a `message` without a double quote.
#[tokio::test]
async fn errors_are_the_vendors() {
    let f = start();
    let client = f.token(&[Permission::SendClientEvents]);
    let read = f.token(&[Permission::RunQueries]);
    let good = item("u", "x").to_string();
    for (token, body, status) in [
        (None, good.as_str(), 401),
        (Some(""), good.as_str(), 401),
        (Some("0123456789abcdef0123456789abcdef"), good.as_str(), 403),
        (Some(dev::INGEST_KEY), good.as_str(), 403),
        (Some(client.as_str()), good.as_str(), 403),
        (Some(read.as_str()), good.as_str(), 403),
        (Some(TOKEN), "", 400),
        (Some(TOKEN), "not json", 400),
        (Some(TOKEN), "{\"data\": \"", 400),
        (Some(TOKEN), "{}", 422),
        (Some(TOKEN), r#"{"data":{}}"#, 422),
        (Some(TOKEN), r#"{"data":{"body":{}}}"#, 422),
        (Some(TOKEN), r#"{"data":{"body":{"trace_chain":[]}}}"#, 422),
        (Some(TOKEN), "[]", 422),
    ] {
        let headers: Vec<_> = token
            .map(|t| ("x-rollbar-access-token", t))
            .into_iter()
            .collect();
        let reply = f
            .send("POST", "/api/1/item/", &headers, body.to_owned())
            .await;
        assert_eq!(reply.status, status, "{token:?} {body}");
        assert_eq!(reply.json()["err"], 1);
        let message = reply.json()["message"].as_str().unwrap().to_owned();
        assert!(!message.is_empty() && !message.contains('"'), "{message}");
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
        let arrival = f.latest();
        assert_eq!(
            (arrival.outcome.received, arrival.outcome.refused),
            (1, 1),
            "{body}"
        );
    }
    let browser = json!({"data": {"platform": "browser", "body": {"message": {"body": "x"}}}});
    let headers = [("x-rollbar-access-token", client.as_str())];
    let reply = f
        .send("POST", "/api/1/item/", &headers, browser.to_string())
        .await;
    assert_eq!(reply.status, 200, "a public token posts for browsers");
    assert_eq!(
        reply.json()["result"]["uuid"].as_str().unwrap().len(),
        32,
        "one is made"
    );
}

/// walkthrough §4: an old token in a container.
#[tokio::test]
async fn what_is_refused_is_shown_with_the_sdk_that_sent_it() {
    let f = start();
    let mut body = item("u", "x");
    body["data"]["notifier"] = json!({"name": "pyrollbar", "version": "1.5.0"});
    let headers = [
        ("x-rollbar-access-token", "abcd0123abcd0123abcd0123abcd0123"),
        ("user-agent", "python-requests/2.34"),
    ];
    assert_eq!(
        f.send("POST", "/api/1/item/", &headers, body.to_string())
            .await
            .status,
        403
    );
    let arrival = f.latest();
    assert_eq!(arrival.user_agent.as_deref(), Some("pyrollbar/1.5.0"));
    assert_eq!(arrival.key_prefix.as_deref(), Some("abcd01…"));
    assert_eq!(arrival.outcome.reason, Some(engine::Reason::UnknownKey));
}

#[tokio::test]
async fn size_alone_is_413_and_the_small_message_after_it_is_taken() {
    let f = start();
    let big = item("big", &"x".repeat(2 << 20));
    let reply = f.post(&big).await;
    assert_eq!(reply.status, 413);
    assert!(!reply.json()["message"].as_str().unwrap().contains('"'));
    let failsafe = json!({"access_token": TOKEN, "data": {"level": "error", "environment": "production",
        "failsafe": true, "internal": true, "notifier": {"name": "pyrollbar", "version": "1.5.0"},
        "body": {"message": {"body": "Failsafe from pyrollbar: payload too large."}}}});
    assert_eq!(f.post(&failsafe).await.status, 200);
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(big.to_string().as_bytes()).unwrap();
    let headers = [
        ("x-rollbar-access-token", TOKEN),
        ("content-encoding", "gzip"),
    ];
    let reply = f
        .send("POST", "/api/1/item/", &headers, gz.finish().unwrap())
        .await;
    assert_eq!(reply.status, 413, "what it inflates to counts");
    let mut deflate = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    deflate
        .write_all(item("z", "x").to_string().as_bytes())
        .unwrap();
    let headers = [
        ("x-rollbar-access-token", TOKEN),
        ("content-encoding", "deflate"),
    ];
    let reply = f
        .send("POST", "/api/1/item/", &headers, deflate.finish().unwrap())
        .await;
    assert_eq!(reply.status, 200);
    let headers = [
        ("x-rollbar-access-token", TOKEN),
        ("content-encoding", "br"),
    ];
    assert_eq!(
        f.send("POST", "/api/1/item/", &headers, "x").await.status,
        415
    );
}

#[tokio::test]
async fn a_batch_stores_what_is_good() {
    let f = start();
    let batch = json!([item("a", "x"), {"data": {}}, item("b", "x")]);
    let headers = [("x-rollbar-access-token", TOKEN)];
    let reply = f
        .send("POST", "/api/1/item_batch/", &headers, batch.to_string())
        .await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json()["err"], 0);
    assert_eq!(reply.json()["result"]["uuid"], "a");
    assert_eq!(reply.json()["result"]["stored"], 2);
    let o = f.latest().outcome.clone();
    assert_eq!((o.received, o.stored, o.refused), (3, 2, 1));
    // Each element may bring its own token.
    let mut own = item("c", "x");
    own["access_token"] = TOKEN.into();
    let mut other = item("d", "x");
    other["access_token"] = "0123456789abcdef0123456789abcdef".into();
    let reply = f
        .send(
            "POST",
            "/api/1/item_batch/",
            &[],
            json!([own, other]).to_string(),
        )
        .await;
    assert_eq!(reply.json()["result"]["stored"], 1);
}

#[tokio::test]
async fn a_repeat_is_answered_alike_and_stored_once_also_after_a_restart() {
    let f = start();
    let first = f.post(&item("0f3a-b", "x")).await;
    let again = f.post(&item("0f3a-b", "x")).await;
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    assert_eq!(f.latest().outcome.merged, 1);
    let undashed = f.post(&item("0F3Ab", "x")).await;
    assert_eq!(undashed.status, 200);
    assert_eq!(f.latest().outcome.merged, 1);
    f.engine.close().await.unwrap();
    let engine = open(f.dir.path());
    let f = Fixture {
        router: router(engine.clone()),
        engine,
        dir: f.dir,
    };
    f.post(&item("0f3a-b", "x")).await;
    assert_eq!(f.latest().outcome.merged, 1);
    assert_eq!(f.items().await[0]["total_occurrences"], 1);
}

#[tokio::test]
async fn browsers_are_let_through() {
    let f = start();
    let headers = [
        ("origin", "http://localhost:3000"),
        ("access-control-request-method", "POST"),
        (
            "access-control-request-headers",
            "content-type,signal,x-rollbar-access-token",
        ),
    ];
    for path in [
        "/api/1/item/",
        "/api/1/item",
        "/api/1/item_batch/",
        "/item/",
    ] {
        let reply = f.send("OPTIONS", path, &headers, "").await;
        assert_eq!(reply.status, 204);
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
        assert_eq!(
            reply.header("access-control-allow-headers"),
            Some("content-type,signal,x-rollbar-access-token")
        );
        assert_eq!(reply.header("access-control-max-age"), Some("86400"));
        assert!(
            reply
                .header("access-control-allow-methods")
                .unwrap()
                .contains("POST")
        );
    }
    assert_eq!(f.get("/api/1/status/ping").await.body, b"pong");
}

/// What is secret is gone before anything is stored; what is sent stays as it was otherwise.
#[tokio::test]
async fn secrets_are_not_stored() {
    let f = start();
    let mut body = boom("s-1", "f");
    body["data"]["body"]["trace"]["frames"][0]["locals"] =
        json!({"secret_token": "hunter2", "n": 1});
    body["data"]["request"] = json!({"url": "http://h/x?access_token=hunter2",
        "headers": {"Cookie": "sid=hunter2", "Accept": "*/*"}});
    assert_eq!(f.post(&body).await.status, 200);
    let reply = f.get("/api/1/instances/").await;
    let text = String::from_utf8(reply.body.clone()).unwrap();
    assert!(!text.contains("hunter2"), "{text}");
    let data = &reply.json()["result"]["instances"][0]["data"];
    assert_eq!(data["body"]["trace"]["frames"][0]["locals"]["n"], 1);
    assert_eq!(data["request"]["headers"]["Accept"], "*/*");
    let scrubbed = data["metadata"]["scrubbed"].as_array().unwrap();
    assert!(scrubbed.contains(&json!("request.headers.Cookie")));
    let on_disk = walk(f.dir.path());
    assert!(!on_disk.windows(7).any(|w| w == b"hunter2"));
}

fn walk(dir: &std::path::Path) -> Vec<u8> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            out.extend(walk(&path));
        } else {
            // SQLite's journals and temporary files come and go.
            out.extend(std::fs::read(path).unwrap_or_default());
        }
    }
    out
}

#[tokio::test]
async fn items_and_occurrences_are_read_in_every_way() {
    let f = start();
    for i in 0..3 {
        f.post(&boom(&format!("t{i}"), "f")).await;
    }
    f.post(&boom("other", "g")).await;
    let items = f.items().await;
    assert_eq!(items.len(), 2);
    let first = items.iter().find(|i| i["total_occurrences"] == 3).unwrap();
    let id = first["id"].as_i64().unwrap();
    assert_eq!(first["title"], "TypeError: no view");
    assert_eq!(
        f.get(&format!("/api/1/item/{id}")).await.json()["result"],
        *first
    );
    assert_eq!(
        f.get("/api/1/item/?uuid=t1").await.json()["result"]["id"],
        id
    );
    let by_counter = format!("/api/1/item?counter={}", first["counter"]);
    assert_eq!(f.get(&by_counter).await.json()["result"]["id"], id);
    let reply = f
        .get(&format!("/api/1/item_by_counter/{}", first["counter"]))
        .await;
    assert_eq!(reply.status, 301);
    assert_eq!(
        reply.header("location"),
        Some(format!("/api/1/item/{id}").as_str())
    );
    assert_eq!(reply.json()["result"]["itemId"], id);

    let reply = f.get(&format!("/api/1/item/{id}/instances/")).await.json();
    let instances = reply["result"]["instances"].as_array().unwrap().clone();
    let ids: Vec<i64> = instances
        .iter()
        .map(|i| i["id"].as_i64().unwrap())
        .collect();
    assert_eq!(ids.len(), 3);
    assert!(ids.is_sorted_by(|a, b| a > b), "greatest first");
    let one = f.get(&format!("/api/1/instance/{}", ids[0])).await.json();
    assert_eq!(one["result"], instances[0]);
    assert_eq!(one["result"]["data"]["uuid"], "t2");
    assert_eq!(one["result"]["version"], "1");
    let after = f
        .get(&format!("/api/1/item/{id}/instances?lastId={}", ids[1]))
        .await
        .json();
    assert_eq!(after["result"]["instances"].as_array().unwrap().len(), 1);
    let none = f.get("/api/1/instances?page=9").await.json();
    assert_eq!(
        none["result"]["instances"],
        json!([]),
        "a page past the end is empty, 200"
    );
    f.engine.settle().unwrap();
    let again = f.get(&format!("/api/1/instance/{}", ids[0])).await.json();
    assert_eq!(
        again["result"], instances[0],
        "from a part as from the buffer"
    );

    for missing in [
        "/api/1/item/999",
        "/api/1/instance/999",
        "/api/1/item_by_counter/99",
        "/api/1/nowhere",
    ] {
        let reply = f.get(missing).await;
        assert_eq!(
            (reply.status, reply.json()["message"].as_str()),
            (404, Some("Not found")),
            "{missing}"
        );
    }
    let other = f.token(&[Permission::SendEvents]);
    let reply = f
        .send(
            "GET",
            "/api/1/items/",
            &[("x-rollbar-access-token", &other)],
            "",
        )
        .await;
    assert_eq!(reply.status, 403);
    assert_eq!(
        f.send(
            "GET",
            "/api/1/items/",
            &[("x-rollbar-access-token", "nobody")],
            ""
        )
        .await
        .status,
        401
    );
}

#[tokio::test]
async fn lists_are_filtered_and_what_is_not_built_is_named() {
    let f = start();
    f.post(&item("a", "Hello World!")).await;
    f.post(&boom("b", "f")).await;
    let mut staging = boom("c", "f");
    staging["data"]["environment"] = "staging".into();
    f.post(&staging).await;
    let count = async |query: &str| {
        let reply = f.get(&format!("/api/1/items/?{query}")).await;
        assert_eq!(reply.status, 200, "{query}");
        let n = reply.json()["result"]["items"].as_array().unwrap().len();
        assert_eq!(
            reply.json()["result"]["total_count"].as_u64(),
            Some(n as u64)
        );
        n
    };
    for (query, want) in [
        ("", 3),
        ("level=warning", 1),
        ("level=warning&level=error", 3),
        ("environment=staging", 1),
        ("status=resolved", 0),
        ("query=hello", 1),
        ("query=level:%3E%3Derror", 2),
        ("query=class:TypeError%20env:production", 1),
        ("assigned_user=assigned", 0),
        ("ids=1,2", 2),
    ] {
        assert_eq!(count(query).await, want, "{query}");
    }
    let hashes: Vec<Value> = f
        .items()
        .await
        .iter()
        .filter(|i| i["title"] == "TypeError: no view")
        .map(|i| i["hash"].clone())
        .collect();
    assert_eq!(hashes.len(), 2);
    assert_eq!(
        hashes[0], hashes[1],
        "another environment is another item of the same hash"
    );
    for (path, status, want) in [
        (
            "/api/1/items/?assigned_team=1",
            501,
            "the parameter assigned_team is not built in Foursight",
        ),
        (
            "/api/1/items/?query=host:x",
            422,
            "host: is not built in Foursight",
        ),
        ("/api/1/rql/jobs", 501, "/rql is not built in Foursight"),
        (
            "/api/1/reports/top_active_items",
            501,
            "/reports is not built in Foursight",
        ),
        ("/api/1/users", 501, "/users is not built in Foursight"),
        ("/api/1/items/?page=0", 422, "page is a number from 1 on"),
        ("/api/1/items/?level=loud", 422, "level loud is unknown"),
    ] {
        let reply = f.get(path).await;
        assert_eq!(
            (reply.status, reply.json()["message"].as_str()),
            (status, Some(want)),
            "{path}"
        );
    }
}

#[tokio::test]
async fn an_item_is_changed_and_comes_back() {
    let f = start();
    f.post(&boom("a", "f")).await;
    let id = f.items().await[0]["id"].as_i64().unwrap();
    let path = format!("/api/1/item/{id}");
    let headers = [("x-rollbar-access-token", TOKEN)];
    let change = json!({"status": "resolved", "resolved_in_version": "2", "title": "Mine", "level": "critical",
        "assigned_user_id": 7, "snooze_enabled": true});
    let reply = f.send("PATCH", &path, &headers, change.to_string()).await;
    assert_eq!(
        (reply.status, reply.json()),
        (200, json!({"err": 0, "result": change}))
    );
    let item = f.get(&path).await.json()["result"].clone();
    for (key, want) in [
        ("status", json!("resolved")),
        ("resolved_in_version", json!("2")),
        ("title", json!("Mine")),
        ("level", json!("critical")),
        ("assigned_user_id", json!(7)),
        ("is_snoozed", json!(true)),
        ("title_lock", json!(1)),
    ] {
        assert_eq!(item[key], want, "{key}");
    }
    f.post(&boom("old", "f")).await;
    assert_eq!(
        f.get(&path).await.json()["result"]["status"],
        "resolved",
        "version 1 is older than 2"
    );
    let mut newer = boom("new", "f");
    newer["data"]["code_version"] = "2".into();
    f.post(&newer).await;
    let item = f.get(&path).await.json()["result"].clone();
    assert_eq!(
        (item["status"].as_str(), item["total_occurrences"].as_u64()),
        (Some("active"), Some(1))
    );
    for (change, status) in [
        (json!({}), 400),
        (json!({"status": "gone"}), 422),
        (json!({"title": ""}), 422),
        (json!({"resolved_in_version": "2"}), 422),
        (json!({"assigned_team_id": 1}), 501),
        (json!({"level": 40}), 200),
        (json!({"snoozed": false, "assigned_user_id": null}), 200),
    ] {
        let reply = f.send("PATCH", &path, &headers, change.to_string()).await;
        assert_eq!(reply.status, status, "{change}");
    }
}

/// rollbar.md §5.3: JSON, form, query; the number under `data`.
#[tokio::test]
async fn deploys_in_every_form() {
    let f = start();
    let headers = [("x-rollbar-access-token", TOKEN)];
    let body = json!({"environment": "production", "revision": "abc", "local_username": "ann", "status": "started"});
    let reply = f
        .send("POST", "/api/1/deploy/", &headers, body.to_string())
        .await;
    assert_eq!(reply.json()["data"]["deploy_id"], 1);
    assert_eq!(reply.json()["result"]["deploy_id"], 1);
    let form = format!("access_token={TOKEN}&environment=production&revision=def");
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(
        f.send("POST", "/api/1/deploy", &kind, form).await.json()["data"]["deploy_id"],
        2
    );
    let heroku = format!("/api/1/deploy/?access_token={TOKEN}&environment=staging");
    assert_eq!(
        f.send("POST", &heroku, &kind, "head_long=fff&user=x")
            .await
            .json()["data"]["deploy_id"],
        3
    );
    assert_eq!(
        f.send("POST", "/api/1/deploy", &headers, r#"{"environment":"p"}"#)
            .await
            .status,
        422
    );
    let patch = f
        .send(
            "PATCH",
            "/api/1/deploy/1",
            &headers,
            r#"{"status":"failed"}"#,
        )
        .await;
    assert_eq!(patch.json()["result"]["status"], "failed");
    let one = f.get("/api/1/deploy/1").await.json()["result"].clone();
    assert_eq!(
        (one["revision"].as_str(), one["local_username"].as_str()),
        (Some("abc"), Some("ann"))
    );
    assert!(one["finish_time"].is_number());
    let list = f.get("/api/1/deploys").await.json()["result"]["deploys"].clone();
    let ids: Vec<i64> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|d| d["id"].as_i64().unwrap())
        .collect();
    assert_eq!(ids, [3, 2, 1]);
}

#[tokio::test]
async fn projects_tokens_and_their_limits() {
    let f = start();
    assert_eq!(
        f.get("/api/1/projects").await.status,
        403,
        "a project's token is no account's"
    );
    let account = [("x-rollbar-access-token", dev::CONFIGURATION_KEY)];
    let reply = f
        .send("POST", "/api/1/projects", &account, r#"{"name":"Cruddur"}"#)
        .await;
    let project = reply.json()["result"]["id"].as_i64().unwrap();
    let list = f.send("GET", "/api/1/projects", &account, "").await.json();
    let names: Vec<_> = list["result"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["name"].clone())
        .collect();
    assert_eq!(names, [json!("dev"), json!("Cruddur")]);
    assert_eq!(
        f.send("GET", "/api/1/projects?page=2", &account, "")
            .await
            .json()["result"],
        json!([])
    );
    let tokens = f
        .send(
            "GET",
            &format!("/api/1/project/{project}/access_tokens"),
            &account,
            "",
        )
        .await
        .json();
    let mut scopes: Vec<String> = tokens["result"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["scopes"][0].as_str().unwrap().to_owned())
        .collect();
    scopes.sort();
    assert_eq!(
        scopes,
        ["post_client_item", "post_server_item", "read", "write"]
    );
    let new = json!({"name": "mine", "scopes": ["post_server_item"], "rate_limit_window_size": 60, "rate_limit_window_count": 2});
    let made = f
        .send(
            "POST",
            &format!("/api/1/project/{project}/access_tokens"),
            &account,
            new.to_string(),
        )
        .await
        .json();
    let token = made["result"]["access_token"].as_str().unwrap().to_owned();
    let own = [("x-rollbar-access-token", token.as_str())];
    for (n, status, remaining) in [(1, 200, "1"), (2, 200, "0"), (3, 429, "0")] {
        let reply = f
            .send(
                "POST",
                "/api/1/item/",
                &own,
                item(&format!("r{n}"), "x").to_string(),
            )
            .await;
        assert_eq!(reply.status, status);
        assert_eq!(reply.header("x-rate-limit-remaining"), Some(remaining));
        assert_eq!(reply.header("x-rate-limit-limit"), Some("2"));
        assert!(
            reply
                .header("x-rate-limit-remaining-seconds")
                .unwrap()
                .parse::<u32>()
                .unwrap()
                <= 60
        );
        assert_eq!(reply.header("retry-after").is_some(), status == 429);
    }
    let path = format!("/api/1/project/{project}/access_token/{token}");
    let lifted = f
        .send(
            "PATCH",
            &path,
            &account,
            r#"{"rate_limit_window_count":0,"rate_limit_window_size":0}"#,
        )
        .await;
    assert_eq!(lifted.json(), json!({"err": 0}));
    assert_eq!(
        f.send("POST", "/api/1/item/", &own, item("r4", "x").to_string())
            .await
            .status,
        200
    );
    assert_eq!(f.send("DELETE", &path, &account, "").await.status, 200);
    assert_eq!(
        f.send("POST", "/api/1/item/", &own, item("r5", "x").to_string())
            .await
            .status,
        403
    );
    // An account's token names the project.
    let path = format!("/api/1/items/?project_id={project}");
    assert_eq!(
        f.send("GET", &path, &account, "").await.json()["result"]["total_count"],
        1
    );
}

/// The links that SDKs print after each report.
#[tokio::test]
async fn links_by_uuid_lead_to_the_page() {
    let f = start();
    f.post(&item("0f3a", "x")).await;
    let reply = f.send("GET", "/item/uuid/?uuid=0f3a", &[], "").await;
    assert_eq!(
        (reply.status, reply.header("location")),
        (302, Some("/e/dev/errors/1"))
    );
    let reply = f.send("GET", "/occurrence/uuid/?uuid=0f3a", &[], "").await;
    assert!(
        reply
            .header("location")
            .unwrap()
            .starts_with("/e/dev/errors/1?occurrence=")
    );
    assert_eq!(
        f.send("GET", "/item/uuid/?uuid=nobody", &[], "")
            .await
            .status,
        404
    );
}
