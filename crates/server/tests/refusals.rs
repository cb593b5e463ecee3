//! What is refused gets the vendor's own error, costs little memory, and stands in Arrivals with
//! its reason and the fix.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::Value;
use std::io::Write as _;
use support::{Reply, Server};

const BINARY: &str = env!("CARGO_BIN_EXE_foursight");
const KEY: (&str, &str) = ("x-honeycomb-team", "fsdev_ingest_key_000000");
const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");
const JSON: (&str, &str) = ("content-type", "application/json");
/// Rows in Arrivals and messages of OTLP errors: honeycomb.md §1.1.
const UNKNOWN: &str = "unknown API key - check your credentials, region, and API URL";
/// What comes after it says what is wrong.
const UNPARSABLE: &str = "failed to parse OTLP request body: ";

struct Case {
    name: &'static str,
    headers: Vec<(&'static str, &'static str)>,
    body: Vec<u8>,
    status: u16,
    /// How the message begins: the vendor's own text (honeycomb.md §1.1). Where the vendor has none for it,
    /// what the sender must learn: the limit of reliability.md §3, the encodings of honeycomb.md §1.1.
    says: &'static str,
    /// What else is in it.
    tells: &'static [&'static str],
    /// The reason in Arrivals.
    reason: &'static str,
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

/// 300 MiB of zeros, 300 KiB on the wire.
fn bomb() -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..300 {
        encoder.write_all(&[0; 1 << 20]).unwrap();
    }
    encoder.finish().unwrap()
}

