//! What a line of text says of the request it was written in: ids, method, target, status, client.
//!
//! Web frameworks and proxies log a request in one line, each in its own order: Flask's `after_request`
//! hook of a team, the common log format, logfmt, JSON. What they share is read: a method in capitals,
//! behind it a path or URL, behind that a number of three digits, anywhere an address. Text that does
//! not look so says nothing: nothing is guessed of prose.

use event::TraceId;
use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

/// Longest text that is looked at, bytes: what a request line says stands at its beginning.
const TEXT_BYTES_LIMIT: usize = 16 << 10;
/// Most ids taken from one text.
const IDS_LIMIT: usize = 8;

const METHODS: [&str; 9] = [
    "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE",
];

/// What a text says of its request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// Upper case.
    pub(super) method: Option<String>,
    /// Path and query, or a URL, as written.
    pub(super) target: Option<String>,
    pub(super) status: Option<u16>,
    pub(super) client: Option<IpAddr>,
    /// Where in the text they stand: lines of one program have one shape.
    pub(super) shape: String,
}

/// An id found in text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FoundId {
    /// As written.
    pub(super) written: String,
    /// The same as sixteen bytes.
    pub(super) id: TraceId,
    /// Whether a word before it says that it is the id of a trace or a request.
    pub(super) is_named: bool,
}

/// Reads a line of text: how many ids it holds, and whether it is the line of a request. For the fuzz targets.
///
/// # Panics
/// When what was read does not stand in the text.
#[must_use]
pub fn read(text: &str) -> (usize, bool) {
    let found = ids(text);
    assert!(found.len() <= IDS_LIMIT);
    for id in &found {
        assert!(text.contains(&id.written), "{id:?}");
        assert_eq!(TraceId::parse(&id.written), Some(id.id));
    }
    let said = said(text);
    let is_request = said.target.is_some() && said.method.is_some();
    if let Some(status) = said.status {
        assert!((100..600).contains(&status));
    }
    (found.len(), is_request)
}

fn head(text: &str) -> &str {
    event::builder::cut_text(text, TEXT_BYTES_LIMIT).0
}

/// Reads what a line says of its request.
pub(super) fn said(text: &str) -> Said {
    let text = head(text);
    let mut out = Said::default();
    if text.trim_start().starts_with('{')
        && let Ok(json) = serde_json::from_str::<serde_json::Value>(text)
    {
        of_json(&json, &mut out);
        out.shape.insert(0, '{');
        return out;
    }
    of_words(text, &mut out);
    out
}

fn of_words(text: &str, out: &mut Said) {
    let splits = |c: char| c.is_whitespace() || "\"'()[]{}<>,;|".contains(c);
    let mut place = 0;
    // The name whose value stands in quotes behind it.
    let mut waiting: Option<&str> = None;
    for word in text.split(splits).filter(|w| !w.is_empty()) {
        place += 1;
        let before = (out.method.is_some(), out.target.is_some());
        if let Some(key) = waiting.take() {
            named(key, word, out);
            continue;
        }
        if let Some((key, value)) = word.split_once('=')
            && !key.contains(['/', '?', '&'])
        {
            if value.is_empty() {
                waiting = Some(key);
            } else {
                named(key, value, out);
            }
            continue;
        }
        if out.client.is_none() {
            out.client = address(word);
        }
        if out.method.is_none() {
            if METHODS.contains(&word) {
                out.method = Some(word.to_owned());
            }
        } else if out.target.is_none() {
            if word.starts_with('/') || word.contains("://") {
                out.target = Some(word.to_owned());
            }
        } else if out.status.is_none() {
            out.status = status(word);
        }
        if before != (out.method.is_some(), out.target.is_some()) {
            // A few words of text before it count; a user agent or a name of many words does not.
            let _ = write!(out.shape, "{},", place.min(12));
        }
    }
    // A method without a target is a word in capitals.
    if out.target.is_none() {
        out.method = None;
        out.shape.clear();
    }
}

/// A value with the name a logger gave it.
fn named(key: &str, value: &str, out: &mut Said) {
    let key = key.rsplit('.').next().unwrap_or(key).to_ascii_lowercase();
    let value = value.trim_matches('"');
    match key.as_str() {
        "method" | "http_method" | "request_method" | "verb" => {
            let upper = value.to_ascii_uppercase();
            if out.method.is_none() && METHODS.contains(&upper.as_str()) {
                out.method = Some(upper);
            }
        }
        "path" | "full_path" | "uri" | "url" | "target" | "request_uri" | "original_url" => {
            let is_target = value.starts_with('/') || value.contains("://");
            out.target = out
                .target
                .take()
                .or_else(|| is_target.then(|| value.to_owned()));
        }
        "status" | "status_code" | "statuscode" | "code" | "http_status" | "response_code" => {
            out.status = out.status.or_else(|| status(value));
        }
        "ip" | "client" | "client_ip" | "clientip" | "client_address" | "remote"
        | "remote_addr" | "remote_ip" | "remoteaddress" | "address" => {
            out.client = out.client.or_else(|| address(value));
        }
        _ => {}
    }
}

