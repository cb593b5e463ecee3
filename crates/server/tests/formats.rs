//! Directories written by earlier versions open, with everything that was sent to them; those of
//! later versions are refused and left alone. See `tests/fixtures/formats/README.md`.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stopped"
)]

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use support::{Reply, Server};

mod signed;

use signed::Call;

const BINARY: &str = env!("CARGO_BIN_EXE_foursight");

/// The kept directories, by version.
fn kept() -> Vec<PathBuf> {
    let root = support::repository().join("tests/fixtures/formats");
    let mut found: Vec<PathBuf> = fs::read_dir(root)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.is_dir())
        .collect();
    found.sort();
    assert!(!found.is_empty());
    found
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn open(data: &Path) -> Server {
    // What the directory holds is older every day.
    Server::start(BINARY, data, &["--retention-days", "0"])
}

/// Asks as Honeycomb's API is asked.
fn honeycomb(server: &Server, key: &str, method: &str, path: &str, body: Option<&Value>) -> Reply {
    let headers = [
        ("x-honeycomb-team", key),
        ("content-type", "application/json"),
    ];
    let body = body.map(ToString::to_string);
    support::request(
        method,
        &server.url(path),
        &headers,
        body.as_deref().map(str::as_bytes),
    )
}

/// Every row of the environment, by dataset.
fn rows(server: &Server, data: &Path) -> BTreeMap<String, Vec<Value>> {
    let token = fs::read_to_string(data.join("setup-token")).unwrap();
    let bearer = format!("Bearer {}", token.trim());
    let ask = json!({"env": "kept", "limit": 1000, "query": {"start_time": 0, "end_time": 4_000_000_000_u64}});
    let reply = support::request(
        "POST",
        &server.url("/foursight/v1/rows"),
        &[
            ("authorization", &bearer),
            ("content-type", "application/json"),
        ],
        Some(ask.to_string().as_bytes()),
    );
    assert_eq!(reply.status, 200, "{}", reply.text());
    let mut out: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for row in reply.json()["rows"].as_array().unwrap() {
        let dataset = row["dataset"].as_str().unwrap().to_owned();
        out.entry(dataset).or_default().push(row.clone());
    }
    out
}

/// The datasets of the rows sent: metrics go to the one the vendor gives them.
fn dataset_of(sent: &str) -> &str {
    match sent {
        "queue" => "unknown_metrics",
        other => other,
    }
}

/// Everything that was sent is there, once, and nothing else.
fn check(server: &Server, data: &Path, expected: &Value) {
    let mut found = rows(server, data);
    if let Some(others) = expected.get("other sources") {
        other_sources(server, others);
        for dataset in OTHER_DATASETS {
            assert!(found.remove(dataset).is_some(), "no rows of {dataset}");
        }
    }
    let sent = expected["rows"].as_object().unwrap();
    let want: BTreeSet<&str> = sent.keys().map(|d| dataset_of(d)).collect();
    assert_eq!(
        found.keys().map(String::as_str).collect::<BTreeSet<_>>(),
        want
    );
    for (dataset, sent) in sent {
        let found = &found[dataset_of(dataset)];
        let sent = sent.as_array().unwrap();
        assert_eq!(found.len(), sent.len(), "rows of {dataset}");
        for row in sent {
            let n = &row["n"];
            let hit: Vec<&Value> = found.iter().filter(|f| &f["n"] == n).collect();
            assert_eq!(hit.len(), 1, "rows of {dataset} with n = {n}");
            for (field, value) in row.as_object().unwrap() {
                if field != "samplerate" {
                    assert_eq!(&hit[0][field], value, "{field} of row {n} of {dataset}");
                }
            }
        }
    }
    keys_and_questions(server, expected);
}

/// Where rows of the other sources lie; what they are is asked of their own APIs.
const OTHER_DATASETS: [&str; 3] = ["logs--kept-app", "rollbar-shop", "xray"];

