//! Rollbar (reliability.md §3, rollbar.md §2).

use super::{Bench, explode, gzip, levels, list, nested, padded, path, refusal, row};
use serde_json::{Value, json};
use support::{Reply, Server};

const TOKEN: &str = "f045000000000000000000000000dev0";
const DATASET: &str = "rollbar-dev";
/// Largest item, as sent and unpacked; any other body too.
const ITEM: usize = 1 << 20;
/// Largest list of items.
const BATCH: usize = 8 << 20;

/// Runs `test` between an occurrence that was taken before and one that is taken after it: both count.
fn check(test: impl FnOnce(&Server)) {
    let bench = Bench::start();
    let server = &bench.server;
    let keep = |uuid: &str| {
        let mut kept = item(uuid);
        kept["data"]["fingerprint"] = "kept".into();
        assert_eq!(post(server, &kept).status, 200);
    };
    keep("before");
    test(server);
    keep("after");
    assert_eq!(occurrences(server, "kept"), 2);
    bench.close("rollbar");
}

fn item(uuid: &str) -> Value {
    json!({"data": {"uuid": uuid, "fingerprint": "f", "body": {"message": {"body": "limits"}}}})
}

fn send(server: &Server, path: &str, encoding: Option<&str>, body: &[u8]) -> Reply {
    let mut headers = vec![("x-rollbar-access-token", TOKEN)];
    headers.extend(encoding.map(|e| ("content-encoding", e)));
    support::request("POST", &server.url(path), &headers, Some(body))
}

fn post(server: &Server, item: &Value) -> Reply {
    send(server, "/api/1/item/", None, item.to_string().as_bytes())
}

/// How many of a fingerprint are stored.
fn occurrences(server: &Server, fingerprint: &str) -> u64 {
    let of = json!({"column": "rollbar.fingerprint", "op": "=", "value": format!("custom:{fingerprint}")});
    let query = json!({"calculations": [{"op": "COUNT"}], "filters": [of]});
    server.query(Some(DATASET), &query)["total"]["COUNT"]
        .as_u64()
        .unwrap()
}

fn refused(server: &Server, reply: &Reply, status: u16, words: &str, reason: &str) {
    assert_eq!(reply.status, status, "{}", reply.text());
    let said = reply.json();
    assert_eq!(said["err"], 1);
    assert!(said["message"].as_str().unwrap().contains(words), "{said}");
    refusal(server, "rollbar", reason);
}

#[test]
fn an_item_of_1_mib_is_taken_and_a_larger_one_is_answered_413() {
    check(|server| {
        let of = |bytes| send(server, "/api/1/item/", None, &padded(&item("u"), bytes));
        assert_eq!(of(ITEM).status, 200);
        refused(server, &of(ITEM + 1), 413, "1048576 bytes", "too_large");
        assert_eq!(occurrences(server, "f"), 1);
    });
}

#[test]
fn an_item_of_1_mib_unpacked_is_taken_and_a_larger_one_is_answered_413() {
    check(|server| {
        let of = |bytes| {
            let body = gzip(&padded(&item("u"), bytes));
            send(server, "/api/1/item/", Some("gzip"), &body)
        };
        assert_eq!(of(ITEM).status, 200);
        refused(server, &of(ITEM + 1), 413, "1048576 bytes", "bomb");
        assert_eq!(occurrences(server, "f"), 1);
    });
}

#[test]
fn a_bomb_for_an_item_stops_at_1_mib_and_for_a_list_at_8_mib() {
    check(|server| {
        for (path, limit) in [("/api/1/item/", ITEM), ("/api/1/item_batch/", BATCH)] {
            let reply = explode(server, limit as u64, |bomb| {
                send(server, path, Some("gzip"), &bomb)
            });
            refused(server, &reply, 413, &format!("{limit} bytes"), "bomb");
        }
    });
}

/// Size alone is 413 (pyrollbar answers it with a message of its own): of one item of a list, when
/// none is taken.
#[test]
fn a_list_of_8_mib_is_taken_without_its_items_over_1_mib() {
    check(|server| {
        let path = "/api/1/item_batch/";
        let mut large = item("large");
        large["data"]["custom"] = json!({"text": "x".repeat(ITEM)});
        let (a, b) = (item("a"), item("b"));
        let mut body = json!([a, large, b]).to_string().into_bytes();
        body.resize(BATCH, b' ');
        let reply = send(server, path, None, &body);
        assert_eq!(reply.status, 200, "{}", reply.text());
        let result = &reply.json()["result"];
        assert_eq!(
            (&result["stored"], &result["refused"]),
            (&json!(2), &json!(1))
        );
        assert_eq!(
            refusal(server, "rollbar", "too_large")["counters"]["refused"],
            1
        );
        body.push(b' ');
        refused(
            server,
            &send(server, path, None, &body),
            413,
            "8388608 bytes",
            "too_large",
        );
        let alone = json!([large]).to_string();
        refused(
            server,
            &send(server, path, None, alone.as_bytes()),
            413,
            "1048576 bytes",
            "too_large",
        );
        assert_eq!(occurrences(server, "f"), 2);
    });
}

#[test]
fn an_item_has_64_levels_of_json() {
    check(|server| {
        // The payload, its data and its custom are three levels.
        let of = |uuid: &str, levels: usize| {
            let item = format!(
                r#"{{"data":{{"uuid":"{uuid}","fingerprint":"f","body":{{"message":{{"body":"x"}}}},"custom":{{"deep":{}}}}}}}"#,
                nested(levels - 3)
            );
            send(server, "/api/1/item/", None, item.as_bytes())
        };
        let taken = of("fits", 64);
        assert_eq!(taken.status, 200, "{}", taken.text());
        refused(server, &of("over", 65), 400, "64 levels", "too_deep");
        assert_eq!(occurrences(server, "f"), 1);
    });
}

