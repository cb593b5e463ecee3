//! Occurrences on their way in.

use super::*;

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
