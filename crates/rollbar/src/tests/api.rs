//! The vendor's API: items, occurrences, deploys, projects, tokens.

use super::*;

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
