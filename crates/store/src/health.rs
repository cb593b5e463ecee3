//! How the store is, and how much it holds.

use event::TableId;

/// How the store is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Why nothing is written any more until a restart: a sync or write failed.
    pub poisoned: Option<String>,
    /// Why appends are refused for now: the disk is full or below its mark.
    pub read_only: Option<String>,
    /// Free room is below the warn mark: compaction that needs space stops.
    pub disk_low: bool,
    /// Damaged things set aside, all time.
    pub quarantined: u64,
    /// The manifest was lost or damaged and was rebuilt from the parts' footers at this start.
    pub manifest_rebuilt: bool,
    /// Parts with a block that does not match its checksum, by id.
    pub damaged_parts: Vec<String>,
    /// The last failure of a background task, in words; cleared when it succeeds again.
    pub background: Option<String>,
}

impl Health {
    /// Whether there is nothing to tell.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        *self == Self::default()
    }
}

/// One table's contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableStats {
    /// Which.
    pub table: TableId,
    /// Parts in the manifest.
    pub parts: usize,
    /// Rows in them.
    pub part_rows: u64,
    /// Bytes of them.
    pub part_bytes: u64,
    /// Batches in the buffer.
    pub batches: usize,
    /// Rows in them.
    pub buffered_rows: u64,
    /// Memory of them, bytes.
    pub buffered_bytes: u64,
}

/// What the store holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// By table, sorted.
    pub tables: Vec<TableStats>,
    /// WAL files, bytes written.
    pub wal_bytes: u64,
    /// The sequence the next record gets.
    pub next_sequence: u64,
    /// Flushes since the start.
    pub flushes: u64,
    /// Merges of parts since the start.
    pub merges: u64,
    /// Rows that flushes wrote into parts since the start.
    pub rows_flushed: u64,
    /// Rows that merges wrote into parts since the start: rows written again.
    pub rows_merged: u64,
    /// Parts that left the manifest and are not unlinked yet.
    pub parts_leaving: usize,
}

/// What a start found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Parts in the manifest.
    pub parts: usize,
    /// Records read back from the WAL into the buffer.
    pub replayed_records: u64,
    /// Rows in them.
    pub replayed_rows: u64,
    /// Bytes of a group that a crash left half written: cut, never acknowledged.
    pub torn_bytes: u64,
    /// What was damaged and set aside by this start, in words.
    pub quarantined: Vec<String>,
    /// Why the manifest was rebuilt from the parts' footers, if it was.
    pub manifest_rebuilt: Option<String>,
    /// Files of unfinished work that were removed.
    pub swept: usize,
}