/// X-Ray's, CloudWatch Logs' and Rollbar's: each asked as its clients ask.
fn other_sources(server: &Server, expected: &Value) {
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    let key = &expected["signing"];
    let (id, secret) = (text(&key["id"]), text(&key["secret"]));
    let ask = |call: Call| call.by(&id, &secret).ok(server);

    let group = &expected["log_group"];
    let name = &group["name"];
    let groups = ask(Call::logs("DescribeLogGroups", &json!({})));
    assert_eq!(groups["logGroups"][0]["logGroupName"], *name);
    assert_eq!(
        groups["logGroups"][0]["retentionInDays"],
        group["retention"]
    );
    let tags = ask(Call::logs(
        "ListTagsLogGroup",
        &json!({"logGroupName": name}),
    ));
    assert_eq!(tags["tags"], group["tags"]);
    let of_stream =
        json!({"logGroupName": name, "logStreamName": group["stream"], "startFromHead": true});
    let lines = ask(Call::logs("GetLogEvents", &of_stream));
    let lines: Vec<&Value> = lines["events"].as_array().unwrap().iter().collect();
    let messages: Vec<&Value> = lines.iter().map(|e| &e["message"]).collect();
    assert_eq!(json!(messages), group["lines"]);

    let groups = ask(Call::xray("/Groups", &json!({})));
    let kept = groups["Groups"].as_array().unwrap().iter();
    let mut kept = kept.filter(|g| g["GroupName"] == expected["group"]["name"]);
    assert_eq!(
        kept.next().unwrap()["FilterExpression"],
        expected["group"]["filter"]
    );
    let rules = ask(Call::xray("/GetSamplingRules", &json!({})));
    let rules = rules["SamplingRuleRecords"].as_array().unwrap();
    let rule = rules
        .iter()
        .map(|r| &r["SamplingRule"])
        .find(|r| r["RuleName"] == expected["rule"]["RuleName"])
        .expect("the rule");
    for (member, value) in expected["rule"].as_object().unwrap() {
        assert_eq!(&rule[member], value, "{member} of the rule");
    }
    for segment in expected["traces"].as_array().unwrap() {
        let trace = text(&segment["trace_id"]);
        let input = json!({"TraceIds": [trace]});
        let got = ask(Call::xray("/Traces", &input));
        let document = text(&got["Traces"][0]["Segments"][0]["Document"]);
        let document: Value = serde_json::from_str(&document).unwrap();
        assert_eq!(document, *segment);
    }

    let token = text(&expected["project_token"]);
    let url = server.url("/api/1/items/");
    let items = support::request("GET", &url, &[("x-rollbar-access-token", &token)], None);
    assert_eq!(items.status, 200, "{}", items.text());
    let items = items.json();
    let found: serde_json::Map<String, Value> = items["result"]["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| {
            let told = json!([i["status"], i["total_occurrences"]]);
            (text(&i["title"]), told)
        })
        .collect();
    assert_eq!(Value::Object(found), expected["items"]);
}

fn keys_and_questions(server: &Server, expected: &Value) {
    let key = expected["kept_key"].as_str().unwrap();
    let revoked = expected["revoked_key"].as_str().unwrap();
    let whoami = honeycomb(server, key, "GET", "/1/auth", None);
    assert_eq!(whoami.status, 200, "{}", whoami.text());
    assert_eq!(whoami.json()["environment"]["slug"], "kept");
    let gone = honeycomb(server, revoked, "GET", "/1/auth", None);
    assert_eq!(gone.status, 401, "{}", gone.text());

    let datasets = honeycomb(server, key, "GET", "/1/datasets", None).json();
    let slugs: BTreeSet<&str> = datasets
        .as_array()
        .unwrap()
        .iter()
        .map(|d| d["slug"].as_str().unwrap())
        .collect();
    assert!(slugs.contains("checkout") && !slugs.contains(expected["deleted"].as_str().unwrap()));

    let id = expected["query"]["id"].as_str().unwrap();
    let saved = honeycomb(
        server,
        key,
        "GET",
        &format!("/1/queries/checkout/{id}"),
        None,
    );
    assert_eq!(saved.status, 200, "{}", saved.text());
    let asked = &expected["query"]["question"];
    for member in ["breakdowns", "calculations", "time_range"] {
        assert_eq!(saved.json()[member], asked[member], "{member}");
    }

    // Weighted counts by user, from what was sent.
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for row in expected["rows"]["checkout"].as_array().unwrap() {
        *counts
            .entry(row["user.id"].as_str().unwrap().to_owned())
            .or_default() += row["samplerate"].as_u64().unwrap();
    }
    let question = json!({"calculations": [{"op": "COUNT"}], "breakdowns": ["user.id"],
        "start_time": expected["start_ns"].as_u64().unwrap() / 1_000_000_000 - 3600, "time_range": 86_400});
    let id =
        honeycomb(server, key, "POST", "/1/queries/checkout", Some(&question)).json()["id"].clone();
    let run = honeycomb(
        server,
        key,
        "POST",
        "/1/query_results/checkout",
        Some(&json!({"query_id": id, "disable_series": true})),
    );
    let path = format!(
        "/1/query_results/checkout/{}",
        run.json()["id"].as_str().unwrap()
    );
    let answer = (0..200)
        .map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(25));
            honeycomb(server, key, "GET", &path, None).json()
        })
        .find(|a| a["complete"] == true)
        .expect("an answer within 5 s");
    let found: BTreeMap<String, u64> = answer["data"]["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| {
            let data = &r["data"];
            let user = data["user.id"].as_str().unwrap().to_owned();
            (user, data["COUNT"].as_u64().unwrap())
        })
        .collect();
    assert_eq!(found, counts);
}

