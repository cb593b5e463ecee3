//! gRPC's length-prefixed messages: a flag, four bytes of length, the message.
//!
//! Source: gRPC over HTTP/2, `PROTOCOL-HTTP2.md`, "Length-Prefixed-Message".

use crate::error::Refused;
use bytes::{BufMut, Bytes, BytesMut};
use engine::intake::Encoding;

/// Bytes before a message: its flag and its length.
pub const PREFIX_BYTES: usize = 5;

/// The one message of a unary call's body, and how it is packed. `encoding` is what `grpc-encoding`
/// says; a message whose flag is 0 is not packed whatever it says.
///
/// # Errors
/// When the body is not exactly one message, the message is longer than `limit` bytes, or its flag and
/// the header contradict each other.
pub fn unframe(
    body: Bytes,
    encoding: Encoding,
    limit: usize,
) -> Result<(Bytes, Encoding), Refused> {
    let Some((head, _)) = body.split_first_chunk::<PREFIX_BYTES>() else {
        return Err(Refused::undecodable("truncated: no gRPC message"));
    };
    let [packed, length @ ..] = *head;
    let length = u32::from_be_bytes(length) as usize;
    if length > limit {
        return Err(Refused::TooLarge {
            limit,
            unpacked: false,
        });
    }
    let left = body.len() - head.len();
    if length != left {
        return Err(Refused::undecodable(format!(
            "a gRPC message of {length} bytes in a body with {left}; one message is expected"
        )));
    }
    let encoding = match (packed, encoding) {
        (0, _) => Encoding::Identity,
        (1, Encoding::Identity) => {
            return Err(Refused::undecodable(
                "the message is compressed and grpc-encoding does not say how",
            ));
        }
        (1, encoding) => encoding,
        (flag, _) => {
            return Err(Refused::undecodable(format!(
                "impossible gRPC message flag {flag}"
            )));
        }
    };
    Ok((body.slice(head.len()..), encoding))
}

/// A message, not packed, behind its prefix.
#[must_use]
pub fn frame(message: &[u8]) -> Bytes {
    let mut data = BytesMut::with_capacity(PREFIX_BYTES + message.len());
    data.put_u8(0);
    data.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    data.put_slice(message);
    data.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &'static [u8], encoding: Encoding) -> Result<(Bytes, Encoding), String> {
        unframe(Bytes::from_static(body), encoding, 4).map_err(|refused| refused.message())
    }

    #[test]
    fn a_message_is_read_behind_its_prefix_and_its_flag_says_whether_it_is_packed() {
        let plain = read(b"\0\0\0\0\x02ab", Encoding::Gzip).unwrap();
        assert_eq!(plain, (Bytes::from_static(b"ab"), Encoding::Identity));
        let packed = read(b"\x01\0\0\0\x02ab", Encoding::Gzip).unwrap();
        assert_eq!(packed, (Bytes::from_static(b"ab"), Encoding::Gzip));
        let empty = read(b"\0\0\0\0\0", Encoding::Identity).unwrap();
        assert_eq!(empty, (Bytes::new(), Encoding::Identity));
    }

    #[test]
    fn what_is_no_single_message_is_told() {
        for (body, encoding, want) in [
            (&b""[..], Encoding::Identity, "no gRPC message"),
            (b"\0\0\0\0", Encoding::Identity, "no gRPC message"),
            (
                b"\0\0\0\0\x03ab",
                Encoding::Identity,
                "of 3 bytes in a body with 2",
            ),
            (
                b"\0\0\0\0\x01ab",
                Encoding::Identity,
                "of 1 bytes in a body with 2",
            ),
            (b"\x01\0\0\0\x02ab", Encoding::Identity, "does not say how"),
            (b"\x02\0\0\0\x02ab", Encoding::Gzip, "flag 2"),
        ] {
            let told = read(body, encoding).unwrap_err();
            assert!(told.contains(want), "{body:?}: {told}");
        }
        // The length is judged before anything is read by it.
        for body in [&b"\0\0\0\0\x05abcde"[..], b"\0\xff\xff\xff\xff"] {
            let refused = unframe(Bytes::from_static(body), Encoding::Identity, 4).unwrap_err();
            assert!(matches!(
                refused,
                Refused::TooLarge {
                    limit: 4,
                    unpacked: false
                }
            ));
        }
    }

    #[test]
    fn what_is_framed_is_read_back() {
        let framed = frame(b"abc");
        assert_eq!(&framed[..], b"\0\0\0\0\x03abc");
    }
}
