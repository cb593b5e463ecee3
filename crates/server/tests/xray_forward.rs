//! Sending on (`--xray-forward`): to another server that checks signatures as AWS does.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::{Value, json};
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::Server;

const BINARY: &str = env!("CARGO_BIN_EXE_foursight");
const HEADER: &str = "{\"format\":\"json\",\"version\":1}\n";
/// The fixed pair of --dev.
const PAIR: [(&str, &str); 2] = [
    ("AWS_ACCESS_KEY_ID", "AKIAFOURSIGHTDEV0000"),
    (
        "AWS_SECRET_ACCESS_KEY",
        "foursight/dev/secret/not/for/production",
    ),
];

fn now_s() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

/// A segment with a subsegment, as an SDK writes it: its spaces and its order of keys are its own.
fn document(n: u64) -> String {
    let at = now_s() - 1;
    format!(
        r#"{{"trace_id": "1-{at:08x}-{n:024x}", "id": "{n:016x}", "name": "backend-flask", "start_time": {at}.25, "end_time": {at}.5, "annotations": {{"handle": "andrewbrown"}}, "subsegments": [{{"id": "{:016x}", "name": "mock-data", "start_time": {at}.3, "end_time": {at}.4, "namespace": "local"}}]}}"#,
        n + 1_000
    )
}

fn send(server: &Server, document: &str) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = server.ready["xray"].as_str().unwrap();
    let datagram = format!("{HEADER}{document}");
    socket.send_to(datagram.as_bytes(), address).unwrap();
}

/// How many segments were sent, refused and lost, as `/metrics` says.
fn forwarded(server: &Server) -> [u64; 3] {
    let page = support::get(&server.url("/metrics")).text();
    ["sent", "refused", "lost"].map(|outcome| {
        let name = format!("foursight_xray_forwarded_total{{outcome=\"{outcome}\"}} ");
        page.lines()
            .find_map(|l| l.strip_prefix(&name)?.parse().ok())
            .expect("the metric is there")
    })
}

fn wait_for(what: &str, server: &Server, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !done() {
        assert!(Instant::now() < deadline, "{what}:\n{}", server.log());
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The verbatim documents of a server's segments, in order, as the real `aws` command gets them.
fn documents(python: &Path, server: &Server, sent: &[String]) -> Vec<String> {
    let id = |document: &String| -> String {
        let read: Value = serde_json::from_str(document).unwrap();
        read["trace_id"].as_str().unwrap().to_owned()
    };
    let out = Command::new(python.with_file_name("aws"))
        .args([
            "--endpoint-url",
            &server.url(""),
            "xray",
            "batch-get-traces",
            "--trace-ids",
        ])
        .args(sent.iter().map(id))
        .envs(PAIR)
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_CONFIG_FILE", "/nonexistent")
        .env("AWS_PAGER", "")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told = String::from_utf8(out.stderr).unwrap();
    assert!(out.status.success(), "{told}");
    let reply: Value = serde_json::from_slice(&out.stdout).unwrap();
    let traces = reply["Traces"].as_array().unwrap().iter();
    let segments = traces.flat_map(|t| t["Segments"].as_array().unwrap());
    let mut found: Vec<String> = segments
        .map(|s| s["Document"].as_str().unwrap().to_owned())
        .collect();
    found.sort();
    found
}

/// The Python that holds the `aws` command; `None` after saying why the test does not run.
fn client_env(test: &str) -> Option<PathBuf> {
    let pins = support::repository().join("tests/clients/xray_requirements.txt");
    support::python_env(&pins)
        .map_err(|e| support::not_run(test, &e))
        .ok()
}

/// Rows of segments.
fn rows(server: &Server) -> u64 {
    let answer = server.query(Some("xray"), &json!({"calculations": [{"op": "COUNT"}]}));
    answer["total"]["COUNT"].as_u64().unwrap_or(0)
}

/// *Guarantees*: what came by UDP and was stored is at the other side byte for byte, signed and once;
/// what was refused or came twice is not sent on; the log and `/metrics` say how many; a stop sends
/// what still waits.
#[test]
fn what_is_stored_is_sent_on_signed_and_once() {
    let Some(python) = client_env("what_is_stored_is_sent_on_signed_and_once") else {
        return;
    };
    let (there, here) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let upstream = Server::start(BINARY, there.path(), &["--dev"]);
    let to = upstream.url("");
    let args = ["--dev", "--xray-forward", &to];
    let server = Server::spawn(BINARY, here.path(), &args, &PAIR);
    let mut sent: Vec<String> = (1..=3).map(document).collect();
    sent.iter().for_each(|d| send(&server, d));
    send(&server, &sent[0]);
    send(&server, r#"{"name":"no id"}"#);
    wait_for("three are sent on", &server, || forwarded(&server)[0] == 3);
    let said = server.log();
    assert!(
        said.contains(&format!("segments are sent on to {to}")),
        "{said}"
    );
    assert!(
        said.contains(&format!("segments sent on to {to} (")),
        "{said}"
    );
    sent.push(document(4));
    send(&server, &sent[3]);
    // Each is a segment and a subsegment.
    wait_for("the fourth is stored", &server, || rows(&server) == 8);
    assert!(server.stop().success());
    sent.sort();
    assert_eq!(documents(&python, &upstream, &sent), sent);
    let items = support::get(&upstream.url("/metrics")).text();
    let merged = r#"foursight_items_total{protocol="xray",outcome="merged"} 0"#;
    assert!(items.contains(merged), "{items}");
}

/// *Guarantees*: a segment that the other side refuses, or that finds nobody, is stored here, counted
/// and told in the log.
#[test]
fn what_cannot_be_sent_on_stays_is_counted_and_told() {
    let there = tempfile::tempdir().unwrap();
    let upstream = Server::start(BINARY, there.path(), &["--dev"]);
    let nobody = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", free.local_addr().unwrap())
    };
    let wrong = [PAIR[0], ("AWS_SECRET_ACCESS_KEY", "another")];
    for (to, pair, want, said) in [
        (
            upstream.url(""),
            wrong,
            [0, 1, 0],
            "1 segments were refused by",
        ),
        (
            nobody,
            PAIR,
            [0, 0, 1],
            "1 segments could not be sent on to",
        ),
    ] {
        let here = tempfile::tempdir().unwrap();
        let args = ["--dev", "--xray-forward", &to];
        let server = Server::spawn(BINARY, here.path(), &args, &pair);
        send(&server, &document(7));
        wait_for(said, &server, || forwarded(&server) == want);
        let log = server.log();
        assert!(log.contains(&format!("{said} {to}")), "{log}");
        assert_eq!(rows(&server), 2);
    }
    assert_eq!(rows(&upstream), 0);
}

/// *Guarantees*: what could never be sent is told at the start, in one line with the way out.
#[test]
fn a_start_without_a_pair_or_with_a_wrong_address_is_refused() {
    for (url, said) in [
        ("https://xray.eu-west-1.amazonaws.com", "AWS_ACCESS_KEY_ID"),
        ("127.0.0.1:2000", "is no address to send on to"),
    ] {
        let data = tempfile::tempdir().unwrap();
        let out = Command::new(BINARY)
            .args(["serve", "--dev", "--xray-forward", url, "--data-dir"])
            .arg(data.path())
            .env_remove("AWS_ACCESS_KEY_ID")
            .env_remove("AWS_SECRET_ACCESS_KEY")
            .output()
            .unwrap();
        let text = String::from_utf8(out.stderr).unwrap();
        assert!(!out.status.success() && text.contains(said), "{text}");
        assert_eq!(text.trim_end().lines().count(), 1, "{text}");
    }
}