/// Queries kept under a name: those that were, and one more.
fn saved_queries(server: &Server, data: &Path, expected: &Value) {
    let token = fs::read_to_string(data.join("setup-token")).unwrap();
    let bearer = format!("Bearer {}", token.trim());
    let headers = [
        ("authorization", &*bearer),
        ("content-type", "application/json"),
    ];
    let url = server.url("/foursight/v1/environments/kept/saved_queries");
    let listed = || support::request("GET", &url, &headers, None).json()["queries"].clone();
    let kept = listed();
    match expected.get("saved query") {
        None => assert_eq!(kept, json!([])),
        Some(named) => {
            assert_eq!(kept.as_array().unwrap().len(), 1);
            for (member, value) in named.as_object().unwrap() {
                if member != "query" {
                    assert_eq!(&kept[0][member], value, "{member}");
                }
            }
            let asked = &kept[0]["asked"]["query"];
            for (member, value) in named["query"].as_object().unwrap() {
                assert_eq!(&asked[member], value, "{member} of the query");
            }
        }
    }
    let body = json!({"name": "of before", "dataset": "checkout", "query": {}}).to_string();
    let made = support::request("POST", &url, &headers, Some(body.as_bytes()));
    assert_eq!(made.status, 201, "{}", made.text());
    let all = listed();
    assert!(all.as_array().unwrap().contains(&made.json()), "{all}");
}

#[test]
fn every_kept_directory_opens_with_all_that_was_sent() {
    for version in kept() {
        let expected = fs::read(version.join("expected.json")).unwrap();
        let expected: Value = serde_json::from_slice(&expected).unwrap();
        let copied = tempfile::tempdir().unwrap();
        let data = copied.path().join("data");
        copy(&version.join("data"), &data);
        let server = open(&data);
        check(&server, &data, &expected);
        // A clean stop turns the log into parts; the directory is this version's from then on.
        assert_eq!(server.stop().code(), Some(0));
        let server = open(&data);
        check(&server, &data, &expected);
        saved_queries(&server, &data, &expected);
        assert_eq!(server.stop().code(), Some(0));
        let verified = Command::new(BINARY)
            .arg("verify")
            .arg("--data-dir")
            .arg(&data)
            .output()
            .unwrap();
        assert!(verified.status.success(), "{verified:?}");
    }
}