/// Ten levels of names (mapping.md §3.4); the payload itself is kept with all of them.
#[test]
fn of_an_item_10_levels_become_names_and_deeper_ones_json_text() {
    check(|server| {
        // `custom` is the first level.
        let members = |range| serde_json::from_str::<Value>(&levels(range)).unwrap();
        let mut sent = item("deep");
        sent["data"]["custom"] = json!({"fits": members(3..=10), "over": members(3..=11)});
        assert_eq!(post(server, &sent).status, 200);
        let of = json!({"column": "rollbar.uuid", "op": "=", "value": "deep"});
        let name = |first: &str, last| format!("rollbar.custom.{first}.{}", path(3..=last));
        let (fits, over, deeper) = (name("fits", 10), name("over", 10), name("over", 11));
        let kept = row(server, DATASET, &of, &[&fits, &over, &deeper]);
        assert_eq!(kept[&fits], 1);
        assert_eq!(kept[&over], r#"{"l11":1}"#);
        assert_eq!(kept[&deeper], Value::Null);
        let token = [("x-rollbar-access-token", TOKEN)];
        let url = server.url("/api/1/instances/");
        let listed = support::request("GET", &url, &token, None).json();
        let instances = listed["result"]["instances"].as_array().unwrap();
        let same = |i: &&Value| i["data"]["custom"] == sent["data"]["custom"];
        assert_eq!(instances.iter().filter(same).count(), 1);
    });
}

#[test]
fn a_list_has_a_million_json_values() {
    check(|server| {
        let of = |uuid: &str, values| {
            let custom = list(values);
            let items = format!("[{{\"data\":{{}},\"more\":{custom}}},{}]", item(uuid));
            send(server, "/api/1/item_batch/", None, items.as_bytes())
        };
        assert_eq!(of("fits", 999_980).status, 200);
        refused(
            server,
            &of("over", 1_000_000),
            400,
            "1000000 values",
            "too_deep",
        );
        assert_eq!(occurrences(server, "f"), 1);
    });
}

#[test]
fn an_item_in_an_unknown_encoding_is_answered_415() {
    check(|server| {
        let body = item("u").to_string();
        // One encoding deep: not twice.
        for encoding in ["br", "gzip, gzip"] {
            let reply = send(server, "/api/1/item/", Some(encoding), body.as_bytes());
            refused(
                server,
                &reply,
                415,
                "gzip, deflate, zstd",
                "content_encoding",
            );
        }
        assert_eq!(occurrences(server, "f"), 0);
    });
}

/// The payload itself is kept with them.
#[test]
fn of_an_item_2_000_fields_255_bytes_of_a_name_and_65_535_of_a_value_are_kept() {
    check(|server| {
        let (name, value) = ("n".repeat(300), "v".repeat(70_000));
        let mut wide = item("wide");
        // `body.message` holds nothing but its text, which has a place of its own.
        wide["data"]["custom"] = (0..2_001)
            .map(|i| (format!("k{i:04}"), json!(i)))
            .collect::<serde_json::Map<_, _>>()
            .into();
        let mut long = item("long");
        long["data"]["custom"] = json!({&name: 1, "value": &value});
        for item in [&wide, &long] {
            assert_eq!(post(server, item).status, 200);
        }
        let of = |uuid: &str| json!({"column": "rollbar.uuid", "op": "=", "value": uuid});
        let kept = row(
            server,
            DATASET,
            &of("wide"),
            &["rollbar.custom.k1999", "meta.overflow"],
        );
        assert_eq!(kept["rollbar.custom.k1999"], 1_999);
        let overflow: Value =
            serde_json::from_str(kept["meta.overflow"].as_str().unwrap()).unwrap();
        assert_eq!(overflow, json!({"rollbar.custom.k2000": 2_000}));
        let field = format!("rollbar.custom.{name}");
        let cut = &field[..255];
        let fields = ["meta.truncated", "rollbar.custom.value", cut];
        let kept = row(server, DATASET, &of("long"), &fields);
        let truncated: Value =
            serde_json::from_str(kept["meta.truncated"].as_str().unwrap()).unwrap();
        assert_eq!(truncated, json!([cut, "rollbar.custom.value"]));
        assert_eq!(kept[cut], 1);
        assert_eq!(
            kept["rollbar.custom.value"].as_str().map(str::len),
            Some(65_535)
        );

        let token = [("x-rollbar-access-token", TOKEN)];
        let url = server.url("/api/1/instances/");
        let listed = support::request("GET", &url, &token, None).json();
        let instances = listed["result"]["instances"].as_array().unwrap();
        let customs: Vec<&Value> = instances.iter().map(|i| &i["data"]["custom"]).collect();
        for sent in [&wide, &long] {
            assert!(customs.contains(&&sent["data"]["custom"]));
        }
    });
}

#[test]
fn another_body_has_1_mib() {
    check(|server| {
        let deploy = json!({"environment": "production", "revision": "1"});
        let of = |bytes| send(server, "/api/1/deploy/", None, &padded(&deploy, bytes));
        assert_eq!(of(ITEM).status, 200);
        assert_eq!(of(ITEM + 1).status, 413);
    });
}
