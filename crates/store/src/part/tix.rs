//! The trace index of a part. Grammar: `docs/formats/tix.md`.
//!
//! A side file: dropping it changes speed only. It is never synced; a torn one does not match its
//! checksum, counts as missing and is written again in the background.

use crate::disk::{self, Disk};
use crate::part::TraceHit;
use event::TraceId;
use hashbrown::HashMap;
use std::path::Path;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

const MAGIC: [u8; 8] = *b"FSTIX\0\0\x01";
const HEADER_BYTES: usize = 32;
const ENTRY_BYTES: usize = 16;
const MILLI: i64 = 1_000_000;

/// A loaded index.
pub(crate) struct Tix {
    bytes: Backing,
    entries: usize,
    /// Event time that offsets count from, nanoseconds.
    base: i64,
}

enum Backing {
    Mapped(memmap2::Mmap),
    Held(Vec<u8>),
}

impl std::ops::Deref for Backing {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Held(bytes) => bytes,
        }
    }
}

/// The index of rows given as (trace id, event time). `None` when the times span more than the
/// 49 days that 32 bits of milliseconds hold.
pub(crate) fn write_bytes(rows: impl Iterator<Item = (TraceId, i64)>) -> Option<Vec<u8>> {
    let mut traces: HashMap<u64, (i64, i64), ahash::RandomState> = HashMap::default();
    for (id, ts) in rows {
        traces
            .entry(xxh3_64(&id.0))
            .and_modify(|(min, max)| {
                *min = ts.min(*min);
                *max = ts.max(*max);
            })
            .or_insert((ts, ts));
    }
    bytes_of(traces.into_iter().collect())
}

/// One index for what several index. Times are rounded outward once more: by a millisecond.
pub(crate) fn join_bytes(indexes: &[Arc<Tix>]) -> Option<Vec<u8>> {
    let entries = indexes.iter().map(|t| t.entries).sum();
    let mut all: Vec<(u64, (i64, i64))> = Vec::with_capacity(entries);
    for index in indexes {
        all.extend((0..index.entries).map(|i| (index.hash(i), index.times(i))));
    }
    all.sort_unstable_by_key(|e| e.0);
    all.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 = (kept.1.0.min(next.1.0), kept.1.1.max(next.1.1));
        }
        same
    });
    bytes_of(all)
}

/// The bytes of an index with these entries: hash, smallest and greatest time.
fn bytes_of(mut entries: Vec<(u64, (i64, i64))>) -> Option<Vec<u8>> {
    let base = entries.iter().map(|e| e.1.0).min().unwrap_or(0);
    entries.sort_unstable_by_key(|e| e.0);
    let mut body = Vec::with_capacity(entries.len() * ENTRY_BYTES);
    for (hash, (min, max)) in &entries {
        let start = u32::try_from(min.checked_sub(base)? / MILLI).ok()?;
        // Rounded outward, so that start + length is at or after the last row.
        let end = u32::try_from(max.checked_sub(base)?.div_euclid(MILLI) + 1).ok()?;
        body.extend_from_slice(&hash.to_le_bytes());
        body.extend_from_slice(&start.to_le_bytes());
        body.extend_from_slice(&(end - start).to_le_bytes());
    }
    let mut out = Vec::with_capacity(HEADER_BYTES + body.len());
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&base.to_le_bytes());
    out.extend_from_slice(&(entries.len() as u64).to_le_bytes());
    out.extend_from_slice(&crc32c::crc32c(&body).to_le_bytes());
    let header = crc32c::crc32c(&out);
    out.extend_from_slice(&header.to_le_bytes());
    out.extend_from_slice(&body);
    Some(out)
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

/// Looks a trace up in the bytes of an index.
pub(crate) fn find_trace(bytes: Vec<u8>, id: TraceId) -> TraceHit {
    Tix::read(Backing::Held(bytes)).map_or(TraceHit::Unknown, |index| index.find(id))
}

impl Tix {
    /// Opens and checks an index; `None` when it is missing or damaged.
    pub(crate) fn open(disk: &Arc<dyn Disk>, path: &Path) -> Option<Self> {
        let bytes = match map(path) {
            Some(mapped) => mapped,
            // A file system that cannot map: hold it.
            None => Backing::Held(disk::read(disk.as_ref(), path).ok()?),
        };
        let read = Self::read(bytes);
        if read.is_none() {
            tracing::warn!(path = %path.display(), "damaged trace index: not used");
        }
        read
    }