/// *Guarantees*: a format is not raised without a directory of it being kept.
#[test]
fn the_newest_kept_directory_is_of_this_versions_formats() {
    let formats = |data: &Path| {
        // As copied: a database is not opened where it is kept.
        let copied = tempfile::tempdir().unwrap();
        copy(data, copied.path());
        let open = |name| rusqlite::Connection::open(copied.path().join(name)).unwrap();
        let catalog: i64 = open("catalog.sqlite")
            .pragma_query_value(None, "user_version", |r| r.get(0))
            .unwrap();
        let manifest: i64 = open("manifest.sqlite")
            .query_row("SELECT value FROM meta WHERE name = 'format'", [], |r| {
                r.get(0)
            })
            .unwrap();
        let wal = fs::read_dir(copied.path().join("wal/0")).unwrap();
        let mut wal: Vec<PathBuf> = wal.map(|e| e.unwrap().path()).collect();
        wal.sort();
        let wal = fs::read(wal.last().unwrap()).unwrap()[..8].to_vec();
        (catalog, manifest, wal)
    };
    let fresh = tempfile::tempdir().unwrap();
    let server = Server::start(BINARY, fresh.path(), &["--dev"]);
    let event = json!({"n": 1});
    let key = "fsdev_ingest_key_000000";
    let sent = honeycomb(&server, key, "POST", "/1/events/first", Some(&event));
    assert_eq!(sent.status, 200, "{}", sent.text());
    server.kill();
    let newest = kept().pop().unwrap();
    assert_eq!(formats(&newest.join("data")), formats(fresh.path()));
}

/// Every file's bytes, but the lock's (it says who looked last) and SQLite's shared memory.
fn contents(data: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut out = BTreeMap::new();
    let mut dirs = vec![data.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                dirs.push(path);
            } else if name != "LOCK" && !name.ends_with("-shm") {
                let bytes = fs::read(&path).unwrap();
                // An empty log beside a database says nothing.
                if !(name.ends_with("-wal") && bytes.is_empty()) {
                    out.insert(path, bytes);
                }
            }
        }
    }
    out
}

fn raise_manifest(data: &Path) {
    let db = rusqlite::Connection::open(data.join("manifest.sqlite")).unwrap();
    db.execute("UPDATE meta SET value = 99 WHERE name = 'format'", [])
        .unwrap();
}

fn raise_catalog(data: &Path) {
    let db = rusqlite::Connection::open(data.join("catalog.sqlite")).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
}

/// As a killed newer version leaves it: the number stands in the log alone.
fn raise_catalog_in_its_log(data: &Path) {
    let db = rusqlite::Connection::open(data.join("catalog.sqlite")).unwrap();
    db.set_db_config(
        rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE,
        true,
    )
    .unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
}

fn raise_wal(data: &Path) {
    let mut files: Vec<PathBuf> = fs::read_dir(data.join("wal/0"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    files.sort();
    let last = files.last().unwrap();
    let mut bytes = fs::read(last).unwrap();
    bytes[7] += 1;
    fs::write(last, bytes).unwrap();
}

#[test]
fn a_newer_format_is_refused_in_one_line_and_nothing_is_touched() {
    type Raise = fn(&Path);
    let raises: [(&str, Raise); 4] = [
        ("manifest", raise_manifest),
        ("catalog", raise_catalog),
        ("catalog's log", raise_catalog_in_its_log),
        ("wal", raise_wal),
    ];
    let version = kept().pop().unwrap();
    for (what, raise) in raises {
        let copied = tempfile::tempdir().unwrap();
        let data = copied.path().join("data");
        copy(&version.join("data"), &data);
        raise(&data);
        let before = contents(&data);
        let out = Command::new(BINARY)
            .args([
                "serve",
                "--http",
                "127.0.0.1:0",
                "--otlp-grpc",
                "127.0.0.1:0",
            ])
            .args(["--otlp-http", "127.0.0.1:0", "--retention-days", "0"])
            .arg("--data-dir")
            .arg(&data)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8(out.stderr).unwrap();
        let lines: Vec<&str> = said.lines().collect();
        assert!(!out.status.success(), "{what}: it started");
        assert_eq!(lines.len(), 1, "{what}: {said}");
        assert!(
            lines[0].contains("newer") || lines[0].contains("knows up to"),
            "{what}: {said}"
        );
        let after = contents(&data);
        let names = |m: &BTreeMap<PathBuf, Vec<u8>>| m.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&before), names(&after), "{what}");
        for (path, bytes) in &before {
            assert!(after[path] == *bytes, "{what}: {} changed", path.display());
        }
    }
}
