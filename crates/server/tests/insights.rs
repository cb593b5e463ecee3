//! Logs Insights by boto3 and the AWS CLI against the binary, and by our own API over the same lines.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod process;

use serde_json::{Value, json};
use std::process::Command;
use support::Server;

const BINARY: &str = env!("CARGO_BIN_EXE_foursight");

fn post(server: &Server, path: &str, body: &Value) -> support::Reply {
    support::request(
        "POST",
        &server.url(path),
        &[
            ("content-type", "application/json"),
            ("accept", "application/json"),
            ("x-foursight-csrf", "1"),
        ],
        Some(body.to_string().as_bytes()),
    )
}

/// *Scenario*: lines put, asked and looked at with the vendor's own clients, signed; only the endpoint and
/// the key are ours. *Guarantees*: answers, refusals and their codes are as those clients expect them.
#[test]
fn the_vendors_clients_ask() {
    let requirements = support::repository().join("tests/clients/aws_requirements.txt");
    let python = match support::python_env(&requirements) {
        Ok(python) => python,
        Err(why) => return support::not_run("insights the_vendors_clients_ask", &why),
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(BINARY, data.path(), &["--dev"]);
    let out = Command::new(&python)
        .arg(support::repository().join("tests/clients/aws_insights.py"))
        .arg(server.url(""))
        .env("AWS_ACCESS_KEY_ID", "AKIAFOURSIGHTDEV0000")
        .env(
            "AWS_SECRET_ACCESS_KEY",
            "foursight/dev/secret/not/for/production",
        )
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_CONFIG_FILE", "/nonexistent")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let seen: Value = serde_json::from_slice(&out.stdout).unwrap();
    let want = json!({
        "stats": [
            // The plain line has no level: its group has no such field, and sorts last.
            ["level=error", "n=1", "slowest=250"],
            ["level=info", "n=2", "slowest=30"],
            ["level=warn", "n=1", "slowest=5"],
            ["n=1"],
        ],
        "statistics": [5.0, 5.0],
        "parsed": [["who=bob"]],
        "record": ["@ptr", "error", "ada", "s", true],
        "by arn": [2, "plain: user=bob"],
        "not built": [400, "MalformedQueryException", {
            "location": {"startCharOffset": 11, "endCharOffset": 18},
            "message": "the command pattern is not supported at line 1 and position 12",
        }],
        "missing group": [400, "ResourceNotFoundException"],
        "stop an ended one": [400, "InvalidParameterException"],
        "listed": ["Complete"],
        "fields": {"level": 80, "@message": 100},
        "cli": [["level=error", "mean=250"], ["level=info", "mean=20"], ["level=warn", "mean=5"], []],
        "cli refused": true,
    });
    assert_eq!(seen, want);
    own_api(&server);
}

/// The same lines by our own API: columns with their kinds, a histogram, mistakes with their place, words.
fn own_api(server: &Server) {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_nanos();
    let ask = |query: &str| {
        json!({
            "env": "dev",
            "groups": ["/cruddur/insights"],
            "query": query,
            "start_ns": (now - 600_000_000_000).to_string(),
            "end_ns": (now + 600_000_000_000).to_string(),
        })
    };
    let reply = post(
        server,
        "/foursight/v1/logs/query",
        &ask("filter ispresent(level) | fields level, ms | sort ms desc | limit 2"),
    );
    assert_eq!(reply.status, 200, "{}", reply.text());
    let answer = reply.json();
    assert_eq!(
        answer["columns"],
        json!([
            {"name": "level", "kind": "text"},
            {"name": "ms", "kind": "number"},
            {"name": "@ptr", "kind": "text"},
        ])
    );
    assert_eq!(answer["rows"][0][0], "error");
    assert_eq!(answer["rows"][1][1], "30");
    assert_eq!(
        (&answer["matched"], &answer["scanned"], &answer["grouped"]),
        (&json!(4), &json!(5), &json!(false))
    );
    let counts = answer["histogram"]["counts"].as_array().unwrap();
    let counted: u64 = counts.iter().filter_map(Value::as_u64).sum();
    assert_eq!(counted, 4);
    assert!(counts.len() <= 122, "{}", counts.len());

    let refused = post(
        server,
        "/foursight/v1/logs/query",
        &ask("fields a | wombat"),
    );
    assert_eq!(refused.status, 400);
    let problem = refused.json();
    assert_eq!(
        (
            &problem["detail"],
            &problem["offset"],
            &problem["offset_end"]
        ),
        (&json!("wombat is no command"), &json!(11), &json!(17))
    );
    let words = post(
        server,
        "/foursight/v1/logs/words",
        &json!({"env": "dev", "groups": ["/cruddur/insights"]}),
    );
    assert_eq!(words.status, 200, "{}", words.text());
    let words = words.json();
    let has = |list: &str, word: &str| words[list].as_array().unwrap().contains(&json!(word));
    assert!(has("commands", "stats") && has("keywords", "by"));
    assert!(has("special_fields", "@message"));
    assert!(
        has("fields", "user.name") && has("fields", "level"),
        "{}",
        words["fields"]
    );
    assert!(!has("fields", "meta.source"));
}
