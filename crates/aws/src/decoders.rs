//! What reads bytes that a stranger sent, as plain functions: for the fuzz targets, which should not have to
//! know of what a request is made.

use crate::cloudwatch::insights::wire as questions;
use crate::cloudwatch::wire;
use crate::wire::json;
use crate::wire::query::{element, field};
use crate::wire::sigv4::{Malformed, Signature, Signed, UNSIGNED_PAYLOAD};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::de::DeserializeOwned;

/// Reads the signature of a request's head: path and query in the first line, a header in each of the others.
/// Returns whether there is one.
///
/// # Panics
/// When a signature is read as what it is not, or holds for a secret it was not made with.
#[must_use]
pub fn signature(head: &[u8]) -> bool {
    let mut lines = head.split(|b| *b == b'\n');
    let target = String::from_utf8_lossy(lines.next().unwrap_or_default());
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (&*target, None),
    };
    let mut headers = HeaderMap::new();
    for line in lines.take(64) {
        let Some(colon) = line.iter().position(|b| *b == b':') else {
            continue;
        };
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(&line[..colon]), value) {
            headers.append(name, value);
        }
    }
    let read = Signature::read(&headers, query);
    let signature = match read {
        Ok(signature) => signature,
        Err(malformed) => {
            let is_there = headers.contains_key(http::header::AUTHORIZATION);
            match malformed {
                Malformed::Presigned => assert!(!is_there && query.is_some()),
                Malformed::Incomplete(_) => assert!(is_there),
                Malformed::Missing => {}
            }
            return false;
        }
    };
    for part in [&signature.key_id, &signature.region, &signature.service] {
        assert!(!part.is_empty(), "{signature:?}");
    }
    let end = format!("/{}/{}/aws4_request", signature.region, signature.service);
    assert!(signature.scope().ends_with(&end), "{signature:?}");
    let signed = Signed {
        method: "POST",
        path,
        query,
        headers: &headers,
        host: None,
        payload: UNSIGNED_PAYLOAD,
    };
    assert!(!signature.holds(&signed, "a secret nobody signed with"));
    true
}

/// Reads a form of the query protocol, and writes what it says into an answer. Returns its `Action`.
///
/// # Panics
/// When a field is lost behind others, or a text ends its own element.
#[must_use]
pub fn form(body: &[u8]) -> Option<String> {
    let first = body.split(|b| *b == b'&').next().unwrap_or_default();
    let name = String::from_utf8_lossy(first.split(|b| *b == b'=').next().unwrap_or_default());
    for text in ["Action", "Version", &name]
        .into_iter()
        .filter_map(|n| field(body, n))
    {
        let element = element("Message", &text);
        let inner = element
            .strip_prefix("<Message>")
            .and_then(|e| e.strip_suffix("</Message>"));
        let inner = inner.unwrap_or_else(|| panic!("{element} is no element"));
        assert!(!inner.contains(['<', '>', '\0']), "{element}");
    }
    let is_new = field(body, "the last one").is_none();
    let longer = [body, b"&the+last%20one=a+b%26"].concat();
    let last = field(&longer, "the last one");
    assert!(!is_new || last.as_deref() == Some("a b&"), "{last:?}");
    field(body, "Action")
}

/// Reads a body as the input of every operation of CloudWatch Logs but `PutLogEvents`. Returns of how many it
/// is one.
#[must_use]
pub fn logs_input(body: &[u8]) -> usize {
    fn reads<T: DeserializeOwned>(body: &[u8]) -> bool {
        json::read::<T>(body).is_ok()
    }
    let operations: [fn(&[u8]) -> bool; 16] = [
        reads::<wire::CreateLogGroup>,
        reads::<wire::Named>,
        reads::<wire::DescribeLogGroups>,
        reads::<wire::DescribeLogStreams>,
        reads::<wire::Retention>,
        reads::<wire::TagResource>,
        reads::<wire::TagLogGroup>,
        reads::<wire::GetLogEvents>,
        reads::<wire::FilterLogEvents>,
        reads::<wire::StartLiveTail>,
        reads::<questions::StartQuery>,
        reads::<questions::GetQueryResults>,
        reads::<questions::OneQuery>,
        reads::<questions::DescribeQueries>,
        reads::<questions::GetLogRecord>,
        reads::<questions::GetLogGroupFields>,
    ];
    operations.iter().filter(|reads| reads(body)).count()
}

/// Reads a body as the input of every operation of X-Ray. Returns of how many it is one.
#[must_use]
pub fn xray_input(body: &[u8]) -> usize {
    crate::xray::reads_input(body)
}
