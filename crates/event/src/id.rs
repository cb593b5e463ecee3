//! Ids and times: new types, so that a span id is never taken for half a trace id.

use std::fmt;
use std::str::FromStr;

/// Nanoseconds since 1970-01-01T00:00:00Z. Vendors' seconds, floats and milliseconds end where
/// their requests are translated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixNanos(pub i64);

/// An environment, as the catalog numbers it. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnvId(pub u32);

/// The four physical kinds of row (mapping.md §1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum TableKind {
    /// Spans of any source, their span events and links, and Events API rows.
    Spans = 0,
    /// Log records.
    Logs = 1,
    /// Occurrences of errors.
    Errors = 2,
    /// Metric data points.
    Metrics = 3,
}

impl TableKind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Spans, Self::Logs, Self::Errors, Self::Metrics];

    /// The name used in paths and footers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Spans => "spans",
            Self::Logs => "logs",
            Self::Errors => "errors",
            Self::Metrics => "metrics",
        }
    }

    /// The kind with that number.
    #[must_use]
    pub fn from_u8(n: u8) -> Option<Self> {
        Self::ALL.get(usize::from(n)).copied()
    }
}

impl FromStr for TableKind {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|k| k.as_str() == s).ok_or(())
    }
}

/// One physical table: an environment's rows of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableId {
    /// Whose rows.
    pub env: EnvId,
    /// Which kind of row.
    pub kind: TableKind,
}

impl TableId {
    /// The number that WAL records carry: environment × 4 + kind.
    #[must_use]
    pub fn to_u32(self) -> u32 {
        (self.env.0 << 2) | self.kind as u32
    }

    /// The inverse of [`Self::to_u32`].
    #[must_use]
    pub fn from_u32(n: u32) -> Self {
        let kind = TableKind::ALL[(n & 3) as usize];
        Self {
            env: EnvId(n >> 2),
            kind,
        }
    }
}

impl fmt::Display for TableId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.env.0, self.kind.as_str())
    }
}

/// A trace id, 16 bytes. X-Ray's `1-8-24` form is the same 16 bytes (mapping.md §2).
///
/// Prints as 32 lower-case hex digits, as 16 when the first 8 bytes are zero (honeycomb.md §1.4).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId(pub [u8; 16]);

/// A span id, 8 bytes; prints as 16 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanId(pub [u8; 8]);

/// The stable identity of one row (mapping.md §2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub [u8; 16]);

const HEX: &[u8; 16] = b"0123456789abcdef";

fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    let mut buf = [0u8; 32];
    for (i, b) in bytes.iter().enumerate() {
        buf[2 * i] = HEX[usize::from(b >> 4)];
        buf[2 * i + 1] = HEX[usize::from(b & 15)];
    }
    f.write_str(std::str::from_utf8(&buf[..bytes.len() * 2]).map_err(|_| fmt::Error)?)
}

/// Reads exactly `N` bytes of hex of either case.
fn read_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let t = text.as_bytes();
    if t.len() != 2 * N {
        return None;
    }
    let digit = |c: u8| match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        b'A'..=b'F' => Some(c - b'A' + 10),
        _ => None,
    };
    let mut out = [0u8; N];
    for (o, pair) in out.iter_mut().zip(t.chunks_exact(2)) {
        *o = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(out)
}

impl TraceId {
    /// Reads any written form: 32 hex digits, 16 hex digits (upper half zero), X-Ray's
    /// `1-8-24`, or a UUID with dashes. `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(id) = read_hex::<16>(text) {
            return Some(Self(id));
        }
        if let Some(low) = read_hex::<8>(text) {
            let mut id = [0; 16];
            id[8..].copy_from_slice(&low);
            return Some(Self(id));
        }
        let dashes: Vec<usize> = text
            .bytes()
            .enumerate()
            .filter(|(_, c)| *c == b'-')
            .map(|(i, _)| i)
            .collect();
        let bare = match (text.len(), dashes.as_slice()) {
            (35, [1, 10]) if text.starts_with("1-") => text[2..].replace('-', ""),
            (36, [8, 13, 18, 23]) => text.replace('-', ""),
            _ => return None,
        };
        read_hex::<16>(&bare).map(Self)
    }

    /// The id that stands for text which is no id: its 128-bit xxh3 (mapping.md §3.3).
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        Self(xxhash_rust::xxh3::xxh3_128(text.as_bytes()).to_be_bytes())
    }
}

impl SpanId {
    /// Reads 16 hex digits; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        read_hex::<8>(text).map(Self)
    }

    /// The id that stands for text which is no id: its 64-bit xxh3 (mapping.md §3.3).
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        Self(xxhash_rust::xxh3::xxh3_64(text.as_bytes()).to_be_bytes())
    }
}

impl EventId {
    /// Reads 32 hex digits; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        read_hex::<16>(text).map(Self)
    }

    /// The identity of a span, span event or link: a hash of its trace, its span, what kind of
    /// row it is and which one of that kind (0 for the span itself). `None` ids count as zeros.
    #[must_use]
    pub fn of_span_row(
        trace: Option<TraceId>,
        span: Option<SpanId>,
        row_kind: u8,
        ordinal: u32,
    ) -> Self {
        let mut buf = [0u8; 29];
        buf[..16].copy_from_slice(&trace.map_or([0; 16], |t| t.0));
        buf[16..24].copy_from_slice(&span.map_or([0; 8], |s| s.0));
        buf[24] = row_kind;
        buf[25..].copy_from_slice(&ordinal.to_be_bytes());
        Self(xxhash_rust::xxh3::xxh3_128(&buf).to_be_bytes())
    }

    /// The identity of a row that has none of its own: the WAL sequence of its record and its
    /// place in it; sorts by arrival.
    #[must_use]
    pub fn of_sequence(sequence: u64, row: u32) -> Self {
        let mut id = [0u8; 16];
        id[4..12].copy_from_slice(&sequence.to_be_bytes());
        id[12..].copy_from_slice(&row.to_be_bytes());
        Self(id)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0[..8] == [0; 8] {
            write_hex(f, &self.0[8..])
        } else {
            write_hex(f, &self.0)
        }
    }
}
impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}
impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}
impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trace_ids_read_in_every_written_form() {
        let want = TraceId([
            0x5c, 0x1f, 0xa2, 0x00, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0x9b,
        ]);
        for text in [
            "5c1fa2000102030405060708090a0b9b",
            "5C1FA2000102030405060708090A0B9B",
            "1-5c1fa200-0102030405060708090a0b9b",
            "5c1fa200-0102-0304-0506-0708090a0b9b",
        ] {
            assert_eq!(TraceId::parse(text), Some(want), "{text}");
        }
        assert_eq!(want.to_string(), "5c1fa2000102030405060708090a0b9b");
    }

    #[test]
    fn a_trace_id_with_an_empty_upper_half_prints_as_sixteen_digits() {
        let id = TraceId::parse("00000000000000001122334455667788").unwrap();
        assert_eq!(id.to_string(), "1122334455667788");
        assert_eq!(TraceId::parse("1122334455667788"), Some(id));
    }

    #[test]
    fn text_that_is_no_id_is_not_read_as_one() {
        for text in [
            "",
            "abc",
            "5c1fa2000102030405060708090a0b9",
            "zz1fa2000102030405060708090a0b9b",
            "1-5c1fa2000-102030405060708090a0b9b",
        ] {
            assert_eq!(TraceId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn table_numbers_round_trip() {
        for kind in TableKind::ALL {
            let t = TableId {
                env: EnvId(7),
                kind,
            };
            assert_eq!(TableId::from_u32(t.to_u32()), t);
        }
    }
}
