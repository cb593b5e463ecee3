//! The bytes of a WAL file.
//!
//! ```text
//! file    = header group*            (then zeros: the file has its full size from the start)
//! header  = magic[8] u64 first_seq  u64 after_seq  u32 salt  u32 crc32c
//! group   = u64 first_seq  u32 len  u32 crc32c  record*
//! record  = u32 len  u32 crc32c  u8 version  u16 kind  u32 table  payload
//! payload = i64 ingest_ms  u8 has_identity  [16] identity?  batch
//! ```
//!
//! All numbers little-endian. A group's checksum begins from the salt and covers its sequence, its
//! length and its records; a record's covers everything after it.

use event::TableId;

pub(crate) const MAGIC: [u8; 8] = *b"FSWAL\0\0\x01";
pub(crate) const HEADER_BYTES: usize = 32;
pub(crate) const GROUP_HEADER_BYTES: usize = 16;
pub(crate) const RECORD_HEADER_BYTES: usize = 15;
/// A batch of one table.
pub(crate) const KIND_BATCH: u16 = 1;

/// Opens a WAL file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Sequence of its first record.
    pub first_seq: u64,
    /// Greatest sequence acknowledged before this file was begun.
    pub after_seq: u64,
    /// Seeds the groups' checksums, so that no payload can hold a valid group.
    pub salt: u32,
}

impl Header {
    pub(crate) fn encode(self) -> [u8; HEADER_BYTES] {
        let mut out = [0; HEADER_BYTES];
        out[..8].copy_from_slice(&MAGIC);
        out[8..16].copy_from_slice(&self.first_seq.to_le_bytes());
        out[16..24].copy_from_slice(&self.after_seq.to_le_bytes());
        out[24..28].copy_from_slice(&self.salt.to_le_bytes());
        let crc = crc32c::crc32c(&out[..28]);
        out[28..].copy_from_slice(&crc.to_le_bytes());
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        if bytes.get(..8)? != MAGIC || u32_at(bytes, 28)? != crc32c::crc32c(bytes.get(..28)?) {
            return None;
        }
        Some(Self {
            first_seq: u64_at(bytes, 8)?,
            after_seq: u64_at(bytes, 16)?,
            salt: u32_at(bytes, 24)?,
        })
    }

    /// Whether the bytes begin a WAL file of a later format.
    pub(crate) fn is_newer(bytes: &[u8]) -> bool {
        bytes.get(..7) == Some(&MAGIC[..7]) && bytes.get(7).is_some_and(|v| *v > MAGIC[7])
    }
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// A group under construction.
#[derive(Debug, Default)]
pub(crate) struct GroupBuilder {
    bytes: Vec<u8>,
}

impl GroupBuilder {
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.resize(GROUP_HEADER_BYTES, 0);
    }

    /// Adds a record. Its number is the group's first sequence plus its place.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "bodies are bounded far below 4 GiB"
    )]
    pub(crate) fn push(
        &mut self,
        table: TableId,
        ingest_ms: i64,
        identity: Option<&[u8; 16]>,
        batch: &[u8],
    ) {
        let out = &mut self.bytes;
        let at = out.len();
        out.extend_from_slice(&[0; 8]);
        out.push(event::codec::VERSION);
        out.extend_from_slice(&KIND_BATCH.to_le_bytes());
        out.extend_from_slice(&table.to_u32().to_le_bytes());
        out.extend_from_slice(&ingest_ms.to_le_bytes());
        out.push(u8::from(identity.is_some()));
        out.extend_from_slice(identity.map_or(&[], |i| i.as_slice()));
        out.extend_from_slice(batch);
        let len = (out.len() - at - RECORD_HEADER_BYTES) as u32;
        let crc = crc32c::crc32c(&out[at + 8..]);
        out[at..at + 4].copy_from_slice(&len.to_le_bytes());
        out[at + 4..at + 8].copy_from_slice(&crc.to_le_bytes());
    }

    /// The group's bytes.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a group is bounded far below 4 GiB"
    )]
    pub(crate) fn finish(&mut self, first_seq: u64, salt: u32) -> &[u8] {
        let len = (self.bytes.len() - GROUP_HEADER_BYTES) as u32;
        self.bytes[..8].copy_from_slice(&first_seq.to_le_bytes());
        self.bytes[8..12].copy_from_slice(&len.to_le_bytes());
        let crc = group_crc(&self.bytes, salt);
        self.bytes[12..16].copy_from_slice(&crc.to_le_bytes());
        &self.bytes
    }
}

/// `group` from its header on; exactly its length.
pub(crate) fn group_crc(group: &[u8], salt: u32) -> u32 {
    let crc = crc32c::crc32c_append(salt, &group[..12]);
    crc32c::crc32c_append(crc, &group[GROUP_HEADER_BYTES..])
}

/// A record as it lies in a group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'a> {
    pub version: u8,
    pub kind: u16,
    pub table: TableId,
    pub ingest_ms: i64,
    pub identity: Option<[u8; 16]>,
    /// The encoded batch.
    pub batch: &'a [u8],
}

/// The records of a group. `None` marks one that does not match its checksum, and ends the group:
/// the group's own checksum has matched, so this is a fault of the writer or a crafted file.
pub(crate) fn records(mut bytes: &[u8]) -> impl Iterator<Item = Option<Record<'_>>> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let read = record(bytes);
        bytes = read.map_or(&[], |(_, rest)| rest);
        Some(read.map(|(r, _)| r))
    })
}

fn record(bytes: &[u8]) -> Option<(Record<'_>, &[u8])> {
    let len = usize::try_from(u32_at(bytes, 0)?).ok()?;
    let (whole, rest) = bytes.split_at_checked(len.checked_add(RECORD_HEADER_BYTES)?)?;
    if u32_at(whole, 4)? != crc32c::crc32c(whole.get(8..)?) {
        return None;
    }
    let mut record = Record {
        version: *whole.get(8)?,
        kind: u16::from_le_bytes(whole.get(9..11)?.try_into().ok()?),
        table: TableId::from_u32(u32_at(whole, 11)?),
        ingest_ms: 0,
        identity: None,
        batch: &[],
    };
    // Later versions and kinds may lay out their payload otherwise.
    if record.version == event::codec::VERSION && record.kind == KIND_BATCH {
        record.ingest_ms = i64::from_le_bytes(whole.get(15..23)?.try_into().ok()?);
        record.batch = match whole.get(23)? {
            0 => whole.get(24..)?,
            _ => {
                record.identity = Some(whole.get(24..40)?.try_into().ok()?);
                whole.get(40..)?
            }
        };
    }
    Some((record, rest))
}
