//! Bytes in, bytes out, through the router, without a socket.

use super::*;
use axum::body::Body;
use engine::{
    ArrivalFilter, Config, InitialKey, KeyKind, Permission, Permissions, SystemClock, dev,
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::io::Write;
use tower::ServiceExt;

const INGEST: &str = dev::INGEST_KEY;
const CONFIGURATION: &str = dev::CONFIGURATION_KEY;

struct Fixture {
    engine: Engine,
    router: Router,
    _dir: tempfile::TempDir,
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

    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

fn start_with(initial_keys: Vec<InitialKey>) -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let config = Config {
        dev: true,
        query_threads: 1,
        initial_keys,
        ..Config::new(dir.path())
    };
    let engine = Engine::open(config, Arc::new(SystemClock)).unwrap();
    Fixture {
        router: router(engine.clone()),
        engine,
        _dir: dir,
    }
}

fn start() -> Fixture {
    start_with(Vec::new())
}

impl Fixture {
    async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Reply {
        let mut request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("host", "foursight:8080");
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

    /// With the configuration key.
    async fn api(&self, method: &str, path: &str, body: Value) -> Reply {
        let body = match body {
            Value::Null => Body::empty(),
            body => Body::from(body.to_string()),
        };
        let key = [("x-honeycomb-team", CONFIGURATION)];
        self.send(method, path, &key, body).await
    }

    async fn batch(&self, dataset: &str, body: Value) -> Reply {
        let key = [("x-honeycomb-team", INGEST)];
        let path = format!("/1/batch/{dataset}");
        self.send("POST", &path, &key, body.to_string()).await
    }

    fn rows(&self) -> u64 {
        let tables = self.engine.store_stats().tables;
        tables.iter().map(|t| t.part_rows + t.buffered_rows).sum()
    }

    fn last_reason(&self) -> Option<&'static str> {
        let latest = self.engine.arrivals().latest(&ArrivalFilter::default());
        latest[0].outcome.reason.map(engine::Reason::code)
    }

    async fn close(self) {
        let counters = self.engine.arrivals().counters();
        assert!(counters.iter().all(|(_, c)| c.is_conserved()));
        let stored: u64 = counters.iter().map(|(_, c)| c.stored).sum();
        assert_eq!(stored, self.rows());
        self.engine.close().await.unwrap();
    }
}

fn statuses(reply: &Reply) -> Vec<u64> {
    let list = reply.json();
    let list = list.as_array().unwrap();
    list.iter().map(|s| s["status"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn an_event_is_stored_and_answered_with_nothing() {
    let f = start();
    let headers = [("x-hny-team", INGEST), ("x-honeycomb-samplerate", "4")];
    let reply = f
        .send("POST", "/1/events/My%2FShop/", &headers, r#"{"a":1}"#)
        .await;
    assert_eq!((reply.status, reply.body.len()), (200, 0));
    assert_eq!(reply.header("access-control-allow-origin"), "*");
    assert!(reply.header("date").ends_with(" GMT"));
    assert_eq!(f.rows(), 1);
    let datasets = f
        .engine
        .catalog()
        .datasets(f.engine.catalog().environments()[0].id);
    assert_eq!(
        (&*datasets[0].slug, datasets[0].name.as_str()),
        ("my-shop", "My/Shop")
    );
    let latest = f.engine.arrivals().latest(&ArrivalFilter::default());
    assert_eq!(
        (latest[0].outcome.stored, latest[0].protocol.as_str()),
        (1, "events")
    );
    f.close().await;
}

#[tokio::test]
async fn a_batch_gets_a_status_per_event_in_order() {
    let f = start();
    let hour_ago = event::builder::rfc3339(f.engine.now() - 3_600_000_000_000);
    let body = json!([
        {"data": {"a": 1}, "time": hour_ago, "samplerate": 2},
        {"data": {}},
        {"data": 7},
        {"data": {"a": 2}, "time": "2001-01-01T00:00:00Z"},
        {"data": {"a": 3}},
    ]);
    let reply = f.batch("shop", body).await;
    assert_eq!(
        (reply.status, statuses(&reply)),
        (200, vec![202, 400, 400, 400, 202])
    );
    let errors = reply.json();
    assert_eq!(errors[1]["error"], "Request body should not be empty.");
    assert_eq!(
        errors[2]["error"],
        "Request body is malformed and cannot be read."
    );
    assert_eq!(
        errors[3]["error"],
        "the event is older than the retention keeps"
    );
    let outcome = f.engine.arrivals().latest(&ArrivalFilter::default())[0]
        .outcome
        .clone();
    assert_eq!(
        (outcome.received, outcome.stored, outcome.refused),
        (5, 2, 3)
    );
    assert_eq!(
        statuses(&f.batch("never-made", json!([{"data": {}}])).await),
        [400]
    );
    assert_eq!(f.batch("never-made", json!([])).await.json(), json!([]));
    assert_eq!(f.rows(), 2);
    let env = f.engine.catalog().environments()[0].id;
    assert_eq!(f.engine.catalog().datasets(env).len(), 1);
    f.close().await;
}

#[tokio::test]
async fn every_packing_of_a_batch_is_read() {
    let f = start();
    let body = json!([{"data": {"a": 1}}, {"data": {"a": "x"}}]);
    let plain = body.to_string().into_bytes();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&plain).unwrap();
    let mut packed = Vec::new();
    serde::Serialize::serialize(&body, &mut rmp_serde::Serializer::new(&mut packed)).unwrap();
    let cases = [
        ("application/json", "identity", plain.clone()),
        ("application/json", "gzip", gzip.finish().unwrap()),
        (
            "application/json; charset=utf-8",
            "zstd",
            zstd::encode_all(&plain[..], 1).unwrap(),
        ),
        (
            "application/msgpack",
            "zstd",
            zstd::encode_all(&packed[..], 1).unwrap(),
        ),
        ("application/x-msgpack", "", packed),
        ("application/x-www-form-urlencoded", "identity", plain),
    ];
    let n = cases.len() as u64;
    for (kind, encoding, body) in cases {
        let mut headers = vec![("x-honeycomb-team", INGEST), ("content-type", kind)];
        if !encoding.is_empty() {
            headers.push(("content-encoding", encoding));
        }
        let reply = f.send("POST", "/1/batch/shop", &headers, body).await;
        assert_eq!(
            (reply.status, statuses(&reply)),
            (200, vec![202, 202]),
            "{kind} {encoding}"
        );
    }
    assert_eq!(f.rows(), 2 * n);
    f.close().await;
}

/// Guarantees: each refusal in the vendor's words, a row in Arrivals with the reason, nothing stored.
#[tokio::test]
async fn refusals_of_events() {
    let f = start_with(vec![InitialKey {
        environment: "dev".into(),
        kind: KeyKind::Ingest,
        secret: "key-of-few-datasets".into(),
        signing_id: None,
    }]);
    let env = f.engine.catalog().environments()[0].id;
    let mut new = engine::NewKey::new(env, KeyKind::Ingest, "no new datasets");
    new.permissions = Some(Permissions::of(&[Permission::SendEvents]));
    let now = f.engine.now();
    let no_new = f.engine.catalog().create_key(new, now).unwrap().secret;
    let key = ("x-honeycomb-team", INGEST);
    let good = br#"{"a":1}"#.to_vec();
    let large = format!(r#"{{"a":"{}"}}"#, "x".repeat(2 << 20)).into_bytes();
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(&vec![b' '; 8 << 20]).unwrap();
    let bomb = bomb.finish().unwrap();
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(5_000), "]".repeat(5_000)).into_bytes();
    let unknown = "unknown API key - check your credentials";
    /// Headers, body; status, text, reason.
    type Case<'a> = (Vec<(&'a str, &'a str)>, Vec<u8>, u16, &'a str, &'a str);
    let cases: Vec<Case<'_>> = vec![
        (vec![], good.clone(), 401, unknown, "missing_key"),
        (
            vec![("x-honeycomb-team", "nobodys")],
            good.clone(),
            401,
            unknown,
            "unknown_key",
        ),
        (
            vec![("x-honeycomb-team", &no_new)],
            good.clone(),
            401,
            "may not create",
            "may_not_create_dataset",
        ),
        (
            vec![key],
            b"".to_vec(),
            400,
            "should not be empty",
            "empty_body",
        ),
        (
            vec![key],
            b"{}".to_vec(),
            400,
            "should not be empty",
            "empty_body",
        ),
        (
            vec![key],
            b"{\"a\":".to_vec(),
            400,
            "malformed",
            "undecodable",
        ),
        (vec![key], deep, 400, "nested deeper", "too_deep"),
        (vec![key], large, 413, "too large", "too_large"),
        (
            vec![key, ("content-encoding", "gzip")],
            bomb,
            413,
            "too large",
            "bomb",
        ),
        (
            vec![key, ("content-encoding", "gzip")],
            good.clone(),
            400,
            "malformed",
            "undecodable",
        ),
        (
            vec![key, ("content-encoding", "br")],
            good.clone(),
            415,
            "content-encoding",
            "content_encoding",
        ),
    ];
    for (headers, body, status, says, reason) in cases {
        let reply = f.send("POST", "/1/events/shop", &headers, body).await;
        let error = reply.json()["error"].as_str().unwrap().to_owned();
        assert_eq!(reply.status, status, "{reason}: {error}");
        assert!(error.contains(says), "{reason}: {error}");
        assert_eq!(f.last_reason(), Some(reason));
    }
    assert_eq!(f.rows(), 0);
    f.close().await;
}

#[tokio::test]
async fn auth_tells_environment_and_access_in_both_spellings() {
    let classic = "0123456789abcdef0123456789abcdef";
    let f = start_with(vec![InitialKey {
        environment: "bootcamp".into(),
        kind: KeyKind::Configuration,
        secret: classic.into(),
        signing_id: None,
    }]);
    let ask = async |key| {
        f.send("GET", "/1/auth/", &[("x-honeycomb-team", key)], "")
            .await
    };
    let body = ask(INGEST).await.json();
    assert_eq!(body["environment"], json!({"name": "dev", "slug": "dev"}));
    assert_eq!(body["type"], "ingest");
    assert!(!body["team"]["slug"].as_str().unwrap().is_empty());
    let access = &body["api_key_access"];
    assert_eq!(access["createDatasets"], true);
    assert_eq!(access["create_datasets"], true);
    assert_eq!(
        (&access["events"], &access["queries"]),
        (&json!(true), &json!(false))
    );
    let body = ask(classic).await.json();
    assert_eq!(body["environment"], json!({"name": "", "slug": ""}));
    let reply = ask("nobodys-key-0123").await;
    assert_eq!(reply.status, 401);
    let body = reply.json();
    assert_eq!(body["type"], "http://foursight:8080/problems/unauthorized");
    assert_eq!(body["error"], "unknown API key - check your credentials");
    assert_eq!(body["instance"], reply.header("x-request-id"));
    assert_eq!(f.last_reason(), Some("unknown_key"));
    f.close().await;
}

#[tokio::test]
async fn datasets_are_made_read_changed() {
    let f = start();
    let made = f
        .api(
            "POST",
            "/1/datasets/",
            json!({"name": "My Shop", "description": "d"}),
        )
        .await;
    assert_eq!(made.status, 201);
    let body = made.json();
    assert_eq!(
        (&body["slug"], &body["name"]),
        (&json!("my-shop"), &json!("My Shop"))
    );
    assert_eq!(body["settings"]["delete_protected"], true);
    assert_eq!(
        (&body["last_written_at"], &body["expand_json_depth"]),
        (&Value::Null, &json!(0))
    );
    let again = f
        .api("POST", "/1/datasets", json!({"name": "my shop"}))
        .await;
    assert_eq!(
        (again.status, again.json()["slug"].clone()),
        (200, json!("my-shop"))
    );
    let blank = f.api("POST", "/1/datasets", json!({"name": ""})).await;
    assert_eq!(blank.status, 422);
    assert_eq!(
        blank.json()["type_detail"],
        json!([{"field": "name", "code": "missing", "description": "cannot be blank"}])
    );
    let update = json!({"expand_json_depth": 3, "settings": {"delete_protected": false}});
    let body = f.api("PUT", "/1/datasets/my-shop", update).await.json();
    assert_eq!(
        (&body["description"], &body["expand_json_depth"]),
        (&json!(""), &json!(3))
    );
    // Settings left out stay.
    let body = f.api("PUT", "/1/datasets/my-shop", json!({})).await.json();
    assert_eq!(body["settings"]["delete_protected"], false);
    assert_eq!(body["expand_json_depth"], 0);
    assert_eq!(
        f.api("GET", "/1/datasets", Value::Null)
            .await
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let missing = f.api("GET", "/1/datasets/none", Value::Null).await;
    assert_eq!(
        (missing.status, missing.json()["error"].clone()),
        (404, json!("Dataset not found"))
    );
    let ingest = [("x-honeycomb-team", INGEST)];
    assert_eq!(f.send("GET", "/1/datasets", &ingest, "").await.status, 403);
    f.close().await;
}

#[tokio::test]
async fn paths_that_are_not_built_and_wrong_methods_are_told_at_once() {
    let f = start();
    for (method, path, status) in [
        ("GET", "/1/boards/", 404),
        ("POST", "/1/triggers/shop", 404),
        ("DELETE", "/1/recipients/", 404),
        ("GET", "/1/nothing", 404),
        ("GET", "/1", 404),
        ("DELETE", "/1/datasets/", 405),
        ("GET", "/1/events/shop", 405),
        ("PUT", "/1/queries/shop", 405),
        ("GET", "/2/auth", 404),
    ] {
        let reply = f.api(method, path, Value::Null).await;
        assert_eq!(reply.status, status, "{method} {path}");
        if status == 405 {
            assert!(!reply.header("allow").is_empty());
        }
    }
    let boards = f.api("GET", "/1/boards", Value::Null).await.json();
    assert_eq!(boards["error"], "/1/boards is not built in Foursight");
    let preflight = f
        .send("OPTIONS", "/1/batch/shop", &[("origin", "http://x")], "")
        .await;
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.header("access-control-allow-methods"), "POST");
    f.close().await;
}

#[tokio::test]
async fn a_body_without_a_length_is_cut_at_the_limit() {
    let f = start();
    let piece = bytes::Bytes::from(vec![b' '; 256 << 10]);
    let frames = (0..8).map(move |_| Ok::<_, std::io::Error>(piece.clone()));
    let body = Body::from_stream(futures::stream::iter(frames));
    let key = [("x-honeycomb-team", INGEST)];
    let reply = f.send("POST", "/1/events/shop", &key, body).await;
    assert_eq!((reply.status, f.last_reason()), (413, Some("too_large")));
    f.close().await;
}

#[tokio::test]
async fn columns_are_those_that_came_and_those_made_by_hand() {
    let f = start();
    f.batch(
        "shop",
        json!([{"data": {"price": 1.5, "n": 2, "ok": true, "who": "me"}}]),
    )
    .await;
    let list = f.api("GET", "/1/columns/shop", Value::Null).await.json();
    let ty = |name: &str| {
        let list = list.as_array().unwrap();
        list.iter()
            .find(|c| c["key_name"] == name)
            .map(|c| c["type"].clone())
    };
    for (name, want) in [
        ("price", "float"),
        ("n", "integer"),
        ("ok", "boolean"),
        ("who", "string"),
    ] {
        assert_eq!(ty(name), Some(json!(want)), "{name}");
    }
    let one = f
        .api("GET", "/1/columns/shop?key_name=price", Value::Null)
        .await
        .json();
    let id = one["id"].as_str().unwrap().to_owned();
    let path = format!("/1/columns/shop/{id}");
    let update =
        json!({"key_name": "price", "type": "float", "description": "in euros", "hidden": true});
    let changed = f.api("PUT", &path, update).await.json();
    assert_eq!(
        (&changed["description"], &changed["hidden"]),
        (&json!("in euros"), &json!(true))
    );
    assert_eq!(f.api("GET", &path, Value::Null).await.json(), changed);
    let renamed = f.api("PUT", &path, json!({"key_name": "cost"})).await;
    assert_eq!(renamed.status, 422);
    let made = f
        .api("POST", "/1/columns/shop", json!({"key_name": "later"}))
        .await;
    assert_eq!(
        (made.status, made.json()["type"].clone()),
        (201, json!("string"))
    );
    let twice = f
        .api("POST", "/1/columns/shop", json!({"key_name": "later"}))
        .await;
    assert_eq!(twice.status, 409);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/1/columns/shop/{id}");
    assert_eq!(f.api("DELETE", &path, Value::Null).await.status, 204);
    assert_eq!(f.api("GET", &path, Value::Null).await.status, 404);
    assert_eq!(
        f.api("GET", "/1/columns/shop/x", Value::Null).await.status,
        400
    );
    assert_eq!(
        f.api("GET", "/1/columns/shop?key_name=none", Value::Null)
            .await
            .status,
        404
    );
    assert_eq!(
        f.api("GET", "/1/columns/none/x", Value::Null).await.json()["error"],
        "Dataset not found"
    );
    f.close().await;
}

#[tokio::test]
async fn a_question_is_kept_as_posted_and_answered_when_polled() {
    let f = start();
    let events: Vec<_> = (0..10)
        .map(|i| json!({"data": {"n": i, "name": (["a", "b"][i % 2])}}))
        .collect();
    f.batch("shop", events.into()).await;
    let spec = json!({
        "calculations": [{"op": "COUNT"}, {"op": "MAX", "column": "n"}],
        "breakdowns": ["name"],
        "orders": [{"column": "name", "order": "ascending"}],
        "havings": [{"calculate_op": "COUNT", "op": ">", "value": 1}],
        "limit": 7, "time_range": 3600, "granularity": 60,
    });
    let saved = f.api("POST", "/1/queries/shop", spec.clone()).await;
    assert_eq!(saved.status, 200);
    let mut echoed = saved.json();
    let id = echoed.as_object_mut().unwrap().remove("id").unwrap();
    let id = id.as_str().unwrap();
    assert_eq!(echoed, spec);
    let read = f
        .api("GET", &format!("/1/queries/shop/{id}"), Value::Null)
        .await;
    assert_eq!(read.json()["limit"], 7);
    let ask = json!({"query_id": id, "disable_total_by_aggregate": false});
    let started = f.api("POST", "/1/query_results/shop", ask).await;
    assert_eq!(started.status, 201);
    assert_eq!(started.json()["complete"], false);
    let location = started.header("location").to_owned();
    let mut reply = f.api("GET", &location, Value::Null).await;
    for _ in 0..200 {
        if reply.status != 200 || reply.json()["complete"] == true {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        reply = f.api("GET", &location, Value::Null).await;
    }
    let body = reply.json();
    assert_eq!(body["complete"], true, "{body}");
    assert_eq!(
        body["data"]["results"],
        json!([
            {"data": {"name": "a", "COUNT": 5, "MAX(n)": 8}},
            {"data": {"name": "b", "COUNT": 5, "MAX(n)": 9}},
        ])
    );
    assert_eq!(body["data"]["total_by_aggregate"]["data"]["COUNT"], 10);
    assert!(!body["data"]["series"].as_array().unwrap().is_empty());
    assert!(!body["links"]["query_url"].as_str().unwrap().is_empty());
    assert!(reply.header("cache-control").contains("max-age"));
    f.close().await;
}

/// Scenario: the server stops while a question runs, or right after it was asked.
/// Guarantees: the same address answers after the restart, over the range it had.
#[tokio::test]
async fn a_result_left_without_an_answer_is_computed_when_asked_for() {
    let f = start();
    f.batch("shop", json!([{"data": {"n": 1}}, {"data": {"n": 2}}]))
        .await;
    let saved = f.api("POST", "/1/queries/shop", json!({})).await.json();
    let query_id = saved["id"].as_str().unwrap();
    let env = f.engine.catalog().environments()[0].id;
    let options = json!({"query_id": query_id}).to_string();
    let now = f.engine.now();
    // As a run that never ended leaves it.
    let id = f
        .engine
        .catalog()
        .begin_result(env, Some("shop"), query_id, &options, now)
        .unwrap();
    f.batch("shop", json!([{"data": {"n": 3}}])).await;
    let path = format!("/1/query_results/shop/{id}");
    let mut body = f.api("GET", &path, Value::Null).await.json();
    assert_eq!(body["complete"], false);
    for _ in 0..200 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        body = f.api("GET", &path, Value::Null).await.json();
        if body["complete"] == true {
            break;
        }
    }
    assert_eq!(
        body["data"]["results"],
        json!([{"data": {"COUNT": 2}}]),
        "{body}"
    );
    f.close().await;
}

#[tokio::test]
async fn questions_that_cannot_be_asked_are_told_by_name() {
    let f = start();
    f.batch("shop", json!([{"data": {"n": 1}}])).await;
    for (spec, field, says) in [
        (json!({"breakdowns": ["nowhere"]}), "breakdowns", "nowhere"),
        (
            json!({"filters": [{"column": "root.nowhere", "op": "exists"}]}),
            "filters",
            "nowhere",
        ),
        (
            json!({"formulas": [{"name": "f", "expression": "$a"}]}),
            "formulas",
            "not supported",
        ),
        (
            json!({"calculations": [{"op": "MEDIAN", "column": "n"}]}),
            "query",
            "MEDIAN",
        ),
    ] {
        let reply = f.api("POST", "/1/queries/shop", spec.clone()).await;
        assert_eq!(reply.status, 422, "{spec}");
        let detail = reply.json()["type_detail"][0].clone();
        assert_eq!(detail["field"], field);
        assert!(
            detail["description"].as_str().unwrap().contains(says),
            "{detail}"
        );
    }
    for spec in [
        json!({"filters": [{"column": "root.n", "op": "exists"}]}),
        json!({}),
    ] {
        assert_eq!(f.api("POST", "/1/queries/shop", spec).await.status, 200);
    }
    assert_eq!(
        f.api("POST", "/1/queries/__all__", json!({"breakdowns": ["n"]}))
            .await
            .status,
        200
    );
    assert_eq!(
        f.api("POST", "/1/queries/none", json!({})).await.json()["error"],
        "Dataset not found"
    );
    let reply = f
        .api("POST", "/1/query_results/shop", json!({"query_id": "none"}))
        .await;
    assert_eq!(reply.status, 404);
    let reply = f.api("POST", "/1/query_results/shop", json!({})).await;
    assert_eq!(reply.json()["type_detail"][0]["code"], "missing");
    assert_eq!(
        f.api("GET", "/1/query_results/shop/none", Value::Null)
            .await
            .status,
        404
    );
    let key = [("x-honeycomb-team", CONFIGURATION)];
    let reply = f.send("POST", "/1/queries/shop", &key, "{").await;
    assert_eq!(
        (reply.status, reply.json()["title"].clone()),
        (400, json!("The request body could not be parsed."))
    );
    f.close().await;
}

#[tokio::test]
async fn a_deleted_dataset_is_gone_with_its_rows() {
    let f = start();
    f.batch("shop", json!([{"data": {"n": 1}}])).await;
    let protected = f.api("DELETE", "/1/datasets/shop", Value::Null).await;
    assert_eq!(protected.status, 409);
    let open = json!({"settings": {"delete_protected": false}});
    assert_eq!(f.api("PUT", "/1/datasets/shop", open).await.status, 200);
    let gone = f.api("DELETE", "/1/datasets/shop", Value::Null).await;
    assert_eq!((gone.status, gone.json()), (202, json!({})));
    assert_eq!(
        f.api("GET", "/1/datasets/shop", Value::Null).await.status,
        404
    );
    // Made again under its name it is empty: one event, not two.
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    f.batch("shop", json!([{"data": {"n": 2}}])).await;
    let scope = engine::query::Scope {
        env: f.engine.catalog().environments()[0].id,
        dataset: Some("shop".into()),
    };
    let limits = engine::query::Limits::default();
    let count = engine::query::Query::default();
    let answer = f
        .engine
        .querier()
        .run(&scope, &count, limits, None)
        .await
        .unwrap();
    assert_eq!(answer.total["COUNT"], engine::query::Cell::Int(1));
    f.engine.close().await.unwrap();
}