fn deep_json() -> Vec<u8> {
    let depth = 20_000;
    let mut text = String::from(r#"{"resourceSpans":"#);
    text.push_str(&"[".repeat(depth));
    text.push_str(&"]".repeat(depth));
    text.push('}');
    text.into_bytes()
}

fn cases() -> Vec<Case> {
    let case =
        |name, headers: &[(&'static str, &'static str)], body: &[u8], status, says, reason| Case {
            name,
            headers: headers.to_vec(),
            body: body.to_vec(),
            status,
            says,
            tells: &[],
            reason,
        };
    let telling = |case: Case, tells| Case { tells, ..case };
    let gz = ("content-encoding", "gzip");
    vec![
        case(
            "no key",
            &[PROTOBUF],
            b"",
            401,
            "missing 'x-honeycomb-team' header",
            "missing_key",
        ),
        case(
            "unknown key",
            &[PROTOBUF, ("x-honeycomb-team", "nobodys-key-123456789")],
            b"",
            401,
            UNKNOWN,
            "unknown_key",
        ),
        case(
            "unknown key, JSON",
            &[JSON, ("x-honeycomb-team", "nobodys-key-123456789")],
            b"{}",
            401,
            UNKNOWN,
            "unknown_key",
        ),
        case(
            "wrong content type",
            &[KEY, ("content-type", "text/csv")],
            b"a,b",
            415,
            "unsupported content-type, valid types are: application/protobuf, application/x-protobuf, application/json",
            "content_type",
        ),
        case(
            "truncated protobuf",
            &[KEY, PROTOBUF],
            &[0x0a, 0x7f, 0x01],
            400,
            UNPARSABLE,
            "undecodable",
        ),
        case(
            "no gzip",
            &[KEY, PROTOBUF, gz],
            b"plain",
            400,
            UNPARSABLE,
            "undecodable",
        ),
        telling(
            case(
                "gzip bomb",
                &[KEY, PROTOBUF, gz],
                &bomb(),
                413,
                "request body is larger than",
                "bomb",
            ),
            // 20 MiB.
            &["20971520 bytes"],
        ),
        case(
            "gzip of garbage",
            &[KEY, PROTOBUF, gz],
            &gzip(&[0xff; 64]),
            400,
            UNPARSABLE,
            "undecodable",
        ),
        telling(
            case(
                "too deep",
                &[KEY, JSON],
                &deep_json(),
                400,
                UNPARSABLE,
                "too_deep",
            ),
            &["deep"],
        ),
        telling(
            case(
                "unknown encoding",
                &[KEY, PROTOBUF, ("content-encoding", "br")],
                b"x",
                415,
                "unsupported content-encoding",
                "content_encoding",
            ),
            &["\"br\"", "gzip", "zstd", "deflate"],
        ),
    ]
}

/// *Scenario*: each way to be refused, over OTLP/HTTP. *Guarantees*: the status and words of the
/// vendor, in the request's encoding; a row in Arrivals with reason and fix; at most 100 MB more
/// memory at the peak of them all.
#[test]
fn refusals_speak_the_vendors_language_and_stand_in_arrivals() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(BINARY, data.path(), &["--dev"]);
    let url = server.url_of("otlp_http", "/v1/traces");
    // One good request first, so that what is measured is the refusals' own.
    let good = support::request("POST", &url, &[JSON, KEY], Some(br#"{"resourceSpans":[]}"#));
    assert_eq!(good.status, 200, "{}", good.text());
    let before = server.rss_bytes();
    let mut refused = Refused::of(&server);
    let mut unknown = Value::Null;
    for c in cases() {
        let reply = support::request("POST", &url, &c.headers, Some(&c.body));
        assert_eq!(reply.status, c.status, "{}: {}", c.name, reply.text());
        let said = message(&c, &reply);
        assert!(said.starts_with(c.says), "{}: {said:?}", c.name);
        for told in c.tells {
            assert!(said.contains(told), "{}: no {told} in {said:?}", c.name);
        }
        let row = refused.next(c.reason);
        assert!(
            !row["reason"]["text"].as_str().unwrap().is_empty(),
            "{}: {row}",
            c.name
        );
        assert!(
            !row["reason"]["fix"].as_str().unwrap().is_empty(),
            "{}: {row}",
            c.name
        );
        assert_eq!(row["protocol"], "otlp/http");
        assert_eq!(row["sender"], "127.0.0.1");
        assert_eq!(row["wire_bytes"], c.body.len(), "{}: {row}", c.name);
        if c.reason == "unknown_key" {
            unknown = row;
        }
    }
    let rise = server.peak_rss_bytes().saturating_sub(before);
    assert!(
        rise <= 100_000_000,
        "refusals raised the peak by {} MB",
        rise / 1_000_000
    );
    let shown = unknown["key_prefix"].as_str().unwrap();
    assert!(
        "nobodys-key-123456789".starts_with(shown.trim_end_matches('…')) && shown.len() < 16,
        "{unknown}"
    );
}

/// The message of an error: of a `google.rpc.Status` in the request's encoding, save for the content
/// type's own, which is plain text.
fn message(case: &Case, reply: &Reply) -> String {
    let kind = reply.header("content-type").unwrap_or_default();
    if case.reason == "content_type" {
        assert!(kind.starts_with("text/plain"), "{}: {kind}", case.name);
        return reply.text();
    }
    if case.headers.contains(&JSON) {
        assert!(
            kind.starts_with("application/json"),
            "{}: {kind}",
            case.name
        );
        return reply.json()["message"].as_str().unwrap().to_owned();
    }
    assert!(kind.contains("protobuf"), "{}: {kind}", case.name);
    status_message(&reply.body)
}

/// Field 2 of a `google.rpc.Status` in protobuf, whose other fields are numbers (1) and messages (3).
fn status_message(mut body: &[u8]) -> String {
    let varint = |body: &mut &[u8]| {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = body.split_first().unwrap();
            *body = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        value
    };
    while !body.is_empty() {
        match varint(&mut body) {
            0x08 => drop(varint(&mut body)),
            tag @ (0x12 | 0x1a) => {
                let length = usize::try_from(varint(&mut body)).unwrap();
                let (field, rest) = body.split_at(length);
                if tag == 0x12 {
                    return String::from_utf8(field.to_vec()).unwrap();
                }
                body = rest;
            }
            tag => panic!("tag {tag:#x} in a google.rpc.Status"),
        }
    }
    panic!("a google.rpc.Status without a message")
}

/// The refused deliveries in Arrivals, one by one.
struct Refused<'a> {
    server: &'a Server,
    seen: usize,
}

impl<'a> Refused<'a> {
    fn of(server: &'a Server) -> Self {
        let mut refused = Self { server, seen: 0 };
        refused.seen = refused.rows().len();
        refused
    }

    /// Latest first.
    fn rows(&self) -> Vec<Value> {
        let path = "/foursight/v1/arrivals?outcome=refused&view=single";
        let listed = support::get(&self.server.url(path)).json();
        listed["rows"].as_array().unwrap().clone()
    }

    /// The one delivery that came since the last look.
    fn next(&mut self, reason: &str) -> Value {
        let mut rows = self.rows();
        assert_eq!(rows.len(), self.seen + 1, "{reason}: {rows:#?}");
        self.seen += 1;
        let row = rows.swap_remove(0);
        assert_eq!(row["reason"]["code"], reason, "{row:#}");
        row
    }
}

/// *Guarantees*: the Events API answers in its own form, item by item where it can.
#[test]
fn the_events_api_refuses_in_its_own_form() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(BINARY, data.path(), &["--dev"]);
    let post = |path: &str, headers: &[(&str, &str)], body: &[u8]| {
        support::request("POST", &server.url(path), headers, Some(body))
    };

    let mut refused = Refused::of(&server);
    let reply = post(
        "/1/events/shop",
        &[JSON, ("x-honeycomb-team", "nobodys-key-123456789")],
        br#"{"a":1}"#,
    );
    assert_eq!(
        (reply.status, reply.json()["error"].as_str().unwrap()),
        (401, "unknown API key - check your credentials")
    );
    assert_eq!(refused.next("unknown_key")["protocol"], "events");

    assert_eq!(post("/1/events/shop", &[JSON, KEY], b"{}").status, 400);
    assert_eq!(post("/1/events/shop", &[JSON, KEY], b"{\"a\":").status, 400);

    let reply = post(
        "/1/batch/shop",
        &[JSON, KEY],
        br#"[{"data":{"a":1}},{"data":{}},{"data":{"a":2},"samplerate":4}]"#,
    );
    assert_eq!(reply.status, 200, "{}", reply.text());
    let statuses: Vec<_> = reply
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["status"].as_u64().unwrap())
        .collect();
    assert_eq!(statuses, [202, 400, 202]);

    let large = format!(r#"{{"a":"{}"}}"#, "x".repeat(2 << 20));
    assert_eq!(
        post("/1/events/shop", &[JSON, KEY], large.as_bytes()).status,
        413
    );
}
