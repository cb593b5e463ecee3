//! Answers as bytes: `Export*ServiceResponse` and `google.rpc.Status`, both small enough to be
//! written by hand.
//!
//! Source: opentelemetry-proto `collector/*/v1`, google/rpc/{status,error_details}.proto.

use crate::error::{Code, Refused};
use crate::wire::Signal;
use serde_json::json;

/// What was left out of a request that was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Partial {
    /// Spans, log records or data points not taken.
    pub rejected: u64,
    /// Why; empty when there is nothing to say.
    pub message: String,
}

/// The response to a request that was taken, in protobuf: no bytes when all of it was.
#[must_use]
pub fn response_protobuf(partial: &Partial) -> Vec<u8> {
    if *partial == Partial::default() {
        return Vec::new();
    }
    let mut content = Vec::new();
    if partial.rejected > 0 {
        varint_field(&mut content, 1, partial.rejected);
    }
    bytes_field(&mut content, 2, partial.message.as_bytes());
    let mut out = Vec::new();
    bytes_field(&mut out, 1, &content);
    out
}

/// The response to a request that was taken, in JSON.
#[must_use]
pub fn response_json(signal: Signal, partial: &Partial) -> String {
    if *partial == Partial::default() {
        return "{}".to_owned();
    }
    let rejected = match signal {
        Signal::Traces => "rejectedSpans",
        Signal::Logs => "rejectedLogRecords",
        Signal::Metrics => "rejectedDataPoints",
    };
    json!({"partialSuccess": {rejected: partial.rejected.to_string(), "errorMessage": partial.message}})
        .to_string()
}

/// A refusal as `google.rpc.Status`, in protobuf. With details: when to retry, what was malformed.
#[must_use]
pub fn status_protobuf(refused: &Refused) -> Vec<u8> {
    let mut out = Vec::new();
    varint_field(&mut out, 1, refused.code() as u64);
    let message = refused.message();
    bytes_field(&mut out, 2, message.as_bytes());
    if let Some((name, detail)) = detail(refused, &message) {
        let mut any = Vec::new();
        let type_url = format!("type.googleapis.com/google.rpc.{name}");
        bytes_field(&mut any, 1, type_url.as_bytes());
        bytes_field(&mut any, 2, &detail);
        bytes_field(&mut out, 3, &any);
    }
    out
}

/// A refusal as the vendor writes it in JSON: the message alone.
#[must_use]
pub fn status_json(refused: &Refused) -> String {
    json!({"message": refused.message()}).to_string()
}

fn detail(refused: &Refused, message: &str) -> Option<(&'static str, Vec<u8>)> {
    let mut detail = Vec::new();
    if let Some(seconds) = refused.retry_after_s() {
        let mut duration = Vec::new();
        varint_field(&mut duration, 1, u64::from(seconds));
        bytes_field(&mut detail, 1, &duration);
        return Some(("RetryInfo", detail));
    }
    if refused.code() == Code::InvalidArgument {
        let mut violation = Vec::new();
        bytes_field(&mut violation, 2, message.as_bytes());
        bytes_field(&mut detail, 1, &violation);
        return Some(("BadRequest", detail));
    }
    None
}

fn varint_field(out: &mut Vec<u8>, number: u8, n: u64) {
    out.push(number << 3);
    varint(out, n);
}

fn bytes_field(out: &mut Vec<u8>, number: u8, content: &[u8]) {
    out.push(number << 3 | 2);
    varint(out, content.len() as u64);
    out.extend_from_slice(content);
}

fn varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push((n & 0x7f) as u8 | 0x80);
        n >>= 7;
    }
    #[expect(clippy::cast_possible_truncation, reason = "below 128")]
    out.push(n as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
    use prost::Message;

    #[test]
    fn a_response_is_empty_unless_something_was_left_out() {
        let all = Partial::default();
        assert!(response_protobuf(&all).is_empty());
        assert_eq!(response_json(Signal::Logs, &all), "{}");
        let some = Partial {
            rejected: 300,
            message: "too old".to_owned(),
        };
        let read = ExportTraceServiceResponse::decode(&response_protobuf(&some)[..]).unwrap();
        let read = read.partial_success.unwrap();
        assert_eq!(
            (read.rejected_spans, &*read.error_message),
            (300, "too old")
        );
        assert_eq!(
            response_json(Signal::Metrics, &some),
            r#"{"partialSuccess":{"errorMessage":"too old","rejectedDataPoints":"300"}}"#
        );
    }
}