/// The fields of a JSON line, and of objects one level deep (`req`, `http`, `request` …).
fn of_json(json: &serde_json::Value, out: &mut Said) {
    let Some(object) = json.as_object() else {
        return;
    };
    let scalar = |value: &serde_json::Value| match value {
        serde_json::Value::String(s) => Some(s.clone()),
        serde_json::Value::Number(n) => Some(n.to_string()),
        _ => None,
    };
    for (key, value) in object {
        if let Some(text) = scalar(value) {
            named(key, &text, out);
        } else if let Some(inner) = value.as_object() {
            for (key, value) in inner {
                if let Some(text) = scalar(value) {
                    named(key, &text, out);
                }
            }
        }
    }
    if out.target.is_none() {
        for key in ["message", "msg"] {
            if let Some(text) = object.get(key).and_then(serde_json::Value::as_str) {
                of_words(text, out);
            }
        }
    }
}

fn status(word: &str) -> Option<u16> {
    let digits = word.len() == 3 && word.bytes().all(|c| c.is_ascii_digit());
    let n: u16 = if digits {
        word.parse().ok()?
    } else {
        return None;
    };
    (100..600).contains(&n).then_some(n)
}

/// An IP address, maybe with a port; an IPv4 one inside IPv6 is the IPv4 one.
pub(super) fn address(word: &str) -> Option<IpAddr> {
    if !word.starts_with(|c: char| c.is_ascii_hexdigit() || c == ':' || c == '[') {
        return None;
    }
    let ip = match word.parse::<IpAddr>() {
        Ok(ip) => ip,
        Err(_) => word.parse::<SocketAddr>().ok()?.ip(),
    };
    Some(ip.to_canonical())
}

/// The ids in a text: X-Ray's `1-8-24`, 32 hex digits, UUIDs. What stands in a path or query is the
/// id of something else, unless its name says that it is a trace's or a request's.
pub(super) fn ids(text: &str) -> Vec<FoundId> {
    let mut out: Vec<FoundId> = Vec::new();
    let bytes = head(text).as_bytes();
    let is_id = |c: u8| c.is_ascii_hexdigit() || c == b'-';
    let mut at = 0;
    while at < bytes.len() && out.len() < IDS_LIMIT {
        if !bytes[at].is_ascii_hexdigit() || at > 0 && is_word(bytes[at - 1]) {
            at += 1;
            continue;
        }
        let length = bytes[at..].iter().take_while(|c| is_id(**c)).count();
        let run = &bytes[at..at + length];
        let ends = bytes.get(at + length).is_none_or(|c| !is_word(*c));
        let found = if ends { id_in(run) } else { None };
        if let Some(written) = found
            && let Some(id) = TraceId::parse(written).filter(|id| id.0 != [0; 16])
        {
            let is_named = is_named(&bytes[..at]);
            let before = bytes[..at].last();
            let in_path = before == Some(&b'/') || before == Some(&b'=') && !is_named;
            if !in_path && out.iter().all(|f| f.id != id) {
                out.push(FoundId {
                    written: written.to_owned(),
                    id,
                    is_named,
                });
            }
        }
        at += length.max(1);
    }
    out
}

fn is_word(c: u8) -> bool {
    c.is_ascii_alphanumeric() || c == b'_'
}

/// An id in a run of hex digits and dashes.
fn id_in(run: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(run).ok()?.trim_end_matches('-');
    let shape: Vec<usize> = text.split('-').map(str::len).collect();
    match shape.as_slice() {
        [32] | [8, 4, 4, 4, 12] => Some(text),
        [1, 8, 24] if text.starts_with('1') => Some(text),
        // traceparent: version, trace id, span id, flags.
        [2, 32, 16, 2] => text.get(3..35),
        _ => None,
    }
}

