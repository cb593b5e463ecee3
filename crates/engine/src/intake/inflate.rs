//! Unpacking compressed bodies with a cap, never believing a declared length.

use crate::limits;
use bytes::Bytes;
use std::io::Read;

/// Unpacked at a time.
const PIECE_BYTES: usize = 64 << 10;

/// How a body is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// As it is.
    Identity,
    /// RFC 1952, one member or several.
    Gzip,
    /// RFC 8878, window at most 8 MiB.
    Zstd,
    /// RFC 1950; bare RFC 1951 is taken too, as some clients send it.
    Deflate,
}

impl Encoding {
    /// The encoding of that registered name, in any case; empty means none.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name.trim().to_ascii_lowercase().as_str() {
            "" | "identity" | "none" => Self::Identity,
            "gzip" | "x-gzip" => Self::Gzip,
            "zstd" => Self::Zstd,
            "deflate" => Self::Deflate,
            _ => return None,
        })
    }
}

/// Why a body could not be unpacked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InflateError {
    /// It is, or becomes, larger than allowed.
    #[error("body is larger than {limit} bytes")]
    TooLarge {
        /// The limit, bytes.
        limit: usize,
    },
    /// It is not what its encoding says.
    #[error("{0}")]
    Corrupt(String),
}

/// Unpacks `body` to at most `limit` bytes. CPU work: some 3 ms per MiB; large bodies belong on a
/// thread for such work. Never allocates more than a fixed multiple of the bytes that came, nor more
/// than the limit, and a zstd window.
///
/// # Errors
/// See [`InflateError`].
pub fn inflate(encoding: Encoding, body: Bytes, limit: usize) -> Result<Bytes, InflateError> {
    match encoding {
        Encoding::Identity if body.len() > limit => Err(InflateError::TooLarge { limit }),
        Encoding::Identity => Ok(body),
        Encoding::Gzip => gunzip(&body, limit),
        Encoding::Deflate => {
            // A zlib header is 8 (deflate) in the low bits and a multiple of 31 as a whole.
            let is_zlib = body
                .first_chunk::<2>()
                .is_some_and(|h| h[0] & 15 == 8 && u16::from_be_bytes(*h) % 31 == 0);
            if is_zlib {
                read(
                    flate2::bufread::ZlibDecoder::new(&body[..]),
                    body.len(),
                    limit,
                )
            } else {
                read(
                    flate2::bufread::DeflateDecoder::new(&body[..]),
                    body.len(),
                    limit,
                )
            }
        }
        Encoding::Zstd => {
            let corrupt = |e: std::io::Error| InflateError::Corrupt(format!("zstd: {e}"));
            let mut decoder =
                zstd::stream::read::Decoder::with_buffer(&body[..]).map_err(corrupt)?;
            decoder
                .window_log_max(limits::ZSTD_WINDOW_LOG_MAX)
                .map_err(corrupt)?;
            read(decoder, body.len(), limit)
        }
    }
}

/// Whole-buffer decoding, a quarter of zlib's cost, when the length the trailer tells is plausible
/// for the bytes that came; else, and for several members, the streaming decoder.
fn gunzip(body: &[u8], limit: usize) -> Result<Bytes, InflateError> {
    /// Ratio up to which a told length is worth a buffer. Telemetry packs 5 to 20 to one.
    const RATIO: usize = 32;
    let told = body
        .last_chunk::<4>()
        .map_or(0, |c| u32::from_le_bytes(*c) as usize);
    if told <= limit && told <= body.len().saturating_mul(RATIO) {
        let mut out = vec![0u8; told];
        let done = libdeflater::Decompressor::new().gzip_decompress(body, &mut out);
        if done == Ok(told) && is_one_member(body, told) {
            return Ok(out.into());
        }
    }
    read(
        flate2::bufread::MultiGzDecoder::new(body),
        body.len(),
        limit,
    )
}

/// Whether no second member can follow. The fast decoder reads the first member only; if that has
/// the length the last trailer tells, a further one would have to be of the very same length, and
/// its header would stand somewhere inside.
fn is_one_member(body: &[u8], told: usize) -> bool {
    told == 0 && body.len() < 40
        || !body[1..]
            .windows(3)
            .any(|w| w == [0x1f, 0x8b, 0x08].as_slice())
}