    fn read(bytes: Backing) -> Option<Self> {
        let header_crc = u32::from_le_bytes(array(&bytes, 28)?);
        if array::<8>(&bytes, 0)? != MAGIC || crc32c::crc32c(bytes.get(..28)?) != header_crc {
            return None;
        }
        let base = i64::from_le_bytes(array(&bytes, 8)?);
        let entries = usize::try_from(u64::from_le_bytes(array(&bytes, 16)?)).ok()?;
        let body = bytes.get(HEADER_BYTES..)?;
        let whole = entries.checked_mul(ENTRY_BYTES)? == body.len()
            && crc32c::crc32c(body) == u32::from_le_bytes(array(&bytes, 24)?);
        whole.then_some(Self {
            bytes,
            entries,
            base,
        })
    }

    fn hash(&self, i: usize) -> u64 {
        array(&self.bytes, HEADER_BYTES + i * ENTRY_BYTES).map_or(0, u64::from_le_bytes)
    }

    /// Looks a trace up.
    pub(crate) fn find(&self, id: TraceId) -> TraceHit {
        let want = xxh3_64(&id.0);
        let (mut low, mut high) = (0, self.entries);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.hash(middle) < want {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if low == self.entries || self.hash(low) != want {
            return TraceHit::Absent;
        }
        let (from, to) = self.times(low);
        TraceHit::Range(from, to)
    }

    /// The times of an entry, nanoseconds.
    fn times(&self, i: usize) -> (i64, i64) {
        let at = HEADER_BYTES + i * ENTRY_BYTES;
        let start = array(&self.bytes, at + 8).map_or(0, u32::from_le_bytes);
        let length = array(&self.bytes, at + 12).map_or(0, u32::from_le_bytes);
        // Checksums tell damage, not a base at the end of time.
        let from = self.base.saturating_add(i64::from(start) * MILLI);
        (from, from.saturating_add(i64::from(length) * MILLI))
    }
}

#[expect(
    unsafe_code,
    reason = "mapping a file needs it; ours are written once under a temporary name, and removed \
              only when no reader is left"
)]
fn map(path: &Path) -> Option<Backing> {
    let file = std::fs::File::open(path).ok()?;
    // SAFETY: nobody writes to or truncates the file once it has its name.
    unsafe { memmap2::Mmap::map(&file) }
        .ok()
        .map(Backing::Mapped)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u64) -> TraceId {
        let mut b = [7; 16];
        b[8..].copy_from_slice(&n.to_be_bytes());
        TraceId(b)
    }

    #[test]
    fn a_trace_is_found_within_its_times_and_a_foreign_one_is_not() {
        let rows = (0..10_000u64).map(|i| (id(i / 8), 5_000_000_000 + i as i64 * 777_777));
        let bytes = write_bytes(rows).unwrap();
        assert_eq!(bytes.len(), 32 + 16 * 1_250);
        let tix = Tix::read(Backing::Held(bytes)).unwrap();
        for n in 0..1_250u64 {
            let TraceHit::Range(from, to) = tix.find(id(n)) else {
                panic!("trace {n} is missing")
            };
            let (first, last) = (n as i64 * 8, n as i64 * 8 + 7);
            let (first, last) = (
                5_000_000_000 + first * 777_777,
                5_000_000_000 + last * 777_777,
            );
            assert!(
                from <= first && last <= to,
                "{from}..{to} misses {first}..{last}"
            );
            assert!(to - from < last - first + 3 * MILLI);
        }
        assert_eq!(tix.find(id(1_250)), TraceHit::Absent);
    }

    #[test]
    fn any_damaged_byte_is_seen() {
        let bytes = write_bytes((0..100).map(|i| (id(i), i as i64))).unwrap();
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 1;
            assert!(Tix::read(Backing::Held(bad)).is_none(), "byte {at}");
        }
        assert!(Tix::read(Backing::Held(bytes[..bytes.len() - 1].to_vec())).is_none());
    }
}
