//! The Events API: what is stored, and what is refused in which words.

use super::*;

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
    // The project of --dev has one of its own.
    let made = f.engine.catalog().datasets(env);
    let made: Vec<_> = made
        .iter()
        .filter(|d| d.kind != engine::DatasetKind::Project)
        .collect();
    assert_eq!(made.len(), 1);
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
        project: None,
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