/// Reads to the end, in pieces: room grows by doubling, and never beyond the limit.
fn read(mut decoder: impl Read, came: usize, limit: usize) -> Result<Bytes, InflateError> {
    let mut out = Vec::with_capacity((came * 4).min(limit).min(1 << 20));
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let n = match decoder.read(&mut piece) {
            Ok(0) => return Ok(out.into()),
            Ok(n) => n,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(InflateError::Corrupt(e.to_string())),
        };
        let left = limit - out.len();
        if n > left {
            return Err(InflateError::TooLarge { limit });
        }
        if out.capacity() - out.len() < n {
            out.reserve_exact(out.capacity().max(n).min(left));
        }
        out.extend_from_slice(&piece[..n]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut e = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        e.write_all(data).unwrap();
        e.finish().unwrap()
    }

    fn zlib(data: &[u8]) -> Vec<u8> {
        let mut e = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        e.write_all(data).unwrap();
        e.finish().unwrap()
    }

    fn deflate(data: &[u8]) -> Vec<u8> {
        let mut e = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        e.write_all(data).unwrap();
        e.finish().unwrap()
    }

    fn check(encoding: Encoding, packed: Vec<u8>, plain: &[u8]) {
        let got = inflate(encoding, packed.into(), 1 << 20);
        assert_eq!(got.as_deref(), Ok(plain), "{encoding:?}");
    }

    #[test]
    fn every_encoding_gives_back_what_was_packed() {
        for plain in [&b""[..], b"x", &b"spans ".repeat(10_000)] {
            check(Encoding::Identity, plain.to_vec(), plain);
            check(Encoding::Gzip, gzip(plain), plain);
            check(Encoding::Deflate, zlib(plain), plain);
            check(Encoding::Deflate, deflate(plain), plain);
            check(Encoding::Zstd, zstd::encode_all(plain, 1).unwrap(), plain);
        }
    }

    #[test]
    fn gzip_of_several_members_is_read_to_its_end() {
        for (a, b) in [
            ("same", "same"),
            ("first", "second one"),
            ("", ""),
            ("", "x"),
        ] {
            let packed = [gzip(a.as_bytes()), gzip(b.as_bytes())].concat();
            check(Encoding::Gzip, packed, format!("{a}{b}").as_bytes());
        }
    }

    #[test]
    fn bombs_stop_at_the_limit() {
        let zeros = vec![0u8; 64 << 20];
        for (encoding, packed) in [
            (Encoding::Gzip, gzip(&zeros)),
            (Encoding::Deflate, zlib(&zeros)),
            (Encoding::Zstd, zstd::encode_all(&zeros[..], 1).unwrap()),
        ] {
            let got = inflate(encoding, packed.into(), 1 << 20);
            assert_eq!(
                got,
                Err(InflateError::TooLarge { limit: 1 << 20 }),
                "{encoding:?}"
            );
        }
    }

    #[test]
    fn a_lie_about_the_length_changes_nothing() {
        let plain = b"spans ".repeat(1_000);
        let mut packed = gzip(&plain);
        let n = packed.len();
        packed[n - 4..].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(matches!(
            inflate(Encoding::Gzip, packed.into(), 1 << 20),
            Err(InflateError::Corrupt(_))
        ));
    }

    #[test]
    fn damage_is_told() {
        for (encoding, mut packed) in [
            (Encoding::Gzip, gzip(b"abcabcabc")),
            (Encoding::Deflate, zlib(b"abcabcabc")),
            (
                Encoding::Zstd,
                zstd::encode_all(&b"abcabcabc"[..], 1).unwrap(),
            ),
        ] {
            packed.truncate(packed.len() - 3);
            let got = inflate(encoding, packed.into(), 1 << 20);
            assert!(
                matches!(got, Err(InflateError::Corrupt(_))),
                "{encoding:?}: {got:?}"
            );
        }
        let got = inflate(Encoding::Zstd, Bytes::from_static(b"plain"), 1 << 20);
        assert!(matches!(got, Err(InflateError::Corrupt(_))));
    }

    #[test]
    fn a_zstd_window_over_eight_mebibytes_is_refused() {
        let mut e = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        e.window_log(27).unwrap();
        e.long_distance_matching(true).unwrap();
        e.write_all(&vec![7u8; 1 << 20]).unwrap();
        let packed = e.finish().unwrap();
        let got = inflate(Encoding::Zstd, packed.into(), 20 << 20);
        assert!(matches!(got, Err(InflateError::Corrupt(_))), "{got:?}");
    }
}
