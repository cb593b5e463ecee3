//! Auth, datasets, columns, and paths that are not built.

use super::*;

#[tokio::test]
async fn auth_tells_environment_and_access_in_both_spellings() {
    let classic = "0123456789abcdef0123456789abcdef";
    let f = start_with(vec![InitialKey {
        environment: "bootcamp".into(),
        kind: KeyKind::Configuration,
        secret: classic.into(),
        signing_id: None,
        project: None,
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
    // The project of --dev has one of its own.
    let listed = f.api("GET", "/1/datasets", Value::Null).await.json();
    let slugs: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|d| &d["slug"])
        .collect();
    assert_eq!(slugs, ["my-shop", "rollbar-dev"]);
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
