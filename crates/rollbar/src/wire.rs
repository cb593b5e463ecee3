//! What is posted, as it is posted: one payload or many, as JSON or in a form, whatever the content
//! type says (rollbar.md §1.2).

use crate::json::{BadJson, Json};
use percent_encoding::percent_decode;

/// One payload: the envelope opened.
#[derive(Clone, Debug, PartialEq)]
pub struct Payload {
    /// Its own token, if it brings one.
    pub token: Option<String>,
    /// `data`; checked by [`check`].
    pub data: Json,
}

/// A body, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// The token of a form beside its payload.
    pub token: Option<String>,
    /// The payloads, each as sent.
    pub payloads: Vec<Result<Payload, Bad>>,
    /// Whether it was a list.
    pub is_list: bool,
}

/// Why a body or a payload is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bad {
    /// Nothing was sent.
    Empty,
    /// Neither JSON nor a form with a payload.
    NoPayload,
    /// The JSON breaks off.
    Syntax(String),
    /// Nested too deeply, or too many values.
    TooMuch(&'static str),
    /// One payload of a list, larger than one alone may be: says the limit in bytes.
    TooLarge(usize),
    /// JSON, but no payload: says what is missing.
    Semantics(&'static str),
}

impl Bad {
    /// In words; never with a double quote (rollbar.md §1.4).
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Empty => "the request has no body".to_owned(),
            Self::NoPayload => {
                "the body is neither JSON nor a form with a field named payload".to_owned()
            }
            Self::Syntax(why) => format!("the body is no valid JSON: {}", why.replace('"', "'")),
            Self::TooMuch(what) => format!("the body is {what}"),
            Self::TooLarge(limit) => {
                format!("Request Entity Too Large: at most {limit} bytes a payload")
            }
            Self::Semantics(what) => (*what).to_owned(),
        }
    }
}

impl From<BadJson> for Bad {
    fn from(bad: BadJson) -> Self {
        match bad {
            BadJson::Syntax(why) => Self::Syntax(why),
            BadJson::TooMuch(what) => Self::TooMuch(what),
        }
    }
}

/// Reads the body of a post of items.
///
/// # Errors
/// See [`Bad`]: the body as a whole cannot be read.
pub fn parse(content_type: Option<&str>, bytes: &[u8]) -> Result<Body, Bad> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let first = bytes.iter().find(|b| !b.is_ascii_whitespace());
    match first {
        None => Err(Bad::Empty),
        Some(b'{' | b'[') => Ok(of_json(Json::parse(bytes)?, None)),
        Some(_) => {
            let fields = fields(content_type, bytes);
            let find = |name: &str| fields.iter().find(|(k, _)| k == name).map(|(_, v)| v);
            let payload = find("payload").ok_or(Bad::NoPayload)?;
            let token = find("access_token").map(|t| String::from_utf8_lossy(t).into_owned());
            Ok(of_json(Json::parse(payload)?, token))
        }
    }
}

fn of_json(json: Json, token: Option<String>) -> Body {
    match json {
        Json::List(list) => Body {
            token,
            payloads: list.into_iter().map(payload).collect(),
            is_list: true,
        },
        one => Body {
            token,
            payloads: vec![payload(one)],
            is_list: false,
        },
    }
}

fn payload(json: Json) -> Result<Payload, Bad> {
    let Json::Map(members) = json else {
        return Err(Bad::Semantics("a payload is an object"));
    };
    let mut data = None;
    let mut token = None;
    for (name, value) in members {
        match name.as_str() {
            "data" => data = Some(value),
            "access_token" => token = value.scalar_text(),
            _ => {}
        }
    }
    match data {
        Some(data @ Json::Map(_)) => Ok(Payload { token, data }),
        Some(_) => Err(Bad::Semantics("data is an object")),
        None => Err(Bad::Semantics("the payload has no data")),
    }
}

/// Refuses each payload of a list whose `data` is larger than one alone may be.
pub fn limit_each(body: &mut Body, limit: usize) {
    for payload in &mut body.payloads {
        let size = payload.as_ref().map_or(0, |p| p.data.to_string().len());
        if size > limit {
            *payload = Err(Bad::TooLarge(limit));
        }
    }
}

/// What a `body` may be, the most telling first (rollbar.md §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the vendor's words")]
pub enum Kind {
    TraceChain,
    Trace,
    Message,
    CrashReport,
}

/// Checks that `data` holds something to store.
///
/// # Errors
/// [`Bad::Semantics`].
pub fn check(data: &Json) -> Result<Kind, Bad> {
    let body = match data.get("body") {
        None | Some(Json::Null) => return Err(Bad::Semantics("data has no body")),
        Some(body @ Json::Map(_)) => body,
        Some(_) => return Err(Bad::Semantics("data.body is an object")),
    };
    if let Some(chain) = body.get("trace_chain").filter(|c| **c != Json::Null) {
        return match chain {
            Json::List(traces) if traces.is_empty() => {
                Err(Bad::Semantics("data.body.trace_chain is empty"))
            }
            Json::List(traces) if traces.iter().all(|t| matches!(t, Json::Map(_))) => {
                Ok(Kind::TraceChain)
            }
            _ => Err(Bad::Semantics("data.body.trace_chain is a list of objects")),
        };
    }
    let has = |name| matches!(body.get(name), Some(Json::Map(_)));
    if has("trace") {
        return Ok(Kind::Trace);
    }
    if has("message") {
        return match body.at("message.body") {
            Some(Json::Text(_)) => Ok(Kind::Message),
            _ => Err(Bad::Semantics("data.body.message.body is a string")),
        };
    }
    if has("crash_report") {
        return Ok(Kind::CrashReport);
    }
    Err(Bad::Semantics(
        "data.body has none of trace, trace_chain, message, crash_report",
    ))
}

