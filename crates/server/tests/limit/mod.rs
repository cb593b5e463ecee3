//! What the tests of limits share.

mod logs;
mod rollbar;
mod xray;

use serde_json::Value;
use std::io::Write as _;
use std::sync::OnceLock;
use support::{Reply, Server};

const BINARY: &str = env!("CARGO_BIN_EXE_foursight");

/// A server in a folder of its own.
struct Bench {
    server: Server,
    _data: tempfile::TempDir,
}

impl Bench {
    fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        Self {
            server: Server::start(BINARY, data.path(), &["--dev"]),
            _data: data,
        }
    }

    /// Ends a test: every item that came over `protocol` has an outcome.
    fn close(self, protocol: &str) {
        let path = format!("/foursight/v1/arrivals?protocol={protocol}");
        let counters = support::get(&self.server.url(&path)).json()["counters"].clone();
        let of = |name: &str| counters[name].as_u64().unwrap();
        assert_eq!(
            of("received"),
            of("stored") + of("refused") + of("dropped") + of("merged"),
            "{counters}"
        );
    }
}

/// Arrivals' row of what was refused for `reason`.
fn refusal(server: &Server, protocol: &str, reason: &str) -> Value {
    let path = format!("/foursight/v1/arrivals?protocol={protocol}&outcome=refused");
    let listed = support::get(&server.url(&path)).json();
    let rows = listed["rows"].as_array().unwrap();
    rows.iter()
        .find(|r| r["reason"]["code"] == reason)
        .unwrap_or_else(|| panic!("no row for {reason}: {rows:#?}"))
        .clone()
}

fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

/// 64 MiB of spaces, 64 KiB on the wire: JSON up to the end, whoever reads it in pieces.
fn bomb() -> Vec<u8> {
    static BOMB: OnceLock<Vec<u8>> = OnceLock::new();
    BOMB.get_or_init(|| gzip(&vec![b' '; 64 << 20])).clone()
}

/// What memory may rise by at the first request of a kind: threads, tables, the allocator's slack.
const FIRST_REQUEST: u64 = 8 << 20;

/// Sends a bomb by `send`; memory may rise at its peak by less than twice the body's limit.
fn explode(server: &Server, limit: u64, send: impl Fn(Vec<u8>) -> Reply) -> Reply {
    let (bomb, before) = (bomb(), server.peak_rss_bytes());
    let reply = send(bomb);
    let rise = server.peak_rss_bytes().saturating_sub(before);
    let most = 2 * limit + FIRST_REQUEST;
    assert!(rise < most, "a bomb raised the peak by {rise} bytes");
    reply
}

/// A JSON object's text, made `bytes` long by spaces behind it.
fn padded(object: &Value, bytes: usize) -> Vec<u8> {
    let mut body = object.to_string().into_bytes();
    assert!(body.len() <= bytes);
    body.resize(bytes, b' ');
    body
}

/// Lists within lists, `depth` of them.
fn nested(depth: usize) -> String {
    format!("{}1{}", "[".repeat(depth), "]".repeat(depth))
}

/// `{"l1":{"l2":…1}}`: objects within objects, the last of which holds a number.
fn levels(range: std::ops::RangeInclusive<usize>) -> String {
    range
        .rev()
        .fold("1".to_owned(), |inner, l| format!("{{\"l{l}\":{inner}}}"))
}

/// `l1.l2.…`: the names of so many levels.
fn path(range: std::ops::RangeInclusive<usize>) -> String {
    let names: Vec<String> = range.map(|l| format!("l{l}")).collect();
    names.join(".")
}

/// A list of `n` numbers.
fn list(n: usize) -> String {
    let mut text = "1,".repeat(n);
    text.pop();
    format!("[{text}]")
}

/// The values of `fields` in the only row that `dataset` has for `filter`.
fn row(server: &Server, dataset: &str, filter: &Value, fields: &[&str]) -> Value {
    let query = serde_json::json!({"calculations": [{"op": "COUNT"}], "breakdowns": fields, "filters": [filter], "time_range": 86_400});
    let answer = server.query(Some(dataset), &query);
    assert_eq!(answer["total"]["COUNT"], 1, "{filter}: {answer}");
    answer["results"][0].clone()
}
