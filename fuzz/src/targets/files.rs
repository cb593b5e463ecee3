//! Files of the data directory: WAL, trace index, the facts in a part's footer.
//!
//! A fuzzer cannot guess checksums, so the bytes are read twice: as they are, and with the
//! checksums of the format's grammar (`docs/formats`) put where they belong, so that what lies
//! behind them is reached too.

use super::batch;
use event::TraceId;
use store::TraceHit;
use store::decoders;

const SALT: u32 = 0x5eed;
const WAL_HEADER_BYTES: usize = 32;
const GROUP_HEADER_BYTES: usize = 16;
const RECORD_HEADER_BYTES: usize = 15;
const TIX_HEADER_BYTES: usize = 32;

/// Any bytes are groups, damage and tails, which cover the file in order; batches in it decode or
/// not.
pub fn wal_file(data: &[u8]) {
    std::hint::black_box(decoders::wal_file(data, SALT));
    std::hint::black_box(decoders::wal_file(&with_wal_checksums(data), SALT));
}

/// The bytes as one file of one group of records, with right checksums as far as lengths reach.
fn with_wal_checksums(data: &[u8]) -> Vec<u8> {
    let mut records = data.to_vec();
    let mut at = 0;
    while let Some(header) = records.get(at..at + RECORD_HEADER_BYTES) {
        let len = u32::from_le_bytes([header[0], header[1], header[2], header[3]]) as usize;
        let end = (at + RECORD_HEADER_BYTES)
            .saturating_add(len)
            .min(records.len());
        // A length beyond the end is brought back, so that the last record is read as well.
        let len = u32::try_from(end - at - RECORD_HEADER_BYTES).unwrap_or(0);
        records[at..at + 4].copy_from_slice(&len.to_le_bytes());
        let crc = crc32c::crc32c(&records[at + 8..end]);
        records[at + 4..at + 8].copy_from_slice(&crc.to_le_bytes());
        at = end;
    }
    wal(&records)
}

/// A WAL file of one group.
fn wal(records: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(WAL_HEADER_BYTES + GROUP_HEADER_BYTES + records.len());
    out.extend_from_slice(b"FSWAL\0\0\x01");
    out.extend_from_slice(&9u64.to_le_bytes());
    out.extend_from_slice(&8u64.to_le_bytes());
    out.extend_from_slice(&SALT.to_le_bytes());
    let crc = crc32c::crc32c(&out);
    out.extend_from_slice(&crc.to_le_bytes());
    let mut head = 9u64.to_le_bytes().to_vec();
    head.extend_from_slice(&u32::try_from(records.len()).unwrap_or(0).to_le_bytes());
    let crc = crc32c::crc32c_append(crc32c::crc32c_append(SALT, &head), records);
    out.extend_from_slice(&head);
    out.extend_from_slice(&crc.to_le_bytes());
    out.extend_from_slice(records);
    out
}

/// A record of a batch of spans, without its checksum.
fn record(payload: &[u8], identity: bool) -> Vec<u8> {
    let mut body = 77i64.to_le_bytes().to_vec();
    body.push(u8::from(identity));
    if identity {
        body.extend_from_slice(&[9; 16]);
    }
    body.extend_from_slice(payload);
    let mut out = u32::try_from(body.len())
        .unwrap_or(0)
        .to_le_bytes()
        .to_vec();
    out.extend_from_slice(&[0; 4]);
    out.push(1);
    out.extend_from_slice(&1u16.to_le_bytes());
    out.extend_from_slice(&4u32.to_le_bytes());
    out.extend_from_slice(&body);
    out
}

/// Records, and whole files of them.
#[must_use]
pub fn wal_seeds() -> Vec<Vec<u8>> {
    let records = [
        record(&batch::batch(1).encode(), false),
        record(&batch::batch(5).encode(), true),
    ]
    .concat();
    let mut torn = with_wal_checksums(&records);
    torn.truncate(torn.len() - 20);
    let mut two = with_wal_checksums(&records);
    two.extend_from_slice(&wal(&records)[WAL_HEADER_BYTES..]);
    vec![
        records.clone(),
        with_wal_checksums(&records),
        torn,
        two,
        Vec::new(),
    ]
}

/// Any bytes are an index or none; what is found lies the right way round.
pub fn trace_index(data: &[u8]) {
    let mut mended = data.to_vec();
    if mended.len() >= TIX_HEADER_BYTES {
        mended[..8].copy_from_slice(b"FSTIX\0\0\x01");
        let entries = (mended.len() - TIX_HEADER_BYTES) / 16;
        mended.truncate(TIX_HEADER_BYTES + entries * 16);
        mended[16..24].copy_from_slice(&(entries as u64).to_le_bytes());
        let crc = crc32c::crc32c(&mended[TIX_HEADER_BYTES..]);
        mended[24..28].copy_from_slice(&crc.to_le_bytes());
        let crc = crc32c::crc32c(&mended[..28]);
        mended[28..32].copy_from_slice(&crc.to_le_bytes());
    }
    for bytes in [data, &mended] {
        for n in 0..4u8 {
            if let TraceHit::Range(from, to) = decoders::trace_index(bytes, TraceId([n; 16])) {
                assert!(from <= to, "{from}..{to}");
            }
        }
    }
}

/// An index of four traces, of none, and one at the end of time.
#[must_use]
pub fn trace_index_seeds() -> Vec<Vec<u8>> {
    let index = |base: i64, traces: u8| {
        let rows = (0..traces).map(|n| (TraceId([n; 16]), base + i64::from(n) * 7_000_000));
        decoders::trace_index_bytes(rows).unwrap_or_default()
    };
    vec![
        index(1_700_000_000_000_000_000, 4),
        index(0, 0),
        index(i64::MAX - 100_000_000, 4),
    ]
}

/// Any text in a part's footer is facts or an error, and facts can be asked.
pub fn part_facts(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        std::hint::black_box(decoders::part_facts(text));
    }
}

/// Facts with lists and with Bloom filters, and of a newer version.
#[must_use]
pub fn part_facts_seeds() -> Vec<Vec<u8>> {
    let facts = |version: u32, datasets: &str| {
        format!(
            r#"{{"version":{version},"id":"01M8H5YVNCHKXKRWZWKM76D2KQ","env":1,"kind":"spans","day":20000,"hour":3,"level":1,
            "rows":2,"ts":[1,2],"ingest":[1,2],"seq":[1,2],"group":{{"id":"g","parts":1}},
            "flushes":[{{"id":"f","parts":1,"here":1,"seq":[1,2]}}],"replaces":["a"],"replaced_before":[],"datasets":{datasets},
            "services":{{"list":["shop"]}},"overflow":{{"bloom":[0,18446744073709551615]}},"fills":[2,1],"unit_rate":true,
            "purged_ms":0,"sort":"time"}}"#
        )
        .into_bytes()
    };
    vec![
        facts(1, r#"{"list":["a","b"]}"#),
        facts(1, r#"{"bloom":[]}"#),
        facts(2, r#"{"list":[]}"#),
    ]
}
