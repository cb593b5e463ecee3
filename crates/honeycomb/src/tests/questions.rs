//! Queries and their results.

use super::*;

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
