//! The framing of an answer without an end: messages with headers and checksums (cloudwatch.md §2.4).

use bytes::{BufMut as _, Bytes, BytesMut};
use serde_json::Value;

/// Bytes around headers and payload: two lengths and two checksums.
const FRAME_BYTES: usize = 16;
/// The type of a header whose value is text.
const TEXT: u8 = 7;

/// An event of that type.
pub(super) fn event(kind: &str, payload: &Value) -> Bytes {
    message(
        &[(":message-type", "event"), (":event-type", kind)],
        payload,
    )
}

/// A modelled error: the stream ends with it.
pub(super) fn exception(kind: &str, text: &str) -> Bytes {
    let payload = serde_json::json!({ "message": text });
    let headers = [(":message-type", "exception"), (":exception-type", kind)];
    message(&headers, &payload)
}

fn message(headers: &[(&str, &str)], payload: &Value) -> Bytes {
    let mut head = BytesMut::new();
    let json = (":content-type", "application/json");
    for (name, value) in headers.iter().chain([&json]) {
        // Names and values are ours: short.
        head.put_u8(u8::try_from(name.len()).unwrap_or(u8::MAX));
        head.put_slice(name.as_bytes());
        head.put_u8(TEXT);
        head.put_u16(u16::try_from(value.len()).unwrap_or(u16::MAX));
        head.put_slice(value.as_bytes());
    }
    let payload = payload.to_string();
    let total = FRAME_BYTES + head.len() + payload.len();
    let mut out = BytesMut::with_capacity(total);
    out.put_u32(u32::try_from(total).unwrap_or(u32::MAX));
    out.put_u32(u32::try_from(head.len()).unwrap_or(u32::MAX));
    let prelude = checksum(&out);
    out.put_u32(prelude);
    out.put_slice(&head);
    out.put_slice(payload.as_bytes());
    let whole = checksum(&out);
    out.put_u32(whole);
    out.freeze()
}

/// CRC-32 as in gzip.
fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with Python: `zlib.crc32` and `struct.pack` over the layout of cloudwatch.md §2.4.
    #[test]
    fn a_message_has_its_lengths_headers_and_checksums() {
        let made = event("initial-response", &serde_json::json!({}));
        assert_eq!(hex::encode(&made), INITIAL);
    }

    const INITIAL: &str = "00000068000000564e6817240d3a6d6573736167652d747970650700056576656e740b3a6576656e742d74797065070010696e697469616c2d726573706f6e73650d3a636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e7b7dfe942c1d";
}