/// Whether the words just before an id say what it is: `trace_id=`, `"requestId": "`, `Root=`.
fn is_named(before: &[u8]) -> bool {
    const NAMES: [&str; 7] = [
        "trace",
        "request",
        "req",
        "correlation",
        "root",
        "xray",
        "traceparent",
    ];
    let from = before.len().saturating_sub(40);
    let near: String = before[from..]
        .iter()
        .map(|c| char::from(c.to_ascii_lowercase()))
        .collect();
    let near = near.trim_end_matches([' ', '"', '\'', ':', '=', '[', '(', '@']);
    // The last word, with the dots, dashes and underscores inside it; `request id` is two words.
    let near = near.strip_suffix(" id").unwrap_or(near);
    let word = near
        .rsplit(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c)))
        .next()
        .unwrap_or_default();
    NAMES.iter().any(|name| {
        word.split(['.', '_', '-']).any(|w| {
            w == *name || w == format!("{name}id") || w.ends_with("trace") || w.ends_with("traceid")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines as the programs named write them, and what a person reads in them.
    #[test]
    fn request_lines_of_many_programs_are_read() {
        for (line, method, target, status, client) in [
            // The team's own hook (walkthrough.md §3).
            (
                "[2023-Apr-01 12:00] 172.18.0.1 GET http /api/activities/home? 200 OK",
                "GET",
                "/api/activities/home?",
                200,
                "172.18.0.1",
            ),
            (
                "[2026-Nov-28 09:15] ::1 POST https /api/activities/5/reply?x=1 422 UNPROCESSABLE ENTITY",
                "POST",
                "/api/activities/5/reply?x=1",
                422,
                "::1",
            ),
            // Common log format.
            (
                r#"127.0.0.1 - - [28/Nov/2026 09:15:00] "GET /api/messages/@a HTTP/1.1" 200 -"#,
                "GET",
                "/api/messages/@a",
                200,
                "127.0.0.1",
            ),
            (
                r#"203.0.113.9 - frank [10/Oct/2000:13:55:36 -0700] "DELETE /x?a=b HTTP/1.0" 404 2326 "http://r/" "Mozilla/5.0""#,
                "DELETE",
                "/x?a=b",
                404,
                "203.0.113.9",
            ),
            // logfmt.
            (
                r#"at=info method=PUT path="/a/b" host=x fwd="10.0.0.9" status=503 bytes=7 client_ip=10.1.2.3"#,
                "PUT",
                "/a/b",
                503,
                "10.1.2.3",
            ),
            // JSON: flat, nested, in the message.
            (
                r#"{"level":"info","method":"get","path":"/j","status":201,"remote_addr":"10.0.0.1:4711"}"#,
                "GET",
                "/j",
                201,
                "10.0.0.1",
            ),
            (
                r#"{"req":{"method":"GET","url":"/k","remoteAddress":"::ffff:10.0.0.2"},"res":{"statusCode":304}}"#,
                "GET",
                "/k",
                304,
                "10.0.0.2",
            ),
            (
                r#"{"message":"10.9.9.9 GET /m 200","levelname":"INFO"}"#,
                "GET",
                "/m",
                200,
                "10.9.9.9",
            ),
        ] {
            let want = Said {
                method: Some(method.into()),
                target: Some(target.into()),
                status: Some(status),
                client: Some(client.parse().unwrap()),
                shape: said(line).shape,
            };
            assert_eq!(said(line), want, "{line}");
        }
    }

    #[test]
    fn lines_of_one_program_have_one_shape() {
        let hook = |path: &str, status: u16| {
            said(&format!(
                "[2026-Nov-28 09:15] 10.0.0.1 GET http {path} {status} OK"
            ))
            .shape
        };
        assert_eq!(hook("/a", 200), hook("/b/c?d=e", 404));
        assert_ne!(
            hook("/a", 200),
            said("10.0.0.1 - - \"GET /a HTTP/1.1\" 200 -").shape
        );
    }

    #[test]
    fn prose_says_nothing() {
        for line in [
            "Test log",
            "GET is what the client should use",
            "cannot open /etc/passwd: 13",
            "took 200 ms",
            "user 500 logged in",
            "{\"message\": \"hello\"}",
            "{broken",
            "",
        ] {
            let said = said(line);
            assert_eq!(
                (said.method, said.target, said.status),
                (None, None, None),
                "{line}"
            );
        }
    }

    #[test]
    fn ids_are_found_in_every_written_form() {
        let hex = "5759e988bd862e3fe1be46a994272793";
        for (text, named) in [
            (
                "AWS-XRAY-TRACE-ID: 1-5759e988-bd862e3fe1be46a994272793@53995c3f42cd8ad8",
                true,
            ),
            (
                "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
                true,
            ),
            (
                "traceparent: 00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01",
                true,
            ),
            ("dd.trace_id=5759e988bd862e3fe1be46a994272793 done", true),
            (r#"{"traceId": "5759e988bd862e3fe1be46a994272793"}"#, true),
            (
                r#"{"otelTraceID":"5759E988BD862E3FE1BE46A994272793"}"#,
                true,
            ),
            (
                "RequestId: 5759e988-bd86-2e3f-e1be-46a994272793 Duration: 3 ms",
                true,
            ),
            ("x-request-id=5759e988-bd86-2e3f-e1be-46a994272793", true),
            ("request id 5759e988-bd86-2e3f-e1be-46a994272793", true),
            ("saved 5759e988-bd86-2e3f-e1be-46a994272793", false),
            ("[5759e988bd862e3fe1be46a994272793] ok", false),
        ] {
            let found = ids(text);
            assert_eq!(found.len(), 1, "{text}");
            assert_eq!(found[0].id, TraceId::parse(hex).unwrap(), "{text}");
            assert_eq!(found[0].is_named, named, "{text}");
        }
    }

    #[test]
    fn what_is_no_id_of_a_request_is_passed_over() {
        for text in [
            "GET /api/activities/5759e988-bd86-2e3f-e1be-46a994272793/reply 200",
            "GET /a?activity=5759e988-bd86-2e3f-e1be-46a994272793",
            "sha256 5759e988bd862e3fe1be46a9942727935759e988bd862e3fe1be46a994272793",
            "trace_id=00000000000000000000000000000000",
            "trace_id=5759e988",
            "é1-2-3",
        ] {
            assert_eq!(ids(text), [], "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,200}", hex in "[0-9a-f-]{0,90}") {
            let both = format!("{text}{hex}");
            said(&both);
            ids(&both);
        }
    }
}
