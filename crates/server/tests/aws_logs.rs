//! CloudWatch Logs by its own clients, unmodified, against the binary.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod process;

use process::client_env;
use serde_json::{Value, json};
use support::Server;

const BINARY: &str = env!("CARGO_BIN_EXE_foursight");

/// *Scenario*: boto3, the AWS CLI and watchtower create, write, read, filter, follow and delete, signed.
/// *Guarantees*: what each saw is what was sent: in order, once; 10,000 lines of four processes too; refusals
/// have AWS's codes; Arrivals' sums add up.
#[test]
fn boto3_the_command_line_and_watchtower_see_what_they_sent() {
    let name = "boto3_the_command_line_and_watchtower_see_what_they_sent";
    let Some(python) = client_env(name) else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(BINARY, data.path(), &["--dev"]);
    let out = std::process::Command::new(&python)
        .arg(support::repository().join("tests/clients/aws_logs.py"))
        .arg(server.url(""))
        .env("AWS_ACCESS_KEY_ID", "AKIAFOURSIGHTDEV0000")
        .env(
            "AWS_SECRET_ACCESS_KEY",
            "foursight/dev/secret/not/for/production",
        )
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{told}");
    let seen: Value = serde_json::from_slice(&out.stdout).unwrap();
    let line = r#"{"level": "ERROR", "status": 500, "xray_trace_id": "1-5759e988-bd862e3fe1be46a994272793"}"#;
    assert_eq!(
        seen,
        json!({
            "group twice": "400 ResourceAlreadyExistsException",
            "put without stream": "400 ResourceNotFoundException",
            "rejected": false,
            "token digits": 56,
            "times": [0, 33],
            "read in order": true,
            "last two": ["line 98", "line 99"],
            "filtered": [line],
            "ids rise": true,
            "too old": {"tooOldLogEventEndIndex": 1},
            "retention": 7,
            "tags": {"stage": "dev"},
            "not built": "400 UnknownOperationException",
            "bad pattern": "400 InvalidParameterException",
            "wrong secret": "400 InvalidSignatureException",
            "unknown key": "400 UnrecognizedClientException",
            "tail": {"events": ["sessionStart", "sessionUpdate"], "lines": ["followed 1", "followed 2"]},
            "polled": (0..20).map(|i| format!("polled {i}")).collect::<Vec<_>>(),
            "cli get": ["from the cli", "ERROR"],
            "cli filter": ["ERROR"],
            "cli deleted": [],
            "cli missing": true,
            "writers": [0, 0, 0, 0],
            "writer 0": true,
            "writer 1": true,
            "writer 2": true,
            "writer 3": true,
        })
    );
    let arrivals = support::get(&server.url("/foursight/v1/arrivals?protocol=logs")).json();
    let counters = &arrivals["counters"];
    let of = |name: &str| counters[name].as_u64().unwrap();
    assert_eq!(
        of("received"),
        of("stored") + of("refused") + of("dropped") + of("merged")
    );
    // 100 lines, one beside an old one, three followed, twenty polled for, two of the CLI, 10,000 of watchtower.
    assert_eq!(of("stored"), 100 + 1 + 3 + 20 + 2 + 10_000);
    own_api(&server, line);
}

fn post(server: &Server, path: &str, body: &Value) -> Value {
    let headers = [
        ("content-type", "application/json"),
        ("x-foursight-csrf", "1"),
    ];
    let body = body.to_string();
    let url = server.url(&format!("/foursight/v1{path}"));
    let reply = support::request("POST", &url, &headers, Some(body.as_bytes()));
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

/// The same lines as the UI sees them.
fn own_api(server: &Server, line: &str) {
    let get = |path: &str| support::get(&server.url(&format!("/foursight/v1{path}"))).json();
    let groups = get("/environments/dev/logs/groups");
    let groups = groups["groups"].as_array().unwrap();
    let counts: Vec<(&str, u64)> = groups
        .iter()
        .map(|g| (g["name"].as_str().unwrap(), g["lines"].as_u64().unwrap()))
        .collect();
    assert_eq!(counts, [("/cruddur/api", 124), ("watchtower", 10_000)]);
    let streams = get("/environments/dev/logs/streams?group=watchtower&search=WRITER");
    assert_eq!(streams["total"], 4);

    let ask = json!({"env": "dev", "group": "/cruddur/api", "filter": "{ $.status = 500 }"});
    let found = post(server, "/logs/lines", &ask);
    let found = found["lines"].as_array().unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["message"], line);
    assert_eq!(found[0]["severity"], "ERROR");
    assert_eq!(found[0]["trace_id"], "5759e988bd862e3fe1be46a994272793");
    let id = found[0]["id"].as_str().unwrap();
    let opened = get(&format!(
        "/environments/dev/logs/lines/{id}?group=/cruddur/api"
    ));
    assert_eq!(opened["fields"]["status"], 500);
    assert_eq!(opened["fields"]["body"], line);
    // The same trace by its page.
    let trace = get("/environments/dev/traces/1-5759e988-bd862e3fe1be46a994272793");
    assert_eq!(trace["columns"]["event_id"].as_array().unwrap().len(), 1);

    // Pages meet without a gap and without a line twice.
    let mut ask = json!({"env": "dev", "group": "/cruddur/api", "order": "oldest", "limit": 25});
    let mut messages = Vec::new();
    loop {
        let page = post(server, "/logs/lines", &ask);
        let lines = page["lines"].as_array().unwrap();
        messages.extend(lines.iter().map(|l| l["message"].clone()));
        if page["more"] == false {
            break;
        }
        ask["beyond"] = lines.last().unwrap()["id"].clone();
    }
    assert_eq!(messages.len(), 124);
    let at = |text: &str| messages.iter().position(|m| m == text).unwrap();
    assert!(
        (0..99)
            .filter(|i| *i != 7 && *i != 6)
            .all(|i| { at(&format!("line {i}")) < at(&format!("line {}", i + 1)) })
    );

    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_nanos();
    let range = |ask: &mut Value| {
        ask["start_ns"] = (now - 600_000_000_000).to_string().into();
        ask["end_ns"] = (now + 10_000_000_000).to_string().into();
    };
    let mut ask = json!({"env": "dev", "group": "/cruddur/api", "filter": "/line 9[0-9]/"});
    range(&mut ask);
    let counts = post(server, "/logs/counts", &ask);
    assert_eq!(
        (&counts["matched"], &counts["examined"]),
        (&json!(10), &json!(124))
    );
    let reply = support::request(
        "POST",
        &server.url("/foursight/v1/logs/lines"),
        &[
            ("content-type", "application/json"),
            ("x-foursight-csrf", "1"),
        ],
        Some(br#"{"env": "dev", "group": "/cruddur/api", "filter": "{ $.a = }"}"#),
    );
    assert_eq!(reply.status, 400);
    assert!(reply.text().contains("a value is missing at character 9"));
}