/// Fields of a form: `multipart/form-data` when the content type says so, else url-encoded.
#[must_use]
pub fn fields(content_type: Option<&str>, bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let content_type = content_type.unwrap_or_default();
    let is_multipart = content_type
        .get(..19)
        .is_some_and(|t| t.eq_ignore_ascii_case("multipart/form-data"));
    match is_multipart.then(|| boundary(content_type)).flatten() {
        Some(boundary) => multipart(&boundary, bytes),
        None => url_encoded(bytes),
    }
}

/// Pairs of a query or a url-encoded form.
#[must_use]
pub fn url_encoded(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let decode = |part: &[u8]| -> Vec<u8> {
        let spaces: Vec<u8> = part
            .iter()
            .map(|b| if *b == b'+' { b' ' } else { *b })
            .collect();
        percent_decode(&spaces).collect()
    };
    bytes
        .split(|b| *b == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let at = pair.iter().position(|b| *b == b'=').unwrap_or(pair.len());
            let (name, value) = pair.split_at(at);
            let name = String::from_utf8_lossy(&decode(name)).into_owned();
            (name, decode(value.get(1..).unwrap_or_default()))
        })
        .collect()
}

fn boundary(content_type: &str) -> Option<String> {
    let at = content_type.to_ascii_lowercase().find("boundary=")?;
    let rest = content_type.get(at + 9..)?;
    let text = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => rest.split(';').next()?.trim(),
    };
    (!text.is_empty()).then(|| text.to_owned())
}

/// The parts of RFC 7578, by name.
fn multipart(boundary: &str, bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let delimiter = format!("--{boundary}").into_bytes();
    let mut out = Vec::new();
    let mut rest = bytes;
    while let Some(at) = find(rest, &delimiter) {
        let part = rest.get(..at).unwrap_or_default();
        out.extend(one_part(part));
        rest = rest.get(at + delimiter.len()..).unwrap_or_default();
        if rest.starts_with(b"--") {
            break;
        }
    }
    out
}

fn one_part(part: &[u8]) -> Option<(String, Vec<u8>)> {
    let part = part.strip_prefix(b"\r\n").unwrap_or(part);
    let end = find(part, b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(part.get(..end)?).into_owned();
    let body = part.get(end + 4..)?;
    let body = body.strip_suffix(b"\r\n").unwrap_or(body);
    let line = head
        .lines()
        .find(|l| l.to_ascii_lowercase().starts_with("content-disposition:"))?;
    let name = line.split("name=\"").nth(1)?.split('"').next()?;
    Some((name.to_owned(), body.to_vec()))
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|w| w == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = r#"{"access_token":"t","data":{"body":{"message":{"body":"hi"}}}}"#;

    fn taken(content_type: Option<&str>, body: &[u8]) -> Body {
        let body = parse(content_type, body).unwrap();
        assert!(body.payloads.iter().all(Result::is_ok));
        body
    }

    #[test]
    fn json_is_read_whatever_the_content_type_says() {
        for content_type in [
            None,
            Some("application/x-www-form-urlencoded"),
            Some("text/plain"),
            Some("application/json; charset=UTF-8"),
        ] {
            let body = taken(content_type, ONE.as_bytes());
            let payload = body.payloads[0].clone().unwrap();
            assert_eq!(payload.token.as_deref(), Some("t"));
            assert_eq!(check(&payload.data), Ok(Kind::Message));
        }
    }

    #[test]
    fn forms_carry_a_payload() {
        let encoded: String = ONE.bytes().map(|b| format!("%{b:02X}")).collect();
        let form = format!("access_token=f&payload={encoded}");
        let body = taken(Some("application/x-www-form-urlencoded"), form.as_bytes());
        assert_eq!(body.token.as_deref(), Some("f"));
        let multi = format!(
            "--XX\r\nContent-Disposition: form-data; name=\"payload\"\r\n\r\n{ONE}\r\n--XX--\r\n"
        );
        let body = taken(Some("multipart/form-data; boundary=XX"), multi.as_bytes());
        assert_eq!(body.payloads.len(), 1);
    }

    #[test]
    fn a_list_is_many_payloads_and_a_bad_one_harms_no_other() {
        let body = parse(None, format!("[{ONE},{{}},{ONE}]").as_bytes()).unwrap();
        assert!(body.is_list);
        let good: Vec<bool> = body.payloads.iter().map(Result::is_ok).collect();
        assert_eq!(good, [true, false, true]);
    }

    /// Statuses: rollbar.md §2.2; these become 400 (first three) and 422.
    #[test]
    fn what_is_no_payload_is_told() {
        assert_eq!(parse(None, b" "), Err(Bad::Empty));
        assert_eq!(parse(None, b"not json"), Err(Bad::NoPayload));
        assert!(matches!(parse(None, b"{\"data\":"), Err(Bad::Syntax(_))));
        for (data, want) in [
            ("{}", "data has no body"),
            (
                r#"{"body":{}}"#,
                "data.body has none of trace, trace_chain, message, crash_report",
            ),
            (
                r#"{"body":{"trace_chain":[]}}"#,
                "data.body.trace_chain is empty",
            ),
            (
                r#"{"body":{"message":{}}}"#,
                "data.body.message.body is a string",
            ),
        ] {
            let data = Json::parse(data.as_bytes()).unwrap();
            assert_eq!(check(&data), Err(Bad::Semantics(want)));
        }
        assert!(!Bad::Syntax("a \"b\"".into()).text().contains('"'));
    }
}
