//! The query protocol: a form with `Action` in, XML out (cloudwatch.md §2.2).

use super::Fail;
use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, header};
use percent_encoding::percent_decode;

/// A field of a form.
#[must_use]
pub fn field(form: &[u8], name: &str) -> Option<String> {
    let decode = |part: &[u8]| {
        let part: Vec<u8> = part
            .iter()
            .map(|b| if *b == b'+' { b' ' } else { *b })
            .collect();
        percent_decode(&part).decode_utf8_lossy().into_owned()
    };
    form.split(|b| *b == b'&').find_map(|pair| {
        let at = pair.iter().position(|b| *b == b'=')?;
        (decode(&pair[..at]) == name).then(|| decode(&pair[at + 1..]))
    })
}

/// `<name>…</name>` with `text` made harmless.
#[must_use]
pub fn element(name: &str, text: &str) -> String {
    let mut out = format!("<{name}>");
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // Not allowed in XML, not even escaped.
            c if c.is_control() && !matches!(c, '\t' | '\n' | '\r') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out.push_str(&format!("</{name}>"));
    out
}

/// The answer of an operation: `result` is the XML of its members.
#[must_use]
pub fn answer(operation: &str, namespace: &str, result: &str, request_id: &str) -> Response {
    let id = element("RequestId", request_id);
    xml(
        request_id,
        format!(
            "<{operation}Response xmlns=\"{namespace}\"><{operation}Result>{result}</{operation}Result>\
             <ResponseMetadata>{id}</ResponseMetadata></{operation}Response>"
        ),
    )
}

/// The answer of a refusal.
#[must_use]
pub fn failed(namespace: &str, request_id: &str, fail: &Fail) -> Response {
    let kind = match fail.status.is_server_error() {
        true => "Receiver",
        false => "Sender",
    };
    let mut response = xml(
        request_id,
        format!(
            "<ErrorResponse xmlns=\"{namespace}\"><Error>{}{}{}</Error>{}</ErrorResponse>",
            element("Type", kind),
            element("Code", code(&fail.code)),
            element("Message", &fail.message),
            element("RequestId", request_id),
        ),
    );
    *response.status_mut() = fail.status;
    response
}

/// A code of the JSON protocols as this one writes it.
fn code(json: &str) -> &str {
    match json {
        "UnrecognizedClientException" => "InvalidClientTokenId",
        "InvalidSignatureException" => "SignatureDoesNotMatch",
        "UnknownOperationException" => "InvalidAction",
        other => other.strip_suffix("Exception").unwrap_or(other),
    }
}

fn xml(request_id: &str, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read_and_text_is_made_harmless() {
        let form = b"Action=Get%20Caller&Version=2011-06-15&a+b=c+d&empty=&bare";
        for (name, want) in [
            ("Action", Some("Get Caller")),
            ("Version", Some("2011-06-15")),
            ("a b", Some("c d")),
            ("empty", Some("")),
            ("bare", None),
            ("none", None),
        ] {
            assert_eq!(field(form, name).as_deref(), want, "{name}");
        }
        assert_eq!(
            element("Name", "<a> & \"b\"\u{1}"),
            "<Name>&lt;a&gt; &amp; \"b\"\u{fffd}</Name>"
        );
    }
}
