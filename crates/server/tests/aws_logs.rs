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
    // 100 lines, one beside an old one, three followed, two of the CLI, 10,000 of watchtower.
    assert_eq!(of("stored"), 100 + 1 + 3 + 2 + 10_000);
}
